package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"spendbot/analysis/store"
	"spendbot/bot/sandbox"
	"spendbot/bot/state"
)

// long reports whether the slow suites run: their full sizes, and what is only true on a machine that has time.
func long() bool { return os.Getenv("SPENDBOT_LONG") != "" }

// sized is a size in the normal tests and in the slow ones.
func sized(quick, full int) int {
	if long() {
		return full
	}
	return quick
}

// asked is a question that somebody put, and what its answer must and must not say.
type asked struct {
	user, channel, text string
	want, lacks         []string
	ts                  string // in Slack, once it is asked
	isAsked             atomic.Bool
}

// crowd is a company of many people, and what they ask.
type crowd struct {
	company  sandbox.Company
	people   []string
	channels []string
	dice     *rand.Rand
}

// crowdOf makes a company of n people more than the demo's: every fifth sees team payments alone.
func crowdOf(n int, seed uint64) *crowd {
	c := &crowd{company: sandbox.Demo(), dice: rand.New(rand.NewPCG(seed, 7))}
	for i := range n {
		id := fmt.Sprintf("U0CROWD%03d", i)
		c.people = append(c.people, id)
		c.company.Users = append(c.company.Users, sandbox.User{ID: id, Name: fmt.Sprintf("asker%d", i), RealName: fmt.Sprintf("Asker %d", i)})
		if c.confined(i) {
			g := slices.IndexFunc(c.company.Groups, func(g sandbox.UserGroup) bool { return g.ID == sandbox.GroupPayments })
			c.company.Groups[g].Users = append(slices.Clone(c.company.Groups[g].Users), id)
		}
	}
	for i := range max(2, n/5) { // one message a second is Slack's limit per channel
		id := fmt.Sprintf("C0CROWD%03d", i)
		c.channels = append(c.channels, id)
		c.company.Channels = append(c.company.Channels, sandbox.Channel{ID: id, Name: fmt.Sprintf("crowd-%d", i),
			Members: append([]string{sandbox.Spendbot}, c.people...)})
	}
	return c
}

func (c *crowd) confined(i int) bool { return i%5 == 4 }

// question is one that the i-th person asks: in a direct message or in a channel.
func (c *crowd) question(i int) *asked {
	pick := func(of ...string) string { return of[c.dice.IntN(len(of))] }
	account := pick("search-prod", "web-prod", "data-lake", "ml-prod")
	if c.confined(i) {
		account = "payments-prod"
	}
	month := pick("August", "September", "October")
	q := &asked{user: c.people[i]}
	switch c.dice.IntN(6) {
	case 0:
		q.text, q.want = fmt.Sprintf("why did %s change in October vs September?", account), []string{account, "October", "September"}
	case 1:
		q.text, q.want = fmt.Sprintf("top 3 services in %s", month), []string{month, "leads by effective cost"}
	case 2:
		q.text, q.want = fmt.Sprintf("daily spend on %s in %s", account, month), []string{account, month}
	case 3:
		q.text, q.want = "how is the volume effect computed?", []string{"Volume effect"}
	case 4:
		q.text, q.want = fmt.Sprintf("spend by team in %s", month), []string{month, "payments"}
		if c.confined(i) {
			q.lacks = []string{"search", "platform", "growth"}
		}
	default:
		q.text, q.want = fmt.Sprintf("what did we spend on %s in %s?", account, month), []string{account, month, "$"}
	}
	if c.dice.IntN(2) == 0 {
		q.channel, q.text = c.channels[c.dice.IntN(len(c.channels))], at(q.text)
	}
	return q
}

// questions are n questions of everybody in turn.
func (c *crowd) questions(n int) []*asked {
	var list []*asked
	for i := range n {
		list = append(list, c.question(i%len(c.people)))
	}
	return list
}

// put asks a question.
func (r *rig) put(q *asked) {
	r.t.Helper()
	if q.channel == "" {
		q.channel = r.box.Direct(q.user)
	}
	var err error
	if q.ts, err = r.box.Say(q.user, q.channel, "", q.text); err != nil {
		r.t.Fatal(err)
	}
	q.isAsked.Store(true)
}

// answered counts the questions that have an answer.
func answered(s *sandbox.Snapshot, list []*asked) int {
	n := 0
	for _, q := range list {
		if !q.isAsked.Load() || s.Replies(q.channel, q.ts) == 0 {
			continue
		}
		if texts, _ := said(s, q.channel, q.ts); len(texts) > 0 {
			n++
		}
	}
	return n
}

// waitAnswers waits until so many of the questions are answered.
func (r *rig) waitAnswers(list []*asked, n int, patience time.Duration) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	got := 0
	err := r.box.Wait(ctx, func(s *sandbox.Snapshot) bool {
		got = answered(s, list)
		return got >= n
	})
	if err != nil {
		r.t.Fatalf("%d of %d questions are answered, want %d: %v", got, len(list), n, err)
	}
}

