package state

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
)

func TestSavingsAreKeptWithTheirHistory(t *testing.T) {
	db := opened(t)
	ctx := t.Context()
	keep := func(hour int, st string, perDay int64) {
		t.Helper()
		_, err := db.KeepSaving(ctx, "T-1", t0.AddDate(0, 0, hour), func(before Saving) (Saving, bool, []Post, error) {
			next := Saving{State: st, Since: t0, SavingFigures: SavingFigures{PerDay: decimal.NewFromInt(perDay), Currency: "USD"}}
			return next, before.State != st, []Post{{Key: "saving/" + st, Method: "chat.postMessage", Channel: "C1"}}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	keep(1, "verifying", 0)
	keep(2, "verified", 240)
	keep(3, "verified", 241)
	keep(4, "regressed", 3)
	all, err := db.Savings(ctx)
	if err != nil || len(all) != 1 || all["T-1"].State != "regressed" || !all["T-1"].Since.Equal(t0) {
		t.Fatalf("%+v, %v", all, err)
	}
	if one, err := db.Saving(ctx, "T-1"); err != nil || cmp.Diff(all["T-1"], one) != "" {
		t.Errorf("%+v, %v", one, err)
	}
	if none, err := db.Saving(ctx, "T-2"); err != nil || none.State != "" {
		t.Errorf("%+v, %v", none, err)
	}
	var got []string
	list, err := db.SavingChanges(ctx, "T-1")
	for _, c := range list {
		got = append(got, c.State+" "+c.PerDay.String())
	}
	if d := cmp.Diff([]string{"verifying 0", "verified 240", "regressed 3"}, got); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
	if none, err := db.SavingChanges(ctx, "T-2"); err != nil || len(none) != 0 {
		t.Errorf("%v, %v", none, err)
	}
	if pending, _, _, err := db.Outbox(ctx); err != nil || pending != 3 {
		t.Errorf("%d posts, %v", pending, err)
	}
}
