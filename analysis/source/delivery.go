package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Delivery is a set of files that belong together: they are loaded together, or not at all.
type Delivery struct {
	Key      string // names it within its source, in every version of it: the folder of its period
	Kind     string // "AWS Data Export", or "" where no manifest says
	Version  string // of the files: the manifest's assembly, execution or run
	Manifest string // its key; "" without one
	Files    []Object
	// Waits says why it is not whole yet; "" when it is.
	Waits string
	// Bad says what is wrong with its manifest; "" when nothing is.
	Bad string

	described []Object // manifests that the load reads beside the files
	half      half     // of Azure's exports of costs
}

// Bytes is the size of its files.
func (d *Delivery) Bytes() int64 {
	var n int64
	for _, f := range d.Files {
		n += f.Size
	}
	return n
}

func (d *Delivery) newest() time.Time {
	var t time.Time
	for _, f := range d.Files {
		if f.ModTime.After(t) {
			t = f.ModTime
		}
	}
	return t
}

var (
	aPeriod    = regexp.MustCompile(`^(19|20)\d{6}-(19|20)\d{6}$`)
	aMonth     = regexp.MustCompile(`^(19|20)\d\d-?(0[1-9]|1[0-2])$`)
	aDay       = regexp.MustCompile(`^((19|20)\d\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])$`)
	aYear      = regexp.MustCompile(`^(19|20)\d\d$`)
	monthAlone = regexp.MustCompile(`^(0?[1-9]|1[0-2])$`)
)

// monthly cuts a folder's path after the month it names: what lies below it is one billing period's. Days are put together
// to their month, since a load replaces whole months. A path that names no month is left whole. "." is the source itself.
//
//	report/20241001-20241101/<assembly>  report/20241001-20241101
//	export/data/BILLING_PERIOD=2024-10   export/data/BILLING_PERIOD=2024-10
//	focus/year=2024/month=10/day=7       focus/year=2024/month=10
//	focus/2024-10-07                     focus/2024-10
func monthly(dir string) string {
	cut, _ := monthOf(dir)
	return cut
}

func hasMonth(dir string) bool {
	_, has := monthOf(dir)
	return has
}

func monthOf(dir string) (cut string, has bool) {
	parts := strings.Split(dir, "/")
	value := func(i int) string {
		_, v, ok := strings.Cut(parts[i], "=")
		if !ok {
			v = parts[i]
		}
		return v
	}
	for i := range parts {
		v := value(i)
		switch {
		case aPeriod.MatchString(v), aMonth.MatchString(v):
			return strings.Join(parts[:i+1], "/"), true
		case aDay.MatchString(v):
			m := aDay.FindStringSubmatch(v)
			return strings.Join(append(slices.Clone(parts[:i]), m[1]+"-"+m[3]), "/"), true
		case aYear.MatchString(v) && i+1 < len(parts) && monthAlone.MatchString(value(i+1)):
			return strings.Join(parts[:i+2], "/"), true
		}
	}
	return dir, false
}

// monthInName is a month, or a day, in a file's name: focus-2026-10.csv.gz, 2026-10-07.parquet.
var monthInName = regexp.MustCompile(`(?:^|[^0-9])((?:19|20)\d\d-(?:0[1-9]|1[0-2]))(?:-(?:0[1-9]|[12]\d|3[01]))?(?:[^0-9-]|$)`)

// looseKey is the delivery of a file that no manifest names: its folder's month, else its folder and the month in its name,
// else its folder.
func looseKey(key string) string {
	dir := path.Dir(key)
	if hasMonth(dir) {
		return monthly(dir)
	}
	if m := monthInName.FindStringSubmatch(path.Base(key)); m != nil {
		return path.Join(dir, m[1])
	}
	return dir
}

// isManifest reports whether a file's name is one that manifests have.
func isManifest(key string) bool {
	return strings.HasSuffix(strings.ToLower(path.Base(key)), "manifest.json")
}

