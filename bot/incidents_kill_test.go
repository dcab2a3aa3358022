package bot

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"spendbot/bot/incident"
	"spendbot/bot/sandbox"
	"spendbot/bot/slack"
	"spendbot/bot/slack/blocks"
	"spendbot/bot/state"
)

// victimEnv holds the job of a process that lives through some days until it is killed.
const victimEnv = "BOT_TEST_VICTIM"

type victimJob struct {
	Path, URL string // of the state, and of the workspace
	App       sandbox.App
	Process   int // how many died before it: its clock is past their leases
	DieAt     int // the look at a clock at which it kills itself; 0: it is killed when it is done
}

// victim is such a process, with its bot. Clocks are looked at between any two side effects of a bot, so that is where it dies.
type victim struct {
	t     *testing.T
	b     *Bot
	db    *state.DB
	looks atomic.Int64
	since atomic.Int64 // hours since its first day
}

// victimDay is the moment at which victims begin.
var victimDay = theOnset.Add(31 * time.Hour)

// newVictim begins the job that the process was started for; a process that was not is one that tests, and skips.
func newVictim(t *testing.T, o Options) *victim {
	text := os.Getenv(victimEnv)
	if text == "" {
		t.Skip("run by the test that kills")
	}
	var job victimJob
	if err := json.Unmarshal([]byte(text), &job); err != nil {
		t.Fatal(err)
	}
	go func() { // it ends with whoever started it
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	db, err := state.Open(t.Context(), job.Path)
	if err != nil {
		t.Fatal(err)
	}
	v := &victim{t: t, db: db}
	dies := func() {
		if n := v.looks.Add(1); job.DieAt > 0 && n >= int64(job.DieAt) {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // it may take a moment
		}
	}
	fast := hurried(victimDay.Add(time.Duration(job.Process) * 2 * testLease))
	o.Today = func() time.Time { dies(); return victimDay.Add(time.Duration(v.since.Load()) * time.Hour) }
	o.Now = func() time.Time { dies(); return fast() }
	v.b = testBot(t, db, job.App, job.URL, o)
	go func() { _ = v.b.sender.Run(context.Background()) }()
	go v.b.take(context.Background())
	return v
}

func (v *victim) must(err error) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
}

// settled waits until nothing waits to be dealt with or sent: what one day brings is said before the next one.
func (v *victim) settled() {
	v.t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		n, err := v.db.Unfinished(context.Background())
		v.must(err)
		pending, sending, _, err := v.db.Outbox(context.Background())
		v.must(err)
		if n+pending+sending == 0 {
			return
		}
	}
}

// dealt has an event arrive, and dealt with.
func (v *victim) dealt(e slack.Event) {
	v.t.Helper()
	e.Team, e.Received = sandbox.DemoTeam, victimDay
	v.must(v.b.Receive(context.Background(), e))
	v.settled()
}

// done says that all is done, and waits to be killed.
func (v *victim) done() {
	fmt.Printf("\ndone %d\n", v.looks.Load())
	select {}
}

// killed runs a victim to its end, by its own hand at a look at the clock, or by ours once it is done. It returns how often it looked.
func killed(t *testing.T, name string, job victimJob) (looks int) {
	t.Helper()
	text, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(os.Args[0], "-test.run=^"+name+"$")
	c.Env = append(os.Environ(), victimEnv+"="+string(text))
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	done := false
	var said []string
	for s := bufio.NewScanner(out); s.Scan(); {
		said = append(said, s.Text())
		if n, _ := fmt.Sscanf(s.Text(), "done %d", &looks); n == 1 {
			done = true
			break
		}
	}
	if done {
		_ = c.Process.Kill()
	}
	err = c.Wait()
	if !done && (err == nil || job.DieAt == 0 || !strings.Contains(err.Error(), "killed")) {
		t.Fatalf("a victim that is to die at %d: %v\n%s", job.DieAt, err, strings.Join(said, "\n"))
	}
	return looks
}

