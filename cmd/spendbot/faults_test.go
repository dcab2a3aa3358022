package main

import (
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"spendbot/bot/sandbox"
)

// calm bounds how long the bot may take to get over a fault: leases of the dead, waits between attempts, and a busy machine.
const calm = 3 * time.Minute

// TestFaults has everything go wrong that does: each case is a workspace and a bot of its own. What is counted is what people
// see: one answer to every question, the right one, in its thread, and nothing else anywhere.
//
// The cases wait more than they compute, for leases of the dead and between attempts: more of them run at once than
// there are cores.
func TestFaults(t *testing.T) {
	t.Parallel()
	type faultCase struct {
		name string
		run  func(*testing.T)
	}
	cases := []faultCase{ // those that wait longest first
		{"storm over sockets", func(t *testing.T) { storm(t, false) }},
		{"two bots, one killed", twoBots},
		{"storm over http", func(t *testing.T) { storm(t, true) }},
	}
	for _, c := range quickly(postFaults, 4) {
		cases = append(cases, faultCase{"posting/" + c.name, c.run})
	}
	for _, c := range quickly(outages, 1) {
		cases = append(cases, faultCase{"Slack down/" + c.name, c.run})
	}
	cases = append(cases,
		faultCase{"stop in the middle over sockets", func(t *testing.T) { stopInTheMiddle(t, false) }},
		faultCase{"stop in the middle over http", func(t *testing.T) { stopInTheMiddle(t, true) }},
		faultCase{"refused blocks", refusedBlocks},
		faultCase{"credentials", credentialsRefused},
		faultCase{"credentials revoked", credentialsRevoked},
	)
	for _, c := range quickly(absences, 2) {
		cases = append(cases, faultCase{"unreachable at first/" + c.name, func(t *testing.T) { unreachable(t, c.faults) }})
	}
	var wg sync.WaitGroup
	next := make(chan faultCase)
	for range sized(6, 2) { // those of the slow suite are heavy by themselves
		wg.Go(func() {
			for c := range next {
				t.Run(c.name, c.run)
			}
		})
	}
	for _, c := range cases {
		next <- c
	}
	close(next)
	wg.Wait()
}

// quickly are the first n cases in the normal tests; the slow ones have them all, at their full size.
func quickly[T any](cases []T, n int) []T { return cases[:sized(n, len(cases))] }

// storm is a workspace at its worst: many people ask at once while deliveries come twice, acknowledgements get lost, sockets
// are cut and the bot is killed.
func storm(t *testing.T, overHTTP bool) {
	people, questions, kills, cuts := sized(12, 50), sized(60, 500), sized(1, 3), sized(3, 5)
	if overHTTP {
		people, questions, kills, cuts = sized(6, 50), sized(24, 500), sized(0, 3), 0 // no sockets; a kill leaves Slack without an answer
	}
	const seed = 3
	c := crowdOf(people, seed)
	r := newCrowd(t, c, overHTTP, sandbox.Faults{RedeliverShare: .1, DropAckShare: .05}).start()
	list := c.questions(questions)

	var wg sync.WaitGroup
	for i := range people { // each asks the next question once the last one is answered, as people do
		wg.Go(func() {
			for _, q := range list[i:] {
				if q.user == c.people[i] {
					r.put(q)
					r.waitAnswers([]*asked{q}, 1, patience+calm)
				}
			}
		})
	}

	// What goes wrong, at moments drawn by chance among the answers.
	dice := rand.New(rand.NewPCG(seed, 1))
	type blow struct {
		at   int
		what string
	}
	var blows []blow
	for range kills {
		blows = append(blows, blow{1 + dice.IntN(questions*9/10), "kill"})
	}
	for i := range cuts {
		blows = append(blows, blow{1 + dice.IntN(questions*9/10), []string{"cut", "refresh_requested", "warning"}[i%3]})
	}
	slices.SortFunc(blows, func(a, b blow) int { return a.at - b.at })
	for _, b := range blows {
		r.waitAnswers(list, b.at, patience+calm)
		switch b.what {
		case "kill":
			r.kill()
			r.start()
		case "cut":
			r.box.DisconnectAll("")
		default:
			r.box.DisconnectAll(b.what)
		}
	}
	wg.Wait()
	r.waitAnswers(list, questions, patience+calm)
	r.quiet(patience + calm)
	if code := r.stop(); code != 0 {
		t.Errorf("stopped with exit code %d", code)
	}
	sum := r.exactlyOnce(list)

	again, lost := 0, 0
	for _, d := range r.box.Ledger() {
		if d.Attempt > 0 {
			again++
		}
		if d.Failed == "ack dropped" {
			lost++
		}
	}
	acks := r.box.AckLatencies()
	t.Logf("%d questions of %d people, %d kills, %d sockets ended, %d deliveries made again, %d acks lost: %d answers, %d charts; ack p50 %s, p99 %s",
		questions, people, kills, cuts, again, lost, sum.texts, sum.files, ackQuantile(acks, .5), ackQuantile(acks, .99))
	if again == 0 || lost == 0 {
		t.Error("nothing was delivered again, or no ack lost: the storm was none")
	}
}

