package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/desk"
	"spendbot/analysis/store"
	"spendbot/runbooks"
)

// TestRunbooksAskWhatIsUnderstood: every question of the runbooks that come with the program, and of their buttons, is read on the demo
// company's vocabulary without a question back, and is one that a bill can answer.
func TestRunbooksAskWhatIsUnderstood(t *testing.T) {
	t.Parallel()
	dir, err := pristineStore()
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), dir, store.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	d := desk.New(s, desk.Options{})
	defer d.Close()
	now, err := time.Parse(time.RFC3339, rigNow)
	if err != nil {
		t.Fatal(err)
	}
	books, err := runbooks.Built()
	if err != nil {
		t.Fatal(err)
	}
	values := runbooks.Dates(time.Time{}, now)
	for name, v := range map[string]string{"account": "payments-prod", "service": "CloudWatch", "team": "payments"} {
		values[name] = v
	}
	for _, r := range books.All() {
		for _, q := range r.Questions() {
			text, ok := runbooks.Fill(q, values)
			if !ok {
				t.Errorf("%s: %q leaves something to be filled in that nobody knows", r.Slug, q)
			}
			p, err := d.Read(t.Context(), desk.Question{Text: text, Now: now})
			if err != nil {
				t.Fatal(err)
			}
			if p.Intent == analysis.Ambiguous || p.Intent == analysis.OutOfScope || p.Intent == analysis.Provenance || len(p.Declined) > 0 || strings.Contains(strings.Join(p.Notes, " "), "not understood") {
				what := string(p.Intent)
				if p.Clarify != nil {
					what += ": " + p.Clarify.Question
				}
				t.Errorf("%s: %q is not understood (%s)", r.Slug, text, strings.Join(slices.Concat([]string{what}, p.Declined, p.Notes), "; "))
			}
		}
	}
}
