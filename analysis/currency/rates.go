// Package currency converts costs into a reporting currency, at rates from a table that somebody chose: the European Central
// Bank's reference rates, or a company's own.
//
// In: a CSV of rates ([Parse]). Out: a rate for a day or a month with where it comes from, or an error that names the currency and
// the day ([Table.Day], [Table.Month]): a rate that is not known is never 1. [Table.Layer] puts converted costs in the place of the
// billed ones for every query of an answer, with the rates as text in its SQL, so that a trace runs again at the rates it was made
// with.
package currency

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

const (
	// Scale is how many digits after the point a rate has; what is computed (an inverse, a mean, a cross rate) is rounded there,
	// half away from zero.
	Scale = 14
	// MostDays is how many days before a charge its rate may have been published: weekends, and the holidays around them.
	MostDays = 7

	maxFile  = 64 << 20
	maxDigit = 40 // of a rate as it is written
)

// maxRate is above every rate there may be: conversions of 18 digits fit into a DECIMAL(38) up to here.
var maxRate = decimal.New(1, 6)

// euro is the currency that rates between two others go through.
const euro = "EUR"

// pair is a rate's direction: so many To for one From.
type pair struct{ from, to string }

// published is a rate as a table gives it.
type published struct {
	day  time.Time
	rate decimal.Decimal
}

// Table is rates by day. It does not change once it is read.
type Table struct {
	Name  string // of the file, for people
	pairs map[pair][]published
}

// Read reads a file of rates.
func Read(path string) (*Table, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("currency rates: %w", err)
	}
	defer f.Close()
	t, err := Parse(f)
	if err != nil {
		return nil, fmt.Errorf("currency rates %s: %w", path, err)
	}
	t.Name = filepath.Base(path)
	return t, nil
}

var code = regexp.MustCompile(`^[A-Z]{3}$`)

// Parse reads rates in one of two forms, told apart by the header:
//
//	date,from,to,rate      one rate a line: 2026-10-01,USD,EUR,0.92 is 0.92 euros for a dollar
//	Date,USD,JPY,...       the ECB's eurofxref-hist.csv: units for one euro, a line a day, N/A where there is none
//
// Columns of the first form may stand in any order; a line's end of the second may hold a comma too many, as the ECB's do. A day that
// is there twice, a currency that is no code, and a rate that is no positive number are errors that name the line.
func Parse(r io.Reader) (*Table, error) {
	in := csv.NewReader(bufio.NewReader(io.LimitReader(r, maxFile)))
	in.FieldsPerRecord, in.TrimLeadingSpace, in.ReuseRecord = -1, true, true
	head, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty; write a header date,from,to,rate and a line for each rate, or take the ECB's eurofxref-hist.csv")
	}
	if err != nil {
		return nil, err
	}
	header := make([]string, len(head))
	for i, h := range head {
		header[i] = strings.ToUpper(strings.TrimSpace(strings.TrimPrefix(h, "\ufeff")))
	}
	t := &Table{pairs: map[pair][]published{}}
	line, err := t.form(header)
	if err != nil {
		return nil, err
	}
	for {
		rec, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if len(rec) == 1 && strings.TrimSpace(rec[0]) == "" {
			continue
		}
		if err := line(rec); err != nil {
			at, _ := in.FieldPos(0)
			return nil, fmt.Errorf("line %d: %w", at, err)
		}
	}
	if len(t.pairs) == 0 {
		return nil, errors.New("there is no rate in it")
	}
	for p, list := range t.pairs {
		slices.SortFunc(list, func(a, b published) int { return a.day.Compare(b.day) })
		for i := 1; i < len(list); i++ {
			if list[i].day.Equal(list[i-1].day) {
				return nil, fmt.Errorf("%s to %s has two rates on %s", p.from, p.to, list[i].day.Format(analysis.DateLayout))
			}
		}
	}
	return t, nil
}

