package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/shopspring/decimal"
	"github.com/spf13/cobra"

	"spendbot/analysis"
	"spendbot/analysis/demo"
	"spendbot/analysis/owners"
	"spendbot/analysis/query"
	"spendbot/analysis/render"
	"spendbot/analysis/store"
	"spendbot/bot/access"
)

// ownersPath is the configured rules file; it is looked for beside the configuration. Empty is none.
func (a *app) ownersPath() string {
	p := a.cfg.Owners
	if p != "" && !filepath.IsAbs(p) && a.flags.config != "" {
		p = filepath.Join(filepath.Dir(a.flags.config), p)
	}
	return p
}

// book is the owners in force in a store: the versions that were applied to it, else the configured file for all days; nil
// where there is neither.
func (a *app) book(h *owners.History) (*owners.Book, error) {
	versions, err := h.Versions()
	if err != nil || len(versions) > 0 {
		return owners.NewBook(versions...), err
	}
	path := a.ownersPath()
	if path == "" {
		return nil, nil
	}
	v, _, err := owners.FromFile(path)
	if err != nil {
		return nil, err
	}
	return owners.NewBook(v), nil
}

// owned reports whether owners are configured, or were applied to the store in a folder.
func (a *app) owned(storeDir string) bool {
	if a.cfg.Owners != "" || storeDir == "" {
		return a.cfg.Owners != ""
	}
	versions, err := owners.HistoryIn(storeDir).Versions()
	return len(versions) > 0 || err != nil // what cannot be read is told when it is asked for
}

// policy is who may see what, as configured, for a store in a folder; its errors are of usage.
func (a *app) policy(storeDir string) (*access.Policy, error) {
	a.cfg.Access.Owned = a.owned(storeDir)
	p, err := access.New(a.cfg.Access)
	if err != nil {
		return nil, usageError{err}
	}
	return p, nil
}

// lens puts together what snapshots are looked at through, the innermost layer first: the owners add their columns to the rows as
// they are stored.
func (a *app) lens(st *opened) func(context.Context, *store.Snapshot, analysis.Plan) (query.Lens, error) {
	o := a.ownersOf(st)
	return a.converted(func(ctx context.Context, sn *store.Snapshot, p analysis.Plan) (query.Lens, error) {
		return o.lens(ctx, sn, p)
	})
}

func (a *app) ownersOf(st *opened) *ownersLens {
	return &ownersLens{app: a, store: st.Store, history: owners.HistoryIn(st.Dir()), today: a.clock(), lines: map[int64][]string{}}
}

// ownersLens makes the owners' layer for a snapshot and a plan.
type ownersLens struct {
	app     *app
	store   *store.Store
	history *owners.History
	today   func() time.Time

	mu    sync.Mutex
	read  bool // the configured file, which counts until the program ends where nothing was applied
	file  *owners.Book
	lines map[int64][]string // tag keys that the rollup of a snapshot lacks
}

func (o *ownersLens) lens(ctx context.Context, sn *store.Snapshot, p analysis.Plan) (query.Lens, error) {
	b, err := o.book()
	if err != nil || b == nil {
		return query.Lens{}, err
	}
	dropped, err := o.dropped(ctx, sn)
	if err != nil {
		return query.Lens{}, err
	}
	if p.Owners == analysis.CurrentOwners {
		b = b.Current(analysis.DayOf(o.today()))
	}
	return query.Lens{}.Over(b.Layer(len(b.NeedsLines(dropped)) > 0)), nil
}

