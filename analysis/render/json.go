package render

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// document is the JSON form of an answer. Its field order is the order a person reads it in.
type document struct {
	ID                 string            `json:"id"`
	Asked              time.Time         `json:"asked"`
	Question           string            `json:"question"`
	Headline           string            `json:"headline"`
	Currency           string            `json:"currency"`
	Reading            readingDoc        `json:"reading"`
	Change             *changeDoc        `json:"change"`
	Effects            []effectDoc       `json:"effects"`
	Drivers            []driverDoc       `json:"drivers"`
	Rest               *string           `json:"rest"`
	RestDetail         *restDoc          `json:"rest_detail"`
	Columns            []analysis.Column `json:"columns"`
	Rows               []map[string]any  `json:"rows"`
	EverythingElse     map[string]any    `json:"everything_else"` // the rows beyond the limit, summed
	Omitted            int               `json:"omitted"`         // how many those are
	Total              map[string]any    `json:"total"`
	FurtherTables      []tableDoc        `json:"further_tables"`
	Series             *seriesDoc        `json:"series"`
	Text               []string          `json:"text"`
	CompleteThrough    *string           `json:"complete_through"`
	CompleteByProvider map[string]string `json:"complete_through_by_provider"`
	Caveats            []string          `json:"caveats"`
	Clarify            *clarifyDoc       `json:"clarify"`
	Actions            []analysis.Action `json:"actions"`
	// Events happened near in time and place; they are no causes. Drivers are counted from 1.
	Events []analysis.NearEvent `json:"events"`
	Trace  traceDoc             `json:"trace"`
}

type periodDoc struct {
	Start string `json:"start"`
	End   string `json:"end"`
	Label string `json:"label,omitempty"`
}

type filterDoc struct {
	Dimension analysis.Dimension `json:"dimension"`
	Values    []string           `json:"values"`
	Labels    []string           `json:"labels,omitempty"`
	Not       bool               `json:"not,omitempty"`
}

type readingDoc struct {
	Intent   analysis.Intent      `json:"intent"`
	Metric   analysis.Metric      `json:"metric"`
	Current  *periodDoc           `json:"current"`
	Baseline *periodDoc           `json:"baseline"`
	Windows  []periodDoc          `json:"windows"`
	Grain    analysis.Grain       `json:"grain"`
	Filters  []filterDoc          `json:"filters"`
	Scope    []filterDoc          `json:"scope"` // what the asker may see; empty is everything
	GroupBy  []analysis.Dimension `json:"group_by"`
	Limit    int                  `json:"limit"`
	Currency string               `json:"currency"`
	// Owners is "current" where rows were given to their owners by the rules of the day asked, whatever they were.
	Owners   string   `json:"owners,omitempty"`
	Topic    string   `json:"topic"`
	Focus    string   `json:"focus"`
	Notes    []string `json:"notes"`
	Declined []string `json:"declined"`
}

type clarifyDoc struct {
	Question string            `json:"question"`
	Choices  []analysis.Choice `json:"choices"`
}

type changeDoc struct {
	Current  string `json:"current"`
	Baseline string `json:"baseline"`
	Delta    string `json:"delta"`
	Currency string `json:"currency"`
}

type effectDoc struct {
	Effect analysis.Effect `json:"effect"`
	Amount string          `json:"amount"`
}

type driverDoc struct {
	Slice       map[string]string   `json:"slice"`
	Label       string              `json:"label"`
	Amount      string              `json:"amount"`
	SliceTotal  string              `json:"slice_total"`
	Effects     []effectDoc         `json:"effects"`
	How         string              `json:"how"`
	Onset       *string             `json:"onset"`
	OnsetDetail onsetDoc            `json:"onset_detail"`
	Confidence  analysis.Confidence `json:"confidence"`
	Resources   []resourceDoc       `json:"resources"`
	Offsets     []offsetDoc         `json:"offsets"`
}

type onsetDoc struct {
	Day    *string `json:"day"`
	Around bool    `json:"around"`
	From   *string `json:"from"`
	To     *string `json:"to"`
	Shape  string  `json:"shape"`
	Why    string  `json:"why"`
}

type resourceDoc struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Amount string `json:"amount"`
	Status string `json:"status"`
}

type offsetDoc struct {
	Slice  map[string]string `json:"slice"`
	Label  string            `json:"label"`
	Amount string            `json:"amount"`
}

type restDoc struct {
	Effects []effectDoc `json:"effects"`
	Slices  int         `json:"slices"`
	Largest string      `json:"largest"`
}

type tableDoc struct {
	Columns        []analysis.Column `json:"columns"`
	Rows           []map[string]any  `json:"rows"`
	EverythingElse map[string]any    `json:"everything_else"`
	Omitted        int               `json:"omitted"`
	Total          map[string]any    `json:"total"`
}

type seriesDoc struct {
	Days  []string  `json:"days"`
	Lines []lineDoc `json:"lines"`
}

type lineDoc struct {
	Name   string    `json:"name"`
	Values []*string `json:"values"`
}

