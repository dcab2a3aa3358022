package owners

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/query"
	"spendbot/analysis/store"
)

// Layer is what the book adds to the views: a column per dimension, never null. Rows are judged once per combination of the
// columns that rules look at, of which there are few, and every row takes the verdict of its combination.
//
// The rollup lacks columns that rules may look at, and tag keys with very many values. lines says that the rollup is to be made of
// the line items when a question is asked by owners: the same totals, slower. [Book.NeedsLines] tells when.
func (b *Book) Layer(lines bool) query.Layer {
	cols := make([]string, len(analysis.OwnerDimensions))
	for i, d := range analysis.OwnerDimensions {
		cols[i] = d.Column()
	}
	return query.Layer{
		Name: b.Words(), Key: b.key(lines), Private: true, Columns: cols,
		Select: func(t query.Table, beneath string, uses func(string) bool) string {
			if t == query.Daily && lines {
				return b.rolledUp(uses)
			}
			return b.selectSQL(t, beneath, uses)
		},
	}
}

// Words names what is in force for the small print: "owners version 2 (since 1 Jun 2026), version 1 before".
func (b *Book) Words() string {
	var parts []string
	for i := len(b.versions) - 1; i >= 0 && len(parts) < 2; i-- {
		v := b.versions[i]
		s := v.Words()
		if len(parts) > 0 {
			s += " before"
		} else if !v.From.IsZero() && b.fixed.IsZero() {
			s += " since " + v.From.Format("2 Jan 2006")
		}
		parts = append(parts, s)
	}
	s := "owners by " + strings.Join(parts, ", ")
	if n := len(b.versions) - 2; n > 0 {
		s += fmt.Sprintf(" and %d more", n)
	}
	if !b.fixed.IsZero() {
		s += ", the rules of " + b.fixed.Format("2 Jan 2006") + " for all days"
	}
	return s
}

// key tells the book from others that would judge otherwise.
func (b *Book) key(lines bool) string {
	h := sha256.New()
	fmt.Fprintf(h, "owners %d %v %s", layerVersion, lines, day(b.fixed))
	for _, v := range b.versions {
		fmt.Fprintf(h, "\n%d %s %s %s", v.Number, v.File, v.SHA256, day(v.From))
	}
	return "owners-" + hex.EncodeToString(h.Sum(nil))[:16]
}

// layerVersion goes up whenever the same files come to mean something else.
const layerVersion = 1

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(analysis.DateLayout)
}

// judgement is the SQL of a book in the making: what of a row the rules look at.
type judgement struct {
	columns []string // of the views
	tags    []string // normalised values: expressions over the spellings' columns
	values  []string // their names under the values' own names, in step with tags
	keys    []string // spellings of tag keys
	days    []time.Time
}

func place[T comparable](list *[]T, v T) int {
	if i := slices.Index(*list, v); i >= 0 {
		return i
	}
	*list = append(*list, v)
	return len(*list) - 1
}

// field is the name of a field's value where a combination is judged.
func (j *judgement) field(c *Config) func(*Field) string {
	return func(f *Field) string {
		if f.Column != "" {
			return fmt.Sprintf("o_c%d", place(&j.columns, f.Column))
		}
		return j.tag(c, f.Tag)
	}
}

func (j *judgement) tag(c *Config, key string) string {
	raw := c.tagSQL(key, func(s string) string { return fmt.Sprintf("o_k%d", place(&j.keys, s)) })
	at := len(j.tags)
	for i := range j.tags {
		if j.tags[i] == raw && j.values[i] == c.valueSQL(key, fmt.Sprintf("o_r%d", i)) {
			at = i
		}
	}
	if at == len(j.tags) {
		j.tags = append(j.tags, raw)
		j.values = append(j.values, c.valueSQL(key, fmt.Sprintf("o_r%d", at)))
	}
	return fmt.Sprintf("o_t%d", at)
}

// Names of what a combination is told apart by, beside its columns.
const (
	colTags = "o_tags"
	colEra  = "o_era"
	colRule = "o_set_" // before an attribute's name: what a rule or a tag sets
)

// attribute is what rules and tags say of an attribute; ” where they say nothing.
func (j *judgement) attribute(b *Book, a Attribute) string {
	return j.perVersion(b, func(v *Version, from, until time.Time) string {
		c := v.Config
		var whens []string
		for i := range c.Rules {
			r := &c.Rules[i]
			set, ok := r.Sets[a]
			if !ok {
				continue
			}
			cond := r.Match.sql(j.field(c))
			if b.fixed.IsZero() {
				if !until.IsZero() && !r.From.Before(until) || !r.Until.IsZero() && !r.Until.After(from) {
					continue // never in force while the version is
				}
				if r.From.After(from) {
					cond = "(" + cond + ") AND " + j.since(r.From)
				}
				if !r.Until.IsZero() && (until.IsZero() || r.Until.Before(until)) {
					cond = "(" + cond + ") AND NOT " + j.since(r.Until)
				}
			} else if !r.inForce(b.fixed) {
				continue
			}
			whens = append(whens, "WHEN "+cond+" THEN "+query.Literal(set))
		}
		rest := "''"
		if key := c.Tags[a]; key != "" {
			rest = j.tag(c, key)
			if a == Team && len(c.Teams) > 0 {
				names := make([]string, 0, len(c.Teams))
				for _, n := range sorted(c.Teams) {
					names = append(names, query.Literal(n))
				}
				rest = "CASE WHEN " + rest + " IN (" + strings.Join(names, ", ") + ") THEN " + rest + " ELSE '' END"
			}
		}
		if a == Team {
			rest = "CASE WHEN " + rest + " <> '' THEN " + rest + " ELSE " + query.Literal(analysis.Unallocated) + " END"
		}
		if len(whens) == 0 {
			return rest
		}
		return "CASE " + strings.Join(whens, "\n      ") + " ELSE " + rest + " END"
	})
}

