package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack/slacktest"
)

// standin is a Slack that knows a handful of methods and nothing else. It says what the bot posted and acknowledged.
type standin struct {
	t       testing.TB
	srv     *httptest.Server
	missing http.HandlerFunc // answers what it does not know
	lacks   map[string]bool  // methods that it does not even know of the handful

	mu      sync.Mutex
	changed *sync.Cond
	sock    *websocket.Conn
	posts   []url.Values
	called  map[string]int
	acked   map[string]bool
	sent    int
}

const standinBot = "USTANDIN"

func newStandin(t testing.TB, missing http.HandlerFunc, lacks ...string) *standin {
	s := &standin{t: t, missing: missing, lacks: map[string]bool{}, called: map[string]int{}, acked: map[string]bool{}}
	s.changed = sync.NewCond(&s.mu)
	for _, m := range lacks {
		s.lacks[m] = true
	}
	s.srv = httptest.NewServer(s)
	t.Cleanup(func() {
		s.mu.Lock()
		if s.sock != nil {
			s.sock.Close()
		}
		s.mu.Unlock()
		s.srv.CloseClientConnections()
		s.srv.Close()
	})
	return s
}

func (s *standin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/socket" {
		s.serve(w, r)
		return
	}
	method := strings.TrimPrefix(r.URL.Path, "/api/")
	_ = r.ParseForm() // what is no form has no fields
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.changed.Broadcast()
	s.called[method]++
	answer := func(format string, a ...any) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, format, a...)
	}
	if s.lacks[method] {
		method = ""
	}
	switch method {
	case "auth.test":
		answer(`{"ok":true,"url":"https://standin.example/","team":"Standin","user":"spendbot","team_id":"T0STANDIN","user_id":%q,"bot_id":"BSTANDIN"}`, standinBot)
	case "apps.connections.open":
		answer(`{"ok":true,"url":%q}`, "ws"+strings.TrimPrefix(s.srv.URL, "http")+"/socket?ticket=standin-ticket-1")
	case "chat.postMessage":
		s.posts = append(s.posts, r.PostForm)
		answer(`{"ok":true,"channel":%q,"ts":"1700000000.%06d"}`, r.PostForm.Get("channel"), len(s.posts))
	case "users.info":
		answer(`{"ok":true,"user":{"id":%q,"team_id":"T0STANDIN","name":"ana","real_name":"Ana"}}`, r.Form.Get("user"))
	default:
		s.missing(w, r)
	}
}

func (s *standin) serve(w http.ResponseWriter, r *http.Request) {
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	c, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	s.mu.Lock()
	err = c.WriteMessage(websocket.TextMessage, []byte(`{"type":"hello","num_connections":1}`))
	s.sock = c
	s.changed.Broadcast()
	s.mu.Unlock()
	ended := make(chan struct{})
	defer close(ended)
	go func() { // without a ping for half a minute a client takes the socket for dead, and what is on its way over it is lost
		ping := time.NewTicker(time.Second)
		defer ping.Stop()
		for {
			select {
			case <-ping.C:
				_ = c.WriteControl(websocket.PingMessage, nil, time.Now().Add(patience)) // whoever reads learns of it
			case <-ended:
				return
			}
		}
	}()
	for err == nil {
		var ack struct {
			ID string `json:"envelope_id"`
		}
		if err = c.ReadJSON(&ack); err == nil {
			s.mu.Lock()
			s.acked[ack.ID] = true
			s.changed.Broadcast()
			s.mu.Unlock()
		}
	}
}

// send hands the bot something and waits for its ack.
func (s *standin) send(kind string, payload any) {
	s.t.Helper()
	s.mu.Lock()
	s.sent++
	id := fmt.Sprintf("envelope-%d", s.sent)
	b, err := json.Marshal(map[string]any{"envelope_id": id, "type": kind, "payload": payload, "accepts_response_payload": kind != "events_api"})
	if err == nil {
		err = s.sock.WriteMessage(websocket.TextMessage, b)
	}
	s.mu.Unlock()
	if err != nil {
		s.t.Fatal(err)
	}
	s.await("the ack of "+kind, func() bool { return s.acked[id] })
}

// event is something of the Events API.
func (s *standin) event(e map[string]any) {
	s.t.Helper()
	s.send("events_api", map[string]any{"type": "event_callback", "team_id": "T0STANDIN", "event_id": fmt.Sprintf("Ev%d", s.sent), "event": e})
}

