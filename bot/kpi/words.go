package kpi

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"spendbot/analysis/render"
)

// Row is a figure as it is said.
type Row struct {
	Name   string // as package formula has it
	Figure string // "1 d 14 h (90% within 3 d 2 h)"
	Of     string // "8 of 9 incidents"
}

// Rows are the figures of a report in words. One that nothing is known of says so.
func (r Report) Rows() []Row {
	if r.Incidents == 0 {
		return nil
	}
	var rows []Row
	for _, x := range []struct {
		name string
		s    Spread
	}{{"MTTD from usage", r.FromUsage}, {"MTTD from arrival", r.FromArrival}, {"time to acknowledge", r.Acknowledge}, {"time to contain", r.Contain}, {"time to resolve", r.Resolve}} {
		row := Row{Name: x.name, Figure: "unknown", Of: fmt.Sprintf("%d of %d", x.s.Count, r.Incidents)}
		if x.s.Count > 0 {
			row.Figure = Span(x.s.Median) + ", 90% within " + Span(x.s.P90)
		}
		rows = append(rows, row)
	}
	for _, x := range []struct {
		name string
		rate Rate
	}{{"false-positive rate", r.NotUseful}, {"expected rate", r.Expected}} {
		rows = append(rows, Row{x.name, fmt.Sprintf("%d%%", int(math.Round(100*float64(x.rate.Part)/float64(x.rate.Of)))), fmt.Sprintf("%d of %d", x.rate.Part, x.rate.Of)})
	}
	for _, x := range []struct {
		name string
		list []Money
	}{{"cost before containment", r.Cost}, {"cost of what is not contained", r.Running}, {"avoided cost", r.Avoided}} {
		for _, m := range x.list {
			figure := render.Money(m.Total, m.Currency)
			if m.Count > 1 {
				figure += ", median " + render.Money(m.Median, m.Currency)
			}
			rows = append(rows, Row{x.name, figure, fmt.Sprintf("%d of %d", m.Count, r.Incidents)})
		}
	}
	return rows
}

// Line is the report in a sentence, for a digest: "8 incidents: told 1 d 9 h after the first dollar, answered after 3 h, contained after 2
// d; 1 not useful; $6,390 until contained; $15,000 avoided"; "" where there were none.
func (r Report) Line() string {
	if r.Incidents == 0 {
		return ""
	}
	s := plural(r.Incidents, "incident")
	var parts []string
	for _, x := range []struct {
		verb string
		of   Spread
	}{{"told %s after it began", r.FromUsage}, {"answered after %s", r.Acknowledge}, {"contained after %s", r.Contain}} {
		if x.of.Count > 0 {
			p := fmt.Sprintf(x.verb, Span(x.of.Median))
			if x.of.Count < r.Incidents {
				p += fmt.Sprintf(" (%d of %d)", x.of.Count, r.Incidents)
			}
			parts = append(parts, p)
		}
	}
	if len(parts) > 0 {
		s += ", medians: " + strings.Join(parts, ", ")
	}
	if r.NotUseful.Part > 0 {
		s += fmt.Sprintf("; %d not useful", r.NotUseful.Part)
	}
	if r.Expected.Part > 0 {
		s += fmt.Sprintf("; %d expected", r.Expected.Part)
	}
	if r.Unanswered > 0 {
		s += fmt.Sprintf("; %d unanswered", r.Unanswered)
	}
	for _, m := range r.Cost {
		s += "; " + render.Money(m.Total, m.Currency) + " until contained"
	}
	for _, m := range r.Avoided {
		s += "; " + render.Money(m.Total, m.Currency) + " avoided"
	}
	return s
}

