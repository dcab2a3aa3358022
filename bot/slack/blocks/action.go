package blocks

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"spendbot/analysis"
	"spendbot/bot/slack/blockkit"
)

// Kind is what a press asks for.
type Kind string

// The kinds of actions.
const (
	PressSQL      Kind = "sql"      // how the answer was made
	PressRerun    Kind = "rerun"    // the question again, on today's data
	PressCSV      Kind = "csv"      // the answer as a file
	PressShare    Kind = "share"    // the answer into the channel
	PressFeedback Kind = "feedback" // whether it helped
	PressAsk      Kind = "ask"      // a follow-up of the answer
	PressChoice   Kind = "choice"   // a choice of a question back, a follow-up too
	PressTry      Kind = "try"      // a whole question, of no answer
	PressRunbook  Kind = "runbook"  // a runbook in a window
)

// Action is a press of something that a message of this package holds.
type Action struct {
	Kind Kind
	// Answer is the answer's id; empty for PressTry.
	Answer string
	// Ask is the question to ask next, for PressAsk, PressChoice and PressTry. It is empty where the button had no room for it:
	// then Index counts into the Actions of the answer (PressAsk) or into its choices (PressChoice).
	Ask   string
	Index int
	// Helpful is the verdict of PressFeedback.
	Helpful bool
	// Runbook is the name of one, and Part what of it, for PressRunbook.
	Runbook, Part string
}

// Ids of elements that are not a kind of their own.
const (
	selectID = "select" // a menu of choices
	moreID   = "more"   // the overflow menu
)

// slugs are how runbooks' names look.
var slugs = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// answerID is how an answer's id looks; only such go into a value.
var answerID = regexp.MustCompile(`^Q-[0-9A-Z]{1,32}$`)

// ParseAction reads the action_id and the value of a press: of a button, of feedback buttons, or the selected option's of a
// menu. Values come from the network, so anything may; an error says what was not understood.
func ParseAction(actionID, value string) (Action, error) {
	bad := func(what string) (Action, error) {
		return Action{}, fmt.Errorf("button %.40q: %s", actionID, what)
	}
	if !utf8.ValidString(value) || utf8.RuneCountInString(value) > blockkit.MaxButtonValue {
		return bad("its value is no text of a button's length")
	}
	name, number, numbered := strings.Cut(actionID, ":")
	kind := Kind(name)
	index := 0
	if numbered {
		n, err := strconv.Atoi(number)
		if kind == PressFeedback {
			err = nil
		}
		if err != nil || n < 0 {
			return bad("its number is none")
		}
		index = n
	}
	switch {
	case kind == PressSQL || kind == PressRerun || kind == PressCSV || kind == PressShare:
		if numbered || !answerID.MatchString(value) {
			return bad("it names no answer")
		}
		return Action{Kind: kind, Answer: value}, nil
	case kind == PressFeedback:
		id, verdict, _ := strings.Cut(value, "|")
		if !answerID.MatchString(id) || verdict != "yes" && verdict != "no" {
			return bad("its value is no verdict on an answer")
		}
		return Action{Kind: PressFeedback, Answer: id, Helpful: verdict == "yes"}, nil
	case kind == PressTry && numbered:
		if strings.TrimSpace(value) == "" {
			return bad("it holds no question")
		}
		return Action{Kind: PressTry, Ask: value, Index: index}, nil
	case kind == PressRunbook && numbered:
		slug, part, ok := strings.Cut(value, "|")
		if !ok || !slugs.MatchString(slug) || part != RunbookAll && part != RunbookCommands {
			return bad("it names no runbook")
		}
		return Action{Kind: PressRunbook, Runbook: slug, Part: part, Index: index}, nil
	case numbered && (kind == PressAsk || kind == PressChoice):
		return parseAsk(kind, value, index, bad)
	case actionID == selectID:
		return parseAsk(PressChoice, value, 0, bad)
	case actionID == moreID:
		return parseMore(value, bad)
	}
	return bad("it is none of ours")
}

// parseAsk reads a question to ask next: "Q-7F3K2M", a line break and the question, or where that was too long "ask|Q-7F3K2M|2".
func parseAsk(kind Kind, value string, index int, bad func(string) (Action, error)) (Action, error) {
	if a, ok := parseIndex(value); ok && a.Kind == kind {
		return a, nil
	}
	id, question, ok := strings.Cut(value, "\n")
	if !ok || !answerID.MatchString(id) || strings.TrimSpace(question) == "" {
		return bad("it holds no answer and question")
	}
	return Action{Kind: kind, Answer: id, Ask: question, Index: index}, nil
}

// parseIndex reads "ask|Q-7F3K2M|2".
func parseIndex(value string) (Action, bool) {
	parts := strings.Split(value, "|")
	if len(parts) != 3 || parts[0] != string(PressAsk) && parts[0] != string(PressChoice) || !answerID.MatchString(parts[1]) {
		return Action{}, false
	}
	n, err := strconv.Atoi(parts[2])
	if err != nil || n < 0 {
		return Action{}, false
	}
	return Action{Kind: Kind(parts[0]), Answer: parts[1], Index: n}, true
}

