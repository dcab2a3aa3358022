package blocks

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"spendbot/analysis"
	"spendbot/analysis/render"
	"spendbot/bot/backlog"
	"spendbot/bot/slack/blockkit"
)

// HomeData is what the home tab is made of; what is not there yet is nil and left out.
type HomeData struct {
	Viewer string // the viewer's name
	Scope  string // what the viewer sees, in words
	// MonthToDate explains the month so far against the same days of the month before.
	MonthToDate *analysis.Answer
	// Teams is a table of spend by team, the largest first.
	Teams     *analysis.Answer
	Freshness *analysis.Answer
	// Moved are answers the viewer got that come out otherwise today, the newest first.
	Moved []Moved
	// Backlog is what could be saved, ranked, within what the viewer sees; nil where nothing is looked for. Browse links its tickets.
	Backlog *HomeBacklog
	// Questions are worth asking.
	Questions []string
	// Refusal is said instead of everything else.
	Refusal string
	Now     time.Time
}

// HomeBacklog is what the home tab says of savings.
type HomeBacklog struct {
	Ranked   []backlog.Opportunity
	Totals   []backlog.Total
	Realized []backlog.Sums
	Browse   func(key string) string
	Command  string
}

const (
	homeBacklog   = 5
	homeDrivers   = 5
	homeRows      = 8
	homeQuestions = 6
	homeProviders = 8
)

// Home is the home tab: the month to date and what moved it, the teams' spend, how fresh the data is, and what one may ask.
func Home(h HomeData) slack.HomeTabViewRequest {
	view := func(blocks []slack.Block) slack.HomeTabViewRequest {
		return slack.HomeTabViewRequest{Type: slack.VTHomeTab, CallbackID: "home", Blocks: slack.Blocks{BlockSet: blocks}}
	}
	blocks := []slack.Block{slack.NewHeaderBlock(plainText("Cloud spend", blockkit.MaxHeader))}
	if h.Refusal != "" {
		return view(append(blocks, section(clipLines(paragraphs(h.Refusal, maxLine), maxHeadline))))
	}
	blocks = append(blocks, contextOf(greeting(h)))

	if h.MonthToDate != nil {
		blocks = append(blocks, monthToDate(h.MonthToDate)...)
	} else {
		blocks = append(blocks, section("There is no complete day of this month yet."))
	}
	if b := movedAnswers(h.Moved); b != nil {
		blocks = append(append(blocks, slack.NewDividerBlock()), b...)
	}
	if h.Backlog != nil {
		blocks = append(append(blocks, slack.NewDividerBlock()), h.Backlog.section(h.Now)...)
	}
	if b := teams(h.Teams); b != nil {
		blocks = append(append(blocks, slack.NewDividerBlock()), b...)
	}
	if b := freshness(h.Freshness); b != nil {
		blocks = append(append(blocks, slack.NewDividerBlock()), b...)
	}
	if qs := questions(h.Questions, homeQuestions); len(qs) > 0 {
		blocks = append(blocks, slack.NewDividerBlock(), section(strong("Worth asking")))
		for i, q := range qs {
			blocks = append(blocks, tryIt(i, q))
		}
	}
	return view(append(blocks, contextOf("Write to me in Messages, or mention me in a channel. Every answer shows the SQL it came from.")))
}

// section is the backlog's beginning, and what is proved.
func (h *HomeBacklog) section(now time.Time) []slack.Block {
	p := newPage()
	if open, head := backlogHead(h.Ranked, h.Totals, ""); open == 0 {
		p.lines(strong("Worth doing") + ": nothing is open in the backlog")
	} else {
		p.lines(strong("Worth doing") + ": " + esc(head, maxLine))
		n := 0
		for _, x := range h.Ranked {
			if !x.State.Open() {
				continue
			}
			if n++; n > homeBacklog {
				p.note(fmt.Sprintf("%d more: %s backlog", open-homeBacklog, esc(h.Command, 40)))
				break
			}
			p.lines(fmt.Sprintf("%d. ", n) + opportunity(x, BacklogOptions{Browse: h.Browse, Now: now}))
		}
	}
	if len(h.Realized) == 0 {
		p.lines("proved on the bill: nothing yet")
	}
	for _, s := range h.Realized {
		p.lines("proved on the bill: " + realized(s.Saved, s.Avoided, s.Currency))
	}
	return p.blocks
}