func (o *ownersLens) book() (*owners.Book, error) {
	versions, err := o.history.Versions()
	if err != nil {
		return nil, err
	}
	if len(versions) > 0 {
		return owners.NewBook(versions...), nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.read {
		if o.file, err = o.app.book(o.history); err != nil {
			return nil, err
		}
		o.read = true
	}
	return o.file, nil
}

// dropped are the tag keys that some load left out of the rollup.
func (o *ownersLens) dropped(ctx context.Context, sn *store.Snapshot) ([]string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if keys, ok := o.lines[sn.ID]; ok {
		return keys, nil
	}
	loads, err := o.store.Loads(ctx)
	if err != nil {
		return nil, err
	}
	keys := []string{}
	for _, l := range loads {
		for _, k := range l.LeftTags {
			if !slices.Contains(keys, k) {
				keys = append(keys, k)
			}
		}
	}
	clear(o.lines)
	o.lines[sn.ID] = keys
	return keys, nil
}

func (a *app) owners() *cobra.Command {
	c := &cobra.Command{
		Use:   "owners",
		Short: "Whose is it: rules that give every charge a team, and more",
		Long: `Owners are ordered rules over any column or tag that set team, cost centre, environment, product, Slack channel, Jira project
and assignee. The first rule that sets one decides it; every charge has exactly one team, or "unallocated".

A rules file is named by owners: in the configuration. Once a file was applied to a store, the applied versions count: each from
a day on, so that an answer about June uses June's rules.`,
		Example: `  spendbot owners check --store bills
  spendbot owners diff owners.yaml --month 2026-10
  spendbot owners apply owners.yaml --from 2026-06-01
  spendbot owners who account=payments-prod service="Amazon EC2"`,
		Args: aCommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	imports := &cobra.Command{
		Use:   "import",
		Short: "Make a rules file of another list of who owns what",
		Args:  c.Args,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	imports.AddCommand(a.ownersImportCSV(), a.ownersImportBackstage())
	c.AddCommand(&cobra.Command{
		Use:   "example",
		Short: "Print a rules file, explained: the demo company's",
		Args:  exactArgs(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			_, err := a.stdout.Write(demo.Owners)
			return err
		},
	}, a.ownersCheck(), a.ownersDiff(), a.ownersApply(), a.ownersHistory(), a.ownersWho(), imports)
	return c
}

// looked is a store opened for looking at owners.
type looked struct {
	*opened
	history *owners.History
	book    *owners.Book // in force; nil where there is none
	sn      *store.Snapshot
	sight   *store.Sight
	dropped []string
}

func (l *looked) Close() error { return errors.Join(l.sn.Close(), l.opened.Close()) }

var errNoOwners = errors.New("no owners are configured: name a rules file with `owners:` in the configuration, or apply one with `spendbot owners apply FILE`")

func (a *app) look(ctx context.Context) (*looked, error) {
	st, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	l := &looked{opened: st, history: owners.HistoryIn(st.Dir())}
	l.book, err = a.book(l.history)
	if err == nil {
		l.sn, err = st.Snapshot(ctx, 0)
	}
	if err != nil {
		st.Close()
		return nil, err
	}
	if l.sight, err = l.sn.Seen(nil); err == nil {
		l.dropped, err = (&ownersLens{store: st.Store, lines: map[int64][]string{}}).dropped(ctx, l.sn)
	}
	if err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// tuples reads the rows of a period as the rules of some books see them.
func (l *looked) tuples(ctx context.Context, p analysis.Period, books ...*owners.Book) ([]owners.Tuple, error) {
	lines := false
	for _, b := range books {
		lines = lines || len(b.NeedsLines(l.dropped)) > 0
	}
	tuples, _, err := owners.ReadTuples(ctx, l.sight, p, nil, lines, books...)
	return tuples, err
}

// month is the month that --month names; the zero period is all days.
func month(s string) (analysis.Period, error) {
	if s == "" {
		return analysis.Period{}, nil
	}
	t, err := time.Parse("2006-01", s)
	if err != nil {
		return analysis.Period{}, usageError{fmt.Errorf("--month %q is no month; write it as 2026-10", s)}
	}
	return analysis.MonthOf(t), nil
}

func (a *app) ownersCheck() *cobra.Command {
	var inMonth string
	var asJSON bool
	c := &cobra.Command{
		Use:     "check [FILE]",
		Short:   "Tell which rules never match or are shadowed, and what has no team",
		Example: "  spendbot owners check --month 2026-10\n  spendbot owners check new-owners.yaml",
		Args:    atMostArgs(1, "at most one rules file"),
		RunE: func(c *cobra.Command, args []string) error {
			ctx := c.Context()
			p, err := month(inMonth)
			if err != nil {
				return err
			}
			l, err := a.look(ctx)
			if err != nil {
				return err
			}
			defer l.Close()
			b := l.book
			if len(args) > 0 {
				v, _, err := owners.FromFile(args[0])
				if err != nil {
					return err
				}
				b = owners.NewBook(v)
			}
			if b == nil {
				return errNoOwners
			}
			tuples, err := l.tuples(ctx, p, b)
			if err != nil {
				return err
			}
			r := b.Check(tuples)
			if asJSON {
				return encode(a.stdout, r)
			}
			a.printCheck(r, b, p)
			for _, what := range b.NeedsLines(l.dropped) {
				fmt.Fprintf(a.stdout, "\nRules look at %s, which the daily totals do not have: questions by owners read the line items, which takes longer.\n", render.Clean(what))
			}
			if len(args) == 0 {
				a.printDrift(l)
			}
			return nil
		},
	}
	c.Flags().StringVar(&inMonth, "month", "", "look at one month, as 2026-10 (default: all that is loaded)")
	c.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return c
}

// inPeriod is "in October 2026", or "over all that is loaded".
func inPeriod(p analysis.Period) string {
	if p.IsZero() {
		return "over all that is loaded"
	}
	return "in " + p.Start.Format("January 2006")
}

func (a *app) printCheck(r owners.Report, b *owners.Book, p analysis.Period) {
	w := a.stdout
	fmt.Fprintf(w, "%s, %s.\n", sentenceCase(render.Clean(b.Words())), inPeriod(p))
	for _, s := range r.Unallocated {
		share := "0%"
		if !s.Of.IsZero() {
			share = render.Percent(s.Amount.Div(s.Of))
		}
		fmt.Fprintf(w, "Unallocated: %s of %s, %s.\n", render.Money(s.Amount, s.Currency), render.Money(s.Of, s.Currency), share)
	}
	if len(r.Top) > 0 {
		fmt.Fprintln(w, "\nWithout a team, the largest first:")
		printSlices(w, r.Top)
	}
	if len(r.Unknown) > 0 {
		fmt.Fprintln(w, "\nSaid by the team's tag, but no team:")
		t := newTable("", "tag", "value", "cost")
		t.SetColumnConfigs([]table.ColumnConfig{{Number: 4, Align: text.AlignRight}})
		for _, u := range r.Unknown[:min(len(r.Unknown), 10)] {
			t.AppendRow(table.Row{"", render.Clean(u.Tag), render.Clean(u.Value), render.Money(u.Amount, u.Currency)})
		}
		printTable(w, t)
	}
	idle, t := 0, newTable("", "rule", "line", "rows", "decides", "cost", "")
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 3, Align: text.AlignRight}, {Number: 4, Align: text.AlignRight}, {Number: 5, Align: text.AlignRight}, {Number: 6, Align: text.AlignRight}})
	for _, x := range r.Rules {
		say := ""
		switch {
		case x.Matched == 0:
			say, idle = "never matches", idle+1
		case x.Decided == 0:
			say, idle = "shadowed by "+strings.Join(x.Shadowed, ", "), idle+1
		}
		t.AppendRow(table.Row{"", render.Clean(x.Rule), x.Line, humanize.Comma(x.Matched), humanize.Comma(x.Decided), amounts(x.Amounts), render.Clean(say)})
	}
	if len(r.Rules) > 0 {
		fmt.Fprintf(w, "\nThe rules, in their order (rows are line items; cost is effective):\n")
		printTable(w, t)
		if idle > 0 {
			fmt.Fprintf(w, "%s nothing: mend or remove them.\n", plurals(idle, "rule decides", "rules decide"))
		}
	}
}

// amounts writes an amount per currency, a line each.
func amounts(by map[string]decimal.Decimal) string {
	var out []string
	for _, c := range slices.Sorted(maps.Keys(by)) {
		out = append(out, render.Money(by[c], c))
	}
	return strings.Join(out, "\n")
}

func plurals(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func sentenceCase(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func printSlices(w io.Writer, list []owners.Slice) {
	t := newTable("", "account", "service", "cost")
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 4, Align: text.AlignRight}})
	for _, s := range list {
		t.AppendRow(table.Row{"", orNone(s.Account), orNone(s.Service), render.Money(s.Amount, s.Currency)})
	}
	printTable(w, t)
}

