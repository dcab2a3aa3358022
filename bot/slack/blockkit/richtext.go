package blockkit

import "math"

var inlineStyle = may("style", an(of(
	may("bold", boolean), may("italic", boolean), may("strike", boolean), may("code", boolean), may("underline", boolean),
	may("highlight", boolean), may("client_highlight", boolean), may("unlink", boolean))))

// inline is an element in a line of rich text.
func inline(properties ...property) shape { return of(kind, inlineStyle).plus(properties...) }

var (
	richLink = inline(need("url", str(1, 0)), may("text", str(0, 0)), may("unsafe", boolean), may("from_llm", boolean),
		may("is_slack_url", boolean), may("truncated", boolean))
	richText = inline(need("text", str(1, 0)))

	// inlines are the elements of a section or a quote.
	inlines = map[string]shape{
		"text":      richText,
		"link":      richLink,
		"emoji":     inline(need("name", str(1, 0)), may("unicode", str(0, 0)), may("url", str(0, 0)), may("skin_tone", number(0, 6))),
		"user":      inline(need("user_id", str(1, 0)), may("from_llm", boolean)),
		"usergroup": inline(need("usergroup_id", str(1, 0))),
		"channel":   inline(need("channel_id", str(1, 0)), may("tab_id", str(0, 0)), may("from_llm", boolean)),
		"team":      inline(need("team_id", str(1, 0))),
		"broadcast": inline(need("range", oneOf("here", "channel", "everyone"))),
		"color":     inline(need("value", str(1, 0))),
		"date": inline(need("timestamp", number(-math.MaxInt64, math.MaxInt64)), need("format", str(1, 0)), may("url", str(0, 0)),
			may("fallback", str(0, 0)), may("timezone", str(0, 0))),
	}
	// preformatted text holds text and links only.
	preformatted = map[string]shape{"text": richText, "link": richLink}

	border = may("border", number(0, math.MaxInt32))
	depth  = number(0, math.MaxInt32)

	richSection = of(kind, need("elements", list(0, 0, typed(inlines))))
	// richElements are what a rich text is made of.
	richElements = map[string]shape{
		"rich_text_section":      richSection,
		"rich_text_quote":        of(kind, need("elements", list(0, 0, typed(inlines))), border),
		"rich_text_preformatted": of(kind, need("elements", list(0, 0, typed(preformatted))), border, may("language", str(0, 0))),
		"rich_text_list": of(kind, need("elements", list(0, 0, typed(map[string]shape{"rich_text_section": richSection}))),
			need("style", oneOf("bullet", "ordered")), may("indent", depth), may("offset", depth), border),
	}

	rich      = of(kind, may("block_id", id), need("elements", list(0, 0, typed(richElements))))
	aRichText = typed(map[string]shape{"rich_text": rich})
)
