// Package event is what was done to the systems behind a bill: deploys, scaling, flags, commitments. In: what webhooks, files and
// people report, in several shapes ([JSON], [GitHub], [Kubernetes], [CSV], [Words]). Out: [analysis.Event] values, and which of
// them lie near a change in time and place ([Near]).
//
// An event is never worded as a cause. That two things happened near each other is all that a bill and a list of deploys can say.
package event

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"spendbot/analysis"
)

// The kinds of events.
const (
	Deploy     = "deploy"
	Scaling    = "scaling"
	Flag       = "flag"
	Commitment = "commitment" // bought, or expired
	Config     = "config"     // a setting, a migration, maintenance
	Other      = "other"
)

// Kinds lists them in the order people think of them.
var Kinds = []string{Deploy, Scaling, Flag, Commitment, Config, Other}

// kindWords are other words for the kinds.
var kindWords = map[string]string{
	"deployment": Deploy, "release": Deploy, "rollout": Deploy, "rollback": Deploy, "scale": Scaling, "autoscaling": Scaling, "resize": Scaling,
	"feature-flag": Flag, "feature_flag": Flag, "featureflag": Flag, "toggle": Flag, "savings-plan": Commitment, "reservation": Commitment,
	"configuration": Config, "migration": Config, "maintenance": Config, "change": Config,
}

// kindOf reads a kind.
func kindOf(s string) (string, error) {
	k := strings.ToLower(strings.TrimSpace(s))
	if slices.Contains(Kinds, k) {
		return k, nil
	}
	if k, ok := kindWords[k]; ok {
		return k, nil
	}
	return "", fmt.Errorf("%q is no kind of event; write one of %s", clip(s, 40), strings.Join(Kinds, ", "))
}

// Bounds of what an event may hold.
const (
	maxWhat  = 200 // characters
	maxValue = 200
	maxParts = 12 // of a slice
	maxLink  = 500
)

// columns are the columns of a slice by the names that reports use.
var columns = map[string]string{
	"provider": "ServiceProviderName", "service": "ServiceName", "account": "SubAccountId", "subscription": "SubAccountId", "project": "SubAccountId",
	"region": "RegionId", "team": "x_Team", "env": "x_Environment", "environment": "x_Environment", "product": "x_Product",
}

// names are the columns' names for people, in the order they are said.
var names = []struct{ column, name string }{
	{"x_Team", "team"}, {"SubAccountId", "account"}, {"ServiceName", "service"}, {"RegionId", "region"}, {"x_Environment", "env"}, {"ServiceProviderName", "provider"}, {"x_Product", "product"},
}

const tagPrefix = "tag:"

// column is the column that a name in a report means.
func column(name string) (string, error) {
	n := strings.ToLower(strings.TrimSpace(name))
	if c, ok := columns[n]; ok {
		return c, nil
	}
	for _, p := range []string{"tag:", "tag."} {
		if key := strings.TrimSpace(name); len(key) > len(p) && strings.EqualFold(key[:len(p)], p) {
			if key = key[len(p):]; strings.ContainsAny(key, "\"\\") {
				return "", fmt.Errorf("the tag key %q holds a quote or a backslash; leave it out", clip(key, 40))
			}
			return tagPrefix + key, nil
		}
	}
	return "", fmt.Errorf("%q is nothing an event can be confined to; write provider, service, account, region, team, env, product or tag:KEY", clip(name, 40))
}

// known reports whether a column may stand in a slice.
func known(column string) bool {
	return strings.HasPrefix(column, tagPrefix) && len(column) > len(tagPrefix) || slices.ContainsFunc(names, func(n struct{ column, name string }) bool { return n.column == column })
}

