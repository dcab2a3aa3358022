package blocks

import (
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/bot/kpi"
	"spendbot/bot/state"
)

func TestKPI(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	in := state.Incident{ID: "I-A", Opened: now.AddDate(0, 0, -4), Open: true, Team: "<!channel>", Channel: "C0PAYMENTS", State: state.Detected}
	in.Onset, in.Currency, in.Rule = now.AddDate(0, 0, -5), "USD", "step"
	in.Excess = decimal.NewFromInt(5310)
	r := kpi.Measure([]kpi.History{{Incident: in}}, kpi.Options{From: now.AddDate(0, 0, -90), Until: now, Team: "<!channel>"})
	for name, m := range map[string]Message{"one": KPI(r, "/spend"), "none": KPI(kpi.Measure(nil, kpi.Options{From: now.AddDate(0, 0, -90), Until: now}), "/spend")} {
		valid(t, m, schema(t, "Blocks.schema.json"))
		pressable(t, m.Blocks)
		said := strings.Join(Strings(m.Blocks), "\n")
		if strings.Contains(said, "<!channel>") {
			t.Errorf("%s: a team's name is markup: %s", name, said)
		}
		if name == "one" && (!strings.Contains(said, "MTTD from usage: *1 d, 90% within 1 d* · 1 of 1") || !strings.Contains(said, "Time to acknowledge: *unknown* · 0 of 1") || !strings.Contains(said, "<#C0PAYMENTS>")) {
			t.Errorf("said as %s", said)
		}
		if name == "none" && !strings.Contains(said, "No incidents were opened") {
			t.Errorf("said as %s", said)
		}
	}
}
