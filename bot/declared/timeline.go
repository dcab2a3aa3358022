package declared

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis/render"
	"spendbot/bot/state"
)

// Entry is a line of a timeline.
type Entry struct {
	At   time.Time
	Who  string // a person's id; "" the bot, from the bill
	What string
	Said bool // somebody's own words, from a marked message
}

// Timeline is what happened, in order: to the declared incident, to the incident it was declared of, and what people marked. The same thing stands in it once.
func Timeline(changes []state.DeclaredChange, incident []state.IncidentChange, currency string, marks []state.DeclaredMark) []Entry {
	var out []Entry
	for _, c := range incident { // of one moment it came first
		if c.Kind == "declared" { // stands below
			continue
		}
		out = append(out, Entry{At: c.Happened, Who: c.Who, What: happened(c, currency)})
	}
	for _, c := range changes {
		if what := changed(c); what != "" {
			out = append(out, Entry{At: c.Happened, Who: c.Who, What: what})
		}
	}
	for _, m := range marks {
		out = append(out, Entry{At: when(m.TS), Who: m.Author, What: m.Said, Said: true})
	}
	slices.SortStableFunc(out, func(a, b Entry) int { return a.At.Compare(b.At) })
	return slices.Compact(out)
}

// when is the moment of one of Slack's timestamps; zero for what is none.
func when(ts string) time.Time {
	secs, micros, _ := strings.Cut(ts, ".")
	s, err := strconv.ParseInt(secs, 10, 64)
	if err != nil || s < 0 || s > 1<<40 {
		return time.Time{}
	}
	m, err := strconv.ParseInt((micros + "000000")[:6], 10, 64)
	if err != nil || m < 0 {
		m = 0
	}
	return time.Unix(s, m*1000).UTC()
}

func changed(c state.DeclaredChange) string {
	switch c.Kind {
	case "declared":
		return "declared the billing incident"
	case "opened":
		return "channel #" + c.Detail + " opened"
	case "role":
		return "took the role of " + c.Detail
	case "released":
		return "gave up the role of " + c.Detail
	case "contained":
		return "said that it is contained"
	case "uncontained":
		return "said that it is not contained after all"
	case "closed":
		return "closed it"
	case "reopened":
		return "reopened it"
	case "status":
		return c.Detail
	}
	return ""
}

func happened(c state.IncidentChange, currency string) string {
	a := c.Amounts
	rate := ""
	if !a.Rate.IsZero() {
		rate = fmt.Sprintf(" (%s a day by then, %s so far)", money(a.Rate, currency), money(a.Excess, currency))
	}
	switch c.Kind {
	case "detected":
		return "found in the bill" + rate
	case "grew", "shrank":
		return "it " + c.Kind + rate
	case "restated":
		return "its days were restated: " + render.Money(a.Excess, currency) + " so far"
	case "contained":
		return "contained by the bill" + rate
	case "resolved":
		return "resolved: " + reason(c.Detail)
	case "acknowledged":
		return "is on it"
	case "released":
		return "is no longer on it"
	case "escalated":
		return "escalated: nobody had answered"
	case "expected":
		return "said that it is expected"
	case "snoozed":
		return "snoozed its thread"
	case "not_useful":
		return "said that it is not useful"
	case "reopened":
		return "it came back"
	}
	s := strings.ReplaceAll(c.Kind, "_", " ")
	if c.Detail != "" {
		s += ": " + c.Detail
	}
	return s
}

// reason is why one was resolved, without figures in a machine's form.
func reason(detail string) string {
	if s, _, ok := strings.Cut(detail, ": it was "); ok {
		return s
	}
	return detail
}

// elapsed is a duration as one says it.
func elapsed(d time.Duration) string {
	switch {
	case d < 0:
		return "before that"
	case d < 2*time.Hour:
		return counted(int(d/time.Minute), "minute", "minutes")
	case d < 48*time.Hour:
		return counted(int(d/time.Hour), "hour", "hours")
	}
	days := decimal.NewFromInt(int64(d/time.Hour)).DivRound(decimal.NewFromInt(24), 1)
	return days.String() + " days"
}

var mention = regexp.MustCompile(`<([@#!][^<>|]*|[^<>|]+)(?:\|([^<>]*))?>`)

// Plain is a message as people read it: names for mentions, addresses for links, without Slack's escapes.
func Plain(said string, who func(id string) string) string {
	said = mention.ReplaceAllStringFunc(said, func(m string) string {
		p := mention.FindStringSubmatch(m)
		switch id, label := p[1], p[2]; {
		case strings.HasPrefix(id, "@"):
			return "@" + who(id[1:])
		case label != "" && strings.HasPrefix(id, "#"):
			return "#" + label
		case label != "":
			return label
		case strings.HasPrefix(id, "!"):
			return "@" + id[1:]
		default:
			return id
		}
	})
	return escapes.Replace(said)
}

var escapes = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
