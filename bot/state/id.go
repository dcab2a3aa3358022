package state

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
)

// An id is said aloud and typed from a screenshot, so it is short and spelled in Crockford's base32: no I, L, O or U.
const (
	idPrefix  = "Q-"
	idChars   = 6
	crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

// idTries bounds the draws for a free id. With a million answers kept one draw in a thousand is taken.
const idTries = 20

// NewID draws an id that no stored answer has: "Q-" and six characters of Crockford's base32.
func (db *DB) NewID(ctx context.Context) (string, error) {
	for range idTries {
		id := drawID()
		var n int
		if err := db.sql.QueryRowContext(ctx, "SELECT count(*) FROM answers WHERE id = ?", id).Scan(&n); err != nil {
			return "", wrap("draw an id", db.path, err)
		}
		if n == 0 {
			return id, nil
		}
	}
	return "", &Error{Op: "draw an id", Path: db.path, Err: errors.New("every one drawn is taken")}
}

func drawID() string {
	var b [idChars]byte
	rand.Read(b[:]) // never fails: it ends the program instead (crypto/rand)
	for i := range b {
		b[i] = crockford[b[i]%byte(len(crockford))] // 256 is a multiple of 32: no bias
	}
	return idPrefix + string(b[:])
}

// NormalizeID reads an id as people type it: any case, with or without "Q-", O for 0 and I or L for 1. Its error wraps
// fs.ErrNotExist: what is no id names no answer.
func NormalizeID(s string) (string, error) {
	id := strings.ToUpper(strings.TrimSpace(s))
	if rest, ok := strings.CutPrefix(id, "Q"); ok && len(id) != idChars {
		id = strings.TrimLeft(rest, "-–—_ ") // chat programs make a dash of a hyphen
	}
	id = strings.NewReplacer("O", "0", "I", "1", "L", "1").Replace(id)
	if len(id) != idChars || strings.Trim(id, crockford) != "" {
		return "", notFound(fmt.Sprintf("%q is no answer's id: one looks like Q-7F3K2M; %s", s, listHint))
	}
	return idPrefix + id, nil
}

const listHint = "`spendbot trace --list` shows those that are kept"
