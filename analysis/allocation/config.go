package allocation

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// Config is how shared costs are split, as it stands under "allocation:" in the configuration file. The zero value splits
// nothing.
type Config struct {
	// Scopes are parts of the bill by name, beside the ready-made ones (support, nat, observability and more).
	Scopes map[string]MatchConfig `yaml:"scopes"`
	// Metrics is a CSV file of date,target,metric,value, for rules that split by one of its metrics; a path from where the
	// configuration file lies. See [ReadMetrics].
	Metrics string `yaml:"metrics"`
	// Rules are applied in order.
	Rules []RuleConfig `yaml:"rules"`
}

// RuleConfig is a rule as it is written.
type RuleConfig struct {
	Name   string      `yaml:"name"`
	From   MatchConfig `yaml:"from"`
	To     MatchConfig `yaml:"to"`     // one dimension: team: all, or team: [payments, search]
	Except Values      `yaml:"except"` // with all: but these
	Split  string      `yaml:"split"`  // even, percent, spend, usage, metric or tiered
	// Percent gives each target its part of a hundred, with split: percent.
	Percent map[string]Number `yaml:"percent"`
	// Weigh says what is weighed, with split: spend, usage, metric or tiered.
	Weigh WeighConfig `yaml:"weigh"`
	// Tiers are bands of what is weighed, the lowest first, with split: tiered.
	Tiers []TierConfig `yaml:"tiers"`
	Grain string       `yaml:"grain"` // month (the default) or day: over what amounts and weights are taken together
	Since string       `yaml:"since"` // the first day it holds, 2026-01-01
	Until string       `yaml:"until"` // the first day it no longer holds
}

// WeighConfig is what a target's weight is.
type WeighConfig struct {
	By     string      `yaml:"by"`     // with split: tiered: spend, usage or metric
	Metric string      `yaml:"metric"` // of spend: effective, billed, list or contracted; of metric: its name in the CSV file
	Of     MatchConfig `yaml:"of"`     // the rows weighed
	Unit   string      `yaml:"unit"`   // of usage: only quantities in this unit
}

// TierConfig is a band of what is weighed: from where the one before ends up to up_to, the last without an end.
type TierConfig struct {
	UpTo    *Number `yaml:"up_to"`
	Percent *Number `yaml:"percent"` // the part of the source that this band bears
	Rate    *Number `yaml:"rate"`    // what a unit in this band weighs
}

// MatchConfig is conditions that all have to hold: values by dimension ("account", "charge_category", "commitment_status") or tag
// key, as scopes of people have them; and "scope", the names of scopes of which one has to hold. A value may hold * for any
// text; one that begins with ! is left out.
type MatchConfig map[string]Values

// Values is a list, or one value.
type Values []string

// UnmarshalYAML reads a list or one value.
func (v *Values) UnmarshalYAML(read func(any) error) error {
	var one string
	if read(&one) == nil {
		*v = Values{one}
		return nil
	}
	return read((*[]string)(v))
}

// Number is an exact decimal.
type Number struct{ decimal.Decimal }

var plainNumber = regexp.MustCompile(`^-?[0-9]{1,20}(\.[0-9]{1,18})?$`)

// UnmarshalYAML reads a number as it is written, never by way of a float.
func (n *Number) UnmarshalYAML(b []byte) error {
	s := strings.Trim(strings.TrimSpace(string(b)), `"'`)
	if !plainNumber.MatchString(s) {
		return fmt.Errorf("%q is no number; write digits with a dot, as 33.5", s)
	}
	d, err := decimal.NewFromString(s)
	n.Decimal = d
	return err
}

// ParseConfig reads what stands under "allocation:", by itself. Unknown fields are errors.
func ParseConfig(b []byte) (Config, error) {
	var c Config
	err := yaml.NewDecoder(bytes.NewReader(b), yaml.Strict()).Decode(&c)
	if err != nil && !errors.Is(err, io.EOF) {
		return Config{}, fmt.Errorf("allocation: %s", strings.TrimSpace(yaml.FormatError(err, false, false)))
	}
	return c, nil
}

