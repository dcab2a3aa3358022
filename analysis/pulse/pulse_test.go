package pulse_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/demo"
	"spendbot/analysis/demo/demotest"
	"spendbot/analysis/desk"
	"spendbot/analysis/pulse"
	"spendbot/analysis/query"
	"spendbot/analysis/render"
	"spendbot/analysis/store"
)

var update = flag.Bool("update", false, "write the golden files")

var now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

var company = demotest.Company{Options: demo.Options{Now: now, Months: 4}}

func TestMain(m *testing.M) { os.Exit(company.Run(m)) }

// open is a desk over the demo company's bills, by its owners.
func open(t *testing.T, o desk.Options) *desk.Desk {
	t.Helper()
	s := company.Open(t)
	b := demotest.Book(t, now)
	o.Lens = func(context.Context, *store.Snapshot, analysis.Plan) (query.Lens, error) {
		return query.Lens{}.Over(b.Layer(false)), nil
	}
	d := desk.New(s, o)
	t.Cleanup(func() { d.Close() })
	return d
}

func day(month time.Month, d int) time.Time { return analysis.Day(2026, month, d) }

func plan(kind string, from, until, baseFrom, baseUntil time.Time, filters ...analysis.Filter) analysis.Plan {
	base := analysis.NewPeriod(baseFrom, baseUntil)
	return analysis.Plan{Intent: analysis.Digest, Topic: kind, Metric: analysis.Effective, Current: analysis.NewPeriod(from, until), Baseline: &base, Filters: filters, GroupBy: []analysis.Dimension{}}
}

// plans are of each kind, of everything, of a part, and within a scope.
func plans() map[string]desk.Question {
	payments := []analysis.Filter{{Dimension: analysis.DimTeam, Values: []string{"payments"}}}
	aws := analysis.Filter{Dimension: analysis.DimProvider, Values: []string{"AWS"}}
	weekly := plan(pulse.Weekly, day(11, 16), day(11, 23), day(11, 9), day(11, 16))
	daily := plan(pulse.Daily, day(11, 21), day(11, 22), day(11, 14), day(11, 15))
	monthly := plan(pulse.Monthly, day(10, 1), day(11, 1), day(9, 1), day(10, 1))
	part := weekly
	part.Filters = []analysis.Filter{aws}
	early := plan(pulse.Weekly, day(10, 26), day(11, 2), day(10, 19), day(10, 26))
	none := plan(pulse.Weekly, analysis.Day(2025, 1, 6), analysis.Day(2025, 1, 13), analysis.Day(2024, 12, 30), analysis.Day(2025, 1, 6))
	qs := map[string]desk.Question{}
	for name, p := range map[string]analysis.Plan{"weekly": weekly, "daily": daily, "monthly": monthly, "weekly of AWS": part, "weekly at a month's beginning": early, "weekly without data": none} {
		qs[name] = desk.Question{Text: name + " digest", Plan: &p, Now: now}
	}
	for name, p := range map[string]analysis.Plan{"weekly of payments": weekly, "daily of payments": daily, "monthly of payments": monthly} {
		qs[name] = desk.Question{Text: name, Plan: &p, Now: now, Scope: payments}
	}
	return qs
}

// sent is what people are sent of a digest: all before the first part that is no text.
func sent(a *analysis.Answer) string {
	headline, texts, _ := render.Lead(a)
	lines := append([]string{headline}, texts...)
	for _, x := range a.Actions {
		lines = append(lines, fmt.Sprintf("[%s] %s", x.Label, x.Ask))
	}
	items, caveats := render.Small(a)
	return strings.Join(append(append(lines, strings.Join(items, " · ")), caveats...), "\n") + "\n"
}

// made are the digests of all plans, made once for the tests that look at them.
var made struct {
	once    sync.Once
	answers map[string]*analysis.Answer
	err     error
}

func digests(t *testing.T) map[string]*analysis.Answer {
	t.Helper()
	made.once.Do(func() { made.answers, made.err = makeAll(t) })
	if made.err != nil {
		t.Fatal(made.err)
	}
	return made.answers
}

func makeAll(t *testing.T) (map[string]*analysis.Answer, error) {
	d := open(t, desk.Options{Beside: desk.Beside{Incidents: func(_ context.Context, scope []analysis.Filter, p analysis.Period, _ time.Time) (string, error) {
		if analysis.ScopeKey(scope) != "" {
			return "anomalies: 1 new", nil
		}
		return "anomalies: 3 new, 2 closed", nil
	}}})
	out := map[string]*analysis.Answer{}
	for name, q := range plans() {
		a, err := d.Answer(context.Background(), "Q-000001", q)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[name] = a
	}
	return out, nil
}

