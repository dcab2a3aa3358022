package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"spendbot/analysis"
	"spendbot/analysis/desk"
	"spendbot/analysis/render"
	"spendbot/bot"
	"spendbot/bot/access"
	"spendbot/bot/digest"
	"spendbot/bot/state"
)

func (a *app) digest() *cobra.Command {
	c := &cobra.Command{
		Use:   "digest",
		Short: "Look at what channels are sent on a schedule: the weekly pulse, the daily line, the monthly close pack",
		Long: `Channels are subscribed in the configuration ("digests:") or in Slack ("/spend digest subscribe weekly"); "spendbot serve" sends
what is due, once. Here one looks at a digest before anybody else does, and at what became of those that were due.`,
		Example: `  spendbot digest preview --channel "#finops"
  spendbot digest list --runs`,
		Args: aCommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.digestPreview(), a.digestList())
	return c
}

type digestPreviewOptions struct {
	channel, kind, about string
	json, markdown, full bool
}

func (a *app) digestPreview() *cobra.Command {
	var o digestPreviewOptions
	c := &cobra.Command{
		Use:   "preview",
		Short: "Show a channel's digest as it would be sent now",
		Long: `Shows a channel's digest as it would be sent at this moment (--now for another), within what the access rules let be said in the
channel. It sends nothing. A channel that is not subscribed shows what it would get.`,
		Example: `  spendbot digest preview --channel "#finops"
  spendbot digest preview --channel "#payments" --kind daily
  spendbot digest preview --channel "#finops" --kind monthly --markdown > october.md`,
		Args: oneOf(exactArgs(0, "no arguments"), "json", "markdown", "full"),
		RunE: func(c *cobra.Command, _ []string) error { return a.previewDigest(c.Context(), o) },
	}
	f := c.Flags()
	f.StringVar(&o.channel, "channel", "", "the channel, an id or a name with a #")
	f.StringVar(&o.kind, "kind", "", "weekly, daily or monthly (default: what the channel is subscribed to, else weekly)")
	f.StringVar(&o.about, "for", "", "a part of the spend, as \"team payments\"")
	f.BoolVar(&o.full, "full", false, "print the drivers and tables behind it too")
	f.BoolVar(&o.json, "json", false, "print the answer as JSON")
	f.BoolVar(&o.markdown, "markdown", false, "print the whole of it as Markdown: the close pack's file")
	return c
}

// channelPlace is a channel as the access rules know it, without asking Slack.
func channelPlace(channel string) access.Place {
	if name, named := strings.CutPrefix(channel, "#"); named {
		return access.Place{Name: strings.ToLower(name)}
	}
	return access.Place{Channel: channel, Name: channel} // a rule that names it by its name is not found
}

func (a *app) previewDigest(ctx context.Context, o digestPreviewOptions) error {
	if o.kind != "" && !slices.Contains(digest.Kinds, digest.Kind(o.kind)) {
		return usageError{fmt.Errorf("--kind is %q; write weekly, daily or monthly", o.kind)}
	}
	if o.channel == "" {
		return usageError{errors.New("name the channel: --channel \"#finops\"")}
	}
	st, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	policy, err := a.policy(st.Dir())
	if err != nil {
		return err
	}
	may, ok, reason := policy.Posts(channelPlace(o.channel))
	if !ok {
		return fmt.Errorf("no digest can be sent to %s: %s", o.channel, reason)
	}
	all, err := a.digests(ctx, st, policy)
	if err != nil {
		return err
	}
	dk, err := a.desk(st, demoCaveat)
	if err != nil {
		return err
	}
	defer dk.Close()
	d, subscribed := subscriptionOf(all, o)
	scope := may
	if subscribed {
		if scope, ok = access.Both(d.Scope, may); !ok {
			return fmt.Errorf("no digest can be sent to %s: what may be said there and the digest's scope have nothing in common", o.channel)
		}
	} else if d, err = a.digestIfSubscribed(ctx, dk, o, scope); err != nil {
		return err
	}
	s, err := digest.ParseSchedule(d.Spec, d.Zone)
	if err != nil {
		return err
	}
	opts, err := a.cfg.askOptions()
	if err != nil {
		return usageError{err}
	}
	p, missing, _, err := bot.DigestPlan(ctx, dk, d, s, a.now, scope, opts.WeekStart, time.Time{})
	if err != nil {
		return err
	}
	id, err := st.state.NewID(ctx)
	if err != nil {
		return err
	}
	ans, err := dk.Answer(ctx, id, desk.Question{Text: d.Kind + " digest", Plan: &p, Scope: scope, Now: a.now})
	if err != nil {
		return err
	}
	if err := st.state.SaveAnswer(ctx, ans); err != nil {
		return fmt.Errorf("keep the answer: %w", err)
	}
	switch {
	case o.json:
		return render.JSON(a.stdout, ans)
	case o.markdown:
		return render.Markdown(a.stdout, ans)
	case !o.full:
		if i := slices.IndexFunc(ans.Parts, func(p analysis.Part) bool { return p.Text == "" }); i >= 0 {
			ans.Parts = ans.Parts[:i]
		}
		ans.Actions = nil // they stand in the text
	}
	if err := a.show(ans); err != nil {
		return err
	}
	when := "subscribed: nobody; `" + a.cfg.Slack.Command + " digest subscribe " + d.Kind + "` in the channel does"
	if subscribed {
		when = d.ID + ": " + s.Words() + ", next " + s.Next(a.now).In(s.Zone).Format("Mon 2 Jan 2006 15:04")
	}
	if len(missing) > 0 && d.Kind != string(digest.Daily) {
		when += "\n sent now it would wait for the bills of " + bot.ThroughWords(missing)
	}
	fmt.Fprintf(a.stdout, " %s\n", render.CleanLines(when))
	return nil
}

