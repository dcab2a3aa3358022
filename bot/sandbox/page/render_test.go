package page_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"spendbot/bot/sandbox/page"
)

// blank is a page under the real policy with nothing on it, where the modules can be tried one by one.
func blank(t *testing.T) *tab {
	t.Helper()
	scripts := page.Handler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/blank" {
			scripts.ServeHTTP(w, r)
			return
		}
		policy := httptest.NewRecorder()
		scripts.ServeHTTP(policy, httptest.NewRequest(http.MethodGet, "/", nil))
		w.Header().Set("Content-Security-Policy", policy.Header().Get("Content-Security-Policy"))
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!doctype html><html lang="en"><title>blank</title><link rel="icon" href="icon.svg"><link rel="stylesheet" href="style.css"><body></body>`)
	}))
	t.Cleanup(server.Close)
	return open(t, 900, 700, server.URL+"/blank")
}

// rendered is the HTML that a module's function makes of a text.
func (b *tab) rendered(module, call string, in any) string {
	b.t.Helper()
	return value[string](b, fmt.Sprintf(`import('/%s').then((m) => { const d = document.createElement('div'); d.append(m.%s(%s)); return d.innerHTML; })`, module, call, quote(in)))
}

func TestMrkdwn(t *testing.T) {
	b := blank(t)
	for _, tc := range []struct{ name, in, want string }{
		{"plain", "spend rose", "spend rose"},
		{"styles", "*bold* _it_ ~gone~ `code`", "<strong>bold</strong> <em>it</em> <s>gone</s> <code>code</code>"},
		{"nested", "*bold and _both_*", "<strong>bold and <em>both</em></strong>"},
		{"not inside words", "2*3*4 snake_case_name a~b~c", "2*3*4 snake_case_name a~b~c"},
		{"a lone star", "* not bold * at all", "* not bold * at all"},
		{"punctuation around", "(*x*), _y_.", "(<strong>x</strong>), <em>y</em>."},
		{"not over lines", "*a\nb*", "*a<br>b*"},
		{"code keeps its marks", "`*a* _b_`", "<code>*a* _b_</code>"},
		{"entities", "a &lt;b&gt; &amp;amp; &copy;", "a &lt;b&gt; &amp;amp; &amp;copy;"},
		{"link", "<https://example.com/a?b=1&amp;c=2|the *bill*>", `<a href="https://example.com/a?b=1&amp;c=2" target="_blank" rel="noopener noreferrer">the *bill*</a>`},
		{"bare link", "see https://example.com/x, now", `see <a href="https://example.com/x" target="_blank" rel="noopener noreferrer">https://example.com/x</a>, now`},
		{"mail", "<mailto:a@example.com|a@example.com>", `<a href="mailto:a@example.com" target="_blank" rel="noopener noreferrer">a@example.com</a>`},
		{"user", "<@U00ANA> and <@U00BEN|ben>", `<span class="mention" data-user="U00ANA">@U00ANA</span> and <span class="mention" data-user="U00BEN">@ben</span>`},
		{"channel and group", "<#C01|costs> <!subteam^S01|@finops> <!here>",
			`<span class="mention">#costs</span> <span class="mention">@finops</span> <span class="mention mention-all">@here</span>`},
		{"date", "<!date^1795528800^{date_num}|24 Nov>", `<span class="date" title="24 Nov">2026-11-24</span>`},
		{"a date that is none", "<!date^x^{date}|24 Nov>", `<span class="date" title="24 Nov">24 Nov</span>`},
		{"emoji", ":tada: :no_such_thing: 10:30:15", `<span class="emoji" role="img" aria-label="tada" title=":tada:">🎉</span> :no_such_thing: 10:30:15`},
		{"state", ":large_orange_circle: NAT", `<span class="emoji mark mark-round mark-orange" role="img" aria-label="large orange circle" title=":large_orange_circle:"></span> NAT`},
		{"quote", "&gt; one\n&gt; *two*\nthree", "<blockquote>one<br><strong>two</strong></blockquote>three"},
		{"long quote", "a\n&gt;&gt;&gt;b\nc", "a<blockquote>b<br>c</blockquote>"},
		{"fence", "a\n```\nselect *\n  from &lt;t&gt;\n```\nb", "a<pre>select *\n  from &lt;t&gt;</pre>b"},
		{"open fence", "a ```b", "a ```b"},
		{"bullets", "• one\n• two", `<span class="hang hang-0"><span class="hang-mark">•</span><span class="hang-text">one</span></span>` +
			`<span class="hang hang-0"><span class="hang-mark">•</span><span class="hang-text">two</span></span>`},
		{"an amount is no bullet", "-$409 everything else", "-$409 everything else"},
		{"not a token", "a < b and c > d, <>", "a &lt; b and c &gt; d, &lt;&gt;"},
		{"script link", "<javascript:alert(1)|click>", "click"},
		{"script link with a tab", "<java\tscript:alert(1)|click>", "&lt;java\tscript:alert(1)|click&gt;"},
		{"data link", "<data:text/html;base64,PHN2Zz4=|x>", "x"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, b.rendered("mrkdwn.js", "mrkdwn", tc.in)); diff != "" {
				t.Errorf("%q (-want +got):\n%s", tc.in, diff)
			}
		})
	}
	b.quiet()
}

