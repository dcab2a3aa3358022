// Package native writes the demo company's bills in the clouds' own formats, made from the FOCUS exports of package demo: the
// same truth twice. A test that loads both and finds the same daily costs shows the mappings right.
//
// In: a folder that [demo.Generate] filled. Out: a folder for each provider's native export, laid out as the provider lays it
// out in a bucket, manifests included.
package native

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// row is a row of a FOCUS export.
type row struct {
	at    map[string]int
	cells []string
}

// get is the cell of a FOCUS column; "" where the file has no such column.
func (r row) get(column string) string {
	if i, ok := r.at[column]; ok {
		return r.cells[i]
	}
	return ""
}

// eachRow reads a FOCUS export as package demo writes them: CSV, packed or not. The row is only good until f returns.
func eachRow(path string, f func(row) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	var in io.Reader = file
	switch {
	case strings.HasSuffix(path, ".gz"):
		z, err := gzip.NewReader(file)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		defer z.Close()
		in = z
	case strings.HasSuffix(path, ".zst"):
		z, err := zstd.NewReader(file)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		defer z.Close()
		in = z
	}
	c := csv.NewReader(in)
	c.ReuseRecord = true
	header, err := c.Read()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	r := row{at: map[string]int{}}
	for i, n := range header {
		r.at[n] = i
	}
	for {
		r.cells, err = c.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err := f(r); err != nil {
			return err
		}
	}
}