// parseMore reads an option of the overflow menu: "csv|Q-7F3K2M", "ask|Q-7F3K2M|3".
func parseMore(value string, bad func(string) (Action, error)) (Action, error) {
	if a, ok := parseIndex(value); ok && a.Kind == PressAsk {
		return a, nil
	}
	name, id, _ := strings.Cut(value, "|")
	if kind := Kind(name); (kind == PressRerun || kind == PressCSV || kind == PressShare) && answerID.MatchString(id) {
		return Action{Kind: kind, Answer: id}, nil
	}
	return bad("its option is none of ours")
}

// askValue is the value that asks a question as a follow-up, by its index where it is too long for so many characters.
func askValue(kind Kind, answer, question string, index, most int) string {
	if v := answer + "\n" + question; utf8.ValidString(v) && strings.TrimSpace(question) != "" && utf8.RuneCountInString(v) <= most {
		return v
	}
	return string(kind) + "|" + answer + "|" + strconv.Itoa(index)
}

func button(id, value, label string) *slack.ButtonBlockElement {
	return slack.NewButtonBlockElement(id, value, plainText(label, blockkit.MaxButtonText))
}

func numbered(kind Kind, n int) string { return string(kind) + ":" + strconv.Itoa(n) }

// How many of an answer's actions are buttons, and how many choices are; the rest is in a menu.
const (
	actionButtons = 3
	choiceButtons = 5
)

// actions is the row of buttons under an answer; nil where there is nothing to press.
func actions(a *analysis.Answer) *slack.ActionBlock {
	if !answerID.MatchString(a.ID) {
		return nil
	}
	var row []slack.BlockElement
	if c := a.Reading.Clarify; c != nil && len(c.Choices) > 0 {
		return slack.NewActionBlock("", choices(a.ID, c.Choices)...)
	}
	if len(a.Trace.Queries) > 0 {
		row = append(row, button(string(PressSQL), a.ID, "Show the SQL"))
	}
	for i, act := range a.Actions[:min(len(a.Actions), actionButtons)] {
		row = append(row, button(numbered(PressAsk, i), askValue(PressAsk, a.ID, act.Ask, i, blockkit.MaxButtonValue), act.Label))
	}
	var more []*slack.OptionBlockObject
	option := func(value, label string) {
		if len(more) < blockkit.MaxOverflowOptions {
			more = append(more, slack.NewOptionBlockObject(value, plainText(label, blockkit.MaxOptionText), nil))
		}
	}
	if len(a.Trace.Queries) > 0 {
		option(string(PressRerun)+"|"+a.ID, "Re-run on today's data")
	}
	if hasFigures(a) {
		option(string(PressCSV)+"|"+a.ID, "CSV")
	}
	if shareable(a) {
		option(string(PressShare)+"|"+a.ID, "Share to channel")
	}
	for i := actionButtons; i < len(a.Actions); i++ {
		option(string(PressAsk)+"|"+a.ID+"|"+strconv.Itoa(i), a.Actions[i].Label)
	}
	if len(more) > 0 {
		row = append(row, slack.NewOverflowBlockElement(moreID, more...))
	}
	if len(row) == 0 {
		return nil
	}
	return slack.NewActionBlock("", row...)
}

// choices are a question back's: buttons for a few, a menu for many.
func choices(answer string, cs []analysis.Choice) []slack.BlockElement {
	if len(cs) <= choiceButtons {
		row := make([]slack.BlockElement, len(cs))
		for i, c := range cs {
			row[i] = button(numbered(PressChoice, i), askValue(PressChoice, answer, c.Ask, i, blockkit.MaxButtonValue), c.Label)
		}
		return row
	}
	var options []*slack.OptionBlockObject
	for i, c := range cs[:min(len(cs), blockkit.MaxSelectOptions)] {
		options = append(options, slack.NewOptionBlockObject(askValue(PressChoice, answer, c.Ask, i, blockkit.MaxOptionValue),
			plainText(c.Label, blockkit.MaxOptionText), nil))
	}
	return []slack.BlockElement{slack.NewOptionsSelectBlockElement(slack.OptTypeStatic,
		plainText("Which one?", blockkit.MaxPlaceholder), selectID, options...)}
}

// hasFigures reports whether the answer has something to put in a file.
func hasFigures(a *analysis.Answer) bool {
	for _, p := range a.Parts {
		if p.Bridge != nil || p.Series != nil || p.Table != nil {
			return true
		}
	}
	return false
}

// shareable reports whether others may want to read the answer: not a question back, not a refusal.
func shareable(a *analysis.Answer) bool {
	return a.Reading.Intent != analysis.Ambiguous && a.Reading.Intent != analysis.OutOfScope
}

// feedback asks whether the answer helped.
func feedback(a *analysis.Answer, asButtons bool) slack.Block {
	if !answerID.MatchString(a.ID) || a.Reading.Intent == analysis.Ambiguous {
		return nil
	}
	yes, no := a.ID+"|yes", a.ID+"|no"
	if asButtons {
		return slack.NewActionBlock("", button(string(PressFeedback)+":yes", yes, "Helpful"), button(string(PressFeedback)+":no",
			no, "Not helpful"))
	}
	return slack.NewContextActionsBlock("", slack.NewFeedbackButtonsBlockElement(string(PressFeedback),
		slack.NewFeedbackButton(plainText("Helpful", blockkit.MaxButtonText), yes).WithAccessibilityLabel("This answer was helpful"),
		slack.NewFeedbackButton(plainText("Not helpful", blockkit.MaxButtonText), no).WithAccessibilityLabel("This answer was not helpful")))
}
