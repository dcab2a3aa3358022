package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
)

func TestPostUpdateDelete(t *testing.T) {
	c := newClock()
	r := start(t, Options{Now: c.now})
	meta := slack.SlackMetadata{EventType: "answer", EventPayload: map[string]any{"id": "Q-1"}}
	channel, ts, err := r.api.PostMessage("#cloud-costs", slack.MsgOptionText("spend &lt; budget", false), slack.MsgOptionMetadata(meta))
	if err != nil || channel != CloudCosts {
		t.Fatal(channel, err)
	}
	_, reply, err := r.api.PostMessage(CloudCosts, slack.MsgOptionText("why", false), slack.MsgOptionTS(ts), slack.MsgOptionBlocks(section("*why*")))
	if err != nil {
		t.Fatal(err)
	}
	if reply <= ts {
		t.Errorf("timestamps %s, %s: they rise though the clock stands still", ts, reply)
	}
	m := r.Messages(CloudCosts)[0]
	if m.Text != "spend &lt; budget" || m.Replies != 1 {
		t.Errorf("message = %+v", m)
	}
	if _, _, text, err := r.api.UpdateMessage(CloudCosts, reply, slack.MsgOptionText("because", false)); err != nil || text != "because" {
		t.Errorf("update: %q, %v", text, err)
	}
	if m := r.Thread(CloudCosts, ts)[1]; m.Text != "because" || m.Blocks != nil || !m.Edited {
		t.Errorf("text without blocks takes the blocks away: %+v", m)
	}
	if _, _, _, err := r.api.UpdateMessage(CloudCosts, ts, slack.MsgOptionBlocks(section("x"))); err != nil {
		t.Error(err)
	}
	history, err := r.api.GetConversationHistory(&slack.GetConversationHistoryParameters{ChannelID: CloudCosts, IncludeAllMetadata: true})
	if err != nil || len(history.Messages) != 1 || history.Messages[0].Metadata.EventPayload["id"] != "Q-1" || history.Messages[0].ReplyCount != 1 {
		t.Errorf("history = %+v, %v", history, err)
	}
	msgs, _, _, err := r.api.GetConversationReplies(&slack.GetConversationRepliesParameters{ChannelID: CloudCosts, Timestamp: ts})
	if err != nil || len(msgs) != 2 || msgs[0].Metadata.EventType != "" || msgs[1].ThreadTimestamp != ts || msgs[1].BotID != "B0SPENDBOT" {
		t.Errorf("replies = %+v, %v", msgs, err)
	}
	link, err := r.api.GetPermalink(&slack.PermalinkParameters{Channel: CloudCosts, Ts: reply})
	if err != nil || !strings.Contains(link, "/archives/"+CloudCosts+"/p"+strings.ReplaceAll(reply, ".", "")+"?thread_ts="+ts) {
		t.Errorf("permalink %q, %v", link, err)
	}
	if _, _, err := r.api.DeleteMessage(CloudCosts, ts); err != nil {
		t.Fatal(err)
	}
	if m := r.Thread(CloudCosts, ts); len(m) != 2 || m[0].Subtype != "tombstone" {
		t.Errorf("a deleted root with replies stays as a tombstone: %+v", m)
	}
	if _, _, err := r.api.DeleteMessage(CloudCosts, reply); err != nil {
		t.Fatal(err)
	}
	_, own, msg, err := r.api.PostMessageWithResponse(CloudCosts, slack.MsgOptionText("late", false), slack.MsgOptionTS(reply))
	if err != nil || msg.ThreadTimestamp != "" || r.Thread(CloudCosts, own) == nil {
		t.Errorf("a reply to what was deleted is posted without a thread: %+v, %v", msg, err)
	}
}

