package page_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/gorilla/websocket"

	"spendbot/bot/sandbox"
)

type object = map[string]any

// rig is a sandbox with its page, and an app in it that does what the test tells it.
type rig struct {
	t      *testing.T
	box    *sandbox.Sandbox
	server *httptest.Server
	url    string
	app    sandbox.App
}

// start makes a workspace whose app is connected by a socket. hears is told of every envelope by its type (events by the
// event's own); what it returns is sent with the acknowledgement, or nothing is when answer is false.
func start(t *testing.T, hears func(r *rig, kind string, payload object) (ack any, answer bool)) *rig {
	t.Helper()
	if findChromium() == "" {
		t.Skip("no Chromium on this machine: the page is not tried in a browser")
	}
	company := sandbox.Demo()
	box := sandbox.New(sandbox.Options{Company: company})
	server := httptest.NewServer(box.Handler())
	r := &rig{t, box, server, server.URL, company.App}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	t.Cleanup(func() {
		cancel()
		box.Close()
		wg.Wait()
		server.CloseClientConnections()
		server.Close()
	})
	opened := r.call(company.App.AppToken, "apps.connections.open", object{})
	conn, _, err := websocket.DefaultDialer.DialContext(ctx, opened["url"].(string), nil)
	if err != nil {
		t.Fatal(err)
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	wg.Go(func() {
		defer stop()
		for {
			var e struct {
				Type       string `json:"type"`
				EnvelopeID string `json:"envelope_id"`
				Payload    object `json:"payload"`
			}
			if conn.ReadJSON(&e) != nil {
				return
			}
			if e.EnvelopeID == "" {
				continue
			}
			kind := e.Type
			if ev, ok := e.Payload["event"].(object); ok {
				kind, e.Payload = ev["type"].(string), ev
			} else if k, ok := e.Payload["type"].(string); ok {
				kind = k
			}
			ack, answer := hears(r, kind, e.Payload)
			if !answer {
				continue
			}
			out := object{"envelope_id": e.EnvelopeID}
			if ack != nil {
				out["payload"] = ack
			}
			if conn.WriteJSON(out) != nil {
				return
			}
		}
	})
	return r
}

// call makes a call of the Web API and gives its answer, which must be ok.
func (r *rig) call(token, method string, body object) object {
	raw, _ := json.Marshal(body)
	req, _ := http.NewRequest(http.MethodPost, r.url+"/api/"+method, bytes.NewReader(raw))
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Errorf("%s: %v", method, err)
		return object{}
	}
	defer resp.Body.Close()
	var out object
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil || out["ok"] != true {
		r.t.Errorf("%s: %v %v", method, out, err)
	}
	return out
}

// do is a call with the bot's token.
func (r *rig) do(method string, body object) object { return r.call(r.app.BotToken, method, body) }

