package analysis

// Metric is one of FOCUS's cost columns, or the usage quantity.
type Metric string

// The metrics one can ask for. Effective is the default: amortized and net of discounts, so that a commitment bought up
// front is spread over the usage it covers (FOCUS 1.2, EffectiveCost).
const (
	Effective  Metric = "effective"
	Billed     Metric = "billed"
	List       Metric = "list"
	Contracted Metric = "contracted"
	Usage      Metric = "usage"
)

// Metrics lists every metric, the default first.
var Metrics = []Metric{Effective, Billed, List, Contracted, Usage}

// Column is the FOCUS column a metric sums.
func (m Metric) Column() string {
	switch m {
	case Billed:
		return "BilledCost"
	case List:
		return "ListCost"
	case Contracted:
		return "ContractedCost"
	case Usage:
		return "ConsumedQuantity"
	default:
		return "EffectiveCost"
	}
}

// Words names the metric in an answer's small print.
func (m Metric) Words() string {
	switch m {
	case Billed:
		return "billed cost"
	case List:
		return "list cost"
	case Contracted:
		return "contracted cost"
	case Usage:
		return "usage quantity"
	default:
		return "effective cost"
	}
}
