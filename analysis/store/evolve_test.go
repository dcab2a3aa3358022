package store

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spendbot/analysis/focus"
)

// TestStoreOfAnOlderVersion makes a store whose tables and files lack columns, as one made before a new FOCUS version would,
// and then uses it.
func TestStoreOfAnOlderVersion(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	s, err := Open(ctx, dir, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	newer := []string{"AllocatedTags", "ContractApplied", "x_InstanceType", "ConsumedQuantity"}
	old := map[string][]Column{}
	for name, cols := range tables() {
		old[name] = slices.DeleteFunc(slices.Clone(cols), func(c Column) bool { return slices.Contains(newer, c.Name) })
	}
	for name := range old {
		if err := s.cat.DropTable(ctx, []string{namespace, name}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.bringUp(ctx, old); err != nil {
		t.Fatal(err)
	}
	publishRow(t, s, old, "L-1", "2026-09", "1.5")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	if s, err = Open(ctx, dir, Limits{}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const q = `SELECT CAST(date_trunc('month', BillingPeriodStart) AS DATE), BilledCost, x_InstanceType, ConsumedQuantity FROM daily ORDER BY 1`
	check := func(want string) {
		t.Helper()
		sn, err := s.Snapshot(ctx, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer sn.Close()
		rows, _, err := sn.Query(ctx, "q", q)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows.Values {
			r[0] = r[0].(time.Time).Format("2006-01")
		}
		if got := fmt.Sprint(rows.Values); got != want {
			t.Errorf("daily holds %s, want %s", got, want)
		}
		if _, _, err := sn.Query(ctx, "q", "SELECT AllocatedTags, ContractApplied FROM charges"); err != nil {
			t.Error(err)
		}
	}
	check("[[2026-09 1.5 <nil> <nil>]]")
	publishRow(t, s, tables(), "L-2", "2026-10", "2.5")
	check("[[2026-09 1.5 <nil> <nil>] [2026-10 2.5 v-x_InstanceType 2.5]]")
	publishRow(t, s, tables(), "L-3", "2026-09", "3.5") // the old file is replaced
	check("[[2026-09 3.5 v-x_InstanceType 3.5] [2026-10 2.5 v-x_InstanceType 2.5]]")
}

// publishRow publishes one row with a value in every column.
func publishRow(t *testing.T, s *Store, want map[string][]Column, id, month, cost string) {
	t.Helper()
	ctx := context.Background()
	w, err := s.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	files := map[string][]string{}
	for name, cols := range want {
		var sel []string
		for _, c := range cols {
			v := "'v-" + c.Name + "'"
			switch c.Type {
			case focus.Decimal:
				v = cost
			case focus.DateTime, typeDate:
				v = "'" + month + "-01'"
			case typeCount:
				v = "1"
			}
			sel = append(sel, fmt.Sprintf("CAST(%s AS %s) AS %s", v, c.SQLType(), quoteIdent(c.Name)))
		}
		f := filepath.Join(w.Staging(), name+".parquet")
		if err := w.Exec(ctx, "COPY (SELECT "+strings.Join(sel, ", ")+") TO "+QuoteLiteral(f)+" (FORMAT parquet)"); err != nil {
			t.Fatal(err)
		}
		files[name] = []string{f}
	}
	l := Load{ID: id, Partitions: []Partition{{Source: "v-x_Source", Provider: "v-ServiceProviderName", Month: month}}}
	if l, err = w.Publish(ctx, l, files[tableCharges], files[tableDaily]); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Publish(ctx, l, nil, nil); err == nil {
		t.Error("a writer published twice")
	}
}

func TestMonthOf(t *testing.T) {
	for months, want := range map[int32]string{0: "1970-01", 11: "1970-12", 12: "1971-01", 681: "2026-10"} {
		if got := monthOf(months); got != want {
			t.Errorf("month %d is %s, want %s", months, got, want)
		}
	}
}
