package ask

import (
	"bufio"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spendbot/analysis"
)

var update = flag.Bool("update", false, "rewrite the golden readings")

const (
	questionsFile = "testdata/questions.txt"
	goldenFile    = "testdata/questions.golden.json"
)

// asked is a question of the corpus with its reading. Brief is the plan on one line, for people who review it.
type asked struct {
	Question string        `json:"question"`
	After    string        `json:"after,omitempty"` // the question it follows up on
	Brief    string        `json:"brief"`
	Plan     analysis.Plan `json:"plan"`
}

// readCorpus reads every question of the corpus, follow-ups with the plan before them.
func readCorpus(t *testing.T) []asked {
	t.Helper()
	f, err := os.Open(questionsFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := NewReader(company(), Options{})
	var out []asked
	var prev *analysis.Plan
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		line := strings.TrimSpace(sc.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		q, follows := strings.CutPrefix(line, "> ")
		a := asked{Question: q}
		if !follows {
			prev = nil
		} else {
			a.After = out[len(out)-1].Question
		}
		a.Plan = r.Read(q, monday, prev)
		a.Brief = brief(a.Plan)
		if !a.Plan.Current.IsZero() {
			p := a.Plan
			prev = &p
		}
		out = append(out, a)
	}
	return out
}

func TestQuestionsOfOurOwn(t *testing.T) {
	got := readCorpus(t)
	if len(got) < 120 {
		t.Fatalf("the corpus has %d questions, want at least 120", len(got))
	}
	if *update {
		b, err := json.MarshalIndent(got, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(goldenFile, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	var want []asked
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Fatalf("%d questions, %d golden readings: run with -update and review the difference", len(got), len(want))
	}
	for i := range got {
		if d := cmp.Diff(want[i], got[i]); d != "" {
			t.Errorf("%q (-want +got):\n%s", got[i].Question, d)
		}
	}
}
