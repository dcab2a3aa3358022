package reply_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/demo"
	"spendbot/analysis/ingest"
	"spendbot/analysis/reply"
	"spendbot/analysis/store"
	"spendbot/analysis/survey"
)

// handWritten is what one would type to see where the money moved: one GROUP BY over the line items of both months. It names
// no drivers, no effects, no days and no resources.
const handWritten = `SELECT ServiceName, SubAccountId, RegionId, json_extract_scalar(Tags, '$.team') AS team,
  sum(EffectiveCost) FILTER (WHERE ChargePeriodStart >= CAST(? AS TIMESTAMP)) AS now,
  sum(EffectiveCost) FILTER (WHERE ChargePeriodStart < CAST(? AS TIMESTAMP)) AS before
FROM charges WHERE ChargePeriodStart >= CAST(? AS TIMESTAMP) AND ChargePeriodStart < CAST(? AS TIMESTAMP)
GROUP BY ServiceName, SubAccountId, RegionId, json_extract_scalar(Tags, '$.team') ORDER BY 1, 2, 3, 4`

// BenchmarkWhy times a complete why-answer, month against month, beside one hand-written GROUP BY over the same line items,
// in turns, and reports their ratio. SPENDBOT_BENCH_ROWS sets the size of the demo store; SPENDBOT_BENCH_STORE names a folder
// to keep it in between runs.
func BenchmarkWhy(b *testing.B) {
	ctx := context.Background()
	s := benchStore(b)
	sn, err := s.Snapshot(ctx, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer sn.Close()
	sv, err := survey.Of(ctx, s, sn)
	if err != nil {
		b.Fatal(err)
	}
	cur, base := analysis.MonthOf(analysis.Day(2026, 10, 1)), analysis.MonthOf(analysis.Day(2026, 9, 1))
	plan := analysis.Plan{Intent: analysis.ExplainChange, Metric: analysis.Effective, Current: cur, Baseline: &base}
	r := &reply.Replier{Snapshot: sn, Survey: sv, Now: benchNow}
	var why, hand time.Duration
	for b.Loop() {
		t := time.Now()
		if _, err := r.Answer(ctx, "Q-BENCH0", "why?", plan); err != nil {
			b.Fatal(err)
		}
		why += time.Since(t)
		t = time.Now()
		own := sn.Between(base.Start, cur.End)
		day := cur.Start.Format(analysis.DateLayout)
		if _, _, err := own.Query(ctx, "hand-written", handWritten, day, day, base.Start.Format(analysis.DateLayout), cur.End.Format(analysis.DateLayout)); err != nil {
			b.Fatal(err)
		}
		hand += time.Since(t)
	}
	b.ReportMetric(float64(why.Milliseconds())/float64(b.N), "why-ms")
	b.ReportMetric(float64(hand.Milliseconds())/float64(b.N), "groupby-ms")
	b.ReportMetric(float64(why)/float64(hand), "ratio")
}

var benchNow = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func benchStore(b *testing.B) *store.Store {
	b.Helper()
	ctx := context.Background()
	dir := os.Getenv("SPENDBOT_BENCH_STORE")
	keep := dir != ""
	if !keep {
		dir = filepath.Join(b.TempDir(), "store")
	}
	made := store.Exists(dir)
	s, err := store.Open(ctx, dir, store.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	if made {
		return s
	}
	rows, _ := strconv.Atoi(os.Getenv("SPENDBOT_BENCH_ROWS"))
	bills := b.TempDir()
	if _, err := demo.Generate(ctx, bills, demo.Options{Now: benchNow, Rows: rows}); err != nil {
		b.Fatal(err)
	}
	if _, err := ingest.Load(ctx, s, bills, ingest.Options{Now: benchNow}); err != nil {
		b.Fatal(err)
	}
	return s
}
