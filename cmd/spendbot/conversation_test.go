package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"spendbot/bot/sandbox"
)

var answerIDs = regexp.MustCompile(`Q-[0-9A-Z]{6}`)

func contains(t *testing.T, where, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%s: %q is missing in:\n%s", where, p, text)
		}
	}
}

func lacks(t *testing.T, where, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if strings.Contains(text, p) {
			t.Errorf("%s: %q must not be in:\n%s", where, p, text)
		}
	}
}

// button finds the action id of a button or menu of a message by its label.
func button(t *testing.T, m sandbox.Message, label string) (action, value string) {
	t.Helper()
	var blocks []struct {
		Type     string `json:"type"`
		Elements []struct {
			Type     string          `json:"type"`
			ActionID string          `json:"action_id"`
			Value    string          `json:"value"`
			Text     json.RawMessage `json:"text"`
			Options  []struct {
				Text  struct{ Text string } `json:"text"`
				Value string                `json:"value"`
			} `json:"options"`
			Positive struct{ Value string } `json:"positive_button"`
			Negative struct{ Value string } `json:"negative_button"`
		} `json:"elements"`
	}
	if err := json.Unmarshal(m.Blocks, &blocks); err != nil {
		t.Fatalf("blocks: %v\n%s", err, m.Blocks)
	}
	var seen []string
	for _, b := range blocks {
		for _, e := range b.Elements {
			if b.Type == "context_actions" && e.Type == "feedback_buttons" {
				switch label {
				case "helpful":
					return e.ActionID, e.Positive.Value
				case "not helpful":
					return e.ActionID, e.Negative.Value
				}
			}
			if b.Type != "actions" {
				continue
			}
			var text struct{ Text string }
			_ = json.Unmarshal(e.Text, &text)
			if text.Text == label {
				return e.ActionID, e.Value
			}
			seen = append(seen, text.Text)
			for _, o := range e.Options {
				if o.Text.Text == label {
					return e.ActionID, o.Value
				}
				seen = append(seen, o.Text.Text)
			}
		}
	}
	t.Fatalf("no button %q; there are %q", label, seen)
	return "", ""
}

// push presses a button of a message.
func (r *rig) push(t *testing.T, user string, m sandbox.Message, label string) {
	t.Helper()
	action, value := button(t, m, label)
	if err := r.box.Press(user, m.Channel, m.TS, action, value); err != nil {
		t.Fatalf("press %q: %v", label, err)
	}
}

// TestConversations goes through every form of conversation, with the bot's own process at one end and the workspace at the
// other, over Socket Mode and over signed HTTP: the same throughout.
func TestConversations(t *testing.T) {
	t.Parallel()
	for _, mode := range []struct {
		name string
		http bool
	}{{"socket", false}, {"http", true}} {
		t.Run(mode.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, rigOptions{http: mode.http}).start()
			t.Run("mention, follow-up, buttons", func(t *testing.T) { mention(t, r) })
			t.Run("direct messages", func(t *testing.T) { direct(t, r) })
			t.Run("slash command", func(t *testing.T) { slash(t, r) })
			t.Run("who may see what", func(t *testing.T) { scopes(t, r) })
			t.Run("shortcut, assistant, home", func(t *testing.T) { surfaces(t, r) })
			t.Run("what cannot be answered", func(t *testing.T) { unanswerable(t, r) })
			t.Run("health and metrics", func(t *testing.T) { health(t, r) })
			t.Run("the audit", func(t *testing.T) { audited(t, r) })
			if code := r.stop(); code != 0 {
				t.Errorf("stopped with exit code %d", code)
			}
			lacks(t, "the log", r.log.String(), "xoxb-", "xapp-", "rig-signing-secret", "why did spend change", "by team")
		})
	}
}

