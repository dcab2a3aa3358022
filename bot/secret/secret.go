// Package secret keeps tokens out of logs, errors and messages: a [Value] prints as <secret> whatever prints it, [Scrub] takes
// what looks like a token out of a text, and [Redact] out of a log.
package secret

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"
)

// Value is a token. Whatever prints it prints <secret>; Reveal is for the one place that sends it.
type Value string

const hidden = "<secret>"

// String hides the secret.
func (s Value) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString hides the secret from %#v.
func (s Value) GoString() string { return s.String() }

// Format hides the secret from every verb.
func (s Value) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// MarshalText hides the secret from JSON, YAML and logs.
func (s Value) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue hides the secret from slog.
func (s Value) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Reveal is the secret itself.
func (s Value) Reveal() string { return string(s) }

// Read reads a secret from the environment: the variable itself, or the file that NAME_FILE names. It is empty where
// neither is set.
func Read(name string) (Value, error) {
	if v := os.Getenv(name); v != "" {
		return Value(strings.TrimSpace(v)), nil
	}
	path := os.Getenv(name + "_FILE")
	if path == "" {
		return "", nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%s_FILE: %w", name, err)
	}
	return Value(strings.TrimSpace(string(b))), nil
}

// tokenShapes are what Slack's and Atlassian's secrets look like, wherever they turn up: tokens, and URLs that hold one.
var tokenShapes = regexp.MustCompile(`xox[a-z]-[A-Za-z0-9-]{6,}|xapp-[A-Za-z0-9-]{6,}|ATATT[A-Za-z0-9_=-]{10,}|(https?://[^\s"']*?/(?:respond|services|commands|actions|upload)/)[^\s"']+|([?&]ticket=)[^\s"'&]+`)

// Scrub replaces what looks like a secret, and the secrets given, in a text.
func Scrub(s string, secrets ...Value) string {
	for _, x := range secrets {
		if len(x) >= 6 {
			s = strings.ReplaceAll(s, string(x), hidden)
		}
	}
	return tokenShapes.ReplaceAllString(s, "${1}${2}"+hidden)
}

// Redact is a handler that keeps secrets out of a log, whatever an error message of a library may hold.
func Redact(h slog.Handler, secrets ...Value) slog.Handler { return &redacting{h, secrets} }

type redacting struct {
	slog.Handler
	secrets []Value
}

func (r *redacting) Handle(ctx context.Context, rec slog.Record) error {
	out := slog.NewRecord(rec.Time, rec.Level, Scrub(rec.Message, r.secrets...), rec.PC)
	rec.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(r.attr(a))
		return true
	})
	return r.Handler.Handle(ctx, out)
}

func (r *redacting) attr(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindString:
		return slog.String(a.Key, Scrub(v.String(), r.secrets...))
	case slog.KindAny:
		return slog.String(a.Key, Scrub(fmt.Sprint(v.Any()), r.secrets...))
	case slog.KindGroup:
		var as []any
		for _, x := range v.Group() {
			as = append(as, r.attr(x))
		}
		return slog.Group(a.Key, as...)
	}
	return slog.Attr{Key: a.Key, Value: v}
}

func (r *redacting) WithAttrs(as []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(as))
	for i, a := range as {
		clean[i] = r.attr(a)
	}
	return &redacting{r.Handler.WithAttrs(clean), r.secrets}
}

func (r *redacting) WithGroup(name string) slog.Handler {
	return &redacting{r.Handler.WithGroup(name), r.secrets}
}
