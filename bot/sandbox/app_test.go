package sandbox

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

// page makes a request as the page does for a person.
func (r *rig) page(t *testing.T, as, method, path string, body any) (int, map[string]any) {
	t.Helper()
	var in io.Reader
	if body != nil {
		in = strings.NewReader(string(encode(body)))
	}
	req := must(http.NewRequest(method, r.server.URL+path+"?as="+as, in))
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp := must(http.DefaultClient.Do(req))
	defer resp.Body.Close()
	return resp.StatusCode, decodeTo[map[string]any](t, must(io.ReadAll(resp.Body)))
}

func (r *rig) get(t *testing.T, as, path string) map[string]any {
	t.Helper()
	status, body := r.page(t, as, http.MethodGet, path, nil)
	if status != http.StatusOK {
		t.Fatalf("GET %s as %s: %d %v", path, as, status, body)
	}
	return body
}

func (r *rig) postPage(t *testing.T, as, path string, body any) map[string]any {
	t.Helper()
	status, got := r.page(t, as, http.MethodPost, path, body)
	if status != http.StatusOK {
		t.Fatalf("POST %s as %s: %d %v", path, as, status, got)
	}
	return got
}

type object = map[string]any

// TestWhoSeesWhat lists each person's sidebar, and whether they can act.
func TestWhoSeesWhat(t *testing.T) {
	r := start(t, Options{})
	r.OpenAssistant("ana")
	for _, tc := range []struct {
		who, kind, channels string
		act                 bool
	}{
		{Ana, "member", "cloud-costs payments finops ext-vendor random Spendbot New chat", true},
		{Ben, "member", "cloud-costs payments ext-vendor(not in) random Spendbot", true},
		{Gil, "guest", "payments Spendbot", true},
		{Sam, "stranger", "ext-vendor", true},
		{Rex, "deactivated", "", false},
		{Deploybot, "bot", "cloud-costs payments", false},
	} {
		t.Run(tc.who, func(t *testing.T) {
			got := r.get(t, tc.who, "/app/state")
			var names []string
			for _, c := range got["channels"].([]any) {
				c := c.(object)
				name := fmt.Sprint(c["name"])
				if c["member"] == false {
					name += "(not in)"
				}
				names = append(names, name)
			}
			if strings.Join(names, " ") != tc.channels || got["canAct"] != tc.act || got["me"].(object)["kind"] != tc.kind {
				t.Errorf("sees %q, canAct %v, me %v", names, got["canAct"], got["me"])
			}
			if tc.who != Ana {
				if status, body := r.page(t, tc.who, http.MethodGet, "/app/channel/"+Finops, nil); status != http.StatusNotFound {
					t.Errorf("reads #finops: %v", body)
				}
			}
		})
	}
}

