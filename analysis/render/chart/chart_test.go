package chart

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"spendbot/analysis"
	"spendbot/analysis/render"
)

var samples = flag.String("samples", "", "write the cases' pictures into this folder, to be looked at")

func TestSamples(t *testing.T) {
	if *samples == "" {
		t.Skip("no -samples DIR was given")
	}
	if err := os.MkdirAll(*samples, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, a := range cases() {
		png, alt, ok, err := PNG(a, Options{})
		if err != nil || !ok {
			t.Fatalf("%s: ok %v, %v", name, ok, err)
		}
		t.Logf("%s: %s", name, alt)
		if err := os.WriteFile(filepath.Join(*samples, name+".png"), png, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// fatal is what testing and rapid share.
type fatal interface {
	Helper()
	Fatalf(format string, args ...any)
}

// laws checks what holds for every picture, and returns it; nil when the answer is not drawn.
func laws(t fatal, a *analysis.Answer, o Options) image.Image {
	t.Helper()
	data, alt, ok, err := PNG(a, o)
	if err != nil {
		t.Fatalf("error: %v", err)
	}
	if !ok {
		if data != nil || alt != "" {
			t.Fatalf("not drawn, but %d bytes and alt %q", len(data), alt)
		}
		return nil
	}
	s := laidOut(t, pictureOf(a), o)
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("no PNG: %v", err)
	}
	size := img.Bounds().Size()
	scale := float64(size.X) / s.width
	if math.Abs(float64(size.Y)-s.height*scale) > 1.5 || float64(size.X*size.Y) > maxDots*1.1 {
		t.Fatalf("%v pixels for %g x %g", size, s.width, s.height)
	}
	if _, _, _, alpha := img.At(size.X/2, size.Y/2).RGBA(); alpha != 0xFFFF {
		t.Fatalf("not opaque")
	}
	if n := utf8.RuneCountInString(alt); n == 0 || n > 2*maxAlt+1 || strings.ContainsFunc(alt, unicode.IsControl) {
		t.Fatalf("alt of %d characters: %q", n, alt)
	}
	return img
}

// laidOut checks what holds for every layout: nothing leaves the picture, and no text lies over another.
func laidOut(t fatal, p *picture, o Options) *scene {
	t.Helper()
	s := p.layOut(o.bounded())
	for i, x := range s.texts {
		if x.box.x0 < 0 || x.box.y0 < 0 || x.box.x1 > s.width || x.box.y1 > s.height || math.IsNaN(x.box.x0+x.box.y0) {
			t.Fatalf("%q at %v leaves the picture of %g x %g", x.s, x.box, s.width, s.height)
		}
		if strings.ContainsFunc(x.s, unicode.IsControl) {
			t.Fatalf("control character in %q", x.s)
		}
		for _, y := range s.texts[:i] {
			if x.box.overlaps(y.box) {
				t.Fatalf("%q at %v lies over %q at %v", x.s, x.box, y.s, y.box)
			}
		}
	}
	for _, sh := range s.shapes {
		for _, p := range sh.path {
			if math.IsNaN(p.x) || math.IsNaN(p.y) || p.x < -1 || p.x > s.width+1 || p.y < -1 || p.y > s.height+1 {
				t.Fatalf("a shape at %v leaves the picture of %g x %g", p, s.width, s.height)
			}
		}
	}
	return s
}

func TestCases(t *testing.T) {
	for name, a := range cases() {
		t.Run(name, func(t *testing.T) {
			for _, o := range []Options{{}, {Width: 640}, {Width: 2000}, {Height: 300}, {Width: 800, Height: 500}} {
				if img := laws(t, a, o); img == nil {
					t.Fatalf("%+v: not drawn", o)
				} else if want := o.bounded().Width; img.Bounds().Dx() != want {
					t.Errorf("%+v: %d wide, want %d", o, img.Bounds().Dx(), want)
				}
			}
			again, _, _, _ := PNG(a, Options{})
			if first, _, _, _ := PNG(a, Options{}); !bytes.Equal(first, again) {
				t.Error("drawn twice it differs")
			}
		})
	}
}

func TestOptions(t *testing.T) {
	a := rise()
	for _, tc := range []struct {
		o     Options
		width int
	}{
		{Options{}, 1200}, {Options{Scale: 2}, 2400}, {Options{Scale: 0.01}, 600}, {Options{Width: 1}, 640}, {Options{Width: 1e9, Scale: 1}, 2000},
		{Options{Scale: math.NaN()}, 1200}, {Options{Scale: math.Inf(1), Width: 640}, 1920}, {Options{Width: -4, Height: -4, Scale: -4}, 1200},
	} {
		if got := laws(t, a, tc.o).Bounds().Dx(); got != tc.width {
			t.Errorf("%+v: %d wide, want %d", tc.o, got, tc.width)
		}
	}
	whole, low := laws(t, fifty(), Options{}).Bounds().Dy(), laws(t, fifty(), Options{Height: 600}).Bounds().Dy()
	if low > 600 || whole <= 600 {
		t.Errorf("height %d unbounded and %d where 600 was asked for", whole, low)
	}
}

// The picture shows the figures of the text, and as printed they lead from the first total to the last.
func TestFiguresAreThoseOfTheText(t *testing.T) {
	for name, a := range cases() {
		p := pictureOf(a)
		if p.bridge == nil {
			continue
		}
		var md strings.Builder
		if err := render.Markdown(&md, a); err != nil {
			t.Fatal(err)
		}
		w := p.waterfall(maxDrivers)
		for _, d := range w.Drivers {
			if !strings.Contains(md.String(), d.Text) {
				t.Errorf("%s: %s is not in the text", name, d.Text)
			}
		}
		texts := map[string]bool{}
		for _, x := range p.layOut(Options{}.bounded()).texts {
			texts[x.s] = true
		}
		for _, b := range append(w.Drivers, w.Baseline, w.Current) {
			if want := drawable(b.Text, ""); !texts[want] {
				t.Errorf("%s: %s is not in the picture", name, want)
			}
		}
		r := waterfallRows(w, p.currency, 1200)
		level := r.list[0].to
		for _, row := range r.list[1 : len(r.list)-1] {
			if !row.from.Equal(level) {
				t.Errorf("%s: a bar begins at %s, the one above ended at %s", name, row.from, level)
			}
			level = row.to
		}
		if last := r.list[len(r.list)-1].to; !last.Equal(level) {
			t.Errorf("%s: the bars lead to %s, the last total is %s", name, level, last)
		}
	}
}

func TestAlt(t *testing.T) {
	for name, want := range map[string]string{
		"rise": "Waterfall: $232,595 to $251,007; NAT gateway bytes · payments-prod · us-east-1 +$11,404 since Wed 18 Nov; " +
			"EC2 commitment coverage · 9 accounts +$6,230 since Mon 16 Nov; CloudWatch Logs ingestion · search-prod +$3,958 since around 17-20 Nov; " +
			"S3 Standard to Infrequent Access · data-lake -$2,771 since Tue 17 Nov; everything else -$409.",
		"week": "Columns by day, Mon 16 Nov to Sun 22 Nov: Spend lowest $0, highest $2,411 (Wed 18 Nov), last $0.",
		"top4": "Bars: Amazon Elastic Compute Cloud $301,220; Amazon Simple Storage Service $150,610; BigQuery $100,407; " +
			"Azure Kubernetes Service $75,305; everything else $12,346; total $639,888.",
		"movers": "Bars: payments +$11,900; search -$8,599; data +$9; (no team) $0; total +$3,310.",
	} {
		_, got, _, err := PNG(cases()[name], Options{})
		if err != nil || got != want {
			t.Errorf("%s, %v:\n got %s\nwant %s", name, err, got, want)
		}
	}
}

func TestNothingToDraw(t *testing.T) {
	one := amt("12")
	usage := topN(4)
	usage.Reading.Metric = analysis.Usage
	still := bridged("Spend was nothing.", "0", "USD", analysis.Rest{})
	short := daily("Two days.", &analysis.Series{Days: days(1, 2), Lines: []analysis.SeriesLine{line("x", 2, func(int) int64 { return 1 })}})
	backwards := breakdown()
	backwards.Parts[0].Series.Days[3] = nov(1)
	for name, a := range map[string]*analysis.Answer{
		"no answer": nil, "nothing in it": {}, "text": {Parts: []analysis.Part{{Text: "no"}}}, "quantities": usage, "no move": still,
		"two days": short, "days out of order": backwards,
		"one row": {Parts: []analysis.Part{{Table: &analysis.Table{Columns: []analysis.Column{{Name: "amount", Kind: analysis.ColMoney}},
			Rows: []analysis.Row{{Cells: []analysis.Cell{{Amount: &one}}}}}}}},
		"no money": {Parts: []analysis.Part{{Table: &analysis.Table{Columns: []analysis.Column{{Name: "through"}},
			Rows: []analysis.Row{{Cells: []analysis.Cell{{Text: "a"}}}, {Cells: []analysis.Cell{{Text: "b"}}}}}}}},
	} {
		if data, alt, ok, err := PNG(a, Options{}); ok || err != nil || data != nil || alt != "" {
			t.Errorf("%s: ok %v, %q, %v", name, ok, alt, err)
		}
	}
}

// A table over time, a column or a row per day, is drawn over time too.
func TestTablesOverTime(t *testing.T) {
	wide := topN(2)
	tbl := wide.Parts[0].Table
	tbl.Columns = []analysis.Column{{Name: "service", Kind: analysis.ColText}, {Name: "2026-09-01", Kind: analysis.ColMoney}, {Name: "2026-10-01", Kind: analysis.ColMoney},
		{Name: "2026-11-01", Kind: analysis.ColMoney}, {Name: "amount", Kind: analysis.ColMoney}}
	tbl.Omitted, tbl.Total, tbl.Rows = 0, nil, tbl.Rows[:2]
	v := amt("10")
	for i := range tbl.Rows {
		tbl.Rows[i].Cells = []analysis.Cell{{Text: "x"}, {Amount: &v}, {Amount: &v}, {Amount: &v}, {Amount: &v}}
	}
	tbl.Rows[1].Cells[3].Amount = nil
	long := topN(1)
	tbl = long.Parts[0].Table
	tbl.Columns = []analysis.Column{{Name: "day", Kind: analysis.ColText}, {Name: "team", Kind: analysis.ColText}, {Name: "amount", Kind: analysis.ColMoney}}
	tbl.Omitted, tbl.Total, tbl.Rows = 0, nil, nil
	for d := 1; d <= 9; d++ {
		for _, team := range []string{"a", "b"} {
			if d == 4 && team == "b" {
				continue
			}
			tbl.Rows = append(tbl.Rows, analysis.Row{Key: map[string]string{"tag:team": team, "day": nov(d).Format(analysis.DateLayout)},
				Cells: []analysis.Cell{{Text: nov(d).Format("Mon 2 Jan")}, {Text: team}, {Amount: &v}}})
		}
	}
	for name, a := range map[string]*analysis.Answer{"a column per month": wide, "a row per day and team": long} {
		laws(t, a, Options{})
		p := pictureOf(a)
		if p.series == nil || len(p.series.lines) != 2 {
			t.Errorf("%s: not drawn as two lines", name)
		}
	}
	if b := pictureOf(long).series.lines[1].values[3]; b == nil || !b.IsZero() {
		t.Errorf("a team without a row on a day stands at %v, want 0", b)
	}
	if v := pictureOf(wide).series.lines[1].values[2]; v != nil {
		t.Errorf("an unknown month stands at %v, want unknown", v)
	}
}

func TestOnsetsAreMarked(t *testing.T) {
	p := pictureOf(both())
	var got []string
	for _, m := range p.series.marks {
		got = append(got, m.text(1000))
	}
	want := "16 Nov EC2 commitment coverage · 9 accounts +$6,230|17 Nov S3 Standard to Infrequent Access · data-lake -$2,771|" +
		"18 Nov NAT gateway bytes · payments-prod · us-east-1 +$11,404, 1 more"
	if strings.Join(got, "|") != want {
		t.Errorf("got %q", got)
	}
}

func TestEventsAreMarked(t *testing.T) {
	p := pictureOf(eventful())
	var got []string
	for _, m := range p.series.marks {
		if m.event {
			got = append(got, m.text(1000))
		}
	}
	if want := "18 Nov payments-api 4.18.0|19 Nov flag query-debug on, 1 more"; strings.Join(got, "|") != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := p.waterfall(maxDrivers).Drivers[0].Note; got != "since Wed 18 Nov · near payments-api 4.18.0" {
		t.Errorf("beside the bar: %q", got)
	}
	if _, alt, _, err := PNG(marked(), Options{}); err != nil || !strings.Contains(alt, "; marked payments-api 4.18.0 on Wed 18 Nov.") {
		t.Errorf("read out: %q, %v", alt, err)
	}
}

// Lines beyond the few told apart are summed, and said where they would press those flat.
func TestOtherLines(t *testing.T) {
	p := pictureOf(many())
	last := p.series.lines[maxLines]
	sum := decimal.Zero
	for _, l := range many().Parts[0].Series.Lines[maxLines:] {
		sum = sum.Add(*l.Values[0])
	}
	if !last.other || !last.off || !last.values[0].Equal(sum) {
		t.Errorf("others: %+v, first day %s, want %s off the scale", last.name, last.values[0], sum)
	}
	s := many().Parts[0].Series
	s.Lines[19].Values[0] = nil
	if lines := foremost(s); lines[maxLines].values[0] != nil {
		t.Errorf("a sum with an unknown part is %s, want unknown", lines[maxLines].values[0])
	}
}

// A week that the period cuts, a day that is still arriving: drawn, and said not to be whole.
func TestPointsThatAreNotWhole(t *testing.T) {
	a := daily("By week.", &analysis.Series{Days: []time.Time{nov(2), nov(9), nov(16)}, Lines: []analysis.SeriesLine{line("x", 3, func(i int) int64 { return int64(100 * i) })}})
	a.Reading.Grain, a.Reading.Current = analysis.ByWeek, analysis.NewPeriod(nov(4), nov(23))
	_, alt, _, err := PNG(a, Options{})
	if want := "; not whole: week of 2 Nov."; err != nil || !strings.HasSuffix(alt, want) {
		t.Errorf("%v: %q does not end in %q", err, alt, want)
	}
	w := week()
	tbl := &analysis.Table{Drawn: true, Columns: []analysis.Column{{Name: "day", Kind: analysis.ColText}, {Name: "amount", Kind: analysis.ColMoney}}}
	tbl.Rows = []analysis.Row{{Key: map[string]string{"day": "2026-11-22"}, Cells: []analysis.Cell{{Text: "Sun 22 Nov (incomplete)"}, {}}}}
	w.Parts = append(w.Parts, analysis.Part{Table: tbl})
	laws(t, w, Options{})
	if part := pictureOf(w).series.part; len(part) != 1 || !part[0].Equal(nov(22)) {
		t.Errorf("not whole: %v, want 22 Nov", part)
	}
}

// What a table left out is no line among the others: it is drawn last, and not where it presses them flat.
func TestEverythingElseIsALineApart(t *testing.T) {
	s := breakdown().Parts[0].Series
	s.Lines[0].Name = "everything else"
	for range 2 {
		lines := foremost(s)
		last := lines[len(lines)-1]
		if !last.other || last.name != "everything else" {
			t.Errorf("%d lines, the last is %q, other %v, off %v", len(lines), last.name, last.other, last.off)
		}
		for i := range 6 {
			s.Lines = append(s.Lines, line("more", 22, func(int) int64 { return int64(i) }))
		}
	}
}

func TestThin(t *testing.T) {
	n := 5000
	l := line("x", n, func(i int) int64 { return int64(i % 97) })
	peak := amt("1000000")
	l.Values[3333] = &peak
	s := newSeries(&analysis.Series{Days: days(1, n), Lines: []analysis.SeriesLine{l}}, "USD", analysis.ByDay)
	if len(s.days) > maxPoints+2 || len(s.days) != len(s.lines[0].values) {
		t.Fatalf("%d days, %d values", len(s.days), len(s.lines[0].values))
	}
	if _, high := extremes(s.lines[0].values); !s.lines[0].values[high].Equal(peak) || !s.days[high].Equal(nov(1+3333)) {
		t.Errorf("the peak is lost")
	}
	laws(t, daily("Long.", &analysis.Series{Days: days(1, n), Lines: []analysis.SeriesLine{l}}), Options{})
}

func TestAxis(t *testing.T) {
	for _, tc := range []struct {
		name, amounts string
		cut           bool
		low, ticks    string
	}{
		{"a small change of a large total is cut", "232595 251007 254187", true, "220000", "$220k $230k $240k $250k"},
		{"a large change begins at zero", "100 300", false, "0", "$0 $100 $200 $300"},
		{"credits are cut at the top", "-101000 -100000", true, "-101000", "-$101.0k -$100.5k -$100.0k -$99.5k"},
		{"both sides of zero hold it", "-150000 270000", false, "-150000", "$0 $200k"},
		{"nothing", "0 0", false, "0", ""},
		{"no change", "5 5", false, "0", "$0 $2 $4"},
		{"under a cent", "0.0001 0.0004", false, "0", "$0.0000 $0.0001 $0.0002 $0.0003 $0.0004"},
	} {
		var amounts []decimal.Decimal
		for s := range strings.FieldsSeq(tc.amounts) {
			amounts = append(amounts, amt(s))
		}
		a := newAxis(amounts, "USD", true, 4)
		var ticks []string
		for _, x := range a.ticks {
			ticks = append(ticks, x.label)
		}
		if a.cut != tc.cut || !a.low.Equal(amt(tc.low)) || strings.Join(ticks, " ") != tc.ticks {
			t.Errorf("%s: cut %v, low %s, ticks %q", tc.name, a.cut, a.low, ticks)
		}
	}
}

func TestDrawable(t *testing.T) {
	for in, want := range map[string]string{
		"plain · text": "plain · text", "-₹1,234": "-INR 1,234", "支付团队": "instead", "GPU 支付 nodes": "GPU … nodes", "a\nb\tc": "a b c", "cafe\u0301": "café",
		"\u202eabc": "…abc", "😀": "instead", "": "instead", "…": "instead", "שלום x": "… x", "Москва Ελλάδα Łódź": "Москва Ελλάδα Łódź", "x\x1by": "x…y",
	} {
		if got := drawable(in, "instead"); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestFit(t *testing.T) {
	f := labelFace
	for _, tc := range []struct {
		in    string
		width float64
		lines int
		want  string
	}{
		{"NAT gateway bytes · payments-prod · us-east-1", 440, 2, "NAT gateway bytes · payments-prod|us-east-1"},
		{"EC2 commitment coverage · 9 accounts", 440, 2, "EC2 commitment coverage|9 accounts"},
		{"short", 440, 2, "short"},
		{"nightly-consolidation-of-everything-v2-and-then-some-more", 300, 2, "nightly-consolidation-of-|ev…and-then-some-more"},
		{"one two three four five six seven eight nine ten eleven twelve", 200, 1, "one two…twelve"},
	} {
		if got := strings.Join(f.name(tc.in, tc.width, tc.lines), "|"); got != tc.want {
			t.Errorf("%q in %g: %q, want %q", tc.in, tc.width, got, tc.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := drawable(rapid.StringOfN(rapid.SampledFrom([]rune("aWi · -_/é")), 0, 120, -1).Draw(t, "s"), "x")
		width, lines := rapid.Float64Range(60, 600).Draw(t, "width"), rapid.IntRange(1, 3).Draw(t, "lines")
		for _, fit := range []func(string, float64, int) []string{f.fit, f.name, f.balanced} {
			out := fit(s, width, lines)
			if len(out) == 0 || len(out) > lines {
				t.Fatalf("%q in %d lines of %g: %q", s, lines, width, out)
			}
			for _, l := range out {
				if f.width(l) > width+0.01 {
					t.Fatalf("%q is %g wide, wider than %g", l, f.width(l), width)
				}
			}
		}
	})
}

// Fewer colours look the same: no channel is off by more than half a level, and the card not at all.
func TestPalettedKeepsColours(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 64, 64))
	for i := range 64 * 64 {
		mix := func(a, b uint8) uint8 { return uint8((int(a)*(i%64) + int(b)*(63-i%64)) / 63) }
		img.SetRGBA(i%64, i/64, color.RGBA{mix(ink.R, card.R), mix(ink.G, card.G), mix(ink.B, card.B), 0xFF})
	}
	p, ok := paletted(img, 16)
	if !ok {
		t.Fatal("too many colours")
	}
	for i := range 64 * 64 {
		a, b := img.RGBAAt(i%64, i/64), color.RGBAModel.Convert(p.At(i%64, i/64)).(color.RGBA)
		for _, d := range []int{int(a.R) - int(b.R), int(a.G) - int(b.G), int(a.B) - int(b.B)} {
			if d < -8 || d > 8 {
				t.Fatalf("%v became %v", a, b)
			}
		}
	}
	if got := color.RGBAModel.Convert(p.At(0, 0)); got != color.RGBA(card) {
		t.Errorf("the card is %v", got)
	}
	for i := range 64 * 64 {
		img.SetRGBA(i%64, i/64, color.RGBA{uint8(i), uint8(i >> 4), uint8(i * 7), 0xFF})
	}
	if _, ok := paletted(img, 16); ok {
		t.Error("4096 colours are a palette")
	}
	if data, err := encode(img); err != nil || !bytes.HasPrefix(data, []byte("\x89PNG")) {
		t.Errorf("true colour: %v", err)
	}
}

func genAmount() *rapid.Generator[decimal.Decimal] {
	return rapid.Custom(func(t *rapid.T) decimal.Decimal {
		size := rapid.SampledFrom([]int64{0, 1, 200, 70_000, 5_000_000, 9_000_000_000, math.MaxInt64}).Draw(t, "size")
		return decimal.New(rapid.Int64Range(-size, size).Draw(t, "mantissa"), rapid.Int32Range(-9, 12).Draw(t, "exponent"))
	})
}

func genLabel() *rapid.Generator[string] {
	return rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "payments · us-east-1", strings.Repeat("long-name/", 60), strings.Repeat("W", 900),
		"😀👩‍👩‍👧", "مرحبا", "\u202e\x1b[31m\n\r\x00", "a b c d e f g h i j k l m n o p q r s t u v w x y z ä ö ü", "\xff\xfe"}))
}

// Whatever the answer, no panic, a valid picture, no text over another, nothing outside.
func TestAnyAnswer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{0, 1, 2, 7, 8, 50}).Draw(t, "drivers")
		var ds []analysis.Driver
		same := genAmount().Draw(t, "same")
		allSame := rapid.Bool().Draw(t, "all the same")
		for range n {
			d := driver(genLabel().Draw(t, "label"), "0", analysis.Onset{})
			if d.Amount = same; !allSame {
				d.Amount = genAmount().Draw(t, "amount")
			}
			if rapid.Bool().Draw(t, "onset") {
				d.Onset = on(rapid.IntRange(-40, 80).Draw(t, "day"))
				d.Onset.Shape = rapid.SampledFrom([]string{"step", "ramp", "spike"}).Draw(t, "shape")
			}
			ds = append(ds, d)
		}
		a := bridged(genLabel().Draw(t, "headline"), "0", rapid.SampledFrom([]string{"USD", "INR", "", "💰", "A very long currency name of nobody"}).Draw(t, "currency"),
			analysis.Rest{Amount: genAmount().Draw(t, "rest"), Slices: rapid.IntRange(0, 99999).Draw(t, "slices")}, ds...)
		b := a.Parts[0].Bridge
		b.Change.Baseline = genAmount().Draw(t, "baseline")
		b.Change.Current = b.Change.Baseline.Add(b.Change.Delta)
		if rapid.Bool().Draw(t, "no period") {
			a.Reading.Baseline, a.Reading.Current = nil, analysis.Period{}
		}
		if days := rapid.SampledFrom([]int{0, 3, 14, 60}).Draw(t, "days"); days > 0 {
			a.Parts = append(a.Parts, analysis.Part{Series: genSeries(days).Draw(t, "series")})
		}
		if rapid.Bool().Draw(t, "no bridge") {
			a.Parts = a.Parts[1:]
		}
		a.ID, a.Reading.Grain = genLabel().Draw(t, "id"), rapid.SampledFrom([]analysis.Grain{"", "day", "week", "month"}).Draw(t, "grain")
		laws(t, a, Options{Width: rapid.SampledFrom([]int{640, 1200}).Draw(t, "width"), Height: rapid.SampledFrom([]int{0, 10, 600}).Draw(t, "height"), Scale: 0.5})
	})
}

