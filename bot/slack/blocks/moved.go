package blocks

import (
	"time"

	"github.com/slack-go/slack"
)

// Moved is an answer that comes out otherwise today, since the bills of its days were restated. What it quotes lies within the
// scope of whoever reads it.
type Moved struct {
	Answer   string // its id
	Asked    time.Time
	Question string
	Was, Is  string // headlines
	// Changes say which bills were restated when and by how much, one sentence each; empty for readers who see a part of the spend
	// only.
	Changes []string
}

// mostChanges bounds the sentences about what was restated.
const mostChanges = 3

// AddMoved says at the top of a modal of [SQL] that the answer has moved.
func AddMoved(view *slack.ModalViewRequest, m *Moved) {
	if m == nil || len(view.Blocks.BlockSet) == 0 {
		return
	}
	lines := []string{strong("This answer has moved") + ": the bills of its days were restated since."}
	if m.Was == m.Is {
		lines = append(lines, "The headline reads the same; figures below it moved.")
	} else {
		lines = append(lines, "Then: "+prose(m.Was, 600), "Now: "+prose(m.Is, 600))
	}
	for i, c := range m.Changes {
		if i == mostChanges {
			lines = append(lines, counted(len(m.Changes)-i, "more restatement", "more restatements")+": `spendbot trace "+m.Answer+"` lists them.")
			break
		}
		lines = append(lines, prose(c, 300))
	}
	block := section(clipLines(lines, 2800))
	set := view.Blocks.BlockSet
	view.Blocks.BlockSet = append([]slack.Block{set[0], block}, set[1:]...)
}

// homeMoved bounds the answers that App Home lists as moved.
const homeMoved = 5

// movedAnswers is the home tab's list of answers that moved.
func movedAnswers(list []Moved) []slack.Block {
	if len(list) == 0 {
		return nil
	}
	blocks := []slack.Block{section(strong("Answers that moved") + "\nThe bills of their days were restated after you got them.")}
	for i, m := range list {
		if i == homeMoved {
			blocks = append(blocks, contextOf(counted(len(list)-i, "more answer", "more answers")+" moved."))
			break
		}
		lines := []string{strong(esc(m.Question, 200)) + " (" + m.Asked.UTC().Format("2 Jan") + ")"}
		if m.Was == m.Is {
			lines = append(lines, "The headline reads the same; figures below it moved.")
		} else {
			lines = append(lines, "Then: "+prose(m.Was, 400), "Now: "+prose(m.Is, 400))
		}
		s := section(clipLines(lines, 1800))
		if answerID.MatchString(m.Answer) {
			s.Accessory = slack.NewAccessory(button(string(PressSQL), m.Answer, "Show the SQL"))
		}
		blocks = append(blocks, s)
	}
	return blocks
}
