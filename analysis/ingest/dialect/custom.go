package dialect

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"spendbot/analysis/focus"
)

// Mapping is a format of the user's own, for a bill that no dialect knows: which column of the file each FOCUS column is
// taken from. It is written in YAML.
type Mapping struct {
	Name     string `yaml:"name"`     // as loads and messages call the format
	Provider Field  `yaml:"provider"` // ServiceProviderName
	Currency Field  `yaml:"currency"` // BillingCurrency
	// Columns says where FOCUS columns come from. BilledCost and ChargePeriodStart are needed. Without EffectiveCost it is
	// BilledCost: a bill without commitments has nothing to spread.
	Columns map[string]Field  `yaml:"columns"`
	Tags    map[string]string `yaml:"tags"` // tag key: column
}

// Field is where a value comes from: a column of the file by its header, or a value for every row. In YAML a text alone is a
// column for columns, and a value for provider and currency.
type Field struct {
	Column string            `yaml:"column"`
	Value  string            `yaml:"value"`
	Map    map[string]string `yaml:"map"`  // values of the column and what they become
	Else   string            `yaml:"else"` // what values that are not in map become; empty: as they are
	text   string
}

// UnmarshalYAML reads a text or the longer form.
func (f *Field) UnmarshalYAML(b []byte) error {
	var s string
	if err := yaml.Unmarshal(b, &s); err == nil {
		f.text = s
		return nil
	}
	type long Field
	return yaml.UnmarshalWithOptions(b, (*long)(f), yaml.Strict())
}

func (f Field) set() bool { return f.Column != "" || f.Value != "" || f.text != "" }

// mostMapping bounds a mapping file: a page of YAML.
const mostMapping = 256 << 10

// Custom makes a dialect of a mapping file. Errors name the field and what to write.
func Custom(text []byte) (*Dialect, error) {
	if len(text) > mostMapping {
		return nil, fmt.Errorf("the mapping is %d bytes long; at most %d", len(text), mostMapping)
	}
	var m Mapping
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(&m); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the mapping is empty")
		}
		return nil, fmt.Errorf("the mapping is not understood: %s", strings.TrimSpace(yaml.FormatError(err, false, false)))
	}
	b := &customBuilder{columns: map[string]int{}, d: &Dialect{ID: fmt.Sprintf("custom-%x", sha256.Sum256(text))[:15], Name: m.Name, Version: 1}}
	if err := b.build(m); err != nil {
		return nil, err
	}
	return b.d, nil
}

// customBuilder collects a mapping's columns.
type customBuilder struct {
	d       *Dialect
	columns map[string]int // folded header -> index in d.Columns
}

// column is the dialect's name for a column of the file.
func (b *customBuilder) column(header string, k Kind) (string, error) {
	key := Fold(header)
	if key == "" {
		return "", fmt.Errorf("%q is no name of a column", header)
	}
	if i, ok := b.columns[key]; ok {
		if c := &b.d.Columns[i]; c.Kind != k {
			if c.Kind != Text && k != Text {
				return "", fmt.Errorf("the column %q is used as two kinds of value", header)
			}
			c.Kind = max(c.Kind, k)
		}
		return b.d.Columns[i].Name, nil
	}
	name := fmt.Sprintf("c%d", len(b.d.Columns)+1)
	b.columns[key] = len(b.d.Columns)
	b.d.Columns = append(b.d.Columns, Column{Name: name, Kind: k, Also: []string{header}, Need: true})
	return name, nil
}

var currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)

