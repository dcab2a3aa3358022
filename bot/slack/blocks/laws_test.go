package blocks

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/slack-go/slack"
	"pgregory.net/rapid"

	"spendbot/analysis"
	"spendbot/analysis/render"
)

// hostileText is what anyone may write into a tag, and what anyone may ask.
var hostileText = rapid.OneOf(
	rapid.String(),
	rapid.StringMatching(`[a-z0-9 ·_*~<>&|:!@#/-]{0,40}`),
	rapid.SampledFrom([]string{"", " ", "\n", "<!channel>", "<@U012AB3CD>", "<#C012AB3CD|general>", "<!subteam^S1>",
		"<https://evil.test|x>", "`", "``", "```", "a`b`c", "*b*",
		"_", ":fire:", "&lt;!here&gt;", "&", "\x00", "\u202e", "\xff", strings.Repeat("<", 4000), strings.Repeat("&", 900),
		strings.Repeat("long ", 2000),
		strings.Repeat("\U0001F600", 1000), "> quote", "everything else (3 more)", "a\nb\nc", "…", "|"}),
)

var anyAmount = rapid.Custom(func(t *rapid.T) decimal.Decimal {
	size := rapid.SampledFrom([]int64{0, 3, 200, 70_000, 5_000_000, 9_000_000_000, 9e18}).Draw(t, "size")
	return decimal.New(rapid.Int64Range(-size, size).Draw(t, "mantissa"), -rapid.Int32Range(-3, 10).Draw(t, "places"))
})

var maybeAmount = rapid.Custom(func(t *rapid.T) *analysis.Amount {
	if rapid.IntRange(0, 4).Draw(t, "known") == 0 {
		return nil
	}
	a := anyAmount.Draw(t, "amount")
	return &a
})

var anyDay = rapid.Custom(func(t *rapid.T) time.Time {
	if rapid.IntRange(0, 9).Draw(t, "zero") == 0 {
		return time.Time{}
	}
	return nov(1).AddDate(0, 0, rapid.IntRange(-800, 800).Draw(t, "day"))
})

var anyPeriod = rapid.Custom(func(t *rapid.T) analysis.Period {
	if rapid.IntRange(0, 3).Draw(t, "none") == 0 {
		return analysis.Period{}
	}
	d := nov(1).AddDate(0, 0, rapid.IntRange(-800, 800).Draw(t, "day"))
	return analysis.NewPeriod(d, d.AddDate(0, 0, rapid.IntRange(1, 90).Draw(t, "days")))
})

var anyBridge = rapid.Custom(func(t *rapid.T) *analysis.Bridge {
	n := rapid.SampledFrom([]int{0, 1, 2, 6, 7, 30, 2000}).Draw(t, "drivers")
	b := &analysis.Bridge{Change: analysis.Change{Baseline: anyAmount.Draw(t, "baseline"),
		Currency: rapid.SampledFrom([]string{"USD", "", "EUR", "JPY", "X<!"}).Draw(t, "currency")}}
	pool := rapid.SliceOfN(hostileText, 1, 8).Draw(t, "labels")
	sizes := rapid.SliceOfN(anyAmount, 1, 12).Draw(t, "amounts")
	for i := range n {
		d := analysis.Driver{Label: pool[i%len(pool)], How: pool[(i+1)%len(pool)], Amount: sizes[i%len(sizes)],
			SliceTotal: sizes[(i+1)%len(sizes)],
			Onset:      analysis.Onset{Day: nov(1 + i%28), Why: pool[i%len(pool)], Shape: pool[(i+2)%len(pool)], Around: i%5 == 0},
			Confidence: analysis.Low}
		if i%3 == 0 {
			d.Slice = map[string]string{"ServiceName": d.Label}
			d.Offsets = []analysis.Offset{{Label: pool[i%len(pool)], Amount: sizes[0]}}
		}
		b.Drivers, b.Change.Delta = append(b.Drivers, d), b.Change.Delta.Add(d.Amount)
	}
	b.Rest = analysis.Rest{Amount: anyAmount.Draw(t, "rest"), Slices: rapid.IntRange(0, 5000).Draw(t, "slices"),
		Largest: anyAmount.Draw(t, "largest")}
	b.Change.Delta = b.Change.Delta.Add(b.Rest.Amount)
	b.Change.Current = b.Change.Baseline.Add(b.Change.Delta)
	for _, e := range rapid.SliceOfN(rapid.SampledFrom(analysis.Effects), 0, 5).Draw(t, "effects") {
		b.Effects = append(b.Effects, analysis.EffectAmount{Effect: e, Amount: anyAmount.Draw(t, "effect")})
	}
	return b
})

