package owners

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"spendbot/analysis"
)

// History is the versions that were applied to a store, in its folder "owners": a file each, the rules as they were applied under
// a line that says when and from which day on. A version is there once its file is; none is ever changed or taken away. It is safe
// for concurrent use.
type History struct {
	dir string

	mu    sync.Mutex
	names []string // of the files that versions were read from
	read  []*Version
}

// HistoryIn is the history of the store in a folder; it need not exist yet.
func HistoryIn(storeDir string) *History { return &History{dir: filepath.Join(storeDir, "owners")} }

var versionFile = regexp.MustCompile(`^[0-9]{4,}\.yaml$`)

// Versions reads the versions in the order they were applied; none is no error.
func (h *History) Versions() ([]*Version, error) {
	entries, err := os.ReadDir(h.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("the versions of the owners: %w", err)
	}
	var names []string
	for _, e := range entries {
		if versionFile.MatchString(e.Name()) {
			names = append(names, e.Name())
		}
	}
	slices.SortFunc(names, func(a, b string) int { // 10000.yaml follows 9999.yaml
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := len(h.names); n <= len(names) && slices.Equal(h.names, names[:n]) { // they never change
		for _, name := range names[n:] {
			v, err := h.open(name)
			if err != nil {
				return nil, err
			}
			h.names, h.read = append(h.names, name), append(h.read, v)
		}
		return slices.Clone(h.read), nil
	}
	h.names, h.read = nil, nil
	return nil, fmt.Errorf("versions of the owners are gone from %s", h.dir)
}

// header is the first line of a version's file.
const header = "# spendbot owners: version=%d applied=%s from=%s sha256=%s file=%s\n"

var headerLine = regexp.MustCompile(`^# spendbot owners: version=([0-9]+) applied=(\S+) from=(\S+) sha256=([0-9a-f]{64}) file=([^\n]+)\n`)

// always is how a version that is in force from the beginning says so.
const always = "always"

func (h *History) open(name string) (*Version, error) {
	path := filepath.Join(h.dir, name)
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("a version of the owners: %w", err)
	}
	m := headerLine.FindSubmatch(b)
	if m == nil {
		return nil, fmt.Errorf("%s: its first line does not say which version it is: it was not made by `spendbot owners apply`; move it away", path)
	}
	v := &Version{SHA256: string(m[4]), File: string(m[5])}
	if v.Number, err = strconv.Atoi(string(m[1])); err == nil {
		v.Applied, err = time.Parse(time.RFC3339, string(m[2]))
	}
	if from := string(m[3]); err == nil && from != always {
		v.From, err = time.Parse(analysis.DateLayout, from)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: its first line: %w", path, err)
	}
	body := b[len(m[0]):]
	if hash(body) != v.SHA256 {
		return nil, fmt.Errorf("%s was changed after it was applied: put it back as it was, and apply the change as a version of its own", path)
	}
	if v.Config, err = Read(path, body); err != nil {
		return nil, err
	}
	return v, nil
}

func hash(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// Apply keeps a rules file as a new version, in force from a day on; the zero day is the beginning, and so is any day for the first
// version. Two that apply at once get a number each.
func (h *History) Apply(file string, b []byte, from, now time.Time) (*Version, error) {
	c, err := Read(file, b)
	if err != nil {
		return nil, err
	}
	had, err := h.Versions()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(h.dir, 0o755); err != nil {
		return nil, fmt.Errorf("keep the version: %w", err)
	}
	v := &Version{Number: 1, File: oneLine(filepath.Base(file)), SHA256: hash(b), Applied: now.UTC().Truncate(time.Second), From: from, Config: c}
	if len(had) == 0 {
		v.From = time.Time{}
	} else {
		v.Number = had[len(had)-1].Number + 1
	}
	tmp, err := os.CreateTemp(h.dir, ".applying-*")
	if err != nil {
		return nil, fmt.Errorf("keep the version: %w", err)
	}
	defer os.Remove(tmp.Name())
	defer tmp.Close()
	for {
		said := always
		if !v.From.IsZero() {
			said = day(v.From)
		}
		var out bytes.Buffer
		fmt.Fprintf(&out, header, v.Number, v.Applied.Format(time.RFC3339), said, v.SHA256, v.File)
		out.Write(b)
		err := tmp.Truncate(0)
		if err == nil {
			_, err = tmp.WriteAt(out.Bytes(), 0)
		}
		if err := errors.Join(err, tmp.Chmod(0o644), tmp.Sync()); err != nil {
			return nil, fmt.Errorf("keep the version: %w", err)
		}
		err = os.Link(tmp.Name(), filepath.Join(h.dir, fmt.Sprintf("%04d.yaml", v.Number)))
		switch {
		case err == nil:
			return v, nil
		case !errors.Is(err, fs.ErrExist):
			return nil, fmt.Errorf("keep the version: %w", err)
		}
		if v.Number++; v.From.IsZero() { // somebody else's was the first
			v.From = from
		}
	}
}

func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '_'
		}
		return r
	}, s)
}

// FromFile reads a rules file that has not been applied.
func FromFile(path string) (*Version, []byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("owners: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > MaxBytes {
		return nil, nil, fmt.Errorf("owners: %s: %d bytes: a rules file has at most %d", path, info.Size(), MaxBytes)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("owners: %w", err)
	}
	c, err := Read(path, b)
	if err != nil {
		return nil, nil, err
	}
	return &Version{File: filepath.Base(path), SHA256: hash(b), Config: c}, b, nil
}
