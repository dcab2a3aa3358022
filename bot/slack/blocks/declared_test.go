package blocks

import (
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/slack-go/slack"
	"pgregory.net/rapid"

	"spendbot/bot/declared"
	"spendbot/bot/state"
	"spendbot/runbooks"
)

// declaredCase is a declared incident as its card shows it.
func declaredCase(t testing.TB) DeclaredCard {
	lib, err := runbooks.Built()
	if err != nil {
		t.Fatal(err)
	}
	book, _ := lib.Get("nat-and-data-transfer")
	money := decimal.RequireFromString
	day := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	now := day.Add(36 * time.Hour)
	l := state.DeclaredExposure{Answer: "Q-7F3K2M", Currency: "USD", At: now, Through: day, Days: 3, Cost: money("7335"), Expected: money("2025"), SoFar: money("5310"), PerDay: money("1770"),
		Basis: "expected by the weekdays, the trend and the known days of its series (I-7F3K2M)", How: "usage x4.1, price unchanged"}
	d := state.Declared{ID: "B-9QWXYZ", Incident: "I-7F3K2M", Open: true, Began: now, DeclaredDetail: state.DeclaredDetail{By: "U012AB3CD", Title: "NAT gateway bytes · payments-prod · us-east-1", Onset: day.AddDate(0, 0, -2),
		Roles: map[string]string{declared.Lead: "U012AB3CD"}, Missing: []string{"group finance: there is none of this name"}}}
	return DeclaredCard{Declared: d, Exposure: declared.Expose(l, time.Time{}, decimal.Zero, now), Options: declared.Options(book), Book: book.Front.Title, Slug: book.Slug, Command: "/spend", Emoji: "pushpin",
		Next: now.Add(4 * time.Hour)}
}

func TestDeclared(t *testing.T) {
	blocksSchema := schema(t, "Blocks.schema.json")
	message := func(name string, m Message) {
		t.Run(name, func(t *testing.T) {
			valid(t, m, blocksSchema)
			golden(t, name, map[string]any{"text": m.Text, "blocks": m.Blocks})
			t.Logf("as read:\n%s", reading(m.Text, m.Blocks))
		})
	}
	c := declaredCase(t)
	d, x := c.Declared, c.Exposure
	message("declared", Declared(c))
	message("declared_status", DeclaredStatus(d, x, declared.News{Fresh: true, Text: "+$2,080 since the last update, with the bill of Sat 21 Nov."}, c.Next))
	message("declared_quiet", DeclaredStatus(d, x, declared.Compare(&x.DeclaredExposure, x), c.Next))
	message("declared_exec", DeclaredUpdate(d, x, declared.Executive(d, x, func(string) string { return "Ana Duarte" })))
	c.Declared.Open, c.Declared.ClosedAt, c.Declared.ClosedBy = false, c.Next, "U012AB3CD"
	c.Exposure = declared.Expose(x.DeclaredExposure, c.Declared.Began, x.PerDay, c.Next)
	c.Declared.ContainedAt, c.Declared.Troubles = c.Declared.Began, []string{"The card is not pinned: the app lacks `pins:write`."}
	message("declared_closed", Declared(c))
}

// TestDeclaredPresses: every button of every card is read again as what it says.
func TestDeclaredPresses(t *testing.T) {
	c := declaredCase(t)
	closed, contained := c, c
	closed.Declared.Open = false
	contained.Declared.ContainedAt = c.Declared.Began
	seen := map[string]bool{}
	for _, card := range []DeclaredCard{c, closed, contained} {
		for id, value := range buttonsOf(t, Declared(card)) {
			a, ok := ParseDeclared(id, value)
			if !ok || a.Declared != c.Declared.ID || a.Do == DeclaredRole && !declared.IsRole(a.Role) {
				t.Errorf("%s %s: %+v", id, value, a)
			}
			seen[a.Do+a.Role] = true
		}
	}
	if len(seen) != 4+5 {
		t.Errorf("presses %v", seen)
	}
	for _, bad := range [][2]string{{"declared:role:king", "B-9QWXYZ"}, {"declared:close", "Q-7F3K2M"}, {"declared:", "B-9QWXYZ"}, {"close", "B-9QWXYZ"}, {"declared:close", "B-9QWXYZ\n"}, {"declared:role", "B-9QWXYZ"}} {
		if a, ok := ParseDeclared(bad[0], bad[1]); ok {
			t.Errorf("%q is read as %+v", bad, a)
		}
	}
}

// TestDeclaredHostile: whatever a bill, a person or a configuration is called, the card is valid and nobody is mentioned by it.
func TestDeclaredHostile(t *testing.T) {
	blocksSchema := schema(t, "Blocks.schema.json")
	base := declaredCase(t)
	rapid.Check(t, func(t *rapid.T) {
		c := base
		c.Declared.Title = rapid.OneOf(rapid.String(), rapid.Just("<!channel> <@U0EVE> :fire: *x* `y`"), rapid.Just(strings.Repeat("long ", 500))).Draw(t, "title")
		c.Declared.By = rapid.SampledFrom([]string{"U012AB3CD", "", "<!here>"}).Draw(t, "by")
		c.Declared.Missing = rapid.SliceOfN(rapid.String(), 0, 40).Draw(t, "missing")
		c.Emoji = rapid.SampledFrom([]string{"pushpin", "", "a b", "<!here>"}).Draw(t, "emoji")
		c.Declared.Troubles = []string{"<!channel>"}
		m := Declared(c)
		valid(t, m, blocksSchema)
		text := string(marshal(t, m.Blocks)) + m.Text
		if strings.Contains(text, "<!") || strings.Contains(text, "<@U0EVE") {
			t.Fatalf("somebody is mentioned: %s", text)
		}
	})
}

// buttonsOf are the buttons of a message: value by action id.
func buttonsOf(t testing.TB, m Message) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, b := range m.Blocks {
		row, ok := b.(*slack.ActionBlock)
		if !ok {
			continue
		}
		for _, e := range row.Elements.ElementSet {
			btn, ok := e.(*slack.ButtonBlockElement)
			if !ok {
				t.Fatalf("an element of another kind: %T", e)
			}
			if _, twice := out[btn.ActionID]; twice {
				t.Errorf("two buttons are called %s", btn.ActionID)
			}
			out[btn.ActionID] = btn.Value
		}
	}
	return out
}
