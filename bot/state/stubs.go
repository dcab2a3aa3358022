package state

import (
	"context"
	"errors"
	"time"

	"spendbot/analysis"
)

var errNotYet = errors.New("state: not built yet")

// DB is an open state file; safe for concurrent use.
type DB struct{}

// Stored is an answer as it was given.
type Stored struct {
	Answer *analysis.Answer // whole: parts, trace and bound parameters included
	Saved  time.Time        // by the wall clock, whatever --now said
}

// Summary is a stored answer in one line.
type Summary struct {
	ID       string          `json:"id"`
	Asked    time.Time       `json:"asked"`
	Question string          `json:"question"`
	Headline string          `json:"headline"`
	Intent   analysis.Intent `json:"intent"`
	Snapshot int64           `json:"snapshot,string"`
}

// Open opens the state file at path, makes it when there is none, and brings its tables up to date.
func Open(ctx context.Context, path string) (*DB, error) { return nil, errNotYet }

// Close closes the file.
func (db *DB) Close() error { return nil }

// NewID draws an id that no stored answer has: "Q-" and six characters of Crockford's base32.
func (db *DB) NewID(ctx context.Context) (string, error) { return "", errNotYet }

// SaveAnswer keeps an answer. An id that is taken already is an error that wraps fs.ErrExist; nothing is overwritten.
func (db *DB) SaveAnswer(ctx context.Context, a *analysis.Answer) error { return errNotYet }

// Answer returns the answer with an id, read as people type it ([NormalizeID]). When there is none the error wraps
// fs.ErrNotExist.
func (db *DB) Answer(ctx context.Context, id string) (*Stored, error) { return nil, errNotYet }

// List returns the newest answers first, at most limit of them; all when limit is 0 or less.
func (db *DB) List(ctx context.Context, limit int) ([]Summary, error) { return nil, errNotYet }

// Last returns the answer saved last; when there is none the error wraps fs.ErrNotExist.
func (db *DB) Last(ctx context.Context) (*Stored, error) { return nil, errNotYet }

// NormalizeID reads an id as people type it: any case, with or without "Q-", O for 0 and I or L for 1.
func NormalizeID(s string) (string, error) { return "", errNotYet }

// EncodeParams writes query parameters as JSON that keeps their types, so that a stored query binds as it did.
func EncodeParams(params []any) (string, error) { return "", errNotYet }

// DecodeParams reads what EncodeParams wrote.
func DecodeParams(s string) ([]any, error) { return nil, errNotYet }
