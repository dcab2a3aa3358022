package ask

import (
	"bufio"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"spendbot/analysis"
)

// laws are what holds for every plan, whatever was asked.
func laws(t *testing.T, r *Reader, question string, p analysis.Plan) {
	t.Helper()
	if (p.Intent == analysis.Ambiguous) != (p.Clarify != nil) {
		t.Fatalf("%q: intent %s with clarification %v", question, p.Intent, p.Clarify)
	}
	if !slices.Contains(analysis.Metrics, p.Metric) {
		t.Fatalf("%q: metric %q", question, p.Metric)
	}
	if p.Filters == nil || p.GroupBy == nil {
		t.Fatalf("%q: nil filters or cuts", question)
	}
	switch p.Intent {
	case analysis.Ambiguous, analysis.OutOfScope, analysis.Provenance:
		if p.Intent == analysis.OutOfScope && (len(p.Declined) == 0 || p.Topic == "") {
			t.Fatalf("%q: out of scope without a word", question)
		}
	case analysis.Freshness:
	case analysis.ExplainChange, analysis.Compare, analysis.SpendTotal, analysis.TopN, analysis.Breakdown:
		if p.Current.IsZero() {
			t.Fatalf("%q: no period", question)
		}
		if p.Intent == analysis.ExplainChange && p.Baseline == nil {
			t.Fatalf("%q: nothing to compare with", question)
		}
		if p.Intent == analysis.TopN && (p.Limit < 1 || len(p.GroupBy) == 0) {
			t.Fatalf("%q: a ranking of nothing", question)
		}
		if p.Intent == analysis.Breakdown && len(p.GroupBy) == 0 && p.Grain == "" {
			t.Fatalf("%q: a breakdown by nothing", question)
		}
		if p.Intent == analysis.Compare && p.Baseline == nil && len(p.GroupBy) == 0 {
			t.Fatalf("%q: a comparison of nothing", question)
		}
	case analysis.AnomalyList:
		if p.Baseline != nil || len(p.Windows) > 0 || len(p.GroupBy) > 0 || p.Current.IsZero() || p.Metric != analysis.Effective {
			t.Fatalf("%q: a list of anomalies with a comparison or a cut, or without days: %+v", question, p)
		}
	case analysis.Showback:
		if p.Current.IsZero() || p.Baseline != nil || p.Grain != "" || len(p.GroupBy) > 1 || p.Metric == analysis.Usage {
			t.Fatalf("%q: a showback of %v against %v, each %q, by %v, in %s", question, p.Current, p.Baseline, p.Grain, p.GroupBy, p.Metric)
		}
	case analysis.Trust:
		if p.Topic == "" || p.Baseline != nil || len(p.GroupBy) > 0 {
			t.Fatalf("%q: trusted in %q, baseline %v, by %v", question, p.Topic, p.Baseline, p.GroupBy)
		}
	case analysis.Ownership:
		if p.Baseline != nil || len(p.Windows) > 0 || len(p.GroupBy) > 0 || p.Current.IsZero() || len(p.Filters) == 0 {
			t.Fatalf("%q: whose nothing is, or with a comparison or a cut: %+v", question, p)
		}
	default:
		t.Fatalf("%q: intent %q", question, p.Intent)
	}
	if p.Baseline != nil && p.Baseline.Equal(p.Current) {
		t.Fatalf("%q: %v compared with itself", question, p.Current)
	}
	periods := slices.Clone(p.Windows)
	if !p.Current.IsZero() {
		periods = append(periods, p.Current)
	}
	if p.Baseline != nil {
		periods = append(periods, *p.Baseline)
	}
	for _, q := range periods {
		if !q.Start.Before(q.End) || !q.Start.Equal(analysis.DayOf(q.Start)) || !q.End.Equal(analysis.DayOf(q.End)) {
			t.Fatalf("%q: period %v", question, q)
		}
	}
	for _, f := range p.Filters {
		if len(f.Values) == 0 || len(f.Labels) > 0 && len(f.Labels) != len(f.Values) {
			t.Fatalf("%q: filter %+v", question, f)
		}
		for _, v := range f.Values {
			if _, ok := r.index.values[exactValue{f.Dimension, v}]; !ok && v != "" && !(f.Dimension == analysis.DimChargeCategory && slices.Contains(chargeCategories, v)) {
				t.Fatalf("%q: the vocabulary has no %s %q", question, f.Dimension, v)
			}
		}
	}
	for _, d := range p.GroupBy {
		if k, ok := d.TagKey(); ok && r.voc.Tags[k] == nil || !ok && d.Column() == "" {
			t.Fatalf("%q: no dimension %q", question, d)
		}
	}
	if p.Currency != "" && !slices.Contains(r.voc.Currencies, p.Currency) {
		t.Fatalf("%q: currency %q", question, p.Currency)
	}
	if p.Clarify != nil {
		if p.Clarify.Question == "" || len(p.Clarify.Choices) == 0 || len(p.Clarify.Choices) > maxChoices {
			t.Fatalf("%q: clarification %+v", question, p.Clarify)
		}
		for _, c := range p.Clarify.Choices {
			again := r.Read(c.Ask, monday, nil)
			if again.Intent == analysis.Ambiguous || again.Intent == analysis.OutOfScope {
				t.Fatalf("%q: the choice %q is read as %s: %+v", question, c.Ask, again.Intent, again.Clarify)
			}
		}
	}
}

