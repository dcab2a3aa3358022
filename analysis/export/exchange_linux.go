package export

import (
	"errors"

	"golang.org/x/sys/unix"
)

// swap exchanges two folders; done is false where the file system cannot.
func swap(a, b string) (done bool, err error) {
	err = unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.ENOTSUP) {
		return false, nil
	}
	return true, err
}
