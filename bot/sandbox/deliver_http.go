package sandbox

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// attemptHTTP posts an envelope to the app in its own goroutine. The caller holds the lock.
func (s *Sandbox) attemptHTTP(e *envelope) {
	paths := map[string]string{"events_api": "/slack/events", "interactive": "/slack/interactive", "slash_commands": "/slack/commands"}
	target := strings.TrimSuffix(s.delivery.BaseURL, "/") + paths[e.kind]
	record := s.record(e, target)
	attempt, reason, payload := e.attempt, e.reason, e.payload
	s.wg.Go(func() {
		answer, give, err := s.postSigned(s.ctx, target, e.kind, payload, attempt, reason)
		s.mu.Lock()
		defer s.mu.Unlock()
		switch {
		case s.closed:
		case err == nil:
			s.acknowledge(e.id, answer)
			if record.Failed == "ack dropped" { // here nothing waits: the lost answer shows as a timeout
				s.unacked(e, "http_timeout")
			}
		default:
			if give {
				e.retries = false
			}
			s.unacked(e, err.Error())
		}
	})
}

// postSigned makes one request as Slack makes it. It returns the body of a 200 as JSON, whether the app asked for no more
// attempts, and otherwise one of Slack's reasons as the error.
func (s *Sandbox) postSigned(ctx context.Context, target, kind string, payload json.RawMessage, attempt int, reason string) (
	answer json.RawMessage, give bool, err error) {
	body, contentType := []byte(payload), "application/json"
	if kind != "events_api" {
		contentType = "application/x-www-form-urlencoded"
		body = []byte(form(kind, payload).Encode())
	}
	ctx, cancel := context.WithTimeout(ctx, s.timing.Ack)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(string(body)))
	if err != nil {
		return nil, true, errors.New("connection_failed")
	}
	// The app compares the timestamp with its own clock: it is the wall clock's also where the workspace's stands still.
	stamp := strconv.FormatInt(s.wall().Unix(), 10)
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("User-Agent", "Slackbot 1.0 (sandbox)")
	req.Header.Set("X-Slack-Request-Timestamp", stamp)
	req.Header.Set("X-Slack-Signature", sign(s.delivery.SigningSecret, stamp, body))
	if attempt > 0 {
		req.Header.Set("X-Slack-Retry-Num", strconv.Itoa(attempt))
		req.Header.Set("X-Slack-Retry-Reason", reason)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, false, errors.New("http_timeout")
		}
		return nil, false, errors.New("connection_failed")
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, false, errors.New("http_timeout")
	}
	give = resp.Header.Get("X-Slack-No-Retry") == "1"
	if resp.StatusCode/100 == 3 {
		return nil, give, errors.New("too_many_redirects")
	}
	if resp.StatusCode/100 != 2 {
		return nil, give, errors.New("http_error")
	}
	if kind := resp.Header.Get("Content-Type"); len(answer) > 0 {
		if parsed, _, _ := mime.ParseMediaType(kind); parsed != "application/json" {
			answer = encode(map[string]any{"text": string(answer)}) // a slash command may be answered in plain text
		}
	}
	return answer, give, nil
}

// form is the body of a command or an interaction.
func form(kind string, payload json.RawMessage) url.Values {
	if kind == "interactive" {
		return url.Values{"payload": {string(payload)}}
	}
	var fields map[string]string
	_ = json.Unmarshal(payload, &fields) // made by us, of strings
	v := url.Values{}
	for k, x := range fields {
		v.Set(k, x)
	}
	return v
}

// sign is Slack's v0 signature: HMAC-SHA256 of "v0:TIMESTAMP:BODY" by the signing secret.
func sign(secret, stamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "v0:%s:", stamp)
	mac.Write(body)
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

// VerifyURL does what Slack does when the events URL is entered in the app's settings: it sends a challenge that the app
// must give back.
func (s *Sandbox) VerifyURL(ctx context.Context) error {
	if s.delivery.BaseURL == "" {
		return errors.New("sandbox: no Delivery.BaseURL to verify")
	}
	s.mu.Lock()
	challenge := strings.ToLower(s.id("challenge"))
	s.mu.Unlock()
	target := strings.TrimSuffix(s.delivery.BaseURL, "/") + "/slack/events"
	answer, _, err := s.postSigned(ctx, target, "events_api",
		encode(map[string]any{"type": "url_verification", "token": s.app.VerificationToken, "challenge": challenge}), 0, "")
	if err != nil {
		return fmt.Errorf("sandbox: verifying %s: %w", target, err)
	}
	var got struct{ Challenge, Text string }
	if json.Unmarshal(answer, &got) != nil || got.Challenge != challenge && strings.TrimSpace(got.Text) != challenge {
		return fmt.Errorf("sandbox: verifying %s: the answer does not hold the challenge", target)
	}
	return nil
}
