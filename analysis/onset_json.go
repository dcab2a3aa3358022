package analysis

import (
	"encoding/json"
	"time"
)

type onsetJSON struct {
	Day    string `json:"day,omitempty"`
	Around bool   `json:"around,omitempty"`
	From   string `json:"from,omitempty"`
	To     string `json:"to,omitempty"`
	Shape  string `json:"shape,omitempty"`
	Why    string `json:"why,omitempty"`
}

// MarshalJSON writes the days as dates and leaves out what is not known.
func (o Onset) MarshalJSON() ([]byte, error) {
	date := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.Format(DateLayout)
	}
	return json.Marshal(onsetJSON{date(o.Day), o.Around, date(o.From), date(o.To), o.Shape, o.Why})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (o *Onset) UnmarshalJSON(b []byte) error {
	var j onsetJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	*o = Onset{Around: j.Around, Shape: j.Shape, Why: j.Why}
	for _, f := range []struct {
		s string
		t *time.Time
	}{{j.Day, &o.Day}, {j.From, &o.From}, {j.To, &o.To}} {
		if f.s == "" {
			continue
		}
		t, err := time.Parse(DateLayout, f.s)
		if err != nil {
			return err
		}
		*f.t = t
	}
	return nil
}
