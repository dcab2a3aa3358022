package blockkit

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// block is a shape with what every block has.
func block(properties ...property) shape { return of(kind, may("block_id", id)).plus(properties...) }

// cells are what stands in a row of a table.
var cells = map[string]shape{
	"raw_text":   of(kind, need("text", str(1, 0))),
	"raw_number": of(kind, need("value", number(-math.MaxFloat64, math.MaxFloat64)), need("text", str(1, 0))),
	"rich_text":  rich,
}

var card = block(may("title", mrkdwn(150)), may("subtitle", mrkdwn(150)), may("body", mrkdwn(200)), may("subtext", mrkdwn(200)),
	may("hero_image", iconImage), may("icon", iconImage), may("slack_icon", an(of(need("type", oneOf("icon")), need("name", str(1, 0))))),
	may("actions", both(list(0, 3, typed(map[string]shape{"button": button})), distinct("action_id"))))

var taskCard = block(need("task_id", str(1, 0)), need("title", str(1, 0)), may("details", aRichText), may("output", aRichText),
	may("hide_title", boolean), need("status", oneOf("pending", "in_progress", "complete", "error")),
	may("sources", list(0, 0, typed(map[string]shape{"url": of(kind, need("url", url), need("text", str(0, 0)))}))))

// anywhere are the blocks of every surface.
var anywhere = map[string]shape{
	"actions":  block(need("elements", both(list(1, MaxActions, typed(ofActions)), distinct("action_id")))),
	"alert":    block(need("text", text(200)), may("level", oneOf("default", "info", "warning", "error", "success"))),
	"card":     card,
	"carousel": block(need("elements", list(1, 10, typed(map[string]shape{"card": card})))),
	"container": block(may("title", plain(150)), may("rich_text_title", aRichText), may("subtitle", text(150)), may("icon", iconImage),
		may("width", oneOf("narrow", "standard", "wide", "full")), may("is_collapsible", boolean), may("default_collapsed", boolean),
		may("has_header_divider", boolean), need("child_blocks", list(1, 10, child))),
	"context": block(need("elements", list(1, MaxContext, typed(ofContext)))),
	"divider": block(),
	"header":  block(need("text", plain(MaxHeader)), may("level", number(1, 6))),
	"image": block(need("alt_text", str(0, MaxAltText)), may("image_url", url), may("slack_file", slackFile),
		may("title", plain(MaxAltText))).with(oneImage),
	"input": block(need("label", plain(MaxLabel)), need("element", typed(ofInput)), may("hint", plain(MaxLabel)), may("optional", boolean),
		may("dispatch_action", boolean)),
	"rich_text": rich,
	"section": block(may("text", text(MaxSection)), may("fields", list(1, MaxFields, text(MaxField))), may("accessory", typed(accessory)),
		may("expand", boolean)).with(textOrFields),
	"video": block(need("alt_text", str(1, 200)), need("title", plain(200)), need("thumbnail_url", url), need("video_url", url),
		may("title_url", url), may("author_name", str(0, 50)), may("description", plain(200)), may("provider_icon_url", url),
		may("provider_name", str(0, 50))),
}

// inMessages are the blocks of messages only.
var inMessages = map[string]shape{
	"context_actions": block(need("elements", both(list(1, MaxContextActions, typed(contextual)), distinct("action_id")))),
	"data_table": block(need("caption", str(1, 0)), need("rows", list(2, MaxDataTableRows, row)), may("page_size", number(1, 100)),
		may("row_header_column_index", number(0, MaxTableColumns-1))).with(tableOf(MaxDataTableText)),
	"data_visualization": block(need("title", str(1, 50)), need("chart", typed(charts))),
	"file":               block(need("external_id", str(1, 0)), need("source", str(1, 0))),
	"markdown":           block(need("text", str(1, MaxMarkdown))),
	"plan":               block(need("title", str(1, 0)), may("tasks", list(0, 0, task))),
	"table": block(need("rows", list(1, MaxTableRows, row)), may("column_settings", list(0, MaxTableColumns, setting))).
		with(tableOf(MaxTableText)),
	"task_card": taskCard,
}

// row is a row of a table; setting how a column is shown, null for as usual.
var row = list(1, MaxTableColumns, typed(cells))

func setting(j *judge, v any, at string) {
	if v != nil {
		of(may("align", oneOf("left", "center", "right")), may("is_wrapped", boolean)).check(j, v, at)
	}
}

// task is a task card inside a plan, where its type goes without saying.
func task(j *judge, v any, at string) {
	s := shape{properties: []property{may("type", oneOf("task_card"))}}
	s.plus(taskCard.properties[1:]...).check(j, v, at)
}

// child is a block inside a container, which has no containers.
func child(j *judge, v any, at string) {
	typed(without(j.blocks, "container", "card", "carousel", "alert", "markdown", "plan", "task_card", "context_actions",
		"data_visualization"))(j, v, at)
}

func textOrFields(j *judge, o object, at string) {
	if !has(o, "text") && !has(o, "fields") {
		j.say(at+"/type", "must define either `text` or `fields`")
	}
}

// tableOf judges a table as a whole: as many cells in every row, no more settings than columns, and its text.
func tableOf(most int) func(*judge, object, string) {
	return func(j *judge, o object, at string) {
		rows, _ := o["rows"].([]any)
		columns, total := -1, 0
		for i, r := range rows {
			cs, ok := r.([]any)
			if !ok {
				continue
			}
			if columns >= 0 && len(cs) != columns {
				j.say(at+"/rows/"+strconv.Itoa(i), "must provide %d items, as the first row does", columns)
			}
			if columns < 0 {
				columns = len(cs)
			}
			total += textIn(cs)
		}
		if settings, ok := o["column_settings"].([]any); ok && columns >= 0 && len(settings) > columns {
			j.say(at+"/column_settings", "no more than %d items allowed", columns)
		}
		if total > most {
			j.say(at+"/rows", "must be less than %d characters", most+1)
		}
	}
}

// charts are the kinds of data_visualization.
var (
	label  = str(1, 20)
	series = list(1, 12, an(of(need("name", label), need("data", list(1, 20, an(of(need("label", label),
		need("value", number(-math.MaxFloat64, math.MaxFloat64)))))))))
	axes = an(of(need("categories", list(1, 20, label)), may("x_label", str(1, 50)), may("y_label", str(1, 50))))
	xy   = of(kind, need("series", series), need("axis_config", axes))
	// charts by type. A pie has no slice of nothing.
	charts = map[string]shape{
		"pie":  of(kind, need("segments", list(1, 12, an(of(need("label", label), need("value", positive)))))),
		"bar":  xy,
		"area": xy,
		"line": xy,
	}
)

func positive(j *judge, v any, at string) {
	if f, ok := asNumber(v); !ok {
		j.say(at, "must provide a number")
	} else if f <= 0 {
		j.say(at, "must be greater than 0")
	}
}

// textIn counts the characters of all texts in a value: whatever stands under "text", at any depth.
func textIn(v any) int {
	n := 0
	switch x := v.(type) {
	case []any:
		for _, e := range x {
			n += textIn(e)
		}
	case object:
		for name, e := range x {
			if s, ok := e.(string); ok && name == "text" {
				n += utf8.RuneCountInString(s)
				continue
			}
			n += textIn(e)
		}
	}
	return n
}
