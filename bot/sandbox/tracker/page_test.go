package tracker

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestThePageShowsAndActs(t *testing.T) {
	now := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	tr := New(Options{Cloud: true, Token: "t", Now: func() time.Time { return now }})
	tr.AddPeople(Person{ID: "ana", Name: "Ana Ruiz"})
	api := httptest.NewServer(tr)
	defer api.Close()
	q, err := http.NewRequest("POST", api.URL+"/rest/api/2/issue", strings.NewReader(`{"fields":{"project":{"key":"FIN"},"issuetype":{"name":"Task"},"summary":"NAT <script>alert(1)</script>","description":"h3. What changed","labels":["spendbot"]}}`))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer t")
	if resp, err := http.DefaultClient.Do(q); err != nil || resp.StatusCode != http.StatusCreated {
		t.Fatal(resp, err)
	}
	passed := 0
	page := httptest.NewServer(tr.Page("/tickets", &Passing{Today: func() time.Time { return now }, Pass: func(d int) (string, error) { passed += d; return "A week has passed.", nil }}))
	defer page.Close()
	get := func() string {
		t.Helper()
		resp, err := http.Get(page.URL + "/tickets/?issue=FIN-1")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return string(b)
	}
	post := func(path string, form url.Values, origin string) (int, string) {
		t.Helper()
		q, err := http.NewRequest("POST", page.URL+"/tickets/"+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if origin != "" {
			q.Header.Set("Origin", origin)
		}
		resp, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b)
	}
	if s := get(); strings.Contains(s, "<script>alert") || !strings.Contains(s, "<h3>What changed</h3>") || !strings.Contains(s, "Let a week pass") || !strings.Contains(s, "Wednesday 25 November 2026") {
		t.Errorf("the page: %s", s)
	}
	key := url.Values{"issue": {"FIN-1"}}
	with := func(kv ...string) url.Values {
		v := url.Values{}
		for k, x := range key {
			v[k] = x
		}
		for i := 0; i < len(kv); i += 2 {
			v.Set(kv[i], kv[i+1])
		}
		return v
	}
	for _, x := range []struct {
		path string
		form url.Values
		want string
	}{
		{"assign", with("assignee", "ana"), "Ana Ruiz"}, {"move", with("status", "In Progress"), "In Progress"}, {"comment", with("body", "!slack done", "who", "ana"), "!slack done"},
		{"edit", with("summary", "NAT of payments"), "NAT of payments"}, {"move", with("status", "Done", "resolution", "Won't Do"), "Won&#39;t Do"}, {"pass", url.Values{"days": {"7"}}, "A week has passed."},
	} {
		if status, body := post(x.path, x.form, page.URL); status != http.StatusOK || !strings.Contains(body, x.want) {
			t.Errorf("%s: %d, no %q", x.path, status, x.want)
		}
	}
	if passed != 7 {
		t.Errorf("%d days passed", passed)
	}
	is, _ := tr.Issue("FIN-1")
	if is.Status.Category != "done" || is.Resolution != "Won't Do" || len(is.Comments) != 1 || is.Comments[0].Author.Name != "Ana Ruiz" {
		t.Errorf("%+v", is)
	}
	for path, form := range map[string]url.Values{"move": with("status", "To Do"), "pass": {"days": {"7"}}} {
		if status, _ := post(path, form, "https://evil.example"); status != http.StatusForbidden {
			t.Errorf("%s from another page: %d", path, status)
		}
	}
	if status, _ := post("edit", with("summary", " "), page.URL); status != http.StatusBadRequest {
		t.Errorf("no summary: %d", status)
	}
	if status, _ := post("pass", url.Values{"days": {"4000"}}, page.URL); status != http.StatusBadRequest || passed != 7 {
		t.Errorf("4000 days: %d", status)
	}
}
