package state_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spendbot/analysis"
	"spendbot/bot/digest"
	"spendbot/bot/state"
)

func digestDB(t testing.TB, path string) *state.DB {
	t.Helper()
	db, err := state.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// awake is what a process does of a subscription when it looks: what the bot does, without bills. It sends what is due; the rest is
// dropped. It waits for bills where it is told to.
func awake(ctx context.Context, db *state.DB, now time.Time, waits bool, step func(string)) error {
	list, err := db.Digests(ctx, "")
	if err != nil {
		return err
	}
	for _, d := range list {
		s, err := digest.ParseSchedule(d.Spec, d.Zone)
		if err != nil {
			return err
		}
		due := s.Missed(d.Since, now, digest.Kind(d.Kind), digest.Limits{})
		if len(due) == 0 || !d.Paused.IsZero() {
			continue
		}
		step("read")
		last := due[len(due)-1]
		var runs []state.DigestRun
		for _, x := range due {
			runs = append(runs, state.DigestRun{Digest: d.ID, Due: x.At, State: state.DigestDropped, Why: "stale"})
		}
		if last.Stale {
			_, err = db.DecideDigest(ctx, d, runs, nil, nil, now)
		} else if waits && now.Before(last.WaitUntil) {
			err = db.DigestWaits(ctx, state.DigestRun{Digest: d.ID, Due: last.At, Why: "bills"}, now)
			step("waits")
		} else {
			run := &runs[len(runs)-1]
			var id string
			if id, err = db.NewID(ctx); err != nil {
				return err
			}
			a := &analysis.Answer{ID: id, Asked: now, Question: "digest", Trace: analysis.Trace{Queries: []analysis.QueryTrace{{Name: "n", SQL: "SELECT 1"}}}}
			run.State, run.Answer, run.Post = state.DigestPosted, id, "digest/"+d.ID+"/"+last.At.Format(time.RFC3339)
			step("made")
			_, err = db.DecideDigest(ctx, d, runs, a, &state.Post{Key: run.Post, Method: "m", Channel: d.Channel}, now)
			step("decided")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// TestEachDueMomentOnce: whatever the moments at which processes wake up, in pairs with the same view of the state, crash before they have
// decided, or find the bills incomplete, each moment that was due by the last look has one end: sent with one post, or dropped.
func TestEachDueMomentOnce(t *testing.T) {
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		db := digestDB(t, filepath.Join(dir, fmt.Sprintf("%d.db", n)))
		ctx := context.Background()
		spec := rapid.SampledFrom([]string{"0 9 * * MON", "30 2 * * *", "0 18 L * *", "0 9 * * MON-FRI"}).Draw(r, "spec")
		zone := rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland"}).Draw(r, "zone")
		begin := time.Unix(rapid.Int64Range(1772323200, 1798761600).Draw(r, "begin"), 0).UTC()
		s, err := digest.ParseSchedule(spec, zone)
		if err != nil {
			r.Fatal(err)
		}
		d := state.Digest{ID: state.DigestID("C1", spec), Channel: "C1", Kind: "weekly", Spec: spec, Zone: s.Zone.String()}
		if err := db.SyncDigests(ctx, []state.Digest{d}, begin); err != nil {
			r.Fatal(err)
		}
		now := begin
		for range rapid.IntRange(1, 12).Draw(r, "looks") {
			now = now.Add(time.Duration(rapid.Int64Range(1, int64(5*24*time.Hour)).Draw(r, "sleep")))
			crash := rapid.SampledFrom([]string{"", "", "read", "made"}).Draw(r, "crash")
			waits := rapid.Bool().Draw(r, "waits")
			if rapid.Bool().Draw(r, "synced again") {
				if err := db.SyncDigests(ctx, []state.Digest{d}, now); err != nil {
					r.Fatal(err)
				}
			}
			look := func() {
				defer func() {
					if v := recover(); v != nil && v != "crash" {
						panic(v)
					}
				}()
				if err := awake(ctx, db, now, waits, func(step string) {
					if step == crash {
						panic("crash")
					}
					if step == "made" && rapid.Bool().Draw(r, "another is faster") {
						if err := awake(ctx, db, now, waits, func(string) {}); err != nil {
							r.Fatal(err)
						}
					}
				}); err != nil {
					r.Fatal(err)
				}
			}
			look()
		}
		if err := awake(ctx, db, now, false, func(string) {}); err != nil {
			r.Fatal(err)
		}
		checkRuns(r, db, d.ID, s, begin, now)
	})
}

// failer is a test, or a check of rapid's.
type failer interface {
	Fatalf(format string, args ...any)
}

// checkRuns holds the runs against the schedule: each due moment has one end, and the outbox one post for each that was sent.
func checkRuns(t failer, db *state.DB, id string, s digest.Schedule, begin, now time.Time) {
	ctx := context.Background()
	runs, err := db.DigestRuns(ctx, id, 10000)
	if err != nil {
		t.Fatalf("%v", err)
	}
	slices.Reverse(runs)
	var want []time.Time
	for m := s.Next(begin); !m.After(now); m = s.Next(m) {
		want = append(want, m)
	}
	if len(runs) != len(want) {
		t.Fatalf("%d moments were due from %s to %s, %d have a run", len(want), begin, now, len(runs))
	}
	sent := 0
	for i, r := range runs {
		if !r.Due.Equal(want[i]) {
			t.Fatalf("run %d is of %s, due was %s", i, r.Due, want[i])
		}
		switch r.State {
		case state.DigestPosted:
			sent++
			if _, err := db.PostByKey(ctx, r.Post); err != nil {
				t.Fatalf("the run of %s is said to be posted: %v", r.Due, err)
			}
			if _, err := db.Answer(ctx, r.Answer); err != nil {
				t.Fatalf("the run of %s has no answer: %v", r.Due, err)
			}
		case state.DigestDropped:
		default:
			t.Fatalf("the run of %s is %s", r.Due, r.State)
		}
	}
	pending, _, _, err := db.Outbox(ctx)
	if err != nil || pending != sent {
		t.Fatalf("%d posts for %d digests sent (%v)", pending, sent, err)
	}
	answers, err := db.List(ctx, 0)
	if err != nil || len(answers) != sent {
		t.Fatalf("%d answers for %d digests sent (%v)", len(answers), sent, err)
	}
}

// digestVictim holds the state file of a process that sends digests until it kills itself at a step.
const digestVictim = "STATE_TEST_DIGESTS"

var victimBegin = time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)

// TestDigestVictim is the other side of the test below.
func TestDigestVictim(t *testing.T) {
	text := os.Getenv(digestVictim)
	if text == "" {
		t.Skip("run by the test that kills")
	}
	path, dies, _ := strings.Cut(text, "\n")
	db := digestDB(t, path)
	for day := range 21 {
		now := victimBegin.AddDate(0, 0, day).Add(10 * time.Hour)
		noError(t, awake(context.Background(), db, now, false, func(step string) {
			fmt.Println("step", step, day)
			if fmt.Sprint(step, " ", day) == dies {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		}))
	}
}

// TestDigestsKilled: processes are killed, kill -9, at every step of sending, and while they are at it; the next ones go on. Each due moment has
// been sent once, or recorded as dropped.
func TestDigestsKilled(t *testing.T) {
	self, err := os.Executable()
	noError(t, err)
	path := filepath.Join(t.TempDir(), "spendbot.db")
	db := digestDB(t, path)
	noError(t, db.SyncDigests(context.Background(), []state.Digest{{ID: state.DigestID("C1"), Channel: "C1", Kind: "daily", Spec: "0 9 * * *", Zone: "UTC"}}, victimBegin))
	run := func(dies string) *exec.Cmd {
		c := exec.Command(self, "-test.run=^TestDigestVictim$", "-test.v")
		c.Env = append(os.Environ(), digestVictim+"="+path+"\n"+dies)
		return c
	}
	for _, dies := range []string{"read 0", "made 0", "decided 0", "made 3", "decided 3", "read 7"} {
		if err := run(dies).Run(); err == nil {
			t.Fatalf("the process that dies at %q came to its end", dies)
		}
	}
	for range 3 { // two at once, one of them killed from outside once it has begun
		a, b := run(""), run("")
		out, err := a.StdoutPipe()
		noError(t, err)
		noError(t, a.Start())
		noError(t, b.Start())
		for sc := bufio.NewScanner(out); sc.Scan() && !strings.HasPrefix(sc.Text(), "step made"); {
		}
		_ = a.Process.Kill()
		_ = a.Wait()
		noError(t, b.Wait())
	}
	s, err := digest.ParseSchedule("0 9 * * *", "UTC")
	noError(t, err)
	checkRuns(t, db, state.DigestID("C1"), s, victimBegin, victimBegin.AddDate(0, 0, 20).Add(10*time.Hour))
}

func TestSubscriptions(t *testing.T) {
	ctx := context.Background()
	db := digestDB(t, filepath.Join(t.TempDir(), "spendbot.db"))
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	post := func(key string) func(state.Digest, bool) (state.Post, error) {
		return func(d state.Digest, _ bool) (state.Post, error) {
			return state.Post{Key: key, Method: "m", Channel: d.Channel}, nil
		}
	}
	payments := []analysis.Filter{{Dimension: analysis.DimTeam, Values: []string{"payments"}}}
	d := state.Digest{Team: "T1", Channel: "C1", Kind: "weekly", Spec: "0 9 * * MON", Zone: "UTC", By: "U1", Scope: payments}
	one, replaced, err := db.AddDigest(ctx, d, now, post("k1"))
	if err != nil || replaced || !strings.HasPrefix(one.ID, "D-") {
		t.Fatal(one, replaced, err)
	}
	if again, _, err := db.AddDigest(ctx, d, now, post("k1")); err != nil || again.ID != "" {
		t.Errorf("the same command again keeps %+v, %v", again, err)
	}
	d.Spec = "0 8 * * FRI"
	later, replaced, err := db.AddDigest(ctx, d, now.Add(time.Hour), post("k2"))
	if err != nil || !replaced || later.ID != one.ID {
		t.Errorf("another time for the same: %+v, replaced %v, %v", later, replaced, err)
	}
	d.Scope = nil
	if other, replaced, err := db.AddDigest(ctx, d, now, post("k3")); err != nil || replaced || other.ID == one.ID {
		t.Errorf("one of everything replaces one of a part: %+v, %v", other, err)
	}
	list, err := db.Digests(ctx, "C1")
	first := func(list []state.Digest) []state.Digest { // both began in the same moment
		slices.SortStableFunc(list, func(a, b state.Digest) int {
			if a.ID == one.ID {
				return -1
			}
			return 1
		})
		return list
	}
	if list = first(list); err != nil || len(list) != 2 || list[0].Spec != "0 8 * * FRI" || !list[0].Since.Equal(now.Add(time.Hour)) || analysis.ScopeKey(list[0].Scope) != analysis.ScopeKey(payments) {
		t.Errorf("%+v, %v", list, err)
	}

	change := func(c state.DigestChange, key string, at time.Time) bool {
		t.Helper()
		changed, err := db.ChangeDigest(ctx, one.ID, c, "U2", "", at, state.Post{Key: key, Method: "m", Channel: "C1"})
		noError(t, err)
		return changed
	}
	noError(t, db.DigestWaits(ctx, state.DigestRun{Digest: one.ID, Due: now, Why: "bills"}, now))
	if !change(state.DigestPause, "p1", now) || change(state.DigestPause, "p2", now) {
		t.Error("pausing twice is not once")
	}
	if runs, _ := db.DigestRuns(ctx, one.ID, 1); len(runs) != 1 || runs[0].State != state.DigestDropped {
		t.Errorf("what waited when it was paused: %+v", runs)
	}
	if _, err := db.PostByKey(ctx, "p2"); err == nil {
		t.Error("what changes nothing is told")
	}
	if done, err := db.DecideDigest(ctx, later, []state.DigestRun{{Due: now.Add(90 * time.Hour), State: state.DigestDropped}}, nil, nil, now); done || err != nil {
		t.Errorf("a paused subscription is decided on: %v, %v", done, err)
	}
	week := now.AddDate(0, 0, 7)
	if !change(state.DigestResume, "r1", week) {
		t.Error("it does not resume")
	}
	if list, _ := db.Digests(ctx, "C1"); !first(list)[0].Since.Equal(week) || !list[0].Paused.IsZero() {
		t.Errorf("it goes on from %s", list[0].Since)
	}
	if !change(state.DigestEnd, "e1", week) || change(state.DigestEnd, "e2", week) {
		t.Error("ending twice is not once")
	}

	// Those of the configuration.
	c := state.Digest{ID: state.DigestID("#finops", "weekly"), Channel: "#finops", Kind: "weekly", Spec: "0 9 * * MON", Zone: "UTC"}
	noError(t, db.SyncDigests(ctx, []state.Digest{c}, now))
	noError(t, db.SyncDigests(ctx, []state.Digest{c}, week)) // a restart
	got := configured(t, db)
	if len(got) != 1 || !got[0].Since.Equal(now) {
		t.Errorf("after a restart: %+v", got)
	}
	c.Zone = "Europe/Berlin"
	noError(t, db.SyncDigests(ctx, []state.Digest{c}, week))
	if got := configured(t, db); len(got) != 1 || !got[0].Since.Equal(week) {
		t.Errorf("after a change of its schedule: %+v", got)
	}
	noError(t, db.SyncDigests(ctx, nil, week))
	if got := configured(t, db); len(got) != 0 {
		t.Errorf("taken out of the configuration: %+v", got)
	}
}

func configured(t *testing.T, db *state.DB) []state.Digest {
	t.Helper()
	list, err := db.Digests(context.Background(), "#finops")
	noError(t, err)
	return list
}
