package demo

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"spendbot/analysis"
)

// DefaultSeed is what Options mean by a seed of zero.
const DefaultSeed = 20_000

// Options say what to make. The zero value but for Now makes the usual demo.
type Options struct {
	Now    time.Time // the data ends with the day before
	Seed   uint64
	Months int // whole months before the current one; 13 if zero, at least 4 for all events to be there
	// Rows is about how many rows to write over all files. Zero is the plainest data: a row for each line, resource and
	// day, about 180,000 in thirteen months; fewer are not made. More are more resources, then hours, of the same money.
	Rows   int
	Format string // "csv.gz" (the default), "csv", "csv.zst"
	// Passed is how many days have passed since Now: the data ends so many days later, and what hangs on Now stays where it was.
	Passed int
	// Fixed ends events on a day, by name; see [Fixable].
	Fixed map[string]time.Time
}

// Manifest is what was made.
type Manifest struct {
	Now    time.Time `json:"now"`
	Seed   uint64    `json:"seed"`
	Start  time.Time `json:"start"` // the first day
	End    time.Time `json:"end"`   // the day after the last
	Rows   int64     `json:"rows"`
	Totals []Totals  `json:"totals"`
	Events []Event   `json:"events"`
	Files  []File    `json:"files"`
}

// Totals are the exact sums of the four costs in one currency.
type Totals struct {
	Currency   string          `json:"currency"`
	Billed     analysis.Amount `json:"billed"`
	Effective  analysis.Amount `json:"effective"`
	List       analysis.Amount `json:"list"`
	Contracted analysis.Amount `json:"contracted"`
}

// File is one bill.
type File struct {
	Path     string    `json:"path"` // relative to the folder
	Provider string    `json:"provider"`
	Version  string    `json:"version"` // of FOCUS
	Month    time.Time `json:"month"`
	Rows     int64     `json:"rows"`
	SHA256   string    `json:"sha256"` // of the file as it lies there, compressed
	Totals   Totals    `json:"totals"`
}

// world is what all bills share; it is only read once made.
type world struct {
	anchors
	planted
	company *company
	seed    uint64
	growth  map[int][]int64
	factor  int64 // resources where the plainest data has one, in parts per million
	hourly  bool
	fixed   map[string]time.Time
}

// Generate writes the demo company's exports and events.json to dir, which is made if it is not there; files of an earlier
// run under the same names are replaced, others stay. The same options make the same bytes. events.json comes last: a
// folder that has it is whole.
func Generate(ctx context.Context, dir string, o Options) (*Manifest, error) {
	if o.Now.IsZero() {
		return nil, fmt.Errorf("demo data: no time given that counts as now")
	}
	if o.Months == 0 {
		o.Months = 13
	}
	if o.Months < 1 {
		return nil, fmt.Errorf("demo data: %d months, expected 1 or more", o.Months)
	}
	if o.Seed == 0 {
		o.Seed = DefaultSeed
	}
	if o.Passed < 0 || o.Passed > 366 {
		return nil, fmt.Errorf("demo data: %d days passed, expected 0 to 366", o.Passed)
	}
	if o.Rows < 0 {
		return nil, fmt.Errorf("demo data: %d rows, expected 0 or more", o.Rows)
	}
	if o.Format == "" {
		o.Format = "csv.gz"
	}
	if !slices.Contains([]string{"csv", "csv.gz", "csv.zst"}, o.Format) {
		return nil, fmt.Errorf("demo data: format %q, expected csv, csv.gz or csv.zst", o.Format)
	}
	c, err := readCompany()
	if err != nil {
		return nil, fmt.Errorf("demo data: %w", err)
	}
	w := newWorld(c, o)
	m := &Manifest{Now: o.Now.UTC(), Seed: o.Seed, Start: w.first, End: w.end}
	led, err := w.writeAll(ctx, dir, o.Format, m)
	if err != nil {
		return nil, fmt.Errorf("demo data: %w", err)
	}
	m.Events = w.planted.events(c, w.end)
	for i := range m.Events {
		e := &m.Events[i]
		e.Amount = led.between(e.Name, e.Current, e.Baseline)
	}
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "events.json"), append(b, '\n'), 0o644); err != nil {
		return nil, fmt.Errorf("demo data: %w", err)
	}
	return m, nil
}

func newWorld(c *company, o Options) *world {
	a := anchorsOf(o.Now, o.Months, o.Passed)
	w := &world{anchors: a, planted: plant(a), company: c, seed: o.Seed, fixed: o.Fixed, growth: map[int][]int64{}, factor: one}
	days := a.dayIndex(a.known)
	for percent := range dailyGrowth {
		w.growth[percent] = growthTable(percent, days)
	}
	// What the plainest data has: a row a line, resource and day, and one for each plan that covers the line.
	var scaled, fixed int64
	for i := range c.lines {
		l := &c.lines[i]
		rows := int64(days)
		for _, p := range plans(a, w.planted) {
			if p.covers(l) {
				rows += int64(min(p.end.Unix(), a.end.Unix())-max(p.start.Unix(), a.first.Unix())) / 86400
			}
		}
		switch {
		case l.planted == gpu:
			fixed += int64(plainResources(l)) * int64(w.planted.gpuTo.Sub(w.planted.gpuFrom)/(24*time.Hour))
		case fixedResources(l):
			fixed += rows * int64(plainResources(l))
		default:
			scaled += rows * int64(plainResources(l))
		}
	}
	// Up to thirty resources a line, days stay days; beyond that real exports are hourly too.
	// The two percent make up for days on which plans cover all of a line, so that no fewer come out than were asked for.
	want := int64(o.Rows) * 102 / 100
	if want >= 30*(scaled+fixed) {
		w.hourly = true
		want /= 24
	}
	if want > scaled+fixed {
		w.factor = mulDiv(want-fixed, one, scaled)
	}
	return w
}

