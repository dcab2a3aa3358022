package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"spendbot/analysis/demo"
	"spendbot/analysis/ingest"
	"spendbot/analysis/store"
	"spendbot/bot/sandbox"
)

// rigNow is the day the demo company's bills were made for.
const rigNow = "2026-11-23T09:00:00Z"

// patience bounds every wait for something that must happen; a test that runs into it has failed.
const patience = 60 * time.Second

// rig is the bot's own binary in a process of its own, and a sandbox workspace at its other end.
type rig struct {
	t      testing.TB
	box    *sandbox.Sandbox
	url    string // of the sandbox
	store  string
	health string // address of the bot's own server
	args   []string
	env    []string
	proc   *exec.Cmd
	exited chan error
	log    *lockedBuffer
}

type rigOptions struct {
	http    bool
	store   string // built when empty
	config  string // YAML; the demo's access rules when empty
	timing  sandbox.Timing
	faults  sandbox.Faults
	company *sandbox.Company
	seed    uint64
}

// lockedBuffer keeps what a process printed.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// sharedStore is a demo store for tests that count nothing in it, made once per run.
var sharedStore = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "spendbot-rig-")
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "store"), buildStore(filepath.Join(dir, "store"), demo.Options{Months: 4})
})

func buildStore(dir string, o demo.Options) error {
	ctx := context.Background()
	now, err := time.Parse(time.RFC3339, rigNow)
	if err != nil {
		return err
	}
	bills, err := os.MkdirTemp("", "spendbot-bills-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(bills)
	o.Now = now
	if _, err := demo.Generate(ctx, bills, o); err != nil {
		return err
	}
	s, err := store.Open(ctx, dir, store.Limits{})
	if err != nil {
		return err
	}
	defer s.Close()
	_, err = ingest.Load(ctx, s, bills, ingest.Options{Now: now})
	return err
}

// newRig makes the workspace; start starts the bot.
func newRig(t testing.TB, o rigOptions) *rig {
	t.Helper()
	r := &rig{t: t, store: o.store, log: &lockedBuffer{}}
	if r.store == "" {
		dir, err := sharedStore()
		if err != nil {
			t.Fatal(err)
		}
		r.store = dir
	}
	r.health = freeAddress(t)
	company := sandbox.Demo()
	if o.company != nil {
		company = *o.company
	}
	options := sandbox.Options{Company: company, Timing: o.timing, Faults: o.faults, Seed: o.seed}
	const signing = "rig-signing-secret"
	mode := modeSocket
	if o.http {
		mode = modeHTTP
		options.Delivery = sandbox.Delivery{BaseURL: "http://" + r.health, SigningSecret: signing}
	}
	var handler http.Handler
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { handler.ServeHTTP(w, q) }))
	r.url = srv.URL
	options.URL = srv.URL
	r.box = sandbox.New(options)
	handler = r.box.Handler()
	t.Cleanup(func() {
		r.stop()
		r.box.Close()
		srv.CloseClientConnections()
		srv.Close()
		if t.Failed() {
			t.Logf("the bot's log:\n%s", r.log)
		}
	})
	config := o.config
	if config == "" {
		config = "access:\n" + indentYAML(string(demoAccess))
	}
	path := filepath.Join(t.TempDir(), "spendbot.yaml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	r.args = []string{"serve", "--store", r.store, "--config", path, "--mode", mode, "--listen", r.health, "--now", rigNow}
	r.env = append(os.Environ(), "SLACK_BOT_TOKEN="+company.App.BotToken, "SLACK_APP_TOKEN="+company.App.AppToken,
		"SLACK_SIGNING_SECRET="+signing, "SLACK_API_URL="+srv.URL+"/api/")
	return r
}

func indentYAML(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString("  " + line)
	}
	return b.String()
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start starts the bot and waits until Slack can reach it.
func (r *rig) start() *rig {
	r.t.Helper()
	r.launch()
	r.ready()
	return r
}