func TestGolden(t *testing.T) {
	for name, a := range digests(t) {
		t.Run(name, func(t *testing.T) {
			got := sent(a)
			if strings.HasPrefix(name, "monthly") {
				var b bytes.Buffer
				if err := render.Markdown(&b, a); err != nil {
					t.Fatal(err)
				}
				got += "\n---- the file\n" + volatile(b.String(), a)
			}
			path := filepath.Join("testdata", strings.ReplaceAll(strings.ReplaceAll(name, " ", "_"), "'", "")+".golden")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// volatile takes out what is different in every store: the snapshot and how long it took.
func volatile(s string, a *analysis.Answer) string {
	var out []string
	for line := range strings.Lines(s) {
		if strings.Contains(line, "snapshot") || strings.Contains(line, "spendbot trace") {
			line = "(evidence)\n"
		}
		out = append(out, line)
	}
	return strings.Join(out, "")
}

// TestTraced: the queries of a digest have names of their own and come out the same when they are run again; the parts of its
// change sum to it.
func TestTraced(t *testing.T) {
	d := open(t, desk.Options{})
	for name, a := range digests(t) {
		if len(a.Trace.Queries) == 0 != (name == "weekly without data") {
			t.Errorf("%s: %d queries", name, len(a.Trace.Queries))
		}
		names := map[string]bool{}
		for _, x := range a.Trace.Queries {
			if names[x.Name] {
				t.Errorf("%s: two queries are called %q", name, x.Name)
			}
			names[x.Name] = true
		}
		runs, err := d.Rerun(context.Background(), a.Trace)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range runs {
			if !r.Equal {
				t.Errorf("%s: %s comes out otherwise", name, r.Name)
			}
		}
		for _, part := range a.Parts {
			b := part.Bridge
			if b == nil {
				continue
			}
			sum := b.Rest.Amount
			for _, x := range b.Drivers {
				sum = sum.Add(x.Amount)
			}
			effects := decimal.Zero
			for _, e := range b.Effects {
				effects = effects.Add(e.Amount)
			}
			if !sum.Equal(b.Change.Delta) || !effects.Equal(b.Change.Delta) {
				t.Errorf("%s: drivers give %s, effects %s, the change is %s", name, sum, effects, b.Change.Delta)
			}
		}
	}
}

// TestQuestionsAreAnswered: each question that a digest offers is answered, under the digest, of its days.
func TestQuestionsAreAnswered(t *testing.T) {
	d := open(t, desk.Options{})
	for name, a := range digests(t) {
		if want := map[bool]int{true: 3, false: 1}[name == "weekly"]; len(a.Actions) < want && name != "weekly without data" {
			t.Errorf("%s offers %d questions, want %d", name, len(a.Actions), want)
		}
		if name != "weekly" && name != "monthly" && name != "weekly of payments" {
			continue // the others offer the same
		}
		for _, x := range a.Actions {
			b, err := d.Answer(context.Background(), "Q-000002", desk.Question{Text: x.Ask, Follows: &a.Reading, Scope: a.Reading.Scope, Now: now.AddDate(0, 0, 9)})
			if err != nil {
				t.Fatal(err)
			}
			if b.Reading.Intent == analysis.Ambiguous || b.Reading.Intent == analysis.OutOfScope || !b.Reading.Current.Equal(a.Reading.Current) || len(b.Trace.Queries) == 0 {
				t.Errorf("%s: %q, asked nine days later, is answered %q, of %s", name, x.Ask, b.Headline, b.Reading.Current)
			}
		}
	}
}

// TestScope: what a digest within a scope says names no other team, and so does its file; its numbers are the scope's own, and what
// lies beside the bills is asked for within it.
func TestScope(t *testing.T) {
	for name, a := range digests(t) {
		whole, scoped := strings.CutSuffix(name, " of payments")
		if !scoped {
			continue
		}
		var b bytes.Buffer
		if err := render.Markdown(&b, a); err != nil {
			t.Fatal(err)
		}
		for _, other := range []string{"search", "data-lake", "platform", "analytics", "3 new"} {
			if strings.Contains(b.String(), other) || strings.Contains(sent(a), other) {
				t.Errorf("%s names %s:\n%s", name, other, sent(a))
			}
		}
		if w := digests(t)[whole]; a.Headline == w.Headline {
			t.Errorf("%s says what everything costs: %s", name, a.Headline)
		}
	}
}
