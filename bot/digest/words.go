package digest

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Verb is what somebody wants of digests.
type Verb string

// The verbs.
const (
	Subscribe   Verb = "subscribe"
	Unsubscribe Verb = "unsubscribe"
	Pause       Verb = "pause"
	Resume      Verb = "resume"
	List        Verb = "list"
	Preview     Verb = "preview"
)

// Request is what somebody wrote after "digest".
type Request struct {
	Verb  Verb
	Kind  Kind   // "" where none was named
	ID    string // a subscription's, "D-7F3K2M"; "" where none was named
	Spec  string // the schedule; the kind's own where nothing else was said. Only of Subscribe
	Zone  string // as it was written; "" where none was
	About string // which part of the spend, in the words that were written
}

// Usage says what can be written, for whoever wrote something else.
const Usage = "`digest subscribe weekly`, or daily or monthly; `on Friday`, `on the 5th`, `on the last day`, `at 9:00`, `in Europe/Berlin` and `for team payments` may follow. " +
	"Then `digest preview weekly`, `digest list`, `digest pause`, `digest resume`, `digest unsubscribe`."

var (
	clockTime = regexp.MustCompile(`^([0-9]{1,2})(?:[:.]([0-9]{2}))?(am|pm)?$`)
	monthDay  = regexp.MustCompile(`^([0-9]{1,2})(st|nd|rd|th)\.?$`)
	digestID  = regexp.MustCompile(`(?i)^d-?[0-9a-z]{6}$`)
)

// Is reports whether a text is about digests: it begins with the word, and goes on with a verb or not at all.
func Is(text string) bool {
	f := strings.Fields(strings.ToLower(text))
	if len(f) == 0 || f[0] != "digest" && f[0] != "digests" {
		return false
	}
	return len(f) == 1 || verb(f[1]) != "" || slices.Contains(Kinds, Kind(f[1])) || f[1] == "help"
}

func verb(word string) Verb {
	switch word {
	case "subscribe", "add", "start":
		return Subscribe
	case "unsubscribe", "remove", "stop":
		return Unsubscribe
	case "pause", "mute":
		return Pause
	case "resume", "unpause", "continue":
		return Resume
	case "list", "show":
		return List
	case "preview":
		return Preview
	}
	return ""
}

// Parse reads a text for which [Is] holds. The error is for whoever wrote it.
func Parse(text string) (Request, error) {
	words := strings.Fields(text)[1:]
	if len(words) == 0 || strings.EqualFold(words[0], "help") {
		return Request{Verb: List}, nil
	}
	r := Request{Verb: verb(strings.ToLower(words[0]))}
	if r.Verb == "" { // "digest weekly"
		r.Verb = Preview
	} else {
		words = words[1:]
	}
	p := &parser{words: words, hour: -1}
	if err := p.run(&r); err != nil {
		return r, err
	}
	if r.Verb == Subscribe {
		if r.Kind == "" {
			return r, errors.New("which one: `digest subscribe weekly`, `daily` or `monthly`?")
		}
		spec, err := p.spec(r.Kind)
		if err != nil {
			return r, err
		}
		r.Spec = spec
	} else if p.timed {
		return r, fmt.Errorf("a time goes with `subscribe` only: `digest subscribe %s at 9:00` replaces the one there is", firstOf(r.Kind, Weekly))
	}
	return r, nil
}

func firstOf(a, b Kind) Kind {
	if a != "" {
		return a
	}
	return b
}

// parser walks the words behind the verb.
type parser struct {
	words        []string
	at           int
	timed        bool
	hour, minute int
	weekday      string // as cron writes it: MON, MON-FRI
	day          string // of the month: 1 to 31, L
}

// low is the word so many places on, in lower case and without what follows it; "" behind the end.
func (p *parser) low(ahead int) string {
	if p.at+ahead >= len(p.words) {
		return ""
	}
	return strings.ToLower(strings.TrimRight(p.words[p.at+ahead], ",;"))
}