func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return render.Clean(s)
}

// printDrift says that the configured file is not what is in force.
func (a *app) printDrift(l *looked) {
	path := a.ownersPath()
	if path == "" || l.book == nil {
		return
	}
	vs := l.book.Versions()
	last := vs[len(vs)-1]
	v, _, err := owners.FromFile(path)
	switch {
	case err != nil:
		fmt.Fprintf(a.stdout, "\n%s cannot be read: %s\n", path, render.Clean(err.Error()))
	case last.Number > 0 && v.SHA256 != last.SHA256:
		fmt.Fprintf(a.stdout, "\n%s differs from version %d, which is in force: `spendbot owners diff %s` shows what it would move, `spendbot owners apply %s` puts it into force.\n", path, last.Number, path, path)
	}
}

func (a *app) ownersDiff() *cobra.Command {
	var inMonth string
	var asJSON bool
	c := &cobra.Command{
		Use:   "diff FILE",
		Short: "Show what a changed rules file would move, before it is applied",
		Long: `Judges a month's charges twice: by the owners in force, and as if FILE had been in force for all of it. What leaves one team
arrives at another: per attribute the changes sum to zero.`,
		Example: "  spendbot owners diff owners.yaml --month 2026-10",
		Args:    exactArgs(1, "the changed rules file"),
		RunE: func(c *cobra.Command, args []string) error {
			ctx := c.Context()
			p, err := month(inMonth)
			if err != nil {
				return err
			}
			v, _, err := owners.FromFile(args[0])
			if err != nil {
				return err
			}
			l, err := a.look(ctx)
			if err != nil {
				return err
			}
			defer l.Close()
			if l.book == nil {
				return errNoOwners
			}
			if p.IsZero() {
				p = analysis.MonthOf(a.now)
			}
			is := owners.NewBook(v)
			tuples, err := l.tuples(ctx, p, l.book, is)
			if err != nil {
				return err
			}
			d := owners.Compare(tuples, l.book, is)
			if asJSON {
				return encode(a.stdout, d)
			}
			a.printDiff(d, l.book, args[0], p, len(tuples) > 0)
			return nil
		},
	}
	c.Flags().StringVar(&inMonth, "month", "", "the month to look at, as 2026-10 (default: this month)")
	c.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return c
}

