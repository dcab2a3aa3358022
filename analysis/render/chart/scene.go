package chart

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
)

// scene is a picture laid out and not yet drawn: y grows downwards, a unit is a pixel at scale 1.
type scene struct {
	width, height float64
	shapes        []shape
	texts         []text
	solid         []box // what texts that look for a place keep clear of, besides each other
}

type point struct{ x, y float64 }

// shape is a path that is filled, or stroked where it has a width.
type shape struct {
	path   []point
	colour color.NRGBA
	stroke float64
	dash   []float64
}

// text is a line of text where it stands.
type text struct {
	s      string
	at     point // left end of the baseline
	face   typeface
	colour color.NRGBA
	box    box
}

type box struct{ x0, y0, x1, y1 float64 }

func (b box) overlaps(c box) bool { return b.x0 < c.x1 && c.x0 < b.x1 && b.y0 < c.y1 && c.y0 < b.y1 }

// align is where a text stands from its point.
type align uint8

const (
	left align = iota
	centre
	right
)

// textAt lays out a line of text with its baseline at y.
func textAt(s string, x, y float64, f typeface, c color.NRGBA, a align) text {
	w := f.width(s)
	switch a {
	case centre:
		x -= w / 2
	case right:
		x -= w
	}
	return text{s: s, at: point{x, y}, face: f, colour: c, box: box{x, y - 0.76*f.size, x + w, y + 0.22*f.size}}
}

// write puts a line of text.
func (s *scene) write(t text) {
	if t.s != "" {
		s.texts = append(s.texts, t)
	}
}

// writeIfFree puts a text where it touches no other and lies in the picture; it reports whether it did.
func (s *scene) writeIfFree(t text, within box) bool {
	if t.s == "" || t.box.x0 < within.x0 || t.box.x1 > within.x1 || t.box.y0 < within.y0 || t.box.y1 > within.y1 {
		return false
	}
	air := box{t.box.x0 - 6, t.box.y0 - 2, t.box.x1 + 6, t.box.y1 + 2}
	for _, other := range s.texts {
		if air.overlaps(other.box) {
			return false
		}
	}
	for _, b := range s.solid {
		if t.box.overlaps(b) {
			return false
		}
	}
	s.write(t)
	return true
}

// paragraph writes lines one under the other, the first baseline a line below y, and returns where the next would stand.
func (s *scene) paragraph(lines []string, x, y float64, f typeface, c color.NRGBA) float64 {
	for _, l := range lines {
		y += f.leading()
		s.write(textAt(l, x, y-0.28*f.size, f, c, left))
	}
	return y
}

func (s *scene) fill(c color.NRGBA, path ...point) {
	s.shapes = append(s.shapes, shape{path: path, colour: c})
}

func (s *scene) rect(c color.NRGBA, b box) {
	s.fill(c, point{b.x0, b.y0}, point{b.x1, b.y0}, point{b.x1, b.y1}, point{b.x0, b.y1})
}

// dot is a filled circle.
func (s *scene) dot(c color.NRGBA, at point, radius float64) {
	const corners = 20
	path := make([]point, corners)
	for i := range path {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / corners)
		path[i] = point{at.x + radius*cos, at.y + radius*sin}
	}
	s.fill(c, path...)
}

func (s *scene) line(c color.NRGBA, width float64, dash []float64, path ...point) {
	s.shapes = append(s.shapes, shape{path: path, colour: c, stroke: width, dash: dash})
}

// png draws the scene at a number of dots per unit.
func (s *scene) png(scale float64) ([]byte, error) {
	dpi := int(math.Round(72 * scale))
	c := vgimg.NewWith(vgimg.UseWH(vg.Length(s.width), vg.Length(s.height)), vgimg.UseDPI(dpi), vgimg.UseBackgroundColor(card))
	at := func(p point) vg.Point { return vg.Point{X: vg.Length(p.x), Y: vg.Length(s.height - p.y)} }
	for _, sh := range s.shapes {
		var path vg.Path
		for i, p := range sh.path {
			if i == 0 {
				path.Move(at(p))
			} else {
				path.Line(at(p))
			}
		}
		c.SetColor(sh.colour)
		if sh.stroke == 0 {
			path.Close()
			c.Fill(path)
			continue
		}
		c.SetLineWidth(vg.Length(sh.stroke))
		dash := make([]vg.Length, len(sh.dash))
		for i, d := range sh.dash {
			dash[i] = vg.Length(d)
		}
		c.SetLineDash(dash, 0)
		c.Stroke(path)
	}
	for _, t := range s.texts {
		c.SetColor(t.colour)
		c.FillString(t.face.face(), at(t.at), t.s)
	}
	img, ok := c.Image().(*image.RGBA)
	if !ok {
		return nil, fmt.Errorf("draw a picture: the canvas holds %T, expected *image.RGBA", c.Image())
	}
	out, err := encode(img)
	if err != nil {
		return nil, fmt.Errorf("write a picture of %g x %g at scale %g as PNG: %w", s.width, s.height, scale, err)
	}
	return out, nil
}
