package export

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// fresh is a folder beside an export's that the next one is written into. It is locked as long as it is written, so that what a process
// that was killed left behind is known from what another is writing, and taken away.
type fresh struct {
	dir  string
	lock *flock.Flock
}

// lockOf locks the folder itself: nothing but the export ever lies in it.
func lockOf(dir string) *flock.Flock { return flock.New(dir, flock.SetFlag(os.O_RDONLY)) }

func prefix(dir string) string { return "." + filepath.Base(dir) + ".new-" }

// begin makes the folder, once what others left behind is gone.
func begin(dir string) (*fresh, error) {
	if err := sweep(dir); err != nil {
		return nil, err
	}
	for {
		made, err := os.MkdirTemp(filepath.Dir(dir), prefix(dir))
		if err != nil {
			return nil, err
		}
		f := &fresh{made, lockOf(made)}
		locked, err := f.lock.TryLock()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return f, nil // a system that does not lock folders: it is never swept there either
		}
		// Another process may have found it before it was locked, and taken it away.
		if _, gone := os.Stat(made); locked && gone == nil {
			return f, nil
		}
		_ = f.lock.Close()
	}
}

// end takes the folder away, or what has come into its place.
func (f *fresh) end() {
	_ = os.RemoveAll(f.dir)
	_ = f.lock.Close()
}

// sweep takes away the folders of processes that are no more. What stood in an export's place when one was killed between taking it
// away and putting the next one there is put back.
func sweep(dir string) error {
	entries, err := os.ReadDir(filepath.Dir(dir))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), prefix(dir)) {
			continue
		}
		left := filepath.Join(filepath.Dir(dir), e.Name())
		lock := lockOf(left)
		if locked, err := lock.TryLock(); err != nil || !locked {
			continue
		}
		_, gone := os.Lstat(dir)
		if strings.HasSuffix(left, oldSuffix) && errors.Is(gone, fs.ErrNotExist) {
			err = os.Rename(left, dir)
		} else {
			err = os.RemoveAll(left)
		}
		_ = lock.Close()
		if err != nil {
			return fmt.Errorf("an export that was broken off left %s behind: %w", left, err)
		}
	}
	return nil
}
