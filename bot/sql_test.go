package bot

import (
	"strings"
	"testing"

	"spendbot/analysis"
	"spendbot/bot/access"
)

func TestStatement(t *testing.T) {
	for text, want := range map[string]string{
		"sql SELECT 1":                            "SELECT 1",
		"<@U0BOT> SQL: select 1":                  "select 1",
		"sql ```SELECT 1\nFROM daily```":          "SELECT 1\nFROM daily",
		"```sql\nSELECT 1```":                     "SELECT 1",
		"sql `WITH x AS (SELECT 1) FROM x`":       "WITH x AS (SELECT 1) FROM x",
		"sql SELECT a &lt; b -- x\n, c FROM t":    "SELECT a < b -- x\n, c FROM t",
		"sql SELECT ‘a’ AS “b”":                   `SELECT 'a' AS "b"`,
		"sql":                                     "",
		"sql DROP TABLE daily":                    "DROP TABLE daily",
		"sql server spend last month":             "not asked",
		"why did Azure SQL go up?":                "not asked",
		"what did we spend on sql in October?":    "not asked",
		"sql select " + strings.Repeat("x", 2000): "select " + strings.Repeat("x", 2000),
	} {
		got := "not asked"
		if asksSQL(question(text, "U0BOT")) {
			got = statement(text, "U0BOT")
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestWhoMayRunSQL(t *testing.T) {
	team := []analysis.Filter{{Dimension: analysis.TagDimension("team"), Values: []string{"payments"}}}
	for name, c := range map[string]struct {
		g    access.Grant
		want string
	}{
		"an administrator":            {access.Grant{Allowed: true, Admin: true, AllSpend: true}, ""},
		"within a channel's scope":    {access.Grant{Allowed: true, Admin: true, AllSpend: true, Scope: team, Name: "team payments"}, "team payments"},
		"all spend":                   {access.Grant{Allowed: true, AllSpend: true}, "administrators"},
		"a scope":                     {access.Grant{Allowed: true, Scope: team}, "administrators"},
		"who is not allowed anything": {access.Grant{}, "administrators"},
	} {
		if got := refusesSQL(c.g); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
