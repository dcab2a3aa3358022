package query

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"spendbot/analysis"
)

var (
	places = regexp.MustCompile(`\{(daily|charges)\}`)
	named  = regexp.MustCompile(`(?i)\b(daily|charges)\b`)
)

// Resolve makes a query of ours runnable: the views it reads become what the lens makes of them and a scope lets see of that. It is where
// a scope becomes SQL, for every query there is: one that names a view itself instead of {daily} or {charges} is refused, so that none can
// forget the scope. It also returns the layers that the query was made through.
func (l Lens) Resolve(f Fragment, scope []analysis.Filter) (Fragment, []Layer, error) {
	seen := f.SQL
	for _, s := range scope {
		seen += " " + s.Dimension.Column()
	}
	rows, layers, err := l.views(seen)
	if err != nil {
		return Fragment{}, nil, err
	}
	out, err := resolve(f, scope, rows)
	return out, layers, err
}

// resolve puts rows, the views as they stand in a FROM, in their places, confined to a scope.
func resolve(f Fragment, scope []analysis.Filter, rows map[Table]string) (Fragment, error) {
	views := map[string]Fragment{}
	for t, from := range rows {
		where, err := within(t.View(), scope)
		if err != nil {
			return Fragment{}, fmt.Errorf("scope: %w", err)
		}
		views[t.View()] = Fragment{SQL: "(SELECT * FROM " + from + " WHERE " + where.SQL + ")", Params: where.Params}
		if len(scope) == 0 {
			views[t.View()] = F(from)
		}
	}
	for _, s := range scope {
		if s.Dimension == analysis.DimResource {
			return Fragment{}, fmt.Errorf("scope: the rollup has no resources to keep to")
		}
	}
	if t := named.FindString(places.ReplaceAllString(f.SQL, "")); t != "" {
		return Fragment{}, fmt.Errorf("the query names the view %s itself and would see all of it; it must read {%s}", t, strings.ToLower(t))
	}
	if n := strings.Count(f.SQL, "?"); n != len(f.Params) {
		return Fragment{}, fmt.Errorf("the query has %d places for parameters and %d parameters", n, len(f.Params))
	}
	var parts []Fragment
	text, params := f.SQL, f.Params
	for {
		at := places.FindStringSubmatchIndex(text)
		if at == nil {
			return Join("", append(parts, Fragment{SQL: text, Params: params})...), nil
		}
		n := strings.Count(text[:at[0]], "?")
		parts = append(parts, Fragment{SQL: text[:at[0]], Params: params[:n]})
		parts = append(parts, views[text[at[2]:at[3]]])
		text, params = text[at[1]:], params[n:]
	}
}

// within is the condition that a row of a view lies within a scope. Tags are read once per distinct text, of which there are
// few, instead of once per row.
func within(view string, scope []analysis.Filter) (Fragment, error) {
	parts := make([]Fragment, len(scope))
	for i, f := range scope {
		where, err := Where(scope[i : i+1])
		if err != nil {
			return Fragment{}, err
		}
		if _, tag := f.Dimension.TagKey(); tag {
			where.SQL = "Tags IN (SELECT Tags FROM (SELECT DISTINCT Tags FROM " + view + " WHERE Tags IS NOT NULL) AS texts WHERE " + where.SQL + ")"
			if slices.Contains(f.Values, "") != f.Not { // rows without any tags
				where.SQL = "(Tags IS NULL OR " + where.SQL + ")"
			}
		}
		parts[i] = where
	}
	return Join(" AND ", parts...), nil
}
