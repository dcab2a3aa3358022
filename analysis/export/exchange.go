package export

import (
	"errors"
	"os"
)

// oldSuffix names what stood in the place until the fresh folder is there.
const oldSuffix = ".old"

// exchange puts a folder in the place of another in one step where the system can, so that a reader never finds none; else in two.
// What was there before is deleted with the fresh folder's name.
func exchange(fresh, dir string) error {
	if _, err := os.Lstat(dir); errors.Is(err, os.ErrNotExist) {
		return os.Rename(fresh, dir)
	}
	if done, err := swap(fresh, dir); done {
		return err
	}
	old := fresh + oldSuffix
	if err := os.Rename(dir, old); err != nil {
		return err
	}
	if err := os.Rename(fresh, dir); err != nil {
		return errors.Join(err, os.Rename(old, dir))
	}
	return os.RemoveAll(old)
}
