package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"spendbot/analysis/ingest/dialect"
	"spendbot/analysis/store"
)

// variantOf is the variant that the file's rows show it to be.
func variantOf(d *dialect.Dialect, witness []bool) int {
	last := 0
	for v, variant := range d.Variants {
		if witness[v] {
			return v
		}
		if !slices.ContainsFunc(d.Variants, func(o dialect.Variant) bool { return o.Then == variant.Name }) {
			last = v
		}
	}
	return last
}

// decide settles of which variant every file of the load is, and what each gives beside the others. A file whose own rows do not
// tell may be another part of an export that does, or one of a month in which the variants do not differ; taking it for the wrong
// one would count rows twice or lose them, so what cannot be told is refused.
func (l *load) decide(ctx context.Context) error {
	if err := l.byManifest(ctx); err != nil {
		return err
	}
	var open []*part
	for i, p := range l.parts {
		if p.native == nil || p.native.sure || len(p.native.v().Witness) == 0 {
			continue // what has no witness of its own is what is left
		}
		name, err := l.byOthers(p)
		if err != nil {
			return l.named(err, p.src, i)
		}
		if name == "" {
			open = append(open, p)
		} else if err := l.turn(ctx, p, name); err != nil {
			return err
		}
	}
	for j, p := range open {
		for _, earlier := range open[:j] {
			if p.emptyBeside() && sameSums(p, earlier) {
				p.warnings = append(p.warnings, fmt.Sprintf("%s has the same rows and costs: the two are taken for the two exports of months in which they do not differ, and counted once", l.nameOf(earlier)))
				if err := l.turn(ctx, p, p.native.v().Then); err != nil {
					return err
				}
				break
			}
		}
	}
	if err := l.beside(ctx); err != nil {
		return err
	}
	if err := l.halves(ctx); err != nil {
		return err
	}
	l.warnAlone()
	return nil
}

func (n *native) v() dialect.Variant { return n.reading.Dialect.Variants[n.variant] }

func (n *native) name() string { return n.v().Name }

// turn makes a part one of another variant.
func (l *load) turn(ctx context.Context, p *part, name string) error {
	if p.native.name() == name {
		return nil
	}
	p.native.variant = slices.IndexFunc(p.native.reading.Dialect.Variants, func(o dialect.Variant) bool { return o.Name == name })
	return p.mapped(ctx, l.w)
}

func (l *load) nameOf(p *part) string { return l.names[slices.Index(l.parts, p)] }

// emptyBeside reports whether nothing of a part would count if it lay beside a file of the variant that it gives way to.
func (p *part) emptyBeside() bool {
	if p.native == nil || p.native.v().Then == "" {
		return false
	}
	then := slices.IndexFunc(p.native.reading.Dialect.Variants, func(o dialect.Variant) bool { return o.Name == p.native.v().Then })
	for _, s := range p.native.variants[then] {
		if s.rows > 0 {
			return false
		}
	}
	return true
}

// sameSums reports whether two parts have the same rows and controlled costs in every month.
func sameSums(a, b *part) bool {
	if len(a.groups) != len(b.groups) {
		return false
	}
	for g, s := range a.groups {
		o := b.groups[g]
		if o == nil || o.rows != s.rows {
			return false
		}
		for k := range costs {
			x, y := s.cost[k].total(), o.cost[k].total()
			if (x == nil) != (y == nil) || x != nil && !x.Equal(*y) {
				return false
			}
		}
	}
	return true
}

// export is what a manifest beside a file says of it, as Azure's exports have one.
type export struct {
	Config struct {
		Name string `json:"exportName"`
		ID   string `json:"resourceId"`
		Type string `json:"type"`
	} `json:"exportConfig"`
	Run struct {
		Start string `json:"startDate"`
		End   string `json:"endDate"`
	} `json:"runInfo"`
}

// mostManifest bounds a manifest: real ones have a few kilobytes.
const mostManifest = 4 << 20

// exportBeside reads the manifest in a folder; the zero export when there is none that can be read.
func exportBeside(dir string) (e export) {
	f, err := os.Open(filepath.Join(dir, "manifest.json"))
	if err != nil {
		return export{}
	}
	defer f.Close()
	if json.NewDecoder(io.LimitReader(f, mostManifest)).Decode(&e) != nil {
		return export{}
	}
	return e
}

