package ingest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"spendbot/analysis/focus"
	"spendbot/analysis/ingest/dialect"
)

// bind makes a dialect's columns of a header.
func bind(r *dialect.Reading) []column {
	cols := make([]column, len(r.Bound))
	for i, b := range r.Bound {
		c := column{name: b.Header, cost: -1, native: b.Column, tag: b.Key, oddCase: true}
		if c.known = b.Column != ""; c.known {
			c.kind = nativeKinds[b.Kind]
			c.focus = focus.Column{Name: b.Column, Type: nativeTypes[b.Kind]}
			of, _ := r.Dialect.Column(b.Column)
			c.float = of.Float
		}
		if b.Key != "" { // a column of a family holds one value of a tag
			c.kind, c.focus.Type = kindText, focus.String
		}
		cols[i] = c
	}
	return cols
}

var nativeKinds = map[dialect.Kind]kind{
	dialect.Text: kindText, dialect.Number: kindDecimal, dialect.Time: kindTime, dialect.Tags: kindTags, dialect.Amounts: kindAmounts,
}

var nativeTypes = map[dialect.Kind]focus.Type{
	dialect.Text: focus.String, dialect.Number: focus.Decimal, dialect.Time: focus.DateTime, dialect.Tags: focus.JSON, dialect.Amounts: focus.JSON,
}

// nativeRows adds up the rows of a file that is in a dialect, for every variant that it may turn out to be.
type nativeRows struct {
	r    *rowReader
	key  dialect.Key
	nums []number // per column of the file, of the row at hand
	have []bool

	provider, account, month, currency []int // columns tried, in order
	variants                           []nativeVariant

	sets    *setRows // nil where there are none
	last    []byte
	lastOf  []*groupSums
	byKey   map[string][]*groupSums
	scratch []byte
}

// nativeVariant is a variant with its conditions bound to the file's columns.
type nativeVariant struct {
	witness [][]cond
	costs   [len(costs)][]rule
	rows    []count
}

type cond struct {
	col  int // -1: the file has no such column
	in   [][]byte
	test dialect.Test
	not  bool
}

type rule struct {
	when        []cond
	plus, minus []int
	zero        bool
}

type count struct {
	when []cond
	n    int64
}

func newNativeRows(r *rowReader) *nativeRows {
	d := r.t.reading.Dialect
	n := &nativeRows{r: r, key: d.Key, nums: make([]number, len(r.t.columns)), have: make([]bool, len(r.t.columns)), byKey: map[string][]*groupSums{}}
	at := map[string]int{}
	for i, c := range r.t.columns {
		if c.known && c.tag == "" {
			at[c.native] = i
			if c.kind == kindAmounts {
				at[dialect.TotalOf(c.native)] = i
			}
		}
	}
	find := func(names []string) []int {
		var out []int
		for _, name := range names {
			if i, ok := at[name]; ok {
				out = append(out, i)
			}
		}
		return out
	}
	conds := func(cs []dialect.Cond) []cond {
		out := make([]cond, len(cs))
		for k, c := range cs {
			out[k] = cond{col: -1, test: c.Test, not: c.Not}
			if i, ok := at[c.Column]; ok {
				out[k].col = i
			}
			for _, v := range c.In {
				out[k].in = append(out[k].in, []byte(v))
			}
		}
		return out
	}
	n.sets = newSetRows(d, r.t.columns)
	r.t.sets = n.sets
	n.provider, n.account, n.month, n.currency = find(d.Key.ProviderColumns), find(d.Key.Account), find(d.Key.Month), find(d.Key.Currency)
	for _, v := range d.Variants {
		nv := nativeVariant{}
		for _, w := range v.Witness {
			nv.witness = append(nv.witness, conds(w))
		}
		for k, rules := range [...]dialect.Rules{v.Billed, v.Effective, v.List, v.Contracted} {
			for _, x := range rules {
				nv.costs[k] = append(nv.costs[k], rule{conds(x.When), find(x.Plus), find(x.Minus), len(x.Plus)+len(x.Minus) == 0})
			}
		}
		for _, c := range v.Rows {
			nv.rows = append(nv.rows, count{conds(c.When), int64(c.N)})
		}
		n.variants = append(n.variants, nv)
	}
	return n
}

