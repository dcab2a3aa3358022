package ingest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
)

// scanner reads CSV records (RFC 4180: quotes doubled inside quoted fields, line breaks allowed in them; LF or CRLF) as
// byte slices into its buffer, valid until the next call. It is our own because a load reads every byte of files of many
// gigabytes once more than DuckDB does, and because errors must name lines.
type scanner struct {
	r     io.Reader
	comma byte
	buf   []byte
	pos   int // start of the unread part of buf
	end   int
	eof   bool

	line   int64 // line the current record starts on, 1-based
	next   int64 // line the next record starts on
	fields [][]byte
	ends   []fieldSpan
	raw    []bool // columns whose doubled quotes stay as they are in the file
	breaks breaks
}

// breaks are the ways in which records end: with LF, with CRLF, or now so and now so, as files put together by hand do.
type breaks struct{ lf, crlf bool }

func (k *breaks) add(o breaks) { k.lf, k.crlf = k.lf || o.lf, k.crlf || o.crlf }

// fieldSpan is a field's place in the buffer. Quoted fields with doubled quotes are unescaped in place.
type fieldSpan struct {
	from, to int
	doubled  bool
}

const (
	scanBuffer   = 1 << 20
	maxRecord    = 2 << 20 // what DuckDB's reader takes
	utf8BOM      = "\xef\xbb\xbf"
	quote        = '"'
	carriage     = '\r'
	newline      = '\n'
	errUnclosed  = "a quoted field is never closed"
	errAfterQuot = "a quoted field goes on after its closing quote"
	errCarriage  = "a carriage return inside a field that is not quoted"
)

var errRecordTooLong = errors.New("a record of more than 2 MiB; a quote is probably missing")

func newScanner(r io.Reader, comma byte) *scanner {
	return &scanner{r: r, comma: comma, buf: make([]byte, scanBuffer), next: 1}
}

// newPieceScanner reads the records of a piece that is in memory whole and begins on the given line.
func newPieceScanner(piece []byte, comma byte, line int64) *scanner {
	return &scanner{comma: comma, buf: piece, end: len(piece), eof: true, next: line}
}

// scanError is a malformed record.
type scanError struct {
	line    int64
	problem string
}

func (e *scanError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.problem) }

// read returns the next record, io.EOF at the end. Blank lines are passed over.
func (s *scanner) read() ([][]byte, error) {
	for {
		n, lines, err := s.record()
		if err != nil {
			return nil, err
		}
		s.line = s.next
		s.next += lines
		start := s.pos
		s.pos += n
		if s.buf[s.pos-1] == newline {
			crlf := n > 1 && s.buf[s.pos-2] == carriage
			s.breaks.add(breaks{lf: !crlf, crlf: crlf})
		}
		if bytes.IndexByte(s.buf[start:s.pos], carriage) >= 0 && s.bareCarriage(start) {
			return nil, &scanError{s.line, errCarriage}
		}
		if len(s.ends) == 1 && s.ends[0].from == s.ends[0].to && n <= 2 && s.buf[start] != quote {
			continue // a blank line
		}
		s.fields = s.fields[:0]
		for _, f := range s.ends {
			s.fields = append(s.fields, s.buf[f.from:f.to])
		}
		return s.fields, nil
	}
}

// bareCarriage reports whether a field of the record that begins at start has a carriage return without quotes around it, which some
// readers take for the end of a row and others for text.
func (s *scanner) bareCarriage(start int) bool {
	for _, f := range s.ends {
		if (f.from == start || s.buf[f.from-1] != quote) && bytes.IndexByte(s.buf[f.from:f.to], carriage) >= 0 {
			return true
		}
	}
	return false
}

// record finds the next record's fields and returns its length and how many lines it takes.
func (s *scanner) record() (n int, lines int64, err error) {
	for {
		n, lines, more, err := s.try()
		if err != nil || !more {
			return n, lines, err
		}
		if err := s.fill(); err != nil {
			return 0, 0, err
		}
	}
}