func TestMarkdown(t *testing.T) {
	b := blank(t)
	for _, tc := range []struct{ name, in, want string }{
		{"styles", "**b** *i* ~~s~~ `c` \\*no\\*", "<p><strong>b</strong> <em>i</em> <s>s</s> <code>c</code> *no*</p>"},
		{"heading", "# Spend\ntext", `<h3 class="md-head md-h1">Spend</h3><p>text</p>`},
		{"list", "- a\n- b\n  1. c", `<ul class="rt-list"><li>a</li><li>b<ol class="rt-list"><li>c</li></ol></li></ul>`},
		{"link", "[x](https://example.com) [y](javascript:alert(1))", `<p><a href="https://example.com" target="_blank" rel="noopener noreferrer">x</a> y</p>`},
		{"table", "| a | b |\n|---|--:|\n| 1 | 2 |", `<div class="table-wrap" tabindex="0" role="region" aria-label="table"><table><thead><tr><th class="align-left" scope="col">a</th>` +
			`<th class="align-right" scope="col">b</th></tr></thead><tbody><tr><td class="align-left">1</td><td class="align-right">2</td></tr></tbody></table></div>`},
		{"fence", "```sql\nselect 1\n```", "<pre>select 1</pre>"},
		{"quote", "> a\n> b", "<blockquote><p>a<br>b</p></blockquote>"},
		{"html is text", "<b onclick=x>hi</b>", "<p>&lt;b onclick=x&gt;hi&lt;/b&gt;</p>"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, b.rendered("markdown.js", "markdown", tc.in)); diff != "" {
				t.Errorf("%q (-want +got):\n%s", tc.in, diff)
			}
		})
	}
	b.quiet()
}

// hostile are texts that would do something if any of them became markup, an address or an attribute.
var hostile = []string{
	`<script>window.broken = 1</script>`, `<img src=x onerror="window.broken=1">`, `<svg/onload=window.broken=1>`,
	`<https://x"onmouseover="window.broken=1|a>`, `<javascript:window.broken=1|a>`, `<JaVaScRiPt:window.broken=1>`, `< javascript:window.broken=1|a>`,
	"<\u0001javascript:window.broken=1|a>", `<vbscript:x|a>`, `<data:text/html,<script>window.broken=1</script>|a>`, `<//evil.example|a>`, `<@U1"onclick="x|a>`,
	`<!date^1^{date}^javascript:window.broken=1|x>`, `[a](javascript:window.broken=1)`, `[a](data:text/html;base64,x)`, `![a](javascript:window.broken=1)`, `<javascript:window.broken=1>`,
	"```<script>window.broken=1</script>```", "`<img src=x onerror=window.broken=1>`", `"><script>window.broken=1</script>`, `'"/><iframe srcdoc="<script>window.broken=1</script>">`,
	`{{constructor.constructor('window.broken=1')()}}`, `</style><script>window.broken=1</script>`, "\u202e<script>\u202c", "\x00<script>window.broken=1</script>",
}

