package ingest_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"spendbot/analysis/ingest"
	"spendbot/analysis/store"
)

// inDir copies a file of Azure's testdata to a folder of its own, under one name, as exports of one name lie in several folders.
func inDir(t testing.TB, name string, edit func(string) string) string {
	t.Helper()
	b, err := os.ReadFile(azureTestdata(name))
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	if edit != nil {
		if text = edit(text); text == string(b) {
			t.Fatalf("%s: nothing was edited", name)
		}
	}
	return file(t, "part_0_0001.csv", text)
}

// TestAzureHalvesOneAfterTheOther: actual and amortized costs loaded one after the other, in either order, make the rows that they make
// together, and so they do when one is delivered again.
func TestAzureHalvesOneAfterTheOther(t *testing.T) {
	o := ingest.Options{Source: "azure"}
	again := func(text string) string { return text + "\n" }
	type loads struct{ one, other, once string } // once more, of one
	cases := map[string]map[string]loads{}
	whole, want := map[string]store.Load{}, map[string]string{}
	for _, export := range []string{"ea", "lean"} {
		actual, amortized := inDir(t, export+"-actual.csv", nil), inDir(t, export+"-amortized.csv", nil)
		both := gathered(t, export+"-actual.csv", export+"-amortized.csv")
		s := newStore(t)
		whole[export] = load(t, s, both, o).Load
		want[export] = contents(t, s, o.Source)
		cases[export] = map[string]loads{
			"actual, amortized, actual":    {actual, amortized, inDir(t, export+"-actual.csv", again)},
			"amortized, actual, amortized": {amortized, actual, inDir(t, export+"-amortized.csv", again)},
			"both, then one of them":       {"", both, inDir(t, export+"-actual.csv", again)},
		}
	}
	cases["lean"] = map[string]loads{"amortized, actual": {cases["lean"]["amortized, actual, amortized"].one, cases["lean"]["amortized, actual, amortized"].other, ""}}
	for export, of := range cases {
		for name, c := range of {
			t.Run(export+" "+name, func(t *testing.T) {
				s := newStore(t)
				if c.one != "" {
					if r := load(t, s, c.one, o); len(r.Load.Halves) != 1 || r.Load.Halves[0].Month != "2026-03" || len(halves(t, s)) != 1 {
						t.Errorf("the first load says of missing halves %v", r.Load.Halves)
					}
				}
				last := load(t, s, c.other, o)
				if c.once != "" {
					last = load(t, s, c.once, o)
				}
				if got := contents(t, s, o.Source); got != want[export] {
					t.Errorf("one after the other:\n%s", firstDifference(got, want[export]))
				}
				g, w := last.Load.Totals["USD"], whole[export].Totals["USD"]
				if !g.Billed.Equal(*w.Billed) || !g.Effective.Equal(*w.Effective) || last.Load.Rows != whole[export].Rows {
					t.Errorf("the record has %d rows, %s billed, %s effective; expected %d, %s, %s", last.Load.Rows, g.Billed, g.Effective, whole[export].Rows, w.Billed, w.Effective)
				}
				if len(halves(t, s)) > 0 || len(last.Load.Warnings) != 1 || !strings.Contains(last.Load.Warnings[0], "stay beside it") {
					t.Errorf("halves %v, warnings %q", last.Load.Halves, last.Load.Warnings)
				}
				if !load(t, s, c.other, o).Unchanged { // nothing took its place
					t.Error("what is in force is loaded again")
				}
			})
		}
	}
}

func halves(t testing.TB, s *store.Store) []store.Half {
	t.Helper()
	loads, err := s.Loads(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return store.HalvesInForce(loads)
}

// TestAzureHalvesThatDoNotAgree: exports of other moments are told of.
func TestAzureHalvesThatDoNotAgree(t *testing.T) {
	less := func(text string) string { // without one machine's day
		lines := strings.SplitAfter(text, "\n")
		return strings.Join(slices.DeleteFunc(lines, func(l string) bool { return strings.Contains(l, "On demand: a machine for a day") }), "")
	}
	for name, order := range map[string][]string{
		"actual last":    {inDir(t, "lean-amortized.csv", nil), inDir(t, "lean-actual.csv", less)},
		"amortized last": {inDir(t, "lean-actual.csv", nil), inDir(t, "lean-amortized.csv", less)},
	} {
		s := newStore(t)
		load(t, s, order[0])
		if w := load(t, s, order[1]).Load.Warnings; !slices.ContainsFunc(w, func(w string) bool { return strings.Contains(w, "is billed by the actual costs and") }) {
			t.Errorf("%s: nothing is said of the difference: %q", name, w)
		}
	}
}

// TestAzureActualBesideSomeMonths: actual costs of two months of which the store has one amortized are refused.
func TestAzureActualBesideSomeMonths(t *testing.T) {
	april := func(text string) string {
		return strings.ReplaceAll(strings.ReplaceAll(text, ",03/", ",04/"), "04/31/", "04/30/")
	}
	s := newStore(t)
	load(t, s, inDir(t, "lean-amortized.csv", nil))
	e := refused(t, s, inDir(t, "lean-actual.csv", func(march string) string {
		_, rows, _ := strings.Cut(april(march), "\n")
		return march + rows
	}))
	if !strings.Contains(e.Error(), "actual costs, and the store has the amortized ones of only some of its months: not of 2026-04") {
		t.Errorf("refused with %v", e)
	}
}
