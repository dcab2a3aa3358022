package trackertest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// heard is a test that keeps what it is told.
type heard struct {
	testing.TB
	errors []string
}

func (h *heard) Errorf(format string, args ...any) { h.errors = append(h.errors, format) }

func (h *heard) Log(...any) {}

func TestWhatIsNotInTheDocumentIsNoticed(t *testing.T) {
	if _, ok := Document(); !ok {
		t.Skip("Atlassian's document is not at hand")
	}
	answer := ""
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, answer)
	}))
	defer srv.Close()
	for _, c := range []struct {
		name, method, path, body, answer string
		wrong                            int
	}{
		{"as it should be", "GET", "/rest/api/2/issue/FIN-1?fields=summary", "", `{"id":"1","key":"FIN-1","fields":{"resolution":null,"created":"2026-11-25T09:00:00.000+0000"}}`, 0},
		{"a comment", "POST", "/rest/api/2/issue/FIN-1/comment", `{"body":"hello"}`, ``, 0},
		{"no such path", "GET", "/rest/api/2/search?jql=x", "", `{}`, 1},
		{"no such method", "PATCH", "/rest/api/2/issue/FIN-1", `{}`, `{}`, 1},
		{"no such parameter", "GET", "/rest/api/2/issue/FIN-1?only=summary", "", `{"id":"1"}`, 1},
		{"a parameter that is no number", "GET", "/rest/api/2/search/jql?jql=x&maxResults=many", "", `{"issues":[]}`, 1},
		{"fields that are a list", "POST", "/rest/api/2/issue", `{"fields":["summary"]}`, `{}`, 1},
		{"an answer of another shape", "GET", "/rest/api/2/issue/FIN-1", "", `{"id":1}`, 1},
	} {
		h := &heard{TB: t}
		answer = c.answer
		q, err := http.NewRequestWithContext(t.Context(), c.method, srv.URL+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		if c.body != "" {
			q.Header.Set("Content-Type", "application/json")
		}
		resp, err := Checked(h, http.DefaultTransport).RoundTrip(q)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		if err != nil || string(got) != c.answer {
			t.Errorf("%s: the answer arrives as %q, %v", c.name, got, err)
		}
		resp.Body.Close()
		if len(h.errors) != c.wrong {
			t.Errorf("%s: %d complaints, want %d: %q", c.name, len(h.errors), c.wrong, h.errors)
		}
	}
}
