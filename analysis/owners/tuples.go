package owners

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/query"
	"spendbot/analysis/store"
)

// Tuple is rows that the rules cannot tell apart, added up.
type Tuple struct {
	Row      Row
	Account  string // as people know it
	Service  string
	Resource string // where line items were asked for by it
	Currency string
	Cost     decimal.Decimal // effective; what has none adds nothing
	Rows     int64           // line items
}

// tuplesSQL adds up the rows of a view by what rules look at.
const tuplesSQL = `SELECT {keys}, CASE WHEN BillingCurrency IS NULL THEN '' ELSE BillingCurrency END AS cur, min({day}) AS first_day,
  max(CASE WHEN SubAccountName IS NULL THEN '' ELSE SubAccountName END) AS account_name, sum(EffectiveCost) AS cost, CAST(sum({rows}) AS BIGINT) AS line_items
FROM {table} WHERE ({where}) GROUP BY {places} ORDER BY {places}`

// ReadTuples reads the rows of a period as the rules of some books see them; the zero period is all days. where narrows them
// down; lines reads the line items instead of the rollup.
func ReadTuples(ctx context.Context, sight *store.Sight, period analysis.Period, where []query.Fragment, lines bool, books ...*Book) ([]Tuple, analysis.QueryTrace, error) {
	columns := []string{"SubAccountId", "ServiceName"}
	tags := false
	var days []time.Time
	note := func(f *Field) {
		if f.Tag != "" {
			tags = true
		} else if !slices.Contains(columns, f.Column) {
			columns = append(columns, f.Column)
		}
	}
	for _, b := range books {
		for _, v := range b.versions {
			days = append(days, v.From)
			tags = tags || len(v.Config.Tags) > 0
			for i := range v.Config.Rules {
				r := &v.Config.Rules[i]
				r.Match.fields(note)
				days = append(days, r.From, r.Until)
			}
		}
	}
	table := query.Daily
	if lines {
		table = query.Charges
	}
	var keys []query.Fragment
	for _, c := range columns {
		keys = append(keys, query.OrEmpty(query.F(c)))
	}
	if tags {
		keys = append(keys, query.OrEmpty(query.F("Tags")))
	}
	dayExpr := "CAST(" + table.Day() + " AS DATE)"
	if days = eras(days, period); len(days) > 0 {
		expr := "CASE"
		for i, d := range days {
			expr += fmt.Sprintf(" WHEN %s < DATE '%s' THEN %d", dayExpr, day(d), i)
		}
		keys = append(keys, query.F(fmt.Sprintf("%s ELSE %d END", expr, len(days))))
	}
	if !period.IsZero() {
		where = append(slices.Clip(where), query.Within(table, period))
	}
	if len(where) == 0 {
		where = append(where, query.F("true"))
	}
	places := make([]string, len(keys)+1)
	for i := range places {
		places[i] = fmt.Sprint(i + 1)
	}
	rows, trace, err := sight.Query(ctx, "what the rules tell apart", query.Fill(tuplesSQL, map[string]query.Fragment{
		"keys": query.Join(", ", keys...), "day": query.F(dayExpr), "rows": query.F(table.Rows()), "table": query.F(string(table)),
		"where": query.Join(") AND (", where...), "places": query.F(strings.Join(places, ", ")),
	}))
	if err != nil {
		return nil, trace, err
	}
	read := map[string]map[string]string{"": nil}
	out := make([]Tuple, 0, len(rows.Values))
	for _, r := range rows.Values {
		t := Tuple{Row: Row{Columns: make(map[string]string, len(columns))}}
		for i, c := range columns {
			t.Row.Columns[c] = text(r[i])
		}
		if tags {
			if t.Row.Tags, err = readTags(read, text(r[len(columns)])); err != nil {
				return nil, trace, err
			}
		}
		v := r[len(keys):]
		t.Currency = text(v[0])
		t.Row.Day, _ = v[1].(time.Time)
		t.Account, t.Service, t.Resource = text(v[2]), t.Row.Columns["ServiceName"], t.Row.Columns["ResourceId"]
		if t.Account == "" {
			t.Account = t.Row.Columns["SubAccountId"]
		}
		t.Cost, _ = v[3].(decimal.Decimal)
		t.Rows, _ = v[4].(int64)
		out = append(out, t)
	}
	return out, trace, nil
}

// eras are the days inside a period on which something begins or ends, in order.
func eras(days []time.Time, p analysis.Period) []time.Time {
	days = slices.DeleteFunc(days, func(d time.Time) bool {
		return d.IsZero() || !p.IsZero() && (!d.After(p.Start) || !d.Before(p.End))
	})
	slices.SortFunc(days, time.Time.Compare)
	return slices.CompactFunc(days, time.Time.Equal)
}

// readTags reads a text of tags, each once. Values that are no texts are as JSON writes them; null is none.
func readTags(read map[string]map[string]string, s string) (map[string]string, error) {
	if kv, ok := read[s]; ok {
		return kv, nil
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal([]byte(s), &raw); err != nil {
		return nil, fmt.Errorf("the tags %q of the store: %w", s, err)
	}
	kv := map[string]string{}
	for k, v := range raw {
		var str string
		switch {
		case string(v) == "null":
			continue
		case json.Unmarshal(v, &str) != nil:
			str = string(v)
		}
		kv[k] = str
	}
	read[s] = kv
	return kv, nil
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// Slice is an account's spend on a service, in a currency.
type Slice struct {
	Account  string          `json:"account"`
	Service  string          `json:"service"`
	Currency string          `json:"currency"`
	Amount   decimal.Decimal `json:"amount"`
}

// slicesOf adds up by account and service, the largest first, and keeps a few.
type slicesOf map[[3]string]decimal.Decimal

func (s slicesOf) add(t *Tuple) {
	k := [3]string{t.Account, t.Service, t.Currency}
	s[k] = s[k].Add(t.Cost)
}

func (s slicesOf) top(n int) []Slice {
	out := make([]Slice, 0, len(s))
	for k, a := range s {
		out = append(out, Slice{k[0], k[1], k[2], a})
	}
	slices.SortFunc(out, func(a, b Slice) int {
		return cmp.Or(b.Amount.Abs().Cmp(a.Amount.Abs()), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Currency, b.Currency))
	})
	return out[:min(n, len(out))]
}
