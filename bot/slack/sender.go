package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"
	"golang.org/x/time/rate"

	"spendbot/bot/metrics"
	"spendbot/bot/state"
)

// How deliveries are paced and tried again.
const (
	senders     = 4                // deliveries under way at once
	perChannel  = 1                // messages a second in one channel (Slack's limit), after a burst
	burst       = 3                // of so many
	deliverTime = 20 * time.Second // at most, with the lookup; a lease must be longer
	firstRetry  = time.Second
	longRetry   = time.Minute
	idlePoll    = 500 * time.Millisecond
)

// After how many failed attempts a post is given up. It is not the clock that counts, but what was tried: the nights in which nobody was
// there to send, the machine that slept and the turns that were waited for give up nothing. Nearly all attempts are [longRetry] apart.
const (
	fileTries   = 8           // some 3 minutes: what is said in its thread after it waits for it
	answerTries = 6 * 60      // six hours: an answer that comes later than that helps nobody
	newsTries   = 7 * 24 * 60 // seven days: an incident, a digest, an alert is news still
)

func triesOf(p state.Post) int {
	switch {
	case p.Method == MethodFile:
		return fileTries
	case p.Item != "":
		return answerTries
	}
	return newsTries
}

// metadata is how a post is found again in Slack: message metadata with the post's key.
const (
	metadataEvent = "spendbot_post"
	metadataKey   = "key"
)

// Content makes a file when it is sent.
type Content func(ctx context.Context, answer, kind string) ([]byte, error)

// Sender delivers the posts of the outbox, each exactly once. Several may work on one outbox.
type Sender struct {
	client  *Client
	db      *state.DB
	owner   string
	lease   time.Duration
	content Content
	gaveUp  func(ctx context.Context, p state.Post, cause string)
	log     *slog.Logger
	metrics *metrics.Metrics
	now     func() time.Time
	wake    chan struct{}

	mu    sync.Mutex
	paces map[string]*rate.Limiter
}

// NewSender makes a sender. owner names this process among those that share the outbox, and lease is how long the others wait
// for it before they take over a delivery it began; gaveUp is told of a post that cannot be delivered.
func NewSender(c *Client, db *state.DB, owner string, lease time.Duration, content Content, gaveUp func(context.Context, state.Post, string)) *Sender {
	return &Sender{client: c, db: db, owner: owner + "/posts", lease: lease, content: content, gaveUp: gaveUp, log: c.log, metrics: c.metrics, now: c.now,
		wake: make(chan struct{}, 1), paces: map[string]*rate.Limiter{}}
}

// Wake says that the outbox has something new.
func (s *Sender) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run delivers until the context ends and what is under way is done. It returns an error only when the credentials are
// refused.
func (s *Sender) Run(ctx context.Context) error {
	slots := make(chan struct{}, senders)
	var wg sync.WaitGroup
	defer func() {
		wg.Wait()
		s.note(s.db.Release(context.WithoutCancel(ctx), s.owner)) // the next process need not wait for the lease
	}()
	fatal := make(chan error, senders)
	for {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return nil
		case err := <-fatal:
			return err
		}
		p, unknown, err := s.db.TakePost(ctx, s.owner, s.now(), s.lease)
		if err != nil && ctx.Err() == nil {
			s.log.Error("outbox not read", "error", err)
		}
		if p == nil {
			<-slots
			if !s.idle(ctx, fatal) {
				select {
				case err := <-fatal:
					return err
				default:
					return nil
				}
			}
			continue
		}
		wg.Go(func() {
			defer func() { <-slots; s.Wake() }()
			// What was begun is finished, also while the process is asked to stop.
			if err := s.deliver(context.WithoutCancel(ctx), *p, unknown); err != nil {
				select {
				case fatal <- err:
				default:
				}
			}
		})
	}
}

// idle waits for something to do; false when it is time to end.
func (s *Sender) idle(ctx context.Context, fatal chan error) bool {
	t := time.NewTimer(idlePoll)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case err := <-fatal:
		select {
		case fatal <- err: // for Run to return
		default: // others are waiting there for it
		}
		return false
	case <-s.wake:
	case <-t.C:
	}
	return true
}