var anyTable = rapid.Custom(func(t *rapid.T) *analysis.Table {
	cols := rapid.SampledFrom([]int{0, 1, 2, 3, 4, 7, 25}).Draw(t, "columns")
	rows := rapid.SampledFrom([]int{0, 1, 2, 20, 21, 300}).Draw(t, "rows")
	out := &analysis.Table{Omitted: rapid.SampledFrom([]int{0, 0, 1, 5000, -1}).Draw(t, "omitted"), Drawn: rapid.IntRange(0,
		5).Draw(t, "drawn") == 0}
	texts := rapid.SliceOfN(hostileText, 1, 6).Draw(t, "texts")
	amounts := rapid.SliceOfN(maybeAmount, 1, 9).Draw(t, "amounts")
	kinds := []analysis.ColumnKind{analysis.ColText, analysis.ColMoney, analysis.ColDelta, analysis.ColPercent, analysis.ColNumber, "else"}
	for c := range cols {
		kind := rapid.SampledFrom(kinds).Draw(t, "kind")
		if c == 0 && rapid.Bool().Draw(t, "named") {
			kind = analysis.ColText
		}
		name := texts[c%len(texts)]
		if rapid.IntRange(0, 6).Draw(t, "dated") == 0 {
			name = nov(c + 1).Format(analysis.DateLayout)
		}
		out.Columns = append(out.Columns, analysis.Column{Name: name, Label: texts[(c+1)%len(texts)], Kind: kind})
	}
	row := func(i int) analysis.Row {
		r := analysis.Row{}
		n := cols
		if i%7 == 3 {
			n = cols / 2
		}
		for c := range n {
			cell := analysis.Cell{Amount: amounts[(i+c)%len(amounts)]}
			if out.Columns[c].Kind == analysis.ColText || (i+c)%5 == 0 {
				cell.Text = texts[(i+c)%len(texts)]
			}
			r.Cells = append(r.Cells, cell)
		}
		if i%2 == 0 && cols > 0 {
			r.Key = map[string]string{out.Columns[0].Name: nov(i%28 + 1).Format(analysis.DateLayout), texts[0]: "x"}
		}
		return r
	}
	for i := range rows {
		out.Rows = append(out.Rows, row(i))
	}
	if rapid.Bool().Draw(t, "total") {
		r := row(1)
		out.Total = &r
	}
	return out
})

var anySeries = rapid.Custom(func(t *rapid.T) *analysis.Series {
	s := &analysis.Series{}
	for i := range rapid.SampledFrom([]int{0, 1, 2, 7, 16, 17, 400}).Draw(t, "days") {
		s.Days = append(s.Days, nov(1).AddDate(0, 0, i))
	}
	values := rapid.SliceOfN(maybeAmount, 0, 12).Draw(t, "values")
	for range rapid.SampledFrom([]int{0, 1, 2, 9, 200}).Draw(t, "lines") {
		l := analysis.SeriesLine{Name: hostileText.Draw(t, "name")}
		for i := range rapid.IntRange(0, len(s.Days)+2).Draw(t, "known") {
			if len(values) > 0 {
				l.Values = append(l.Values, values[i%len(values)])
			}
		}
		s.Lines = append(s.Lines, l)
	}
	return s
})

var anyID = rapid.OneOf(rapid.StringMatching(`Q-[0-9A-HJKMNP-TV-Z]{6}`), rapid.StringMatching(`Q-[0-9A-Z]{1,32}`), hostileText)

