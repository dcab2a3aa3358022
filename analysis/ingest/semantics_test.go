package ingest_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spendbot/analysis/ingest"
	"spendbot/analysis/store"
)

const byMonth = "SELECT x_Source, BillingPeriodStart, CAST(sum(x_Rows) AS BIGINT), sum(BilledCost) FROM daily GROUP BY 1, 2 ORDER BY 1, 2"

// TestRestatedMonth walks through what happens to a store over time.
func TestRestatedMonth(t *testing.T) {
	s := newStore(t)
	sep := "BillingPeriodStart=2026-09-01|ChargePeriodStart=2026-09-03|"
	first := file(t, "first.csv", billOf(sep+"BilledCost=1", "BilledCost=2", "BilledCost=3").String())
	other := file(t, "other.csv", billOf("BillingAccountId=other|BilledCost=50").String())
	restated := file(t, "restated.csv", billOf("BilledCost=2.5", "BilledCost=3", "BilledCost=4").String())

	a := load(t, s, first)
	load(t, s, other)
	const before = "AWS/other|2026-10-01 00:00:00|1|50\nAWS/payer|2026-09-01 00:00:00|1|1\nAWS/payer|2026-10-01 00:00:00|2|5"
	if got := ask(t, s, byMonth); got != before {
		t.Fatalf("the store holds\n%s, want\n%s", got, before)
	}

	// The same bytes again: nothing happens, and it is said.
	was := state(t, s)
	if r := load(t, s, first); !r.Unchanged || r.Load.ID != a.Load.ID {
		t.Errorf("loading the same bytes twice: %+v", r)
	}
	copied := file(t, "under another name.csv", billOf(sep+"BilledCost=1", "BilledCost=2", "BilledCost=3").String())
	if r := load(t, s, copied); !r.Unchanged {
		t.Error("the same bytes under another name were loaded")
	}
	if now := state(t, s); now != was {
		t.Errorf("the store was %s and is %s", was, now)
	}

	// A restated month replaces itself, and neither the month before nor the other payer.
	held := snapshotID(t, s)
	r := load(t, s, restated)
	const after = "AWS/other|2026-10-01 00:00:00|1|50\nAWS/payer|2026-09-01 00:00:00|1|1\nAWS/payer|2026-10-01 00:00:00|3|9.5"
	if got := ask(t, s, byMonth); got != after {
		t.Errorf("after restating the store holds\n%s, want\n%s", got, after)
	}
	if got := ask(t, s, "SELECT count(*), sum(BilledCost) FROM charges"); got != "5|60.5" {
		t.Errorf("charges hold %s", got)
	}
	if p := r.Load.Replaced; p == nil || p.Rows != 2 || p.Totals["USD"].Billed.String() != "5" {
		t.Errorf("replaced = %+v", p)
	}
	if len(r.Load.Warnings) > 0 {
		t.Errorf("warnings are %q", r.Load.Warnings)
	}
	if got := askAt(t, s, held, byMonth); got != before {
		t.Errorf("the old snapshot answers\n%s, want\n%s", got, before)
	}

	// The old bytes after a restatement are news again.
	if r := load(t, s, first); r.Unchanged {
		t.Error("bytes that were replaced since are said to be in force")
	}
	if got := ask(t, s, byMonth); got != before {
		t.Errorf("the store holds\n%s, want\n%s", got, before)
	}
}

