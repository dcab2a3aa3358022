package owners

import (
	"fmt"
	"slices"
	"time"
)

// Version is a rules file with the days it is in force for.
type Version struct {
	Number  int       // 1 is the first that was applied; 0 is a file that has not been
	File    string    // where it was read from
	SHA256  string    // of the file
	Applied time.Time // when; zero for 0
	From    time.Time // the first day it is in force; zero is the beginning
	Config  *Config
}

// Words names a version: "version 3", or the file where it has not been applied.
func (v *Version) Words() string {
	if v.Number == 0 {
		return v.File + " (not applied)"
	}
	return fmt.Sprintf("version %d", v.Number)
}

// Book is the versions in force, each until the next begins, oldest first; the first reaches back to the beginning of time.
type Book struct {
	versions []*Version
	fixed    time.Time // rules' own dates are looked at as of this day; zero is each row's own
}

// NewBook puts versions, in the order they were applied, into force: a later one takes the place of the earlier ones from its
// first day on. The first that was applied also counts for the days before.
func NewBook(applied ...*Version) *Book {
	b := &Book{}
	for i, v := range applied {
		if i == 0 {
			first := *v
			first.From = time.Time{}
			v = &first
		}
		b.versions = slices.DeleteFunc(b.versions, func(o *Version) bool { return !o.From.Before(v.From) })
		b.versions = append(b.versions, v)
	}
	return b
}

// Versions are the versions in force, oldest first; they are not to be changed.
func (b *Book) Versions() []*Version { return b.versions }

// At is the version in force on a day.
func (b *Book) At(day time.Time) *Version {
	if !b.fixed.IsZero() {
		day = b.fixed
	}
	at := b.versions[0]
	for _, v := range b.versions {
		if !day.Before(v.From) {
			at = v
		}
	}
	return at
}

// asOf is the day by which rules' own dates are looked at for a row of a day.
func (b *Book) asOf(day time.Time) time.Time {
	if !b.fixed.IsZero() {
		return b.fixed
	}
	return day
}

// Current is the book by which every row is judged as if it had been charged on a day: "with today's rules".
func (b *Book) Current(today time.Time) *Book {
	return &Book{versions: []*Version{b.At(today)}, fixed: today}
}
