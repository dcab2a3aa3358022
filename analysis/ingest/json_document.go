package ingest

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"spendbot/analysis/ingest/dialect"
)

// form is what the text of a file is.
type form uint8

const (
	formTable       form = iota // CSV, or what is no JSON
	formLines                   // JSON lines
	formAllocations             // an answer of OpenCost's or Kubecost's allocation API, one document
	formOther                   // JSON of another kind
)

// sniffed is how much of a file is looked at to tell its form.
const sniffed = 64 << 10

// formOf tells a file's form by its beginning.
func formOf(head []byte, whole bool) form {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte(utf8BOM)), " \t\r\n")
	if len(head) == 0 || head[0] != '{' && head[0] != '[' {
		return formTable
	}
	if head[0] == '{' {
		if isAllocations(head) {
			return formAllocations
		}
		line, _, more := bytes.Cut(head, []byte{newline})
		if !more && !whole || more && !tooDeep(line) && gjson.ValidBytes(line) { // a long first line, or one that is whole
			return formLines
		}
		if whole && !more && !tooDeep(line) && gjson.ValidBytes(line) {
			return formLines
		}
	}
	return formOther
}

// isAllocations reports whether an object, perhaps only its beginning, has the answer's "data" among its first keys.
func isAllocations(head []byte) bool {
	l := literal{b: head}
	if !l.take('{') {
		return false
	}
	for {
		key, err := l.text()
		if err != nil || !l.take(':') {
			return false
		}
		if string(key) == "data" {
			l.space()
			return l.at < len(head) && (head[l.at] == '[' || head[l.at] == '{' || bytes.HasPrefix(head[l.at:], []byte("null")))
		}
		if l.skip() != nil || !l.take(',') {
			return false
		}
	}
}

// head is the beginning of a file's text, unpacked.
func (s source) head(ctx context.Context) (b []byte, whole bool, err error) {
	r, err := s.open(ctx)
	if err != nil {
		return nil, false, err
	}
	defer r.Close()
	b = make([]byte, sniffed)
	n, err := io.ReadFull(r, b)
	if whole = errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF); whole {
		err = nil
	}
	if err != nil {
		err = s.readError(err)
	}
	return b[:n], whole, err
}

// read settles how a file is read: JSON lines as they are, an answer of an allocation API as the table that is written of it.
func (s *source) read(ctx context.Context, dir string, n int) error {
	if s.parquet {
		return nil
	}
	head, whole, err := s.head(ctx)
	if err != nil {
		return err
	}
	switch formOf(head, whole) {
	case formLines:
		s.lines = true
	case formAllocations:
		return s.unfold(ctx, dir, n)
	case formOther:
		return &Error{File: s.path, Problem: "it is JSON, but neither rows nor an answer of an allocation API", Expected: "JSON lines (one charge a line), or OpenCost's {\"data\": [...]}"}
	}
	return nil
}

// IsData reports whether a JSON file may hold a bill: rows that a format knows, or allocations. Manifests and other notes that lie
// beside bills do not. What cannot be read is taken for data, so that a load says why, and so are rows in a file that is called lines.
func IsData(path string) bool {
	s, err := open0(path)
	if err != nil || s.parquet {
		return true
	}
	head, whole, err := s.head(context.Background())
	if err != nil {
		return true
	}
	switch formOf(head, whole) {
	case formAllocations:
		return true
	case formLines:
		names := pathsOf(head)
		r, err := dialect.Detect(dialect.Built(), names)
		return r != nil || err != nil || len(names) == 0 && !whole || jsonEnd(path) != ".json"
	}
	return false
}

// unfold writes an answer of OpenCost's or Kubecost's allocation API as a table, a row for each allocation of each window, under the
// names that OpenCost gives in its CSV export where it has them. The answer is read a piece at a time.
func (s *source) unfold(ctx context.Context, dir string, n int) (err error) {
	in, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer in.Close()
	to := filepath.Join(dir, fmt.Sprintf("allocations-%d.csv", n))
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, out.Close()) }()
	buf := bufio.NewWriterSize(out, 1<<16)
	a := &allocations{w: csv.NewWriter(buf), s: s, row: make([]string, len(allocationColumns))}
	a.in = &bounded{r: in, most: max(mostSmall, s.size*mostUnpacking)}
	if err := a.write(); err != nil {
		if e := (*Error)(nil); errors.As(err, &e) || ctx.Err() != nil {
			return err
		}
		return s.readError(err)
	}
	if a.rows == 0 {
		return &Error{File: s.path, Problem: "the answer has no allocations: every window of it is empty", Expected: "allocations"}
	}
	a.w.Flush()
	if err := cmp.Or(a.w.Error(), buf.Flush()); err != nil {
		return err
	}
	s.at, s.pack, s.unpacked, s.document = to, plain, true, true
	return nil
}

