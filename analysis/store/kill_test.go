package store_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"spendbot/analysis/ingest"
	"spendbot/analysis/store"
)

// With -long the test kills at a hundred random moments instead of a few.
var long = flag.Bool("long", false, "run the slow variants of tests")

// A process with these variables set is not a test run: it loads killFile into killStore and kills itself at killStep.
const (
	killStore = "SPENDBOT_TEST_KILL_STORE"
	killFile  = "SPENDBOT_TEST_KILL_FILE"
	killStep  = "SPENDBOT_TEST_KILL_STEP"
)

func TestMain(m *testing.M) {
	if store.IsGuest(os.Args) {
		os.Exit(store.Guest(os.Stdin, os.Stdout))
	}
	if dir := os.Getenv(killStore); dir != "" {
		os.Exit(loadAndDie(dir, os.Getenv(killFile), os.Getenv(killStep)))
	}
	if dir := os.Getenv(otherReader); dir != "" {
		os.Exit(readAsOthersDo(dir))
	}
	os.Exit(m.Run())
}

func loadAndDie(dir, file, step string) int {
	die := func(s string) {
		if s == step {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	store.OnStep(die)
	ctx := context.Background()
	s, err := store.Open(ctx, dir, store.Limits{Threads: 1})
	if err == nil {
		_, err = ingest.Load(ctx, s, file, ingest.Options{Now: now, Progress: func(p ingest.Progress) { die(p.Step) }})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// killedLoad loads a file in another process that dies at the step, or after a while where that is not "".
func killedLoad(t *testing.T, dir, file, step string, after time.Duration) (killed bool) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), killStore+"="+dir, killFile+"="+file, killStep+"="+step)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if after > 0 {
		timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		defer timer.Stop()
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return false
	case errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL:
		return true
	}
	t.Fatalf("the loading process ended otherwise: %v", err)
	return false
}

// steps of a load at which it is killed, in the order they are reached.
var loadSteps = []string{
	"begun", "checking", "writing", "rolling up", "committing", "charges moved", "daily moved", "charges manifests",
	"charges committed", "daily manifests", "daily committed",
}

func TestKilledLoadLeavesOldOrNew(t *testing.T) {
	for _, first := range []bool{false, true} {
		name := "restating a month"
		if first {
			name = "the first load"
		}
		t.Run(name, func(t *testing.T) {
			outcomes := map[string]int{}
			for _, step := range loadSteps {
				t.Run(step, func(t *testing.T) {
					k := newKillCase(t, first)
					if !killedLoad(t, k.dir, k.newBill, step, 0) {
						t.Fatal("the load was not killed: this step is not reached")
					}
					outcomes[k.check(t)]++
				})
			}
			t.Logf("outcomes over %d steps: %v", len(loadSteps), outcomes)
			if outcomes["old"] != len(loadSteps)-1 || outcomes["new"] != 1 {
				t.Errorf("outcomes = %v; only the daily commit publishes", outcomes)
			}
		})
	}
}

func TestKilledRepairIsBegunAgain(t *testing.T) {
	for _, first := range []bool{false, true} {
		undo := "rolled back"
		if first { // there is nothing to roll back to
			undo = "dropped"
		}
		for _, step := range []string{undo, "withdrawn", "cleaned"} {
			t.Run(fmt.Sprintf("%s, first load %v", step, first), func(t *testing.T) {
				k := newKillCase(t, first)
				if !killedLoad(t, k.dir, k.newBill, "charges committed", 0) || !killedLoad(t, k.dir, k.newBill, step, 0) {
					t.Fatal("the load was not killed")
				}
				if got := k.check(t); got != "old" {
					t.Errorf("the store is %s", got)
				}
			})
		}
	}
}

func TestLoadKilledAtRandomMoments(t *testing.T) {
	kills := 4
	if *long {
		kills = 100
	}
	k := newKillCase(t, false)
	begin := time.Now()
	if killedLoad(t, k.dir, k.newBill, "", 0) {
		t.Fatal("killed")
	}
	whole := time.Since(begin)
	seed := uint64(time.Now().UnixNano())
	rnd := rand.New(rand.NewPCG(seed, 1))
	outcomes := map[string]int{}
	for range kills {
		k := newKillCase(t, false)
		// Most of a short load is the process starting; the moments that matter lie in its second half.
		after := time.Duration((0.3 + 0.8*rnd.Float64()) * float64(whole))
		killedLoad(t, k.dir, k.newBill, "", after)
		outcomes[k.check(t)]++
	}
	t.Logf("seed %d, outcomes of %d kills: %v", seed, kills, outcomes)
}

// killCase is a store and a bill to be loaded over it.
type killCase struct {
	dir, newBill string
	first        bool
	want         map[string]string // outcome -> totals
}

func newKillCase(t *testing.T, first bool) *killCase {
	t.Helper()
	k := &killCase{dir: t.TempDir(), first: first, want: map[string]string{"old": "6 rows 66.6"}}
	k.newBill = writeBill(t, "new.csv", charges("p1", "2026-10", "100.5", "-0.25"))
	if first {
		k.want["new"] = "2 rows 100.25"
		return k
	}
	s := open(t, k.dir)
	load(t, s, writeBill(t, "sep.csv", charges("p1", "2026-09", "10", "20.2")))
	load(t, s, writeBill(t, "old.csv", charges("p1", "2026-10", "1", "2.4")))
	load(t, s, writeBill(t, "other.csv", charges("p2", "2026-10", "3", "30")))
	k.want["new"] = "6 rows 163.45"
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return k
}

// check says whether the store holds the old or the new numbers, fails when it is neither or not in order, and that the
// next load goes through and leaves nothing lying about.
func (k *killCase) check(t *testing.T) (outcome string) {
	t.Helper()
	ctx := context.Background()
	s := open(t, k.dir)
	defer s.Close()
	loads, err := s.Loads(ctx)
	if err != nil {
		t.Fatal(err)
	}
	sn, err := s.Snapshot(ctx, 0)
	switch {
	case errors.Is(err, store.ErrEmpty) && k.first:
		outcome = "old"
		if len(loads) != 0 {
			t.Errorf("an empty store tells of %d loads", len(loads))
		}
	case err != nil:
		t.Fatal(err)
	default:
		got := totalsOf(t, sn)
		for o, want := range k.want {
			if got == want {
				outcome = o
			}
		}
		if outcome == "" {
			t.Fatalf("the store holds %s, neither old nor new (%v)", got, k.want)
		}
		if loads[0].Snapshot != sn.ID || loads[0].ChargesSnapshot != sn.ChargesID {
			t.Errorf("the newest load is of snapshot %d/%d, the store's is %d/%d", loads[0].Snapshot, loads[0].ChargesSnapshot, sn.ID, sn.ChargesID)
		}
		if newest := filepath.Base(loads[0].Files[0].Path); (newest == "new.csv") != (outcome == "new") {
			t.Errorf("the totals are the %s ones and the newest load is %s", outcome, newest)
		}
		sn.Close()
	}
	r, err := ingest.Load(ctx, s, k.newBill, ingest.Options{Now: now.Add(time.Hour)})
	if err != nil {
		t.Fatalf("the next load: %v", err)
	}
	if r.Unchanged != (outcome == "new") {
		t.Errorf("after the %s outcome the next load says unchanged: %v", outcome, r.Unchanged)
	}
	sn, err = s.Snapshot(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer sn.Close()
	if got := totalsOf(t, sn); got != k.want["new"] {
		t.Errorf("after the next load the store holds %s, want %s", got, k.want["new"])
	}
	orphans, err := store.Orphans(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	if len(orphans) > 0 {
		t.Errorf("files that nothing needs: %q", orphans)
	}
	if left, _ := os.ReadDir(filepath.Join(k.dir, "tmp")); len(left) > 0 {
		t.Errorf("staging folders are left: %v", left)
	}
	return outcome
}
