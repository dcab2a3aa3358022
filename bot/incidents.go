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
	"spendbot/analysis/anomaly"
	"spendbot/analysis/desk"
	"spendbot/analysis/event"
	"spendbot/analysis/render"
	"spendbot/analysis/store"
	"spendbot/bot/incident"
	"spendbot/bot/slack"
	"spendbot/bot/slack/blocks"
	"spendbot/bot/state"
	"spendbot/runbooks"
)

// IncidentOptions say what becomes of what stands out in the bills.
type IncidentOptions struct {
	// Channel is told of what has no owner, or whose owner has no channel that the bot may tell in: an id or "#name". "" looks for nothing and
	// tells nobody.
	Channel string
	// Owners are the channels of teams, by the owners of a day, and People those who answer for a team, by id; nil, and "", for none.
	Owners anomaly.Channel
	People func(team string, day time.Time) string
	Rules  incident.Rules
	// Quiet are the hours in which no thread begins and nobody is asked again, unless it is of high severity.
	Quiet incident.Hours
	// Escalation is the channel that is told when nobody answers, beside the thread; "" for none. Mention are the people and user groups that are
	// called then, by id.
	Escalation string
	Mention    []string
}

// How often it is looked whether something was loaded or somebody should have answered, how far back a scan tells, and how long closed incidents are
// known again.
const (
	incidentsPoll = 2 * time.Second
	incidentDays  = 45
	incidentKnown = 120 * 24 * time.Hour
)