// TestRefusals tells what is refused, with Slack's codes.
func TestRefusals(t *testing.T) {
	company := Demo()
	company.Channels = append(company.Channels, Channel{ID: "C00OLDNEWS", Name: "old-news", Archived: true, Members: []string{Ana, Spendbot}},
		Channel{ID: "C00SECRETS", Name: "secrets", Private: true, Members: []string{Ana}})
	r := start(t, Options{Company: company})
	theirs := r.Post("ana", CloudCosts, "", "hello")
	_, ours, err := r.api.PostMessage(CloudCosts, slack.MsgOptionText("hi", false))
	if err != nil {
		t.Fatal(err)
	}
	oneTable := `{"type":"table","rows":[[{"type":"raw_text","text":"a"}]]}`
	type form = url.Values
	with := func(kv ...string) form {
		f := form{}
		for i := 0; i < len(kv); i += 2 {
			f.Set(kv[i], kv[i+1])
		}
		return f
	}
	for _, tc := range []struct {
		method string
		form   form
		want   string
		says   string // in response_metadata.messages
	}{
		{"no.such.method", nil, "unknown_method", ""},
		{"api.test", with("error", "my_error"), "my_error", ""},
		{"chat.postMessage", with("text", "x"), "invalid_arguments", "missing required field: channel"},
		{"chat.postMessage", with("channel", "C404", "text", "x"), "channel_not_found", ""},
		{"chat.postMessage", with("channel", "#nowhere", "text", "x"), "channel_not_found", ""},
		{"chat.postMessage", with("channel", "C00SECRETS", "text", "x"), "channel_not_found", ""},
		{"chat.postMessage", with("channel", Random, "text", "x"), "not_in_channel", ""},
		{"chat.postMessage", with("channel", "C00OLDNEWS", "text", "x"), "is_archived", ""},
		{"chat.postMessage", with("channel", Rex, "text", "x"), "user_disabled", ""},
		{"chat.postMessage", with("channel", CloudCosts), "no_text", ""},
		{"chat.postMessage", with("channel", CloudCosts, "blocks", "[]"), "no_text", ""},
		{"chat.postMessage", with("channel", CloudCosts, "text", strings.Repeat("ü", 40_000)), "", ""},
		{"chat.postMessage", with("channel", CloudCosts, "text", strings.Repeat("x", 40_001)), "msg_too_long", ""},
		{"chat.postMessage", with("channel", CloudCosts, "markdown_text", strings.Repeat("x", 12_001)), "msg_too_long", ""},
		{"chat.postMessage", with("channel", CloudCosts, "markdown_text", "x", "text", "y"), "markdown_text_conflict", ""},
		{"chat.postMessage", with("channel", CloudCosts, "blocks", "{"), "invalid_blocks_format", ""},
		{"chat.postMessage", with("channel", CloudCosts, "blocks", `[{"type":"section"}]`), "invalid_blocks", "[json-pointer:/blocks/0"},
		{"chat.postMessage", with("channel", CloudCosts, "blocks", "["+oneTable+"]"), "", ""},
		{"chat.postMessage", with("channel", CloudCosts, "blocks", "["+oneTable+","+oneTable+"]"), "invalid_attachments", "table"},
		{"chat.postMessage", with("channel", CloudCosts, "blocks", "["+strings.TrimSuffix(strings.Repeat(fmt.Sprintf(`{"type":"section","text":{"type":"mrkdwn","text":%q}},`,
			strings.Repeat("x", 3000)), 5), ",")+"]"), "msg_blocks_too_long", ""},
		{"chat.postMessage", with("channel", CloudCosts, "blocks", `[{"type":"image","alt_text":"x","slack_file":{"id":"F404"}}]`), "invalid_blocks", "slack file"},
		{"chat.postMessage", with("channel", CloudCosts, "text", "x", "attachments", "["+strings.Repeat("{},", 100)+"{}]"), "too_many_attachments", ""},
		{"chat.postMessage", with("channel", CloudCosts, "text", "x", "metadata", "x"), "invalid_metadata_format", ""},
		{"chat.postMessage", with("channel", CloudCosts, "text", "x", "metadata", `{"event_type":"a","event_payload":1}`), "invalid_metadata_schema", ""},
		{"chat.postMessage", with("channel", CloudCosts, "text", "x", "metadata", `{"event_type":"a","event_payload":{"x":"`+strings.Repeat("x", maxMetadata)+`"}}`), "metadata_too_large", ""},
		{"chat.postMessage", with("channel", CloudCosts, "text", "x", "thread_ts", "1.000001"), "thread_not_found", ""},
		{"chat.postEphemeral", with("channel", CloudCosts, "user", Gil, "text", "x"), "user_not_in_channel", ""},
		{"chat.postEphemeral", with("channel", CloudCosts, "user", "U404", "text", "x"), "user_not_in_channel", ""},
		{"chat.update", with("channel", CloudCosts, "ts", theirs, "text", "x"), "cant_update_message", ""},
		{"chat.update", with("channel", CloudCosts, "ts", "1.000001", "text", "x"), "message_not_found", ""},
		{"chat.update", with("channel", CloudCosts, "ts", ours), "no_text", ""},
		{"chat.delete", with("channel", CloudCosts, "ts", theirs), "cant_delete_message", ""},
		{"chat.getPermalink", with("channel", CloudCosts, "message_ts", "1.000001"), "message_not_found", ""},
		{"chat.startStream", with("channel", CloudCosts), "invalid_arguments", "thread_ts"},
		{"chat.startStream", with("channel", CloudCosts, "thread_ts", theirs), "missing_recipient_user_id", ""},
		{"chat.startStream", with("channel", CloudCosts, "thread_ts", theirs, "recipient_user_id", Ana), "missing_recipient_team_id", ""},
		{"chat.appendStream", with("channel", CloudCosts, "ts", ours, "markdown_text", "x"), "message_not_in_streaming_state", ""},
		{"conversations.info", with("channel", "C00SECRETS"), "channel_not_found", ""},
		{"conversations.history", with("channel", Random), "not_in_channel", ""},
		{"conversations.history", with("channel", CloudCosts, "limit", "1001"), "invalid_limit", ""},
		{"conversations.history", with("channel", CloudCosts, "cursor", "x"), "invalid_cursor", ""},
		{"conversations.replies", with("channel", CloudCosts, "ts", "1.000001"), "thread_not_found", ""},
		{"conversations.list", with("types", "secret_channel"), "invalid_types", ""},
		{"conversations.open", nil, "users_list_not_supplied", ""},
		{"conversations.open", with("users", Rex), "user_disabled", ""},
		{"conversations.open", with("users", Deploybot), "cannot_dm_bot", ""},
		{"conversations.join", with("channel", Finops), "method_not_supported_for_channel_type", ""},
		{"users.info", with("user", "U404"), "user_not_found", ""},
		{"users.lookupByEmail", with("email", "nobody@mayfly.example"), "users_not_found", ""},
		{"usergroups.users.list", with("usergroup", "S404"), "no_such_subteam", ""},
		{"team.info", with("team", "T404"), "team_not_found", ""},
		{"bots.info", with("bot", "B404"), "bot_not_found", ""},
		{"reactions.add", with("channel", CloudCosts, "timestamp", "1.000001", "name", "eyes"), "message_not_found", ""},
		{"reactions.remove", with("channel", CloudCosts, "timestamp", theirs, "name", "eyes"), "no_reaction", ""},
		{"files.getUploadURLExternal", with("filename", "a.csv", "length", "0"), "invalid_arguments", "/length"},
		{"files.completeUploadExternal", with("files", `[{"id":"F404"}]`), "file_not_found", ""},
		{"views.open", with("trigger_id", "1.1.a", "view", `{"type":"home","blocks":[{"type":"divider"}]}`), "invalid_arguments", "modal"},
		{"views.push", with("trigger_id", "1.1.a"), "invalid_arguments", "missing required field: view"},
	} {
		tc.form = cloneForm(tc.form)
		tc.form.Set("token", r.app.BotToken)
		got := r.raw(t, tc.method, "application/x-www-form-urlencoded", tc.form.Encode(), "")
		messages := fmt.Sprint(got["response_metadata"])
		if e, _ := got["error"].(string); e != tc.want || got["ok"] != (tc.want == "") || !strings.Contains(messages, tc.says) {
			t.Errorf("%s %.80s: %v, want %q saying %q", tc.method, tc.form.Encode(), got, tc.want, tc.says)
		}
	}
}

