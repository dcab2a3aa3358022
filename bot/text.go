package bot

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// maxQuestion bounds a question; a longer one is cut, which a grammar of a few clauses does not notice.
const maxQuestion = 1000

// Slack's markup in a message's text: <@U1>, <@U1|ana>, <#C1|costs>, <https://x|label>, <!here>, <!subteam^S1|@finops>. Angle
// brackets with a space after the first, as in a comparison, are none.
var markup = regexp.MustCompile(`<(?:([@#!])([^<>|]*)|([^<>|\s]+))(?:\|([^<>]*))?>`)

var entities = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// question is what a person typed, without Slack's markup: the bot's own mention goes, channels and links read as their
// labels, escaped characters as themselves.
func question(text, self string) string {
	text = strings.Join(strings.Fields(unmarked(text, self)), " ")
	if len(text) > maxQuestion {
		cut := maxQuestion
		for !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut]
	}
	return text
}

// unmarked is a text without Slack's markup, its lines as they are.
func unmarked(text, self string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = markup.ReplaceAllStringFunc(text, func(m string) string {
		part := markup.FindStringSubmatch(m)
		sign, id, label := part[1], part[2]+part[3], part[4]
		switch {
		case sign == "@" && id == self:
			return " "
		case sign == "!":
			return " " + strings.TrimPrefix(label, "@") + " "
		case label != "":
			return label
		case sign == "":
			return id
		}
		return " "
	})
	return entities.Replace(text)
}
