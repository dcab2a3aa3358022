package bot

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestQuestion(t *testing.T) {
	const self = "UBOT"
	for _, c := range []struct{ in, want string }{
		{"<@UBOT> why did spend change?", "why did spend change?"},
		{"<@UBOT|spendbot>  why,\n<@UBOT>?", "why, ?"},
		{"what does <@U1|ana> spend in <#C1|costs>?", "what does ana spend in costs?"},
		{"what does <@U1> spend in <#C1>?", "what does spend in ?"},
		{"see <https://x.example|this> and <https://y.example>", "see this and https://y.example"},
		{"<!here> <!subteam^S1|@finops> why?", "finops why?"},
		{"a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"},
		{"1 < 2 > 0", "1 < 2 > 0"},
		{"", ""},
		{"ä" + strings.Repeat("é", maxQuestion), "ä" + strings.Repeat("é", maxQuestion/2-1)},
		{strings.Repeat("\x80", maxQuestion+1), "\uFFFD"},
	} {
		if got := question(c.in, self); got != c.want {
			t.Errorf("question(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

// FuzzQuestion reads whatever people type: a line of text, short enough, that holds no mention of the bot.
func FuzzQuestion(f *testing.F) {
	for _, s := range []string{"<@UBOT> why?", "<@UBOT|x>y<#C1|c><!here>", "<<@UBOT>>", "&lt;@UBOT&gt;", "<@U1|<@UBOT>>", "\x80\xff<", strings.Repeat("é", maxQuestion),
		strings.Repeat("\x80", maxQuestion+1), "a\u2028b\x00c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := question(text, "UBOT")
		switch {
		case len(got) > maxQuestion:
			t.Errorf("%d bytes", len(got))
		case !utf8.ValidString(got):
			t.Errorf("no UTF-8: %q", got)
		case strings.ContainsAny(got, "\n\r\t") || strings.TrimSpace(got) != got:
			t.Errorf("no line of text: %q", got)
		case !strings.Contains(text, "&") && len(text) <= maxQuestion && strings.Contains(got, "<@UBOT>") && !strings.Contains(text, "<<"):
			t.Errorf("it still mentions the bot: %q", got)
		}
	})
}
