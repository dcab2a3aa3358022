package bot

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"

	"spendbot/analysis"
	"spendbot/analysis/render"
	"spendbot/analysis/render/chart"
	"spendbot/bot/slack"
	"spendbot/bot/slack/blocks"
	"spendbot/bot/state"
)

// The files of an answer.
const (
	fileChart = "chart"
	fileCSV   = "csv"
	fileSQL   = "sql"
	// fileMarkdown is the whole answer, to be kept or sent on.
	fileMarkdown = "md"
)

// content makes a file of an answer at the moment it is sent: the same every time, since answers do not change.
func (b *Bot) content(ctx context.Context, answer, kind string) ([]byte, error) {
	if kind == fileReview {
		return b.reviewFile(ctx, answer)
	}
	s, err := b.db.Answer(ctx, answer)
	if err != nil {
		return nil, err
	}
	switch kind {
	case fileChart:
		p, err := b.pictures.of(s.Answer)
		if err == nil && !p.ok {
			err = fmt.Errorf("nothing of %s is worth drawing", answer)
		}
		return p.png, err
	case fileCSV:
		var w bytes.Buffer
		w.WriteString("\ufeff") // spreadsheets take a file without this mark for another encoding
		if s.Answer.Reading.Intent == analysis.SQL && len(s.Answer.Parts) == 1 && s.Answer.Parts[0].Table != nil {
			err := render.TableCSV(&w, s.Answer.Parts[0].Table) // as it was asked for, and nothing beside it
			return w.Bytes(), err
		}
		err := render.CSV(&w, s.Answer)
		return w.Bytes(), err
	case fileSQL:
		return blocks.SQLFile(s.Answer), nil
	case fileMarkdown:
		var w bytes.Buffer
		err := render.Markdown(&w, s.Answer)
		return w.Bytes(), err
	}
	return nil, fmt.Errorf("there is no file %q of an answer", kind)
}

// gaveUp sees to it that a post which Slack will not take does not end in silence: the person is told where they can be
// reached, and what to do.
func (b *Bot) gaveUp(ctx context.Context, p state.Post, cause string) {
	b.log.Error("post given up", "key", p.Key, "method", p.Method, "kind", p.Kind, "cause", cause)
	b.slack.Forget(p.Channel)
	if p.Kind == fileChart || p.User == "" || p.Method == slack.MethodInvite || strings.HasSuffix(p.Key, "/instead") {
		return // the answer stands without its picture
	}
	text := fmt.Sprintf("I could not post in <#%s> (%s). If I am not a member there: `/invite` me, and ask again.", p.Channel, cause)
	channel, thread := "", ""
	if p.Kind != "" { // a file: the conversation itself works
		text = fmt.Sprintf("Slack would not take the %s file (%s). `spendbot trace` and `spendbot ask --csv` give the same in a terminal.", strings.ToUpper(p.Kind), cause)
		channel, thread = p.Channel, p.Thread
	} else if strings.HasPrefix(p.Channel, "D") {
		return // there is nowhere else
	}
	if channel == "" {
		var err error
		if channel, err = b.slack.Direct(ctx, p.User); err != nil {
			b.log.Error("the person could not be told", "key", p.Key, "error", err)
			return
		}
	}
	post, err := slack.Outgoing{Text: text}.Post(p.Key+"/instead", p.Item, slack.MethodPost, channel, thread, p.User)
	if err == nil {
		_, _, err = b.db.Enqueue(ctx, post, b.opts.Now())
	}
	if err != nil {
		b.log.Error("the person could not be told", "key", p.Key, "error", err)
	}
}

// pictures keeps the charts made last: a chart is made to see whether there is one, and sent a moment later.
type pictures struct {
	mu    sync.Mutex
	made  map[string]picture
	order []string
}

type picture struct {
	png []byte
	alt string
	ok  bool
}

// maxPictures bounds how many charts are kept; each takes some 50 KB.
const maxPictures = 32

func (p *pictures) of(a *analysis.Answer) (picture, error) {
	p.mu.Lock()
	defer p.mu.Unlock() // one at a time: drawing takes a whole core
	if m, ok := p.made[a.ID]; ok {
		return m, nil
	}
	var m picture
	err := guarded(func() (err error) {
		m.png, m.alt, m.ok, err = chart.PNG(a, chart.Options{})
		return err
	})
	if err != nil {
		return m, err
	}
	if p.made == nil {
		p.made = map[string]picture{}
	}
	if len(p.order) >= maxPictures {
		delete(p.made, p.order[0])
		p.order = p.order[1:]
	}
	p.made[a.ID], p.order = m, append(p.order, a.ID)
	return m, nil
}