func cloneForm(f url.Values) url.Values {
	out := url.Values{}
	for k, v := range f {
		out[k] = v
	}
	return out
}

// raw makes a call without a client library.
func (r *rig) raw(t *testing.T, method, kind, body, bearer string) map[string]any {
	t.Helper()
	req := must(http.NewRequest(http.MethodPost, r.server.URL+"/api/"+method, strings.NewReader(body)))
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	resp := must(http.DefaultClient.Do(req))
	defer resp.Body.Close()
	return decodeTo[map[string]any](t, must(io.ReadAll(resp.Body)))
}

func TestTokensAndScopes(t *testing.T) {
	company := Demo()
	company.App.Scopes = []string{"chat:write", "channels:read"}
	r := start(t, Options{Company: company})
	for _, tc := range []struct{ token, method, want string }{
		{"", "auth.test", "not_authed"},
		{"xoxb-other", "auth.test", "invalid_auth"},
		{company.App.BotToken, "auth.test", ""},
		{company.App.AppToken, "auth.test", ""},
		{company.App.AppToken, "chat.postMessage", "not_allowed_token_type"},
		{company.App.BotToken, "apps.connections.open", "not_allowed_token_type"},
		{company.App.BotToken, "users.list", "missing_scope"},
		{"", "api.test", ""},
	} {
		got := r.raw(t, tc.method, "application/x-www-form-urlencoded", "", tc.token)
		if e, _ := got["error"].(string); e != tc.want {
			t.Errorf("%s with %q: %v, want %q", tc.method, tc.token, got, tc.want)
		}
		if tc.want == "missing_scope" && (got["needed"] != "users:read" || got["provided"] != "chat:write,channels:read") {
			t.Errorf("needed and provided: %v", got)
		}
	}
	if _, err := r.api.GetConversationInfo(&slack.GetConversationInfoInput{ChannelID: Payments}); err != nil {
		t.Error(err)
	}
	if _, err := r.api.GetConversationInfo(&slack.GetConversationInfoInput{ChannelID: Finops}); code(err) != "missing_scope" {
		t.Errorf("a private channel with channels:read alone: %v", err)
	}
	company.App.Revoked = true
	r = start(t, Options{Company: company})
	if _, err := r.api.AuthTest(); code(err) != "account_inactive" {
		t.Errorf("revoked: %v", err)
	}
}