func TestPageConversation(t *testing.T) {
	r := start(t, Options{})
	ts, _ := r.postPage(t, Ben, "/app/post", object{"channel": Payments, "text": "@spendbot why <b>?"})["ts"].(string)
	_, _, err := r.api.PostMessage(Payments, slack.MsgOptionText("because", false), slack.MsgOptionTS(ts), slack.MsgOptionBlocks(section("x")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.api.PostEphemeral(Payments, Ben, slack.MsgOptionText("psst", false)); err != nil {
		t.Fatal(err)
	}
	messages := func(as string) []any { return r.get(t, as, "/app/channel/"+Payments)["messages"].([]any) }
	if got := messages(Ana); len(got) != 1 {
		t.Fatalf("Ana sees %v", got)
	}
	got := messages(Ben)
	if len(got) != 2 || got[1].(object)["ephemeral"] != true {
		t.Fatalf("Ben sees %v", got)
	}
	first := got[0].(object)
	if first["text"] != "<@"+Spendbot+"> why &lt;b&gt;?" || first["thread"].(object)["count"] != 1.0 || first["bot"] != false {
		t.Errorf("message = %v", first)
	}
	thread := r.get(t, Gil, "/app/thread/"+Payments+"/"+ts)["messages"].([]any)
	if len(thread) != 2 || thread[1].(object)["bot"] != true || len(thread[1].(object)["blocks"].([]any)) != 1 {
		t.Errorf("thread = %v", thread)
	}
	for _, tc := range []struct {
		as   string
		body object
		says string
	}{
		{Rex, object{"channel": Payments, "text": "x"}, "deactivated"},
		{Deploybot, object{"channel": Payments, "text": "x"}, "is a bot"},
		{Ben, object{"channel": Finops, "text": "x"}, "sees no channel"},
		{Chloe, object{"channel": Payments, "text": "x"}, "not a member"},
		{Ben, object{"channel": Payments, "text": "/giphy cat"}, "not a command"},
		{Sam, object{"channel": ExtVendor, "text": "/spend x"}, "another workspace"},
		{Ben, object{"channel": Payments, "text": " "}, "empty"},
		{"U404", object{"channel": Payments, "text": "x"}, "say whose page"},
	} {
		if status, body := r.page(t, tc.as, http.MethodPost, "/app/post", tc.body); status != 400 || !strings.Contains(fmt.Sprint(body["error"]), tc.says) {
			t.Errorf("%s posts %v: %d %v", tc.as, tc.body, status, body)
		}
	}
}

func TestUnread(t *testing.T) {
	r := start(t, Options{})
	unread := func() any {
		for _, c := range r.get(t, Ana, "/app/state")["channels"].([]any) {
			if c := c.(object); c["id"] == Payments {
				return c["unread"]
			}
		}
		return nil
	}
	r.Post("ben", Payments, "", "one")
	r.Post("ana", Payments, "", "mine")
	if got := unread(); got != 1.0 {
		t.Errorf("unread %v", got)
	}
	r.get(t, Ana, "/app/channel/"+Payments)
	if got := unread(); got != 0.0 {
		t.Errorf("after reading %v", got)
	}
}

func TestPageInvitesAndCommands(t *testing.T) {
	r := start(t, Options{})
	r.connect(t, func(socketmode.Event) (any, bool) { return object{"text": "help"}, true })
	r.postPage(t, Ben, "/app/post", object{"channel": Random, "text": "@spendbot hi"})
	if got := r.Ephemerals(Ben); len(got) != 1 || got[0].User != Slackbot {
		t.Fatalf("told %+v", got)
	}
	r.postPage(t, Ben, "/app/post", object{"channel": Random, "text": "/invite @spendbot"})
	r.acked(t, "member_joined_channel", 1)
	r.postPage(t, Ben, "/app/post", object{"channel": Random, "text": "/spend help"})
	r.wait(t, "the answer is there", func(v *Snapshot) bool { return len(v.Ephemerals(Ben)) == 2 })
}

func TestPageAssistantAndHome(t *testing.T) {
	r := start(t, Options{})
	id := r.postPage(t, Ana, "/app/open", object{"what": "assistant", "viewing": Payments})["channel"].(string)
	dm, thread, _ := strings.Cut(id, ":")
	r.postPage(t, Ana, "/app/post", object{"channel": id, "text": "why?"})
	if err := r.api.SetAssistantThreadsStatus(slack.AssistantThreadsSetStatusParameters{ChannelID: dm, ThreadTS: thread, Status: "reading"}); err != nil {
		t.Fatal(err)
	}
	prompts := slack.AssistantThreadsSetSuggestedPromptsParameters{ChannelID: dm, ThreadTS: thread, Title: "Try"}
	prompts.AddPrompt("Why?", "why did spend rise?")
	if err := r.api.SetAssistantThreadsSuggestedPrompts(prompts); err != nil {
		t.Fatal(err)
	}
	got := r.get(t, Ana, "/app/channel/"+id)
	if len(got["messages"].([]any)) != 1 || got["status"] != "reading" || got["prompts"].(object)["prompts"].([]any)[0].(object)["message"] != "why did spend rise?" {
		t.Errorf("assistant = %v", got)
	}
	if status, _ := r.page(t, Ben, http.MethodGet, "/app/channel/"+id, nil); status != http.StatusNotFound {
		t.Error("Ben reads Ana's assistant thread")
	}
	if got := r.get(t, Ana, "/app/channel/"+dm); len(got["messages"].([]any)) != 0 {
		t.Errorf("the direct message shows %v", got["messages"])
	}
	r.postPage(t, Ana, "/app/open", object{"what": "home"})
	if got := r.get(t, Ana, "/app/home"); got["view"] != nil {
		t.Errorf("home = %v", got)
	}
	home := slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: []slack.Block{section("hi")}}}
	if _, err := r.api.PublishView(Ana, home, ""); err != nil {
		t.Fatal(err)
	}
	if got := r.get(t, Ana, "/app/home"); got["view"].(object)["type"] != "home" {
		t.Errorf("home = %v", got)
	}
	if got := r.postPage(t, Ana, "/app/open", object{"what": "dm"}); got["channel"] != dm {
		t.Errorf("dm = %v", got)
	}
	for _, who := range []string{Sam, Deploybot, Rex} {
		for _, what := range []string{"home", "dm", "assistant"} {
			if status, body := r.page(t, who, http.MethodPost, "/app/open", object{"what": what}); status != http.StatusBadRequest {
				t.Errorf("%s opens %s: %v", who, what, body)
			}
		}
	}
}

