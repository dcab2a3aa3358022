package main

import (
	"context"
	"fmt"
	"io"

	"spendbot/analysis"
	"spendbot/analysis/desk"
	"spendbot/analysis/render"
)

// moved says whether an answer comes out otherwise today, since its days were restated; nil where it does not.
func (a *app) moved(ctx context.Context, st *opened, answer *analysis.Answer) (*desk.Moved, error) {
	loads, err := st.Loads(ctx)
	if err != nil || len(desk.Touching(loads, answer.Trace.Snapshot, answer.Reading)) == 0 {
		return nil, err
	}
	d, err := a.desk(st, demoCaveat)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Moved(ctx, answer)
}

// printMoved shows how an answer has moved, and what moved it.
func printMoved(w io.Writer, m *desk.Moved) {
	if m == nil {
		return
	}
	fmt.Fprintln(w, "\nMOVED: the bills of its days were restated since.")
	fmt.Fprintf(w, "  then  %s\n  now   %s\n", render.Clean(m.Was), render.Clean(m.Is))
	if m.Was == m.Is {
		fmt.Fprintln(w, "  the headline reads the same; figures below it moved")
	}
	for _, c := range m.Changes {
		r := c.Restatement
		fmt.Fprintf(w, "  load %s of %s: %s, invoice month %s, days %s to %s: effective cost %s, billed %s\n", c.Load, c.At.Format("2 Jan 2006"),
			render.Clean(r.Provider), r.Month, r.First, r.Last, signed(r.Effective(), r.Currency), signed(r.Billed(), r.Currency))
	}
	fmt.Fprintln(w, "  `spendbot loads LOAD` shows the services.")
}