// burst asks questions all at once.
func (r *rig) burst(list []*asked) {
	r.t.Helper()
	for _, q := range list {
		r.put(q)
	}
}

// settled waits until all is answered and over, stops the bot and checks that each question was answered exactly once.
func (r *rig) settled(list []*asked) tally {
	r.t.Helper()
	r.waitAnswers(list, len(list), calm)
	r.quiet(calm)
	if code := r.stop(); code != 0 {
		r.t.Errorf("stopped with exit code %d", code)
	}
	return r.exactlyOnce(list)
}

// The methods that put something where people see it.
const (
	post     = "chat.postMessage"
	announce = "files.getUploadURLExternal"
	complete = "files.completeUploadExternal"
)

// postFaults have Slack refuse, fail and lie when the bot posts. In all cases each answer and each chart is there once.
var postFaults = []postFault{
	{"rate limits", false, sandbox.Faults{RateLimit: map[string]sandbox.RateLimit{post: {Every: 3, RetryAfter: time.Second},
		complete: {Every: 2, RetryAfter: time.Second}, "users.info": {Every: 3, RetryAfter: time.Second}}}, "ratelimited"},
	{"503 before the effect, over http", true, fail(sandbox.Failure{Share: .25, Status: 503}, post, announce, complete), "http_503"},
	{"500 after the effect", false, fail(sandbox.Failure{Share: .4, Status: 500, AfterEffect: true}, post, announce, complete), "http_500"},
	{"cut after the effect, over http", true, fail(sandbox.Failure{Share: .4, Cut: true, AfterEffect: true}, post, announce, complete), "connection cut"},
	{"500 before the effect", false, fail(sandbox.Failure{Share: .25, Status: 500}, post, announce, complete), "http_500"},
	{"an error of Slack's own after the effect", false, fail(sandbox.Failure{Share: .4, Code: "internal_error", AfterEffect: true}, post, complete), "internal_error"},
	{"people and channels cannot be looked up", false, fail(sandbox.Failure{Share: .4, Status: 500}, "users.info", "conversations.info", "usergroups.list",
		"conversations.replies"), "http_500"},
}

type postFault struct {
	name   string
	http   bool
	faults sandbox.Faults
	errors string // that the calls must show
}

func fail(f sandbox.Failure, methods ...string) sandbox.Faults {
	m := map[string]sandbox.Failure{}
	for _, name := range methods {
		m[name] = f
	}
	return sandbox.Faults{Fail: m}
}

func (c postFault) run(t *testing.T) {
	people := crowdOf(4, 5)
	r := newCrowd(t, people, c.http, c.faults).start()
	list := people.questions(sized(12, 60))
	r.burst(list)
	sum := r.settled(list)
	seen := 0
	for _, call := range r.box.Calls() {
		if call.Error == c.errors {
			seen++
		}
	}
	t.Logf("%d questions, %d calls went wrong (%s): %d answers, %d charts", len(list), seen, c.errors, sum.texts, sum.files)
	if seen == 0 || sum.files == 0 {
		t.Error("no call went wrong, or there was no chart: this tests nothing")
	}
}

// outages take Slack away for a while, in the middle of work: what was asked before is answered after, and so is what is
// asked then.
var outages = []outage{{"connections cut", sandbox.Faults{Cut: true}}, {"503", sandbox.Faults{Down: true}}}

type outage struct {
	name   string
	faults sandbox.Faults
}

func (c outage) run(t *testing.T) {
	people := crowdOf(4, 9)
	r := newCrowd(t, people, false, sandbox.Faults{}).start()
	list := people.questions(sized(16, 60))
	before := list[:len(list)/2]
	r.burst(before)
	r.waitAnswers(before, 2, calm)
	r.box.SetFaults(c.faults)
	r.burst(list[len(list)/2:]) // these wait in Slack
	begin, failures := time.Now(), 0
	r.wait("calls that fail", func(s *sandbox.Snapshot) bool {
		failures = 0
		for _, call := range s.Calls() {
			if call.Error == "http_503" || call.Error == "connection cut" {
				failures++
			}
		}
		return failures >= 6
	})
	if long() {
		time.Sleep(time.Until(begin.Add(time.Minute))) // an outage has no end to wait for
	}
	down := time.Since(begin).Round(time.Second)
	r.box.SetFaults(sandbox.Faults{})
	sum := r.settled(list)
	t.Logf("%d questions, Slack down for %s, %d calls failed at least: %d answers, %d charts", len(list), down, failures, sum.texts, sum.files)
}

