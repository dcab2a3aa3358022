package ask

import (
	"time"

	"spendbot/analysis"
)

// recurring reads "weekends in October" and "Mondays since September": the same days of every week of a period, each a
// stretch of its own. Without a period the last four are meant.
func (p *parse) recurring() {
	d := p.dates()
	for i, t := range p.ts {
		if t.role != open || t.quoted {
			continue
		}
		day, days := time.Saturday, 2
		if t.low != "weekends" {
			wd, ok := dayNames[t.low]
			if !ok || len(t.low) < 7 || t.low[len(t.low)-1] != 's' {
				continue
			}
			day, days = wd, 1
		}
		p.ts[i].role = dated
		if len(p.spans) == 0 {
			last := d.weekend(0)
			if days == 1 {
				last = d.weekday(day)
			}
			s := d.repeat(last, 4, 7)
			s.from, s.to = i, i+1
			p.spans = append(p.spans, s)
			p.note("no period was given: the last four")
			return
		}
		s := &p.spans[0]
		if len(p.spans) > 1 || s.rule != noRule || s.IsZero() || s.future || len(s.windows) > 0 {
			return
		}
		var all []analysis.Period
		for at := s.Start; at.Before(s.End); at = at.AddDate(0, 0, 1) {
			end := at.AddDate(0, 0, days)
			if at.Weekday() == day && !end.After(d.end()) && !end.After(s.End) {
				all = append(all, analysis.Period{Start: at, End: end})
			}
		}
		if len(all) > maxWindows {
			p.note("only the last %d of them are shown", maxWindows)
			all = all[len(all)-maxWindows:]
		}
		if len(all) > 0 {
			s.windows, s.Period, s.shape = all, all[len(all)-1], someDay
			if days == 2 {
				s.shape = someWeekend
			}
		}
		return
	}
}