func genSeries(n int) *rapid.Generator[*analysis.Series] {
	return rapid.Custom(func(t *rapid.T) *analysis.Series {
		s := &analysis.Series{}
		day := nov(rapid.IntRange(-400, 1).Draw(t, "first"))
		for range n {
			s.Days = append(s.Days, day)
			day = day.AddDate(0, 0, rapid.SampledFrom([]int{1, 1, 1, 7, 31, 4000}).Draw(t, "step"))
		}
		for range rapid.IntRange(1, 9).Draw(t, "lines") {
			l := analysis.SeriesLine{Name: genLabel().Draw(t, "name")}
			for range rapid.IntRange(0, n).Draw(t, "values") {
				if v := genAmount().Draw(t, "value"); rapid.IntRange(0, 5).Draw(t, "known") > 0 {
					l.Values = append(l.Values, &v)
				} else {
					l.Values = append(l.Values, nil)
				}
			}
			s.Lines = append(s.Lines, l)
		}
		return s
	})
}

func TestAnyTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := topN(0)
		tbl := a.Parts[0].Table
		tbl.Rows, tbl.Total = nil, nil
		if rapid.Bool().Draw(t, "changes") {
			tbl.Columns[1].Kind = analysis.ColDelta
		}
		tbl.Omitted = rapid.SampledFrom([]int{0, 3}).Draw(t, "omitted")
		sum := decimal.Zero
		for range rapid.IntRange(0, 40).Draw(t, "rows") {
			v := genAmount().Draw(t, "amount")
			sum = sum.Add(v)
			r := analysis.Row{Key: map[string]string{"x": "y"}, Cells: []analysis.Cell{{Text: genLabel().Draw(t, "label")}, {Amount: &v}}}
			if rapid.IntRange(0, 9).Draw(t, "known") == 0 {
				r.Cells = r.Cells[:1]
			}
			tbl.Rows = append(tbl.Rows, r)
		}
		if rapid.Bool().Draw(t, "total") {
			tbl.Total = &analysis.Row{Cells: []analysis.Cell{{}, {Amount: &sum}, {}}}
		}
		laws(t, a, Options{Width: 900, Scale: 0.5})
	})
}

func FuzzLabels(f *testing.F) {
	for _, s := range []string{"NAT gateway bytes · payments-prod", "支付团队", "\u202e\x1b[31m\n", strings.Repeat("W", 500), "₹ €", "a\u0301\u0301\u0301", "\xff"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, label, currency string) {
		a := bridged(label, "1000", currency, analysis.Rest{Amount: amt("3")}, driver(label, "250.5", on(17)), driver(label+" 2", "-20", on(18)))
		a.Parts = append(a.Parts, analysis.Part{Series: &analysis.Series{Days: days(9, 14), Lines: []analysis.SeriesLine{
			line(label, 14, func(i int) int64 { return int64(i * 100) }), line("other "+label, 14, func(i int) int64 { return 500 })}}})
		laidOut(t, pictureOf(a), Options{}) // drawing it is too slow to fuzz, and knows no labels
	})
}

func BenchmarkPNG(b *testing.B) {
	for name, a := range cases() {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, _, _, err := PNG(a, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
