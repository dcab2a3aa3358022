package anomaly

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"
)

// drawn is a series with strange days, announced ones and one that may be unanswered for.
func drawn(t *rapid.T) Series {
	s := usual(rapid.IntRange(60, 220).Draw(t, "days"), rapid.Uint64().Draw(t, "seed"))
	day := rapid.IntRange(0, len(s.Costs)-1)
	for range rapid.IntRange(0, 6).Draw(t, "changes") {
		s.Costs[day.Draw(t, "day")] = rapid.SampledFrom([]float64{0, math.NaN(), -20, 1000, 250}).Draw(t, "cost")
	}
	if rapid.Bool().Draw(t, "step") {
		for i := day.Draw(t, "from"); i < len(s.Costs); i++ {
			s.Costs[i] *= 2
		}
	}
	if n := rapid.IntRange(0, 3).Draw(t, "known"); n > 0 {
		s.Known = make([]*Mark, len(s.Costs))
		for range n {
			i := day.Draw(t, "known day")
			m := &Mark{Way: rapid.SampledFrom([]Direction{"", Up, Down, Any}).Draw(t, "way"), Money: rapid.Bool().Draw(t, "money")}
			if i > 30 && rapid.Bool().Draw(t, "precedent") {
				m.Like = []int{i - 30}
			}
			s.Known[i] = m
		}
	}
	if rapid.Bool().Draw(t, "answered") {
		s.Unanswered = day.Draw(t, "unanswered")
	}
	return s
}

// TestLaterDaysChangeNothing: whatever is announced or answered for, what is said of a day is the same whatever comes later; and a memory that
// judged the days before goes on as if it had judged all at once.
func TestLaterDaysChangeNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawn(t)
		cut := rapid.IntRange(0, len(s.Costs)).Draw(t, "cut")
		all, part := Detect(s, Defaults()), Detect(s.first(cut), Defaults())
		if diff := cmp.Diff(all[:cut], part, cmpopts.EquateNaNs()); diff != "" {
			t.Fatalf("the first %d days alone are judged otherwise:\n%s", cut, diff)
		}
		m := NewMemory()
		for _, n := range []int{cut, rapid.IntRange(cut, len(s.Costs)).Draw(t, "then"), len(s.Costs)} {
			m.begin()
			part = m.detect(memoryKey{}, s.first(n), rapid.IntRange(0, n).Draw(t, "whole"), Defaults())
		}
		if diff := cmp.Diff(all, part, cmpopts.EquateNaNs()); diff != "" {
			t.Fatalf("a memory judges otherwise:\n%s", diff)
		}
		if s.Costs[0]++; len(s.Costs) > 0 { // restated
			if diff := cmp.Diff(Detect(s, Defaults()), m.detect(memoryKey{}, s, len(s.Costs), Defaults()), cmpopts.EquateNaNs()); diff != "" {
				t.Fatalf("a memory of other days is believed:\n%s", diff)
			}
		}
	})
}

// TestMaskedDaysTeachNothing: how far a day stands out does not move what is expected of the days after it.
func TestMaskedDaysTeachNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := usual(160, rapid.Uint64().Draw(t, "seed"))
		at := rapid.IntRange(100, 150).Draw(t, "day")
		usually := s.Costs[at]
		s.Costs[at] = 20 * usually
		a := Detect(s, Defaults())
		s.Costs[at] = rapid.Float64Range(20, 80).Draw(t, "factor") * usually
		b := Detect(s, Defaults())
		if !a[at].Out || !b[at].Out {
			t.Skip("it does not stand out")
		}
		for i := at + 4; i < len(a); i++ { // a week's middle, which weekdays are measured from, holds the day itself
			if math.Abs(a[i].Expected-b[i].Expected) > 0.05*a[i].Expected {
				t.Fatalf("%d days later %.1f is expected, or %.1f had it been stranger", i-at, a[i].Expected, b[i].Expected)
			}
		}
	})
}

// TestPatternsThatExpectFit: a pattern made of an anomaly fits it, on any of its days until it ends, and nothing that goes the other way.
func TestPatternsThatExpectFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-zA-Z0-9 *?:./-]{1,12}`)
		a := Anomaly{Slice: map[string]string{"ServiceName": text.Draw(t, "service"), "x_UsageType": text.Draw(t, "usage type")}, Currency: "USD",
			Onset: monday, Last: monday.AddDate(0, 0, rapid.IntRange(0, 40).Draw(t, "days")), leaf: leaf{team: text.Draw(t, "team")}}
		until := rapid.SampledFrom([]time.Time{{}, a.Last}).Draw(t, "until")
		p := a.Expect("V-1", until, "")
		if !p.Fits(a) {
			t.Fatalf("%+v does not fit %+v", p, a)
		}
		later := a
		later.Last = a.Last.AddDate(0, 0, 1)
		if p.Fits(later) == !until.IsZero() {
			t.Fatalf("a day after %v it fits: %v", until, p.Fits(later))
		}
		a.Excess = a.Excess.Sub(decimal.NewFromInt(1))
		if p.Fits(a) {
			t.Fatal("what goes down is expected by what went up")
		}
	})
}
