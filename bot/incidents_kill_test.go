package bot

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
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

// incidentVictimEnv holds the job of a process that lives through some days of incidents until it is killed.
const incidentVictimEnv = "INCIDENT_TEST_VICTIM"

type incidentVictim struct {
	Path, URL string // of the state, and of the workspace
	App       sandbox.App
	Process   int // how many died before it: its clock is past their leases
	DieAt     int // the look at a clock at which it kills itself; 0: it is killed when it is done
}

// killDays are what the days bring: one that grows and is back, with somebody on it; one that is expected from the second day on; one that nobody answers for.
var killDays = []thing{{"NAT bytes", "payments", []int64{500, 500, 2600, 2600, 3, 2, 4}}, {"Logs", "search", []int64{300, 300, 300, 300, 300, 300, 300}}, {"GPU", "payments", []int64{400, 400, 400, 400, 400, 400, 400}}}

// TestIncidentVictim is the other side of the test below. Clocks are looked at between any two of its side effects, so that is where it dies.
func TestIncidentVictim(t *testing.T) {
	text := os.Getenv(incidentVictimEnv)
	if text == "" {
		t.Skip("run by the test that kills")
	}
	var job incidentVictim
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
	var looks atomic.Int64
	var day atomic.Int64
	dies := func() {
		if n := looks.Add(1); job.DieAt > 0 && n >= int64(job.DieAt) {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // it may take a moment
		}
	}
	first := theOnset.Add(31 * time.Hour)
	today := func() time.Time { dies(); return first.AddDate(0, 0, int(day.Load())) }
	o := testIncidents()
	o.Rules.Escalate = map[incident.Severity]time.Duration{incident.Medium: 24 * time.Hour}
	b := testBotAt(t, db, job.App, job.URL, testPolicy(t), o, today, func() func() time.Time {
		fast := hurried(first.Add(time.Duration(job.Process) * 2 * time.Hour))
		return func() time.Time { dies(); return fast() }
	}(), slog.New(slog.DiscardHandler))
	ctx := context.Background()
	go func() { _ = b.sender.Run(ctx) }()
	go b.take(ctx)
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	settled := func() { // what a day brings is said before the next one
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for range tick.C {
			n, err := db.Unfinished(ctx)
			must(err)
			pending, sending, _, err := db.Outbox(ctx)
			must(err)
			if n+pending+sending == 0 {
				return
			}
		}
	}
	dealt := func(e slack.Event) {
		e.Team, e.Received = sandbox.DemoTeam, first
		must(b.Receive(ctx, e))
		settled()
	}
	idOf := func(title string) (string, bool) {
		list, err := db.Incidents(ctx, state.IncidentFilter{})
		must(err)
		for _, in := range list {
			if in.Title == title {
				return in.ID, true
			}
		}
		return "", false
	}
	reached := 0 // by one that was killed
	list, err := db.Incidents(ctx, state.IncidentFilter{})
	must(err)
	for _, in := range list {
		reached = max(reached, int(in.Through.Sub(theOnset).Hours()/24))
	}
	for n := range killDays[0].excess {
		day.Store(int64(n))
		if n >= reached {
			must(find(ctx, b, n, killDays...))
			must(b.TellIncidents(ctx))
			settled()
		}
		switch n {
		case 0:
			id, _ := idOf("NAT bytes")
			dealt(slack.Event{Key: "press", Kind: slack.Press, User: sandbox.Ben, Channel: sandbox.Payments, TS: "1.1", ActionID: "incident:" + string(blocks.ActAcknowledge), Value: id})
		case 1:
			id, _ := idOf("Logs")
			dealt(slack.Event{Key: "submit", Kind: slack.Submit, User: sandbox.Chloe, Callback: blocks.ModalExpect, Meta: id, Inputs: map[string]string{blocks.InputWhy: "launch"}})
		}
	}
	fmt.Printf("\ndone %d\n", looks.Load())
	select {}
}

// killed runs a victim to its end, by its own hand at a look at the clock, or by ours once all is sent. It returns how often it looked.
func killed(t *testing.T, job incidentVictim, db *state.DB) (looks int) {
	t.Helper()
	text, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(os.Args[0], "-test.run=^TestIncidentVictim$")
	c.Env = append(os.Environ(), incidentVictimEnv+"="+string(text))
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
	if done && job.DieAt == 0 {
		r := &threads{t: t, db: db, box: sandbox.New(sandbox.Options{Company: sandbox.Demo()})}
		r.settled()
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

// TestKilledBetweenSideEffects: wherever a process is killed while days of incidents go by, in the end the workspace holds what it holds when nobody is killed:
// every root, chart, reply and call once, and nothing else.
func TestKilledBetweenSideEffects(t *testing.T) {
	live := func(t *testing.T, dieAt int) (list []string, looks int) {
		t.Helper()
		company := sandbox.Demo()
		srv := httptest.NewUnstartedServer(nil)
		url := "http://" + srv.Listener.Addr().String()
		box := sandbox.New(sandbox.Options{Company: company, URL: url, Now: func() time.Time { return time.Now().AddDate(10, 0, 0) }})
		srv.Config.Handler = box.Handler()
		srv.Start()
		defer func() {
			box.Close()
			srv.CloseClientConnections()
			srv.Close()
		}()
		path := filepath.Join(t.TempDir(), "spendbot.db")
		db, err := state.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		job := incidentVictim{Path: path, URL: url, App: company.App, DieAt: dieAt}
		if dieAt > 0 {
			killed(t, job, db)
			job.Process, job.DieAt = 1, 0
		}
		looks = killed(t, job, db)
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
			changes, err := db.IncidentChanges(t.Context(), in.ID, time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			var kinds []string
			for _, c := range changes {
				kinds = append(kinds, c.Kind)
			}
			list = append(list, fmt.Sprintf("%s: %s, %s", in.Title, in.State, strings.Join(kinds, " ")))
		}
		return list, looks
	}
	want, looks := live(t, 0)
	t.Logf("%d looks at a clock; nobody killed:\n%s", looks, strings.Join(want, "\n"))
	for _, must := range []string{"NAT bytes: resolved, detected acknowledged grew resolved", "Logs: expected, detected escalated expected", "GPU: detected, detected escalated escalated"} {
		if !slices.ContainsFunc(want, func(s string) bool { return strings.HasPrefix(s, must) }) {
			t.Fatalf("the days hold no %q", must)
		}
	}
	points := 4
	if os.Getenv("SPENDBOT_LONG") != "" {
		points = 120
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
