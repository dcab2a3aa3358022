package sandbox

import (
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"spendbot/bot/sandbox/page"
)

// The page's JSON, under /app/. Every request names the person it is made for: ?as=USERID (state alone may leave it out: the
// first person is the answer, in "me"). What that person may not see is
// not in any answer. Errors are {"error": "a sentence"} with a status of 4xx.
//
//	GET /app/state
//	  {"team": {"id", "name", "domain"},
//	   "me": USER, "canAct": bool, "why": "why not",
//	   "users": [USER], "groups": [{"id", "handle", "name", "users": [id]}],
//	   "channels": [{"id", "name", "kind": "public|private|im|assistant", "topic", "member": bool, "unread": n,
//	                 "shared": bool, "archived": bool, "members": n, "app": bool, "dm": "D...", "thread": "ts"}],
//	   "app": {"id", "name", "user": the bot's user id, "command", "hint", "shortcuts": [{"callback_id", "name", "global": bool}]}}
//	  USER is {"id", "name": handle, "real_name", "title", "kind": "member|guest|stranger|bot|deactivated", "team": workspace name,
//	           "initials", "color": "#rrggbb", "canAct": bool}
//	  An assistant thread is a channel of kind "assistant": its id, "D00000ANA:1731.0001", is good wherever a channel id is asked
//	  for; "dm" and "thread" are what it is made of. "app" says whether the app is a member.
//
//	GET /app/channel/{id}
//	  {"channel": the entry as in state, "messages": [MESSAGE], "status": "", "statuses": {thread: text},
//	   "prompts": {"title", "prompts": [{"title", "message"}]} | null, "title": ""}
//	  Messages are oldest first, without replies (but for broadcast ones); ephemeral ones of this person are among them. For an
//	  assistant thread they are its replies. Fetching a channel marks it as read.
//	  MESSAGE is {"ts", "channel", "user", "bot": bool, "text", "blocks": [], "attachments": [], "files": [FILE],
//	   "thread": {"count", "last": ts, "users": [id]} | null, "thread_ts": "", "ephemeral": bool, "edited": bool, "subtype": "",
//	   "broadcast": bool, "streaming": bool, "reactions": [{"name", "users"}], "pinned": true | absent, "metadata": {} | absent, "username": ""}
//	  FILE is {"id", "name", "title", "alt", "mimetype", "size", "width", "height", "url"}; the url works as it stands. A block's
//	  slack_file {"id": "F..."} is found at /files/F.../?as=USER.
//
//	GET /app/thread/{id}/{ts}   {"messages": [MESSAGE] (the root first), "status": "", "prompts": ..., "title": ""}
//	GET /app/home               {"view": VIEW | null}
//	GET /app/modal              {"view": VIEW | null, "depth": n}
//	  VIEW is what Slack sends ("id", "type", "title", "submit", "close", "blocks", ...) with "errors": {block_id: text} (the key ""
//	  is for the whole view) and "busy": bool.
//
//	POST takes application/json and answers {"ok": true, ...}:
//	POST /app/post        {channel, thread, text}  -> {"ts"}. "/spend ..." is the slash command, "/invite @name" invites
//	POST /app/press       {channel, ts, block_id, action_id, value, selected, view_id}. selected is a string, a list of strings, or an
//	                      option object; a view's element is pressed by view_id without channel and ts
//	POST /app/shortcut    {callback_id, channel, ts}
//	POST /app/react       {channel, ts, name, on}
//	POST /app/open        {what: home|assistant|dm, viewing: channel} -> {"channel", "thread"}; of an assistant, channel is its own id
//	POST /app/view/submit {view_id, values: {block_id: {action_id: value}}} -> {"errors": {block_id: text}} where a required input is
//	                      empty; what the app answers comes as a "modal" event
//	POST /app/view/close  {view_id}
//
//	GET /app/events       server-sent events: {"type", "channel", "thread", "ts", "view_id"}. Types: message, update (edited, deleted,
//	                      streamed, reaction), ephemeral, status, prompts, channel (state changed), modal, home; acked and failed tell
//	                      how the app took what was pressed (channel and ts, or view_id); reload: fetch everything again
//
// Only requests to a loopback Host (or one of Options.Hosts) are answered, and only from the page's own origin.