// Split is how a rule splits.
type Split string

// The ways to split.
const (
	Even    Split = "even"    // the same to each
	Percent Split = "percent" // fixed parts of a hundred
	Spend   Split = "spend"   // in proportion to what each costs
	Usage   Split = "usage"   // in proportion to what each consumed: ConsumedQuantity on the bill
	Metric  Split = "metric"  // in proportion to a figure of the metrics file
	Tiered  Split = "tiered"  // by bands of one of the three above
)

var splits = []Split{Even, Percent, Spend, Usage, Metric, Tiered}

// Rule is a rule that was found to be sound.
type Rule struct {
	Name  string
	From  Match
	To    Targets
	Split Split
	// Percent is in step with To.Values.
	Percent []analysis.Amount
	// Weigh is what is weighed by spend, usage, a metric, and by tiers of them.
	Weigh Weigh
	Tiers []Tier
	Daily bool // amounts and weights are taken by the day, not by the month
	Since time.Time
	Until time.Time // the first day it no longer holds
}

// Targets are the owners that a rule gives to.
type Targets struct {
	Dimension analysis.Dimension
	Values    []string // sorted; nil: all of the bill's
	Except    []string
}

// Weigh says what a target's weight is.
type Weigh struct {
	By     Split
	Metric string // of spend, empty is the metric that is shown back; of a metric, its name
	Of     *Match // nil: everything but the rule's own source
	Unit   string
}

// Tier is a band of what is weighed, from where the one before ends.
type Tier struct {
	UpTo    *analysis.Amount // nil: no end
	Percent *analysis.Amount // of the source
	Rate    *analysis.Amount // weight of a unit
}

// Holds reports whether a rule holds on a day.
func (r *Rule) Holds(day time.Time) bool {
	return !day.Before(r.Since) && (r.Until.IsZero() || day.Before(r.Until))
}

// Rules are the rules of a configuration.
type Rules struct {
	metrics string
	tagged  []Rule // where no owners are configured: team is the tag of that name
	owned   []Rule
}

// New reads a configuration. dir is where its file lies. All that is wrong with it is reported at once, each with the field and
// its value.
func New(c Config, dir string) (*Rules, error) {
	out := &Rules{metrics: c.Metrics}
	if c.Metrics != "" && !filepath.IsAbs(c.Metrics) {
		out.metrics = filepath.Join(dir, c.Metrics)
	}
	var err error
	if out.tagged, err = c.rules(false); err != nil {
		return nil, err
	}
	if out.owned, err = c.rules(true); err != nil {
		return nil, err
	}
	return out, nil
}

// For are the rules in order, over the owners configuration's dimensions where there is one, else over tags of their names.
func (r *Rules) For(owned bool) []Rule {
	switch {
	case r == nil:
		return nil
	case owned:
		return r.owned
	}
	return r.tagged
}

// Names are the rules' names, in order.
func (r *Rules) Names() []string {
	var out []string
	for _, rule := range r.For(false) {
		out = append(out, rule.Name)
	}
	return out
}

// MetricsFile is the path of the metrics file; empty for none.
func (r *Rules) MetricsFile() string {
	if r == nil {
		return ""
	}
	return r.metrics
}

func invalid(field string, value any, format string, a ...any) error {
	shown := fmt.Sprintf("%q", fmt.Sprint(value))
	if v, ok := value.(Values); ok {
		quoted := make([]string, len(v))
		for i, s := range v {
			quoted[i] = fmt.Sprintf("%q", s)
		}
		shown = "[" + strings.Join(quoted, ", ") + "]"
	}
	return fmt.Errorf("allocation.%s is %s: %s", field, shown, fmt.Sprintf(format, a...))
}

// reader collects what is wrong.
type reader struct {
	owned  bool
	scopes map[string]Scope
	errs   []error
}