var anyPlan = rapid.Custom(func(t *rapid.T) analysis.Plan {
	p := analysis.Plan{
		Intent: rapid.SampledFrom([]analysis.Intent{analysis.ExplainChange, analysis.Compare, analysis.SpendTotal, analysis.TopN,
			analysis.Breakdown, analysis.Provenance,
			analysis.Freshness, analysis.Ambiguous, analysis.OutOfScope, "", "new"}).Draw(t, "intent"),
		Metric: rapid.SampledFrom(append(analysis.Metrics, "")).Draw(t, "metric"), Current: anyPeriod.Draw(t, "current"),
		Grain:    rapid.SampledFrom([]analysis.Grain{analysis.NoGrain, analysis.ByDay, analysis.ByWeek, analysis.ByMonth}).Draw(t, "grain"),
		Notes:    rapid.SliceOfN(hostileText, 0, 9).Draw(t, "notes"),
		Declined: rapid.SliceOfN(hostileText, 0, 3).Draw(t, "declined"),
		Limit:    rapid.IntRange(-1, 50).Draw(t, "limit"),
	}
	if rapid.Bool().Draw(t, "compared") {
		b := anyPeriod.Draw(t, "baseline")
		p.Baseline = &b
	}
	p.Windows = rapid.SliceOfN(anyPeriod, 0, 6).Draw(t, "windows")
	filter := rapid.Custom(func(t *rapid.T) analysis.Filter {
		return analysis.Filter{Dimension: analysis.Dimension(hostileText.Draw(t, "dimension")), Values: rapid.SliceOfN(hostileText,
			0, 5).Draw(t, "values"),
			Labels: rapid.SliceOfN(hostileText, 0, 2).Draw(t, "labels"), Not: rapid.Bool().Draw(t, "not")}
	})
	p.Filters = rapid.SliceOfN(filter, 0, 4).Draw(t, "filters")
	p.Scope = rapid.SliceOfN(filter, 0, 2).Draw(t, "scope")
	for _, g := range rapid.SliceOfN(hostileText, 0, 2).Draw(t, "groups") {
		p.GroupBy = append(p.GroupBy, analysis.Dimension(g))
	}
	if rapid.IntRange(0, 2).Draw(t, "clarify") == 0 {
		p.Clarify = &analysis.Clarification{Question: hostileText.Draw(t, "question")}
		texts := rapid.SliceOfN(hostileText, 1, 6).Draw(t, "choices")
		for i := range rapid.SampledFrom([]int{0, 1, 5, 6, 150}).Draw(t, "number") {
			p.Clarify.Choices = append(p.Clarify.Choices, analysis.Choice{Label: texts[i%len(texts)], Ask: texts[(i+1)%len(texts)]})
		}
	}
	return p
})

var anyParam = rapid.OneOf(
	rapid.Map(hostileText, func(s string) any { return s }),
	rapid.SampledFrom([]any{nil, true, int64(7), 3.5, []byte("x"), nov(3), time.Unix(1, 5).UTC(), amt("1.50"), struct{ A int }{1},
		[]string{"a"}}),
)

