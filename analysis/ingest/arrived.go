package ingest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/store"
)

// arrivalSQL adds up the fill of a rollup's days, per feed, provider, month and currency. Monthly rows say nothing of a day.
const arrivalSQL = `SELECT x_Source, ServiceProviderName, CAST(date_trunc('month', BillingPeriodStart) AS DATE), BillingCurrency, ChargeDate, CAST(sum(x_Rows) AS BIGINT),
  sum(CASE WHEN EffectiveCost IS NULL THEN BilledCost ELSE EffectiveCost END)
FROM %s WHERE x_SpanDays = 1 AND ChargeDate >= CAST(? AS DATE) AND ChargeDate <= CAST(? AS DATE) GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5`

// arrived measures how much of the latest days the store will hold once the load is published: what the load brings, and what
// stays beside it. It speaks of the providers that the load has rows of; what it says of others would be as old as their last load.
func (l *load) arrived(ctx context.Context, rec store.Load, daily []string) ([]store.Arrival, error) {
	to := analysis.DayOf(rec.At)
	from := to.AddDate(0, 0, 1-store.ArrivalDays)
	span := []any{from.Format(analysis.DateLayout), to.Format(analysis.DateLayout)}
	fresh, err := l.w.Query(ctx, fmt.Sprintf(arrivalSQL, "read_parquet("+fileList(daily)+", hive_partitioning=false)"), span...)
	if err != nil {
		return nil, fmt.Errorf("measure the latest days: %w", err)
	}
	rows := fresh.Values
	if base := l.w.Base(); base != nil {
		kept, _, err := base.Query(ctx, "the latest days before a load", fmt.Sprintf(arrivalSQL, "daily"), span...)
		if err != nil {
			return nil, err
		}
		gone := l.w.Replaces(rec.Partitions)
		for _, r := range kept.Values {
			if p := (store.Partition{Source: text(r[0]), Provider: text(r[1]), Month: monthText(r[2])}); !slices.Contains(gone, p) {
				rows = append(rows, r)
			}
		}
	}
	return addArrivals(rows, rec.Partitions, from), nil
}

// addArrivals sums rows of [arrivalSQL] per provider and currency.
func addArrivals(rows [][]any, loaded []store.Partition, from time.Time) []store.Arrival {
	var out []store.Arrival
	for _, r := range rows {
		provider, currency := text(r[1]), text(r[3])
		if !slices.ContainsFunc(loaded, func(p store.Partition) bool { return p.Provider == provider }) {
			continue
		}
		i := slices.IndexFunc(out, func(a store.Arrival) bool { return a.Provider == provider && a.Currency == currency })
		if i < 0 {
			i = len(out)
			out = append(out, store.Arrival{Provider: provider, Currency: currency, From: from, Rows: make([]int64, store.ArrivalDays), Cost: make([]analysis.Amount, store.ArrivalDays)})
		}
		day, _ := r[4].(time.Time)
		d := int(day.Sub(from).Hours() / 24)
		n, _ := r[5].(int64)
		out[i].Rows[d] += n
		if cost, ok := r[6].(decimal.Decimal); ok {
			out[i].Cost[d] = out[i].Cost[d].Add(cost)
		}
	}
	slices.SortFunc(out, func(a, b store.Arrival) int {
		return cmp.Or(cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Currency, b.Currency))
	})
	return out
}