// deliver sends one post and records what became of it. Its error means that the credentials are no good.
func (s *Sender) deliver(ctx context.Context, p state.Post, unknown bool) error {
	// The calls end before the lease does; what became of them is written down however long they took.
	calls, cancel := context.WithTimeout(ctx, deliverTime)
	defer cancel()
	enough := p.Tries >= triesOf(p)
	if key, under := strings.CutPrefix(p.Thread, underMark); under {
		ts, open, err := s.db.Landed(ctx, key)
		switch {
		case err != nil:
			s.note(s.db.Wait(ctx, &p, "lookup", s.later(p, err)))
			return nil
		case ts == "" && open:
			s.note(s.db.Wait(ctx, &p, "waits for "+key, s.now().Add(firstRetry)))
			return nil
		case ts == "":
			s.giveUp(ctx, p, "the message it belongs to is not there")
			return nil
		}
		p.Thread = ts
	}
	if wait := s.pace(p); wait > 0 {
		s.note(s.db.Wait(ctx, &p, "pace", s.now().Add(wait)))
		return nil
	}
	if unknown {
		ts, found, err := s.find(calls, p)
		switch {
		case err != nil && Fatal(err):
			s.note(s.db.Unsure(ctx, &p, Code(err), s.now().Add(firstRetry)))
			return err
		case err != nil:
			s.note(s.db.Unsure(ctx, &p, Code(err), s.later(p, err)))
			s.metrics.Retried("lookup")
			return nil
		case found:
			s.log.Info("post found in Slack; not sent again", "key", p.Key)
			s.sent(ctx, p, ts)
			return nil
		case enough: // it is not there
			s.giveUp(ctx, p, p.LastError)
			return nil
		}
	}
	ts, err := s.send(calls, p)
	switch {
	case err == nil:
		s.sent(ctx, p, ts)
	case Fatal(err):
		s.note(s.db.Wait(ctx, &p, Code(err), s.now().Add(firstRetry))) // for when the credentials are mended
		return err
	case retryAfter(err) > 0:
		s.metrics.Retried("rate_limited")
		s.note(s.db.Wait(ctx, &p, "rate_limited", s.now().Add(retryAfter(err))))
	case notSent(err) || transient(err):
		if enough {
			s.giveUp(ctx, p, Code(err))
			return nil
		}
		s.metrics.Retried("not_sent")
		s.note(s.db.Retry(ctx, &p, Code(err), s.later(p, err)))
	case answered(err) || errors.Is(err, errContent):
		s.log.Error("post refused", "key", p.Key, "method", p.Method, "error", err)
		s.giveUp(ctx, p, Code(err))
	default: // it may or may not have happened: look it up before trying again
		s.metrics.Retried("unknown")
		s.log.Warn("outcome of a post not known; looking it up before it is sent again", "key", p.Key, "error", err)
		s.note(s.db.Unsure(ctx, &p, Code(err), s.later(p, err)))
	}
	return nil
}

// transient reports whether Slack refused for now: nothing happened, and later it may.
func transient(err error) bool {
	switch Code(err) {
	case "service_unavailable", "team_added_to_org", "org_login_required", "request_timeout", "message_limit_exceeded":
		return true
	}
	return false
}

// later is when to try again: the wait doubles with every attempt that failed, with some chance in it.
func (s *Sender) later(p state.Post, err error) time.Time {
	wait := longRetry
	if p.Tries < 6 {
		wait = min(longRetry, firstRetry<<p.Tries)
	}
	wait = max(wait, retryAfter(err))
	return s.now().Add(wait + time.Duration(rand.Int64N(int64(wait)/4+1)))
}

func (s *Sender) sent(ctx context.Context, p state.Post, ts string) {
	s.metrics.Posted(p.Method)
	s.note(s.db.Sent(ctx, p.Key, ts, s.now()))
}

func (s *Sender) giveUp(ctx context.Context, p state.Post, cause string) {
	if err := s.db.GiveUp(ctx, &p, cause, s.now()); err != nil {
		s.note(err)
		return
	}
	s.gaveUp(ctx, p, cause)
}

// note logs that an outcome could not be written down: the post's lease, which nobody renews, runs out then, and it is looked
// up. That another attempt took over is no trouble: it knows better.
func (s *Sender) note(err error) {
	if err != nil && !errors.Is(err, state.ErrOvertaken) {
		s.log.Error("outbox not written", "error", err)
	}
}