func snapshotID(t *testing.T, s *store.Store) int64 {
	t.Helper()
	sn, err := s.Snapshot(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return sn.ID
}

func TestPartLoadedAloneIsWarnedOf(t *testing.T) {
	s := newStore(t)
	load(t, s, file(t, "whole.csv", billOf("ResourceId=1", "ResourceId=2", "ResourceId=3", "ResourceId=4", "ResourceId=5").String()))
	r := load(t, s, file(t, "part-1.csv", billOf("ResourceId=1", "ResourceId=2").String()))
	if all := strings.Join(r.Load.Warnings, "\n"); !strings.Contains(all, "2 rows took the place of 5") || !strings.Contains(all, "load their folder instead") {
		t.Errorf("warnings are %q", r.Load.Warnings)
	}
}

func TestFeedsOfOneName(t *testing.T) {
	s := newStore(t)
	feed := ingest.Options{Source: "all clouds; it's 100% ours/ü"}
	load(t, s, file(t, "a.csv", billOf("BilledCost=1", "ProviderName=Azure|BilledCost=2").String()), feed)
	b := file(t, "b.csv", billOf("ProviderName=Azure|BilledCost=3").String())
	load(t, s, b, feed)
	// The feed's month is replaced whole: what the new file does not have is gone.
	if got := ask(t, s, "SELECT x_Source, ServiceProviderName, BilledCost FROM charges"); got != feed.Source+"|Azure|3" {
		t.Errorf("the store holds %s", got)
	}
	// The same bytes under a feed of another name count again: that is said.
	r := load(t, s, b)
	if r.Unchanged {
		t.Error("the same bytes under another feed are said to be in force")
	}
	if all := strings.Join(r.Load.Warnings, "\n"); !strings.Contains(all, "counts twice") || !strings.Contains(all, feed.Source) {
		t.Errorf("warnings are %q", r.Load.Warnings)
	}
}

// TestFileThatChanges: an upload that is still going on is not loaded.
func TestFileThatChanges(t *testing.T) {
	s := newStore(t)
	p := file(t, "a.csv", billOf("").String())
	_, err := ingest.Load(t.Context(), s, p, ingest.Options{Now: now, Progress: func(pr ingest.Progress) {
		if pr.Step == "writing" {
			f, _ := os.OpenFile(p, os.O_APPEND|os.O_WRONLY, 0)
			_, _ = f.WriteString(row(""))
			f.Close()
		}
	}})
	if err == nil || !strings.Contains(err.Error(), "changed while it was read") {
		t.Errorf("%v", err)
	}
	if got := state(t, s); got != "snapshot 0, loads []" {
		t.Errorf("the store is %s", got)
	}
}

// TestOneFileOfManyMonthsAndPayers: the partitions of one file land in files of their own.
func TestOneFileOfManyMonthsAndPayers(t *testing.T) {
	s := newStore(t)
	b := billOf()
	want := 0
	for _, m := range []string{"2026-07", "2026-08", "2026-09", "2026-10"} {
		for _, p := range []string{"p1", "p2", "p3"} {
			for range 3 {
				want++
				b.add("BillingAccountId=" + p + "|BillingPeriodStart=" + m + "-01|ChargePeriodStart=" + m + "-11|BilledCost=0.000000000000001")
			}
		}
	}
	r := load(t, s, file(t, "many.csv", b.String()))
	if len(r.Load.Partitions) != 12 || r.Load.Rows != int64(want) || len(r.Load.Periods) != 4 {
		t.Errorf("load = %+v", r.Load)
	}
	if got := ask(t, s, "SELECT count(*), sum(BilledCost) FROM charges UNION ALL SELECT CAST(sum(x_Rows) AS BIGINT), sum(BilledCost) FROM daily"); got != "36|0.000000000000036\n36|0.000000000000036" {
		t.Errorf("the store holds %s", got)
	}
	load(t, s, file(t, "one.csv", billOf("BillingAccountId=p2|BillingPeriodStart=2026-08-01|ChargePeriodStart=2026-08-11|BilledCost=7").String()))
	if got := ask(t, s, "SELECT count(*), sum(x_Rows) FROM (SELECT DISTINCT x_Source, BillingPeriodStart, x_Rows FROM daily)"); got != "12|34" {
		t.Errorf("after restating one of them the store holds %s", got)
	}
}

// TestManyPartitionsMakeFewFiles: rows of many months and payers in turn do not end up in a file each.
func TestManyPartitionsMakeFewFiles(t *testing.T) {
	s := newStore(t)
	const payers = 30
	b := billOf()
	for i := range 3000 {
		b.add(fmt.Sprintf("BillingAccountId=p%02d|ResourceId=%d", i%payers, i))
	}
	r := load(t, s, file(t, "many.csv", b.String()))
	if len(r.Load.Partitions) != payers || r.Load.Totals["USD"].Billed.String() != "3000" {
		t.Errorf("load = %+v", r.Load)
	}
	files, err := filepath.Glob(filepath.Join(s.Dir(), "warehouse", "spend", "*", "data", "*", "*.parquet"))
	if err != nil || len(files) < 2*payers || len(files) > 4*payers {
		t.Errorf("%d files for %d partitions of two tables, %v", len(files), payers, err)
	}
}

// TestTagsOfManyValuesAreNoDimension: ids per resource do not multiply the rollup.
func TestTagsOfManyValuesAreNoDimension(t *testing.T) {
	s := newStore(t)
	b := billOf()
	for i := range ingest.MaxTagValues + 1 {
		n := string(rune('a'+i%26)) + strings.Repeat("x", i/26%7) + strings.Repeat("y", i/182)
		b.add(`Tags={"id":"` + n + `","team":"t"}`)
	}
	r := load(t, s, file(t, "tags.csv", b.String()))
	if all := strings.Join(r.Load.Warnings, "\n"); !strings.Contains(all, "are no dimensions: id") {
		t.Errorf("warnings are %q", r.Load.Warnings)
	}
	if got := ask(t, s, "SELECT Tags, CAST(sum(x_Rows) AS BIGINT) FROM daily GROUP BY 1"); got != `{"team":"t"}|2001` {
		t.Errorf("daily has tags %s", got)
	}
}

func TestCancelledLoad(t *testing.T) {
	s := newStore(t)
	dir := t.TempDir()
	b := billOf()
	for range 2000 {
		b.add("")
	}
	p := filepath.Join(dir, "a.csv")
	if err := os.WriteFile(p, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, step := range []string{"checking", "writing", "rolling up", "committing"} {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := ingest.Load(ctx, s, p, ingest.Options{Now: now, Progress: func(pr ingest.Progress) {
			if pr.Step == step {
				cancel()
			}
		}})
		if err == nil {
			t.Fatalf("cancelled at %q and loaded all the same", step)
		}
		if got := state(t, s); got != "snapshot 0, loads []" {
			t.Fatalf("cancelled at %q, the store is %s", step, got)
		}
	}
	load(t, s, p)
}
