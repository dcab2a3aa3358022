package query

import (
	"fmt"
	"regexp"
	"strings"

	"spendbot/analysis"
)

var (
	places = regexp.MustCompile(`\{(daily|charges)\}`)
	named  = regexp.MustCompile(`(?i)\b(daily|charges)\b`)
)

// Resolve makes a query of ours runnable: the views it reads become what a scope lets see of them. It is where a scope
// becomes SQL, for every query there is: one that names a view itself instead of {daily} or {charges} is refused, so that
// none can forget the scope.
func Resolve(f Fragment, scope []analysis.Filter) (Fragment, error) {
	where, err := Where(scope)
	if err != nil {
		return Fragment{}, fmt.Errorf("scope: %w", err)
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
		view := text[at[2]:at[3]]
		if len(scope) == 0 {
			parts = append(parts, F(view))
		} else {
			parts = append(parts, Fragment{SQL: "(SELECT * FROM " + view + " WHERE " + where.SQL + ")", Params: where.Params})
		}
		text, params = text[at[1]:], params[n:]
	}
}
