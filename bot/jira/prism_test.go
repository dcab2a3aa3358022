package jira_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"spendbot/bot/jira"
	"spendbot/bot/sandbox/tracker/trackertest"
)

// prismCLI is the mock server that answers by an OpenAPI document, from npm.
const prismCLI = "@stoplight/prism-cli@5.16.0"

// prism starts Prism on Atlassian's document and returns where it is. The test is skipped where it cannot be had.
func prism(t *testing.T) string {
	t.Helper()
	document, ok := trackertest.Document()
	switch {
	case os.Getenv("SPENDBOT_LONG") == "":
		t.Skip("Prism: SPENDBOT_LONG=1 has it installed, started and asked")
	case !ok:
		t.Skip("Atlassian's document is not at hand")
	}
	root, err := os.UserCacheDir()
	if err != nil {
		root = os.TempDir()
	}
	dir := filepath.Join(root, "spendbot-test-servers", "prism-5.16.0")
	script := filepath.Join(dir, "node_modules", "@stoplight", "prism-cli", "dist", "index.js")
	if _, err := os.Stat(script); err != nil {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		if out, err := exec.CommandContext(ctx, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", dir, prismCLI).CombinedOutput(); err != nil {
			t.Skipf("Prism cannot be had: %v\n%s", err, out)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err := errors.Join(err, l.Close()); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	c := exec.Command("node", script, "mock", "--host", "127.0.0.1", "--port", port, document)
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		t.Skipf("Prism cannot be started: %v", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	t.Cleanup(func() {
		_ = c.Process.Kill()
		<-ended
		for line := range strings.Lines(said.String()) { // answers of its own that are not as the document says are no business of ours
			if strings.Contains(line, "Violation: request") {
				t.Error(strings.TrimSpace(line))
			}
		}
	})
	at := "http://127.0.0.1:" + port
	for tries := time.NewTicker(50 * time.Millisecond); ; {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("Prism ended: %v\n%s", err, said.String())
		case <-tries.C:
		}
		if conn, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			conn.Close()
			tries.Stop()
			return at
		}
	}
}

// preferring asks Prism for an answer of one status.
type preferring struct{ status int }

// RoundTrip implements [http.RoundTripper].
func (p *preferring) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.status != 0 {
		r = r.Clone(r.Context())
		r.Header.Set("Prefer", "code="+strconv.Itoa(p.status))
	}
	return http.DefaultTransport.RoundTrip(r)
}

// TestOverPrism: Prism takes every request that the bot makes, and the bot reads the answers of Atlassian's own examples; of each error that the document names, the bot knows what it means. Files are
// left out: the document has them as the fields of a Java object, which no form can be.
func TestOverPrism(t *testing.T) {
	prefer := &preferring{}
	c, err := jira.New(jira.Config{URL: prism(t), User: "bot@company.example", Token: token, Writes: 10_000, Transport: prefer}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	self, err := c.Identify(ctx)
	if err != nil || self.ID != "5b10a2844c20165700ede21g" || self.Name != "Mia Krystof" {
		t.Fatalf("identified %+v, %v", self, err)
	}
	full := ticket
	full.Assignee, full.Custom = "5b10a2844c20165700ede21g", map[string]any{"customfield_10010": 1730.5, "customfield_10011": "CC-12"}
	calls := []struct {
		name   string
		do     func() error
		errors map[int]jira.Outcome // by the statuses that the document names
	}{
		{"create", func() error {
			made, dropped, err := c.Create(ctx, full)
			if err == nil && (made.Key != "ED-24" || len(dropped) > 0) {
				t.Errorf("made %+v without %v", made, dropped)
			}
			return err
		}, map[int]jira.Outcome{400: jira.Refused, 401: jira.Later, 403: jira.Refused, 422: jira.Refused}},
		{"get", func() error { _, err := c.Get(ctx, "ED-24", "customfield_10010"); return err }, map[int]jira.Outcome{401: jira.Later, 404: jira.Refused}},
		{"find", func() error { _, err := c.Find(ctx, "ED", "spendbot-0a1b2c", "10000", "10001"); return err }, map[int]jira.Outcome{400: jira.Refused, 401: jira.Later}},
		{"changed", func() error { _, err := c.Changed(ctx, "ED", "spendbot", day); return err }, nil},
		{"edit", func() error { return c.Edit(ctx, "ED-24", map[string]any{"summary": "other", "labels": []string{"a"}}) }, map[int]jira.Outcome{400: jira.Refused, 401: jira.Later, 403: jira.Refused, 404: jira.Refused, 409: jira.Refused, 422: jira.Refused}},
		{"comment", func() error { return c.Say(ctx, "ED-24", "It grew.", "spendbot I-1/2") }, map[int]jira.Outcome{400: jira.Refused, 401: jira.Later, 404: jira.Refused, 413: jira.Refused}},
		{"comments", func() error { _, err := c.Comments(ctx, "ED-24"); return err }, map[int]jira.Outcome{401: jira.Later, 404: jira.Refused}},
		{"remote link", func() error {
			return c.LinkRemote(ctx, "ED-24", "spendbot/I-1", "https://x.slack.com/archives/C1/p12", "Slack: NAT")
		}, map[int]jira.Outcome{400: jira.Refused, 401: jira.Later, 403: jira.Refused, 404: jira.Refused}},
		{"issue link", func() error { return c.LinkIssues(ctx, "Duplicate", "ED-24", "ED-25") }, map[int]jira.Outcome{400: jira.Refused, 401: jira.Later, 404: jira.Refused, 413: jira.Refused}},
		{"people", func() error {
			_, err := c.People(ctx, "ED", "mia")
			if e, ok := errors.AsType[*jira.Error](err); ok && e.Status == http.StatusOK {
				return nil // the document's example is of one person, where its schema and Jira have a list
			}
			return err
		}, map[int]jira.Outcome{400: jira.Refused, 401: jira.Later, 404: jira.Refused, 429: jira.Later}},
		{"types", func() error {
			list, err := c.Types(ctx, "ED")
			if err == nil && len(list) == 0 {
				t.Error("no types")
			}
			return err
		}, map[int]jira.Outcome{400: jira.Refused, 401: jira.Later}},
		{"form", func() error {
			form, err := c.Form(ctx, "ED", jira.Type{ID: "10001", Name: "Task"})
			if err == nil && len(form) == 0 {
				t.Error("an empty form")
			}
			return err
		}, map[int]jira.Outcome{400: jira.Refused, 401: jira.Later}},
		{"rights", func() error { _, err := c.Lacks(ctx, "ED"); return err }, map[int]jira.Outcome{400: jira.Refused, 401: jira.Later, 404: jira.Refused}},
	}
	for _, x := range calls {
		prefer.status = 0
		if err := x.do(); err != nil {
			t.Errorf("%s: %v", x.name, err)
		}
		for status, want := range x.errors {
			prefer.status = status
			err := x.do()
			e, ok := errors.AsType[*jira.Error](err)
			if !ok || e.Status != status || e.Outcome != want {
				t.Errorf("%s, %d: %v (%+v), want the outcome %v", x.name, status, err, e, want)
			}
		}
	}
	prefer.status = 0
	if _, err := c.Transition(ctx, "ED-24", "another"); err == nil {
		t.Error("a way to a category that there is none of")
	}
}
