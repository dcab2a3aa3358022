package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"spendbot/bot/metrics"
	"spendbot/bot/secret"
	"spendbot/bot/state"
)

// attempts is a sender whose attempts a test makes one by one, by a clock of its own, against a Slack of one function.
type attempts struct {
	*Sender
	t   *testing.T
	now time.Time
}

func newAttempts(t *testing.T, api http.HandlerFunc) *attempts {
	t.Helper()
	srv := httptest.NewServer(api)
	t.Cleanup(srv.Close)
	db, err := state.Open(t.Context(), filepath.Join(t.TempDir(), "spendbot.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	a := &attempts{t: t, now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	c := New(Config{BotToken: secret.Value("xoxb-test"), APIURL: srv.URL + "/"}, func() time.Time { return a.now }, slog.New(slog.DiscardHandler), metrics.New())
	a.Sender = NewSender(c, db, "test", time.Hour, func(context.Context, string, string) ([]byte, error) { return []byte("PNG"), nil }, func(context.Context, state.Post, string) {})
	return a
}

func (a *attempts) enqueue(key, item, method, thread string) {
	a.t.Helper()
	p, err := Outgoing{Text: key, Name: key}.Post(key, item, method, "C1", thread, "")
	if err == nil {
		_, _, err = a.db.Enqueue(a.t.Context(), p, a.now)
	}
	if err != nil {
		a.t.Fatal(err)
	}
}

// once makes the attempt that is due, if one is, and then lets time pass.
func (a *attempts) once(passes time.Duration) bool {
	a.t.Helper()
	p, unknown, err := a.db.TakePost(a.t.Context(), a.owner, a.now, a.lease)
	if err != nil {
		a.t.Fatal(err)
	}
	if p != nil {
		if err := a.deliver(a.t.Context(), *p, unknown); err != nil {
			a.t.Fatal(err)
		}
	}
	a.now = a.now.Add(passes)
	return p != nil
}

func (a *attempts) kept(key string) *state.Post {
	a.t.Helper()
	p, err := a.db.PostByKey(a.t.Context(), key)
	if err != nil {
		a.t.Fatal(err)
	}
	return p
}

// TestGivenUp: what Slack would not take for now is given up after so many attempts as are its own, however fast the clock runs; what only
// had to wait is not.
func TestGivenUp(t *testing.T) {
	if news := triesOf(state.Post{Method: MethodPost}); news != newsTries || news < 20*answerTries {
		t.Errorf("what nobody asked for is tried %d times", news)
	}
	for _, c := range []struct {
		name, item, method, thread string
		answer                     http.HandlerFunc
		tries                      int // 0: never
	}{
		{name: "an answer, Slack away", item: "asked", method: MethodPost, answer: says(`{"ok":false,"error":"service_unavailable"}`), tries: answerTries},
		{name: "a file, Slack away", item: "asked", method: MethodFile, answer: says(`{"ok":false,"error":"service_unavailable"}`), tries: fileTries},
		{name: "a file, too much said", item: "asked", method: MethodFile, answer: limited},
		{name: "an answer, too much said", item: "asked", method: MethodPost, answer: limited},
		{name: "an answer in a thread that is not there yet", item: "asked", method: MethodPost, thread: Under("root"), answer: says(`{"ok":true,"ts":"1.1","channel":"C1"}`)},
		{name: "a file in a thread that is not there yet", item: "asked", method: MethodFile, thread: Under("root"), answer: says(`{"ok":true}`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := newAttempts(t, c.answer)
			if c.thread != "" {
				a.enqueue("root", "", MethodPost, "")
				if p, _, err := a.db.TakePost(t.Context(), "another", a.now, 100*365*24*time.Hour); p == nil || err != nil { // it is long about it
					t.Fatal(p, err)
				}
			}
			a.enqueue("k", c.item, c.method, c.thread)
			if c.tries == 0 {
				for range answerTries + 10 {
					if !a.once(2 * time.Hour) {
						t.Fatalf("not tried again: %+v", a.kept("k"))
					}
				}
				if p := a.kept("k"); p.State != state.Pending || p.Tries != 0 {
					t.Errorf("it is %+v", p)
				}
				return
			}
			for n := range c.tries {
				if !a.once(2*time.Hour) || a.kept("k").Tries != n+1 {
					t.Fatalf("after %d attempts it is %+v", n+1, a.kept("k"))
				}
			}
			a.once(0)
			if p := a.kept("k"); p.State != state.Failed || p.LastError != "service_unavailable" {
				t.Errorf("it is %+v", p)
			}
		})
	}
}

func says(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }
}

func limited(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Retry-After", "30")
	w.WriteHeader(http.StatusTooManyRequests)
}

// TestFarDown: a post whose outcome is not known is found on the page that it is on, in a channel and in a thread; where it is nowhere, it
// is sent again.
func TestFarDown(t *testing.T) {
	for _, thread := range []string{"", "1.000001"} {
		for _, at := range []int{0, 3, lookPages - 1, lookPages} { // the last is further down than is looked
			t.Run(fmt.Sprintf("thread %q, page %d", thread, at), func(t *testing.T) {
				t.Parallel()
				posts, pages := 0, 0
				a := newAttempts(t, func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/"+MethodPost {
						if posts++; posts == 1 { // the first is there, and nobody hears of it
							w.WriteHeader(http.StatusInternalServerError)
							return
						}
						fmt.Fprint(w, `{"ok":true,"channel":"C1","ts":"9.9"}`)
						return
					}
					page, _ := strconv.Atoi(r.FormValue("cursor"))
					pages++
					m := map[string]any{"ts": fmt.Sprintf("%d.5", page), "text": "something else", "user": "U1"}
					if page == at {
						m["metadata"] = map[string]any{"event_type": metadataEvent, "event_payload": map[string]any{metadataKey: "k"}}
					}
					_ = json.NewEncoder(w).Encode(map[string]any{"ok": true, "messages": []any{m}, "has_more": true,
						"response_metadata": map[string]any{"next_cursor": strconv.Itoa(page + 1)}})
				})
				a.client.self.User = "U1"
				a.enqueue("k", "", MethodPost, thread)
				a.once(time.Minute)
				a.once(time.Minute)
				want, wantPosts := fmt.Sprintf("%d.5", at), 1
				if at == lookPages {
					want, wantPosts = "9.9", 2
				}
				if p := a.kept("k"); p.State != state.Sent || p.TS != want || posts != wantPosts || pages != min(at+1, lookPages) {
					t.Errorf("%d posts, %d pages, %+v", posts, pages, p)
				}
			})
		}
	}
}
