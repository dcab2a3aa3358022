package blocks

import (
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"spendbot/runbooks"
)

func builtBooks(t testing.TB) *runbooks.Library {
	t.Helper()
	l, err := runbooks.Built()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

var runbookValues = runbooks.Dates(time.Date(2026, 11, 18, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))

// TestRunbooksFitSlack: each as a message and in both of its windows, whole, with every question and command in it.
func TestRunbooksFitSlack(t *testing.T) {
	message, view := schema(t, "Blocks.schema.json"), schema(t, "View.schema.json")
	for _, r := range builtBooks(t).All() {
		m := Runbook(r, RunbookOptions{Values: runbookValues, Others: builtBooks(t).All()[:2], Command: "/spend"})
		valid(t, m, message)
		harmless(t, m.Text, m.Blocks, Options{})
		pressable(t, m.Blocks)
		said := strings.Join(Strings(m.Blocks), "\n")
		if strings.Contains(said, "left out here") || strings.Contains(said, ellipsis) {
			t.Errorf("%s: something of it is cut:\n%s", r.Slug, said)
		}
		for _, part := range []string{RunbookAll, RunbookCommands} {
			v := RunbookView(r, part)
			validView(t, v, view)
			harmless(t, "", v.Blocks.BlockSet, Options{})
			said := strings.Join(Strings(v.Blocks.BlockSet), "\n")
			for _, line := range strings.Split(r.Section("Look closer"), "\n") {
				if strings.HasPrefix(line, "aws ") && !strings.Contains(said, strings.TrimSuffix(line, " \\")) {
					t.Errorf("%s, %s: the command %q is missing", r.Slug, part, line)
				}
			}
			if strings.Contains(said, "does not fit") {
				t.Errorf("%s, %s: something of it is cut", r.Slug, part)
			}
		}
	}
	valid(t, Runbooks(builtBooks(t).All(), "", "/spend"), message)
	valid(t, Runbooks(nil, "<!channel>", "/spend"), message)
}

// Strings are the texts of blocks, buttons included.
func Strings(list []slack.Block) []string {
	var out []string
	for _, b := range list {
		out = append(out, flat(b)...)
		if rich, ok := b.(*slack.RichTextBlock); ok {
			for _, e := range rich.Elements {
				if pre, ok := e.(*slack.RichTextPreformatted); ok {
					for _, x := range pre.Elements {
						if s, ok := x.(*slack.RichTextSectionTextElement); ok {
							out = append(out, s.Text)
						}
					}
				}
			}
		}
		if row, ok := b.(*slack.ActionBlock); ok {
			for _, e := range row.Elements.ElementSet {
				if btn, ok := e.(*slack.ButtonBlockElement); ok {
					out = append(out, btn.Text.Text)
				}
			}
		}
	}
	return out
}

func TestMarkdownOfRunbooks(t *testing.T) {
	p := newPage()
	markdown(p, "One line\nand its **other** half, `code`.\n\n- a step. Risk: none. Rollback: undo it.\n  on a second line\n  - deeper\n1. first\n### Small\nSee [NAT](nat-and-data-transfer.md) and [it](https://example.com/x).\n```sh\naws ec2 <x>\n\n  -h\n```\n| a | b |\n")
	got := strings.Join(Strings(p.blocks), "\n")
	for _, want := range []string{"One line and its *other* half, `code`.", "• a step.\n      _Risk:_ none.\n      _Rollback:_ undo it. on a second line\n      ◦ deeper\n1. first\n*Small*",
		"See NAT (`nat-and-data-transfer`) and it (https://example.com/x).", "aws ec2 <x>\n\n  -h", "| a | b |"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
}

func FuzzRunbookMarkdown(f *testing.F) {
	f.Add("# a\n- b `c` **d**\n```\n<!channel>\n```\n[x](y.md) Risk: z")
	f.Add("```\nnever closed")
	f.Add("\x00") // nothing that can be shown
	f.Fuzz(func(t *testing.T, text string) {
		r := runbooks.Runbook{Slug: "x", Front: runbooks.Front{Title: text}, Body: text, Sections: []runbooks.Section{{Title: "Contain", Text: text}, {Title: "Ask the bot", Text: text}, {Title: "Look closer", Text: text}}}
		m := Runbook(r, RunbookOptions{Command: "/spend"})
		valid(t, m, nil)
		harmless(t, m.Text, m.Blocks, Options{})
		pressable(t, m.Blocks)
		for _, part := range []string{RunbookAll, RunbookCommands} {
			v := RunbookView(r, part)
			validView(t, v, nil)
			harmless(t, "", v.Blocks.BlockSet, Options{})
		}
	})
}
