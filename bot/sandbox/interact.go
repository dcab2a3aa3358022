package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// trigger is the right to open one view for a person who just did something.
type trigger struct {
	user string
	at   time.Time
	used bool
}

func (s *Sandbox) newTrigger(user string) string {
	s.serial++
	id := fmt.Sprintf("%d.%d.%s", 1_000_000_000_000+s.serial, 9_000_000_000+s.serial, tail(s.serial))
	s.triggers[id] = &trigger{user: user, at: s.now()}
	return id
}

// tail makes ids look unlike counters without being random.
func tail(n int) string { return fmt.Sprintf("%016x", uint64(n)*0x9e3779b97f4a7c15) }

// trigger looks up a trigger_id that may still be used.
func (s *Sandbox) trigger(id string) (*trigger, error) {
	t := s.triggers[id]
	switch {
	case id == "":
		return nil, refuse("invalid_arguments", "[ERROR] missing required field: trigger_id")
	case t == nil:
		return nil, refuse("invalid_trigger_id")
	case t.used:
		return nil, refuse("exchanged_trigger_id")
	case s.now().Sub(t.at) > s.timing.Trigger:
		return nil, refuse("expired_trigger_id")
	}
	return t, nil
}

// person is the user object of interactions.
func (s *Sandbox) person(u *User) map[string]any {
	return map[string]any{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": u.Team}
}

// interaction is what all interaction payloads share.
func (s *Sandbox) interaction(kind string, u *User) map[string]any {
	return map[string]any{"type": kind, "token": s.app.VerificationToken, "api_app_id": s.app.ID, "user": s.person(u), "enterprise": nil,
		"is_enterprise_install": false, "team": map[string]any{"id": s.team.ID, "domain": s.team.Domain}, "trigger_id": s.newTrigger(u.ID)}
}

func (r *room) wireName() string {
	switch {
	case r.im != "":
		return "directmessage"
	case r.Private:
		return "privategroup"
	}
	return r.Name
}

// pressed is what a person did to one element.
type pressed struct {
	actionID, blockID, value string
	selected                 []string // option values, ids, dates; taken instead of value where the element selects
}

// element finds what was pressed among blocks, as the person would have to see it.
func element(blocks []any, p pressed) (block, el map[string]any, err error) {
	known := false
	for _, b := range blocks {
		o, ok := b.(map[string]any)
		if !ok || p.blockID != "" && o["block_id"] != p.blockID {
			continue
		}
		walk(o, func(x map[string]any) {
			if el != nil || x["action_id"] != p.actionID {
				return
			}
			known = true
			if offers(x, p) {
				block, el = o, x
			}
		})
	}
	switch {
	case el != nil:
		return block, el, nil
	case known:
		return nil, nil, fmt.Errorf("the element %q is there but does not offer %q", p.actionID, p.chosen())
	}
	return nil, nil, fmt.Errorf("no element has the action id %q", p.actionID)
}

func (p pressed) chosen() []string {
	if len(p.selected) > 0 {
		return p.selected
	}
	if p.value != "" {
		return []string{p.value}
	}
	return nil
}

// offers tells whether an element can be pressed with these values.
func offers(el map[string]any, p pressed) bool {
	switch el["type"] {
	case "button", "icon_button", "workflow_button":
		v, _ := el["value"].(string)
		return p.value == v || p.value == "" && len(p.selected) == 0
	case "feedback_buttons":
		return verdict(el, p.value) != nil
	}
	options := optionsOf(el)
	if len(options) == 0 { // text, dates, users: anything goes
		return true
	}
	for _, v := range p.chosen() {
		if option(options, v) == nil {
			return false
		}
	}
	return true
}

func verdict(el map[string]any, value string) map[string]any {
	for _, key := range []string{"positive_button", "negative_button"} {
		if b, ok := el[key].(map[string]any); ok && b["value"] == value {
			return b
		}
	}
	return nil
}

// optionsOf lists the options of a select, overflow, radio or checkbox element, those in groups too.
func optionsOf(el map[string]any) []any {
	options, _ := el["options"].([]any)
	groups, _ := el["option_groups"].([]any)
	for _, g := range groups {
		if o, ok := g.(map[string]any); ok {
			more, _ := o["options"].([]any)
			options = append(slices.Clone(options), more...)
		}
	}
	return options
}

func option(options []any, value string) any {
	for _, o := range options {
		if m, ok := o.(map[string]any); ok && m["value"] == value {
			return m
		}
	}
	return nil
}

// state is an element's value in the form in which Slack reports it, in actions and in view.state.values.
func state(el map[string]any, p pressed) map[string]any {
	kind, _ := el["type"].(string)
	o := map[string]any{"type": kind}
	chosen := p.chosen()
	first := any(nil)
	if len(chosen) > 0 {
		first = chosen[0]
	}
	list := func() []any {
		out := []any{}
		for _, v := range chosen {
			out = append(out, v)
		}
		return out
	}
	switch kind {
	case "static_select", "external_select", "overflow", "radio_buttons":
		o["selected_option"] = nil
		if len(chosen) > 0 {
			if o["selected_option"] = option(optionsOf(el), chosen[0]); o["selected_option"] == nil {
				o["selected_option"] = map[string]any{"text": map[string]any{"type": "plain_text", "text": chosen[0]}, "value": chosen[0]}
			}
		}
	case "multi_static_select", "multi_external_select", "checkboxes":
		picked := []any{}
		for _, v := range chosen {
			if x := option(optionsOf(el), v); x != nil {
				picked = append(picked, x)
			}
		}
		o["selected_options"] = picked
	case "users_select":
		o["selected_user"] = first
	case "conversations_select":
		o["selected_conversation"] = first
	case "channels_select":
		o["selected_channel"] = first
	case "multi_users_select":
		o["selected_users"] = list()
	case "multi_conversations_select":
		o["selected_conversations"] = list()
	case "multi_channels_select":
		o["selected_channels"] = list()
	case "datepicker":
		o["selected_date"] = first
	case "timepicker":
		o["selected_time"] = first
	case "datetimepicker":
		o["selected_date_time"] = nil
		if len(chosen) > 0 {
			if n, err := strconv.ParseInt(chosen[0], 10, 64); err == nil {
				o["selected_date_time"] = n
			}
		}
	case "button", "icon_button", "workflow_button":
		v, _ := el["value"].(string)
		o["value"] = v
	default:
		o["value"] = first
	}
	return o
}

// action is one entry of "actions".
func (s *Sandbox) action(block, el map[string]any, p pressed) map[string]any {
	o := state(el, p)
	o["action_id"], o["block_id"], o["action_ts"] = el["action_id"], block["block_id"], s.stamp()
	for _, key := range []string{"text", "placeholder", "style"} {
		if v, ok := el[key]; ok {
			o[key] = v
		}
	}
	if b := verdict(el, p.value); b != nil {
		o["text"] = b["text"]
	}
	return o
}

// press sends block_actions for an element of a message.
func (s *Sandbox) press(u *User, r *room, m *message, p pressed) error {
	block, el, err := element(m.blocks, p)
	if err != nil {
		return fmt.Errorf("message %s of %s: %w", m.ts, r.ID, err)
	}
	o := s.interaction("block_actions", u)
	action := s.action(block, el, p)
	container := map[string]any{"type": "message", "message_ts": m.ts, "channel_id": r.ID, "is_ephemeral": m.recipient != ""}
	if m.thread != "" {
		container["thread_ts"] = m.thread
	}
	o["container"], o["channel"], o["actions"] = container, map[string]any{"id": r.ID, "name": r.wireName()}, []any{action}
	o["response_url"], o["state"] = s.newResponseURL(u.ID, r.ID, m), map[string]any{"values": map[string]any{}}
	if m.recipient == "" { // Slack does not send along what only one person saw
		o["message"] = s.wire(m, true)
	}
	s.interact(o, u, fmt.Sprintf("%s/press/%s/%s/%s", s.team.ID, r.ID, m.ts, action["action_ts"]), notice{Channel: r.ID, TS: m.ts})
	return nil
}

// pressView sends block_actions for an element of a modal or a home.
func (s *Sandbox) pressView(u *User, v *view, p pressed) error {
	block, el, err := element(v.blocks(), p)
	if err != nil {
		return fmt.Errorf("view %s: %w", v.id, err)
	}
	o := s.interaction("block_actions", u)
	action := s.action(block, el, p)
	w := v.wire(s, nil)
	o["container"], o["view"], o["actions"], o["state"] = map[string]any{"type": "view", "view_id": v.id}, w, []any{action}, w["state"]
	s.interact(o, u, fmt.Sprintf("%s/press/%s/%s", s.team.ID, v.id, action["action_ts"]), notice{View: v.id})
	return nil
}

// interact sends an interaction. Nothing depends on what its ack carries.
func (s *Sandbox) interact(o map[string]any, u *User, key string, about notice) {
	typ, _ := o["type"].(string)
	done := about
	done.Type = "acked"
	about.Type = "failed"
	s.send(&envelope{kind: "interactive", typ: typ, key: key, payload: encode(o), accepts: true,
		answer: func(json.RawMessage) { s.show(u.ID, done) },
		failed: func(string) { s.show(u.ID, about) }})
}

// submit sends view_submission and does with the modal what the app answers.
func (s *Sandbox) submit(u *User, v *view, values map[string]map[string]any) (map[string]string, error) {
	filled, missing := fill(v.blocks(), values)
	if len(missing) > 0 { // Slack's client does not send it off
		v.errors = missing
		s.show(u.ID, notice{Type: "modal"})
		return missing, nil
	}
	o := s.interaction("view_submission", u)
	o["view"], o["response_urls"] = v.wire(s, filled), []any{}
	v.busy, v.errors = true, nil
	s.show(u.ID, notice{Type: "modal"})
	s.send(&envelope{kind: "interactive", typ: "view_submission", key: s.team.ID + "/view/" + v.id + "/" + v.hash, payload: encode(o), accepts: true,
		answer: func(data json.RawMessage) {
			if s.views[v.id] != v { // closed meanwhile
				return
			}
			v.busy = false
			if err := s.respondToSubmission(u, v, data); err != nil {
				s.log.Warn("the app's answer to a submission was refused", "view", v.id, "error", err)
				v.errors = map[string]string{"": "We had some trouble connecting. Try again?"}
			}
			s.show(u.ID, notice{Type: "modal"})
		},
		failed: func(string) {
			v.busy = false
			v.errors = map[string]string{"": "We had some trouble connecting. Try again?"}
			s.show(u.ID, notice{Type: "modal"})
		}})
	return nil, nil
}

// respondToSubmission carries out response_action: nothing closes the view, errors are shown in it, update and push bring
// another one, clear closes all.
func (s *Sandbox) respondToSubmission(u *User, v *view, data json.RawMessage) error {
	var answer struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   json.RawMessage   `json:"view"`
	}
	if len(data) > 0 {
		if err := json.Unmarshal(data, &answer); err != nil {
			return fmt.Errorf("not a JSON object: %w", err)
		}
	}
	switch answer.Action {
	case "":
		if s.shown(u.ID) == v {
			s.pop(u.ID)
		}
	case "clear":
		s.clearModals(u.ID)
	case "errors":
		if len(answer.Errors) == 0 {
			return fmt.Errorf("response_action errors without errors")
		}
		for id := range answer.Errors {
			if !slices.ContainsFunc(v.blocks(), func(b any) bool {
				o, ok := b.(map[string]any)
				return ok && o["type"] == "input" && o["block_id"] == id
			}) {
				return fmt.Errorf("errors name %q, which is no input block of the view", id)
			}
		}
		v.errors = answer.Errors
	case "update", "push":
		fields, err := checkView(string(answer.View), "modal")
		if err != nil {
			return err
		}
		if answer.Action == "update" {
			v.fields = fields
			s.refresh(v)
			return nil
		}
		next, err := s.newView(u.ID, fields)
		if err != nil {
			return err
		}
		return s.stack(next, true)
	default:
		return fmt.Errorf("unknown response_action %q", answer.Action)
	}
	return nil
}

