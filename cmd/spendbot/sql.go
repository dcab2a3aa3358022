package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"spendbot/analysis"
	"spendbot/analysis/desk"
	"spendbot/analysis/render"
	"spendbot/analysis/usecase"
	"spendbot/bot/state"
)

func (a *app) sql() *cobra.Command {
	var o struct {
		json, csv, list bool
		useCase, file   string
		from, until     string
		with            map[string]string
		limit           int
		timeout         time.Duration
	}
	c := &cobra.Command{
		Use:   "sql [SELECT [PARAMETER...]]",
		Short: "Run a SELECT of your own over the bills, with FOCUS names",
		Long: `Sql runs one SELECT on the newest snapshot, and nothing else: no file, no setting, no second statement. It may read

  focus, focus_data_table   the line items under every FOCUS name, older ones (ProviderName) included
  charges                   the line items under the names the store keeps
  daily                     the rollup that answers come from: no resource, no hour

Parameters stand for the question marks, in order. At most ` + fmt.Sprint(desk.SQLRows) + ` rows are answered within ` + desk.SQLTime.String() + `, unless you say otherwise.
Every run is in the audit, and is an answer with an id: ` + "`spendbot trace ID --rerun`" + ` runs it again.

The FOCUS project's use cases are there as queries of ours: --use-cases lists them, --use-case runs one.`,
		Example: `  spendbot sql "SELECT ServiceName, sum(EffectiveCost) AS cost FROM focus GROUP BY ServiceName ORDER BY cost DESC"
  spendbot sql "SELECT count(*) FROM focus_data_table WHERE ChargePeriodStart >= ? AND ChargePeriodEnd <= ?" 2026-10-01 2026-11-01
  spendbot sql --use-case "analyze service costs by region" --from 2026-10-01 --until 2026-11-01 --csv > regions.csv
  spendbot sql --use-case "analyze service costs by subaccount" --with account=481516234210`,
		Args: oneOf(func(_ *cobra.Command, args []string) error {
			given := 0
			for _, set := range []bool{len(args) > 0, o.useCase != "", o.file != "", o.list} {
				if set {
					given++
				}
			}
			switch {
			case given == 0:
				return usageError{errors.New("which SQL? `spendbot sql \"SELECT count(*) FROM focus\"`, or `spendbot sql --use-cases`")}
			case given > 1 && (o.useCase != "" || o.list):
				return usageError{errors.New("--use-case and --use-cases take no SQL of your own; a use case's parameters are given by --from, --until and --with")}
			case o.limit < 1 || o.limit > desk.MaxSQLRows:
				return usageError{fmt.Errorf("--limit is %d; write how many rows to answer, 1 to %d", o.limit, desk.MaxSQLRows)}
			case o.timeout <= 0:
				return usageError{fmt.Errorf("--timeout is %s; write how long it may take, as 30s", o.timeout)}
			case o.useCase == "" && !o.list && (o.from != "" || o.until != "" || len(o.with) > 0):
				return usageError{errors.New("--from, --until and --with are for --use-case; the parameters of your own SQL come after it")}
			}
			return nil
		}, "json", "csv"),
		RunE: func(c *cobra.Command, args []string) error {
			if o.list {
				return a.listUseCases(o.json)
			}
			q := desk.Statement{Rows: o.limit, Now: a.now}
			switch {
			case o.useCase != "":
				u, err := usecase.Find(o.useCase)
				if err != nil {
					return usageError{err}
				}
				values, err := a.useCaseValues(u, o.from, o.until, o.with)
				if err != nil {
					return err
				}
				if q.SQL, q.Params, err = u.Fill(values); err != nil {
					return usageError{err}
				}
			case o.file != "":
				text, err := readSQL(a.stdin, o.file)
				if err != nil {
					return err
				}
				q.SQL, q.Params = text, args
			default:
				q.SQL, q.Params = args[0], args[1:]
			}
			ans, err := a.runSQL(c.Context(), q, o.timeout)
			if err != nil {
				return err
			}
			t := ans.Parts[0].Table
			switch {
			case o.json:
				return encode(a.stdout, newSQLJSON(ans, q))
			case o.csv:
				if err := render.TableCSV(a.stdout, t); err != nil {
					return err
				}
				if more(ans) {
					fmt.Fprintln(a.stderr, "spendbot: "+ans.Headline+" --limit takes more.")
				}
				return nil
			}
			printSQL(a.stdout, ans)
			return nil
		},
	}
	f := c.Flags()
	f.BoolVar(&o.json, "json", false, "print as JSON, exact numbers as text")
	f.BoolVar(&o.csv, "csv", false, "print as CSV, for a spreadsheet")
	f.IntVar(&o.limit, "limit", desk.SQLRows, "answer at most so many rows")
	f.DurationVar(&o.timeout, "timeout", desk.SQLTime, "how long it may take")
	f.StringVar(&o.file, "file", "", "read the SQL from a file, - for standard input")
	f.BoolVar(&o.list, "use-cases", false, "list the FOCUS project's use cases and what each can be given")
	f.StringVar(&o.useCase, "use-case", "", "run the query for a use case, by its title or a part of it")
	f.StringVar(&o.from, "from", "", "the use case's first day (default: the last whole month, or three where months are compared)")
	f.StringVar(&o.until, "until", "", "the day after the use case's last one")
	f.StringToStringVar(&o.with, "with", nil, "what else the use case can be given, as service=AmazonEC2")
	return c
}

