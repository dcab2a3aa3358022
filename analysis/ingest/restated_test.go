package ingest

import (
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"spendbot/analysis"
	"spendbot/analysis/store"
)

// The services named and the rest of a restatement sum to all of it, before and after, to the last digit, whatever moved.
func TestRestatementsSum(t *testing.T) {
	money := rapid.Custom(func(t *rapid.T) *decimal.Decimal {
		if rapid.IntRange(0, 5).Draw(t, "known") == 0 {
			return nil
		}
		d := decimal.New(rapid.Int64Range(-1e12, 1e12).Draw(t, "units"), -rapid.Int32Range(0, 15).Draw(t, "scale"))
		return &d
	})
	rapid.Check(t, func(t *rapid.T) {
		groups := map[moving]map[slot]*sumsOf{}
		all := map[moving]*sumsOf{}
		for range rapid.IntRange(0, 60).Draw(t, "slots") {
			g := moving{rapid.SampledFrom([]string{"AWS", "Microsoft"}).Draw(t, "provider"), "2026-10", "USD"}
			k := slot{fmt.Sprintf("s%d", rapid.IntRange(0, 40).Draw(t, "service")), analysis.Day(2026, 10, rapid.IntRange(1, 31).Draw(t, "day"))}
			if groups[g] == nil {
				groups[g], all[g] = map[slot]*sumsOf{}, &sumsOf{}
			}
			if groups[g][k] != nil {
				continue
			}
			s := &sumsOf{}
			for i := range 2 {
				s.was[i] = money.Draw(t, "was")
				if s.is[i] = s.was[i]; rapid.Bool().Draw(t, "moves") {
					s.is[i] = money.Draw(t, "is")
				}
				plus(&all[g].was[i], s.was[i])
				plus(&all[g].is[i], s.is[i])
			}
			groups[g][k] = s
		}
		for _, r := range restatements(groups) {
			want := movedOf(all[moving{r.Provider, r.Month, r.Currency}])
			var sum sumsOf
			parts := r.Services
			if r.Rest != nil {
				parts = append(parts, *r.Rest)
			}
			for i, s := range parts {
				plus(&sum.was[0], s.WasBilled)
				plus(&sum.is[0], s.IsBilled)
				plus(&sum.was[1], s.WasEffective)
				plus(&sum.is[1], s.IsEffective)
				if i > 0 && i < len(r.Services) && byMove(parts[i-1].Moved, s.Moved) > 0 {
					t.Fatalf("%s moved more than %s before it", s.Service, parts[i-1].Service)
				}
			}
			if got := movedOf(&sum); !equalMoved(got, want) || !equalMoved(r.Moved, want) {
				t.Fatalf("services sum to %+v, all is %+v, want %+v", got, r.Moved, want)
			}
			if len(r.Services) > shownServices || r.First > r.Last {
				t.Fatalf("%d services, days %s to %s", len(r.Services), r.First, r.Last)
			}
			for day := range groups[moving{r.Provider, r.Month, r.Currency}] {
				d := day.day.Format(analysis.DateLayout)
				if s := groups[moving{r.Provider, r.Month, r.Currency}][day]; !same(s) && (d < r.First || d > r.Last) {
					t.Fatalf("%s moved on %s, outside of %s to %s", day.service, d, r.First, r.Last)
				}
			}
		}
	})
}

func equalMoved(a, b store.Moved) bool {
	eq := func(x, y *analysis.Amount) bool { return x == nil && y == nil || x != nil && y != nil && x.Equal(*y) }
	return eq(a.WasBilled, b.WasBilled) && eq(a.IsBilled, b.IsBilled) && eq(a.WasEffective, b.WasEffective) && eq(a.IsEffective, b.IsEffective)
}

func TestWhatIsNoRestatement(t *testing.T) {
	d := decimal.New(1, 0)
	day := analysis.Day(2026, 10, 1)
	same := map[moving]map[slot]*sumsOf{{"AWS", "2026-10", "USD"}: {slot{"EC2", day}: {was: [2]*decimal.Decimal{&d, nil}, is: [2]*decimal.Decimal{&d, nil}}}}
	if got := restatements(same); len(got) != 0 {
		t.Errorf("nothing moved: %+v", got)
	}
	// Costs that only moved from one day to another are one: answers about the days moved.
	moved := map[moving]map[slot]*sumsOf{{"AWS", "2026-10", "USD"}: {
		slot{"EC2", day}:                     {was: [2]*decimal.Decimal{&d, &d}},
		slot{"EC2", day.Add(24 * time.Hour)}: {is: [2]*decimal.Decimal{&d, &d}},
	}}
	got := restatements(moved)
	if len(got) != 1 || got[0].First != "2026-10-01" || got[0].Last != "2026-10-02" || !got[0].Effective().IsZero() || got[0].Rest == nil || got[0].Rest.Service != "1 further service, unchanged in sum" {
		t.Errorf("moved between days: %+v", got)
	}
}