// Check tidies an event and says what is wrong with it: what, where, and what to write instead.
func Check(e *analysis.Event) error {
	var err error
	if e.Kind, err = kindOf(e.Kind); err != nil {
		return fmt.Errorf("kind: %w", err)
	}
	if e.What = tidy(e.What); e.What == "" {
		return fmt.Errorf("what: it is empty; say what happened in a few words, as payments-api 4.18.0")
	}
	if n := utf8.RuneCountInString(e.What); n > maxWhat {
		return fmt.Errorf("what: %d characters; at most %d", n, maxWhat)
	}
	if e.Begins.IsZero() {
		return fmt.Errorf("at: it is missing; write when it happened, as 2026-11-18T09:12:00Z")
	}
	if y := e.Begins.Year(); y < 2000 || y > 2200 {
		return fmt.Errorf("at: the year %d; write one between 2000 and 2200", y)
	}
	e.Begins = e.Begins.UTC().Truncate(time.Second)
	if !e.Ends.IsZero() {
		if e.Ends = e.Ends.UTC().Truncate(time.Second); e.Ends.Before(e.Begins) {
			return fmt.Errorf("until: %s is before at, %s; swap them", e.Ends.Format(time.RFC3339), e.Begins.Format(time.RFC3339))
		}
		if e.Ends.Year() > 2200 {
			return fmt.Errorf("until: the year %d; write one before 2200", e.Ends.Year())
		}
	}
	slice := map[string]string{}
	for c, v := range e.Slice {
		if !known(c) {
			return fmt.Errorf("%q is nothing an event can be confined to; write provider, service, account, region, team, env, product or tag:KEY", clip(c, 40))
		}
		if v = tidy(v); v == "" {
			continue
		}
		if n := utf8.RuneCountInString(v); n > maxValue {
			return fmt.Errorf("%s: %d characters; at most %d", nameOf(c), n, maxValue)
		}
		slice[c] = v
	}
	if len(slice) > maxParts {
		return fmt.Errorf("it is confined to %d things; at most %d", len(slice), maxParts)
	}
	e.Slice = slice
	e.By = clip(tidy(e.By), maxValue)
	if e.Link = strings.TrimSpace(e.Link); e.Link != "" {
		u, err := url.Parse(e.Link)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || len(e.Link) > maxLink || strings.ContainsAny(e.Link, "<>|\"` ") {
			return fmt.Errorf("link: it is no web address; write one as https://ci.example.com/run/812, or leave it out")
		}
	}
	if e.Key = clip(tidy(e.Key), maxWhat+maxValue); e.Key == "" {
		e.Key = contentKey(*e)
	}
	return nil
}

// contentKey is what tells an event apart whose source gives it no id: what it says.
func contentKey(e analysis.Event) string {
	b, _ := json.Marshal([]any{e.Kind, e.What, e.Begins.Unix(), e.Slice}) // strings and a number: it cannot fail
	sum := sha256.Sum256(b)
	return "content/" + hex.EncodeToString(sum[:16])
}

// Sum is the hash of events as they are, for a trace.
func Sum(list []analysis.Event) string {
	if list == nil {
		list = []analysis.Event{}
	}
	b, _ := json.Marshal(list) // strings and times within the years that JSON can write
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// tidy is a text in one line: what is no character, or none to see, becomes a blank.
func tidy(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, " "))
	return strings.Join(strings.Fields(s), " ")
}

// clip shortens a text to so many characters.
func clip(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	r := []rune(s)
	return string(r[:most-1]) + "…"
}

// nameOf is a column's name for people: "account", "tag app".
func nameOf(column string) string {
	for _, n := range names {
		if n.column == column {
			return n.name
		}
	}
	if key, ok := strings.CutPrefix(column, tagPrefix); ok {
		return "tag " + key
	}
	return column
}

// Place names where an event happened: "team payments, account payments-prod"; "" where that was not said.
func Place(e analysis.Event) string {
	var parts []string
	for _, n := range names {
		if v := e.Slice[n.column]; v != "" {
			parts = append(parts, n.name+" "+v)
		}
	}
	for _, c := range slices.Sorted(maps.Keys(e.Slice)) {
		if strings.HasPrefix(c, tagPrefix) {
			parts = append(parts, nameOf(c)+" "+e.Slice[c])
		}
	}
	return strings.Join(parts, ", ")
}

// Line says what happened and when: "deploy payments-api 4.18.0, Wed 18 Nov 09:12 UTC".
func Line(e analysis.Event) string {
	s := e.Kind + " " + e.What
	if e.Kind == Other {
		s = e.What
	}
	return s + ", " + When(e)
}

// When is the time of an event, in UTC as bills are.
func When(e analysis.Event) string {
	const at = "Mon 2 Jan 15:04"
	b := e.Begins.UTC()
	switch {
	case e.Ends.IsZero() || e.Ends.Equal(e.Begins):
		return b.Format(at) + " UTC"
	case e.Ends.Truncate(24 * time.Hour).Equal(b.Truncate(24 * time.Hour)):
		return b.Format(at) + " to " + e.Ends.UTC().Format("15:04") + " UTC"
	}
	return b.Format(at) + " to " + e.Ends.UTC().Format(at) + " UTC"
}

// Label is an event in a few words, for a mark on a chart: "payments-api 4.18.0".
func Label(e analysis.Event) string {
	if e.Kind == Deploy || e.Kind == Other {
		return e.What
	}
	return e.Kind + " " + e.What
}

// Caution is what stands behind every event that is shown beside a change.
const Caution = "co-occurs; not shown to be the cause"
