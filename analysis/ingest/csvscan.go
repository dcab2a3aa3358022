package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
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
}

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
)

var errRecordTooLong = errors.New("a record of more than 2 MiB; a quote is probably missing")

func newScanner(r io.Reader, comma byte) *scanner {
	return &scanner{r: r, comma: comma, buf: make([]byte, scanBuffer), next: 1}
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
	comma := s.comma
	i := 0
	for {
		from := i
		fieldDoubled := false
		if i < len(b) && b[i] == quote {
			i++
			from = i
			for {
				j := bytes.IndexByte(b[i:], quote)
				if j < 0 {
					if s.eof {
						return 0, 0, false, &scanError{s.next, errUnclosed}
					}
					return 0, 0, true, nil
				}
				i += j + 1
				if i < len(b) && b[i] == quote {
					doubled, fieldDoubled = true, true
					i++
					continue
				}
				if i == len(b) && !s.eof {
					return 0, 0, true, nil // the next byte decides whether this quote closes
				}
				break
			}
			lines += int64(bytes.Count(b[from:i], []byte{newline}))
			s.ends = append(s.ends, fieldSpan{s.pos + from, s.pos + i - 1, fieldDoubled})
			if i < len(b) && b[i] != s.comma && b[i] != newline && b[i] != carriage {
				return 0, 0, false, &scanError{s.next + lines, errAfterQuot}
			}
		} else {
			for i < len(b) {
				if c := b[i]; c == comma || c == newline {
					break
				}
				i++
			}
			to := i
			if to > from && (i == len(b) || b[i] == newline) && b[to-1] == carriage {
				to--
			}
			s.ends = append(s.ends, fieldSpan{s.pos + from, s.pos + to, false})
		}
		if i < len(b) && b[i] == carriage { // after a closing quote
			i++
			if i < len(b) && b[i] != newline {
				return 0, 0, false, &scanError{s.next + lines, errAfterQuot}
			}
		}
		if i == len(b) {
			if !s.eof {
				return 0, 0, true, nil
			}
			lines++
			break
		}
		if b[i] == newline {
			i++
			lines++
			break
		}
		i++ // the comma
	}
	if doubled {
		for k, f := range s.ends {
			if f.doubled {
				s.ends[k].to = f.from + unescape(s.buf[f.from:f.to])
			}
		}
	}
	return i, lines, false, nil
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
