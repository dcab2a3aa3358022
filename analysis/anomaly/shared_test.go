package anomaly_test

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/anomaly"
)

// learnt is how many days of a labelled series are for learning only.
const learnt = 365

// TestScoresOnLabelledSeries scores the shipped settings on the labelled series beside the checkout, by the arithmetic of the score.py
// there: means over the series of F1, share of normal days flagged, share of the excess of events that were seen, and what an event had
// cost before it was.
func TestScoresOnLabelledSeries(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("..", "..", "..", "shared", "data", "anomaly")
	index, err := os.Open(filepath.Join(dir, "INDEX.csv"))
	if err != nil {
		t.Skipf("no labelled series: %v", err)
	}
	defer index.Close()
	var f1, far, dollars, lost, n float64
	for _, meta := range table(t, filepath.Join(dir, "INDEX.csv")) {
		name := meta["name"]
		days, events := table(t, filepath.Join(dir, name+".csv")), table(t, filepath.Join(dir, name+"_events.csv"))
		start, err := time.Parse(analysis.DateLayout, days[0]["date"][:10])
		if err != nil {
			t.Fatal(err)
		}
		s := anomaly.Series{Start: start}
		for _, d := range days {
			s.Costs = append(s.Costs, number(t, d["y"]))
		}
		said := anomaly.Detect(s, anomaly.Defaults())
		var tp, fp, fn, normal float64
		for i := learnt; i < len(days); i++ {
			is := days[i]["is_anomaly"] == "1" || days[i]["is_anomaly"] == "True" || days[i]["is_anomaly"] == "true"
			switch {
			case is && said[i].Out:
				tp++
			case is:
				fn++
			case said[i].Out:
				fp++
			}
			if !is {
				normal++
			}
		}
		var seen, total, before, scored float64
		for _, e := range events {
			from, to, excess := int(number(t, e["start_day"])), int(number(t, e["end_day"])), number(t, e["total_excess_cost"])
			if to < learnt {
				continue
			}
			first := to + 1
			for i := max(from, learnt); i <= to; i++ {
				if said[i].Out {
					first = i
					break
				}
			}
			total += excess
			if first <= to {
				seen += excess
			}
			for i := from; i < first; i++ {
				if c := days[i]["cost_impact"]; c != "" {
					before += number(t, c)
				}
			}
			scored++
		}
		f1 += 2 * tp / math.Max(1, 2*tp+fp+fn)
		far += fp / math.Max(1, normal)
		if total != 0 {
			dollars += seen / total
		}
		lost += before / math.Max(1, scored)
		n++
	}
	f1, far, dollars, lost = f1/n, far/n, dollars/n, lost/n
	if f1 < 0.62 || far > 0.02 || dollars < 0.95 || lost > 60 {
		t.Errorf("F1 %.3f, want .62 or more; flagged normal days %.4f, want .02 or less; seen excess %.3f, want .95 or more; lost before %.1f, want 60 or less", f1, far, dollars, lost)
	}
}

// table reads a CSV file as a map for each row.
func table(t *testing.T, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatalf("%s: %d rows, %v", path, len(rows), err)
	}
	var out []map[string]string
	for _, r := range rows[1:] {
		m := map[string]string{}
		for i, h := range rows[0] {
			m[h] = r[i]
		}
		out = append(out, m)
	}
	return out
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	if s == "" {
		return 0
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
