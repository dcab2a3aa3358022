package bot

import (
	"strings"
	"testing"
)

func TestWordThatBeginsAQuestion(t *testing.T) {
	for text, want := range map[string]bool{
		"savings": false, "savings verified": false, "savings plan coverage": true, "Savings plans?": true, "savings rate by service": true,
		"next": false, "next team payments": false, "next payments": false, "next month's spend": true, "Next week?": true,
		"backlog month": false,
	} {
		word, rest, _ := strings.Cut(text, " ")
		if got := beginsQuestion(word, rest); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
