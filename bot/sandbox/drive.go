package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// errRefused is what a person cannot do.
func errRefused(format string, a ...any) error { return fmt.Errorf("sandbox: "+format, a...) }

// actor finds somebody who can act: by id or handle, not deactivated.
func (s *Sandbox) actor(name string) (*User, error) {
	u := s.userNamed(name)
	switch {
	case u == nil:
		return nil, errRefused("there is no user %q", name)
	case u.Deleted:
		return nil, errRefused("%s is deactivated and can do nothing", u.RealName)
	}
	return u, nil
}

// placeOf finds a channel that somebody sees: by id, by #name, or as CHANNEL:TS an assistant thread; "" and "dm" are the
// direct message with the app. The second result is the thread that the name stands for.
func (s *Sandbox) placeOf(u *User, name string) (*room, string, error) {
	if name == "" || name == "dm" {
		if u.Stranger || u.Bot {
			return nil, "", errRefused("%s cannot write to the app directly", u.RealName)
		}
		return s.direct(u.ID), "", nil
	}
	channel, thread, _ := strings.Cut(name, ":")
	r := s.roomNamed(channel)
	if r == nil || !s.sees(u.ID, r) {
		return nil, "", errRefused("%s sees no channel %q", u.RealName, name)
	}
	return r, thread, nil
}

// actorIn finds a person and a channel that they see, as [Sandbox.placeOf] names it.
func (s *Sandbox) actorIn(user, channel string) (*User, *room, error) {
	u, err := s.actor(user)
	if err != nil {
		return nil, nil, err
	}
	r, _, err := s.placeOf(u, channel)
	return u, r, err
}

// Post says something as a person, in a channel (id or #name; "dm" is the direct message with the app), in a thread if one
// is given, and returns the message's timestamp. The text is in Slack's form; @names and #names are linked. It returns ""
// where the person could not have said it; Say tells why.
func (s *Sandbox) Post(user, channel, thread, text string) (ts string) {
	ts, err := s.Say(user, channel, thread, text)
	if err != nil {
		s.log.Error("nothing was posted", "error", err)
	}
	return ts
}

// Say is Post with the reason where nothing was said.
func (s *Sandbox) Say(user, channel, thread, text string) (ts string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.actor(user)
	if err != nil {
		return "", err
	}
	r, own, err := s.placeOf(u, channel)
	if err != nil {
		return "", err
	}
	if thread == "" {
		thread = own
	}
	switch {
	case strings.TrimSpace(text) == "":
		return "", errRefused("an empty message cannot be sent")
	case r.Archived:
		return "", errRefused("#%s is archived", r.Name)
	case !r.has(u.ID):
		return "", errRefused("%s is not a member of #%s", u.RealName, r.Name)
	}
	if thread != "" {
		m := r.byTS[thread]
		if m == nil {
			return "", errRefused("there is no message %s in %s", thread, r.ID)
		}
		thread = m.root()
	}
	text = s.link(text)
	m := &message{ts: s.stamp(), thread: thread, user: u.ID, text: text, clientID: fmt.Sprintf("%08x-sandbox", s.serial)}
	if u.Bot {
		m.botID, m.subtype, m.clientID = u.BotID, "bot_message", ""
	} else {
		m.blocks = s.rich(text)
	}
	s.post(r, m)
	if !r.has(s.app.BotUser) && mentions(text, s.app.BotUser) {
		s.slackbot(r, u, thread, fmt.Sprintf("You mentioned <@%s>, but they're not in this channel. Type `/invite @%s` to let them in.",
			s.app.BotUser, s.users[s.app.BotUser].Name))
	}
	return m.ts, nil
}

// slackbot tells one person something.
func (s *Sandbox) slackbot(r *room, u *User, thread, text string) {
	s.whisper(r, u.ID, &message{ts: s.stamp(), user: Slackbot, thread: thread, text: text})
}

// Edit changes what a person said before. Slack sends message_changed, and app_mention if the app was not named before.
func (s *Sandbox) Edit(user, channel, ts, text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, r, err := s.actorIn(user, channel)
	if err != nil {
		return err
	}
	m := r.byTS[ts]
	if m == nil || m.user != u.ID {
		return errRefused("%s said nothing at %s in %s", u.RealName, ts, r.ID)
	}
	text = s.link(text)
	before := mentions(m.text, s.app.BotUser)
	s.edit(r, m, content{text: text, blocks: s.rich(text)})
	if !before {
		s.mentioned(r, m)
	}
	return nil
}

// Delete takes away what a person said.
func (s *Sandbox) Delete(user, channel, ts string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, r, err := s.actorIn(user, channel)
	if err != nil {
		return err
	}
	m := r.byTS[ts]
	if m == nil || m.user != u.ID {
		return errRefused("%s said nothing at %s in %s", u.RealName, ts, r.ID)
	}
	s.remove(m)
	return nil
}