// await waits for something; the condition is looked at with the lock held.
func (s *standin) await(what string, ok func() bool) {
	s.t.Helper()
	late := false
	timer := time.AfterFunc(patience, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		late = true
		s.changed.Broadcast()
	})
	defer timer.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for !ok() {
		if late {
			s.t.Fatalf("waited for %s; calls %v, posts %v", what, s.called, s.posts)
		}
		s.changed.Wait()
	}
}

// posted waits for a message in a channel, and thread if one is given, that holds a text.
func (s *standin) posted(channel, thread, text string) url.Values {
	s.t.Helper()
	var got url.Values
	s.await(fmt.Sprintf("%q in %s", text, channel), func() bool {
		for _, p := range s.posts {
			if p.Get("channel") == channel && p.Get("thread_ts") == thread && strings.Contains(p.Get("text"), text) {
				got = p
				return true
			}
		}
		return false
	})
	return got
}

func unknownMethod(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, `{"ok":false,"error":"unknown_method"}`)
}

// TestStandins runs the bot as it is against Slacks that know next to nothing. Whatever they lack, people get an answer, and
// the log says what was done without.
func TestStandins(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		missing http.HandlerFunc
		lacks   []string
		config  string
	}{
		{"unknown_method", unknownMethod, nil, "slack: {}\n"},
		{"404", http.NotFound, nil, "slack: {}\n"},
		{"no users.info", unknownMethod, []string{"users.info"}, "slack: {}\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStandin(t, c.missing, c.lacks...)
			r := rigAt(t, s.srv.URL+"/api/", "xoxb-standin-token", "xapp-standin-token", rigOptions{config: c.config}).start()

			mention := map[string]any{"type": "app_mention", "user": "U1", "channel": "C0STANDIN1", "ts": "1700000100.000100",
				"text": "<@" + standinBot + "> why did spend change last week?"}
			s.event(mention)
			m := s.posted("C0STANDIN1", "1700000100.000100", "$12,8")
			id := answerIDs.FindString(m.Get("text"))
			if id == "" {
				t.Errorf("no id in %q", m.Get("text"))
			}
			s.event(map[string]any{"type": "message", "channel_type": "im", "user": "U2", "channel": "D0STANDIN2", "ts": "1700000101.000100", "text": "what did we spend in October?"})
			s.posted("D0STANDIN2", "1700000101.000100", "October")

			// A command is answered where only the person sees it; the last way is the conversation with them.
			s.send("slash_commands", map[string]any{"command": "/spend", "text": "top 3 services in October", "team_id": "T0STANDIN", "user_id": "U3",
				"channel_id": "C0STANDIN1", "trigger_id": "1.2.3", "response_url": s.srv.URL + "/respond/T0STANDIN/expired-one"})
			s.posted("U3", "", "October")

			// The SQL: no modal, no file; that is said.
			press := func(action, value, at string) {
				s.send("interactive", map[string]any{"type": "block_actions", "team": map[string]any{"id": "T0STANDIN"}, "user": map[string]any{"id": "U1", "team_id": "T0STANDIN"},
					"trigger_id": "4.5." + at, "channel": map[string]any{"id": "C0STANDIN1"}, "container": map[string]any{"type": "message", "message_ts": "1700000000.000001",
						"channel_id": "C0STANDIN1", "thread_ts": "1700000100.000100"}, "message": map[string]any{"ts": "1700000000.000001", "thread_ts": "1700000100.000100"},
					"actions": []any{map[string]any{"action_id": action, "value": value, "action_ts": at}}})
			}
			press("sql", id, "1700000200.000100")
			s.posted("U1", "", "SQL")
			s.posted("C0STANDIN1", "1700000100.000100", "Slack would not take the SQL file")
			press("ask:0", id+"\nand by team?", "1700000201.000100")
			s.posted("C0STANDIN1", "1700000100.000100", "payments")
			press("feedback", id+"|yes", "1700000202.000100")
			s.posted("U1", "", "Thank you")

			// Views that cannot be shown are acknowledged and cost nothing.
			s.event(map[string]any{"type": "app_home_opened", "user": "U1", "channel": "D0STANDIN1", "tab": "home"})
			s.event(map[string]any{"type": "assistant_thread_started", "assistant_thread": map[string]any{"user_id": "U1", "channel_id": "D0STANDIN1", "thread_ts": "1700000300.000100"}})
			s.await("the views", func() bool {
				return s.called["views.publish"] > 0 && s.called["assistant.threads.setSuggestedPrompts"] > 0
			})
			s.event(map[string]any{"type": "message", "channel_type": "im", "user": "U1", "channel": "D0STANDIN1", "thread_ts": "1700000300.000100", "ts": "1700000301.000100",
				"text": "what did we spend in September?"})
			s.posted("D0STANDIN1", "1700000300.000100", "September")

			if code := r.stop(); code != 0 {
				t.Errorf("stopped with exit code %d", code)
			}
			log := r.log.String()
			for _, method := range append(c.lacks, "conversations.info", "files.upload", "chat.postEphemeral", "conversations.open", "views.publish") {
				contains(t, "the log", log, fmt.Sprintf(`"method":%q`, method))
			}
			contains(t, "the log", log, "this Slack does not let the app do something; going on without it", "modal not opened")
			lacks(t, "the log", log, "standin-token", "standin-ticket", "expired-one")
			s.mu.Lock()
			defer s.mu.Unlock()
			seen := map[string]int{}
			for _, p := range s.posts {
				seen[p.Get("channel")+p.Get("thread_ts")+p.Get("text")]++
			}
			for what, n := range seen {
				if n > 1 {
					t.Errorf("%d times: %s", n, what)
				}
			}
		})
	}
	t.Run("rules that need user groups", func(t *testing.T) { // who somebody is cannot be told: nothing is said of spend, and that is said
		t.Parallel()
		s := newStandin(t, unknownMethod)
		r := rigAt(t, s.srv.URL+"/api/", "xoxb-standin-token", "xapp-standin-token", rigOptions{}).start()
		s.event(map[string]any{"type": "message", "channel_type": "im", "user": "U2", "channel": "D0STANDIN2", "ts": "1700000101.000100", "text": "what did we spend in October?"})
		m := s.posted("D0STANDIN2", "1700000101.000100", "I cannot tell right now what you may see")
		lacks(t, "the refusal", m.Get("text"), "$")
		r.stop()
		contains(t, "the log", r.log.String(), `"method":"usergroups.list"`)
	})
}

