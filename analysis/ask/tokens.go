package ask

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A question longer than this is read up to here, with a note: the grammar is linear, but nobody asks in more words.
const (
	maxRunes  = 2000
	maxTokens = 300
)

// role says what a token was understood as; a token without one has not been understood yet.
type role int

const (
	open    role = iota
	filler       // a word of the grammar, or one that carries nothing
	dated        // part of a date
	named        // part of a name of the vocabulary
	cut          // part of a group-by
	amount       // a sum of money
	strange      // not understood, and said so
)

// token is a word of the question.
type token struct {
	raw    string // as typed, without the punctuation around it
	low    string // lower case, without a possessive
	quoted bool   // stood in quotes: a name, never a word of the grammar
	brk    bool   // punctuation follows that ends a phrase
	dash   bool   // it is a lone dash, as in "1 Nov - 10 Nov"
	role   role
}

var (
	slackLink  = regexp.MustCompile(`<([@#!])[^<>\s]{0,80}>`)
	slackEmoji = regexp.MustCompile(`(^|\s):[a-z0-9_+'-]{1,40}:`)
	slashStart = regexp.MustCompile(`^\s*/[a-z][a-z_-]*(\s|$)`)
)

// unequal are the marks that mean "not".
var unequal = strings.NewReplacer("!=", " not ", "<>", " not ", "≠", " not ")

// clean takes away what is not the asker's: mentions, the slash command, emoji codes, control characters.
func clean(question string) (text string, cutShort bool) {
	if len(question) > maxRunes*utf8.UTFMax {
		question = question[:maxRunes*utf8.UTFMax]
		cutShort = true
	}
	s := strings.ToValidUTF8(question, " ")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '’' || r == '‘' || r == '`' || r == '´':
			return '\''
		case r == '“' || r == '”' || r == '«' || r == '»':
			return '"'
		case r == '–' || r == '—' || r == '‑' || r == '−':
			return '-'
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.IsSpace(r):
			return ' '
		}
		return r
	}, s)
	s = slackLink.ReplaceAllString(s, " ")
	s = slashStart.ReplaceAllString(s, " ")
	s = slackEmoji.ReplaceAllString(s, " ")
	s = strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">").Replace(s)
	s = unequal.Replace(s) // a mark that were lost would turn the question round
	s = strings.TrimSpace(s)
	if utf8.RuneCountInString(s) > maxRunes {
		s, cutShort = string([]rune(s)[:maxRunes]), true
	}
	return s, cutShort
}

// tokens cuts a clean question into words. whole reports whether the vocabulary knows a word as it stands, which then is
// not cut at its slashes or commas.
func tokens(s string, whole func(string) bool) []token {
	var out []token
	for len(s) > 0 && len(out) < maxTokens {
		s = strings.TrimLeft(s, " ")
		if s == "" {
			break
		}
		if q := s[0]; q == '"' || q == '\'' {
			if end := closingQuote(s[1:], q); end >= 0 {
				out = append(out, token{raw: s[1 : 1+end], low: fold(s[1 : 1+end]), quoted: true})
				s = s[2+end:]
				for len(s) > 0 && strings.IndexByte(",.;:!?)", s[0]) >= 0 {
					out[len(out)-1].brk = true
					s = s[1:]
				}
				continue
			}
		}
		var word string
		word, s = nextWord(s)
		out = appendWord(out, word, whole)
	}
	return out
}

// closingQuote finds the quote that ends a quoted name: the first one that a word does not go on after.
func closingQuote(s string, q byte) int {
	for i := 0; i < len(s) && i < 300; i++ {
		if s[i] == q && (i+1 == len(s) || strings.IndexByte(" ,.;:!?)", s[i+1]) >= 0) {
			return i
		}
	}
	return -1
}

// nextWord cuts at the next space, except inside key="some value".
func nextWord(s string) (word, rest string) {
	inside := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"' && i > 0 && (inside || s[i-1] == '=' || s[i-1] == ':'):
			if !inside && strings.IndexByte(s[i+1:], '"') < 0 {
				continue
			}
			inside = !inside
		case s[i] == ' ' && !inside:
			return s[:i], s[i:]
		}
	}
	return s, ""
}