func (a *app) printDiff(d owners.Diff, was *owners.Book, file string, p analysis.Period, any bool) {
	w := a.stdout
	switch {
	case !any:
		fmt.Fprintf(w, "Nothing was charged %s, so nothing would move.\n", inPeriod(p))
		return
	case len(d.Moves) == 0:
		fmt.Fprintf(w, "%s would move nothing %s: every charge keeps its owners (%s).\n", render.Clean(file), inPeriod(p), render.Clean(was.Words()))
		return
	}
	fmt.Fprintf(w, "What %s would move %s, in effective cost, against %s:\n", render.Clean(file), inPeriod(p), render.Clean(was.Words()))
	attribute := ""
	var following []string
	var t table.Writer
	flush := func() {
		if t != nil {
			printTable(w, t)
		}
	}
	for _, x := range d.Totals {
		if x.Attribute != attribute {
			flush()
			attribute, t = x.Attribute, nil
			if !slices.ContainsFunc(d.Moves, func(m owners.Move) bool { return m.Attribute == attribute && !derived(d.Moves, m) }) {
				following = append(following, strings.ReplaceAll(attribute, "_", " "))
				continue
			}
			fmt.Fprintf(w, "\n%s\n", strings.ReplaceAll(attribute, "_", " "))
			t = newTable("", "", "was", "is", "moved")
			t.SetColumnConfigs([]table.ColumnConfig{{Number: 3, Align: text.AlignRight, AlignHeader: text.AlignRight}, {Number: 4, Align: text.AlignRight, AlignHeader: text.AlignRight}, {Number: 5, Align: text.AlignRight, AlignHeader: text.AlignRight}})
		}
		if t == nil {
			continue
		}
		t.AppendRow(table.Row{"", orNone(x.Value), render.MoneyExact(x.Was, x.Currency), render.MoneyExact(x.Is, x.Currency), withSign(x.Delta, x.Currency)})
	}
	flush()
	if len(following) > 0 {
		fmt.Fprintf(w, "\nWith the team go its %s (--json has the amounts).\n", list(following))
	}
	fmt.Fprintln(w, "\nWhy")
	for _, m := range d.Moves {
		if derived(d.Moves, m) {
			continue
		}
		fmt.Fprintf(w, "  %s %s -> %s: %s, %s line items\n", strings.ReplaceAll(m.Attribute, "_", " "), orNone(m.Was), orNone(m.Is), render.MoneyExact(m.Amount, m.Currency), humanize.Comma(m.Rows))
		fmt.Fprintf(w, "    was by %s, is by %s\n", render.Clean(m.WasBy), render.Clean(m.IsBy))
		for _, s := range m.Top {
			fmt.Fprintf(w, "    %s · %s %s\n", orNone(s.Account), orNone(s.Service), render.MoneyExact(s.Amount, s.Currency))
		}
	}
}