// pace is how long a channel must wait for its next message; zero takes the turn.
func (s *Sender) pace(p state.Post) time.Duration {
	if p.Method == MethodRespond || p.Method == MethodFile || ofRoom(p.Method) {
		return 0 // other limits, far away
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.paces[p.Channel]
	if l == nil {
		if len(s.paces) > 10_000 {
			clear(s.paces)
		}
		l = rate.NewLimiter(perChannel, burst)
		s.paces[p.Channel] = l
	}
	now := s.now()
	r := l.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

// errContent says that what a post should hold could not be made.
var errContent = errors.New("the file could not be made")

// send makes one attempt.
func (s *Sender) send(ctx context.Context, p state.Post) (ts string, err error) {
	var o Outgoing
	if err := json.Unmarshal(p.Payload, &o); err != nil {
		return "", fmt.Errorf("%w: post %s: %w", errContent, p.Key, err)
	}
	if p.Method == MethodFile {
		return "", s.upload(ctx, p, o)
	}
	if ofRoom(p.Method) {
		return s.room(ctx, p)
	}
	if ts, err = s.message(ctx, p, o); err != nil && len(o.Blocks) > 0 && refusedBlocks(p.Method, err) {
		// Better plain than silent: the text says the same.
		s.log.Error("Slack refused the blocks of a message; sending it as text", "key", p.Key, "error", err)
		s.metrics.Plain()
		o.Blocks = nil
		ts, err = s.message(ctx, p, o)
	}
	return ts, err
}

func refusedBlocks(method string, err error) bool {
	switch Code(err) {
	case "http_400": // a response_url names no code
		return method == MethodRespond
	case "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "invalid_arguments", "block_mismatch", "invalid_attachments":
		return true
	}
	return false
}

func (s *Sender) message(ctx context.Context, p state.Post, o Outgoing) (string, error) {
	text := o.Text
	for len(text) > maxText { // by bytes: never more characters
		_, n := utf8.DecodeLastRuneInString(text[:maxText])
		text = text[:maxText-n] + "…"
	}
	opts := []slack.MsgOption{slack.MsgOptionText(text, false), slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl()}
	if len(o.Blocks) > 0 {
		var bs slack.Blocks
		if err := json.Unmarshal(o.Blocks, &bs); err != nil {
			s.log.Error("stored blocks not read; sending the text", "key", p.Key, "error", err)
		} else if len(bs.BlockSet) > 0 {
			opts = append(opts, slack.MsgOptionBlocks(bs.BlockSet...))
		}
	}
	if p.Method == MethodUpdate {
		// Its metadata stays: it is still the post that it was.
		_, ts, _, err := s.client.api.UpdateMessageContext(ctx, p.Channel, p.Thread, opts...)
		return ts, s.client.failed(MethodUpdate, err)
	}
	channel, there := p.Channel, slices.Clone(opts)
	if p.Thread != "" {
		there = append(there, slack.MsgOptionTS(p.Thread))
	}
	switch p.Method {
	case MethodRespond:
		_, _, _, err := s.client.api.SendMessageContext(ctx, p.Channel, append(slices.Clone(there), slack.MsgOptionResponseURL(o.Respond, slack.ResponseTypeEphemeral))...)
		if err = s.client.failed(MethodRespond, err); !s.elsewhere(p.Method, err) {
			return "", err
		}
		fallthrough
	case MethodWhisper:
		ts, err := s.client.api.PostEphemeralContext(ctx, p.Channel, p.User, there...)
		if err = s.client.failed(MethodWhisper, err); !s.elsewhere(MethodWhisper, err) {
			return ts, err
		}
		if channel, err = s.client.Direct(ctx, p.User); err != nil {
			return "", err
		}
		there = opts // in no thread
	}
	there = append(there, slack.MsgOptionMetadata(slack.SlackMetadata{EventType: metadataEvent, EventPayload: map[string]any{metadataKey: p.Key}}))
	_, ts, err := s.client.api.PostMessageContext(ctx, channel, there...)
	return ts, s.client.failed(MethodPost, err)
}

// elsewhere reports whether what only one person is to see cannot be shown to them in this way, so that there must be another:
// the response_url has expired, or the person or the bot is not in the channel, or Slack has no such method. It has not
// happened then.
func (s *Sender) elsewhere(method string, err error) bool {
	if err == nil || Fatal(err) || !answered(err) || retryAfter(err) > 0 || transient(err) || refusedBlocks(method, err) {
		return false
	}
	if method == MethodRespond || !s.client.absent(method, err) {
		s.log.Warn("what one person is to see cannot be shown in this way; trying another", "method", method, "code", Code(err))
	}
	return true
}

func (s *Sender) upload(ctx context.Context, p state.Post, o Outgoing) error {
	b, err := s.content(ctx, o.Answer, o.File)
	if err != nil {
		return fmt.Errorf("%w: %s of %s: %w", errContent, o.File, o.Answer, err)
	}
	if len(b) == 0 {
		return fmt.Errorf("%w: %s of %s is empty", errContent, o.File, o.Answer)
	}
	_, err = s.client.api.UploadFileContext(ctx, slack.UploadFileParameters{Channel: p.Channel, ThreadTimestamp: p.Thread, Filename: o.Name,
		Title: o.Title, AltTxt: o.Alt, InitialComment: o.Text, FileSize: len(b), Reader: bytes.NewReader(b)})
	if err != nil {
		err = s.client.failed(MethodFile, err)
		s.client.absent(MethodFile, err)
	}
	return err
}

// How much of a thread or channel is looked through for a post whose outcome is not known, from the moment on that it was kept.
const (
	lookPage  = 200 // messages at a time; Slack may give fewer
	lookPages = 10
)

// find looks for a post in Slack: a message by its metadata, a file by its name. What cannot be looked up, and what is further down than
// is looked, counts as not there: a second copy is a smaller harm than none.
func (s *Sender) find(ctx context.Context, p state.Post) (ts string, found bool, err error) {
	var o Outgoing
	if err := json.Unmarshal(p.Payload, &o); err != nil {
		return "", false, nil
	}
	if p.Method == MethodCreate {
		return s.findRoom(ctx, p, o)
	}
	if p.Method != MethodPost && p.Method != MethodFile {
		return "", false, nil // only one person sees it, and Slack does not list it
	}
	cursor := ""
	for range lookPages {
		messages, next, err := s.said(ctx, p, cursor)
		if err != nil {
			if method := "conversations.replies"; s.client.absent(method, err) || answered(err) && retryAfter(err) == 0 && !Fatal(err) {
				s.log.Warn("a post of unknown outcome cannot be looked up here; sending it again", "key", p.Key, "error", err)
				return "", false, nil
			}
			return "", false, err
		}
		if i := slices.IndexFunc(messages, func(m slack.Message) bool { return s.is(m, p, o) }); i >= 0 {
			return messages[i].Timestamp, true, nil
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	return "", false, nil
}

// said reads a page of what was said where a post goes, since it was kept.
func (s *Sender) said(ctx context.Context, p state.Post, cursor string) (list []slack.Message, next string, err error) {
	oldest := strconv.FormatInt(p.Created.Add(-time.Minute).Unix(), 10) + ".000000"
	if p.Thread != "" {
		list, _, next, err = s.client.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
			ChannelID: p.Channel, Timestamp: p.Thread, Oldest: oldest, Cursor: cursor, Limit: lookPage, IncludeAllMetadata: true})
		return list, next, s.client.failed("conversations.replies", err)
	}
	h, err := s.client.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
		ChannelID: p.Channel, Oldest: oldest, Cursor: cursor, Limit: lookPage, IncludeAllMetadata: true})
	if err != nil {
		return nil, "", s.client.failed("conversations.history", err)
	}
	return h.Messages, h.ResponseMetaData.NextCursor, nil
}

// is reports whether a message is what became of a post.
func (s *Sender) is(m slack.Message, p state.Post, o Outgoing) bool {
	self := s.client.Self()
	switch {
	case m.User != self.User && m.BotID != self.BotID:
		return false
	case p.Method == MethodFile:
		return o.Name != "" && slices.ContainsFunc(m.Files, func(f slack.File) bool { return strings.EqualFold(f.Name, o.Name) })
	}
	k, _ := m.Metadata.EventPayload[metadataKey].(string)
	return m.Metadata.EventType == metadataEvent && k == p.Key
}
