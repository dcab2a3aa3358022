package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"spendbot/analysis/owners"
	"spendbot/analysis/render"
	"spendbot/analysis/store"
	"spendbot/bot/access"
	"spendbot/bot/metrics"
	"spendbot/bot/secret"
	"spendbot/bot/slack"
)

// errChecks says that a check found something to mend.
var errChecks = errors.New("not ready: mend what is marked \"fix\" above")

// checks is a run of `spendbot check`: a line per finding.
type checks struct {
	lines []checkLine
}

type checkLine struct {
	State string `json:"state"` // ok, note, fix
	What  string `json:"what"`
	Do    string `json:"do,omitempty"`
}

func (c *checks) ok(format string, a ...any) {
	c.lines = append(c.lines, checkLine{"ok", secret.Scrub(fmt.Sprintf(format, a...)), ""})
}
func (c *checks) note(do, format string, a ...any) {
	c.lines = append(c.lines, checkLine{"note", secret.Scrub(fmt.Sprintf(format, a...)), do})
}
func (c *checks) fix(do, format string, a ...any) {
	c.lines = append(c.lines, checkLine{"fix", secret.Scrub(fmt.Sprintf(format, a...)), do})
}

func (a *app) check() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "check",
		Short:   "Test configuration, store, tokens, permissions and channels, and say what to fix",
		Example: "  spendbot check --store bills --config spendbot.yaml",
		Args:    exactArgs(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			var r checks
			ctx, cancel := context.WithTimeout(c.Context(), time.Minute)
			defer cancel()
			policy, err := a.policy(a.flags.store)
			if err != nil {
				return err
			}
			if a.flags.config == "" {
				r.note("`spendbot config example` prints one, explained", "no configuration file: the defaults are in force")
			} else {
				r.ok("configuration %s", a.flags.config)
			}
			for _, s := range policy.Explain() {
				r.ok("access: %s", s)
			}
			a.checkRunbooks(&r)
			if key, err := eventsKey(); err != nil {
				r.fix("", "events: %v", err)
			} else if key != "" {
				r.ok("events: reports signed with %s are taken at /events", eventsSecret)
			}
			a.checkStore(ctx, &r, policy)
			a.checkSlack(ctx, &r, policy)
			a.checkJira(ctx, &r, policy)
			if asJSON {
				if err := encode(a.stdout, r.lines); err != nil {
					return err
				}
			} else {
				for _, l := range r.lines {
					fmt.Fprintf(a.stdout, "%-4s  %s\n", l.State, render.Clean(l.What))
					if l.Do != "" {
						fmt.Fprintf(a.stdout, "      %s\n", render.Clean(l.Do))
					}
				}
			}
			if slices.ContainsFunc(r.lines, func(l checkLine) bool { return l.State == "fix" }) {
				return errChecks
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return c
}

func (a *app) checkStore(ctx context.Context, r *checks, policy *access.Policy) {
	if a.flags.store == "" {
		r.note("--store DIR, SPENDBOT_STORE or `store:` name yours", "no store is configured: the bot would answer on the made-up demo company")
		return
	}
	st, err := a.open(ctx)
	if err != nil {
		r.fix("load a bill first, or point --store at the right folder", "store: %v", err)
		return
	}
	defer st.Close()
	d, err := a.desk(st, demoCaveat)
	if err != nil {
		r.fix("", "store: %v", err)
		return
	}
	defer d.Close()
	sv, err := d.Survey(ctx, nil)
	switch {
	case errors.Is(err, store.ErrEmpty):
		r.fix("`spendbot load FILE` loads a bill", "store %s is empty", st.Dir())
		return
	case err != nil:
		r.fix("", "store %s: %v", st.Dir(), err)
		return
	}
	for _, p := range sv.Providers {
		age := int(a.now.Sub(p.Through).Hours() / 24)
		if age > 4 && !p.Monthly {
			r.note("load a newer export", "store: %s is complete only through %s, %d days ago", p.Name, p.Through.Format("2 Jan 2006"), age)
			continue
		}
		r.ok("store: %s is complete through %s", p.Name, p.Through.Format("2 Jan 2006"))
	}
	switch b, err := a.book(owners.HistoryIn(st.Dir())); {
	case err != nil:
		r.fix("correct the rules file, or leave `owners:` out", "owners: %v", err)
	case b != nil:
		r.ok("%s", b.Words())
	}
	scopes := policy.Scopes()
	for _, name := range slices.Sorted(maps.Keys(scopes)) {
		for _, what := range sv.Missing(scopes[name]) {
			r.note("whoever has this scope sees nothing by it; correct the value, or wait for a bill that has it", "access.scopes.%s: %s", name, what)
		}
	}
	if failed, err := st.state.Failures(ctx, 5); err == nil && len(failed) > 0 {
		for _, p := range failed {
			r.note("", "a post to %s of %s was given up: %s", p.Channel, p.Created.Format("2 Jan 15:04"), p.LastError)
		}
	}
}

func (a *app) checkSlack(ctx context.Context, r *checks, policy *access.Policy) {
	mode := a.cfg.Slack.Mode
	sc, err := slackFromEnv(mode)
	if err != nil {
		for _, line := range strings.Split(err.Error(), "\n") {
			r.fix("", "%s", line)
		}
	}
	if sc.BotToken == "" {
		return
	}
	if !strings.HasPrefix(sc.BotToken.Reveal(), "xoxb-") {
		r.note("the bot token begins with xoxb-; a user token (xoxp-) or an app-level token (xapp-) will not do", "SLACK_BOT_TOKEN does not look like a bot token")
	}
	client := slack.New(sc, time.Now, slog.New(secret.Redact(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelError}), sc.Secrets()...)), metrics.New())
	self, err := client.Identify(ctx)
	if err != nil {
		do := "is there a way to Slack from here? proxies come from HTTPS_PROXY"
		if slack.Fatal(err) {
			do = slack.FatalHint(err)
		}
		r.fix(do, "Slack: %v", err)
		return
	}
	r.ok("Slack: %s in workspace %s (%s)", self.User, self.TeamName, self.Team)
	o, err := a.manifestOptions()
	if err != nil {
		r.fix("", "%v", err)
	}
	if len(self.Scopes) == 0 {
		r.note("", "this server does not say which permissions the token has")
	} else {
		var lacking []string
		for _, s := range slack.Scopes(o) {
			if !slices.Contains(self.Scopes, s.Name) {
				lacking = append(lacking, s.Name+" ("+s.Why+")")
			}
		}
		if len(lacking) > 0 {
			r.fix("update the app from `spendbot manifest` and install it to the workspace again", "permissions are missing: %s", strings.Join(lacking, ", "))
		} else {
			r.ok("the token has all %d permissions", len(slack.Scopes(o)))
		}
	}
	if mode == modeSocket && sc.AppToken != "" {
		if err := client.TrySocket(ctx); err != nil {
			r.fix("an app-level token with connections:write, from the app's Basic Information page; Socket Mode must be switched on", "Socket Mode: %v", err)
		} else {
			r.ok("Socket Mode can be opened")
		}
	}
	a.checkChannels(ctx, r, client, policy)
}

