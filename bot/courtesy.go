package bot

import (
	"context"
	"errors"
	"sync"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/desk"
	"spendbot/bot/access"
	"spendbot/bot/backlog"
	"spendbot/bot/slack"
	"spendbot/bot/slack/blocks"
	"spendbot/bot/state"
)

// courtesyTime bounds what is done for a view that somebody opened.
const courtesyTime = 30 * time.Second

// courtesy does what an opened view asks for: App Home, or questions to begin with in the assistant's container. Nothing of
// it is kept: who opens the view again gets it again.
func (b *Bot) courtesy(ctx context.Context, e slack.Event) {
	ctx, cancel := context.WithTimeout(ctx, courtesyTime)
	defer cancel()
	var err error
	switch {
	case e.Kind == slack.Home && e.Tab != "messages":
		err = b.home(ctx, e)
	case e.Kind == slack.Assistant:
		err = b.suggest(ctx, e)
	}
	if err != nil {
		b.log.Warn("view not served", "kind", string(e.Kind), "error", err)
		b.refused(err)
	}
}

// suggest offers questions in the assistant's container.
func (b *Bot) suggest(ctx context.Context, e slack.Event) error {
	g, err := b.grant(ctx, e, slack.Place{ID: e.Channel, Direct: true, Member: true})
	if err != nil || !g.Allowed {
		return err
	}
	sv, err := b.desk.Survey(ctx, g.Scope)
	if err != nil {
		return err
	}
	title, list := blocks.Prompts(desk.Examples(sv, b.opts.Today()))
	var prompts []slack.Prompt
	for _, p := range list {
		prompts = append(prompts, slack.Prompt{Title: p.Title, Message: p.Message})
	}
	return b.slack.Prompts(ctx, e.Channel, e.Thread, title, prompts)
}

// homes keeps what App Home shows per scope, so that opening it often costs nothing: made anew when the data or the day
// changes.
type homes struct {
	mu   sync.Mutex
	made map[string]*homeData
}

type homeData struct {
	snapshot int64
	once     sync.Once
	data     blocks.HomeData
	err      error
}

// maxHomes bounds how many scopes' homes are kept.
const maxHomes = 64

// home publishes App Home for one person, within their scope.
func (b *Bot) home(ctx context.Context, e slack.Event) error {
	g, err := b.grant(ctx, e, slack.Place{Direct: true, Member: true})
	if err != nil {
		return err
	}
	row := state.AuditRow{At: b.opts.Now(), Team: e.Team, User: e.User, Kind: "home", Scope: g.Name, Outcome: answered, Item: e.Key}
	if !g.Allowed {
		row.Outcome, row.Reason = refused, g.Reason
		err := b.slack.PublishHome(ctx, e.User, blocks.Home(blocks.HomeData{Refusal: g.Refusal, Now: b.opts.Today()}))
		return errors.Join(err, b.db.Audit(ctx, row))
	}
	d, err := b.homeOf(ctx, g, e)
	if err != nil {
		return err
	}
	if d.MonthToDate != nil {
		row.Answer = d.MonthToDate.ID
	}
	if err := b.db.Audit(ctx, row); err != nil {
		return err
	}
	if p, err := b.slack.Person(ctx, e.User); err == nil {
		d.Viewer = p.Name
	}
	if d.Moved, err = b.movedAnswers(ctx, e.Team, e.User, g.Scope); err != nil { // the rest of the view is no worse for it
		b.log.Warn("not known which answers moved", "error", err)
	}
	if d.Backlog, err = b.homeBacklog(ctx, g.Scope); err != nil {
		b.log.Warn("backlog not known", "error", err)
	}
	return b.slack.PublishHome(ctx, e.User, blocks.Home(d))
}

// homeBacklog is what could be saved and what is proved, within a scope; nil where nobody looks for it.
func (b *Bot) homeBacklog(ctx context.Context, scope []analysis.Filter) (*blocks.HomeBacklog, error) {
	if b.opts.Incidents.Channel == "" {
		return nil, nil
	}
	list, err := Opportunities(ctx, b.db, b.books(), scope)
	if err != nil {
		return nil, err
	}
	proofs, err := Proofs(ctx, b.db, scope)
	if err != nil {
		return nil, err
	}
	ranked := backlog.Rank(list)
	return &blocks.HomeBacklog{Ranked: ranked, Totals: backlog.Sum(ranked), Realized: backlog.Summed(backlog.Realized(proofs), proofs), Browse: b.browser(), Command: b.opts.Command}, nil
}

func (b *Bot) homeOf(ctx context.Context, g access.Grant, e slack.Event) (blocks.HomeData, error) {
	sv, err := b.desk.Survey(ctx, g.Scope)
	if err != nil {
		return blocks.HomeData{}, err
	}
	now := b.opts.Today()
	key := g.Key() + "\n" + analysis.DayOf(now).Format(analysis.DateLayout)
	b.homes.mu.Lock()
	h := b.homes.made[key]
	if h == nil || h.snapshot != sv.Snapshot {
		if b.homes.made == nil || len(b.homes.made) >= maxHomes {
			b.homes.made = map[string]*homeData{}
		}
		h = &homeData{snapshot: sv.Snapshot}
		b.homes.made[key] = h
	}
	b.homes.mu.Unlock()
	h.once.Do(func() { h.data, h.err = b.makeHome(ctx, g, e, desk.Examples(sv, now)) })
	if h.err != nil {
		b.homes.mu.Lock()
		delete(b.homes.made, key)
		b.homes.mu.Unlock()
	}
	return h.data, h.err
}

// The questions that App Home answers.
const (
	askMonth = "why did spend change this month so far?"
	askTeams = "spend by team this month so far"
	askFresh = "how fresh is the data?"
)

// makeHome answers them, each with an id that can be traced.
func (b *Bot) makeHome(ctx context.Context, g access.Grant, e slack.Event, examples []string) (blocks.HomeData, error) {
	d := blocks.HomeData{Scope: g.Name, Questions: examples, Now: b.opts.Today()}
	for _, q := range []struct {
		text string
		to   **analysis.Answer
	}{{askMonth, &d.MonthToDate}, {askTeams, &d.Teams}, {askFresh, &d.Freshness}} {
		id, err := b.db.NewID(ctx)
		if err != nil {
			return d, err
		}
		a, err := b.desk.Answer(ctx, id, desk.Question{Text: q.text, Scope: g.Scope, Now: b.opts.Today()})
		if err != nil {
			return d, err
		}
		if a.Reading.Intent == analysis.Ambiguous || a.Reading.Intent == analysis.OutOfScope {
			continue // a store without teams: the section is left out
		}
		if err := b.keepAnswer(ctx, a, e.Team, e.User, "", g.Key()); err != nil {
			return d, err
		}
		*q.to = a
	}
	return d, nil
}
