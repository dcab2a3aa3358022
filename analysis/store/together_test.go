package store_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"spendbot/analysis/store"
)

// TestTogether: a result in which the engine gave groups in several rows is, put together, the one that it should have given.
func TestTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := &store.Rows{Columns: []string{"kind", "month", "name", "n", "cost"}}
		for i := range rapid.IntRange(1, 6).Draw(t, "groups") {
			row := []any{fmt.Sprint("kind", i%3), nil, "name", int64(rapid.IntRange(2, 50).Draw(t, "n")), decimal.New(rapid.Int64Range(-1e6, 1e6).Draw(t, "cost"), -3)}
			if i >= 3 {
				row[1] = fmt.Sprint("month", i/3)
			}
			if rapid.Bool().Draw(t, "unknown") {
				row[4] = nil
			}
			want.Values = append(want.Values, row)
		}
		got := &store.Rows{Columns: want.Columns}
		for _, row := range want.Values {
			first, second := slices.Clone(row), slices.Clone(row)
			if rapid.Bool().Draw(t, "in two") {
				n := int64(rapid.IntRange(1, int(row[3].(int64))-1).Draw(t, "of them"))
				first[3], second[3] = n, row[3].(int64)-n
				if cost, ok := row[4].(decimal.Decimal); ok {
					part := decimal.New(rapid.Int64Range(-1e6, 1e6).Draw(t, "its cost"), -3)
					first[4], second[4] = part, cost.Sub(part)
				}
				if rapid.Bool().Draw(t, "without name") {
					first[2] = nil
				}
				got.Values = append(got.Values, first, second)
				continue
			}
			got.Values = append(got.Values, row)
		}
		if g, w := fmt.Sprint(got.Together(0, 1)), fmt.Sprint(want.Values); g != w {
			t.Fatalf("put together %s\nexpected %s", g, w)
		}
		if g, w := fmt.Sprint(want.Together(0, 1)), fmt.Sprint(want.Values); g != w {
			t.Fatalf("whole groups became %s\nexpected %s", g, w)
		}
	})
}
