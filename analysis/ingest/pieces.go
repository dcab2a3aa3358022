package ingest

import (
	"bytes"
	"errors"
	"io"
)

// piece is a run of whole CSV records.
type piece struct {
	data []byte
	line int64 // its first line
}

// pieceSize is how much of a file is handed to one checker at a time.
const pieceSize = 1 << 20

// cutter cuts a CSV stream into pieces that can be read independently. It takes a line break for the end of a record where
// an even number of quotes lies before it, which holds in every file whose quotes are all doubled or around fields. A file
// with a stray quote inside an unquoted field may be cut in the wrong place; its pieces then have broken rows, and
// [readTally] reads such a file again from the front, record by record.
type cutter struct {
	r       io.Reader
	ends    func([]byte) int // the offset after the last record that ends in it; 0 when none does
	most    int              // bytes of a record
	tooLong error            // of one that is longer
	carry   []byte           // the beginning of the next piece
	line    int64
	done    bool
	free    chan []byte // buffers to be used again
}

func newCutter(r io.Reader, buffers int) *cutter {
	return &cutter{r: r, ends: lastRecordEnd, most: maxRecord, tooLong: errRecordTooLong, line: 1, free: make(chan []byte, buffers)}
}

// next returns the next piece; io.EOF at the end.
func (c *cutter) next() (piece, error) {
	if c.done {
		return piece{}, io.EOF
	}
	var buf []byte
	select {
	case buf = <-c.free:
		buf = buf[:0]
	default:
		buf = make([]byte, 0, pieceSize)
	}
	buf = append(buf, c.carry...)
	c.carry = c.carry[:0]
	for {
		var err error
		if buf, err = fillUp(c.r, buf); err != nil && !errors.Is(err, io.EOF) {
			return piece{}, err
		}
		end := len(buf)
		if c.done = err != nil; !c.done {
			if end = c.ends(buf); end == 0 { // not one record ends in it
				if len(buf) > c.most {
					return piece{}, c.tooLong
				}
				buf = append(make([]byte, 0, 2*cap(buf)), buf...)
				continue
			}
		}
		if end == 0 {
			return piece{}, io.EOF
		}
		c.carry = append(c.carry, buf[end:]...)
		p := piece{data: buf[:end], line: c.line}
		c.line += int64(bytes.Count(p.data, []byte{newline}))
		return p, nil
	}
}

// recycle gives a piece's buffer back.
func (c *cutter) recycle(p piece) {
	select {
	case c.free <- p.data:
	default:
	}
}

// fillUp reads until the buffer's capacity is used; io.EOF says that the stream ended.
func fillUp(r io.Reader, buf []byte) ([]byte, error) {
	for len(buf) < cap(buf) {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err != nil {
			return buf, err
		}
	}
	return buf, nil
}

// lastRecordEnd is the offset after the last line break that lies outside of quotes; 0 when there is none.
func lastRecordEnd(b []byte) int {
	inside := bytes.Count(b, []byte{quote})
	for end := len(b); ; {
		at := bytes.LastIndexByte(b[:end], newline)
		if at < 0 {
			return 0
		}
		inside -= bytes.Count(b[at:end], []byte{quote})
		if inside%2 == 0 {
			return at + 1
		}
		end = at
	}
}