var anyAnswer = rapid.Custom(func(t *rapid.T) *analysis.Answer {
	a := &analysis.Answer{
		ID: anyID.Draw(t, "id"), Asked: anyDay.Draw(t, "asked"), Question: hostileText.Draw(t, "question"),
		Headline: hostileText.Draw(t, "headline"),
		Reading:  anyPlan.Draw(t, "plan"), Currency: rapid.SampledFrom([]string{"USD", "", "EUR", "KWD", "<@U1>"}).Draw(t, "currency"),
		Caveats: rapid.SliceOfN(hostileText, 0, 12).Draw(t, "caveats"),
	}
	bridges := 0
	for range rapid.SampledFrom([]int{0, 1, 2, 3, 40}).Draw(t, "parts") {
		var p analysis.Part
		switch k := rapid.IntRange(0, 4).Draw(t, "part"); {
		case k == 0 && bridges < 2:
			p.Bridge = anyBridge.Draw(t, "bridge")
			bridges++
		case k == 1:
			p.Table = anyTable.Draw(t, "table")
		case k == 2:
			p.Series = anySeries.Draw(t, "series")
		case k == 3:
			p.Text = hostileText.Draw(t, "text")
		}
		a.Parts = append(a.Parts, p)
	}
	for range rapid.IntRange(0, 4).Draw(t, "providers") {
		a.Through = append(a.Through, analysis.ProviderThrough{Provider: hostileText.Draw(t, "provider"), Day: anyDay.Draw(t, "through")})
	}
	for range rapid.SampledFrom([]int{0, 1, 3, 6, 20}).Draw(t, "actions") {
		a.Actions = append(a.Actions, analysis.Action{Label: hostileText.Draw(t, "label"), Ask: hostileText.Draw(t, "ask")})
	}
	for range rapid.SampledFrom([]int{0, 1, 3, 30}).Draw(t, "queries") {
		a.Trace.Queries = append(a.Trace.Queries, analysis.QueryTrace{Name: hostileText.Draw(t, "query"), SQL: hostileText.Draw(t, "sql"),
			Params: rapid.SliceOfN(anyParam, 0, 6).Draw(t, "params"), SHA256: hostileText.Draw(t, "hash"), Rows: 3,
			MS: rapid.Float64().Draw(t, "ms")})
	}
	for range rapid.IntRange(0, 3).Draw(t, "events") {
		a.Events = append(a.Events, analysis.NearEvent{Event: analysis.Event{Kind: "deploy", What: hostileText.Draw(t, "what"), Begins: analysis.Day(2026, 11, 18)},
			Drivers: rapid.SliceOfN(rapid.IntRange(0, 5), 0, 3).Draw(t, "near")})
	}
	if len(a.Events) > 0 {
		a.Trace.Events = &analysis.EventTrace{Known: 3, SHA256: hostileText.Draw(t, "sum")}
		for _, e := range a.Events {
			a.Trace.Events.Events = append(a.Trace.Events.Events, e.Event)
		}
	}
	return a
})

// Whatever the answer, Slack takes the message, nobody is mentioned, and every button can be read back.
func TestAnyAnswerIsAValidMessage(t *testing.T) {
	blocks, view := schema(t, "Blocks.schema.json"), schema(t, "View.schema.json")
	rapid.Check(t, func(t *rapid.T) {
		a := anyAnswer.Draw(t, "answer")
		o := Options{Ephemeral: rapid.Bool().Draw(t, "ephemeral"), Demo: rapid.Bool().Draw(t, "demo"),
			ButtonFeedback: rapid.Bool().Draw(t, "buttons"),
			Mention:        rapid.SampledFrom([]string{"", "U012AB3CD", "<!channel>"}).Draw(t, "mention")}
		m := Answer(a, o)
		valid(t, m, blocks)
		harmless(t, m.Text, m.Blocks, o)
		pressable(t, m.Blocks)
		harmless(t, Plain(m).Text, nil, o)

		var reran []Rerun
		if rapid.Bool().Draw(t, "reran") {
			reran = []Rerun{{Name: "x", Equal: rapid.Bool().Draw(t, "equal"), SHA256: "abc"}}
		}
		v, _ := SQL(a, reran)
		validView(t, v, view)
		harmless(t, "", v.Blocks.BlockSet, Options{})

		saves := homeBacklogOf(rapid.IntRange(0, 7).Draw(t, "backlog"))
		for i := range saves.Ranked {
			o := &saves.Ranked[i]
			o.Title, o.Ticket, o.Assignee, o.Team = hostileText.Draw(t, "title"), hostileText.Draw(t, "ticket"), hostileText.Draw(t, "assignee"), hostileText.Draw(t, "team")
		}
		h := Home(HomeData{Backlog: saves, Viewer: hostileText.Draw(t, "viewer"), Scope: hostileText.Draw(t, "scope"), MonthToDate: a, Teams: a, Freshness: a,
			Questions: rapid.SliceOfN(hostileText, 0, 9).Draw(t, "questions"), Refusal: rapid.SampledFrom([]string{"", "",
				"no"}).Draw(t, "refusal")})
		validView(t, h, view)
		harmless(t, "", h.Blocks.BlockSet, Options{})
		pressable(t, h.Blocks.BlockSet)
	})
}

