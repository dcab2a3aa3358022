package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/desk"
	"spendbot/bot/digest"
	"spendbot/bot/slack"
	"spendbot/bot/slack/blocks"
	"spendbot/bot/state"
)

// digestWord deals with what somebody writes of digests: they subscribe the channel, pause what it has, look at one.
func (b *Bot) digestWord(ctx context.Context, t *talk, rest string) (string, error) {
	r, err := digest.Parse("digest " + rest)
	if err != nil {
		return b.digestSays(ctx, t, refused, asSentence(err)+"\n"+digest.Usage)
	}
	switch r.Verb {
	case digest.Subscribe:
		return b.digestSubscribe(ctx, t, r)
	case digest.Preview:
		return b.digestPreview(ctx, t, r)
	case digest.List:
		return b.digestList(ctx, t)
	}
	return b.digestChange(ctx, t, r)
}

// asSentence is an error as one says it to people.
func asSentence(err error) string {
	s := err.Error()
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.HasSuffix(s, "?") {
		s += "."
	}
	return s
}

func (b *Bot) digestSays(ctx context.Context, t *talk, outcome, text string) (string, error) {
	if err := b.say(ctx, t, partAnswer, blocks.Note(text)); err != nil {
		return "", err
	}
	return outcome, b.audit(ctx, t, "", outcome, "digest")
}

// digestAbout reads which part of the spend is meant, within what the asker may see. refusal is what to say where it cannot be read.
func (b *Bot) digestAbout(ctx context.Context, t *talk, about string) (filters []analysis.Filter, refusal string, err error) {
	if about == "" {
		return []analysis.Filter{}, "", nil
	}
	p, err := b.desk.Read(ctx, desk.Question{Text: "spend of " + about, Scope: t.grant.Scope, Now: b.opts.Today()})
	if err != nil {
		return nil, "", err
	}
	switch {
	case p.Intent == analysis.Ambiguous && p.Clarify != nil:
		said := []string{p.Clarify.Question}
		for _, c := range p.Clarify.Choices {
			said = append(said, "`"+strings.TrimPrefix(c.Ask, "spend of ")+"`")
		}
		return nil, strings.Join(said, "\n"), nil
	case len(p.Filters) == 0 || p.Intent == analysis.OutOfScope:
		return nil, fmt.Sprintf("I read no part of the spend in %q: write one as `team payments`, `AWS` or `account payments-prod`.", about), nil
	}
	return p.Filters, "", nil
}

// subscribed is what a subscription is, in words: "weekly digest, Mondays 9:00 Europe/Berlin, of team payments".
func subscribed(d state.Digest, s digest.Schedule) string {
	said := d.Kind + " digest: " + s.Words()
	if len(d.Filters) > 0 {
		said += ", of " + analysis.ScopeWords(d.Filters)
	}
	if len(d.Scope) > 0 {
		said += ", within " + analysis.ScopeWords(d.Scope)
	}
	return said
}

// nextWords is when a schedule is due next: "Mon 30 Nov 9:00".
func nextWords(s digest.Schedule, now time.Time) string {
	n := s.Next(now)
	if n.IsZero() {
		return "never again"
	}
	return n.In(s.Zone).Format("Mon 2 Jan 15:04")
}

// digestSubscribe subscribes the channel, for a member of it, within what they may see there.
func (b *Bot) digestSubscribe(ctx context.Context, t *talk, r digest.Request) (string, error) {
	if !t.place.Direct {
		if !t.place.Member {
			return b.digestSays(ctx, t, refused, "I am not in this channel: `/invite` me, then subscribe it.")
		}
		member, err := b.slack.Member(ctx, t.place.ID, t.User)
		if err != nil {
			return "", err
		}
		if !member {
			return b.digestSays(ctx, t, refused, "A channel is subscribed by its members: join it first.")
		}
	}
	zone := r.Zone
	if zone == "" {
		p, err := b.slack.Person(ctx, t.User)
		if err != nil && !slack.Denied(err) {
			return "", err
		}
		zone = p.Zone
	}
	s, err := digest.ParseSchedule(r.Spec, zone)
	if err != nil && r.Zone == "" { // a zone of Slack's that we do not know
		s, err = digest.ParseSchedule(r.Spec, "")
	}
	if err != nil {
		return b.digestSays(ctx, t, refused, asSentence(err))
	}
	filters, refusal, err := b.digestAbout(ctx, t, r.About)
	if err != nil {
		return b.trouble(ctx, t, t.Text, err)
	}
	if refusal != "" {
		return b.digestSays(ctx, t, clarified, refusal)
	}
	scope := t.grant.Scope
	if scope == nil {
		scope = []analysis.Filter{}
	}
	now := b.opts.Today()
	d := state.Digest{Team: t.Team, Channel: t.place.ID, Kind: string(r.Kind), Spec: s.Spec, Zone: s.Zone.String(), Scope: scope, Filters: filters, By: t.User}
	kept, _, err := b.db.AddDigest(ctx, d, now, func(d state.Digest, replaced bool) (state.Post, error) {
		text := "<@" + t.User + "> subscribed this channel to the " + subscribed(d, s) + "."
		if replaced {
			text = "<@" + t.User + "> changed the " + subscribed(d, s) + "."
		}
		if t.place.Direct {
			text = "You get the " + subscribed(d, s) + "."
		}
		text += " The next one comes " + nextWords(s, now) + "."
		return b.digestPost(t, "digest", text, "`"+b.opts.Command+" digest preview "+d.Kind+"` shows it now; `"+b.opts.Command+" digest pause "+d.Kind+"` stops it. "+d.ID)
	})
	if err != nil {
		return "", err
	}
	b.sender.Wake()
	return answered, b.audit(ctx, t, "", answered, "digest subscribe "+kept.ID)
}

