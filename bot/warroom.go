package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"time"

	"spendbot/analysis"
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
	m := blocks.Linked(text)
	if t.Kind == slack.Press || t.Kind == slack.Shortcut {
		return b.aside(ctx, t, m)
	}
	return b.say(ctx, t, "note", m)
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