// fill turns what a person entered, by block and action, into view.state.values. Values are strings, lists of strings, or
// objects in Slack's own form. Required inputs left empty are returned with what the client says of them.
func fill(blocks []any, values map[string]map[string]any) (filled map[string]any, missing map[string]string) {
	filled, missing = map[string]any{}, map[string]string{}
	for _, b := range blocks {
		block, ok := b.(map[string]any)
		if !ok {
			continue
		}
		id, _ := block["block_id"].(string)
		walk(block, func(el map[string]any) {
			kind, _ := el["type"].(string)
			if !interactive[kind] || kind == "button" || kind == "overflow" {
				return
			}
			action, _ := el["action_id"].(string)
			given, entered := values[id][action]
			if !entered {
				given = initial(el)
			}
			var value map[string]any
			if own, ok := given.(map[string]any); ok {
				value = maps.Clone(own)
				value["type"] = kind
			} else {
				value = state(el, pressed{selected: texts(given)})
			}
			if optional, _ := block["optional"].(bool); block["type"] == "input" && !optional && len(texts(given)) == 0 {
				if _, own := given.(map[string]any); !own {
					missing[id] = "Please complete this required field."
				}
			}
			at, _ := filled[id].(map[string]any)
			if at == nil {
				at = map[string]any{}
				filled[id] = at
			}
			at[action] = value
		})
	}
	return filled, missing
}

