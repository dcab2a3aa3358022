package anomaly_test

import (
	"context"
	"slices"
	"testing"

	"spendbot/analysis"
	"spendbot/analysis/anomaly"
)

// TestBacktestTellsWhatScansWouldHave: a scan of the data up to the day of an alert finds it, told that day and with the same amounts.
func TestBacktestTellsWhatScansWouldHave(t *testing.T) {
	t.Parallel()
	c := demoCompany(t)
	sight, err := c.sn.SeenThrough(nil, c.lens)
	if err != nil {
		t.Fatal(err)
	}
	rp, err := anomaly.Backtest(context.Background(), sight, anomaly.Options{Providers: c.survey.Providers, Filters: someServices}, 10, anomaly.NoChannel, "#finops")
	if err != nil {
		t.Fatal(err)
	}
	if len(rp.Alerts) < 4 {
		t.Fatalf("%d alerts", len(rp.Alerts))
	}
	for n, al := range rp.Alerts {
		if al.Channel != "#finops" || !al.Fallback || al.Floor != "default" {
			t.Errorf("%s goes to %s by %s", al.Label, al.Channel, al.Floor)
		}
		if n%2 != 0 {
			continue
		}
		r, err := c.scan(nil, anomaly.Options{Through: al.Day, Since: al.Day.AddDate(0, 0, -3), Filters: []analysis.Filter{{Dimension: analysis.DimService, Values: []string{al.Slice["ServiceName"]}}}})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(r.Incidents, func(i anomaly.Incident) bool {
			return i.Told.Equal(al.Day) && i.Key() == al.Key() && i.Parts[0].Excess.Equal(al.Parts[0].Excess)
		}) {
			t.Errorf("%s: %s is told by the replay, not by a scan up to that day: %+v", al.Day.Format(analysis.DateLayout), al.Label, r.Incidents)
		}
	}
	sum := 0
	for _, k := range rp.Channels() {
		sum += k.Alerts
	}
	if sum != len(rp.Alerts) {
		t.Errorf("the channels have %d alerts of %d", sum, len(rp.Alerts))
	}
}
