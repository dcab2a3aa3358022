package analysis_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spendbot/analysis"
)

// TestPrivateParts: what is marked is shown to those who see everything and to nobody else, whatever it and its surroundings hold.
func TestPrivateParts(t *testing.T) {
	some := []analysis.Filter{{Dimension: analysis.DimTeam, Values: []string{"payments"}}}
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.SampledFrom([]string{"a", " ", "'", "*/", "/*", "/* private:", "/* end of private:0123456789abcdef */", "SELECT"})
		join := func(name string) string { return strings.Join(rapid.SliceOfN(piece, 0, 8).Draw(t, name), "") }
		before, secret, after := join("before"), "SECRET"+join("secret")+"SECRET", join("after")
		if strings.Contains(before, "/* private:") || strings.Contains(after, "/* private:") {
			t.Skip("a query of ours holds none")
		}
		inner := analysis.MarkPrivate(secret)
		q := analysis.QueryTrace{SQL: before + analysis.MarkPrivate("x"+inner+"y") + after + inner}
		if got := q.Shown(nil); got != q.SQL {
			t.Fatalf("%q", got)
		}
		got := q.Shown(some)
		if strings.Contains(got, "SECRET") || !strings.HasPrefix(got, before) || !strings.Contains(got, after) || strings.Count(got, "are left out here") != 2 {
			t.Fatalf("%q of %q", got, q.SQL)
		}
		cut := analysis.QueryTrace{SQL: before + inner[:rapid.IntRange(0, len(inner)).Draw(t, "cut")]}
		if got := cut.Shown(some); strings.Contains(got, "SECRET") {
			t.Fatalf("%q of %q", got, cut.SQL)
		}
	})
}
