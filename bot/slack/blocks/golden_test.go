package blocks

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/shopspring/decimal"
	"github.com/slack-go/slack"

	"spendbot/analysis"
	"spendbot/bot/backlog"
	"spendbot/bot/slack/blockkit"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestGoldens(t *testing.T) {
	blocksSchema, viewSchema := schema(t, "Blocks.schema.json"), schema(t, "View.schema.json")
	message := func(name string, m Message) {
		t.Run(name, func(t *testing.T) {
			valid(t, m, blocksSchema)
			golden(t, name, map[string]any{"text": m.Text, "blocks": m.Blocks})
			t.Logf("as read:\n%s", reading(m.Text, m.Blocks))
		})
	}
	view := func(name string, v any, blocks []slack.Block) {
		t.Run(name, func(t *testing.T) {
			validView(t, v, viewSchema)
			switch name { // the others differ in nothing that these do not show
			case "rise.sql", "rerun.sql", "hostile.sql", "provenance.sql", "empty.sql", "home", "home_backlog", "home_backlog_empty", "home_refusal", "home_empty":
				golden(t, name, v)
			}
			t.Logf("as read:\n%s", reading("", blocks))
		})
	}
	for name, a := range cases() {
		message(name, Answer(a, Options{}))
		m, _ := SQL(a, nil)
		view(name+".sql", m, m.Blocks.BlockSet)
	}
	message("mention", Answer(oneNumber(), Options{Mention: "U012AB3CD", Demo: true, ButtonFeedback: true}))
	message("help", Help(HelpData{Examples: []string{"why did spend change last week?", "why did payments-prod change last week?",
		"top services this month",
		"daily spend by team this month"}, Scope: "team payments", Command: "/spend"}))
	message("refusal", Refusal("I answer members of this workspace in channels I was invited to. Ask one of them to share an answer with you."))
	rerun := []Rerun{{Name: "totals", Equal: true, Rows: 412, SHA256: "9f86d081884c7d65", MS: 40}, {Name: "leaves", Rows: 400,
		SHA256: "aaaaaaaaaaaaaaaa", MS: 41}}
	m, _ := SQL(rise(), rerun)
	view("rerun.sql", m, m.Blocks.BlockSet)

	month := rise()
	month.Headline = "Spend rose $18,412 (+7.9%) in November so far: $251,007, after $232,595 in the same days of October."
	h := Home(HomeData{Viewer: "Ana", Scope: "all spend", MonthToDate: month, Teams: topN(12, 3), Freshness: freshnessOf(),
		Questions: []string{"why did spend change last week?", "which teams grew most last month?"}, Now: time.Date(2026, 11, 23, 9,
			0, 0, 0, time.UTC)})
	view("home", h, h.Blocks.BlockSet)
	h = Home(HomeData{Viewer: "Ana", Backlog: homeBacklogOf(7, backlog.Sums{Currency: "USD", Avoided: decimal.NewFromInt(8940)})})
	view("home_backlog", h, h.Blocks.BlockSet)
	h = Home(HomeData{Viewer: "Ana", Backlog: &HomeBacklog{}})
	view("home_backlog_empty", h, h.Blocks.BlockSet)
	h = Home(HomeData{Viewer: "Gus", Refusal: "Guests see no spend here. Ask a member of the workspace to share an answer with you."})
	view("home_refusal", h, h.Blocks.BlockSet)
	h = Home(HomeData{})
	view("home_empty", h, h.Blocks.BlockSet)
}

// homeBacklogOf is a backlog of so many things, the first of them under way.
func homeBacklogOf(n int, realized ...backlog.Sums) *HomeBacklog {
	h := &HomeBacklog{Realized: realized, Command: "/spend", Browse: func(key string) string { return "https://x.example/browse/" + key }}
	for i := range n {
		m := decimal.NewFromInt(int64(1000 * (n - i)))
		o := backlog.Opportunity{ID: fmt.Sprintf("I-AAAAA%d", i), Title: fmt.Sprintf("NAT bytes %d", i), Team: "payments", Currency: "USD", Basis: backlog.Effective, State: backlog.Found, Low: m, High: m.Mul(decimal.NewFromInt(2)),
			Effort: backlog.Days, Risk: backlog.MediumRisk, Confidence: analysis.High}
		if i == 0 {
			o.State, o.Ticket, o.Assignee = backlog.InProgress, "FIN-12", "Ana Ruiz"
		}
		h.Ranked = append(h.Ranked, o)
	}
	h.Ranked = backlog.Rank(h.Ranked)
	h.Totals = backlog.Sum(h.Ranked)
	return h
}

func TestSQLFileGolden(t *testing.T) {
	for name, a := range cases() {
		t.Run(name, func(t *testing.T) {
			got := string(SQLFile(a))
			path := filepath.Join("testdata", name+".sql")
			if name != "rise" && name != "hostile" && name != "provenance" {
				return
			}
			if *update {
				write(t, path, []byte(got))
				return
			}
			if diff := cmp.Diff(string(read(t, path)), got); diff != "" {
				t.Errorf("%s differs (-want +got), -update writes it anew:\n%s", path, diff)
			}
		})
	}
}

