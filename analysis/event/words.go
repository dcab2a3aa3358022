package event

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"spendbot/analysis"
)

// Words reads an event as people type it: "deploy payments-api 4.18.0 at 2026-11-18 09:12 team=payments account=payments-prod". Without
// at it happened now; values that hold blanks are quoted. Times are UTC, as bills are.
func Words(text string, rules Rules, now time.Time) (analysis.Event, error) {
	e := analysis.Event{Begins: now, Slice: map[string]string{}}
	words, err := split(text)
	if err != nil {
		return e, err
	}
	if len(words) == 0 {
		return e, errors.New("which event? Write its kind and what it was, as: deploy payments-api 4.18.0 team=payments")
	}
	if e.Kind, err = kindOf(words[0].text); err != nil {
		return e, fmt.Errorf("an event begins with its kind: %w", err)
	}
	var what []string
	for i := 1; i < len(words); i++ {
		w := words[i]
		name, value, isPair := strings.Cut(w.text, "=")
		switch low := strings.ToLower(w.text); {
		case w.quoted:
			what = append(what, w.text)
		case isPair && name != "":
			if err := set(&e, name, value, now); err != nil {
				return e, err
			}
		case (low == "at" || low == "until") && i+1 < len(words):
			t, used, err := timeIn(words[i+1:], now)
			if err != nil {
				return e, err
			}
			if used == 0 && looksLikeTime.MatchString(words[i+1].text) {
				return e, fmt.Errorf("%s %q is no time; write 09:12, yesterday 09:12, 18 Nov 09:12 or 2026-11-18 09:12, in UTC", low, words[i+1].text)
			}
			if used == 0 { // "at scale": it is no time, and part of what happened
				what = append(what, w.text)
				continue
			}
			if i += used; low == "at" {
				e.Begins = t
			} else {
				e.Ends = t
			}
		default:
			what = append(what, w.text)
		}
	}
	if e.What = strings.Join(what, " "); e.What == "" {
		return e, fmt.Errorf("what was it? Write it behind the kind, as: %s payments-api 4.18.0", e.Kind)
	}
	rules.place(e.What, &e)
	return e, Check(&e)
}

// looksLikeTime is a clock time or a date, whether there is such a one or not.
var looksLikeTime = regexp.MustCompile(`^([0-9]{1,2}:[0-9]{2}|[0-9]{4}-[0-9]{1,2})`)

// set takes a part of the form name=value.
func set(e *analysis.Event, name, value string, now time.Time) error {
	var err error
	switch strings.ToLower(name) {
	case "at":
		e.Begins, err = whenIn(value, now)
	case "until":
		e.Ends, err = whenIn(value, now)
	case "by":
		e.By = value
	case "link":
		e.Link = value
	case "id":
		if value = tidy(value); value != "" {
			e.Key = "id/" + value
		}
	default:
		c, cerr := column(name)
		if cerr != nil {
			return cerr
		}
		if tidy(value) == "" {
			return fmt.Errorf("%s= is empty; write what it is confined to, or leave it out", clip(tidy(name), 40))
		}
		e.Slice[c] = value
	}
	return err
}

// word is one as it was typed, without its quotes.
type word struct {
	text   string
	quoted bool // from its first character on
}

// curly are quotes as phones write them.
var curly = strings.NewReplacer("“", `"`, "”", `"`, "„", `"`, "‘", "'", "’", "'")

// split cuts a text into words; what stands in quotes is one.
func split(text string) ([]word, error) {
	var out []word
	var b strings.Builder
	open, begun, quoted := rune(0), false, false
	for _, r := range curly.Replace(strings.ToValidUTF8(text, " ")) {
		switch {
		case open != 0 && r == open:
			open = 0
		case open != 0:
			b.WriteRune(r)
		case r == '"' || r == '\'' && (!begun || strings.HasSuffix(b.String(), "=")):
			quoted = quoted || !begun
			open, begun = r, true
		case r == ' ' || r == '\t' || r == '\n' || r == '\r':
			if begun {
				out = append(out, word{b.String(), quoted})
			}
			b.Reset()
			begun, quoted = false, false
		default:
			b.WriteRune(r)
			begun = true
		}
	}
	if open != 0 {
		return nil, fmt.Errorf("a quote %c is opened and never closed; close it, or leave it out", open)
	}
	if begun {
		out = append(out, word{b.String(), quoted})
	}
	return out, nil
}

var (
	clock    = regexp.MustCompile(`^([01]?\d|2[0-3]):([0-5]\d)(?:z|utc)?$`)
	looksDay = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}`)
	number   = regexp.MustCompile(`^\d{1,2}$`)
)

// timeIn reads a time from the first words: "09:12", "yesterday 09:12", "2026-11-18", "2026-11-18 09:12", "18 Nov 09:12", "now"; used
// is how many words it took, 0 where they are no time. Something that begins as one and is none is an error.
func timeIn(words []word, now time.Time) (t time.Time, used int, err error) {
	take := func(i int) string {
		if i < len(words) && !words[i].quoted {
			return strings.ToLower(words[i].text)
		}
		return ""
	}
	if words[0].quoted {
		t, err := whenIn(words[0].text, now)
		return t, 1, err
	}
	day, used := now.UTC().Truncate(24*time.Hour), 0
	first := take(0)
	switch {
	case first == "now":
		used = 1
		t = now
	case first == "today":
		used = 1
	case first == "yesterday":
		day, used = day.AddDate(0, 0, -1), 1
	case looksDay.MatchString(first):
		if len(first) > len("2006-01-02") {
			t, err := Time(strings.ToUpper(first))
			return t, 1, err
		}
		if day, err = Time(first); err != nil {
			return t, 0, err
		}
		used = 1
	case number.MatchString(first) && take(1) != "":
		month := take(1)
		d, perr := time.Parse("2 Jan 2006", first+" "+strings.ToUpper(month[:1])+clipASCII(month[1:], 2)+" "+fmt.Sprint(now.UTC().Year()))
		if perr != nil {
			return t, 0, nil
		}
		if d.After(now.AddDate(0, 0, 180)) { // "28 Dec", said in January
			d = d.AddDate(-1, 0, 0)
		}
		day, used = d, 2
	case clock.MatchString(first):
	default:
		return t, 0, nil
	}
	if m := clock.FindStringSubmatch(take(used)); m != nil {
		h, _ := strconv.Atoi(m[1]) // the pattern lets nothing else through
		minute, _ := strconv.Atoi(m[2])
		t = day.Add(time.Duration(h)*time.Hour + time.Duration(minute)*time.Minute)
		used++
	} else if t.IsZero() {
		t = day
	}
	if z := take(used); z == "utc" || z == "z" {
		used++
	}
	return t, used, nil
}

func clipASCII(s string, n int) string { return s[:min(n, len(s))] }

// whenIn reads a whole text as a time.
func whenIn(s string, now time.Time) (time.Time, error) {
	words, err := split(s)
	if err != nil {
		return time.Time{}, err
	}
	if len(words) > 0 && !words[0].quoted {
		t, used, err := timeIn(words, now)
		if err == nil && used == len(words) {
			return t, nil
		}
	}
	return Time(s)
}
