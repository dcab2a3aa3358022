package state

import (
	"sync"
	"testing"
	"time"

	"spendbot/analysis"
)

// TestEventsAreKeptOnce: reported twice, at once and one after the other, an event is one; what was known at some time stays so.
func TestEventsAreKeptOnce(t *testing.T) {
	db := opened(t)
	now := time.Date(2026, 11, 18, 9, 0, 0, 0, time.UTC)
	deploy := analysis.Event{Kind: "deploy", What: "payments-api 4.18.0", Begins: now, Slice: map[string]string{"x_Team": "payments"}, Source: "webhook", Key: "a", By: "ana", Link: "https://ci.example.com/1"}
	var wg sync.WaitGroup
	ids := make([]string, 8)
	news := make([]bool, 8)
	for i := range ids {
		wg.Go(func() {
			kept, fresh, err := db.AddEvents(t.Context(), []analysis.Event{deploy}, now)
			if err != nil {
				t.Error(err)
				return
			}
			ids[i], news[i] = kept[0].ID, fresh[0]
		})
	}
	wg.Wait()
	n := 0
	for i := range ids {
		if ids[i] != ids[0] || ids[i] == "" {
			t.Errorf("one event, two ids: %v", ids)
		}
		if news[i] {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d of eight reports were the first", n)
	}
	list, known, err := db.Events(t.Context(), EventFilter{})
	if err != nil || len(list) != 1 || known != 1 {
		t.Fatalf("%+v, %d, %v", list, known, err)
	}
	deploy.ID = list[0].ID
	if got := list[0]; got.Slice["x_Team"] != "payments" || !got.Begins.Equal(now) || !got.Ends.IsZero() || got.By != "ana" || got.Link != deploy.Link || got.Key != "a" {
		t.Errorf("kept as %+v", got)
	}

	later := analysis.Event{Kind: "commitment", What: "sp-0a1f", Begins: now.AddDate(-1, 0, 0), Ends: now.AddDate(0, 0, 1), Key: "b"}
	if _, _, err := db.AddEvents(t.Context(), []analysis.Event{later, {Kind: "deploy", What: "x", Begins: now}}, now); err == nil {
		t.Error("an event without a key is kept")
	}
	if list, _, err := db.Events(t.Context(), EventFilter{}); err != nil || len(list) != 1 {
		t.Errorf("half of a refused list was kept: %+v, %v", list, err)
	}
	if _, _, err := db.AddEvents(t.Context(), []analysis.Event{later}, now); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		f    EventFilter
		want int
	}{
		{"the day of both", EventFilter{From: now, Until: now.AddDate(0, 0, 2)}, 2},
		{"half-open", EventFilter{From: now.AddDate(0, 0, -1), Until: now}, 0},
		{"by its end", EventFilter{From: now.AddDate(0, 0, 1), Until: now.AddDate(0, 0, 2)}, 1},
		{"as it was known", EventFilter{From: now, Until: now.AddDate(0, 0, 2), Known: 1}, 1},
		{"the last one", EventFilter{Limit: 1}, 1},
	} {
		if list, _, err := db.Events(t.Context(), c.f); err != nil || len(list) != c.want {
			t.Errorf("%s: %d, want %d (%v)", c.name, len(list), c.want, err)
		}
	}
}