func (a *app) checkChannels(ctx context.Context, r *checks, client *slack.Client, policy *access.Policy) {
	channels, err := client.Channels(ctx)
	if err != nil {
		r.note("", "channels could not be listed: %v", err)
	} else if len(channels) == 0 {
		r.note("`/invite @spendbot` in a channel", "the bot is in no channel yet; it answers direct messages")
	} else {
		var names []string
		for _, c := range channels {
			names = append(names, "#"+c.Name)
		}
		r.ok("in %d channels: %s", len(names), strings.Join(names[:min(len(names), 12)], ", "))
		for _, rule := range a.cfg.Access.Channels {
			for _, want := range rule.Channels {
				name := strings.TrimPrefix(want, "#")
				if !slices.ContainsFunc(channels, func(c slack.Place) bool { return c.ID == name || c.Name == name }) {
					r.note("invite it there, or correct the name", "access.channels names %s, where the bot is not", want)
				}
			}
		}
	}
	for _, g := range policy.NeedsGroups() {
		ok, err := client.HasGroup(ctx, g)
		switch {
		case err != nil:
			r.fix("the permission usergroups:read is needed for rules that name user groups", "user group %s: %v", g, err)
		case !ok:
			r.fix("correct the handle; nobody gets what this rule gives", "access.people names the user group %s, which does not exist", g)
		default:
			r.ok("user group %s", g)
		}
	}
}
