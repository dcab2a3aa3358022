package sandbox

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"
)

func TestCommandIsAnsweredInTheAck(t *testing.T) {
	r := start(t, Options{})
	b := r.connect(t, func(e socketmode.Event) (any, bool) {
		return map[string]any{"response_type": "in_channel", "text": "42", "blocks": []slack.Block{section("*42*")}}, true
	})
	if err := r.Command("ben", "#payments", "why?"); err != nil {
		t.Fatal(err)
	}
	r.wait(t, "the answer is there", func(v *Snapshot) bool { return len(v.Messages(Payments)) == 1 })
	m := r.Messages(Payments)[0]
	if m.Text != "42" || m.User != Spendbot || !strings.Contains(string(m.Blocks), "*42*") {
		t.Errorf("message = %+v", m)
	}
	cmd := b.commands()[0]
	if cmd.Command != "/spend" || cmd.Text != "why?" || cmd.UserID != Ben || cmd.ChannelName != "payments" || cmd.TriggerID == "" {
		t.Errorf("command = %+v", cmd)
	}
}

func TestResponseURLTakesFivePosts(t *testing.T) {
	c := newClock()
	r := start(t, Options{Now: c.now})
	b := r.connect(t, nil)
	_ = r.Command("ben", "#payments", "")
	r.acked(t, "/spend", 1)
	url := b.commands()[0].ResponseURL
	say := func(kind string) error {
		_, _, err := r.api.PostMessage(Payments, slack.MsgOptionText("x", false), slack.MsgOptionResponseURL(url, kind))
		return err
	}
	for i := range responseUses {
		if err := say(map[bool]string{true: slack.ResponseTypeInChannel, false: slack.ResponseTypeEphemeral}[i == 0]); err != nil {
			t.Fatalf("use %d: %v", i+1, err)
		}
	}
	if say(slack.ResponseTypeEphemeral) == nil {
		t.Error("a sixth use was accepted")
	}
	if len(r.Messages(Payments)) != 1 || len(r.Ephemerals(Ben)) != responseUses-1 {
		t.Errorf("%d in the channel, %d to Ben alone", len(r.Messages(Payments)), len(r.Ephemerals(Ben)))
	}
	_ = r.Command("ben", "#payments", "")
	r.acked(t, "/spend", 2)
	url = b.commands()[1].ResponseURL
	c.add(responseLife + time.Second)
	if say(slack.ResponseTypeEphemeral) == nil {
		t.Error("half an hour later it was accepted")
	}
}

func TestPressOnAMessage(t *testing.T) {
	r := start(t, Options{})
	b := r.connect(t, nil)
	menu := slack.NewActionBlock("menu", slack.NewOptionsSelectBlockElement("static_select", nil, "select",
		slack.NewOptionBlockObject("one", slack.NewTextBlockObject("plain_text", "One", false, false), nil),
		slack.NewOptionBlockObject("two", slack.NewTextBlockObject("plain_text", "Two", false, false), nil)))
	feedback := slack.NewContextActionsBlock("fb", slack.NewFeedbackButtonsBlockElement("feedback",
		slack.NewFeedbackButton(slack.NewTextBlockObject("plain_text", "Good", false, false), "Q|yes"),
		slack.NewFeedbackButton(slack.NewTextBlockObject("plain_text", "Bad", false, false), "Q|no")))
	_, ts, err := r.api.PostMessage(Payments, slack.MsgOptionText("x", false), slack.MsgOptionBlocks(button("sql", "Q-1"), menu, feedback))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ action, value, says string }{
		{"sql", "Q-1", ""}, {"select", "two", ""}, {"feedback", "Q|no", ""},
		{"sql", "Q-2", `does not offer ["Q-2"]`}, {"select", "three", "does not offer"}, {"nothing", "", "no element has the action id"},
	} {
		err := r.Press("ben", "#payments", ts, tc.action, tc.value)
		if (err == nil) != (tc.says == "") || err != nil && !strings.Contains(err.Error(), tc.says) {
			t.Errorf("press %s %s: %v, want %q", tc.action, tc.value, err, tc.says)
		}
	}
	r.acked(t, "block_actions", 3)
	got := b.interactions(slack.InteractionTypeBlockActions)
	first := got[0]
	act := first.ActionCallback.BlockActions[0]
	if first.User.ID != Ben || first.Channel.ID != Payments || first.Message.Timestamp != ts || first.Container.MessageTs != ts ||
		act.ActionID != "sql" || act.Value != "Q-1" || act.BlockID != "acts" || first.TriggerID == "" || first.ResponseURL == "" {
		t.Errorf("block_actions = %+v", first)
	}
	if v := got[1].ActionCallback.BlockActions[0].SelectedOption; v.Value != "two" || v.Text.Text != "Two" {
		t.Errorf("selected %+v", v)
	}
	if a := got[2].ActionCallback.BlockActions[0]; a.Value != "Q|no" || a.Type != "feedback_buttons" {
		t.Errorf("feedback = %+v", a)
	}
	if _, _, err := r.api.PostMessage("", slack.MsgOptionText("replaced", false), slack.MsgOptionReplaceOriginal(first.ResponseURL)); err != nil {
		t.Fatal(err)
	}
	if m := r.Thread(Payments, ts)[0]; m.Text != "replaced" || len(m.Blocks) != 0 {
		t.Errorf("after replace_original: %+v", m)
	}
}