// Command sends the app's slash command with a text, as typed in a channel.
func (s *Sandbox) Command(user, channel, text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.actor(user)
	if err != nil {
		return err
	}
	r, _, err := s.placeOf(u, channel)
	switch {
	case err != nil:
		return err
	case s.app.Command == "" || !slices.Contains(s.app.Scopes, "commands"):
		return errRefused("the app has no slash command")
	case u.Bot:
		return errRefused("bots have no slash commands")
	case u.Stranger:
		return errRefused("%s is of another workspace, where %s does not exist", u.RealName, s.app.Command)
	case !r.has(u.ID):
		return errRefused("%s is not a member of #%s", u.RealName, r.Name)
	}
	trigger := s.newTrigger(u.ID)
	answerURL := s.newResponseURL(u.ID, r.ID, nil)
	to := &responseURL{user: u.ID, channel: r.ID}
	payload := map[string]string{"token": s.app.VerificationToken, "team_id": s.team.ID, "team_domain": s.team.Domain, "channel_id": r.ID,
		"channel_name": r.wireName(), "user_id": u.ID, "user_name": u.Name, "command": s.app.Command, "text": text, "api_app_id": s.app.ID,
		"is_enterprise_install": "false", "response_url": answerURL, "trigger_id": trigger}
	s.send(&envelope{kind: "slash_commands", typ: s.app.Command, key: s.team.ID + "/command/" + trigger, payload: encode(payload), accepts: true,
		answer: func(data json.RawMessage) {
			if len(data) == 0 || string(data) == "null" {
				return
			}
			a, err := answerArgs(data)
			if err == nil && a["text"] == "" && a["blocks"] == "" && a["attachments"] == "" {
				return
			}
			if err == nil {
				err = s.answerTo(to, a)
			}
			if err != nil {
				s.log.Warn("the app's answer to a command was refused", "error", err)
				s.slackbot(r, u, "", fmt.Sprintf("%s failed with the error \"invalid_command_response\"", s.app.Command))
			}
		},
		failed: func(why string) {
			code := "operation_timeout"
			if why == "no socket" || why == "connection_failed" || why == "http_error" {
				code = "dispatch_failed"
			}
			s.slackbot(r, u, "", fmt.Sprintf("%s failed with the error \"%s\"", s.app.Command, code))
		}})
	return nil
}

// Invite makes somebody, or the app, a member of a channel.
func (s *Sandbox) Invite(user, channel, invited string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, r, err := s.actorIn(user, channel)
	if err != nil {
		return err
	}
	v, err := s.actor(invited)
	switch {
	case err != nil:
		return err
	case r.im != "" || !r.has(u.ID):
		return errRefused("%s cannot invite anybody to %s", u.RealName, r.ID)
	case r.has(v.ID):
		return errRefused("%s is in #%s already", v.RealName, r.Name)
	case v.Guest || v.Stranger && !r.Shared:
		return errRefused("%s cannot be invited to #%s", v.RealName, r.Name)
	}
	s.enter(r, v.ID, u.ID)
	return nil
}

// Press presses an element of a message that the person sees, found by its action id. The value is a button's, or the value
// of the option, user, channel or date chosen; for a button it may be left empty where only one has the action id.
func (s *Sandbox) Press(user, channel, ts, actionID, value string) error {
	return s.pressMessage(user, channel, ts, pressed{actionID: actionID, value: value})
}

func (s *Sandbox) pressMessage(user, channel, ts string, p pressed) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, r, err := s.actorIn(user, channel)
	if err != nil {
		return err
	}
	m := r.byTS[ts]
	for _, e := range s.ephemeral[u.ID] {
		if e.ts == ts && e.channel == r.ID {
			m = e
		}
	}
	if m == nil {
		return errRefused("%s sees no message %s in %s", u.RealName, ts, r.ID)
	}
	return s.press(u, r, m, p)
}

// PressView presses an element of an open modal or of the person's App Home.
func (s *Sandbox) PressView(user, viewID, actionID, value string) error {
	return s.pressIn(user, viewID, pressed{actionID: actionID, value: value})
}

func (s *Sandbox) pressIn(user, viewID string, p pressed) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, v, err := s.seenView(user, viewID)
	if err != nil {
		return err
	}
	return s.pressView(u, v, p)
}

// seenView finds a view on a person's screen.
func (s *Sandbox) seenView(user, viewID string) (*User, *view, error) {
	u, err := s.actor(user)
	if err != nil {
		return nil, nil, err
	}
	v := s.views[viewID]
	if v == nil || v.user != u.ID {
		return nil, nil, errRefused("%s sees no view %q", u.RealName, viewID)
	}
	return u, v, nil
}