func mention(t *testing.T, r *rig) {
	ts := r.box.Post(sandbox.Ana, sandbox.CloudCosts, "", at("why did spend change last week?"))
	m := r.answer(sandbox.CloudCosts, ts, 1)
	contains(t, "the answer", body(m), "$12,8", "NatGateway-Bytes", "payments-prod", "since Wed 18 Nov", "everything else", "effective cost, USD", "complete")
	id := answerIDs.FindString(body(m))
	if id == "" {
		t.Fatal("the answer has no id")
	}
	if m.Thread != ts {
		t.Errorf("the answer is not in the thread: %+v", m)
	}
	png := r.file(sandbox.CloudCosts, ts, id+".png")
	if png.Width < 600 || len(png.Data) == 0 || !strings.Contains(png.Alt, "$") {
		t.Errorf("the chart: %d wide, %d bytes, alt %q", png.Width, len(png.Data), png.Alt)
	}

	// A follow-up in the thread takes the last answer as its context.
	r.box.Post(sandbox.Ana, sandbox.CloudCosts, ts, at("and by team?"))
	contains(t, "the follow-up", body(r.answer(sandbox.CloudCosts, ts, 2)), "payments", "search", "16-22 Nov")

	r.push(t, sandbox.Ana, m, "Show the SQL")
	r.wait("the SQL", func(s *sandbox.Snapshot) bool { return s.Modal(sandbox.Ana) != nil })
	view, _ := json.Marshal(r.box.Modal(sandbox.Ana))
	contains(t, "the modal", string(view), "SELECT", id, "rerun")
	if err := r.box.CloseView(sandbox.Ana, r.box.Modal(sandbox.Ana).ID); err != nil {
		t.Error(err)
	}

	r.push(t, sandbox.Ana, m, "Only payments-prod")
	contains(t, "narrower", body(r.answer(sandbox.CloudCosts, ts, 3)), "payments-prod")
	r.push(t, sandbox.Ana, m, "Re-run on today's data")
	contains(t, "run again", body(r.answer(sandbox.CloudCosts, ts, 4)), "$12,8")
	r.push(t, sandbox.Ana, m, "CSV")
	csv := r.file(sandbox.CloudCosts, ts, id+".csv")
	contains(t, "the CSV", string(csv.Data), "payments-prod", id)
	ask := r.box.Post(sandbox.Ana, sandbox.CloudCosts, "", at("status"))
	contains(t, "the status", body(r.answer(sandbox.CloudCosts, ask, 1)), "complete through")
	last := answerIDs.FindString(body(r.answer(sandbox.CloudCosts, ts, 4))) // the answer that a word in the thread is about
	r.box.Post(sandbox.Ana, sandbox.CloudCosts, ts, at("can I get this as csv?"))
	contains(t, "the CSV asked for", string(r.file(sandbox.CloudCosts, ts, last+".csv").Data), "payments-prod", last)

	before := len(r.box.Ephemerals(sandbox.Ana))
	r.push(t, sandbox.Ana, m, "helpful")
	contains(t, "feedback", body(r.whisper(sandbox.Ana, before+1)), id)

	n := len(r.box.Messages(sandbox.CloudCosts))
	r.push(t, sandbox.Ana, m, "Share to channel")
	r.wait("the shared answer", func(s *sandbox.Snapshot) bool {
		list := s.Messages(sandbox.CloudCosts)
		last := list[len(list)-1]
		return len(list) > n && last.Thread == "" && strings.Contains(body(last), "$12,8") && strings.Contains(body(last), "<@"+sandbox.Ana+">")
	})

	// A mention by a message event as well as by app_mention is one question; and so is an edit of it.
	if err := r.box.Edit(sandbox.Ana, sandbox.CloudCosts, ts, at("why did spend change last week, really?")); err != nil {
		t.Error(err)
	}
	other := r.box.Post(sandbox.Dev, sandbox.CloudCosts, "", at("how is the volume effect computed?"))
	contains(t, "a formula", body(r.answer(sandbox.CloudCosts, other, 1)), "Volume effect", "LMDI")
	texts := 0
	for _, m := range r.box.Thread(sandbox.CloudCosts, ts) {
		if m.User == sandbox.Spendbot && len(m.Files) == 0 {
			texts++
		}
	}
	if texts != 4 {
		t.Errorf("%d messages of the bot in the thread, want 4", texts)
	}
}

func direct(t *testing.T, r *rig) {
	dm := r.box.Direct(sandbox.Dev)
	ts := r.box.Post(sandbox.Dev, dm, "", "what did we spend in October?")
	contains(t, "a direct answer", body(r.answer(dm, ts, 1)), "October", "$")
	r.box.Post(sandbox.Dev, dm, ts, "and in September?")
	contains(t, "its follow-up", body(r.answer(dm, ts, 2)), "September")
	next := r.box.Post(sandbox.Dev, dm, "", "by region?")
	contains(t, "a new message goes on from the last", body(r.answer(dm, next, 1)), "us-east-1")
	// A question that stands by itself is not narrowed by the one before.
	r.answer(dm, r.box.Post(sandbox.Dev, dm, "", "untagged spend in October"), 1)
	alone := r.answer(dm, r.box.Post(sandbox.Dev, dm, "", "credits in October"), 1)
	contains(t, "a question by itself", body(alone), "-$5,1")
	help := r.box.Post(sandbox.Dev, dm, "", "help")
	contains(t, "help", body(r.answer(dm, help, 1)), "why did spend change last week?", "computed", "/spend")
}

