package sandbox

import (
	"encoding/json"
	"net/http"
	"strings"
)

func read(r *http.Request, into any) error {
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		return &refusedError{http.StatusBadRequest, "the body is not the JSON that is expected: " + err.Error()}
	}
	return nil
}

// escape writes what was typed in Slack's form.
var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func (s *Sandbox) appPost(r *http.Request, u *User) (map[string]any, error) {
	var in struct{ Channel, Thread, Text string }
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if u.Bot {
		return nil, errRefused("%s is a bot", u.RealName)
	}
	word, rest, _ := strings.Cut(strings.TrimSpace(in.Text), " ")
	switch {
	case word == s.app.Command:
		return nil, s.Command(u.ID, in.Channel, strings.TrimSpace(rest))
	case word == "/invite":
		return nil, s.Invite(u.ID, in.Channel, strings.TrimSpace(rest))
	case strings.HasPrefix(word, "/") && len(word) > 1 && !strings.Contains(word[1:], "/"):
		return nil, errRefused("%s is not a command here; there are %s and /invite", word, s.app.Command)
	}
	ts, err := s.Say(u.ID, in.Channel, in.Thread, escape.Replace(in.Text))
	return map[string]any{"ts": ts}, err
}

func (s *Sandbox) appPress(r *http.Request, u *User) (map[string]any, error) {
	var in struct {
		Channel, TS, Value string
		BlockID            string `json:"block_id"`
		ActionID           string `json:"action_id"`
		ViewID             string `json:"view_id"`
		Selected           any
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	p := pressed{actionID: in.ActionID, blockID: in.BlockID, value: in.Value}
	switch chosen := in.Selected.(type) {
	case map[string]any:
		p.selected = texts(chosen["value"])
	case []any:
		for _, x := range chosen {
			if o, ok := x.(map[string]any); ok {
				x = o["value"]
			}
			p.selected = append(p.selected, texts(x)...)
		}
	default:
		p.selected = texts(chosen)
	}
	if in.ViewID != "" {
		return nil, s.pressIn(u.ID, in.ViewID, p)
	}
	return nil, s.pressMessage(u.ID, in.Channel, in.TS, p)
}

func (s *Sandbox) appShortcut(r *http.Request, u *User) (map[string]any, error) {
	var in struct {
		CallbackID  string `json:"callback_id"`
		Channel, TS string
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return nil, s.Shortcut(u.ID, in.CallbackID, in.Channel, in.TS)
}

func (s *Sandbox) appReact(r *http.Request, u *User) (map[string]any, error) {
	var in struct {
		Channel, TS, Name string
		On                bool
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if strings.Trim(in.Name, ":") == "" || strings.ContainsAny(in.Name, " \t\n") {
		return nil, errRefused("%q is no emoji's name", in.Name)
	}
	return nil, s.React(u.ID, in.Channel, in.TS, in.Name, in.On)
}

func (s *Sandbox) appOpen(r *http.Request, u *User) (map[string]any, error) {
	var in struct{ What, Viewing string }
	if err := read(r, &in); err != nil {
		return nil, err
	}
	switch in.What {
	case "home":
		return nil, s.OpenHome(u.ID)
	case "dm":
		if err := s.OpenMessages(u.ID); err != nil {
			return nil, err
		}
		return map[string]any{"channel": s.Direct(u.ID), "thread": ""}, nil
	case "assistant":
		channel, thread, err := s.OpenAssistantFrom(u.ID, in.Viewing)
		if err != nil {
			return nil, err
		}
		return map[string]any{"channel": channel + ":" + thread, "thread": thread}, nil
	}
	return nil, errRefused("what to open is home, assistant or dm, not %q", in.What)
}

func (s *Sandbox) appSubmit(r *http.Request, u *User) (map[string]any, error) {
	var in struct {
		ViewID string `json:"view_id"`
		Values map[string]map[string]any
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	missing, err := s.submitView(u.ID, in.ViewID, in.Values)
	if err != nil {
		return nil, err
	}
	if missing == nil {
		missing = map[string]string{}
	}
	return map[string]any{"ok": len(missing) == 0, "errors": missing}, nil
}

func (s *Sandbox) appClose(r *http.Request, u *User) (map[string]any, error) {
	var in struct {
		ViewID string `json:"view_id"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return nil, s.CloseView(u.ID, in.ViewID)
}