// ofTeam maps the team to what the configuration says of teams; teams for which it says nothing give rest.
func (j *judgement) ofTeam(b *Book, say func(*Config, string) string, rest string) string {
	return j.perVersion(b, func(v *Version, _, _ time.Time) string {
		by := map[string][]string{}
		for _, team := range sorted(v.Config.Teams) {
			if s := say(v.Config, team); s != "" && query.Literal(s) != rest {
				by[s] = append(by[s], query.Literal(team))
			}
		}
		if len(by) == 0 {
			return rest
		}
		var whens []string
		for _, s := range sorted(by) {
			whens = append(whens, "WHEN "+colRule+"team IN ("+strings.Join(by[s], ", ")+") THEN "+query.Literal(s))
		}
		return "CASE " + strings.Join(whens, " ") + " ELSE " + rest + " END"
	})
}

// perVersion chooses an expression by the version in force.
func (j *judgement) perVersion(b *Book, expr func(v *Version, from, until time.Time) string) string {
	out := ""
	for i, v := range b.versions {
		var until time.Time
		if i+1 < len(b.versions) {
			until = b.versions[i+1].From
		}
		e := expr(v, v.From, until)
		if until.IsZero() {
			if out == "" {
				return e
			}
			return out + " ELSE " + e + " END"
		}
		if out == "" {
			out = "CASE"
		}
		out += " WHEN NOT " + j.since(until) + " THEN " + e
	}
	return out
}

// since is the condition that a row's day is a day or after it. Days are told apart only as far as rules do: an era is the number
// of the days in j.days that have come.
func (j *judgement) since(day time.Time) string {
	return fmt.Sprintf("%s%d = 1", colEra, place(&j.days, day))
}

func sorted[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// orEmpty reads a null text as ”. It is not written with coalesce, which DuckDB 1.4.1 gets wrong over Parquet's dictionaries.
func orEmpty(expr string) string { return query.OrEmpty(query.F(expr)).SQL }

// selectSQL adds the columns that are used to the rows beneath.
func (b *Book) selectSQL(t query.Table, beneath string, uses func(string) bool) string {
	j := &judgement{}
	var said, columns []string // what rules say, and the columns made of it
	say := func(a Attribute) {
		if s := " AS " + colRule + string(a); !slices.ContainsFunc(said, func(x string) bool { return strings.HasSuffix(x, s) }) {
			said = append(said, j.attribute(b, a)+s)
		}
	}
	for _, d := range analysis.OwnerDimensions {
		if !uses(d.Column()) {
			continue
		}
		say(Team)
		expr := colRule + "team"
		switch d {
		case analysis.DimTeam:
		case analysis.DimGroup:
			expr = j.ofTeam(b, (*Config).group, query.Literal(analysis.Unallocated))
		case analysis.DimBusinessUnit:
			expr = j.ofTeam(b, (*Config).businessUnit, query.Literal(analysis.Unallocated))
		default:
			a := Attribute(d)
			say(a)
			expr = colRule + string(a)
			own := j.ofTeam(b, func(c *Config, team string) string { return c.Teams[team].Sets[a] }, "''")
			if own != "''" {
				expr = "CASE WHEN " + expr + " <> '' THEN " + expr + " ELSE " + own + " END"
			}
		}
		columns = append(columns, expr+" AS "+d.Column())
	}
	var keys, read, on []string // of a combination
	for i, c := range j.columns {
		name := fmt.Sprintf("o_c%d", i)
		read = append(read, orEmpty(c)+" AS "+name)
		keys, on = append(keys, name), append(on, orEmpty("v."+c)+" = o."+name)
	}
	if len(j.keys) > 0 {
		read = append(read, orEmpty("Tags")+" AS "+colTags)
		keys, on = append(keys, colTags), append(on, orEmpty("v.Tags")+" = o."+colTags)
	}
	for i, d := range j.days {
		era := func(column string) string {
			return "CASE WHEN " + column + " >= DATE " + query.Literal(day(d)) + " THEN 1 ELSE 0 END"
		}
		name := fmt.Sprintf("%s%d", colEra, i)
		read = append(read, era(t.Day())+" AS "+name)
		keys, on = append(keys, name), append(on, era(strings.Replace(strings.Replace(t.Day(), "ChargeDate", "v.ChargeDate", 1), "ChargePeriodStart", "v.ChargePeriodStart", 1))+" = o."+name)
	}
	if len(read) == 0 { // the same for every row
		return "SELECT v.*, " + strings.Join(columns, ", ") + "\n  FROM " + beneath + " AS v CROSS JOIN (SELECT " + strings.Join(said, ", ") + ") AS o"
	}
	judged := "(SELECT DISTINCT " + strings.Join(read, ", ") + " FROM " + beneath + ") AS k"
	if len(j.keys) > 0 { // a text of tags is read once
		var values, normal, raw []string
		for i, s := range j.keys {
			raw = append(raw, fmt.Sprintf("%s AS o_k%d", orEmpty("json_extract_scalar(Tags, "+query.Literal(tagPath(s))+")"), i))
		}
		for i := range j.tags {
			normal = append(normal, fmt.Sprintf("%s AS o_r%d", j.tags[i], i))
			values = append(values, fmt.Sprintf("%s AS o_t%d", j.values[i], i))
		}
		judged += "\n    JOIN (SELECT " + colTags + ", " + strings.Join(values, ", ") +
			"\n      FROM (SELECT " + colTags + ", " + strings.Join(normal, ", ") +
			"\n        FROM (SELECT " + orEmpty("Tags") + " AS " + colTags + ", " + strings.Join(raw, ", ") +
			"\n          FROM (SELECT DISTINCT CASE WHEN Tags = '' THEN NULL ELSE Tags END AS Tags FROM " + beneath + ") AS texts) AS texts) AS texts) AS t ON t." + colTags + " = k." + colTags
		for i, k := range keys {
			keys[i] = "k." + k
		}
	}
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c[strings.LastIndex(c, " AS ")+4:]
	}
	bare := strings.NewReplacer("k.", "").Replace(strings.Join(keys, ", "))
	return "SELECT v.*, o." + strings.Join(names, ", o.") + "\n  FROM " + beneath + " AS v JOIN (SELECT " + bare + ", " + strings.Join(columns, ", ") +
		"\n    FROM (SELECT " + strings.Join(keys, ", ") + ", " + strings.Join(said, ",\n      ") + "\n    FROM " + judged + ") AS said) AS o ON " + strings.Join(on, " AND ")
}