// killedAnywhere runs a victim whole and then kills others on their way, each followed by one that ends the work: what there is in the end has to be what
// there is when nobody is killed. That has to hold what must be there, each as the beginning of one of its lines. long is at how many points it is killed in a long run.
func killedAnywhere(t *testing.T, name string, long int, must []string, there func(*testing.T, *sandbox.Sandbox, *state.DB) []string) {
	t.Helper()
	live := func(t *testing.T, dieAt int) (list []string, looks int) {
		t.Helper()
		box, url := newWorkspace(t)
		path := filepath.Join(t.TempDir(), "spendbot.db")
		db, err := state.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		job := victimJob{Path: path, URL: url, App: box.App(), DieAt: dieAt}
		if dieAt > 0 {
			killed(t, name, job)
			job.Process, job.DieAt = 1, 0
		}
		looks = killed(t, name, job)
		return there(t, box, db), looks
	}
	want, looks := live(t, 0)
	t.Logf("%d looks at a clock; nobody killed:\n%s", looks, strings.Join(want, "\n"))
	for _, m := range must {
		if !slices.ContainsFunc(want, func(s string) bool { return strings.HasPrefix(s, m) }) {
			t.Fatalf("it holds no %q", m)
		}
	}
	points := 4
	if os.Getenv("SPENDBOT_LONG") != "" {
		points = long
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, 2)
	for i := range points {
		at := 1 + (2*i+1)*looks/(2*points)
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			t.Run(fmt.Sprint("killed at ", at), func(t *testing.T) {
				got, _ := live(t, at)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
	wg.Wait()
}

// killDays are what the days bring: one that grows and is back, with somebody on it; one that is expected from the second day on; one that nobody answers for.
var killDays = []thing{{"NAT bytes", "payments", []int64{500, 500, 2600, 2600, 3, 2, 4}}, {"Logs", "search", []int64{300, 300, 300, 300, 300, 300, 300}}, {"GPU", "payments", []int64{400, 400, 400, 400, 400, 400, 400}}}

// TestIncidentVictim is the other side of the test below.
func TestIncidentVictim(t *testing.T) {
	o := testIncidents()
	o.Rules.Escalate = map[incident.Severity]time.Duration{incident.Medium: 24 * time.Hour}
	v := newVictim(t, Options{Incidents: o})
	ctx := context.Background()
	idOf := func(title string) (string, bool) {
		list, err := v.db.Incidents(ctx, state.IncidentFilter{})
		v.must(err)
		for _, in := range list {
			if in.Title == title {
				return in.ID, true
			}
		}
		return "", false
	}
	reached := 0 // by one that was killed
	list, err := v.db.Incidents(ctx, state.IncidentFilter{})
	v.must(err)
	for _, in := range list {
		reached = max(reached, int(in.Through.Sub(theOnset).Hours()/24))
	}
	for n := range killDays[0].excess {
		v.since.Store(24 * int64(n))
		if n >= reached {
			v.must(find(ctx, v.b, n, killDays...))
			v.must(v.b.TellIncidents(ctx))
			v.settled()
		}
		switch n {
		case 0:
			id, _ := idOf("NAT bytes")
			v.dealt(slack.Event{Key: "press", Kind: slack.Press, User: sandbox.Ben, Channel: sandbox.Payments, TS: "1.1", ActionID: "incident:" + string(blocks.ActAcknowledge), Value: id})
		case 1:
			id, _ := idOf("Logs")
			v.dealt(slack.Event{Key: "submit", Kind: slack.Submit, User: sandbox.Chloe, Callback: blocks.ModalExpect, Meta: id, Inputs: map[string]string{blocks.InputWhy: "launch"}})
		}
	}
	v.done()
}

// TestKilledBetweenSideEffects: wherever a process is killed while days of incidents go by, in the end the workspace holds what it holds when nobody is killed:
// every root, chart, reply and call once, and nothing else.
func TestKilledBetweenSideEffects(t *testing.T) {
	must := []string{"NAT bytes: resolved, detected acknowledged grew resolved", "Logs: expected, detected escalated expected", "GPU: detected, detected escalated escalated"}
	killedAnywhere(t, "TestIncidentVictim", 120, must, func(t *testing.T, box *sandbox.Sandbox, db *state.DB) (list []string) {
		r := &threads{t: t, db: db, box: box}
		r.settled()
		for _, channel := range []string{"#cloud-costs", "#payments", "#finops"} {
			for _, m := range box.Messages(channel) {
				kind := "root"
				if m.Thread != "" {
					kind = "reply"
				}
				list = append(list, fmt.Sprintf("%s %s %q %d files", channel, kind, m.Text, len(m.Files)))
			}
		}
		slices.Sort(list)
		incidents, err := db.Incidents(t.Context(), state.IncidentFilter{})
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range incidents {
			list = append(list, fmt.Sprintf("%s: %s, %s", in.Title, in.State, r.history(in.ID)))
		}
		return list
	})
}