// byManifest takes a file for what the manifest in its folder calls it.
func (l *load) byManifest(ctx context.Context) error {
	exports := map[string]export{}
	for i, p := range l.parts {
		if p.native == nil {
			continue
		}
		n := p.native
		n.sure = slices.Contains(n.witness, true)
		if !slices.ContainsFunc(n.reading.Dialect.Variants, func(v dialect.Variant) bool { return v.Manifest != "" }) {
			continue
		}
		dir := filepath.Dir(p.src.path)
		if _, ok := exports[dir]; !ok {
			e := exportBeside(dir)
			for other, o := range exports {
				if e.Config.Type != "" && e.Config == o.Config && e.Run == o.Run {
					return l.named(&Error{File: p.src.path, Problem: fmt.Sprintf("its folder and %s hold two runs of the export %q for the same days", filepath.Base(other), e.Config.Name),
						Expected: "the newest run alone, which holds all that the one before it did"}, p.src, i)
				}
			}
			exports[dir] = e
		}
		said := slices.IndexFunc(n.reading.Dialect.Variants, func(v dialect.Variant) bool {
			return v.Manifest != "" && strings.EqualFold(v.Manifest, exports[dir].Config.Type)
		})
		if said < 0 {
			continue
		}
		name := n.reading.Dialect.Variants[said].Name
		if n.sure && name != n.name() {
			return l.named(&Error{File: p.src.path, Problem: fmt.Sprintf("manifest.json calls it an export of %s costs and its rows are those of %s ones", name, n.name()),
				Expected: "files beside the manifest that they came with"}, p.src, i)
		}
		n.sure = true
		if err := l.turn(ctx, p, name); err != nil {
			return err
		}
	}
	return nil
}

// byOthers is the variant that a file's neighbours tell of it: those of its folder, where all are of one; else those of the same
// months. "" when there are none.
func (l *load) byOthers(p *part) (string, error) {
	d := p.native.reading.Dialect
	var folder, months []string
	for _, o := range l.parts {
		if o.native == nil || !o.native.sure || o.native.reading.Dialect.ID != d.ID {
			continue
		}
		name := o.native.name()
		if o.native.v().Manifest != "" && filepath.Dir(o.src.path) == filepath.Dir(p.src.path) && !slices.Contains(folder, name) {
			folder = append(folder, name)
		}
		if shares(p, o) && !slices.Contains(months, name) {
			months = append(months, name)
		}
	}
	switch {
	case len(folder) == 1:
		return folder[0], nil
	case len(months) == 1:
		return months[0], nil
	case len(months) == 0:
		return "", nil
	}
	return "", &Error{File: p.src.path, Problem: fmt.Sprintf("nothing in it says whether its costs are %s, and files of both lie beside it", strings.Join(months, " or ")),
		Expected: "each export in the folder it came in, with its manifest.json"}
}

// shares reports whether two parts have rows of one feed, month and currency.
func shares(a, b *part) bool {
	for g := range a.groups {
		if b.groups[g] != nil {
			return true
		}
	}
	return false
}

// beside changes the variant of parts that lie beside others of the same months.
func (l *load) beside(ctx context.Context) error {
	for i, p := range l.parts {
		if p.native == nil || p.native.v().Beside == "" {
			continue
		}
		d, v := p.native.reading.Dialect, p.native.v()
		then := slices.IndexFunc(d.Variants, func(o dialect.Variant) bool { return o.Name == v.Then })
		covered, missed := false, false
		for g, s := range p.groups {
			switch {
			case slices.ContainsFunc(l.parts, func(o *part) bool {
				return o.native != nil && o.native.reading.Dialect.ID == d.ID && o.native.name() == v.Beside && o.groups[g] != nil
			}):
				covered = true
			case p.native.variants[then][g] == nil || p.native.variants[then][g].rows != s.rows: // else all of it counts either way
				missed = true
			}
		}
		switch {
		case !covered:
			continue
		case missed:
			return l.named(&Error{File: p.src.path, Problem: fmt.Sprintf("it is of the kind %q and lies beside files of the kind %q that have only some of its months", v.Name, v.Beside),
				Expected: "both kinds for the same accounts and months, or one of them alone"}, p.src, i)
		}
		if err := l.turn(ctx, p, v.Then); err != nil {
			return err
		}
	}
	return nil
}

// warnAlone tells of variants that are half of a bill when the other half is not there.
func (l *load) warnAlone() {
	kinds := map[string][]string{} // the variants there are, by dialect
	for _, p := range l.parts {
		if p.native != nil && !slices.Contains(kinds[p.native.reading.Dialect.ID], p.native.name()) {
			kinds[p.native.reading.Dialect.ID] = append(kinds[p.native.reading.Dialect.ID], p.native.name())
		}
	}
	told := map[string]bool{}
	for _, p := range l.parts {
		if p.native == nil {
			continue
		}
		both := 0 // a file of both, put together by hand, is whole
		for _, w := range p.native.witness {
			if w {
				both++
			}
		}
		d, v := p.native.reading.Dialect, p.native.v()
		if v.Alone == "" || len(kinds[d.ID]) > 1 || both != 1 {
			continue
		}
		whole := 0
		for _, m := range p.months() {
			switch h := (store.Half{Source: m.source, Month: m.month, Missing: v.Alone}); {
			case slices.ContainsFunc(l.kept, func(s stays) bool { return s.month == m }):
				whole++
			case !slices.Contains(l.alone, h):
				l.alone = append(l.alone, h)
			}
		}
		if whole < len(p.months()) && !told[d.ID] {
			told[d.ID] = true
			p.warnings = append(p.warnings, v.Alone)
		}
	}
}
