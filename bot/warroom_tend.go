package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/desk"
	"spendbot/bot/declared"
	"spendbot/bot/slack"
	"spendbot/bot/slack/blocks"
	"spendbot/bot/state"
)

// How often declared incidents are tended, and how long one that cannot be is let alone.
const (
	tendEvery = time.Second
	tendAgain = 30 * time.Second
)

// watchDeclared tends the declared incidents until the context ends.
func (b *Bot) watchDeclared(ctx context.Context) {
	t := time.NewTicker(tendEvery)
	defer t.Stop()
	again := map[string]time.Time{}
	for {
		list, err := b.db.DeclaredIncidents(ctx, state.DeclaredFilter{Active: true})
		if err != nil && ctx.Err() == nil {
			b.log.Error("declared incidents not read", "error", err)
		}
		for _, d := range list {
			if b.opts.Now().Before(again[d.ID]) {
				continue
			}
			delete(again, d.ID)
			if err := guarded(func() error { return b.tend(ctx, d) }); err != nil && ctx.Err() == nil {
				b.log.Error("declared incident not tended; trying again", "declared", d.ID, "error", err)
				again[d.ID] = b.opts.Now().Add(tendAgain)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// TendDeclared tends every declared incident once: it takes over what became of its posts, and does what is due by now.
func (b *Bot) TendDeclared(ctx context.Context) error {
	list, err := b.db.DeclaredIncidents(ctx, state.DeclaredFilter{Active: true})
	for _, d := range list {
		err = errors.Join(err, b.tend(ctx, d))
	}
	return err
}

// tend brings a declared incident up to date. Each step is one transaction of state and posts that looks first whether it was done; several processes may tend one.
func (b *Bot) tend(ctx context.Context, d state.Declared) error {
	if d.Channel == "" {
		if !d.Open {
			return nil // it could not be opened
		}
		return b.opening(ctx, d)
	}
	if err := b.notice(ctx, &d); err != nil {
		return err
	}
	if d.Open {
		if err := b.status(ctx, &d); err != nil {
			return err
		}
	}
	if err := b.recard(ctx, &d); err != nil {
		return err
	}
	if err := b.reroot(ctx, &d); err != nil {
		return err
	}
	return b.archive(ctx, d)
}

// lookInto looks at the bill: what the slice cost day by day, in an answer that can be traced, with what that means for the exposure. What was expected and how it goes on is the
// incident's own estimate, where there is an incident. Without a bill there is no answer, and no figure.
func (b *Bot) lookInto(ctx context.Context, d state.Declared) (state.DeclaredExposure, *analysis.Answer, error) {
	now := b.opts.Today()
	l := state.DeclaredExposure{At: now, Through: d.Onset.AddDate(0, 0, -1)}
	id, err := b.db.NewID(ctx)
	if err != nil {
		return l, nil, err
	}
	plan := analysis.Plan{Intent: analysis.Breakdown, Metric: analysis.Effective, Grain: analysis.ByDay, Filters: d.Filters,
		Current: analysis.NewPeriod(declared.First(d.Onset), analysis.DayOf(now))}
	if !plan.Current.End.After(plan.Current.Start) {
		plan.Current.End = plan.Current.Start.AddDate(0, 0, 1)
	}
	a, err := b.price(ctx, id, desk.Question{Text: "what " + d.Title + " cost day by day", Plan: &plan, Now: now})
	if err != nil {
		return l, nil, fmt.Errorf("what %s costs: %w", d.ID, err)
	}
	l.Answer, l.Currency = a.ID, a.Currency
	if d.Incident != "" {
		in, err := b.db.Incident(ctx, d.Incident)
		if err != nil {
			return l, nil, err
		}
		l = declared.FromIncident(l, in)
	} else {
		l = declared.FromDays(l, d.Onset, daysOf(a))
	}
	x := declared.Expose(l, d.ContainedAt, d.ContainedRate, now)
	a.Headline = x.Sentence(d.Title)
	a.Parts = append([]analysis.Part{{Table: x.Table()}}, a.Parts...)
	a.Caveats = append(a.Caveats, "Exposure of "+d.ID+": "+x.Small()+". What is said of days after the bill's is an estimate.")
	a.Actions = nil
	return l, a, nil
}

// daysOf are the days of an answer's series; those after its providers' last complete day are not known.
func daysOf(a *analysis.Answer) []declared.Day {
	var through time.Time
	for _, p := range a.Through {
		if through.IsZero() || p.Day.Before(through) {
			through = p.Day
		}
	}
	var out []declared.Day
	for _, p := range a.Parts {
		if p.Series == nil || len(p.Series.Lines) == 0 {
			continue
		}
		for i, day := range p.Series.Days {
			x := declared.Day{Day: day}
			if v := p.Series.Lines[0].Values[i]; v != nil && (through.IsZero() || !day.After(through)) {
				x.Cost, x.Known = *v, true
			}
			out = append(out, x)
		}
		break
	}
	return out
}

// exposure is the last look at a moment.
func exposure(d state.Declared, now time.Time) declared.Exposure {
	l := state.DeclaredExposure{Through: d.Onset.AddDate(0, 0, -1)}
	if d.Look != nil {
		l = *d.Look
	}
	if !d.Open {
		now = d.ClosedAt // it stays as it was when it was closed
	}
	return declared.Expose(l, d.ContainedAt, d.ContainedRate, now)
}

// card is a declared incident's card, and a fingerprint of what it shows but for the time of day.
func (b *Bot) card(d state.Declared, now time.Time) (blocks.Message, string) {
	c := blocks.DeclaredCard{Declared: d, Exposure: exposure(d, now), Command: b.opts.Command, Emoji: b.opts.Declare.Emoji}
	if d.Open {
		c.Next = b.slot(d, d.Slot+1)
	}
	if book := b.bookOf(d); book != nil {
		c.Options, c.Book, c.Slug = declared.Options(*book), book.Front.Title, book.Slug
	}
	still := c
	still.Exposure = exposure(d, d.Began) // what changes by the hour is no reason to write it again
	h := fnv.New64a()
	text, _ := json.Marshal(blocks.Declared(still).Blocks) // blocks of ours
	h.Write(text)
	return blocks.Declared(c), strconv.FormatUint(h.Sum64(), 36)
}

// severeBook is the runbook of what no other is for.
const severeBook = "severe-incident"

// slot is when a status update is due: the first one is 1.
func (b *Bot) slot(d state.Declared, n int) time.Time {
	return d.Began.Add(time.Duration(n) * b.opts.Declare.Every)
}

// notice takes over what became of the card, its pin and the invitations.
func (b *Bot) notice(ctx context.Context, d *state.Declared) error {
	if d.Noted && d.CardTS != "" {
		return nil
	}
	get := func(key string) (state.Post, error) {
		p, err := b.db.PostByKey(ctx, key)
		if errors.Is(err, fs.ErrNotExist) { // sent long ago
			return state.Post{State: state.Sent}, nil
		}
		if err != nil {
			return state.Post{}, err
		}
		return *p, nil
	}
	card, err := get(cardKey(*d))
	if err != nil {
		return err
	}
	var missing, troubles []string
	open := false
	for _, i := range d.Invitees {
		p, err := get(inviteKey(*d, i.User))
		if err != nil {
			return err
		}
		open = open || p.State != state.Sent && p.State != state.Failed
		if p.State == state.Failed {
			missing = append(missing, b.nameOf(ctx, i.User)+" ("+i.As+")"+strings.TrimSuffix(refusalOf(slack.MethodInvite, p.LastError, d.Private), "."))
		}
	}
	pin, err := get(pinKey(*d))
	if err != nil {
		return err
	}
	open = open || pin.State != state.Sent && pin.State != state.Failed
	if pin.State == state.Failed {
		troubles = append(troubles, "This card is not pinned"+refusalOf(slack.MethodPin, pin.LastError, d.Private))
	}
	if open && (card.TS == "" || d.CardTS != "") {
		return nil
	}
	kept, _, err := b.db.ChangeDeclared(ctx, d.ID, b.opts.Today(), func(d *state.Declared) (state.DeclaredStep, error) {
		if (d.CardTS != "" || card.TS == "") && (open || d.Noted) {
			return state.DeclaredStep{}, state.ErrUnchanged
		}
		if d.CardTS == "" {
			d.CardTS = card.TS
		}
		if !open && !d.Noted {
			d.Noted = true
			for _, m := range missing {
				if !slices.Contains(d.Missing, m) {
					d.Missing = append(d.Missing, m)
				}
			}
			for _, m := range troubles {
				if !slices.Contains(d.Troubles, m) {
					d.Troubles = append(d.Troubles, m)
				}
			}
		}
		return state.DeclaredStep{}, nil
	})
	if err == nil {
		*d = kept
	}
	return err
}

// status sends the update of the last slot that is due, once; slots that were slept through are not made up for.
func (b *Bot) status(ctx context.Context, d *state.Declared) error {
	now := b.opts.Today()
	n := int(now.Sub(d.Began) / b.opts.Declare.Every)
	if n <= d.Slot {
		return b.relook(ctx, d)
	}
	l, a, err := b.lookInto(ctx, *d)
	if err != nil {
		return err
	}
	kept, changed, err := b.db.ChangeDeclared(ctx, d.ID, now, func(d *state.Declared) (state.DeclaredStep, error) {
		if n <= d.Slot || !d.Open {
			return state.DeclaredStep{}, state.ErrUnchanged
		}
		d.Slot = n
		x := declared.Expose(l, d.ContainedAt, d.ContainedRate, now)
		news := declared.Compare(d.Said, x)
		st := state.DeclaredStep{}
		if news.Fresh {
			d.Said, d.Look, st.Answer = &l, &l, a
			st.Changes = []state.DeclaredChange{{Kind: "status", Detail: "status: " + statusWords(x)}}
		}
		p, err := notePost(fmt.Sprintf("declared/%s/status/%d", d.ID, n), d.Channel, "", blocks.DeclaredStatus(*d, x, news, b.slot(*d, n+1)))
		st.Posts = []state.Post{p}
		return st, err
	})
	if err != nil {
		return err
	}
	if *d = kept; !changed {
		return nil
	}
	b.sender.Wake()
	if kept.Said != nil && kept.Said.Answer == a.ID {
		return b.keptWith(ctx, kept, a)
	}
	return nil
}

// statusWords is a status in the timeline.
func statusWords(x declared.Exposure) string {
	_, s, _ := strings.Cut(x.Sentence("x"), ": ")
	return strings.TrimSuffix(s, ".")
}

// relook looks again between two updates where the incident's estimate has changed, so that the card is up to date.
func (b *Bot) relook(ctx context.Context, d *state.Declared) error {
	if d.Incident == "" || d.Look == nil {
		return nil
	}
	in, err := b.db.Incident(ctx, d.Incident)
	if err != nil {
		return err
	}
	as := declared.FromIncident(*d.Look, in)
	if as.Through.Equal(d.Look.Through) && as.SoFar.Equal(d.Look.SoFar) && as.PerDay.Equal(d.Look.PerDay) {
		return nil
	}
	l, a, err := b.lookInto(ctx, *d)
	if err != nil {
		return err
	}
	kept, changed, err := b.db.ChangeDeclared(ctx, d.ID, b.opts.Today(), func(now *state.Declared) (state.DeclaredStep, error) {
		if now.Look == nil || now.Look.Answer != d.Look.Answer || !now.Open {
			return state.DeclaredStep{}, state.ErrUnchanged // another has looked
		}
		now.Look = &l
		return state.DeclaredStep{Answer: a}, nil
	})
	if err != nil {
		return err
	}
	if *d = kept; !changed {
		return nil
	}
	return b.keptWith(ctx, kept, a)
}

// recard writes the card again where it shows something else than it did.
func (b *Bot) recard(ctx context.Context, d *state.Declared) error {
	now := b.opts.Today()
	if _, seen := b.card(*d, now); seen == d.CardSeen {
		return nil
	}
	kept, changed, err := b.db.ChangeDeclared(ctx, d.ID, now, func(d *state.Declared) (state.DeclaredStep, error) {
		m, seen := b.card(*d, now)
		if seen == d.CardSeen {
			return state.DeclaredStep{}, state.ErrUnchanged
		}
		d.Card++
		d.CardSeen = seen
		o := slack.Outgoing{Text: m.Text}
		var err error
		if o.Blocks, err = json.Marshal(m.Blocks); err != nil {
			return state.DeclaredStep{}, fmt.Errorf("message blocks: %w", err)
		}
		at := slack.Under(cardKey(*d))
		if d.CardTS != "" {
			at = d.CardTS
		}
		p, err := o.Post(cardKey(*d)+"/"+strconv.Itoa(d.Card), "", slack.MethodUpdate, d.Channel, at, "")
		return state.DeclaredStep{Posts: []state.Post{p}}, err
	})
	if err != nil {
		return err
	}
	if *d = kept; changed {
		b.sender.Wake()
	}
	return nil
}

// reroot has the thread that it came of say where it is worked on, and no longer once it is closed.
func (b *Bot) reroot(ctx context.Context, d *state.Declared) error {
	want := d.Channel
	if !d.Open {
		want = ""
	}
	if d.Incident == "" || d.Rooted == want {
		return nil
	}
	if err := b.rewritten(ctx, d.Incident); err != nil { // once more than needed does no harm
		return err
	}
	kept, _, err := b.db.ChangeDeclared(ctx, d.ID, b.opts.Today(), func(d *state.Declared) (state.DeclaredStep, error) {
		d.Rooted = want
		return state.DeclaredStep{}, nil
	})
	if err == nil {
		*d = kept
	}
	b.sender.Wake()
	return err
}

// archive archives the channel of one that was closed long enough ago, where that is configured.
func (b *Bot) archive(ctx context.Context, d state.Declared) error {
	now, after := b.opts.Today(), b.opts.Declare.Archive
	due := func(d state.Declared) bool {
		return after > 0 && !d.Open && d.ArchivedAt.IsZero() && !now.Before(d.ClosedAt.Add(after))
	}
	if !due(d) {
		return nil
	}
	_, _, err := b.db.ChangeDeclared(ctx, d.ID, now, func(d *state.Declared) (state.DeclaredStep, error) {
		if !due(*d) {
			return state.DeclaredStep{}, state.ErrUnchanged
		}
		d.ArchivedAt = now
		p, err := slack.Outgoing{}.Post(fmt.Sprintf("declared/%s/archive/%d", d.ID, d.Reviews), "", slack.MethodArchive, d.Channel, "", "")
		return state.DeclaredStep{Posts: []state.Post{p}}, err
	})
	b.sender.Wake()
	return err
}
