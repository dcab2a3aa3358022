package anomaly

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var monday = time.Date(2025, 1, 6, 0, 0, 0, 0, time.UTC)

// usual is a series with a weekly pattern, a trend and noise of a tenth.
func usual(days int, seed uint64) Series {
	r := rand.New(rand.NewPCG(seed, 1))
	week := []float64{1.1, 1.2, 1.1, 1.05, 1, 0.6, 0.5}
	s := Series{Start: monday}
	for i := range days {
		s.Costs = append(s.Costs, 100*(1+0.001*float64(i))*week[i%7]*math.Exp(0.1*r.NormFloat64()))
	}
	return s
}

func out(days []Day, from, to int) (n int) {
	for _, d := range days[from:to] {
		if d.Out {
			n++
		}
	}
	return n
}

func TestQuietSeriesStayQuiet(t *testing.T) {
	t.Parallel()
	days, flagged := 0, 0
	for seed := range uint64(20) {
		s := usual(400, seed)
		d := Detect(s, Defaults())
		days += 300
		flagged += out(d, 100, 400)
	}
	if share := float64(flagged) / float64(days); share > 0.045 { // what is worth telling is for floors in money to say
		t.Errorf("%.1f%% of ordinary days stand out, want at most 4.5%%", 100*share)
	}
}

func TestWhatStandsOut(t *testing.T) {
	const at = 300
	for _, c := range []struct {
		name     string
		change   func(s *Series)
		from, to int // days of which
		least    int // so many stand out
		most     int
	}{
		{"a spike", func(s *Series) { s.Costs[at] *= 2 }, at, at + 1, 1, 1},
		{"a day after a spike is an ordinary one", func(s *Series) { s.Costs[at] *= 5 }, at + 1, at + 8, 0, 1},
		{"a step", func(s *Series) {
			for i := at; i < len(s.Costs); i++ {
				s.Costs[i] *= 1.5
			}
		}, at, at + 14, 12, 14},
		{"a step becomes the level", func(s *Series) {
			for i := at; i < len(s.Costs); i++ {
				s.Costs[i] *= 1.5
			}
		}, at + 70, 400, 0, 3},
		{"a slow drift", func(s *Series) {
			for i := range 14 {
				s.Costs[at+i] *= 1 + 0.05*float64(i)
			}
		}, at, at + 14, 6, 14},
		{"a drop", func(s *Series) { s.Costs[at] *= 0.4 }, at, at + 1, 1, 1},
		{"an end", func(s *Series) {
			for i := at; i < len(s.Costs); i++ {
				s.Costs[i] = 0
			}
		}, at, at + 3, 3, 3},
		{"an announced spike", func(s *Series) {
			s.Costs[at] *= 3
			s.Known = make([]*Mark, len(s.Costs))
			s.Known[at] = &Mark{Way: Up}
		}, at, at + 1, 0, 0},
		{"a day nothing is known of", func(s *Series) { s.Costs[at] = math.NaN() }, at, at + 3, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := usual(400, 7)
			c.change(&s)
			if n := out(Detect(s, Defaults()), c.from, c.to); n < c.least || n > c.most {
				t.Errorf("%d of the days from %d to %d stand out, want %d to %d", n, c.from, c.to, c.least, c.most)
			}
		})
	}
}

func TestFeesOfTheMonthAreExpected(t *testing.T) {
	s := usual(420, 3)
	for i := range s.Costs {
		if s.Start.AddDate(0, 0, i).Day() == 1 {
			s.Costs[i] += 400
		}
	}
	days := Detect(s, Defaults())
	for i, d := range days {
		if s.Start.AddDate(0, 0, i).Day() != 1 || i < 150 {
			continue
		}
		if d.Out {
			t.Errorf("the fee of %s stands out: expected %.0f", s.Start.AddDate(0, 0, i).Format(time.DateOnly), d.Expected)
		}
	}
	if last := days[len(days)-2]; last.Expected > 250 {
		t.Errorf("an ordinary day is expected to cost %.0f", last.Expected)
	}
}

func TestShortAndEmptySeries(t *testing.T) {
	for name, s := range map[string]Series{
		"empty": {Start: monday}, "a day": {Start: monday, Costs: []float64{1}}, "nothing known": {Start: monday, Costs: slicesOf(math.NaN(), 60)},
		"nothing spent": {Start: monday, Costs: slicesOf(0, 60)}, "flat": {Start: monday, Costs: slicesOf(5, 60)}, "credits": {Start: monday, Costs: slicesOf(-5, 60)},
	} {
		for i, d := range Detect(s, Defaults()) {
			if d.Out || math.IsNaN(d.Expected) || math.IsNaN(d.Score) || math.IsInf(d.High, 0) {
				t.Errorf("%s: day %d is %+v", name, i, d)
			}
		}
	}
}

func slicesOf(v float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = v
	}
	return out
}

// TestScaleDoesNotMatter: a bill in another currency has the same strange days.
func TestScaleDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := usual(150, rapid.Uint64().Draw(t, "seed"))
		factor := rapid.Float64Range(0.001, 10000).Draw(t, "factor")
		other := Series{Start: s.Start}
		for _, c := range s.Costs {
			other.Costs = append(other.Costs, c*factor)
		}
		a, b := Detect(s, Defaults()), Detect(other, Defaults())
		for i := range a {
			if math.Abs(a[i].Score-b[i].Score) > 1e-6 {
				t.Fatalf("day %d scores %g, and %g times as dear %g", i, a[i].Score, factor, b[i].Score)
			}
		}
	})
}

func BenchmarkDetect(b *testing.B) {
	s := usual(430, 1)
	for b.Loop() {
		Detect(s, Defaults())
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/430, "µs/day")
}

// TestMedian holds the selection against sorting.
func TestMedian(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.SliceOfN(rapid.Float64Range(-3, 3), 1, 60).Draw(t, "values")
		if rapid.Bool().Draw(t, "ties") {
			for i := range v {
				v[i] = math.Round(v[i])
			}
		}
		s := slices.Clone(v)
		slices.Sort(s)
		want := (s[(len(s)-1)/2] + s[len(s)/2]) / 2
		if len(s)%2 == 1 {
			want = s[len(s)/2]
		}
		if got := median(v); got != want {
			t.Fatalf("median of %v is %v, want %v", v, got, want)
		}
	})
}
