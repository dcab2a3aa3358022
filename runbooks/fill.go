package runbooks

import (
	"regexp"
	"strings"
	"time"
)

// blank is something to be filled in: <day>.
var blank = regexp.MustCompile(`<([a-z]+)>`)

// Fillable are the blanks that a question may have.
var Fillable = []string{"day", "month", "account", "service", "team"}

// Blanks are what a question leaves to be filled in: "day", "account".
func Blanks(question string) []string {
	var out []string
	for _, m := range blank.FindAllStringSubmatch(question, -1) {
		out = append(out, m[1])
	}
	return out
}

// Fill puts values into a question's blanks; ok is false where one of them has no value.
func Fill(question string, values map[string]string) (filled string, ok bool) {
	ok = true
	filled = blank.ReplaceAllStringFunc(question, func(b string) string {
		v := strings.TrimSpace(values[b[1:len(b)-1]])
		if v == "" {
			ok = false
			return b
		}
		return v
	})
	return filled, ok
}

// sinceDays is how far back a question looks that is asked without a change to look at.
const sinceDays = 7

// Dates are the values of the blanks that a date fills: since is the day the change began, zero for a week before now.
func Dates(since, now time.Time) map[string]string {
	if since.IsZero() {
		since = now.UTC().AddDate(0, 0, -sinceDays)
	}
	return map[string]string{"day": since.Format("2 January 2006"), "month": since.AddDate(0, -2, 0).Format("January 2006")}
}
