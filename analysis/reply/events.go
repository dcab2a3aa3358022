package reply

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"spendbot/analysis"
	"spendbot/analysis/event"
	"spendbot/analysis/query"
)

// events puts beside the answer what happened near its drivers' onsets, or in the days it shows. It never says that one caused the
// other.
func (w *work) events(ctx context.Context) error {
	if w.source == nil {
		return nil
	}
	var bridge *analysis.Bridge
	for _, p := range w.a.Parts {
		if p.Bridge != nil && bridge == nil {
			bridge = p.Bridge
		}
	}
	switch {
	case bridge != nil:
		return w.eventsOfDrivers(ctx, bridge)
	case w.plan.Grain == analysis.ByDay && !w.plan.Current.IsZero() && w.plan.Current.Days() <= mostDays:
		return w.eventsOfDays(ctx)
	}
	return nil
}

// mostDays is how many days a series may have to be shown with what happened in them: more are too many to mark.
const mostDays = 100

// seen are the events of a window that the asker may see, and puts them into the trace.
func (w *work) seen(ctx context.Context, win event.Window) ([]analysis.Event, error) {
	list, known, err := w.source(ctx, win, 0)
	if err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	if known == 0 { // nobody has told of any, ever
		return nil, nil
	}
	list = slices.DeleteFunc(list, func(e analysis.Event) bool { return !event.Within(e, w.plan.Scope, w.name) })
	w.a.Trace.Events = event.Trace(win, known, list)
	return list, nil
}

func (w *work) eventsOfDrivers(ctx context.Context, b *analysis.Bridge) error {
	windows := make([]event.Window, len(b.Drivers))
	var all event.Window
	for i, d := range b.Drivers {
		win, ok := event.Around(d.Onset)
		if !ok || len(d.Slice) == 0 {
			continue
		}
		windows[i] = win
		if all.From.IsZero() || win.From.Before(all.From) {
			all.From = win.From
		}
		if win.Until.After(all.Until) {
			all.Until = win.Until
		}
	}
	if all.From.IsZero() {
		return nil
	}
	list, err := w.seen(ctx, all)
	if err != nil || len(list) == 0 {
		return err
	}
	var asked []pair
	for i, d := range b.Drivers {
		for j, e := range list {
			if windows[i].Holds(e) && event.Fits(e, d.Slice, w.name) == event.Unknown && len(asked) < mostPairs {
				if f, ok := w.rowsOf(e); ok {
					asked = append(asked, pair{i, j, f})
				}
			}
		}
	}
	shared, err := w.share(ctx, b, asked)
	if err != nil {
		return err
	}
	drivers := make([][]int, len(list))
	for i, d := range b.Drivers {
		if windows[i].From.IsZero() {
			continue
		}
		fits := func(e analysis.Event, slice map[string]string) event.Fit {
			if f := event.Fits(e, slice, w.name); f != event.Unknown {
				return f
			}
			j := slices.IndexFunc(list, func(x analysis.Event) bool { return x.ID == e.ID })
			if shared[[2]int{i, j}] {
				return event.Shares
			}
			return event.Unknown
		}
		for _, e := range event.Touching(list, []map[string]string{d.Slice}, windows[i], fits) {
			j := slices.IndexFunc(list, func(x analysis.Event) bool { return x.ID == e.ID })
			drivers[j] = append(drivers[j], i+1)
		}
	}
	for j, e := range list {
		if len(drivers[j]) > 0 {
			w.a.Events = append(w.a.Events, analysis.NearEvent{Event: e, Drivers: drivers[j]})
		}
	}
	return nil
}

// pair is a driver and an event of which only the bill can tell whether any row is of both.
type pair struct {
	driver, event int
	rows          []analysis.Filter // the event's
}

// mostPairs bounds how many of them the bill is asked about.
const mostPairs = 24

// rowsOf are the rows that an event's place means in this bill; not ok where it has no such rows.
func (w *work) rowsOf(e analysis.Event) ([]analysis.Filter, bool) {
	var out []analysis.Filter
	for c := range e.Slice {
		d := dimensionOf(c)
		if _, owned := analysis.OwnerDimension(c); owned && len(w.survey.Vocabulary.Owned[d]) == 0 {
			d = map[string]analysis.Dimension{"x_Team": "tag:team", "x_Environment": "tag:environment"}[c]
		}
		if d == "" {
			return nil, false
		}
		f := analysis.Filter{Dimension: d}
		for _, t := range w.survey.Vocabulary.Terms(d) {
			if event.Fits(e, map[string]string{c: t.Value}, w.name) == event.Shares {
				f.Values = append(f.Values, t.Value)
			}
		}
		if len(f.Values) == 0 || len(f.Values) > 50 {
			return nil, false
		}
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b analysis.Filter) int { return strings.Compare(string(a.Dimension), string(b.Dimension)) })
	return out, len(out) > 0
}

