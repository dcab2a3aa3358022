package analysis

// Intent is what a question wants.
type Intent string

// The intents that are answered today, and the three ways of not answering.
const (
	ExplainChange Intent = "explain_change" // why did it change: effects, drivers, onset
	Compare       Intent = "compare"        // two periods or several values, side by side
	SpendTotal    Intent = "spend_total"    // one number
	TopN          Intent = "top_n"          // the largest values of a dimension
	Breakdown     Intent = "breakdown"      // a total cut along dimensions or days
	Provenance    Intent = "provenance"     // where a number or a definition comes from
	Freshness     Intent = "freshness"      // how far the data reaches
	Showback      Intent = "showback"       // who bears the period's bill, shared costs split by the allocation rules; see package showback
	Trust         Intent = "trust"          // whether the data can be relied on: Topic is what was looked at
	Ownership     Intent = "ownership"      // whose something is: team, cost centre, channel, and by which rule; see package owners
	AnomalyList   Intent = "anomaly_list"   // what costs more or less than was to be expected: see package anomaly
	Ambiguous     Intent = "ambiguous"      // a question back, with choices
	OutOfScope    Intent = "oos"            // not something this bot answers, or not something a bill can tell
	Digest        Intent = "digest"         // a pulse, put together from other answers: Topic is its kind; no sentence is read as it. See package pulse
	SQL           Intent = "sql"            // SQL that somebody wrote; no sentence is read as it
)

// Grain cuts an answer along time.
type Grain string

// The grains.
const (
	NoGrain Grain = ""
	ByDay   Grain = "day"
	ByWeek  Grain = "week"
	ByMonth Grain = "month"
)

// CurrentOwners in [Plan.Owners] judges every row by the owners configuration in force today.
const CurrentOwners = "current"

// Plan is a question as it was read: everything needed to answer it, and nothing of its wording. Two equal plans on one
// snapshot give equal answers.
type Plan struct {
	Intent  Intent `json:"intent"`
	Metric  Metric `json:"metric"`
	Current Period `json:"current"`
	// Baseline is what Current is compared with; nil where nothing is compared.
	Baseline *Period `json:"baseline,omitempty"`
	// Windows are further periods of the same comparison ("the last 7 days of each of the last 4 months"), oldest first.
	// When set they include Current as the last one.
	Windows []Period `json:"windows,omitempty"`
	Grain   Grain    `json:"grain,omitempty"`
	Filters []Filter `json:"filters"`
	// Scope is what the asker may see, whatever is asked: every query of the answer holds it, besides the filters. It is set
	// by whoever knows the asker, before any SQL, never by reading a question, and follow-ups do not carry it over.
	Scope   []Filter    `json:"scope,omitempty"`
	GroupBy []Dimension `json:"group_by"`
	Limit   int         `json:"limit"`
	// Currency is the currency asked for; empty means the store's main one.
	Currency string `json:"currency,omitempty"`
	// Owners says which owners rows are given to: "" those in force when each was charged, [CurrentOwners] today's.
	Owners string `json:"owners,omitempty"`
	// Topic narrows provenance, freshness and out-of-scope questions: "formula:effective_cost", "last_answer",
	// "console_mismatch", "forecast"...
	Topic string `json:"topic,omitempty"`
	// Focus is an effect the question singles out ("is it usage or price?", "did our savings plan expire?"): the effect's
	// name, or several joined by commas.
	Focus string `json:"focus,omitempty"`
	// Notes say what was assumed in reading, each one sentence for the small print: "no period was given: month to date".
	Notes []string `json:"notes,omitempty"`
	// Declined holds the parts of the question that a bill cannot answer, each one sentence.
	Declined []string `json:"declined,omitempty"`
	// Clarify is the question back; set exactly when Intent is Ambiguous.
	Clarify *Clarification `json:"clarify,omitempty"`
}

// For is the plan carried out for somebody with a scope of their own, as when another than the asker presses a button under
// an answer. What the plan says in words may name what its asker saw; it is left out where the new scope does not see as much.
func (p Plan) For(scope []Filter) Plan {
	if !ScopeCovers(scope, p.Scope) {
		p.Notes, p.Declined = nil, nil
		if p.Clarify != nil {
			p.Clarify = &Clarification{Question: "I did not understand that for sure: please ask in your own words.", Choices: []Choice{}}
		}
	}
	p.Scope = scope
	return p
}

// Clarification is a question back to the asker.
type Clarification struct {
	Question string   `json:"question"`
	Choices  []Choice `json:"choices"`
}

// Choice is one way to read the question. Ask, asked in turn, leads there without a second question back.
type Choice struct {
	Label string `json:"label"`
	Ask   string `json:"ask"`
}