func (r *reader) wrong(field string, value any, format string, a ...any) {
	r.errs = append(r.errs, invalid(field, value, format, a...))
}

func (c Config) rules(owned bool) ([]Rule, error) {
	r := &reader{owned: owned, scopes: map[string]Scope{}}
	for name, any := range readyMade {
		r.scopes[name] = Scope{Name: name, Any: any}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Scopes)) {
		field := "scopes." + name
		m := c.Scopes[name]
		if len(m) == 0 {
			r.errs = append(r.errs, fmt.Errorf("allocation.%s is empty, which would be all spend: write a dimension with its values, as service: [\"Amazon S3\"]", field))
		}
		if _, ok := m["scope"]; ok {
			r.errs = append(r.errs, fmt.Errorf("allocation.%s.scope: a scope is made of dimensions, not of other scopes; name both in the rule, as scope: [a, b]", field))
			continue
		}
		r.scopes[strings.ToLower(name)] = Scope{Name: name, Any: [][]Cond{r.match(field, m).Conds}}
	}
	var rules []Rule
	seen := map[string]int{}
	for i, rc := range c.Rules {
		field := fmt.Sprintf("rules[%d]", i+1)
		rule := r.rule(field, rc)
		if at, ok := seen[strings.ToLower(rule.Name)]; ok && rule.Name != "" {
			r.wrong(field+".name", rc.Name, "rule %d has that name; each allocated amount names its rule, so names differ", at)
		}
		seen[strings.ToLower(rule.Name)] = i + 1
		if rule.Weigh.By == Metric && c.Metrics == "" {
			r.errs = append(r.errs, fmt.Errorf("allocation.%s splits by the metric %q and allocation.metrics names no file: write the path of a CSV of date,target,metric,value", field, rule.Weigh.Metric))
		}
		rules = append(rules, rule)
	}
	if len(r.errs) == 0 {
		r.errs = append(r.errs, circles(rules)...)
	}
	return rules, errors.Join(r.errs...)
}

// ruleName is short enough for a column and holds nothing that a spreadsheet or a terminal would act on.
var ruleName = regexp.MustCompile(`^[\pL\pN][\pL\pN ._&/-]{0,39}$`)

// reserved are names of columns beside the rules'.
var reserved = []string{"direct", "shared", "total", "owner", "unallocated", "kind", "label", "charged"}

func (r *reader) rule(field string, c RuleConfig) Rule {
	out := Rule{Name: strings.TrimSpace(c.Name), Daily: c.Grain == "day"}
	switch {
	case !ruleName.MatchString(out.Name):
		r.wrong(field+".name", c.Name, "write a name of 1 to 40 letters, digits and spaces, as support; it heads a column")
	case slices.Contains(reserved, strings.ToLower(out.Name)):
		r.wrong(field+".name", c.Name, "that is a column of its own in every showback; choose another name")
	}
	if len(c.From) == 0 {
		r.errs = append(r.errs, fmt.Errorf("allocation.%s.from is missing: write what is shared, as {scope: support} or {service: [\"Amazon S3\"]}", field))
	}
	out.From = r.match(field+".from", c.From)
	r.targets(field, c, &out)
	if c.Grain != "" && c.Grain != "month" && c.Grain != "day" {
		r.wrong(field+".grain", c.Grain, "write month or day")
	}
	out.Since, out.Until = r.date(field+".since", c.Since, out.Daily), r.date(field+".until", c.Until, out.Daily)
	if !out.Since.IsZero() && !out.Until.IsZero() && !out.Since.Before(out.Until) {
		r.wrong(field+".until", c.Until, "it ends before it begins (since %s); until is the first day it no longer holds", c.Since)
	}
	out.Split = Split(c.Split)
	r.split(field, c, &out)
	return out
}