func TestScopesAreInTheHeader(t *testing.T) {
	r := start(t, Options{})
	var scopes string
	api := slack.New(r.app.BotToken, slack.OptionAPIURL(r.server.URL+"/api/"), slack.OptionOnResponseHeaders(func(_ string, h http.Header) {
		scopes = h.Get("X-OAuth-Scopes")
	}))
	who, err := api.AuthTest()
	if err != nil || who.UserID != Spendbot || who.TeamID != DemoTeam || who.BotID != "B0SPENDBOT" || !strings.Contains(scopes, "chat:write") {
		t.Errorf("%+v, %q, %v", who, scopes, err)
	}
}

// TestBodies tells how arguments and tokens may come.
func TestBodies(t *testing.T) {
	r := start(t, Options{})
	token := r.app.BotToken
	for _, tc := range []struct{ name, kind, body, bearer, want, warning string }{
		{"JSON", "application/json; charset=utf-8", `{"channel":"` + Payments + `","text":"x","blocks":[{"type":"divider"}]}`, token, "", ""},
		{"JSON, blocks as text", "application/json; charset=utf-8", `{"channel":"` + Payments + `","blocks":"[{\"type\":\"divider\"}]"}`, token, "", ""},
		{"JSON without charset", "application/json", `{"channel":"` + Payments + `","text":"x"}`, token, "", "missing_charset"},
		{"token in JSON", "application/json", `{"channel":"` + Payments + `","text":"x","token":"` + token + `"}`, "", "not_authed", "missing_charset"},
		{"form with charset", "application/x-www-form-urlencoded; charset=utf-8", "channel=" + Payments + "&text=x", token, "", "superfluous_charset"},
		{"strange charset", "application/json; charset=klingon", `{}`, token, "invalid_charset", ""},
		{"no JSON", "application/json; charset=utf-8", `{"channel"`, token, "invalid_json", ""},
		{"a JSON list", "application/json; charset=utf-8", `[]`, token, "json_not_object", ""},
		{"a strange type", "application/xml", `<x/>`, token, "invalid_post_type", ""},
		{"no type", "", `x`, token, "missing_post_type", ""},
		{"a bad form", "application/x-www-form-urlencoded", "%zz", token, "invalid_form_data", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := r.raw(t, "chat.postMessage", tc.kind, tc.body, tc.bearer)
			e, _ := got["error"].(string)
			w, _ := got["warning"].(string)
			if e != tc.want || w != tc.warning {
				t.Errorf("%v, want error %q, warning %q", got, tc.want, tc.warning)
			}
		})
	}
}

