package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/desk"
	"spendbot/analysis/saving"
	"spendbot/analysis/store"
	"spendbot/bot/backlog"
	"spendbot/bot/incident"
	"spendbot/bot/jira"
	"spendbot/bot/jira/wiki"
	"spendbot/bot/slack/blocks"
	"spendbot/bot/state"
	"spendbot/bot/ticket"
	"spendbot/runbooks"
)

// verifyFor is how long a fix is held against the bill after it was done: long enough for it to regress.
const verifyFor = 90 * 24 * time.Hour

// VerifySavings holds the fixes of tickets that are done against the newest bill, and tells what has changed of it, once.
func (b *Bot) VerifySavings(ctx context.Context) error {
	list, err := b.db.Tickets(ctx, state.TicketFilter{States: []state.TicketState{state.TicketDone}})
	if err != nil || len(list) == 0 {
		return err
	}
	kept, err := b.db.Savings(ctx)
	if err != nil {
		return err
	}
	return b.desk.Look(ctx, func(ctx context.Context, l desk.Look) error {
		var errs []error
		for _, k := range list {
			if b.opts.Today().Sub(k.Finished) > verifyFor || kept[k.ID].Snapshot == l.Snapshot || !strings.HasPrefix(k.Subject, "I-") {
				continue
			}
			in, err := b.db.Incident(ctx, k.Subject)
			if err == nil {
				err = b.verify(ctx, l, k, in, kept[k.ID])
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("saving of %s: %w", k.ID, err))
			}
		}
		return errors.Join(errs...)
	})
}

// fixOf is the case of a ticket's fix: the incident's days before, and from the first whole day on which it was in force.
func fixOf(k state.Ticket, in state.Incident, proved analysis.Amount) saving.Case {
	c := saving.Case{Slice: in.Filters, Resources: k.Resources, From: in.Onset, Since: k.Finished.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1), Low: k.Low, High: k.High, Currency: in.Currency, Proved: proved, Anomaly: !in.NewLevel && in.Resolution != incident.NewLevel}
	if in.Resolution == incident.Back && !in.ResolvedDay.IsZero() && in.ResolvedDay.Before(c.Since) { // the fix came before its ticket was closed
		c.Since = in.ResolvedDay
	}
	if !in.ContainedDay.IsZero() && in.ContainedDay.After(in.Onset) && in.ContainedDay.Before(c.Since) {
		c.Until = in.ContainedDay
	}
	return c
}

