package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"regexp"
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

// DeclareOptions say how billing incidents are declared.
type DeclareOptions struct {
	// On lets people declare. Without it nothing of the following matters, and the app needs no permissions for it.
	On bool
	// Every is how often a status update comes; [DefaultStatusEvery] where it is 0.
	Every time.Duration
	// Emoji marks a message for the timeline, by its name; [DefaultTimelineEmoji] where it is "".
	Emoji string
	// Private opens private channels, which only those who are invited see.
	Private bool
	// Archive is how long after an incident was closed its channel is archived; 0 for never.
	Archive time.Duration
	// FinOps and Finance are invited to every one, and Owners to those of their team.
	FinOps, Finance Invitees
	Owners          map[string]Invitees
}

// Invitees are people, by id, and user groups, by handle or id.
type Invitees struct{ Users, Groups []string }

// The defaults of DeclareOptions.
const (
	DefaultStatusEvery   = 4 * time.Hour
	DefaultTimelineEmoji = "pushpin"
)

func (o *DeclareOptions) withDefaults() {
	if o.Every <= 0 {
		o.Every = DefaultStatusEvery
	}
	if o.Emoji == "" {
		o.Emoji = DefaultTimelineEmoji
	}
}

// ShortcutDeclare is the callback id of the message shortcut that declares a billing incident.
const ShortcutDeclare = "declare_incident"

// declareOff is what people are told where nobody may declare.
const declareOff = "Billing incidents are not set up here. Whoever runs this bot adds `declare:` to the configuration, and the permissions that `spendbot manifest --why` then lists."

// fileReview is the file of a post-incident review.
const fileReview = "review"

// subject is what is declared a billing incident.
type subject struct {
	incident     *state.Incident // nil of one in words
	title        string
	filters      []analysis.Filter
	onset        time.Time
	owner        string
	runbook      string
	from, thread string // where it is told that the channel is there; "" for nowhere
}

func ofIncident(in state.Incident) subject {
	s := subject{incident: &in, title: in.Title, filters: in.Filters, onset: in.Onset, owner: in.Team, runbook: in.Runbook, from: in.Channel, thread: in.Thread}
	if s.thread == "" && in.Root != "" {
		s.thread = slack.Under(in.Root)
	}
	if s.thread == "" {
		s.from = ""
	}
	return s
}

// declareIncident declares an incident that has a thread: the button there. Who presses may see what it is about.
func (b *Bot) declareIncident(ctx context.Context, t *talk, in state.Incident) (string, error) {
	return b.declare(ctx, t, ofIncident(in))
}

// declare opens the channel of a billing incident, or says where it is: the button, the shortcut and the command end here. What happens then is [Bot.tend]'s.
func (b *Bot) declare(ctx context.Context, t *talk, s subject) (string, error) {
	if !b.opts.Declare.On {
		return refused, b.tell(ctx, t, declareOff)
	}
	if !analysis.ScopeCovers(t.grant.Scope, s.filters) {
		return refused, errors.Join(b.tell(ctx, t, "This is about more than you may see, so you cannot declare it. Whoever may see all of it can."),
			b.audit(ctx, t, "", refused, "declare: "+s.title+" is outside of the scope"))
	}
	now := b.opts.Today()
	d := state.Declared{Source: t.Key, DeclaredDetail: state.DeclaredDetail{By: t.User, Team: t.Team, Title: s.title, Filters: s.filters, Owner: s.owner, Onset: s.onset, Runbook: s.runbook,
		Private: b.opts.Declare.Private, From: s.from, Thread: s.thread, Roles: map[string]string{}}}
	if s.incident != nil {
		d.Incident = s.incident.ID
	}
	var err error
	if d.Invitees, d.Missing, err = b.invitees(ctx, t, d); err != nil {
		return "", err
	}
	kept, fresh, err := b.db.Declare(ctx, d, now, namesOf(d, now), func(d *state.Declared) (state.DeclaredStep, error) {
		p, err := createPost(*d)
		return state.DeclaredStep{Changes: []state.DeclaredChange{{Kind: "declared", Who: t.User}}, Posts: []state.Post{p}}, err
	})
	if err != nil {
		return "", err
	}
	if s.incident != nil && (fresh || kept.Source == t.Key) {
		if err := b.noteDeclared(ctx, kept, t.User); err != nil {
			return "", err
		}
	}
	b.sender.Wake()
	text := fmt.Sprintf("I am opening #%s (%s) and invite you there.", kept.Name, kept.ID)
	if kept.Source != t.Key { // it was declared before
		text = fmt.Sprintf("It is declared already, as %s; its channel is being opened, and you are invited there.", kept.ID)
		if kept.Channel != "" {
			text = fmt.Sprintf("It is declared already, as %s, in <#%s>. I invited you there.", kept.ID, kept.Channel)
		}
		if err := b.invite(ctx, kept, t.User); err != nil {
			return "", err
		}
	}
	if err := b.tell(ctx, t, text); err != nil {
		return "", err
	}
	return answered, b.audit(ctx, t, "", answered, "declared "+kept.ID)
}