func TestAnyTextIsAValidMessage(t *testing.T) {
	blocks := schema(t, "Blocks.schema.json")
	rapid.Check(t, func(t *rapid.T) {
		s := hostileText.Draw(t, "text")
		for _, m := range []Message{Note(s), Refusal(s), Trouble(s), Help(HelpData{Examples: []string{s, "why?", s}, Scope: s, Command: s})} {
			valid(t, m, blocks)
			harmless(t, m.Text, m.Blocks, Options{})
			pressable(t, m.Blocks)
		}
		title, prompts := Prompts([]string{s, "a", "b", s, "c", "d", "e"})
		if title == "" || len(prompts) > 4 {
			t.Fatalf("%q, %d prompts", title, len(prompts))
		}
		for _, p := range prompts {
			if p.Title == "" || p.Message == "" {
				t.Fatalf("an empty prompt: %+v", p)
			}
		}
	})
}

// harmless checks that no text could mention, link or format: in markup no "<" is left but our own address, in plain texts and
// cells no mention, and what stands in code stays there.
func harmless(t failing, text string, blocks []slack.Block, o Options) {
	t.Helper()
	own := o.address()
	markup := func(s string) {
		s = strings.Replace(s, own, "", 1)
		if strings.ContainsAny(s, "<>") {
			t.Fatalf("unescaped: %q", s)
		}
		for line := range strings.SplitSeq(s, "\n") {
			if n := strings.Count(line, "`"); n%2 != 0 {
				t.Fatalf("%d backticks: %q", n, line)
			}
			if n := marksOf(codeSpan.ReplaceAllString(line, "")); n%2 != 0 || n > 2 {
				t.Fatalf("bold by chance: %q", line)
			}
			if strings.HasPrefix(line, "&gt;") {
				t.Fatalf("a quotation: %q", line)
			}
		}
	}
	markup(text)
	var walk func(v any)
	walk = func(v any) {
		switch x := v.(type) {
		case []any:
			for _, e := range x {
				walk(e)
			}
		case map[string]any:
			s, _ := x["text"].(string)
			switch x["type"] {
			case "mrkdwn":
				if x["verbatim"] != true {
					t.Fatalf("names would be linked: %q", s)
				}
				markup(s)
			case "plain_text", "raw_text":
				if mention.MatchString(s) {
					t.Fatalf("a mention: %q", s)
				}
			case "rich_text":
				return // its texts are never read as markup
			}
			for _, e := range x {
				walk(e)
			}
		}
	}
	var decoded []any
	if err := json.Unmarshal(marshal(t, blocks), &decoded); err != nil {
		t.Fatal(err)
	}
	walk(decoded)
}

var (
	codeSpan = regexp.MustCompile("`[^`]*`")
	mention  = regexp.MustCompile(`<[!@#]`)
)

// marksOf counts the asterisks that could begin or end bold: those not inside a word.
func marksOf(line string) int {
	rs, n := []rune(line), 0
	for i, r := range rs {
		if r == '*' && !(i > 0 && i+1 < len(rs) && word(rs[i-1]) && word(rs[i+1])) {
			n++
		}
	}
	return n
}

// pressable checks that each action can be read back, and returns what there is to press.
func pressable(t failing, blocks []slack.Block) []Action {
	t.Helper()
	var out []Action
	read := func(id, value string) {
		a, err := ParseAction(id, value)
		if err != nil {
			t.Fatalf("%q %q: %v", id, value, err)
		}
		out = append(out, a)
	}
	element := func(e slack.BlockElement) {
		switch e := e.(type) {
		case *slack.ButtonBlockElement:
			read(e.ActionID, e.Value)
		case *slack.OverflowBlockElement:
			for _, o := range e.Options {
				read(e.ActionID, o.Value)
			}
		case *slack.SelectBlockElement:
			for _, o := range e.Options {
				read(e.ActionID, o.Value)
			}
		case *slack.FeedbackButtonsBlockElement:
			read(e.ActionID, e.PositiveButton.Value)
			read(e.ActionID, e.NegativeButton.Value)
		default:
			t.Fatalf("%T is not known", e)
		}
	}
	for _, b := range blocks {
		switch b := b.(type) {
		case *slack.ActionBlock:
			for _, e := range b.Elements.ElementSet {
				element(e)
			}
		case *slack.ContextActionsBlock:
			for _, e := range b.Elements.ElementSet {
				element(e)
			}
		case *slack.SectionBlock:
			if b.Accessory != nil {
				element(b.Accessory.ButtonElement)
			}
		}
	}
	return out
}

