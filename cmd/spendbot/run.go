package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"spendbot/analysis/render"
	"spendbot/bot/jira"
	"spendbot/bot/secret"
)

// Exit codes.
const (
	exitOK    = 0
	exitError = 1 // it was understood and could not be done
	exitUsage = 2 // the command line was not understood
)

// usageError marks an error of the command line.
type usageError struct{ error }

// app is one run of the program: where it reads and writes, and what was configured.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	flags          struct{ store, config, now string }
	cfg            config
	now            time.Time
	log            *slog.Logger
	reached        *reach       // of the newest snapshot, once it was asked for
	jira           *jira.Config // of a demo: its own Jira, whatever the environment says
	passed         atomic.Int64 // days that have passed in a demo
}

// run carries out one command line and returns its exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "stopped")
		return exitError
	}
	var usage usageError
	if errors.As(err, &usage) || strings.HasPrefix(err.Error(), "unknown command") {
		fmt.Fprintf(stderr, "spendbot: %v\n", secret.Scrub(err.Error()))
		return exitUsage
	}
	a.explain(err)
	return exitError
}

// explain prints an error, and for bad input what the store still holds.
func (a *app) explain(err error) {
	for i, line := range strings.Split(err.Error(), "\n") { // errors quote file names and bills
		if i == 0 {
			line = "spendbot: " + line
		}
		fmt.Fprintln(a.stderr, render.Clean(secret.Scrub(line)))
	}
	var refused refusedError
	if errors.As(err, &refused) {
		fmt.Fprintf(a.stderr, "Nothing was loaded; %s.\n", render.Clean(refused.holds))
	}
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "spendbot",
		Short: "Why did spend change? Answers that add up, with the queries behind them.",
		Long: `Spendbot answers "why did spend change?" from your cloud bills: drivers that sum to the change to the cent, the day each
began, and the SQL behind every number. Without a store it answers on a made-up demo company.`,
		Example: `  spendbot ask "why did spend change last week?"
  spendbot load exports/2026-10.csv.gz --store bills
  spendbot trace Q-7F3K2M --rerun`,
		SilenceUsage: true, SilenceErrors: true,
		Args:              aCommand,
		RunE:              func(c *cobra.Command, _ []string) error { return c.Help() },
		PersistentPreRunE: func(*cobra.Command, []string) error { return a.configure() },
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	f := root.PersistentFlags()
	f.StringVar(&a.flags.store, "store", "", "folder of the cost store (SPENDBOT_STORE); none: the demo company")
	f.StringVar(&a.flags.config, "config", "", "YAML configuration file (SPENDBOT_CONFIG)")
	f.StringVar(&a.flags.now, "now", "", "the moment it is, as 2026-11-23 or 2026-11-23T09:00:00Z (SPENDBOT_NOW)")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; see `%s --help`", err, c.CommandPath())}
	})
	root.AddCommand(a.ask(), a.load(), a.loads(), a.sources(), a.status(), a.trace(), a.columns(), a.demo(),
		a.reconcile(), a.quality(), a.conform(), a.anomalies(), a.incidents(), a.backlog(), a.savings(), a.digest(), a.backtest(), a.event(), a.runbook(), a.kpi(), a.serve(), a.check(), a.owners(), a.showback(), a.manifest(), a.config(), a.audit(), a.sql(), a.export())
	return root
}

// configure reads flags, environment and configuration file, in this order of precedence.
func (a *app) configure() error {
	env := func(flag *string, name string) {
		if *flag == "" {
			*flag = os.Getenv(name)
		}
	}
	env(&a.flags.store, "SPENDBOT_STORE")
	env(&a.flags.config, "SPENDBOT_CONFIG")
	env(&a.flags.now, "SPENDBOT_NOW")
	a.log = slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	slog.SetDefault(a.log)
	a.now = time.Now()
	if a.flags.now != "" {
		now, err := parseNow(a.flags.now)
		if err != nil {
			return usageError{err}
		}
		a.now = now
	}
	var err error
	if a.cfg, err = readConfig(a.flags.config); err != nil {
		return usageError{err}
	}
	if a.flags.store == "" {
		a.flags.store = a.cfg.Store
	}
	return nil
}

func parseNow(s string) (time.Time, error) {
	for _, l := range []string{time.RFC3339, "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.Parse(l, s); err == nil {
			if t.Year() < 2000 || t.Year() > 2200 {
				break
			}
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("--now %q is not a time; write 2026-11-23 or 2026-11-23T09:00:00Z, 2000 or later", s)
}

// oneOf allows at most one of some flags, and checks a command's arguments after that.
func oneOf(args cobra.PositionalArgs, names ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, given []string) error {
		var set []string
		for _, n := range names {
			if c.Flags().Changed(n) {
				set = append(set, "--"+n)
			}
		}
		if len(set) > 1 {
			return usageError{fmt.Errorf("%s cannot go together: choose one; see `%s --help`", strings.Join(set, " and "), c.CommandPath())}
		}
		return args(c, given)
	}
}

// aCommand is for what only has commands below it: an argument is one that it does not have.
func aCommand(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("unknown command %q; `%s --help` lists them", args[0], c.CommandPath())}
	}
	return nil
}

// exactArgs checks how many arguments a command has, as a usage error.
func exactArgs(n int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != n {
			return usageError{fmt.Errorf("%s takes %s, not %d arguments; see `%s --help`", c.CommandPath(), what, len(args), c.CommandPath())}
		}
		return nil
	}
}

// terminal reports whether w is a terminal, and how wide it is.
func terminal(w io.Writer) (width int, ok bool) {
	f, isFile := w.(*os.File)
	if !isFile || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		width = 100
	}
	return width, true
}
