package page_test

import (
	"flag"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// at is a running workspace to take pictures of, such as the demo's: -at 'http://127.0.0.1:8765 NAME=#/c/C0.../t/171.1?as=U0... ...'.
var at = flag.String("at", "", "address of a running workspace and name=fragment of the places in it to take pictures of")

// TestLook takes pictures of a running workspace for people to look at: wide, on a phone, light and dark.
func TestLook(t *testing.T) {
	if *at == "" || *shots == "" {
		t.Skip("takes pictures only with -at and -shots")
	}
	words := strings.Fields(*at)
	b := open(t, 1400, 900, words[0]+"/")
	for _, w := range words[1:] {
		name, place, _ := strings.Cut(w, "=")
		for _, size := range []struct {
			name          string
			width, height int64
		}{{"wide", 1400, 900}, {"phone", 390, 844}} {
			b.do("resize", chromedp.EmulateViewport(size.width, size.height), chromedp.Navigate(words[0]+"/"+place), chromedp.Reload())
			b.until("the page", `!document.querySelector('.app[aria-busy]') && !document.querySelector('.pane.loading') && document.querySelector('.message, .home .block')`)
			b.until("pictures", `[...document.images].every((i) => i.complete || i.loading === 'lazy')`)
			for _, dark := range []bool{false, true} {
				b.dark(dark)
				b.shot(name + "-" + size.name + map[bool]string{false: "", true: "-dark"}[dark])
			}
			b.dark(false)
		}
	}
	b.quiet()
}
