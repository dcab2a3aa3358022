package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"
	"golang.org/x/sync/errgroup"

	"spendbot/analysis/focus"
	"spendbot/analysis/ingest/dialect"
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
	// oddCase says that the column is not one with a list of allowed values, or has others, or in other letters.
	oddCase bool
	// oddTimes says that there are times DuckDB does not read as they are meant: with an offset, which it drops, or to the
	// minute with a zone.
	oddTimes bool
	// oddDates says that there are dates written month/day/year.
	oddDates bool
	span     span // of its times

	native  string // the dialect's name for it, in a file that is not FOCUS
	tag     string // its key, where it is one of a family of tag columns
	oddTags bool   // there are tags that are no JSON object as they stand
	pyTags  bool   // there are tags written as Python does
	float   bool   // its numbers come out of floating-point software and may be rounded at the store's last digit
	cut     int64  // how many were
	inexact int64  // numbers in JSON with more digits than a floating-point number has
}

// span is the first and the last of some times.
type span struct{ first, last time.Time }

func (s *span) add(o span) {
	if o.first.IsZero() {
		return
	}
	if s.first.IsZero() || o.first.Before(s.first) {
		s.first = o.first
	}
	if s.last.IsZero() || o.last.After(s.last) {
		s.last = o.last
	}
}

// kind is how a cell is checked.
type kind uint8

const (
	kindText kind = iota
	kindDecimal
	kindTime
	kindJSON
	kindListed  // has a list of allowed values
	kindTags    // of a dialect: tags in one of several ways of writing
	kindAmounts // of a dialect: a list of amounts
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
	source  source
	comma   byte
	skip    int64 // blank lines before the header
	breaks  breaks
	version string
	columns []column
	groups  map[group]*groupSums
	rows    int64
	sha     string // of the file's bytes
	// reading is the header in the words of a dialect; nil for FOCUS. variants are the sums of the file taken for each of the
	// dialect's variants, and witness tells of which a row was seen that only they have.
	reading  *dialect.Reading
	paths    *jsonPaths // of JSON lines: where the columns are
	guessed  bool       // rows name no currency, and the dialect's usual one is taken
	variants []map[group]*groupSums
	witness  []bool
	sets     *setRows // nil where the dialect has none
	warnings *warnings
	counts   rowCounts
	// paddedTags says that tag keys have blanks around them, as Microsoft exports do.
	paddedTags bool
}

// rowCounts are rows a person should know of.
type rowCounts struct{ noEffective, zeroEffective, noPeriod int64 }

func (c *rowCounts) add(o rowCounts) {
	c.noEffective += o.noEffective
	c.zeroEffective += o.zeroEffective
	c.noPeriod += o.noPeriod
}

func (c rowCounts) warn(w *warnings) {
	w.count(c.noEffective, "rows have a BilledCost but no EffectiveCost: effective cost leaves them out")
	w.count(c.zeroEffective, "usage rows have a BilledCost but an EffectiveCost of 0: effective and billed cost differ by them")
	w.count(c.noPeriod, "rows name no billing period: the month of ChargePeriodStart is taken")
}

// Options of a load.
type Options struct {
	// Source names the feed. Empty: each row's provider and billing account, so that restating one payer's month leaves
	// the other payers' alone.
	Source   string
	Now      time.Time
	Progress func(Progress)
	// Mappings are formats described by the user; when there are any, files that are not FOCUS are read by them alone.
	Mappings []*dialect.Dialect
	// Currency is that of rows that name none, in formats other than FOCUS; empty: the format's own, where it has one.
	Currency string
	// Delivery is what the files were fetched as, and ETags names the version of each by its name below the folder; both are
	// kept in the load's record, and a file of ETags that is not loaded refuses the load. Beside are the keys of the other
	// deliveries of the same source, whose months this one may not replace. All unset for files that are named by hand.
	Delivery *store.Delivery
	ETags    map[string]string
	Beside   []string
}

// Progress tells how far a load is.
type Progress struct {
	Step  string // "checking", "writing", "rolling up", "committing"
	File  string
	Done  int64 // bytes of all files
	Total int64
}

