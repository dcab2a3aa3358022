package ask

import (
	"fmt"
	"strings"

	"spendbot/analysis"
)

// brief writes a plan on one line, for tables of expectations: intent, metric, dates, filters, cuts.
func brief(p analysis.Plan) string {
	var b strings.Builder
	b.WriteString(string(p.Intent))
	if p.Topic != "" {
		b.WriteString(" topic=" + p.Topic)
	}
	if p.Metric != analysis.Effective {
		b.WriteString(" metric=" + string(p.Metric))
	}
	day := func(q analysis.Period) string {
		return q.Start.Format(analysis.DateLayout) + "/" + q.End.Format(analysis.DateLayout)
	}
	if !p.Current.IsZero() {
		b.WriteString(" " + day(p.Current))
	}
	if p.Baseline != nil {
		b.WriteString(" vs " + day(*p.Baseline))
	}
	if len(p.Windows) > 0 {
		b.WriteString(" windows=")
		for i, w := range p.Windows {
			if i > 0 {
				b.WriteString(",")
			}
			b.WriteString(day(w))
		}
	}
	for _, f := range p.Filters {
		op := "="
		if f.Not {
			op = "!="
		}
		vs := f.Values
		if len(f.Labels) > 0 {
			vs = f.Labels
		}
		fmt.Fprintf(&b, " %s%s%s", f.Dimension, op, strings.Join(vs, "|"))
	}
	if len(p.GroupBy) > 0 {
		var ds []string
		for _, d := range p.GroupBy {
			ds = append(ds, string(d))
		}
		b.WriteString(" by " + strings.Join(ds, ","))
	}
	if p.Grain != "" {
		b.WriteString(" each " + string(p.Grain))
	}
	if p.Limit > 0 {
		fmt.Fprintf(&b, " limit %d", p.Limit)
	}
	if p.Currency != "" {
		b.WriteString(" in " + p.Currency)
	}
	if p.Focus != "" {
		b.WriteString(" focus=" + p.Focus)
	}
	return b.String()
}
