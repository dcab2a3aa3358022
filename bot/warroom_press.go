package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// fileReview is the file of a post-incident review.
const fileReview = "review"

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
	if act.Do == blocks.DeclaredTickets {
		return b.openTasks(ctx, t, d)
	}
	return b.changeDeclared(ctx, t, d, act)
}

// twice is how soon after taking a role the same press is a finger that hit twice, and gives up nothing.
const twice = time.Minute

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
		did := b.actOn(d, act, t.User, review != "", now)
		if why = did.refused; did.kind == "" {
			return state.DeclaredStep{}, state.ErrUnchanged
		}
		d.Pressed = append(d.Pressed, t.Key)
		d.Pressed = d.Pressed[max(0, len(d.Pressed)-mostPressed):]
		m := blocks.Linked(did.said)
		if act.Do == blocks.DeclaredClose && b.opts.Tickets.Jira != nil {
			m = blocks.WithTasks(m, d.ID)
		}
		p, err := notePost(t.Key+"/said", d.Channel, "", m)
		st := state.DeclaredStep{Changes: []state.DeclaredChange{{Kind: did.kind, Who: t.User, Detail: did.detail}}, Posts: []state.Post{p}}
		if act.Do == blocks.DeclaredClose {
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

// pressed is what a press did: the change's kind and detail, and what is said of it in the channel; or why it did nothing.
type pressed struct {
	kind, detail, said string
	refused            string
}

// actOn changes a declared incident as somebody asked; reviewed is whether there is a review to close it with.
func (b *Bot) actOn(d *state.Declared, act blocks.DeclaredAction, who string, reviewed bool, now time.Time) pressed {
	switch act.Do {
	case blocks.DeclaredRole:
		if !d.Open {
			return pressed{refused: d.ID + " is closed; reopen it first."}
		}
		did := pressed{kind: act.Do, detail: declared.RoleWords(act.Role)}
		switch was := d.Roles[act.Role]; was {
		case who:
			if now.Sub(d.RolesAt[act.Role]) < twice {
				return pressed{refused: "You are " + the(act.Role) + ". Press again in a minute to give that up."}
			}
			delete(d.Roles, act.Role)
			did.kind, did.said = "released", fmt.Sprintf("<@%s> is no longer %s.", who, the(act.Role))
			return did
		case "":
			did.said = fmt.Sprintf("<@%s> is %s.", who, the(act.Role))
		default:
			did.said = fmt.Sprintf("<@%s> is %s now, after <@%s>.", who, the(act.Role), was)
		}
		d.Roles[act.Role] = who
		if d.RolesAt == nil {
			d.RolesAt = map[string]time.Time{}
		}
		d.RolesAt[act.Role] = now
		return did
	case blocks.DeclaredContained:
		if !d.Open || !d.ContainedAt.IsZero() {
			return pressed{refused: "It is contained or closed already."}
		}
		d.ContainedAt, d.ContainedBy = now, who
		if d.Look != nil {
			d.ContainedRate = d.Look.PerDay
		}
		return pressed{kind: act.Do, said: fmt.Sprintf("<@%s> says that it is contained. %s", who, b.containedWords(exposure(*d, now)))}
	case blocks.DeclaredGoesOn:
		if !d.Open || d.ContainedAt.IsZero() {
			return pressed{refused: "It is not contained, or closed already."}
		}
		d.ContainedAt, d.ContainedBy = time.Time{}, ""
		return pressed{kind: "uncontained", said: fmt.Sprintf("<@%s> says that it is not contained after all.", who)}
	case blocks.DeclaredClose:
		if !d.Open || !reviewed {
			return pressed{refused: d.ID + " is closed already."}
		}
		d.Open, d.ClosedAt, d.ClosedBy = false, now, who
		d.Reviews++
		return pressed{kind: "closed", said: fmt.Sprintf("<@%s> closed %s. A draft of the post-incident review follows, with the tasks that prevent the next one.", who, d.ID)}
	case blocks.DeclaredReopen:
		if d.Open {
			return pressed{refused: d.ID + " is open."}
		}
		if !d.ArchivedAt.IsZero() {
			return pressed{refused: "Its channel is archived; declare it again, which opens another."}
		}
		d.Open, d.ClosedAt, d.ClosedBy = true, time.Time{}, ""
		d.Slot = max(d.Slot, int(now.Sub(d.Began)/b.opts.Declare.Every)) // what fell due while it was closed is not made up for
		return pressed{kind: "reopened", said: fmt.Sprintf("<@%s> reopened %s.", who, d.ID)}
	}
	return pressed{}
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
	f.Runbook = b.bookOf(d)
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
