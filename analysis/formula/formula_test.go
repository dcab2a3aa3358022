package formula_test

import (
	"strings"
	"testing"

	"spendbot/analysis"
	"spendbot/analysis/formula"
)

// TestEverythingShownHasAFormula asks for each metric and effect an answer can show, under the name it is shown or typed by.
func TestEverythingShownHasAFormula(t *testing.T) {
	var names []string
	for _, m := range analysis.Metrics {
		names = append(names, string(m), m.Words(), m.Column())
	}
	for _, e := range analysis.Effects {
		names = append(names, string(e))
	}
	for _, n := range append(names, "Effective_Cost", "EFFECTIVE  COST", "driver", "onset", "confidence", "complete-through") {
		if _, ok := formula.Find(n); !ok {
			t.Errorf("no formula for %q", n)
		}
	}
	if f, ok := formula.Find("vibes"); ok {
		t.Errorf("%q explains vibes", f.Name)
	}
}

func TestEntriesAreWhole(t *testing.T) {
	all := formula.All()
	if len(all) < 20 {
		t.Fatalf("%d formulas", len(all))
	}
	seen := map[string]string{}
	for _, f := range all {
		for what, s := range map[string]string{"meaning": f.Meaning, "how": f.How, "source": f.Source} {
			if strings.TrimSpace(s) == "" {
				t.Errorf("%s has no %s", f.Name, what)
			}
		}
		if !strings.HasSuffix(f.Meaning, ".") {
			t.Errorf("the meaning of %s is no sentence: %q", f.Name, f.Meaning)
		}
		for _, n := range append([]string{f.Name}, f.Aliases...) {
			if by, taken := seen[strings.ToLower(n)]; taken && by != f.Name {
				t.Errorf("%q means %s and %s", n, by, f.Name)
			}
			seen[strings.ToLower(n)] = f.Name
		}
	}
	all[0].Name = "changed"
	if formula.All()[0].Name == "changed" {
		t.Error("All hands out the registry itself")
	}
}