// try parses a record from the buffered bytes; more says that it does not end there and the file goes on. Doubled quotes are
// unescaped only once the whole record is there, so that trying again finds the bytes unchanged.
func (s *scanner) try() (n int, lines int64, more bool, err error) {
	b := s.buf[s.pos:s.end]
	if len(b) == 0 {
		if s.eof {
			return 0, 0, false, io.EOF
		}
		return 0, 0, true, nil
	}
	s.ends = s.ends[:0]
	doubled := false
	for i := 0; ; i++ { // a field a turn; i++ passes over the comma
		from := i
		if i < len(b) && b[i] == quote {
			to, twice, ended := quoted(b, i+1)
			if !ended && s.eof {
				return 0, 0, false, &scanError{s.next, errUnclosed}
			}
			if to+1 >= len(b) && !s.eof {
				return 0, 0, true, nil // the next byte decides whether this quote closes
			}
			i = to + 1
			doubled = doubled || twice
			lines += int64(bytes.Count(b[from:i], []byte{newline}))
			s.ends = append(s.ends, fieldSpan{s.pos + from + 1, s.pos + to, twice})
			if i+1 < len(b) && b[i] == carriage && b[i+1] == newline {
				i++
			}
			switch {
			case i == len(b):
				lines++
				return s.whole(i, lines, doubled)
			case b[i] == newline:
				return s.whole(i+1, lines+1, doubled)
			case b[i] == s.comma:
				continue
			case b[i] == carriage && i+1 == len(b):
				if !s.eof {
					return 0, 0, true, nil
				}
				return s.whole(i+1, lines+1, doubled)
			}
			return 0, 0, false, &scanError{s.next + lines, errAfterQuot}
		}
		i = plainEnd(b, i, s.comma)
		to := i
		if to > from && (i == len(b) || b[i] == newline) && b[to-1] == carriage {
			to--
		}
		s.ends = append(s.ends, fieldSpan{s.pos + from, s.pos + to, false})
		if i < len(b) && b[i] == s.comma {
			continue
		}
		if i == len(b) {
			if !s.eof {
				return 0, 0, true, nil
			}
			return s.whole(i, lines+1, doubled)
		}
		return s.whole(i+1, lines+1, doubled)
	}
}

// whole ends a record that is there completely.
func (s *scanner) whole(n int, lines int64, doubled bool) (int, int64, bool, error) {
	if doubled {
		for k, f := range s.ends {
			if f.doubled && (k >= len(s.raw) || !s.raw[k]) {
				s.ends[k].to = f.from + unescape(s.buf[f.from:f.to])
			}
		}
	}
	return n, lines, false, nil
}

// quoted finds the quote that closes a field whose text begins at i; twice says that doubled quotes are in it. ended is
// false when there is none.
func quoted(b []byte, i int) (to int, twice, ended bool) {
	for {
		j := bytes.IndexByte(b[i:], quote)
		if j < 0 {
			return len(b), twice, false
		}
		i += j
		if i+1 == len(b) || b[i+1] != quote {
			return i, twice, true
		}
		twice = true
		i += 2
	}
}

// plainEnd finds the comma or newline that ends an unquoted field, eight bytes at a time.
func plainEnd(b []byte, i int, comma byte) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	commas, newlines := uint64(comma)*ones, uint64(newline)*ones
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		c, n := w^commas, w^newlines
		// A byte's top bit is set where the byte is zero; above the lowest such byte a borrow may set others, below none.
		if hit := ((c-ones)&^c | (n-ones)&^n) & tops; hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
	}
	for ; i < len(b); i++ {
		if b[i] == comma || b[i] == newline {
			break
		}
	}
	return i
}

// unescape turns doubled quotes into single ones in place and returns the new length.
func unescape(b []byte) int {
	r := bytes.IndexByte(b, quote) + 1 // keep the first of the first pair
	w := r
	for r < len(b) {
		r++ // its second
		n := bytes.IndexByte(b[r:], quote)
		if n < 0 {
			return w + copy(b[w:], b[r:])
		}
		w += copy(b[w:], b[r:r+n+1])
		r += n + 1
	}
	return w
}

// fill reads more bytes behind the unread part of the buffer, growing it when one record fills it.
func (s *scanner) fill() error {
	if s.pos > 0 {
		copy(s.buf, s.buf[s.pos:s.end])
		s.end -= s.pos
		s.pos = 0
	}
	if s.end == len(s.buf) {
		if len(s.buf) >= maxRecord {
			return errRecordTooLong
		}
		s.buf = append(s.buf, make([]byte, len(s.buf))...)
	}
	n, err := io.ReadAtLeast(s.r, s.buf[s.end:], 1)
	s.end += n
	switch {
	case errors.Is(err, io.EOF):
		s.eof = true
		return nil
	case err != nil:
		return err
	}
	return nil
}
