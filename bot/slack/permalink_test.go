package slack

import "testing"

func TestPermalink(t *testing.T) {
	s := Self{URL: "https://acme.slack.com/"}
	for _, c := range []struct{ channel, ts, want string }{
		{"C024BE91L", "1763456789.000200", "https://acme.slack.com/archives/C024BE91L/p1763456789000200"},
		{"#costs", "1763456789.000200", ""},
		{"C024BE91L", "@incident/I-1/root", ""},
		{"C024BE91L", "", ""},
	} {
		if got := Permalink(s, c.channel, c.ts); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.channel, c.ts, got, c.want)
		}
	}
}