// upload puts a file into a thread as Slack's two steps do.
func (r *rig) upload(channel, thread, name, title string, data []byte) {
	form := fmt.Sprintf("token=%s&filename=%s&length=%d", r.app.BotToken, name, len(data))
	resp, err := http.Post(r.url+"/api/files.getUploadURLExternal", "application/x-www-form-urlencoded", strings.NewReader(form))
	if err != nil {
		r.t.Error(err)
		return
	}
	var got struct {
		UploadURL string `json:"upload_url"`
		FileID    string `json:"file_id"`
	}
	err = json.NewDecoder(resp.Body).Decode(&got)
	resp.Body.Close()
	if err != nil {
		r.t.Error(err)
		return
	}
	if resp, err = http.Post(got.UploadURL, "application/octet-stream", bytes.NewReader(data)); err != nil {
		r.t.Error(err)
		return
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	r.do("files.completeUploadExternal", object{"files": []any{object{"id": got.FileID, "title": title}}, "channel_id": channel, "thread_ts": thread})
}

func picture() []byte {
	img := image.NewRGBA(image.Rect(0, 0, 640, 320))
	for x := range 640 {
		for y := range 320 {
			img.Set(x, y, color.RGBA{uint8(40 + x/8), uint8(120 + y/4), 120, 255})
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func plain(s string) object  { return object{"type": "plain_text", "text": s} }
func mrkdwn(s string) object { return object{"type": "mrkdwn", "text": s} }
func button(id, words string) object {
	return object{"type": "button", "action_id": id, "text": plain(words), "value": "v-" + id}
}

// answer is a message of the kind that the bot sends.
func answer() []any {
	return []any{
		object{"type": "section", "text": mrkdwn("*Spend rose $18,412 (+7.9%) last week*: $251,007, after $232,595.")},
		object{"type": "section", "text": mrkdwn("`+$11,404` NAT gateway bytes in payments-prod, since Wed 18 Nov: usage x4.1\n`+$6,230` EC2 coverage fell from 81% to 64%\n`-$2,771` S3 moved to Infrequent Access")},
		object{"type": "actions", "block_id": "cuts", "elements": []any{button("sql", "Show the SQL"), button("silent", "By team"),
			object{"type": "static_select", "action_id": "pick", "placeholder": plain("Which one?"), "options": []any{
				object{"text": plain("Blob Storage"), "value": "blob"}, object{"text": plain("team blue"), "value": "blue"}}},
			object{"type": "overflow", "action_id": "more", "options": []any{object{"text": plain("CSV"), "value": "csv"}, object{"text": plain("Share"), "value": "share"}}}}},
		object{"type": "context_actions", "elements": []any{object{"type": "feedback_buttons", "action_id": "feedback",
			"positive_button": object{"text": plain("Helpful"), "value": "yes"}, "negative_button": object{"text": plain("Not helpful"), "value": "no"}}}},
	}
}

// pressed is what an interaction says was pressed.
func pressed(payload object) (id, value string) {
	list, _ := payload["actions"].([]any)
	if len(list) == 0 {
		return "", ""
	}
	a, _ := list[0].(object)
	id, _ = a["action_id"].(string)
	value, _ = a["value"].(string)
	if o, ok := a["selected_option"].(object); ok {
		value, _ = o["value"].(string)
	}
	return id, value
}

// TestConversation asks by mention, reads the answer in the thread and presses everything on it.
func TestConversation(t *testing.T) {
	heard := make(chan string, 20)
	r := start(t, func(r *rig, kind string, p object) (any, bool) {
		switch kind {
		case "app_mention":
			thread, _ := p["thread_ts"].(string)
			if thread == "" {
				thread, _ = p["ts"].(string)
			}
			r.do("chat.postMessage", object{"channel": p["channel"], "thread_ts": thread, "text": "Spend rose $18,412 (+7.9%) last week.", "blocks": answer()})
			r.upload(p["channel"].(string), thread, "bridge.png", "Bridge from $232,595 to $251,007", picture())
			r.upload(p["channel"].(string), thread, "drivers.csv", "drivers.csv", []byte("driver,account,amount\n\"NAT, bytes\",payments-prod,11404.00\nEC2 coverage,9 accounts,6230.00\n"))
		case "block_actions":
			id, value := pressed(p)
			heard <- id + " " + value
			switch id {
			case "silent":
				return nil, false
			case "sql":
				r.do("views.open", object{"trigger_id": p["trigger_id"], "view": object{"type": "modal", "title": plain("The SQL"), "close": plain("Close"),
					"blocks": []any{object{"type": "section", "text": mrkdwn("*1. totals*: 412 rows")}, object{"type": "rich_text", "elements": []any{
						object{"type": "rich_text_preformatted", "elements": []any{object{"type": "text", "text": "SELECT sum(EffectiveCost)\nFROM daily\nWHERE day >= ?"}}}}}}}})
			}
		}
		return nil, true
	})
	b := open(t, 1400, 900, r.url+"/#/c/"+sandbox.CloudCosts+"?as="+sandbox.Ana)
	b.until("the channel", inside("#main h1", "cloud-costs"))

	b.typeInto("#compose-main", "@spe")
	b.until("the completion", inside(".offers", "Spendbot"))
	b.shot("complete")
	b.do("take it, ask, send", chromedp.KeyEvent("\r"), chromedp.KeyEvent("why did spend change last week?"), chromedp.KeyEvent("\r"))
	b.until("the question as a mention", inside(".message .mention", "@Spendbot"))
	b.until("the answers", inside(".replies", "3 replies"))
	b.click(".replies")
	b.until("the thread", inside(".thread .message", "Spend rose $18,412"))
	b.until("the picture", `document.querySelector('.thread img.picture')?.naturalWidth === 640`)
	b.until("the first lines of the CSV", inside(".thread .file-preview td", "NAT, bytes"))
	b.shot("conversation")
	b.dark(true)
	b.shot("conversation-dark")
	b.dark(false)

	b.click(".thread [data-action-id=sql]")
	b.until("the modal", inside("dialog.modal[open]", "SELECT sum(EffectiveCost)"))
	if got := <-heard; got != "sql v-sql" {
		t.Errorf("the app heard %q", got)
	}
	b.shot("sql")
	b.do("Esc", chromedp.KeyEvent("\x1b"))
	b.until("the modal to close", "!"+has("dialog"))
	if r.box.Modal(sandbox.Ana) != nil {
		t.Error("the modal is closed on the page alone")
	}

	b.click(".thread [data-action-id=pick]")
	b.click(".picker [data-option=blue]")
	if got := <-heard; got != "pick blue" {
		t.Errorf("the app heard %q", got)
	}
	b.click(".thread [data-action-id=more]")
	b.shot("overflow")
	b.click(".menu [data-option=share]")
	if got := <-heard; got != "more share" {
		t.Errorf("the app heard %q", got)
	}
	b.click(".thread [data-action-id=feedback][data-value=yes]")
	if got := <-heard; got != "feedback yes" {
		t.Errorf("the app heard %q", got)
	}
	b.until("the verdict", has(".thread [data-value=yes][aria-pressed=true]"))

	b.click(".thread [data-action-id=silent]")
	b.until("that it waits", has(".thread [data-action-id=silent][aria-busy=true]")+"||"+inside(".thread .press-note", "did not respond"))
	b.until("that the app did not respond", inside(".thread .press-note", "Spendbot did not respond"))
	b.until("the end of waiting", "!"+has("[aria-busy=true]"))
	b.shot("no-answer")

	b.click(".thread .enlarge")
	b.until("the large picture", has("dialog.lightbox[open] img"))
	b.do("Esc", chromedp.KeyEvent("\x1b"))
	b.until("the large picture to close", "!"+has("dialog"))
	b.quiet()
}

// TestForm fills in a modal: what is missing, what the app refuses, what it accepts.
func TestForm(t *testing.T) {
	submitted := make(chan object, 5)
	r := start(t, func(r *rig, kind string, p object) (any, bool) {
		switch kind {
		case "message_action":
			option := func(v string) object { return object{"text": plain(v), "value": v} }
			field := func(id, label string, el object) object {
				el["action_id"] = "a"
				return object{"type": "input", "block_id": id, "label": plain(label), "element": el}
			}
			optional := field("note", "Note", object{"type": "plain_text_input", "multiline": true})
			optional["optional"], optional["hint"] = true, plain("The owner reads it")
			r.do("views.open", object{"trigger_id": p["trigger_id"], "view": object{"type": "modal", "title": plain("Open a ticket"), "submit": plain("Create"), "close": plain("Cancel"), "blocks": []any{
				field("summary", "Summary", object{"type": "plain_text_input"}), field("saving", "Expected saving", object{"type": "number_input", "is_decimal_allowed": true}),
				field("team", "Team", object{"type": "static_select", "options": []any{option("payments"), option("search")}}),
				field("also", "Tell also", object{"type": "multi_users_select"}),
				field("due", "Due", object{"type": "datepicker", "initial_date": "2026-12-01"}),
				field("kind", "Kind", object{"type": "radio_buttons", "options": []any{option("waste"), option("growth")}}), optional}}})
		case "view_submission":
			values := p["view"].(object)["state"].(object)["values"].(object)
			submitted <- values
			if values["summary"].(object)["a"].(object)["value"] == "bad" {
				return object{"response_action": "errors", "errors": object{"summary": "Say what changed"}}, true
			}
		}
		return nil, true
	})
	r.box.Post(sandbox.Ben, sandbox.CloudCosts, "", "NAT is up again")
	b := open(t, 1400, 900, r.url+"/#/c/"+sandbox.CloudCosts+"?as="+sandbox.Ana)
	b.until("the message", inside(".message", "NAT is up again"))
	b.click(".message .tools [aria-haspopup=menu]")
	b.click(".menu [data-shortcut=explain_spend]")
	b.until("the form", inside("dialog.modal", "Open a ticket"))
	b.click(".modal-submit")
	b.until("what is missing", inside(`[data-error=summary]`, "required"))
	b.shot("form-missing")
	b.typeInto(`input[data-block-id=summary]`, "bad")
	b.typeInto(`input[data-block-id=saving]`, "410.50")
	b.click(`dialog [data-block-id=team].select`)
	b.click(`.picker [data-option=search]`)
	b.click(`dialog [data-block-id=also].select`)
	b.click(`.picker [data-option=` + sandbox.Ben + `]`)
	b.click(`.picker [data-option=` + sandbox.Chloe + `]`)
	b.do("close the list", chromedp.KeyEvent("\x1b"))
	b.until("the list to close", "!"+has(".picker"))
	b.click(`dialog input[value=waste]`)
	b.click(".modal-submit")
	form := got(b, "the form", submitted)
	value := func(id string) object { return form[id].(object)["a"].(object) }
	if value("saving")["value"] != "410.5" && value("saving")["value"] != "410.50" || value("team")["selected_option"].(object)["value"] != "search" ||
		len(value("also")["selected_users"].([]any)) != 2 || value("due")["selected_date"] != "2026-12-01" || value("kind")["selected_option"].(object)["value"] != "waste" {
		t.Errorf("submitted: %v", form)
	}
	b.until("the app's refusal", inside(`[data-error=summary]`, "Say what changed"))
	if !b.is(`document.querySelector('input[data-block-id=saving]').value === '410.50'`) {
		t.Error("a refused form loses what was entered")
	}
	b.shot("form-refused")
	b.do("another summary", chromedp.Focus(chromedp.CSS(`input[data-block-id=summary]`)), chromedp.KeyEvent("NAT gateway, payments"), chromedp.KeyEvent("\r"))
	if s := got(b, "the form again", submitted)["summary"].(object)["a"].(object)["value"]; s != "badNAT gateway, payments" {
		t.Errorf("summary = %q", s)
	}
	b.until("the form to close", "!"+has("dialog"))
	b.quiet()
}

// TestPlaces goes where a newcomer goes: the app's home, a chat with prompts and a status, the slash command, other people.
func TestPlaces(t *testing.T) {
	r := start(t, func(r *rig, kind string, p object) (any, bool) {
		switch kind {
		case "app_home_opened":
			if p["tab"] == "home" {
				r.do("views.publish", object{"user_id": p["user"], "view": object{"type": "home", "blocks": []any{
					object{"type": "header", "text": plain("Spend this month")}, object{"type": "section", "fields": []any{mrkdwn("*Month to date*\n$742,900"), mrkdwn("*Same days of October*\n$698,300")}},
					object{"type": "divider"}, object{"type": "actions", "elements": []any{button("try:1", "why did EC2 coverage fall?")}}}}})
			}
		case "assistant_thread_started":
			at := p["assistant_thread"].(object)
			r.do("assistant.threads.setSuggestedPrompts", object{"channel_id": at["channel_id"], "thread_ts": at["thread_ts"], "title": "Worth asking", "prompts": []any{
				object{"title": "Why did spend change?", "message": "why did spend change last week?"}, object{"title": "Top services", "message": "top 5 services"}}})
		case "message":
			if p["channel_type"] == "im" && p["bot_id"] == nil && p["subtype"] == nil {
				r.do("assistant.threads.setStatus", object{"channel_id": p["channel"], "thread_ts": p["thread_ts"], "status": "is reading October…"})
			}
		case "slash_commands":
			return object{"response_type": "ephemeral", "text": "You are a *guest*: ask somebody of the company."}, true
		}
		return nil, true
	})
	b := open(t, 1400, 900, r.url+"/")
	b.until("the first person and channel", inside("#main h1", "cloud-costs")+"&&"+inside("#switcher", "Ana"))
	b.until("a link to where one is", `location.hash.includes('as=`+sandbox.Ana+`')`)

	b.click(".sidebar [data-side=app]")
	b.until("the home", inside(".home", "$742,900"))
	b.shot("home")
	b.click(".new-chat")
	b.until("the prompts", inside(".prompts", "Worth asking"))
	b.shot("prompts")
	b.click(".prompt:first-child")
	b.until("the question", inside("#main .message", "why did spend change last week?"))
	b.until("the status", inside(".status-line", "is reading October…"))
	b.shot("status")

	b.click("#switcher")
	b.until("who one can be", inside(".people", "Gil Becker")+"&&"+inside(".people", "Vendorly"))
	b.shot("people")
	b.click(".people [data-person=" + sandbox.Gil + "]")
	b.until("a guest's sidebar", inside("#main h1", "payments")+"&& !"+inside(".sidebar", "cloud-costs"))
	b.typeInto("#compose-main", "/sp")
	b.until("the command", inside(".offers", "/spend"))
	b.do("ask", chromedp.KeyEvent("\t"), chromedp.KeyEvent("what do we spend?"), chromedp.KeyEvent("\r"))
	b.until("the refusal", inside(".message.ephemeral", "Only visible to you")+"&&"+inside(".message.ephemeral strong", "guest"))
	b.shot("guest")

	// Another page of the same person hears at once what is said elsewhere, and counts what it did not show.
	r.box.Post(sandbox.Ben, sandbox.Payments, "", "deployed payments-api 4.18.0")
	b.until("what Ben says", inside(".message", "payments-api 4.18.0"))
	b.until("that it is told", inside("#live", "Ben Okafor: deployed payments-api 4.18.0"))
	b.do("become Ana", chromedp.Navigate(r.url+"/#/c/"+sandbox.CloudCosts+"?as="+sandbox.Ana))
	b.until("Ana", inside("#switcher", "Ana"))
	r.box.Post(sandbox.Ben, sandbox.Finops, "", "not for Ben")
	r.box.Post(sandbox.Dev, sandbox.Finops, "", "commitments end on Friday")
	b.until("what is unread", `document.querySelector('[data-channel=`+sandbox.Finops+`] .count')?.textContent === '1'`)
	b.do("become a stranger", chromedp.Navigate(r.url+"/#/c/"+sandbox.CloudCosts+"?as="+sandbox.Sam))
	b.until("a stranger's channel", inside("#main h1", "ext-vendor"))
	b.do("become Rex", chromedp.Navigate(r.url+"/#/c/"+sandbox.CloudCosts+"?as="+sandbox.Rex))
	b.until("why Rex sees nothing", inside("#main", "deactivated"))
	b.quiet()
}

// TestPhone: on a phone nothing is wider than the screen, whatever is shown; the sidebar is a drawer and a thread covers.
func TestPhone(t *testing.T) {
	r := start(t, func(*rig, string, object) (any, bool) { return nil, true })
	ts := r.box.Post(sandbox.Ana, sandbox.CloudCosts, "", "look at this "+strings.Repeat("averylongword", 40))
	cells := func(words ...string) []any {
		row := []any{}
		for _, w := range words {
			row = append(row, object{"type": "raw_text", "text": w})
		}
		return row
	}
	r.do("chat.postMessage", object{"channel": sandbox.CloudCosts, "thread_ts": ts, "text": "wide", "blocks": append(answer(),
		object{"type": "table", "rows": []any{cells("team", "service", "16-22 Nov", "9-15 Nov", "change", "hours"), cells("payments", "Amazon Elastic Compute Cloud", "$200.33", "$100.33", "+$100.00", "1,680.5")}},
		object{"type": "section", "text": mrkdwn("```" + strings.Repeat("select * from daily ", 30) + "```")},
		object{"type": "section", "text": mrkdwn("x"), "fields": []any{mrkdwn(strings.Repeat("wide", 60)), mrkdwn("b")}, "accessory": button("x", strings.Repeat("long ", 14))},
		object{"type": "actions", "elements": []any{button("y", strings.Repeat("w", 74))}})})
	b := open(t, 390, 844, r.url+"/#/c/"+sandbox.CloudCosts+"?as="+sandbox.Ana)
	fits := func(where string) {
		t.Helper()
		wide := value[[]string](b, `[...document.querySelectorAll('body *')].filter((e) => !e.closest('.sidebar, .table-wrap, .sr-only, .skip') && e.getClientRects().length && e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.className || e.tagName).slice(0, 5)`)
		if len(wide) > 0 {
			t.Errorf("%s is wider than the phone: %q", where, wide)
		}
	}
	b.until("the message", inside(".message", "look at this"))
	fits("the channel")
	b.shot("phone-channel")
	b.click(".burger")
	b.until("the drawer", `document.querySelector('.drawer .sidebar')?.getBoundingClientRect().left === 0`)
	b.shot("phone-drawer")
	b.click(".sidebar [data-channel=" + sandbox.Payments + "]")
	b.until("the other channel", inside("#main h1", "payments")+"&& !"+has(".drawer"))
	b.do("the thread", chromedp.Navigate(r.url+"/#/c/"+sandbox.CloudCosts+"/t/"+ts+"?as="+sandbox.Ana))
	b.until("the answer", inside(".thread", "Spend rose"))
	if b.is(`document.querySelector('#main').getClientRects().length`) {
		t.Error("the thread does not cover the channel")
	}
	fits("the thread")
	b.shot("phone-thread")
	b.click("#switcher")
	b.until("the people", has(".people"))
	fits("the switcher")
	b.quiet()
}

// TestReconnect: when the stream of events breaks, the page says so, comes back and shows what was said meanwhile.
func TestReconnect(t *testing.T) {
	r := start(t, func(*rig, string, object) (any, bool) { return nil, true })
	b := open(t, 1200, 800, r.url+"/#/c/"+sandbox.CloudCosts+"?as="+sandbox.Ana)
	b.until("the channel", inside("#main h1", "cloud-costs"))
	b.is(`window.banners = [], new MutationObserver(() => banners.push(document.querySelector('.banner').textContent)).observe(document.querySelector('.banner'), {childList: true, attributes: true})`)
	r.box.Post(sandbox.Ben, sandbox.CloudCosts, "", "before")
	b.until("a message", inside(".message", "before"))
	r.server.CloseClientConnections()
	r.box.Post(sandbox.Ben, sandbox.CloudCosts, "", "meanwhile")
	b.until("what was said meanwhile", inside(".message", "meanwhile"))
	b.until("that the connection was lost", `banners.some((t) => t.includes('lost'))`)
	b.until("that it is back", `document.querySelector('.banner').hidden`)
	r.box.Post(sandbox.Ben, sandbox.CloudCosts, "", "after")
	b.until("a further message", inside(".message", "after"))
}

// TestStays: what one is doing with a message is not lost when another arrives.
func TestStays(t *testing.T) {
	r := start(t, func(*rig, string, object) (any, bool) { return nil, true })
	r.do("chat.postMessage", object{"channel": sandbox.CloudCosts, "text": "x", "blocks": answer()})
	b := open(t, 1200, 800, r.url+"/#/c/"+sandbox.CloudCosts+"?as="+sandbox.Ana)
	b.until("the answer", inside(".message", "Spend rose"))
	b.click("[data-action-id=pick]")
	b.click(".picker [data-option=blob]")
	b.typeInto("#compose-main", "half a question")
	r.box.Post(sandbox.Ben, sandbox.CloudCosts, "", "something else")
	b.until("the other message", inside(".message", "something else"))
	if !b.is(inside("[data-action-id=pick]", "Blob Storage") + ` && document.querySelector('#compose-main').value === 'half a question' && document.activeElement.id === 'compose-main'`) {
		t.Error("the choice, the draft or the focus was lost")
	}
	b.do("elsewhere and back", chromedp.Navigate(r.url+"/#/c/"+sandbox.Random+"?as="+sandbox.Ana))
	b.until("the other channel", inside("#main h1", "random")+`&& document.querySelector('#compose-main').value === ''`)
	b.do("back", chromedp.NavigateBack())
	b.until("the draft", `document.querySelector('#compose-main').value === 'half a question'`)
	b.quiet()
}