func TestPagination(t *testing.T) {
	r := start(t, Options{})
	for i := range 25 {
		r.Post("ana", Payments, "", fmt.Sprint("message ", i))
	}
	var texts []string
	params := &slack.GetConversationHistoryParameters{ChannelID: Payments, Limit: 10}
	for pages := 0; ; pages++ {
		h, err := r.api.GetConversationHistory(params)
		if err != nil || pages > 3 {
			t.Fatal(pages, err)
		}
		for _, m := range h.Messages {
			texts = append(texts, m.Text)
		}
		if params.Cursor = h.ResponseMetaData.NextCursor; params.Cursor == "" {
			break
		}
	}
	if len(texts) != 25 || texts[0] != "message 24" || texts[24] != "message 0" {
		t.Errorf("history = %q", texts)
	}
	all := r.Messages(Payments)
	h, err := r.api.GetConversationHistory(&slack.GetConversationHistoryParameters{ChannelID: Payments, Oldest: all[5].TS, Latest: all[8].TS})
	if err != nil || len(h.Messages) != 2 {
		t.Errorf("between: %d, %v", len(h.Messages), err)
	}
	h, err = r.api.GetConversationHistory(&slack.GetConversationHistoryParameters{ChannelID: Payments, Oldest: all[5].TS, Latest: all[8].TS, Inclusive: true})
	if err != nil || len(h.Messages) != 4 {
		t.Errorf("between, inclusive: %d, %v", len(h.Messages), err)
	}
	users, err := r.api.GetUsers(slack.GetUsersOptionLimit(3))
	if err != nil || len(users) != len(r.order) {
		t.Errorf("%d users, %v", len(users), err)
	}
	channels, next, err := r.api.GetConversations(&slack.GetConversationsParameters{Limit: 2, Types: []string{"public_channel", "private_channel"}})
	if err != nil || len(channels) != 2 || next == "" {
		t.Errorf("%d channels, next %q, %v", len(channels), next, err)
	}
	members, next, err := r.api.GetUsersInConversation(&slack.GetUsersInConversationParameters{ChannelID: Payments, Limit: 4})
	if err != nil || len(members) != 4 || next == "" {
		t.Errorf("%v, next %q, %v", members, next, err)
	}
}

