package main

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"spendbot/bot"
	"spendbot/bot/sandbox"
	"spendbot/bot/secret"
)

// TestWordedCommands: events are told by a signed webhook and by people, each once, and stand beside the change that they lie near, for those
// who may see them; runbooks are shown, asked from and opened; and how incidents were caught is told.
func TestWordedCommands(t *testing.T) {
	t.Parallel()
	const key = "a-secret-of-the-webhook-3141592653"
	r := newRig(t, rigOptions{})
	r.env = append(r.env, eventsSecret+"="+key)
	r.start()
	whispers := map[string]int{}
	command := func(user, channel, text string) sandbox.Message {
		t.Helper()
		if err := r.box.Command(user, channel, text); err != nil {
			t.Fatal(err)
		}
		whispers[user]++
		return r.whisper(user, whispers[user])
	}
	report := func(body, sign string) (int, string) {
		t.Helper()
		req, err := http.NewRequest(http.MethodPost, "http://"+r.health+"/events", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		at := strconv.FormatInt(time.Now().Unix(), 10)
		req.Header.Set(bot.EventsTimestamp, at)
		req.Header.Set(bot.EventsSignature, bot.SignEvents(secret.Value(sign), at, []byte(body)))
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(b)
	}

	const deploy = `{"kind":"deploy","what":"payments-api 4.18.0","at":"2026-11-18T09:12:00Z","team":"payments","account":"payments-prod"}`
	for i, want := range []string{`"new":true`, `"new":false`} {
		if code, b := report(deploy, key); code != 200 || !strings.Contains(b, want) {
			t.Errorf("report %d: %d %s, want %s", i+1, code, b, want)
		}
	}
	if code, b := report(deploy, "another-secret-of-some-length"); code != 401 {
		t.Errorf("signed with another key: %d %s", code, b)
	}
	lacks(t, "the log", r.log.String(), key)

	contains(t, "a told event", body(command(sandbox.Chloe, sandbox.CloudCosts, "event flag query-debug on at 2026-11-19 08:41 account=search-prod")),
		"Noted as E-", "flag query-debug on, Thu 19 Nov 08:41 UTC", "team search", "never shown to be their cause")
	contains(t, "another's event", body(command(sandbox.Chloe, sandbox.CloudCosts, "event deploy x team=payments")), "You can tell of what happens in")
	contains(t, "no event", body(command(sandbox.Ana, sandbox.CloudCosts, "event party")), "is no kind of event", "/spend event deploy payments-api 4.18.0")
	list := body(command(sandbox.Ana, sandbox.CloudCosts, "event list"))
	contains(t, "the list", list, "2 events in the last 14 days", "payments-api 4.18.0", "query-debug on")
	lacks(t, "the list of team search", body(command(sandbox.Chloe, sandbox.CloudCosts, "events")), "payments-api")

	ts, err := r.box.Say(sandbox.Ana, sandbox.CloudCosts, "", at("why did NAT cost change last week?"))
	if err != nil {
		t.Fatal(err)
	}
	why := body(r.answer(sandbox.CloudCosts, ts, 1))
	contains(t, "beside the driver", why, "near in time: deploy payments-api 4.18.0, Wed 18 Nov 09:12 UTC (co-occurs; not shown to be the cause)")
	lacks(t, "beside the driver", why, "query-debug")

	m := command(sandbox.Ana, sandbox.CloudCosts, "runbook nat")
	contains(t, "a runbook", body(m), "NAT and data transfer", "Which destination?", "Risk:", "Rollback:", "kept by Network platform")
	r.push(t, sandbox.Ana, m, "Commands")
	r.wait("the window with the commands", func(s *sandbox.Snapshot) bool {
		v := s.Modal(sandbox.Ana)
		return v != nil && strings.Contains(string(v.Blocks), "aws ec2 describe-vpc-endpoints")
	})
	r.push(t, sandbox.Ana, m, "why did NAT change since 16 November 2026?")
	whispers[sandbox.Ana]++
	contains(t, "a runbook's question", body(r.whisper(sandbox.Ana, whispers[sandbox.Ana])), "payments-prod", "near in time: deploy payments-api 4.18.0")
	contains(t, "all runbooks", body(command(sandbox.Ana, sandbox.CloudCosts, "runbook")), "17 runbooks", "/spend runbook serverless-loops")
	contains(t, "no runbook", body(command(sandbox.Ana, sandbox.CloudCosts, "runbook zzz")), "No runbook says anything of")
	contains(t, "no incidents", body(command(sandbox.Ana, sandbox.CloudCosts, "kpi last 30 days")), "from 25 Oct to 23 Nov 2026")
	contains(t, "a team without incidents", body(command(sandbox.Ana, sandbox.CloudCosts, "kpi nobody")), "No incident of a team")
	contains(t, "how it is computed", body(command(sandbox.Ana, sandbox.CloudCosts, "how is MTTD computed?")), "the first hour (UTC) of the day of onset")
}