// runSQL runs a statement in its time, keeps the answer, and audits it however it ends.
func (a *app) runSQL(ctx context.Context, q desk.Statement, most time.Duration) (*analysis.Answer, error) {
	st, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	defer st.Close()
	d, err := a.desk(st, demoCaveat)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	id, err := st.state.NewID(ctx)
	if err != nil {
		return nil, err
	}
	row := state.AuditRow{At: a.now, Kind: "sql", Asked: q.SQL, Scope: analysis.ScopeWords(nil), User: commandLineUser(), Answer: id, Outcome: "answered"}
	within, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	ans, err := d.SQL(within, id, q)
	switch {
	case err == nil:
		err = st.state.SaveAnswer(ctx, ans)
	case ctx.Err() == nil && within.Err() != nil:
		err = fmt.Errorf("it took longer than %s: ask for less, or give it more with --timeout", most)
	}
	if err != nil {
		row.Answer, row.Outcome, row.Reason = "", "failed", err.Error()
	}
	return ans, errors.Join(err, st.state.Audit(context.WithoutCancel(ctx), row))
}

// commandLineUser is who runs the program, for the audit: whoever the operating system says.
func commandLineUser() string {
	for _, v := range []string{"USER", "LOGNAME", "USERNAME"} {
		if u := os.Getenv(v); u != "" {
			return "command line: " + u
		}
	}
	return "command line"
}

// readSQL reads a statement from a file, bounded: what is longer is refused later.
func readSQL(stdin io.Reader, path string) (string, error) {
	const most = 1 << 20
	r := stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", fmt.Errorf("read the SQL: %w", err)
		}
		defer f.Close()
		r = f
	}
	b, err := io.ReadAll(io.LimitReader(r, most))
	if err != nil {
		return "", fmt.Errorf("read the SQL from %s: %w", path, err)
	}
	return string(b), nil
}

// useCaseValues are what a use case is given: days by flags, the last whole month or months where they are not, and the rest by name.
func (a *app) useCaseValues(u usecase.UseCase, from, until string, with map[string]string) (map[string]string, error) {
	end := analysis.MonthOf(a.now).Start
	out := map[string]string{usecase.From: end.AddDate(0, -u.Months, 0).Format(analysis.DateLayout), usecase.Until: end.Format(analysis.DateLayout)}
	for flag, v := range map[string]string{usecase.From: from, usecase.Until: until} {
		if v == "" {
			continue
		}
		if _, err := time.Parse(analysis.DateLayout, v); err != nil {
			return nil, usageError{fmt.Errorf("--%s %q is not a day; write 2026-10-01", flag, v)}
		}
		out[flag] = v
	}
	if from != "" && until == "" {
		out[usecase.Until] = analysis.DayOf(a.now).AddDate(0, 0, 1).Format(analysis.DateLayout)
	}
	if out[usecase.Until] <= out[usecase.From] {
		return nil, usageError{fmt.Errorf("--until %s is not after --from %s", out[usecase.Until], out[usecase.From])}
	}
	maps.Copy(out, with)
	return out, nil
}