type traceDoc struct {
	Snapshot        string               `json:"snapshot"`
	ChargesSnapshot string               `json:"charges_snapshot"`
	Queries         []queryDoc           `json:"queries"`
	Events          *analysis.EventTrace `json:"events,omitempty"`
	MS              float64              `json:"ms"`
}

type queryDoc struct {
	Name   string  `json:"name"`
	SQL    string  `json:"sql"`
	Params []any   `json:"params"`
	Rows   int     `json:"rows"`
	SHA256 string  `json:"sha256"`
	MS     float64 `json:"ms"`
}

// JSON writes the answer as one indented object and a newline. Amounts are decimal strings, unrounded; days are
// "2006-01-02"; arrays are never null; snapshot ids are strings, because they do not fit a JavaScript number. The
// fields at the top come from the answer's first bridge, first table and first series.
func JSON(w io.Writer, a *analysis.Answer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(newDocument(a)); err != nil {
		return fmt.Errorf("write answer %s as JSON: %w", a.ID, err)
	}
	return nil
}

func newDocument(a *analysis.Answer) document {
	d := document{
		ID: a.ID, Asked: a.Asked, Question: a.Question, Headline: a.Headline, Currency: a.Currency,
		Reading: newReading(a.Reading), Effects: []effectDoc{}, Drivers: []driverDoc{}, Columns: []analysis.Column{},
		Rows: []map[string]any{}, FurtherTables: []tableDoc{}, Text: []string{}, CompleteByProvider: map[string]string{},
		Caveats: some(a.Caveats), Actions: some(a.Actions), Events: some(a.Events), Trace: newTrace(a.Trace),
	}
	tables := 0
	for _, p := range a.Parts {
		switch {
		case p.Bridge != nil && d.Change == nil:
			b := p.Bridge
			d.Change = &changeDoc{b.Change.Current.String(), b.Change.Baseline.String(), b.Change.Delta.String(), b.Change.Currency}
			d.Effects = effectDocs(b.Effects)
			d.Drivers = each(b.Drivers, newDriver)
			rest := b.Rest.Amount.String()
			d.Rest = &rest
			d.RestDetail = &restDoc{effectDocs(b.Rest.Effects), b.Rest.Slices, b.Rest.Largest.String()}
		case p.Table != nil:
			t := newTable(p.Table)
			if tables++; tables == 1 {
				d.Columns, d.Rows, d.EverythingElse, d.Omitted, d.Total = t.Columns, t.Rows, t.EverythingElse, t.Omitted, t.Total
			} else {
				d.FurtherTables = append(d.FurtherTables, t)
			}
		case p.Series != nil && d.Series == nil:
			d.Series = newSeries(p.Series)
		case p.Text != "":
			d.Text = append(d.Text, p.Text)
		}
	}
	if d.Change == nil {
		d.Change = changeOf(a)
	}
	var earliest time.Time
	for _, t := range a.Through {
		d.CompleteByProvider[t.Provider] = t.Day.Format(analysis.DateLayout)
		if earliest.IsZero() || t.Day.Before(earliest) {
			earliest = t.Day
		}
	}
	d.CompleteThrough = date(earliest)
	if c := a.Reading.Clarify; c != nil {
		d.Clarify = &clarifyDoc{c.Question, some(c.Choices)}
	}
	return d
}

// changeOf reads the change off the total of the first table that has one, where a comparison has no bridge: its columns
// are then named current, baseline and delta.
func changeOf(a *analysis.Answer) *changeDoc {
	for _, p := range a.Parts {
		if p.Table == nil || p.Table.Total == nil {
			continue
		}
		total := rowObject(p.Table.Columns, *p.Table.Total, false)
		current, isCurrent := total["current"].(string)
		baseline, isBaseline := total["baseline"].(string)
		difference, isDelta := total["delta"].(string)
		if isCurrent && isBaseline && isDelta {
			return &changeDoc{current, baseline, difference, a.Currency}
		}
		return nil
	}
	return nil
}

func newReading(p analysis.Plan) readingDoc {
	r := readingDoc{
		Intent: p.Intent, Metric: p.Metric, Current: period(&p.Current), Baseline: period(p.Baseline), Windows: []periodDoc{},
		Grain: p.Grain, GroupBy: some(p.GroupBy), Limit: p.Limit, Currency: p.Currency, Owners: p.Owners, Topic: p.Topic, Focus: p.Focus,
		Notes: some(p.Notes), Declined: some(p.Declined),
	}
	for _, w := range p.Windows {
		r.Windows = append(r.Windows, *newPeriod(w))
	}
	filter := func(f analysis.Filter) filterDoc { return filterDoc{f.Dimension, some(f.Values), f.Labels, f.Not} }
	r.Filters, r.Scope = each(p.Filters, filter), each(p.Scope, filter)
	return r
}

// period is nil for a period that was not set.
func period(p *analysis.Period) *periodDoc {
	if p == nil || p.IsZero() {
		return nil
	}
	return newPeriod(*p)
}