// sayable are plans that Sentence can say.
func sayable(p analysis.Plan) bool {
	switch p.Intent {
	case analysis.ExplainChange, analysis.Compare, analysis.SpendTotal, analysis.TopN, analysis.Breakdown:
	default:
		return false
	}
	if p.Focus != "" || p.Topic != "" || tooStrange(p) || p.Limit > 0 && p.Intent != analysis.TopN {
		return false
	}
	return !slices.ContainsFunc(p.Filters, func(f analysis.Filter) bool { return slices.Contains(f.Values, "") && (len(f.Values) > 1 || f.Not) })
}

// core is the part of a plan that a sentence carries.
func core(p analysis.Plan) string {
	p.Notes, p.Declined = nil, nil
	for i := range p.Filters {
		p.Filters[i].Values = slices.Sorted(slices.Values(p.Filters[i].Values))
		p.Filters[i].Labels = nil
	}
	slices.SortFunc(p.Filters, func(a, b analysis.Filter) int { return strings.Compare(string(a.Dimension), string(b.Dimension)) })
	return brief(p)
}

func corpusLines(t testing.TB) []string {
	var out []string
	for _, name := range []string{questionsFile, factsFile} {
		f, err := os.Open(name)
		if err != nil {
			continue
		}
		defer f.Close()
		sc := bufio.NewScanner(f)
		for sc.Scan() {
			q, _, _ := strings.Cut(strings.TrimPrefix(sc.Text(), "> "), "\t")
			out = append(out, q)
		}
	}
	return append(out, hostile...)
}

// hostile is what a channel may also hold.
var hostile = []string{
	"", " ", "?", "!!!", "\x00\x01\x02", "🙂🙂🙂", "why 🙂 did spend 🚀 change", "\xff\xfe", "'\"`", "spend of \"", "tag:=", "=", "team=", "=prod", "tag:team=\"",
	"<@U123ABC> why did spend change?", "/spend how much last month", ":moneybag: spend last week :fire:", "1' OR '1'='1", "spend for ${jndi:ldap://x}",
	"spend between and", "from to", "since", "last", "last 0 days", "last 99999 days", "last -3 weeks", "Feb 30", "2026-13-45", "Q9", "FY", "week 99", "31/31",
	"top 0 services", "top 999999999999 services", "by by by by", "vs vs vs", "and and and", "without", "excluding", "only", "spend by", "by",
	"compare", "vs", "why why why", "spend on 29 February 2026", "spend since 2099-01-01", "spend from 2026-11-10 to 2026-11-01",
	strings.Repeat("why did spend change ", 500), strings.Repeat("ec2 ", 2000), strings.Repeat("(", 5000), strings.Repeat("zzxxyy ", 1000),
	strings.Repeat("\"", 3000), strings.Repeat("from ", 3000), strings.Repeat("between last ", 1000), "a\u202eb spend \u200b of \ufeff ec2",
	"spend <@U1|bob> for <https://example.com|x> last month", "team payments team search team may in may by team in team",
}