// subscriptionOf finds the subscription that is asked for. A part of the spend named by --for is none's.
func subscriptionOf(all []state.Digest, o digestPreviewOptions) (state.Digest, bool) {
	i := slices.IndexFunc(all, func(x state.Digest) bool {
		return o.about == "" && strings.EqualFold(x.Channel, o.channel) && (o.kind == "" || x.Kind == o.kind)
	})
	if i < 0 {
		return state.Digest{}, false
	}
	return all[i], true
}

// digestIfSubscribed is what a channel would get that is not subscribed.
func (a *app) digestIfSubscribed(ctx context.Context, dk *desk.Desk, o digestPreviewOptions, scope []analysis.Filter) (state.Digest, error) {
	kind := digest.Weekly
	if o.kind != "" {
		kind = digest.Kind(o.kind)
	}
	d := state.Digest{Kind: string(kind), Zone: "UTC", Spec: kind.DefaultSchedule()}
	if o.about == "" {
		return d, nil
	}
	p, err := dk.Read(ctx, desk.Question{Text: "spend of " + o.about, Scope: scope, Now: a.now})
	if err != nil {
		return d, err
	}
	if len(p.Filters) == 0 || p.Intent == analysis.Ambiguous || p.Intent == analysis.OutOfScope {
		return d, usageError{fmt.Errorf("--for is %q, which reads as no part of the spend; write one as \"team payments\" or \"AWS\"", o.about)}
	}
	d.Filters = p.Filters
	return d, nil
}

// digests are the subscriptions that are kept, and those of the configuration that no bot has begun with yet.
func (a *app) digests(ctx context.Context, st *opened, policy *access.Policy) ([]state.Digest, error) {
	list, err := st.state.Digests(ctx, "")
	if err != nil {
		return nil, err
	}
	configured, err := a.cfg.subscriptions(policy)
	if err != nil {
		return nil, usageError{err}
	}
	for _, d := range configured {
		if i := slices.IndexFunc(list, func(x state.Digest) bool { return x.ID == d.ID }); i >= 0 {
			d.Since, d.Created, d.Paused, d.PausedBy, d.PausedWhy = list[i].Since, list[i].Created, list[i].Paused, list[i].PausedBy, list[i].PausedWhy
			list[i] = d
			continue
		}
		list = append(list, d)
	}
	return list, nil
}

// digestRow is a subscription for programs.
type digestRow struct {
	ID       string           `json:"id"`
	Channel  string           `json:"channel"`
	Kind     string           `json:"kind"`
	Schedule string           `json:"schedule"`
	Zone     string           `json:"zone"`
	Next     string           `json:"next"` // RFC 3339; "" where it is paused or never due
	Origin   string           `json:"origin"`
	By       string           `json:"by,omitempty"`
	Paused   bool             `json:"paused"`
	Begun    bool             `json:"begun"` // a bot knows of it
	Filters  string           `json:"of"`
	Scope    string           `json:"scope"`
	Runs     []digestRunEntry `json:"runs"`
}

type digestRunEntry struct {
	Due    string `json:"due"`
	State  string `json:"state"`
	At     string `json:"at"`
	Why    string `json:"why,omitempty"`
	Days   string `json:"days,omitempty"`
	Answer string `json:"answer,omitempty"`
}