// greeting is "for Ana · all spend · Mon 23 Nov 09:00 UTC".
func greeting(h HomeData) string {
	var items []string
	if v := esc(h.Viewer, 80); v != "" {
		items = append(items, "for "+v)
	}
	if s := esc(h.Scope, 400); s != "" {
		items = append(items, "you see "+s)
	}
	switch now := h.Now.UTC(); {
	case now.IsZero():
	case now.Equal(analysis.DayOf(now)): // a day is known, not a moment
		items = append(items, now.Format("Mon 2 Jan"))
	default:
		items = append(items, now.Format("Mon 2 Jan 15:04")+" UTC")
	}
	if len(items) == 0 {
		return "what the bills say"
	}
	return strings.Join(items, " · ")
}

// monthToDate is the headline with a button to its SQL, then the top movers.
func monthToDate(a *analysis.Answer) []slack.Block {
	headline, texts, parts := render.Lead(a)
	head := headlineText(strings.ReplaceAll(headline, "\n", " "), a.Reading.Intent, true)
	if head == "" {
		head = strong("Month to date")
	}
	blocks := []slack.Block{withSQL(a, head)}
	for _, t := range texts[:min(len(texts), 1)] {
		if repeats(t, a) {
			continue
		}
		if s := clipLines(paragraphs(t, maxLine), maxHeadline); s != "" {
			blocks = append(blocks, section(s))
		}
	}
	for _, part := range parts {
		if part.Bridge == nil {
			continue
		}
		p := newPage()
		v := render.ShowBridge(part.Bridge, nil, homeDrivers)
		p.lines(driverLines(v)...)
		blocks = append(blocks, p.blocks...)
		break
	}
	if s := smallPrint(a, Options{}, false); s != "" {
		blocks = append(blocks, contextOf(s))
	}
	return blocks
}

// withSQL is a section with a button that shows how its figures were made.
func withSQL(a *analysis.Answer, markup string) *slack.SectionBlock {
	s := section(markup)
	if answerID.MatchString(a.ID) && len(a.Trace.Queries) > 0 {
		s.Accessory = slack.NewAccessory(button(string(PressSQL), a.ID, "Show the SQL"))
	}
	return s
}

// teams are lines of the first table: "`$69,600` payments".
func teams(a *analysis.Answer) []slack.Block {
	if a == nil {
		return nil
	}
	p := newPage()
	for _, part := range a.Parts {
		if part.Table != nil {
			v := render.ShowTable(part.Table, a.Currency, homeRows)
			if lines := moneyFirst(v); len(lines) > 0 {
				p.lines(lines...)
				cutNote(p, withoutSum(part.Table, v), a, "row", "rows")
			}
			break
		}
	}
	if len(p.blocks) == 0 {
		return nil
	}
	headline, _, _ := render.Lead(a)
	head := headlineText(strings.ReplaceAll(headline, "\n", " "), a.Reading.Intent, true)
	if head == "" {
		head = strong("By team")
	}
	blocks := append([]slack.Block{withSQL(a, head)}, p.blocks...)
	if s := smallPrint(a, Options{}, false); s != "" {
		blocks = append(blocks, contextOf(s))
	}
	return blocks
}

// withoutSum is how many rows were cut that no row sums up.
func withoutSum(t *analysis.Table, v render.ShownTable) int {
	if t.Total != nil {
		return 0
	}
	return v.Cut
}

// moneyFirst are a table's rows as lines, without the total: the headline has it.
func moneyFirst(v render.ShownTable) []string {
	v.Total = nil
	return rowLines(v)
}

// freshness says how far each provider's data is whole.
func freshness(a *analysis.Answer) []slack.Block {
	if a == nil {
		return nil
	}
	p := newPage()
	headline, _, parts := render.Lead(a)
	p.lines(headlineText(strings.ReplaceAll(headline, "\n", " "), a.Reading.Intent, true))
	for _, part := range parts {
		if part.Table != nil {
			v := render.ShowTable(throughOnly(part.Table), a.Currency, homeProviders)
			p.lines(rowLines(v)...)
			cutNote(p, v.Cut, a, "provider", "providers")
			break
		}
	}
	return p.blocks
}

// throughOnly keeps of a table of providers what matters at a glance: the name, and through which day the data is whole.
func throughOnly(t *analysis.Table) *analysis.Table {
	at := slices.IndexFunc(t.Columns, func(c analysis.Column) bool { return strings.Contains(c.Name, "through") })
	if at < 1 {
		return t
	}
	out := &analysis.Table{Columns: []analysis.Column{t.Columns[0], t.Columns[at]}}
	for _, r := range t.Rows {
		if at < len(r.Cells) {
			out.Rows = append(out.Rows, analysis.Row{Key: r.Key, Cells: []analysis.Cell{r.Cells[0], r.Cells[at]}})
		}
	}
	return out
}