// tagPath is the JSON path of a tag key; keys that no path can name are refused when the file is read.
func tagPath(key string) string { return `$."` + key + `"` }

// rolledUp is the rollup made anew of the line items, with the columns of the owners, grouped by what is asked for.
func (b *Book) rolledUp(uses func(string) bool) string {
	lines := b.selectSQL(query.Charges, query.Charges.View(), uses)
	var keys, sums []string
	keys = append(keys, "CAST(ChargePeriodStart AS DATE) AS "+store.ColDay,
		"greatest(1, date_diff('day', CAST(ChargePeriodStart AS DATE), CAST(ChargePeriodEnd AS DATE))) AS "+store.ColSpanDays)
	for _, k := range store.DailyKeys() {
		if uses(k.Name) {
			keys = append(keys, k.Name)
		}
	}
	for _, d := range analysis.OwnerDimensions {
		if uses(d.Column()) {
			keys = append(keys, d.Column())
		}
	}
	for _, m := range store.DailyMeasures() {
		if uses(m) || m == "EffectiveCost" {
			sums = append(sums, "sum("+m+") AS "+m)
		}
	}
	sums = append(sums, "count(*) AS "+store.ColRows, "count(*) FILTER (WHERE EffectiveCost IS NULL) AS "+store.ColNoEffective, store.SquareSQL("sum(EffectiveCost)")+" AS "+store.ColSquare)
	group := make([]string, len(keys))
	for i := range keys {
		group[i] = fmt.Sprint(i + 1)
	}
	return "SELECT " + strings.Join(append(keys, sums...), ", ") + "\n  FROM (" + lines + ") AS lines GROUP BY " + strings.Join(group, ", ")
}

// NeedsLines tells which columns and tags, as the rules call them, the rollup does not have. dropped are tag keys that it left
// out for their many values.
func (b *Book) NeedsLines(dropped []string) []string {
	var out []string
	for _, v := range b.versions {
		c := v.Config
		note := func(f *Field) {
			lacks := f.Column != "" && !inRollup(f.Column)
			if f.Tag != "" {
				spellings := []string{f.Tag}
				if k := c.key(f.Tag); k != nil {
					spellings = k.spellings()
				}
				lacks = slices.ContainsFunc(spellings, func(s string) bool { return slices.Contains(dropped, s) })
			}
			if lacks && !slices.Contains(out, f.name()) {
				out = append(out, f.name())
			}
		}
		for i := range c.Rules {
			c.Rules[i].Match.fields(note)
		}
		for _, a := range Attributes {
			if key := c.Tags[a]; key != "" {
				note(&Field{Tag: key})
			}
		}
	}
	return out
}

// inRollup reports whether the rollup has a column as the line items have it.
func inRollup(column string) bool {
	return column != "ChargeDescription" && slices.ContainsFunc(store.DailyKeys(), func(c store.Column) bool { return c.Name == column })
}
