package analysis

import (
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// Amount is money or a quantity, exact. It is written as a decimal string in JSON; it is never a float.
type Amount = decimal.Decimal

// Answer is what every question becomes, neutral about who reads it: a terminal, Slack, a ticket, a program. A number
// stands in it only if a query of its Trace returned it or exact arithmetic on such numbers made it.
type Answer struct {
	ID       string    `json:"id"` // "Q-7F3K2M"
	Asked    time.Time `json:"asked"`
	Question string    `json:"question"`
	Headline string    `json:"headline"` // one sentence with the number in it
	Reading  Plan      `json:"reading"`
	Currency string    `json:"currency"`
	Parts    []Part    `json:"-"`
	// Through is the last complete day per provider, as far as the answer touches them.
	Through []ProviderThrough `json:"-"`
	Caveats []string          `json:"caveats"`
	Actions []Action          `json:"actions,omitempty"`
	// Events happened near in time and place; they are no causes. They are of [Trace.Events].
	Events []NearEvent `json:"events,omitempty"`
	Trace  Trace       `json:"trace"`
}

// Part is one piece of an answer's body; exactly one field is set.
type Part struct {
	Text   string
	Table  *Table
	Bridge *Bridge
	Series *Series
}

// Action is something the asker may do next: a question that can be asked as it stands.
type Action struct {
	Label string `json:"label"`
	Ask   string `json:"ask"`
}

// ProviderThrough says up to which day, inclusive, a provider's data is whole.
type ProviderThrough struct {
	Provider string    `json:"provider"`
	Day      time.Time `json:"day"`
}

// Table is rows of cells under columns. The first columns name the row, the others hold amounts.
type Table struct {
	Columns []Column `json:"columns"`
	Rows    []Row    `json:"rows"`
	// Total is the sum of all rows, shown or not; nil where a total has no meaning (quantities in several units).
	Total *Row `json:"total,omitempty"`
	// Drawn says that the series beside the table shows the same rows to people; the table is for programs then.
	Drawn bool `json:"drawn,omitempty"`
	// Omitted counts the rows beyond the limit; they are summed in the row "everything else" before the total.
	Omitted int `json:"omitted,omitempty"`
}

// ColumnKind says how a column's cells are written.
type ColumnKind string

// The kinds.
const (
	ColText    ColumnKind = "text"
	ColMoney   ColumnKind = "money"   // in the answer's currency
	ColDelta   ColumnKind = "delta"   // money with a sign
	ColPercent ColumnKind = "percent" // a ratio, 0.079 for 7.9%
	ColNumber  ColumnKind = "number"  // a quantity or a count
	ColCents   ColumnKind = "cents"   // money to the smallest unit of its currency: the row's where a column "currency" names one, else the answer's
)

// Column is a table's column. Name is the machine's name ("service", "amount"), Label the reader's.
type Column struct {
	Name  string     `json:"name"`
	Label string     `json:"label"`
	Kind  ColumnKind `json:"kind"`
}

// TextColumns are columns of text with these labels; a column's name is its label with "_" for spaces.
func TextColumns(labels ...string) []Column {
	out := make([]Column, len(labels))
	for i, l := range labels {
		out[i] = Column{Name: strings.ReplaceAll(l, " ", "_"), Label: l, Kind: ColText}
	}
	return out
}

// TextRow is a row of text.
func TextRow(cells ...string) Row {
	var r Row
	for _, c := range cells {
		r.Cells = append(r.Cells, Cell{Text: c})
	}
	return r
}

// Row holds a cell per column. Key is the slice it stands for, by FOCUS column or "tag:KEY"; empty for sums.
type Row struct {
	Key   map[string]string `json:"key,omitempty"`
	Cells []Cell            `json:"cells"`
}

// Cell is a text or an amount; a nil Amount in a number column means unknown, which is not zero.
type Cell struct {
	Text   string  `json:"text,omitempty"`
	Amount *Amount `json:"amount,omitempty"`
	Null   bool    `json:"null,omitempty"` // a text that is not there, where that is not the empty text: in results of SQL
}

// Effect is a reason for a change in the sense of the bridge; effects of one answer sum exactly to its delta.
type Effect string

// The effects, in the order they are shown. Formulas: package explain/effect.
const (
	EffCalendar       Effect = "calendar"            // more or fewer days
	EffVolume         Effect = "volume"              // continuing resources used more or less
	EffNewResources   Effect = "new_resources"       // resources seen only in the current period
	EffRemovedRes     Effect = "removed_resources"   // resources seen only in the baseline
	EffNewSlice       Effect = "new"                 // price keys (service, SKU, account, region, tags) seen only now
	EffRemovedSlice   Effect = "removed"             // price keys seen only before
	EffListPrice      Effect = "list_price"          // list unit price
	EffNegotiated     Effect = "negotiated_discount" // contracted against list
	EffCoverage       Effect = "commitment_coverage" // share of usage that commitments cover
	EffCommitmentRate Effect = "commitment_rate"     // price of the covered part
	EffUnused         Effect = "commitment_unused"   // commitment paid for and not used
	EffCredits        Effect = "credits"
	EffRefunds        Effect = "refunds" // refunds and corrections of earlier charges
	EffTax            Effect = "tax"
	EffPurchases      Effect = "purchases" // purchases and recurring fees
	EffAdjustments    Effect = "adjustments"
	EffCurrency       Effect = "currency"   // exchange rate
	EffOtherRate      Effect = "other_rate" // a rate change that the bill gives no factors for
)

// Effects lists all effects in the order they are shown.
var Effects = []Effect{
	EffCalendar, EffVolume, EffNewResources, EffRemovedRes, EffNewSlice, EffRemovedSlice, EffListPrice, EffNegotiated,
	EffCoverage, EffCommitmentRate, EffUnused, EffCredits, EffRefunds, EffTax, EffPurchases, EffAdjustments, EffCurrency,
	EffOtherRate,
}

// EffectAmount is an effect's part of a change.
type EffectAmount struct {
	Effect Effect `json:"effect"`
	Amount Amount `json:"amount"`
}

// Change is a comparison of two totals: Delta = Current - Baseline, exactly.
type Change struct {
	Current  Amount `json:"current"`
	Baseline Amount `json:"baseline"`
	Delta    Amount `json:"delta"`
	Currency string `json:"currency"`
}

// Bridge leads from the baseline total to the current one: the same Delta cut twice, into effects and into drivers.
// Effects sum to Change.Delta exactly; so do the drivers' amounts plus Rest.
type Bridge struct {
	Change  Change         `json:"change"`
	Effects []EffectAmount `json:"effects"`
	Drivers []Driver       `json:"drivers"`
	Rest    Rest           `json:"rest"`
}

// Rest is what no driver carries: a row with its own effects and a count, never a rounding.
type Rest struct {
	Amount  Amount         `json:"amount"`
	Effects []EffectAmount `json:"effects"`
	Slices  int            `json:"slices"`  // price keys in it
	Largest Amount         `json:"largest"` // the largest |change| of any of them
}

// Driver is a slice of spend that carries part of the change. Drivers do not overlap: what one took, later ones exclude.
type Driver struct {
	// Slice gives the conditions, by FOCUS column name or "tag:KEY"; several are joined by "and". Empty for the calendar.
	Slice map[string]string `json:"slice"`
	// Label names the slice for people, account names instead of ids.
	Label  string `json:"label"`
	Amount Amount `json:"amount"`
	// SliceTotal is the whole change of the slice, as a console shows it, what other drivers took included.
	SliceTotal Amount         `json:"slice_total"`
	Effects    []EffectAmount `json:"effects"`
	// How says it in words: "usage x4.1, price unchanged".
	How        string           `json:"how"`
	Onset      Onset            `json:"onset"`
	Confidence Confidence       `json:"confidence"`
	Resources  []ResourceChange `json:"resources"`
	// Offsets are changes of the other sign inside the slice, largest first: what it would have been without them.
	Offsets []Offset `json:"offsets,omitempty"`
}

// Confidence grades how far a driver stands out from the noise of its own slice.
type Confidence string

// The grades; thresholds are in package explain.
const (
	High   Confidence = "high"
	Medium Confidence = "medium"
	Low    Confidence = "low"
)

// Onset is when a driver's change began. Day is zero where no day can be named, and Why says why.
type Onset struct {
	Day    time.Time
	Around bool      // the day is uncertain by more than a day or so: between From and To
	From   time.Time // first day of the likely range
	To     time.Time // last day of the likely range
	Shape  string    // "step", "ramp", "spike", "step and back", "" when unknown
	Why    string    // for a zero Day: "monthly rows", "from the first day", "no clear day"
}

// ResourceChange is a resource's part of a driver's change.
type ResourceChange struct {
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	Amount Amount `json:"amount"`
	Status string `json:"status"` // "new", "removed", "continuing"
}

// Offset is a part of a slice that moved the other way.
type Offset struct {
	Slice  map[string]string `json:"slice"`
	Label  string            `json:"label"`
	Amount Amount            `json:"amount"`
}

// Series is one or more lines over days.
type Series struct {
	Days  []time.Time  `json:"days"`
	Lines []SeriesLine `json:"lines"`
}

// SeriesLine is a named line; a nil amount is an unknown day.
type SeriesLine struct {
	Name   string    `json:"name"`
	Values []*Amount `json:"values"`
}

// Trace is the evidence of an answer: enough to run it again and say whether it comes out the same.
type Trace struct {
	Snapshot        int64        `json:"snapshot"`         // of the daily table
	ChargesSnapshot int64        `json:"charges_snapshot"` // of the line items it was rolled up from
	Queries         []QueryTrace `json:"queries"`
	Events          *EventTrace  `json:"events,omitempty"` // nil where the answer looked at none
	MS              float64      `json:"ms"`
}

// QueryTrace is one query as it ran.
type QueryTrace struct {
	Name   string  `json:"name"`
	SQL    string  `json:"sql"`
	Params []any   `json:"params"`
	Rows   int     `json:"rows"`
	SHA256 string  `json:"sha256"` // of the rows as tab-separated text, in the query's order
	MS     float64 `json:"ms"`
}
