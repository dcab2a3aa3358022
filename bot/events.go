package bot

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/event"
	"spendbot/analysis/survey"
	"spendbot/bot/secret"
	"spendbot/bot/slack/blocks"
	"spendbot/bot/state"
)

// Webhooks tell of events: POST /events, signed.
//
// The generic form carries X-Spendbot-Timestamp, the seconds since 1970, and X-Spendbot-Signature, "v1=" and the HMAC-SHA256 in hex of
// "v1:", the timestamp, ":" and the body, keyed with the secret. One that is more than [EventsWindow] off the clock is refused, so that
// what somebody overheard cannot be sent again later; within it, what is sent again is the same event, and kept once.
//
// GitHub signs in its own way (X-Hub-Signature-256, the HMAC-SHA256 of the body alone), without a time: a deployment has an id, by
// which it is known when it is sent again, however late.
const (
	EventsTimestamp = "X-Spendbot-Timestamp"
	EventsSignature = "X-Spendbot-Signature"
	EventsWindow    = 5 * time.Minute
	// MaxEventsBody bounds a report. GitHub's are some 20 KB; a batch of Kubernetes' audit events is below this by default.
	MaxEventsBody = 1 << 20
)

// SignEvents is the signature of a report at a time.
func SignEvents(key secret.Value, timestamp string, body []byte) string {
	return "v1=" + hex.EncodeToString(mac(key, []byte("v1:"+timestamp+":"), body))
}

func mac(key secret.Value, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, []byte(key.Reveal()))
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// errSignature is all that a caller with a wrong signature is told.
var errSignature = errors.New("the signature is wrong, missing or old; see the README, \"Events\"")

// authentic checks a report's signature.
func authentic(key secret.Value, r *http.Request, body []byte, now time.Time) error {
	if sig := r.Header.Get("X-Hub-Signature-256"); sig != "" && r.Header.Get("X-GitHub-Event") != "" {
		if !hmac.Equal([]byte(sig), []byte("sha256="+hex.EncodeToString(mac(key, body)))) {
			return errSignature
		}
		return nil
	}
	at := r.Header.Get(EventsTimestamp)
	secs, err := strconv.ParseInt(at, 10, 64)
	if err != nil || secs < 0 || secs > 1<<40 {
		return errSignature
	}
	if off := now.Sub(time.Unix(secs, 0)); off > EventsWindow || off < -EventsWindow {
		return errSignature
	}
	if !hmac.Equal([]byte(r.Header.Get(EventsSignature)), []byte(SignEvents(key, at, body))) {
		return errSignature
	}
	return nil
}

// reported is what a report is answered with.
type reported struct {
	Events []reportedEvent `json:"events"`
	Passed int             `json:"passed_over"`
	Why    string          `json:"why,omitempty"`
}

type reportedEvent struct {
	ID  string `json:"id"`
	New bool   `json:"new"` // false: it had been told before
}

// EventsHandler receives reports of events. key must not be empty. A report is answered once what it tells is kept; one that cannot be
// read is refused with what, where and what to do, and nothing of it is kept.
func (b *Bot) EventsHandler(key secret.Value) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "reports of events are posted", http.StatusMethodNotAllowed)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxEventsBody))
		if err != nil {
			http.Error(w, fmt.Sprintf("the body is longer than %d bytes or cut off; send fewer events at once", MaxEventsBody), http.StatusRequestEntityTooLarge)
			return
		}
		if err := authentic(key, r, body, b.opts.Now()); err != nil {
			b.log.Warn("report of an event refused: its signature is wrong, missing or old")
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		list, out, err := b.readReport(r.Header.Get("X-GitHub-Event"), body)
		if err != nil {
			b.log.Warn("report of an event not understood", "error", err)
			http.Error(w, secret.Scrub(err.Error())+"\nNothing of it was kept.", http.StatusBadRequest)
			return
		}
		kept, fresh, err := b.eventState().AddEvents(r.Context(), list, b.opts.Now())
		if err != nil {
			b.log.Error("events not kept", "error", err)
			http.Error(w, "not kept; send it again", http.StatusInternalServerError)
			return
		}
		for i, e := range kept {
			out.Events = append(out.Events, reportedEvent{e.ID, fresh[i]})
			b.log.Info("told of an event", "event", e.ID, "kind", e.Kind, "source", e.Source, "new", fresh[i])
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_ = json.NewEncoder(w).Encode(out) // who hung up has what they came for
	})
}