// manifestsToRead are the manifests that count: AWS keeps the newest version's above the versions' own, and Azure's runs
// lie beside each other, of which the last one counts.
func manifestsToRead(objects []Object) []Object {
	have := map[string]bool{}
	runs := map[string]Object{}
	for _, o := range objects {
		if !isManifest(o.Key) {
			continue
		}
		have[o.Key] = true
		if g := runsOf(o.Key); g != "" {
			if l, ok := runs[g]; !ok || o.ModTime.After(l.ModTime) || o.ModTime.Equal(l.ModTime) && o.Key > l.Key {
				runs[g] = o
			}
		}
	}
	var out []Object
	for _, o := range objects {
		if !have[o.Key] {
			continue
		}
		dir, base := path.Split(o.Key)
		if above := path.Dir(strings.TrimSuffix(dir, "/")); dir != "" && have[path.Join(above, base)] {
			continue // the newest version's is above
		}
		if g := runsOf(o.Key); g != "" && runs[g].Key != o.Key {
			continue
		}
		out = append(out, o)
	}
	return out
}

// runsOf is the folder of a period that an Azure export's runs lie in: <export>/20241001-20241031/<run>/manifest.json.
func runsOf(key string) string {
	dir, base := path.Split(key)
	period := path.Dir(strings.TrimSuffix(dir, "/"))
	if base == "manifest.json" && aPeriod.MatchString(path.Base(period)) {
		return period
	}
	return ""
}

// territory is the folder whose files a manifest speaks for: what it does not name there is an older version, or not a bill.
func territory(key string) string {
	dir := path.Dir(key)
	if p := runsOf(key); p != "" {
		return p
	}
	if above, _, ok := strings.Cut(dir+"/", "/metadata/"); ok { // AWS Data Exports: <export>/metadata/..., <export>/data/...
		return above
	}
	if strings.HasPrefix(dir+"/", "metadata/") {
		return "."
	}
	return dir
}

func within(key, dir string) bool { return dir == "." || strings.HasPrefix(key, dir+"/") }

// found is what a place holds, as deliveries.
type found struct {
	deliveries []Delivery
	passed     int // data files that lie where a manifest speaks and that it does not name
}

// deliveries puts the files of a place together.
func (s *Source) deliveries(ctx context.Context, objects []Object, now time.Time) (*found, error) {
	have := make(map[string]Object, len(objects))
	for _, o := range objects {
		have[o.Key] = o
	}
	out := &found{}
	byKey := map[string]int{}
	var owned []string
	used := map[string]bool{}
	stamp := map[string]time.Time{} // of the manifest, by delivery
	for _, o := range manifestsToRead(objects) {
		d, made, err := s.byManifest(ctx, o, have)
		if errors.Is(err, errOther) {
			continue
		}
		if err != nil {
			return nil, err
		}
		owned = append(owned, territory(o.Key))
		for _, f := range d.Files {
			used[f.Key] = true
		}
		if made.IsZero() {
			made = o.ModTime
		}
		if i, is := byKey[d.Key]; is { // two manifests for one period: the later one is in force
			if stamp[d.Key].After(made) {
				continue
			}
			out.deliveries[i] = d
		} else {
			byKey[d.Key] = len(out.deliveries)
			out.deliveries = append(out.deliveries, d)
		}
		stamp[d.Key] = made
	}
	loose := map[string]*Delivery{}
	for _, o := range objects {
		if used[o.Key] || !s.opts.isData(o.Key) {
			continue
		}
		if slices.ContainsFunc(owned, func(t string) bool { return within(o.Key, t) }) {
			out.passed++
			continue
		}
		key := looseKey(o.Key)
		d := loose[key]
		if d == nil {
			d = &Delivery{Key: key}
			loose[key] = d
		}
		d.Files = append(d.Files, o)
	}
	for _, d := range loose {
		s.settle(d, now)
		out.deliveries = append(out.deliveries, *d)
	}
	slices.SortFunc(out.deliveries, func(a, b Delivery) int { return cmp.Compare(a.Key, b.Key) })
	out.deliveries = paired(out.deliveries)
	if s.opts.Together && len(out.deliveries) > 0 {
		out.deliveries = []Delivery{together(out.deliveries)}
	}
	return out, nil
}