// readTally reads a CSV file whole: in pieces, several at a time, or from the front where the pieces tell of anything wrong,
// since only reading in order says for certain what and where.
func readTally(ctx context.Context, src source, o Options) (*tally, error) {
	if src.lines {
		return readLines(ctx, src, o)
	}
	t, err := tallyPieces(ctx, src, o, min(runtime.GOMAXPROCS(0), mostReaders))
	if err == nil || ctx.Err() != nil {
		return t, err
	}
	if t, err = tallyInOrder(ctx, src, o); err != nil && src.pack != plain {
		if damage := src.damage(ctx); damage != nil {
			return nil, damage // the rows are broken because the packing is
		}
	}
	return t, err
}

// mostReaders bounds how many pieces are checked at once; beyond it, reading the file is what takes the time.
const mostReaders = 8

// tallyInOrder reads record by record.
func tallyInOrder(ctx context.Context, src source, o Options) (*tally, error) {
	r, err := src.open(ctx)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	head, rest, err := firstLine(r)
	if err != nil {
		return nil, src.readError(err)
	}
	t := newTally(src, delimiter(head))
	sc := newScanner(rest, t.comma)
	if err := t.readHeader(sc, o); err != nil {
		return nil, err
	}
	row := newRowReader(t, o)
	row.reads(sc)
	for {
		fields, err := sc.read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, src.readError(err)
		}
		for i, f := range fields {
			if !utf8.Valid(f) {
				return nil, row.fail(sc.line, min(i, len(t.columns)-1), clip(f)+" is not UTF-8", "text in UTF-8")
			}
		}
		if err := row.add(sc.line, fields); err != nil {
			return nil, err
		}
		if t.rows&0xffff == 0 && o.Progress != nil {
			o.Progress(Progress{Step: "checking", File: src.path, Done: r.n})
		}
	}
	row.finish()
	t.breaks.add(sc.breaks)
	return t.complete(r)
}

var errNotUTF8 = errors.New("not UTF-8")