// shownRuns is how many of the last runs of each subscription are listed.
const shownRuns = 10

func (a *app) digestList() *cobra.Command {
	var o struct{ json, runs bool }
	c := &cobra.Command{
		Use:   "list",
		Short: "List the subscriptions, when each is due next, and what became of the last ones",
		Args:  exactArgs(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			ctx := c.Context()
			st, err := a.open(ctx)
			if err != nil {
				return err
			}
			defer st.Close()
			policy, err := a.policy(st.Dir())
			if err != nil {
				return err
			}
			list, err := a.digests(ctx, st, policy)
			if err != nil {
				return err
			}
			rows := []digestRow{}
			for _, d := range list {
				r, err := a.digestRow(ctx, st, d)
				if err != nil {
					return err
				}
				rows = append(rows, r)
			}
			if o.json {
				return encode(a.stdout, rows)
			}
			a.printDigests(rows, o.runs)
			return nil
		},
	}
	c.Flags().BoolVar(&o.runs, "runs", false, "list the last times each was due")
	c.Flags().BoolVar(&o.json, "json", false, "print as JSON")
	return c
}

func (a *app) digestRow(ctx context.Context, st *opened, d state.Digest) (digestRow, error) {
	r := digestRow{ID: d.ID, Channel: d.Channel, Kind: d.Kind, Schedule: d.Spec, Zone: d.Zone, Origin: string(d.Origin), By: d.By, Paused: !d.Paused.IsZero(), Begun: !d.Created.IsZero(),
		Filters: analysis.ScopeWords(d.Filters), Scope: analysis.ScopeWords(d.Scope), Runs: []digestRunEntry{}}
	s, err := digest.ParseSchedule(d.Spec, d.Zone)
	if err != nil {
		return r, err
	}
	if next := s.Next(a.now); !r.Paused && !next.IsZero() {
		r.Next = next.In(s.Zone).Format(time.RFC3339)
	}
	runs, err := st.state.DigestRuns(ctx, d.ID, shownRuns)
	if err != nil {
		return r, err
	}
	for _, x := range runs {
		e := digestRunEntry{Due: x.Due.In(s.Zone).Format(time.RFC3339), State: string(x.State), At: x.At.UTC().Format(time.RFC3339), Why: x.Why, Answer: x.Answer}
		if !x.Days.IsZero() {
			e.Days = x.Days.String()
		}
		r.Runs = append(r.Runs, e)
	}
	return r, nil
}

func (a *app) printDigests(rows []digestRow, runs bool) {
	if len(rows) == 0 {
		fmt.Fprintf(a.stdout, "No channel is sent a digest: `%s digest subscribe weekly` in Slack subscribes one, and so does \"digests:\" in the configuration.\n", a.cfg.Slack.Command)
		return
	}
	t := newTable("id", "channel", "digest", "of", "schedule", "next", "last")
	for _, r := range rows {
		next, last := r.Next, "none yet"
		if at, err := time.Parse(time.RFC3339, r.Next); err == nil {
			next = at.Format("Mon 2 Jan 15:04")
		}
		switch {
		case r.Paused:
			next = "paused"
		case !r.Begun:
			next += " (no bot has begun)"
		}
		if len(r.Runs) > 0 {
			last = runText(r.Runs[0])
		}
		schedule := r.Schedule + " " + r.Zone
		if s, err := digest.ParseSchedule(r.Schedule, r.Zone); err == nil {
			schedule = s.Words()
		}
		of := r.Filters
		if r.Scope != analysis.ScopeWords(nil) {
			of += ", within " + r.Scope
		}
		t.AppendRow(table.Row{r.ID, r.Channel, r.Kind, of, schedule, next, last})
	}
	printTable(a.stdout, t)
	if !runs {
		return
	}
	for _, r := range rows {
		fmt.Fprintf(a.stdout, "\n%s, %s in %s\n", r.ID, r.Kind, render.Clean(r.Channel))
		for _, x := range r.Runs {
			fmt.Fprintf(a.stdout, "  %s  %s\n", x.Due, render.Clean(runText(x)))
		}
	}
}

// runText says what became of a run: "delivered Q-7F3K2M, due Monday 09:00".
func runText(x digestRunEntry) string {
	s := x.State
	if x.State == string(state.DigestWaiting) {
		s += " for " + x.Why
		return s
	}
	if x.Answer != "" {
		s += " " + x.Answer
	}
	if x.Why != "" {
		s += ", " + x.Why
	}
	return s
}
