package state

import (
	"encoding/json"

	"spendbot/analysis"
)

// record is an answer as it is kept: whole, but for the queries of its trace, which have rows of their own.
type record struct {
	analysis.Answer
	Parts   []part                     `json:"parts"`
	Through []analysis.ProviderThrough `json:"through"`
}

// part is [analysis.Part] with one key instead of four.
type part struct {
	Text   string           `json:"text,omitempty"`
	Table  *analysis.Table  `json:"table,omitempty"`
	Bridge *analysis.Bridge `json:"bridge,omitempty"`
	Series *analysis.Series `json:"series,omitempty"`
}

func encodeAnswer(a *analysis.Answer) (string, error) {
	r := record{Answer: *a, Through: a.Through}
	r.Trace.Queries = nil
	for _, p := range a.Parts {
		r.Parts = append(r.Parts, part(p))
	}
	b, err := json.Marshal(r)
	return string(b), err
}

func decodeAnswer(s string) (*analysis.Answer, error) {
	var r record
	if err := json.Unmarshal([]byte(s), &r); err != nil {
		return nil, err
	}
	a := r.Answer
	a.Through = r.Through
	for _, p := range r.Parts {
		a.Parts = append(a.Parts, analysis.Part(p))
	}
	return &a, nil
}