// bounded reads up to a number of bytes in all, and up to the longest object since the last one was finished.
type bounded struct {
	r          io.Reader
	most, read int64
	mark       int64
	err        error
}

func (b *bounded) Read(p []byte) (int, error) {
	switch {
	case b.read > b.most:
		b.err = fmt.Errorf("it unpacks to more than %d times its size, as no answer does", mostUnpacking)
		return 0, b.err
	case b.read-b.mark > 2*maxObject:
		b.err = fmt.Errorf("an allocation of more than %d MiB", maxObject>>20)
		return 0, b.err
	}
	// As much as there is room for: the decoder looks at all that it has whenever it gets more.
	n := 0
	for n < len(p) {
		k, err := b.r.Read(p[n:])
		n += k
		b.read += int64(k)
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// allocationColumns are the columns of the table.
var allocationColumns = []string{
	"Name", "Start", "End", "Cluster", "Node", "Namespace", "ControllerKind", "ControllerName", "Pod", "Container", "Labels", "TotalCost",
}

// allocations reads an answer.
type allocations struct {
	s    *source
	in   *bounded
	dec  *json.Decoder
	w    *csv.Writer
	row  []string
	rows int
	set  int // windows so far
}

// allocation is what is read of one.
type allocation struct {
	Name       string `json:"name"`
	Properties struct {
		Cluster        string            `json:"cluster"`
		Node           string            `json:"node"`
		Namespace      string            `json:"namespace"`
		Controller     string            `json:"controller"`
		ControllerKind string            `json:"controllerKind"`
		Pod            string            `json:"pod"`
		Container      string            `json:"container"`
		Labels         map[string]string `json:"labels"`
		Namespaces     map[string]string `json:"namespaceLabels"`
	} `json:"properties"`
	Window struct {
		Start string `json:"start"`
		End   string `json:"end"`
	} `json:"window"`
	Start     string       `json:"start"`
	End       string       `json:"end"`
	TotalCost *json.Number `json:"totalCost"`
}

func (a *allocations) bad(field, problem, expected string) error {
	return &Error{File: a.s.path, Name: field, Problem: problem, Expected: expected}
}

// broken explains an error of the decoder.
func (a *allocations) broken(err error) error {
	if a.in.err != nil {
		return a.bad("", a.in.err.Error(), "an answer of an allocation API")
	}
	var syntax *json.SyntaxError
	var typed *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return a.bad("", "the JSON ends in the middle: the file is truncated", "a complete file; fetch it again")
	case errors.As(err, &syntax):
		return a.bad("", fmt.Sprintf("it is no JSON from byte %d on: %s", a.dec.InputOffset(), syntax), "an answer of an allocation API")
	case errors.As(err, &typed):
		return a.bad(fmt.Sprintf("data[%d]...%s", a.set, typed.Field), "it is a "+typed.Value, "a "+typed.Type.String())
	case strings.HasPrefix(err.Error(), "json: "):
		return a.bad(fmt.Sprintf("data[%d]", a.set), strings.TrimPrefix(err.Error(), "json: "), "an answer of an allocation API")
	}
	return err
}

// write reads the whole answer.
func (a *allocations) write() error {
	if err := a.w.Write(allocationColumns); err != nil {
		return err
	}
	a.dec = json.NewDecoder(a.in)
	if err := a.open('{'); err != nil {
		return err
	}
	for a.dec.More() {
		key, err := a.token()
		if err != nil {
			return err
		}
		if key != "data" {
			if err := a.pass(); err != nil {
				return err
			}
			continue
		}
		if err := a.data(); err != nil {
			return err
		}
	}
	if _, err := a.token(); err != nil {
		return err
	}
	if _, err := a.dec.Token(); !errors.Is(err, io.EOF) {
		return a.bad("", "something follows the answer", "one answer a file")
	}
	return nil
}

func (a *allocations) token() (json.Token, error) {
	a.in.mark = a.in.read
	t, err := a.dec.Token()
	if err != nil {
		return nil, a.broken(err)
	}
	return t, nil
}

func (a *allocations) open(d json.Delim) error {
	t, err := a.token()
	if err == nil && t != d {
		err = a.bad("", fmt.Sprintf("there is %v where %v belongs", t, d), "an answer of an allocation API")
	}
	return err
}

// pass steps over a value.
func (a *allocations) pass() error {
	a.in.mark = a.in.read
	var skip json.RawMessage
	if err := a.dec.Decode(&skip); err != nil {
		return a.broken(err)
	}
	return nil
}

// data reads the windows: a list of them, or one alone. A window without allocations may be null.
func (a *allocations) data() error {
	t, err := a.token()
	if err != nil {
		return err
	}
	switch t {
	case nil:
		return nil
	case json.Delim('{'):
		return a.window()
	case json.Delim('['):
	default:
		return a.bad("data", "it is no list", "a list of windows")
	}
	for a.dec.More() {
		t, err := a.token()
		if err != nil {
			return err
		}
		switch t {
		case nil:
		case json.Delim('{'):
			if err := a.window(); err != nil {
				return err
			}
		default:
			return a.bad(fmt.Sprintf("data[%d]", a.set), "it is no object", "allocations by their names")
		}
		a.set++
	}
	_, err = a.token()
	return err
}

// window reads allocations by their names, up to the closing brace.
func (a *allocations) window() error {
	for a.dec.More() {
		t, err := a.token()
		if err != nil {
			return err
		}
		name, _ := t.(string)
		a.in.mark = a.in.read
		var one *allocation
		if err := a.dec.Decode(&one); err != nil {
			return a.broken(err)
		}
		if one == nil {
			continue
		}
		if err := a.one(name, one); err != nil {
			return err
		}
	}
	_, err := a.token()
	return err
}

func (a *allocations) one(name string, one *allocation) error {
	field := func(f string) string { return fmt.Sprintf("data[%d][%s].%s", a.set, clip([]byte(name)), f) }
	start, end := cmp.Or(one.Window.Start, one.Start), cmp.Or(one.Window.End, one.End)
	for f, v := range map[string]string{"window.start": start, "window.end": end} {
		if v == "" {
			return a.bad(field(f), "there is no value", "the time it begins and ends")
		}
		if _, ok := parseTime(v); !ok {
			return a.bad(field(f), clip([]byte(v))+" is not a date and time", "one as in 2026-10-31T00:00:00Z")
		}
	}
	if one.TotalCost == nil || *one.TotalCost == "" {
		return a.bad(field("totalCost"), "there is no value", "the cost of the allocation")
	}
	d, ok := parseNumber([]byte(*one.TotalCost))
	if d, _ = d.rounded(); !ok || !d.fits() {
		return a.bad(field("totalCost"), clip([]byte(*one.TotalCost))+" is no number that the store can hold", "a decimal number")
	}
	labels := map[string]string{}
	for _, from := range []map[string]string{one.Properties.Namespaces, one.Properties.Labels} {
		for k, v := range from {
			labels[k] = v
		}
	}
	text := ""
	if len(labels) > 0 {
		b, err := json.Marshal(labels) // in the order of the keys
		if err != nil {
			return err
		}
		text = string(b)
	}
	p := &one.Properties
	copy(a.row, []string{cmp.Or(one.Name, name), start, end, p.Cluster, p.Node, p.Namespace, p.ControllerKind, p.Controller, p.Pod, p.Container, text, one.TotalCost.String()})
	for i := range a.row { // the table's reader takes these for nothing
		if a.row[i] == "NULL" {
			a.row[i] = ""
		}
	}
	a.rows++
	return a.w.Write(a.row)
}

// jsonEnd is the end of the name of a file that may be JSON with a bill in it; "" of other files.
func jsonEnd(name string) string {
	name = strings.ToLower(name)
	for _, packing := range []string{".gz", ".zst"} {
		name = strings.TrimSuffix(name, packing)
	}
	if end := filepath.Ext(name); slices.Contains([]string{".json", ".jsonl", ".ndjson"}, end) {
		return end
	}
	return ""
}