func (b *customBuilder) build(m Mapping) error {
	d := b.d
	if m.Name == "" || len(m.Name) > 60 {
		return errors.New("name: say what the format is called, in up to 60 characters")
	}
	for _, need := range []string{"BilledCost", "ChargePeriodStart"} {
		if !m.Columns[need].set() {
			return fmt.Errorf("columns: %s is missing; name the column of the file that has it", need)
		}
	}
	if _, ok := m.Columns["ServiceName"]; !ok {
		return errors.New("columns: ServiceName is missing; name a column, or {value: ...} for every row")
	}
	kinds := map[focus.Type]Kind{focus.Decimal: Number, focus.DateTime: Time, focus.JSON: Tags, focus.String: Text}
	exprs, from := map[string]string{}, map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(m.Columns)) {
		c, ok := focus.Lookup(name)
		if !ok || c.Name != name {
			return fmt.Errorf("columns: %s is no column of FOCUS; `spendbot columns` lists them", name)
		}
		switch name {
		case "ServiceProviderName", "BillingCurrency":
			return fmt.Errorf("columns: %s is said by provider or currency, not here", name)
		case "Tags":
			if len(m.Tags) > 0 {
				return errors.New("tags are said twice: as the column Tags and under tags")
			}
		}
		f := m.Columns[name]
		if f.text != "" {
			f.Column = f.text
		}
		e, col, err := b.expr(f, kinds[c.Type])
		if err != nil {
			return fmt.Errorf("columns: %s: %w", name, err)
		}
		exprs[name], from[name] = e, col
	}
	d.Key.DefaultCurrency = "USD"
	for _, p := range []struct {
		focus, field string
		f            Field
		column       *[]string
		value        *string
	}{
		{"ServiceProviderName", "provider", m.Provider, &d.Key.ProviderColumns, &d.Key.Provider},
		{"BillingCurrency", "currency", m.Currency, &d.Key.Currency, &d.Key.DefaultCurrency},
	} {
		f := p.f
		if f.text != "" {
			f.Value = f.text
		}
		if !f.set() || len(f.Map) > 0 || f.Else != "" {
			return fmt.Errorf("%s: write the %[1]s's name, or {column: ...} for the column that has it", p.field)
		}
		e, col, err := b.expr(f, Text)
		if err != nil {
			return fmt.Errorf("%s: %w", p.field, err)
		}
		exprs[p.focus] = e
		if *p.value = f.Value; col != "" {
			*p.column, *p.value = []string{col}, ""
		} else if p.field == "currency" && !currencyCode.MatchString(f.Value) {
			return fmt.Errorf("currency: %q is no currency; write three letters, as EUR", f.Value)
		}
	}
	if col := from["BillingAccountId"]; col != "" && len(m.Columns["BillingAccountId"].Map) == 0 {
		d.Key.Account = []string{col}
	} else if exprs["BillingAccountId"] != "" {
		return errors.New("columns: BillingAccountId must be a column as it is: it tells feeds apart")
	}
	d.Key.Month = []string{from["ChargePeriodStart"]}
	if col := from["BillingPeriodStart"]; col != "" {
		d.Key.Month = []string{col, from["ChargePeriodStart"]}
		exprs["BillingPeriodStart"] = fmt.Sprintf(`CASE WHEN "%s" IS NOT NULL THEN date_trunc('month', "%[1]s") ELSE date_trunc('month', "%s") END`, col, from["ChargePeriodStart"])
	}
	if from["ChargePeriodStart"] == "" {
		return errors.New("columns: ChargePeriodStart must be a column of the file")
	}
	v := Variant{Name: "all"}
	for _, c := range []struct {
		name  string
		rules *Rules
	}{{"BilledCost", &v.Billed}, {"EffectiveCost", &v.Effective}, {"ListCost", &v.List}, {"ContractedCost", &v.Contracted}} {
		col := from[c.name]
		if c.name == "EffectiveCost" && exprs[c.name] == "" {
			col, exprs[c.name] = from["BilledCost"], exprs["BilledCost"]
		}
		if col == "" && exprs[c.name] != "" || col == "" && c.name == "BilledCost" {
			return fmt.Errorf("columns: %s must be a column of the file: a cost is never made up", c.name)
		}
		if col != "" {
			*c.rules = Rules{{Plus: []string{col}}}
		}
	}
	d.Variants = []Variant{v}
	if _, ok := exprs["ChargeCategory"]; !ok {
		exprs["ChargeCategory"] = "'Usage'"
	}
	if len(m.Tags) > 0 {
		e, err := b.tags(m.Tags)
		if err != nil {
			return err
		}
		exprs["Tags"] = e
	}
	var sel []string
	for _, name := range slices.Sorted(maps.Keys(exprs)) {
		sel = append(sel, exprs[name]+" AS "+name)
	}
	d.SQL = "SELECT\n  " + strings.Join(sel, ",\n  ") + "\nFROM src"
	return nil
}

// expr is a field as SQL, and the column it is, where it is one.
func (b *customBuilder) expr(f Field, k Kind) (expr, column string, err error) {
	switch {
	case f.Value != "" && f.Column != "":
		return "", "", errors.New("it has a column and a value; one of them")
	case f.Value != "":
		if k != Text {
			return "", "", errors.New("it cannot be one value for every row")
		}
		return literal(f.Value), "", nil
	case f.Column == "":
		return "", "", errors.New("it names no column")
	}
	if col, err := b.column(f.Column, k); err != nil || len(f.Map) == 0 && f.Else == "" {
		return `"` + col + `"`, col, err
	} else if k != Text {
		return "", "", errors.New("only texts can be mapped")
	} else {
		expr := `"` + col + `"`
		if len(f.Map) > 0 {
			expr = "CASE"
			for _, from := range slices.Sorted(maps.Keys(f.Map)) {
				expr += fmt.Sprintf(` WHEN "%s" = %s THEN %s`, col, literal(from), literal(f.Map[from]))
			}
			rest := `"` + col + `"`
			if f.Else != "" {
				rest = literal(f.Else)
			}
			expr += " ELSE " + rest + " END"
		}
		return expr, col, nil
	}
}

// tags makes one JSON object of columns.
func (b *customBuilder) tags(tags map[string]string) (string, error) {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		col, err := b.column(tags[key], Text)
		if err != nil {
			return "", fmt.Errorf("tags: %s: %w", key, err)
		}
		parts = append(parts, fmt.Sprintf(`CASE WHEN "%s" IS NOT NULL THEN concat(CAST(to_json(%s) AS VARCHAR), ':', CAST(to_json(CAST("%[1]s" AS VARCHAR)) AS VARCHAR)) END`, col, literal(key)))
	}
	list := "concat_ws(',', " + strings.Join(parts, ", ") + ")"
	return "CASE WHEN " + list + " <> '' THEN concat('{', " + list + ", '}') END", nil
}

func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
