package store

import "spendbot/analysis"

// Delivery is where a load's files were fetched, and which version of them. It is all that the next look at the place needs to
// know in order to leave them there.
type Delivery struct {
	Source   string `json:"source"` // address of the place, without anything that opens it: "s3://bucket/bills"
	Key      string `json:"key"`    // names the delivery within its source, in every version
	Version  string `json:"version,omitempty"`
	Manifest string `json:"manifest,omitempty"`
	// Fingerprint is of the files' keys, sizes and ETags, and of how they were to be read.
	Fingerprint string `json:"fingerprint"`
}

// Restatement is what a load changed about days that the store had before, of one provider, invoice month and currency. Days
// that came new with the load are no restatement.
type Restatement struct {
	Provider string `json:"provider"`
	Month    string `json:"month"`
	Currency string `json:"currency"`
	// First and Last are the first and last day whose costs changed, "2026-10-03".
	First string `json:"first_day"`
	Last  string `json:"last_day"`
	Moved        // all services
	// Services are those that moved most, by effective cost; what is left of Moved is Rest.
	Services []ServiceMoved `json:"services"`
	Rest     *ServiceMoved  `json:"rest,omitempty"`
}

// ServiceMoved is how a service's costs changed.
type ServiceMoved struct {
	Service string `json:"service"` // of the rest: what it is, "12 further services"
	Moved
}

// Moved are costs before and after, exact; nil where no row had a value.
type Moved struct {
	WasBilled    *analysis.Amount `json:"was_billed"`
	IsBilled     *analysis.Amount `json:"is_billed"`
	WasEffective *analysis.Amount `json:"was_effective"`
	IsEffective  *analysis.Amount `json:"is_effective"`
}

// Billed is by how much the billed cost moved; nil where it is known neither before nor after.
func (m Moved) Billed() *analysis.Amount { return difference(m.WasBilled, m.IsBilled) }

// Effective is by how much the effective cost moved; nil where it is known neither before nor after.
func (m Moved) Effective() *analysis.Amount { return difference(m.WasEffective, m.IsEffective) }

func difference(was, is *analysis.Amount) *analysis.Amount {
	var d analysis.Amount
	switch {
	case was == nil && is == nil:
		return nil
	case was == nil:
		d = *is
	case is == nil:
		d = was.Neg()
	default:
		d = is.Sub(*was)
	}
	return &d
}