func (a *app) listUseCases(asJSON bool) error {
	all := usecase.All()
	if asJSON {
		return encode(a.stdout, all)
	}
	t := newTable("use case", "FOCUS", "can be given")
	for _, u := range all {
		names := slices.DeleteFunc(slices.Clone(u.Params), func(p string) bool { return p == usecase.From || p == usecase.Until })
		t.AppendRow(table.Row{u.Title, strings.Join(u.Versions, ", "), strings.Join(names, ", ")})
	}
	printTable(a.stdout, t)
	fmt.Fprintln(a.stdout, "\nAll take --from and --until. spendbot sql --use-case TITLE runs one; with --json it also prints the SQL, to change and run as your own.")
	return nil
}

// sqlJSON is a result for programs. Whole numbers are numbers; fractions and money are text, since they are exact.
type sqlJSON struct {
	ID      string      `json:"id"`
	SQL     string      `json:"sql"`
	Params  []string    `json:"params"`
	Columns []sqlColumn `json:"columns"`
	Rows    [][]*string `json:"rows"` // null is null; everything else as text, which is exact
	More    bool        `json:"more"` // there are more rows than --limit
	Trace   evidence    `json:"trace"`
}

type sqlColumn struct {
	Name string `json:"name"`
	Kind string `json:"kind"` // "number" or "text"
}

func newSQLJSON(ans *analysis.Answer, q desk.Statement) sqlJSON {
	t := ans.Parts[0].Table
	j := sqlJSON{ID: ans.ID, SQL: ans.Question, Params: q.Params, Columns: []sqlColumn{}, Rows: [][]*string{}, More: more(ans), Trace: evidence(ans.Trace)}
	if j.Params == nil {
		j.Params = []string{}
	}
	for _, c := range t.Columns {
		j.Columns = append(j.Columns, sqlColumn{c.Name, string(c.Kind)})
	}
	for _, r := range t.Rows {
		row := make([]*string, len(r.Cells))
		for i, c := range r.Cells {
			if s := cellText(c); !c.Null {
				row[i] = &s
			}
		}
		j.Rows = append(j.Rows, row)
	}
	return j
}

func more(ans *analysis.Answer) bool {
	n := ans.Trace.Queries[0].Rows
	return n > ans.Reading.Limit
}

func cellText(c analysis.Cell) string {
	if c.Amount != nil {
		return c.Amount.String()
	}
	return c.Text
}

// printSQL prints a result as a table, numbers exact and to the right.
func printSQL(w io.Writer, ans *analysis.Answer) {
	t := ans.Parts[0].Table
	header := make([]any, len(t.Columns))
	columns := make([]table.ColumnConfig, len(t.Columns))
	for i, c := range t.Columns {
		header[i] = render.Clean(c.Name)
		columns[i] = table.ColumnConfig{Number: i + 1, WidthMax: 60, WidthMaxEnforcer: text.Trim}
		if c.Kind != analysis.ColText {
			columns[i].Align, columns[i].AlignHeader, columns[i].WidthMax = text.AlignRight, text.AlignRight, 0
		}
	}
	if len(t.Rows) > 0 {
		out := newTable(header...)
		for _, r := range t.Rows {
			row := make(table.Row, len(r.Cells))
			for i, c := range r.Cells {
				row[i] = render.Clean(cellText(c))
			}
			out.AppendRow(row)
		}
		out.SetColumnConfigs(columns)
		printTable(w, out)
		fmt.Fprintln(w)
	}
	said := ans.Headline
	if more(ans) {
		said += " --limit takes more."
	}
	fmt.Fprintf(w, "%s %.2f s, snapshot %d, spendbot trace %s\n", said, ans.Trace.MS/1000, ans.Trace.Snapshot, ans.ID)
	for _, c := range ans.Caveats {
		fmt.Fprintln(w, render.Clean(c)+".")
	}
}
