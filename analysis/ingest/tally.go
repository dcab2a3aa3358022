package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis/focus"
	"spendbot/analysis/store"
)

// costs are the columns that are reconciled, in the order of [store.Totals].
var costs = [...]string{"BilledCost", "EffectiveCost", "ListCost", "ContractedCost"}

// strict are the columns whose values steer arithmetic: an unknown one is an error. Other columns with a value outside
// FOCUS's list give a warning.
var strict = map[string]bool{"ChargeCategory": true, "ChargeClass": true, "CommitmentDiscountStatus": true}

// group is what a row counts towards: its partition and its currency.
type group struct {
	Partition store.Partition
	Currency  string
}

// groupSums are a group's rows and costs.
type groupSums struct {
	rows int64
	cost [len(costs)]exactSum
}

// column is a column of the file and what it maps to.
type column struct {
	name   string       // as in the header
	focus  focus.Column // the registry's; zero when known is false
	known  bool
	kind   kind
	cost   int // index into costs, or -1
	digits int // most digits before the point seen
	scale  int // most digits after the point seen
	big    bool
	filled bool // some row has a value
}

// kind is how a cell is checked.
type kind uint8

const (
	kindText kind = iota
	kindDecimal
	kindTime
	kindJSON
	kindListed // has a list of allowed values
)

func kindOf(c focus.Column) kind {
	switch {
	case c.Type == focus.Decimal:
		return kindDecimal
	case c.Type == focus.DateTime:
		return kindTime
	case c.Type == focus.JSON:
		return kindJSON
	case len(c.Allowed) > 0:
		return kindListed
	}
	return kindText
}

// tally is what reading the file once told.
type tally struct {
	source   source
	comma    byte
	version  string
	columns  []column
	groups   map[group]*groupSums
	rows     int64
	warnings *warnings
	// paddedTags says that tag keys have blanks around them, as Microsoft exports do.
	paddedTags bool
}

// Options of a load.
type Options struct {
	// Source names the feed. Empty: each row's provider and billing account, so that restating one payer's month leaves
	// the other payers' alone.
	Source   string
	Now      time.Time
	Progress func(Progress)
}

// Progress tells how far a load is.
type Progress struct {
	Step  string // "checking", "writing", "rolling up", "committing"
	File  string
	Done  int64 // bytes of all files
	Total int64
}

// readTally reads a CSV file whole.
func readTally(ctx context.Context, src source, o Options) (*tally, error) {
	r, err := src.reader()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	counted := &countingReader{r: r, ctx: ctx}
	head, rest, err := firstLine(counted)
	if err != nil {
		return nil, src.readError(err)
	}
	t := &tally{source: src, comma: delimiter(head), groups: map[group]*groupSums{}, warnings: newWarnings()}
	sc := newScanner(rest, t.comma)
	header, err := sc.read()
	if err != nil {
		return nil, src.readError(err)
	}
	if err := t.setHeader(header); err != nil {
		return nil, err
	}
	row := newRowReader(t, o)
	for {
		fields, err := sc.read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, src.readError(err)
		}
		if err := row.add(sc.line, fields); err != nil {
			return nil, err
		}
		if t.rows&0xffff == 0 && o.Progress != nil {
			o.Progress(Progress{Step: "checking", File: src.path, Done: counted.n})
		}
	}
	if t.rows == 0 {
		return nil, &Error{File: src.path, Problem: "there is a header but not one row", Expected: "rows below it"}
	}
	row.finish()
	return t, nil
}

// readError explains an error of reading or splitting the file.
func (s source) readError(err error) error {
	var se *scanError
	switch {
	case errors.As(err, &se):
		return &Error{File: s.path, Line: se.line, Problem: se.problem, Expected: "CSV with quotes doubled inside quoted fields"}
	case errors.Is(err, errRecordTooLong):
		return &Error{File: s.path, Problem: err.Error(), Expected: "CSV with one charge a line"}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, io.EOF):
		return &Error{File: s.path, Problem: "the file is empty", Expected: "a billing export with a header and rows"}
	case s.pack != plain:
		return s.broken(err)
	}
	return fmt.Errorf("read %s: %w", s.path, err)
}

type countingReader struct {
	r   io.Reader
	n   int64
	ctx context.Context
}

func (c *countingReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// firstLine returns the first line, a byte-order mark removed, and a reader of everything from there.
func firstLine(r io.Reader) (line []byte, all io.Reader, err error) {
	buf := make([]byte, 0, 64<<10)
	for len(buf) < cap(buf) && bytes.IndexByte(buf, newline) < 0 {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, err
		}
	}
	buf = bytes.TrimPrefix(buf, []byte(utf8BOM))
	if len(buf) == 0 {
		return nil, nil, io.EOF
	}
	line = buf
	if i := bytes.IndexByte(buf, newline); i >= 0 {
		line = buf[:i]
	}
	return line, io.MultiReader(bytes.NewReader(buf), r), nil
}

