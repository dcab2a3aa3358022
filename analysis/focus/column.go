package focus

// Type is a FOCUS data type.
type Type string

// The types. Identifiers are strings even when they look like numbers: they may begin with zeros.
const (
	String   Type = "String"
	Decimal  Type = "Decimal"  // exact; never read into a float
	DateTime Type = "DateTime" // UTC
	JSON     Type = "JSON"     // an object, held as text
)

// Need says whether a file without the column can be a FOCUS file at all. It is far weaker than FOCUS's own
// conformance levels: real exports lack mandatory columns, and what they do have is worth loading.
type Need string

// The needs.
const (
	Optional Need = ""
	Required Need = "need"     // no file is accepted without it
	OneOf    Need = "need-one" // at least one of the columns marked so must be there
)

// Column is a column of the cost-and-usage table.
type Column struct {
	Name     string   `json:"name"`
	Type     Type     `json:"type"`
	Nullable bool     `json:"nullable"`
	Allowed  []string `json:"allowed,omitempty"`
	// Unit is the column that holds the unit of a Decimal ("BillingCurrency", "PricingUnit"), or two of them in a ratio
	// ("BillingCurrency per PricingUnit").
	Unit string `json:"unit,omitempty"`
	// Meaning is one or two sentences of ours, not the specification's.
	Meaning string `json:"meaning"`
	// Since is the first FOCUS version that has the column, Until the last one; "" means it is current. Both are empty
	// for columns that are our own.
	Since string `json:"since,omitempty"`
	Until string `json:"until,omitempty"`
	// Replaces lists older columns whose values land in this one, in the order they are tried: the column is
	// coalesce(own, first, second, ...), an empty string counting as missing.
	Replaces []string `json:"replaces,omitempty"`
	// LandsIn is the column that keeps this one's values; "" means the store keeps it under its own name.
	LandsIn string `json:"lands_in,omitempty"`
	Need    Need   `json:"need,omitempty"`
	// Own marks the x_ columns that the store adds to FOCUS.
	Own bool `json:"own,omitempty"`
}

// Stored reports whether the store keeps a column of this name.
func (c Column) Stored() bool { return c.LandsIn == "" }

// In reports whether FOCUS version v ("1.2") has the column.
func (c Column) In(v string) bool {
	return !c.Own && compareVersions(c.Since, v) <= 0 && (c.Until == "" || compareVersions(v, c.Until) <= 0)
}
