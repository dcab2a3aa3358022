package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"spendbot/bot/slack/blockkit"
)

// view is a modal or an App Home as Slack keeps it. fields is what the app sent, decoded.
type view struct {
	id, user, hash string
	fields         map[string]any
	root, previous string
	errors         map[string]string // shown at input blocks after a submission
	busy           bool              // a submission is on its way
}

// View is a modal or an App Home as a person sees it.
type View struct {
	ID, Type, CallbackID, Hash string
	Title                      string
	PrivateMetadata            string
	ExternalID                 string
	Root, Previous             string            // ids within the stack of modals
	JSON                       json.RawMessage   // the whole view
	Blocks                     json.RawMessage   // its blocks
	Errors                     map[string]string // by block id, after a refused submission
	Busy                       bool              // the app has not answered a submission yet
}

func (v *view) text(key string) string {
	t, _ := v.fields[key].(string)
	return t
}

func (v *view) flag(key string) bool {
	f, _ := v.fields[key].(bool)
	return f
}

func (v *view) blocks() []any {
	b, _ := v.fields["blocks"].([]any)
	return b
}

// wire is the view as Slack sends it, with the state of its inputs.
func (v *view) wire(s *Sandbox, state map[string]any) map[string]any {
	o := maps.Clone(v.fields)
	if state == nil {
		state = map[string]any{}
	}
	for _, key := range []string{"private_metadata", "callback_id", "external_id"} {
		if _, ok := o[key]; !ok {
			o[key] = ""
		}
	}
	for _, key := range []string{"title", "submit", "close"} {
		if _, ok := o[key]; !ok {
			o[key] = nil
		}
	}
	o["id"], o["team_id"], o["hash"], o["state"] = v.id, s.team.ID, v.hash, map[string]any{"values": state}
	o["app_id"], o["bot_id"], o["app_installed_team_id"], o["root_view_id"] = s.app.ID, s.app.BotID, s.team.ID, v.root
	o["clear_on_close"], o["notify_on_close"] = v.flag("clear_on_close"), v.flag("notify_on_close")
	o["previous_view_id"] = nil
	if v.previous != "" {
		o["previous_view_id"] = v.previous
	}
	return o
}

func (v *view) public(s *Sandbox) *View {
	title := ""
	if t, ok := v.fields["title"].(map[string]any); ok {
		title, _ = t["text"].(string)
	}
	return &View{ID: v.id, Type: v.text("type"), CallbackID: v.text("callback_id"), Hash: v.hash, Title: title,
		PrivateMetadata: v.text("private_metadata"), ExternalID: v.text("external_id"), Root: v.root, Previous: v.previous,
		JSON: encode(v.wire(s, nil)), Blocks: encode(v.blocks()), Errors: maps.Clone(v.errors), Busy: v.busy}
}

// maxStack is how many modals lie upon each other.
const maxStack = 3

// checkView judges a view that the app sent for a place ("modal" or "home") and decodes it.
func checkView(data, kind string) (map[string]any, error) {
	if strings.TrimSpace(data) == "" {
		return nil, refuse("invalid_arguments", "[ERROR] missing required field: view")
	}
	if err := blockkit.View([]byte(data)); err != nil {
		return nil, fromBlockkit(err)
	}
	fields := map[string]any{}
	if err := decode([]byte(data), &fields); err != nil {
		return nil, refuse("invalid_arguments", "[ERROR] failed to parse the view as JSON")
	}
	if got, _ := fields["type"].(string); got != kind {
		return nil, refuse("invalid_arguments", fmt.Sprintf("[ERROR] must be of type: %s [json-pointer:/view/type]", kind))
	}
	return fields, nil
}

func fromBlockkit(err error) error {
	var invalid *blockkit.Invalid
	if errors.As(err, &invalid) {
		return refuse(invalid.Code, invalid.Messages...)
	}
	return refuse("invalid_blocks", "[ERROR] "+err.Error())
}

// newView keeps a view; the caller puts it where it belongs.
func (s *Sandbox) newView(user string, fields map[string]any) (*view, error) {
	v := &view{id: s.id("V"), user: user, fields: fields}
	if other := s.external(v.text("external_id")); other != nil {
		return nil, refuse("duplicate_external_id")
	}
	v.root = v.id
	s.refresh(v)
	s.views[v.id] = v
	return v, nil
}

// refresh gives a view new ids where it has none, and a new hash.
func (s *Sandbox) refresh(v *view) {
	s.identify(v.blocks())
	s.serial++
	v.hash = fmt.Sprintf("%d.%08x", s.now().Unix(), s.serial)
	v.errors, v.busy = nil, false
}

