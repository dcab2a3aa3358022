package slack

import (
	"encoding/json"
	"errors"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseEvents(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     Event
		err      error
	}{
		{"a mention", `{"type":"event_callback","team_id":"T1","event_id":"Ev1","event":{"type":"app_mention","user":"U1","text":"<@B> why?","ts":"17.1","channel":"C1"}}`,
			Event{Key: "T1/C1/17.1", Kind: Mention, Team: "T1", User: "U1", Channel: "C1", TS: "17.1", Text: "<@B> why?"}, nil},
		{"the message beside it has the same key", `{"type":"event_callback","team_id":"T1","event":{"type":"message","user":"U1","text":"<@B> why?","ts":"17.1","channel":"C1","channel_type":"channel"}}`,
			Event{Key: "T1/C1/17.1", Kind: Message, Team: "T1", User: "U1", Channel: "C1", ChannelType: "channel", TS: "17.1", Text: "<@B> why?"}, nil},
		{"a reply in a thread", `{"type":"event_callback","team_id":"T1","event":{"type":"message","user":"U1","text":"and by team?","ts":"18.2","thread_ts":"17.1","channel":"D1","channel_type":"im"}}`,
			Event{Key: "T1/D1/18.2", Kind: Message, Team: "T1", User: "U1", Channel: "D1", ChannelType: "im", TS: "18.2", Thread: "17.1", Text: "and by team?"}, nil},
		{"somebody of another workspace", `{"team_id":"T1","event":{"type":"app_mention","user":"U9","user_team":"T9","team":"T1","text":"hi","ts":"1.1","channel":"C1"}}`,
			Event{Key: "T1/C1/1.1", Kind: Mention, Team: "T1", User: "U9", UserTeam: "T9", Channel: "C1", TS: "1.1", Text: "hi"}, nil},
		{"a bot", `{"team_id":"T1","event":{"type":"message","subtype":"bot_message","bot_id":"B2","text":"hi","ts":"1.1","channel":"C1"}}`,
			Event{Key: "T1/C1/1.1", Kind: Message, Team: "T1", Bot: true, Channel: "C1", TS: "1.1", Text: "hi"}, nil},
		{"App Home", `{"team_id":"T1","event_id":"Ev7","event":{"type":"app_home_opened","user":"U1","tab":"home","channel":"D1"}}`,
			Event{Key: "T1/home/Ev7", Kind: Home, Team: "T1", User: "U1", Channel: "D1", Tab: "home"}, nil},
		{"the assistant", `{"team_id":"T1","event_id":"Ev8","event":{"type":"assistant_thread_started","assistant_thread":{"user_id":"U1","channel_id":"D1","thread_ts":"2.1"}}}`,
			Event{Key: "T1/assistant/Ev8", Kind: Assistant, Team: "T1", User: "U1", Channel: "D1", ChannelType: "im", Thread: "2.1"}, nil},
		{"an edit asks nothing", `{"team_id":"T1","event":{"type":"message","subtype":"message_changed","ts":"1.1","channel":"C1"}}`, Event{}, errIgnored},
		{"an event of another kind", `{"team_id":"T1","event":{"type":"reaction_added","user":"U1"}}`, Event{}, errIgnored},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := parseEvents([]byte(c.in))
			if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if diff := cmp.Diff(c.want, got); err == nil && diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, err := parseEvents([]byte(`{"team_id":"T1","event":{"type":"app_mention","user":"U1"}}`)); err == nil || errors.Is(err, errIgnored) {
		t.Errorf("a mention without channel and ts: error %v; want one that says so", err)
	}
}

func TestParseInteraction(t *testing.T) {
	button := `{"type":"block_actions","team":{"id":"T1"},"user":{"id":"U1","team_id":"T1"},"trigger_id":"tr","response_url":"https://hooks/x",
		"container":{"type":"message","message_ts":"5.1","thread_ts":"4.1","channel_id":"C1","is_ephemeral":true},"channel":{"id":"C1"},
		"actions":[{"action_id":"sql","action_ts":"9.9","value":"Q-7F3K2M"}]}`
	got, err := parseInteraction([]byte(button))
	want := Event{Key: "T1/press/U1/C1/5.1/sql/9.9", Kind: Press, Team: "T1", User: "U1", Channel: "C1", TS: "5.1", Thread: "4.1", Trigger: "tr", Respond: "https://hooks/x",
		ActionID: "sql", Value: "Q-7F3K2M", Ephemeral: true}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	menu := `{"type":"block_actions","team":{"id":"T1"},"user":{"id":"U1"},"view":{"type":"home","id":"V1"},"trigger_id":"tr",
		"actions":[{"action_id":"more","action_ts":"9.9","selected_option":{"value":"csv|Q-7F3K2M"}}]}`
	if got, err = parseInteraction([]byte(menu)); err != nil || got.Value != "csv|Q-7F3K2M" || !got.FromHome {
		t.Errorf("a menu in App Home: %+v, %v", got, err)
	}
	shortcut := `{"type":"message_action","callback_id":"explain_here","team":{"id":"T1"},"user":{"id":"U1"},"channel":{"id":"C1"},"message":{"ts":"3.3","text":"NAT again"},"action_ts":"8.8","trigger_id":"tr"}`
	if got, err = parseInteraction([]byte(shortcut)); err != nil || got.Kind != Shortcut || got.Text != "NAT again" || got.Key != "T1/shortcut/U1/C1/3.3/8.8" {
		t.Errorf("a shortcut: %+v, %v", got, err)
	}
	modal := `{"type":"view_submission","team":{"id":"T1"},"user":{"id":"U1"},"trigger_id":"tr","view":{"type":"modal","id":"V1","hash":"7.a","callback_id":"expected","private_metadata":"I-7F3K2M",
		"state":{"values":{"until":{"x":{"type":"datepicker","selected_date":"2026-12-24"}},"why":{"x":{"type":"plain_text_input","value":"load test"}},"how":{"x":{"selected_option":{"value":"always"}}},
		"who":{"x":{"selected_users":["U1","U2"]}},"empty":{"x":{"type":"plain_text_input","value":null}},"none":{"x":{"selected_option":null}}}}}}`
	got, err = parseInteraction([]byte(modal))
	want = Event{Key: "T1/submit/U1/V1/7.a", Kind: Submit, Team: "T1", User: "U1", Trigger: "tr", Callback: "expected", Meta: "I-7F3K2M", FromModal: true,
		Inputs: map[string]string{"until": "2026-12-24", "why": "load test", "how": "always", "who": "U1,U2"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if _, err = parseInteraction([]byte(`{"type":"view_closed"}`)); !errors.Is(err, errIgnored) {
		t.Errorf("a modal that was closed: %v", err)
	}
	if _, err = parseInteraction([]byte(`{"type":"view_submission"}`)); err == nil || errors.Is(err, errIgnored) {
		t.Errorf("a submission of no view: %v; want an error that says so", err)
	}
}

// TestCommandReadsTheSame: a command is one event whether it comes as a form or over the socket.
func TestCommandReadsTheSame(t *testing.T) {
	f := url.Values{"team_id": {"T1"}, "user_id": {"U1"}, "channel_id": {"C1"}, "text": {"top 5 services"}, "trigger_id": {"tr"}, "response_url": {"https://hooks/x"}}
	form, err := parseCommand(f)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]string{}
	for k := range f {
		m[k] = f.Get(k)
	}
	b, _ := json.Marshal(m)
	socket, err := parseCommandJSON(b)
	if diff := cmp.Diff(form, socket); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

// FuzzParse: whatever arrives is an event with a key, an error, or nothing for us; never a panic.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"type":"event_callback","team_id":"T1","event":{"type":"app_mention","user":"U1","text":"hi","ts":"1.1","channel":"C1"}}`))
	f.Add([]byte(`{"type":"block_actions","actions":[{"action_id":"a"}],"user":{"id":"U"}}`))
	f.Add([]byte(`{"team_id":"T1","user_id":"U1","channel_id":"C1","trigger_id":"x","text":null}`))
	f.Add([]byte(`{"event":{"assistant_thread":[]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, parse := range []func([]byte) (Event, error){parseEvents, parseInteraction, parseCommandJSON} {
			if e, err := parse(b); err == nil && (e.Key == "" || e.Kind == "") {
				t.Errorf("an event without key or kind: %+v", e)
			}
		}
	})
}

func TestParseReaction(t *testing.T) {
	raw := func(kind string) []byte {
		return []byte(`{"type":"event_callback","team_id":"T1","event_id":"Ev1","event":{"type":"` + kind + `","user":"U1","reaction":"pushpin","item_user":"U2",
			"item":{"type":"message","channel":"C1","ts":"3.3"},"event_ts":"9.1"}}`)
	}
	on, err := parseEvents(raw("reaction_added"))
	want := Event{Key: "T1/reaction/C1/3.3/U1/pushpin/9.1/reaction_added", Kind: Reaction, Team: "T1", User: "U1", Channel: "C1", TS: "3.3", Emoji: "pushpin", When: "9.1"}
	if diff := cmp.Diff(want, on); err != nil || diff != "" {
		t.Error(err, diff)
	}
	off, err := parseEvents(raw("reaction_removed"))
	if err != nil || !off.Off || off.Key == on.Key || off.Root() != on.Root() {
		t.Errorf("taken off: %+v, %v", off, err)
	}
	if _, err := parseEvents([]byte(`{"team_id":"T1","event":{"type":"reaction_added","user":"U1","reaction":"eyes","item":{"type":"file","file":"F1"},"event_ts":"9.1"}}`)); !errors.Is(err, errIgnored) {
		t.Errorf("a reaction on a file: %v", err)
	}
}
