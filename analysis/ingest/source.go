package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// compression is how a file's bytes are packed.
type compression string

const (
	plain         compression = ""
	gzips         compression = "gzip"
	zstds         compression = "zstd"
	zips          compression = "zip" // only until it is unpacked
	packed                    = "PK\x03\x04"
	packedNothing             = "PK\x05\x06" // an archive without files
)

// source is one file to load, as its first bytes show it.
type source struct {
	path    string
	at      string // the same file under a path that is no pattern to DuckDB
	size    int64
	modTime int64
	pack    compression
	parquet bool
	// unpacked says that the file at path is an archive and at is the file that was in it, staged.
	unpacked bool
	lines    bool // JSON lines
	document bool // an answer of an allocation API, of which at is the table
}

var (
	magicGzip    = []byte{0x1f, 0x8b}
	magicZstd    = []byte{0x28, 0xb5, 0x2f, 0xfd}
	magicParquet = []byte("PAR1")
)

// expand lists the files of a path: itself, or the data files of a folder and those below it, in path order. Hidden files and
// files that describe others (manifests, checksums, our own events.json) are passed over. A linked part is a part; one whose link leads out of the
// folder is refused, unless the links are ours: whoever may put files there may not have us read others.
func expand(path string, ours bool) ([]string, error) {
	st, err := os.Stat(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, &Error{File: path, shown: path, Problem: "no such file or folder", Expected: "a billing export or a folder of its parts"}
		}
		return nil, err
	}
	if !st.IsDir() {
		return []string{path}, nil
	}
	var files []string
	root := path + string(filepath.Separator) // which follows a link that names the folder
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		switch {
		case strings.HasPrefix(name, ".") && p != root:
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		case d.Type()&fs.ModeSymlink != 0:
			if _, ok, err := Inside(path, p); err != nil {
				return err
			} else if !ok && !ours {
				return &Error{File: p, Problem: "it is a link that leads out of the folder", Expected: "files that lie in the folder; name the one that they lie in"}
			}
			if st, err := os.Stat(p); err != nil || !st.Mode().IsRegular() {
				return err
			}
		case !d.Type().IsRegular():
			return nil
		}
		if jsonEnd(name) != "" && !IsData(p) {
			return nil
		}
		switch strings.ToLower(filepath.Ext(name)) {
		case ".md", ".txt", ".md5", ".sha256", ".yaml", ".yml":
			return nil
		}
		files = append(files, p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, &Error{File: path, Problem: "the folder holds no data files", Expected: "CSV, JSON or Parquet files"}
	}
	slices.Sort(files)
	return files, nil
}

// Inside is where a path below a folder leads once its links are followed, and whether that lies in the folder, too.
func Inside(folder, path string) (real string, ok bool, err error) {
	root, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return "", false, err
	}
	if real, err = filepath.EvalSymlinks(path); err != nil {
		return "", false, err
	}
	rel, err := filepath.Rel(root, real)
	return real, err == nil && filepath.IsLocal(rel), nil
}

// open0 looks at a file's first bytes.
func open0(path string) (source, error) {
	s := source{path: path, at: path}
	f, err := os.Open(path)
	if err != nil {
		return s, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return s, err
	}
	s.size, s.modTime = st.Size(), st.ModTime().UnixNano()
	if s.size == 0 {
		return s, &Error{File: path, Problem: "the file is empty", Expected: "a billing export with a header and rows"}
	}
	head := make([]byte, 4)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return s, err
	}
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, magicParquet):
		s.parquet = true
	case bytes.HasPrefix(head, magicGzip):
		s.pack = gzips
	case bytes.HasPrefix(head, magicZstd):
		s.pack = zstds
	case bytes.HasPrefix(head, []byte(packed)), bytes.HasPrefix(head, []byte(packedNothing)):
		s.pack = zips
	}
	return s, nil
}

// literal links to the file from a folder of ours where DuckDB would take the file's path for a pattern.
func (s *source) literal(dir string, n int) error {
	if !strings.ContainsAny(s.path, "*?[") {
		return nil
	}
	abs, err := filepath.Abs(s.path)
	if err != nil {
		return err
	}
	s.at = filepath.Join(dir, fmt.Sprintf("source-%d", n))
	return os.Symlink(abs, s.at)
}

// unchanged fails when the file was written to since open0, as an upload in progress is.
func (s source) unchanged() error {
	st, err := os.Stat(s.path)
	if err != nil {
		return err
	}
	if st.Size() != s.size || st.ModTime().UnixNano() != s.modTime {
		return &Error{File: s.path, Problem: "the file changed while it was read", Expected: "a finished upload; load it again"}
	}
	return nil
}