// digestPost is what everybody in the channel is told: of a command in the channel itself, of a mention in its thread.
func (b *Bot) digestPost(t *talk, part, text, small string) (state.Post, error) {
	m := blocks.DigestNote(text, small)
	o := slack.Outgoing{Text: m.Text}
	var err error
	if o.Blocks, err = json.Marshal(m.Blocks); err != nil {
		return state.Post{}, fmt.Errorf("message blocks: %w", err)
	}
	return o.Post(t.Key+"/"+part, t.Key, slack.MethodPost, t.channel, t.thread, t.User)
}

// digestsHere are the subscriptions of the place, by its id or name.
func (b *Bot) digestsHere(ctx context.Context, t *talk) ([]state.Digest, error) {
	list, err := b.db.Digests(ctx, "")
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list, func(d state.Digest) bool {
		return d.Channel != t.place.ID && (t.place.Name == "" || !strings.EqualFold(d.Channel, "#"+t.place.Name))
	}), nil
}

// digestList lists what the channel has, when each comes next, and what became of the last one.
func (b *Bot) digestList(ctx context.Context, t *talk) (string, error) {
	list, err := b.digestsHere(ctx, t)
	if err != nil {
		return "", err
	}
	var lines []string
	for _, d := range list {
		s, err := digest.ParseSchedule(d.Spec, d.Zone)
		if err != nil {
			return "", err
		}
		line := "`" + d.ID + "` " + subscribed(d, s)
		if !d.Paused.IsZero() {
			line += "; paused"
			if d.PausedWhy != "" {
				line += ": " + d.PausedWhy
			}
		} else {
			line += "; next " + nextWords(s, b.opts.Today())
		}
		runs, err := b.db.DigestRuns(ctx, d.ID, 1)
		if err != nil {
			return "", err
		}
		if len(runs) > 0 {
			line += "; the last one, due " + runs[0].Due.In(s.Zone).Format("Mon 2 Jan 15:04") + ": " + runWords(runs[0])
		}
		if d.Origin == state.DigestConfigured {
			line += " (from the configuration)"
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		lines = append(lines, "No digest comes here.", digest.Usage)
	}
	return b.digestSays(ctx, t, answered, strings.Join(lines, "\n"))
}

// runWords says what became of a digest that was due.
func runWords(r state.DigestRun) string {
	switch r.State {
	case state.DigestWaiting:
		return "waits for " + r.Why
	case state.DigestPosted:
		return "is being sent"
	case state.DigestDelivered:
		return "sent " + r.Answer
	case state.DigestFailed:
		return "not taken by Slack (" + r.Why + ")"
	}
	return "dropped, " + r.Why
}

// digestChosen is the subscription that is meant: by its id, its kind, or as the only one.
func digestChosen(list []state.Digest, r digest.Request) (d state.Digest, refusal string) {
	var fit []state.Digest
	for _, d := range list {
		if (r.ID == "" || d.ID == r.ID) && (r.Kind == "" || d.Kind == string(r.Kind)) {
			fit = append(fit, d)
		}
	}
	switch len(fit) {
	case 1:
		return fit[0], ""
	case 0:
		return d, "No such digest comes here: `digest list` says which do."
	}
	var ids []string
	for _, d := range fit {
		ids = append(ids, "`digest "+string(r.Verb)+" "+d.ID+"` ("+d.Kind+")")
	}
	return d, "Several come here. Which one: " + strings.Join(ids, ", ") + "?"
}

// digestChange pauses, resumes or ends a subscription, for whoever may ask in the channel about as much as it tells.
func (b *Bot) digestChange(ctx context.Context, t *talk, r digest.Request) (string, error) {
	list, err := b.digestsHere(ctx, t)
	if err != nil {
		return "", err
	}
	d, refusal := digestChosen(list, r)
	switch {
	case refusal != "":
		return b.digestSays(ctx, t, refused, refusal)
	case r.Verb == digest.Unsubscribe && d.Origin == state.DigestConfigured:
		return b.digestSays(ctx, t, refused, "That one is in the configuration, where whoever runs this bot can take it out. `digest pause` works.")
	case r.Verb == digest.Resume && !analysis.ScopeCovers(t.grant.Scope, d.Scope) && d.Origin == state.DigestSubscribed:
		return b.digestSays(ctx, t, refused, "It tells more than you may see here, so somebody else has to resume it; or subscribe the channel anew.")
	}
	did := map[digest.Verb]struct {
		change state.DigestChange
		word   string
		state  string
	}{digest.Pause: {state.DigestPause, "paused", "paused already"}, digest.Resume: {state.DigestResume, "resumed", "running already"}, digest.Unsubscribe: {state.DigestEnd, "ended", "gone already"}}[r.Verb]
	s, err := digest.ParseSchedule(d.Spec, d.Zone)
	if err != nil {
		return "", err
	}
	text, small := "<@"+t.User+"> "+did.word+" the "+subscribed(d, s)+".", ""
	switch r.Verb {
	case digest.Pause:
		small = "`" + b.opts.Command + " digest resume " + d.Kind + "` has it go on."
	case digest.Resume:
		text += " The next one comes " + nextWords(s, b.opts.Today()) + "."
	}
	p, err := b.digestPost(t, "digest", text, small)
	if err != nil {
		return "", err
	}
	changed, err := b.db.ChangeDigest(ctx, d.ID, did.change, t.User, "", b.opts.Today(), p)
	if err != nil {
		return "", err
	}
	if _, err := b.db.PostByKey(ctx, p.Key); !changed && err != nil { // nothing was done, now or in an earlier attempt at this command
		return b.digestSays(ctx, t, answered, "It is "+did.state+".")
	}
	b.sender.Wake()
	return answered, b.audit(ctx, t, "", answered, "digest "+string(r.Verb)+" "+d.ID)
}

// digestPreview shows a digest as it would be sent now, within what the asker may see here.
func (b *Bot) digestPreview(ctx context.Context, t *talk, r digest.Request) (string, error) {
	list, err := b.digestsHere(ctx, t)
	if err != nil {
		return "", err
	}
	d, has := state.Digest{Kind: string(r.Kind), Zone: "UTC"}, false
	if chosen, refusal := digestChosen(list, r); refusal == "" && r.About == "" && analysis.ScopeCovers(t.grant.Scope, chosen.Scope) {
		d, has = chosen, true
	} else if r.ID != "" {
		return b.digestSays(ctx, t, refused, "No such digest comes here: `digest list` says which do.")
	}
	if d.Kind == "" {
		d.Kind = string(digest.Weekly)
	}
	if !has {
		d.Spec = digest.Kind(d.Kind).DefaultSchedule()
		var refusal string
		if d.Filters, refusal, err = b.digestAbout(ctx, t, r.About); err != nil {
			return b.trouble(ctx, t, t.Text, err)
		}
		if refusal != "" {
			return b.digestSays(ctx, t, clarified, refusal)
		}
		d.Scope = t.grant.Scope
	}
	s, err := digest.ParseSchedule(d.Spec, d.Zone)
	if err != nil {
		return "", err
	}
	d.ID = "" // a preview tells a day again
	scope := t.grant.Scope
	if has && d.Origin == state.DigestSubscribed {
		scope = d.Scope
	}
	now := b.opts.Today()
	p, missing, _, err := b.digestPlan(ctx, d, s, now, scope)
	if err != nil {
		return b.trouble(ctx, t, t.Text, err)
	}
	id, err := b.db.NewID(ctx)
	if err != nil {
		return "", err
	}
	a, err := b.desk.Answer(ctx, id, desk.Question{Text: d.Kind + " digest", Plan: &p, Scope: scope, Now: now})
	if err != nil {
		return b.trouble(ctx, t, t.Text, err)
	}
	if err := b.keep(ctx, t, a); err != nil {
		return "", err
	}
	note := "preview"
	if has {
		note += "; the next one comes " + nextWords(s, now)
	}
	if len(missing) > 0 && d.Kind != string(digest.Daily) {
		note += "; not complete: " + ThroughWords(missing)
	}
	if err := b.sayOf(ctx, t, a.ID, partAnswer, blocks.Digest(a, blocks.DigestOptions{Note: note})); err != nil {
		return "", err
	}
	return answered, b.audit(ctx, t, a.ID, answered, "digest preview")
}