// quiet waits until nothing is under way any more: all that was delivered is acknowledged, dealt with and posted. From then
// on nothing may be said twice.
func (r *rig) quiet(patience time.Duration) {
	r.t.Helper()
	db := r.state()
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		if err := r.box.Wait(ctx, func(s *sandbox.Snapshot) bool { return s.Unacked() == 0 }); err != nil {
			r.t.Fatalf("deliveries are not acknowledged: %v", err)
		}
		in, err := db.Unfinished(ctx)
		if err != nil {
			r.t.Fatal(err)
		}
		pending, sending, _, err := db.Outbox(ctx)
		if err != nil {
			r.t.Fatal(err)
		}
		if in+pending+sending == 0 {
			return
		}
		select {
		case <-time.After(20 * time.Millisecond): // another process has no channel to wait on
		case <-ctx.Done():
			r.t.Fatalf("still %d events, %d posts waiting and %d being sent", in, pending, sending)
		}
	}
}

// state opens the state that the bot works on.
func (r *rig) state() *state.DB {
	r.t.Helper()
	db, err := state.Open(context.Background(), filepath.Join(r.store, store.DatabaseFile))
	if err != nil {
		r.t.Fatal(err)
	}
	return db
}

// tally is what the bot said to a list of questions.
type tally struct{ texts, plain, files int }

// exactlyOnce checks that every question has one answer, the right one, with one picture at most; that nothing was said
// anywhere else; and that state and audit say the same.
func (r *rig) exactlyOnce(list []*asked) tally {
	r.t.Helper()
	var sum tally
	ids := map[string]string{}
	err := r.box.Wait(context.Background(), func(s *sandbox.Snapshot) bool {
		places := map[string]int{}
		for _, q := range list {
			texts, files := said(s, q.channel, q.ts)
			places[q.channel] += len(texts) + len(files)
			sum.texts += len(texts)
			sum.files += len(files)
			where := fmt.Sprintf("%q of %s at %s/%s", q.text, q.user, q.channel, q.ts)
			if len(texts) != 1 {
				r.t.Errorf("%d answers to %s", len(texts), where)
				continue
			}
			if len(files) > 1 {
				r.t.Errorf("%d files with the answer to %s", len(files), where)
			}
			m := texts[0]
			if len(m.Blocks) == 0 {
				sum.plain++
			}
			for _, w := range q.want {
				if !strings.Contains(body(m), w) {
					r.t.Errorf("the answer to %s lacks %q: %s", where, w, m.Text)
				}
			}
			for _, w := range q.lacks {
				if strings.Contains(body(m), w) {
					r.t.Errorf("the answer to %s must not say %q: %s", where, w, m.Text)
				}
			}
			id := answerIDs.FindString(body(m))
			if ids[id] != "" {
				r.t.Errorf("the answer %q was given to %s as well as to %s", id, ids[id], where)
			}
			ids[id] = where
		}
		for channel, n := range places {
			for _, m := range s.Messages(channel) {
				if m.User == sandbox.Spendbot && m.Subtype != "assistant_app_thread" {
					n--
				}
			}
			if n != 0 {
				r.t.Errorf("in %s the bot said %d things outside of the questions' threads", channel, -n)
			}
		}
		for _, c := range r.company.Channels {
			if _, asked := places[c.ID]; asked {
				continue
			}
			for _, m := range s.Messages(c.ID) {
				if m.User == sandbox.Spendbot {
					r.t.Errorf("the bot spoke in %s, where nobody asked: %s", c.ID, m.Text)
				}
			}
		}
		return true
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.kept(list)
	return sum
}

// kept checks that nothing is left in state, and that the audit has every question once.
func (r *rig) kept(list []*asked) {
	r.t.Helper()
	ctx := context.Background()
	db := r.state()
	defer db.Close()
	failed, err := db.Failures(ctx, 0)
	if err != nil {
		r.t.Error(err)
	}
	for _, p := range failed {
		r.t.Errorf("the post %s was given up: %s", p.Key, p.LastError)
	}
	rows, err := db.Audits(ctx, state.AuditFilter{})
	if err != nil {
		r.t.Fatal(err)
	}
	audit := map[string]int{}
	for _, row := range rows {
		if row.Kind == "question" {
			audit[row.Item]++
		}
		if row.Outcome != "answered" {
			r.t.Errorf("the audit says %s: %s", row.Outcome, row.Reason)
		}
	}
	for _, q := range list {
		key := sandbox.DemoTeam + "/" + q.channel + "/" + q.ts
		if audit[key] != 1 {
			r.t.Errorf("%d audit rows for %s", audit[key], key)
		}
		delete(audit, key)
	}
	if len(audit) > 0 {
		r.t.Errorf("the audit has questions that nobody asked: %v", slices.Collect(maps.Keys(audit)))
	}
}

// ackQuantile is a quantile of the times to an acknowledgement.
func ackQuantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

// faultsConfig is the demo's access rules, and leases as short as they may be: whoever takes over from a killed process waits for
// them.
func faultsConfig() string {
	return "access:\n" + indentYAML(string(demoAccess)) + "\nslack:\n  lease: 25s\n"
}

// newCrowd is a rig of a crowd's company. Slack tries again often: what is lost while no process is there must come again.
func newCrowd(t *testing.T, c *crowd, overHTTP bool, faults sandbox.Faults) *rig {
	t.Helper()
	retries := []time.Duration{0}
	for range 120 {
		retries = append(retries, time.Second)
	}
	return newRig(t, rigOptions{http: overHTTP, company: &c.company, faults: faults, seed: 11, config: faultsConfig(),
		timing: sandbox.Timing{Ack: 3 * time.Second, Retries: retries, Warning: time.Second}})
}
