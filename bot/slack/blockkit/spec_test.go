package blockkit

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"
)

// specs is the optional folder beside the repository with published fixtures and schemas; the test is skipped without it.
func specs(t *testing.T, parts ...string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Skip("no go.mod above the test")
		}
	}
	p := filepath.Join(append([]string{filepath.Dir(dir), "shared", "specs"}, parts...)...)
	if _, err := os.Stat(p); err != nil {
		t.Skipf("no published specifications here: %v", err)
	}
	return p
}

// schema compiles one of the published JSON Schemas; schema tells whether a document matches.
func schema(t *testing.T, file string) func(doc []byte) error {
	t.Helper()
	f, err := os.Open(specs(t, "blockkit", file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(file, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(file)
	if err != nil {
		t.Fatal(err)
	}
	return func(doc []byte) error {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
		if err != nil {
			return err
		}
		return s.Validate(v)
	}
}

// fixtures are the published examples of a folder, by name.
func fixtures(t *testing.T, folder string) map[string]any {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(specs(t, "slackblocks", "spec", "fixtures", "valid", folder), "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures in %s: %v", folder, err)
	}
	out := map[string]any{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := json.Unmarshal(b, &v); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		out[strings.TrimSuffix(filepath.Base(f), ".json")] = v
	}
	return out
}

func TestValidBlocks(t *testing.T) {
	blocks := schema(t, "Blocks.schema.json")
	for name, b := range fixtures(t, "blocks") {
		doc := []byte(js(a{b}))
		if err := Message(doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := blocks(doc); err != nil {
			t.Errorf("%s: the schema refuses it: %v", name, err)
		}
	}
}

func TestValidElements(t *testing.T) {
	blocks := schema(t, "Blocks.schema.json")
	for name, e := range fixtures(t, "elements") {
		typ, _ := e.(m)["type"].(string)
		var where []any
		if _, ok := ofActions[typ]; ok {
			where = append(where, actions(e))
		}
		if _, ok := accessory[typ]; ok {
			where = append(where, section("accessory", e))
		}
		if _, ok := ofInput[typ]; ok {
			where = append(where, input(e))
		}
		if _, ok := ofContext[typ]; ok {
			where = append(where, m{"type": "context", "elements": a{e}})
		}
		if typ == "url" {
			where = append(where, m{"type": "task_card", "task_id": "t", "title": "t", "status": "pending", "sources": a{e}})
		}
		if len(where) == 0 {
			t.Errorf("%s: %q may stand nowhere", name, typ)
		}
		for _, w := range where {
			doc := []byte(js(a{w}))
			if err := Message(doc); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			// The fixture's initial value is an element of rich text, where the schema asks for a whole one.
			if err := blocks(doc); err != nil && name != "rich_text_input_basic" {
				t.Errorf("%s: the schema refuses it: %v", name, err)
			}
		}
	}
}

func TestValidObjectsAndRichText(t *testing.T) {
	for name, o := range fixtures(t, "objects") {
		var b any
		switch head, _, _ := strings.Cut(name, "_"); head {
		case "option":
			if b = actions(m{"type": "static_select", "options": a{o}}); strings.HasPrefix(name, "option_group") {
				b = actions(m{"type": "static_select", "option_groups": a{o}})
			}
		case "text":
			b = section("text", o)
		case "confirmation":
			b = actions(aButton("confirm", o))
		case "conversation":
			b = actions(m{"type": "conversations_select", "filter": o})
		case "dispatch":
			b = input(m{"type": "plain_text_input", "dispatch_action_config": o})
		case "workflow":
			b = actions(m{"type": "workflow_button", "text": pt("w"), "workflow": o})
		case "trigger":
			b = actions(m{"type": "workflow_button", "text": pt("w"), "workflow": m{"trigger": o}})
		case "input":
			b = actions(m{"type": "workflow_button", "text": pt("w"), "workflow": m{"trigger": m{"url": "https://x.test",
				"customizable_input_parameters": a{o}}}})
		default:
			t.Errorf("%s: not known where it may stand", name)
			continue
		}
		if err := Message([]byte(js(a{b}))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, e := range fixtures(t, "rich_text") {
		b := richOf(e)
		if !strings.HasPrefix(e.(m)["type"].(string), "rich_text_") {
			b = richOf(m{"type": "rich_text_section", "elements": a{e}})
		}
		if err := Message([]byte(js(a{b}))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestValidViews(t *testing.T) {
	views := schema(t, "View.schema.json")
	for name, v := range fixtures(t, "views") {
		if err := View([]byte(js(v))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := views([]byte(js(v))); err != nil {
			t.Errorf("%s: the schema refuses it: %v", name, err)
		}
	}
}

// A message's blocks and those of its attachments are taken. Two of the fixtures repeat a block id, which
// Slack's reference forbids ("should be unique for each message"); they are for webhooks, made by a library.
func TestValidMessages(t *testing.T) {
	repeats := map[string]bool{"webhook_message_basic": true, "webhook_message_delete": true}
	for name, msg := range fixtures(t, "messages") {
		o := msg.(m)
		if b, ok := o["blocks"]; ok {
			err := Message([]byte(js(b)))
			if repeats[name] {
				if err == nil || !strings.Contains(err.Error(), "already exists") {
					t.Errorf("%s: %v", name, err)
				}
			} else if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if as, ok := o["attachments"]; ok {
			if err := Attachments([]byte(js(as))); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for name, at := range fixtures(t, "attachments") {
		if err := Attachments([]byte(js(a{at}))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is taken here the published schema takes too: the cases of these tests, and the fixtures changed in one place.
func TestNoLaxerThanTheSchema(t *testing.T) {
	blocks := schema(t, "Blocks.schema.json")
	for _, tc := range messageCases() {
		if err := blocks([]byte(js(tc.blocks))); tc.code == "" && err != nil && tc.name != "table" { // a null setting is documented
			t.Errorf("%s: the schema refuses it: %v", tc.name, err)
		}
	}
	all := fixtures(t, "blocks")
	names := slices.Sorted(maps.Keys(all))
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(names).Draw(t, "fixture")
		var copied any
		if err := json.Unmarshal([]byte(js(all[name])), &copied); err != nil {
			t.Fatal(err)
		}
		changed := change(t, copied)
		doc := []byte(js(a{changed}))
		if Message(doc) != nil {
			return
		}
		if err := blocks(doc); err != nil {
			t.Fatalf("taken here and refused by the schema: %s: %v", doc, err)
		}
	})
}

// change changes a value in one place: a property is left out, or what stands there is something else.
func change(t *rapid.T, v any) any {
	switch x := v.(type) {
	case m:
		key := rapid.SampledFrom(slices.Sorted(maps.Keys(x))).Draw(t, "key")
		if rapid.IntRange(0, 3).Draw(t, "leave out") == 0 {
			delete(x, key)
			return x
		}
		x[key] = change(t, x[key])
		return x
	case a:
		if len(x) > 0 && rapid.IntRange(0, 3).Draw(t, "go in") > 0 {
			i := rapid.IntRange(0, len(x)-1).Draw(t, "item")
			x[i] = change(t, x[i])
			return x
		}
	}
	return rapid.SampledFrom([]any{"", "word", long(80), long(160), long(2100), long(3100), 0, 7, -1, 2.5, true, m{}, a{},
		a{"x"}}).Draw(t, "instead")
}

// TestInvalidCases makes a payload for every published case that must be refused. A case without a payload here fails.
func TestInvalidCases(t *testing.T) {
	b, err := os.ReadFile(specs(t, "slackblocks", "spec", "fixtures", "invalid", "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Cases []struct{ ID, Description string }
	}
	if err := json.Unmarshal(b, &manifest); err != nil {
		t.Fatal(err)
	}
	made := invalidCases()
	for _, c := range manifest.Cases {
		payload, ok := made[c.ID]
		if !ok {
			t.Errorf("%s: no payload here (%s)", c.ID, c.Description)
			continue
		}
		doc := []byte(js(payload))
		judgeIt := Message
		if _, view := payload.(m); view {
			judgeIt = View
		}
		if judgeIt(doc) == nil {
			t.Errorf("%s is taken: %s", c.ID, c.Description)
		}
		// Each differs from a valid payload in the one thing it is about.
		if strings.HasSuffix(c.ID, "-too-long") || strings.Contains(c.ID, "-too-many-") {
			if inv := judgeIt(doc).(*Invalid); len(inv.Messages) > 3 {
				t.Errorf("%s is refused for more than it is about: %v", c.ID, inv)
			}
		}
	}
}

func invalidCases() map[string]any {
	msg := func(b any) any { return a{b} }
	act := func(e any) any { return a{actions(e)} }
	conf := m{"title": pt("t"), "text": md("x"), "confirm": pt("y"), "deny": pt("n")}
	confirmed := func(k string, n int) any { return act(aButton("confirm", with(conf, k, pt(long(n))))) }
	sel := func(kv ...any) any { return act(with(m{"type": "static_select"}, kv...)) }
	group := func(n int) m { return m{"label": pt("g"), "options": opts(n)} }
	head := func(kv ...any) m { return with(m{"type": "header", "text": pt("h")}, kv...) }
	img := func(kv ...any) m {
		return with(m{"type": "image", "image_url": "https://x.test/i.png", "alt_text": "i"}, kv...)
	}
	video := func(kv ...any) any {
		return msg(with(m{"type": "video", "alt_text": "v", "title": pt("v"), "thumbnail_url": "https://x.test/t",
			"video_url": "https://x.test/v"}, kv...))
	}
	fileInput := func(n int) any { return msg(input(m{"type": "file_input", "max_files": n})) }
	table := func(rows a, kv ...any) any { return msg(with(m{"type": "table", "rows": rows}, kv...)) }
	data := func(rows a, kv ...any) any {
		return msg(with(m{"type": "data_table", "caption": "c", "rows": rows}, kv...))
	}
	card := func(kv ...any) m { return with(m{"type": "card", "title": md("t")}, kv...) }
	container := func(kv ...any) any {
		return msg(with(m{"type": "container", "child_blocks": a{divider()}}, kv...))
	}
	task := func(u string) any {
		return msg(m{"type": "task_card", "task_id": "t", "title": "t", "status": "pending", "sources": a{m{"type": "url", "url": u,
			"text": "x"}}})
	}
	fb := func(kv ...any) any {
		side := m{"text": pt("y"), "value": "1"}
		return msg(m{"type": "context_actions", "elements": a{m{"type": "feedback_buttons", "positive_button": with(side, kv...),
			"negative_button": side}}})
	}
	icon := func(kv ...any) m { return with(m{"type": "icon_button", "icon": "trash", "text": pt("d")}, kv...) }
	chart := func(c m, kv ...any) any {
		return msg(with(m{"type": "data_visualization", "title": "t", "chart": c}, kv...))
	}
	seg := func(kv ...any) m { return with(m{"label": "s", "value": 1}, kv...) }
	pie := func(segs ...any) any { return chart(m{"type": "pie", "segments": append(a{}, segs...)}) }
	point := m{"label": "p", "value": 1}
	line := func(kv ...any) m { return with(m{"name": "s", "data": a{point}}, kv...) }
	bars := func(series a, axis ...any) any {
		return chart(m{"type": "bar", "series": series, "axis_config": with(m{"categories": a{"p"}}, axis...)})
	}
	times := func(n int, v any) a { return repeat(n, func(int) any { return v }) }
	words := times(2, raw("c"))
	emoji := strings.Repeat("\U0001F600", 3001)
	return map[string]any{
		"text-empty":    msg(section("text", md(""))),
		"text-too-long": msg(m{"type": "context", "elements": a{md(long(3001))}}),

		"button-action-id-too-long":           act(aButton("action_id", long(256))),
		"button-text-too-long":                act(aButton("text", pt(long(76)))),
		"button-url-too-long":                 act(aButton("url", long(3001))),
		"button-value-too-long":               act(aButton("value", long(2001))),
		"button-accessibility-label-too-long": act(aButton("accessibility_label", long(76))),
		"block-id-too-long":                   msg(divider("block_id", long(256))),

		"confirmation-title-too-long":   confirmed("title", 101),
		"confirmation-text-too-long":    confirmed("text", 301),
		"confirmation-confirm-too-long": confirmed("confirm", 31),
		"confirmation-deny-too-long":    confirmed("deny", 31),

		"option-text-too-long":             sel("options", a{option("text", pt(long(76)))}),
		"option-value-too-long":            sel("options", a{option("value", long(151))}),
		"option-url-too-long":              sel("options", a{option("url", emoji)}),
		"option-description-too-long":      sel("options", a{option("description", pt(long(76)))}),
		"option-group-label-too-long":      sel("option_groups", a{with(group(1), "label", pt(long(76)))}),
		"option-group-empty":               sel("option_groups", a{with(group(1), "options", a{})}),
		"option-group-too-many-options":    sel("option_groups", a{group(101)}),
		"select-placeholder-too-long":      sel("options", opts(1), "placeholder", pt(long(151))),
		"select-too-many-options":          sel("options", opts(101)),
		"select-too-many-option-groups":    sel("option_groups", times(101, group(1))),
		"static-select-options-and-groups": sel("options", opts(1), "option_groups", a{group(1)}),
		"overflow-empty":                   act(m{"type": "overflow", "options": a{}}),
		"overflow-too-many-options":        act(m{"type": "overflow", "options": opts(6)}),
		"checkboxes-empty":                 act(m{"type": "checkboxes", "options": a{}}),
		"checkboxes-too-many-options":      act(m{"type": "checkboxes", "options": opts(11)}),
		"radio-buttons-empty":              act(m{"type": "radio_buttons", "options": a{}}),
		"radio-buttons-too-many-options":   act(m{"type": "radio_buttons", "options": opts(11)}),
		"url-source-url-empty":             task(""),
		"url-source-url-too-long":          task(long(3001)),

		"table-too-many-rows":            table(times(101, words)),
		"table-ragged-rows":              table(a{words, times(1, raw("c"))}),
		"table-column-settings-mismatch": table(a{words}, "column_settings", times(3, m{"align": "left"})),

		"file-input-max-files-too-small":        fileInput(0),
		"file-input-max-files-too-large":        fileInput(11),
		"plain-text-input-max-length-too-large": msg(input(m{"type": "plain_text_input", "max_length": 3001})),
		"number-input-inverted-range": msg(input(m{"type": "number_input", "is_decimal_allowed": false, "min_value": "2",
			"max_value": "1"})),
		"input-label-too-long":  msg(with(input(m{"type": "plain_text_input"}), "label", pt(long(2001)))),
		"input-hint-too-long":   msg(with(input(m{"type": "plain_text_input"}), "hint", pt(long(2001)))),
		"input-invalid-element": msg(input(aButton())),

		"actions-too-many-elements": msg(actions(repeat(26, func(int) any { return m{"type": "datepicker"} })...)),
		"context-too-many-elements": msg(m{"type": "context", "elements": times(11, md("x"))}),
		"context-invalid-element":   msg(m{"type": "context", "elements": a{aButton()}}),
		"header-text-too-long":      msg(head("text", pt(long(151)))),
		"image-url-too-long":        msg(img("image_url", long(3001))),
		"image-alt-text-too-long":   msg(img("alt_text", long(2001))),
		"image-url-and-slack-file":  msg(m{"type": "context", "elements": a{img("slack_file", m{"id": "F1"})}}),
		"markdown-empty":            msg(m{"type": "markdown", "text": ""}),
		"markdown-too-long":         msg(m{"type": "markdown", "text": long(12001)}),
		"section-text-too-long":     msg(section("text", md(long(3001)))),
		"section-too-many-fields":   msg(section("fields", times(11, md("f")))),
		"section-field-too-long":    msg(section("fields", a{md(long(2001))})),
		"section-missing-content":   msg(m{"type": "section"}),

		"video-alt-text-empty":         video("alt_text", ""),
		"video-alt-text-too-long":      video("alt_text", long(201)),
		"video-title-too-long":         video("title", pt(long(201))),
		"video-author-name-too-long":   video("author_name", long(51)),
		"video-description-too-long":   video("description", pt(long(201))),
		"video-provider-name-too-long": video("provider_name", long(51)),

		"view-missing-blocks":            home(),
		"view-too-many-blocks":           home(times(101, divider())...),
		"view-private-metadata-too-long": with(home(divider()), "private_metadata", long(3001)),
		"view-callback-id-too-long":      with(home(divider()), "callback_id", long(256)),
		"view-title-too-long":            with(modal(divider()), "title", pt(long(25))),
		"view-close-too-long":            with(modal(divider()), "close", pt(long(25))),
		"view-submit-too-long":           with(modal(divider()), "submit", pt(long(25))),

		"alert-text-too-long":               msg(m{"type": "alert", "text": md(long(201))}),
		"card-title-too-long":               msg(card("title", md(long(151)))),
		"card-subtitle-too-long":            msg(card("subtitle", md(long(151)))),
		"card-body-too-long":                msg(card("body", md(long(201)))),
		"card-subtext-too-long":             msg(card("subtext", md(long(201)))),
		"card-too-many-actions":             msg(card("actions", times(4, with(aButton(), "action_id", nil)))),
		"carousel-empty":                    msg(m{"type": "carousel", "elements": a{}}),
		"carousel-too-many-cards":           msg(m{"type": "carousel", "elements": times(11, card())}),
		"container-title-too-long":          container("title", pt(long(151))),
		"container-subtitle-too-long":       container("subtitle", md(long(151))),
		"container-too-many-child-blocks":   container("child_blocks", times(11, divider())),
		"context-actions-too-many-elements": msg(m{"type": "context_actions", "elements": times(6, icon())}),

		"feedback-button-text-too-long":                fb("text", pt(long(76))),
		"feedback-button-value-too-long":               fb("value", long(2001)),
		"feedback-button-accessibility-label-too-long": fb("accessibility_label", long(76)),
		"icon-button-too-many-visible-users": msg(m{"type": "context_actions", "elements": a{icon("visible_to_user_ids",
			times(11, "U1"))}}),

		"data-table-too-few-rows":        data(a{words}),
		"data-table-too-many-rows":       data(times(202, words)),
		"data-table-too-few-columns":     data(a{a{}, a{}}),
		"data-table-too-many-columns":    data(times(2, times(21, raw("c")))),
		"data-table-page-size-too-small": data(a{words, words}, "page_size", 0),
		"data-table-page-size-too-large": data(a{words, words}, "page_size", 101),
		"data-table-cell-text-empty":     data(a{words, times(2, raw(""))}),
		"data-table-content-too-long":    data(times(2, times(1, raw(long(10001))))),

		"data-visualization-title-too-long": chart(m{"type": "pie", "segments": a{seg()}}, "title", long(51)),
		"pie-chart-empty":                   pie(),
		"pie-chart-too-many-segments":       pie(times(13, seg())...),
		"chart-segment-label-too-long":      pie(seg("label", long(21))),
		"chart-segment-value-not-positive":  pie(seg("value", 0)),
		"chart-series-empty":                bars(a{}),
		"chart-too-many-series":             bars(times(13, line())),
		"data-series-name-too-long":         bars(a{line("name", long(21))}),
		"data-series-empty":                 bars(a{line("data", a{})}),
		"data-series-too-many-points":       bars(a{line("data", times(21, point))}),
		"data-point-label-too-long":         bars(a{line("data", a{m{"label": long(21), "value": 1}})}),
		"axis-categories-empty":             bars(a{line()}, "categories", a{}),
		"axis-too-many-categories":          bars(a{line()}, "categories", times(21, "p")),
		"axis-category-label-too-long":      bars(a{line()}, "categories", a{long(21)}),
		"axis-label-too-long":               bars(a{line()}, "x_label", long(51)),
	}
}
