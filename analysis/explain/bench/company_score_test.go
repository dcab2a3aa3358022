package main

import (
	"math"
	"os"
	"strconv"
	"testing"

	"spendbot/analysis"
)

// tally counts how predictions met planted events: a slice is found when the leaf sets' weighted Jaccard is at least .9,
// weights being each leaf's movement, as the benchmark scores it; events under half a percent of the baseline do not count.
type tally struct {
	tp, fp, fn      int
	effects, onsets int
	kinds           map[string][3]int
}

func (s *tally) f1() float64 { return 2 * float64(s.tp) / float64(2*s.tp+s.fp+s.fn) }

var wanted = map[string][]analysis.Effect{
	"volume":     {analysis.EffVolume, analysis.EffNewResources, analysis.EffRemovedRes},
	"new":        {analysis.EffNewSlice, analysis.EffNewResources},
	"removed":    {analysis.EffRemovedSlice, analysis.EffRemovedRes},
	"list_price": {analysis.EffListPrice}, "discount": {analysis.EffNegotiated}, "coverage": {analysis.EffCoverage},
	"credit": {analysis.EffCredits}, "refund": {analysis.EffRefunds}, "purchase": {analysis.EffPurchases}, "tax": {analysis.EffTax},
}

func (s *tally) add(t *testing.T, c *company, verbose bool, name string) {
	br, err := c.q.explain(c.base, c.cur)
	if err != nil {
		t.Fatal(err)
	}
	if !adds(br) {
		t.Errorf("%s: the bridge does not add up", name)
	}
	weight := map[[5]string]float64{}
	scale := float64(c.cur.Days()) / float64(c.base.Days())
	for _, l := range c.q.lines {
		if c.base.Contains(l.day) {
			weight[l.dims] -= l.costF * scale
		} else {
			weight[l.dims] += l.costF
		}
	}
	jaccard := func(a, b map[string]string) float64 {
		var both, any float64
		for d, w := range weight {
			w = math.Abs(w)
			x, y := under(d, a), under(d, b)
			if x && y {
				both += w
			}
			if x || y {
				any += w
			}
		}
		if any == 0 {
			return 0
		}
		return both / any
	}
	used := make([]bool, len(c.events))
	change := func(slice map[string]string) (sum float64) {
		for _, l := range c.q.lines {
			switch {
			case !under(l.dims, slice):
			case c.base.Contains(l.day):
				sum -= l.costF
			default:
				sum += l.costF
			}
		}
		return sum
	}
	count := make([]bool, len(c.events))
	for i, e := range c.events {
		count[i] = math.Abs(change(e.slice)) >= .005*c.total
	}
	for _, d := range br.Drivers {
		if len(d.Slice) == 0 {
			continue
		}
		for _, reason := range reasons(d.Effects) {
			hit := false
			for i, e := range c.events {
				if used[i] || !count[i] || jaccard(d.Slice, e.slice) < .9 {
					continue
				}
				used[i], hit = true, true
				s.tp++
				k := s.kinds[e.kind]
				k[0]++
				for _, w := range wanted[e.kind] {
					if w == reason.Effect {
						s.effects++
						k[1]++
					}
				}
				if day := c.cur.Start.AddDate(0, 0, e.onset-1); d.Onset.Day.Equal(day) {
					s.onsets++
					k[2]++
				} else if verbose {
					t.Logf("%s: %s %v x%.2f %.2f%%: onset %s, want %s", name, e.kind, e.slice, e.factor, 100*e.delta/c.total, d.Onset.Day.Format("01-02"), day.Format("01-02"))
				}
				s.kinds[e.kind] = k
				break
			}
			if !hit {
				s.fp++
				if verbose {
					a, _ := reason.Amount.Float64()
					t.Logf("%s: FP %v %s %.2f%% %s", name, d.Slice, reason.Effect, 100*a/c.total, d.Confidence)
				}
			}
		}
	}
	for i, e := range c.events {
		if !used[i] && count[i] {
			s.fn++
			if verbose {
				t.Logf("%s: FN %s %v x%.2f %.2f%% day %d", name, e.kind, e.slice, e.factor, 100*e.delta/c.total, e.onset)
			}
		}
	}
}

// TestGeneratedCompanies holds the method to what it reaches on cases nobody tuned it for. SPENDBOT_BENCH_CASES asks for
// more cases than the default few.
func TestGeneratedCompanies(t *testing.T) {
	n, verbose := 12, false
	if v, err := strconv.Atoi(os.Getenv("SPENDBOT_BENCH_CASES")); err == nil {
		n, verbose = v, true
	}
	s := &tally{kinds: map[string][3]int{}}
	for seed := range n {
		s.add(t, newCompany(uint64(seed)), verbose, strconv.Itoa(seed))
	}
	t.Logf("%d cases: TP %d FP %d FN %d F1 %.3f, right effect %d, exact onset %d, by kind %v", n, s.tp, s.fp, s.fn, s.f1(), s.effects, s.onsets, s.kinds)
	if s.f1() < .85 || float64(s.effects) < .95*float64(s.tp) || float64(s.onsets) < .9*float64(s.tp) {
		t.Errorf("F1 %.3f, effects %d and onsets %d of %d; want at least .85, 95%% and 90%%", s.f1(), s.effects, s.onsets, s.tp)
	}
}