// metric reads the sum of a counter of the bot's, or of those of its series whose labels hold a text.
func (r *rig) metric(name, labels string) float64 {
	r.t.Helper()
	res, err := http.Get("http://" + r.health + "/metrics")
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	sum := 0.0
	for _, m := range regexp.MustCompile(`(?m)^`+name+`(\{[^}]*\})? (\S+)$`).FindAllStringSubmatch(string(b), -1) {
		if v, err := strconv.ParseFloat(m[2], 64); err == nil && strings.Contains(m[1], labels) {
			sum += v
		}
	}
	return sum
}

// refusedBlocks has Slack refuse the blocks of good messages: the text arrives instead, and is counted.
func refusedBlocks(t *testing.T) {
	people := crowdOf(4, 13)
	r := newCrowd(t, people, false, sandbox.Faults{InvalidBlocks: .5}).start()
	list, whispered := people.questions(sized(12, 60)), 0
	r.burst(list)
	for i := range 6 { // over a response_url, which names no reason
		if err := r.box.Command(people.people[0], people.channels[0], "what did we spend in October?"); err != nil {
			t.Fatal(err)
		}
		m := r.whisper(people.people[0], i+1)
		contains(t, "the answer to a command", m.Text, "October", "$")
		if len(m.Blocks) == 0 {
			whispered++
		}
	}
	r.waitAnswers(list, len(list), calm)
	r.quiet(calm)
	counted := r.metric("spendbot_posts_plain_total", "")
	sum := r.settled(list)
	if sum.plain == 0 || sum.plain == sum.texts || whispered == 0 || whispered == 6 || float64(sum.plain+whispered) != counted {
		t.Errorf("%d of %d answers and %d of 6 to commands came as text; the metric counts %v", sum.plain, sum.texts, whispered, counted)
	}
}

// twoBots has two processes share a store, each with a socket of its own over which Slack delivers as it likes; one is
// killed in the middle. Each question is answered once.
func twoBots(t *testing.T) {
	people := crowdOf(6, 17)
	r := newCrowd(t, people, false, sandbox.Faults{RedeliverShare: .3}).start()
	other := r.another().start()
	list := people.questions(sized(40, 200))
	half := list[:len(list)/2]
	r.burst(half)
	r.waitAnswers(half, len(half), calm)
	done := [2]float64{r.metric("spendbot_events_total", `fresh="yes"`), other.metric("spendbot_events_total", `fresh="yes"`)}
	dup := r.metric("spendbot_events_total", `fresh="no"`) + other.metric("spendbot_events_total", `fresh="no"`)
	r.burst(list[len(list)/2:])
	r.waitAnswers(list, len(half)+len(half)/4, calm)
	other.kill()
	sum := r.settled(list)
	t.Logf("%d questions; of the first half one bot took %v and the other %v, and %v came to both: %d answers, %d charts", len(list), done[0], done[1], dup,
		sum.texts, sum.files)
	if done[0] == 0 || done[1] == 0 || done[0]+done[1] > float64(len(half)) || dup == 0 { // one that is counted is kept, by one of them; the other way round only soon
		t.Errorf("of %d questions one bot took %v and the other %v, with %v known already: both should take some, and each once", len(half), done[0], done[1], dup)
	}
}