func slash(t *testing.T, r *rig) {
	before := len(r.box.Ephemerals(sandbox.Ana))
	posts := len(r.box.Messages(sandbox.CloudCosts))
	if err := r.box.Command(sandbox.Ana, sandbox.CloudCosts, "top 5 services in October"); err != nil {
		t.Fatal(err)
	}
	m := r.whisper(sandbox.Ana, before+1)
	contains(t, "the command's answer", body(m), "October", "$")
	if n := len(r.box.Messages(sandbox.CloudCosts)); n != posts {
		t.Errorf("the channel has %d messages more: only the person should see the answer", n-posts)
	}
	r.push(t, sandbox.Ana, m, "By account")
	contains(t, "a cut of it", body(r.whisper(sandbox.Ana, before+2)), "payments-prod")
	r.push(t, sandbox.Ana, m, "Share to channel")
	r.wait("the shared answer", func(s *sandbox.Snapshot) bool { return len(s.Messages(sandbox.CloudCosts)) == posts+1 })
	r.push(t, sandbox.Ana, m, "CSV")
	dm := r.box.Direct(sandbox.Ana)
	r.wait("the CSV in the direct messages", func(s *sandbox.Snapshot) bool {
		for _, f := range s.Files(dm) {
			if strings.HasSuffix(f.Name, ".csv") {
				return true
			}
		}
		return false
	})
	// In a channel that the bot is not in, a command works and sharing says what is missing.
	before = len(r.box.Ephemerals(sandbox.Dev))
	if err := r.box.Command(sandbox.Dev, sandbox.Random, "what did we spend in October?"); err != nil {
		t.Fatal(err)
	}
	m = r.whisper(sandbox.Dev, before+1)
	dm = r.box.Direct(sandbox.Dev)
	n := len(r.box.Messages(dm))
	r.push(t, sandbox.Dev, m, "Share to channel")
	r.wait("the word that it could not be shared", func(s *sandbox.Snapshot) bool { return len(s.Messages(dm)) > n })
	list := r.box.Messages(dm)
	contains(t, "it", body(list[len(list)-1]), "invite", sandbox.Random)
}

