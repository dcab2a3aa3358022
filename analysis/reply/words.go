package reply

import (
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"spendbot/analysis"
	"spendbot/analysis/render"
)

func comma(n int64) string { return humanize.Comma(n) }

func exactMoney(a analysis.Amount, currency string) string { return render.MoneyExact(a, currency) }

// subject is what an answer is about: "Spend", "Billed cost on Amazon S3 in us-east-1", "Usage of ...".
func (w *work) subject() string {
	s := "Spend"
	switch w.plan.Metric {
	case analysis.Billed, analysis.List, analysis.Contracted:
		s = strings.ToUpper(w.plan.Metric.Words()[:1]) + w.plan.Metric.Words()[1:]
	case analysis.Usage:
		s = "Usage"
	}
	if w.untagged() {
		return "Untagged " + strings.ToLower(s)
	}
	if f := w.plan.Filters; len(f) == 1 && f[0].Dimension == analysis.DimTeam && !f[0].Not && slices.Equal(f[0].Values, []string{analysis.Unallocated}) {
		return "Unallocated " + strings.ToLower(s)
	}
	var of, without []string
	for _, f := range w.plan.Filters {
		names := make([]string, len(f.Values))
		for i, v := range f.Values {
			names[i] = w.label(f.Dimension, v)
		}
		text := joinOr(names)
		if len(names) > 3 {
			text = comma(int64(len(names))) + " " + plural(f.Dimension.Words())
		}
		if f.Not {
			without = append(without, text)
		} else {
			of = append(of, text)
		}
	}
	if len(of) > 0 {
		s += " on " + strings.Join(of, ", ")
	}
	if len(without) > 0 {
		s += " without " + strings.Join(without, ", ")
	}
	return s
}

// untagged reports whether the filters ask for nothing but what has none of several tags.
func (w *work) untagged() bool {
	for _, f := range w.plan.Filters {
		if _, tag := f.Dimension.TagKey(); !tag || f.Not || !slices.Equal(f.Values, []string{""}) {
			return false
		}
	}
	return len(w.plan.Filters) > 1
}

// label names a value of a dimension in prose: "team payments", "payments-prod", "no team".
func (w *work) label(d analysis.Dimension, v string) string {
	if v == "" {
		return "no " + d.Words()
	}
	if key, ok := d.TagKey(); ok {
		return key + " " + v
	}
	if slices.Contains(analysis.OwnerDimensions, d) {
		return ownerWords(d, v)
	}
	return w.name(columnOf(d), v)
}

// ownerWords names a team or another owner: "team payments", "unallocated".
func ownerWords(d analysis.Dimension, v string) string {
	if v == analysis.Unallocated && d == analysis.DimTeam {
		return v
	}
	return d.Words() + " " + v
}

func plural(s string) string {
	if strings.HasSuffix(s, "y") {
		return s[:len(s)-1] + "ies"
	}
	return s + "s"
}

func joinOr(s []string) string {
	if len(s) < 2 {
		return strings.Join(s, "")
	}
	return strings.Join(s[:len(s)-1], ", ") + " and " + s[len(s)-1]
}

// when is the period as a headline says it: "last week", "in October 2026", "on Sat 21 Nov 2026".
func when(p analysis.Period) string {
	switch {
	case p.Label == "" && p.Days() == 1:
		return "on " + p.String()
	case p.Label == "":
		return "in " + p.String()
	case strings.HasPrefix(p.Label, "since"), strings.HasPrefix(p.Label, "on "), strings.HasPrefix(p.Label, "in "):
		return p.Label
	case weekday(p.Label):
		return "on " + p.Label
	case p.Label[0] >= 'A' && p.Label[0] <= 'Z' || p.Label[0] >= '0' && p.Label[0] <= '9':
		return "in " + p.Label
	}
	return p.Label
}

func weekday(label string) bool {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.HasPrefix(label, d.String()[:3]) {
			return true
		}
	}
	return false
}

// before is the baseline as a headline says it: its label, or what it is to the current period.
func before(p analysis.Plan) string {
	b := *p.Baseline
	switch {
	case b.Label != "":
		return when(b)
	case !b.End.Equal(p.Current.Start) || b.Days() != p.Current.Days() && !(b.IsWholeMonth() && p.Current.IsWholeMonth()):
		return when(b)
	case p.Current.IsWholeMonth():
		return "in " + b.Start.Format("January")
	case b.Days() == 7:
		return "the week before"
	case b.Days() == 1:
		return "the day before"
	}
	return "the " + comma(int64(b.Days())) + " days before"
}

// quantity writes an amount of something: two digits after the point at most, thousands apart.
func quantity(a analysis.Amount) string {
	s := a.Round(2).String()
	whole, frac, _ := strings.Cut(s, ".")
	neg := strings.HasPrefix(whole, "-")
	whole = strings.TrimPrefix(whole, "-")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if frac != "" {
		whole += "." + frac
	}
	if neg {
		whole = "-" + whole
	}
	return whole
}
