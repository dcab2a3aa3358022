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

func TestFileAsked(t *testing.T) {
	for text, want := range map[string]bool{
		"csv": true, "CSV please": true, "as a csv": true, "can I get this as a spreadsheet?": true, "send me the csv file": true, "export": true, "export it to excel": true, "download": true, "to csv.": true,
		"export costs last week": false, "csv of payments": false, "why did csv exports get dearer?": false, "download traffic": false, "this": false, "": false,
	} {
		if got := fileAsked.MatchString(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
