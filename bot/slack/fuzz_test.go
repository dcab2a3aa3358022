package slack

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const fuzzSecret = "fuzz-signing-secret"

// signed makes a request as Slack makes it.
func signed(path, contentType, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	stamp := fmt.Sprint(time.Now().Unix())
	mac := hmac.New(sha256.New, []byte(fuzzSecret))
	fmt.Fprintf(mac, "v0:%s:%s", stamp, body)
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("X-Slack-Request-Timestamp", stamp)
	r.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return r
}

// FuzzReceive takes anything at all with a good signature: it answers, and what it takes for an event can be kept and named.
func FuzzReceive(f *testing.F) {
	f.Add(byte(0), `{"type":"url_verification","challenge":"abc"}`)
	f.Add(byte(0), `{"type":"event_callback","team_id":"T1","event_id":"Ev1","event":{"type":"app_mention","user":"U1","text":"<@B> why?","ts":"17.1","channel":"C1"}}`)
	f.Add(byte(0), `{"team_id":"T1","event":{"type":"message","subtype":"message_changed","hidden":true,"ts":"1.1","channel":"D1","channel_type":"im"}}`)
	f.Add(byte(0), `{"team_id":"T1","event_id":"E","event":{"type":"assistant_thread_started","assistant_thread":{"user_id":"U1","channel_id":"D1","thread_ts":"2.1"}}}`)
	f.Add(byte(0), `{"team_id":"T1","event_id":"E","event":{"type":"app_home_opened","user":"U1","tab":"home"}}`)
	f.Add(byte(0), `[]`)
	f.Add(byte(0), `{"event":null}`)
	f.Add(byte(1), `{"type":"block_actions","team":{"id":"T1"},"user":{"id":"U1","team_id":"T2"},"trigger_id":"tr","container":{"message_ts":"5.1","channel_id":"C1","is_ephemeral":true},"actions":[{"action_id":"sql","action_ts":"9.9","value":"Q-7F3K2M"}]}`)
	f.Add(byte(1), `{"type":"block_actions","team":null,"user":{"id":"U1"},"actions":[{"action_id":"more","selected_option":{"value":"csv|Q-7F3K2M"}}]}`)
	f.Add(byte(1), `{"type":"message_action","team":{"id":"T1"},"user":{"id":"U1"},"channel":{"id":"C1"},"message":{"ts":"1.1","text":"x"},"callback_id":"explain_spend","trigger_id":"t"}`)
	f.Add(byte(1), `{"type":"view_submission"}`)
	f.Add(byte(2), "team_id=T1&user_id=U1&channel_id=C1&text=why%3F&trigger_id=1.2&response_url=https%3A%2F%2Fhooks.slack.example%2Fcommands%2F1")
	f.Add(byte(2), "text=%80%ff&user_id=%zz")
	f.Add(byte(3), "payload=")

	var got *Event
	var refuse error
	h := HTTP(&Client{cfg: Config{SigningSecret: fuzzSecret}, now: time.Now, log: slog.New(slog.DiscardHandler)}, func(_ context.Context, e Event) error {
		got = &e
		return refuse
	})
	f.Fuzz(func(t *testing.T, kind byte, body string) {
		path, contentType := "/slack/events", "application/json"
		switch kind % 4 {
		case 1: // an interaction is JSON in a form
			path, contentType, body = "/slack/interactive", "application/x-www-form-urlencoded", url.Values{"payload": {body}}.Encode()
		case 2:
			path, contentType = "/slack/commands", "application/x-www-form-urlencoded"
		case 3: // or whatever it is
			path = "/slack/interactive"
		}
		for _, refuse = range []error{nil, errors.New("the disk is full")} {
			got = nil
			w := httptest.NewRecorder()
			h.ServeHTTP(w, signed(path, contentType, body))
			want := http.StatusOK // whatever it is, it will not read better the next time
			if got != nil && refuse != nil {
				want = http.StatusInternalServerError // so that Slack delivers it again
			}
			if w.Code != want {
				t.Errorf("status %d, want %d; event %+v", w.Code, want, got)
			}
			if got == nil {
				continue
			}
			if got.Key == "" || got.Kind == "" || got.Received.IsZero() {
				t.Errorf("an event without a name: %+v", got)
			}
			b, err := json.Marshal(got)
			if err != nil {
				t.Fatalf("the event cannot be kept: %v", err)
			}
			var kept Event
			if err := json.Unmarshal(b, &kept); err != nil {
				t.Fatalf("the event cannot be read again: %v", err)
			}
			if diff := cmp.Diff(*got, kept); diff != "" {
				t.Error("kept as another event", diff)
			}
		}
	})
}