func (r *reader) date(field, s string, daily bool) time.Time {
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(analysis.DateLayout, s)
	switch {
	case err != nil || t.Year() < 2000 || t.Year() > 2200:
		r.wrong(field, s, "write a day, as 2026-01-01")
	case !daily && t.Day() != 1:
		r.wrong(field, s, "the rule splits whole months: write the first of one, or grain: day")
	}
	return t
}

func (r *reader) targets(field string, c RuleConfig, out *Rule) {
	if len(c.To) != 1 {
		r.errs = append(r.errs, fmt.Errorf("allocation.%s.to names %d dimensions; write one with its values, as {team: all} or {team: [payments, search]}", field, len(c.To)))
		return
	}
	for key, values := range c.To {
		at := field + ".to." + key
		d, err := r.dimension(key)
		if err != nil || key == "scope" {
			if err == nil {
				err = errors.New("a scope is not somebody who can bear a cost; write a dimension, as team")
			}
			r.errs = append(r.errs, fmt.Errorf("allocation.%s: %w", at, err))
			return
		}
		if _, tag := d.TagKey(); !tag && d != analysis.DimAccount && d != analysis.DimBillingAccount && !slices.Contains(analysis.OwnerDimensions, d) {
			r.errs = append(r.errs, fmt.Errorf("allocation.%s: costs are given to owners: write team, cost_centre, product, account or a tag key", at))
			return
		}
		out.To.Dimension = d
		if len(values) == 1 && values[0] == "all" {
			out.To.Except = slices.Compact(slices.Sorted(slices.Values(c.Except)))
			return
		}
		if len(c.Except) > 0 {
			r.wrong(field+".except", c.Except, "it goes with all; here the targets are named one by one")
		}
		out.To.Values = slices.Compact(slices.Sorted(slices.Values(values)))
		if len(out.To.Values) == 0 || len(out.To.Values) != len(values) {
			r.wrong(at, values, "write each target once, or all")
		}
		for _, v := range out.To.Values {
			if strings.TrimSpace(v) == "" || pattern(v) || v == analysis.Unallocated || v == "all" || strings.HasPrefix(v, "!") {
				r.wrong(at, v, "a target is one owner by name; it cannot be nobody, a pattern or all among others")
			}
		}
	}
}

func (r *reader) split(field string, c RuleConfig, out *Rule) {
	only := func(name string, given bool, with ...Split) {
		if given && !slices.Contains(with, out.Split) {
			r.errs = append(r.errs, fmt.Errorf("allocation.%s.%s goes with split: %s, and split is %q", field, name, joinSplits(with), c.Split))
		}
	}
	if !slices.Contains(splits, out.Split) {
		r.wrong(field+".split", c.Split, "write %s", joinSplits(splits))
		return
	}
	w := c.Weigh
	only("percent", len(c.Percent) > 0, Percent)
	only("tiers", len(c.Tiers) > 0, Tiered)
	only("weigh", w.By != "" || w.Metric != "" || len(w.Of) > 0 || w.Unit != "", Spend, Usage, Metric, Tiered)
	switch out.Split {
	case Percent:
		r.percent(field, c, out)
		return
	case Even:
		return
	}
	by := out.Split
	if by == Tiered {
		if by = Split(w.By); by != Spend && by != Usage && by != Metric {
			r.wrong(field+".weigh.by", w.By, "tiers are bands of spend, usage or metric; write one of them")
			return
		}
		r.tiers(field, c, out)
	} else if w.By != "" && w.By != string(by) {
		r.wrong(field+".weigh.by", w.By, "split says %s already; leave it out", by)
	}
	out.Weigh = Weigh{By: by, Metric: strings.TrimSpace(w.Metric), Unit: w.Unit}
	if w.Unit != "" && by != Usage {
		r.wrong(field+".weigh.unit", w.Unit, "units are those of usage")
	}
	if len(w.Of) > 0 {
		if by == Metric {
			r.errs = append(r.errs, fmt.Errorf("allocation.%s.weigh.of: a metric of the file has no rows of the bill to choose from; leave it out", field))
		}
		m := r.match(field+".weigh.of", w.Of)
		out.Weigh.Of = &m
	}
	switch by {
	case Spend:
		if m := analysis.Metric(out.Weigh.Metric); out.Weigh.Metric != "" && (m == analysis.Usage || !slices.Contains(analysis.Metrics, m)) {
			r.wrong(field+".weigh.metric", w.Metric, "write effective, billed, list or contracted; unset is what is shown back")
		}
	case Usage:
		if w.Metric != "" {
			r.wrong(field+".weigh.metric", w.Metric, "usage is ConsumedQuantity on the bill; leave it out")
		}
		if len(w.Of) == 0 {
			r.errs = append(r.errs, fmt.Errorf("allocation.%s.weigh.of is missing: quantities add up only where they count the same thing; write whose, as {scope: nat}", field))
		}
	case Metric:
		if out.Weigh.Metric == "" {
			r.errs = append(r.errs, fmt.Errorf("allocation.%s.weigh.metric is missing: write the metric's name in %s", field, "the metrics file"))
		}
	}
}