// list writes "a, b and c".
func list(s []string) string {
	if len(s) < 2 {
		return strings.Join(s, "")
	}
	return strings.Join(s[:len(s)-1], ", ") + " and " + s[len(s)-1]
}

// derived reports whether a move follows from its rows' team alone.
func derived(all []owners.Move, m owners.Move) bool {
	if m.Attribute == "team" {
		return false
	}
	team := func(by string) bool { return strings.HasPrefix(by, "team ") || by == "nothing" }
	return team(m.WasBy) && team(m.IsBy) && slices.ContainsFunc(all, func(o owners.Move) bool { return o.Attribute == "team" })
}

// withSign is exact money with its sign.
func withSign(d decimal.Decimal, currency string) string {
	if d.Sign() > 0 {
		return "+" + render.MoneyExact(d, currency)
	}
	return render.MoneyExact(d, currency)
}

func (a *app) ownersApply() *cobra.Command {
	var from string
	c := &cobra.Command{
		Use:   "apply FILE",
		Short: "Put a rules file into force, from a day on",
		Long: `Keeps FILE as the store's next version of the owners, in force from today on: what was charged before keeps the owners it had.
With --from it is in force from that day, and what was charged since is given to its new owners. The first version also counts for all
days before.`,
		Example: "  spendbot owners apply owners.yaml\n  spendbot owners apply owners.yaml --from 2026-06-01",
		Args:    exactArgs(1, "the rules file"),
		RunE: func(c *cobra.Command, args []string) error {
			day := analysis.DayOf(a.now)
			if from != "" {
				var err error
				if day, err = time.Parse(analysis.DateLayout, from); err != nil {
					return usageError{fmt.Errorf("--from %q is no day; write it as 2026-06-01", from)}
				}
			}
			v, b, err := owners.FromFile(args[0])
			if err != nil {
				return err
			}
			st, err := a.open(c.Context())
			if err != nil {
				return err
			}
			defer st.Close()
			h := owners.HistoryIn(st.Dir())
			had, err := h.Versions()
			if err != nil {
				return err
			}
			if n := len(had); n > 0 {
				if last := owners.NewBook(had...).Versions(); last[len(last)-1].SHA256 == v.SHA256 && !last[len(last)-1].From.After(day) {
					fmt.Fprintf(a.stdout, "Nothing to apply: %s is in force already, as version %d.\n", args[0], last[len(last)-1].Number)
					return nil
				}
			}
			v, err = h.Apply(args[0], b, day, a.now)
			if err != nil {
				return err
			}
			fmt.Fprintf(a.stdout, "Version %d of the owners (%s, sha256 %s) is in force %s.\n", v.Number, v.File, v.SHA256[:12], since(v.From))
			return nil
		},
	}
	c.Flags().StringVar(&from, "from", "", "the first day it is in force, as 2026-06-01 (default: today)")
	return c
}

func since(from time.Time) string {
	if from.IsZero() {
		return "for all days"
	}
	return "from " + from.Format("2 Jan 2006") + " on"
}

// versionJSON is a version for programs.
type versionJSON struct {
	Version int    `json:"version"`
	File    string `json:"file"`
	SHA256  string `json:"sha256"`
	Applied string `json:"applied"`
	From    string `json:"from"`  // "" is the beginning
	Until   string `json:"until"` // "" is no end
	Rules   int    `json:"rules"`
	InForce bool   `json:"in_force"` // for any day
}

