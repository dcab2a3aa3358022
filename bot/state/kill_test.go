package state

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// victimEnv holds the job of a process that is not a test run: it receives, works and sends until it is killed.
const victimEnv = "STATE_TEST_VICTIM"

type victimJob struct {
	Path    string // of the state file
	Slack   string // a file with a line for each message that is there
	Process string
	Now     time.Time // one process's clock stands still, and the next one's is past its leases: nothing here hangs on how fast it runs
	Keys    []string  // to receive
	DieAt   string    // the step at which it kills itself; "": it is killed, or comes to its end
	Stay    bool      // at its end it waits to be killed
}

// Steps of a victim, each reported in a line "step key" on its output.
var victimSteps = []string{"received", "taken", "enqueued", "audited", "finished", "post taken", "in slack", "sent"}

// TestVictimProcess is the other side of the tests below.
func TestVictimProcess(t *testing.T) {
	text := os.Getenv(victimEnv)
	if text == "" {
		t.Skip("run by the tests that kill")
	}
	var job victimJob
	ok(t, json.Unmarshal([]byte(text), &job))
	v := &victim{victimJob: job, db: reopen(t, job.Path)}
	var err error
	if v.slack, err = os.OpenFile(job.Slack, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644); err != nil {
		t.Fatal(err)
	}
	defer v.slack.Close()
	v.news, v.received = make(chan struct{}, 4), make(chan struct{})
	ctx := context.Background()
	var wg sync.WaitGroup
	run := func(name string, work func(context.Context, string) (bool, error)) {
		together(t, &wg, func() error {
			for last := false; ; {
				more, err := work(ctx, name)
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				if more {
					continue
				}
				if last {
					return nil
				}
				select { // there is nothing to do: until something happens, or no more will come
				case <-v.news:
				case <-v.received:
					last = true
				}
			}
		})
	}
	together(t, &wg, func() error {
		defer close(v.received)
		return v.receive(ctx)
	})
	run("items a", v.item)
	run("items b", v.item)
	run("posts a", v.post)
	run("posts b", v.post)
	wg.Wait()
	for _, work := range []func(context.Context, string) (bool, error){v.item, v.post} { // what one found blocked by another
		run("last", work)
		wg.Wait()
	}
	if job.Stay {
		fmt.Println("idle")
		select {}
	}
}

type victim struct {
	victimJob
	db       *DB
	slack    *os.File
	news     chan struct{} // something was done
	received chan struct{} // closed when everything is received
}