func TestPageModal(t *testing.T) {
	r := start(t, Options{})
	r.connect(t, opener(r, func(slack.InteractionCallback) any {
		return slack.NewErrorsViewSubmissionResponse(map[string]string{"name": "no such name"})
	}))
	_, ts, err := r.api.PostMessage(Payments, slack.MsgOptionBlocks(button("open", "v")))
	if err != nil {
		t.Fatal(err)
	}
	r.postPage(t, Ben, "/app/press", object{"channel": Payments, "ts": ts, "block_id": "acts", "action_id": "open", "value": "v"})
	r.wait(t, "the modal is open", func(v *Snapshot) bool { return v.Modal(Ben) != nil })
	view := r.get(t, Ben, "/app/modal")["view"].(object)
	if view["callback_id"] != "m" || view["busy"] != false {
		t.Errorf("view = %v", view)
	}
	if got := r.postPage(t, Ben, "/app/view/submit", object{"view_id": view["id"]}); got["ok"] != false || got["errors"].(object)["name"] == nil {
		t.Errorf("submitted empty: %v", got)
	}
	r.postPage(t, Ben, "/app/view/submit", object{"view_id": view["id"], "values": object{"name": object{"text": "Ada"}}})
	r.wait(t, "the errors show", func(v *Snapshot) bool { return v.Modal(Ben).Errors["name"] == "no such name" })
	if got := r.get(t, Ben, "/app/modal"); got["view"].(object)["errors"].(object)["name"] != "no such name" || got["depth"] != 1.0 {
		t.Errorf("modal = %v", got)
	}
	r.postPage(t, Ben, "/app/press", object{"view_id": view["id"], "action_id": "more", "value": "x"})
	r.postPage(t, Ben, "/app/view/close", object{"view_id": view["id"]})
	if status, _ := r.page(t, Ben, http.MethodPost, "/app/view/close", object{"view_id": view["id"]}); status != http.StatusBadRequest {
		t.Error("closed twice")
	}
}

// stream reads a person's events.
func (r *rig) stream(t *testing.T, as string) <-chan notice {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	resp := must(http.DefaultClient.Do(must(http.NewRequestWithContext(ctx, http.MethodGet, r.server.URL+"/app/events?as="+as, nil))))
	t.Cleanup(func() { resp.Body.Close() })
	lines := bufio.NewScanner(resp.Body)
	if !lines.Scan() { // "retry:": from here on nothing is missed
		t.Fatal(lines.Err())
	}
	out := make(chan notice, 100)
	go func() {
		defer close(out)
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				var n notice
				if json.Unmarshal([]byte(data), &n) == nil {
					out <- n
				}
			}
		}
	}()
	return out
}

