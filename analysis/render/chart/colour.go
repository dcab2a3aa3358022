package chart

import "image/color"

// The colours stand on an opaque card of their own. Up and down are vermillion and bluish green, which differ for every
// kind of colour vision (Okabe and Ito, Color Universal Design, 2008); their inks are darker, for text.
var (
	card    = color.NRGBA{0xF7, 0xF8, 0xFA, 0xFF}
	edge    = color.NRGBA{0xD5, 0xDA, 0xE1, 0xFF}
	ink     = color.NRGBA{0x1B, 0x25, 0x30, 0xFF}
	muted   = color.NRGBA{0x57, 0x63, 0x70, 0xFF}
	faint   = color.NRGBA{0xE3, 0xE7, 0xEC, 0xFF}
	guide   = color.NRGBA{0x8B, 0x97, 0xA5, 0xFF}
	total   = color.NRGBA{0x56, 0x66, 0x7A, 0xFF}
	neutral = color.NRGBA{0x2F, 0x6D, 0xB5, 0xFF}
	up      = color.NRGBA{0xDD, 0x62, 0x12, 0xFF}
	upInk   = color.NRGBA{0xA9, 0x42, 0x00, 0xFF}
	down    = color.NRGBA{0x06, 0x94, 0x83, 0xFF}
	downInk = color.NRGBA{0x00, 0x6B, 0x5F, 0xFF}
)

// lineColours tell lines apart: the same authors' palette, darkened to read as text. The last is for everything else.
var lineColours = [maxLines + 1]color.NRGBA{
	{0x00, 0x66, 0xA8, 0xFF}, {0xC6, 0x54, 0x00, 0xFF}, {0x00, 0x7F, 0x5F, 0xFF}, {0xA8, 0x4E, 0x87, 0xFF},
	{0x8A, 0x6A, 0x00, 0xFF}, {0x2B, 0x83, 0xA6, 0xFF}, {0x66, 0x70, 0x7C, 0xFF},
}

// lineDashes tell them apart without colour.
var lineDashes = [maxLines + 1][]float64{nil, {14, 5}, {4, 4}, {14, 5, 4, 5}, {8, 4}, {20, 6}, {3, 6}}

// drawnColours are all of them.
func drawnColours() []color.NRGBA {
	return append([]color.NRGBA{card, edge, ink, muted, faint, guide, total, neutral, up, upInk, down, downInk}, lineColours[:]...)
}

// bySign is a bar's colour and that of its figure.
func bySign(sign int) (fill, text color.NRGBA) {
	switch {
	case sign > 0:
		return up, upInk
	case sign < 0:
		return down, downInk
	}
	return guide, muted
}