// settle has files wait that no manifest calls complete, until the newest of them has lain there for a while.
func (s *Source) settle(d *Delivery, now time.Time) {
	for _, f := range d.Files {
		if !plainKey(f.Key) {
			d.Bad = fmt.Sprintf("the key %q is no plain path", f.Key)
		}
		if f.Away {
			d.Bad = away(f.Key)
		}
	}
	if age := now.Sub(d.newest()); s.opts.Settle > 0 && age < s.opts.Settle {
		d.Waits = fmt.Sprintf("its newest file came %s ago, and no manifest says that it is whole: it is taken once that is %s", ago(age), ago(s.opts.Settle))
	}
}

func ago(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// together is all deliveries as one.
func together(ds []Delivery) Delivery {
	out := Delivery{Key: "."}
	for _, d := range ds {
		if d.Waits != "" {
			out.Waits = cmp.Or(out.Waits, d.Key+": "+d.Waits)
		}
		if d.Bad != "" {
			out.Bad = cmp.Or(out.Bad, d.Key+": "+d.Bad)
		}
		out.Files = append(out.Files, d.Files...)
		out.described = append(out.described, d.described...)
	}
	slices.SortFunc(out.Files, byKey)
	return out
}

// byManifest is the delivery that a manifest describes. Of a manifest that is damaged, or that names what it may not, the
// delivery says so; errOther is none.
func (s *Source) byManifest(ctx context.Context, o Object, have map[string]Object) (d Delivery, made time.Time, err error) {
	d = Delivery{Key: monthly(path.Dir(o.Key)), Manifest: o.Key}
	if o.Away {
		d.Bad = "its manifest " + away(o.Key)
		return d, made, nil
	}
	b, err := s.read(ctx, o, maxManifest+1)
	if errors.Is(err, errGone) {
		d.Waits = "its manifest went away while it was read"
		return d, made, nil
	}
	if err != nil {
		return d, made, err
	}
	m, err := parseManifest(b)
	if errors.Is(err, errOther) {
		return d, made, err
	}
	if err != nil {
		d.Bad = "its manifest " + o.Key + " cannot be used: " + err.Error()
		return d, made, nil
	}
	d.Kind, d.Version = m.kind, m.version
	if d.half = m.half; m.half.kind != "" {
		d.described = []Object{o}
	}
	var missing, other []string
	for _, f := range m.files {
		key, ok, err := resolve(f.key, s.prefix, s.nearby, have)
		switch {
		case err != nil:
			d.Bad = "its manifest " + o.Key + " " + err.Error()
			d.Files = nil
			return d, m.made, nil
		case !ok:
			missing = append(missing, key)
			continue
		case f.size >= 0 && have[key].Size != f.size:
			other = append(other, fmt.Sprintf("%s has %d of %d bytes", key, have[key].Size, f.size))
		}
		if have[key].Away {
			d.Bad = away(key)
		}
		d.Files = append(d.Files, have[key])
	}
	slices.SortFunc(d.Files, byKey)
	first := ""
	if len(d.Files) > 0 {
		first = d.Files[0].Key
	} else {
		first = missing[0]
	}
	d.Key = monthly(path.Dir(first))
	switch {
	case len(missing) > 0:
		d.Waits = fmt.Sprintf("partial upload: of the %d files that its manifest names %d are not there, as %s", len(m.files), len(missing), missing[0])
		if len(missing) == 1 {
			d.Waits = fmt.Sprintf("partial upload: %s, which its manifest names, is not there", missing[0])
		}
	case len(other) > 0:
		d.Waits = "partial upload: " + other[0]
	}
	return d, m.made, nil
}

// read reads a small file whole.
func (s *Source) read(ctx context.Context, o Object, most int64) ([]byte, error) {
	r, err := s.place.open(ctx, o.Key)
	if err != nil {
		return nil, s.fail("read "+o.Key, err)
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, most))
	if err != nil {
		return nil, s.fail("read "+o.Key, err)
	}
	return b, nil
}