func TestPeople(t *testing.T) {
	r := start(t, Options{})
	users, err := r.api.GetUsersInfo(Ana, Gil, Sam, Deploybot, Rex)
	if err != nil {
		t.Fatal(err)
	}
	ana, gil, sam, bot, rex := (*users)[0], (*users)[1], (*users)[2], (*users)[3], (*users)[4]
	if ana.IsUltraRestricted || !ana.IsAdmin || ana.Profile.Email != "ana@mayfly.example" || ana.TeamID != DemoTeam {
		t.Errorf("Ana = %+v", ana)
	}
	if !gil.IsUltraRestricted || !gil.IsRestricted || !sam.IsStranger || sam.TeamID != DemoOther || !bot.IsBot || !rex.Deleted {
		t.Errorf("Gil, Sam, Deploybot, Rex = %+v", (*users)[1:])
	}
	if one, err := r.api.GetUserInfo(Ben); err != nil || one.RealName != "Ben Okafor" {
		t.Error(one, err)
	}
	if u, err := r.api.GetUserByEmail("CHLOE@mayfly.example"); err != nil || u.ID != Chloe {
		t.Error(u, err)
	}
	groups, err := r.api.GetUserGroups(slack.GetUserGroupsOptionIncludeUsers(true))
	if err != nil || len(groups) != 4 || groups[0].Handle != "finops" || groups[0].Users[0] != Ana {
		t.Error(groups, err)
	}
	if m, err := r.api.GetUserGroupMembers(GroupPayments); err != nil || len(m) != 1 || m[0] != Ben {
		t.Error(m, err)
	}
	ch, err := r.api.GetConversationInfo(&slack.GetConversationInfoInput{ChannelID: ExtVendor, IncludeNumMembers: true})
	if err != nil || !ch.IsExtShared || ch.NumMembers != 4 || ch.ConnectedTeamIDs[0] != DemoOther {
		t.Error(ch, err)
	}
	dm, _, _, err := r.api.OpenConversation(&slack.OpenConversationParameters{Users: []string{Ana}, ReturnIM: true})
	if err != nil || !dm.IsIM || dm.User != Ana || dm.ID != r.Direct("ana") {
		t.Error(dm, err)
	}
	if ch, _, _, err := r.api.JoinConversation(Random); err != nil || !ch.IsMember {
		t.Error(ch, err)
	}
}

func picture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewRGBA(image.Rect(0, 0, 40, 30))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestUpload(t *testing.T) {
	r := start(t, Options{})
	root := r.Post("ben", Payments, "", "why?")
	data := picture(t)
	f, err := r.api.UploadFile(slack.UploadFileParameters{Filename: "bridge.png", Title: "Bridge", AltTxt: "spend rose", FileSize: len(data),
		Reader: bytes.NewReader(data), Channel: Payments, ThreadTimestamp: root, InitialComment: "the bridge"})
	if err != nil {
		t.Fatal(err)
	}
	m := r.Thread(Payments, root)[1]
	if len(m.Files) != 1 || m.Subtype != "file_share" || m.Text != "the bridge" || m.Files[0].Width != 40 || m.Files[0].Alt != "spend rose" ||
		m.Files[0].MimeType != "image/png" || !bytes.Equal(m.Files[0].Data, data) {
		t.Errorf("message = %+v", m)
	}
	info, _, _, err := r.api.GetFileInfo(f.ID, 1, 1)
	if err != nil || info.Shares.Public[Payments][0].Ts != m.TS || info.Shares.Public[Payments][0].ThreadTs != root || info.Title != "Bridge" {
		t.Fatalf("info = %+v, %v", info, err)
	}
	var got bytes.Buffer
	if err := r.api.GetFile(info.URLPrivate, &got); err != nil || !bytes.Equal(got.Bytes(), data) {
		t.Errorf("downloaded %d bytes, %v", got.Len(), err)
	}
	for user, want := range map[string]int{Ben: 200, Gil: 200, Chloe: 200, Sam: 404, Rex: 404} {
		resp := must(http.Get(info.URLPrivate + "?as=" + user))
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s gets %d", user, resp.StatusCode)
		}
	}
	image := slack.NewImageBlockSlackFile(&slack.SlackFileObject{ID: f.ID}, "spend rose", "", nil)
	if _, _, err := r.api.PostMessage(Payments, slack.MsgOptionBlocks(image)); err != nil {
		t.Error(err)
	}
	for _, tc := range []struct {
		channel string
		size    int
		want    string
	}{
		{Random, 5, "not_in_channel"}, {"C000000404", 5, "channel_not_found"}, {Ben, 5, "must match"}, {Payments, 6, "400"},
	} {
		_, err := r.api.UploadFile(slack.UploadFileParameters{Filename: "a.csv", FileSize: tc.size, Content: "a,b\n1", Channel: tc.channel})
		text := fmt.Sprint(err)
		if e, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
			text += fmt.Sprint(e.ResponseMetadata.Messages)
		}
		if !strings.Contains(text, tc.want) {
			t.Errorf("upload of %d to %s: %s, want %s", tc.size, tc.channel, text, tc.want)
		}
	}
	if len(r.Files(Payments)) != 1 {
		t.Errorf("%d files", len(r.Files(Payments)))
	}
}