func (b *Bot) verify(ctx context.Context, l desk.Look, k state.Ticket, in state.Incident, before state.Saving) error {
	begin := b.opts.Now()
	c := fixOf(k, in, before.Proved)
	v, err := saving.Verify(ctx, l.Sight, l.Survey, c)
	if err != nil {
		b.log.Warn("a fix cannot be held against the bill", "ticket", k.ID, "key", k.Key, "error", err)
		v = &saving.Verdict{State: saving.NotSeen, Currency: in.Currency}
		if before.State != "" { // keep what was known
			return nil
		}
	}
	next := state.Saving{State: string(v.State), Since: c.Since, Snapshot: l.Snapshot, SavingFigures: state.SavingFigures{Wait: v.Wait, PerDay: v.PerDay(), Error: v.Error, Currency: v.Currency, Headline: v.Headline(), Proved: before.Proved}}
	if err != nil {
		next.Headline = "It cannot be held against the bill: " + err.Error() + "."
	}
	if v.Days() > 0 {
		next.Day = v.After.Last()
		next.Avoided = v.Avoided()
		if v.State.Proves() && next.PerDay.GreaterThan(next.Proved) {
			next.Proved = next.PerDay
		}
		id, err := b.db.NewID(ctx)
		if err != nil {
			return err
		}
		plan := analysis.Plan{Intent: analysis.ExplainChange, Metric: analysis.Effective, Current: v.After, Baseline: &v.Before, Filters: c.Slice, GroupBy: []analysis.Dimension{}}
		a := &analysis.Answer{ID: id, Asked: b.opts.Today().UTC(), Question: "what did " + cmp.Or(k.Key, k.ID) + " save?", Reading: plan, Caveats: []string{}, Trace: analysis.Trace{Snapshot: l.Snapshot, ChargesSnapshot: l.Charges, Queries: []analysis.QueryTrace{}}}
		v.Tell(a)
		for _, p := range l.Survey.Providers {
			a.Through = append(a.Through, analysis.ProviderThrough{Provider: p.Name, Day: p.Through})
		}
		if l.Caveat != "" {
			a.Caveats = append(a.Caveats, l.Caveat)
		}
		a.Trace.MS = float64(b.opts.Now().Sub(begin).Microseconds()) / 1000
		if err := b.keepAnswer(ctx, a, b.slack.Self().Team, "", k.Channel, analysis.ScopeKey(nil)); err != nil {
			return err
		}
		next.Answer = id
	}
	_, err = b.db.KeepSaving(ctx, k.ID, b.opts.Today(), func(kept state.Saving) (state.Saving, bool, []state.Post, error) {
		if kept.Snapshot == next.Snapshot {
			return kept, false, nil, nil // another process was first
		}
		spans(&next, kept, v.After.Start)
		if kept.State == next.State {
			return next, false, nil, nil
		}
		var posts []state.Post
		part := next.State + "/" + next.Day.Format(time.DateOnly)
		if next.State != string(saving.Verifying) {
			var err error
			if posts, err = b.ticketReply(&k, "saving/"+part, blocks.TicketNews{Kind: "saving", Detail: next.Headline, Answer: next.Answer}); err != nil {
				return next, false, nil, err
			}
		}
		if k.Key != "" && next.State != string(saving.Verifying) && b.opts.Tickets.Jira != nil {
			p, err := jira.Work{Body: savingWords(next, v)}.Post(k.ID+"/saving/"+part, jira.MethodComment, k.ID)
			if err != nil {
				return next, false, nil, err
			}
			posts = append(posts, p)
		}
		return next, true, posts, nil
	})
	b.sender.Wake()
	if b.tickets != nil {
		b.tickets.Wake()
	}
	return err
}

// spans sets over which days a saving counts as proved, by what was kept of it before: a stretch ends where it is no longer proved, or where its fix was made anew, and one of which nothing
// was seen before begins with the days on which it is, from "seen" on.
func spans(next *state.Saving, kept state.Saving, seen time.Time) {
	was, is := saving.State(kept.State).Proves(), saving.State(next.State).Proves()
	same := kept.Since.Equal(next.Since)
	next.From, next.Ended = time.Time{}, kept.Ended
	if was && (!is || !same) {
		next.Ended = append(slices.Clone(kept.Ended), state.SavingSpan{From: kept.From, To: kept.Day, PerDay: kept.PerDay, Avoided: kept.Avoided, Answer: kept.Answer})
	}
	switch {
	case !is:
	case was && same:
		next.From = kept.From
	case kept.State == "" || kept.State == string(saving.Verifying) || was:
		next.From = next.Since
	default: // nothing was seen of the days before
		next.From = seen
	}
	if n := len(next.Ended); is && n > 0 {
		next.From = analysis.Later(next.From, next.Ended[n-1].To.AddDate(0, 0, 1))
	}
}

// savingWords is a verdict as the ticket hears of it, in Jira's markup.
func savingWords(s state.Saving, v *saving.Verdict) string {
	parts := []string{wiki.Text(s.Headline)}
	if v.Days() > 0 {
		low, high := v.Range()
		parts = append(parts, wiki.Text(fmt.Sprintf("%d complete days from %s against %d from %s, at effective cost; between %s and %s a month by the noise of the days.", v.Days(), v.After.Start.Format("2 Jan"), v.Before.Days(), v.Before.Start.Format("2 Jan"),
			blocks.About(low, v.Currency), blocks.About(high, v.Currency))), wiki.Text("Answer "+s.Answer+": run it again with ")+wiki.Mono("spendbot trace "+s.Answer+" --rerun"))
	}
	return wiki.Doc("", parts...)
}

