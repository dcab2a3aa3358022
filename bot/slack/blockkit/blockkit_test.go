package blockkit

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func long(n int) string { return strings.Repeat("x", n) }

// js writes nested maps and slices as JSON.
func js(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

type m = map[string]any
type a = []any

func pt(s string) m  { return m{"type": "plain_text", "text": s} }
func md(s string) m  { return m{"type": "mrkdwn", "text": s} }
func raw(s string) m { return m{"type": "raw_text", "text": s} }

func with(o m, kv ...any) m {
	out := m{}
	for k, v := range o {
		out[k] = v
	}
	for i := 0; i < len(kv); i += 2 {
		if out[kv[i].(string)] = kv[i+1]; kv[i+1] == nil {
			delete(out, kv[i].(string))
		}
	}
	return out
}

func repeat(n int, f func(i int) any) a {
	out := a{}
	for i := range n {
		out = append(out, f(i))
	}
	return out
}

func aButton(kv ...any) m {
	return with(m{"type": "button", "text": pt("go"), "action_id": "b"}, kv...)
}
func actions(es ...any) m { return m{"type": "actions", "elements": append(a{}, es...)} }
func section(kv ...any) m { return with(m{"type": "section", "text": md("hi")}, kv...) }
func option(kv ...any) m  { return with(m{"text": pt("o"), "value": "v"}, kv...) }
func divider(kv ...any) m { return with(m{"type": "divider"}, kv...) }
func richOf(es ...any) m  { return m{"type": "rich_text", "elements": es} }
func opts(n int) a        { return repeat(n, func(int) any { return option() }) }
func input(e any) m       { return m{"type": "input", "label": pt("l"), "element": e} }
func modal(bs ...any) m   { return m{"type": "modal", "title": pt("t"), "blocks": bs} }
func home(bs ...any) m    { return m{"type": "home", "blocks": append(a{}, bs...)} }

// messageCase tells, for blocks, what Slack answers: nothing, or a code and a part of a message.
type messageCase struct {
	name   string
	blocks a
	code   string
	says   string
}

func messageCases() []messageCase {
	cell := func(int) any { return raw("c") }
	row := func(int) any { return repeat(2, cell) }
	return []messageCase{
		{"none", a{}, "", ""},
		{"fifty blocks", repeat(50, func(int) any { return divider() }), "", ""},
		{"fifty-one blocks", repeat(51, func(int) any { return divider() }), InvalidBlocks,
			"no more than 50 items allowed [json-pointer:/blocks]"},
		{"no type", a{m{"text": md("x")}}, InvalidBlocks, "missing required field: type [json-pointer:/blocks/0]"},
		{"unknown type", a{divider(), m{"type": "marquee"}}, InvalidBlocks, "unsupported type: marquee [json-pointer:/blocks/1/type]"},
		{"a string is no block", a{"x"}, InvalidBlocks, "must provide an object [json-pointer:/blocks/0]"},
		{"section at the limit", a{section("text", md(long(3000)))}, "", ""},
		{"characters, not bytes", a{section("text", md(strings.Repeat("ü", 3000)))}, "", ""},
		{"section too long", a{section("text", md(long(3001)))}, InvalidBlocks,
			"must be less than 3001 characters [json-pointer:/blocks/0/text/text]"},
		{"section without text", a{m{"type": "section"}}, InvalidBlocks,
			"must define either `text` or `fields` [json-pointer:/blocks/0/type]"},
		{"empty text", a{section("text", md(""))}, InvalidBlocks, "must be more than 0 characters [json-pointer:/blocks/0/text/text]"},
		{"text as a string", a{section("text", "hi")}, InvalidBlocks, "must provide an object [json-pointer:/blocks/0/text]"},
		{"emoji in markup", a{section("text", with(md("x"), "emoji", true))}, InvalidBlocks, "invalid additional property: emoji"},
		{"ten fields", a{section("fields", repeat(10, func(int) any { return md(long(1000)) }))}, "", ""},
		{"eleven fields", a{section("fields", repeat(11, func(int) any { return md("f") }))}, InvalidBlocks, "no more than 10 items allowed"},
		{"field too long", a{section("fields", a{md(long(2001))})}, InvalidBlocks, "must be less than 2001 characters"},
		{"property of another block", a{divider("text", md("x"))}, InvalidBlocks,
			"invalid additional property: text [json-pointer:/blocks/0]"},
		{"block id too long", a{divider("block_id", long(256))}, InvalidBlocks,
			"must be less than 256 characters [json-pointer:/blocks/0/block_id]"},
		{"block id twice", a{divider("block_id", "x"), divider("block_id", "x")}, InvalidBlocks,
			"`block_id` \"x\" already exists [json-pointer:/blocks/1/block_id]"},
		{"action id twice in a block", a{actions(aButton(), aButton())}, InvalidBlocks,
			"`action_id` \"b\" already exists [json-pointer:/blocks/0/elements/1/action_id]"},
		{"action id twice in a message", a{actions(aButton()), actions(aButton())}, "", ""},
		{"no action id", a{actions(with(aButton(), "action_id", nil), with(aButton(), "action_id", nil))}, "", ""},
		{"header too long", a{m{"type": "header", "text": pt(long(151))}}, InvalidBlocks,
			"must be less than 151 characters [json-pointer:/blocks/0/text/text]"},
		{"header in markup", a{m{"type": "header", "text": md("x")}}, InvalidBlocks, "[json-pointer:/blocks/0/text"},
		{"button text too long", a{actions(aButton("text", pt(long(76))))}, InvalidBlocks, "must be less than 76 characters"},
		{"button value too long", a{actions(aButton("value", long(2001)))}, InvalidBlocks, "must be less than 2001 characters"},
		{"button of a colour", a{actions(aButton("style", "green"))}, InvalidBlocks, "must be one of: primary, danger"},
		{"disabled button", a{actions(aButton("disabled", true))}, InvalidBlocks, "invalid additional property: disabled"},
		{"no actions", a{actions()}, InvalidBlocks, "must provide at least 1 items"},
		{"twenty-six actions", a{actions(repeat(26, func(i int) any { return aButton("action_id", fmt.Sprint(i)) })...)},
			InvalidBlocks, "no more than 25"},
		{"a link is no action", a{actions(md("x"))}, InvalidBlocks, "unsupported type: mrkdwn [json-pointer:/blocks/0/elements/0/type]"},
		{"overflow of five", a{actions(m{"type": "overflow", "options": opts(5)})}, "", ""},
		{"overflow of six", a{actions(m{"type": "overflow", "options": opts(6)})}, InvalidBlocks,
			"no more than 5 items allowed [json-pointer:/blocks/0/elements/0/options]"},
		{"option value too long", a{actions(m{"type": "overflow", "options": a{option("value", long(151))}})}, InvalidBlocks,
			"must be less than 151 characters"},
		{"option in markup in a menu", a{actions(m{"type": "overflow", "options": a{option("text", md("x"))}})}, InvalidBlocks,
			"unsupported type: mrkdwn"},
		{"option in markup in checkboxes", a{actions(m{"type": "checkboxes", "options": a{option("text", md("x"))}})}, "", ""},
		{"select of a hundred", a{actions(m{"type": "static_select", "options": opts(100)})}, "", ""},
		{"select of a hundred and one", a{actions(m{"type": "static_select", "options": opts(101)})}, InvalidBlocks, "no more than 100"},
		{"select of nothing", a{actions(m{"type": "static_select"})}, InvalidBlocks, "must define either `options` or `option_groups`"},
		{"block id on an element", a{actions(m{"type": "static_select", "options": opts(1), "block_id": "x"})}, InvalidBlocks,
			"invalid additional property: block_id"},
		{"eleven in a context", a{m{"type": "context", "elements": repeat(11, func(int) any { return md("x") })}}, InvalidBlocks,
			"no more than 10"},
		{"button in a context", a{m{"type": "context", "elements": a{aButton()}}}, InvalidBlocks, "unsupported type: button"},
		{"image without words", a{m{"type": "image", "image_url": "https://x.test/a.png"}}, InvalidBlocks,
			"missing required field: alt_text"},
		{"image from nowhere", a{m{"type": "image", "alt_text": "x"}}, InvalidBlocks, "must define either `image_url` or `slack_file`"},
		{"image of a file", a{m{"type": "image", "alt_text": "x", "slack_file": m{"id": "F1"}}}, "", ""},
		{"image of a file by two names", a{m{"type": "image", "alt_text": "x", "slack_file": m{"id": "F1",
			"url": "https://x.test"}}}, InvalidBlocks, "either `id` or `url`"},
		{"feedback", a{m{"type": "context_actions", "elements": a{m{"type": "feedback_buttons", "action_id": "f",
			"positive_button": m{"text": pt("y"), "value": "1"}, "negative_button": m{"text": pt("n"), "value": "0"}}}}}, "", ""},
		{"half a feedback", a{m{"type": "context_actions", "elements": a{m{"type": "feedback_buttons", "action_id": "f",
			"positive_button": m{"text": pt("y"), "value": "1"}}}}}, InvalidBlocks, "missing required field: negative_button"},
		{"table", a{m{"type": "table", "rows": repeat(100, row), "column_settings": a{nil, m{"align": "right"}}}}, "", ""},
		{"a hundred and one rows", a{m{"type": "table", "rows": repeat(101, row)}}, InvalidBlocks,
			"no more than 100 items allowed [json-pointer:/blocks/0/rows]"},
		{"twenty-one columns", a{m{"type": "table", "rows": a{repeat(21, cell)}}}, InvalidBlocks, "no more than 20"},
		{"ragged rows", a{m{"type": "table", "rows": a{repeat(2, cell), repeat(1, cell)}}}, InvalidBlocks, "[json-pointer:/blocks/0/rows/1]"},
		{"more settings than columns", a{m{"type": "table", "rows": a{repeat(1, cell)}, "column_settings": a{m{}, m{}}}},
			InvalidBlocks, "/column_settings]"},
		{"empty cell", a{m{"type": "table", "rows": a{a{raw("")}}}}, InvalidBlocks,
			"must be more than 0 characters [json-pointer:/blocks/0/rows/0/0/text]"},
		{"no cell", a{m{"type": "table", "rows": a{a{nil}}}}, InvalidBlocks, "must provide an object [json-pointer:/blocks/0/rows/0/0]"},
		{"a number without its text", a{m{"type": "table", "rows": a{a{m{"type": "raw_number", "value": 3}}}}}, InvalidBlocks,
			"missing required field: text"},
		{"long table", a{m{"type": "table", "rows": repeat(5, func(int) any { return a{raw(long(2001))} })}}, InvalidBlocks,
			"must be less than 10001 characters"},
		{"two tables", a{m{"type": "table", "rows": a{row(0)}}, divider(), m{"type": "table", "rows": a{row(0)}}},
			InvalidAttachments, "only_one_table_allowed [json-pointer:/blocks/2]"},
		{"two tables, one in a container", a{m{"type": "table", "rows": a{row(0)}}, m{"type": "container",
			"child_blocks": a{m{"type": "table", "rows": a{row(0)}}}}},
			InvalidAttachments, "[json-pointer:/blocks/1/child_blocks/0]"},
		{"container in a container", a{m{"type": "container", "child_blocks": a{m{"type": "container",
			"child_blocks": a{divider()}}}}}, InvalidBlocks, "unsupported type: container"},
		{"markdown", a{m{"type": "markdown", "text": long(12000)}}, "", ""},
		{"markdown too long", a{m{"type": "markdown", "text": long(12001)}}, InvalidBlocks, "must be less than 12001"},
		{"all of it too long", repeat(5, func(int) any { return section("text", md(long(2700))) }), BlocksTooLong, ""},
		{"all of it just short enough", repeat(4, func(int) any { return section("text", md(long(3000))) }), "", ""},
		{"headers weigh more", append(repeat(4, func(int) any { return section("text", md(long(3000))) }),
			repeat(13, func(int) any { return m{"type": "header", "text": pt("x")} })...), BlocksTooLong, ""},
		{"rich text", a{richOf(m{"type": "rich_text_section", "elements": a{m{"type": "text", "text": "x", "style": m{"bold": true}},
			m{"type": "broadcast", "range": "here"}}}, m{"type": "rich_text_preformatted", "elements": a{m{"type": "text",
			"text": "SELECT 1"}}})}, "", ""},
		{"no text in rich text", a{richOf(m{"type": "rich_text_section", "elements": a{m{"type": "text", "text": ""}}})},
			InvalidBlocks, "must be more than 0 characters"},
		{"text without a section", a{richOf(m{"type": "text", "text": "x"})}, InvalidBlocks, "unsupported type: text"},
		{"bold as a word", a{richOf(m{"type": "rich_text_section", "elements": a{m{"type": "text", "text": "x",
			"style": "bold"}}})}, InvalidBlocks, "must provide an object"},
		{"a user in preformatted text", a{richOf(m{"type": "rich_text_preformatted", "elements": a{m{"type": "user",
			"user_id": "U1"}}})}, InvalidBlocks, "unsupported type: user"},
		{"a list without style", a{richOf(m{"type": "rich_text_list", "elements": a{}})}, InvalidBlocks, "missing required field: style"},
		{"three charts", repeat(3, func(int) any {
			return m{"type": "data_visualization", "title": "t", "chart": m{"type": "pie", "segments": a{m{"label": "x", "value": 1}}}}
		}), InvalidBlocks, "too many data_visualization blocks"},
		{"input in a message", a{input(m{"type": "plain_text_input"})}, "", ""},
		{"button as an input", a{input(aButton())}, InvalidBlocks, "unsupported type: button"},
		{"numbers out of order", a{input(m{"type": "number_input", "is_decimal_allowed": true, "min_value": "3",
			"max_value": "2.5"})}, InvalidBlocks, "min_value"},
		{"confirmation", a{actions(aButton("confirm", m{"title": pt("t"), "text": md("x"), "confirm": pt("y"), "deny": pt("n")}))}, "", ""},
		{"confirmation too long", a{actions(aButton("confirm", m{"title": pt("t"), "text": md(long(301)), "confirm": pt("y"),
			"deny": pt("n")}))}, InvalidBlocks, "must be less than 301"},
	}
}

func TestMessage(t *testing.T) {
	for _, tc := range messageCases() {
		t.Run(tc.name, func(t *testing.T) { verdict(t, Message([]byte(js(tc.blocks))), tc.code, tc.says) })
	}
	for _, bad := range []string{"", "{", "{}", `"x"`, "7", "[] []", "null"} {
		t.Run("format "+bad, func(t *testing.T) { verdict(t, Message([]byte(bad)), InvalidBlocksFormat, "") })
	}
}

func verdict(t *testing.T, err error, code, says string) {
	t.Helper()
	if code == "" {
		if err != nil {
			t.Fatalf("refused: %v", err)
		}
		return
	}
	var inv *Invalid
	if !errors.As(err, &inv) {
		t.Fatalf("got %v, want %s", err, code)
	}
	if inv.Code != code || !strings.Contains(strings.Join(inv.Messages, "\n"), says) {
		t.Fatalf("got %s %q, want %s with %q", inv.Code, inv.Messages, code, says)
	}
}

func TestView(t *testing.T) {
	for _, tc := range []struct {
		name string
		view any
		code string
		says string
	}{
		{"modal", modal(divider()), "", ""},
		{"home", home(divider()), "", ""},
		{"modal without a title", m{"type": "modal", "blocks": a{divider()}}, InvalidArguments,
			"missing required field: title [json-pointer:/view]"},
		{"title of 25", with(modal(divider()), "title", pt(long(25))), InvalidArguments,
			"must be less than 25 characters [json-pointer:/view/title/text]"},
		{"submit of 25", with(modal(divider()), "submit", pt(long(25))), InvalidArguments, "[json-pointer:/view/submit/text]"},
		{"close of 25", with(modal(divider()), "close", pt(long(25))), InvalidArguments, "[json-pointer:/view/close/text]"},
		{"metadata", with(modal(divider()), "private_metadata", long(3000)), "", ""},
		{"too much metadata", with(modal(divider()), "private_metadata", long(3001)), InvalidArguments, "/private_metadata]"},
		{"callback id", with(home(divider()), "callback_id", long(256)), InvalidArguments, "/callback_id]"},
		{"a hundred blocks", home(repeat(100, func(int) any { return divider() })...), "", ""},
		{"a hundred and one blocks", home(repeat(101, func(int) any { return divider() })...), InvalidArguments,
			"no more than 100 items allowed [json-pointer:/view/blocks]"},
		{"no blocks", home(), InvalidArguments, "must provide at least 1 items"},
		{"more text than a message may have", home(repeat(40, func(int) any { return section("text", md(long(3000))) })...), "", ""},
		{"inputs without submit", modal(divider(), input(m{"type": "plain_text_input"})), InvalidArguments,
			"must define `submit` to use an `input` block in modals [json-pointer:/view/blocks/1/input]"},
		{"inputs with submit", with(modal(input(m{"type": "plain_text_input"})), "submit", pt("ok")), "", ""},
		{"inputs at home", home(input(m{"type": "plain_text_input"})), "", ""},
		{"table in a modal", modal(m{"type": "table", "rows": a{a{raw("x")}}}), InvalidArguments,
			"unsupported type: table [json-pointer:/view/blocks/0/type]"},
		{"chart at home", home(m{"type": "data_visualization"}), InvalidArguments, "unsupported type: data_visualization"},
		{"feedback in a modal", modal(m{"type": "context_actions"}), InvalidArguments, "unsupported type: context_actions"},
		{"too large", home(section("text", md(long(260_000)))), ViewTooLarge, ""},
		{"block id twice", modal(divider("block_id", "a"), divider("block_id", "a")), InvalidArguments,
			"already exists [json-pointer:/view/blocks/1/block_id]"},
		{"a workflow step", m{"type": "workflow_step", "blocks": a{divider()}}, InvalidArguments, "unsupported type"},
		{"state is not sent", with(modal(divider()), "state", m{}), InvalidArguments, "invalid additional property: state"},
		{"an array", a{}, InvalidArguments, "must provide an object [json-pointer:/view]"},
	} {
		t.Run(tc.name, func(t *testing.T) { verdict(t, View([]byte(js(tc.view))), tc.code, tc.says) })
	}
	verdict(t, View([]byte("{")), InvalidArguments, "valid JSON")
}

func TestMessagesAreInSlacksOrderAndShort(t *testing.T) {
	err := Message([]byte(js(a{section("text", md(long(3001)))})))
	want := "invalid_blocks: [ERROR] failed to match all allowed schemas [json-pointer:/blocks/0/text]; " +
		"[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	err = Message([]byte(js(repeat(20, func(int) any { return m{"type": long(500)} }))))
	if err == nil || len(err.Error()) > 1200 || !strings.Contains(err.Error(), "and 15 more") {
		t.Errorf("got %v", err)
	}
}

// FuzzJudge: whatever comes in, a verdict comes out.
func FuzzJudge(f *testing.F) {
	for _, s := range []string{"", "null", "[]", `[{"type":"section","text":{"type":"mrkdwn","text":"x"}}]`,
		`[{"type":"table","rows":[[{"type":"raw_text","text":"x"}],7]}]`,
		js(modal(section("accessory", aButton("confirm", m{})))), js(home(richOf(m{"type": "rich_text_list", "elements": a{1}}))),
		`[{"type":"container","child_blocks":[{"type":"table","rows":null}]}]`,
		`[{"type":"data_visualization","chart":{"type":"bar","series":[{}]}}]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, err := range []error{Message(data), View(data), Attachments(data)} {
			var inv *Invalid
			if err != nil && (!errors.As(err, &inv) || inv.Code == "" || err.Error() == "") {
				t.Fatalf("%T: %v", err, err)
			}
		}
	})
}