func newPeriod(p analysis.Period) *periodDoc {
	return &periodDoc{p.Start.Format(analysis.DateLayout), p.End.Format(analysis.DateLayout), p.Label}
}

func effectDocs(effects []analysis.EffectAmount) []effectDoc {
	return each(effects, func(e analysis.EffectAmount) effectDoc { return effectDoc{e.Effect, e.Amount.String()} })
}

func newDriver(d analysis.Driver) driverDoc {
	return driverDoc{
		Slice: slice(d.Slice), Label: d.Label, Amount: d.Amount.String(), SliceTotal: d.SliceTotal.String(),
		Effects: effectDocs(d.Effects), How: d.How, Onset: date(d.Onset.Day), Confidence: d.Confidence,
		OnsetDetail: onsetDoc{date(d.Onset.Day), d.Onset.Around, date(d.Onset.From), date(d.Onset.To), d.Onset.Shape, d.Onset.Why},
		Resources: each(d.Resources, func(r analysis.ResourceChange) resourceDoc {
			return resourceDoc{r.ID, r.Name, r.Amount.String(), r.Status}
		}),
		Offsets: each(d.Offsets, func(o analysis.Offset) offsetDoc {
			return offsetDoc{slice(o.Slice), o.Label, o.Amount.String()}
		}),
	}
}

func newTable(t *analysis.Table) tableDoc {
	rows, rest := rowsOf(t)
	d := tableDoc{Columns: some(t.Columns), Rows: []map[string]any{}, Omitted: t.Omitted}
	for _, r := range rows {
		d.Rows = append(d.Rows, rowObject(t.Columns, r, true))
	}
	if rest != nil {
		d.EverythingElse = rowObject(t.Columns, *rest, false)
	}
	if t.Total != nil {
		d.Total = rowObject(t.Columns, *t.Total, false)
	}
	return d
}

// rowObject is a row by column name, with the slice it stands for. A name used twice gets a number.
func rowObject(cols []analysis.Column, r analysis.Row, keyed bool) map[string]any {
	out := map[string]any{}
	for c, col := range cols {
		name := col.Name
		for n := 2; ; n++ {
			if _, taken := out[name]; !taken {
				break
			}
			name = col.Name + "_" + strconv.Itoa(n)
		}
		cl := cell(r, c)
		switch {
		case cl.Amount != nil:
			out[name] = cl.Amount.String()
		case col.Kind == analysis.ColText:
			out[name] = cl.Text
		default:
			out[name] = nil
		}
	}
	if _, taken := out["slice"]; keyed && !taken {
		out["slice"] = slice(r.Key)
	}
	return out
}

func newSeries(s *analysis.Series) *seriesDoc {
	d := &seriesDoc{Days: []string{}, Lines: []lineDoc{}}
	for _, day := range s.Days {
		d.Days = append(d.Days, day.Format(analysis.DateLayout))
	}
	for _, l := range s.Lines {
		d.Lines = append(d.Lines, lineDoc{l.Name, each(l.Values, func(a *analysis.Amount) *string {
			if a == nil {
				return nil
			}
			s := a.String()
			return &s
		})})
	}
	return d
}

func newTrace(t analysis.Trace) traceDoc {
	return traceDoc{
		Snapshot: strconv.FormatInt(t.Snapshot, 10), ChargesSnapshot: strconv.FormatInt(t.ChargesSnapshot, 10), MS: millis(t.MS), Events: t.Events,
		Queries: each(t.Queries, func(q analysis.QueryTrace) queryDoc {
			return queryDoc{q.Name, q.SQL, each(q.Params, param), q.Rows, q.SHA256, millis(q.MS)}
		}),
	}
}

// maxSafe is the largest integer that JavaScript reads exactly (ECMA-262, Number.MAX_SAFE_INTEGER).
const maxSafe = 1<<53 - 1

// param writes a bound parameter for reading: days as dates, decimals and integers beyond JavaScript's as strings.
func param(v any) any {
	switch v := v.(type) {
	case time.Time:
		if v.Equal(analysis.DayOf(v)) {
			return v.UTC().Format(analysis.DateLayout)
		}
		return v.Format(time.RFC3339Nano)
	case int64:
		if v > maxSafe || v < -maxSafe {
			return strconv.FormatInt(v, 10)
		}
	case uint64:
		if v > maxSafe {
			return strconv.FormatUint(v, 10)
		}
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return strconv.FormatFloat(v, 'g', -1, 64)
		}
	case decimal.Decimal:
		return v.String()
	}
	return v
}

// millis keeps a time to the microsecond.
func millis(ms float64) float64 {
	if math.IsNaN(ms) || math.IsInf(ms, 0) {
		return 0
	}
	return math.Round(ms*1000) / 1000
}

// date is nil for a day that is not known.
func date(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := t.Format(analysis.DateLayout)
	return &s
}

func slice(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// some is the list itself, empty and not null when there is none.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// each maps a list, to an empty one when there is none.
func each[T, U any](list []T, f func(T) U) []U {
	out := make([]U, 0, len(list))
	for _, v := range list {
		out = append(out, f(v))
	}
	return out
}
