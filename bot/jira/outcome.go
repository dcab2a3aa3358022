package jira

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	jira "github.com/andygrunwald/go-jira"

	"spendbot/bot/secret"
)

// Outcome says what is known of a call that failed.
type Outcome int

// The outcomes.
const (
	Refused Outcome = iota // Jira said no and nothing was written; the same again gives the same
	Later                  // nothing was written; it may be tried again, after Wait
	Unknown                // it may have been written: look before trying again
)

func (o Outcome) String() string { return [...]string{"refused", "later", "unknown"}[o] }

// Error is a call to Jira that failed.
type Error struct {
	Op      string // what was being done: "create an issue in FIN"
	Status  int    // of HTTP; 0 where there was no answer
	Outcome Outcome
	Wait    time.Duration // how long Jira asks to wait; 0 where it does not say
	// Messages and Fields are what Jira says is wrong, of the whole and by field id.
	Messages []string
	Fields   map[string]string
	Err      error
}

// Error says everything Jira said, in a stable order, without secrets.
func (e *Error) Error() string {
	said := slices.Clone(e.Messages)
	for _, f := range slices.Sorted(maps.Keys(e.Fields)) {
		said = append(said, f+": "+e.Fields[f])
	}
	if len(said) == 0 && e.Err != nil {
		said = []string{e.Err.Error()}
	}
	s := e.Op + ": "
	if e.Status != 0 {
		s += fmt.Sprintf("%d %s: ", e.Status, http.StatusText(e.Status))
	}
	return secret.Scrub(s + strings.Join(said, "; "))
}

func (e *Error) Unwrap() error { return e.Err }

// Hint says what whoever looks after the bot can do; "" where nothing but waiting helps.
func (e *Error) Hint() string {
	switch e.Status {
	case http.StatusUnauthorized:
		return "JIRA_TOKEN is refused: API tokens expire after a year at most; make a new one. A scoped token works only at https://api.atlassian.com/ex/jira/CLOUD-ID"
	case http.StatusForbidden:
		return "the bot's account may not do this: give it Browse, Create, Edit, Comment, Transition, Link and Attach in the project"
	case http.StatusNotFound:
		return "Jira does not know it, or the bot's account may not see it: check the project's key and that the account has Browse"
	case http.StatusGone:
		return "Jira has removed this call; a newer spendbot is needed"
	}
	return ""
}

// Fatal reports whether the credentials are no good: nothing can be written until they are changed.
func Fatal(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == http.StatusUnauthorized
}

// OutcomeOf is what is known of a call that returned err; an error of no call wrote nothing.
func OutcomeOf(err error) Outcome {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Outcome
	}
	return Refused
}

// failed tells what a call that go-jira gave back with an error came to.
func (c *Client) failed(op string, resp *jira.Response, err error) error {
	e := &Error{Op: op, Err: err}
	if resp == nil || resp.Response == nil {
		e.Outcome = Unknown
		if notSent(err) {
			e.Outcome = Later
		}
		return e
	}
	e.Status, e.Wait = resp.StatusCode, retryAfter(resp.Header, c.now())
	switch s := resp.StatusCode; {
	case s >= 200 && s < 300:
		e.Outcome = Unknown // done, but what came of it could not be read
	case s >= 300 && s < 400:
		e.Outcome, e.Err = Refused, fmt.Errorf("redirected to %q; set JIRA_URL to the site's own address", resp.Header.Get("Location"))
		return e
	case s == http.StatusTooManyRequests, s == http.StatusLocked:
		e.Outcome = Later
	case s == http.StatusServiceUnavailable && e.Wait > 0:
		e.Outcome = Later // it says when to come back: it did not begin
	case s == http.StatusRequestTimeout, s >= 500:
		e.Outcome = Unknown
	case s == http.StatusUnauthorized:
		e.Outcome = Later // nothing is wrong with what was asked; with a new token it works
	default:
		e.Outcome = Refused
	}
	var said struct {
		ErrorMessages []string                   `json:"errorMessages"`
		Errors        map[string]json.RawMessage `json:"errors"`
		Message       string                     `json:"message"`
	}
	if je, ok := errors.AsType[*jira.Error](err); ok { // go-jira has read the body already
		said.ErrorMessages = je.ErrorMessages
		e.Fields = je.Errors
	} else if b, rerr := io.ReadAll(io.LimitReader(resp.Body, 64<<10)); rerr == nil && json.Unmarshal(b, &said) == nil {
		for k, v := range said.Errors {
			if e.Fields == nil {
				e.Fields = map[string]string{}
			}
			text := string(v)
			if s := ""; json.Unmarshal(v, &s) == nil {
				text = s
			}
			e.Fields[k] = text
		}
	}
	e.Messages = said.ErrorMessages
	if said.Message != "" {
		e.Messages = append(e.Messages, said.Message)
	}
	if len(e.Messages) == 0 && len(e.Fields) == 0 {
		e.Err = errors.New("no reason given")
	}
	return e
}

// decode reads an answer. One that cannot be read although the call succeeded is an error that says so.
func (c *Client) decode(op string, resp *jira.Response, into any) error {
	b, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer+1))
	if err == nil && len(b) > mostAnswer {
		err = fmt.Errorf("more than %d MB", mostAnswer>>20)
	}
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		return &Error{Op: op, Status: resp.StatusCode, Outcome: Unknown, Err: fmt.Errorf("it was done, but the answer cannot be read: %w", err)}
	}
	return nil
}

// notSent reports whether an error proves that the server never saw the call.
func notSent(err error) bool {
	if errors.Is(err, syscall.ECONNREFUSED) {
		return true
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return true
	}
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial" && !errors.Is(err, context.DeadlineExceeded)
}

// mostWait bounds what a Retry-After may ask for.
const mostWait = time.Hour

// retryAfter reads Retry-After, in seconds or as a date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0
	}
	if n, err := strconv.Atoi(v); err == nil && n >= 0 {
		return min(mostWait, time.Duration(n)*time.Second)
	}
	if t, err := http.ParseTime(v); err == nil && t.After(now) {
		return min(mostWait, t.Sub(now))
	}
	return 0
}