// What a person adds up in the message is the change: the drivers shown and everything else, however many there are.
func TestShownDriversAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := anyBridge.Draw(t, "bridge")
		b.Change.Currency = "USD"
		a := rise()
		a.Parts = []analysis.Part{{Bridge: b}}
		if rapid.Bool().Draw(t, "after much else") {
			for range rapid.IntRange(1, 12).Draw(t, "texts") {
				a.Parts = append([]analysis.Part{{Bridge: &analysis.Bridge{}}, {Text: strings.Repeat("& ", 300)}}, a.Parts...)
			}
		}
		sum, lines := decimal.Zero, 0
		for _, block := range Answer(a, Options{}).Blocks {
			s, ok := block.(*slack.SectionBlock)
			if !ok {
				continue
			}
			for line := range strings.SplitSeq(s.Text.Text, "\n") {
				if m := figure.FindStringSubmatch(line); m != nil {
					sum = sum.Add(decimal.RequireFromString(strings.NewReplacer("$", "", ",", "", "+", "").Replace(m[1])))
					lines++
				}
			}
		}
		want := render.ShowBridge(b, nil, maxDrivers).Total.Figure
		if lines > maxDrivers+1 {
			t.Fatalf("%d lines", lines)
		}
		if lines == 0 && (len(b.Drivers) == 0 || len(a.Parts) > 1) {
			return // nothing was shown, so nothing is wrong
		}
		if !sum.Equal(want) {
			t.Fatalf("%d lines add up to %s, the change is %s", lines, sum, want)
		}
	})
}

var figure = regexp.MustCompile("^`([+-]?\\$?[0-9,.$-]+)` ")

// The rows of a table that was cut, with everything else, add up to its total.
func TestShownRowsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 90).Draw(t, "rows")
		total := decimal.Zero
		tb := &analysis.Table{Columns: []analysis.Column{{Name: "a", Label: "a", Kind: analysis.ColText}, {Name: "b", Label: "b",
			Kind: analysis.ColMoney}}}
		for i := range n {
			v := anyAmount.Draw(t, "amount")
			total = total.Add(v)
			tb.Rows = append(tb.Rows, analysis.Row{Key: map[string]string{"x": fmt.Sprint(i)},
				Cells: []analysis.Cell{{Text: fmt.Sprint("row ", i)}, {Amount: &v}}})
		}
		left := anyAmount.Draw(t, "left out")
		if tb.Omitted = rapid.IntRange(0, 3).Draw(t, "omitted"); tb.Omitted > 0 {
			total = total.Add(left)
		}
		tb.Total = &analysis.Row{Cells: []analysis.Cell{{}, {Amount: &total}}}
		v := render.ShowTable(tb, "USD", rapid.IntRange(1, 40).Draw(t, "most"))
		read := func(s string) decimal.Decimal {
			return decimal.RequireFromString(strings.NewReplacer("$", "", ",", "").Replace(s))
		}
		sum := decimal.Zero
		for _, r := range v.Rows {
			sum = sum.Add(read(r[1]))
		}
		if !sum.Equal(read(v.Total[1])) {
			t.Fatalf("rows give %s, the total says %s", sum, v.Total[1])
		}
	})
}

