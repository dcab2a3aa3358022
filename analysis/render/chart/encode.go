package chart

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
)

// maxColours is what a PNG's palette holds.
const maxColours = 256

// paletted reduces a picture to few colours: those it is drawn in exactly, and their blends, at the edges of letters and
// bars, to the next of so many levels a channel, a power of two. The eye does not see it; the file is a fraction of the
// size, and made faster. Not ok where the colours are still too many.
func paletted(img *image.RGBA, levels int) (*image.Paletted, bool) {
	step := uint8(256 / levels)
	level := func(v uint8) uint8 { return v&^(step-1) | step/2 }
	bounds := img.Bounds()
	var palette color.Palette
	index := make(map[uint32]uint8, 2*maxColours)
	for _, c := range drawnColours() {
		c := color.RGBA(c) // all are opaque
		index[key(c)] = uint8(len(palette))
		palette = append(palette, c)
	}
	out := image.NewPaletted(bounds, nil)
	last, at := uint32(0), uint8(0) // most pixels are like their neighbour
	for y := range bounds.Dy() {
		row, to := img.Pix[y*img.Stride:], out.Pix[y*out.Stride:]
		for x := range bounds.Dx() {
			c := color.RGBA{row[4*x], row[4*x+1], row[4*x+2], 0xFF}
			k := key(c)
			if k == last {
				to[x] = at
				continue
			}
			i, known := index[k]
			if !known {
				blend := color.RGBA{level(c.R), level(c.G), level(c.B), 0xFF}
				if i, known = index[key(blend)]; !known {
					if len(palette) == maxColours {
						return nil, false
					}
					i = uint8(len(palette))
					palette = append(palette, blend)
					index[key(blend)] = i
				}
				index[k] = i
			}
			to[x], last, at = i, k, i
		}
	}
	out.Palette = palette
	return out, true
}

// key is never 0.
func key(c color.RGBA) uint32 {
	return uint32(c.R) | uint32(c.G)<<8 | uint32(c.B)<<16 | 1<<24
}

func encode(img *image.RGBA) ([]byte, error) {
	var out bytes.Buffer
	var picture image.Image = img
	for _, levels := range []int{16, 8} { // many lines of different colours have many blends
		if p, ok := paletted(img, levels); ok {
			picture = p
			break
		}
	}
	err := png.Encode(&out, picture)
	return out.Bytes(), err
}
