package chart

import (
	"strings"
	"sync"
	"unicode"

	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/norm"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"

	"spendbot/analysis/render"
)

// typeface is a font at a size, in pixels of a picture at scale 1.
type typeface struct {
	size float64
	bold bool
}

// The sizes are for a picture 1200 wide that a phone shows about a third as wide.
var (
	titleFace  = typeface{34, true}
	labelFace  = typeface{26, false}
	strongFace = typeface{26, true}
	noteFace   = typeface{21, false}
	footFace   = typeface{19, false}
)

// fonts are the embedded ones; parsing them takes a moment, once.
var fonts = sync.OnceValue(func() *font.Cache { return font.NewCache(liberation.Collection()) })

func (f typeface) face() font.Face {
	want := font.Font{Typeface: "Liberation", Variant: "Sans"}
	if f.bold {
		want.Weight = xfont.WeightBold
	}
	return fonts().Lookup(want, font.Length(f.size))
}

// width is how wide a line of text is drawn.
func (f typeface) width(s string) float64 {
	face := f.face()
	return float64(face.Width(s))
}

// leading is the distance of two baselines.
func (f typeface) leading() float64 { return f.size * 1.2 }

// lost stands for what cannot be drawn or does not fit.
const lost = '…'

// drawable makes text ready to be drawn: on one line, safe, and with each run of characters that the fonts lack (other
// scripts, emoji) or that read from the right as one ellipsis. Text of which nothing legible is left becomes instead.
func drawable(s, instead string) string {
	s = cutMiddle(s, maxRunes)
	s = strings.ReplaceAll(norm.NFC.String(render.Clean(s)), "₹", "INR ")
	face := typeface{}.face()
	var buf sfnt.Buffer
	var b strings.Builder
	legible, inLost := false, false
	for _, r := range s {
		if r == '\u200d' || unicode.In(r, unicode.Mn, unicode.Me, unicode.Variation_Selector) {
			continue // they only say how their neighbours combine
		}
		glyph, err := face.Face.GlyphIndex(&buf, r)
		if err != nil || glyph == 0 || unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko) {
			if !inLost {
				b.WriteRune(lost)
			}
			inLost = true
			continue
		}
		inLost = false
		legible = legible || unicode.IsLetter(r) || unicode.IsDigit(r)
		b.WriteRune(r)
	}
	if !legible {
		return instead
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// maxRunes bounds the work on one text.
const maxRunes = 400

// cutMiddle leaves at most n characters: more of the start, which says what it is, than of the end, which tells it from
// its neighbours.
func cutMiddle(s string, n int) string {
	if len(s) <= n {
		return s
	}
	rs := []rune(s)
	if len(rs) <= n {
		return s
	}
	tail := n * 2 / 5
	head := max(0, n-tail-1)
	return strings.TrimRight(string(rs[:head]), " ·,;:-") + string(lost) + strings.TrimLeft(string(rs[len(rs)-tail:]), " ·,;:-")
}

// fit breaks drawable text into at most a number of lines of a width, shortened in the middle where it is too long.
func (f typeface) fit(s string, width float64, lines int) []string {
	if out := f.wrap(s, width, lines+1); len(out) <= lines {
		return out
	}
	fits, over := 1, len([]rune(s))
	for over-fits > 1 {
		n := (fits + over) / 2
		if len(f.wrap(cutMiddle(s, n), width, lines+1)) <= lines {
			fits = n
		} else {
			over = n
		}
	}
	out := f.wrap(cutMiddle(s, fits), width, lines+1)
	return out[:min(len(out), lines)]
}

// balanced is fit with lines of about equal length, for prose: no last word stands alone.
func (f typeface) balanced(s string, width float64, lines int) []string {
	out := f.fit(s, width, lines)
	if len(out) < 2 {
		return out
	}
	whole := strings.Join(out, " ")
	narrow, wide := width/2, width
	for wide-narrow > 8 {
		if w := (narrow + wide) / 2; len(f.wrap(whole, w, len(out)+1)) <= len(out) {
			wide = w
		} else {
			narrow = w
		}
	}
	return f.wrap(whole, wide, len(out)+1)
}

// name is fit for the name of a slice, "NAT gateway bytes · payments-prod · us-east-1": broken between its parts where
// that is enough.
func (f typeface) name(s string, width float64, lines int) []string {
	if f.width(s) <= width {
		return f.fit(s, width, lines)
	}
	var out []string
	line := ""
	for part := range strings.SplitSeq(s, " · ") {
		switch {
		case line == "":
			line = part
		case f.width(line+" · "+part) <= width:
			line += " · " + part
		default:
			out, line = append(out, line), part
		}
	}
	out = append(out, line)
	for _, l := range out {
		if f.width(l) > width {
			return f.fit(s, width, lines)
		}
	}
	if len(out) > lines {
		return f.fit(s, width, lines)
	}
	return out
}

// wrap breaks text at spaces, and inside a word only where it is wider than a line; it stops after most lines.
func (f typeface) wrap(s string, width float64, most int) []string {
	var words []string
	for w := range strings.FieldsSeq(s) {
		if w == "·" && len(words) > 0 {
			words[len(words)-1] += " ·" // a line does not begin with a separator
			continue
		}
		words = append(words, w)
	}
	var lines []string
	line := ""
	for _, w := range words {
		if line != "" && f.width(line+" "+w) <= width {
			line += " " + w
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for line = w; f.width(line) > width && len(lines) < most; {
			at := f.breakAt(line, width)
			lines, line = append(lines, line[:at]), line[at:]
		}
		if len(lines) >= most {
			return lines[:most]
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// breakAt is where a word wider than a line is broken: after a hyphen or the like where one is near the end.
func (f typeface) breakAt(word string, width float64) int {
	last, nice := 0, 0
	for i, r := range word {
		end := i + len(string(r))
		if i > 0 && f.width(word[:end]) > width {
			break
		}
		last = end
		if strings.ContainsRune("-_/.:", r) {
			nice = end
		}
	}
	if nice > last/2 {
		return nice
	}
	return last
}