// tell answers only the person who asked or pressed; `code`, and the channel that a billing incident has, are kept.
func (b *Bot) tell(ctx context.Context, t *talk, text string) error {
	to := *t
	if to.Kind == slack.Press || to.Kind == slack.Shortcut {
		to.private = !t.place.Direct
	}
	return b.say(ctx, &to, "note", blocks.Linked(text))
}

// namesOf are the names to try for the channel of a declared incident.
func namesOf(d state.Declared, now time.Time) func(int) string {
	return func(try int) string { return declared.ChannelName(now, d.Title, try) }
}

// createKey is the key of the post that tries a name for the channel.
func createKey(d state.Declared) string {
	return "declared/" + d.ID + "/create/" + strconv.Itoa(d.Creating)
}

func createPost(d state.Declared) (state.Post, error) {
	return slack.Outgoing{Name: d.Name, Private: d.Private}.Post(createKey(d), "", slack.MethodCreate, "", "", "")
}

func cardKey(d state.Declared) string             { return "declared/" + d.ID + "/card" }
func pinKey(d state.Declared) string              { return "declared/" + d.ID + "/pin" }
func inviteKey(d state.Declared, u string) string { return "declared/" + d.ID + "/invite/" + u }

// invite invites somebody who came later; once.
func (b *Bot) invite(ctx context.Context, d state.Declared, user string) error {
	_, _, err := b.db.ChangeDeclared(ctx, d.ID, b.opts.Today(), func(d *state.Declared) (state.DeclaredStep, error) {
		if slices.ContainsFunc(d.Invitees, func(i state.DeclaredInvitee) bool { return i.User == user }) {
			return state.DeclaredStep{}, state.ErrUnchanged
		}
		d.Invitees = append(d.Invitees, state.DeclaredInvitee{User: user, As: "asked to join"})
		if d.Channel == "" {
			return state.DeclaredStep{}, nil // invited with the others
		}
		d.Noted = false
		p, err := slack.Outgoing{}.Post(inviteKey(*d, user), "", slack.MethodInvite, d.Channel, "", user)
		return state.DeclaredStep{Posts: []state.Post{p}}, err
	})
	b.sender.Wake()
	return err
}

// noteDeclared keeps in an incident's own history that it was declared.
func (b *Bot) noteDeclared(ctx context.Context, d state.Declared, who string) error {
	list, err := b.db.IncidentChanges(ctx, d.Incident, time.Time{})
	if err != nil || slices.ContainsFunc(list, func(c state.IncidentChange) bool { return c.Kind == "declared" && c.Detail == d.ID }) {
		return err
	}
	_, err = b.db.ChangeIncident(ctx, d.Incident, b.opts.Today(), func(*state.Incident) (state.IncidentStep, error) {
		return state.IncidentStep{Changes: []state.IncidentChange{{Kind: "declared", Who: who, Detail: d.ID}}}, nil
	})
	return err
}