func scopes(t *testing.T, r *rig) {
	const q = "spend by team in October"
	others := []string{"search", "platform", "growth"}

	dm := r.box.Direct(sandbox.Ben) // team payments
	ts := r.box.Post(sandbox.Ben, dm, "", q)
	m := r.answer(dm, ts, 1)
	contains(t, "Ben", body(m), "payments", "within your scope")
	lacks(t, "Ben", body(m), others...)
	ts = r.box.Post(sandbox.Ben, dm, "", "what did team search spend in October?")
	lacks(t, "Ben asks for another team", body(r.answer(dm, ts, 1)), "search-prod", "$34", "$15")

	// The same person in a channel for everybody; and somebody who sees all in a channel with a scope.
	ts = r.box.Post(sandbox.Ben, sandbox.CloudCosts, "", at(q))
	lacks(t, "Ben in a channel", body(r.answer(sandbox.CloudCosts, ts, 1)), others...)
	ts = r.box.Post(sandbox.Ana, sandbox.Payments, "", at(q))
	m = r.answer(sandbox.Payments, ts, 1)
	lacks(t, "Ana in #payments", body(m), others...)

	// What is held against invoices and consoles is Ben's own part too, and no bill or file of everybody's.
	ts = r.box.Post(sandbox.Ben, sandbox.CloudCosts, "", at("does October match the invoice?"))
	m = r.answer(sandbox.CloudCosts, ts, 1)
	contains(t, "Ben's invoices", body(m), "invoices are of whole accounts and not compared with a part", "within your scope")
	lacks(t, "Ben's invoices", body(m), append(others, "1,066,458", "765,002.94", "Files:")...)
	r.box.Post(sandbox.Ben, sandbox.CloudCosts, ts, at("why is this different from Cost Explorer?"))
	m = r.answer(sandbox.CloudCosts, ts, 2)
	contains(t, "Ben's console", body(m), "as a console may show it", "within your scope", "1-31 Oct")
	lacks(t, "Ben's console", body(m), append(others, "1,060,039", "1,099,542", "compared with")...)

	// A button pressed by somebody with less: their own scope, in the message, the modal and the file.
	ts = r.box.Post(sandbox.Ana, sandbox.CloudCosts, "", at(q))
	m = r.answer(sandbox.CloudCosts, ts, 1)
	contains(t, "Ana", body(m), "payments", "search", "platform")
	id := answerIDs.FindString(body(m))
	r.push(t, sandbox.Ben, m, "Show the SQL")
	r.wait("Ben's SQL", func(s *sandbox.Snapshot) bool { return s.Modal(sandbox.Ben) != nil })
	view, _ := json.Marshal(r.box.Modal(sandbox.Ben))
	contains(t, "Ben's SQL", string(view), "SELECT", "payments")
	lacks(t, "Ben's SQL", string(view), id)
	if err := r.box.CloseView(sandbox.Ben, r.box.Modal(sandbox.Ben).ID); err != nil {
		t.Error(err)
	}
	r.push(t, sandbox.Ben, m, "CSV")
	csv := r.file(sandbox.CloudCosts, ts, ".csv")
	lacks(t, "Ben's CSV", string(csv.Data), append(others, id)...)
	r.push(t, sandbox.Ben, m, "Re-run on today's data")
	lacks(t, "Ben's run", body(r.answer(sandbox.CloudCosts, ts, 2)), others...)

	// Guests, people of other workspaces and bots get no data.
	ts = r.box.Post(sandbox.Gil, sandbox.Payments, "", at(q))
	lacks(t, "a guest", body(r.answer(sandbox.Payments, ts, 1)), "$", "payments ")
	ts = r.box.Post(sandbox.Sam, sandbox.ExtVendor, "", at(q))
	lacks(t, "somebody of another company", body(r.answer(sandbox.ExtVendor, ts, 1)), "$", "team")
	ts = r.box.Post(sandbox.Ana, sandbox.ExtVendor, "", at(q))
	lacks(t, "a member in a shared channel", body(r.answer(sandbox.ExtVendor, ts, 1)), "$")
	ts = r.box.Post(sandbox.Deploybot, sandbox.CloudCosts, "", at(q))
	lacks(t, "a bot", body(r.answer(sandbox.CloudCosts, ts, 1)), "$")
	r.push(t, sandbox.Gil, r.answer(sandbox.Payments, r.box.Post(sandbox.Ben, sandbox.Payments, "", at(q)), 1), "Show the SQL")
	lacks(t, "a guest who presses", body(r.whisper(sandbox.Gil, 1)), "SELECT", "$")
	if r.box.Modal(sandbox.Gil) != nil {
		t.Error("a guest was shown the SQL")
	}
}

func surfaces(t *testing.T, r *rig) {
	ts := r.box.Post(sandbox.Dev, sandbox.CloudCosts, "", "is the NAT gateway in payments-prod supposed to cost that much?")
	if err := r.box.Shortcut(sandbox.Ana, "explain_spend", sandbox.CloudCosts, ts); err != nil {
		t.Fatal(err)
	}
	contains(t, "the shortcut", body(r.answer(sandbox.CloudCosts, ts, 1)), "payments-prod", "$10,9")

	dm, thread := r.box.OpenAssistant(sandbox.Chloe)
	r.wait("suggested prompts", func(s *sandbox.Snapshot) bool { return len(s.Prompts(dm, thread)) >= 3 })
	r.box.Post(sandbox.Chloe, dm, thread, "top 3 services in October")
	contains(t, "the assistant", body(r.answer(dm, thread, 2)), "October", "within your scope") // the first is the container's own

	for _, p := range []struct {
		user       string
		has, lacks []string
	}{
		{sandbox.Ana, []string{"payments", "search", "$", "complete"}, nil},
		{sandbox.Ben, []string{"payments", "$"}, []string{"search-prod", "platform-prod"}},
		{sandbox.Gil, nil, []string{"$", "payments-prod"}},
	} {
		if err := r.box.OpenHome(p.user); err != nil {
			t.Fatal(err)
		}
		r.wait("the home of "+p.user, func(s *sandbox.Snapshot) bool { return s.Home(p.user) != nil })
		view, _ := json.Marshal(r.box.Home(p.user))
		contains(t, "the home of "+p.user, string(view), p.has...)
		lacks(t, "the home of "+p.user, string(view), p.lacks...)
	}
}

