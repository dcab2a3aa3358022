package blocks

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"spendbot/analysis"
)

func TestHomeListsAnswersThatMoved(t *testing.T) {
	m := Moved{Answer: "Q-7F3K2M", Asked: time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC), Question: "spend in <!channel> October?", Was: "Spend was $387.50.", Is: "Spend was $395.25."}
	same := m
	same.Is = same.Was
	list := []Moved{m, same}
	for range 5 {
		list = append(list, m)
	}
	view := Home(HomeData{Moved: list, Now: m.Asked})
	b, err := json.Marshal(view)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Answers that moved", "Then: Spend was $387.50.", "Now: Spend was $395.25.", "(3 Nov)", "The headline reads the same", "2 more answers moved.", `"value":"Q-7F3K2M"`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("the view lacks %q:\n%s", want, b)
		}
	}
	if strings.Contains(string(b), "<!channel>") {
		t.Error("a question mentions the channel")
	}
	if b, _ := json.Marshal(Home(HomeData{Now: m.Asked})); strings.Contains(string(b), "moved") {
		t.Error("a view without any tells of answers that moved")
	}
}

func TestAnAnswersWindowSaysThatItMoved(t *testing.T) {
	a := &analysis.Answer{ID: "Q-7F3K2M", Question: "spend in October?", Headline: "Spend was $387.50."}
	view, _ := SQL(a, nil)
	before := len(view.Blocks.BlockSet)
	AddMoved(&view, nil)
	if len(view.Blocks.BlockSet) != before {
		t.Error("an answer that stands is said to have moved")
	}
	var changes []string
	for i := range 5 {
		changes = append(changes, fmt.Sprintf("%d Nov: AWS's bill of 2026-10 moved.", i+1))
	}
	AddMoved(&view, &Moved{Answer: a.ID, Was: a.Headline, Is: "Spend was $395.25.", Changes: changes})
	s, ok := view.Blocks.BlockSet[1].(*slack.SectionBlock)
	if !ok || len(view.Blocks.BlockSet) != before+1 {
		t.Fatalf("blocks %v", view.Blocks.BlockSet)
	}
	for _, want := range []string{"*This answer has moved*", "Then: Spend was $387.50.", "Now: Spend was $395.25.", "3 Nov: AWS", "2 more restatements: `spendbot trace Q-7F3K2M` lists them."} {
		if !strings.Contains(s.Text.Text, want) {
			t.Errorf("it lacks %q:\n%s", want, s.Text.Text)
		}
	}
}
