package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/desk"
	"spendbot/analysis/store"
	"spendbot/bot/access"
	"spendbot/bot/digest"
	"spendbot/bot/secret"
	"spendbot/bot/slack"
	"spendbot/bot/slack/blocks"
	"spendbot/bot/state"
)

// digestsLooked is how often it is looked whether a digest is due.
const digestsLooked = 15 * time.Second

// watchDigests sends digests as they become due, until the context ends.
func (b *Bot) watchDigests(ctx context.Context) {
	configured := false
	t := time.NewTicker(digestsLooked)
	defer t.Stop()
	for {
		var err error
		if !configured {
			err = b.configureDigests(ctx)
			configured = err == nil
		}
		if err = errors.Join(err, b.Digests(ctx)); err != nil && ctx.Err() == nil {
			b.log.Error("digests not all sent", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// configureDigests makes the subscriptions of the configuration those that are kept.
func (b *Bot) configureDigests(ctx context.Context) error {
	list := slices.Clone(b.opts.Digests)
	for i := range list {
		list[i].Team = b.slack.Self().Team
	}
	return b.db.SyncDigests(ctx, list, b.opts.Today())
}

// Digests sends what is due, and follows up what was sent. What it decides is kept together with what it sends, so that neither a
// kill nor a second process sends a digest twice or not at all; done again it goes on where it was.
func (b *Bot) Digests(ctx context.Context) error {
	list, err := b.db.Digests(ctx, "")
	if err != nil {
		return err
	}
	var errs []error
	for _, d := range list {
		if d.Paused.IsZero() {
			if err := guarded(func() error { return b.digestDue(ctx, d) }); err != nil {
				errs = append(errs, fmt.Errorf("digest %s: %w", d.ID, err))
			}
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(append(errs, b.digestsArrived(ctx))...)
}

// digestDue deals with a subscription that may be due.
func (b *Bot) digestDue(ctx context.Context, d state.Digest) error {
	s, err := digest.ParseSchedule(d.Spec, d.Zone)
	if err != nil {
		return err
	}
	now, kind := b.opts.Today(), digest.Kind(d.Kind)
	due := s.Missed(d.Since, now, kind, digest.Limits{Wait: d.Wait, DropAfter: d.DropAfter})
	if len(due) == 0 {
		return nil
	}
	last := due[len(due)-1]
	var runs []state.DigestRun
	for _, x := range due[:len(due)-1] {
		runs = append(runs, state.DigestRun{Digest: d.ID, Due: x.At, State: state.DigestDropped, Channel: d.Channel, Why: "missed: the next one was due before it could be sent"})
	}
	run := state.DigestRun{Digest: d.ID, Due: last.At, Channel: d.Channel}
	if last.Stale {
		run.State, run.Why = state.DigestDropped, "too old: "+spanWords(now.Sub(last.At))+" late"
		if waited := b.digestWaited(ctx, run); waited != "" {
			run.Why += "; it had waited for " + waited
		}
		done, err := b.db.DecideDigest(ctx, d, append(runs, run), nil, nil, now)
		if done {
			b.log.Warn("a digest is dropped", "digest", d.ID, "kind", d.Kind, "due", last.At, "why", run.Why)
		}
		return err
	}
	wait := func(why string) error {
		if b.digestWaited(ctx, run) == why {
			return nil
		}
		run.Why = why
		b.log.Info("a digest waits", "digest", d.ID, "kind", d.Kind, "due", last.At, "for", why)
		return b.db.DigestWaits(ctx, run, now)
	}
	m, a, why, err := b.digest(ctx, d, s, last, now, &run)
	if errors.Is(err, errPaused) {
		return nil
	}
	if err != nil {
		return errors.Join(wait("a failure to pass: "+secret.Scrub(err.Error())), err)
	}
	if why != "" {
		return wait(why)
	}
	o := slack.Outgoing{Text: m.Text}
	if o.Blocks, err = json.Marshal(m.Blocks); err != nil {
		return fmt.Errorf("message blocks: %w", err)
	}
	if a != nil {
		o.Answer, run.Answer = a.ID, a.ID
	}
	run.State, run.Post = state.DigestPosted, strings.Join([]string{"digest", d.ID, last.At.UTC().Format(time.RFC3339)}, "/")
	p, err := o.Post(run.Post, "", slack.MethodPost, run.Channel, "", "")
	if err != nil {
		return err
	}
	done, err := b.db.DecideDigest(ctx, d, append(runs, run), a, &p, now)
	if err != nil || !done {
		return err // done by another process, or no longer wanted
	}
	b.log.Info("a digest is sent", "digest", d.ID, "kind", d.Kind, "due", last.At, "channel", run.Channel, "answer", run.Answer)
	b.sender.Wake()
	if b.opts.Kept != nil && a != nil {
		b.opts.Kept(ctx, a)
	}
	return nil
}

// digestWaited is what a run has waited for; "" where it has not.
func (b *Bot) digestWaited(ctx context.Context, r state.DigestRun) string {
	list, err := b.db.DigestRuns(ctx, r.Digest, 1)
	if err != nil || len(list) == 0 || !list[0].Due.Equal(r.Due) || list[0].State != state.DigestWaiting {
		return ""
	}
	return list[0].Why
}

// digest makes the message of a digest that is due, with its answer; or says what it has to wait for. It sets the run's channel and days.
func (b *Bot) digest(ctx context.Context, d state.Digest, s digest.Schedule, due digest.Due, now time.Time, run *state.DigestRun) (m blocks.Message, a *analysis.Answer, why string, err error) {
	place, why, err := b.digestPlace(ctx, d)
	if err != nil || why != "" {
		return m, nil, why, err
	}
	run.Channel = place.ID
	scope, gone, why, err := b.digestScope(ctx, d, place)
	if err != nil || why != "" {
		return m, nil, why, err
	}
	if gone != "" {
		return m, nil, "", b.digestEnds(ctx, d, place, gone, now)
	}
	kind := digest.Kind(d.Kind)
	p, missing, fresh, err := b.digestPlan(ctx, d, s, due.At, scope)
	if errors.Is(err, store.ErrEmpty) {
		return m, nil, "the first bills", nil
	}
	if err != nil {
		return m, nil, "", err
	}
	waits := len(missing) > 0
	if kind == digest.Daily {
		waits = !fresh
	}
	if waits && now.Before(due.WaitUntil) {
		return m, nil, "the bills of " + ThroughWords(missing), nil
	}
	late := s.LateWord(due.At, now)
	if kind == digest.Daily && !fresh {
		text := "No day is complete that I have not told of."
		if len(missing) > 0 {
			text += " Still to come: the bills of " + ThroughWords(missing) + "."
		}
		if late != "" {
			text += " (" + late + ")"
		}
		return blocks.Note(text), nil, "", nil
	}
	run.Days, run.Why = p.Current, late
	id, err := b.db.NewID(ctx)
	if err != nil {
		return m, nil, "", err
	}
	a, err = b.desk.Answer(ctx, id, desk.Question{Text: d.Kind + " digest", Plan: &p, Scope: scope, Now: now})
	if err != nil {
		return m, nil, "", err
	}
	note := late
	if kind != digest.Daily && len(missing) > 0 {
		note = strings.TrimPrefix(note+"; not complete: "+ThroughWords(missing), "; ")
	}
	return blocks.Digest(a, blocks.DigestOptions{Note: note, File: kind == digest.Monthly}), a, "", nil
}

// ThroughWords names providers and how far they are complete: "Microsoft (complete through 21 Nov)".
func ThroughWords(list []analysis.ProviderThrough) string {
	said := make([]string, len(list))
	for i, t := range list {
		said[i] = t.Provider + " (complete through " + t.Day.Format("2 Jan") + ")"
	}
	if len(said) == 0 {
		return "a new day"
	}
	return strings.Join(said, ", ")
}

// digestPlace is the channel of a subscription, or what has to happen before something can be posted there.
func (b *Bot) digestPlace(ctx context.Context, d state.Digest) (place slack.Place, why string, err error) {
	id := d.Channel
	if name, named := strings.CutPrefix(d.Channel, "#"); named {
		list, err := b.slack.Channels(ctx)
		if err != nil {
			return place, "", err
		}
		i := slices.IndexFunc(list, func(p slack.Place) bool { return strings.EqualFold(p.Name, name) })
		if i < 0 {
			return place, "an invitation to #" + name, nil
		}
		id = list[i].ID
	}
	if place, err = b.slack.Place(ctx, id); err != nil {
		return place, "", err
	}
	switch {
	case place.Archived:
		return place, "the channel to be in use again: it is archived", nil
	case !place.Direct && !place.Member:
		return place, "an invitation to the channel", nil
	}
	return place, "", nil
}

// digestScope is what a digest may tell in its channel now. gone says why somebody's subscription may tell it no longer: they have left, or may
// see less than they subscribed the channel to.
func (b *Bot) digestScope(ctx context.Context, d state.Digest, place slack.Place) (scope []analysis.Filter, gone, why string, err error) {
	if d.Origin == state.DigestConfigured {
		may, ok, reason := b.policy.Posts(access.Place{Channel: place.ID, Name: place.Name, Direct: place.Direct, Shared: place.Shared})
		if ok {
			if scope, ok = access.Both(d.Scope, may); !ok {
				reason = "what may be said in the channel and the digest's scope have nothing in common"
			}
		}
		if !ok {
			return nil, "", "a change of the rules: " + reason, nil
		}
		return scope, "", "", nil
	}
	g, err := b.grant(ctx, slack.Event{Team: d.Team, User: d.By, Channel: place.ID}, place)
	switch {
	case err != nil:
		return nil, "", "", err
	case !g.Allowed:
		return nil, "whoever subscribed it may no longer ask here", "", nil
	case !analysis.ScopeCovers(g.Scope, d.Scope):
		return nil, "what may be seen here is less than it was when it was subscribed", "", nil
	}
	return d.Scope, "", "", nil
}

// digestEnds pauses a subscription that may tell no longer what it told, and says so in its channel.
func (b *Bot) digestEnds(ctx context.Context, d state.Digest, place slack.Place, why string, now time.Time) error {
	m := blocks.Note("The " + d.Kind + " digest here is paused: " + why + ". A member of this channel can subscribe it again: `" + b.opts.Command + " digest subscribe " + d.Kind + "`")
	o := slack.Outgoing{Text: m.Text}
	var err error
	if o.Blocks, err = json.Marshal(m.Blocks); err != nil {
		return fmt.Errorf("message blocks: %w", err)
	}
	p, err := o.Post(strings.Join([]string{"digest", d.ID, "paused", d.Since.UTC().Format(time.RFC3339)}, "/"), "", slack.MethodPost, place.ID, "", "")
	if err != nil {
		return err
	}
	changed, err := b.db.ChangeDigest(ctx, d.ID, state.DigestPause, "", why, now, p)
	if changed {
		b.log.Warn("a digest is paused", "digest", d.ID, "why", why)
		b.sender.Wake()
	}
	if err == nil {
		err = errPaused
	}
	return err
}

// errPaused ends the making of a digest that was paused meanwhile; it is no failure.
var errPaused = errors.New("the subscription is paused")

// digestPlan is [DigestPlan] with what the bot has.
func (b *Bot) digestPlan(ctx context.Context, d state.Digest, s digest.Schedule, at time.Time, scope []analysis.Filter) (p analysis.Plan, missing []analysis.ProviderThrough, fresh bool, err error) {
	told := time.Time{}
	if d.ID != "" && d.Kind == string(digest.Daily) {
		if told, err = b.db.LastDigestDay(ctx, d.ID); err != nil {
			return p, nil, false, err
		}
	}
	return DigestPlan(ctx, b.desk, d, s, at, scope, b.opts.WeekStart, told)
}

// DigestPlan is the plan of a digest due at a moment, with the providers that are not complete for it. weekStart is the weekday that weeks
// begin on, Monday where it is nil. fresh is false for a daily digest whose newest complete day is not after told.
func DigestPlan(ctx context.Context, dk *desk.Desk, d state.Digest, s digest.Schedule, at time.Time, scope []analysis.Filter, weekStart *time.Weekday, told time.Time) (p analysis.Plan, missing []analysis.ProviderThrough, fresh bool, err error) {
	sv, err := dk.Survey(ctx, scope)
	if err != nil {
		return p, nil, false, err
	}
	var through []analysis.ProviderThrough
	for _, t := range sv.Daily() {
		if concerns(d.Filters, t.Provider) {
			through = append(through, t)
		}
	}
	week := time.Monday
	if weekStart != nil {
		week = *weekStart
	}
	kind := digest.Kind(d.Kind)
	current, baseline := s.Periods(kind, at, week)
	missing, fresh = digest.Incomplete(through, current), true
	if kind == digest.Daily {
		current, baseline, fresh = digest.DayFor(current, through, told)
	}
	return analysis.Plan{Intent: analysis.Digest, Topic: d.Kind, Metric: analysis.Effective, Current: current, Baseline: &baseline, Filters: append([]analysis.Filter{}, d.Filters...),
		Scope: scope, GroupBy: []analysis.Dimension{}}, missing, fresh, nil
}

// concerns reports whether filters leave a provider in.
func concerns(filters []analysis.Filter, provider string) bool {
	for _, f := range filters {
		if f.Dimension == analysis.DimProvider && slices.Contains(f.Values, provider) == f.Not {
			return false
		}
	}
	return true
}

// digestsArrived follows up what was posted: once it is in Slack its file follows in its thread, and what is asked there goes on from it.
func (b *Bot) digestsArrived(ctx context.Context) error {
	list, err := b.db.PostedDigests(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range list {
		p, err := b.db.PostByKey(ctx, r.Post)
		var follow []state.Post
		switch {
		case errors.Is(err, fs.ErrNotExist):
			r.State, r.Why = state.DigestDelivered, "its post is kept no longer"
			r.Answer = "" // the thread is not known
		case err != nil:
			errs = append(errs, err)
			continue
		case p.State == state.Failed:
			r.State, r.Why = state.DigestFailed, p.LastError
		case p.State == state.Sent:
			r.State, r.Thread = state.DigestDelivered, p.TS
			if f, err := b.digestFile(ctx, r, p); err != nil {
				errs = append(errs, err)
			} else {
				follow = f
			}
		default:
			continue
		}
		if err := b.db.DigestArrived(ctx, r, b.slack.Self().Team, follow, b.opts.Now()); err != nil {
			errs = append(errs, err)
			continue
		}
		if len(follow) > 0 {
			b.sender.Wake()
		}
	}
	return errors.Join(errs...)
}

// digestFile is the file that follows a digest in its thread: a month's close pack, whole.
func (b *Bot) digestFile(ctx context.Context, r state.DigestRun, p *state.Post) ([]state.Post, error) {
	if r.Answer == "" {
		return nil, nil
	}
	s, err := b.db.Answer(ctx, r.Answer)
	if err != nil {
		return nil, err
	}
	if s.Answer.Reading.Topic != string(digest.Monthly) {
		return nil, nil
	}
	title := "Close pack of " + s.Answer.Reading.Current.Start.Format("January 2006")
	o := slack.Outgoing{Answer: r.Answer, File: fileMarkdown, Name: r.Answer + ".md", Title: title, Alt: title}
	post, err := o.Post(r.Post+"/file", "", slack.MethodFile, r.Channel, p.TS, "")
	return []state.Post{post}, err
}
