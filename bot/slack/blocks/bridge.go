package blocks

import (
	"strconv"
	"strings"

	"spendbot/analysis"
	"spendbot/analysis/render"
)

// maxDrivers is how many drivers a message shows; what the others carry is in "everything else".
const maxDrivers = 6

const (
	maxLabel = 150
	maxHow   = 320
)

// bridge adds a bridge: a line per driver, everything else, and the effects.
func bridge(p *page, b *analysis.Bridge, a *analysis.Answer) {
	most := maxDrivers
	// Markup may make a label several times as long; then fewer drivers are shown rather than some of the lines, which would
	// not add up.
	for most > 0 && !p.fits(driverLines(render.ShowBridge(b, a, most))) {
		most--
		p.cut = true
	}
	v := render.ShowBridge(b, a, most)
	p.lines(driverLines(v)...)
	effects := make([]string, len(v.Effects))
	for i, e := range v.Effects {
		effects[i] = esc(e, maxItem)
	}
	p.note(strings.Join(effects, " · "))
}

// repeats reports whether a sentence before the bridge says no more than a driver's line will: it names the driver and its
// amount.
func repeats(text string, a *analysis.Answer) bool {
	for _, part := range a.Parts {
		if part.Bridge == nil {
			continue
		}
		for i, d := range part.Bridge.Drivers[:min(len(part.Bridge.Drivers), maxDrivers)] {
			amount := render.DriverAmount(part.Bridge, i)
			if d.Label != "" && strings.Contains(text, render.Clean(d.Label)) && strings.Contains(text, amount) {
				return true
			}
		}
	}
	return false
}

// driverLines are "`+$11,404` NAT gateway bytes · payments-prod, since Wed 18 Nov: usage x4.1, price unchanged".
func driverLines(v render.ShownBridge) []string {
	var lines []string
	for _, d := range v.Drivers {
		lines = append(lines, driverLine(d))
		if d.Near != "" {
			lines = append(lines, "      _"+esc(d.Near, maxHow)+"_")
		}
	}
	if v.HasRest {
		lines = append(lines, driverLine(v.Rest))
	}
	return lines
}

func driverLine(d render.ShownDriver) string {
	s := code(d.Amount, 60) + " " + esc(d.Label, maxLabel)
	if d.Since != "" {
		s += ", " + esc(d.Since, 60)
	}
	if d.How != "" {
		s += ": " + esc(d.How, maxHow)
	}
	return s
}

// counted is "1 row", "12 rows".
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