func TestEscapes(t *testing.T) {
	for _, tc := range []struct{ in, esc, code, prose string }{
		{"a & b", "a &amp; b", "`a &amp; b`", "a &amp; b"},
		{"<!channel>", "&lt;!channel&gt;", "`&lt;!channel&gt;`", "&lt;!channel&gt;"},
		{"*b* _i_ ~s~", "∗b∗ ˍiˍ ∼s∼", "`*b* _i_ ~s~`", "∗b∗ ˍiˍ ∼s∼"},
		{"snake_case_name 2*3", "snake_case_name 2*3", "`snake_case_name 2*3`", "snake_case_name 2*3"},
		{"a`b", "aˋb", "`aˋb`", "aˋb"},
		{"run `x <y` now", "run ˋx &lt;yˋ now", "`run ˋx &lt;yˋ now`", "run `x &lt;y` now"},
		{"> quote", "› quote", "`&gt; quote`", "› quote"},
		{"arn:aws:ec2:us-east-1", "arn∶aws∶ec2:us-east-1", "`arn:aws:ec2:us-east-1`", "arn∶aws∶ec2:us-east-1"},
		{"a\n b\t c", "a b c", "`a b c`", "a b c"},
		{"", "", "", ""},
	} {
		if got := esc(tc.in, 100); got != tc.esc {
			t.Errorf("esc %q: %q, want %q", tc.in, got, tc.esc)
		}
		if got := code(tc.in, 100); got != tc.code {
			t.Errorf("code %q: %q, want %q", tc.in, got, tc.code)
		}
		if got := prose(tc.in, 100); got != tc.prose {
			t.Errorf("prose %q: %q, want %q", tc.in, got, tc.prose)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := hostileText.Draw(t, "text")
		most := rapid.IntRange(0, 300).Draw(t, "most")
		for name, got := range map[string]string{"esc": esc(s, most), "plain": plain(s, most), "prose": prose(s, most),
			"quiet": quiet(s, most), "code": code(s, max(4, most))} {
			limit := most
			if name == "code" {
				limit = max(4, most)
			}
			if n := len([]rune(got)); n > limit {
				t.Fatalf("%s: %d characters, at most %d: %q", name, n, limit, got)
			}
		}
	})
}

func TestParseAction(t *testing.T) {
	for _, tc := range []struct {
		id, value string
		want      Action
	}{
		{"sql", "Q-7F3K2M", Action{Kind: PressSQL, Answer: "Q-7F3K2M"}},
		{"rerun", "Q-7F3K2M", Action{Kind: PressRerun, Answer: "Q-7F3K2M"}},
		{"csv", "Q-7F3K2M", Action{Kind: PressCSV, Answer: "Q-7F3K2M"}},
		{"share", "Q-7F3K2M", Action{Kind: PressShare, Answer: "Q-7F3K2M"}},
		{"feedback", "Q-7F3K2M|yes", Action{Kind: PressFeedback, Answer: "Q-7F3K2M", Helpful: true}},
		{"feedback", "Q-7F3K2M|no", Action{Kind: PressFeedback, Answer: "Q-7F3K2M"}},
		{"feedback:no", "Q-7F3K2M|no", Action{Kind: PressFeedback, Answer: "Q-7F3K2M"}},
		{"ask:2", "Q-7F3K2M\nand by team?", Action{Kind: PressAsk, Answer: "Q-7F3K2M", Ask: "and by team?", Index: 2}},
		{"ask:2", "ask|Q-7F3K2M|2", Action{Kind: PressAsk, Answer: "Q-7F3K2M", Index: 2}},
		{"choice:0", "Q-7F3K2M\na\nb", Action{Kind: PressChoice, Answer: "Q-7F3K2M", Ask: "a\nb"}},
		{"select", "Q-7F3K2M\nwhy?", Action{Kind: PressChoice, Answer: "Q-7F3K2M", Ask: "why?"}},
		{"select", "choice|Q-7F3K2M|7", Action{Kind: PressChoice, Answer: "Q-7F3K2M", Index: 7}},
		{"more", "csv|Q-7F3K2M", Action{Kind: PressCSV, Answer: "Q-7F3K2M"}},
		{"more", "ask|Q-7F3K2M|4", Action{Kind: PressAsk, Answer: "Q-7F3K2M", Index: 4}},
		{"try:1", "why did spend change?", Action{Kind: PressTry, Ask: "why did spend change?", Index: 1}},
	} {
		got, err := ParseAction(tc.id, tc.value)
		if err != nil || got != tc.want {
			t.Errorf("%s %q: %+v, %v", tc.id, tc.value, got, err)
		}
	}
	for _, bad := range [][2]string{{"", ""}, {"sql", ""}, {"sql", "q-1"}, {"sql:1", "Q-7F3K2M"}, {"sql", "Q-7F3K2M\n"},
		{"feedback", "Q-7F3K2M"}, {"feedback", "Q-7F3K2M|maybe"},
		{"ask", "Q-7F3K2M\nx"}, {"ask:x", "Q-7F3K2M\nx"}, {"ask:-1", "Q-7F3K2M\nx"}, {"ask:1", "Q-7F3K2M\n "}, {"ask:1",
			"choice|Q-7F3K2M|1"}, {"select", "ask|Q-7F3K2M|1"},
		{"more", "sql|Q-7F3K2M"}, {"more", "choice|Q-7F3K2M|1"}, {"try:0", "  "}, {"try", "x"}, {"select:1", "Q-7F3K2M\nx"},
		{"nuke", "Q-7F3K2M"},
		{"try:0", strings.Repeat("x", 2001)}, {"try:0", "\xff"}, {"ask:99999999999999999999", "Q-7F3K2M\nx"}} {
		if got, err := ParseAction(bad[0], bad[1]); err == nil {
			t.Errorf("%q %q was read as %+v", bad[0], bad[1], got)
		}
	}
}

