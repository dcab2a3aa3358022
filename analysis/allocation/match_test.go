package allocation

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"spendbot/analysis"
	"spendbot/analysis/query"
)

func TestMatchSQL(t *testing.T) {
	const service, account = "CASE WHEN ServiceName IS NULL THEN '' ELSE ServiceName END", "CASE WHEN SubAccountId IS NULL THEN '' ELSE SubAccountId END"
	m := Match{
		Scopes: []Scope{{Name: "s", Any: [][]Cond{oneOf(analysis.DimService, "S3", "*50%_off*", "Q")}}, {Name: "t", Any: [][]Cond{{{Dimension: DimCommitmentStatus, NotIn: []string{""}}}}}},
		Conds:  []Cond{{Dimension: analysis.DimAccount, In: []string{"1"}, NotIn: []string{"2*"}}, {Dimension: analysis.DimTeam, In: []string{""}}},
	}
	got, err := m.SQL(analysis.DimTeam)
	if err != nil {
		t.Fatal(err)
	}
	want := query.F("(((lower("+service+`) LIKE ? ESCAPE '\' OR `+service+" IN (?, ?))) OR (NOT (CASE WHEN CommitmentDiscountStatus IS NULL THEN '' ELSE CommitmentDiscountStatus END IN (?)))) AND ("+
		account+" IN (?)) AND NOT (lower("+account+`) LIKE ? ESCAPE '\')`, `%50\%\_off%`, "S3", "Q", "", "1", "2%")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if w := m.Words(); w != "s or t, account 1 not 2*, team (none)" {
		t.Error(w)
	}
	if got, err = (Match{}).SQL(); err != nil || got.SQL != "true" {
		t.Errorf("everything: %s, %v", got.SQL, err)
	}
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, value string
		want           bool
	}{
		{"AWS*", "aws support", true}, {"*support*", "AWS Support (Business)", true}, {"*support", "AWS Support (Business)", false}, {"a*b*c", "aXbYc", true},
		{"a*b*c", "acb", false}, {"ab*ba", "aba", false}, {"*", "", true}, {"s3", "S3", false}, {"s3", "s3", true}, {"a**b", "ab", true}, {"*a*a*", "a", false},
	} {
		if got := (Cond{In: []string{c.pattern}}).Holds(c.value); got != c.want {
			t.Errorf("%s on %q: %v", c.pattern, c.value, got)
		}
	}
}
