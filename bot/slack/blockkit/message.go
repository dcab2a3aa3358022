package blockkit

import "strconv"

// messageBlocks are the blocks of messages.
var messageBlocks = merged(anywhere, inMessages)

// Message judges the "blocks" of chat.postMessage, chat.update and chat.postEphemeral: a JSON array. It is nil where
// Slack would take them, else an [*Invalid]. An empty array is taken, as by Slack: there are no blocks then.
func Message(blocksJSON []byte) error {
	v, err := decode(blocksJSON)
	if err != nil {
		return &Invalid{Code: InvalidBlocksFormat, Messages: []string{"[ERROR] must be valid JSON: " + err.Error()}}
	}
	blocks, ok := v.([]any)
	if !ok {
		return &Invalid{Code: InvalidBlocksFormat, Messages: []string{"[ERROR] must provide an array [json-pointer:/blocks]"}}
	}
	return judgeMessage(blocks, "/blocks")
}

func judgeMessage(blocks []any, at string) error {
	j := &judge{blocks: messageBlocks}
	blockList(0, MaxMessageBlocks)(j, blocks, at)
	if len(j.messages) > 0 {
		return &Invalid{Code: InvalidBlocks, Messages: j.messages}
	}
	if second := secondTable(blocks, at); second != "" {
		j.say(second, "only_one_table_allowed")
		return &Invalid{Code: InvalidAttachments, Messages: j.messages}
	}
	charts := 0
	for i, b := range blocks {
		if b.(object)["type"] == "data_visualization" {
			if charts++; charts > 2 {
				j.say(at+"/"+strconv.Itoa(i), "too many data_visualization blocks")
				return &Invalid{Code: InvalidBlocks, Messages: j.messages}
			}
		}
	}
	if Weight(blocks) > MaxMessageText {
		return &Invalid{Code: BlocksTooLong}
	}
	return nil
}

// blockList judges the blocks of a surface.
func blockList(least, most int) rule {
	return func(j *judge, v any, at string) {
		both(list(least, most, typed(j.blocks)), distinct("block_id"))(j, v, at)
	}
}

// Weight is the size of decoded blocks as a message's limit counts it: the characters of all texts, and for each header
// some more.
func Weight(blocks []any) int {
	n := textIn(blocks)
	for _, b := range blocks {
		if o, ok := b.(object); ok && o["type"] == "header" {
			n += headerWeight
		}
	}
	return n
}

// secondTable is where the second table of a message stands, if there is one.
func secondTable(blocks []any, at string) string {
	tables := 0
	for i, b := range blocks {
		o, _ := b.(object)
		here := at + "/" + strconv.Itoa(i)
		switch o["type"] {
		case "table", "data_table":
			if tables++; tables > 1 {
				return here
			}
		case "container":
			children, _ := o["child_blocks"].([]any)
			for k, c := range children {
				co, _ := c.(object)
				if t := co["type"]; t == "table" || t == "data_table" {
					if tables++; tables > 1 {
						return here + "/child_blocks/" + strconv.Itoa(k)
					}
				}
			}
		}
	}
	return ""
}

// Attachments judges the blocks inside the "attachments" of a message; of their other properties, the old ones, only
// that they are objects.
func Attachments(attachmentsJSON []byte) error {
	v, err := decode(attachmentsJSON)
	if err != nil {
		return &Invalid{Code: InvalidAttachments, Messages: []string{"[ERROR] must be valid JSON: " + err.Error()}}
	}
	j := &judge{blocks: messageBlocks}
	list(0, MaxAttachments, func(j *judge, v any, at string) {
		o, ok := v.(object)
		if !ok {
			j.say(at, "must provide an object")
			return
		}
		if has(o, "blocks") {
			blockList(0, MaxMessageBlocks)(j, o["blocks"], at+"/blocks")
		}
	})(j, v, "/attachments")
	if len(j.messages) > 0 {
		return &Invalid{Code: InvalidAttachments, Messages: j.messages}
	}
	return nil
}