// watchIncidents looks for incidents after each load, and sees to those that wait, until the context ends.
func (b *Bot) watchIncidents(ctx context.Context) {
	t := time.NewTicker(incidentsPoll)
	defer t.Stop()
	var scanned int64
	var again time.Time // after a scan that failed, not before
	for {
		newest, err := b.desk.Newest(ctx)
		switch {
		case errors.Is(err, store.ErrEmpty) || ctx.Err() != nil:
		case err != nil:
			b.log.Error("not known whether something was loaded", "error", err)
		case newest != scanned && !b.opts.Now().Before(again):
			if err := guarded(func() error { return b.FindIncidents(ctx) }); err == nil {
				scanned = newest
			} else if ctx.Err() == nil {
				b.log.Error("anomalies not looked for; trying again", "error", err)
				again = b.opts.Now().Add(againMost)
			}
		}
		if err := b.TellIncidents(ctx); err != nil && ctx.Err() == nil {
			b.log.Error("incidents not told", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// errUnchanged ends a change of an incident that changes nothing.
var errUnchanged = errors.New("nothing changed")

// FindIncidents looks for anomalies in the newest snapshot and brings what is kept of incidents up to date: new ones get a thread, those that are known are followed. Two
// processes may do so at once: what one of them has said the other does not say again.
func (b *Bot) FindIncidents(ctx context.Context) error {
	now := b.opts.Today()
	kept, patterns, err := b.known(ctx, now)
	if err != nil {
		return err
	}
	loads, err := b.desk.Loads(ctx)
	if err != nil {
		return err
	}
	return b.desk.Look(ctx, func(ctx context.Context, l desk.Look) error {
		s := &scan{b: b, look: l, now: now}
		if len(loads) > 0 {
			s.arrived = loads[0].At
		}
		o := l.Watch.Options
		o.Providers, o.Expected, o.Unanswered = l.Survey.Providers, patterns, incident.Unanswered(kept)
		o.Memory, o.Now, o.Provisional = b.judged, now, true
		for _, p := range l.Survey.Providers {
			if since := p.Through.AddDate(0, 0, 1-incidentDays); o.Since.IsZero() || since.Before(o.Since) {
				o.Since = since
			}
		}
		for _, in := range kept {
			if in.Open && in.Onset.Before(o.Since) {
				o.Since = in.Onset
			}
		}
		r, err := anomaly.Scan(ctx, l.Sight, o)
		if err != nil {
			return err
		}
		s.queries = r.Queries
		books := b.books()
		var found []incident.Found
		for _, i := range append(r.Incidents, r.ByHour()...) {
			f := incident.Of(i, l.Owned)
			if m, ok := i.Runbook(books); ok {
				f.Runbook = m.Runbook.Slug
			}
			found = append(found, f)
		}
		return s.take(ctx, incident.Match(kept, found))
	})
}

// known are the incidents that a scan may find again, the open ones and those closed lately, and what people said to expect.
func (b *Bot) known(ctx context.Context, now time.Time) (kept []state.Incident, expected []anomaly.Pattern, err error) {
	if kept, err = b.db.Incidents(ctx, state.IncidentFilter{Open: true}); err != nil {
		return nil, nil, err
	}
	late, err := b.db.Incidents(ctx, state.IncidentFilter{Since: now.Add(-incidentKnown)})
	if err != nil {
		return nil, nil, err
	}
	for _, in := range late {
		if !in.Open {
			kept = append(kept, in)
		}
	}
	verdicts, err := b.db.Verdicts(ctx, "")
	if err != nil {
		return nil, nil, err
	}
	expected, err = incident.PatternsOf(verdicts)
	return kept, expected, err
}

// scan is one look for anomalies and what comes of it.
type scan struct {
	b       *Bot
	look    desk.Look
	queries []analysis.QueryTrace
	now     time.Time
	arrived time.Time // when the newest data came
}

// names are those of the bill that is looked at: the look has a seat of the desk already, and another may not become free.
func (s *scan) names(context.Context) (event.Name, error) { return namesIn(s.look.Survey), nil }

// take carries out what a scan means. What fails of one incident keeps no other from being told.
func (s *scan) take(ctx context.Context, pairs []incident.Pair) error {
	var errs []error
	var fresh []incident.Found
	for _, p := range pairs {
		if p.Kept == nil {
			fresh = append(fresh, *p.Found)
			continue
		}
		for _, from := range p.Merged {
			errs = append(errs, s.merge(ctx, *from, p.Kept.ID))
		}
		errs = append(errs, s.follow(ctx, *p.Kept, p.Found))
	}
	alone, storms := incident.Storm(fresh, s.b.opts.Incidents.Rules)
	for _, storm := range storms {
		storm.Seen.Question = anomaly.EverythingChanged(analysis.Period{Start: storm.Seen.Onset, End: storm.Seen.Last.AddDate(0, 0, 1)})
		alone = append(alone, storm)
	}
	for _, f := range alone {
		errs = append(errs, s.open(ctx, f))
	}
	s.b.sender.Wake()
	return errors.Join(errs...)
}

// through is the last complete day of an incident's provider.
func (s *scan) through(in state.Incident) time.Time {
	var last time.Time
	for _, p := range s.look.Survey.Providers {
		if p.Name == in.Provider {
			return anomaly.Complete(p, s.now)
		}
		last = analysis.Later(last, anomaly.Complete(p, s.now))
	}
	return last
}

// open keeps a new incident and begins its thread.
func (s *scan) open(ctx context.Context, f incident.Found) error {
	b := s.b
	in := incident.Open(f, b.opts.Incidents.Rules)
	in.Arrived = s.arrived
	var err error
	if in.Channel, in.Elsewhere, err = b.route(ctx, in); err != nil {
		return fmt.Errorf("where to tell of %s: %w", in.Title, err)
	}
	if err := s.explain(ctx, &in, &f, true); err != nil {
		return err
	}
	about, err := b.about(ctx, in, s.names)
	if err != nil {
		return err
	}
	chart, err := b.drawnIn(ctx, in, s.names)
	if err != nil {
		return err
	}
	in, err = b.db.OpenIncident(ctx, in, s.now, func(in *state.Incident) (state.IncidentStep, error) {
		step := state.IncidentStep{Changes: []state.IncidentChange{{Kind: "detected", Detail: in.Rule}}}
		if in.Channel == "" || b.disturbs(*in, s.now) {
			return step, nil // it is told when there is a channel, and the quiet hours are over
		}
		var err error
		step.Posts, err = b.rootPosts(in, about, chart)
		return step, err
	})
	if errors.Is(err, state.ErrIncidentOpen) { // another process was first
		return nil
	}
	if err == nil && in.Channel == "" {
		b.log.Error("an incident has no channel that may be told of it; name one in incidents.channel that the bot is in and that has no scope", "incident", in.ID, "what", in.Title)
	}
	if err == nil {
		b.log.Info("incident", "incident", in.ID, "what", in.Title, "severity", in.Severity, "channel", in.Channel, "team", in.Team)
	}
	return err
}

// follow brings a kept incident up to date with what the scan finds of it, nil where it finds it no more.
func (s *scan) follow(ctx context.Context, kept state.Incident, f *incident.Found) error {
	b := s.b
	if kept.Open && kept.Channel == "" {
		channel, elsewhere, err := b.route(ctx, kept)
		if err != nil {
			return err
		}
		if channel != "" && !b.disturbs(kept, s.now) {
			kept.Elsewhere = elsewhere
			if err := b.begins(ctx, kept, channel, s.names); err != nil {
				return err
			}
			if kept, err = b.db.Incident(ctx, kept.ID); err != nil {
				return err
			}
		}
	}
	through := s.through(kept)
	if f != nil && f.Seen.Through.Before(kept.Through) || through.Before(kept.Through) {
		return nil // older data than it was told with: another process has seen more
	}
	next, says := incident.Step(kept, f, through, b.opts.Incidents.Rules, s.now)
	if len(says) == 0 && same(next, kept) {
		return nil
	}
	replies := slices.ContainsFunc(says, func(s incident.Say) bool { return s.Reply || s.Kind == "confirmed" })
	made := next
	// Its ticket and what it should save rest on its drivers, whether there is something to tell today or not.
	if err := s.explain(ctx, &made, f, f != nil && (replies || next.Open)); err != nil {
		return err
	}
	about, err := b.about(ctx, made, s.names)
	if err != nil {
		return err
	}
	_, err = b.db.ChangeIncident(ctx, kept.ID, s.now, func(in *state.Incident) (state.IncidentStep, error) {
		was := *in
		next, says := incident.Step(was, f, through, b.opts.Incidents.Rules, s.now)
		if len(says) == 0 && same(next, was) {
			return state.IncidentStep{}, errUnchanged
		}
		next.IncidentExplained = made.IncidentExplained
		*in = next
		return b.saidOf(in, was, says, about, "")
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	if errors.Is(err, state.ErrIncidentOpen) { // it would come back, and another has its place by now
		return nil
	}
	return err
}

// merge closes an incident that is part of an older one.
func (s *scan) merge(ctx context.Context, from state.Incident, into string) error {
	about, err := s.b.about(ctx, from, s.names)
	if err != nil {
		return err
	}
	_, err = s.b.db.ChangeIncident(ctx, from.ID, s.now, func(in *state.Incident) (state.IncidentStep, error) {
		if !in.Open {
			return state.IncidentStep{}, errUnchanged
		}
		was := *in
		var says []incident.Say
		*in, says = incident.Merge(was, into, s.now)
		return s.b.saidOf(in, was, says, about, "")
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	return err
}

// same reports whether nothing of an incident changed that anybody is told.
func same(a, b state.Incident) bool {
	x, errA := json.Marshal(a.IncidentDetail)
	y, errB := json.Marshal(b.IncidentDetail)
	return errA == nil && errB == nil && string(x) == string(y) && a.State == b.State && a.Open == b.Open && a.Team == b.Team
}

// explain makes and keeps the answer that an incident's numbers are traced by. With its drivers, where they are asked for.
func (s *scan) explain(ctx context.Context, in *state.Incident, f *incident.Found, drivers bool) error {
	b := s.b
	begin := b.opts.Now()
	id, err := b.db.NewID(ctx)
	if err != nil {
		return err
	}
	a := &analysis.Answer{ID: id, Asked: s.now.UTC(), Question: in.Question, Currency: in.Currency, Caveats: []string{anomaly.Estimates},
		Reading: analysis.Plan{Intent: analysis.AnomalyList, Metric: analysis.Effective, Filters: in.Filters, GroupBy: []analysis.Dimension{}, Current: analysis.Period{Start: in.Onset, End: analysis.Later(in.Through, in.Last).AddDate(0, 0, 1)}},
		Trace:   analysis.Trace{Snapshot: s.look.Snapshot, ChargesSnapshot: s.look.Charges, Queries: slices.Clone(s.queries)}}
	a.Headline = fmt.Sprintf("%s %s what was expected since %s (estimate): %s.", render.MoneyExact(in.Excess.Round(2).Abs(), in.Currency), overOrUnder(in.Excess), in.Onset.Format("2 Jan 2006"), in.Title)
	for _, p := range s.look.Survey.Providers {
		if in.Provider == "" || p.Name == in.Provider {
			a.Through = append(a.Through, analysis.ProviderThrough{Provider: p.Name, Day: anomaly.Complete(p, s.now)})
		}
	}
	if f != nil {
		if series := seriesOf(f.Points); series != nil {
			a.Parts = append(a.Parts, analysis.Part{Series: series})
		}
	}
	if in.Provisional() {
		a.Caveats = append(a.Caveats, "by the hours of a day that is not complete, up to "+in.HoursEnd.Format("2 Jan 15:04")+" UTC: provisional")
		if f != nil && f.Scanned != nil {
			a.Parts = append(a.Parts, analysis.Part{Table: anomaly.HoursTable([]anomaly.Incident{*f.Scanned})})
		}
	} else if drivers && f.Scanned != nil {
		x, err := f.Scanned.Explain(ctx, s.look.Sight, s.look.Survey)
		if err != nil {
			return err
		}
		a.Parts = append([]analysis.Part{{Bridge: &x.Bridge}}, a.Parts...)
		a.Trace.Queries = append(a.Trace.Queries, x.Queries...)
		a.Reading.Current, a.Reading.Baseline = x.Current, &x.Baseline
		in.Effect, in.How = x.Effect, howOf(x)
	}
	if in.Runbook == "" && f != nil {
		in.Runbook = f.Runbook
	}
	near, seen, err := b.eventsNear(ctx, *in, s.names)
	if err != nil {
		return err
	}
	a.Trace.Events = seen
	for _, e := range near {
		a.Events = append(a.Events, analysis.NearEvent{Event: e})
	}
	if s.look.Caveat != "" {
		a.Caveats = append(a.Caveats, s.look.Caveat)
	}
	a.Trace.MS = float64(b.opts.Now().Sub(begin).Microseconds()) / 1000
	in.Answer = id
	return b.keepAnswer(ctx, a, b.slack.Self().Team, "", in.Channel, analysis.ScopeKey(nil))
}

func overOrUnder(d analysis.Amount) string {
	if d.IsNegative() {
		return "under"
	}
	return "over"
}

// seriesOf are the days of an incident and those before, with what was expected of them; nil where there are none.
func seriesOf(points []anomaly.Point) *analysis.Series {
	if len(points) == 0 {
		return nil
	}
	s := &analysis.Series{Lines: []analysis.SeriesLine{{Name: "cost"}, {Name: "expected at most"}, {Name: "expected at least"}}}
	for _, p := range points {
		s.Days = append(s.Days, p.Day)
		for i, v := range []analysis.Amount{p.Actual, p.High, p.Low} {
			var at *analysis.Amount
			if i == 0 && p.Known || i > 0 && !(p.High.IsZero() && p.Low.IsZero() && p.Expected.IsZero()) {
				at = &v
			}
			s.Lines[i].Values = append(s.Lines[i].Values, at)
		}
	}
	return s
}

// howOf says in a few words how it came about, as its largest driver in its direction does: "usage x4.1, price unchanged; nat-0d2f and nat-19ac carry 97%".
func howOf(x *anomaly.Explained) string {
	for _, d := range x.Bridge.Drivers {
		if d.Amount.Sign() == x.Bridge.Change.Delta.Sign() {
			return d.How
		}
	}
	return ""
}

// books are the runbooks; none where they cannot be read, which is logged.
func (b *Bot) books() *runbooks.Library {
	l, err := b.library()
	if err != nil { // a test reads them all
		b.log.Error("runbooks not read", "error", err)
		return &runbooks.Library{}
	}
	return l
}

// disturbs reports whether telling of an incident has to wait for the end of the quiet hours.
func (b *Bot) disturbs(in state.Incident, now time.Time) bool {
	return in.Severity != string(incident.High) && b.opts.Incidents.Quiet.Next(now).After(now)
}

// rootKey names the root message of an incident's n-th thread; it has one, unless its channel would not take it.
func rootKey(id string, n int) string {
	if n == 0 {
		return "incident/" + id + "/root"
	}
	return fmt.Sprintf("incident/%s/root/%d", id, n)
}

// drawnIn reports whether an incident has a chart that its channel may see.
func (b *Bot) drawnIn(ctx context.Context, in state.Incident, names named) (bool, error) {
	if in.Channel == "" {
		return false, nil
	}
	scope, ok, err := b.toldIn(ctx, in.Channel)
	if err != nil || !ok {
		return false, err
	}
	return b.drawn(ctx, in.Answer, scope, names)
}

// drawn reports whether there is a chart of an answer, with no event in it that a scope does not let see.
func (b *Bot) drawn(ctx context.Context, answer string, scope []analysis.Filter, names named) (bool, error) {
	s, err := b.db.Answer(ctx, answer)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if len(s.Answer.Events) > 0 && len(scope) > 0 {
		name, err := names(ctx)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(s.Answer.Events, func(e analysis.NearEvent) bool { return !event.Within(e.Event, scope, name) }) {
			return false, nil
		}
	}
	p, err := b.pictures.of(s.Answer)
	if err != nil { // a thread without a picture is a thread
		b.log.Error("chart not made", "answer", answer, "error", err)
		return false, nil
	}
	return p.ok, nil
}

// rootPosts begin an incident's thread: the message, and its chart where there is one.
func (b *Bot) rootPosts(in *state.Incident, about blocks.IncidentOptions, chart bool) ([]state.Post, error) {
	in.Root, in.Thread = rootKey(in.ID, in.Threads), ""
	if now := b.opts.Today(); b.opts.Incidents.Quiet.Next(now).After(now) {
		about.Person = "" // what is severe begins a thread at night too, but calls nobody
	}
	m := blocks.Incident(*in, about)
	root, err := incidentPost(m, in.Root, slack.MethodPost, in.Channel, "", in.Answer)
	if err != nil {
		return nil, err
	}
	posts := []state.Post{root}
	if chart {
		o := slack.Outgoing{Answer: in.Answer, File: fileChart, Name: in.Answer + ".png", Title: "Chart of " + in.ID, Alt: in.Title + ", day by day, with what was expected"}
		chart, err := o.Post(in.Root+"/chart", "", slack.MethodFile, in.Channel, slack.Under(in.Root), "")
		if err != nil {
			return nil, err
		}
		posts = append(posts, chart)
	}
	return posts, nil
}

// saidOf is what a change of an incident brings with it: history, the root message anew, and a reply for what is worth one. who is the person
// who did it, "" the bot.
func (b *Bot) saidOf(in *state.Incident, was state.Incident, says []incident.Say, about blocks.IncidentOptions, who string) (state.IncidentStep, error) {
	var step state.IncidentStep
	for _, s := range says {
		step.Changes = append(step.Changes, state.IncidentChange{Kind: s.Kind, Who: who, Detail: s.Detail})
	}
	if in.Root == "" {
		return step, nil // its thread has not begun
	}
	in.Updates++
	about.Person = "" // who was called once is not called again
	update, err := incidentPost(blocks.Incident(*in, about), fmt.Sprintf("incident/%s/update/%d", in.ID, in.Updates), slack.MethodUpdate, in.Channel, slack.Under(in.Root), in.Answer)
	if err != nil {
		return step, err
	}
	step.Posts = append(step.Posts, update)
	told := false // what a restatement changed is told by that, and not as growth too
	for _, s := range says {
		if !s.Reply || told && (s.Kind == "grew" || s.Kind == "shrank") {
			continue
		}
		told = told || s.Kind == "restated"
		in.Replies++
		n := blocks.IncidentNews{Kind: s.Kind, Detail: s.Detail, Who: who, Was: was.Said}
		if s.Kind == "restated" {
			n.Was = was.IncidentAmounts
		}
		if s.Kind == "escalated" {
			n.Mention = b.opts.Incidents.Mention
		}
		reply, err := incidentPost(blocks.IncidentReply(*in, n), fmt.Sprintf("incident/%s/reply/%d", in.ID, in.Replies), slack.MethodPost, in.Channel, slack.Under(in.Root), in.Answer)
		if err != nil {
			return step, err
		}
		step.Posts = append(step.Posts, reply)
	}
	return step, nil
}

func incidentPost(m blocks.Message, key, method, channel, thread, answer string) (state.Post, error) {
	o := slack.Outgoing{Text: m.Text, Answer: answer}
	var err error
	if o.Blocks, err = json.Marshal(m.Blocks); err != nil {
		return state.Post{}, fmt.Errorf("message blocks: %w", err)
	}
	return o.Post(key, "", method, channel, thread, "")
}

// about is what is said of an incident beside what is kept of it, as its channel may see it.
func (b *Bot) about(ctx context.Context, in state.Incident, names named) (blocks.IncidentOptions, error) {
	o := blocks.IncidentOptions{Command: b.opts.Command, Now: b.opts.Today(), Elsewhere: in.Elsewhere}
	if b.opts.Declare.On {
		rooms, err := b.db.DeclaredIncidents(ctx, state.DeclaredFilter{Incident: in.ID, Active: true})
		if err != nil {
			return o, err
		}
		o.CanDeclare = true
		for _, d := range rooms {
			if d.Open && d.Channel != "" {
				o.CanDeclare, o.Room = false, d.Channel
			}
		}
	}
	if in.Team != "" {
		o.Owner = "team " + in.Team
		if c := b.owners(in.Team, in.Onset); c != "" && in.Elsewhere == "" {
			o.Owner += " (" + c + ")"
		}
	}
	if b.opts.Tickets.Jira != nil {
		k, err := b.lastTicket(ctx, in.ID)
		if err != nil {
			return o, err
		}
		o.CanTicket = k == nil || k.State == state.TicketDone || k.State == state.TicketRejected || k.State == state.TicketGone
		if k != nil {
			fix, err := b.db.Saving(ctx, k.ID)
			if err != nil {
				return o, err
			}
			o.Ticket = blocks.TicketLine(*k, b.browse(k.Key), fix)
		}
	}
	if r, ok := b.books().Get(in.Runbook); ok && in.Runbook != "" {
		o.Book, o.Slug = r.Front.Title, r.Slug
		o.Check = firstSentence(r.Section("First check"))
	}
	var err error
	if o.Person, err = b.ownerOf(ctx, in); err != nil {
		return o, err
	}
	o.Near, _, err = b.eventsNear(ctx, in, names)
	return o, err
}

// rewritten writes the root message of an incident's thread anew, where there is one, since what is about it has changed.
func (b *Bot) rewritten(ctx context.Context, id string) error {
	in, err := b.db.Incident(ctx, id)
	if err != nil || in.Root == "" {
		return nil //nolint:nilerr // its incident is gone, or has no thread: nothing shows it
	}
	about, err := b.about(ctx, in, b.names)
	if err != nil {
		return err
	}
	_, err = b.db.ChangeIncident(ctx, id, b.opts.Today(), func(in *state.Incident) (state.IncidentStep, error) {
		return b.saidOf(in, *in, nil, about, "")
	})
	if errors.Is(err, state.ErrIncidentOpen) {
		return nil
	}
	return err
}

// ownerOf is the person who answers for the team of an incident, by the owners of its first day, where they may see all of it; "" for none.
func (b *Bot) ownerOf(ctx context.Context, in state.Incident) (string, error) {
	if b.opts.Incidents.People == nil || in.Team == "" {
		return "", nil
	}
	id := b.opts.Incidents.People(in.Team, in.Onset)
	if id == "" {
		return "", nil
	}
	g, err := b.grant(ctx, slack.Event{Team: b.slack.Self().Team, User: id}, slack.Place{Direct: true})
	if err != nil || !g.Allowed || !analysis.ScopeCovers(g.Scope, in.Filters) {
		return "", err
	}
	return id, nil
}

// firstSentence is the first sentence of a text, and the next one with it where it is a short question: "Which destination?" says little alone.
func firstSentence(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	const short = 60
	for i, r := range s {
		end := i+1 == len(s) || (r == '.' || r == '?') && s[i+1] == ' '
		if end && (r != '?' || i >= short || i+1 == len(s)) {
			return s[:i+1]
		}
	}
	return s
}

func (b *Bot) owners(team string, day time.Time) string {
	if b.opts.Incidents.Owners == nil || team == "" {
		return ""
	}
	return b.opts.Incidents.Owners(team, day)
}

// TellIncidents sees to what waits for its time: threads that begin when the quiet hours are over or whose channel would not take them, and those
// that nobody has answered for.
func (b *Bot) TellIncidents(ctx context.Context) error {
	now := b.opts.Today()
	open, err := b.db.Incidents(ctx, state.IncidentFilter{Open: true})
	if err != nil {
		return err
	}
	var errs []error
	for _, in := range open {
		if in.Channel == "" || b.disturbs(in, now) {
			continue
		}
		if in.Root == "" {
			errs = append(errs, b.begins(ctx, in, in.Channel, b.names))
			continue
		}
		if in.Thread == "" && in.Threads == 0 {
			ts, open, err := b.db.Landed(ctx, in.Root)
			if err == nil && ts == "" && !open {
				err = b.elsewhere(ctx, in)
			}
			errs = append(errs, err)
		}
		if incident.EscalationDue(in, b.opts.Incidents.Rules, now) {
			errs = append(errs, b.escalate(ctx, in))
		}
	}
	return errors.Join(errs...)
}

// begins begins the thread of an incident that has none.
func (b *Bot) begins(ctx context.Context, in state.Incident, channel string, names named) error {
	in.Channel = channel
	about, err := b.about(ctx, in, names)
	if err != nil {
		return err
	}
	chart, err := b.drawnIn(ctx, in, names)
	if err != nil {
		return err
	}
	_, err = b.db.ChangeIncident(ctx, in.ID, b.opts.Today(), func(kept *state.Incident) (state.IncidentStep, error) {
		if kept.Root != in.Root || !kept.Open {
			return state.IncidentStep{}, errUnchanged // another process was first
		}
		if kept.Root != "" {
			kept.Threads++
		}
		kept.Channel, kept.Elsewhere = in.Channel, in.Elsewhere
		posts, err := b.rootPosts(kept, about, chart)
		return state.IncidentStep{Posts: posts}, err
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	b.sender.Wake()
	return err
}

// elsewhere begins the thread of an incident anew where Slack would not take it into its channel: in the channel that is told of the rest. There it is
// not tried again.
func (b *Bot) elsewhere(ctx context.Context, in state.Incident) error {
	channel, ok, err := b.fallback(ctx, in)
	if err != nil {
		return err
	}
	b.log.Error("the thread of an incident could not begin in its channel", "incident", in.ID, "channel", in.Channel, "elsewhere", ok && channel != in.Channel)
	if ok && channel != in.Channel {
		in.Elsewhere = "I could not post in its channel"
		return b.begins(ctx, in, channel, b.names)
	}
	_, err = b.db.ChangeIncident(ctx, in.ID, b.opts.Today(), func(kept *state.Incident) (state.IncidentStep, error) {
		kept.Threads = max(1, kept.Threads)
		return state.IncidentStep{}, nil
	})
	return err
}

// escalate asks again: in the thread, and in the channel for it.
func (b *Bot) escalate(ctx context.Context, in state.Incident) error {
	about, err := b.about(ctx, in, b.names)
	if err != nil {
		return err
	}
	channel := ""
	if name := b.opts.Incidents.Escalation; name != "" {
		p, ok, err := b.placeNamed(ctx, name)
		if err != nil {
			return err
		}
		if ok && p.ID != in.Channel && b.mayTell(p, in) {
			channel = p.ID
		}
	}
	_, err = b.db.ChangeIncident(ctx, in.ID, b.opts.Today(), func(in *state.Incident) (state.IncidentStep, error) {
		if !incident.EscalationDue(*in, b.opts.Incidents.Rules, b.opts.Today()) {
			return state.IncidentStep{}, errUnchanged
		}
		was := *in
		var says []incident.Say
		*in, says = incident.Escalate(was, b.opts.Today())
		step, err := b.saidOf(in, was, says, about, "")
		if err != nil || channel == "" {
			return step, err
		}
		m := blocks.IncidentCall(*in, about, b.opts.Incidents.Mention)
		post, err := incidentPost(m, fmt.Sprintf("incident/%s/escalated/%d", in.ID, in.Escalations), slack.MethodPost, channel, "", in.Answer)
		step.Posts = append(step.Posts, post)
		return step, err
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	b.sender.Wake()
	return err
}
