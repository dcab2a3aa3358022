package blockkit

import (
	"reflect"
	"strings"
	"testing"

	"github.com/slack-go/slack"
)

// The client library knows properties that no schema here lists; what it can write is not refused as unknown.
func TestEveryPropertyOfTheClient(t *testing.T) {
	shapes := map[string]shape{}
	for name, s := range merged(messageBlocks, ofActions, accessory, ofInput, contextual) {
		shapes[name] = s
	}
	shapes["image"] = image // the element; the block of that name has more
	for name, v := range map[string]any{
		"button": slack.ButtonBlockElement{}, "overflow": slack.OverflowBlockElement{}, "datepicker": slack.DatePickerBlockElement{},
		"timepicker": slack.TimePickerBlockElement{}, "datetimepicker": slack.DateTimePickerBlockElement{},
		"checkboxes":    slack.CheckboxGroupsBlockElement{},
		"radio_buttons": slack.RadioButtonsBlockElement{}, "plain_text_input": slack.PlainTextInputBlockElement{},
		"number_input":     slack.NumberInputBlockElement{},
		"email_text_input": slack.EmailTextInputBlockElement{}, "url_text_input": slack.URLTextInputBlockElement{},
		"rich_text_input": slack.RichTextInputBlockElement{},
		"file_input":      slack.FileInputBlockElement{}, "workflow_button": slack.WorkflowButtonBlockElement{},
		"feedback_buttons": slack.FeedbackButtonsBlockElement{},
		"icon_button":      slack.IconButtonBlockElement{}, "image": slack.ImageBlockElement{},
		"actions": slack.ActionBlock{}, "context": slack.ContextBlock{}, "divider": slack.DividerBlock{},
		"header": slack.HeaderBlock{}, "input": slack.InputBlock{},
		"section": slack.SectionBlock{}, "video": slack.VideoBlock{}, "table": slack.TableBlock{},
		"data_table": slack.DataTableBlock{}, "markdown": slack.MarkdownBlock{},
		"rich_text": slack.RichTextBlock{}, "context_actions": slack.ContextActionsBlock{}, "file": slack.FileBlock{},
		"alert": slack.AlertBlock{}, "card": slack.CardBlock{},
		"carousel": slack.CarouselBlock{}, "container": slack.ContainerBlock{}, "plan": slack.PlanBlock{}, "task_card": slack.TaskCardBlock{},
	} {
		s, ok := shapes[name]
		if !ok {
			t.Errorf("%s is not known", name)
			continue
		}
		known := map[string]bool{}
		for _, p := range s.properties {
			known[p.name] = true
		}
		for f := range fields(reflect.TypeOf(v)) {
			if !known[f] {
				t.Errorf("%s: the client's property %s would be refused", name, f)
			}
		}
	}
}

func fields(t reflect.Type) map[string]bool {
	out := map[string]bool{}
	for i := range t.NumField() {
		tag, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if tag != "" && tag != "-" {
			out[tag] = true
		}
	}
	return out
}