// delimiter guesses the separator from the header: whichever of comma, semicolon and tab occurs most.
func delimiter(head []byte) byte {
	best, most := byte(','), 0
	for _, c := range []byte{',', ';', '\t', '|'} {
		if n := bytes.Count(head, []byte{c}); n > most {
			best, most = c, n
		}
	}
	return best
}

// detect reads a header, or says what is missing for it to be one.
func detect(path string, names []string) (version string, cols []column, unknown []string, err error) {
	version, ok, missing, unknown := focus.DetectVersion(names)
	if !ok {
		const show = 8
		have := names
		if len(have) > show {
			have = append(slices.Clone(have[:show]), fmt.Sprintf("and %d more", len(names)-show))
		}
		return "", nil, nil, &Error{File: path, Line: 1,
			Problem: fmt.Sprintf("this is not a FOCUS cost-and-usage export: it has no %s (its columns are %s)",
				strings.Join(missing, ", no "), clip([]byte(strings.Join(have, ", ")))),
			Expected: "a FOCUS 1.0 to 1.3 header; `spendbot columns` lists it"}
	}
	seen := map[string]string{}
	for i, n := range names {
		c := column{name: n, cost: -1}
		c.focus, c.known = byName()[strings.ToLower(n)]
		if c.known {
			if before, dup := seen[c.focus.Name]; dup {
				return "", nil, nil, &Error{File: path, Line: 1, Column: i + 1, Name: n,
					Problem: fmt.Sprintf("the column %s is there twice (also as %q)", c.focus.Name, before), Expected: "each column once"}
			}
			seen[c.focus.Name] = n
			c.cost = slices.Index(costs[:], c.focus.Name)
			c.kind = kindOf(c.focus)
		}
		cols = append(cols, c)
	}
	return version, cols, unknown, nil
}

// byName finds a column of any FOCUS version under the very name a file has it by; an older name stays itself here, since a
// file may have both and the mapping says which one wins.
var byName = sync.OnceValue(func() map[string]focus.Column {
	m := map[string]focus.Column{}
	for _, c := range focus.Columns() {
		m[strings.ToLower(c.Name)] = c
	}
	return m
})

func (t *tally) setHeader(fields [][]byte) error {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = string(bytes.TrimSpace(f))
	}
	var unknown []string
	var err error
	t.version, t.columns, unknown, err = detect(t.source.path, names)
	if err != nil {
		return err
	}
	t.warnings.header(t.columns, unknown)
	return nil
}

// isNull reports whether a cell holds no value: empty, or the word NULL that some exporters write.
func isNull(b []byte) bool {
	return len(b) == 0 || (len(b) == 4 && b[0] == 'N' && b[1] == 'U' && b[2] == 'L' && b[3] == 'L')
}

// rowReader checks rows and adds them up.
type rowReader struct {
	t *tally
	o Options

	at       map[string]int // column index by FOCUS name
	check    []int          // columns still to be looked at
	required []int          // of requiredValues
	keyed    [3]int         // BillingAccountId, BillingPeriodStart, BillingCurrency; -1 when the file has none
	provider []int          // columns tried for the provider, in order
	times    map[string]time.Time
	good     []map[string]bool // per column: values already checked
	last     [][]byte          // per column: the value of the row before

	lastKey  []byte
	lastSums *groupSums
	byKey    map[string]*groupSums
	key      []byte

	noEffective, zeroEffective, noPeriod int64
}

func newRowReader(t *tally, o Options) *rowReader {
	r := &rowReader{t: t, o: o, at: map[string]int{}, times: map[string]time.Time{}, byKey: map[string]*groupSums{},
		good: make([]map[string]bool, len(t.columns)), last: make([][]byte, len(t.columns))}
	for i, c := range t.columns {
		if c.known {
			r.at[c.focus.Name] = i
		}
		r.good[i] = map[string]bool{}
	}
	for i := range t.columns {
		if t.columns[i].known {
			r.check = append(r.check, i)
		}
	}
	for _, n := range requiredValues {
		r.required = append(r.required, r.at[n])
	}
	for k, n := range []string{"BillingAccountId", "BillingPeriodStart", "BillingCurrency"} {
		r.keyed[k] = -1
		if i, ok := r.at[n]; ok {
			r.keyed[k] = i
		}
	}
	for _, n := range []string{"ServiceProviderName", "ProviderName", "PublisherName", "InvoiceIssuerName"} {
		if i, ok := r.at[n]; ok {
			r.provider = append(r.provider, i)
		}
	}
	return r
}