// reading is a file being read: its unpacked bytes, and what has been read of it as it lies there.
type reading struct {
	io.Reader // unpacked
	file      *os.File
	ctx       context.Context
	sum       hash.Hash
	n         int64 // bytes of the file read so far
	unpacker  io.Closer
}

// open opens the unpacked bytes. The file's hash is taken of the same bytes on their way, so that what was checked is what
// was hashed.
func (s source) open(ctx context.Context) (*reading, error) {
	from := s.path
	if s.unpacked {
		from = s.at
	}
	f, err := os.Open(from)
	if err != nil {
		return nil, err
	}
	r := &reading{file: f, ctx: ctx, sum: sha256.New()}
	raw := readerFunc(r.raw)
	switch s.pack {
	case gzips:
		z, err := gzip.NewReader(raw)
		if err != nil {
			f.Close()
			return nil, s.readError(err)
		}
		r.Reader, r.unpacker = s.limited(z), z
	case zstds:
		z, err := zstd.NewReader(raw, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdWindow))
		if err != nil {
			f.Close()
			return nil, s.readError(err)
		}
		c := z.IOReadCloser()
		r.Reader, r.unpacker = s.limited(c), c
	default:
		r.Reader = raw
	}
	return r, nil
}

// zstdWindow is the most a zstd frame may ask us to remember: what DuckDB's own decoder takes.
const zstdWindow = 128 << 20

func (r *reading) raw(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.file.Read(p)
	r.sum.Write(p[:n])
	r.n += int64(n)
	return n, err
}

// sha256 reads what is left of the file and returns the hash of all of it.
func (r *reading) sha256() (string, error) {
	if _, err := io.CopyBuffer(io.Discard, readerFunc(r.raw), make([]byte, 1<<20)); err != nil {
		return "", err
	}
	return hex.EncodeToString(r.sum.Sum(nil)), nil
}

func (r *reading) Close() error {
	if r.unpacker != nil {
		r.unpacker.Close()
	}
	return r.file.Close()
}

var errUnpacksTooMuch = fmt.Errorf("it unpacks to more than %d times its size, as no bill does", mostUnpacking)

// limited reads unpacked bytes up to what a bill may unpack to, as [source.unpack] has it for zip archives.
func (s source) limited(unpacked io.Reader) io.Reader {
	left := max(mostSmall, s.size*mostUnpacking)
	return readerFunc(func(p []byte) (int, error) {
		if left < 0 {
			return 0, errUnpacksTooMuch
		}
		n, err := unpacked.Read(p)
		left -= int64(n)
		return n, err
	})
}

func (s source) broken(err error) error {
	if errors.Is(err, errUnpacksTooMuch) {
		return &Error{File: s.path, Problem: err.Error(), Expected: "a bill; unpack it to load it in any case"}
	}
	what := "the " + string(s.pack) + " data is damaged: " + err.Error()
	if errors.Is(err, io.ErrUnexpectedEOF) {
		what = "the " + string(s.pack) + " data ends in the middle: the file is truncated"
	}
	return &Error{File: s.path, Problem: what, Expected: "a complete file; fetch it again"}
}

// hash is SHA-256 of the file's bytes as they lie there.
func (s source) hash(ctx context.Context) (string, error) {
	f, err := os.Open(s.path)
	if err != nil {
		return "", err
	}
	r := &reading{file: f, ctx: ctx, sum: sha256.New()}
	defer r.Close()
	sum, err := r.sha256()
	if err != nil {
		return "", fmt.Errorf("read %s: %w", s.path, err)
	}
	return sum, nil
}

// damage unpacks the file to its end and returns what is wrong with the packing; nil when nothing is.
func (s source) damage(ctx context.Context) error {
	r, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err := io.Copy(io.Discard, r); err != nil {
		return s.readError(err)
	}
	return nil
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// format names what the file is: "csv", "csv.gz", "csv.zip", "jsonl.zst", "json", "parquet".
func (s source) format() string {
	ending := map[compression]string{gzips: ".gz", zstds: ".zst"}[s.pack]
	switch {
	case s.parquet:
		return "parquet"
	case s.document:
		return "json"
	case s.lines && s.unpacked:
		return "jsonl.zip"
	case s.lines:
		return "jsonl" + ending
	case s.unpacked:
		return "csv.zip"
	}
	return "csv" + ending
}
