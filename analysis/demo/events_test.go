package demo

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

func TestEventsAreOnTheirDays(t *testing.T) {
	dir, m := generate(t, Options{Months: 4})
	want := map[string]struct {
		kind              analysis.Effect
		start             string
		current, baseline string
	}{
		natLoop:    {analysis.EffVolume, "Wed 18 Nov", "16-22 Nov 2026", "9-15 Nov 2026"},
		logRunaway: {analysis.EffVolume, "Thu 19 Nov", "16-22 Nov 2026", "9-15 Nov 2026"},
		s3Move:     {analysis.EffVolume, "Tue 17 Nov", "16-22 Nov 2026", "9-15 Nov 2026"},
		s3Out:      {analysis.EffVolume, "Tue 17 Nov", "16-22 Nov 2026", "9-15 Nov 2026"},
		s3In:       {analysis.EffVolume, "Tue 17 Nov", "16-22 Nov 2026", "9-15 Nov 2026"},
		planEnds:   {analysis.EffCoverage, "Fri 16 Oct", "1-31 Oct 2026", "1-30 Sep 2026"},
		gpuLeftOn:  {analysis.EffNewResources, "Wed 9 Sep", "1-30 Sep 2026", "1-31 Aug 2026"},
		gpuOff:     {analysis.EffRemovedRes, "Sun 27 Sep", "1-31 Oct 2026", "1-30 Sep 2026"},
		priceRise:  {analysis.EffListPrice, "Thu 1 Oct", "1-31 Oct 2026", "1-30 Sep 2026"},
		creditEnds: {analysis.EffCredits, "Sun 11 Oct", "1-31 Oct 2026", "1-30 Sep 2026"},
		correction: {analysis.EffRefunds, "Tue 20 Oct", "1-31 Oct 2026", "1-30 Sep 2026"},
		churn:      {analysis.EffNewResources, "Thu 1 Oct", "1-31 Oct 2026", "1-30 Sep 2026"},
		teamOut:    {analysis.EffRemovedSlice, "Thu 1 Oct", "1-31 Oct 2026", "1-30 Sep 2026"},
		teamIn:     {analysis.EffNewSlice, "Thu 1 Oct", "1-31 Oct 2026", "1-30 Sep 2026"},
	}
	if len(m.Events) != len(want) {
		t.Errorf("%d events, want %d", len(m.Events), len(want))
	}
	for _, e := range m.Events {
		w := want[e.Name]
		if e.Kind != w.kind || e.Start.Format("Mon 2 Jan") != w.start || e.Current.String() != w.current || e.Baseline.String() != w.baseline {
			t.Errorf("%s: %s on %s, %s against %s; want %+v", e.Name, e.Kind, e.Start.Format("Mon 2 Jan"), e.Current, e.Baseline, w)
		}
	}
	b, err := os.ReadFile(filepath.Join(dir, "events.json"))
	if err != nil {
		t.Fatal(err)
	}
	var read Manifest
	if err := json.Unmarshal(b, &read); err != nil {
		t.Fatal(err)
	}
	for i := range read.Events { // labels of weeks and months survive, too
		if diff := cmp.Diff(m.Events[i], read.Events[i]); diff != "" {
			t.Errorf("events.json (-returned +read):\n%s", diff)
		}
	}
}