// Opportunities are what could be saved, of all incidents that cost more than expected and lie within a scope: with their tickets, what the bill says of these, and the effort and
// risk of their runbooks.
func Opportunities(ctx context.Context, db *state.DB, books *runbooks.Library, scope []analysis.Filter) ([]backlog.Opportunity, error) {
	all, err := db.Incidents(ctx, state.IncidentFilter{})
	if err != nil {
		return nil, err
	}
	tickets, err := db.Tickets(ctx, state.TicketFilter{})
	if err != nil {
		return nil, err
	}
	savings, err := db.Savings(ctx)
	if err != nil {
		return nil, err
	}
	last := map[string]state.Ticket{}
	for _, k := range tickets {
		last[k.Subject] = k
	}
	var out []backlog.Opportunity
	for _, in := range all {
		if in.Excess.IsNegative() || strings.HasPrefix(in.Resolution, incident.MergedFor) || in.Resolution == incident.Restated || !analysis.ScopeCovers(scope, in.Filters) {
			continue
		}
		k, has := last[in.ID]
		if !has && !in.Open {
			continue // it ended, and nobody had anything to do with it
		}
		o := opportunityOf(in, k, has, savings[k.ID])
		if o.Basis != backlog.Measured { // as its ticket has it, or would
			_, bridge, expected, err := expectedOf(ctx, db, in)
			if err != nil {
				return nil, err
			}
			o.Confidence = expected.Confidence
			if !has {
				o.Series = about(in, ticket.Carriers(bridge))
			}
			if k.High.Sign() <= 0 {
				o.Low, o.High = expected.Low, expected.High
			}
		}
		if r, ok := books.Get(in.Runbook); ok {
			o.Effort, o.Risk = backlog.Effort(r.Front.Effort), backlog.Risk(r.Front.Risk)
		}
		out = append(out, o)
	}
	return out, nil
}

func opportunityOf(in state.Incident, k state.Ticket, has bool, s state.Saving) backlog.Opportunity {
	o := backlog.Opportunity{ID: in.ID, Title: in.Title, Team: in.Team, Category: in.Runbook, Series: about(in, k.Resources), Currency: in.Currency, Basis: backlog.Effective, Since: in.Opened, State: backlog.Found,
		Answer: in.Answer, Touched: in.Changed}
	if !has {
		return o
	}
	o.Ticket, o.Assignee, o.Asked, o.Touched, o.Finished = cmp.Or(k.Key, k.ID), k.Assignee, k.Created, k.Changed, k.Finished
	if k.High.Sign() > 0 {
		o.Low, o.High = k.Low, k.High
	}
	if d, err := time.Parse(time.DateOnly, k.Due); err == nil {
		o.Due = d
	}
	switch k.State {
	case state.TicketQueued:
		o.State = backlog.Queued
	case state.TicketRejected:
		o.State = backlog.Declined
	case state.TicketGone:
		o.State = backlog.Found
	case state.TicketDone:
		o.State = backlog.Verifying
		if s.State != "" {
			o.State = backlog.State(s.State)
		}
		if saving.State(s.State).Proves() {
			o.Low, o.High, o.Basis, o.Answer, o.Confidence = analysis.Monthly(s.PerDay), analysis.Monthly(s.PerDay), backlog.Measured, s.Answer, analysis.High
		}
	default:
		o.State = backlog.Expected
		if k.Category == string(jira.InProgress) {
			o.State = backlog.InProgress
		}
	}
	return o
}