// TestHostile puts each text wherever a block takes text and looks at what elements, attributes and addresses came of it.
func TestHostile(t *testing.T) {
	b := blank(t)
	type object = map[string]any
	for _, text := range hostile {
		plain, mr := object{"type": "plain_text", "text": text}, object{"type": "mrkdwn", "text": text}
		option := object{"text": plain, "value": text, "description": plain, "url": text}
		rich := object{"type": "rich_text", "elements": []any{
			object{"type": "rich_text_section", "elements": []any{object{"type": "text", "text": text}, object{"type": "link", "url": text, "text": text}, object{"type": "link", "url": text},
				object{"type": "emoji", "name": text, "unicode": text}, object{"type": "user", "user_id": text}, object{"type": "channel", "channel_id": text}, object{"type": "usergroup", "usergroup_id": text},
				object{"type": "broadcast", "range": text}, object{"type": "date", "timestamp": text, "format": text, "fallback": text, "url": text}, object{"type": "color", "value": text}, object{"type": text}}},
			object{"type": "rich_text_preformatted", "elements": []any{object{"type": "text", "text": text}}},
			object{"type": "rich_text_list", "style": text, "indent": text, "elements": []any{object{"type": text, "elements": []any{}}}}}}
		blocks := []any{
			object{"type": "section", "block_id": text, "text": mr, "fields": []any{mr, plain}, "accessory": object{"type": "button", "text": plain, "url": text, "value": text, "action_id": text, "style": text}},
			object{"type": "header", "text": plain}, object{"type": "markdown", "text": text}, object{"type": "context", "elements": []any{mr, object{"type": "image", "image_url": text, "alt_text": text}}},
			object{"type": "image", "image_url": text, "alt_text": text, "title": plain}, object{"type": "image", "slack_file": object{"url": text}, "alt_text": text}, object{"type": "image", "slack_file": object{"id": text}, "alt_text": text},
			object{"type": "actions", "elements": []any{object{"type": "static_select", "action_id": text, "placeholder": plain, "options": []any{option}, "initial_option": option}, object{"type": "overflow", "options": []any{option}},
				object{"type": "checkboxes", "options": []any{option}}, object{"type": text}, object{"type": "datepicker", "initial_date": text}}},
			object{"type": "context_actions", "elements": []any{object{"type": "icon_button", "icon": text, "text": plain, "accessibility_label": text}}},
			object{"type": "table", "column_settings": []any{object{"align": text}}, "rows": []any{[]any{object{"type": "raw_text", "text": text}}, []any{rich}}}, rich,
			object{"type": "input", "label": plain, "hint": plain, "element": object{"type": "plain_text_input", "initial_value": text, "placeholder": plain}},
			object{"type": "video", "title": plain, "title_url": text, "video_url": text, "alt_text": text}, object{"type": "alert", "text": mr, "level": text}, object{"type": text},
			object{"type": "data_visualization", "title": text, "chart": object{"type": "pie", "segments": []any{object{"label": text, "value": text}}}},
		}
		got := value[[]string](b, fmt.Sprintf(`import('/blocks.js').then((m) => {
			const place = {inputs: new Map(), press: () => Promise.resolve(), note: () => {}};
			const box = document.body.appendChild(document.createElement('div'));
			box.append(m.blocks(place, %s), m.attachment(place, %s));
			const bad = [];
			for (const e of box.querySelectorAll('*')) {
				if (/^(script|iframe|object|embed|style|link|meta|base|form)$/i.test(e.localName)) bad.push('element ' + e.localName);
				for (const a of e.attributes) {
					if (/^on/i.test(a.name) || a.name === 'srcdoc') bad.push('attribute ' + a.name);
					if (/^(href|src|action|formaction|xlink:href)$/i.test(a.name) && !/^(https?:|mailto:|tel:|\/files\/|blob:)/.test(a.value)) bad.push(e.localName + ' ' + a.name + '=' + a.value);
				}
			}
			box.remove();
			return bad;
		})`, quote(blocks), quote(object{"text": text, "title": text, "title_link": text, "author_name": text, "author_link": text, "color": text, "pretext": text, "footer": text, "image_url": text, "fallback": text,
			"fields": []any{object{"title": text, "value": text}}})))
		if len(got) > 0 {
			t.Errorf("%q became %q", text, got)
		}
	}
	if b.is("window.broken") {
		t.Error("a text was run")
	}
	for _, said := range b.console() {
		if !strings.Contains(said, "404") { // pictures that are not there
			t.Errorf("the console says: %q", said)
		}
	}
}