func (p *parser) run(r *Request) error {
	for p.at < len(p.words) {
		w := p.low(0)
		switch {
		case r.Kind == "" && slices.Contains(Kinds, Kind(w)):
			r.Kind = Kind(w)
			p.at++
		case r.ID == "" && digestID.MatchString(w) && strings.ContainsAny(w, "-0123456789"):
			r.ID = "D-" + strings.ToUpper(strings.TrimPrefix(w[1:], "-"))
			p.at++
		case w == "at" || w == "every" || w == "each" || w == "the" && p.dayAhead():
			p.at++
		case w == "on" && (p.low(1) == "the" || p.days(p.low(1)) != "" || p.monthly(1)):
			p.at++
		case p.days(w) != "":
			p.weekday, p.timed = p.days(w), true
			p.at++
		case p.monthly(0):
			p.takeDay()
		case p.clock(w):
			p.at++
			if next := p.low(0); next == "am" || next == "pm" {
				if !p.clock(strconv.Itoa(p.hour) + ":" + fmt.Sprintf("%02d", p.minute) + next) {
					return fmt.Errorf("%q is no time of day: write 9:00 or 5pm", w+" "+next)
				}
				p.at++
			}
		case (w == "in" || w == "zone") && r.Zone == "":
			n, name := p.zone(1)
			if n == 0 {
				if w == "zone" {
					return fmt.Errorf("%q is no time zone I know: write one as Europe/Berlin, America/New_York or UTC", p.low(1))
				}
				r.About += " " + p.words[p.at] // "in us-east-1"
				p.at++
				continue
			}
			r.Zone = name
			p.at += 1 + n
		case r.Zone == "" && (strings.Contains(w, "/") || w == "utc"):
			_, err := ParseZone(strings.TrimRight(p.words[p.at], ",;"))
			if err != nil {
				return err
			}
			r.Zone = strings.TrimRight(p.words[p.at], ",;")
			p.at++
		case w == "for" || w == "of" || w == "about" || w == "on":
			r.About += " " + strings.Join(p.words[p.at+1:], " ")
			p.at = len(p.words)
		default:
			r.About += " " + p.words[p.at]
			p.at++
		}
	}
	r.About = strings.TrimSpace(r.About)
	return nil
}

// days reads a weekday, or a word for several, as cron writes it.
func (p *parser) days(w string) string {
	switch w {
	case "weekdays", "workdays", "weekday", "workday":
		return "MON-FRI"
	}
	for d := time.Sunday; d <= time.Saturday; d++ {
		name := strings.ToLower(d.String())
		if w == name || w == name+"s" || w == name[:3] {
			return strings.ToUpper(name[:3])
		}
	}
	return ""
}

func (p *parser) dayAhead() bool { return p.low(1) == "last" || monthDay.MatchString(p.low(1)) }

// monthly reports whether a day of the month stands so many places on: "5th", "last day".
func (p *parser) monthly(ahead int) bool {
	return monthDay.MatchString(p.low(ahead)) || p.low(ahead) == "last" && p.low(ahead+1) == "day"
}

func (p *parser) takeDay() {
	p.timed = true
	if m := monthDay.FindStringSubmatch(p.low(0)); m != nil {
		p.day = m[1]
		p.at++
	} else {
		p.day = "L"
		p.at += 2
	}
	for _, w := range []string{"of", "the", "month"} {
		if p.low(0) == w && (w != "of" || p.low(1) == "the" || p.low(1) == "month") {
			p.at++
		}
	}
}

// clock reads a time of day: "9:00", "17.30", "9am"; a bare number only behind "at".
func (p *parser) clock(w string) bool {
	if w == "noon" {
		p.hour, p.minute, p.timed = 12, 0, true
		return true
	}
	m := clockTime.FindStringSubmatch(w)
	if m == nil || m[2] == "" && m[3] == "" && !(p.at > 0 && strings.EqualFold(p.words[p.at-1], "at")) {
		return false
	}
	hour, _ := strconv.Atoi(m[1]) // two digits at most
	minute, _ := strconv.Atoi(m[2])
	switch {
	case m[3] != "" && (hour < 1 || hour > 12), hour > 23, minute > 59:
		return false
	case m[3] == "am" && hour == 12:
		hour = 0
	case m[3] == "pm" && hour != 12:
		hour += 12
	}
	p.hour, p.minute, p.timed = hour, minute, true
	return true
}

// zone reads a zone from so many places on: the most words that are one, of three at most.
func (p *parser) zone(ahead int) (n int, name string) {
	for n := min(3, len(p.words)-p.at-ahead); n > 0; n-- {
		name := strings.TrimRight(strings.Join(p.words[p.at+ahead:p.at+ahead+n], " "), ",;")
		if _, err := ParseZone(name); err == nil && name != "" {
			return n, name
		}
	}
	return 0, ""
}

// spec is the schedule that was said, with the kind's own for what was not.
func (p *parser) spec(k Kind) (string, error) {
	f := strings.Fields(k.DefaultSchedule())
	if p.hour >= 0 {
		f[0], f[1] = strconv.Itoa(p.minute), strconv.Itoa(p.hour)
	}
	switch {
	case p.weekday != "" && k == Monthly:
		return "", errors.New("a monthly digest comes on a day of the month: `on the 5th` or `on the last day`")
	case p.day != "" && k != Monthly:
		return "", fmt.Errorf("a %s digest comes by the weekday: `on Friday`", k)
	case p.weekday == "MON-FRI" && k == Weekly:
		return "", errors.New("a weekly digest comes on one day: `on Monday`; on workdays there is the daily one")
	case p.weekday != "":
		f[4] = p.weekday
	case p.day != "":
		if n, err := strconv.Atoi(p.day); err == nil && (n < 1 || n > 31) {
			return "", fmt.Errorf("no month has a day %d", n)
		}
		f[2] = p.day
	}
	return strings.Join(f, " "), nil
}