func TestEphemeralMessages(t *testing.T) {
	r := start(t, Options{})
	b := r.connect(t, nil)
	ts, err := r.api.PostEphemeral(Payments, Ben, slack.MsgOptionText("only you", false), slack.MsgOptionBlocks(button("share", "Q-1")))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Ephemerals(Ben)) != 1 || len(r.Ephemerals(Ana)) != 0 || len(r.Messages(Payments)) != 0 {
		t.Error("an ephemeral message is for one person alone")
	}
	if r.Press("ana", Payments, ts, "share", "") == nil {
		t.Error("Ana pressed what only Ben sees")
	}
	if err := r.Press("ben", Payments, ts, "share", ""); err != nil {
		t.Fatal(err)
	}
	r.acked(t, "block_actions", 1)
	got := b.interactions(slack.InteractionTypeBlockActions)[0]
	if !got.Container.IsEphemeral || got.Message.Timestamp != "" {
		t.Errorf("block_actions = %+v", got)
	}
	if _, _, err := r.api.PostMessage("", slack.MsgOptionDeleteOriginal(got.ResponseURL)); err != nil {
		t.Fatal(err)
	}
	if len(r.Ephemerals(Ben)) != 0 {
		t.Error("delete_original left it")
	}
}

func TestShortcut(t *testing.T) {
	r := start(t, Options{})
	b := r.connect(t, nil)
	ts := r.Post("ben", "#payments", "", "the bill doubled")
	if err := r.Shortcut("ana", "explain_spend", "#payments", ts); err != nil {
		t.Fatal(err)
	}
	r.acked(t, "message_action", 1)
	got := b.interactions(slack.InteractionTypeMessageAction)[0]
	if got.CallbackID != "explain_spend" || got.Message.Text != "the bill doubled" || got.MessageTs != ts || got.Channel.ID != Payments || got.TriggerID == "" {
		t.Errorf("message_action = %+v", got)
	}
	if r.Shortcut("sam", "explain_spend", "#ext-vendor", ts) == nil || r.Shortcut("ana", "nothing", "#payments", ts) == nil {
		t.Error("a shortcut was run that is not there")
	}
}

// opener gives a bot that opens a modal for every press on a message and answers submissions.
func opener(r *rig, onSubmit func(slack.InteractionCallback) any) answer {
	return func(e socketmode.Event) (any, bool) {
		c, ok := e.Data.(slack.InteractionCallback)
		if !ok {
			return nil, true
		}
		switch c.Type {
		case slack.InteractionTypeBlockActions:
			if c.View.ID != "" { // pressed in the modal itself
				return nil, true
			}
			_, err := r.api.OpenViewContext(context.Background(), c.TriggerID, modal(input("name", "text"), button("more", "x")))
			return nil, err == nil
		case slack.InteractionTypeViewSubmission:
			return onSubmit(c), true
		}
		return nil, true
	}
}