// TestHuge: texts far beyond Slack's limits are shown and not choked on. Time is bounded by the test's guard alone.
func TestHuge(t *testing.T) {
	b := blank(t)
	for _, unit := range []string{"*", "_ ", "*a ", "`", "<", "<@", "<https://", ">", "&gt;", ":a", "[", "[a](", "![", "**a ", "```", "| a ", "|\n|-", "- a\n", "  - a\n", "> ", "\n", "*_~", "https://", "<!date^1^", "\\", "a"} {
		for _, f := range []string{"mrkdwn.js mrkdwn", "markdown.js markdown"} {
			module, call, _ := strings.Cut(f, " ")
			n := value[int](b, fmt.Sprintf(`import('/%s').then((m) => { const d = document.createElement('div'); d.append(m.%s(%s.repeat(%d))); return d.textContent.length; })`,
				module, call, quote(unit), 40000/len(unit)))
			if n < 0 {
				t.Errorf("%q: %d", unit, n)
			}
		}
	}
	b.quiet()
}

// drawn puts blocks on the page and reads back their words and whether anything was left grey.
func (b *tab) drawn(blocks any) (text string, unknown []string) {
	b.t.Helper()
	got := value[struct {
		Text    string
		Unknown []string
	}](b, fmt.Sprintf(`import('/blocks.js').then((m) => {
		const place = {inputs: new Map(), press: () => Promise.resolve(), note: () => {}};
		document.body.replaceChildren(m.blocks(place, %s));
		return {text: document.body.innerText, unknown: [...document.querySelectorAll('[data-unknown]')].map((e) => e.dataset.unknown)};
	})`, quote(blocks)))
	return got.Text, got.Unknown
}