// initial is what an element shows before anybody touches it.
func initial(el map[string]any) any {
	value := func(o any) any {
		if m, ok := o.(map[string]any); ok {
			return m["value"]
		}
		return nil
	}
	for _, key := range []string{"initial_value", "initial_user", "initial_channel", "initial_conversation", "initial_date", "initial_time",
		"initial_users", "initial_channels", "initial_conversations"} {
		if v, ok := el[key]; ok {
			return v
		}
	}
	if o, ok := el["initial_option"]; ok {
		return value(o)
	}
	if list, ok := el["initial_options"].([]any); ok {
		out := []any{}
		for _, o := range list {
			out = append(out, value(o))
		}
		return out
	}
	return nil
}

// texts reads a value given as a string, a number or a list of them; empty texts are no value.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		if v != "" {
			return []string{v}
		}
	case json.Number:
		return []string{v.String()}
	case float64:
		return []string{strconv.FormatFloat(v, 'f', -1, 64)}
	case bool:
		return []string{strconv.FormatBool(v)}
	case []string:
		return v
	case []any:
		var out []string
		for _, x := range v {
			out = append(out, texts(x)...)
		}
		return out
	}
	return nil
}

// closeView takes a modal off the screen and tells the app if it wants to know.
func (s *Sandbox) closeView(u *User, v *view) {
	cleared := v.flag("clear_on_close")
	closing := []*view{v}
	if cleared {
		closing = slices.Clone(s.modals[u.ID])
		s.clearModals(u.ID)
	} else {
		s.pop(u.ID)
	}
	for _, x := range closing {
		if !x.flag("notify_on_close") {
			continue
		}
		o := s.interaction("view_closed", u)
		delete(o, "trigger_id")
		o["view"], o["is_cleared"] = x.wire(s, nil), cleared
		s.interact(o, u, s.team.ID+"/closed/"+x.id, notice{View: x.id})
	}
}
