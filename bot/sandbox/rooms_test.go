package sandbox_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"spendbot/bot/sandbox"
)

// api calls a method of the Web API with the bot's token.
func api(t testing.TB, base string, c sandbox.Company, method string, form url.Values) map[string]any {
	t.Helper()
	if form == nil {
		form = url.Values{}
	}
	form.Set("token", c.App.BotToken)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/api/"+method, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(r.Body).Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRooms(t *testing.T) {
	company := sandbox.Demo()
	box := sandbox.New(sandbox.Options{Company: company})
	defer box.Close()
	srv := httptest.NewServer(box.Handler())
	defer srv.Close()
	code := func(method string, kv ...string) string {
		t.Helper()
		f := url.Values{}
		for i := 0; i < len(kv); i += 2 {
			f.Set(kv[i], kv[i+1])
		}
		out := api(t, srv.URL, company, method, f)
		if out["ok"] == true {
			return "ok"
		}
		return out["error"].(string)
	}
	for name, want := range map[string]string{"inc-cost-1": "ok", "Inc": "invalid_name_specials", "a b": "invalid_name_specials", "--": "invalid_name_punctuation",
		strings.Repeat("a", 81): "invalid_name_maxlength", "payments": "name_taken", "": "invalid_arguments"} {
		if got := code("conversations.create", "name", name); got != want {
			t.Errorf("create %q: %s, want %s", name, got, want)
		}
	}
	if got := code("conversations.create", "name", "inc-cost-1"); got != "name_taken" {
		t.Error("made twice: ", got)
	}
	if got := code("conversations.create", "name", "secret", "is_private", "true"); got != "missing_scope" {
		t.Error("a private channel without groups:write: ", got)
	}
	list := box.Channels()
	made := list[len(list)-1]
	if made.Name != "inc-cost-1" || !slices.Contains(made.Members, sandbox.Spendbot) {
		t.Fatalf("made %+v", made)
	}
	for _, c := range []struct{ who, want string }{{sandbox.Ana, "ok"}, {sandbox.Ana, "already_in_channel"}, {sandbox.Rex, "cant_invite"}, {sandbox.Gil, "ura_max_channels"},
		{sandbox.Sam, "user_not_found"}, {sandbox.Spendbot, "cant_invite_self"}, {"U0NOBODY", "user_not_found"}, {sandbox.Ben + "," + sandbox.Rex, "cant_invite"}, {sandbox.Ben, "ok"}} {
		if got := code("conversations.invite", "channel", made.ID, "users", c.who); got != c.want {
			t.Errorf("invite %s: %s, want %s", c.who, got, c.want)
		}
	}
	if got := code("conversations.setTopic", "channel", made.ID, "topic", strings.Repeat("x", 251)); got != "too_long" {
		t.Error("a long topic: ", got)
	}
	if got := code("conversations.setTopic", "channel", made.ID, "topic", "NAT") + code("conversations.setPurpose", "channel", made.ID, "purpose", "why"); got != "okok" {
		t.Error("topic and purpose: ", got)
	}
	ts := box.Post(sandbox.Ana, made.ID, "", "stopped the job")
	if got := code("pins.add", "channel", made.ID, "timestamp", ts) + code("pins.add", "channel", made.ID, "timestamp", ts); got != "okalready_pinned" {
		t.Error("pins: ", got)
	}
	if got := box.Pinned(made.ID); !slices.Equal(got, []string{ts}) {
		t.Errorf("pinned: %v", got)
	}
	if out := api(t, srv.URL, company, "pins.list", url.Values{"channel": {made.ID}}); len(out["items"].([]any)) != 1 {
		t.Errorf("pins.list: %v", out)
	}
	info := api(t, srv.URL, company, "conversations.info", url.Values{"channel": {made.ID}})["channel"].(map[string]any)
	if info["creator"] != sandbox.Spendbot || info["created"].(float64) == 0 || info["topic"].(map[string]any)["value"] != "NAT" {
		t.Errorf("info: %v", info)
	}
	for range 2 { // the second does nothing
		if err := box.React(sandbox.Ben, made.ID, ts, ":pushpin:", true); err != nil {
			t.Fatal(err)
		}
	}
	if err := box.React(sandbox.Ben, made.ID, ts, "pushpin", false); err != nil {
		t.Fatal(err)
	}
	if err := box.React(sandbox.Chloe, made.ID, ts, "pushpin", true); err == nil {
		t.Error("somebody who is not there reacts")
	}
	_ = box.Wait(context.Background(), func(v *sandbox.Snapshot) bool { return true })
	if got := code("conversations.archive", "channel", made.ID) + code("conversations.archive", "channel", made.ID) + code("conversations.create", "name", "inc-cost-1"); got != "okalready_archivedname_taken" {
		t.Error("archive: ", got)
	}
}