// invitees are the people to invite: who declared it, the owner's, FinOps and finance. Who may not see the slice is not invited, and who cannot be found is named: neither
// keeps the channel from opening.
func (b *Bot) invitees(ctx context.Context, t *talk, d state.Declared) (list []state.DeclaredInvitee, missing []string, err error) {
	list = []state.DeclaredInvitee{{User: t.User, As: "declared it"}}
	add := func(as string, who Invitees) error {
		people := slices.Clone(who.Users)
		for _, g := range who.Groups {
			in, found, err := b.slack.MembersOf(ctx, g)
			switch {
			case slack.Denied(err):
				missing = append(missing, fmt.Sprintf("group %s: the app may not read user groups (`usergroups:read`)", g))
			case err != nil:
				return fmt.Errorf("look up the user group %s: %w", g, err)
			case !found:
				missing = append(missing, "group "+g+": there is none of this name")
			}
			people = append(people, in...)
		}
		for _, u := range people {
			if slices.ContainsFunc(list, func(i state.DeclaredInvitee) bool { return i.User == u }) {
				continue
			}
			g, err := b.grant(ctx, slack.Event{Team: t.Team, User: u}, slack.Place{Direct: true})
			if err != nil {
				return err
			}
			if !g.Allowed || !analysis.ScopeCovers(g.Scope, d.Filters) {
				missing = append(missing, b.nameOf(ctx, u)+" ("+as+"): may not see this spend")
				continue
			}
			list = append(list, state.DeclaredInvitee{User: u, As: as})
		}
		return nil
	}
	o := b.opts.Declare
	if d.Owner != "" {
		if who, ok := o.Owners[d.Owner]; ok {
			err = add("team "+d.Owner, who)
		} else {
			missing = append(missing, "team "+d.Owner+": nobody is configured for it")
		}
	}
	return list, missing, errors.Join(err, add("FinOps", o.FinOps), add("finance", o.Finance))
}

// nameOf names somebody in plain text; their id where Slack does not say.
func (b *Bot) nameOf(ctx context.Context, id string) string {
	if id == "" {
		return "the bot"
	}
	if p, err := b.slack.Person(ctx, id); err == nil && p.Name != "" {
		return p.Name
	}
	return id
}

func (b *Bot) namer(ctx context.Context) func(string) string {
	return func(id string) string { return b.nameOf(ctx, id) }
}

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
	return b.archive(ctx, d)
}

// opening follows the attempt to make the channel: it is there, or its name was taken, or Slack would not.
func (b *Bot) opening(ctx context.Context, d state.Declared) error {
	p, err := b.db.PostByKey(ctx, createKey(d))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	switch {
	case p.State == state.Sent && p.TS != "":
		return b.opened(ctx, d, p.TS)
	case p.State == state.Failed && p.LastError == "name_taken":
		err := b.db.RenameDeclared(ctx, d.ID, d.Name, b.opts.Today(), namesOf(d, d.Began), func(d state.Declared) ([]state.Post, error) {
			p, err := createPost(d)
			return []state.Post{p}, err
		})
		b.sender.Wake()
		return err
	case p.State == state.Failed:
		return b.notOpened(ctx, d, p.LastError)
	}
	return nil
}

// notOpened says to who declared it, and in the incident's thread, that there is no channel, and what to do.
func (b *Bot) notOpened(ctx context.Context, d state.Declared, cause string) error {
	text := fmt.Sprintf("I could not open a channel for %s (%s)%s", d.Title, d.ID, refusalOf(slack.MethodCreate, cause, d.Private))
	where, thread := d.From, d.Thread
	if where == "" {
		var err error
		if where, err = b.slack.Direct(ctx, d.By); err != nil {
			return err
		}
		thread = ""
	}
	_, _, err := b.db.ChangeDeclared(ctx, d.ID, b.opts.Today(), func(d *state.Declared) (state.DeclaredStep, error) {
		if !d.Open || d.Channel != "" {
			return state.DeclaredStep{}, state.ErrUnchanged
		}
		d.Open, d.ClosedAt, d.Troubles = false, b.opts.Today(), []string{text}
		p, err := notePost("declared/"+d.ID+"/not-opened", where, thread, blocks.Note(text+" Declaring it again tries again."))
		return state.DeclaredStep{Posts: []state.Post{p}}, err
	})
	b.sender.Wake()
	return err
}

// refusalOf words why Slack would not do something to a channel, and what mends it.
func refusalOf(method, cause string, private bool) string {
	if cause == "missing_scope" || cause == "no_permission" || cause == "unknown_method" {
		return fmt.Sprintf(": the app lacks `%s`. Add it on the app's OAuth & Permissions page, and install the app again; `spendbot manifest` has it.", slack.ScopeOf(method, private))
	}
	if cause == "restricted_action" {
		return ": this workspace does not let apps do that (restricted_action); an owner of the workspace can."
	}
	return ": Slack said " + cause + "."
}

func notePost(key, channel, thread string, m blocks.Message) (state.Post, error) {
	o := slack.Outgoing{Text: m.Text}
	var err error
	if o.Blocks, err = json.Marshal(m.Blocks); err != nil {
		return state.Post{}, fmt.Errorf("message blocks: %w", err)
	}
	return o.Post(key, "", slack.MethodPost, channel, thread, "")
}

