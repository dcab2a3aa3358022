package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Error says what was being done with which file, why it failed and what the person at the keyboard can do about it.
type Error struct {
	Op   string // "open", "save answer Q-7F3K2M"
	Path string // of the state file
	Err  error
	Hint string // a sentence; empty when there is nothing to advise
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s: %s: %v", e.Path, e.Op, e.Err)
	if e.Hint != "" {
		s += "\n" + e.Hint
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// wrap adds the operation, the file and the hint for what SQLite reports.
func wrap(op, path string, err error) error {
	return &Error{Op: op, Path: path, Err: err, Hint: hint(err)}
}

func hint(err error) string {
	var newer *newerError
	if errors.As(err, &newer) {
		return "Run that newer spendbot, or point --store at another folder."
	}
	if errors.Is(err, context.Canceled) {
		return ""
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return ""
	}
	switch e.Code() & 0xff { // the low byte is the primary code
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return "Another process is writing to the file and did not finish in time. Try again; if it stays so, " +
			"`fuser FILE` names the process."
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return "The file is damaged or is no SQLite database. It holds the list of tables as well as the answers given: " +
			"put back a copy of it, or move the whole store folder away and load the bills again."
	case sqlite3.SQLITE_CANTOPEN:
		return "The folder must exist and the file be readable: make the folder, or point --store at the right one."
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		return "The file and its folder must be writable, for its journal too: check their owner and mode."
	case sqlite3.SQLITE_FULL:
		return "The disk is full: make room and try again; nothing was half written."
	}
	return ""
}

// newerError says that the file was written by a later version.
type newerError struct{ have, known int }

func (e *newerError) Error() string {
	return fmt.Sprintf("its tables are of version %d, this spendbot knows %d", e.have, e.known)
}

// notFound is fs.ErrNotExist in better words.
type notFound string

func (e notFound) Error() string        { return string(e) }
func (e notFound) Is(target error) bool { return target == fs.ErrNotExist }

// locked reports whether another connection was in the way.
func locked(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY
}

// taken reports whether an insert failed because its key is there already.
func taken(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_CONSTRAINT && strings.Contains(e.Error(), "answers.id")
}

// exists is fs.ErrExist in better words.
type exists string

func (e exists) Error() string        { return string(e) }
func (e exists) Is(target error) bool { return target == fs.ErrExist }
