package blockkit

// kind is the property every object of a type has; that it has the right value was seen when it was looked up.
var kind = need("type", anything)

func plainShape(most int) shape {
	return of(kind, need("text", str(1, most)), may("emoji", boolean))
}

func mrkdwnShape(most int) shape {
	return of(kind, need("text", str(1, most)), may("verbatim", boolean))
}

// plain is a plain_text object.
func plain(most int) rule { return schemas(typed(map[string]shape{"plain_text": plainShape(most)})) }

// mrkdwn is an object of Slack's own markup.
func mrkdwn(most int) rule { return schemas(typed(map[string]shape{"mrkdwn": mrkdwnShape(most)})) }

// text is either.
func text(most int) rule {
	return schemas(typed(map[string]shape{"plain_text": plainShape(most), "mrkdwn": mrkdwnShape(most)}))
}

var (
	id    = str(0, MaxID)
	url   = str(1, MaxURL)
	names = list(0, 0, str(0, 0))
)

var style = may("style", oneOf("primary", "danger"))

var confirm = may("confirm", an(of(
	may("title", plain(MaxConfirmTitle)), need("text", text(MaxConfirmText)), may("confirm", plain(MaxConfirmButton)),
	may("deny", plain(MaxConfirmButton)), style)))

func optionShape(label rule) shape {
	return of(need("text", label), may("value", str(0, MaxOptionValue)), may("description", text(MaxOptionText)),
		may("url", str(0, MaxURL)))
}

var (
	// plainOption is an option of a menu; a choice may have markup, among checkboxes and radio buttons.
	plainOption = an(optionShape(plain(MaxOptionText)))
	choice      = an(optionShape(text(MaxOptionText)))
	group       = an(of(need("label", plain(MaxOptionText)), need("options", list(1, MaxSelectOptions, plainOption))))
)

var slackFile = an(of(may("id", str(1, 0)), may("url", url)).with(func(j *judge, o object, at string) {
	if has(o, "id") == has(o, "url") {
		j.say(at, "must define either `id` or `url`")
	}
}))

var filter = may("filter", an(of(
	may("include", list(1, 0, oneOf("im", "mpim", "private", "public"))), may("exclude_external_shared_channels", boolean),
	may("exclude_bot_users", boolean))))

var dispatch = may("dispatch_action_config", an(of(
	may("trigger_actions_on", list(1, 0, oneOf("on_enter_pressed", "on_character_entered"))))))