// tallyPieces cuts the file into pieces and reads them side by side. Any error only says that something is wrong somewhere.
func tallyPieces(ctx context.Context, src source, o Options, readers int) (*tally, error) {
	r, err := src.open(ctx)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	head, rest, err := firstLine(r)
	if err != nil {
		return nil, src.readError(err)
	}
	t := newTally(src, delimiter(head))
	cut := newCutter(rest, readers+2)
	first, err := cut.next()
	if err != nil {
		return nil, src.readError(err)
	}
	sc := newPieceScanner(first.data, t.comma, 1)
	if err := t.readHeader(sc, o); err != nil {
		return nil, err
	}
	pieces := make(chan piece, readers)
	g, gctx := errgroup.WithContext(ctx)
	parts := make([]*tally, readers)
	for i := range readers {
		parts[i] = t.another()
		g.Go(func() error {
			row := newRowReader(parts[i], o)
			defer row.finish()
			for p := range pieces {
				if err := row.piece(p); err != nil {
					return err
				}
				cut.recycle(p)
			}
			return nil
		})
	}
	g.Go(func() error {
		defer close(pieces)
		p := piece{data: sc.buf[sc.pos:sc.end], line: sc.next}
		for {
			select {
			case pieces <- p:
			case <-gctx.Done():
				return gctx.Err()
			}
			if o.Progress != nil {
				o.Progress(Progress{Step: "checking", File: src.path, Done: r.n})
			}
			var err error
			if p, err = cut.next(); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
		}
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for _, p := range parts {
		t.absorb(p)
	}
	t.breaks.add(sc.breaks) // of the header
	return t.complete(r)
}

// piece reads the records of a piece.
func (r *rowReader) piece(p piece) error {
	if !utf8.Valid(p.data) {
		return errNotUTF8
	}
	sc := newPieceScanner(p.data, r.t.comma, p.line)
	r.reads(sc)
	for {
		fields, err := sc.read()
		if errors.Is(err, io.EOF) {
			r.t.breaks.add(sc.breaks)
			return nil
		}
		if err != nil {
			return err
		}
		if err := r.add(sc.line, fields); err != nil {
			return err
		}
	}
}

func newTally(src source, comma byte) *tally {
	return &tally{source: src, comma: comma, groups: map[group]*groupSums{}, warnings: newWarnings()}
}

// another is an empty tally of the same header.
func (t *tally) another() *tally {
	n := newTally(t.source, t.comma)
	n.version, n.columns, n.paths = t.version, slices.Clone(t.columns), t.paths
	n.read(t.reading)
	return n
}

// read takes the header for one of a dialect.
func (t *tally) read(r *dialect.Reading) {
	if t.reading = r; r == nil {
		return
	}
	t.witness = make([]bool, len(r.Dialect.Variants))
	for range r.Dialect.Variants {
		t.variants = append(t.variants, map[group]*groupSums{})
	}
}

// absorb adds another tally of the same file.
func (t *tally) absorb(o *tally) {
	t.rows += o.rows
	t.breaks.add(o.breaks)
	t.counts.add(o.counts)
	t.guessed = t.guessed || o.guessed
	t.paddedTags = t.paddedTags || o.paddedTags
	for i := range t.columns {
		c, d := &t.columns[i], o.columns[i]
		c.digits, c.scale = max(c.digits, d.digits), max(c.scale, d.scale)
		c.big, c.filled, c.oddTimes, c.oddCase = c.big || d.big, c.filled || d.filled, c.oddTimes || d.oddTimes, c.oddCase || d.oddCase
		c.oddDates, c.oddTags = c.oddDates || d.oddDates, c.oddTags || d.oddTags
		c.pyTags, c.cut, c.inexact = c.pyTags || d.pyTags, c.cut+d.cut, c.inexact+d.inexact
		c.span.add(d.span)
	}
	absorb(t.groups, o.groups)
	for v := range t.variants {
		absorb(t.variants[v], o.variants[v])
		t.witness[v] = t.witness[v] || o.witness[v]
	}
	if t.sets == nil {
		t.sets = o.sets
	} else {
		t.sets.absorb(o.sets)
	}
	t.warnings.absorb(o.warnings)
}

func absorb(into, from map[group]*groupSums) {
	for g, s := range from {
		have := into[g]
		if have == nil {
			into[g] = s
			continue
		}
		have.rows += s.rows
		for i := range costs {
			have.cost[i].merge(&s.cost[i])
		}
	}
}

// complete ends a tally whose every row was read.
func (t *tally) complete(r *reading) (*tally, error) {
	if t.rows == 0 {
		return nil, &Error{File: t.source.path, Problem: "there is a header but not one row", Expected: "rows below it"}
	}
	if t.reading == nil {
		t.counts.warn(t.warnings)
	}
	if t.guessed {
		t.warnings.add("rows name no currency: %s is taken, --currency says another", t.reading.Dialect.Key.DefaultCurrency)
	}
	if t.reading != nil && t.reading.Dialect.Note != "" {
		t.warnings.add("%s", t.reading.Dialect.Note)
	}
	for _, c := range t.columns {
		t.warnings.count(c.cut, fmt.Sprintf("floating-point numbers of %s have more than %d digits after the point and are rounded there", c.name, store.MoneyScale))
	}
	var err error
	if t.sha, err = r.sha256(); err != nil {
		return nil, t.source.readError(err)
	}
	if t.source.unpacked { // what was read is a copy of ours
		t.sha, err = t.source.hash(r.ctx)
	}
	return t, err
}

// readError explains an error of reading or splitting the file.
func (s source) readError(err error) error {
	var se *scanError
	switch {
	case errors.As(err, &se) && se.problem == errCarriage:
		return &Error{File: s.path, Line: se.line, Problem: se.problem, Expected: "lines that end with LF or CRLF, not as old Macs end them, and quotes around text that has line breaks"}
	case errors.As(err, &se):
		return &Error{File: s.path, Line: se.line, Problem: se.problem, Expected: "CSV with quotes doubled inside quoted fields"}
	case errors.Is(err, errUTF16):
		return &Error{File: s.path, Problem: err.Error(), Expected: "CSV in UTF-8; save it as \"CSV UTF-8\""}
	case errors.Is(err, errObjectTooLong):
		return &Error{File: s.path, Problem: "it has " + err.Error(), Expected: "JSON with one charge a line"}
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

var errUTF16 = errors.New("it is UTF-16 text")

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
	if bytes.HasPrefix(buf, []byte("\xff\xfe")) || bytes.HasPrefix(buf, []byte("\xfe\xff")) {
		return nil, nil, errUTF16
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

// header is a file's header as it was understood.
type header struct {
	version string // "FOCUS 1.2", "AWS CUR"
	columns []column
	unknown []string         // columns that FOCUS does not have
	reading *dialect.Reading // of a file that is not FOCUS
}

// detect reads a header, or says what is missing for it to be one. A mapping that was given goes first, then FOCUS, then
// the formats that are built in.
func detect(path string, names []string, mappings []*dialect.Dialect) (header, error) {
	version, ok, missing, unknown := focus.DetectVersion(names)
	dialects := mappings
	if !ok && len(mappings) == 0 {
		dialects = dialect.Built()
	}
	reading, err := dialect.Detect(dialects, names)
	switch {
	case err != nil && (reading != nil || !ok):
		return header{}, &Error{File: path, Line: 1, Problem: err.Error(), Expected: "each column once"}
	case reading != nil:
		return header{version: reading.Dialect.Name, columns: bind(reading), reading: reading}, nil
	case !ok:
		return header{}, unknownFormat(path, names, missing, mappings)
	}
	h := header{version: "FOCUS " + version, unknown: unknown}
	seen := map[string]string{}
	for i, n := range names {
		c := column{name: n, cost: -1}
		c.focus, c.known = byName()[strings.ToLower(n)]
		if c.known {
			if before, dup := seen[c.focus.Name]; dup {
				return header{}, &Error{File: path, Line: 1, Column: i + 1, Name: n,
					Problem: fmt.Sprintf("the column %s is there twice (also as %q)", c.focus.Name, before), Expected: "each column once"}
			}
			seen[c.focus.Name] = n
			c.cost = slices.Index(costs[:], c.focus.Name)
			c.kind = kindOf(c.focus)
			c.oddCase = c.kind != kindListed
		}
		h.columns = append(h.columns, c)
	}
	return h, nil
}

// unknownFormat is the error for a header that no format has.
func unknownFormat(path string, names, missing []string, mappings []*dialect.Dialect) error {
	const show = 8
	have := names
	if len(have) > show {
		have = append(slices.Clone(have[:show]), fmt.Sprintf("and %d more", len(names)-show))
	}
	if what, expected, ok := dialect.NotABill(names); ok {
		return &Error{File: path, Line: 1, Problem: what, Expected: expected}
	}
	if len(mappings) > 0 {
		return &Error{File: path, Line: 1,
			Problem:  fmt.Sprintf("it lacks columns that the mapping %s reads (its columns are %s)", mappings[0].Name, clip([]byte(strings.Join(have, ", ")))),
			Expected: strings.Join(mappings[0].Needs(), ", ")}
	}
	return &Error{File: path, Line: 1,
		Problem: fmt.Sprintf("this is no billing export that is known: as FOCUS it lacks %s (its columns are %s)",
			strings.Join(missing, ", "), clip([]byte(strings.Join(have, ", ")))),
		Expected: "FOCUS 1.0 to 1.3 (`spendbot columns` lists its columns), a bill of AWS, Azure, Google Cloud, OCI or OpenCost, or a mapping of your own (--mapping)"}
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

func (t *tally) readHeader(sc *scanner, o Options) error {
	fields, err := sc.read()
	if err != nil {
		return t.source.readError(err)
	}
	t.skip = sc.line - 1
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = string(bytes.TrimSpace(f))
	}
	h, err := detect(t.source.path, names, o.Mappings)
	if err != nil {
		return err
	}
	t.version, t.columns = h.version, h.columns
	if t.read(h.reading); t.reading == nil {
		t.warnings.header(t.columns, h.unknown)
	}
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
	times    map[string]moment
	good     []checked // per column: values already looked at
	// goodDoubled are the same for JSON whose quotes are doubled in the file.
	goodDoubled []checked
	last        [][]byte // per column: the value of the row before

	lastKey  []byte
	lastSums *groupSums
	byKey    map[string]*groupSums
	key      []byte

	sc      *scanner
	raw     []bool // per column: see reads
	scratch []byte

	counts rowCounts
	native *nativeRows // nil for FOCUS
}

func newRowReader(t *tally, o Options) *rowReader {
	r := &rowReader{t: t, o: o, at: map[string]int{}, times: map[string]moment{}, byKey: map[string]*groupSums{},
		good: make([]checked, len(t.columns)), goodDoubled: make([]checked, len(t.columns)), last: make([][]byte, len(t.columns))}
	for i, c := range t.columns {
		if c.known {
			r.at[c.focus.Name] = i
		}
	}
	for i := range t.columns {
		if t.columns[i].known {
			r.check = append(r.check, i)
		}
	}
	if t.reading != nil {
		r.keyed = [3]int{-1, -1, -1}
		r.native = newNativeRows(r)
		return r
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

// reads tells the scanner which columns it may leave as they are in the file: those of which only matters that they have a
// value, and JSON, which is mostly the same text again.
func (r *rowReader) reads(sc *scanner) {
	r.sc = sc
	if r.raw == nil {
		r.raw = make([]bool, len(r.t.columns))
		var decides map[int]bool
		if r.native != nil {
			decides = r.native.uses()
		}
		for i, c := range r.t.columns {
			used := slices.Contains(r.provider, i) || slices.Contains(r.keyed[:], i) || slices.Contains(r.required, i)
			r.raw[i] = !used && !decides[i] && (!c.known || c.kind == kindText || c.kind == kindJSON || c.kind == kindTags)
		}
	}
	sc.raw = r.raw
}

func (r *rowReader) fail(line int64, col int, problem, expected string) error {
	e := &Error{File: r.t.source.path, Line: line, Problem: problem, Expected: expected}
	if col >= 0 {
		if e.Name = r.t.columns[col].name; r.t.paths == nil {
			e.Column = col + 1
		}
	}
	return e
}

// checked remembers values of a column that were found good, up to a bound, since most values come again and again.
type checked struct {
	values map[string]struct{}
	bytes  int
}

const (
	checkedMost  = 1 << 16
	checkedBytes = 8 << 20
)

func (c *checked) has(b []byte) bool {
	_, ok := c.values[string(b)]
	return ok
}

func (c *checked) add(b []byte) {
	if len(c.values) >= checkedMost || c.bytes+len(b) > checkedBytes {
		return
	}
	if c.values == nil {
		c.values = map[string]struct{}{}
	}
	c.values[string(b)] = struct{}{}
	c.bytes += len(b)
}

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
			if r.native != nil {
				r.native.have[i] = false
			}
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
				if c.float {
					var cut bool
					if d, cut = d.rounded(); cut {
						c.cut++
					}
				}
				if !d.fits() {
					return r.fail(line, i, clip(b)+" does not fit the store without rounding",
						fmt.Sprintf("at most %d digits before and %d after the point", store.MoneyPrecision-store.MoneyScale, store.MoneyScale))
				}
				c.big = true
			}
			c.digits, c.scale = max(c.digits, d.digits), max(c.scale, d.scale)
			if c.cost >= 0 {
				amounts[c.cost], have[c.cost] = d, true
			} else if r.native != nil {
				r.native.nums[i], r.native.have[i] = d, true
			}
			continue
		}
		if c.kind == kindAmounts {
			d, ok, err := r.amountsCell(line, i, b)
			if err != nil {
				return err
			}
			r.native.nums[i], r.native.have[i] = d, ok
			continue
		}
		if c.kind == kindText {
			r.check = slices.Delete(r.check, k, k+1) // all there was to know of it is that it has a value
			k--
			continue
		}
		if c.kind != kindJSON && c.kind != kindTags && bytes.Equal(b, r.last[i]) {
			continue // exports repeat themselves: most cells are as in the row before
		}
		if err := r.cell(line, i, c, b); err != nil {
			return err
		}
		r.last[i] = append(r.last[i][:0], b...)
	}
	if r.native != nil {
		return r.native.add(line, fields)
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
			r.counts.noEffective++
		} else if amounts[1].mantissa == 0 && amounts[1].big == nil && r.isUsage(fields) {
			r.counts.zeroEffective++
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
	case kindTags:
		err = r.tagsCell(line, i, b)
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
		r.counts.noPeriod++
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

// timeLayouts are the ways of writing a time that are read, with whether DuckDB reads text of that form as we do.
var timeLayouts = []struct {
	layout string
	native bool
}{
	{"2006-01-02T15:04:05Z07:00", true}, {"2006-01-02 15:04:05", true}, {"2006-01-02T15:04:05", true},
	{"2006-01-02 15:04:05Z07:00", true}, {"2006-01-02 15:04:05Z07", true}, {"2006-01-02", true},
	{"2006-01-02T15:04Z07:00", false}, {"2006-01-02 15:04Z07:00", false}, {"2006-01-02T15:04", false}, {"2006-01-02 15:04", true},
	{"2006-01-02 15:04:05 UTC", true},
}

// usDate is the layout of dates in exports that say so in their documentation; only a dialect's columns are read with it, since
// what 9/2/2023 means is otherwise a guess.
const usDate = "1/2/2006"

// moment is a time as it was read.
type moment struct {
	at  time.Time
	odd bool // DuckDB would read it otherwise
	us  bool // month/day/year
}

// parseTime reads a time in UTC.
func parseTime(s string) (moment, bool) {
	for _, l := range timeLayouts {
		t, err := time.Parse(l.layout, s)
		if err != nil {
			continue
		}
		if y := t.Year(); y < 1990 || y > 2200 {
			return moment{}, false
		}
		_, offset := t.Zone()
		return moment{at: t.UTC().Truncate(time.Microsecond), odd: !l.native || offset != 0}, true
	}
	return moment{}, false
}

// parseUSDate reads a date written month/day/year, and a month alone, written as 2026-10, for its first day.
func parseUSDate(s string) (moment, bool) {
	t, err := time.Parse(usDate, s)
	if err != nil {
		t, err = time.Parse("2006-01", s)
	}
	if err != nil || t.Year() < 1990 || t.Year() > 2200 {
		return moment{}, false
	}
	return moment{at: t, us: true}, true
}

// timesMost bounds how many times are remembered: more than the hours of a decade.
const timesMost = 1 << 17

func (r *rowReader) time(line int64, col int, b []byte) (time.Time, error) {
	m, ok := r.times[string(b)]
	if !ok {
		expected := "one as in 2026-10-31T00:00:00Z"
		if m, ok = parseTime(string(b)); !ok && r.native != nil {
			m, ok = parseUSDate(string(b))
			expected += ", or month/day/year as in 10/31/2026"
		}
		if !ok {
			return time.Time{}, r.fail(line, col, clip(b)+" is not a date and time", expected)
		}
		if len(r.times) < timesMost {
			r.times[string(b)] = m
		}
	}
	c := &r.t.columns[col]
	c.oddTimes = c.oddTimes || m.odd
	c.oddDates = c.oddDates || m.us
	c.span.add(span{m.at, m.at})
	return m.at, nil
}

func (r *rowReader) json(line int64, col int, raw []byte) error {
	seen := &r.good[col]
	if r.sc.ends[col].doubled {
		seen = &r.goodDoubled[col]
	}
	if seen.has(raw) {
		return nil
	}
	b := raw
	if r.sc.ends[col].doubled {
		r.scratch = append(r.scratch[:0], raw...)
		b = r.scratch[:unescape(r.scratch)]
	}
	if !json.Valid(b) || bytes.TrimLeft(b, " \t\r\n")[0] != '{' {
		return r.fail(line, col, clip(b)+" is not a JSON object", `one as in {"team":"payments"}, its quotes doubled`)
	}
	if t := r.t; !t.paddedTags && t.columns[col].focus.Name == "Tags" && (bytes.Contains(b, []byte(`" `)) || bytes.Contains(b, []byte(` "`))) {
		t.paddedTags = hasPaddedKey(b)
	}
	seen.add(raw)
	return nil
}

// hasPaddedKey reports whether a key of the object has blanks around it, as in Microsoft's exports.
func hasPaddedKey(object []byte) bool {
	var m map[string]json.RawMessage
	if json.Unmarshal(object, &m) != nil {
		return false
	}
	for k := range m {
		if strings.TrimSpace(k) != k {
			return true
		}
	}
	return false
}

func (r *rowReader) allowed(line int64, col int, b []byte) error {
	seen := &r.good[col]
	if seen.has(b) {
		return nil
	}
	c := r.t.columns[col].focus
	if !slices.Contains(c.Allowed, string(b)) {
		r.t.columns[col].oddCase = true
	}
	ok := slices.ContainsFunc(c.Allowed, func(a string) bool { return strings.EqualFold(a, string(b)) })
	if !ok && strict[c.Name] {
		return r.fail(line, col, clip(b)+" is not a value FOCUS knows", "one of "+strings.Join(c.Allowed, ", "))
	}
	if !ok {
		r.t.warnings.value(c.Name, string(b))
	}
	seen.add(b)
	return nil
}

func (r *rowReader) finish() { r.t.counts = r.counts }

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