// quick checks that a question is read in a moment: what grows with the square of a text or a store takes minutes. Reading takes a few hundredths
// of a second, and is tried again where the machine stood still meanwhile.
func quick(t *testing.T, question string, read func()) {
	t.Helper()
	const most = 4 * time.Second
	for range 5 {
		begin := time.Now()
		if read(); time.Since(begin) < most {
			return
		}
	}
	t.Errorf("%.60q took more than %s, five times", question, most)
}

func TestLawsHoldForTheCorpora(t *testing.T) {
	r := NewReader(company(), Options{})
	var prev *analysis.Plan
	for _, q := range corpusLines(t) {
		var p analysis.Plan
		quick(t, q, func() { p = r.Read(q, monday, nil) })
		laws(t, r, q, p)
		if sayable(p) {
			s := r.Sentence(p)
			if got, want := core(r.Read(s, monday, nil)), core(p); got != want {
				t.Errorf("%q says %q\n got %s\nwant %s", q, s, got, want)
			}
		}
		if prev != nil {
			laws(t, r, q, r.Read(q, monday, prev))
		}
		if !p.Current.IsZero() {
			prev = &p
		}
	}
}

// TestSentencesReadBack: what a plan says is read as that plan, for plans of every kind.
func TestSentencesReadBack(t *testing.T) {
	r := NewReader(company(), Options{})
	all := r.index.entries
	dims := slices.Clone(analysis.Dimensions)
	for _, k := range sortedKeys(r.voc.Tags) {
		dims = append(dims, analysis.TagDimension(k))
	}
	rapid.Check(t, func(t *rapid.T) {
		p := analysis.Plan{Metric: rapid.SampledFrom([]analysis.Metric{analysis.Effective, analysis.Billed, analysis.List, analysis.Contracted}).Draw(t, "metric"),
			Intent:  rapid.SampledFrom([]analysis.Intent{analysis.SpendTotal, analysis.Breakdown, analysis.TopN, analysis.ExplainChange, analysis.Compare}).Draw(t, "intent"),
			Filters: []analysis.Filter{}, GroupBy: []analysis.Dimension{}}
		start := analysis.Day(2025, 10, 1).AddDate(0, 0, rapid.IntRange(60, 300).Draw(t, "start"))
		p.Current = analysis.Period{Start: start, End: start.AddDate(0, 0, rapid.IntRange(1, 60).Draw(t, "days"))}
		for range rapid.IntRange(0, 2).Draw(t, "filters") {
			e := rapid.SampledFrom(all).Draw(t, "entry")
			if slices.ContainsFunc(p.Filters, func(f analysis.Filter) bool { return f.Dimension == e.dim }) {
				continue
			}
			p.Filters = append(p.Filters, analysis.Filter{Dimension: e.dim, Values: []string{e.value}, Not: rapid.Bool().Draw(t, "not")})
		}
		switch p.Intent {
		case analysis.Breakdown, analysis.TopN:
			p.GroupBy = append(p.GroupBy, rapid.SampledFrom(dims).Draw(t, "dim"))
			if p.Intent == analysis.TopN {
				p.Limit = rapid.IntRange(1, 50).Draw(t, "limit")
			}
		case analysis.ExplainChange, analysis.Compare:
			days := p.Current.Days()
			p.Baseline = &analysis.Period{Start: start.AddDate(0, 0, -days), End: start}
		}
		s := r.Sentence(p)
		if got, want := core(r.Read(s, monday, nil)), core(p); got != want {
			t.Fatalf("%q\n got %s\nwant %s", s, got, want)
		}
	})
}

func FuzzRead(f *testing.F) {
	for _, q := range corpusLines(f) {
		f.Add(q, false)
	}
	f.Add("and by region?", true)
	r := NewReader(company(), Options{})
	base := r.Read("why did EC2 spend change in October?", monday, nil)
	f.Fuzz(func(t *testing.T, q string, follow bool) {
		var prev *analysis.Plan
		if follow {
			prev = &base
		}
		p := r.Read(q, monday, prev)
		laws(t, r, q, p)
		if d := cmp.Diff(p, r.Read(q, monday, prev)); d != "" {
			t.Fatalf("%q: read twice, two plans:\n%s", q, d)
		}
	})
}