// stopInTheMiddle asks the bot to stop in the middle of a burst: it ends well, finishes what it began, and the next process
// does the rest.
func stopInTheMiddle(t *testing.T, overHTTP bool) {
	people := crowdOf(6, 19)
	r := newCrowd(t, people, overHTTP, sandbox.Faults{}).start()
	list := people.questions(sized(30, 200))
	r.burst(list)
	r.waitAnswers(list, 3, calm)
	if code := r.stop(); code != 0 {
		t.Errorf("stopped with exit code %d", code)
	}
	contains(t, "the log", r.log.String(), `"msg":"stopped"`)
	db := r.state()
	_, sending, _, err := db.Outbox(t.Context())
	if err != nil || sending > 0 {
		t.Errorf("%d posts were left in the middle of being sent, %v", sending, err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	left := len(list)
	if err := r.box.Wait(t.Context(), func(s *sandbox.Snapshot) bool { left -= answered(s, list); return true }); err != nil {
		t.Error(err)
	}
	r.start()
	sum := r.settled(list)
	t.Logf("%d questions, %d of them answered after the stop: %d answers, %d charts", len(list), left, sum.texts, sum.files)
	if left == 0 {
		t.Error("all was answered before the stop: this tests nothing")
	}
}

// ended waits for the bot to end by itself.
func (r *rig) ended() int {
	r.t.Helper()
	select {
	case <-r.exited:
	case <-time.After(patience):
		r.t.Fatalf("the bot goes on\n%s", r.log)
	}
	code := r.proc.ProcessState.ExitCode()
	r.proc = nil
	return code
}

// credentialsRefused gives the bot credentials that are no good: the process ends and says what to do, without the secret.
func credentialsRefused(t *testing.T) {
	const wrong = "xoxb-111111-222222-WrongWrongWrong"
	set := func(r *rig, name, value string) {
		for i, v := range r.env {
			if strings.HasPrefix(v, name+"=") {
				r.env[i] = name + "=" + value
			}
		}
	}
	for _, c := range []struct {
		name    string
		http    bool
		prepare func(*rig)
		says    []string
	}{
		{"a wrong bot token", false, func(r *rig) { set(r, "SLACK_BOT_TOKEN", wrong) }, []string{"auth.test: invalid_auth", "SLACK_BOT_TOKEN", "spendbot check"}},
		{"a wrong bot token over http", true, func(r *rig) { set(r, "SLACK_BOT_TOKEN", wrong) }, []string{"auth.test: invalid_auth", "SLACK_BOT_TOKEN"}},
		{"a wrong app token", false, func(r *rig) { set(r, "SLACK_APP_TOKEN", "xapp-1-WrongWrongWrong") }, []string{"apps.connections.open: invalid_auth", "SLACK_APP_TOKEN", "connections:write"}},
		{"an app token without connections:write", false, func(r *rig) {
			r.box.SetFaults(sandbox.Faults{Fail: map[string]sandbox.Failure{"apps.connections.open": {Code: "missing_scope"}}})
		}, []string{"apps.connections.open: missing_scope", "SLACK_APP_TOKEN", "connections:write"}},
		{"swapped tokens", false, func(r *rig) {
			set(r, "SLACK_APP_TOKEN", r.company.App.BotToken)
			set(r, "SLACK_BOT_TOKEN", r.company.App.AppToken)
		}, []string{"not_allowed_token_type", "swapped"}},
		{"a deactivated account", false, func(r *rig) {
			r.box.SetFaults(sandbox.Faults{Fail: map[string]sandbox.Failure{"*": {Code: "account_inactive"}}})
		}, []string{"account_inactive", "install it again"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, rigOptions{http: c.http})
			c.prepare(r)
			r.launch()
			if code := r.ended(); code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			contains(t, "the log", r.log.String(), append(c.says, "spendbot: ")...)
			lacks(t, "the log", r.log.String(), wrong, "WrongWrong", r.company.App.BotToken, r.company.App.AppToken)
		})
	}
}

// credentialsRevoked takes the credentials away while the bot runs: it ends wherever that shows first, and loses nothing.
func credentialsRevoked(t *testing.T) {
	for _, method := range []string{"chat.postMessage", "users.info", "*"} {
		t.Run("seen by "+method, func(t *testing.T) {
			r := newRig(t, rigOptions{}).start()
			r.box.SetFaults(sandbox.Faults{Fail: map[string]sandbox.Failure{method: {Code: "token_revoked"}}})
			q := &asked{user: sandbox.Ana, channel: sandbox.CloudCosts, text: at("what did we spend in October?"), want: []string{"October"}}
			r.put(q)
			if code := r.ended(); code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			contains(t, "the log", r.log.String(), "token_revoked", "install it again")
			lacks(t, "the log", r.log.String(), r.company.App.BotToken, r.company.App.AppToken)
			r.box.SetFaults(sandbox.Faults{}) // the app is installed again
			r.start()
			r.settled([]*asked{q})
		})
	}
}

// absences have the bot start before Slack is there: it is alive and not ready, waits, and then connects.
var absences = []outage{
	{"connections cut", sandbox.Faults{Cut: true}},
	{"rate limits", sandbox.Faults{RateLimit: map[string]sandbox.RateLimit{"auth.test": {Every: 1, RetryAfter: time.Second}}}},
	{"503", sandbox.Faults{Down: true}},
	{"an error of Slack's own", fail(sandbox.Failure{Code: "internal_error"}, "auth.test")},
}

func unreachable(t *testing.T, f sandbox.Faults) {
	r := newRig(t, rigOptions{faults: f})
	r.launch()
	r.wait("two calls of auth.test", func(s *sandbox.Snapshot) bool { return s.Count("auth.test") >= 2 })
	for path, want := range map[string]int{"/healthz": http.StatusOK, "/readyz": http.StatusServiceUnavailable} {
		res, err := http.Get("http://" + r.health + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s is %d, want %d", path, res.StatusCode, want)
		}
	}
	contains(t, "the log", r.log.String(), "Slack cannot be reached; trying again")
	r.box.SetFaults(sandbox.Faults{})
	r.ready()
	q := &asked{user: sandbox.Ana, channel: sandbox.CloudCosts, text: at("what did we spend in October?"), want: []string{"October"}}
	r.put(q)
	r.settled([]*asked{q})
}