func TestModals(t *testing.T) {
	for _, tc := range []struct {
		name   string
		answer any
		check  func(t *testing.T, before, after *View)
	}{
		{"nothing closes it", nil, func(t *testing.T, before, after *View) {
			if after != nil {
				t.Errorf("still open: %+v", after)
			}
		}},
		{"errors are shown", slack.NewErrorsViewSubmissionResponse(map[string]string{"name": "no such name"}), func(t *testing.T, before, after *View) {
			if after == nil || after.ID != before.ID || after.Errors["name"] != "no such name" {
				t.Errorf("after = %+v", after)
			}
		}},
		{"errors of no input are trouble", slack.NewErrorsViewSubmissionResponse(map[string]string{"acts": "x"}), func(t *testing.T, before, after *View) {
			if after == nil || after.Errors[""] == "" {
				t.Errorf("after = %+v", after)
			}
		}},
		{"update replaces it", slack.NewUpdateViewSubmissionResponse(new(modal(section("done")))), func(t *testing.T, before, after *View) {
			if after == nil || after.ID != before.ID || after.Hash == before.Hash || !strings.Contains(string(after.Blocks), "done") {
				t.Errorf("after = %+v", after)
			}
		}},
		{"push covers it", slack.NewPushViewSubmissionResponse(new(modal(section("next")))), func(t *testing.T, before, after *View) {
			if after == nil || after.Previous != before.ID || after.Root != before.ID {
				t.Errorf("after = %+v", after)
			}
		}},
		{"clear closes all", slack.NewClearViewSubmissionResponse(), func(t *testing.T, before, after *View) {
			if after != nil {
				t.Errorf("still open: %+v", after)
			}
		}},
		{"a bad view is trouble", map[string]any{"response_action": "update", "view": map[string]any{"type": "modal"}}, func(t *testing.T, before, after *View) {
			if after == nil || after.ID != before.ID || after.Errors[""] == "" {
				t.Errorf("after = %+v", after)
			}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := start(t, Options{})
			b := r.connect(t, opener(r, func(slack.InteractionCallback) any { return tc.answer }))
			_, ts, _ := r.api.PostMessage(Payments, slack.MsgOptionBlocks(button("open", "")))
			if err := r.Press("ben", Payments, ts, "open", ""); err != nil {
				t.Fatal(err)
			}
			r.wait(t, "the modal is open", func(v *Snapshot) bool { return v.Modal(Ben) != nil })
			before := r.Modal(Ben)
			if err := r.SubmitView("ben", before.ID, nil); err != ErrIncomplete {
				t.Errorf("a required input was left empty: %v", err)
			}
			if err := r.SubmitView("ben", before.ID, map[string]map[string]any{"name": {"text": "Ada"}}); err != nil {
				t.Fatal(err)
			}
			r.acked(t, "view_submission", 1)
			got := b.interactions(slack.InteractionTypeViewSubmission)[0]
			if v := got.View.State.Values["name"]["text"]; v.Value != "Ada" || got.View.CallbackID != "m" || got.View.ID != before.ID {
				t.Errorf("submission = %+v", got.View)
			}
			tc.check(t, before, r.Modal(Ben))
		})
	}
}

func TestTriggersAreGoodOnceForThreeSeconds(t *testing.T) {
	c := newClock()
	r := start(t, Options{Now: c.now, Timing: Timing{Ack: time.Hour}})
	b := r.connect(t, nil)
	_, ts, _ := r.api.PostMessage(Payments, slack.MsgOptionBlocks(button("open", "")))
	trigger := func(n int) string {
		_ = r.Press("ben", Payments, ts, "open", "")
		r.acked(t, "block_actions", n)
		return b.interactions(slack.InteractionTypeBlockActions)[n-1].TriggerID
	}
	open := func(id string) string {
		_, err := r.api.OpenView(id, modal(section("x")))
		return code(err)
	}
	first := trigger(1)
	bad := modal(section(strings.Repeat("x", 3001)))
	if _, err := r.api.OpenView(first, bad); code(err) != "invalid_arguments" {
		t.Errorf("a bad view: %v", err)
	}
	c.add(3 * time.Second)
	if got := open(first); got != "" {
		t.Errorf("within three seconds, after a refused view: %s", got)
	}
	if got := open(first); got != "exchanged_trigger_id" {
		t.Errorf("the second time: %s", got)
	}
	second := trigger(2)
	c.add(3*time.Second + time.Millisecond)
	if got := open(second); got != "expired_trigger_id" {
		t.Errorf("after three seconds: %s", got)
	}
	if got := open("1.2.3"); got != "invalid_trigger_id" {
		t.Errorf("an invented one: %s", got)
	}
	push := func(n int) string {
		_, err := r.api.PushView(trigger(n), modal(section("x")))
		return code(err)
	}
	if a, b, c := push(3), push(4), push(5); a != "" || b != "" || c != "push_limit_reached" {
		t.Errorf("pushes: %q %q %q", a, b, c)
	}
	for depth := 3; depth > 0; depth-- {
		if err := r.CloseView("ben", r.Modal(Ben).ID); err != nil {
			t.Fatal(err)
		}
	}
	if got := push(6); got != "not_found" {
		t.Errorf("pushed upon nothing: %q", got)
	}
}