func TestPageEvents(t *testing.T) {
	r := start(t, Options{})
	ana, ben := r.stream(t, Ana), r.stream(t, Ben)
	next := func(from <-chan notice) notice {
		t.Helper()
		select {
		case n := <-from:
			return n
		case <-time.After(3 * time.Minute):
			t.Fatal("no event")
			return notice{}
		}
	}
	secret := r.Post("ana", Finops, "", "for few")
	open := r.Post("ana", Payments, "", "for all")
	if n := next(ana); n != (notice{Type: "message", Channel: Finops, TS: secret}) {
		t.Errorf("Ana: %+v", n)
	}
	if n := next(ben); n != (notice{Type: "message", Channel: Payments, TS: open}) {
		t.Errorf("Ben hears first of %+v", n)
	}
	ts, err := r.api.PostEphemeral(Payments, Ben, slack.MsgOptionText("psst", false))
	if err != nil {
		t.Fatal(err)
	}
	if n := next(ben); n != (notice{Type: "ephemeral", Channel: Payments, TS: ts}) {
		t.Errorf("Ben: %+v", n)
	}
	dm, thread := r.OpenAssistant("ben")
	if n := next(ben); n != (notice{Type: "channel", Channel: dm + ":" + thread}) {
		t.Errorf("Ben: %+v", n)
	}
	if err := r.api.SetAssistantThreadsStatus(slack.AssistantThreadsSetStatusParameters{ChannelID: dm, ThreadTS: thread, Status: "x"}); err != nil {
		t.Fatal(err)
	}
	if a, b := next(ben), next(ben); a != (notice{Type: "status", Channel: dm, Thread: thread}) || b != (notice{Type: "status", Channel: dm + ":" + thread, Thread: thread}) {
		t.Errorf("Ben: %+v, %+v", a, b)
	}
}

func TestSlowPagesFetchEverything(t *testing.T) {
	s := New(Options{Company: Demo()})
	defer s.Close()
	v := &viewer{notices: make(chan notice, backlog)}
	s.viewers[Ana] = map[*viewer]bool{v: true}
	for range backlog + 1 {
		s.Post("ben", Payments, "", "x")
	}
	if n := <-v.notices; n.Type != "reload" || len(v.notices) != 0 {
		t.Errorf("got %+v and %d more", n, len(v.notices))
	}
}

// TestOnlyThePageItself: other names and other origins get nothing.
func TestOnlyThePageItself(t *testing.T) {
	r := start(t, Options{Hosts: []string{"dev.internal"}})
	for _, tc := range []struct {
		path, host, origin, kind string
		want                     int
	}{
		{"/app/state?as=" + Ana, "localhost:1", "", "", 200},
		{"/app/state?as=" + Ana, "[::1]:1", "", "", 200},
		{"/app/state?as=" + Ana, "dev.internal", "", "", 200},
		{"/app/state?as=" + Ana, "evil.example", "", "", 403},
		{"/app/state?as=" + Ana, "127.0.0.1.evil.example", "", "", 403},
		{"/app/state?as=" + Ana, "localhost:1", "https://evil.example", "", 403},
		{"/app/state?as=" + Ana, "localhost:1", "http://localhost:1", "", 200},
		{"/app/state", "localhost:1", "", "", 200}, // the first person
		{"/app/home", "localhost:1", "", "", 400},
		{"/app/post?as=" + Ana, "localhost:1", "", "text/plain", 415},
		{"/app/events?as=" + Ana, "evil.example", "", "", 403},
		{"/", "evil.example", "", "", 403},
		{"/", "localhost:1", "", "", 200},
	} {
		method := http.MethodGet
		if tc.kind != "" {
			method = http.MethodPost
		}
		req := must(http.NewRequest(method, r.server.URL+tc.path, strings.NewReader("{}")))
		req.Host = tc.host
		if tc.origin != "" {
			req.Header.Set("Origin", tc.origin)
		}
		if tc.kind != "" {
			req.Header.Set("Content-Type", tc.kind)
		}
		resp := must(http.DefaultClient.Do(req))
		resp.Body.Close()
		if resp.StatusCode != tc.want {
			t.Errorf("%s at %s from %q: %d, want %d", tc.path, tc.host, tc.origin, resp.StatusCode, tc.want)
		}
	}
}