func golden(t *testing.T, name string, v any) {
	t.Helper()
	got := marshal(t, v)
	var b bytes.Buffer
	if err := json.Indent(&b, got, "", "  "); err != nil {
		t.Fatal(err)
	}
	b.WriteByte('\n')
	path := filepath.Join("testdata", name+".json")
	if *update {
		write(t, path, b.Bytes())
		return
	}
	if diff := cmp.Diff(string(read(t, path)), b.String()); diff != "" {
		t.Errorf("%s differs (-want +got), -update writes it anew:\n%s", path, diff)
	}
}

// failing is a test or a rapid check.
type failing interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

func marshal(t failing, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run the test with -update)", err)
	}
	return b
}

// valid is what holds for every message: Slack takes it, the published schema does, it is within our own budget, and its text
// is one that can be sent.
func valid(t failing, m Message, schema func([]byte) error) {
	t.Helper()
	doc := marshal(t, m.Blocks)
	if err := blockkit.Message(doc); err != nil {
		t.Fatalf("Slack would refuse it: %v\n%s", err, doc)
	}
	if schema != nil {
		if err := schema(doc); err != nil {
			t.Fatalf("the schema refuses it: %v\n%s", err, doc)
		}
	}
	var decoded []any
	if err := json.Unmarshal(doc, &decoded); err != nil {
		t.Fatal(err)
	}
	if w := blockkit.Weight(decoded); w > 13000 {
		t.Fatalf("%d characters", w)
	}
	if n := len([]rune(m.Text)); n == 0 || n > 1000 {
		t.Fatalf("the text has %d characters", n)
	}
	if n := len([]rune(Plain(m).Text)); n == 0 || n > 4000 {
		t.Fatalf("the plain text has %d characters", n)
	}
}

func validView(t failing, view any, schema func([]byte) error) {
	t.Helper()
	doc := marshal(t, view)
	if err := blockkit.View(doc); err != nil {
		t.Fatalf("Slack would refuse it: %v\n%s", err, doc)
	}
	if escaped, err := json.Marshal(view); err != nil || blockkit.View(escaped) != nil {
		t.Fatalf("as it is sent: %v", blockkit.View(escaped))
	}
	if schema != nil {
		if err := schema(doc); err != nil {
			t.Fatalf("the schema refuses it: %v\n%s", err, doc)
		}
	}
}

// schema is one of the published JSON Schemas, from the optional folder beside the repository; nil without it.
func schema(t *testing.T, file string) func([]byte) error {
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
			return nil
		}
	}
	f, err := os.Open(filepath.Join(filepath.Dir(dir), "shared", "specs", "blockkit", file))
	if err != nil {
		t.Logf("not checked against the published schema: %v", err)
		return nil
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(file, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(file)
	if err != nil {
		t.Fatal(err)
	}
	return func(doc []byte) error {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
		if err != nil {
			return err
		}
		return s.Validate(v)
	}
}

// reading is a message as a person reads it, buttons in brackets.
func reading(text string, blocks []slack.Block) string {
	var b strings.Builder
	if text != "" {
		b.WriteString("(notification) " + text + "\n")
	}
	unescape := strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
	for _, blk := range blocks {
		switch x := blk.(type) {
		case *slack.ActionBlock:
			for _, e := range x.Elements.ElementSet {
				switch e := e.(type) {
				case *slack.ButtonBlockElement:
					b.WriteString("[" + e.Text.Text + "] ")
				case *slack.OverflowBlockElement:
					for _, o := range e.Options {
						b.WriteString("(" + o.Text.Text + ") ")
					}
				case *slack.SelectBlockElement:
					for _, o := range e.Options {
						b.WriteString("<" + o.Text.Text + "> ")
					}
				}
			}
			b.WriteString("\n")
		case *slack.ContextActionsBlock:
			b.WriteString("Was this helpful? [yes] [no]\n")
		case *slack.DividerBlock:
			b.WriteString("----\n")
		case *slack.ContextBlock:
			for _, l := range flat(blk) {
				b.WriteString("    " + unescape.Replace(l) + "\n")
			}
		case *slack.RichTextBlock:
			for _, e := range x.Elements {
				for _, s := range e.(*slack.RichTextPreformatted).Elements {
					for l := range strings.Lines(s.(*slack.RichTextSectionTextElement).Text) {
						b.WriteString("  | " + strings.TrimRight(l, "\n") + "\n")
					}
				}
			}
		default:
			for _, l := range flat(blk) {
				b.WriteString(unescape.Replace(l) + "\n")
			}
			if s, ok := blk.(*slack.SectionBlock); ok && s.Accessory != nil {
				b.WriteString("        [" + s.Accessory.ButtonElement.Text.Text + "]\n")
			}
		}
	}
	return b.String()
}