func (v *victim) did(step, key string) {
	if step == v.DieAt {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	fmt.Printf("%s %s\n", step, key)
	select {
	case v.news <- struct{}{}:
	default: // enough are told
	}
}

func (v *victim) receive(ctx context.Context) error {
	for _, i := range rand.Perm(2 * len(v.Keys)) { // each is delivered twice, to each process
		key := v.Keys[i/2]
		if _, err := v.db.Receive(ctx, Item{Key: key, Received: v.Now}); err != nil {
			return err
		}
		v.did("received", key)
	}
	return nil
}

// item deals with one item: two messages, an audit row, the end.
func (v *victim) item(ctx context.Context, worker string) (bool, error) {
	it, err := v.db.Take(ctx, v.Process+worker, v.Now, time.Minute)
	if it == nil || err != nil {
		return false, err
	}
	v.did("taken", it.Key)
	for _, part := range []string{"/1", "/2"} {
		if _, _, err := v.db.Enqueue(ctx, Post{Key: it.Key + part, Item: it.Key, Method: "m", Channel: "C", Thread: it.Key}, v.Now); err != nil {
			return false, err
		}
		v.did("enqueued", it.Key+part)
	}
	if err := v.db.Audit(ctx, AuditRow{At: v.Now, Item: it.Key, Outcome: "answered"}); err != nil {
		return false, err
	}
	v.did("audited", it.Key)
	if err := v.db.Finish(ctx, it.Key, "answered", v.Now); err != nil {
		return false, err
	}
	v.did("finished", it.Key)
	return true, nil
}

// post sends one post, now and then not at once.
func (v *victim) post(ctx context.Context, worker string) (bool, error) {
	p, unknown, err := v.db.TakePost(ctx, v.Process+worker, v.Now, time.Minute)
	if p == nil || err != nil {
		return false, err
	}
	v.did("post taken", p.Key)
	if p.Attempts == 1 && rand.N(8) == 0 {
		return true, v.db.Retry(ctx, p, "ratelimited", v.Now)
	}
	there := false
	if unknown {
		text, err := os.ReadFile(v.Slack)
		if err != nil {
			return false, err
		}
		there = slices.Contains(strings.Split(string(text), "\n"), p.Key)
	}
	if !there {
		if _, err := v.slack.WriteString(p.Key + "\n"); err != nil { // one write: there as a whole or not at all
			return false, err
		}
		v.did("in slack", p.Key)
	}
	if p.Attempts == 1 && rand.N(8) == 0 {
		return true, v.db.Unsure(ctx, p, "connection reset", v.Now)
	}
	if err := v.db.Sent(ctx, p.Key, "ts of "+p.Key, v.Now); err != nil {
		return false, err
	}
	v.did("sent", p.Key)
	return true, nil
}

// runVictim runs a process until it has reported so many steps, then kills it; 0: it comes to its end by itself. It returns the
// keys whose receipt was confirmed and whether it was killed.
func runVictim(t *testing.T, job victimJob, steps int) (received []string, killed bool) {
	text, err := json.Marshal(job)
	if err != nil {
		t.Error(err)
		return nil, false
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestVictimProcess$")
	cmd.Env = append(os.Environ(), victimEnv+"="+string(text))
	var said, complained bytes.Buffer
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Error(err)
		return nil, false
	}
	cmd.Stderr = &complained
	if err := cmd.Start(); err != nil {
		t.Error(err)
		return nil, false
	}
	lines := bufio.NewScanner(io.TeeReader(out, &said))
	for n := 1; lines.Scan(); n++ {
		if key, is := strings.CutPrefix(lines.Text(), "received "); is {
			received = append(received, key)
		}
		if n == steps || lines.Text() == "idle" {
			_ = cmd.Process.Kill() // go on reading: what it said before it died counts
		}
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return received, false
	case errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL:
		return received, true
	}
	t.Errorf("the process ended otherwise: %v\n%s%s", err, said.String(), complained.String())
	return received, false
}

// checkOnce asserts that everything received was answered once, and returns how many items and posts took more than one try.
func checkOnce(t *testing.T, path, slackPath string, received []string) (items, posts int) {
	t.Helper()
	db := reopen(t, path)
	slices.Sort(received)
	received = slices.Compact(received)
	have := map[string]bool{}
	rows, err := db.sql.Query("SELECT key, coalesce(outcome, ''), attempts FROM inbox")
	ok(t, err)
	defer rows.Close()
	for rows.Next() {
		var key, outcome string
		var attempts int
		ok(t, rows.Scan(&key, &outcome, &attempts))
		have[key] = true
		if outcome != "answered" {
			t.Errorf("%s ended as %q", key, outcome)
		}
		if attempts > 1 {
			items++
		}
	}
	ok(t, rows.Err())
	for _, key := range received {
		if !have[key] {
			t.Errorf("%s was confirmed and is lost", key)
		}
	}
	want, got := map[string]int{}, map[string]int{}
	for key := range have {
		want[key+"/1"], want[key+"/2"], want["audit "+key] = 1, 1, 1
	}
	text, err := os.ReadFile(slackPath)
	ok(t, err)
	for line := range strings.Lines(string(text)) {
		key := strings.TrimSpace(line)
		if got[key]++; strings.HasSuffix(key, "/2") && got[strings.TrimSuffix(key, "2")+"1"] == 0 {
			t.Errorf("%s is in Slack before the post it follows", key)
		}
		p, err := db.PostByKey(t.Context(), key)
		ok(t, err)
		if p.State != Sent || p.TS != "ts of "+key {
			t.Errorf("%+v", p)
		}
		if p.Attempts > 1 {
			posts++
		}
	}
	audit, err := db.Audits(t.Context(), AuditFilter{})
	ok(t, err)
	for _, r := range audit {
		got["audit "+r.Item]++
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("messages and audit rows, -want +got:\n%s", diff)
	}
	unfinished, err := db.Unfinished(t.Context())
	ok(t, err)
	pending, sending, failed, err := db.Outbox(t.Context())
	if unfinished+pending+sending+failed != 0 || err != nil {
		t.Errorf("%d unfinished, %d pending, %d sending, %d failed, %v", unfinished, pending, sending, failed, err)
	}
	return items, posts
}

// A process dies after each of its steps; the one that comes after it finishes what it began, once.
func TestKilledAtEachStep(t *testing.T) {
	for _, step := range victimSteps {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			job := victimJob{Path: filepath.Join(dir, "spendbot.db"), Slack: filepath.Join(dir, "slack"), Process: "first ", Now: t0,
				Keys: []string{"x", "y", "z"}, DieAt: step}
			received, killed := runVictim(t, job, 0)
			if !killed {
				t.Fatal("it was not killed: this step is not reached")
			}
			job.Process, job.Now, job.DieAt = "second ", after(time.Hour), ""
			again, killed := runVictim(t, job, 0)
			if killed {
				t.Error("the second was killed")
			}
			items, posts := checkOnce(t, job.Path, job.Slack, append(received, again...))
			if at := slices.Index(victimSteps, step); at >= 1 && at <= 3 && items == 0 {
				t.Error("no item was taken over")
			} else if (step == "post taken" || step == "in slack") && posts == 0 {
				t.Error("no post was taken over")
			}
		})
	}
}

// Two processes at a time work side by side and are killed at random moments, in the middle of anything.
func TestKilledAtRandom(t *testing.T) {
	rounds, keys := 4, 12
	if os.Getenv("SPENDBOT_LONG") != "" {
		rounds, keys = 40, 40
	}
	dir := t.TempDir()
	job := victimJob{Path: filepath.Join(dir, "spendbot.db"), Slack: filepath.Join(dir, "slack"), Stay: true}
	var mu sync.Mutex
	var received []string
	for round := range rounds {
		job.Now, job.Keys = after(time.Duration(round)*time.Hour), nil
		for k := range keys {
			job.Keys = append(job.Keys, fmt.Sprintf("%d.%d", round, k))
		}
		var wg sync.WaitGroup
		for p := range 2 {
			job := job
			job.Process = fmt.Sprintf("%d.%d ", round, p)
			wg.Go(func() {
				keys, killed := runVictim(t, job, 1+rand.N(6*keys))
				if !killed {
					t.Error("it was not killed")
				}
				mu.Lock()
				defer mu.Unlock()
				received = append(received, keys...)
			})
		}
		wg.Wait()
	}
	job.Process, job.Now, job.Keys, job.Stay = "last ", after(time.Duration(rounds)*time.Hour), nil, false
	if _, killed := runVictim(t, job, 0); killed {
		t.Error("the last was killed")
	}
	items, posts := checkOnce(t, job.Path, job.Slack, received)
	t.Logf("%d kills; %d confirmed, %d items and %d posts took more than one attempt", 2*rounds, len(received), items, posts)
}