func (r *rowReader) fail(line int64, col int, problem, expected string) error {
	e := &Error{File: r.t.source.path, Line: line, Problem: problem, Expected: expected}
	if col >= 0 {
		e.Column, e.Name = col+1, r.t.columns[col].name
	}
	return e
}

// seenMost bounds how many checked values of a column are remembered.
const seenMost = 1 << 16

// add checks one row and adds it to its group.
func (r *rowReader) add(line int64, fields [][]byte) error {
	t := r.t
	if len(fields) != len(t.columns) {
		return r.fail(line, -1, fmt.Sprintf("the row has %d fields and the header %d", len(fields), len(t.columns)),
			"as many as the header; a comma inside a value needs quotes")
	}
	t.rows++
	var amounts [len(costs)]number
	var have [len(costs)]bool
	for k := 0; k < len(r.check); k++ {
		i := r.check[k]
		b := fields[i]
		if isNull(b) {
			continue
		}
		c := &t.columns[i]
		c.filled = true
		if c.kind == kindDecimal {
			d, ok := parseNumber(b)
			if !ok {
				return r.fail(line, i, clip(b)+" is not a decimal number", "digits with a dot, as in 12.40")
			}
			if d.big != nil {
				if !d.fits() {
					return r.fail(line, i, clip(b)+" does not fit the store without rounding",
						fmt.Sprintf("at most %d digits before and %d after the point", store.MoneyPrecision-store.MoneyScale, store.MoneyScale))
				}
				c.big = true
			}
			c.digits, c.scale = max(c.digits, d.digits), max(c.scale, d.scale)
			if c.cost >= 0 {
				amounts[c.cost], have[c.cost] = d, true
			}
			continue
		}
		if c.kind == kindText {
			r.check = slices.Delete(r.check, k, k+1) // all there was to know of it is that it has a value
			k--
			continue
		}
		if bytes.Equal(b, r.last[i]) {
			continue // exports repeat themselves: most cells are as in the row before
		}
		if err := r.cell(line, i, c, b); err != nil {
			return err
		}
		r.last[i] = append(r.last[i][:0], b...)
	}
	for _, i := range r.required {
		if isNull(fields[i]) {
			return r.fail(line, i, "there is no value", "a value in every row")
		}
	}
	sums, err := r.group(line, fields)
	if err != nil {
		return err
	}
	sums.rows++
	for k := range amounts {
		if have[k] {
			sums.cost[k].add(amounts[k])
		}
	}
	if billed := amounts[0]; billed.mantissa != 0 || billed.big != nil {
		if !have[1] {
			r.noEffective++
		} else if amounts[1].mantissa == 0 && amounts[1].big == nil && r.isUsage(fields) {
			r.zeroEffective++
		}
	}
	return nil
}

// requiredValues must not be null in any row.
var requiredValues = []string{"ChargePeriodStart", "ChargeCategory", "BillingCurrency"}

// cell checks a cell that is neither a number nor free text.
func (r *rowReader) cell(line int64, i int, c *column, b []byte) (err error) {
	switch c.kind {
	case kindTime:
		_, err = r.time(line, i, b)
	case kindJSON:
		err = r.json(line, i, b)
	case kindListed:
		err = r.allowed(line, i, b)
	}
	return err
}

func (r *rowReader) isUsage(fields [][]byte) bool {
	return bytes.EqualFold(fields[r.required[1]], []byte("Usage"))
}

// group finds the sums that a row counts towards, by its provider, payer, billing month and currency.
func (r *rowReader) group(line int64, fields [][]byte) (*groupSums, error) {
	r.key = r.key[:0]
	for _, i := range r.provider {
		if !isNull(fields[i]) {
			r.key = append(r.key, fields[i]...)
			break
		}
	}
	for _, i := range r.keyed {
		r.key = append(r.key, 0)
		if i >= 0 && !isNull(fields[i]) {
			r.key = append(r.key, fields[i]...)
		}
	}
	if i := r.keyed[1]; i < 0 || isNull(fields[i]) {
		r.noPeriod++
		r.key = append(append(r.key, 0), fields[r.required[0]]...)
	}
	if bytes.Equal(r.key, r.lastKey) && r.lastSums != nil {
		return r.lastSums, nil
	}
	s, ok := r.byKey[string(r.key)]
	if !ok {
		g, err := r.newGroup(line, fields)
		if err != nil {
			return nil, err
		}
		if s = r.t.groups[g]; s == nil {
			s = &groupSums{}
			r.t.groups[g] = s
		}
		r.byKey[string(r.key)] = s
	}
	r.lastKey = append(r.lastKey[:0], r.key...)
	r.lastSums = s
	return s, nil
}

