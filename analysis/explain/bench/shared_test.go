package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
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