// dimensionOf is the dimension of a FOCUS column, or of "tag:KEY".
func dimensionOf(column string) analysis.Dimension {
	if strings.HasPrefix(column, "tag:") {
		return analysis.Dimension(column)
	}
	for _, d := range slices.Concat(analysis.Dimensions, analysis.OwnerDimensions) {
		if d.Column() == column {
			return d
		}
	}
	return ""
}

// share asks the bill which pairs have a row of both in the current period.
func (w *work) share(ctx context.Context, b *analysis.Bridge, pairs []pair) (map[[2]int]bool, error) {
	var columns []query.Fragment
	var asked []pair
	for _, p := range pairs {
		where, ok, err := sliceWhere(b.Drivers[p.driver].Slice)
		if err != nil {
			return nil, err
		}
		rows, err := query.Where(p.rows)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		columns = append(columns, query.Fragment{SQL: "CAST(count(*) FILTER (WHERE (" + where.SQL + ") AND (" + rows.SQL + ")) AS BIGINT)",
			Params: append(slices.Clone(where.Params), rows.Params...)})
		asked = append(asked, p)
	}
	if len(asked) == 0 {
		return nil, nil
	}
	names := make([]query.Fragment, len(columns))
	for i, c := range columns {
		names[i] = query.Fragment{SQL: fmt.Sprintf("%s AS both_%d", c.SQL, i+1), Params: c.Params}
	}
	rows, err := w.query(ctx, "rows of a driver and of an event's place", query.Fill("SELECT {counts} FROM {table} WHERE ({period})", map[string]query.Fragment{
		"counts": query.Join(", ", names...), "table": query.F(string(query.Daily)), "period": query.Within(query.Daily, w.plan.Current)}))
	if err != nil {
		return nil, err
	}
	out := map[[2]int]bool{}
	for i, p := range asked {
		if n, _ := rows.Values[0][i].(int64); n > 0 {
			out[[2]int{p.driver, p.event}] = true
		}
	}
	return out, nil
}

// sliceWhere keeps the rows of a driver's slice; not ok where the rollup does not know one of its columns.
func sliceWhere(slice map[string]string) (query.Fragment, bool, error) {
	var fs []analysis.Filter
	for c, v := range slice {
		d := dimensionOf(c)
		if d == "" || d == analysis.DimResource {
			return query.Fragment{}, false, nil
		}
		fs = append(fs, analysis.Filter{Dimension: d, Values: []string{v}})
	}
	slices.SortFunc(fs, func(a, b analysis.Filter) int { return strings.Compare(string(a.Dimension), string(b.Dimension)) })
	f, err := query.Where(fs)
	return f, true, err
}

// eventsOfDays are the events in the days of a series that may touch what it shows.
func (w *work) eventsOfDays(ctx context.Context) error {
	win := event.Window{From: w.plan.Current.Start, Until: w.plan.Current.End}
	list, err := w.seen(ctx, win)
	if err != nil || len(list) == 0 {
		return err
	}
	slice := map[string]string{}
	for _, f := range w.plan.Filters {
		if !f.Not && len(f.Values) == 1 {
			slice[columnOf(f.Dimension)] = f.Values[0]
		}
	}
	var near []analysis.Event
	for _, e := range list {
		if !win.Holds(e) {
			continue
		}
		fit := event.Fits(e, slice, w.name)
		if len(slice) == 0 && len(e.Slice) > 0 {
			fit = event.Shares // everything is shown, and it is a part of that
		}
		if fit >= event.Unsaid {
			near = append(near, e)
		}
	}
	if len(near) == 0 {
		return nil
	}
	said := make([]string, 0, mostSaid)
	for _, e := range near[:min(len(near), mostSaid)] {
		w.a.Events = append(w.a.Events, analysis.NearEvent{Event: e})
		s := event.Line(e)
		if p, _, _ := strings.Cut(event.Place(e), ", "); p != "" { // the most telling of it
			s += " (" + p + ")"
		}
		said = append(said, s)
	}
	text := "In these days: " + strings.Join(said, "; ")
	if n := len(near) - len(said); n > 0 {
		text += fmt.Sprintf("; and %d more", n)
	}
	co := "These co-occur; none is shown to be the cause of anything."
	if len(near) == 1 {
		co = "It co-occurs; it is not shown to be the cause of anything."
	}
	w.a.Parts = append(w.a.Parts, analysis.Part{Text: text + ". " + co})
	return nil
}

// mostSaid is how many events of a series' days are said and marked.
const mostSaid = 4
