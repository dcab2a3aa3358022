package anomaly

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// Floor is what an anomaly must come to before anybody is told: so much a day over or under the expected, on average over its days in a
// row, and such a share of what was expected of them.
type Floor struct {
	PerDay analysis.Amount // in the currency of the bill
	Share  float64         // 0.2 is 20%
}

// DefaultFloor is what counts where no rule says otherwise.
func DefaultFloor() Floor { return Floor{PerDay: decimal.NewFromInt(50), Share: 0.2} }

// FloorRule is a floor for a part of the bill: `anomalies: floors:` in the configuration. What it does not name is any.
type FloorRule struct {
	Provider string   `yaml:"provider"`
	Service  string   `yaml:"service"`
	Account  string   `yaml:"account"` // its id or its name
	Team     string   `yaml:"team"`
	PerDay   string   `yaml:"per_day"` // "200"; empty is the default
	Percent  *float64 `yaml:"percent"` // 30; left out is the default
}

// Floors are the rules in their order; the first that fits counts.
type Floors struct {
	rules  []FloorRule
	floors []Floor
}

// NewFloors checks rules.
func NewFloors(rules []FloorRule) (Floors, error) {
	fs := Floors{rules: rules}
	for i, r := range rules {
		f := DefaultFloor()
		if r.PerDay != "" {
			d, err := decimal.NewFromString(r.PerDay)
			if err != nil || d.IsNegative() {
				return Floors{}, fmt.Errorf("anomalies.floors: per_day of rule %d is %q; write an amount, as 200", i+1, r.PerDay)
			}
			f.PerDay = d
		}
		if p := r.Percent; p != nil {
			if *p < 0 || *p > 10_000 {
				return Floors{}, errors.New("anomalies.floors: percent is a share of what was expected; write 30 for 30%")
			}
			f.Share = *p / 100
		}
		fs.floors = append(fs.floors, f)
	}
	return fs, nil
}

// of is the floor of a series, and which rule it is of: its number, or "default".
func (fs Floors) of(l *line) (Floor, string) {
	fits := func(want string, got ...string) bool {
		for _, g := range got {
			if want == "" || want == g {
				return true
			}
		}
		return false
	}
	team := l.team
	if l.main != nil {
		team = l.main.team
	}
	for i, r := range fs.rules {
		if fits(r.Provider, l.provider) && fits(r.Service, l.service) && fits(r.Account, l.account, l.name) && fits(r.Team, team) {
			return fs.floors[i], strconv.Itoa(i + 1)
		}
	}
	return DefaultFloor(), "default"
}