func (s *Sandbox) external(id string) *view {
	if id == "" {
		return nil
	}
	for _, v := range s.views {
		if v.text("external_id") == id {
			return v
		}
	}
	return nil
}

// stack puts a modal on a person's screen: alone, or upon what is there.
func (s *Sandbox) stack(v *view, upon bool) error {
	open := s.modals[v.user]
	if !upon {
		s.clearModals(v.user)
		open = nil
	}
	if len(open) >= maxStack {
		delete(s.views, v.id)
		return refuse("push_limit_reached")
	}
	if len(open) > 0 {
		v.previous, v.root = open[len(open)-1].id, open[0].id
	}
	s.modals[v.user] = append(open, v)
	s.show(v.user, notice{Type: "modal"})
	return nil
}

func (s *Sandbox) clearModals(user string) {
	for _, v := range s.modals[user] {
		delete(s.views, v.id)
	}
	delete(s.modals, user)
	s.show(user, notice{Type: "modal"})
}

// pop closes the topmost modal of a person.
func (s *Sandbox) pop(user string) {
	open := s.modals[user]
	if len(open) == 0 {
		return
	}
	delete(s.views, open[len(open)-1].id)
	s.modals[user] = slices.Clone(open[:len(open)-1])
	s.show(user, notice{Type: "modal"})
}

// shown is the topmost modal of a person.
func (w *workspace) shown(user string) *view {
	open := w.modals[user]
	if len(open) == 0 {
		return nil
	}
	return open[len(open)-1]
}

var viewsAPI = map[string]method{
	"views.open":    {required: []string{"view"}, run: func(c *call) (reply, error) { return c.openView(false) }},
	"views.push":    {required: []string{"view"}, run: func(c *call) (reply, error) { return c.openView(true) }},
	"views.update":  {required: []string{"view"}, run: (*call).updateView},
	"views.publish": {required: []string{"user_id", "view"}, run: (*call).publishView},
}

func (c *call) openView(upon bool) (reply, error) {
	fields, err := checkView(c.args["view"], "modal")
	if err != nil {
		return nil, err
	}
	t, err := c.trigger(c.args["trigger_id"])
	if err != nil {
		return nil, err
	}
	if upon && c.shown(t.user) == nil {
		return nil, refuse("not_found")
	}
	if upon && len(c.modals[t.user]) >= maxStack {
		return nil, refuse("push_limit_reached")
	}
	v, err := c.newView(t.user, fields)
	if err != nil {
		return nil, err
	}
	t.used = true
	if err := c.stack(v, upon); err != nil {
		return nil, err
	}
	return reply{"view": v.wire(c.Sandbox, nil)}, nil
}

func (c *call) updateView() (reply, error) {
	v := c.views[c.args["view_id"]]
	if v == nil {
		v = c.external(c.args["external_id"])
	}
	if c.args["view_id"] == "" && c.args["external_id"] == "" {
		return nil, refuse("invalid_arguments", "[ERROR] missing required field: view_id")
	}
	if v == nil {
		return nil, refuse("not_found")
	}
	fields, err := checkView(c.args["view"], v.text("type"))
	if err != nil {
		return nil, err
	}
	if hash := c.args["hash"]; hash != "" && hash != v.hash {
		return nil, refuse("hash_conflict")
	}
	v.fields = fields
	c.refresh(v)
	c.show(v.user, notice{Type: v.text("type")})
	return reply{"view": v.wire(c.Sandbox, nil)}, nil
}

func (c *call) publishView() (reply, error) {
	u := c.users[c.args["user_id"]]
	if u == nil || u.Bot {
		return nil, refuse("user_not_found")
	}
	if u.Stranger || u.Deleted {
		return nil, refuse("not_enabled")
	}
	fields, err := checkView(c.args["view"], "home")
	if err != nil {
		return nil, err
	}
	old := c.homes[u.ID]
	if hash := c.args["hash"]; hash != "" && (old == nil || hash != old.hash) {
		return nil, refuse("hash_conflict")
	}
	if old != nil {
		old.fields = fields
		c.refresh(old)
	} else {
		if old, err = c.newView(u.ID, fields); err != nil {
			return nil, err
		}
		c.homes[u.ID] = old
	}
	c.show(u.ID, notice{Type: "home"})
	return reply{"view": old.wire(c.Sandbox, nil)}, nil
}
