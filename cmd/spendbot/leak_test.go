package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"spendbot/analysis/store"
	"spendbot/bot/sandbox"
)

// Secrets that are known again wherever they turn up, and a word that people use in what they write.
const (
	leakBot     = "xoxb-7117711771-LeakBotToken"
	leakApp     = "xapp-1-A7117711771-LeakAppToken"
	leakSigning = "1eaf51a71e5ec4e71eaf51a71e5ec4e7"
	leakWord    = "zebrafish"
)

// watcher stands between the bot and Slack: it notes what is secret in passing, and does mischief while it is told to.
type watcher struct {
	mu       sync.Mutex
	secrets  map[string]bool // tickets, and the parts of URLs that whoever knows them may use
	mischief func(w http.ResponseWriter, r *http.Request) bool
	done     map[string]int // mischief done, by path
	changed  *sync.Cond
}

func newWatcher() *watcher {
	w := &watcher{secrets: map[string]bool{}, done: map[string]int{}}
	w.changed = sync.NewCond(&w.mu)
	return w
}

func (x *watcher) between(slack http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x.mu.Lock()
		if t := r.URL.Query().Get("ticket"); t != "" {
			x.secrets[t] = true
		}
		kind := r.URL.Path
		for _, p := range []string{"/respond/", "/upload/"} {
			if id, ok := strings.CutPrefix(r.URL.Path, p); ok {
				x.secrets[p+id] = true
				kind = p
			}
		}
		mischief := x.mischief
		x.mu.Unlock()
		if mischief != nil && mischief(w, r) {
			x.mu.Lock()
			x.done[kind]++
			x.changed.Broadcast()
			x.mu.Unlock()
			return
		}
		slack.ServeHTTP(w, r)
	})
}

// during has mischief done until it has befallen some kinds of calls.
func (x *watcher) during(t *testing.T, what string, mischief func(http.ResponseWriter, *http.Request) bool, acts func(), kinds ...string) {
	t.Helper()
	x.mu.Lock()
	x.mischief, x.done = mischief, map[string]int{}
	x.mu.Unlock()
	acts()
	late := false
	timer := time.AfterFunc(patience, func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		late = true
		x.changed.Broadcast()
	})
	defer timer.Stop()
	x.mu.Lock()
	defer x.mu.Unlock()
	for slices.ContainsFunc(kinds, func(k string) bool { return x.done[k] == 0 }) {
		if late {
			t.Fatalf("%s: befell %v, want %v", what, x.done, kinds)
		}
		x.changed.Wait()
	}
	x.mischief = nil
}

// only does mischief to calls whose path holds one of some parts.
func only(f http.HandlerFunc, parts ...string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		for _, p := range parts {
			if strings.Contains(r.URL.Path, p) {
				f(w, r)
				return true
			}
		}
		return false
	}
}

// token is what a call carried.
func token(r *http.Request) string {
	t := r.Header.Get("Authorization")
	if r.ParseForm() == nil {
		t += " " + r.Form.Get("token")
	}
	return t
}

func cutOff(w http.ResponseWriter, _ *http.Request) {
	if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
		c.Close()
	}
}

func echo(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		t := token(r)
		w.WriteHeader(status)
		fmt.Fprintf(w, "<html>I did not like %s at %s", t, r.URL)
	}
}

func refusal(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"ok": false, "error": "I did not like " + token(r) + " at " + r.URL.String(),
		"response_metadata": map[string]any{"messages": []string{"[ERROR] not with " + token(r)}}})
}

func redirect(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "http://127.0.0.1:1/nowhere?token="+url.QueryEscape(strings.TrimSpace(token(r)))+"&ticket=of"+leakApp, http.StatusFound)
}

