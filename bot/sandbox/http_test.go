package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
)

const secret = "8f742231b10e8888abcd99yyyzzz85a5"

// request is what an app on HTTP received, its signature good.
type request struct {
	path, body string
	header     http.Header
}

// webApp is an app reached by signed HTTP. respond writes its answer; nil is a bare 200.
type webApp struct {
	mu       sync.Mutex
	requests []request
}

func serveApp(t *testing.T, respond func(http.ResponseWriter, request)) (*webApp, Delivery) {
	t.Helper()
	app := &webApp{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		v, err := slack.NewSecretsVerifier(r.Header, secret)
		if err == nil {
			_, _ = v.Write(body)
			err = v.Ensure()
		}
		if err != nil {
			t.Errorf("signature: %v", err)
		}
		req := request{r.URL.Path, string(body), r.Header}
		app.mu.Lock()
		app.requests = append(app.requests, req)
		app.mu.Unlock()
		if respond != nil {
			respond(w, req)
		}
	}))
	t.Cleanup(server.Close)
	return app, Delivery{BaseURL: server.URL, SigningSecret: secret}
}

func (a *webApp) got() []request {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]request(nil), a.requests...)
}

func TestHTTPEventsAreSigned(t *testing.T) {
	app, d := serveApp(t, nil)
	r := start(t, Options{Delivery: d, Now: newClock().now}) // a workspace whose time stands still a year ago
	ts := r.Post("ana", "dm", "", "why?")
	r.acked(t, "message", 1)
	req := app.got()[0]
	e, err := slackevents.ParseEvent(json.RawMessage(req.body), slackevents.OptionNoVerifyToken())
	if err != nil {
		t.Fatal(err)
	}
	m := e.InnerEvent.Data.(*slackevents.MessageEvent)
	outer := e.Data.(*slackevents.EventsAPICallbackEvent)
	if req.path != "/slack/events" || m.TimeStamp != ts || m.Text != "why?" || outer.TeamID != DemoTeam || outer.EventID == "" ||
		len(outer.Authorizations) != 1 || req.header.Get("X-Slack-Retry-Num") != "" {
		t.Errorf("request = %+v", req)
	}
}

func TestHTTPRetries(t *testing.T) {
	for _, tc := range []struct {
		name    string
		respond func(http.ResponseWriter, int)
		want    []string // retry number and reason of each attempt
	}{
		{"an error", func(w http.ResponseWriter, n int) {
			if n < 3 {
				w.WriteHeader(http.StatusInternalServerError)
			}
		}, []string{" ", "1 http_error", "2 http_error"}},
		{"never", func(w http.ResponseWriter, n int) { w.WriteHeader(http.StatusBadGateway) },
			[]string{" ", "1 http_error", "2 http_error", "3 http_error"}},
		{"no retry wanted", func(w http.ResponseWriter, n int) {
			w.Header().Set("X-Slack-No-Retry", "1")
			w.WriteHeader(http.StatusBadGateway)
		}, []string{" "}},
		{"redirects", func(w http.ResponseWriter, n int) {
			if n == 1 {
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(http.StatusFound)
			}
		}, []string{" ", "1 too_many_redirects"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := 0
			app, d := serveApp(t, func(w http.ResponseWriter, _ request) {
				n++
				tc.respond(w, n)
			})
			timing := quick()
			timing.Ack = 10 * time.Second
			r := start(t, Options{Delivery: d, Timing: timing})
			r.Post("ana", "dm", "", "why?")
			r.wait(t, "it is over", func(v *Snapshot) bool { return v.Unacked() == 0 })
			var got []string
			for _, q := range app.got() {
				got = append(got, q.header.Get("X-Slack-Retry-Num")+" "+q.header.Get("X-Slack-Retry-Reason"))
			}
			if fmt.Sprint(got) != fmt.Sprint(tc.want) {
				t.Errorf("attempts %q, want %q", got, tc.want)
			}
		})
	}
}

func TestHTTPTimeout(t *testing.T) {
	release := make(chan struct{})
	_, d := serveApp(t, func(_ http.ResponseWriter, q request) {
		if q.header.Get("X-Slack-Retry-Num") == "" {
			<-release
		}
	})
	defer close(release)
	timing := quick()
	r := start(t, Options{Delivery: d, Timing: timing})
	r.Post("ana", "dm", "", "why?")
	r.acked(t, "message", 1)
	if got := r.Ledger(); got[0].Failed != "http_timeout" || got[1].Reason != "http_timeout" {
		t.Errorf("ledger = %+v", got)
	}
}

func TestHTTPCommandsAndInteractions(t *testing.T) {
	app, d := serveApp(t, func(w http.ResponseWriter, q request) {
		switch {
		case q.path == "/slack/commands":
			fmt.Fprint(w, "plain words")
		case strings.Contains(q.body, "view_submission"):
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"response_action":"errors","errors":{"name":"no such name"}}`)
		}
	})
	r := start(t, Options{Delivery: d})
	if err := r.Command("ana", "#cloud-costs", "help me"); err != nil {
		t.Fatal(err)
	}
	r.wait(t, "the answer is there", func(v *Snapshot) bool { return len(v.Ephemerals(Ana)) == 1 })
	if got := r.Ephemerals(Ana)[0]; got.Text != "plain words" || got.User != Spendbot {
		t.Errorf("answer = %+v", got)
	}
	q, err := http.NewRequest(http.MethodPost, "/", strings.NewReader(app.got()[0].body))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if cmd, err := slack.SlashCommandParse(q); err != nil || cmd.Text != "help me" || cmd.Command != "/spend" || cmd.UserID != Ana {
		t.Errorf("command = %+v, %v", cmd, err)
	}

	_, ts, _ := r.api.PostMessage(Payments, slack.MsgOptionBlocks(button("open", "v")))
	if err := r.Press("ana", Payments, ts, "open", "v"); err != nil {
		t.Fatal(err)
	}
	r.acked(t, "block_actions", 1)
	var pressed slack.InteractionCallback
	for _, got := range app.got() {
		if got.path == "/slack/interactive" {
			q, _ := http.NewRequest(http.MethodPost, "/", strings.NewReader(got.body))
			q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if pressed, err = slack.InteractionCallbackParse(q); err != nil {
				t.Fatal(err)
			}
		}
	}
	if pressed.Type != slack.InteractionTypeBlockActions || pressed.ActionCallback.BlockActions[0].Value != "v" {
		t.Errorf("pressed = %+v", pressed)
	}
	v, err := r.api.OpenView(pressed.TriggerID, modal(input("name", "text")))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.SubmitView("ana", v.ID, map[string]map[string]any{"name": {"text": "Ada"}}); err != nil {
		t.Fatal(err)
	}
	r.wait(t, "the errors show", func(s *Snapshot) bool { return s.Modal(Ana).Errors["name"] == "no such name" })
}

func TestURLVerification(t *testing.T) {
	for _, tc := range []struct{ name, kind, answer string }{
		{"text", "text/plain", "%s"}, {"JSON", "application/json", `{"challenge": "%s"}`}, {"wrong", "text/plain", "no%.0s"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, d := serveApp(t, func(w http.ResponseWriter, q request) {
				e := decodeTo[slackevents.EventsAPIURLVerificationEvent](t, []byte(q.body))
				w.Header().Set("Content-Type", tc.kind)
				fmt.Fprintf(w, tc.answer, e.Challenge)
			})
			r := start(t, Options{Delivery: d})
			if err := r.VerifyURL(t.Context()); (err == nil) != (tc.name != "wrong") {
				t.Error(err)
			}
		})
	}
}
