package source

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"spendbot/analysis/ingest"
)

// Object is a file of a source.
type Object struct {
	Key     string // below the source's address, with slashes
	Size    int64  // bytes
	ModTime time.Time
	// ETag changes when the content does: the server's entity tag, or its MD5, or the time of the last change.
	ETag string
	// Away says that it is a link which leads out of the folder: it is not read, since whoever may put files there may not have us read
	// others.
	Away bool
}

// away is what is wrong with a file that is.
func away(key string) string { return key + " is a link that leads out of the folder" }

// place is where a source's files lie: a bucket or a folder. Keys are below the source's address.
type place interface {
	list(ctx context.Context) ([]Object, error)
	open(ctx context.Context, key string) (io.ReadCloser, error)
	// near is the path of a file that needs no fetching, or "".
	near(key string) (string, error)
	close() error
}

// mostObjects bounds how many files a source may list; a bucket's root is no source of bills.
const mostObjects = 200_000

// bucket is a place in a bucket.
type bucket struct {
	b      *blob.Bucket
	prefix string // "" or ends in "/"
	single string // the one object that the address names, without its folder; "" where it names a prefix
}

func (b *bucket) list(ctx context.Context) ([]Object, error) {
	var out []Object
	it := b.b.List(&blob.ListOptions{Prefix: b.prefix + b.single})
	for {
		o, err := it.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		key := strings.TrimPrefix(o.Key, b.prefix)
		if o.IsDir || key == "" || strings.HasSuffix(key, "/") || b.single != "" && key != b.single {
			continue
		}
		if len(out) == mostObjects {
			return nil, fmt.Errorf("more than %d files lie there; name a folder further down", mostObjects)
		}
		tag := etag(o)
		switch {
		case tag != "":
		case len(o.MD5) > 0:
			tag = hex.EncodeToString(o.MD5)
		default:
			tag = changed(o.ModTime)
		}
		out = append(out, Object{Key: key, Size: o.Size, ModTime: o.ModTime, ETag: tag})
	}
	slices.SortFunc(out, byKey)
	return out, nil
}

// narrow finds out whether an address that does not end in "/" names an object or a folder.
func (b *bucket) narrow(ctx context.Context) error {
	if b.prefix == "" || strings.HasSuffix(b.prefix, "/") {
		return nil
	}
	is, err := b.b.Exists(ctx, b.prefix)
	if err != nil {
		return err
	}
	if !is {
		b.prefix += "/"
		return nil
	}
	b.single = path.Base(b.prefix)
	b.prefix = strings.TrimSuffix(b.prefix, b.single)
	return nil
}

func (b *bucket) open(ctx context.Context, key string) (io.ReadCloser, error) {
	r, err := b.b.NewReader(ctx, b.prefix+key, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, errGone
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (b *bucket) near(string) (string, error) { return "", nil }

func (b *bucket) close() error { return b.b.Close() }

var (
	// errGone says that a file which was listed is not there any more.
	errGone = errors.New("it is not there any more")
	errAway = errors.New("it is a link that leads out of the folder")
)

// folder is a place on this machine.
type folder struct {
	root   string // absolute
	single string // the one file that the address names
}

func (f *folder) list(ctx context.Context) ([]Object, error) {
	var out []Object
	err := filepath.WalkDir(f.root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		rel, err := filepath.Rel(f.root, p)
		if err != nil || rel == "." {
			return err
		}
		rel = filepath.ToSlash(rel)
		if strings.HasPrefix(d.Name(), ".") {
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if f.single != "" && rel != f.single {
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		st, err := os.Stat(p) // of what a link names
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if d.IsDir() || !st.Mode().IsRegular() {
			return nil
		}
		leads := false
		if d.Type()&fs.ModeSymlink != 0 {
			if _, err := f.near(rel); errors.Is(err, errAway) {
				leads = true
			} else if err != nil && !errors.Is(err, errGone) {
				return err
			}
		}
		if len(out) == mostObjects {
			return fmt.Errorf("more than %d files lie there; name a folder further down", mostObjects)
		}
		out = append(out, Object{Key: rel, Size: st.Size(), ModTime: st.ModTime(), ETag: changed(st.ModTime()), Away: leads})
		return nil
	})
	slices.SortFunc(out, byKey)
	return out, err
}

func (f *folder) open(_ context.Context, key string) (io.ReadCloser, error) {
	at, err := f.near(key)
	if err != nil {
		return nil, err
	}
	r, err := os.Open(at)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errGone
	}
	return r, err
}

// near follows a link within the folder. The one file that an address names may lie anywhere.
func (f *folder) near(key string) (string, error) {
	at := filepath.Join(f.root, filepath.FromSlash(key))
	if f.single != "" {
		return at, nil
	}
	real, ok, err := ingest.Inside(f.root, at)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", errGone
	case err != nil:
		return "", err
	case !ok:
		return "", errAway
	}
	return real, nil
}

func (f *folder) close() error { return nil }

// changed is the time of the last change as a tag, where there is no better one.
func changed(t time.Time) string { return "t" + strconv.FormatInt(t.UnixNano(), 10) }

func byKey(a, b Object) int { return strings.Compare(a.Key, b.Key) }