func (r *rig) launch() {
	r.t.Helper()
	r.proc = exec.Command("spendbot", r.args...)
	r.proc.Env = r.env
	r.proc.Stdout, r.proc.Stderr = r.log, r.log
	if err := r.proc.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.exited = make(chan error, 1)
	go func(p *exec.Cmd, exited chan error) { exited <- p.Wait() }(r.proc, r.exited)
}

// ready waits for the bot's own word that it can answer.
func (r *rig) ready() {
	r.t.Helper()
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		res, err := http.Get("http://" + r.health + "/readyz")
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case err := <-r.exited:
			r.t.Fatalf("the bot ended: %v\n%s", err, r.log)
		case <-time.After(20 * time.Millisecond): // another process has no channel to wait on
		}
	}
	r.t.Fatalf("the bot is not ready after %s\n%s", patience, r.log)
}

// kill ends the bot as a power cut does.
func (r *rig) kill() {
	r.t.Helper()
	if err := r.proc.Process.Kill(); err != nil {
		r.t.Fatal(err)
	}
	<-r.exited
	r.proc = nil
}

// stop asks the bot to stop and returns its exit code.
func (r *rig) stop() int {
	if r.proc == nil {
		return 0
	}
	_ = r.proc.Process.Signal(syscall.SIGTERM)
	select {
	case <-r.exited:
	case <-time.After(patience):
		_ = r.proc.Process.Kill()
		<-r.exited
		r.t.Errorf("the bot did not stop within %s", patience)
	}
	code := r.proc.ProcessState.ExitCode()
	r.proc = nil
	return code
}

// wait waits for something to be so in the workspace.
func (r *rig) wait(what string, ok func(*sandbox.Snapshot) bool) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := r.box.Wait(ctx, ok); err != nil {
		r.t.Fatalf("waited for %s: %v", what, err)
	}
}

// said are the bot's messages in a thread or, for what is not threaded, after a message.
func said(s *sandbox.Snapshot, channel, ts string) (texts, files []sandbox.Message) {
	for _, m := range s.Thread(channel, ts) {
		switch {
		case m.User != sandbox.Spendbot:
		case len(m.Files) > 0:
			files = append(files, m)
		default:
			texts = append(texts, m)
		}
	}
	return texts, files
}

// answer waits for the bot's n-th message in a thread, counted from 1.
func (r *rig) answer(channel, ts string, n int) sandbox.Message {
	r.t.Helper()
	var got sandbox.Message
	r.wait(fmt.Sprintf("answer %d in %s", n, channel), func(s *sandbox.Snapshot) bool {
		texts, _ := said(s, channel, ts)
		if len(texts) < n {
			return false
		}
		got = texts[n-1]
		return true
	})
	return got
}

// file waits for a file of the bot's in a thread whose name ends so.
func (r *rig) file(channel, ts, suffix string) sandbox.File {
	r.t.Helper()
	var got sandbox.File
	r.wait("a file "+suffix, func(s *sandbox.Snapshot) bool {
		_, files := said(s, channel, ts)
		for _, m := range files {
			for _, f := range m.Files {
				if strings.HasSuffix(f.Name, suffix) {
					got = f
					return true
				}
			}
		}
		return false
	})
	return got
}

// whisper waits for the n-th thing that only a person was shown.
func (r *rig) whisper(user string, n int) sandbox.Message {
	r.t.Helper()
	var got sandbox.Message
	r.wait(fmt.Sprintf("whisper %d to %s", n, user), func(s *sandbox.Snapshot) bool {
		list := s.Ephemerals(user)
		if len(list) < n {
			return false
		}
		got = list[n-1]
		return true
	})
	return got
}

// body is all that a message says, blocks included.
func body(m sandbox.Message) string { return m.Text + "\n" + string(m.Blocks) }

// at addresses the bot.
func at(text string) string { return "<@" + sandbox.Spendbot + "> " + text }