// readReport reads a report in whichever of the shapes it is.
func (b *Bot) readReport(github string, body []byte) (list []analysis.Event, out reported, err error) {
	out.Events = []reportedEvent{}
	switch {
	case github != "":
		e, why, err := event.GitHub(github, body, b.opts.EventRules)
		if e != nil {
			list = append(list, *e)
		} else if err == nil {
			out.Passed, out.Why = 1, why
		}
		return list, out, err
	case event.IsKubernetes(body):
		if list, out.Passed, err = event.Kubernetes(body, b.opts.EventRules); out.Passed > 0 {
			out.Why = "they tell neither of scaling nor of a changed workload"
		}
		return list, out, err
	}
	list, err = event.JSON(body, b.opts.EventRules, b.opts.Today())
	return list, out, err
}

// eventState is where events are kept.
func (b *Bot) eventState() *state.DB {
	if b.opts.EventState != nil {
		return b.opts.EventState
	}
	return b.db
}

// names is how accounts are known. It takes a seat of the desk: whoever has one knows the names already ([namesIn]).
func (b *Bot) names(ctx context.Context) (event.Name, error) {
	sv, err := b.desk.Survey(ctx, nil)
	if err != nil {
		return nil, err
	}
	return namesIn(sv), nil
}

func namesIn(sv *survey.Survey) event.Name {
	return func(column, value string) string {
		if column == "SubAccountId" {
			return sv.AccountName(value)
		}
		return value
	}
}

// named is how one comes to know the names, where they are needed.
type named func(context.Context) (event.Name, error)

// eventsNear are the events near the onset of an incident that may touch one of its parts, as far as its channel may be told of them (see [event.Near]), with
// what they were chosen from. Those of a storm, and of what has no channel, are not looked for.
func (b *Bot) eventsNear(ctx context.Context, in state.Incident, names named) ([]analysis.Event, *analysis.EventTrace, error) {
	if len(in.Members) > 0 || in.Channel == "" {
		return nil, nil, nil
	}
	scope, ok, err := b.toldIn(ctx, in.Channel)
	if err != nil || !ok {
		return nil, nil, err
	}
	o := analysis.Onset{Day: in.Onset}
	w, ok := event.Around(o)
	if !ok {
		return nil, nil, nil
	}
	list, known, err := b.eventState().Events(ctx, state.EventFilter{From: w.From, Until: w.Until})
	if err != nil || len(list) == 0 {
		return nil, nil, err
	}
	name, err := names(ctx)
	if err != nil {
		return nil, nil, err
	}
	list = slices.DeleteFunc(list, func(e analysis.Event) bool { return !event.Within(e, scope, name) })
	var places []map[string]string
	for _, p := range in.Parts {
		places = append(places, p.Slice)
	}
	return event.Near(list, places, o, name), event.Trace(w, known, list), nil
}

// toldIn is what may be told in a channel; ok is false where nothing may.
func (b *Bot) toldIn(ctx context.Context, channel string) (scope []analysis.Filter, ok bool, err error) {
	p, err := b.slack.Place(ctx, channel)
	if err != nil {
		return nil, false, err
	}
	scope, ok, _ = b.policy.Posts(accessPlace(p))
	return scope, ok, nil
}

// Bounds of a list of events.
const (
	eventDays    = 14 // where nothing else is said
	maxEventDays = 400
	mostListed   = 30
)

var (
	listWords = regexp.MustCompile(`(?i)^(list|show)?\s*(?:of )?(?:the )?(?:(?:last|past) (\d{1,3}) days?)?$`)
	helpEvent = "Tell me of a deploy, scaling, a flag or a commitment, and I show it beside changes near in time: `%[1]s event deploy payments-api 4.18.0 at 09:12 team=payments account=payments-prod`. `%[1]s event list` lists those of the last two weeks."
)