func TestPermalinksLeadToThePage(t *testing.T) {
	r := start(t, Options{})
	ts := r.Post("ben", Payments, "", "why?")
	link, err := r.api.GetPermalink(&slack.PermalinkParameters{Channel: Payments, Ts: ts})
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp := must(client.Get(link))
	resp.Body.Close()
	if got := resp.Header.Get("Location"); got != "/#/c/"+Payments+"/t/"+ts {
		t.Errorf("location %q", got)
	}
}

// FuzzPage: whatever the page's endpoints are sent, the answer is JSON.
func FuzzPage(f *testing.F) {
	for _, p := range []string{"post", "press", "shortcut", "open", "view/submit", "view/close"} {
		f.Add(p, []byte(`{"channel":"`+Payments+`:1.1","ts":"1.1","text":"@ana <!here> #payments","action_id":"x","selected":[{"value":1}],"what":"assistant","view_id":"V1","values":{"a":{"b":[1]}}}`))
	}
	s := New(Options{Company: Demo()})
	f.Cleanup(s.Close)
	h := s.Handler()
	f.Fuzz(func(t *testing.T, path string, body []byte) {
		switch path {
		case "post", "press", "shortcut", "open", "view/submit", "view/close":
		default:
			t.Skip()
		}
		req := must(http.NewRequest(http.MethodPost, "http://127.0.0.1/app/"+path+"?as="+Ana, strings.NewReader(string(body))))
		req.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		if !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s %q: %s", path, body, w.Body)
		}
	})
}

func FuzzLink(f *testing.F) {
	f.Add("@spendbot why <@U1> (#payments, @finops) a@b.c @here <https://x|y> &lt;")
	s := New(Options{Company: Demo()})
	f.Cleanup(s.Close)
	f.Fuzz(func(t *testing.T, text string) {
		linked := s.link(text)
		if again := s.link(linked); again != linked {
			t.Errorf("%q becomes %q, then %q", text, linked, again)
		}
		s.rich(linked)
	})
}

func TestLink(t *testing.T) {
	s := New(Options{Company: Demo()})
	defer s.Close()
	for in, want := range map[string]string{
		"@Spendbot why?":                "<@" + Spendbot + "> why?",
		"ask @ana, @nobody":             "ask <@" + Ana + ">, @nobody",
		"(@ben.) in #payments.":         "(<@" + Ben + ">.) in <#" + Payments + "|payments>.",
		"@finops @here":                 "<!subteam^" + GroupFinops + "> <!here>",
		"@ana#finops":                   "<@" + Ana + ">#finops",
		"mail ana@ben.example":          "mail ana@ben.example",
		"<@" + Ana + "> and <#C1|@ana>": "<@" + Ana + "> and <#C1|@ana>",
	} {
		if got := s.link(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

// TestPagesBeside: what lies beside the workspace is named to the page, and nothing is a list, not null.
func TestPagesBeside(t *testing.T) {
	r := start(t, Options{Links: []Link{{Name: "Tickets", Path: "/tickets/"}}})
	got := fmt.Sprint(r.get(t, Ana, "/app/state")["links"])
	if want := "[map[name:Tickets path:/tickets/]]"; got != want {
		t.Errorf("links %s, want %s", got, want)
	}
	if none, isList := start(t, Options{}).get(t, Ana, "/app/state")["links"].([]any); !isList || len(none) != 0 {
		t.Errorf("links %v, want an empty list", none)
	}
}
