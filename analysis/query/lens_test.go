package query_test

import (
	"strings"
	"testing"

	"spendbot/analysis"
	"spendbot/analysis/query"
)

// adds is a layer that adds a column.
func adds(column, expr string) query.Layer {
	return query.Layer{Name: column, Key: column, Columns: []string{column}, Select: func(_ query.Table, beneath string, _ func(string) bool) string {
		return "SELECT *, " + expr + " AS " + column + " FROM " + beneath
	}}
}

func TestLens(t *testing.T) {
	lens := query.Lens{}.Over(adds("x_Team", "'it''s {daily} ?'")).Over(adds("x_Other", "x_Team")).Over(adds("x_Third", "1"))
	inner := "(SELECT *, 'it''s {daily} ?' AS x_Team FROM daily)"
	team := []analysis.Filter{{Dimension: analysis.DimTeam, Values: []string{"a"}}}
	for _, c := range []struct {
		name   string
		sql    string
		scope  []analysis.Filter
		want   string
		layers string
	}{
		{"what touches none is as it was", "SELECT ServiceName FROM {daily} WHERE a = ?", nil, "SELECT ServiceName FROM daily WHERE a = ?", ""},
		{"a column is added", "SELECT x_Team FROM {daily} WHERE a = ?", nil, "SELECT x_Team FROM " + inner + " WHERE a = ?", "x_Team"},
		{"a layer brings what it names", "SELECT x_Other FROM {daily} WHERE a = ?", nil, "SELECT x_Other FROM (SELECT *, x_Team AS x_Other FROM " + inner + ") WHERE a = ?", "x_Team x_Other"},
		{"a scope is on top", "SELECT 1 FROM {daily} WHERE a = ?", team,
			"SELECT 1 FROM (SELECT * FROM " + inner + " WHERE CASE WHEN x_Team IS NULL THEN '' ELSE x_Team END IN (?)) WHERE a = ?", "x_Team"},
	} {
		got, layers, err := lens.Resolve(query.F(c.sql, 1), c.scope)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var names []string
		for _, y := range layers {
			names = append(names, y.Name)
		}
		if got.SQL != c.want || strings.Join(names, " ") != c.layers || len(got.Params) != 1+len(c.scope) {
			t.Errorf("%s: %s\n%q through %q", c.name, got.SQL, got.Params, names)
		}
	}
	for _, scope := range [][]analysis.Filter{nil, team} {
		if _, _, err := (query.Lens{}).Resolve(query.F("SELECT x_Team FROM {daily}"), scope); err == nil || !strings.Contains(err.Error(), "no owners are configured") {
			t.Errorf("a team without owners: %v", err)
		}
	}
}
