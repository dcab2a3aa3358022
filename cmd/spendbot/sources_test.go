package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/shopspring/decimal"

	"spendbot/analysis/demo"
	"spendbot/analysis/ingest"
	"spendbot/analysis/store"
	"spendbot/bot"
	"spendbot/bot/sandbox"
)

// zeta is a FOCUS file of a small provider: a row a day from the first of the month.
func zeta(month string, days int, cost string) string {
	var b strings.Builder
	b.WriteString("BilledCost,EffectiveCost,ListCost,ContractedCost,BillingCurrency,BillingAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ProviderName,PublisherName,InvoiceIssuerName,ServiceName,ServiceCategory,SubAccountId,ChargeDescription\n")
	start, err := time.Parse("2006-01", month)
	if err != nil {
		panic(err)
	}
	for d := range days {
		day := start.AddDate(0, 0, d)
		fmt.Fprintf(&b, "%s,%s,%s,%s,USD,z1,%s,%s,%s,%s,Usage,Zeta Cloud,Zeta Cloud,Zeta Cloud,Zeta Compute,Compute,z1-1,hours\n", cost, cost, cost, cost,
			start.Format(time.RFC3339), start.AddDate(0, 1, 0).Format(time.RFC3339), day.Format(time.RFC3339), day.AddDate(0, 0, 1).Format(time.RFC3339))
	}
	return b.String()
}

// deliver puts files into a folder that a source looks at: whole, as a finished upload is.
func deliver(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		half := filepath.Join(filepath.Dir(p), ".upload")
		if err := os.WriteFile(half, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(half, p); err != nil {
			t.Fatal(err)
		}
	}
}

// alertsIn are the bot's messages in a channel that tell of sources.
func alertsIn(list []sandbox.Message) (late, well int) {
	for _, m := range list {
		switch {
		case m.User != sandbox.Spendbot:
		case strings.Contains(m.Text, "are late"):
			late++
		case strings.Contains(m.Text, "up to date again"):
			well++
		}
	}
	return late, well
}

// A source that is late is told once, and once when it is well again, however often the bot is killed.
func TestASourceThatIsLateIsToldOnce(t *testing.T) {
	t.Parallel()
	bills := t.TempDir()
	deliver(t, bills, map[string]string{"2026-10/a.csv": zeta("2026-10", 31, "2")})
	r := newRig(t, rigOptions{config: "access:\n" + indentYAML(string(demoAccess)) + fmt.Sprintf(`
sources:
  - {name: zeta, url: %q, schedule: "@every 1s", sla: 5d, settle: 0s}
  - {name: nowhere, url: %q, schedule: "@hourly", sla: 5d}
alerts: {channel: "#finops"}
slack: {lease: 25s}
`, bills, filepath.Join(bills, "nowhere"))})
	r.start()
	r.wait("the alert", func(s *sandbox.Snapshot) bool { late, _ := alertsIn(s.Messages(sandbox.Finops)); return late == 1 })
	if !long() {
		r.quiet(patience) // a post whose outcome is not known is looked up once the dead process's lease has run out
	}
	kills := 1
	if long() {
		kills = 8
	}
	for range kills {
		r.kill()
		r.start()
	}
	if late, well := alertsIn(r.box.Messages(sandbox.Finops)); late != 1 || well != 0 {
		t.Errorf("after the kills: told %d times that it is late, %d times that it is well; want 1 and 0", late, well)
	}
	deliver(t, bills, map[string]string{"2026-11/a.csv": zeta("2026-11", 22, "2")})
	r.wait("the word that it is well", func(s *sandbox.Snapshot) bool { _, well := alertsIn(s.Messages(sandbox.Finops)); return well == 1 })
	if r.metric("spendbot_source_late", "zeta") != 0 || r.metric("spendbot_source_last_success_timestamp_seconds", "zeta") == 0 || r.metric("spendbot_source_data_age_seconds", "zeta") < 3600 {
		t.Error("the metrics do not say that the source is well")
	}
	if !long() {
		r.quiet(patience)
	}
	r.kill()
	r.start()
	r.quiet(patience)
	if late, well := alertsIn(r.box.Messages(sandbox.Finops)); late != 1 || well != 1 {
		t.Errorf("in the end: told %d times that it is late, %d times that it is well; want 1 and 1", late, well)
	}
	var text string
	for _, m := range r.box.Messages(sandbox.Finops) {
		if strings.Contains(m.Text, "are late") {
			text = body(m)
		}
	}
	contains(t, "the alert", text, "The bills of zeta are late: its data is complete through 31 Oct 2026, which ended 22 days ago (allowed are 5 days).")
	lacks(t, "the alert", text, bills)
}

