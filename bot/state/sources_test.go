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

func TestRecentAnswersAreThePersonsOwn(t *testing.T) {
	ctx, db := t.Context(), opened(t)
	for _, x := range []struct {
		id, user, channel string
		asked             time.Time
	}{{"Q-000001", "U1", "C1", t0.AddDate(0, 0, -40)}, {"Q-000002", "U1", "C1", t0}, {"Q-000003", "U2", "C1", t0}, {"Q-000004", "U1", "", t0}, {"Q-000005", "U1", "D1", t0}} {
		a := answer(x.id)
		a.Asked = x.asked
		if err := db.SaveAnswer(ctx, a); err != nil {
			t.Fatal(err)
		}
		if err := db.SetAskedBy(ctx, x.id, "T1", x.user, x.channel, ""); err != nil {
			t.Fatal(err)
		}
	}
	list, err := db.RecentAnswers(ctx, "T1", "U1", t0.AddDate(0, 0, -30), 10)
	if err != nil || len(list) != 2 || list[0].ID != "Q-000005" || list[1].ID != "Q-000002" {
		t.Fatalf("%+v, %v; want Q-000005 and Q-000002", list, err)
	}
	if want := answer("Q-000002"); list[1].Question != want.Question || list[1].Snapshot != want.Trace.Snapshot || !list[1].Plan.Current.Equal(want.Reading.Current) {
		t.Errorf("%+v", list[1])
	}
	if list, err := db.RecentAnswers(ctx, "T1", "U1", t0.AddDate(0, 0, -30), 1); err != nil || len(list) != 1 {
		t.Errorf("at most one: %+v, %v", list, err)
	}
}