func unanswerable(t *testing.T, r *rig) {
	ts := r.box.Post(sandbox.Ana, sandbox.CloudCosts, "", at("why did blub change?"))
	m := r.answer(sandbox.CloudCosts, ts, 1)
	contains(t, "an unknown name", body(m), "blub")
	var first string
	for _, id := range []string{"choice:0"} {
		if strings.Contains(string(m.Blocks), id) {
			first = id
		}
	}
	if first == "" {
		t.Fatalf("a question back without choices: %s", m.Blocks)
	}
	var label string
	if i := strings.Index(string(m.Blocks), `"action_id":"choice:0"`); i >= 0 {
		var blocks []struct {
			Elements []struct {
				ActionID string                `json:"action_id"`
				Text     struct{ Text string } `json:"text"`
			} `json:"elements"`
		}
		_ = json.Unmarshal(m.Blocks, &blocks)
		for _, b := range blocks {
			for _, e := range b.Elements {
				if e.ActionID == "choice:0" {
					label = e.Text.Text
				}
			}
		}
	}
	r.push(t, sandbox.Ana, m, label)
	contains(t, "the choice", body(r.answer(sandbox.CloudCosts, ts, 2)), "$")

	ts = r.box.Post(sandbox.Ana, sandbox.CloudCosts, "", at("write me a poem about servers"))
	lacks(t, "not our field", body(r.answer(sandbox.CloudCosts, ts, 1)), "$")
}

func health(t *testing.T, r *rig) {
	for path, want := range map[string]string{"/healthz": "ok", "/readyz": "ready", "/metrics": "spendbot_questions_total"} {
		res, err := http.Get("http://" + r.health + path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		if err = errors.Join(err, res.Body.Close()); err != nil || res.StatusCode != http.StatusOK {
			t.Errorf("%s: %d, %v", path, res.StatusCode, err)
		}
		contains(t, path, string(b), want)
		lacks(t, path, string(b), "xoxb-", "xapp-", "rig-signing", "payments", "poem")
	}
}

// audited: who asked what, within which scope, and who was refused, is there to be read.
func audited(t *testing.T, r *rig) {
	out, err := exec.Command("spendbot", "audit", "--store", r.store, "--limit", "0", "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var rows []auditJSON
	if err := json.Unmarshal(out, &rows); err != nil {
		t.Fatal(err)
	}
	for _, want := range []auditJSON{
		{User: sandbox.Ana, Kind: "question", Asked: "why did spend change last week?", Outcome: "answered", Scope: "all spend"},
		{User: sandbox.Ana, Kind: "command", Asked: "top 5 services in October", Outcome: "answered"},
		{User: sandbox.Ana, Kind: "button", Outcome: "answered"},
		{User: sandbox.Ana, Kind: "shortcut", Outcome: "answered"},
		{User: sandbox.Ana, Kind: "question", Outcome: "clarified"},
		{User: sandbox.Ben, Kind: "question", Asked: "spend by team in October", Outcome: "answered", Scope: "team payments"},
		{User: sandbox.Ben, Kind: "home", Outcome: "answered", Scope: "team payments"},
		{User: sandbox.Gil, Kind: "question", Outcome: "refused"},
		{User: sandbox.Gil, Kind: "home", Outcome: "refused"},
		{User: sandbox.Sam, Kind: "question", Outcome: "refused"},
		{User: sandbox.Deploybot, Kind: "question", Outcome: "refused"},
	} {
		if !slices.ContainsFunc(rows, func(row auditJSON) bool {
			return row.User == want.User && row.Kind == want.Kind && row.Outcome == want.Outcome && strings.Contains(row.Asked, want.Asked) &&
				strings.Contains(row.Scope, want.Scope) && (row.Outcome == "refused") == (row.Reason != "") && (row.Outcome != "answered" || row.Answer != "" || row.Reason != "")
		}) {
			t.Errorf("not in the audit: %+v", want)
		}
	}
}

// TestFollowingThreads: where that is configured, a follow-up in a thread of the bot's needs no mention, and nothing else that
// is said in the channel is taken for a question.
func TestFollowingThreads(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{config: "slack: {follow_threads: true}"}).start()
	ts := r.box.Post(sandbox.Ana, sandbox.CloudCosts, "", at("what did we spend in October?"))
	r.answer(sandbox.CloudCosts, ts, 1)
	aside := r.box.Post(sandbox.Dev, sandbox.CloudCosts, "", "what did we spend on lunch?")
	r.box.Post(sandbox.Ana, sandbox.CloudCosts, ts, "and in September?")
	contains(t, "the follow-up", body(r.answer(sandbox.CloudCosts, ts, 2)), "September")
	if texts := len(r.box.Thread(sandbox.CloudCosts, aside)); texts != 1 {
		t.Errorf("%d messages where nobody asked the bot, want the one", texts)
	}
}
