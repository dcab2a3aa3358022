package main

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"spendbot/bot/sandbox"
)

// TestSQLInSlack: administrators may run SQL where all spend may be shown; everybody else is told, and sees nothing.
func TestSQLInSlack(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{}).start()
	const q = "sql SELECT ServiceName, sum(EffectiveCost) AS cost FROM focus WHERE ChargePeriodStart >= '2026-10-01' AND ChargePeriodStart < '2026-11-01' GROUP BY ServiceName ORDER BY cost DESC"

	dm := r.box.Direct(sandbox.Ana)
	ts := r.box.Post(sandbox.Ana, dm, "", q)
	m := r.answer(dm, ts, 1)
	contains(t, "the answer", body(m), "rows", "ServiceName", "Amazon")
	id := answerIDs.FindString(body(m))
	csv := string(r.file(dm, ts, id+".csv").Data)
	if head, rest, _ := strings.Cut(strings.TrimPrefix(csv, "\ufeff"), "\r\n"); head != "ServiceName,cost" || strings.Count(rest, "\n") < 10 {
		t.Errorf("the file: %.200s", csv)
	}

	// More rows than a message holds are counted, and in the file.
	ts = r.box.Post(sandbox.Ana, dm, "", "sql SELECT range AS n FROM range(30)")
	m = r.answer(dm, ts, 1)
	contains(t, "a long answer", body(m), "30 rows", "10 more rows: CSV")
	lacks(t, "a long answer", body(m), "everything else")

	// In a channel for everybody, in a code block, with what Slack escapes.
	ts = r.box.Post(sandbox.Ana, sandbox.CloudCosts, "", at("sql ```SELECT count(*) AS n -- all of them\nFROM daily WHERE BilledCost &gt; 0 AND BilledCost &lt; 1```"))
	contains(t, "in a channel", body(r.answer(sandbox.CloudCosts, ts, 1)), "1 row", "n")

	// By the command only the asker sees it, and the file comes in direct messages.
	before, posts := len(r.box.Ephemerals(sandbox.Ana)), len(r.box.Messages(sandbox.CloudCosts))
	if err := r.box.Command(sandbox.Ana, sandbox.CloudCosts, "sql SELECT DISTINCT ServiceProviderName FROM focus"); err != nil {
		t.Fatal(err)
	}
	whispered := r.whisper(sandbox.Ana, before+1)
	contains(t, "the command's answer", body(whispered), "ServiceProviderName", "AWS")
	id = answerIDs.FindString(body(whispered))
	r.wait("the command's file", func(s *sandbox.Snapshot) bool {
		return slices.ContainsFunc(s.Files(dm), func(f sandbox.File) bool { return f.Name == id+".csv" })
	})
	if n := len(r.box.Messages(sandbox.CloudCosts)); n != posts {
		t.Errorf("the channel has %d messages more", n-posts)
	}

	// What is no SELECT over the data does not run, and says why.
	ts = r.box.Post(sandbox.Ana, dm, "", "sql SELECT * FROM read_csv('/etc/passwd')")
	refusedText := body(r.answer(dm, ts, 1))
	contains(t, "a file", refusedText, "did not run", "read_csv")
	lacks(t, "a file", refusedText, "root:")

	ts = r.box.Post(sandbox.Ana, dm, "", "sql SELECT nope FROM focus")
	refusedText = body(r.answer(dm, ts, 1))
	contains(t, "no such column", refusedText, "did not run", "nope")
	lacks(t, "no such column", refusedText, "LINE ", "^")

	// What takes more than there is ends, and the bot does not with it.
	ts = r.box.Post(sandbox.Ana, dm, "", "sql SELECT list(range) AS l FROM range(100000000000)")
	contains(t, "too much", body(r.answer(dm, ts, 1)), "did not run: it needs more memory")

	// Everybody else, and an administrator where others with less read along.
	for _, c := range []struct{ name, user, channel, want string }{
		{"all spend and no administrator", sandbox.Dev, "", "administrators"},
		{"a scope", sandbox.Ben, "", "administrators"},
		{"a channel with a scope", sandbox.Ana, sandbox.Payments, "only a part"},
	} {
		channel, text := c.channel, q
		if channel == "" {
			channel = r.box.Direct(c.user)
			ts = r.box.Post(c.user, channel, "", text)
			m := body(r.answer(channel, ts, 1))
			contains(t, c.name, m, c.want)
			lacks(t, c.name, m, "Amazon")
			continue
		}
		before := len(r.box.Ephemerals(c.user))
		r.box.Post(c.user, channel, "", at(text))
		m := body(r.whisper(c.user, before+1))
		contains(t, c.name, m, c.want)
		lacks(t, c.name, m, "Amazon")
	}

	// Nor by pressing under an administrator's answer.
	ts = r.box.Post(sandbox.Ana, sandbox.CloudCosts, "", at(q))
	m = r.answer(sandbox.CloudCosts, ts, 1)
	r.file(sandbox.CloudCosts, ts, ".csv")
	for i, label := range []string{"CSV", "Re-run on today's data", "Show the SQL", "Share to channel"} {
		before := len(r.box.Ephemerals(sandbox.Dev))
		r.push(t, sandbox.Dev, m, label)
		contains(t, label, body(r.whisper(sandbox.Dev, before+1)), "administrators")
		if i == 0 && len(r.box.Files(r.box.Direct(sandbox.Dev))) > 0 {
			t.Error("the file went out")
		}
	}
	r.push(t, sandbox.Ana, m, "Re-run on today's data")
	contains(t, "run again", body(r.answer(sandbox.CloudCosts, ts, 2)), "Amazon")

	out, err := exec.Command("spendbot", "audit", "--store", r.store, "--limit", "0", "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var rows []auditJSON
	if err := json.Unmarshal(out, &rows); err != nil {
		t.Fatal(err)
	}
	for _, want := range []auditJSON{
		{User: sandbox.Ana, Outcome: "answered", Asked: q}, {User: sandbox.Dev, Outcome: "refused", Asked: q}, {User: sandbox.Ben, Outcome: "refused", Asked: q},
		{User: sandbox.Ana, Outcome: "refused", Asked: q}, {User: sandbox.Ana, Outcome: "failed", Asked: "sql SELECT * FROM read_csv('/etc/passwd')"},
	} {
		if !slices.ContainsFunc(rows, func(x auditJSON) bool {
			return x.User == want.User && x.Kind == "sql" && x.Outcome == want.Outcome && x.Asked == want.Asked
		}) {
			t.Errorf("not in the audit: %+v", want)
		}
	}
	if code := r.stop(); code != 0 {
		t.Errorf("stopped with exit code %d", code)
	}
}
