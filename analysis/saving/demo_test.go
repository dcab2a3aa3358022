package saving

import (
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/demo"
	"spendbot/analysis/ingest"
	"spendbot/analysis/store"
	"spendbot/analysis/survey"
)

// TestTheDemosFix: the looping gateways of the demo company are mended, days pass, and the saving that is found is the one that was planted, within 5%.
func TestTheDemosFix(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	dir := t.TempDir()
	generate := func(o demo.Options) *demo.Manifest {
		t.Helper()
		o.Now, o.Months = at, 4
		m, err := demo.Generate(ctx, filepath.Join(dir, "bills"), o)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	m := generate(demo.Options{})
	fixed := analysis.Day(2026, 11, 25)
	later := generate(demo.Options{Passed: 16, Fixed: map[string]time.Time{"nat-loop": fixed}})
	s, err := store.Open(ctx, filepath.Join(dir, "store"), store.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := ingest.Load(ctx, s, filepath.Join(dir, "bills"), ingest.Options{Now: at.AddDate(0, 0, 16)}); err != nil {
		t.Fatal(err)
	}
	for i, f := range m.Files { // months that were over stay as they were
		if f.Month.Before(analysis.Day(2026, 11, 1)) && later.Files[i].SHA256 != f.SHA256 && f.Path == later.Files[i].Path {
			t.Errorf("%s is another file since days have passed", f.Path)
		}
	}
	var nat demo.Event
	for _, e := range m.Events {
		if e.Name == "nat-loop" {
			nat = e
		}
	}
	planted := nat.Amount.DivRound(decimal.NewFromInt(5), 2) // Wednesday to Sunday
	sn, err := s.Snapshot(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer sn.Close()
	sv, err := survey.Of(ctx, s, sn)
	if err != nil {
		t.Fatal(err)
	}
	sight, err := sn.Seen(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := Case{From: nat.Start, Since: fixed, Currency: "USD", Low: planted.Mul(decimal.NewFromInt(28)), High: planted.Mul(decimal.NewFromInt(33))}
	for col, v := range nat.Slice {
		for _, d := range analysis.Dimensions {
			if d.Column() == col {
				c.Slice = append(c.Slice, analysis.Filter{Dimension: d, Values: []string{v}})
			}
		}
	}
	v, err := Verify(ctx, sight, sv, c)
	if err != nil {
		t.Fatal(err)
	}
	got, want := v.PerDay().InexactFloat64(), planted.InexactFloat64()
	if v.State != Verified || math.Abs(got-want) > 0.05*want {
		t.Errorf("%s: %v a day, planted %v (%s)", v.State, got, want, v.Headline())
	}
}
