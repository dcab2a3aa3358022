package digest

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text string
		want Request
	}{
		{"digest", Request{Verb: List}},
		{"Digest list", Request{Verb: List}},
		{"digest weekly", Request{Verb: Preview, Kind: Weekly}},
		{"digest preview monthly for team payments", Request{Verb: Preview, Kind: Monthly, About: "team payments"}},
		{"digest subscribe weekly", Request{Verb: Subscribe, Kind: Weekly, Spec: "0 9 * * MON"}},
		{"digest subscribe daily", Request{Verb: Subscribe, Kind: Daily, Spec: "0 9 * * *"}},
		{"digest subscribe monthly", Request{Verb: Subscribe, Kind: Monthly, Spec: "0 9 3 * *"}},
		{"digest subscribe weekly at 9:00 Europe/Berlin team payments", Request{Verb: Subscribe, Kind: Weekly, Spec: "0 9 * * MON", Zone: "Europe/Berlin", About: "team payments"}},
		{"digest subscribe weekly on Fridays at 5pm in new york for AWS in us-east-1", Request{Verb: Subscribe, Kind: Weekly, Spec: "0 17 * * FRI", Zone: "new york", About: "AWS in us-east-1"}},
		{"digest subscribe weekly in us-east-1 at 8", Request{Verb: Subscribe, Kind: Weekly, Spec: "0 8 * * MON", About: "in us-east-1"}},
		{"digest subscribe daily on workdays at 8:30 am zone UTC", Request{Verb: Subscribe, Kind: Daily, Spec: "30 8 * * MON-FRI", Zone: "UTC"}},
		{"digest subscribe monthly on the last day of the month at 18:00, in Asia/Kolkata", Request{Verb: Subscribe, Kind: Monthly, Spec: "0 18 L * *", Zone: "Asia/Kolkata"}},
		{"digest subscribe monthly on the 5th of the month at noon", Request{Verb: Subscribe, Kind: Monthly, Spec: "0 12 5 * *"}},
		{"digest subscribe weekly every tuesday 12am", Request{Verb: Subscribe, Kind: Weekly, Spec: "0 0 * * TUE"}},
		{"digest subscribe weekly on search", Request{Verb: Subscribe, Kind: Weekly, Spec: "0 9 * * MON", About: "search"}},
		{"digest pause d-7f3k2m", Request{Verb: Pause, ID: "D-7F3K2M"}},
		{"digest stop daily", Request{Verb: Unsubscribe, Kind: Daily}},
		{"digests resume", Request{Verb: Resume}},
	} {
		if !Is(c.text) {
			t.Errorf("%q is not about digests", c.text)
		}
		got, err := Parse(c.text)
		if err != nil || got != c.want {
			t.Errorf("%q\n got %+v, %v\nwant %+v", c.text, got, err, c.want)
		}
	}
	for _, c := range []struct{ text, want string }{
		{"digest subscribe", "Which one"}, {"digest subscribe weekly on the 5th", "by the weekday"}, {"digest subscribe monthly on Monday", "day of the month"},
		{"digest subscribe weekly on workdays", "one day"}, {"digest subscribe monthly on the 32nd", "no month"}, {"digest subscribe weekly zone Mars", "no time zone"},
		{"digest subscribe weekly Mars/Olympus", "no time zone"}, {"digest pause at 9:00", "goes with `subscribe`"},
	} {
		if _, err := Parse(c.text); err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(c.want)) {
			t.Errorf("%q: error %v, want one with %q", c.text, err, c.want)
		}
	}
	for _, text := range []string{"", "digest of last week's spend", "why did it change?", "a digest"} {
		if Is(text) {
			t.Errorf("%q is taken to be about digests", text)
		}
	}
}

// FuzzParse: whatever is written is refused in a sentence, or read as something that can be carried out.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"digest subscribe weekly at 9:00 Europe/Berlin team payments", "digest subscribe monthly on the last day in ../../etc", "digest pause D-7F3K2M", "digest subscribe daily at 99:99", "digest list"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !Is(text) {
			return
		}
		r, err := Parse(text)
		if err != nil {
			if strings.TrimSpace(err.Error()) == "" {
				t.Error("an error that says nothing")
			}
			return
		}
		if r.Zone != "" {
			if _, err := ParseZone(r.Zone); err != nil {
				t.Errorf("zone %q: %v", r.Zone, err)
			}
		}
		if r.Verb == Subscribe {
			if _, err := ParseSchedule(r.Spec, r.Zone); err != nil {
				t.Errorf("schedule %q: %v", r.Spec, err)
			}
		}
	})
}
