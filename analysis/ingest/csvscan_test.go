package ingest

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// records reads all of a text; each record is its line number and its cells.
func records(sc *scanner) (out []string, err error) {
	for {
		f, err := sc.read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, fmt.Sprintf("%d %q", sc.line, f))
	}
}

func TestScannerLines(t *testing.T) {
	tests := map[string][]string{
		"a,b\nc,d\n":               {`1 ["a" "b"]`, `2 ["c" "d"]`},
		"a,b\r\nc,d":               {`1 ["a" "b"]`, `2 ["c" "d"]`},
		"\n\r\na\n\nb":             {`3 ["a"]`, `5 ["b"]`},
		"\"x\ny\",1\nz,2\n":        {`1 ["x\ny" "1"]`, `3 ["z" "2"]`},
		`"a""b","""","",""""""`:    {`1 ["a\"b" "\"" "" "\"\""]`},
		"a\"b,c\n":                 {`1 ["a\"b" "c"]`},
		",\n,,\n":                  {`1 ["" ""]`, `2 ["" "" ""]`},
		"\"\"\n":                   {`1 [""]`},
		"\"a\rb\",c\r\n":           {`1 ["a\rb" "c"]`},
		"\"a\"\r\n\"b\"\r":         {`1 ["a"]`, `2 ["b"]`},
		"12345678,1234567,123\nxy": {`1 ["12345678" "1234567" "123"]`, `2 ["xy"]`},
	}
	for text, want := range tests {
		for _, r := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text))} {
			got, err := records(newScanner(r, ','))
			if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%q reads as %v, %v; want %v", text, got, err, want)
			}
		}
		if got, err := records(newPieceScanner([]byte(text), ',', 1)); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%q in one piece reads as %v, %v; want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"a\n\"b":         "line 2: a quoted field is never closed",
		"a\n\"b\nc\"d\n": "line 3: a quoted field goes on after its closing quote",
		"\"a\" ,b\n":     "line 1: a quoted field goes on after its closing quote",
		"a\rb,c\r\n":     "line 1: a carriage return inside a field that is not quoted",
		"\"a\",c\r\r\n":  "line 1: a carriage return inside a field that is not quoted",
		"\"a\"\rb\n":     "line 1: a quoted field goes on after its closing quote",
	} {
		if _, err := records(newScanner(strings.NewReader(text), ',')); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// FuzzScanner compares with encoding/csv, and reading a byte at a time or a piece at a time with reading at once.
func FuzzScanner(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "\"a\"\"b\",c\r\n\r\n\"x\ny\",z", "\"", "a\"b,c", ",,,\n", "\r\r\n\"\"", "\"a\"\rb", "é,\x00,\xff\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := records(newScanner(strings.NewReader(s), ','))
		slow, slowErr := records(newScanner(iotest.OneByteReader(strings.NewReader(s)), ','))
		piece, pieceErr := records(newPieceScanner([]byte(s), ',', 1))
		if fmt.Sprint(got, err) != fmt.Sprint(slow, slowErr) || fmt.Sprint(got, err) != fmt.Sprint(piece, pieceErr) {
			t.Fatalf("%q reads as %v, %v; byte by byte %v, %v; in a piece %v, %v", s, got, err, slow, slowErr, piece, pieceErr)
		}
		r := csv.NewReader(strings.NewReader(s))
		r.FieldsPerRecord = -1
		var want []string
		for {
			rec, err := r.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return // not valid to encoding/csv, which is stricter about stray quotes
			}
			line, _ := r.FieldPos(0)
			want = append(want, fmt.Sprintf("%d %q", line, rec))
		}
		if strings.Contains(s, "\r") {
			return // encoding/csv rewrites CRLF inside of quotes and drops CRs that we keep
		}
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%q reads as %v, %v; encoding/csv reads %v", s, got, err, want)
		}
	})
}

// FuzzCutter: the pieces of a stream are the stream, and where its quotes are regular they read as it does.
func FuzzCutter(f *testing.F) {
	f.Add("a,b\n\"x\ny\",z\n1,2", 3)
	f.Add("\"\"\"\n\"\n", 1)
	f.Fuzz(func(t *testing.T, s string, size int) {
		if size <= 0 || size > 64 {
			return
		}
		c := newCutter(iotest.HalfReader(strings.NewReader(s)), 0)
		c.free = make(chan []byte, 1)
		var all []byte
		var got []string
		for {
			c.free <- make([]byte, 0, size)
			p, err := c.next()
			select {
			case <-c.free:
			default:
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, p.data...)
			rows, err := records(newPieceScanner(bytes.Clone(p.data), ',', p.line))
			if err != nil {
				return // cut in a wrong place, which the tally notices
			}
			got = append(got, rows...)
		}
		if string(all) != s {
			t.Fatalf("%q in pieces is %q", s, all)
		}
		r := csv.NewReader(strings.NewReader(s))
		r.FieldsPerRecord = -1
		if _, err := r.ReadAll(); err != nil {
			return
		}
		want, err := records(newScanner(strings.NewReader(s), ','))
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%q in pieces reads as %v, in one %v", s, got, want)
		}
	})
}

