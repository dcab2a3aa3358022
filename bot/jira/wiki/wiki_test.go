package wiki

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"NAT gateway bytes in payments-prod", "NAT gateway bytes in payments-prod"},
		{"x_UsageType and _this_", `x_UsageType and \_this\_`},
		{"-struck- out, a -- b", `\-struck\- out, a \-\- b`},
		{"{code} *bold* [link|http://evil.example]", `\{code\} \*bold\* \[link\|http://evil.example\]`},
		{"!image.png!", `\!image.png\!`},
		{"h1. a heading", "h1&#46; a heading"},
		{"bq. a quotation", "bq&#46; a quotation"},
		{"h7. none", "h7. none"},
		{"one\ntwo\x00three\u2028four", "one two three four"},
		{"safe\u202etxt.exe", "safetxt.exe"},
		{"note :) and &lt;b&gt;", "note &#58;) and &amp;lt;b&amp;gt;"},
		{"R&D", "R&D"},
		{`C:\bills`, `C:\\bills`},
		{"Größe µ 東京", "Größe µ 東京"},
		{"+12 -3", `\+12 \-3`},
	} {
		if got := Text(c.in); got != c.want {
			t.Errorf("Text(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestBlocks(t *testing.T) {
	for name, c := range map[string]struct{ got, want string }{
		"code":          {Code("sql", "SELECT 1\n{code}\n*x*\n"), "{code:sql}\nSELECT 1\n{ code}\n*x*\n{code}"},
		"table":         {Table([][]string{{"what", "a|b"}, {"", "$1"}}), "||what||a\\|b||\n| |$1|"},
		"link":          {Link("the thread", "https://x.slack.com/archives/C1/p2"), "[the thread|https://x.slack.com/archives/C1/p2]"},
		"no link":       {Link("here", "javascript:alert(1)"), "here"},
		"broken link":   {Link("here", "https://x/]|y"), "here"},
		"heading":       {Heading(3, "What *changed*"), `h3. What \*changed\*`},
		"bullets":       {Bullets("a\nb", "c"), "* a b\n* c"},
		"mono":          {Mono("{{x}}"), `{{ \{\{x\}\} }}`},
		"bold":          {Bold(" Saving "), "*Saving*"},
		"lines":         {Lines("a\r\n* b"), "a\n\\* b"},
		"parts":         {Doc("cut", "a", "", "b"), "a\n\nb"},
		"heading bound": {Heading(9, "x"), "h6. x"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", name, c.got, c.want)
		}
	}
}

func TestDocIsBounded(t *testing.T) {
	long := strings.Repeat("é", Most-20)
	got := Doc("The rest is in the thread.", "head", long, "tail")
	if n := utf8.RuneCountInString(got); n > Most {
		t.Errorf("%d characters, at most %d", n, Most)
	}
	if want := "head\n\nThe rest is in the thread."; got != want {
		t.Errorf("got %.80q, want %q", got, want)
	}
}

// FuzzText: whatever comes in, no markup of its own comes out, and nothing visible is lost.
func FuzzText(f *testing.F) {
	for _, s := range []string{"{code}", "[a|b]", "*x*", "h1. x", "a--b", "x_y", "\\{", "&#123;", ":)", "\xff{"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := Text(s)
		if strings.ContainsAny(out, "\n\r") || !utf8.ValidString(out) {
			t.Fatalf("%q: not one line of text: %q", s, out)
		}
		for i := 0; i < len(out); i++ {
			if out[i] == '\\' {
				i++ // shows what follows
				continue
			}
			if strings.IndexByte(`{}[]*^~?!|`, out[i]) >= 0 {
				t.Fatalf("%q: %q at %d is markup in %q", s, out[i], i, out)
			}
		}
	})
}