// Head says what a report is of.
func (r Report) Head() string {
	who := ""
	if r.Team != "" {
		who = " of team " + r.Team
	}
	span := r.From.Format("2 Jan") + " to " + r.Until.AddDate(0, 0, -1).Format("2 Jan 2006")
	if r.Incidents == 0 {
		return "No incidents" + who + " were opened from " + span + "."
	}
	s := fmt.Sprintf("%s%s opened from %s", plural(r.Incidents, "incident"), who, span)
	if r.Open > 0 {
		s += fmt.Sprintf(", %d still open", r.Open)
	}
	if r.Unanswered > 0 {
		s += fmt.Sprintf(", %d of them unanswered", r.Unanswered)
	}
	return s + "."
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return strconv.Itoa(n) + " " + word + "s"
}

// Span is a duration in its two largest units: "1 d 14 h", "3 h 5 min", "under a minute".
func Span(d time.Duration) string {
	if d < 0 {
		return "unknown"
	}
	days, hours, minutes := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60
	switch {
	case days > 0 && hours > 0:
		return fmt.Sprintf("%d d %d h", days, hours)
	case days > 0:
		return fmt.Sprintf("%d d", days)
	case hours > 0 && minutes > 0:
		return fmt.Sprintf("%d h %d min", hours, minutes)
	case hours > 0:
		return fmt.Sprintf("%d h", hours)
	case minutes > 0:
		return fmt.Sprintf("%d min", minutes)
	}
	return "under a minute"
}

// MarshalJSON writes durations as seconds; one that is not known is null, which is not 0.
func (s Spread) MarshalJSON() ([]byte, error) {
	out := struct {
		Median  *int64 `json:"median_seconds"`
		P90     *int64 `json:"p90_seconds"`
		Count   int    `json:"count"`
		Unknown int    `json:"unknown"`
	}{Count: s.Count, Unknown: s.Unknown}
	if s.Count > 0 {
		out.Median, out.P90 = seconds(s.Median), seconds(s.P90)
	}
	return json.Marshal(out)
}

// MarshalJSON writes durations as seconds; one that is not known is null.
func (l Line) MarshalJSON() ([]byte, error) {
	type plain Line
	return json.Marshal(struct {
		plain
		FromUsage   *int64 `json:"detected_after_usage_seconds"`
		FromArrival *int64 `json:"detected_after_arrival_seconds"`
		Acknowledge *int64 `json:"acknowledged_after_seconds"`
		Contain     *int64 `json:"contained_after_seconds"`
		Resolve     *int64 `json:"resolved_after_seconds"`
	}{plain(l), seconds(l.FromUsage), seconds(l.FromArrival), seconds(l.Acknowledge), seconds(l.Contain), seconds(l.Resolve)})
}

func seconds(d time.Duration) *int64 {
	if d < 0 {
		return nil
	}
	s := int64(d / time.Second)
	return &s
}

// Defaults of what is measured.
const (
	DefaultDays = 90
	MaxDays     = 1100
)

var spanWords = regexp.MustCompile(`(?i)\b(?:in |of |over )?(?:the )?(?:last|past) (\d{1,4}) (day|week|month)s?\b`)

// Read reads what is asked for: "payments last 90 days"; team is what is left of it.
func Read(text string, today time.Time) (o Options) {
	days := DefaultDays
	if m := spanWords.FindStringSubmatch(text); m != nil {
		n, _ := strconv.Atoi(m[1]) // four digits
		days = n * map[string]int{"day": 1, "week": 7, "month": 30}[strings.ToLower(m[2])]
		text = strings.Replace(text, m[0], " ", 1)
	}
	days = min(max(days, 1), MaxDays)
	o.Until = today.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1)
	o.From = o.Until.AddDate(0, 0, -days)
	words := strings.Fields(text)
	for len(words) > 1 && (strings.EqualFold(words[0], "team") || strings.EqualFold(words[0], "for") || strings.EqualFold(words[0], "of")) {
		words = words[1:]
	}
	o.Team = strings.Join(words, " ")
	return o
}

// AWeek is how often a channel was told: "0.5 a week (2)".
func AWeek(c Channel) string {
	return strconv.FormatFloat(c.AWeek, 'f', -1, 64) + " a week (" + strconv.Itoa(c.Alerts) + ")"
}