// form tells the form by its header, and returns what takes in a line.
func (t *Table) form(header []string) (line func([]string) error, err error) {
	at := func(name string) int { return slices.Index(header, name) }
	if d, f, to, r := at("DATE"), at("FROM"), at("TO"), at("RATE"); d >= 0 && f >= 0 && to >= 0 && r >= 0 {
		return func(rec []string) error {
			if len(rec) != len(header) {
				return fmt.Errorf("%d fields, the header has %d", len(rec), len(header))
			}
			return t.add(rec[d], strings.ToUpper(strings.TrimSpace(rec[f])), strings.ToUpper(strings.TrimSpace(rec[to])), rec[r])
		}, nil
	}
	var codes []string
	if len(header) > 1 && header[0] == "DATE" {
		codes = header[1:]
		if codes[len(codes)-1] == "" {
			codes = codes[:len(codes)-1]
		}
	}
	for _, c := range codes {
		if !code.MatchString(c) || c == euro {
			return nil, fmt.Errorf("the header has %q where the code of a currency should be, as USD", c)
		}
	}
	if len(codes) == 0 {
		return nil, errors.New("the header is neither date,from,to,rate nor the ECB's Date,USD,JPY and so on")
	}
	return func(rec []string) error {
		if len(rec) < len(codes)+1 || len(rec) > len(codes)+2 {
			return fmt.Errorf("%d fields, the header has %d", len(rec), len(header))
		}
		for i, c := range codes {
			v := strings.TrimSpace(rec[i+1])
			if v == "" || v == "N/A" {
				continue
			}
			if err := t.add(rec[0], euro, c, v); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

var written = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)

func (t *Table) add(date, from, to, rate string) error {
	var day time.Time
	var err error
	for _, layout := range []string{analysis.DateLayout, "2 January 2006"} {
		if day, err = time.Parse(layout, strings.TrimSpace(date)); err == nil {
			break
		}
	}
	if err != nil || day.Year() < 1900 || day.Year() > 2200 {
		return fmt.Errorf("%q is not a day; write 2026-10-01", date)
	}
	for _, c := range []string{from, to} {
		if !code.MatchString(c) {
			return fmt.Errorf("%q is not the code of a currency; write three letters, as USD", c)
		}
	}
	if from == to {
		return fmt.Errorf("a rate from %s to itself", from)
	}
	rate = strings.TrimSpace(rate)
	if len(rate) > maxDigit || !written.MatchString(rate) {
		return fmt.Errorf("%q is not a rate; write a number with a point, as 1.0857", rate)
	}
	d, err := decimal.NewFromString(rate)
	if err != nil || !d.IsPositive() || d.GreaterThanOrEqual(maxRate) {
		return fmt.Errorf("%q is not a rate: it must be above 0 and below %s", rate, maxRate)
	}
	p := pair{from, to}
	t.pairs[p] = append(t.pairs[p], published{analysis.DayOf(day), d})
	return nil
}

// Currencies lists what the table knows, sorted.
func (t *Table) Currencies() []string {
	var out []string
	for p := range t.pairs {
		out = append(out, p.from, p.to)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// MissingError says that there is no rate for what was asked.
type MissingError struct {
	From, To string
	Day      time.Time // of the charge, or the first of its month
	Month    bool
	Table    string
}

func (e *MissingError) Error() string {
	when := e.Day.Format("2 January 2006")
	how := fmt.Sprintf("; rates of the %d days before count too", MostDays)
	if e.Month {
		when, how = e.Day.Format("January 2006"), ""
	}
	return fmt.Sprintf("there is no exchange rate from %s to %s for %s in %s%s", e.From, e.To, when, e.Table, how)
}

// Rate is a rate with where it comes from.
type Rate struct {
	Value decimal.Decimal // so many units of the one currency for one of the other, with at most Scale digits after the point
	// From and Until are the first and the last day that the table's rates were taken of.
	From, Until time.Time
}

// Day is the rate of a day: the one published then, or else the last one before, within MostDays.
//
// A rate that the table gives is taken as it stands; one of the other direction is inverted; what has neither goes through
// the euro: (units of "to" for a euro) / (units of "from" for a euro).
func (t *Table) Day(from, to string, day time.Time) (Rate, error) {
	r, ok := t.via(from, to, func(list []published) (decimal.Decimal, time.Time, time.Time, bool) { return onDay(list, day) })
	if !ok {
		return Rate{}, &MissingError{From: from, To: to, Day: day, Table: t.Name}
	}
	return r, nil
}

// Month is the rate of a calendar month: the arithmetic mean of the rates published in it, as the ECB's monthly averages are; of a
// month that has none yet, the last one published before it, within MostDays. Cross rates are quotients of means.
func (t *Table) Month(from, to string, month time.Time) (Rate, error) {
	m := analysis.MonthOf(month)
	r, ok := t.via(from, to, func(list []published) (decimal.Decimal, time.Time, time.Time, bool) {
		lo, _ := slices.BinarySearchFunc(list, m.Start, byDay)
		hi, _ := slices.BinarySearchFunc(list, m.End, byDay)
		if lo == hi {
			return onDay(list, m.Start)
		}
		sum := decimal.Zero
		for _, p := range list[lo:hi] {
			sum = sum.Add(p.rate)
		}
		return sum.DivRound(decimal.NewFromInt(int64(hi-lo)), 2*Scale), list[lo].day, list[hi-1].day, true
	})
	if !ok {
		return Rate{}, &MissingError{From: from, To: to, Day: m.Start, Month: true, Table: t.Name}
	}
	return r, nil
}

func byDay(p published, day time.Time) int { return p.day.Compare(day) }

// onDay is what was published on a day, or last before it.
func onDay(list []published, day time.Time) (decimal.Decimal, time.Time, time.Time, bool) {
	i, found := slices.BinarySearchFunc(list, day, byDay)
	if !found {
		i--
	}
	if i < 0 || list[i].day.Before(day.AddDate(0, 0, -MostDays)) {
		return decimal.Zero, time.Time{}, time.Time{}, false
	}
	return list[i].rate, list[i].day, list[i].day, true
}

// via finds a rate as it stands, inverted, or through the euro.
func (t *Table) via(from, to string, of func([]published) (decimal.Decimal, time.Time, time.Time, bool)) (Rate, bool) {
	one := decimal.NewFromInt(1)
	if from == to {
		return Rate{Value: one}, true
	}
	// direct is a rate as the quotient num/den, so that it is rounded once.
	direct := func(a, b string) (num, den decimal.Decimal, lo, hi time.Time, ok bool) {
		if v, lo, hi, ok := of(t.pairs[pair{a, b}]); ok {
			return v, one, lo, hi, true
		}
		if v, lo, hi, ok := of(t.pairs[pair{b, a}]); ok {
			return one, v, lo, hi, true
		}
		return one, one, time.Time{}, time.Time{}, false
	}
	num, den, lo, hi, ok := direct(from, to)
	if !ok && from != euro && to != euro {
		n1, d1, lo1, hi1, ok1 := direct(from, euro)
		n2, d2, lo2, hi2, ok2 := direct(euro, to)
		if ok = ok1 && ok2; ok {
			num, den, lo, hi = n1.Mul(n2), d1.Mul(d2), lo1, hi1
			if lo2.Before(lo) {
				lo = lo2
			}
			if hi2.After(hi) {
				hi = hi2
			}
		}
	}
	v := num.DivRound(den, Scale)
	return Rate{Value: v, From: lo, Until: hi}, ok && v.IsPositive() && v.LessThan(maxRate)
}
