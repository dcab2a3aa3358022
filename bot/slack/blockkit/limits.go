package blockkit

// The published limits, in characters (Unicode code points) or items. Renderers keep their budgets by the same numbers.
const (
	MaxMessageBlocks = 50  // blocks of a message
	MaxViewBlocks    = 100 // blocks of a modal or a home tab
	// MaxMessageText bounds the text of all blocks of a message. Slack does not publish it; people measured about 13,200
	// rendered characters, each header counting for about a hundred more than its text.
	MaxMessageText = 13200
	headerWeight   = 100
	MaxViewBytes   = 250_000 // a view's JSON

	MaxID              = 255 // block_id, action_id, callback_id, external_id
	MaxText            = 3000
	MaxSection         = 3000 // text of a section
	MaxFields          = 10   // fields of a section
	MaxField           = 2000
	MaxHeader          = 150
	MaxMarkdown        = 12000
	MaxActions         = 25 // elements of an actions block
	MaxContext         = 10 // elements of a context block
	MaxContextActions  = 5
	MaxAltText         = 2000
	MaxURL             = 3000
	MaxLabel           = 2000 // label and hint of an input block
	MaxButtonText      = 75
	MaxButtonValue     = 2000
	MaxAccessibility   = 75
	MaxPlaceholder     = 150
	MaxOptionText      = 75 // text and description of an option, label of a group
	MaxOptionValue     = 150
	MaxSelectOptions   = 100
	MaxOverflowOptions = 5
	MaxCheckOptions    = 10 // checkboxes and radio buttons
	MaxConfirmTitle    = 100
	MaxConfirmText     = 300
	MaxConfirmButton   = 30
	MaxTableRows       = 100
	MaxTableColumns    = 20
	MaxTableText       = 10000 // text of all cells of a table
	MaxDataTableRows   = 201   // the header row included
	MaxDataTableText   = 20000
	MaxViewTitle       = 24 // title, submit and close of a modal
	MaxPrivateMetadata = 3000
	MaxInputLength     = 3000
	MaxAttachments     = 100
)
