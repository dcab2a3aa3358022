package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/sync/errgroup"

	"spendbot/analysis/ingest"
	"spendbot/analysis/store"
)

// Outcome is what became of a delivery that was ready.
type Outcome struct {
	Key    string
	Result *ingest.Result // nil after an error
	// Err is why it was not loaded: bad input, a file that went away or changed meanwhile ([ErrChanged]), a server that failed.
	Err error
}

// ErrChanged says that a delivery changed while it was fetched: it is looked at again next time.
var ErrChanged = errors.New("it changed while it was fetched")

// ErrBusy says that another process is fetching into the same store.
var ErrBusy = errors.New("another process is fetching bills into this store")

// Load brings the deliveries of a look that are ready into the store, oldest key first, each as a load of its own. What is
// wrong with one does not keep the others back. o is for [ingest.Load]; its Source is the source's own. wait has it wait
// while another process fetches, instead of failing with [ErrBusy].
func (s *Source) Load(ctx context.Context, st *store.Store, l *Look, o ingest.Options, wait bool) ([]Outcome, error) {
	if l.Count(Ready) == 0 {
		return nil, nil
	}
	dir, done, err := incoming(ctx, st.Dir(), wait)
	if err != nil {
		return nil, err
	}
	defer done()
	var keys []string
	for _, f := range l.Found {
		if f.State != Gone {
			keys = append(keys, f.Key)
		}
	}
	var out []Outcome
	for i := range l.Found {
		f := &l.Found[i]
		if f.State != Ready {
			continue
		}
		res, err := s.loadOne(ctx, st, dir, f, keys, o)
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		if errors.Is(err, errNoBill) {
			f.State, f.Why = NoBill, err.Error()
			continue
		}
		out = append(out, Outcome{Key: f.Key, Result: res, Err: err})
	}
	return out, nil
}

// incoming is an empty folder for fetched files, of this process alone. What a killed process left in it is thrown away.
func incoming(ctx context.Context, store string, wait bool) (dir string, done func(), err error) {
	dir = filepath.Join(store, "incoming")
	lock := flock.New(filepath.Join(store, "incoming.lock"))
	ok := false
	if wait {
		ok, err = lock.TryLockContext(ctx, 100*time.Millisecond)
	} else {
		ok, err = lock.TryLock()
	}
	if err != nil {
		return "", nil, fmt.Errorf("fetch bills: %w", err)
	}
	if !ok {
		return "", nil, ErrBusy
	}
	done = func() {
		os.RemoveAll(dir) // what stays is thrown away by the next one
		_ = lock.Unlock()
	}
	if err = os.RemoveAll(dir); err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		done()
		return "", nil, fmt.Errorf("fetch bills: %w", err)
	}
	return dir, done, nil
}

// loadOne fetches one delivery and loads it.
func (s *Source) loadOne(ctx context.Context, st *store.Store, dir string, f *Found, keys []string, o ingest.Options) (*ingest.Result, error) {
	if n := f.Bytes(); n > s.opts.MaxBytes {
		return nil, &Error{Source: s.Address, Problem: fmt.Sprintf("%s has %d bytes, more than the %d that are fetched at once", f.Key, n, s.opts.MaxBytes), Hint: "raise max_size of this source"}
	}
	to, err := os.MkdirTemp(dir, "delivery-")
	if err != nil {
		return nil, fmt.Errorf("fetch bills: %w", err)
	}
	defer os.RemoveAll(to)
	if o.Progress != nil {
		o.Progress(ingest.Progress{Step: "fetching", File: f.Key, Total: f.Bytes()})
	}
	if err := s.fetch(ctx, to, slices.Concat(f.Files, f.described)); err != nil {
		return nil, err
	}
	if err := s.still(ctx, f.Files); err != nil {
		return nil, err
	}
	if f.Manifest == "" && !someBill(to, f.Files) {
		return nil, errNoBill
	}
	o.Source = s.opts.Feed
	o.Delivery = &store.Delivery{Source: s.Address, Key: f.Key, Version: f.Version, Manifest: f.Manifest, Fingerprint: f.Fingerprint}
	o.ETags = map[string]string{}
	for _, x := range f.Files {
		o.ETags[filepath.FromSlash(x.Key)] = x.ETag
	}
	o.Beside = slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return k == f.Key })
	res, err := ingest.Load(ctx, st, to, o)
	if e := (*ingest.Error)(nil); errors.As(err, &e) && strings.HasPrefix(e.File, dir) { // it is about all of them
		e.File = f.Key
	}
	return res, err
}

// errNoBill says that files nobody calls bills are none.
var errNoBill = errors.New("its JSON files hold no bill")

// someBill reports whether any of the fetched files may be a bill: JSON may be anything.
func someBill(dir string, files []Object) bool {
	return slices.ContainsFunc(files, func(f Object) bool {
		return strings.ToLower(filepath.Ext(f.Key)) != ".json" || ingest.IsData(filepath.Join(dir, filepath.FromSlash(f.Key)))
	})
}

// fetchers is how many files are fetched at once.
const fetchers = 4

// fetch brings files into a folder, under their keys. Files of this machine are linked to.
func (s *Source) fetch(ctx context.Context, to string, files []Object) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(fetchers)
	for _, f := range files {
		if !plainKey(f.Key) {
			return &Error{Source: s.Address, Problem: fmt.Sprintf("the key %q is no plain path", f.Key)}
		}
		g.Go(func() error {
			at := filepath.Join(to, filepath.FromSlash(f.Key))
			if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
				return fmt.Errorf("fetch %s: %w", f.Key, err)
			}
			near, err := s.place.near(f.Key)
			if errors.Is(err, errGone) {
				return fmt.Errorf("%s: %w: %s is not there any more", s.Address, ErrChanged, f.Key)
			}
			if err != nil {
				return s.fail("fetch "+f.Key, err)
			}
			if near != "" {
				return os.Symlink(near, at)
			}
			return s.copyTo(ctx, at, f)
		})
	}
	return g.Wait()
}

// copyTo writes an object to a file, no more than what was listed of it.
func (s *Source) copyTo(ctx context.Context, at string, f Object) (err error) {
	r, err := s.place.open(ctx, f.Key)
	if errors.Is(err, errGone) {
		return fmt.Errorf("%s: %w: %s is not there any more", s.Address, ErrChanged, f.Key)
	}
	if err != nil {
		return s.fail("fetch "+f.Key, err)
	}
	defer r.Close()
	w, err := os.OpenFile(at, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("fetch %s: %w", f.Key, err)
	}
	defer func() {
		if cerr := w.Close(); err == nil && cerr != nil {
			err = fmt.Errorf("fetch %s: %w", f.Key, cerr)
		}
	}()
	n, err := io.Copy(w, io.LimitReader(r, f.Size+1))
	if err != nil {
		return s.fail("fetch "+f.Key, err)
	}
	if n != f.Size {
		return fmt.Errorf("%s: %w: %s had %d bytes and has others now", s.Address, ErrChanged, f.Key, f.Size)
	}
	return nil
}

// still is the second look: what was fetched must lie there as it did in the first.
func (s *Source) still(ctx context.Context, files []Object) error {
	objects, err := s.place.list(ctx)
	if err != nil {
		return s.fail("list it", err)
	}
	have := make(map[string]Object, len(objects))
	for _, o := range objects {
		have[o.Key] = o
	}
	for _, f := range files {
		if o, ok := have[f.Key]; !ok || o.Size != f.Size || o.ETag != f.ETag {
			return fmt.Errorf("%s: %w: %s is not as it was", s.Address, ErrChanged, f.Key)
		}
	}
	return nil
}
