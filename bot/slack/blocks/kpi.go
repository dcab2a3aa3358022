package blocks

import (
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"spendbot/bot/kpi"
	"spendbot/bot/slack/blockkit"
)

// KPI is how well spend that went astray was caught, a line a figure. command is the slash command.
func KPI(r kpi.Report, command string) Message {
	p := newPage()
	p.lines(strong(esc(r.Head(), maxLine)))
	var lines []string
	for _, row := range r.Rows() {
		lines = append(lines, esc(upperFirst(row.Name), maxLabel)+": "+strong(esc(row.Figure, 120))+" · "+esc(row.Of, 60))
	}
	p.lines(lines...)
	var channels []string
	for _, c := range r.Channels {
		channels = append(channels, channelText(c.Channel)+" "+esc(kpi.AWeek(c), 40))
	}
	if len(channels) > 0 {
		p.lines(strong("Alerts a week") + ": " + strings.Join(channels[:min(8, len(channels))], " · "))
	}
	blocks := p.blocks
	if r.Incidents > 0 {
		blocks = append(blocks, slack.NewActionBlock("", asking(0, "how is MTTD computed?"), asking(1, "how is avoided cost computed?")))
	}
	return Message{Text: fallbackOf(r.Head()), Blocks: append(blocks, contextOf(esc("medians over incidents opened in these days; what is not known is not counted and is not zero · costs over what was expected are estimates · spendbot kpi --json lists the incidents", maxItem*2)))}
}

// asking is a button that asks a question.
func asking(n int, question string) *slack.ButtonBlockElement {
	return slack.NewButtonBlockElement(fmt.Sprintf("%s:%d", PressTry, n), question, plainText(question, blockkit.MaxButtonText))
}

// channelText names a channel, so that Slack shows its name.
func channelText(id string) string {
	if channelID.MatchString(id) {
		return "<#" + id + ">"
	}
	return esc(id, 80)
}
