package conform

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"spendbot/analysis/focus"
)

// Rule is one of FOCUS's rules, of a column.
type Rule struct {
	ID     string
	Since  string // the first version it holds in
	Until  string // the first one it does not hold in any more; empty while it does
	Level  Level  // of its column
	Column string // empty where it is about the header as a whole
	// Condition is true of a row that breaks the rule, in SQL over FOCUS's columns; or a word for what only a file can break: present,
	// decimal, time, iso8601, json, custom, width.
	Condition string
	Words     string // what holds where the rule is kept, of the column: "It has a value on every row."
}

// Level is a column's feature level: how far FOCUS asks for it.
type Level string

// The levels.
const (
	Mandatory   Level = "Mandatory"
	Conditional Level = "Conditional"
	Recommended Level = "Recommended"
	Optional    Level = "Optional"
)

// Levels lists them, the strictest first.
var Levels = []Level{Mandatory, Conditional, Recommended, Optional}

// Conditions that are about a file.
const (
	condPresent = "present"
	condDecimal = "decimal"
	condTime    = "time"
	condISO     = "iso8601"
	condJSON    = "json"
	condCustom  = "custom"
	condWidth   = "width"
)

var ofFiles = []string{condPresent, condDecimal, condTime, condISO, condJSON, condCustom, condWidth}

//go:embed rules.tsv
var rulesTSV string

const header = "rule\tsince\tuntil\tlevel\tcolumn\tcondition\twords"

var loaded = sync.OnceValues(func() ([]Rule, error) { return parse(rulesTSV) })

func parse(tsv string) ([]Rule, error) {
	lines := strings.Split(strings.TrimRight(tsv, "\n"), "\n")
	if lines[0] != header {
		return nil, fmt.Errorf("rules.tsv: the header is %q, expected %q", lines[0], header)
	}
	var out []Rule
	seen := map[string]bool{}
	for i, line := range lines[1:] {
		f := strings.Split(line, "\t")
		if len(f) != 7 {
			return nil, fmt.Errorf("rules.tsv: line %d: %d fields, expected 7", i+2, len(f))
		}
		r := Rule{ID: f[0], Since: f[1], Until: f[2], Level: Level(f[3]), Column: f[4], Condition: f[5], Words: f[6]}
		switch {
		case r.ID == "" || seen[r.ID]:
			return nil, fmt.Errorf("rules.tsv: line %d: the rule %q is there twice or has no id", i+2, r.ID)
		case !slices.Contains(Levels, r.Level):
			return nil, fmt.Errorf("rules.tsv: line %d: %q is no feature level", i+2, f[3])
		case r.Condition == "" || r.Words == "":
			return nil, fmt.Errorf("rules.tsv: line %d: a rule has a condition and words", i+2)
		}
		seen[r.ID] = true
		r.Condition = strings.ReplaceAll(r.Condition, "{currencies}", "'"+strings.Join(strings.Fields(currencies), "', '")+"'")
		out = append(out, r)
	}
	return out, nil
}

// Rules are those that hold in a version, in the order of their columns.
func Rules(version string) ([]Rule, error) {
	if !slices.Contains(Versions(), version) {
		return nil, fmt.Errorf("there are no rules of FOCUS %q; there are those of %s", version, strings.Join(Versions(), ", "))
	}
	all, err := loaded()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(all), func(r Rule) bool {
		c, ok := column(r.Column)
		return ok && !c.In(version) || older(version, r.Since)
	}), nil
}

// Versions are the versions of FOCUS that there are rules of.
func Versions() []string { return focus.Versions() }

// DefaultVersion is what is measured against where nobody says.
const DefaultVersion = "1.2"

func older(version, since string) bool {
	all := Versions()
	return slices.Index(all, version) < slices.Index(all, since)
}

// column is FOCUS's column of exactly that name; an older name is its own.
func column(name string) (focus.Column, bool) {
	for _, c := range focus.Columns() {
		if c.Name == name {
			return c, true
		}
	}
	return focus.Column{}, false
}

var providerName = regexp.MustCompile(`\bProviderName\b`)

// stored is a condition over the store's columns, where older names have landed in newer ones.
func stored(condition string) string {
	return providerName.ReplaceAllString(condition, "ServiceProviderName")
}

// currencies are the codes of national currencies, ISO 4217:2015 with the amendments up to 2025.
const currencies = `AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK
DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL
LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD
SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XDR XOF XPF YER ZAR ZMW ZWG`
