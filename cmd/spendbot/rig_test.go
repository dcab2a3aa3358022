package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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
const patience = 4 * time.Minute

// rig is the bot's own binary in a process of its own, and a sandbox workspace at its other end.
type rig struct {
	t       testing.TB
	box     *sandbox.Sandbox
	url     string // of the sandbox
	store   string
	company sandbox.Company
	health  string // address of the bot's own server
	args    []string
	env     []string
	proc    *exec.Cmd
	exited  chan error
	log     *lockedBuffer
	signing string
}

type rigOptions struct {
	http    bool
	store   string // a copy of the demo company's when empty
	config  string // YAML; the demo's access rules when empty
	timing  sandbox.Timing
	faults  sandbox.Faults
	company *sandbox.Company
	seed    uint64
	signing string                                // the signing secret; rigSigning when empty
	between func(slack http.Handler) http.Handler // stands before the workspace, where a test looks on or interferes
}

const rigSigning = "rig-signing-secret"

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

// pristine is a demo store that no bot has worked on, made once per run.
var pristine struct {
	once sync.Once
	dir  string // the folder around it, removed when the run ends
	err  error
}

func pristineStore() (string, error) {
	p := &pristine
	p.once.Do(func() {
		if p.dir, p.err = os.MkdirTemp("", "spendbot-rig-"); p.err == nil {
			p.err = buildStore(filepath.Join(p.dir, "store"), demo.Options{Months: 4})
		}
	})
	return filepath.Join(p.dir, "store"), p.err
}

// tidyRun is a test run that takes its store away afterwards.
type tidyRun struct{ *testing.M }

func (r tidyRun) Run() int {
	defer func() { _ = os.RemoveAll(pristine.dir) }() // nothing where no test needed one
	defer func() { _ = os.RemoveAll(founded.cache) }()
	return r.M.Run()
}

// privateStore is a copy of the pristine store: two bots on one store are two bots of one workspace.
func privateStore(t testing.TB) string {
	t.Helper()
	from, err := pristineStore()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "store")
	if err := copyStore(from, dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// copyStore copies a store. The files of the tables never change, so that the copy shares them.
func copyStore(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		}
		if strings.Contains(filepath.ToSlash(path), "/warehouse/") && os.Link(path, filepath.Join(to, rel)) == nil {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), b, 0o644)
	})
}

// tethered is the bot's binary that ends with the test run, also where that is killed and no cleanup happens: whoever started it
// holds the other end of its standard input.
func tethered() {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(exitError)
	}()
	main()
}

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
	company := sandbox.Demo()
	if o.company != nil {
		company = *o.company
	}
	srv := httptest.NewUnstartedServer(nil)
	at := "http://" + srv.Listener.Addr().String()
	r := rigAt(t, at+"/api/", company.App.BotToken, company.App.AppToken, o)
	r.company = company
	if o.timing.Ack == 0 { // a command that is not acknowledged in time is never delivered again, and a machine with much to do may take longer than Slack waits
		o.timing.Ack = 30 * time.Second
	}
	o.timing.Trigger = patience
	options := sandbox.Options{Company: company, Timing: o.timing, Faults: o.faults, Seed: o.seed, URL: at}
	if o.http {
		options.Delivery = sandbox.Delivery{BaseURL: "http://" + r.health, SigningSecret: r.signing}
	}
	r.url = at
	r.box = sandbox.New(options)
	srv.Config.Handler = r.box.Handler()
	if o.between != nil {
		srv.Config.Handler = o.between(srv.Config.Handler)
	}
	srv.Start()
	t.Cleanup(func() {
		r.stop()
		r.box.Close()
		srv.CloseClientConnections()
		srv.Close()
	})
	return r
}

// rigAt is a rig whose other end is whatever speaks Slack's API at a URL.
func rigAt(t testing.TB, api, botToken, appToken string, o rigOptions) *rig {
	t.Helper()
	r := &rig{t: t, store: o.store, log: &lockedBuffer{}, signing: o.signing, health: freeAddress(t)}
	if r.store == "" {
		r.store = privateStore(t)
	}
	if r.signing == "" {
		r.signing = rigSigning
	}
	mode := modeSocket
	if o.http {
		mode = modeHTTP
	}
	config := o.config
	if config == "" {
		config = "access:\n" + indentYAML(string(demoAccess))
	}
	path := filepath.Join(t.TempDir(), "spendbot.yaml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	r.args = []string{"serve", "--store", r.store, "--config", path, "--mode", mode, "--listen", r.health, "--now", rigNow}
	r.env = append(os.Environ(), "SLACK_BOT_TOKEN="+botToken, "SLACK_APP_TOKEN="+appToken, "SLACK_SIGNING_SECRET="+r.signing, "SLACK_API_URL="+api)
	t.Cleanup(func() {
		r.stop()
		if t.Failed() {
			t.Logf("the bot's log:\n%s", r.log)
		}
	})
	return r
}

func indentYAML(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString("  " + line)
	}
	return b.String()
}

// hosts counts those that were given out.
var hosts atomic.Uint32

// freeAddress is one that nothing listens at until the bot does, now and after it was killed: on a loopback host of its own where the system has
// more than one, since a port that was free a second ago may be somebody else's by now.
func freeAddress(t testing.TB) string {
	t.Helper()
	pid := os.Getpid()
	l, err := net.Listen("tcp", fmt.Sprintf("127.%d.%d.%d:0", 1+pid/250%250, 1+pid%250, 1+hosts.Add(1)%250))
	if err != nil {
		l, err = net.Listen("tcp", "127.0.0.1:0")
	}
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
	r.proc = exec.Command("spendbot-tethered", r.args...)
	r.proc.Env = r.env
	r.proc.Stdout, r.proc.Stderr = r.log, r.log
	if _, err := r.proc.StdinPipe(); err != nil { // closed when either of us ends
		r.t.Fatal(err)
	}
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

// another is a second bot of the same workspace on the same store, not started yet.
func (r *rig) another() *rig {
	r.t.Helper()
	o := *r
	o.health, o.proc, o.log = freeAddress(r.t), nil, &lockedBuffer{}
	o.args = slices.Clone(r.args)
	o.args[slices.Index(o.args, "--listen")+1] = o.health
	r.t.Cleanup(func() {
		o.stop()
		if r.t.Failed() {
			r.t.Logf("the other bot's log:\n%s", o.log)
		}
	})
	return &o
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
