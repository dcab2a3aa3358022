package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"spendbot/analysis"
	"spendbot/analysis/desk"
	"spendbot/analysis/event"
	"spendbot/analysis/render"
	"spendbot/bot/state"
)

// errDiffers says that a re-run came out otherwise.
var errDiffers = errors.New("the re-run differs from the answer as it was given")

func (a *app) trace() *cobra.Command {
	var o struct{ rerun, json, list bool }
	c := &cobra.Command{
		Use:   "trace [ID]",
		Short: "Show how an answer was made: plan, SQL, parameters, rows, hashes",
		Example: `  spendbot trace Q-7F3K2M
  spendbot trace Q-7F3K2M --rerun
  spendbot trace --list`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 || len(args) == 0 && !o.list {
				return usageError{errors.New("trace takes one answer's id; `spendbot trace --list` lists them")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			ctx := c.Context()
			st, err := a.open(ctx)
			if err != nil {
				return err
			}
			defer st.Close()
			if o.list {
				return a.listAnswers(ctx, st, o.json)
			}
			s, err := st.state.Answer(ctx, args[0])
			if err != nil {
				return err
			}
			moved, err := a.moved(ctx, st, s.Answer)
			if err != nil {
				return err
			}
			var runs []desk.Rerun
			if o.rerun {
				d, err := a.desk(st, demoCaveat)
				if err != nil {
					return err
				}
				defer d.Close()
				if runs, err = d.Rerun(ctx, s.Answer.Trace); err != nil {
					return err
				}
			}
			if o.json {
				j := newTraceJSON(s, runs)
				j.Moved = moved
				err = encode(a.stdout, j)
			} else {
				printTrace(a.stdout, s.Answer, runs)
				printMoved(a.stdout, moved)
			}
			if err != nil {
				return err
			}
			for _, r := range runs {
				if !r.Equal {
					return errDiffers
				}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&o.rerun, "rerun", false, "run the queries again on the same snapshot and compare the results")
	c.Flags().BoolVar(&o.json, "json", false, "print as JSON")
	c.Flags().BoolVar(&o.list, "list", false, "list the answers given, newest first")
	return c
}

// traceJSON is a trace for programs.
type traceJSON struct {
	ID       string        `json:"id"`
	Asked    time.Time     `json:"asked"`
	Question string        `json:"question"`
	Headline string        `json:"headline"`
	Plan     analysis.Plan `json:"plan"`
	Trace    evidence      `json:"trace"`
	Rerun    []desk.Rerun  `json:"rerun,omitempty"`
	Equal    *bool         `json:"equal,omitempty"`
	Moved    *desk.Moved   `json:"moved,omitempty"` // what became of it, where its days were restated since
}

// evidence is [analysis.Trace] with the snapshots' ids as text, as in `ask --json`: they do not fit a JavaScript number.
type evidence struct {
	Snapshot        int64                 `json:"snapshot,string"`
	ChargesSnapshot int64                 `json:"charges_snapshot,string"`
	Queries         []analysis.QueryTrace `json:"queries"`
	Events          *analysis.EventTrace  `json:"events,omitempty"`
	MS              float64               `json:"ms"`
}

func newTraceJSON(s *state.Stored, runs []desk.Rerun) traceJSON {
	j := traceJSON{ID: s.Answer.ID, Asked: s.Answer.Asked, Question: s.Answer.Question, Headline: s.Answer.Headline, Plan: s.Answer.Reading,
		Trace: evidence(s.Answer.Trace), Rerun: runs}
	if j.Trace.Queries == nil {
		j.Trace.Queries = []analysis.QueryTrace{}
	}
	if runs != nil {
		eq := true
		for _, r := range runs {
			eq = eq && r.Equal
		}
		j.Equal = &eq
	}
	return j
}

func printTrace(w io.Writer, a *analysis.Answer, runs []desk.Rerun) {
	fmt.Fprintf(w, "%s  asked %s\n%q\n%s\n\n", a.ID, a.Asked.Format("2 Jan 2006 15:04 MST"), a.Question, a.Headline)
	fmt.Fprintln(w, "read as")
	if err := encode(indent(w, "  "), a.Reading); err != nil {
		fmt.Fprintln(w, "  ", err)
	}
	fmt.Fprintf(w, "\nsnapshot %d (line items: snapshot %d), %s, %.0f ms in all\n", a.Trace.Snapshot, a.Trace.ChargesSnapshot, count(len(a.Trace.Queries), "query", "queries"), a.Trace.MS)
	for i, q := range a.Trace.Queries {
		var run *desk.Rerun
		if runs != nil {
			run = &runs[i]
		}
		printQuery(w, i, q, run)
	}
	if t := a.Trace.Events; t != nil {
		var run *desk.Rerun
		if n := len(runs); n > 0 && runs[n-1].Name == desk.EventsName {
			run = &runs[n-1]
		}
		printEventTrace(w, t, run)
	}
	if runs != nil && len(runs) == 0 {
		fmt.Fprintln(w, "\nthe answer needed no query, so there is nothing to run again")
	}
}

// printQuery prints a query of a trace, and how it came out when it was run again; nil where it was not.
func printQuery(w io.Writer, i int, q analysis.QueryTrace, run *desk.Rerun) {
	fmt.Fprintf(w, "\n%d. %s: %d rows in %.1f ms, sha256 %s\n", i+1, q.Name, q.Rows, q.MS, q.SHA256)
	if run != nil {
		printVerdict(w, run)
	}
	fmt.Fprintln(indent(w, "   "), q.SQL)
	if len(q.Params) > 0 {
		parts := make([]string, len(q.Params))
		for k, p := range q.Params {
			parts[k] = fmt.Sprintf("%q", fmt.Sprint(p))
		}
		fmt.Fprintf(w, "   parameters: %s\n", strings.Join(parts, ", "))
	}
}

// printEventTrace prints the events that an answer looked at.
func printEventTrace(w io.Writer, t *analysis.EventTrace, run *desk.Rerun) {
	const at = "2 Jan 2006 15:04"
	fmt.Fprintf(w, "\nevents from %s to %s UTC, of the first %d that were reported: %s, sha256 %s\n", t.From.Format(at), t.Until.Format(at), t.Known, count(len(t.Events), "event", "events"), t.SHA256)
	if run != nil {
		printVerdict(w, run)
	}
	for _, e := range t.Events {
		s := "   " + e.ID + "  " + event.Line(e)
		if p := event.Place(e); p != "" {
			s += " (" + p + ")"
		}
		fmt.Fprintln(w, render.Clean(s))
	}
}

// printVerdict says how something came out when it was looked at again.
func printVerdict(w io.Writer, run *desk.Rerun) {
	verdict := "EQUAL"
	if !run.Equal {
		verdict = fmt.Sprintf("DIFFERENT: now %d rows, sha256 %s", run.Rows, run.SHA256)
	}
	fmt.Fprintf(w, "   run again: %s (%.1f ms)\n", verdict, run.MS)
}

// indent writes each line behind a prefix.
func indent(w io.Writer, prefix string) io.Writer { return &indented{w, prefix} }

type indented struct {
	w      io.Writer
	prefix string
}

func (i *indented) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		if _, err := io.WriteString(i.w, i.prefix+line); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

func (a *app) listAnswers(ctx context.Context, st *opened, asJSON bool) error {
	const most = 50
	list, err := st.state.List(ctx, most)
	if err != nil {
		return err
	}
	if asJSON {
		if list == nil {
			list = []state.Summary{}
		}
		return encode(a.stdout, list)
	}
	if len(list) == 0 {
		fmt.Fprintln(a.stdout, "No answers yet: `spendbot ask \"why did spend change last week?\"`")
		return nil
	}
	t := newTable("id", "asked", "question", "answer")
	for _, s := range list {
		t.AppendRow(table.Row{s.ID, s.Asked.Format("2006-01-02 15:04"), s.Question, s.Headline})
	}
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 3, WidthMax: 40, WidthMaxEnforcer: text.WrapSoft}, {Number: 4, WidthMax: 60, WidthMaxEnforcer: text.WrapSoft}})
	printTable(a.stdout, t)
	return nil
}
