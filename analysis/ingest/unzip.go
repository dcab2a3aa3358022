package ingest

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// The most a packed file may unpack to: bills are text that packs to a tenth, at the very best to a two-hundredth. An archive
// that claims more is made to fill a disk. mostSmall is allowed in any case.
const (
	mostUnpacking = 200
	mostSmall     = 64 << 20
)

// unpack takes the one CSV file out of a zip archive, which DuckDB does not read, into a folder of ours. Names in the archive
// decide nothing.
func (s *source) unpack(ctx context.Context, dir string, n int) (err error) {
	if s.pack != zips {
		return nil
	}
	bad := func(problem string) error {
		return &Error{File: s.path, Problem: problem, Expected: "a zip archive of one CSV file"}
	}
	z, err := zip.OpenReader(s.path)
	if err != nil {
		return bad("the zip archive is damaged: " + err.Error())
	}
	defer z.Close()
	var found *zip.File
	for _, f := range z.File {
		if f.FileInfo().IsDir() || strings.HasPrefix(f.Name, "__MACOSX/") {
			continue
		}
		if found != nil {
			return bad("the zip archive holds more than one file")
		}
		found = f
	}
	if found == nil {
		return bad("the zip archive is empty")
	}
	most := max(mostSmall, s.size*mostUnpacking)
	tooMuch := bad(fmt.Sprintf("the zip archive unpacks to more than %d times its size, as no bill does", mostUnpacking))
	if found.UncompressedSize64 > uint64(most) {
		return tooMuch
	}
	in, err := found.Open()
	if err != nil {
		return bad("the zip archive is damaged: " + err.Error())
	}
	defer in.Close()
	to := filepath.Join(dir, fmt.Sprintf("unpacked-%d.csv", n))
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	wrote, err := io.Copy(out, io.LimitReader(readerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return in.Read(p)
	}), most+1))
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return bad("the zip archive is damaged: " + err.Error())
	case wrote > most:
		return tooMuch
	case wrote == 0:
		return bad("the file in the zip archive is empty")
	}
	s.at, s.pack, s.unpacked = to, plain, true
	return nil
}
