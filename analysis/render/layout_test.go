package render

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWidth(t *testing.T) {
	for s, want := range map[string]int{"": 0, "abc": 3, "a · b": 5, "█▁": 2, "日本": 4, "🙂": 2, "e\u0301": 1, "€1": 2} {
		if got := width(s); got != want {
			t.Errorf("%q is %d columns wide, want %d", s, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, tc := range []struct {
		s     string
		n     int
		lines int
		want  []string
	}{
		{"", 10, 3, []string{""}},
		{"one two three", 7, 3, []string{"one two", "three"}},
		{"one two three four", 7, 2, []string{"one two", "three…"}},
		{"NAT bytes · payments-prod", 12, 1, []string{"NAT bytes…"}},
		{"abcdefghijkl", 5, 3, []string{"abcde", "fghij", "kl"}},
		{"日本日本", 4, 1, []string{"日…"}},
	} {
		if diff := cmp.Diff(tc.want, wrapAtMost(tc.s, tc.n, tc.lines)); diff != "" {
			t.Errorf("%q at %d: %s", tc.s, tc.n, diff)
		}
	}
}

func TestWrapItems(t *testing.T) {
	got := wrapItems([]string{"usage +$11", "price $0", "calendar $0"}, 22)
	if diff := cmp.Diff([]string{"usage +$11 · price $0", "calendar $0"}, got); diff != "" {
		t.Error(diff)
	}
}