func TestViewsAreUpdatedByHash(t *testing.T) {
	r := start(t, Options{})
	home := slack.HomeTabViewRequest{Type: slack.VTHomeTab, ExternalID: "home-ana", Blocks: slack.Blocks{BlockSet: []slack.Block{section("hi"), button("try:1", "why?")}}}
	v, err := r.api.PublishView(Ana, home, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.api.PublishView(Ana, home, v.Hash); code(err) != "" {
		t.Errorf("with the hash: %v", err)
	}
	if _, err := r.api.PublishView(Ana, home, v.Hash); code(err) != "hash_conflict" {
		t.Errorf("with an old hash: %v", err)
	}
	if _, err := r.api.UpdateView(modal(section("x")), "", "", "V404"); code(err) != "not_found" {
		t.Errorf("no such view: %v", err)
	}
	if _, err := r.api.PublishView("U404", home, ""); code(err) != "user_not_found" {
		t.Errorf("no such user: %v", err)
	}
	b := r.connect(t, nil)
	if err := r.PressView("ana", v.ID, "try:1", ""); err != nil {
		t.Fatal(err)
	}
	if r.PressView("ben", v.ID, "try:1", "") == nil {
		t.Error("Ben pressed in Ana's home")
	}
	if err := r.OpenHome("ana"); err != nil {
		t.Fatal(err)
	}
	r.acked(t, "block_actions", 1)
	r.acked(t, "app_home_opened", 1)
	if got := b.interactions(slack.InteractionTypeBlockActions)[0]; got.View.ID != v.ID || got.Container.Type != "view" || got.TriggerID == "" {
		t.Errorf("block_actions = %+v", got)
	}
	if got := b.inner("app_home_opened")[0].(*slackevents.AppHomeOpenedEvent); got.Tab != "home" || got.View == nil || got.View.ID != v.ID {
		t.Errorf("app_home_opened = %+v", got)
	}
}

func TestClosedModalsAreTold(t *testing.T) {
	r := start(t, Options{})
	b := r.connect(t, nil)
	_, ts, _ := r.api.PostMessage(Payments, slack.MsgOptionBlocks(button("open", "")))
	_ = r.Press("ben", Payments, ts, "open", "")
	r.acked(t, "block_actions", 1)
	view := modal(section("x"))
	view.NotifyOnClose = true
	v, err := r.api.OpenView(b.interactions(slack.InteractionTypeBlockActions)[0].TriggerID, view)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.CloseView("ben", v.ID); err != nil {
		t.Fatal(err)
	}
	r.acked(t, "view_closed", 1)
	if got := b.interactions(slack.InteractionTypeViewClosed)[0]; got.View.ID != v.ID || got.IsCleared {
		t.Errorf("view_closed = %+v", got)
	}
	if r.Modal(Ben) != nil {
		t.Error("still open")
	}
}

func TestAssistant(t *testing.T) {
	r := start(t, Options{})
	b := r.connect(t, nil)
	channel, thread, err := r.OpenAssistantFrom("ana", "#payments")
	if err != nil {
		t.Fatal(err)
	}
	r.acked(t, "assistant_thread_started", 1)
	got := b.inner("assistant_thread_started")[0].(*slackevents.AssistantThreadStartedEvent).AssistantThread
	if got.ChannelID != channel || got.ThreadTimeStamp != thread || got.UserID != Ana || got.Context.ChannelID != Payments {
		t.Errorf("assistant_thread = %+v", got)
	}
	prompts := slack.AssistantThreadsSetSuggestedPromptsParameters{ChannelID: channel, ThreadTS: thread, Title: "Try"}
	for range 4 {
		prompts.AddPrompt("Why?", "why did spend rise?")
	}
	if err := r.api.SetAssistantThreadsSuggestedPrompts(prompts); err != nil {
		t.Fatal(err)
	}
	prompts.AddPrompt("One too many", "x")
	if err := r.api.SetAssistantThreadsSuggestedPrompts(prompts); code(err) != "invalid_arguments" {
		t.Errorf("five prompts: %v", err)
	}
	status := slack.AssistantThreadsSetStatusParameters{ChannelID: channel, ThreadTS: thread, Status: "reading October"}
	if err := r.api.SetAssistantThreadsStatus(status); err != nil {
		t.Fatal(err)
	}
	if err := r.api.SetAssistantThreadsTitle(slack.AssistantThreadsSetTitleParameters{ChannelID: channel, ThreadTS: thread, Title: "October"}); err != nil {
		t.Fatal(err)
	}
	r.wait(t, "all of it shows", func(v *Snapshot) bool {
		return v.Status(channel, thread) == "reading October" && v.Title(channel, thread) == "October" && len(v.Prompts(channel, thread)) == 4
	})
	r.Post("ana", channel, thread, "why?")
	r.acked(t, "message", 1)
	if m := b.inner("message")[0].(*slackevents.MessageEvent); m.ThreadTimeStamp != thread || m.ChannelType != "im" {
		t.Errorf("message = %+v", m)
	}
	if _, _, err := r.api.PostMessage(channel, slack.MsgOptionText("because", false), slack.MsgOptionTS(thread)); err != nil {
		t.Fatal(err)
	}
	r.wait(t, "the answer takes the status away", func(v *Snapshot) bool { return v.Status(channel, thread) == "" })
	if err := r.MoveTo("ana", thread, "#finops"); err != nil {
		t.Fatal(err)
	}
	r.acked(t, "assistant_thread_context_changed", 1)
	status.ThreadTS = "1.1"
	if err := r.api.SetAssistantThreadsStatus(status); code(err) != "invalid_thread_ts" {
		t.Errorf("no such thread: %v", err)
	}
}
