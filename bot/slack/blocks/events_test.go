package blocks

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"spendbot/analysis"
)

func TestEvents(t *testing.T) {
	at := time.Date(2026, 11, 18, 9, 12, 0, 0, time.UTC)
	var list []analysis.Event
	for i := range 30 {
		list = append(list, analysis.Event{Kind: "deploy", What: "payments-api *4.18.0* <!channel> " + strings.Repeat("x", 150), Begins: at.AddDate(0, 0, -i/2), Slice: map[string]string{"x_Team": "payments", "SubAccountId": "a&b"}})
	}
	m := Events(list, EventsOptions{Days: 14, More: 3, Command: "/spend"})
	valid(t, m, schema(t, "Blocks.schema.json"))
	harmless(t, m.Text, m.Blocks, Options{})
	b, err := json.Marshal(m.Blocks)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for _, want := range []string{"33 events in the last 14 days", "*Wed 18 Nov*", "09:12 UTC  deploy ", "team payments, account a&amp;b", "never as a cause", "older ones are left out"} {
		if !strings.Contains(strings.ReplaceAll(text, `\u0026`, "&"), want) {
			t.Errorf("%q is missing in %s", want, text)
		}
	}
	if strings.Contains(text, "<!channel>") || strings.Contains(text, "\\u003c!channel") {
		t.Error("an event's text is markup")
	}
	if m := Events(nil, EventsOptions{Days: 14, Scoped: true, Scope: "team payments", Command: "/spend"}); !strings.Contains(m.Text, "No events of the last 14 days within team payments are known") {
		t.Errorf("none: %s", m.Text)
	}
}
