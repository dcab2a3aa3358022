package slack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/slack-go/slack"

	"spendbot/bot/metrics"
	"spendbot/bot/secret"
)

// Config says how to reach Slack.
type Config struct {
	BotToken      secret.Value // xoxb-...
	AppToken      secret.Value // xapp-..., for Socket Mode
	SigningSecret secret.Value // for HTTP
	APIURL        string       // another server that speaks Slack's API; ends in /api/
}

// Secrets are the secrets of the configuration, to be kept out of logs.
func (c Config) Secrets() []secret.Value {
	return []secret.Value{c.BotToken, c.AppToken, c.SigningSecret}
}

// Self is who the bot is.
type Self struct {
	Team, TeamName, URL string
	User, BotID         string
	Scopes              []string // granted to the bot's token, where the server says so
}

// Client speaks Slack's Web API. It is safe for concurrent use.
type Client struct {
	api     *slack.Client
	cfg     Config
	log     *slog.Logger
	metrics *metrics.Metrics
	now     func() time.Time

	mu       sync.Mutex
	self     Self
	scopes   []string
	people   map[string]cached[Person]
	places   map[string]cached[Place]
	groups   map[string]cached[[]string] // members of a user group
	handles  cached[map[string]string]   // handle to id of every user group
	directs  map[string]string           // conversation with a person
	absences map[string]bool             // methods that the server does not have; said once
}

type cached[T any] struct {
	value T
	until time.Time
}

// callTimeout bounds every call of the Web API.
const callTimeout = 15 * time.Second

// New makes a client; it calls nobody. now is the clock that caches go by.
func New(cfg Config, now func() time.Time, log *slog.Logger, m *metrics.Metrics) *Client {
	c := &Client{cfg: cfg, log: log, metrics: m, now: now, people: map[string]cached[Person]{}, places: map[string]cached[Place]{},
		groups: map[string]cached[[]string]{}, directs: map[string]string{}, absences: map[string]bool{}}
	opts := []slack.Option{
		slack.OptionHTTPClient(&http.Client{Timeout: callTimeout}), // no retries below the outbox: a post tried twice may be posted twice
		slack.OptionAppLevelToken(cfg.AppToken.Reveal()),
		slack.OptionOnResponseHeaders(func(_ string, h http.Header) {
			if s := h.Get("X-OAuth-Scopes"); s != "" {
				c.mu.Lock()
				c.scopes = splitScopes(s)
				c.mu.Unlock()
			}
		}),
	}
	if cfg.APIURL != "" {
		opts = append(opts, slack.OptionAPIURL(cfg.APIURL))
	}
	c.api = slack.New(cfg.BotToken.Reveal(), opts...)
	return c
}

func splitScopes(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}

