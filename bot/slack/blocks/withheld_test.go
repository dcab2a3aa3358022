package blocks_test

import (
	"encoding/json"
	"strings"
	"testing"

	"spendbot/analysis"
	"spendbot/bot/slack/blocks"
)

// TestQueriesWiderThanTheScopeAreWithheld: of a query that read more than its reader may see the text and the parameters are not
// shown, in the window nor in the file; whoever sees everything is shown them.
func TestQueriesWiderThanTheScopeAreWithheld(t *testing.T) {
	a := &analysis.Answer{ID: "Q-7F3K2M", Headline: "Team payments bears $1.", Reading: analysis.Plan{Intent: analysis.Showback},
		Trace: analysis.Trace{Queries: []analysis.QueryTrace{
			{Name: "what was billed", SQL: "SELECT own", Params: []any{"payments"}, Rows: 1},
			{Name: analysis.WiderThanScope + "weights of a rule", SQL: "SELECT others", Params: []any{"secret-team"}, Rows: 9}}}}
	shown := func() string {
		view, _ := blocks.SQL(a, nil)
		b, err := json.Marshal(view)
		if err != nil {
			t.Fatal(err)
		}
		return string(b) + string(blocks.SQLFile(a))
	}
	if s := shown(); strings.Count(s, "SELECT others") != 2 || !strings.Contains(s, "secret-team") {
		t.Errorf("whoever sees everything is not shown it: %s", s)
	}
	a.Reading.Scope = []analysis.Filter{{Dimension: analysis.DimTeam, Values: []string{"payments"}}}
	if s := shown(); strings.Contains(s, "SELECT others") || strings.Contains(s, "secret-team") || strings.Count(s, "SELECT own") != 2 || strings.Count(s, "reads more than your scope") != 2 {
		t.Errorf("with a scope: %s", s)
	}
}