// restated is the demo company's AWS bill of October with one more charge, of team payments.
func restated(t *testing.T) string {
	t.Helper()
	now, err := time.Parse(time.RFC3339, rigNow)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := demo.Generate(t.Context(), dir, demo.Options{Months: 4, Now: now}); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "aws", "2026-10.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(b), "\n")
	for _, l := range lines[1:] {
		if strings.Contains(l, "payments") && strings.Contains(l, ",Usage,") {
			to := filepath.Join(t.TempDir(), "2026-10.csv")
			if err := os.WriteFile(to, []byte(string(b)+strings.Repeat(l, 500)), 0o600); err != nil {
				t.Fatal(err)
			}
			return to
		}
	}
	t.Fatal("the bill has no charge of team payments")
	return ""
}

// Who got an answer about a month that was restated sees that it moved, and no more of it than they may see.
func TestAnswersThatMoved(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{}).start()
	ana := r.box.Post(sandbox.Ana, sandbox.CloudCosts, "", at("how much did we spend in October 2026?"))
	m := r.answer(sandbox.CloudCosts, ana, 1)
	id := answerIDs.FindString(body(m))
	ben := r.box.Post(sandbox.Ben, sandbox.Payments, "", at("how much did we spend in October 2026?"))
	r.answer(sandbox.Payments, ben, 1)
	later := r.box.Post(sandbox.Chloe, sandbox.CloudCosts, "", at("how much did we spend in September 2026?"))
	r.answer(sandbox.CloudCosts, later, 1)

	st, err := store.Open(context.Background(), r.store, store.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	res, err := ingest.Load(t.Context(), st, restated(t), ingest.Options{Now: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Load.Restated) != 1 || !res.Load.Restated[0].Effective().IsPositive() {
		t.Fatalf("restated %+v", res.Load.Restated)
	}
	home := func(user string) string {
		if err := r.box.OpenHome(user); err != nil {
			t.Fatal(err)
		}
		r.wait("the home of "+user, func(s *sandbox.Snapshot) bool { return s.Home(user) != nil })
		b, _ := json.Marshal(r.box.Home(user))
		return string(b)
	}
	contains(t, "Ana's home", home(sandbox.Ana), "Answers that moved", "Then: ", "Now: ", id)
	bens := home(sandbox.Ben)
	contains(t, "Ben's home", bens, "Answers that moved", "Then: ")
	lacks(t, "Ben's home", bens, res.Load.ID, id)
	lacks(t, "Chloe's home", home(sandbox.Chloe), "Answers that moved")

	var window string
	for range 5 { // it opens without the word where that is not known in a moment
		r.push(t, sandbox.Ana, m, "Show the SQL")
		r.wait("the window", func(s *sandbox.Snapshot) bool { return s.Modal(sandbox.Ana) != nil })
		b, _ := json.Marshal(r.box.Modal(sandbox.Ana))
		if window = string(b); strings.Contains(window, "has moved") {
			break
		}
		if err := r.box.CloseView(sandbox.Ana, r.box.Modal(sandbox.Ana).ID); err != nil {
			t.Fatal(err)
		}
	}
	contains(t, "the window", window, "This answer has moved", "Then: ", "Now: ", res.Load.ID, "AWS's bill of 2026-10 moved by +$")

	var out, stderr strings.Builder
	if code := run([]string{"trace", id, "--store", r.store, "--now", rigNow}, nil, &out, &stderr); code != 0 {
		t.Fatalf("trace: exit %d: %s", code, stderr.String())
	}
	contains(t, "the trace", out.String(), "MOVED: the bills of its days were restated since.", "then ", "now ", "load "+res.Load.ID)
}

// The schedule runs by the injected clock, one source at a time, and looks at each at the start.
func TestSourcesAreLookedAtOnSchedule(t *testing.T) {
	bills := t.TempDir()
	deliver(t, bills, map[string]string{"2026-10/a.csv": zeta("2026-10", 31, "2")})
	var log lockedBuffer
	a := &app{stdout: io.Discard, stderr: &log, cfg: config{Sources: []sourceConfig{{Name: "zeta", URL: bills, Schedule: "*/30 * * * *", Settle: "0s"}, {Name: "gone", URL: filepath.Join(bills, "no"), Schedule: "@daily"}}}}
	if err := a.cfg.checkSources(); err != nil {
		t.Fatal(err)
	}
	st, err := a.openDir(t.Context(), filepath.Join(t.TempDir(), "store"), false)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	at := time.Date(2026, 11, 23, 9, 10, 0, 0, time.UTC)
	a.now = at
	a.flags.now = "2026-11-23T09:10:00Z"
	var told [][]bot.SourceHealth
	w, err := a.lookout(st, func(_ context.Context, list []bot.SourceHealth) error { told = append(told, list); return nil }, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	var looks []string
	steps := 0
	w.now = func() time.Time { return at }
	w.wait = func(ctx context.Context, until time.Time) error {
		list, err := st.state.SourceLooks(ctx)
		if err != nil {
			t.Fatal(err)
		}
		looks = append(looks, list["zeta"].Looked.Format("15:04")+" "+list["gone"].Looked.Format("15:04"))
		if !until.After(at) || until.Sub(at) > judged {
			t.Errorf("waits from %s until %s", at, until)
		}
		at = until
		if steps++; steps == 25 {
			return context.Canceled
		}
		return nil
	}
	w.run(t.Context())
	if looks[0] != "09:10 09:10" || looks[19] != "09:10 09:10" || looks[20] != "09:30 09:10" || looks[24] != "09:30 09:10" {
		t.Errorf("looked at %v", looks)
	}
	list, err := a.healths(t.Context(), st, at)
	if err != nil || len(list) != 2 || list[0].loads != 1 || list[0].look.Error != "" || !strings.Contains(list[1].look.Error, "no such file or folder") {
		t.Errorf("%+v, %v", list, err)
	}
	if len(told) != steps || len(told[0]) != 2 || told[0][0].Late || told[0][0].Why != "its data is complete through 31 Oct 2026." {
		t.Errorf("told %+v", told)
	}
}

// TestRestatedServiceGone: a service that has no rows any more costs nothing; only a cost that a row lacks is unknown.
func TestRestatedServiceGone(t *testing.T) {
	was := decimal.NewFromInt(14800)
	gone := store.Moved{WasBilled: &was, WasEffective: &was}
	var out strings.Builder
	printRestated(&out, store.Load{ID: "L-1", Restated: []store.Restatement{{Provider: "AWS", Month: "2026-10", Currency: "USD", Moved: gone,
		Services: []store.ServiceMoved{{Service: "Support", Moved: gone}, {Service: "Lambda", Moved: store.Moved{WasBilled: &was, IsBilled: &was, IsEffective: &was}}}}}})
	for _, want := range []string{`Support +\$14,800.00 +none +-\$14,800.00 +\$14,800.00 +none +-\$14,800.00`, `Lambda +unknown +\$14,800.00`} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("want %s in\n%s", want, out.String())
		}
	}
}