func TestStream(t *testing.T) {
	r := start(t, Options{})
	dm := r.Direct("ana")
	root := r.Post("ana", "dm", "", "why?")
	_, ts, err := r.api.StartStream(dm, slack.MsgOptionTS(root), slack.MsgOptionMarkdownText("**Spend"))
	if err != nil {
		t.Fatal(err)
	}
	if m := r.Thread(dm, root)[1]; !m.Streaming {
		t.Errorf("message = %+v", m)
	}
	if _, _, _, err := r.api.UpdateMessage(dm, ts, slack.MsgOptionText("x", false)); code(err) != "streaming_state_conflict" {
		t.Errorf("update of a stream: %v", err)
	}
	if _, _, err := r.api.AppendStream(dm, ts, slack.MsgOptionChunks(slack.NewMarkdownTextChunk(" rose**"))); err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.api.StopStream(dm, ts, slack.MsgOptionBlocks(button("sql", "Q-1"))); err != nil {
		t.Fatal(err)
	}
	m := r.Thread(dm, root)[1]
	if m.Text != "**Spend rose**" || m.Streaming || !strings.Contains(string(m.Blocks), "markdown") || !strings.Contains(string(m.Blocks), "sql") {
		t.Errorf("message = %+v %s", m, m.Blocks)
	}
	if _, _, err := r.api.AppendStream(dm, ts, slack.MsgOptionMarkdownText("x")); code(err) != "message_not_in_streaming_state" {
		t.Errorf("after the end: %v", err)
	}
}

func TestReactions(t *testing.T) {
	r := start(t, Options{})
	ref := slack.ItemRef{Channel: Payments, Timestamp: r.Post("ben", Payments, "", "why?")}
	if err := r.api.AddReaction("eyes", ref); err != nil {
		t.Fatal(err)
	}
	if err := r.api.AddReaction("eyes", ref); code(err) != "already_reacted" {
		t.Errorf("twice: %v", err)
	}
	if m := r.Messages(Payments)[0]; m.Reactions["eyes"][0] != Spendbot {
		t.Errorf("message = %+v", m)
	}
	if err := r.api.RemoveReaction("eyes", ref); err != nil || len(r.Messages(Payments)[0].Reactions) != 0 {
		t.Error(err)
	}
}

func TestFaultsOfCalls(t *testing.T) {
	r := start(t, Options{})
	post := func() error {
		_, _, err := r.api.PostMessage(Payments, slack.MsgOptionText("x", false), slack.MsgOptionBlocks(section("x")))
		return err
	}
	r.SetFaults(Faults{RateLimit: map[string]RateLimit{"chat.postMessage": {Every: 2, RetryAfter: 1500 * time.Millisecond}}})
	var limited *slack.RateLimitedError
	if a, b := post(), post(); a != nil || !errors.As(b, &limited) || limited.RetryAfter != 2*time.Second {
		t.Errorf("rate limit: %v, %v", a, b)
	}
	r.SetFaults(Faults{Fail: map[string]Failure{"chat.postMessage": {Code: "internal_error", AfterEffect: true}}})
	before := len(r.Messages(Payments))
	if err := post(); code(err) != "internal_error" || len(r.Messages(Payments)) != before+1 {
		t.Errorf("the write happens, the answer is lost: %v, %d messages", err, len(r.Messages(Payments)))
	}
	r.SetFaults(Faults{Fail: map[string]Failure{"*": {Cut: true}}})
	if err := post(); err == nil || len(r.Messages(Payments)) != before+1 {
		t.Errorf("cut off before: %v", err)
	}
	r.SetFaults(Faults{Fail: map[string]Failure{"chat.postMessage": {Status: 503}, "auth.test": {Code: "x", Until: time.Now().Add(-time.Second)}}})
	var status slack.StatusCodeError
	if err := post(); !errors.As(err, &status) || status.Code != 503 {
		t.Errorf("503: %v", err)
	}
	if _, err := r.api.AuthTest(); err != nil {
		t.Errorf("a failure that is over: %v", err)
	}
	r.SetFaults(Faults{InvalidBlocks: 1})
	if err := post(); code(err) != "invalid_blocks" {
		t.Errorf("invalid blocks: %v", err)
	}
	r.SetFaults(Faults{Down: true})
	if err := post(); !errors.As(err, &status) {
		t.Errorf("down: %v", err)
	}
	if _, _, err := r.api.StartSocketModeContext(t.Context()); err == nil {
		t.Error("down: a socket was opened")
	}
	r.SetFaults(Faults{Cut: true})
	if err := post(); err == nil || errors.As(err, &status) {
		t.Errorf("cut: %v", err)
	}
	r.SetFaults(Faults{})
	if err := post(); err != nil {
		t.Errorf("all is well again: %v", err)
	}
	var errs []string
	for _, c := range r.Calls() {
		if c.Error != "" {
			errs = append(errs, c.Error)
		}
	}
	want := []string{"ratelimited", "internal_error", "connection cut", "http_503", "invalid_blocks", "http_503", "http_503", "connection cut"}
	if fmt.Sprint(errs) != fmt.Sprint(want) {
		t.Errorf("calls with errors %q, want %q", errs, want)
	}
}