// Handler serves everything: the Web API under /api/, sockets, uploads, files, response URLs, and the page with its JSON.
func (s *Sandbox) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/{method}", s.serveAPI)
	mux.HandleFunc("GET /socket", s.serveSocket)
	mux.HandleFunc("POST /upload/{id}", s.upload)
	mux.HandleFunc("GET /files/{id}/{name...}", s.serveFile)
	mux.HandleFunc("POST /respond/{id}", s.respond)

	mux.Handle("GET /app/state", s.answered(s.appState))
	mux.Handle("GET /app/channel/{id}", s.answered(s.appChannel))
	mux.Handle("GET /app/thread/{id}/{ts}", s.answered(s.appThread))
	mux.Handle("GET /app/home", s.answered(s.appHome))
	mux.Handle("GET /app/modal", s.answered(s.appModal))
	mux.Handle("GET /app/events", s.guarded(s.appEvents))
	mux.Handle("POST /app/post", s.answered(s.appPost))
	mux.Handle("POST /app/press", s.answered(s.appPress))
	mux.Handle("POST /app/shortcut", s.answered(s.appShortcut))
	mux.Handle("POST /app/react", s.answered(s.appReact))
	mux.Handle("POST /app/open", s.answered(s.appOpen))
	mux.Handle("POST /app/view/submit", s.answered(s.appSubmit))
	mux.Handle("POST /app/view/close", s.answered(s.appClose))

	mux.HandleFunc("GET /archives/{channel}/{message}", s.archive)
	static := page.Handler()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if !s.local(r) {
			http.Error(w, "this name is not served here: open the sandbox by localhost or 127.0.0.1", http.StatusForbidden)
			return
		}
		static.ServeHTTP(w, r)
	})
	return mux
}

// local tells whether a request was made to a name that cannot have been rebound to us.
func (s *Sandbox) local(r *http.Request) bool {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || slices.Contains(s.hosts, host) {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// refusedError is an error of the page's JSON with its status.
type refusedError struct {
	status int
	text   string
}

func (e *refusedError) Error() string { return e.text }

// guarded lets in the page's own requests, made for a known person.
func (s *Sandbox) guarded(next func(http.ResponseWriter, *http.Request, *User)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fail := func(status int, text string) { writeJSON(w, status, map[string]any{"error": text}) }
		origin, err := url.Parse(r.Header.Get("Origin"))
		switch {
		case !s.local(r):
			fail(http.StatusForbidden, "this name is not served here: open the sandbox by localhost or 127.0.0.1")
			return
		case r.Header.Get("Origin") != "" && (err != nil || origin.Host != r.Host):
			fail(http.StatusForbidden, "requests of other origins are not answered")
			return
		}
		if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); r.Method == http.MethodPost && kind != "application/json" {
			fail(http.StatusUnsupportedMediaType, "send application/json")
			return
		}
		as := r.URL.Query().Get("as")
		s.mu.Lock()
		u := s.users[as]
		if as == "" && r.URL.Path == "/app/state" {
			u = s.firstPerson()
		}
		s.mu.Unlock()
		if u == nil {
			fail(http.StatusBadRequest, "say whose page it is: ?as=USERID")
			return
		}
		next(w, r, u)
	})
}

// firstPerson is whose page it is until somebody is chosen.
func (s *Sandbox) firstPerson() *User {
	for _, id := range s.order {
		if u := s.users[id]; !u.Bot && !u.Deleted {
			return u
		}
	}
	return nil
}

// answered answers with one JSON object.
func (s *Sandbox) answered(next func(*http.Request, *User) (map[string]any, error)) http.Handler {
	return s.guarded(func(w http.ResponseWriter, r *http.Request, u *User) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		w.Header().Set("Cache-Control", "no-store")
		body, err := next(r, u)
		if err != nil {
			status := http.StatusBadRequest
			if e, ok := err.(*refusedError); ok {
				status = e.status
			}
			writeJSON(w, status, map[string]any{"error": strings.TrimPrefix(err.Error(), "sandbox: ")})
			return
		}
		if r.Method == http.MethodPost {
			if body == nil {
				body = map[string]any{}
			}
			if _, ok := body["ok"]; !ok {
				body["ok"] = true
			}
		}
		writeJSON(w, http.StatusOK, body)
	})
}

// archive leads a permalink to the page.
func (s *Sandbox) archive(w http.ResponseWriter, r *http.Request) {
	ts := strings.TrimPrefix(r.PathValue("message"), "p")
	if len(ts) < 7 || strings.Trim(ts, "0123456789") != "" || !s.local(r) {
		http.NotFound(w, r)
		return
	}
	ts = ts[:len(ts)-6] + "." + ts[len(ts)-6:]
	if root := r.URL.Query().Get("thread_ts"); root != "" {
		ts = root
	}
	http.Redirect(w, r, "/#/c/"+url.PathEscape(r.PathValue("channel"))+"/t/"+url.PathEscape(ts), http.StatusFound)
}