// event deals with /spend event: it tells of one, or lists them.
func (b *Bot) event(ctx context.Context, t *talk, rest string) (string, error) {
	if strings.EqualFold(rest, "help") {
		return b.noted(ctx, t, fmt.Sprintf(helpEvent, b.opts.Command), answered, "")
	}
	if m := listWords.FindStringSubmatch(rest); m != nil {
		days := eventDays
		if m[2] != "" {
			days, _ = strconv.Atoi(m[2]) // three digits
			days = min(max(days, 1), maxEventDays)
		}
		return b.listEvents(ctx, t, days)
	}
	now := b.opts.Today()
	e, err := event.Words(rest, b.opts.EventRules, now)
	if err != nil {
		text := upper(err.Error()) + ".\n" + fmt.Sprintf(helpEvent, b.opts.Command)
		return b.noted(ctx, t, text, troubled, "event: "+err.Error())
	}
	e.Source = "slack"
	if e.By == "" {
		if p, err := b.slack.Person(ctx, t.User); err == nil {
			e.By = p.Name
		}
	}
	if e.Begins.Equal(now.UTC().Truncate(time.Second)) && strings.HasPrefix(e.Key, "content/") {
		e.Key = "slack/" + t.Key // of a message that is dealt with twice, now is another moment the second time
	}
	name, err := b.names(ctx)
	if err != nil {
		return b.trouble(ctx, t, rest, err)
	}
	placeWithin(&e, t.grant.Scope)
	if !event.Within(e, t.grant.Scope, name) {
		text := "You can tell of what happens in " + t.grant.Name + ". Say so, or leave the place out."
		return b.noted(ctx, t, text, refused, "event outside of the scope")
	}
	kept, fresh, err := b.eventState().AddEvents(ctx, []analysis.Event{e}, b.opts.Now())
	if err != nil {
		return "", err
	}
	e = kept[0]
	text := "Noted as " + e.ID + ": " + event.Line(e)
	if !fresh[0] {
		text = "That had been told before, as " + e.ID + ": " + event.Line(e)
	}
	if p := event.Place(e); p != "" {
		text += " (" + p + ")."
	} else {
		text += ". It says no place, so that it stands beside changes anywhere: `team=`, `account=` or `service=` confine it."
	}
	return b.noted(ctx, t, text+"\nI show it beside changes near in time and place; it is never shown to be their cause.", answered, "")
}

// placeWithin gives an event the place of a scope, where the scope names one and the event says nothing of it.
func placeWithin(e *analysis.Event, scope []analysis.Filter) {
	for _, f := range scope {
		c := f.Dimension.Column()
		if c == "" {
			c = string(f.Dimension)
		}
		if _, said := event.Says(*e, c); !said && !f.Not && len(f.Values) == 1 && f.Values[0] != "" {
			if e.Slice == nil {
				e.Slice = map[string]string{}
			}
			e.Slice[c] = f.Values[0]
		}
	}
}

// upper begins a sentence.
func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// noted says a few words and keeps in the audit that it did.
func (b *Bot) noted(ctx context.Context, t *talk, text, outcome, reason string) (string, error) {
	if err := b.say(ctx, t, partAnswer, blocks.Note(text)); err != nil {
		return "", err
	}
	return outcome, b.audit(ctx, t, "", outcome, secret.Scrub(reason))
}

// listEvents lists the events of the last days that the asker may see.
func (b *Bot) listEvents(ctx context.Context, t *talk, days int) (string, error) {
	until := b.opts.Today()
	from := until.UTC().Truncate(24*time.Hour).AddDate(0, 0, -days)
	list, _, err := b.eventState().Events(ctx, state.EventFilter{From: from})
	if err != nil {
		return "", err
	}
	name, err := b.names(ctx)
	if err != nil {
		return b.trouble(ctx, t, "event list", err)
	}
	list = slices.DeleteFunc(list, func(e analysis.Event) bool { return !event.Within(e, t.grant.Scope, name) })
	slices.Reverse(list)
	more := max(0, len(list)-mostListed)
	m := blocks.Events(list[:len(list)-more], blocks.EventsOptions{Days: days, More: more, Scope: t.grant.Name, Scoped: len(t.grant.Scope) > 0, Command: b.opts.Command})
	if err := b.say(ctx, t, partAnswer, m); err != nil {
		return "", err
	}
	return answered, b.audit(ctx, t, "", answered, "")
}
