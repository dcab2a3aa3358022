package blockkit

import "strconv"

// viewShape is a view but for its type and title.
var viewShape = of(kind, need("blocks", blockList(1, MaxViewBlocks)), may("private_metadata", str(0, MaxPrivateMetadata)),
	may("callback_id", id), may("external_id", id), may("clear_on_close", boolean), may("notify_on_close", boolean),
	may("submit", plain(MaxViewTitle)), may("close", plain(MaxViewTitle)))

// viewTypes are the views an app may open.
var viewTypes = map[string]shape{
	"modal": viewShape.plus(need("title", plain(MaxViewTitle)), may("submit_disabled", boolean)).with(inputsNeedSubmit),
	"home":  viewShape.plus(may("title", plain(MaxViewTitle))),
}

func inputsNeedSubmit(j *judge, o object, at string) {
	if has(o, "submit") {
		return
	}
	blocks, _ := o["blocks"].([]any)
	for i, b := range blocks {
		if bo, _ := b.(object); bo["type"] == "input" {
			j.say(at+"/blocks/"+strconv.Itoa(i)+"/input", "must define `submit` to use an `input` block in modals")
		}
	}
}

// View judges the "view" of views.open, views.push, views.update and views.publish: a JSON object, a modal or a home
// tab. It is nil where Slack would take it, else an [*Invalid].
func View(viewJSON []byte) error {
	if len(viewJSON) > MaxViewBytes {
		return &Invalid{Code: ViewTooLarge}
	}
	v, err := decode(viewJSON)
	if err != nil {
		return &Invalid{Code: InvalidArguments, Messages: []string{"[ERROR] must be valid JSON: " + err.Error() + " [json-pointer:/view]"}}
	}
	j := &judge{blocks: anywhere}
	schemas(typed(viewTypes))(j, v, "/view")
	if len(j.messages) > 0 {
		return &Invalid{Code: InvalidArguments, Messages: j.messages}
	}
	return nil
}