// fixedResources reports whether a line has as many resources in fine data as in plain data: the gateways and the
// cluster of the events, and what has no resource at all.
func fixedResources(l *line) bool {
	switch l.planted {
	case natLoop, gpu, gpuBase:
		return true
	}
	return l.sku.resourceType == ""
}

// plainResources is how many resources a line has at the plainest.
func plainResources(l *line) int {
	switch l.planted {
	case natLoop, gpu:
		return 2
	case churn:
		return 4
	}
	return 1
}

// shares are the cumulative weights of a line's resources. A factor that is not whole gives some lines one more than
// others, by their own draw.
func (w *world) shares(l *line) []int64 {
	n := plainResources(l)
	if !fixedResources(l) {
		f := w.factor * int64(n)
		n = int(f / one)
		if int64(hash(l.salt, 3)%one) < f%one {
			n++
		}
	}
	cumulative := make([]int64, n+1)
	for i := range n {
		weight := int64(100)
		if l.planted != gpu {
			weight = 60 + int64(hash(l.salt, uint64(i), 11)%80)
		}
		cumulative[i+1] = cumulative[i] + weight
	}
	return cumulative
}

// writeAll writes the files, some at a time, and adds them up in their order.
func (w *world) writeAll(ctx context.Context, dir, format string, m *Manifest) (ledger, error) {
	type job struct {
		payer *payer
		month time.Time
		file  File
		sums  [4]total
		led   ledger
		err   error
	}
	var jobs []*job
	for i := range payers {
		for _, month := range w.months() {
			jobs = append(jobs, &job{payer: &payers[i], month: month})
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	queue := make(chan *job)
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(jobs)) {
		wg.Go(func() {
			for j := range queue {
				g, file, err := w.writeFile(ctx, dir, format, j.payer, j.month)
				if j.err = err; err != nil {
					cancel()
					continue
				}
				j.file, j.sums, j.led = file, g.sums, g.ledger
			}
		})
	}
	for _, j := range jobs {
		queue <- j
	}
	close(queue)
	wg.Wait()

	led := ledger{}
	sums := map[string]*[4]total{}
	var firstErr error
	for _, j := range jobs {
		// The first failure cancels the others; theirs say only that.
		if j.err != nil && (firstErr == nil || firstErr == context.Canceled) {
			firstErr = j.err
		}
		led.merge(j.led)
		if sums[j.payer.currency] == nil {
			sums[j.payer.currency] = &[4]total{}
		}
		for i, t := range j.sums {
			sums[j.payer.currency][i].addTotal(t)
		}
		m.Files = append(m.Files, j.file)
		m.Rows += j.file.Rows
	}
	if firstErr != nil {
		return nil, firstErr
	}
	for _, currency := range []string{"USD", "EUR"} {
		if sums[currency] != nil {
			m.Totals = append(m.Totals, totals(currency, *sums[currency]))
		}
	}
	return led, nil
}

func totals(currency string, s [4]total) Totals {
	return Totals{currency, s[0].decimal(), s[1].decimal(), s[2].decimal(), s[3].decimal()}
}

func (w *world) writeFile(ctx context.Context, dir, format string, p *payer, month time.Time) (g *bill, file File, err error) {
	name := filepath.Join(p.key, month.Format("2006-01")+"."+format)
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, File{}, err
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, File{}, err
	}
	defer func() {
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			os.Remove(path)
		}
	}()
	digest := sha256.New()
	out := bufio.NewWriterSize(io.MultiWriter(f, digest), 1<<16)
	var z io.WriteCloser
	switch {
	case strings.HasSuffix(format, ".gz"):
		z, err = gzip.NewWriterLevel(out, gzip.BestSpeed)
	case strings.HasSuffix(format, ".zst"):
		z, err = zstd.NewWriter(out, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	default:
		z = plainWriter{out}
	}
	if err != nil {
		return nil, File{}, err
	}
	g = w.newBill(p, month, func(b []byte) error { _, err := z.Write(b); return err })
	if err := g.write(ctx); err != nil {
		return nil, File{}, err
	}
	if err := z.Close(); err != nil {
		return nil, File{}, err
	}
	if err := out.Flush(); err != nil {
		return nil, File{}, err
	}
	return g, File{
		Path: filepath.ToSlash(name), Provider: p.provider, Version: p.version, Month: month, Rows: g.rows,
		SHA256: hex.EncodeToString(digest.Sum(nil)), Totals: totals(p.currency, g.sums),
	}, nil
}

// plainWriter closes nothing.
type plainWriter struct{ io.Writer }

func (plainWriter) Close() error { return nil }