// Bounds of what Slack takes for a channel's topic and purpose, in characters.
const maxTopic = 250

func clipTopic(s string) string {
	if r := []rune(s); len(r) > maxTopic {
		return string(r[:maxTopic-1]) + "…"
	}
	return s
}

// opened fills the new channel: topic, purpose, people, the card with its pin, and word of it in the incident's thread.
func (b *Bot) opened(ctx context.Context, d state.Declared, channel string) error {
	l, a, err := b.lookInto(ctx, d)
	if err != nil {
		return err
	}
	now := b.opts.Today()
	d, changed, err := b.db.ChangeDeclared(ctx, d.ID, now, func(d *state.Declared) (state.DeclaredStep, error) {
		if d.Channel != "" {
			return state.DeclaredStep{}, state.ErrUnchanged
		}
		d.Channel, d.Said, d.Look = channel, &l, &l
		st := state.DeclaredStep{Changes: []state.DeclaredChange{{Kind: "opened", Detail: d.Name}}, Answer: a}
		add := func(p state.Post, err error) error {
			st.Posts = append(st.Posts, p)
			return err
		}
		about := "Billing incident " + d.ID + ": " + d.Title
		if d.Incident != "" {
			about += " (" + d.Incident + ")"
		}
		err := errors.Join(
			add(slack.Outgoing{Text: clipTopic(about)}.Post("declared/"+d.ID+"/topic", "", slack.MethodTopic, channel, "", "")),
			add(slack.Outgoing{Text: clipTopic("What it costs, who does what, and how it ends. Questions asked here are answered within " + analysis.ScopeWords(d.Filters))}.Post(
				"declared/"+d.ID+"/purpose", "", slack.MethodPurpose, channel, "", "")))
		m, seen := b.card(*d, now)
		d.Card, d.CardSeen = 1, seen
		err = errors.Join(err, add(notePost(cardKey(*d), channel, "", m)),
			add(slack.Outgoing{}.Post(pinKey(*d), "", slack.MethodPin, channel, slack.Under(cardKey(*d)), "")))
		for _, i := range d.Invitees {
			err = errors.Join(err, add(slack.Outgoing{}.Post(inviteKey(*d, i.User), "", slack.MethodInvite, channel, "", i.User)))
		}
		if d.From != "" {
			err = errors.Join(err, add(notePost("declared/"+d.ID+"/told", d.From, d.Thread, blocks.Linked(fmt.Sprintf("<@%s> declared a billing incident, %s: it is worked on in <#%s>.", d.By, d.ID, channel)))))
		}
		return st, err
	})
	if err != nil || !changed {
		return err
	}
	b.log.Info("billing incident opened", "declared", d.ID, "incident", d.Incident, "channel", channel)
	b.sender.Wake()
	return b.keptWith(ctx, d, a)
}

