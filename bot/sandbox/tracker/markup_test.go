package tracker

import (
	"regexp"
	"strings"
	"testing"

	"spendbot/bot/jira/wiki"
)

func TestShow(t *testing.T) {
	in := strings.Join([]string{wiki.Heading(3, "What <b> changed"), wiki.Bullets(wiki.Text("a | b"), wiki.Bold("Check")+" "+wiki.Mono("spendbot trace Q-1 --rerun")), wiki.Table([][]string{{"driver", "change"}, {"x|y", "+$1"}}), wiki.Code("sql", "SELECT '<x>'"), wiki.Link("thread", "https://x.slack.com/a?b=1&c=2"), wiki.Text("R&D <script>")}, "\n")
	want := `<h3>What &lt;b&gt; changed</h3><ul><li>a | b</li><li> <b>Check</b> <code>spendbot trace Q-1 --rerun</code></li></ul><table><tr><th>driver</th><th>change</th></tr><tr><td>x|y</td><td>+$1</td></tr></table><pre>SELECT &#39;&lt;x&gt;&#39;` + "\n" + `</pre><p><a href="https://x.slack.com/a?b=1&amp;c=2" rel="noreferrer">thread</a></p><p>R&amp;D &lt;script&gt;</p>`
	if got := string(Show(in)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

var tags = regexp.MustCompile(`<[^>]*>`)

// FuzzShow: whatever is in a text, the page's markup is its own.
func FuzzShow(f *testing.F) {
	for _, s := range []string{"<script>", "[a|https://x\"><b>]", "{{<i>}}", "|a|<b>|", "h1. <x>", "*<b>*", "{color:#ffffff}<b>{color}", "&lt;b&gt;", "\\<b>"} {
		f.Add(s)
	}
	own := regexp.MustCompile(`^<(/?(h[1-6]|ul|ol|li|table|tr|t[hd]|pre|p|code|small|b|a)|a href="[^"<>]*" rel="noreferrer")>$`)
	f.Fuzz(func(t *testing.T, s string) {
		for _, tag := range tags.FindAllString(string(Show(s)), -1) {
			if !own.MatchString(tag) {
				t.Fatalf("%q shows %q", s, tag)
			}
		}
	})
}
