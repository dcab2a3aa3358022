// Package usecase has a query for every use case that the FOCUS project publishes for FOCUS 1.0 to 1.2 (focus.finops.org): the
// titles are theirs, so that one finds them; the queries in queries.sql are ours, and run on the views that SQL of people's own may
// read ([store.Snapshot.AdHoc]). They read "focus", money by its currency, periods as half-open days.
//
// In: a title or a part of one, and values by name. Out: SQL with question marks, and their parameters in order.
package usecase

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed queries.sql
var text string

// Names that every use case can be given: its first day, and the day after its last.
const (
	From  = "from"
	Until = "until"
)

// UseCase is a question that the FOCUS project says one should be able to ask, with our query for it.
type UseCase struct {
	Title    string   `json:"title"`
	Versions []string `json:"versions"` // of FOCUS that it is published for
	About    string   `json:"about"`    // what the query does, and how to read it
	Params   []string `json:"params"`   // names that it can be given, in the order they first stand in the query
	SQL      string   `json:"sql"`      // with :name for each value
	Months   int      `json:"months"`   // how many whole months it is about where no period is given
	defaults map[string]string
}

var all = sync.OnceValues(func() ([]UseCase, error) { return parse(text) })

// All lists the use cases, in the order of the project's list. That they parse is what TestQueriesParse is for.
func All() []UseCase {
	list, _ := all()
	return slices.Clone(list)
}

// Find finds the one use case whose title is, or else holds, some words; letter case does not matter.
func Find(words string) (UseCase, error) {
	want := fold(words)
	var found []UseCase
	for _, u := range All() {
		if fold(u.Title) == want {
			return u, nil
		}
		if want != "" && strings.Contains(fold(u.Title), want) {
			found = append(found, u)
		}
	}
	switch len(found) {
	case 0:
		return UseCase{}, fmt.Errorf("no use case %q; `spendbot sql --use-cases` lists them", words)
	case 1:
		return found[0], nil
	}
	titles := make([]string, len(found))
	for i, u := range found {
		titles[i] = `"` + u.Title + `"`
	}
	return UseCase{}, fmt.Errorf("%q is a part of several use cases: %s", words, strings.Join(titles, ", "))
}

func fold(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

var place = regexp.MustCompile(`:([a-z_]+)`)

// Fill puts values by name into the query: it comes out with question marks, and the values in their order. What is not given
// has the query's own default, which is everything where it chooses rows.
func (u UseCase) Fill(values map[string]string) (sql string, params []string, err error) {
	for name := range values {
		if name != From && name != Until && !slices.Contains(u.Params, name) {
			return "", nil, fmt.Errorf("%q takes no %q; it can be given %s", u.Title, name, strings.Join(u.Params, ", "))
		}
	}
	sql = place.ReplaceAllStringFunc(u.SQL, func(m string) string {
		v, ok := values[m[1:]]
		if !ok {
			v = u.defaults[m[1:]]
		}
		params = append(params, v)
		return "?"
	})
	return sql, params, nil
}

// parse reads the queries: each begins with a comment "-- use case: TITLE", and goes on with "-- FOCUS 1.0 1.1", "-- with
// NAME=DEFAULT", "-- months 3" and comments about it.
func parse(text string) ([]UseCase, error) {
	var out []UseCase
	for i, section := range strings.Split(text, "-- use case: ")[1:] {
		title, rest, _ := strings.Cut(section, "\n")
		u := UseCase{Title: strings.TrimSpace(title), Months: 1, defaults: map[string]string{}}
		var about, sql []string
		for line := range strings.Lines(rest) {
			line = strings.TrimRight(line, " \n")
			switch comment, isComment := strings.CutPrefix(line, "-- "); {
			case isComment && strings.HasPrefix(comment, "FOCUS "):
				u.Versions = strings.Fields(comment)[1:]
			case isComment && strings.HasPrefix(comment, "months "):
				n, err := strconv.Atoi(comment[len("months "):])
				if err != nil || n < 1 {
					return nil, fmt.Errorf("use case %d, %s: %q is no number of months", i+1, u.Title, line)
				}
				u.Months = n
			case isComment && strings.HasPrefix(comment, "with "):
				name, value, ok := strings.Cut(comment[len("with "):], "=")
				if !ok {
					return nil, fmt.Errorf("use case %d, %s: %q is no default", i+1, u.Title, line)
				}
				u.defaults[name] = value
			case isComment:
				about = append(about, comment)
			case line != "":
				sql = append(sql, line)
			}
		}
		u.About, u.SQL = strings.Join(about, " "), strings.TrimSuffix(strings.Join(sql, "\n"), ";")
		for _, m := range place.FindAllStringSubmatch(u.SQL, -1) {
			if !slices.Contains(u.Params, m[1]) {
				u.Params = append(u.Params, m[1])
			}
		}
		if u.Title == "" || u.SQL == "" || len(u.Versions) == 0 || u.About == "" {
			return nil, fmt.Errorf("use case %d, %q: a title, versions, a comment and a query are needed", i+1, u.Title)
		}
		for name := range u.defaults {
			if !slices.Contains(u.Params, name) {
				return nil, fmt.Errorf("use case %d, %s: %q has a default and no place", i+1, u.Title, name)
			}
		}
		out = append(out, u)
	}
	return out, nil
}
