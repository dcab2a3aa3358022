package main

import (
	"encoding/csv"
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spendbot/analysis"
)

// sharedFolder is the optional folder beside the repository with reference data; the test is skipped without it.
func sharedFolder(t *testing.T, parts ...string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Skip("no go.mod above the test")
		}
	}
	p := filepath.Join(append([]string{filepath.Dir(dir), "shared"}, parts...)...)
	if _, err := os.Stat(p); err != nil {
		t.Skipf("no reference data: %v", err)
	}
	return p
}

// TestPublishedFamilies keeps the relative search at what it reaches on the published cases: exact slices, micro F1.
func TestPublishedFamilies(t *testing.T) {
	if testing.Short() {
		t.Skip("reads a few dozen large tables")
	}
	dir := sharedFolder(t, "data", "attribution")
	f, err := os.Open(filepath.Join(dir, "truth_riskloc.csv"))
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	truth := map[string][]string{}
	for _, r := range rows[1:] {
		truth[r[0]+"/"+r[1]] = strings.Split(r[2], ";")
	}
	for name, want := range map[string]float64{"S": .95, "L": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cases, err := findCases(filepath.Join(dir, name))
			if err != nil {
				t.Skip(err)
			}
			var tp, fp, fn int
			for _, c := range cases {
				p, err := c.predict()
				if err != nil {
					t.Fatal(err)
				}
				hit := 0
				for _, r := range p.RootCauses {
					if slices.Contains(truth[name+"/"+c.id], r) {
						hit++
					}
				}
				tp, fp, fn = tp+hit, fp+len(p.RootCauses)-hit, fn+len(truth[name+"/"+c.id])-hit
			}
			f1 := 2 * float64(tp) / float64(2*tp+fp+fn)
			t.Logf("%d cases: TP %d FP %d FN %d F1 %.3f", len(cases), tp, fp, fn, f1)
			if f1 < want {
				t.Errorf("F1 %.3f, want at least %.3f", f1, want)
			}
		})
	}
}

// TestPlantedEvents keeps the search for drivers at what it reaches on the published bills: the planted slice itself, its
// effect and its day. Events under 0.5% of the baseline are not asked for.
func TestPlantedEvents(t *testing.T) {
	if testing.Short() {
		t.Skip("reads a million lines")
	}
	dir := sharedFolder(t, "data", "attribution", "K")
	cases, err := findCases(dir)
	if err != nil {
		t.Fatal(err)
	}
	var events, found, effects, onsets, said int
	for _, c := range cases {
		var truth struct {
			Events []struct {
				Kind  string
				Slice map[string]string
				Onset int
				Delta float64
			}
			Total float64 `json:"baseline_total"`
		}
		b, err := os.ReadFile(filepath.Join(c.path, "truth.json"))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, &truth); err != nil {
			t.Fatal(err)
		}
		base, cur, err := readPeriods(filepath.Join(c.path, "truth.json"))
		if err != nil {
			t.Fatal(err)
		}
		q, err := loadLines(filepath.Join(c.path, linesFile))
		if err != nil {
			t.Fatal(err)
		}
		br, err := q.explain(base, cur)
		if err != nil {
			t.Fatal(err)
		}
		if !adds(br) {
			t.Errorf("%s does not add up", c.id)
		}
		for _, d := range br.Drivers {
			if len(d.Slice) > 0 {
				said++
			}
		}
		for _, e := range truth.Events {
			if math.Abs(e.Delta) < .005*truth.Total {
				continue
			}
			events++
			if team, ok := e.Slice["team"]; ok {
				delete(e.Slice, "team")
				e.Slice["tag:team"] = team
			}
			i := slices.IndexFunc(br.Drivers, func(d analysis.Driver) bool { return maps.Equal(d.Slice, e.Slice) })
			if i < 0 {
				continue
			}
			found++
			if slices.ContainsFunc(reasons(br.Drivers[i].Effects), func(r analysis.EffectAmount) bool { return slices.Contains(wanted[e.Kind], r.Effect) }) {
				effects++
			}
			if br.Drivers[i].Onset.Day.Equal(cur.Start.AddDate(0, 0, e.Onset-1)) {
				onsets++
			}
		}
	}
	t.Logf("%d events: %d found by their own slice among %d drivers, %d right effects, %d exact days", events, found, said, effects, onsets)
	if found < events*85/100 || said > events*11/10 || effects < found*95/100 || onsets < found*90/100 {
		t.Error("less than 85% found, more than 10% said too much, or less than 95% of effects or 90% of days right")
	}
}
