package anomaly_test

import (
	"context"
	"os"
	"testing"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/anomaly"
	"spendbot/analysis/query"
	"spendbot/analysis/store"
	"spendbot/analysis/survey"
)

// BenchmarkScanStore scans all series of a store of all days, then those of the last weeks as the bot does when a day came.
// SPENDBOT_BENCH_STORE names the store (BenchmarkWhy of package reply makes one of ten million line items); without it the demo company's.
func BenchmarkScanStore(b *testing.B) {
	var c *company
	if dir := os.Getenv("SPENDBOT_BENCH_STORE"); dir == "" {
		c = demoCompany(b)
	} else {
		c = openStore(b, dir)
	}
	rows := int64(0)
	for _, m := range c.survey.Months {
		rows += m.Rows
	}
	memory := anomaly.NewMemory()
	var first, again, fresh time.Duration
	series := 0
	for b.Loop() {
		t := time.Now()
		if _, err := c.scan(nil, anomaly.Options{}); err != nil {
			b.Fatal(err)
		}
		first += time.Since(t)
		through := c.survey.Vocabulary.Through
		o := anomaly.Options{Since: through.AddDate(0, 0, -28), Through: through.AddDate(0, 0, -1), Memory: memory}
		if _, err := c.scan(nil, o); err != nil {
			b.Fatal(err)
		}
		o.Through = time.Time{}
		o.Provisional = true
		t = time.Now()
		r, err := c.scan(nil, o)
		if err != nil {
			b.Fatal(err)
		}
		again += time.Since(t)
		series = r.Series
		t = time.Now()
		if _, err := c.scan([]analysis.Filter{}, anomaly.Options{Since: o.Since}); err != nil {
			b.Fatal(err)
		}
		fresh += time.Since(t)
	}
	b.ReportMetric(float64(rows), "line-items")
	b.ReportMetric(float64(series), "series")
	b.ReportMetric(first.Seconds()/float64(b.N), "s-all")
	b.ReportMetric(fresh.Seconds()/float64(b.N), "s-last-weeks")
	b.ReportMetric(again.Seconds()/float64(b.N), "s-one-more-day")
}

// openStore is the newest snapshot of a store.
func openStore(t testing.TB, dir string) *company {
	t.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, dir, store.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	c := &company{lens: query.Lens{}}
	if c.sn, err = s.Snapshot(ctx, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.sn.Close() })
	if c.survey, err = survey.Of(ctx, s, c.sn); err != nil {
		t.Fatal(err)
	}
	return c
}