func (r *reader) percent(field string, c RuleConfig, out *Rule) {
	if out.To.Values == nil {
		r.errs = append(r.errs, fmt.Errorf("allocation.%s.to is all, and percent gives fixed parts: name the targets in to, as {team: [%s]}", field, strings.Join(slices.Sorted(maps.Keys(c.Percent)), ", ")))
		return
	}
	total := decimal.Zero
	for _, v := range out.To.Values {
		p, ok := c.Percent[v]
		if !ok {
			r.errs = append(r.errs, fmt.Errorf("allocation.%s.percent has nothing for %q, which is a target; write its part, or 0", field, v))
		}
		if p.IsNegative() {
			r.wrong(field+".percent."+v, p, "a part is 0 or more")
		}
		total = total.Add(p.Decimal)
		out.Percent = append(out.Percent, p.Decimal)
	}
	for _, v := range slices.Sorted(maps.Keys(c.Percent)) {
		if !slices.Contains(out.To.Values, v) {
			r.wrong(field+".percent."+v, c.Percent[v], "%q is not among the targets in to", v)
		}
	}
	if !total.Equal(hundred) {
		r.errs = append(r.errs, fmt.Errorf("allocation.%s.percent sums to %s, and must sum to exactly 100", field, total))
	}
}

var hundred = decimal.New(100, 0)

func (r *reader) tiers(field string, c RuleConfig, out *Rule) {
	if len(c.Tiers) == 0 {
		r.errs = append(r.errs, fmt.Errorf("allocation.%s.tiers is missing: write bands, as [{up_to: 1000, percent: 20}, {percent: 80}]", field))
		return
	}
	total, rates := decimal.Zero, 0
	before := decimal.Zero
	for i, t := range c.Tiers {
		at := fmt.Sprintf("%s.tiers[%d]", field, i+1)
		tier := Tier{}
		switch last := i == len(c.Tiers)-1; {
		case t.UpTo == nil && !last:
			r.errs = append(r.errs, fmt.Errorf("allocation.%s.up_to is missing: only the last band has no end", at))
		case t.UpTo != nil && last:
			r.wrong(at+".up_to", t.UpTo, "the last band has no end, or what lies above would be nobody's; leave it out")
		case t.UpTo != nil && !t.UpTo.GreaterThan(before):
			r.wrong(at+".up_to", t.UpTo, "it must be more than %s, where the band begins", before)
		case t.UpTo != nil:
			tier.UpTo, before = &t.UpTo.Decimal, t.UpTo.Decimal
		}
		switch {
		case (t.Percent == nil) == (t.Rate == nil):
			r.errs = append(r.errs, fmt.Errorf("allocation.%s: write percent (of the source) or rate (a unit's weight), one of them", at))
		case t.Percent != nil:
			if tier.Percent = &t.Percent.Decimal; t.Percent.IsNegative() {
				r.wrong(at+".percent", t.Percent, "a part is 0 or more")
			}
			total = total.Add(t.Percent.Decimal)
		default:
			if tier.Rate = &t.Rate.Decimal; t.Rate.IsNegative() {
				r.wrong(at+".rate", t.Rate, "a rate is 0 or more")
			}
			rates++
		}
		out.Tiers = append(out.Tiers, tier)
	}
	switch {
	case rates != 0 && rates != len(c.Tiers):
		r.errs = append(r.errs, fmt.Errorf("allocation.%s.tiers mixes percent and rate: all bands have the one or the other", field))
	case rates == 0 && !total.Equal(hundred):
		r.errs = append(r.errs, fmt.Errorf("allocation.%s.tiers: the percentages sum to %s, and must sum to exactly 100", field, total))
	}
}