// uses lists the columns whose values decide something, so that they must be read in every row.
func (n *nativeRows) uses() map[int]bool {
	out := map[int]bool{}
	mark := func(cs []cond) {
		for _, c := range cs {
			out[c.col] = true
		}
	}
	for _, list := range [][]int{n.provider, n.account, n.month, n.currency} {
		for _, i := range list {
			out[i] = true
		}
	}
	for _, v := range n.variants {
		for _, w := range v.witness {
			mark(w)
		}
		for _, rules := range v.costs {
			for _, x := range rules {
				mark(x.when)
			}
		}
		for _, c := range v.rows {
			mark(c.when)
		}
	}
	return out
}

func (n *nativeRows) all(cs []cond, fields [][]byte) bool {
	for _, c := range cs {
		if !n.holds(c, fields) {
			return false
		}
	}
	return true
}

func (n *nativeRows) holds(c cond, fields [][]byte) bool {
	ok := false
	if c.col >= 0 && !isNull(fields[c.col]) {
		switch {
		case len(c.in) > 0:
			for _, v := range c.in {
				if ok = bytes.EqualFold(v, fields[c.col]); ok {
					break
				}
			}
		case c.test == dialect.NonZero:
			ok = n.nums[c.col].sign() != 0
		case c.test == dialect.Below:
			ok = n.nums[c.col].sign() < 0
		default:
			ok = true
		}
	}
	return ok != c.not
}

// add adds up a row whose cells have been checked; n.nums and n.have hold its numbers.
func (n *nativeRows) add(line int64, fields [][]byte) error {
	sums, err := n.groups(line, fields)
	if err != nil {
		return err
	}
	if n.sets != nil {
		n.sets.add(fields, n.r.sc)
	}
	for v := range n.variants {
		nv, s := &n.variants[v], sums[v]
		for k := 0; k < len(nv.witness) && !n.r.t.witness[v]; k++ {
			n.r.t.witness[v] = n.all(nv.witness[k], fields)
		}
		rows := int64(1)
		for _, c := range nv.rows {
			if n.all(c.when, fields) {
				rows = c.n
				break
			}
		}
		s.rows += rows
		for k := range nv.costs {
			for _, x := range nv.costs[k] {
				if n.all(x.when, fields) {
					n.count(&s.cost[k], x)
					break
				}
			}
		}
	}
	return nil
}

func (n *nativeRows) count(s *exactSum, x rule) {
	if x.zero {
		s.add(number{})
		return
	}
	for _, i := range x.plus {
		if n.have[i] {
			s.add(n.nums[i])
		}
	}
	for _, i := range x.minus {
		if n.have[i] {
			s.add(n.nums[i].negated())
		}
	}
}

// groups finds the sums that a row counts towards, one for each variant.
func (n *nativeRows) groups(line int64, fields [][]byte) ([]*groupSums, error) {
	n.scratch = n.scratch[:0]
	for _, list := range [][]int{n.provider, n.account, n.month, n.currency} {
		n.scratch = append(n.scratch, 0)
		if i := first(list, fields); i >= 0 {
			n.scratch = append(n.scratch, fields[i]...)
		}
	}
	if n.lastOf != nil && bytes.Equal(n.scratch, n.last) {
		return n.lastOf, nil
	}
	sums, ok := n.byKey[string(n.scratch)]
	if !ok {
		g, err := n.group(line, fields)
		if err != nil {
			return nil, err
		}
		for v := range n.variants {
			all := n.r.t.variants[v]
			if all[g] == nil {
				all[g] = &groupSums{}
			}
			sums = append(sums, all[g])
		}
		n.byKey[string(n.scratch)] = sums
	}
	n.last, n.lastOf = append(n.last[:0], n.scratch...), sums
	return sums, nil
}

// first is the first of some columns that has a value; -1 when none has.
func first(list []int, fields [][]byte) int {
	for _, i := range list {
		if !isNull(fields[i]) {
			return i
		}
	}
	return -1
}

func (n *nativeRows) group(line int64, fields [][]byte) (group, error) {
	r := n.r
	g := group{Currency: cmp.Or(r.o.Currency, n.key.DefaultCurrency)}
	if i := first(n.currency, fields); i >= 0 {
		g.Currency = string(fields[i])
	} else if r.o.Currency == "" {
		r.t.guessed = true
	}
	if g.Currency == "" {
		return g, r.missing(line, n.currency, "no currency", sayCurrency)
	}
	g.Partition.Provider = n.key.Provider
	if i := first(n.provider, fields); i >= 0 {
		g.Partition.Provider = string(fields[i])
	}
	if g.Partition.Provider == "" {
		g.Partition.Provider = unknownProvider
	}
	g.Partition.Source = r.o.Source
	if g.Partition.Source == "" {
		account := ""
		if i := first(n.account, fields); i >= 0 {
			account = string(fields[i])
		}
		g.Partition.Source = g.Partition.Provider + "/" + account
	}
	i := first(n.month, fields)
	if i < 0 {
		return g, r.missing(line, n.month, "no billing month", "")
	}
	if r.t.columns[i].kind == kindTime {
		at, err := r.time(line, i, fields[i])
		g.Partition.Month = at.Format("2006-01")
		return g, err
	}
	month, ok := monthOf(string(fields[i]))
	if !ok {
		return g, r.fail(line, i, clip(fields[i])+" is not a month", "one as 202611 or 2026-11")
	}
	g.Partition.Month = month
	return g, nil
}

