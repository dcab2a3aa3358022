package declared

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxName is how long Slack lets a channel's name be.
const maxName = 80

// prefix is what the names of the channels begin with.
const prefix = "inc-cost-"

// ChannelName is the name for a declared incident's channel: "inc-cost-2026-11-18-nat-gateway-bytes-payments-prod", within Slack's rules (small letters, digits and
// hyphens, at most 80). Try counts from 1; a further try ends in its number.
func ChannelName(day time.Time, title string, try int) string {
	name := prefix + day.UTC().Format("2006-01-02")
	suffix := ""
	if try > 1 {
		suffix = fmt.Sprintf("-%d", try)
	}
	if s := slug(title, maxName-len(name)-len(suffix)-1); s != "" {
		name += "-" + s
	}
	return name + suffix
}

// slug is a text in small letters and digits of ASCII, with single hyphens between its words, cut after a word where there is room for one.
func slug(s string, most int) string {
	var words []string
	var word strings.Builder
	end := func() {
		if word.Len() > 0 {
			words = append(words, word.String())
			word.Reset()
		}
	}
	for _, r := range norm.NFKD.String(s) { // é becomes e and an accent, which is left out
		switch r = unicode.ToLower(r); {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			word.WriteRune(r)
		case unicode.Is(unicode.Mn, r):
		default:
			end()
		}
	}
	end()
	var b strings.Builder
	for _, w := range words {
		gap := 0
		if b.Len() > 0 {
			gap = 1
		}
		if b.Len()+gap+len(w) > most {
			if b.Len() == 0 && most > 0 {
				b.WriteString(w[:most])
			}
			break
		}
		if gap == 1 {
			b.WriteByte('-')
		}
		b.WriteString(w)
	}
	return b.String()
}