func (r *rowReader) newGroup(line int64, fields [][]byte) (group, error) {
	value := func(n string) string {
		if i, ok := r.at[n]; ok && !isNull(fields[i]) {
			return string(fields[i])
		}
		return ""
	}
	g := group{Currency: value("BillingCurrency")}
	for _, i := range r.provider {
		if !isNull(fields[i]) {
			g.Partition.Provider = string(fields[i])
			break
		}
	}
	if g.Partition.Provider == "" {
		g.Partition.Provider = unknownProvider
	}
	g.Partition.Source = r.o.Source
	if g.Partition.Source == "" {
		g.Partition.Source = g.Partition.Provider + "/" + value("BillingAccountId")
	}
	at, ok := r.at["BillingPeriodStart"]
	if !ok || isNull(fields[at]) {
		at = r.at["ChargePeriodStart"]
	}
	when, err := r.time(line, at, fields[at])
	if err != nil {
		return g, err
	}
	g.Partition.Month = when.Format("2006-01")
	return g, nil
}

// unknownProvider stands where a row names no provider at all.
const unknownProvider = "unknown"

var timeLayouts = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05Z07", "2006-01-02", "2006-01-02T15:04Z07:00", "2006-01-02 15:04",
}

func (r *rowReader) time(line int64, col int, b []byte) (time.Time, error) {
	if t, ok := r.times[string(b)]; ok {
		return t, nil
	}
	for _, l := range timeLayouts {
		if t, err := time.Parse(l, string(b)); err == nil {
			if y := t.Year(); y < 1990 || y > 2200 {
				break
			}
			if len(r.times) < seenMost {
				r.times[string(b)] = t.UTC()
			}
			return t.UTC(), nil
		}
	}
	return time.Time{}, r.fail(line, col, clip(b)+" is not a date and time", "one as in 2026-10-31T00:00:00Z")
}

func (r *rowReader) json(line int64, col int, b []byte) error {
	seen := r.good[col]
	if seen[string(b)] {
		return nil
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(b, &m); err != nil {
		return r.fail(line, col, clip(b)+" is not a JSON object", `one as in {"team":"payments"}, its quotes doubled`)
	}
	if r.t.columns[col].focus.Name == "Tags" && !r.t.paddedTags {
		for k := range m {
			if strings.TrimSpace(k) != k {
				r.t.paddedTags = true
			}
		}
	}
	if len(seen) < seenMost {
		seen[string(b)] = true
	}
	return nil
}

func (r *rowReader) allowed(line int64, col int, b []byte) error {
	seen := r.good[col]
	if seen[string(b)] {
		return nil
	}
	c := r.t.columns[col].focus
	ok := slices.ContainsFunc(c.Allowed, func(a string) bool { return strings.EqualFold(a, string(b)) })
	if !ok && strict[c.Name] {
		return r.fail(line, col, clip(b)+" is not a value FOCUS knows", "one of "+strings.Join(c.Allowed, ", "))
	}
	if !ok {
		r.t.warnings.value(c.Name, string(b))
	}
	if len(seen) < seenMost {
		seen[string(b)] = true
	}
	return nil
}

func (r *rowReader) finish() {
	w := r.t.warnings
	w.count(r.noEffective, "rows have a BilledCost but no EffectiveCost: effective cost leaves them out")
	w.count(r.zeroEffective, "usage rows have a BilledCost but an EffectiveCost of 0: effective and billed cost differ by them")
	w.count(r.noPeriod, "rows name no billing period: the month of ChargePeriodStart is taken")
}

// totals adds up groups per currency.
func totals(groups map[group]*groupSums) map[string]store.Totals {
	sum := map[string]*[len(costs)]*decimal.Decimal{}
	for g, s := range groups {
		t := sum[g.Currency]
		if t == nil {
			t = new([len(costs)]*decimal.Decimal)
			sum[g.Currency] = t
		}
		for i := range costs {
			t[i] = addKnown(t[i], s.cost[i].total())
		}
	}
	out := map[string]store.Totals{}
	for c, t := range sum {
		out[c] = store.Totals{Billed: t[0], Effective: t[1], List: t[2], Contracted: t[3]}
	}
	return out
}

func addKnown(a, b *decimal.Decimal) *decimal.Decimal {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	s := a.Add(*b)
	return &s
}
