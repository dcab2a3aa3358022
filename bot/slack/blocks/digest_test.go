package blocks

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"spendbot/analysis"
	"spendbot/analysis/pulse"
	"spendbot/bot/slack/blockkit"
)

func digestAnswer(topic string) *analysis.Answer {
	week := analysis.NewPeriod(analysis.Day(2026, time.November, 16), analysis.Day(2026, time.November, 23))
	before := analysis.NewPeriod(analysis.Day(2026, time.November, 9), analysis.Day(2026, time.November, 16))
	return &analysis.Answer{ID: "Q-7F3K2M", Asked: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), Currency: "USD", Headline: "Week 47: $251,007, up $18,412 (+7.9%) · month so far $742,900, against $698,300 at this day of October",
		Reading: analysis.Plan{Intent: analysis.Digest, Topic: topic, Metric: analysis.Effective, Current: week, Baseline: &before},
		Parts: []analysis.Part{{Text: "up: NAT <!channel> *payments* +$11.4k"}, {Text: "+$33,166 calendar: 31 days, after 30\n-$26,551 ml_training"}, {Text: "worth asking: `why did EC2 change?`"},
			{Table: &analysis.Table{Columns: []analysis.Column{{Name: "team", Label: "team", Kind: analysis.ColText}}, Rows: []analysis.Row{{Cells: []analysis.Cell{{Text: "only in the file"}}}}}}},
		Actions: []analysis.Action{{Label: "Why EC2?", Ask: "why did EC2 change?"}}, Trace: analysis.Trace{Queries: []analysis.QueryTrace{{Name: "q", SQL: "SELECT 1"}}}}
}

// plainJSON is blocks as JSON in which angle brackets stay what they are.
func plainJSON(t *testing.T, list []slack.Block) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(list); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestDigest(t *testing.T) {
	m := Digest(digestAnswer(pulse.Weekly), DigestOptions{Note: "due Monday 09:00; not complete: Microsoft", File: true})
	text := plainJSON(t, m.Blocks)
	if err := blockkit.Message([]byte(text)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"*Week 47: $251,007, up $18,412 (+7.9%)* · month so far", "`+$33,166` calendar", "`-$26,551` ml_training", "`why did EC2 change?`", "due Monday 09:00; not complete: Microsoft", "file in the thread", "Show the SQL", "Why EC2?", "Q-7F3K2M"} {
		if !strings.Contains(text, want) {
			t.Errorf("the message lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "<!channel>") || strings.Contains(text, "only in the file") || strings.Contains(text, "*payments*") {
		t.Errorf("a name is markup, or a table is shown: %s", text)
	}
	sections := 0
	for _, x := range m.Blocks {
		if _, ok := x.(*slack.SectionBlock); ok {
			sections++
		}
	}
	if sections != 2 || !strings.Contains(text, "context_actions") {
		t.Errorf("%d sections, feedback %v", sections, strings.Contains(text, "context_actions"))
	}
	if strings.Contains(plainJSON(t, Digest(digestAnswer(pulse.Daily), DigestOptions{}).Blocks), "context_actions") {
		t.Error("a daily line asks for feedback")
	}
	if again := Answer(digestAnswer(pulse.Weekly), Options{}); !strings.Contains(again.Text, "Week 47") {
		t.Errorf("run again it reads %q", again.Text)
	}
}

func TestDigestNote(t *testing.T) {
	m := DigestNote("<@U0ANA> subscribed this channel, of <!here> *x*.", "`/spend digest pause` stops it")
	b := plainJSON(t, m.Blocks)
	if s := m.Blocks[0].(*slack.SectionBlock).Text.Text; !strings.HasPrefix(s, "<@U0ANA> subscribed") || strings.Contains(s, "<!here>") || !strings.Contains(b, "`/spend digest pause`") {
		t.Errorf("%s", b)
	}
	if m := DigestNote("<@not a person> x", ""); strings.Contains(m.Text, "<@") {
		t.Errorf("a mention of nobody: %s", m.Text)
	}
}