// Proofs are the fixes that are or were proved on the bill, with the days over which they were, within a scope.
func Proofs(ctx context.Context, db *state.DB, scope []analysis.Filter) ([]backlog.Proof, error) {
	savings, err := db.Savings(ctx)
	if err != nil {
		return nil, err
	}
	tickets, err := db.Tickets(ctx, state.TicketFilter{})
	if err != nil {
		return nil, err
	}
	var out []backlog.Proof
	for _, k := range tickets {
		s, ok := savings[k.ID]
		if !ok {
			continue
		}
		list := s.Ended
		now := saving.State(s.State).Proves() && !s.Day.IsZero()
		if now {
			list = append(slices.Clone(list), state.SavingSpan{From: s.From, To: s.Day, PerDay: s.PerDay, Avoided: s.Avoided, Answer: s.Answer})
		}
		if len(list) == 0 {
			continue
		}
		in, err := db.Incident(ctx, k.Subject)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if !analysis.ScopeCovers(scope, in.Filters) {
			continue
		}
		for i, x := range list {
			out = append(out, backlog.Proof{ID: k.Subject, Ticket: cmp.Or(k.Key, k.ID), Team: in.Team, Category: in.Runbook, About: about(in, k.Resources), From: x.From, To: x.To,
				PerDay: x.PerDay, Avoided: x.Avoided, Currency: s.Currency, Answer: x.Answer, Now: now && i == len(list)-1})
		}
	}
	return out, nil
}

// about is what an opportunity is about, for what must not be counted twice: its series, whatever their direction, and the resources that carry it.
func about(in state.Incident, resources []string) []string {
	out := slices.Clone(in.Series)
	for _, p := range in.Parts {
		out = append(out, p.Key)
	}
	for _, r := range resources {
		out = append(out, "resource "+r)
	}
	return out
}

// backlogList deals with /spend backlog [team].
func (b *Bot) backlogList(ctx context.Context, t *talk, team string) (string, error) {
	list, err := Opportunities(ctx, b.db, b.books(), t.grant.Scope)
	if err != nil {
		return "", err
	}
	if team = strings.TrimSpace(strings.TrimPrefix(strings.ToLower(team), "team ")); team != "" {
		list = slices.DeleteFunc(list, func(o backlog.Opportunity) bool { return !strings.EqualFold(o.Team, team) })
	}
	ranked := backlog.Rank(list)
	if err := b.say(ctx, t, partAnswer, blocks.Backlog(ranked, blocks.BacklogOptions{Team: team, Totals: backlog.Sum(ranked), Command: b.opts.Command, Browse: b.browser(), Now: b.opts.Today()})); err != nil {
		return "", err
	}
	return answered, b.audit(ctx, t, "", answered, "")
}

// browser is how tickets are linked; nil where Jira is not connected.
func (b *Bot) browser() func(string) string {
	if b.opts.Tickets.Jira == nil {
		return nil
	}
	return b.browse
}

// nextOne deals with /spend next [team]: the one thing that is worth most for a day of work and that nobody has begun.
func (b *Bot) nextOne(ctx context.Context, t *talk, team string) (string, error) {
	list, err := Opportunities(ctx, b.db, b.books(), t.grant.Scope)
	if err != nil {
		return "", err
	}
	team = strings.TrimSpace(strings.TrimPrefix(strings.ToLower(team), "team "))
	ranked := backlog.Rank(list)
	next, ok := backlog.Next(ranked, team)
	if !ok {
		return b.noted(ctx, t, "Nothing waits to be begun.", answered, "")
	}
	if err := b.say(ctx, t, partAnswer, blocks.Backlog([]backlog.Opportunity{next}, blocks.BacklogOptions{Team: team, Totals: backlog.Sum([]backlog.Opportunity{next}), Command: b.opts.Command, Browse: b.browser(), Now: b.opts.Today()})); err != nil {
		return "", err
	}
	return answered, b.audit(ctx, t, next.Answer, answered, "")
}

