package secret

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const leak = "xoxb-1234567890-abcdefSECRET"

// config holds a secret as configurations do.
type config struct{ Token Value }

func TestValueIsNeverPrinted(t *testing.T) {
	s := Value(leak)
	b, _ := json.Marshal(map[string]any{"s": s, "c": config{s}})
	for _, out := range []string{fmt.Sprint(s), fmt.Sprintf("%s %v %+v %#v %q %x %d", s, s, s, s, s, s, s), string(b),
		fmt.Sprintf("%+v %#v", config{s}, config{s}), fmt.Errorf("bad: %w", errors.New(s.String())).Error()} {
		if strings.Contains(out, "SECRET") || strings.Contains(out, fmt.Sprintf("%x", leak)) {
			t.Errorf("a secret was printed: %s", out)
		}
	}
	if s.Reveal() != leak {
		t.Error("the secret itself is lost")
	}
}

func TestRedactedLog(t *testing.T) {
	var w bytes.Buffer
	log := slog.New(Redact(slog.NewJSONHandler(&w, nil), "plain-signing-secret"))
	log = log.With("token", leak).WithGroup("g")
	log.Error("post to https://hooks.slack.com/services/T1/B1/SECRETXYZ failed", "error", fmt.Errorf("token %s: plain-signing-secret", leak),
		"nested", slog.GroupValue(slog.String("url", "wss://x/?ticket=SECRETTICKET")), "respond", "http://127.0.0.1:9/respond/SECRETRESP", "app", Value(leak))
	out := w.String()
	for _, bad := range []string{"SECRET", "plain-signing-secret"} {
		if strings.Contains(out, bad) {
			t.Errorf("the log holds %s: %s", bad, out)
		}
	}
	if n := strings.Count(out, hidden); n < 6 {
		t.Errorf("%d secrets hidden, want 6: %s", n, out)
	}
}

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte("from-a-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TEST_SECRET_FILE", path)
	if s, err := Read("TEST_SECRET"); err != nil || s.Reveal() != "from-a-file" {
		t.Errorf("from a file: %q, %v", s.Reveal(), err)
	}
	t.Setenv("TEST_SECRET", " direct ")
	if s, err := Read("TEST_SECRET"); err != nil || s.Reveal() != "direct" {
		t.Errorf("from the environment: %q, %v", s.Reveal(), err)
	}
	t.Setenv("TEST_SECRET", "")
	t.Setenv("TEST_SECRET_FILE", path+".gone")
	if _, err := Read("TEST_SECRET"); err == nil || !strings.Contains(err.Error(), "TEST_SECRET_FILE") {
		t.Errorf("a file that is not there: %v", err)
	}
}
