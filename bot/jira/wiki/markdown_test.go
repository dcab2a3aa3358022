package wiki

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMarkdown(t *testing.T) {
	in := "Bytes that go a dear way\nwhere a *cheap* one exists.\n\n### Azure\n- Add an endpoint: `az network` and **check** it.\n  Risk: {none}.\n- See [the other](nat.md) or [this](https://x.example/a).\n1. First\n2. Second\n\n```sh\naws ec2 describe --x '{code}'\n```\nAfter."
	want := "Bytes that go a dear way where a \\*cheap\\* one exists.\n\nh4. Azure\n* Add an endpoint: {{az network}} and *check* it. Risk: \\{none\\}.\n* See the other or [this|https://x.example/a].\n# First\n# Second\n\n{code:bash}\naws ec2 describe --x '{ code}'\n{code}\nAfter."
	if got := Markdown(in); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// FuzzMarkdown: blocks that are opened are closed, and no block of somebody's own is opened.
func FuzzMarkdown(f *testing.F) {
	for _, s := range []string{"```\n{code}\n```", "`{code}`", "**{panel}**", "[a](http://x{code})", "- {quote}", "```sh\nopen", "# {code}", "1. {noformat}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := Markdown(s)
		if utf8.ValidString(s) && !utf8.ValidString(out) {
			t.Fatalf("%q: not text: %q", s, out)
		}
		opened := 0
		for line := range strings.SplitSeq(out, "\n") {
			switch {
			case strings.HasPrefix(line, "{code:") && opened == 0:
				opened++
			case line == "{code}" && opened == 1:
				opened--
			case opened == 0 && strings.Contains(strings.ReplaceAll(line, `\{`, "_"), "{code"):
				t.Fatalf("%q opens a block in a line: %q", s, line)
			}
		}
		if opened != 0 {
			t.Fatalf("%q leaves a block open: %q", s, out)
		}
	})
}
