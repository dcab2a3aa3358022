package demo

import (
	"testing"
	"time"

	"spendbot/analysis/event"
)

func TestWhatHappenedIsTold(t *testing.T) {
	for now := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC); now.Month() == 11; now = now.AddDate(0, 0, 1) {
		list, err := Happened(now)
		if err != nil {
			t.Fatal(err)
		}
		keys := map[string]bool{}
		for _, e := range list {
			if e.Begins.After(now) || keys[e.Key] {
				t.Errorf("on %s: %s, key %s", now.Format(time.DateOnly), event.Line(e), e.Key)
			}
			keys[e.Key] = true
		}
		if len(list) < 14 {
			t.Errorf("on %s: %d events", now.Format(time.DateOnly), len(list))
		}
	}
}