func readJSON(t *testing.T, name string) any {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

// TestOwnMessages: everything the bot says is shown in full: no grey boxes, every button and amount is there.
func TestOwnMessages(t *testing.T) {
	names, err := filepath.Glob("../../slack/blocks/testdata/*.json")
	if err != nil || len(names) == 0 {
		t.Skipf("no messages of the bot to show: %v", err)
	}
	b := blank(t)
	for _, name := range names {
		o, _ := readJSON(t, name).(map[string]any)
		list, _ := o["blocks"].([]any)
		text, unknown := b.drawn(list)
		if len(unknown) > 0 {
			t.Errorf("%s: not shown: %q", name, unknown)
		}
		if len(list) > 0 && strings.TrimSpace(text) == "" {
			t.Errorf("%s shows nothing", name)
		}
	}
	b.quiet()
}

// TestPublishedBlocks draws blocks that Slack accepted: nothing stays grey, and every title and text is to be seen. They are
// optional data beside the repository.
func TestPublishedBlocks(t *testing.T) {
	dir := sharedFolder(t, "specs", "slackblocks", "spec", "fixtures", "valid")
	b := blank(t)
	shown, all := 0, []any{}
	names, _ := filepath.Glob(filepath.Join(dir, "*", "*.json"))
	for _, name := range names {
		kind, v := filepath.Base(filepath.Dir(name)), readJSON(t, name)
		var list any
		switch kind {
		case "blocks":
			if _, ok := v.([]any); !ok {
				v = []any{v}
			}
			list = v
		case "elements":
			if strings.HasPrefix(filepath.Base(name), "url_source") { // a part of a task card and no element
				continue
			}
			if o := v.(map[string]any); o["type"] == "image" {
				list = []any{map[string]any{"type": "context", "elements": []any{v}}}
			} else {
				list = []any{map[string]any{"type": "input", "block_id": "b", "label": map[string]any{"type": "plain_text", "text": "Label"}, "element": v}}
			}
		case "rich_text":
			list = []any{map[string]any{"type": "rich_text", "elements": []any{v}}}
			if o, ok := v.(map[string]any); ok && o["type"] == "rich_text" {
				list = []any{v}
			} else if !strings.HasPrefix(fmt.Sprint(o["type"]), "rich_text") {
				list = []any{map[string]any{"type": "rich_text", "elements": []any{map[string]any{"type": "rich_text_section", "elements": []any{v}}}}}
			}
		case "views", "messages":
			o, _ := v.(map[string]any)
			own, ok := o["blocks"].([]any)
			if !ok {
				continue
			}
			list = own
		default:
			continue
		}
		text, unknown := b.drawn(list)
		if len(unknown) > 0 {
			t.Errorf("%s: not shown: %q", name, unknown)
		}
		shown++
		all = append(all, list.([]any)...)
		for _, words := range wordsIn(list) {
			if !strings.Contains(strings.Join(strings.Fields(text), " "), strings.Join(strings.Fields(words), " ")) {
				t.Errorf("%s: %q is not to be seen in %q", name, words, text)
			}
		}
	}
	for _, said := range b.console() {
		if !strings.Contains(said, "404") {
			t.Errorf("the console says: %q", said)
		}
	}
	b.drawn(all)
	b.do("a tall window", chromedp.EmulateViewport(900, 9000))
	b.shot("published")
	b.dark(true)
	b.shot("published-dark")
	b.dark(false)
	if shown < 50 {
		t.Errorf("only %d of the published blocks were drawn", shown)
	}
	if text, unknown := b.drawn([]any{map[string]any{"type": "hologram"}}); len(unknown) != 1 || !strings.Contains(text, "hologram") {
		t.Errorf("an unknown block is shown as %q", text)
	}
}

// wordsIn lists what of blocks must be readable: the texts of their text objects, but for those of menus that are closed and of
// mrkdwn, whose marks are not shown.
func wordsIn(v any) []string {
	var out []string
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			out = append(out, wordsIn(x)...)
		}
	case map[string]any:
		text, _ := v["text"].(string)
		if kind := v["type"]; text != "" && (kind == "plain_text" || kind == "raw_text" || kind == "text" || kind == "link") && !strings.Contains(text, ":") {
			out = append(out, text)
		}
		for key, x := range v {
			switch {
			case key == "confirm", key == "placeholder", key == "options" && v["type"] != "checkboxes" && v["type"] != "radio_buttons", key == "positive_button", key == "negative_button",
				v["type"] == "icon_button" && key == "text", key == "option_groups", strings.HasPrefix(key, "initial"):
			default:
				out = append(out, wordsIn(x)...)
			}
		}
	}
	return out
}

// sharedFolder is the optional folder beside the repository with reference data; the test is skipped without it.
func sharedFolder(t *testing.T, parts ...string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Skip("no go.mod above the test")
		}
	}
	p := filepath.Join(append([]string{filepath.Dir(dir), "shared"}, parts...)...)
	if _, err := os.Stat(p); err != nil {
		t.Skipf("no reference data: %v", err)
	}
	return p
}