func TestFaultsAreRepeatable(t *testing.T) {
	run := func() string {
		s := New(Options{Company: Demo(), Seed: 3, Faults: Faults{Fail: map[string]Failure{"auth.test": {Code: "x", Share: 0.5}}}})
		defer s.Close()
		out := ""
		for range 40 {
			out += map[bool]string{true: "x", false: "."}[s.faultFor("auth.test").fail != nil]
		}
		return out
	}
	if a, b := run(), run(); a != b || !strings.Contains(a, "x") || !strings.Contains(a, ".") {
		t.Errorf("%s, then %s", a, b)
	}
}

// FuzzAPI: whatever is sent, the answer is JSON with ok and, where that is false, an error.
func FuzzAPI(f *testing.F) {
	for _, m := range []string{"chat.postMessage", "chat.update", "views.open", "views.publish", "files.completeUploadExternal", "conversations.replies",
		"assistant.threads.setSuggestedPrompts", "chat.startStream", "nope"} {
		f.Add(m, "application/json", []byte(`{"channel":"`+Payments+`","text":"x","blocks":[{"type":"section","text":null}],"view":{"type":"modal","blocks":[1]}}`))
		f.Add(m, "application/x-www-form-urlencoded", []byte("channel="+Payments+"&ts=1.1&thread_ts=1.1&blocks=[[]]&metadata={}&files=[{}]&limit=-1&cursor=bmV4dDo5"))
		f.Add(m, "multipart/form-data; boundary=x", []byte("--x\r\nContent-Disposition: form-data; name=\"channel\"\r\n\r\nC\r\n--x--\r\n"))
	}
	s := New(Options{Company: Demo()})
	f.Cleanup(s.Close)
	h := s.Handler()
	f.Fuzz(func(t *testing.T, method, kind string, body []byte) {
		u := &url.URL{Path: "/api/" + method}
		req, err := http.NewRequest(http.MethodPost, "http://127.0.0.1"+u.EscapedPath(), bytes.NewReader(body))
		if err != nil || strings.ContainsAny(method, "/.\\%") && !strings.HasPrefix(method, "chat.") {
			t.Skip()
		}
		req.Header.Set("Content-Type", kind)
		req.Header.Set("Authorization", "Bearer "+s.app.BotToken)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		if w.Code != http.StatusOK {
			return // the mux's own answer to a path that is none
		}
		var got struct {
			OK    *bool  `json:"ok"`
			Error string `json:"error"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.OK == nil || !*got.OK && got.Error == "" {
			t.Errorf("%s %s %q: %s (%v)", method, kind, body, w.Body, err)
		}
	})
}