// expansions are the contractions whose parts mean something to the grammar.
var expansions = map[string]string{
	"what's": "what is", "whats": "what is", "who's": "who is", "how's": "how is", "where's": "where is",
	"that's": "that is", "it's": "it is", "there's": "there is", "why's": "why is", "here's": "here is",
	"when's": "when is", "can't": "can not", "cannot": "can not", "won't": "will not", "let's": "let us",
	"w/": "with", "w/o": "without", "b/c": "because",
	"i'm": "i am", "we'll": "we will", "i'll": "i will", "it'll": "it will",
}

func appendWord(out []token, word string, whole func(string) bool) []token {
	trimmed := strings.TrimLeft(word, "([{<\"'*_~?!.,;")
	body := strings.TrimRight(trimmed, ")]}>\"'*~?!.,;:")
	brk := strings.ContainsAny(trimmed[len(body):], ".,;:!?)")
	if body == "" {
		if brk && len(out) > 0 {
			out[len(out)-1].brk = true
		}
		return out
	}
	low := fold(body)
	if strings.Trim(low, "-") == "" {
		return append(out, token{raw: body, low: "-", dash: true, role: filler})
	}
	if x, ok := expansions[low]; ok {
		for w := range strings.FieldsSeq(x) {
			out = append(out, token{raw: w, low: w})
		}
		out[len(out)-1].brk = brk
		return out
	}
	if stem, ok := strings.CutSuffix(low, "n't"); ok && stem != "" {
		return append(out, token{raw: stem, low: stem}, token{raw: "not", low: "not", brk: brk})
	}
	for _, suffix := range []string{"'s", "'re", "'ve", "'ll", "'d"} {
		if stem, ok := strings.CutSuffix(low, suffix); ok && stem != "" {
			low, body = stem, body[:len(body)-len(suffix)]
			break
		}
	}
	if !hasLetterOrDigit(low) {
		switch low {
		case "&", "+":
			return append(out, token{raw: body, low: "and", brk: brk})
		case "=":
			return append(out, token{raw: body, low: "=", role: filler})
		}
		return out // emoji and stray marks
	}
	if parts := splitList(low, body); len(parts) > 1 && !whole(low) {
		for i, p := range parts {
			if p == "" {
				continue
			}
			out = append(out, token{raw: p, low: fold(p), brk: i < len(parts)-1})
		}
		if len(out) > 0 {
			out[len(out)-1].brk = brk
		}
		return out
	}
	return append(out, token{raw: body, low: low, brk: brk})
}

var thousands = regexp.MustCompile(`^[$€£]?\d{1,3}(,\d{3})+(\.\d+)?[a-z]?$`)

// splitList cuts "payments,search" and "tax/support", but neither 1,000 nor 10/11 nor a path or pair.
func splitList(low, body string) []string {
	if strings.ContainsAny(body, `="`) || strings.Contains(body, "//") || strings.HasPrefix(body, "/") {
		return nil
	}
	if strings.Contains(body, ",") && !thousands.MatchString(low) {
		return strings.Split(body, ",")
	}
	if strings.Count(body, "/") == 1 && len(body) > 3 {
		a, b, _ := strings.Cut(body, "/")
		if isWord(a) && isWord(b) {
			return []string{a, b}
		}
	}
	return nil
}

func isWord(s string) bool {
	for _, r := range s {
		if !unicode.IsLetter(r) {
			return false
		}
	}
	return s != ""
}

func hasLetterOrDigit(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) >= 0
}

func hasDigit(s string) bool { return strings.IndexFunc(s, unicode.IsDigit) >= 0 }

// fold is the case that names and words are compared in.
func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// key is a name as it is looked up: lower case, its words with one space between, so that "payments-prod", "Payments Prod"
// and "payments_prod" are one.
func key(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}), " ")
}

// camel cuts NatGateway into Nat Gateway.
func camel(s string) string {
	var b strings.Builder
	prev := ' '
	for _, r := range s {
		if unicode.IsUpper(r) && unicode.IsLower(prev) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		prev = r
	}
	return b.String()
}