// Identify asks Slack who the bot is (auth.test). Everything else needs it done once.
func (c *Client) Identify(ctx context.Context) (Self, error) {
	r, err := c.api.AuthTestContext(ctx)
	if err != nil {
		return Self{}, c.failed(methodIdentify, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.self = Self{Team: r.TeamID, TeamName: r.Team, URL: r.URL, User: r.UserID, BotID: r.BotID, Scopes: c.scopes}
	return c.self, nil
}

// Self is who the bot is, after [Client.Identify].
func (c *Client) Self() Self {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.self
}

// failed counts an error and says which method it is of.
func (c *Client) failed(method string, err error) error {
	if err == nil {
		return nil
	}
	c.metrics.SlackError(method, Code(err))
	return &APIError{Method: method, Err: err}
}

// APIError is an error of a method of the Web API.
type APIError struct {
	Method string
	Err    error
}

func (e *APIError) Error() string {
	s := e.Method + ": " + e.Err.Error()
	if r, ok := errors.AsType[slack.SlackErrorResponse](e.Err); ok {
		if len(r.ResponseMetadata.Messages) > 0 {
			s += ": " + strings.Join(r.ResponseMetadata.Messages, "; ")
		}
		if r.Needed != "" {
			s += fmt.Sprintf(" (needed: %s; granted: %s)", r.Needed, r.Provided)
		}
	}
	return secret.Scrub(s) // a server may say back what it was sent
}

func (e *APIError) Unwrap() error { return e.Err }

// codeShape is what Slack's error codes look like; anything else is free text and no label.
var codeShape = regexp.MustCompile(`^[a-z][a-z_]{1,60}$`)

// Code is Slack's error code, or a word of ours: "rate_limited", "http_503", "network", "other".
func Code(err error) string {
	if r, ok := errors.AsType[slack.SlackErrorResponse](err); ok && codeShape.MatchString(r.Err) {
		return r.Err
	}
	if _, ok := errors.AsType[*slack.RateLimitedError](err); ok {
		return "rate_limited"
	}
	if s, ok := errors.AsType[slack.StatusCodeError](err); ok {
		return fmt.Sprintf("http_%d", s.Code)
	}
	if s := err.Error(); codeShape.MatchString(s) && strings.Contains(s, "_") { // some calls give the bare code
		return s
	}
	var ne net.Error
	if errors.As(err, &ne) || errors.Is(err, context.DeadlineExceeded) {
		return "network"
	}
	return "other"
}

// Fatal reports whether an error says that the credentials are no good: trying again helps nobody. Of the codes that methods
// also give for one channel or person alone, only those count that come when the bot asks who it is or for a socket.
func Fatal(err error) bool {
	if err == nil {
		return false
	}
	switch Code(err) {
	case "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired":
		return true
	case "no_permission", "not_allowed_token_type", "team_access_not_granted", "access_denied", "missing_scope":
		e, ok := errors.AsType[*APIError](err)
		return ok && (e.Method == methodIdentify || e.Method == methodSocket)
	}
	return false
}

// The methods without which there is no bot.
const (
	methodIdentify = "auth.test"
	methodSocket   = "apps.connections.open"
)

// FatalHint says what to do about an error that [Fatal] calls fatal.
func FatalHint(err error) string {
	code := Code(err)
	if e, ok := errors.AsType[*APIError](err); ok && e.Method == methodSocket && code != "not_allowed_token_type" {
		return "SLACK_APP_TOKEN must be an app-level token (xapp-...) of this app with connections:write, made on its Basic Information page; `spendbot check` tests it"
	}
	switch code {
	case "not_allowed_token_type":
		return "SLACK_BOT_TOKEN takes the bot token (xoxb-...), SLACK_APP_TOKEN the app-level token (xapp-...): they may be swapped"
	case "token_revoked", "account_inactive":
		return "the app was removed from the workspace or its token revoked: install it again and set SLACK_BOT_TOKEN anew"
	case "token_expired":
		return "the token is of the rotating kind: turn token rotation off in the app's settings, install again and set SLACK_BOT_TOKEN"
	}
	return "check SLACK_BOT_TOKEN (xoxb-..., the app's OAuth & Permissions page); `spendbot check` tests it"
}

// absent reports whether the server does not have the method, or the app may not use it, and logs so once.
func (c *Client) absent(method string, err error) bool {
	if !missing(err) {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.absences[method] {
		c.absences[method] = true
		c.log.Warn("this Slack does not let the app do something; going on without it", "method", method, "code", Code(err))
	}
	return true
}

// missing reports whether an error says that there is no such method, or none for this app, wherever it is called.
func missing(err error) bool {
	if err == nil {
		return false
	}
	switch Code(err) {
	case "unknown_method", "http_404", "http_405", "http_501", "missing_scope", "feature_not_enabled":
		return true
	}
	return false
}

// Denied reports whether an error says that the app may not do what it tried, or that the server has no such method: asking
// again gives the same.
func Denied(err error) bool {
	if err == nil {
		return false
	}
	switch Code(err) {
	case "not_allowed", "no_permission", "access_denied", "not_allowed_token_type", "team_access_not_granted":
		return true
	}
	return missing(err)
}

// lacks reports whether a method was found absent before.
func (c *Client) lacks(method string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.absences[method]
}

// notSent reports whether an error proves that the server never saw the call.
func notSent(err error) bool {
	if errors.Is(err, syscall.ECONNREFUSED) {
		return true
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return true
	}
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// retryAfter is how long Slack asks to wait; zero where it does not.
func retryAfter(err error) time.Duration {
	if r, ok := errors.AsType[*slack.RateLimitedError](err); ok {
		return max(r.RetryAfter, time.Second)
	}
	if Code(err) == "ratelimited" || Code(err) == "rate_limited" {
		return time.Second
	}
	return 0
}

// answered reports whether the error is Slack's own: the call arrived, was refused, and nothing came of it. Of two codes Slack
// says that some of it may have been done.
func answered(err error) bool {
	if r, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		return r.Err != "internal_error" && r.Err != "fatal_error"
	}
	if s, ok := errors.AsType[slack.StatusCodeError](err); ok {
		return s.Code >= 400 && s.Code < 500
	}
	code := Code(err)
	return code != "network" && code != "other" && code != "internal_error" && code != "fatal_error" && !strings.HasPrefix(code, "http_")
}
