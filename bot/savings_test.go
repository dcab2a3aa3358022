package bot

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/desk"
	"spendbot/analysis/ingest"
	"spendbot/analysis/store"
	"spendbot/bot/backlog"
	"spendbot/bot/incident"
	"spendbot/bot/sandbox/tracker"
	"spendbot/bot/state"
	"spendbot/bot/ticket"
	"spendbot/runbooks"
)

// mended is a service of the bill that these tests plant: what it used a day before its anomaly, during it, after its fix, and at last.
type mended struct {
	name                        string
	before, grown, fixed, later int
	covered                     bool // by a commitment of grown hours a day, at 60% of the price; what others use of it at last is "later" of a service of no incident
}

// The days of these tests: the anomalies begin on theOnset, the fixes are done on the day "done", and everything is otherwise again from "back" on.
var (
	begins = theOnset.AddDate(0, 0, -28)
	done   = theOnset.AddDate(0, 0, 10)
	back   = theOnset.AddDate(0, 0, 21)
)

func (m mended) hours(day time.Time) int {
	switch {
	case day.Before(theOnset):
		return m.before
	case !day.After(done):
		return m.grown
	case day.Before(back):
		return m.fixed
	}
	return m.later
}

// writeMended writes the bill of services up to a day, whose hours cost a dollar each.
func writeMended(t *testing.T, path string, through time.Time, services []mended) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	header := []string{"ProviderName", "BillingAccountId", "SubAccountId", "BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd", "ChargeCategory", "ServiceName", "RegionId", "SkuId", "ResourceId", "PricingQuantity",
		"PricingUnit", "BillingCurrency", "BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "CommitmentDiscountId", "CommitmentDiscountStatus", "x_UsageType", "ChargeDescription"}
	w := csv.NewWriter(f)
	rows := [][]string{header}
	for day := begins; !day.After(through); day = day.AddDate(0, 0, 1) {
		month := time.Date(day.Year(), day.Month(), 1, 0, 0, 0, 0, time.UTC)
		add := func(service string, hours int, list, effective float64, commitment, status string) {
			if hours > 0 {
				rows = append(rows, []string{"AWS", "1", "1", month.Format(time.RFC3339), month.AddDate(0, 1, 0).Format(time.RFC3339), day.Format(time.RFC3339), day.AddDate(0, 0, 1).Format(time.RFC3339), "Usage", service, "eu-west-1", "sku-" + service, "i-" + service,
					fmt.Sprint(hours), "Hours", "USD", fmt.Sprintf("%.2f", effective), fmt.Sprintf("%.2f", effective), fmt.Sprintf("%.2f", list), fmt.Sprintf("%.2f", list), commitment, status, "hours", service})
			}
		}
		for _, m := range services {
			n := m.hours(day) + day.Day()%3 // no two days are quite the same
			if !m.covered {
				add(m.name, n, float64(n), float64(n), "", "")
				continue
			}
			used := min(m.hours(day), m.grown)
			add(m.name, used, float64(used), 0.6*float64(used), "sp-1", "Used")
			other := 0
			if !day.Before(back) {
				other = m.grown - used
				add("Batch", other, float64(other), 0.6*float64(other), "sp-1", "Used")
			}
			idle := m.grown - used - other
			add(m.name+" commitment", idle, 0, 0.6*float64(idle), "sp-1", "Unused")
		}
	}
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestSavingsAreProvedOnTheBill: tickets are opened, worked on and done in Jira, days pass on the bill, and each thread and ticket hears once of each thing that the bill
// then says; what is realized is what was planted.
func TestSavingsAreProvedOnTheBill(t *testing.T) {
	t.Parallel()
	services := []mended{
		{name: "NAT", before: 40, grown: 240, fixed: 40, later: 40},
		{name: "Logs", before: 40, grown: 240, fixed: 140, later: 140},
		{name: "Disks", before: 40, grown: 240, fixed: 240, later: 240},
		{name: "Queues", before: 40, grown: 240, fixed: 40, later: 235},
		{name: "Machines", before: 240, grown: 240, covered: true},
		{name: "Search", before: 40, grown: 240, fixed: 240, later: 240}, // nobody does anything about it
		{name: "Cache", before: 40, grown: 240, fixed: 240, later: 240},  // somebody works on it
	}
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "store"), store.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	r := newTicketed(t, func(o *TicketOptions) {
		o.Policy = &TicketPolicy{Name: "all", Severity: incident.Low}
		o.Due = nil
	})
	r.b.desk = desk.New(s, desk.Options{})
	t.Cleanup(func() { r.b.desk.Close() })
	other := r.botOn(r.threads.open(), Options{Incidents: testIncidents(), Tickets: r.b.opts.Tickets})
	other.desk = r.b.desk

	var things []thing
	for _, x := range services {
		excess := int64(200)
		if x.covered {
			excess = 144
		}
		things = append(things, thing{x.name, "payments", slices.Repeat([]int64{excess}, 11)})
	}
	r.find(2, things...)
	r.find(9, things...)
	r.tell()
	incidents, err := r.db.Incidents(t.Context(), state.IncidentFilter{Open: true})
	if err != nil || len(incidents) != len(services) {
		t.Fatalf("%d incidents, %v", len(incidents), err)
	}
	ids := map[string]string{} // by service
	for _, in := range incidents {
		ids[in.Title] = in.ID
		if _, err := r.db.ChangeIncident(t.Context(), in.ID, r.clock(), func(in *state.Incident) (state.IncidentStep, error) {
			in.Filters = in.Filters[:1] // this bill has no teams
			return state.IncidentStep{}, nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	r.stored("a ticket of each", func() bool { return len(r.jira.Issues()) == len(services) })
	r.settled()
	ticketOf := func(name string) state.Ticket {
		t.Helper()
		list, err := r.db.Tickets(t.Context(), state.TicketFilter{Subject: ids[name]})
		if err != nil || len(list) != 1 {
			t.Fatalf("%s: %d tickets, %v", name, len(list), err)
		}
		return list[0]
	}
	states := func() map[string]backlog.State {
		t.Helper()
		list, err := Opportunities(t.Context(), r.db, r.b.books(), nil)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]backlog.State{}
		for _, o := range list {
			out[o.Title] = o.State
		}
		return out
	}
	want := func(when string, want map[string]backlog.State) {
		t.Helper()
		got := states()
		for name, s := range want {
			if got[name] != s {
				t.Errorf("%s: %s is %q, want %q", when, name, got[name], s)
			}
		}
	}
	load := func(through time.Time) {
		t.Helper()
		r.mu.Lock()
		r.now = through.AddDate(0, 0, 1).Add(9 * time.Hour)
		r.mu.Unlock()
		path := filepath.Join(t.TempDir(), "bill.csv")
		writeMended(t, path, through, services)
		if _, err := ingest.Load(t.Context(), s, path, ingest.Options{Now: r.clock()}); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for _, b := range []*Bot{r.b, other, r.b, other} { // and again
			wg.Go(func() {
				if err := b.VerifySavings(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		r.settled()
	}
	// told is what the thread of a service was told of its saving, and checked says what its ticket was.
	told := func(name string) (out []string) {
		t.Helper()
		k := ticketOf(name)
		for _, m := range r.box.Messages(k.Channel) {
			if m.Thread != "" && strings.Contains(string(m.Blocks), k.Key) && strings.Contains(string(m.Blocks), "(Q-") {
				out = append(out, string(m.Blocks))
			}
		}
		return out
	}

	want("opened", map[string]backlog.State{"NAT": backlog.Expected, "Search": backlog.Expected})
	r.mu.Lock()
	r.now = done.Add(20 * time.Hour)
	r.mu.Unlock()
	ana := tracker.Person{ID: "5f-ana", Name: "Ana Ruiz"}
	for name, to := range map[string]string{"NAT": "Done", "Logs": "Done", "Disks": "Done", "Queues": "Done", "Machines": "Done", "Cache": "In Progress"} {
		if err := r.jira.Move(ticketOf(name).Key, ana, to, ""); err != nil {
			t.Fatal(err)
		}
	}
	r.hear()
	for name, to := range map[string]string{"NAT": "done", "Cache": "open"} {
		if k := ticketOf(name); string(k.State) != to {
			t.Fatalf("%s: the ticket is %s", name, k.State)
		}
	}

	load(done.AddDate(0, 0, 3))
	want("three days later", map[string]backlog.State{"NAT": backlog.Verifying, "Logs": backlog.Verifying, "Cache": backlog.InProgress, "Search": backlog.Expected})
	if got := told("NAT"); len(got) != 0 {
		t.Errorf("too early, and yet it says %q", got)
	}

	load(back.AddDate(0, 0, -2))
	want("nine days later", map[string]backlog.State{"NAT": backlog.Verified, "Logs": backlog.Partly, "Disks": backlog.NotSeen, "Queues": backlog.Verified, "Machines": backlog.NotSeen})
	for name, says := range map[string]string{"NAT": "Verified on the bill: $200 a day less", "Logs": "Partly seen on the bill: $100 a day less", "Disks": "No saving is seen on the bill",
		"Queues": "Verified on the bill: $200 a day less", "Machines": "Nothing is saved yet: what was freed is covered by a commitment, of which $144 a day now lies unused and is still paid."} {
		if got := told(name); len(got) != 1 || !strings.Contains(got[0], says) {
			t.Errorf("%s: the thread was told %q, want once %q", name, got, says)
		}
	}

	load(back.AddDate(0, 0, 10))
	want("later", map[string]backlog.State{"NAT": backlog.Verified, "Logs": backlog.Partly, "Disks": backlog.NotSeen, "Queues": backlog.Regressed, "Machines": backlog.Verified})
	for name, n := range map[string]int{"NAT": 1, "Logs": 1, "Disks": 1, "Queues": 2, "Machines": 2} {
		if got := told(name); len(got) != n {
			t.Errorf("%s: the thread was told %d times, want %d: %q", name, len(got), n, got)
		}
		is, _ := r.jira.Issue(ticketOf(name).Key)
		comments := slices.DeleteFunc(slices.Clone(is.Comments), func(c tracker.Comment) bool { return !strings.Contains(c.Body, "complete days from") })
		if len(comments) != n {
			t.Errorf("%s: the ticket was told %d times, want %d: %+v", name, len(comments), n, is.Comments)
		}
	}
	if got := told("Queues"); !strings.Contains(got[1], "is gone") {
		t.Errorf("the thread was told %q", got[1])
	}
	if got := told("Machines"); !strings.Contains(got[1], "Verified on the bill: $144 a day less") {
		t.Errorf("the thread was told %q", got[1])
	}

	// Each figure can be run again.
	kept, err := r.db.Savings(t.Context())
	if err != nil || len(kept) != 5 {
		t.Fatalf("%d savings, %v", len(kept), err)
	}
	for id, k := range kept {
		a, err := r.db.Answer(t.Context(), k.Answer)
		if err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		again, err := r.b.desk.Rerun(t.Context(), a.Answer.Trace)
		if err != nil || len(again) == 0 {
			t.Fatalf("%s: %d queries run again, %v", id, len(again), err)
		}
		for _, q := range again {
			if !q.Equal {
				t.Errorf("%s: %s is otherwise now", id, q.Name)
			}
		}
	}

	// What is realized: of the anomalies all was growth; the machines were there before, and what they freed is saved on the days on which others are seen to use it.
	proofs, err := Proofs(t.Context(), r.db, nil)
	if err != nil {
		t.Fatal(err)
	}
	months := backlog.Realized(proofs)
	var got []string
	for _, m := range slices.Backward(months) {
		for _, p := range m.Parts {
			got = append(got, fmt.Sprintf("%s %s %dd %s %s", m.Month.Format("2006-01"), r.jiraTitle(p.Ticket), p.Days, p.Saved.Round(0), p.Avoided.Round(0)))
		}
	}
	slices.Sort(got)
	days := func(from, to time.Time) int { return int(to.Sub(from).Hours()/24) + 1 }
	november, december := done.AddDate(0, 0, 1), analysis.Day(2026, 12, 1)
	n, d := days(november, december.AddDate(0, 0, -1)), days(december, back.AddDate(0, 0, 10))
	held := days(december, back.AddDate(0, 0, -2)) // of what then regressed
	wanted := []string{
		fmt.Sprintf("2026-11 Logs %dd 0 %d", n, 100*n), fmt.Sprintf("2026-11 NAT %dd 0 %d", n, 200*n), fmt.Sprintf("2026-11 Queues %dd 0 %d", n, 200*n),
		fmt.Sprintf("2026-12 Logs %dd 0 %d", d, 100*d), "2026-12 Machines 7d 1008 0", fmt.Sprintf("2026-12 NAT %dd 0 %d", d, 200*d), fmt.Sprintf("2026-12 Queues %dd 0 %d", held, 200*held),
	}
	if !slices.Equal(got, wanted) {
		t.Errorf("realized\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(wanted, "\n"))
	}
}

// jiraTitle is the service that a ticket is about.
func (r *ticketed) jiraTitle(key string) string {
	k, err := r.db.Ticket(r.t.Context(), key)
	if err != nil {
		r.t.Fatal(err)
	}
	in, err := r.db.Incident(r.t.Context(), k.Subject)
	if err != nil {
		r.t.Fatal(err)
	}
	return in.Title
}

// TestWhatLiesIsAskedAbout: two bots that look hourly, and begin anew each day, ask in the threads of tickets that lie: once a week each, and of none that somebody works on.
func TestWhatLiesIsAskedAbout(t *testing.T) {
	t.Parallel()
	r := newTicketed(t, func(o *TicketOptions) {
		o.Policy = &TicketPolicy{Name: "all", Severity: incident.Low}
		o.Due = map[incident.Severity]time.Duration{incident.Low: 10 * 24 * time.Hour, incident.Medium: 10 * 24 * time.Hour, incident.High: 10 * 24 * time.Hour}
	})
	excess := []int64{500, 500, 500}
	list := []thing{{"Orphan", "", excess}}
	for _, name := range []string{"Late", "Nobody", "Stale", "Lively", "Done", "Deleted"} {
		list = append(list, thing{name, "payments", excess})
	}
	r.find(2, list...)
	r.tell()
	r.stored("a ticket of each", func() bool { return len(r.jira.Issues()) == 7 })
	r.settled()
	ana := tracker.Person{ID: "5f-ana", Name: "Ana Ruiz"}
	keys := map[string]string{}
	for _, is := range r.jira.Issues() {
		for _, name := range []string{"Late", "Nobody", "Stale", "Lively", "Done", "Deleted", "Orphan"} {
			if strings.HasPrefix(fmt.Sprint(is.Fields["summary"]), name) {
				keys[name] = is.Key
			}
		}
	}
	day := 3
	r.at(day)
	set := func(name, field string, value any) {
		t.Helper()
		if err := r.jira.Set(keys[name], ana, field, value); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"Late", "Stale", "Lively", "Done", "Deleted"} {
		set(name, "assignee", map[string]any{"accountId": "5f-ana"})
	}
	for _, name := range []string{"Nobody", "Stale", "Lively", "Done", "Deleted", "Orphan"} {
		set(name, "duedate", nil)
	}
	if err := r.jira.Move(keys["Done"], ana, "Done", ""); err != nil {
		t.Fatal(err)
	}
	if err := r.jira.Delete(keys["Deleted"], ana); err != nil {
		t.Fatal(err)
	}
	r.hear()

	when := map[string][]string{} // by service: the days on which it was asked about
	count := func() map[string]int {
		out := map[string]int{}
		for _, c := range []string{"#payments", "#cloud-costs"} {
			for _, m := range r.box.Messages(c) {
				for name, key := range keys {
					if m.Thread != "" && strings.Contains(string(m.Blocks), key) && groomWords.MatchString(m.Text) {
						out[name]++
					}
				}
			}
		}
		return out
	}
	before := count()
	for ; day < 26; day++ {
		if day == 12 || day == 20 { // people talk about it in Jira
			r.at(day)
			if err := r.jira.Say(keys["Lively"], ana, "half of it is done"); err != nil {
				t.Fatal(err)
			}
			set("Lively", "priority", map[string]any{"name": fmt.Sprint("P", day)})
			if err := r.jira.Move(keys["Lively"], ana, []string{"In Progress", "To Do"}[day/20], ""); err != nil {
				t.Fatal(err)
			}
			r.hear()
		}
		one, two := r.botOn(r.threads.open(), r.b.opts), r.botOn(r.threads.open(), r.b.opts)
		for hour := range 2 {
			r.mu.Lock()
			r.now = theOnset.AddDate(0, 0, day+1).Add(time.Duration(9+hour) * time.Hour)
			r.mu.Unlock()
			var wg sync.WaitGroup
			for _, b := range []*Bot{one, two, one} {
				wg.Go(func() {
					if err := b.groom(context.Background()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		}
		r.settled()
		now := count()
		for name, n := range now {
			for range n - before[name] {
				when[name] = append(when[name], r.clock().Format("2 Jan"))
			}
		}
		before = now
	}
	want := map[string][]string{
		"Late":   {"2 Dec", "9 Dec"}, // it was due on the 1st
		"Nobody": {"24 Nov", "1 Dec", "8 Dec"},
		"Orphan": {"22 Nov", "29 Nov", "6 Dec", "13 Dec"},
		"Stale":  {"6 Dec", "13 Dec"},
	}
	if d := cmp.Diff(want, when); d != "" {
		t.Errorf("asked about (-want +got):\n%s", d)
	}
}

// groomWords are how what lies is asked about.
var groomWords = regexp.MustCompile(`Is that still the day|Whose is it|Does anybody here know|Still worth doing`)

func TestFieldsOfATicketAreFilledIn(t *testing.T) {
	t.Parallel()
	book := runbooks.Runbook{Front: runbooks.Front{Effort: "weeks", Risk: "high"}}
	b := &Bot{opts: Options{Today: func() time.Time { return theOnset }, Tickets: TicketOptions{Fields: map[string]any{"a": "$saving", "b": "$roi", "c": "$effort", "d": "$risk", "e": "$team", "f": "$incident", "g": "as it stands", "h": 7, "i": "$cost_centre"}}}}
	amount := decimal.NewFromInt
	k := b.ticketOf(state.Incident{ID: "I-7F3K2M", Team: "payments"}, ticket.Facts{Runbook: &book, Saving: ticket.Saving{Low: amount(900), High: amount(1100), Confidence: analysis.High}})
	want := map[string]any{"a": json.Number("1000"), "b": json.Number("45"), "c": "weeks", "d": "high", "e": "payments", "f": "I-7F3K2M", "g": "as it stands", "h": 7}
	if d := cmp.Diff(want, k.Custom); d != "" {
		t.Error(d)
	}
}

// TestOneResourceIsNotCountedTwice: two incidents of other series whose tickets are about the same gateway are one saving in the backlog, whichever is found first, and a day of both is proved once.
func TestOneResourceIsNotCountedTwice(t *testing.T) {
	t.Parallel()
	db, err := state.Open(t.Context(), filepath.Join(t.TempDir(), "spendbot.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	now := theOnset.AddDate(0, 0, 3)
	for i, name := range []string{"NAT bytes", "VPC of the account", "Logs"} {
		var detail state.IncidentDetail
		detail.Series, detail.Title, detail.Currency, detail.Runbook, detail.Going = []string{name + " up"}, name, "USD", "nat-and-data-transfer", true
		detail.Rate = decimal.NewFromInt(int64(100 - i))
		detail.PerDay = detail.Rate
		in, err := db.OpenIncident(t.Context(), state.Incident{IncidentDetail: detail}, now, func(*state.Incident) (state.IncidentStep, error) { return state.IncidentStep{}, nil })
		if err != nil {
			t.Fatal(err)
		}
		k := state.Ticket{Subject: in.ID, Label: name, Project: "FIN", TicketDetail: state.TicketDetail{Resources: []string{[]string{"nat-1", "nat-1", "logs-1"}[i]}}}
		if k, _, err = db.ClaimTicket(t.Context(), k, now, func(state.Ticket) ([]state.Post, error) { return nil, nil }); err != nil {
			t.Fatal(err)
		}
		if _, err := db.KeepSaving(t.Context(), k.ID, now, func(state.Saving) (state.Saving, bool, []state.Post, error) {
			day := theOnset.AddDate(0, 0, 20)
			return state.Saving{State: "verified", Since: day, SavingFigures: state.SavingFigures{Day: day.AddDate(0, 0, 6), From: day, PerDay: decimal.NewFromInt(int64(100 - i)), Currency: "USD"}}, true, nil, nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	books, err := runbooks.Built()
	if err != nil {
		t.Fatal(err)
	}
	list, err := Opportunities(t.Context(), db, books, nil)
	if err != nil {
		t.Fatal(err)
	}
	ranked := backlog.Rank(list)
	var got []string
	for _, o := range ranked {
		got = append(got, fmt.Sprintf("%s %s %s %v", o.Title, o.Effort, o.Risk, o.Overlaps != ""))
	}
	if d := cmp.Diff([]string{"NAT bytes hours medium false", "VPC of the account hours medium true", "Logs hours medium false"}, got); d != "" {
		t.Error(d)
	}
	if sums := backlog.Sum(ranked); len(sums) != 1 || sums[0].Count != 2 || sums[0].Overlap != 1 || !sums[0].High.Equal(analysis.Monthly(decimal.NewFromInt(100)).Add(analysis.Monthly(decimal.NewFromInt(98)))) {
		t.Errorf("%+v", sums)
	}
	proofs, err := Proofs(t.Context(), db, nil)
	if err != nil {
		t.Fatal(err)
	}
	months := backlog.Realized(proofs)
	if sums := backlog.Summed(months, proofs); len(sums) != 1 || !sums[0].Saved.Equal(decimal.NewFromInt(7*(100+98))) || !sums[0].SavedADay.Equal(decimal.NewFromInt(198)) {
		t.Errorf("%+v of %+v", sums, months)
	}
}