// Buttons that were made from an answer ask what they say.
func TestButtonsAskWhatTheySay(t *testing.T) {
	asks := map[string]bool{}
	for _, act := range pressable(t, Answer(rise(), Options{}).Blocks) {
		if act.Kind == PressAsk && act.Ask == "" {
			act.Ask = rise().Actions[act.Index].Ask
		}
		asks[act.Ask] = true
	}
	for _, act := range rise().Actions {
		if !asks[act.Ask] {
			t.Errorf("%q cannot be asked", act.Ask)
		}
	}
	a := clarification(30)
	seen := map[string]bool{}
	for _, act := range pressable(t, Answer(a, Options{}).Blocks) {
		if act.Kind == PressChoice && act.Ask == "" {
			act.Ask = a.Reading.Clarify.Choices[act.Index].Ask
		}
		seen[act.Ask] = true
	}
	for _, c := range a.Reading.Clarify.Choices {
		if !seen[c.Ask] {
			t.Errorf("%q cannot be chosen", c.Ask)
		}
	}
}

func FuzzParseAction(f *testing.F) {
	for _, s := range [][2]string{{"sql", "Q-7F3K2M"}, {"ask:1", "Q-7F3K2M\nx"}, {"more", "ask|Q-7F3K2M|3"}, {"feedback:yes",
		"Q-7F3K2M|yes"}, {"try:0", "why?"}, {"select", "choice|Q-1|0"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, id, value string) {
		a, err := ParseAction(id, value)
		if err != nil {
			if a != (Action{}) {
				t.Fatalf("an error and %+v", a)
			}
			return
		}
		if a.Kind == "" || a.Index < 0 || a.Kind != PressTry && !answerID.MatchString(a.Answer) {
			t.Fatalf("%q %q: %+v", id, value, a)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add("Q-7F3K2M", "why?", "Spend rose: $1", "label", "how", "caveat", "SELECT 1")
	f.Add("", "<!channel>", "<@U012AB3CD> `x", "*", "`", ":a:b:", "'; DROP TABLE x; --\n")
	f.Fuzz(func(t *testing.T, id, question, headline, label, how, caveat, sql string) {
		a := hostile()
		a.ID, a.Question, a.Headline, a.Caveats = id, question, headline, []string{caveat}
		b := a.Parts[0].Bridge
		b.Drivers[0].Label, b.Drivers[0].How, b.Drivers[1].Onset.Why, b.Change.Currency = label, how, how, caveat
		a.Parts[1].Text, a.Actions[0] = how, analysis.Action{Label: label, Ask: question}
		a.Parts[2].Table.Rows[0].Cells[0].Text, a.Parts[3].Series.Lines[0].Name = label, label
		a.Trace.Queries[0] = analysis.QueryTrace{Name: label, SQL: sql, Params: []any{question, caveat}, SHA256: id}
		m := Answer(a, Options{})
		valid(t, m, nil)
		harmless(t, m.Text, m.Blocks, Options{})
		harmless(t, Plain(m).Text, nil, Options{})
		pressable(t, m.Blocks)
		v, _ := SQL(a, nil)
		validView(t, v, nil)
		harmless(t, "", v.Blocks.BlockSet, Options{})
		for line := range strings.Lines(string(SQLFile(&analysis.Answer{ID: id, Question: question, Headline: headline}))) {
			if !strings.HasPrefix(line, "--") && line != "\n" {
				t.Fatalf("out of its comment: %q", line)
			}
		}
	})
}
