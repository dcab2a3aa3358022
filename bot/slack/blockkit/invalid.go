package blockkit

import (
	"fmt"
	"strings"
)

// Slack's error codes for what is judged here.
const (
	InvalidBlocks       = "invalid_blocks"
	InvalidBlocksFormat = "invalid_blocks_format" // not a JSON array
	BlocksTooLong       = "msg_blocks_too_long"
	InvalidAttachments  = "invalid_attachments" // also for a second table in a message, which Slack counts as one
	InvalidArguments    = "invalid_arguments"   // for views
	ViewTooLarge        = "view_too_large"
)

// Invalid is a refusal as Slack gives it: Code is the answer's "error", Messages its "response_metadata.messages".
type Invalid struct {
	Code     string
	Messages []string // "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
}

// Error lists the first few messages after the code.
func (e *Invalid) Error() string {
	const few = 5
	shown := e.Messages
	more := ""
	if len(shown) > few {
		more = fmt.Sprintf(" (and %d more)", len(shown)-few)
		shown = shown[:few]
	}
	if len(shown) == 0 {
		return e.Code
	}
	return e.Code + ": " + strings.Join(shown, "; ") + more
}