// savings deals with /spend savings.
func (b *Bot) savings(ctx context.Context, t *talk, _ string) (string, error) {
	proofs, err := Proofs(ctx, b.db, t.grant.Scope)
	if err != nil {
		return "", err
	}
	kept, err := b.db.Savings(ctx)
	if err != nil {
		return "", err
	}
	tickets, err := b.db.Tickets(ctx, state.TicketFilter{})
	if err != nil {
		return "", err
	}
	var rows []blocks.SavingRow
	for _, k := range slices.Backward(tickets) {
		s, ok := kept[k.ID]
		if !ok {
			continue
		}
		if in, err := b.db.Incident(ctx, k.Subject); err != nil || !analysis.ScopeCovers(t.grant.Scope, in.Filters) {
			continue
		}
		rows = append(rows, blocks.SavingRow{Ticket: k, Saving: s})
	}
	months := backlog.Realized(proofs)
	if err := b.say(ctx, t, partAnswer, blocks.Savings(rows, blocks.SavingsOptions{Months: months, Totals: backlog.Summed(months, proofs), Browse: b.browser()})); err != nil {
		return "", err
	}
	return answered, b.audit(ctx, t, "", answered, "")
}

// ticketCommand deals with /spend ticket I-7F3K2M.
func (b *Bot) ticketCommand(ctx context.Context, t *talk, rest string) (string, error) {
	id := strings.ToUpper(strings.TrimSpace(rest))
	if id == "" {
		return b.noted(ctx, t, "Of which incident? `"+b.opts.Command+" ticket I-7F3K2M`; `"+b.opts.Command+" incidents` lists them.", ignored, "")
	}
	if !strings.HasPrefix(id, "I-") {
		id = "I-" + id
	}
	return b.ticketAt(ctx, t.Event, "command", id)
}

// groom asks about tickets that lie, in their threads, once a week each.
func (b *Bot) groom(ctx context.Context) error {
	list, err := Opportunities(ctx, b.db, b.books(), nil)
	if err != nil {
		return err
	}
	now := b.opts.Today()
	if b.opts.Incidents.Quiet.Next(now).After(now) {
		return nil
	}
	var errs []error
	for _, o := range list {
		k, err := b.lastTicket(ctx, o.ID)
		if err != nil || k == nil {
			continue
		}
		asked, _ := time.Parse(time.RFC3339, k.Said["groomed"])
		why := backlog.Groom(o, asked, now)
		if why == "" {
			continue
		}
		_, err = b.db.ChangeTicket(ctx, k.ID, now, func(k *state.Ticket) (state.TicketStep, error) {
			if was, _ := time.Parse(time.RFC3339, k.Said["groomed"]); !was.Equal(asked) {
				return state.TicketStep{}, nil // another process was first
			}
			k.Said["groomed"] = now.UTC().Format(time.RFC3339)
			posts, err := b.ticketReply(k, "groom/"+now.UTC().Format(time.DateOnly), blocks.TicketNews{Kind: "groom", Detail: string(why)})
			return state.TicketStep{Posts: posts}, err
		})
		errs = append(errs, err)
	}
	b.sender.Wake()
	return errors.Join(errs...)
}

// watchSavings holds fixes against each new snapshot, and asks about what lies, until the context ends.
func (b *Bot) watchSavings(ctx context.Context) {
	t := time.NewTicker(ticketsPoll)
	defer t.Stop()
	var seen int64
	var again, groomed time.Time
	for {
		now := b.opts.Now()
		newest, err := b.desk.Newest(ctx)
		if err == nil && newest != seen && !now.Before(again) {
			if err := guarded(func() error { return b.VerifySavings(ctx) }); err == nil || errors.Is(err, store.ErrEmpty) {
				seen = newest
			} else if ctx.Err() == nil {
				b.log.Error("savings not verified; trying again", "error", err)
				again = now.Add(againMost)
			}
		}
		if now.Sub(groomed) >= time.Hour {
			if err := guarded(func() error { return b.groom(ctx) }); err != nil && ctx.Err() == nil {
				b.log.Error("the backlog was not looked through", "error", err)
			}
			groomed = now
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}
