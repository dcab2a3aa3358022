package blocks

import (
	"time"

	"github.com/slack-go/slack"

	"spendbot/bot/slack/blockkit"
	"spendbot/bot/state"
)

// The modals of an incident, by callback id, and their inputs, by block id. The private metadata is the incident's id.
const (
	ModalExpect = "incident_expect"
	ModalSnooze = "incident_snooze"

	InputUntil = "until"
	InputWhy   = "why"
)

// ParseIncidentModal reads what a modal of an incident was opened for. ok is false for another modal.
func ParseIncidentModal(callback, meta string) (act IncidentAct, id string, ok bool) {
	switch callback {
	case ModalExpect:
		act = ActExpect
	case ModalSnooze:
		act = ActSnooze
	}
	if act == "" || !incidentID.MatchString(meta) {
		return "", "", false
	}
	return act, meta, true
}

// ExpectModal asks until when an incident is to be expected, and why.
func ExpectModal(in state.Incident) slack.ModalViewRequest {
	until := slack.NewDatePickerBlockElement(InputUntil)
	until.Placeholder = plainText("always", blockkit.MaxPlaceholder)
	day := slack.NewInputBlock(InputUntil, plainText("Until", blockkit.MaxViewTitle), plainText("The last day it is to be expected. Empty: always.", 200), until)
	day.Optional = true
	why := slack.NewPlainTextInputBlockElement(plainText("load test until the launch", blockkit.MaxPlaceholder), InputWhy)
	why.MaxLength = 300
	text := slack.NewInputBlock(InputWhy, plainText("Why", blockkit.MaxViewTitle), plainText("It is shown in the thread, and to whoever asks what is expected.", 200), why)
	return incidentModal(ModalExpect, "Expected", "Keep", in,
		strong(esc(in.Title, 300))+"\nIt is closed, and the same in the same direction does not alert again until then. It can be undone.", day, text)
}

// SnoozeModal asks until when nobody wants to hear of an incident.
func SnoozeModal(in state.Incident, now time.Time) slack.ModalViewRequest {
	until := slack.NewDatePickerBlockElement(InputUntil)
	until.InitialDate = now.UTC().AddDate(0, 0, 3).Format(time.DateOnly)
	day := slack.NewInputBlock(InputUntil, plainText("Until", blockkit.MaxViewTitle), nil, until)
	return incidentModal(ModalSnooze, "Snooze", "Snooze", in, strong(esc(in.Title, 300))+"\nNobody is asked again before that day, unless it grows or ends. The message above stays up to date.", day)
}

func incidentModal(callback, title, submit string, in state.Incident, intro string, inputs ...slack.Block) slack.ModalViewRequest {
	return slack.ModalViewRequest{Type: slack.VTModal, CallbackID: callback, PrivateMetadata: in.ID, Title: plainText(title, blockkit.MaxViewTitle),
		Submit: plainText(submit, blockkit.MaxViewTitle), Close: plainText("Cancel", blockkit.MaxViewTitle),
		Blocks: slack.Blocks{BlockSet: append([]slack.Block{section(intro)}, inputs...)}}
}
