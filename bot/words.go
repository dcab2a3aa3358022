package bot

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"spendbot/bot/digest"
)

// worded deals with a message that begins with a word of its own, as /spend event: such is no question about spend. done is false where
// it begins with none.
func (b *Bot) worded(ctx context.Context, t *talk, text string) (outcome string, done bool, err error) {
	word, rest, _ := strings.Cut(text, " ")
	if beginsQuestion(word, rest) {
		return "", false, nil
	}
	var deal func(context.Context, *talk, string) (string, error)
	switch strings.ToLower(word) {
	case "event", "events":
		deal = b.event
	case "runbook", "runbooks":
		deal = b.runbook
	case "kpi", "kpis":
		deal = b.kpi
	case "incidents", "incident":
		deal = b.incidents
	case "ticket":
		deal = b.ticketCommand
	case "backlog":
		deal = b.backlogList
	case "next":
		deal = b.nextOne
	case "savings":
		deal = b.savings
	case "digest", "digests":
		if !digest.Is(text) {
			return "", false, nil
		}
		deal = b.digestWord
	case "declare":
		deal = b.declareWord
	case "exec":
		deal = b.execWord
	default:
		return "", false, nil
	}
	t.kind = "command"
	outcome, err = deal(ctx, t, strings.TrimSpace(rest))
	return outcome, true, err
}

// beginsQuestion reports whether a word of ours is but the first of a question about spend: "savings plan coverage", "next month".
func beginsQuestion(word, rest string) bool {
	next, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(rest)), " ")
	next = strings.TrimRight(next, "?!.,:;'s") // "plans?", "month's"
	switch strings.ToLower(word) {
	case "savings":
		return slices.Contains([]string{"plan", "rate"}, next)
	case "next":
		return slices.Contains([]string{"day", "week", "month", "quarter", "year"}, next)
	}
	return false
}

// fileAsked is how a message asks for the answer before it as a file, as its CSV button gives it.
var fileAsked = regexp.MustCompile(`(?i)^(please )?((can|could) (i|we|you) (have|get|send|export|download) |(give|send|show) (me |us )?|get |make |export |download )?((it|this|that|these|those|them) )?((as|to|in|into) )?((a|an|the) )?(csv|spreadsheet|excel|export|download)( file)?( please)?[ .!?]*$`)
