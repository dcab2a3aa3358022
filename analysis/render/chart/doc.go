// Package chart draws an [analysis.Answer] as one PNG picture: a bridge as a waterfall, a series as lines or columns, a
// table as bars. In goes the neutral answer, out come the picture's bytes and a sentence that says the same to those who
// do not see it.
//
// Every figure in a picture is the one that the texts of package render print, so what adds up there adds up here; floats
// only place things. Rises and falls differ by sign and direction as well as by colour. An axis that does not start at
// zero says so and its bars are broken. Pictures are made for a phone: text is horizontal, large, and never overlaps. The
// background is opaque, so that it reads the same in light and dark mode.
//
// Equal input gives equal bytes. Labels may be anything: what the embedded fonts cannot show is left out with a mark.
package chart
