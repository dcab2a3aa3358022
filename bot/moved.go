package bot

import (
	"context"
	"fmt"
	"sync"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/desk"
	"spendbot/analysis/render"
	"spendbot/bot/slack/blocks"
	"spendbot/bot/state"
)

// Bounds of looking for answers that moved.
const (
	movedDays   = 30  // how old an answer may be that one is told of
	movedLooked = 200 // answers of a person that are held against the restatements
	movedShown  = 5   // of those, how many are worked out again
	movedKept   = 256 // comparisons that are kept
	// movedTime bounds it while somebody waits for a window, which must open within 3 seconds.
	movedTime = 1500 * time.Millisecond
)

// movedCache keeps comparisons: an answer and a snapshot do not change.
type movedCache struct {
	mu   sync.Mutex
	made map[string]*desk.Moved
}

// movedAnswers are the answers of the last days that a person was given and that come out otherwise today, newest first. Only
// those that lie within what the person may see now are among them, each compared within the scope it was given in.
func (b *Bot) movedAnswers(ctx context.Context, team, user string, scope []analysis.Filter) ([]blocks.Moved, error) {
	loads, err := b.desk.Loads(ctx)
	if err != nil {
		return nil, err
	}
	since := b.opts.Today().AddDate(0, 0, -movedDays)
	recent, err := b.db.RecentAnswers(ctx, team, user, since, movedLooked)
	if err != nil {
		return nil, err
	}
	var out []blocks.Moved
	seen := map[string]bool{} // the same question, asked again, is listed once
	for _, r := range recent {
		if len(out) == movedShown {
			break
		}
		if len(desk.Touching(loads, r.Snapshot, r.Plan)) == 0 || !analysis.ScopeCovers(scope, r.Plan.Scope) || seen[r.Question] {
			continue
		}
		seen[r.Question] = true
		m, err := b.movedSince(ctx, r, scope)
		if err != nil {
			return nil, err
		}
		if m != nil {
			out = append(out, *m)
		}
	}
	return out, nil
}

// movedSince compares one answer with today's; nil when it stands.
func (b *Bot) movedSince(ctx context.Context, r state.Recent, scope []analysis.Filter) (*blocks.Moved, error) {
	s, err := b.db.Answer(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	return b.movedAnswer(ctx, s.Answer, scope)
}

func (b *Bot) movedAnswer(ctx context.Context, a *analysis.Answer, scope []analysis.Filter) (*blocks.Moved, error) {
	newest, err := b.desk.Newest(ctx)
	if err != nil || newest == a.Trace.Snapshot {
		return nil, err
	}
	key := fmt.Sprintf("%s %d", a.ID, newest)
	b.moved.mu.Lock()
	m, ok := b.moved.made[key]
	b.moved.mu.Unlock()
	if !ok {
		if m, err = b.desk.Moved(ctx, a); err != nil {
			return nil, err
		}
		b.moved.mu.Lock()
		if b.moved.made == nil || len(b.moved.made) >= movedKept {
			b.moved.made = map[string]*desk.Moved{}
		}
		b.moved.made[key] = m
		b.moved.mu.Unlock()
	}
	if m == nil {
		return nil, nil
	}
	out := &blocks.Moved{Answer: a.ID, Asked: a.Asked, Question: a.Question, Was: m.Was, Is: m.Is}
	if len(scope) == 0 { // a restatement's amounts are of all spend
		for _, c := range m.Changes {
			out.Changes = append(out.Changes, changeWords(c))
		}
	}
	return out, nil
}

// changeWords is "2 Nov: AWS restated October 2026 by +$7.75 effective (days 1-31 Oct 2026), load `L-...`."
func changeWords(c desk.Change) string {
	r := c.Restatement
	days := r.First + " to " + r.Last
	first, err1 := time.Parse(analysis.DateLayout, r.First)
	last, err2 := time.Parse(analysis.DateLayout, r.Last)
	if err1 == nil && err2 == nil {
		days = analysis.NewPeriod(first, last.AddDate(0, 0, 1)).String()
	}
	by := "amounts that are not known"
	if e := r.Effective(); e != nil {
		by = render.MoneyExact(*e, r.Currency) + " effective cost"
		if e.IsPositive() {
			by = "+" + by
		}
	}
	return fmt.Sprintf("%s: %s's bill of %s moved by %s (%s), load `%s`.", c.At.UTC().Format("2 Jan"), r.Provider, r.Month, by, days, c.Load)
}

// movedInTime is movedAnswer for a window that somebody waits for: without an answer in time the window opens without it.
func (b *Bot) movedInTime(ctx context.Context, a *analysis.Answer, scope []analysis.Filter) *blocks.Moved {
	ctx, cancel := context.WithTimeout(ctx, movedTime)
	defer cancel()
	m, err := b.movedAnswer(ctx, a, scope)
	if err != nil {
		b.log.Warn("not known in time whether an answer moved", "answer", a.ID, "error", err)
		return nil
	}
	return m
}