func empty(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"ok":true}`)
}

// TestNothingLeaks provokes every error there is a way to, and looks for secrets and for what people wrote in all that the bot
// writes: its log and output, its metrics, its messages, its database, and what its other commands print.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	for _, mode := range []struct {
		name string
		http bool
	}{{"socket", false}, {"http", true}} {
		t.Run(mode.name, func(t *testing.T) { t.Parallel(); leaks(t, mode.http) })
	}
}

func leaks(t *testing.T, overHTTP bool) {
	company := sandbox.Demo()
	company.App.BotToken, company.App.AppToken = leakBot, leakApp
	x := newWatcher()
	r := newRig(t, rigOptions{http: overHTTP, company: &company, signing: leakSigning, config: faultsConfig(), between: x.between}).start()

	ts := r.box.Post(sandbox.Ana, sandbox.CloudCosts, "", at("what did "+leakWord+" spend, and why did spend change last week?"))
	r.answer(sandbox.CloudCosts, ts, 1)
	ts = r.box.Post(sandbox.Ana, sandbox.CloudCosts, "", at("why did spend change last week?"))
	m := r.answer(sandbox.CloudCosts, ts, 1)
	r.file(sandbox.CloudCosts, ts, ".png")
	id := answerIDs.FindString(body(m))

	acts := func() {
		r.box.Post(sandbox.Ana, sandbox.CloudCosts, "", at("why did spend change last week, "+leakWord+"?"))
		r.box.Post(sandbox.Dev, r.box.Direct(sandbox.Dev), "", "daily spend in October by "+leakWord)
		r.box.Post(sandbox.Gil, sandbox.Payments, "", at(leakWord))
		said := r.box.Post(sandbox.Dev, sandbox.CloudCosts, "", "the NAT gateway in payments-prod, "+leakWord)
		dm, thread := r.box.OpenAssistant(sandbox.Chloe)
		r.box.Post(sandbox.Chloe, dm, thread, "top 3 services in October "+leakWord)
		err := errors.Join(
			r.box.Command(sandbox.Ana, sandbox.CloudCosts, "what did we spend in October, "+leakWord+"?"),
			r.box.Command(sandbox.Dev, sandbox.Random, "what did we spend on "+leakWord),
			r.box.Shortcut(sandbox.Ana, "explain_spend", sandbox.CloudCosts, said),
			r.box.OpenHome(sandbox.Ana),
		)
		for _, label := range []string{"Show the SQL", "CSV", "Share to channel", "not helpful", "Only payments-prod"} {
			action, value := button(t, m, label)
			err = errors.Join(err, r.box.Press(sandbox.Ben, m.Channel, m.TS, action, value))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	const (
		posted, announced, responded, uploaded = "/api/chat.postMessage", "/api/files.getUploadURLExternal", "/respond/", "/upload/"
	)
	for i, c := range []struct {
		what  string
		f     http.HandlerFunc
		parts []string // of the paths that it befalls
		kinds []string // that it must befall
	}{
		{"posts cut", cutOff, []string{"/api/chat.", "/api/views.", responded}, []string{posted, responded}},
		{"uploads cut", cutOff, []string{uploaded}, []string{uploaded}},
		{"posts echoed with 500", echo(500), []string{"/api/chat.", "/api/views.", "/api/assistant.", responded}, []string{posted, responded}},
		{"files echoed with 500", echo(500), []string{"/api/files."}, []string{announced}},
		{"posts echoed with 403", echo(403), []string{"/api/chat.", responded}, []string{posted, responded}},
		{"uploads echoed with 403", echo(403), []string{uploaded}, []string{uploaded}},
		{"posts that are no JSON", echo(200), []string{"/api/chat.", "/api/conversations."}, []string{posted}},
		{"files that are no JSON", echo(200), []string{"/api/files.", uploaded}, []string{announced}},
		{"posts refused in words", refusal, []string{"/api/chat.", "/api/views.", responded}, []string{posted}},
		{"files refused in words", refusal, []string{"/api/files."}, []string{announced}},
		{"nobody can be looked up", refusal, []string{"/api/users.", "/api/usergroups.", "/api/conversations."}, nil},
		{"posts redirected", redirect, []string{"/api/chat.", responded}, []string{posted, responded}},
		{"files redirected", redirect, []string{"/api/files.", uploaded}, []string{announced}},
		{"yes and nothing else", empty, []string{"/api/views.", "/api/files.", "/api/assistant.", "/api/users.info", "/api/conversations."}, []string{announced}},
	} {
		if half := i%2 == 0; !long() && half == overHTTP { // the paths are the same: each mode takes half of them
			continue
		}
		x.during(t, c.what, only(c.f, c.parts...), acts, c.kinds...)
	}
	// Slack's own faults, and the credentials' at last.
	for i, f := range []sandbox.Faults{
		{Down: true}, {InvalidBlocks: .7}, {Cut: true}, {RateLimit: map[string]sandbox.RateLimit{"*": {Every: 2}}}, {Fail: map[string]sandbox.Failure{"*": {Share: .5, Status: 500}}},
	} {
		if half := i%2 == 0; !long() && half == overHTTP {
			continue
		}
		n := len(r.box.Calls())
		r.box.SetFaults(f)
		acts()
		r.wait("calls", func(s *sandbox.Snapshot) bool { return len(s.Calls()) > n+10 })
		r.box.SetFaults(sandbox.Faults{})
	}
	r.box.DisconnectAll("refresh_requested")
	r.malformed(t)
	ts = r.box.Post(sandbox.Ana, sandbox.Finops, "", at("what did we spend in September?"))
	contains(t, "the answer after all of it", body(r.answer(sandbox.Finops, ts, 1)), "September", "$")

	seen := map[string]string{"/metrics": r.page(t, "/metrics"), "/readyz": r.page(t, "/readyz")}
	r.box.SetFaults(sandbox.Faults{Fail: map[string]sandbox.Failure{"*": {Code: "account_inactive"}}})
	r.box.Post(sandbox.Ana, sandbox.CloudCosts, "", at("why did spend change last week?"))
	if code := r.ended(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	seen["the log"] = r.log.String()
	if overHTTP || long() { // they know nothing of the mode
		r.commands(t, seen)
	}
	r.words(t, seen, id)

	// What Slack shows: never a token. (What people wrote is there, and quoted.)
	for _, ch := range append(r.company.Channels, sandbox.Channel{ID: r.box.Direct(sandbox.Ana)}, sandbox.Channel{ID: r.box.Direct(sandbox.Dev)}, sandbox.Channel{ID: r.box.Direct(sandbox.Ben)}) {
		for _, m := range r.box.Messages(ch.ID) {
			if m.User == sandbox.Spendbot {
				seen["messages"] += body(m) + "\n" + string(m.Metadata) + "\n"
				for _, f := range m.Files {
					seen["files"] += f.Title + f.Alt + string(f.Data)
				}
			}
		}
	}
	for _, u := range r.company.Users {
		for _, m := range r.box.Ephemerals(u.ID) {
			seen["messages"] += body(m) + "\n"
		}
	}
	view, err := json.Marshal(r.box.Home(sandbox.Ana))
	if err != nil {
		t.Fatal(err)
	}
	seen["home"] = string(view)
	secrets := []string{leakBot, leakApp, leakSigning, "LeakBotToken", "LeakAppToken"}
	for _, s := range secrets {
		for _, variant := range []string{url.QueryEscape(s), strings.ToLower(s)} {
			if variant != s {
				secrets = append(secrets, variant)
			}
		}
	}
	x.mu.Lock()
	for s := range x.secrets {
		secrets = append(secrets, s)
	}
	tickets := len(x.secrets)
	x.mu.Unlock()
	for where, text := range seen {
		for _, s := range secrets {
			if i := strings.Index(text, s); i >= 0 {
				t.Errorf("%s holds the secret %s: …%s…", where, s, text[max(0, i-200):min(len(text), i+len(s)+50)])
			}
		}
	}
	r.database(t, secrets[:len(secrets)-tickets])
	t.Logf("%d bytes of log, %d of messages, %d tickets and URLs seen in passing", len(seen["the log"]), len(seen["messages"]), tickets)
	if tickets < 3 {
		t.Error("hardly any ticket or URL was seen: this tests nothing")
	}
}

func (r *rig) page(t *testing.T, path string) string {
	t.Helper()
	res, err := http.Get("http://" + r.health + path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// signedRequest is one as Slack makes it, if the secret is the right one.
func signedRequest(t *testing.T, target, secret, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	stamp := fmt.Sprint(time.Now().Unix())
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "v0:%s:%s", stamp, body)
	req.Header.Set("X-Slack-Request-Timestamp", stamp)
	req.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return req
}

// malformed sends the bot what makes no sense, over HTTP, signed and not.
func (r *rig) malformed(t *testing.T) {
	t.Helper()
	for _, body := range []string{"", "{", `{"token":"` + leakBot + `","event":{"type":"app_mention","text":"` + leakWord + `"}}`, "payload=" + url.QueryEscape(`{"type":"block_actions","response_url":"https://hooks.slack.com/actions/T1/`+leakSigning+`","actions":[{"value":"`+leakWord+`"}]}`),
		"token=" + leakApp + "&command=%2Fspend&text=" + leakWord, `{"event":{"type":"app_mention","ts":7,"text":"` + leakWord + `"}}`} {
		for _, path := range []string{"events", "interactive", "commands"} {
			for _, secret := range []string{leakSigning, "wrong"} {
				req := signedRequest(t, "http://"+r.health+"/slack/"+path, secret, body)
				res, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				b, err := io.ReadAll(res.Body)
				if err = errors.Join(err, res.Body.Close()); err != nil {
					t.Fatal(err)
				}
				lacks(t, "the response", string(b), leakBot, leakApp, leakSigning, leakWord)
			}
		}
	}
}

// commands runs the other commands that know tokens, well and badly configured.
func (r *rig) commands(t *testing.T, seen map[string]string) {
	t.Helper()
	dir := t.TempDir()
	inFile := filepath.Join(dir, "tokens.yaml")
	if err := os.WriteFile(inFile, []byte("slack:\n  mode: socket\n  bot_token: "+leakBot+"\n  signing_secret: "+leakSigning+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	config := r.args[slices.Index(r.args, "--config")+1]
	quirky := httptest.NewServer(http.HandlerFunc(refusal)) // a server that says the token back
	defer quirky.Close()
	redirecting := httptest.NewServer(http.HandlerFunc(redirect))
	defer redirecting.Close()
	with := func(vars ...string) []string { return append(append([]string{}, r.env...), vars...) }
	r.box.SetFaults(sandbox.Faults{})
	for _, c := range []struct {
		env  []string
		args []string
	}{
		{with(), []string{"check", "--store", r.store, "--config", config}},
		{with(), []string{"check", "--json", "--store", r.store, "--config", config}},
		{with("SLACK_BOT_TOKEN="+leakApp, "SLACK_APP_TOKEN="+leakBot), []string{"check", "--store", r.store}},
		{with("SLACK_BOT_TOKEN=" + leakBot + "x"), []string{"check", "--store", r.store}},
		{with("SLACK_API_URL=" + quirky.URL), []string{"check", "--store", r.store}},
		{with("SLACK_API_URL=" + redirecting.URL), []string{"check", "--json", "--store", r.store}},
		{with("SLACK_API_URL=http://127.0.0.1:1/" + leakBot), []string{"check", "--store", r.store}},
		{with("SLACK_API_URL=://" + leakBot), []string{"check", "--store", r.store}},
		{with("SLACK_BOT_TOKEN=", "SLACK_BOT_TOKEN_FILE="+filepath.Join(dir, "none")), []string{"check", "--store", r.store}},
		{with("SLACK_BOT_TOKEN=" + leakBot + "\nwith a line break"), []string{"check", "--store", r.store}},
		{with(), []string{"check", "--store", r.store, "--config", inFile}},
		{with(), []string{"serve", "--store", r.store, "--config", inFile, "--listen", freeAddress(t)}},
		{with("SLACK_BOT_TOKEN=" + leakBot + "x"), []string{"serve", "--store", r.store, "--listen", freeAddress(t)}},
		{with("SLACK_BOT_TOKEN="+leakApp, "SLACK_APP_TOKEN="+leakBot), []string{"serve", "--store", r.store, "--listen", freeAddress(t)}},
		{with(), []string{"serve", "--store", filepath.Join(dir, "no-store"), "--listen", freeAddress(t)}},
		{with(), []string{"serve", "--store", r.store, "--listen", "256.0.0.1:x"}},
		{with("SLACK_SIGNING_SECRET="), []string{"serve", "--store", r.store, "--mode", "http", "--listen", freeAddress(t)}},
		{with(), []string{"audit", "--store", r.store, "--limit", "0"}},
		{with(), []string{"audit", "--json", "--store", r.store, "--limit", "0"}},
		{with(), []string{"status", "--store", r.store}},
		{with(), []string{"manifest"}},
	} {
		cmd := exec.Command("spendbot", c.args...)
		cmd.Env = c.env
		out, err := cmd.CombinedOutput()
		if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		if strings.Contains(string(out), "panic") {
			t.Errorf("%v: %s", c.args, out)
		}
		seen["spendbot "+strings.Join(c.args, " ")] += string(out)
	}
}

// words checks that the log holds nothing that people wrote or were told.
func (r *rig) words(t *testing.T, seen map[string]string, id string) {
	t.Helper()
	for _, where := range []string{"the log", "/metrics", "/readyz"} {
		lacks(t, where, seen[where], leakWord, "why did spend change", "top 3 services", "NatGateway", "payments-prod", "$12,8")
	}
	contains(t, "the log", seen["the log"], "<secret>") // there was something to hide
	lacks(t, "the log", seen["the log"], "panic", "goroutine ")
	for line := range strings.Lines(seen["the log"]) { // JSON throughout, but for the word with which it ended
		if !strings.HasPrefix(line, "spendbot: ") && !json.Valid([]byte(line)) {
			t.Errorf("a line of the log is no JSON: %s", line)
		}
	}
	if id == "" {
		t.Error("the answer had no id")
	}
}

// responseURL is what only the event that came with it, and the post that goes to it, may hold.
var responseURL = regexp.MustCompile(`/respond/|hooks\.slack\.com|/upload/|ticket=`)

// database looks through all that is kept. A response_url is worth something for half an hour: it stays where it is needed, in the
// event and in the post, and nowhere else.
func (r *rig) database(t *testing.T, secrets []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(r.store, store.DatabaseFile+"*"))
	if err != nil || len(files) == 0 {
		t.Fatal("no database", err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range secrets {
			if strings.Contains(string(b), s) {
				t.Errorf("%s holds the secret %s", filepath.Base(f), s)
			}
		}
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(r.store, store.DatabaseFile)+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx := context.Background()
	tables := column[string](t, db, "SELECT name FROM sqlite_master WHERE type = 'table'")
	kept := 0
	for _, table := range tables {
		for _, col := range column[string](t, db, "SELECT name FROM pragma_table_info(?)", table) {
			rows, err := db.QueryContext(ctx, fmt.Sprintf(`SELECT CAST(%q AS TEXT) FROM %q WHERE %q IS NOT NULL`, col, table, col))
			if err != nil {
				t.Fatal(err)
			}
			for rows.Next() {
				var v string
				if err := rows.Scan(&v); err != nil {
					t.Fatal(err)
				}
				if !responseURL.MatchString(v) {
					continue
				}
				if kept++; !(table == "inbox" || table == "outbox") || col != "payload" {
					t.Errorf("%s.%s holds a URL that is a secret: %s", table, col, v)
				}
			}
			if err := errors.Join(rows.Err(), rows.Close()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if kept == 0 {
		t.Error("no response_url anywhere: this tests nothing")
	}
}

func column[T any](t *testing.T, db *sql.DB, query string, args ...any) []T {
	t.Helper()
	rows, err := db.Query(query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		var v T
		if err := rows.Scan(&v); err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}