// sayCurrency is what to do about a bill that names no currency.
const sayCurrency = ", or --currency that says it, as --currency EUR"

// missing is the error for a row in which none of some columns has a value.
func (r *rowReader) missing(line int64, list []int, what, or string) error {
	if len(list) == 0 {
		return r.fail(line, -1, "the file has "+what, "a column that says it"+or)
	}
	return r.fail(line, list[0], "there is "+what, "a value in every row"+or)
}

// monthOf reads a month written as 202611, 2026-11 or the beginning of a date.
func monthOf(s string) (string, bool) {
	digits := strings.Map(func(r rune) rune {
		if r == '-' || r == '/' {
			return -1
		}
		return r
	}, s)
	if len(digits) < 6 {
		return "", false
	}
	t, err := time.Parse("200601", digits[:6])
	return t.Format("2006-01"), err == nil && t.Year() >= 1990 && t.Year() <= 2200
}

// tagsCell checks a cell of kind Tags and notes when it is not a JSON object as it stands.
func (r *rowReader) tagsCell(line int64, col int, raw []byte) error {
	seen := &r.good[col]
	doubled := r.sc != nil && r.sc.ends[col].doubled
	if doubled {
		seen = &r.goodDoubled[col]
	}
	if seen.has(raw) {
		return nil
	}
	b := raw
	if doubled {
		r.scratch = append(r.scratch[:0], raw...)
		b = r.scratch[:unescape(r.scratch)]
	}
	c := &r.t.columns[col]
	switch b := bytes.TrimSpace(b); {
	case len(b) == 0:
		c.oddTags = true
	case b[0] == '{':
		if !json.Valid(b) {
			return r.fail(line, col, clip(b)+" is not a JSON object", `one as in {"team":"payments"}, its quotes doubled`)
		}
		if !r.t.paddedTags && (bytes.Contains(b, []byte(`" `)) || bytes.Contains(b, []byte(` "`))) {
			r.t.paddedTags = hasPaddedKey(b)
		}
	case b[0] == '[':
		python, err := checkPairs(b)
		if c.pyTags = c.pyTags || python; err != nil {
			return r.fail(line, col, clip(b)+" "+err.Error(), `one as in [{"key":"team","value":"payments"}]`)
		}
		c.oddTags = true
	default:
		if !json.Valid(append(append([]byte{'{'}, b...), '}')) {
			return r.fail(line, col, clip(b)+" is not a list of tags", `one as in "team": "payments","env": "prod"`)
		}
		c.oddTags = true
	}
	seen.add(raw)
	return nil
}

// tagsSQL makes a JSON object of a Tags cell however it is written.
func tagsObject(expr string) string {
	return fmt.Sprintf(`CASE WHEN %[1]s IS NULL OR trim(%[1]s) = '' THEN NULL WHEN ltrim(%[1]s)[1] = '{' THEN %[1]s WHEN ltrim(%[1]s)[1] = '[' THEN %[2]s ELSE concat('{', %[1]s, '}') END`, expr, pairsObject(expr))
}

// amountsCell checks a cell of kind Amounts and adds its amounts up.
func (r *rowReader) amountsCell(line int64, col int, b []byte) (sum number, ok bool, err error) {
	if sum, ok, err = sumAmounts(b, r.t.paths != nil); err != nil {
		err = r.fail(line, col, clip(b)+" "+err.Error(), `a list as in [{"name":"a credit","amount":-1.5}]`)
	}
	return sum, ok, err
}

// sign is -1, 0 or 1.
func (d number) sign() int {
	switch {
	case d.big != nil:
		return d.big.Sign()
	case d.mantissa < 0:
		return -1
	case d.mantissa > 0:
		return 1
	}
	return 0
}

func (d number) negated() number {
	if d.big != nil {
		v := d.big.Neg()
		d.big = &v
		return d
	}
	d.mantissa = -d.mantissa
	return d
}
