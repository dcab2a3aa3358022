package dialect

import (
	"strings"
	"testing"
)

func two() []*Dialect {
	return []*Dialect{
		{ID: "a", Name: "A", Columns: []Column{{Name: "line_cost", Kind: Number, Need: true}, {Name: "day", Kind: Time, Also: []string{"Tag (Day)"}}},
			Families: []Family{{Name: "tags", Prefixes: []string{"resourceTags/"}}}},
		{ID: "b", Name: "B", Columns: []Column{{Name: "line_cost", Kind: Number, Need: true}, {Name: "day", Kind: Time}, {Name: "extra", Need: true}}},
	}
}

func TestHeadersAreBound(t *testing.T) {
	for _, c := range []struct {
		header string
		want   string // dialect, then its names
	}{
		{"lineCost,Day,resourceTags/user:team", "A line_cost day tags=user:team"},
		{"line/cost,DAY,x", "A line_cost day -"},
		{"\ufeffLineCost,Kosten (Day)", "A line_cost day"},
		{"line_cost,day,extra", "B line_cost day extra"},
		{"day,extra", ""},
	} {
		r, err := Detect(two(), strings.Split(c.header, ","))
		if err != nil {
			t.Errorf("%s: %v", c.header, err)
			continue
		}
		got := ""
		if r != nil {
			got = r.Dialect.Name
			for _, b := range r.Bound {
				switch {
				case b.Key != "":
					got += " " + b.Column + "=" + b.Key
				case b.Column == "":
					got += " -"
				default:
					got += " " + b.Column
				}
			}
		}
		if got != c.want {
			t.Errorf("%s: bound as %q, want %q", c.header, got, c.want)
		}
	}
	if _, err := Detect(two(), []string{"line_cost", "LineCost"}); err == nil {
		t.Error("a header with one column twice is accepted")
	}
}

func FuzzDetect(f *testing.F) {
	for _, d := range Built() {
		var names []string
		for _, c := range d.Columns {
			names = append(names, append([]string{c.Name}, c.Also...)...)
		}
		f.Add(strings.Join(names, ","))
	}
	f.Add("lineItem/UnblendedCost,\x00,(,),()")
	f.Fuzz(func(t *testing.T, header string) {
		names := strings.Split(header, ",")
		r, err := Detect(append(Built(), two()...), names)
		if err != nil || r == nil {
			return
		}
		if len(r.Bound) != len(names) {
			t.Fatalf("%d columns bound of %d", len(r.Bound), len(names))
		}
		for _, c := range r.Dialect.Columns {
			if c.Need && !r.Has(c.Name) {
				t.Errorf("%s accepts a header without %s", r.Dialect.Name, c.Name)
			}
		}
	})
}