// keptWith does for an answer that was kept with a declared incident what is done for any: it is within the incident's slice.
func (b *Bot) keptWith(ctx context.Context, d state.Declared, a *analysis.Answer) error {
	if a == nil {
		return nil
	}
	if b.opts.Kept != nil {
		b.opts.Kept(ctx, a)
	}
	return b.db.SetAskedBy(ctx, a.ID, d.Team, d.By, d.Channel, analysis.ScopeKey(d.Filters))
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
	book, ok := b.books().Get(d.Runbook)
	if !ok {
		book, ok = b.books().Get(severeBook)
	}
	if ok {
		c.Options, c.Book, c.Slug = declared.Options(book), book.Front.Title, book.Slug
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

// reaction deals with the emoji that marks messages of a declared incident's channel for its timeline; elsewhere it may mark them for a ticket.
func (b *Bot) reaction(ctx context.Context, e slack.Event) (string, error) {
	d, ok, err := b.declaredIn(ctx, e.Channel)
	if err != nil {
		return "", err
	}
	if !ok || !b.marksTimeline(e) {
		return b.passOn(ctx, e)
	}
	g, err := b.grant(ctx, e, slack.Place{Direct: true})
	if err != nil || !g.Allowed {
		return ignored, err
	}
	m := state.DeclaredMark{TS: e.TS, Who: e.User, Event: e.When}
	if !e.Off {
		said, found, err := b.slack.Message(ctx, e.Channel, e.TS)
		if err != nil || !found {
			return ignored, err
		}
		m.Author, m.Said = said.User, said.Text
	}
	if err := b.db.MarkDeclared(ctx, d.ID, m, !e.Off); err != nil {
		return "", err
	}
	return answered, nil
}

// marksTimeline reports whether a reaction is of the emoji that marks messages, of whatever skin.
func (b *Bot) marksTimeline(e slack.Event) bool {
	return b.opts.Declare.On && marks(e, b.opts.Declare.Emoji)
}

func marks(e slack.Event, emoji string) bool {
	name, _, _ := strings.Cut(e.Emoji, "::")
	return name == emoji
}

// declaredIn is the declared incident whose channel it is, the last of several.
func (b *Bot) declaredIn(ctx context.Context, channel string) (state.Declared, bool, error) {
	if channel == "" {
		return state.Declared{}, false, nil
	}
	list, err := b.db.DeclaredIncidents(ctx, state.DeclaredFilter{Channel: channel})
	if err != nil || len(list) == 0 {
		return state.Declared{}, false, err
	}
	return list[len(list)-1], true, nil
}

var (
	incidentName = regexp.MustCompile(`(?i)^I-?[0-9A-Z]{6}$`)
	sinceWord    = regexp.MustCompile(`(?i)\bsince\b`)
)

// declareWord deals with /spend declare: an incident's id, or what it is about in words.
func (b *Bot) declareWord(ctx context.Context, t *talk, rest string) (string, error) {
	if !b.opts.Declare.On {
		return b.noted(ctx, t, declareOff, refused, "declare is off")
	}
	if incidentName.MatchString(rest) {
		return b.declareID(ctx, t, strings.ToUpper(rest))
	}
	return b.declareWords(ctx, t, rest)
}

func (b *Bot) declareID(ctx context.Context, t *talk, id string) (string, error) {
	if !strings.HasPrefix(id, "I-") {
		id = "I-" + id[1:]
	}
	in, err := b.db.Incident(ctx, id)
	if errors.Is(err, fs.ErrNotExist) {
		return b.noted(ctx, t, "There is no incident "+id+"; `"+b.opts.Command+" incidents` lists those that are open.", ignored, "")
	}
	if err != nil {
		return "", err
	}
	return b.declareIncident(ctx, t, in)
}

// declareSince is how many days back something declared in words is taken to have begun, where nothing is said of it.
const declareSince = 7

// declareWords declares what words are about: the one open incident that lies within them, or the slice that they name.
func (b *Bot) declareWords(ctx context.Context, t *talk, text string) (string, error) {
	help := fmt.Sprintf("Say which: `%[1]s declare I-7F3K2M`, or what it is about: `%[1]s declare NAT payments-prod since 18 Nov`.", b.opts.Command)
	list, err := b.db.Incidents(ctx, state.IncidentFilter{Open: true})
	if err != nil {
		return "", err
	}
	list = slices.DeleteFunc(list, func(in state.Incident) bool { return !analysis.ScopeCovers(t.grant.Scope, in.Filters) })
	if strings.TrimSpace(text) == "" {
		return b.noted(ctx, t, help+openIncidents(list), clarified, "declare: nothing named")
	}
	p, err := b.desk.Read(ctx, desk.Question{Text: text, Scope: t.grant.Scope, Now: b.opts.Today()})
	if err != nil {
		return b.trouble(ctx, t, text, err)
	}
	if len(p.Filters) == 0 {
		return b.noted(ctx, t, "That names nothing in the bill that I know. "+help+openIncidents(list), clarified, "declare: nothing known named")
	}
	within := slices.DeleteFunc(slices.Clone(list), func(in state.Incident) bool { return !analysis.ScopeCovers(p.Filters, in.Filters) })
	switch len(within) {
	case 1:
		return b.declareIncident(ctx, t, within[0])
	case 0:
	default:
		return b.noted(ctx, t, "Several open incidents are about that. "+help+openIncidents(within), clarified, "declare: several")
	}
	filters := slices.Clone(t.grant.Scope)
	for _, f := range p.Filters {
		if !slices.ContainsFunc(filters, func(g analysis.Filter) bool { return g.Dimension == f.Dimension && slices.Equal(g.Values, f.Values) }) {
			filters = append(filters, f)
		}
	}
	s := subject{title: analysis.ScopeWords(p.Filters), filters: filters, onset: analysis.DayOf(b.opts.Today()).AddDate(0, 0, -declareSince)}
	if sinceWord.MatchString(text) && !p.Current.IsZero() {
		s.onset = p.Current.Start
	}
	for _, f := range p.Filters {
		if f.Dimension == analysis.DimTeam && !f.Not && len(f.Values) == 1 {
			s.owner = f.Values[0]
		}
	}
	return b.declare(ctx, t, s)
}

func openIncidents(list []state.Incident) string {
	var out strings.Builder
	for i, in := range list {
		if i == 10 {
			fmt.Fprintf(&out, "\n%d more are open.", len(list)-i)
			break
		}
		fmt.Fprintf(&out, "\n`%s` %s", in.ID, in.Title)
	}
	return out.String()
}

// declareShortcut deals with "Declare billing incident" on a message: of an incident's thread that incident, else what its words name.
func (b *Bot) declareShortcut(ctx context.Context, e slack.Event) (string, error) {
	t, done, err := b.begin(ctx, e, "shortcut")
	if err != nil || done {
		return refused, err
	}
	if !b.opts.Declare.On {
		return refused, b.tell(ctx, t, declareOff)
	}
	in, err := b.incidentAt(ctx, e.Channel, e.Root())
	if err != nil {
		return "", err
	}
	if in != nil {
		return b.declareIncident(ctx, t, *in)
	}
	to := *t
	to.private = !t.place.Direct // only who used it needs to know that the words named nothing
	return b.declareWords(ctx, &to, question(e.Text, b.slack.Self().User))
}

// execWord deals with /spend exec update in a declared incident's channel.
func (b *Bot) execWord(ctx context.Context, t *talk, _ string) (string, error) {
	d, ok, err := b.declaredIn(ctx, t.Channel)
	if err != nil {
		return "", err
	}
	if !ok {
		return b.noted(ctx, t, "Executive updates are of a billing incident: ask in its channel (`#inc-cost-…`).", ignored, "no billing incident's channel")
	}
	return b.executive(ctx, t, d)
}

// executive says the executive update, made anew.
func (b *Bot) executive(ctx context.Context, t *talk, d state.Declared) (string, error) {
	if p, err := b.db.PostByKey(ctx, t.Key+"/"+partAnswer); err == nil { // an earlier attempt came that far
		return answered, b.audit(ctx, t, answerIn(p), answered, "executive update of "+d.ID)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	l, a, err := b.lookInto(ctx, d)
	if err != nil {
		return b.trouble(ctx, t, t.Text, err)
	}
	if err := b.db.SaveAnswer(ctx, a); err != nil {
		return "", err
	}
	if err := b.keptWith(ctx, d, a); err != nil {
		return "", err
	}
	x := declared.Expose(l, d.ContainedAt, d.ContainedRate, b.opts.Today())
	if err := b.sayOf(ctx, t, a.ID, partAnswer, blocks.DeclaredUpdate(d, x, declared.Executive(d, x, b.namer(ctx)))); err != nil {
		return "", err
	}
	return answered, b.audit(ctx, t, a.ID, answered, "executive update of "+d.ID)
}

// answerIn is the id of the answer that a post says; "" for none.
func answerIn(p *state.Post) string {
	var o slack.Outgoing
	if err := json.Unmarshal(p.Payload, &o); err != nil {
		return ""
	}
	return o.Answer
}

// pressDeclared deals with a button of a declared incident's card.
func (b *Bot) pressDeclared(ctx context.Context, e slack.Event, act blocks.DeclaredAction) (string, error) {
	t, done, err := b.begin(ctx, e, "button")
	if err != nil || done {
		return refused, err
	}
	list, err := b.db.DeclaredIncidents(ctx, state.DeclaredFilter{ID: act.Declared})
	if err != nil {
		return "", err
	}
	if len(list) == 0 {
		return ignored, b.tell(ctx, t, "I no longer have that billing incident.")
	}
	d := list[0]
	if !analysis.ScopeCovers(t.grant.Scope, d.Filters) {
		return refused, errors.Join(b.tell(ctx, t, "This is about more than you may see, so you cannot act on it. Whoever may see all of it can."),
			b.audit(ctx, t, "", refused, d.ID+" is outside of the scope"))
	}
	if act.Do == blocks.DeclaredExec {
		to := *t
		to.thread = "" // for everybody in the channel
		return b.executive(ctx, &to, d)
	}
	return b.changeDeclared(ctx, t, d, act)
}

// mostPressed bounds the presses that are remembered: one that is dealt with twice is among the last.
const mostPressed = 40

// changeDeclared carries out a press that changes a declared incident, once however often it is dealt with, and says so in its channel.
func (b *Bot) changeDeclared(ctx context.Context, t *talk, d state.Declared, act blocks.DeclaredAction) (string, error) {
	now := b.opts.Today()
	var review string
	if act.Do == blocks.DeclaredClose && d.Open {
		var err error
		if review, err = b.review(ctx, d, t.User, now); err != nil {
			return b.trouble(ctx, t, "", err)
		}
	}
	if act.Do == blocks.DeclaredReopen && d.Incident != "" {
		others, err := b.db.DeclaredIncidents(ctx, state.DeclaredFilter{Incident: d.Incident})
		if err != nil {
			return "", err
		}
		for _, o := range others {
			if o.Open && o.ID != d.ID {
				return ignored, b.tell(ctx, t, fmt.Sprintf("%s was declared anew since, as %s, in <#%s>: go on there.", d.Incident, o.ID, o.Channel))
			}
		}
	}
	why := "" // nothing was done, and the person is told why
	_, changed, err := b.db.ChangeDeclared(ctx, d.ID, now, func(d *state.Declared) (state.DeclaredStep, error) {
		if slices.Contains(d.Pressed, t.Key) {
			return state.DeclaredStep{}, state.ErrUnchanged
		}
		d.Pressed = append(d.Pressed, t.Key)
		d.Pressed = d.Pressed[max(0, len(d.Pressed)-mostPressed):]
		kind, said := act.Do, ""
		detail := ""
		switch act.Do {
		case blocks.DeclaredRole:
			if !d.Open {
				why = d.ID + " is closed; reopen it first."
				return state.DeclaredStep{}, state.ErrUnchanged
			}
			detail = declared.RoleWords(act.Role)
			if d.Roles[act.Role] == t.User {
				delete(d.Roles, act.Role)
				kind, said = "released", fmt.Sprintf("<@%s> is no longer %s.", t.User, the(act.Role))
			} else {
				said = fmt.Sprintf("<@%s> is %s.", t.User, the(act.Role))
				if was := d.Roles[act.Role]; was != "" {
					said = fmt.Sprintf("<@%s> is %s now, after <@%s>.", t.User, the(act.Role), was)
				}
				d.Roles[act.Role] = t.User
			}
		case blocks.DeclaredContained:
			if !d.Open || !d.ContainedAt.IsZero() {
				why = "It is contained or closed already."
				return state.DeclaredStep{}, state.ErrUnchanged
			}
			d.ContainedAt, d.ContainedBy = now, t.User
			if d.Look != nil {
				d.ContainedRate = d.Look.PerDay
			}
			x := exposure(*d, now)
			said = fmt.Sprintf("<@%s> says that it is contained. %s", t.User, b.containedWords(x))
		case blocks.DeclaredGoesOn:
			if !d.Open || d.ContainedAt.IsZero() {
				why = "It is not contained, or closed already."
				return state.DeclaredStep{}, state.ErrUnchanged
			}
			d.ContainedAt, d.ContainedBy = time.Time{}, ""
			kind, said = "uncontained", fmt.Sprintf("<@%s> says that it is not contained after all.", t.User)
		case blocks.DeclaredClose:
			if !d.Open || review == "" {
				why = d.ID + " is closed already."
				return state.DeclaredStep{}, state.ErrUnchanged
			}
			d.Open, d.ClosedAt, d.ClosedBy = false, now, t.User
			d.Reviews++
			kind = "closed"
			said = fmt.Sprintf("<@%s> closed %s. A draft of the post-incident review follows, with the tasks that prevent the next one; they are not in a ticket system, the file is the list.", t.User, d.ID)
		case blocks.DeclaredReopen:
			if d.Open {
				why = d.ID + " is open."
				return state.DeclaredStep{}, state.ErrUnchanged
			}
			if !d.ArchivedAt.IsZero() {
				why = "Its channel is archived; declare it again, which opens another."
				return state.DeclaredStep{}, state.ErrUnchanged
			}
			d.Open, d.ClosedAt, d.ClosedBy = true, time.Time{}, ""
			d.Slot = max(d.Slot, int(now.Sub(d.Began)/b.opts.Declare.Every)) // what fell due while it was closed is not made up for
			kind, said = "reopened", fmt.Sprintf("<@%s> reopened %s.", t.User, d.ID)
		default:
			return state.DeclaredStep{}, state.ErrUnchanged
		}
		p, err := notePost(t.Key+"/said", d.Channel, "", blocks.Linked(said))
		st := state.DeclaredStep{Changes: []state.DeclaredChange{{Kind: kind, Who: t.User, Detail: detail}}, Posts: []state.Post{p}}
		if kind == "closed" {
			st.Review = review
			name := fmt.Sprintf("%s-review-%d.md", d.ID, d.Reviews)
			f, ferr := slack.Outgoing{Answer: reviewID(d.ID, d.Reviews), File: fileReview, Name: name, Title: "Post-incident review of " + d.ID, Alt: "Post-incident review, Markdown"}.Post(
				"declared/"+d.ID+"/review/"+strconv.Itoa(d.Reviews), "", slack.MethodFile, d.Channel, "", "")
			st.Posts, err = append(st.Posts, f), errors.Join(err, ferr)
		}
		return st, err
	})
	if err != nil {
		return "", err
	}
	b.sender.Wake()
	if !changed && why != "" {
		return ignored, b.tell(ctx, t, why)
	}
	return answered, b.audit(ctx, t, "", answered, act.Do+" "+act.Role+" of "+d.ID)
}

// the is a role as a sentence has it.
func the(role string) string {
	if role == declared.Lead || role == declared.Scribe {
		return "the " + declared.RoleWords(role)
	}
	return "here for " + declared.RoleWords(role)
}

func (b *Bot) containedWords(x declared.Exposure) string {
	if x.Days == 0 || x.PerDay.IsZero() {
		return "The bill of the coming days will show it."
	}
	lines := x.Lines()
	return strings.ReplaceAll(lines[len(lines)-1], "`", "") + ". The bill of the coming days will show it."
}

func reviewID(id string, n int) string { return id + "/" + strconv.Itoa(n) }

// reviewFile is the review that a file's post names.
func (b *Bot) reviewFile(ctx context.Context, name string) ([]byte, error) {
	id, n, _ := strings.Cut(name, "/")
	number, err := strconv.Atoi(n)
	if err != nil {
		return nil, fmt.Errorf("%q names no review", name)
	}
	s, err := b.db.DeclaredReview(ctx, id, number)
	return []byte(s), err
}

// review writes the draft of a post-incident review, as of being closed now.
func (b *Bot) review(ctx context.Context, d state.Declared, by string, now time.Time) (string, error) {
	d.Open, d.ClosedAt, d.ClosedBy = false, now, by
	entries, incident, err := b.timeline(ctx, d, state.DeclaredChange{Happened: now, Kind: "closed", Who: by})
	if err != nil {
		return "", err
	}
	f := declared.Facts{Declared: d, Exposure: exposure(d, now), Who: b.namer(ctx), Written: now, Incident: incident, Timeline: entries}
	if incident != nil {
		f.Acknowledged = incident.AcknowledgedAt
		if incident.Answer != "" {
			f.Answers = append(f.Answers, incident.Answer)
		}
	}
	if d.Look != nil && d.Look.Answer != "" {
		f.Answers = append(f.Answers, d.Look.Answer)
	}
	book, ok := b.books().Get(d.Runbook)
	if !ok {
		book, ok = b.books().Get(severeBook)
	}
	if ok {
		f.Runbook = &book
	}
	return declared.Review(f), nil
}

// timeline is what happened to a declared incident so far, and happens now, with the incident that it was declared of, where there is one.
func (b *Bot) timeline(ctx context.Context, d state.Declared, now ...state.DeclaredChange) ([]declared.Entry, *state.Incident, error) {
	changes, err := b.db.DeclaredChanges(ctx, d.ID)
	if err != nil {
		return nil, nil, err
	}
	changes = append(changes, now...)
	marks, err := b.db.DeclaredMarks(ctx, d.ID)
	if err != nil {
		return nil, nil, err
	}
	for i := range marks {
		marks[i].Said = declared.Plain(marks[i].Said, b.namer(ctx))
	}
	var of []state.IncidentChange
	var in *state.Incident
	currency := ""
	if d.Look != nil {
		currency = d.Look.Currency
	}
	if d.Incident != "" {
		kept, err := b.db.Incident(ctx, d.Incident)
		if err != nil {
			return nil, nil, err
		}
		if of, err = b.db.IncidentChanges(ctx, d.Incident, time.Time{}); err != nil {
			return nil, nil, err
		}
		in, currency = &kept, kept.Currency
	}
	return declared.Timeline(changes, of, currency, marks), in, nil
}