func (a *app) ownersHistory() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "history",
		Short:   "List the versions that were applied, and for which days each counts",
		Example: "  spendbot owners history --store bills",
		Args:    exactArgs(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			st, err := a.open(c.Context())
			if err != nil {
				return err
			}
			defer st.Close()
			versions, err := owners.HistoryIn(st.Dir()).Versions()
			if err != nil {
				return err
			}
			force := owners.NewBook(versions...).Versions()
			out := []versionJSON{}
			for _, v := range versions {
				j := versionJSON{Version: v.Number, File: v.File, SHA256: v.SHA256, Applied: v.Applied.Format(time.RFC3339), Rules: len(v.Config.Rules)}
				for i, f := range force {
					if f.Number != v.Number {
						continue
					}
					j.InForce = true
					if !f.From.IsZero() {
						j.From = f.From.Format(analysis.DateLayout)
					}
					if i+1 < len(force) {
						j.Until = force[i+1].From.Format(analysis.DateLayout)
					}
				}
				out = append(out, j)
			}
			if asJSON {
				return encode(a.stdout, out)
			}
			if len(out) == 0 {
				fmt.Fprintln(a.stdout, "No version of the owners was applied yet: `spendbot owners apply FILE` does.")
				return nil
			}
			t := newTable("version", "applied (UTC)", "file", "sha256", "rules", "counts for charges")
			for i, v := range out {
				days := "no days any more: a later version took its place"
				switch {
				case !v.InForce:
				case v.From == "" && v.Until == "":
					days = "of all days"
				case v.From == "":
					days = "before " + v.Until
				case v.Until == "":
					days = "from " + v.From + " on"
				default:
					days = "from " + v.From + " to before " + v.Until
				}
				t.AppendRow(table.Row{v.Version, versions[i].Applied.Format("2006-01-02 15:04"), render.Clean(v.File), v.SHA256[:12], v.Rules, days})
			}
			printTable(a.stdout, t)
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return c
}

func (a *app) ownersImportCSV() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "csv FILE",
		Short: "Make rules of a list: account, service, tag:KEY ... and team, cost_centre ...",
		Long: `The first line names the columns. Columns of the bill (account, account_name, subscription, project, service, region, resource,
tag:KEY, or any FOCUS column) are matched; team, cost_centre, environment, product, slack_channel, slack_user (a member id), jira_project and assignee are set;
group and business_unit say what the team belongs to; from and until bound the days. A line with a team and nothing to match says
what the team itself is.`,
		Example: "  spendbot owners import csv accounts.csv --out owners.yaml",
		Args:    exactArgs(1, "the list"),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.importOwners(args[0], out, func(name string, r io.Reader) (*owners.Imported, error) { return owners.FromCSV(name, r) })
		},
	}
	c.Flags().StringVar(&out, "out", "", "write the rules file here (default: print it)")
	return c
}

func (a *app) ownersImportBackstage() *cobra.Command {
	var out string
	var o owners.BackstageOptions
	c := &cobra.Command{
		Use:     "backstage FILE",
		Short:   "Make rules of a Backstage catalog-info.yaml",
		Long:    "Read are:\n\n" + owners.BackstageRead,
		Example: "  spendbot owners import backstage catalog-info.yaml --component-tag app --out owners.yaml",
		Args:    exactArgs(1, "the catalog"),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.importOwners(args[0], out, func(name string, r io.Reader) (*owners.Imported, error) { return owners.FromBackstage(name, r, o) })
		},
	}
	f := c.Flags()
	f.StringVar(&out, "out", "", "write the rules file here (default: print it)")
	f.StringVar(&o.ComponentTag, "component-tag", "", "the bill's tag that holds names of Components and Resources")
	f.StringVar(&o.SystemTag, "system-tag", "", "the bill's tag that holds names of Systems")
	return c
}

func (a *app) importOwners(path, out string, from func(string, io.Reader) (*owners.Imported, error)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	i, err := from(path, f)
	if err != nil {
		return err
	}
	b := i.Config.YAML("Owners made from " + filepath.Base(path) + " by `spendbot owners import`.\nRead: " + strings.Join(i.Read, "; ") + ".")
	for _, s := range i.Left {
		fmt.Fprintln(a.stderr, render.Clean("not read: "+s))
	}
	if out == "" {
		_, err = a.stdout.Write(b)
		return err
	}
	w, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already: choose another name, or move it away", out)
	} else if err != nil {
		return err
	}
	_, err = w.Write(b)
	if err = errors.Join(err, w.Close()); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "Wrote %s: %s, %s. `spendbot owners check %s` tells what they do.\n", out, plurals(len(i.Config.Rules), "rule", "rules"), plurals(len(i.Config.Teams), "team", "teams"), out)
	return nil
}

// atMostArgs checks that a command has no more arguments than it takes.
func atMostArgs(n int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > n {
			return usageError{fmt.Errorf("%s takes %s, not %d arguments; see `%s --help`", c.CommandPath(), what, len(args), c.CommandPath())}
		}
		return nil
	}
}
