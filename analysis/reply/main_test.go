package reply_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/ask"
	"spendbot/analysis/demo"
	"spendbot/analysis/demo/demotest"
	"spendbot/analysis/ingest"
	"spendbot/analysis/reply"
	"spendbot/analysis/store"
	"spendbot/analysis/survey"
)

var now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// scratch is a folder for the whole run of the tests.
var scratch string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "spendbot-reply-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		scratch = dir
		return m.Run()
	}())
}

// company is a loaded store that questions can be put to.
type company struct {
	store  *store.Store
	sn     *store.Snapshot
	survey *survey.Survey
	reader *ask.Reader
	ids    int
}

func open(ctx context.Context, s *store.Store) (*company, error) {
	sn, err := s.Snapshot(ctx, 0)
	if err != nil {
		return nil, err
	}
	sv, err := survey.Of(ctx, s, sn)
	if err != nil {
		return nil, err
	}
	return &company{store: s, sn: sn, survey: sv, reader: ask.NewReader(&sv.Vocabulary, ask.Options{})}, nil
}

// companyOf is a company of one load, in a store of its own.
func companyOf(t testing.TB, bills string) *company {
	t.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, filepath.Join(t.TempDir(), "store"), store.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if _, err := ingest.Load(ctx, s, bills, ingest.Options{Now: now}); err != nil {
		t.Fatal(err)
	}
	c, err := open(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.sn.Close() })
	return c
}

// carryOut answers a plan.
func (c *company) carryOut(ctx context.Context, question string, p analysis.Plan) (*analysis.Answer, error) {
	c.ids++
	r := &reply.Replier{Snapshot: c.sn, Survey: c.survey, Reader: c.reader, Now: now}
	return r.Answer(ctx, fmt.Sprintf("Q-%06d", c.ids), question, p)
}

func (c *company) ask(t testing.TB, question string) *analysis.Answer {
	t.Helper()
	a, err := c.carryOut(context.Background(), question, c.reader.Read(question, now, nil))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (c *company) answer(t testing.TB, p analysis.Plan) *analysis.Answer {
	t.Helper()
	a, err := c.carryOut(context.Background(), "", p)
	if err != nil {
		t.Fatalf("%+v: %v", p, err)
	}
	return a
}

// mayfly is the demo company and what is planted in it, made once.
type mayfly struct {
	*company
	manifest *demo.Manifest
}

var makeMayfly = sync.OnceValues(func() (*mayfly, error) {
	ctx := context.Background()
	s, m, err := demotest.Load(ctx, filepath.Join(scratch, "demo"), demo.Options{Now: now})
	if err != nil {
		return nil, err
	}
	c, err := open(ctx, s)
	if err != nil {
		return nil, err
	}
	return &mayfly{c, m}, nil
})

func demoCompany(t testing.TB) *mayfly {
	t.Helper()
	d, err := makeMayfly()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func bridgeOf(t testing.TB, a *analysis.Answer) *analysis.Bridge {
	t.Helper()
	for _, p := range a.Parts {
		if p.Bridge != nil {
			return p.Bridge
		}
	}
	t.Fatalf("no bridge in the answer to %q: %s", a.Question, a.Headline)
	return nil
}

func tableOf(t testing.TB, a *analysis.Answer) *analysis.Table {
	t.Helper()
	for _, p := range a.Parts {
		if p.Table != nil {
			return p.Table
		}
	}
	t.Fatalf("no table in the answer to %q: %s", a.Question, a.Headline)
	return nil
}