// Shortcut runs a shortcut: of a message, or a global one, for which channel and ts are empty.
func (s *Sandbox) Shortcut(user, callbackID, channel, ts string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.actor(user)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(s.app.Shortcuts, func(c Shortcut) bool { return c.CallbackID == callbackID })
	switch {
	case i < 0:
		return errRefused("the app has no shortcut %q", callbackID)
	case u.Stranger || u.Bot:
		return errRefused("%s has no shortcuts of the app", u.RealName)
	}
	if s.app.Shortcuts[i].Global {
		o := s.interaction("shortcut", u)
		o["callback_id"], o["action_ts"] = callbackID, s.stamp()
		s.interact(o, u, s.team.ID+"/shortcut/"+o["trigger_id"].(string), notice{})
		return nil
	}
	r, _, err := s.placeOf(u, channel)
	if err != nil {
		return err
	}
	m := r.byTS[ts]
	if m == nil {
		return errRefused("there is no message %s in %s", ts, r.ID)
	}
	o := s.interaction("message_action", u)
	o["callback_id"], o["action_ts"], o["message_ts"], o["message"] = callbackID, s.stamp(), m.ts, s.wire(m, false)
	o["channel"] = map[string]any{"id": r.ID, "name": r.wireName()}
	o["response_url"] = s.newResponseURL(u.ID, r.ID, nil)
	s.interact(o, u, s.team.ID+"/shortcut/"+o["trigger_id"].(string), notice{Channel: r.ID, TS: m.ts})
	return nil
}

// OpenHome opens the app's home tab as a person does.
func (s *Sandbox) OpenHome(user string) error { return s.openApp(user, "home") }

// OpenMessages opens the direct message with the app: app_home_opened with tab "messages".
func (s *Sandbox) OpenMessages(user string) error { return s.openApp(user, "messages") }

func (s *Sandbox) openApp(user, tab string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.actor(user)
	if err != nil {
		return err
	}
	if u.Stranger || u.Bot {
		return errRefused("%s has no access to the app's home", u.RealName)
	}
	s.homeOpened(u.ID, tab)
	return nil
}

// OpenAssistant opens a new thread in the assistant container, seen from a channel ("" for none with OpenAssistantFrom). It
// returns the direct message and the thread; both "" where the person has no access to the app.
func (s *Sandbox) OpenAssistant(user string) (channel, thread string) {
	channel, thread, err := s.OpenAssistantFrom(user, "")
	if err != nil {
		s.log.Error("no assistant thread was opened", "error", err)
	}
	return channel, thread
}

// OpenAssistantFrom is OpenAssistant while a channel is on the screen: the app is told which.
func (s *Sandbox) OpenAssistantFrom(user, viewing string) (channel, thread string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.actor(user)
	if err != nil {
		return "", "", err
	}
	if u.Stranger || u.Bot {
		return "", "", errRefused("%s has no access to the app", u.RealName)
	}
	seen := ""
	if viewing != "" {
		r, _, err := s.placeOf(u, viewing)
		if err != nil {
			return "", "", err
		}
		seen = r.ID
	}
	r := s.direct(u.ID)
	m := &message{ts: s.stamp(), user: s.app.BotUser, botID: s.app.BotID, appID: s.app.ID, subtype: "assistant_app_thread", text: "New assistant thread"}
	s.keep(r, m)
	a := &assistant{user: u.ID, channel: r.ID, ts: m.ts, title: "New chat", context: seen}
	s.assistants[r.ID+":"+m.ts] = a
	s.show(u.ID, notice{Type: "channel", Channel: r.ID + ":" + m.ts})
	s.assistantEvent("assistant_thread_started", a)
	return r.ID, m.ts, nil
}

// MoveTo puts another channel on the screen beside an open assistant thread: assistant_thread_context_changed.
func (s *Sandbox) MoveTo(user, thread, viewing string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.actor(user)
	if err != nil {
		return err
	}
	a := s.assistants[s.direct(u.ID).ID+":"+thread]
	if a == nil {
		return errRefused("%s has no assistant thread %s", u.RealName, thread)
	}
	r, _, err := s.placeOf(u, viewing)
	if err != nil {
		return err
	}
	a.context = r.ID
	s.assistantEvent("assistant_thread_context_changed", a)
	return nil
}

// ErrIncomplete is what SubmitView returns when a required input is empty: the client does not send such a view.
var ErrIncomplete = errors.New("sandbox: a required input is empty")

// SubmitView submits the modal on a person's screen. Values are by block id and action id: a string, a list of strings, or an
// object in the form of view.state.values; inputs not named keep what they show. It does not wait for the app's answer.
func (s *Sandbox) SubmitView(user, viewID string, values map[string]map[string]any) error {
	missing, err := s.submitView(user, viewID, values)
	if err == nil && len(missing) > 0 {
		err = ErrIncomplete
	}
	return err
}

func (s *Sandbox) submitView(user, viewID string, values map[string]map[string]any) (map[string]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, v, err := s.seenView(user, viewID)
	switch {
	case err != nil:
		return nil, err
	case s.shown(u.ID) != v:
		return nil, errRefused("the view %s is not on top", viewID)
	case v.busy:
		return nil, errRefused("the view %s is being submitted", viewID)
	}
	return s.submit(u, v, values)
}

// CloseView closes the modal on a person's screen.
func (s *Sandbox) CloseView(user, viewID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, v, err := s.seenView(user, viewID)
	if err != nil {
		return err
	}
	if s.shown(u.ID) != v {
		return errRefused("the view %s is not on top", viewID)
	}
	s.closeView(u, v)
	return nil
}