// match reads conditions, sorted by dimension.
func (r *reader) match(field string, c MatchConfig) Match {
	var out Match
	for _, key := range slices.Sorted(maps.Keys(c)) {
		values := c[key]
		at := field + "." + key
		if len(values) == 0 {
			r.wrong(at, values, "write the values, or leave it out")
			continue
		}
		if key == "scope" {
			for _, name := range values {
				s, ok := r.scopes[strings.ToLower(strings.NewReplacer(" ", "_", "-", "_").Replace(name))]
				if !ok {
					s, ok = r.scopes[strings.ToLower(name)]
				}
				if !ok {
					r.wrong(at, name, "there is no scope of this name; there are %s", strings.Join(slices.Sorted(maps.Keys(r.scopes)), ", "))
					continue
				}
				out.Scopes = append(out.Scopes, s)
			}
			continue
		}
		d, err := r.dimension(key)
		if err != nil {
			r.errs = append(r.errs, fmt.Errorf("allocation.%s: %w", at, err))
			continue
		}
		if slices.ContainsFunc(out.Conds, func(c Cond) bool { return c.Dimension == d }) {
			r.wrong(at, values, "%s stands there twice: put its values into one list", d.Words())
			continue
		}
		cond := Cond{Dimension: d}
		owner := slices.Contains(analysis.OwnerDimensions, d)
		for _, v := range values {
			rest, not := strings.CutPrefix(v, "!")
			if owner && rest == analysis.Unallocated {
				rest = ""
			}
			if not {
				cond.NotIn = append(cond.NotIn, rest)
			} else {
				cond.In = append(cond.In, rest)
			}
		}
		out.Conds = append(out.Conds, cond)
	}
	return out
}

// dimension is what a key names: a dimension by its name, else a tag key.
func (r *reader) dimension(key string) (analysis.Dimension, error) {
	key = strings.TrimSpace(key)
	tag := func(k string) (analysis.Dimension, error) {
		if k = strings.TrimSpace(k); k == "" || strings.ContainsAny(k, "\"\\") {
			return "", fmt.Errorf("the tag key %q is empty or holds a quote or a backslash, which no query can name", k)
		}
		return analysis.TagDimension(k), nil
	}
	if k, ok := analysis.Dimension(key).TagKey(); ok {
		return tag(k)
	}
	name := analysis.Dimension(strings.NewReplacer(" ", "_", "-", "_").Replace(key))
	if name == "cost_center" {
		name = analysis.DimCostCentre
	}
	switch _, own := ownColumns[name]; {
	case name == analysis.DimResource:
		return "", errors.New("a rule cannot be about resources: daily totals do not know them; write accounts, services or tags")
	case own || slices.Contains(analysis.Dimensions, name) || r.owned && slices.Contains(analysis.OwnerDimensions, name):
		return name, nil
	}
	return tag(key)
}

func joinSplits(list []Split) string {
	out := string(list[0])
	for i, s := range list[1:] {
		if i == len(list)-2 {
			out += " or "
		} else {
			out += ", "
		}
		out += string(s)
	}
	return out
}
