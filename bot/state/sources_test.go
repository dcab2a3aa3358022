package state

import (
	"testing"
	"time"
)

func TestLooksAtSources(t *testing.T) {
	ctx, db := t.Context(), opened(t)
	waiting := []SourceWaiting{{"r/2026-10", "waiting", "partial upload"}}
	if err := db.RecordLook(ctx, "aws", t0, waiting, ""); err != nil {
		t.Fatal(err)
	}
	if err := db.RecordLook(ctx, "aws", t0.Add(time.Hour), nil, "access denied"); err != nil {
		t.Fatal(err)
	}
	got, err := db.SourceLooks(ctx)
	if l := got["aws"]; err != nil || len(got) != 1 || !l.First.Equal(t0) || !l.Looked.Equal(t0.Add(time.Hour)) || !l.Succeeded.Equal(t0) || l.Error != "access denied" ||
		len(l.Waiting) != 1 || l.Waiting[0] != waiting[0] {
		t.Errorf("%+v, %v", got, err)
	}
}

// A breach is told when it begins and when it ends, and a second watcher says nothing more.
func TestBreachesAreToldOnce(t *testing.T) {
	ctx, db := t.Context(), opened(t)
	var told []string
	say := func(b Breach, late bool) (Post, error) {
		word := "well"
		if late {
			word = "late"
		}
		key := b.Source + "/" + b.Since.Format("15:04") + "/" + word
		told = append(told, key)
		return Post{Key: key, Method: "chat.postMessage", Channel: "C1"}, nil
	}
	for i, late := range []bool{false, true, true, false, false, true} {
		changed, err := db.Watch(ctx, "aws", late, "two days old", t0.Add(time.Duration(i)*time.Hour), say)
		if err != nil {
			t.Fatal(err)
		}
		if want := i == 1 || i == 3 || i == 5; changed != want {
			t.Errorf("step %d: changed %t, want %t", i, changed, want)
		}
	}
	h := func(n int) string { return t0.Add(time.Duration(n) * time.Hour).Format("15:04") }
	want := []string{"aws/" + h(1) + "/late", "aws/" + h(1) + "/well", "aws/" + h(5) + "/late"}
	if len(told) != 3 || told[0] != want[0] || told[1] != want[1] || told[2] != want[2] {
		t.Errorf("told %v, want %v", told, want)
	}
	if pending, _, _, err := db.Outbox(ctx); err != nil || pending != 3 {
		t.Errorf("%d posts wait, %v; want 3", pending, err)
	}
}
