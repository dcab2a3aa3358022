package access

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"spendbot/analysis"
)

func TestPosts(t *testing.T) {
	p, err := New(Config{Scopes: map[string]Scope{"payments": {"account": {"1"}}},
		Channels:       []ChannelRule{{Channels: []string{"#payments"}, Scope: "payments"}, {Channels: []string{"#random"}, May: []Right{None}}, {Channels: []string{"#wide"}, May: []Right{Ask}}},
		SharedChannels: SharedChannels{Allow: []string{"#friends"}}})
	if err != nil {
		t.Fatal(err)
	}
	payments := []analysis.Filter{{Dimension: analysis.DimAccount, Values: []string{"1"}}}
	for name, c := range map[string]struct {
		where Place
		scope []analysis.Filter
		ok    bool
	}{
		"of a scope":                {Place{Channel: "C1", Name: "payments"}, payments, true},
		"named by no rule":          {Place{Channel: "C2", Name: "cloud"}, nil, true},
		"of a rule without a scope": {Place{Channel: "C3", Name: "wide"}, nil, true},
		"excluded":                  {Place{Channel: "C4", Name: "random"}, nil, false},
		"shared":                    {Place{Channel: "C5", Name: "vendor", Shared: true}, nil, false},
		"shared, and of a scope":    {Place{Channel: "C6", Name: "payments", Shared: true}, nil, false},
		"shared and allowed":        {Place{Channel: "C7", Name: "friends", Shared: true}, nil, true},
		"of an unknown name":        {Place{Channel: "C8"}, nil, false},
		"a direct message":          {Place{Channel: "D1", Direct: true}, nil, true},
	} {
		scope, ok, reason := p.Posts(c.where)
		if diff := cmp.Diff(c.scope, scope); ok != c.ok || diff != "" || ok == (reason != "") {
			t.Errorf("%s: %v, %v, %q; want %v, %v", name, scope, ok, reason, c.scope, c.ok)
		}
	}
}