// FuzzParseTime: whatever is read as a time is one, and the forms that DuckDB is trusted with are the ones it reads alike.
func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"2026-10-31T00:00:00Z", "2026-10-31 22:00:00", "2026-10-31", "2026-10-31T05:30:00+05:30", "2026-10-31T00:00Z", "2026-10-31T00:00:00.123456789Z", "2026-02-30"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, ok := parseTime(s)
		if !ok {
			return
		}
		if m.at.Location() != time.UTC || m.at.Year() < 1989 || m.at.Year() > 2201 || m.at.Nanosecond()%1000 != 0 {
			t.Fatalf("%q is %v", s, m.at)
		}
		if !m.odd && !strings.HasPrefix(s, m.at.Format("2006-01-02")) {
			t.Fatalf("%q is %v, which its digits do not say", s, m.at)
		}
		if again, ok := parseTime(m.at.Format("2006-01-02T15:04:05.999999Z07:00")); !ok || !again.at.Equal(m.at) || again.odd {
			t.Fatalf("%q is %v and then %v", s, m.at, again.at)
		}
	})
}

// FuzzTally reads any bytes as a bill: an error or a tally, and the same side by side as in order.
func FuzzTally(f *testing.F) {
	head := "ProviderName,BillingAccountId,ChargePeriodStart,ChargeCategory,BillingCurrency,BilledCost,Tags\n"
	f.Add([]byte(head + "AWS,1,2026-10-01,Usage,USD,1.5,\"{\"\"a\"\":\"\"b\"\"}\"\n"))
	f.Add([]byte(head + "AWS,1,2026-10-01T00:00Z,tax,EUR,1e-5,NULL\r\n,,2026-10-01,Usage,USD,,\n"))
	f.Add([]byte("\xef\xbb\xbf" + strings.ReplaceAll(head, ",", ";") + "5\" disk;;2026-10-01;Usage;USD;-3;\n"))
	f.Add([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1, 2, 3})
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd, 0xa4, 0xff, 0xff, 0xff, 0xff})
	f.Add([]byte("PAR1"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) {
		p := filepath.Join(dir, fmt.Sprintf("f-%d", time.Now().UnixNano()))
		if err := os.WriteFile(p, b, 0o644); err != nil {
			t.Fatal(err)
		}
		defer os.Remove(p)
		src, err := open0(p)
		if err != nil || src.parquet {
			return
		}
		ctx := context.Background()
		before := allocated()
		a, errA := tallyPieces(ctx, src, Options{}, 2)
		o, errO := tallyInOrder(ctx, src, Options{})
		if n := allocated() - before; n > 64<<20+uint64(len(b))*200 && src.pack == plain {
			t.Fatalf("%d bytes took %d bytes of memory", len(b), n)
		}
		if errA == nil && errO != nil {
			t.Fatalf("in pieces it is read, in order: %v", errO)
		}
		if errA != nil || errO != nil {
			return
		}
		if x, y := sketch(a), sketch(o); x != y {
			t.Fatalf("in pieces:\n%s\nin order:\n%s", x, y)
		}
	})
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// sketch writes all a tally knows.
func sketch(t *tally) string {
	var b strings.Builder
	fmt.Fprintln(&b, t.version, t.rows, t.sha, t.counts, t.paddedTags, t.warnings.all())
	for _, c := range t.columns {
		fmt.Fprintln(&b, c.name, c.digits, c.scale, c.big, c.filled, c.oddTimes, c.span)
	}
	for _, p := range partitionsOf(t.groups) {
		fmt.Fprintln(&b, p)
	}
	fmt.Fprintln(&b, reconcile("", t.groups, t.groups), len(t.groups))
	sums := totals(t.groups)
	for _, c := range slices.Sorted(maps.Keys(sums)) {
		s := sums[c]
		fmt.Fprintln(&b, c, show(s.Billed), show(s.Effective), show(s.List), show(s.Contracted))
	}
	return b.String()
}

// TestTallyInPiecesIsTallyInOrder: on a file of several pieces, with line breaks in quotes where pieces are cut.
func TestTallyInPiecesIsTallyInOrder(t *testing.T) {
	var b strings.Builder
	b.WriteString("ProviderName,BillingAccountId,ChargePeriodStart,ChargeCategory,BillingCurrency,BilledCost,EffectiveCost,ChargeDescription,Tags\n")
	for i := range 45000 {
		fmt.Fprintf(&b, "AWS,p%d,2026-%02d-05T%02d:00:00Z,Usage,USD,%d.%03d,%d,\"line\none, \"\"two\"\"\r\nthree %s\",\"{\"\"k\"\":\"\"v%d\"\"}\"\r\n",
			i%3, 1+i%12, i%24, i%97, i%1000, i%2, strings.Repeat("\"\"\n", i%5), i%50)
	}
	p := filepath.Join(t.TempDir(), "big.csv")
	if err := os.WriteFile(p, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	if b.Len() < 3*pieceSize {
		t.Fatal("the file is of too few pieces")
	}
	src, err := open0(p)
	if err != nil {
		t.Fatal(err)
	}
	ordered, err := tallyInOrder(context.Background(), src, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 2, 5} {
		side, err := tallyPieces(context.Background(), src, Options{}, n)
		if err != nil {
			t.Fatal(err)
		}
		if x, y := sketch(side), sketch(ordered); x != y {
			t.Errorf("%d side by side:\n%s\nin order:\n%s", n, x, y)
		}
	}
}