// TestSlacktest runs the bot against the test server that comes with slack-go, which has methods of Slack's and a bare
// WebSocket.
func TestSlacktest(t *testing.T) {
	t.Parallel()
	posts := make(chan url.Values, 10)
	s := slacktest.NewTestServer(func(c slacktest.Customize) {
		c.Handle("/chat.postMessage", func(w http.ResponseWriter, r *http.Request) { // its own echoes each post as an event, with no one's name
			if err := r.ParseForm(); err != nil {
				t.Error(err)
			}
			posts <- r.PostForm
			fmt.Fprintf(w, `{"ok":true,"channel":%q,"ts":"1700000000.000100"}`, r.PostForm.Get("channel"))
		})
	})
	s.Start()
	t.Cleanup(s.Stop)
	r := rigAt(t, s.GetAPIURL(), "xoxb-slacktest-token", "xapp-slacktest-token", rigOptions{config: "slack: {}\n"})
	r.launch()
	s.SendToWebsocket(`{"type":"hello","num_connections":1}`) // waits for the bot's socket
	r.ready()
	for i, e := range []string{
		`{"type":"app_mention","user":"U1","channel":"C024BE91L","ts":"1700000100.000100","text":"<@W012A3CDE> what did we spend in October?"}`,
		`{"type":"message","channel_type":"im","user":"U1","channel":"D024BE91L","ts":"1700000101.000100","text":"top 3 services in October"}`,
	} {
		over := time.After(patience)
		for acked := false; !acked; { // it never pings, so that its sockets last for half a minute: as Slack does, it sends again what is not acknowledged
			s.SendToWebsocket(fmt.Sprintf(`{"envelope_id":"e%d","type":"events_api","payload":{"type":"event_callback","team_id":"T024BE7LD","event_id":"Ev%d","event":%s}}`, i, i, e))
			for again := time.After(20 * time.Second); again != nil && !acked; {
				select {
				case ack := <-s.SeenFeed:
					acked = strings.Contains(ack, fmt.Sprintf(`"envelope_id":"e%d"`, i))
				case <-again:
					again = nil
				case <-over:
					t.Fatalf("no ack\n%s", r.log)
				}
			}
		}
		select {
		case p := <-posts:
			contains(t, "the answer", p.Get("text"), "October", "$")
		case <-time.After(patience):
			t.Fatalf("no answer\n%s", r.log)
		}
	}
	if code := r.stop(); code != 0 {
		t.Errorf("stopped with exit code %d", code)
	}
}
