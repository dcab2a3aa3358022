package blockkit

import (
	"math"
	"strconv"
)

// element is a shape with what every interactive element has.
func element(properties ...property) shape {
	return of(kind, may("action_id", id), confirm, may("focus_on_load", boolean)).plus(properties...)
}

// picker is an element with a placeholder.
func picker(properties ...property) shape {
	return element(may("placeholder", plain(MaxPlaceholder))).plus(properties...)
}

var (
	button = of(kind, may("action_id", id), confirm, style, need("text", plain(MaxButtonText)), may("url", str(0, MaxURL)),
		may("value", str(0, MaxButtonValue)), may("accessibility_label", str(0, MaxAccessibility)), may("visible_to_user_ids", names),
		may("agent_prompt", str(0, 0)), may("agent_prompt_display", str(0, 0)))
	workflowButton = of(kind, may("action_id", id), style, confirm, need("text", plain(MaxButtonText)),
		may("accessibility_label", str(0, MaxAccessibility)),
		need("workflow", an(of(need("trigger", an(of(need("url", url),
			may("customizable_input_parameters", list(0, 0, an(of(need("name", str(1, 0)), need("value", str(0, 0)))))))))))))
	image = of(kind, need("alt_text", str(0, MaxAltText)), may("image_url", url), may("slack_file", slackFile)).with(oneImage)
	// iconImage is an image inside a card or a container, with the same rules.
	iconImage = typed(map[string]shape{"image": image})

	feedbackButton = an(of(need("text", plain(MaxButtonText)), need("value", str(0, MaxButtonValue)),
		may("accessibility_label", str(0, MaxAccessibility))))
)

func oneImage(j *judge, o object, at string) {
	if has(o, "image_url") == has(o, "slack_file") {
		j.say(at, "must define either `image_url` or `slack_file`")
	}
}

func oneSource(j *judge, o object, at string) {
	if has(o, "options") == has(o, "option_groups") {
		j.say(at, "must define either `options` or `option_groups`")
	}
}

func rangeInOrder(j *judge, o object, at string) {
	least, okLeast := textNumber(o["min_value"])
	most, okMost := textNumber(o["max_value"])
	if okLeast && okMost && least > most {
		j.say(at+"/min_value", "must not be more than max_value")
	}
}

// textNumber is a number that is written as a string.
func textNumber(v any) (float64, bool) {
	s, ok := v.(string)
	if !ok {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// The options of a select, and how many may be chosen from a multi-select.
var (
	options  = []property{may("options", list(1, MaxSelectOptions, plainOption)), may("option_groups", list(1, MaxSelectOptions, group))}
	mostOfIt = may("max_selected_items", number(1, math.MaxInt32))
	query    = may("min_query_length", number(0, math.MaxInt32))
	response = may("response_url_enabled", boolean)
	current  = may("default_to_current_conversation", boolean)
)

// selects are the menus, by type.
var selects = map[string]shape{
	"static_select":        picker(options...).plus(may("initial_option", plainOption)).with(oneSource),
	"external_select":      picker(may("initial_option", plainOption), query),
	"users_select":         picker(may("initial_user", str(0, 0))),
	"conversations_select": picker(may("initial_conversation", str(0, 0)), filter, response, current),
	"channels_select":      picker(may("initial_channel", str(0, 0)), response),

	"multi_static_select": picker(options...).plus(may("initial_options", list(0, MaxSelectOptions, plainOption)),
		mostOfIt).with(oneSource),
	"multi_external_select":      picker(may("initial_options", list(0, MaxSelectOptions, plainOption)), query, mostOfIt),
	"multi_users_select":         picker(may("initial_users", names), mostOfIt),
	"multi_conversations_select": picker(may("initial_conversations", names), filter, current, mostOfIt),
	"multi_channels_select":      picker(may("initial_channels", names), mostOfIt),
}

// controls are what one presses or picks, besides menus.
var controls = map[string]shape{
	"button":          button,
	"workflow_button": workflowButton,
	"overflow":        element(need("options", list(1, MaxOverflowOptions, plainOption))),
	"checkboxes": element(need("options", list(1, MaxCheckOptions, choice)), may("initial_options", list(1, MaxCheckOptions, choice)),
		may("visible_to_user_ids", names)),
	"radio_buttons":  element(need("options", list(1, MaxCheckOptions, choice)), may("initial_option", choice)),
	"datepicker":     picker(may("initial_date", str(0, 0))),
	"timepicker":     picker(may("initial_time", str(0, 0)), may("timezone", str(0, 0))),
	"datetimepicker": element(may("initial_date_time", number(0, math.MaxInt64))),
}

// inputs are what one fills in.
var inputs = map[string]shape{
	"plain_text_input": picker(may("initial_value", str(0, MaxInputLength)), may("multiline", boolean),
		may("min_length", number(0, MaxInputLength)), may("max_length", number(1, MaxInputLength)), dispatch),
	"email_text_input": picker(may("initial_value", str(0, 0)), dispatch),
	"url_text_input":   picker(may("initial_value", str(0, 0)), dispatch),
	"number_input": picker(need("is_decimal_allowed", boolean), may("initial_value", str(0, 0)), may("min_value", str(0, 0)),
		may("max_value", str(0, 0)), dispatch).with(rangeInOrder),
	"rich_text_input": picker(may("initial_value", anObject), dispatch, may("min_lines", number(1, math.MaxInt32)),
		may("max_lines", number(1, math.MaxInt32))),
	"file_input": of(kind, may("action_id", id), may("filetypes", names), may("max_files", number(1, 10))),
}

// contextual are the elements of a context_actions block.
var contextual = map[string]shape{
	"feedback_buttons": of(kind, may("action_id", id), need("positive_button", feedbackButton), need("negative_button", feedbackButton)),
	"icon_button": of(kind, may("action_id", id), need("icon", str(1, 0)), need("text", plain(MaxButtonText)),
		may("value", str(0, MaxButtonValue)), confirm, may("accessibility_label", str(0, MaxAccessibility)),
		may("visible_to_user_ids", list(0, 10, str(0, 0)))),
}

// merged is several tables of types in one.
func merged(tables ...map[string]shape) map[string]shape {
	out := map[string]shape{}
	for _, t := range tables {
		for name, s := range t {
			out[name] = s
		}
	}
	return out
}

// without leaves types out.
func without(table map[string]shape, names ...string) map[string]shape {
	out := merged(table)
	for _, n := range names {
		delete(out, n)
	}
	return out
}

// Which elements may stand where.
var (
	ofActions = merged(selects, controls, map[string]shape{"rich_text_input": inputs["rich_text_input"]})
	accessory = merged(selects, without(controls, "datetimepicker"), map[string]shape{"image": image})
	ofInput   = merged(selects, inputs, without(controls, "button", "workflow_button", "overflow"))
	ofContext = map[string]shape{"plain_text": plainShape(MaxText), "mrkdwn": mrkdwnShape(MaxText), "image": image}
)
