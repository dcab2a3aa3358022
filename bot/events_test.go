package bot

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"spendbot/analysis/event"
	"spendbot/bot/secret"
	"spendbot/bot/state"
)

const eventKey = secret.Value("a-secret-of-the-webhook-3141592653")

// hookBot is as much of a bot as receives reports of events.
func hookBot(t testing.TB) (*Bot, *bytes.Buffer) {
	t.Helper()
	db, err := state.Open(t.Context(), filepath.Join(t.TempDir(), "spendbot.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	now := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	rules, err := event.NewRules([]event.Rule{{Match: "mayfly/*", Set: map[string]string{"team": "payments"}}})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	clock := func() time.Time { return now }
	return &Bot{opts: Options{Now: clock, Today: clock, EventRules: rules}, db: db, log: slog.New(slog.NewTextHandler(&log, nil))}, &log
}

// report posts a body to /events; sign is given the headers.
func report(b *Bot, body []byte, sign func(http.Header)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/events", bytes.NewReader(body))
	sign(r.Header)
	w := httptest.NewRecorder()
	b.EventsHandler(eventKey).ServeHTTP(w, r)
	return w
}

func signedAt(b *Bot, key secret.Value, body []byte, off time.Duration) func(http.Header) {
	return func(h http.Header) {
		at := strconv.FormatInt(b.opts.Now().Add(off).Unix(), 10)
		h.Set(EventsTimestamp, at)
		h.Set(EventsSignature, SignEvents(key, at, body))
	}
}

func signedByGitHub(name string, key secret.Value, body []byte) func(http.Header) {
	return func(h http.Header) {
		h.Set("X-GitHub-Event", name)
		h.Set("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")
		h.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac(key, body)))
	}
}

func TestReportsAreSigned(t *testing.T) {
	b, log := hookBot(t)
	body := []byte(`{"kind":"deploy","what":"payments-api 4.18.0","at":"2026-11-18T09:12:00Z","team":"payments"}`)
	for name, c := range map[string]struct {
		sign func(http.Header)
		want int
	}{
		"as it should be":     {signedAt(b, eventKey, body, 0), 200},
		"a clock that is off": {signedAt(b, eventKey, body, -EventsWindow), 200},
		"old":                 {signedAt(b, eventKey, body, -EventsWindow-time.Second), 401},
		"of the future":       {signedAt(b, eventKey, body, EventsWindow+time.Second), 401},
		"another key":         {signedAt(b, "another-secret-of-some-length", body, 0), 401},
		"another body":        {signedAt(b, eventKey, append([]byte(" "), body...), 0), 401},
		"none":                {func(http.Header) {}, 401},
		"no time":             {func(h http.Header) { h.Set(EventsSignature, SignEvents(eventKey, "", body)) }, 401},
		"a time that is none": {func(h http.Header) {
			h.Set(EventsTimestamp, "1e9")
			h.Set(EventsSignature, SignEvents(eventKey, "1e9", body))
		}, 401},
		"another time than was signed": {func(h http.Header) {
			signedAt(b, eventKey, body, 0)(h)
			h.Set(EventsTimestamp, strconv.FormatInt(b.opts.Now().Add(time.Second).Unix(), 10))
		}, 401},
		"GitHub's, of another key":    {signedByGitHub("ping", "another-secret-of-some-length", body), 401},
		"GitHub's, of the ping":       {signedByGitHub("ping", eventKey, body), 200},
		"GitHub's, without the event": {func(h http.Header) { h.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac(eventKey, body))) }, 401},
	} {
		w := report(b, body, c.sign)
		if w.Code != c.want {
			t.Errorf("%s: %d %s, want %d", name, w.Code, w.Body, c.want)
		}
		if strings.Contains(w.Body.String()+log.String(), eventKey.Reveal()) {
			t.Errorf("%s: the secret is told", name)
		}
	}
	if r := httptest.NewRequest(http.MethodGet, "/events", nil); true {
		w := httptest.NewRecorder()
		if b.EventsHandler(eventKey).ServeHTTP(w, r); w.Code != 405 || w.Header().Get("Allow") != "POST" {
			t.Errorf("a GET: %d", w.Code)
		}
	}
}

// TestReportsAreOneEvent: what is sent again, by whomever and in whichever of its shapes, is one event; what cannot be read is refused
// and leaves nothing behind.
func TestReportsAreOneEvent(t *testing.T) {
	b, _ := hookBot(t)
	file := func(name string) []byte {
		t.Helper()
		body, err := os.ReadFile(filepath.Join("..", "analysis", "event", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	generic := []byte(`{"kind":"deploy","what":"storefront 9","at":"2026-11-18T09:12:00Z"}`)
	asked, done := file("github_deployment.json"), file("github_deployment_status.json")
	scaled := file("kubernetes_event.json")
	seen := map[string]string{}
	for _, c := range []struct {
		name string
		body []byte
		sign func(http.Header)
		is   string // the event it is
		new  bool
	}{
		{"generic", generic, signedAt(b, eventKey, generic, 0), "a", true},
		{"generic, again", generic, signedAt(b, eventKey, generic, time.Second), "a", false},
		{"GitHub's deployment", asked, signedByGitHub("deployment", eventKey, asked), "b", true},
		{"GitHub's deployment, redelivered", asked, signedByGitHub("deployment", eventKey, asked), "b", false},
		{"GitHub's deployment, as it succeeds", done, signedByGitHub("deployment_status", eventKey, done), "b", false},
		{"Kubernetes", scaled, signedAt(b, eventKey, scaled, 0), "c", true},
		{"Kubernetes, again", scaled, signedAt(b, eventKey, scaled, 0), "c", false},
	} {
		w := report(b, c.body, c.sign)
		var got reported
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 || len(got.Events) != 1 {
			t.Fatalf("%s: %d %s", c.name, w.Code, w.Body)
		}
		if id := seen[c.is]; id != "" && id != got.Events[0].ID || got.Events[0].New != c.new {
			t.Errorf("%s: %+v, was %s before", c.name, got.Events[0], id)
		}
		seen[c.is] = got.Events[0].ID
	}
	bad := []byte(`[{"kind":"deploy","what":"x","at":"2026-11-18"},{"kind":"deploy","what":"y","at":"whenever"}]`)
	if w := report(b, bad, signedAt(b, eventKey, bad, 0)); w.Code != 400 || !strings.Contains(w.Body.String(), `event 2 of 2: at: "whenever" is no time; write 2026-11-18T09:12:00Z`) {
		t.Errorf("a bad report: %d %s", w.Code, w.Body)
	}
	large := bytes.Repeat([]byte(" "), MaxEventsBody+1)
	if w := report(b, large, signedAt(b, eventKey, large, 0)); w.Code != 413 {
		t.Errorf("a large report: %d", w.Code)
	}
	list, _, err := b.db.Events(t.Context(), state.EventFilter{})
	if err != nil || len(list) != 3 {
		t.Errorf("%d events are kept, want 3: %+v, %v", len(list), list, err)
	}
	for _, e := range list {
		if e.Source == "github" && e.Slice["x_Team"] != "payments" {
			t.Errorf("the rules do not place %+v", e)
		}
	}
}