// TestSignature refuses what is not signed as it should be, whatever it says.
func TestSignature(t *testing.T) {
	const body = `{"type":"event_callback","team_id":"T1","event":{"type":"app_mention","user":"U1","text":"why?","ts":"17.1","channel":"C1"}}`
	events := 0
	h := HTTP(&Client{cfg: Config{SigningSecret: fuzzSecret}, now: time.Now, log: slog.New(slog.DiscardHandler)}, func(context.Context, Event) error {
		events++
		return nil
	})
	for _, c := range []struct {
		name   string
		change func(*http.Request)
		want   int
	}{
		{"good", func(*http.Request) {}, http.StatusOK},
		{"no signature", func(r *http.Request) { r.Header.Del("X-Slack-Signature") }, http.StatusUnauthorized},
		{"no timestamp", func(r *http.Request) { r.Header.Del("X-Slack-Request-Timestamp") }, http.StatusUnauthorized},
		{"another signature", func(r *http.Request) { r.Header.Set("X-Slack-Signature", "v0="+strings.Repeat("0", 64)) }, http.StatusUnauthorized},
		{"no hex", func(r *http.Request) { r.Header.Set("X-Slack-Signature", "v0=zz") }, http.StatusUnauthorized},
		{"another time", func(r *http.Request) { r.Header.Set("X-Slack-Request-Timestamp", fmt.Sprint(time.Now().Unix()+1)) }, http.StatusUnauthorized},
		{"an hour ago", func(r *http.Request) {
			*r = *signed(r.URL.Path, "application/json", body)
			stamp := fmt.Sprint(time.Now().Add(-time.Hour).Unix())
			mac := hmac.New(sha256.New, []byte(fuzzSecret))
			fmt.Fprintf(mac, "v0:%s:%s", stamp, body)
			r.Header.Set("X-Slack-Request-Timestamp", stamp)
			r.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
		}, http.StatusUnauthorized},
		{"a GET", func(r *http.Request) { r.Method = http.MethodGet }, http.StatusMethodNotAllowed},
		{"a body too large", func(r *http.Request) { *r = *signed(r.URL.Path, "application/json", strings.Repeat(" ", maxBody+1)) }, http.StatusRequestEntityTooLarge},
	} {
		events = 0
		r := signed("/slack/events", "application/json", body)
		c.change(r)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.want || (events > 0) != (c.want == http.StatusOK) {
			t.Errorf("%s: status %d, want %d; %d events", c.name, w.Code, c.want, events)
		}
	}
}

// TestAPressIsKeptWhereSlackHasHungUp: Slack waits 3 seconds, and does not deliver a press again.
func TestAPressIsKeptWhereSlackHasHungUp(t *testing.T) {
	kept := 0
	h := HTTP(&Client{cfg: Config{SigningSecret: fuzzSecret}, now: time.Now, log: slog.New(slog.DiscardHandler)}, func(ctx context.Context, _ Event) error {
		kept++
		return ctx.Err()
	})
	gone, hangUp := context.WithCancel(t.Context())
	hangUp()
	payload := `{"type":"block_actions","team":{"id":"T1"},"user":{"id":"U1","team_id":"T1"},"trigger_id":"tr","container":{"message_ts":"5.1","channel_id":"C1"},"actions":[{"action_id":"sql","action_ts":"9.9","value":"Q-7F3K2M"}]}`
	w := httptest.NewRecorder()
	h.ServeHTTP(w, signed("/slack/interactive", "application/x-www-form-urlencoded", "payload="+url.QueryEscape(payload)).WithContext(gone))
	if w.Code != http.StatusOK || kept != 1 {
		t.Errorf("status %d, kept %d times: %s", w.Code, kept, w.Body)
	}
}