// TestEventsShowInTheFiles measures each event's slice in the files between its two periods, per day, and expects what
// the event did to stand out of what else happened there.
func TestEventsShowInTheFiles(t *testing.T) {
	dir, m := generate(t, Options{Months: 4})
	type sums struct{ cur, base decimal.Decimal }
	got := make([]sums, len(m.Events))
	fresh := map[string]decimal.Decimal{} // churn: by resource, its cost in the current period less the baseline's
	for _, f := range m.Files {
		eachRowOf(t, filepath.Join(dir, f.Path), func(r row) {
			var cost decimal.Decimal
			for i, e := range m.Events {
				day := r.day()
				in := func(p analysis.Period) bool {
					return day >= p.Start.Format(analysis.DateLayout) && day < p.End.Format(analysis.DateLayout)
				}
				cur, base := in(e.Current), in(e.Baseline)
				if !cur && !base || !inSlice(r, e.Slice) {
					continue
				}
				if cost.IsZero() {
					cost = r.dec(t, "EffectiveCost")
				}
				if cur {
					got[i].cur = got[i].cur.Add(cost)
				} else {
					got[i].base = got[i].base.Add(cost)
				}
				if e.Name == churn {
					fresh[r.get("ResourceId")] = fresh[r.get("ResourceId")].Add(cost)
				}
			}
		})
	}
	amounts := map[string]decimal.Decimal{}
	for _, e := range m.Events {
		amounts[e.Name] = e.Amount
	}
	for i, e := range m.Events {
		// Without the event, the slice would have gone on at the baseline's daily rate.
		days := decimal.NewFromInt(int64(e.Current.Days())).Div(decimal.NewFromInt(int64(e.Baseline.Days())))
		expected := got[i].base.Mul(days)
		if e.Kind == analysis.EffRemovedRes || e.Kind == analysis.EffCredits || e.Name == teamOut {
			expected = got[i].base
		}
		observed := got[i].cur.Sub(expected)
		off := observed.Sub(e.Amount).Abs()
		t.Logf("%-16s %12s, observed in its slice %12s", e.Name, e.Amount.StringFixed(2), observed.StringFixed(2))
		switch e.Name {
		case churn:
			if len(fresh) < 16 || off.GreaterThan(got[i].base.Mul(decimal.RequireFromString("0.35"))) {
				t.Errorf("churn: %d resources, change %s of %s", len(fresh), observed, got[i].base)
			}
		case planEnds: // in one service and period with the cluster switched off: what is left after that one
			off = observed.Sub(amounts[gpuOff].Mul(days)).Sub(e.Amount).Abs()
			fallthrough
		default:
			if off.GreaterThan(e.Amount.Abs().Mul(decimal.RequireFromString("0.15"))) {
				t.Errorf("%s: %s in its slice, %s by the ledger", e.Name, observed, e.Amount)
			}
		}
	}
}

func inSlice(r row, slice map[string]string) bool {
	for column, want := range slice {
		if key, ok := strings.CutPrefix(column, "tag:"); ok {
			if !strings.Contains(r.get("Tags"), `"`+key+`":"`+want+`"`) {
				return false
			}
			continue
		}
		if column == "ServiceProviderName" && r.get(column) == "" {
			column = "ProviderName"
		}
		if r.get(column) != want {
			return false
		}
	}
	return true
}

// TestTwoGatewaysCarryTheLoop is what a person looks for next: which resources.
func TestTwoGatewaysCarryTheLoop(t *testing.T) {
	dir, _ := generate(t, Options{Months: 1})
	by := map[string]*[2]float64{}
	eachRowOf(t, filepath.Join(dir, "aws/2026-11.csv.gz"), func(r row) {
		if r.get("x_UsageType") != "USE1-NatGateway-Bytes" || r.get("SubAccountName") != "payments-prod" {
			return
		}
		if by[r.get("ResourceName")] == nil {
			by[r.get("ResourceName")] = &[2]float64{}
		}
		cost, _ := r.dec(t, "EffectiveCost").Float64()
		switch day := r.day(); {
		case day >= "2026-11-18":
			by[r.get("ResourceName")][1] += cost / 5
		case day >= "2026-11-11":
			by[r.get("ResourceName")][0] += cost / 7
		}
	})
	var before, after float64
	for name, c := range by {
		before, after = before+c[0], after+c[1]
		if loops := name == "nat-0d2f" || name == "nat-19ac"; loops != (c[1] > 3*c[0]) {
			t.Errorf("%s went from %.0f to %.0f a day", name, c[0], c[1])
		}
	}
	if len(by) != 3 || after/before < 3.9 || after/before > 4.3 {
		t.Errorf("%d gateways, x%.2f together; want 3 and about x4.1", len(by), after/before)
	}
}
