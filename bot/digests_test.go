package bot

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/demo"
	"spendbot/analysis/demo/demotest"
	"spendbot/analysis/desk"
	"spendbot/analysis/query"
	"spendbot/analysis/store"
	"spendbot/bot/access"
	"spendbot/bot/sandbox"
	"spendbot/bot/slack"
	"spendbot/bot/state"
)

// digestDay is the Monday of these tests, for which the demo company's bills are made.
var digestDay = time.Date(2026, time.November, 23, 9, 0, 0, 0, time.UTC)

// digestRig is two bots on one state and one store, in a workspace, with a clock that tests move. Only the first answers people.
type digestRig struct {
	*threads
	other *Bot
}

// company is the demo company's bills, loaded once.
var company = demotest.Company{Options: demo.Options{Now: digestDay, Months: 2}}

func TestMain(m *testing.M) { os.Exit(company.Run(m)) }

func digestDesk(t testing.TB) *desk.Desk {
	t.Helper()
	s, book := company.Open(t), demotest.Book(t, digestDay)
	d := desk.New(s, desk.Options{Lens: func(context.Context, *store.Snapshot, analysis.Plan) (query.Lens, error) {
		return query.Lens{}.Over(book.Layer(false)), nil
	}})
	t.Cleanup(func() { d.Close() })
	return d
}

func newDigestRig(t testing.TB) *digestRig {
	t.Helper()
	r := &digestRig{threads: newRig(t, digestDay)}
	first := r.bot(Options{})
	r.other = r.botOn(r.open(), Options{})
	first.desk = digestDesk(t)
	r.other.desk = first.desk
	r.live(first, r.other)
	return r
}

func (r *digestRig) set(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = now
}

// look has both bots look at the same time, several times, and waits until all that they said is said.
func (r *digestRig) look() {
	r.t.Helper()
	for range 2 {
		var wg sync.WaitGroup
		for _, b := range []*Bot{r.b, r.other, r.b, r.other} {
			wg.Go(func() {
				if err := b.Digests(context.Background()); err != nil {
					r.t.Errorf("digests: %v", err)
				}
			})
		}
		wg.Wait()
		r.settled()
	}
}

// runs are the runs of a subscription as text, the oldest first.
func (r *digestRig) runs(id string) string {
	r.t.Helper()
	list, err := r.db.DigestRuns(r.t.Context(), id, 100)
	if err != nil {
		r.t.Fatal(err)
	}
	var out []string
	for i := len(list) - 1; i >= 0; i-- {
		out = append(out, fmt.Sprintf("%s %s %s", list[i].Due.Format("Mon 02 15:04"), list[i].State, list[i].Why))
	}
	return strings.Join(out, "\n")
}

func (r *digestRig) subscribe(channel, kind, spec string, since time.Time) string {
	r.t.Helper()
	d := state.Digest{ID: state.DigestID(channel, kind), Team: sandbox.DemoTeam, Channel: channel, Kind: kind, Spec: spec, Zone: "UTC"}
	if err := r.db.SyncDigests(r.t.Context(), []state.Digest{d}, since); err != nil {
		r.t.Fatal(err)
	}
	return d.ID
}

// ours are the bot's messages in a channel, files apart.
func (r *digestRig) ours(channel string) (texts, files []sandbox.Message) {
	for _, m := range r.box.Messages(channel) {
		switch {
		case m.User != sandbox.Spendbot:
		case len(m.Files) > 0:
			files = append(files, m)
		default:
			texts = append(texts, m)
		}
	}
	return texts, files
}

// TestTwoBotsOneDigest: two bots on one state wait for bills that are not complete, send the digest once when they have waited long enough,
// and say so.
func TestTwoBotsOneDigest(t *testing.T) {
	r := newDigestRig(t)
	id := r.subscribe("#cloud-costs", "weekly", "0 9 * * MON", digestDay.AddDate(0, 0, -3))
	before, _ := r.ours("#cloud-costs")

	r.set(digestDay.Add(5 * time.Second))
	r.look()
	if texts, _ := r.ours("#cloud-costs"); len(texts) != len(before) {
		t.Fatalf("it is sent although bills are missing:\n%s", r.all())
	}
	if got := r.runs(id); got != "Mon 23 09:00 waiting the bills of Microsoft (complete through 21 Nov)" {
		t.Errorf("while it waits: %s", got)
	}
	r.set(digestDay.Add(12*time.Hour + time.Minute))
	r.look()
	r.look()
	texts, _ := r.ours("#cloud-costs")
	if len(texts) != len(before)+1 {
		t.Fatalf("%d digests are sent, want 1:\n%s", len(texts)-len(before), r.all())
	}
	m := texts[len(texts)-1]
	for _, want := range []string{"Week 47", "due today 09:00", "not complete: Microsoft (complete through 21 Nov)", "worth asking", "Show the SQL", "effective cost, USD"} {
		if !strings.Contains(string(m.Blocks), want) {
			t.Errorf("the digest lacks %q: %s", want, m.Blocks)
		}
	}
	if got := r.runs(id); got != "Mon 23 09:00 delivered due today 09:00" {
		t.Errorf("in the end: %s", got)
	}
	answers, err := r.db.List(t.Context(), 0)
	if err != nil || len(answers) != 1 {
		t.Errorf("%d answers are kept for one digest (%v)", len(answers), err)
	}

	// What is asked in its thread, and by its buttons, goes on from it.
	r.box.Post(sandbox.Ana, "#cloud-costs", m.TS, "<@"+sandbox.Spendbot+"> and by team?")
	r.until("the answer in its thread", func(s *sandbox.Snapshot) bool {
		for _, x := range s.Thread(m.Channel, m.TS) {
			if x.User == sandbox.Spendbot && strings.Contains(string(x.Blocks), "16-22 Nov") && strings.Contains(string(x.Blocks), "payments") {
				return true
			}
		}
		return false
	})

	// A week later nobody was awake until it was too late.
	r.set(digestDay.AddDate(0, 0, 11))
	r.look()
	if texts, _ := r.ours("#cloud-costs"); strings.Count(r.runs(id), "\n") != 1 || !strings.Contains(r.runs(id), "Mon 30 09:00 dropped too old: 4 days late") || strings.Contains(texts[len(texts)-1].Text, "Week 48") {
		t.Errorf("after a week of sleep: %s", r.runs(id))
	}
}

// TestAsleepOverTheWeekend: of the days that were missed the newest is sent, late and with a word; the others are recorded.
func TestAsleepOverTheWeekend(t *testing.T) {
	r := newDigestRig(t)
	id := r.subscribe("#cloud-costs", "daily", "0 9 * * *", digestDay.AddDate(0, 0, -3))
	r.set(digestDay.Add(75 * time.Minute))
	r.look()
	want := "Sat 21 09:00 dropped missed: the next one was due before it could be sent\nSun 22 09:00 dropped missed: the next one was due before it could be sent\nMon 23 09:00 delivered due today 09:00"
	if got := r.runs(id); got != want {
		t.Errorf("runs:\n%s", got)
	}
	texts, _ := r.ours("#cloud-costs")
	last := texts[len(texts)-1]
	if !strings.Contains(string(last.Blocks), "Sat 21 Nov: $") || !strings.Contains(string(last.Blocks), "due today 09:00") {
		t.Errorf("the line: %s", last.Blocks)
	}
	// The next day nothing new has come: it waits, and then says so.
	r.set(digestDay.Add(25 * time.Hour))
	r.look()
	r.set(digestDay.Add(31 * time.Hour))
	r.look()
	texts, _ = r.ours("#cloud-costs")
	if got := texts[len(texts)-1]; !strings.Contains(got.Text, "No day is complete that I have not told of") {
		t.Errorf("with nothing new: %s", got.Text)
	}
}

// TestClosePack: the month's close comes with its file in the thread, once.
func TestClosePack(t *testing.T) {
	r := newDigestRig(t)
	r.subscribe("#cloud-costs", "monthly", "0 9 3 * *", digestDay.AddDate(0, -1, 0))
	r.set(time.Date(2026, 11, 3, 9, 1, 0, 0, time.UTC))
	r.look()
	r.look()
	texts, files := r.ours("#cloud-costs")
	if len(texts) != 1 || len(files) != 1 {
		t.Fatalf("%d messages and %d files, want one of each:\n%s", len(texts), len(files), r.all())
	}
	if files[0].Thread != texts[0].TS || !strings.HasSuffix(files[0].Files[0].Name, ".md") || !strings.Contains(string(files[0].Files[0].Data), "Showback: who bears October") {
		t.Errorf("the file is in thread %q of %q: %s", files[0].Thread, texts[0].TS, files[0].Files[0].Data)
	}
	for _, want := range []string{"October 2026", "billed", "borne by", "All of it is in the file"} {
		if !strings.Contains(string(texts[0].Blocks), want) {
			t.Errorf("the message lacks %q: %s", want, texts[0].Blocks)
		}
	}
}

// TestSubscribing is a channel's life with its digest, in the words that people write.
func TestSubscribing(t *testing.T) {
	r := newDigestRig(t)
	command := func(user, channel, text string) {
		t.Helper()
		if err := r.box.Command(user, channel, text); err != nil {
			t.Fatal(err)
		}
		r.settled()
	}
	whispered := func(user, what string) {
		t.Helper()
		r.until(what, func(s *sandbox.Snapshot) bool {
			list := s.Ephemerals(user)
			return len(list) > 0 && strings.Contains(list[len(list)-1].Text+string(list[len(list)-1].Blocks), what)
		})
	}
	told := func(what ...string) {
		t.Helper()
		r.until(fmt.Sprintf("%q in the channel", what), func(s *sandbox.Snapshot) bool {
			list := s.Messages("#payments")
			return len(list) > 0 && !slices.ContainsFunc(what, func(w string) bool { return !strings.Contains(string(list[len(list)-1].Blocks), w) })
		})
	}
	command(sandbox.Ben, "#payments", "digest list")
	whispered(sandbox.Ben, "No digest comes here")
	command(sandbox.Ben, "#payments", "digest subscribe weekly on Friday at 17:00 for EC2")
	told("<@"+sandbox.Ben+"> subscribed this channel", "Fridays 17:00 Europe/Berlin", "Elastic Compute", "within team payments", "Fri 27 Nov 17:00")
	list, err := r.db.Digests(t.Context(), "")
	if err != nil || len(list) != 1 || analysis.ScopeKey(list[0].Scope) != analysis.ScopeKey([]analysis.Filter{{Dimension: analysis.DimTeam, Values: []string{"payments"}}}) || len(list[0].Filters) == 0 {
		t.Fatalf("%+v, %v", list, err)
	}
	command(sandbox.Ben, "#payments", "digest preview")
	whispered(sandbox.Ben, "preview; the next one comes Fri 27 Nov 17:00")
	for _, m := range r.box.Ephemerals(sandbox.Ben) {
		if strings.Contains(string(m.Blocks), "search-prod") {
			t.Errorf("Ben is shown other teams' spend: %s", m.Blocks)
		}
	}
	command(sandbox.Ben, "#payments", "digest pause")
	told("paused the weekly digest")
	r.set(digestDay.AddDate(0, 0, 4).Add(9 * time.Hour))
	r.look()
	if got := r.runs(list[0].ID); got != "" {
		t.Errorf("a paused digest has runs: %s", got)
	}
	command(sandbox.Ana, "#payments", "digest resume weekly")
	told("resumed", "Fri 4 Dec 17:00")
	command(sandbox.Ben, "#payments", "digest subscribe")
	whispered(sandbox.Ben, "Which one")
	command(sandbox.Ben, "#payments", "digest subscribe weekly for blubs")
	whispered(sandbox.Ben, "blubs")
	command(sandbox.Ben, "#payments", "digest unsubscribe weekly")
	told("ended the weekly digest")
	if list, err := r.db.Digests(t.Context(), ""); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

// TestDigestWhoMayNoLonger: a digest that somebody subscribed is not sent once they may see less; the channel is told, once.
func TestDigestWhoMayNoLonger(t *testing.T) {
	r := newDigestRig(t)
	d := state.Digest{Team: sandbox.DemoTeam, Channel: sandbox.CloudCosts, Kind: "weekly", Spec: "0 9 * * MON", Zone: "UTC", By: sandbox.Ben} // of everything
	kept, _, err := r.db.AddDigest(t.Context(), d, digestDay.AddDate(0, 0, -3), func(d state.Digest, _ bool) (state.Post, error) {
		return slack.Outgoing{Text: "subscribed"}.Post("test", "", slack.MethodPost, d.Channel, "", "")
	})
	if err != nil {
		t.Fatal(err)
	}
	r.set(digestDay.Add(13 * time.Hour))
	r.look()
	texts, _ := r.ours("#cloud-costs")
	if len(texts) != 2 || !strings.Contains(texts[1].Text, "is paused: what may be seen here is less") {
		t.Errorf("%d messages:\n%s", len(texts), r.all())
	}
	if list, err := r.db.Digests(t.Context(), ""); err != nil || list[0].Paused.IsZero() || list[0].ID != kept.ID {
		t.Errorf("%+v, %v", list, err)
	}
	if answers, err := r.db.List(t.Context(), 0); err != nil || len(answers) != 0 {
		t.Errorf("%d answers were made (%v)", len(answers), err)
	}
	_, ok := access.Both([]analysis.Filter{{Dimension: analysis.DimTeam, Values: []string{"a"}}}, []analysis.Filter{{Dimension: analysis.DimTeam, Values: []string{"b"}}})
	if ok {
		t.Error("scopes with nothing in common have something")
	}
}

// TestIncidentsLine says what became of incidents, of those within the scope alone.
func TestIncidentsLine(t *testing.T) {
	incident := func(id, team string, opened int, st state.IncidentState, resolved int) state.Incident {
		i := state.Incident{ID: id, Team: team, Opened: digestDay.AddDate(0, 0, -opened), State: st, Open: st != state.Resolved}
		i.Title, i.Currency, i.Rate, i.Provider = "GPU idle", "USD", analysis.Amount{}, "AWS"
		if resolved >= 0 {
			i.ResolvedAt = digestDay.AddDate(0, 0, -resolved)
		}
		return i
	}
	all := []state.Incident{incident("a", "payments", 2, state.Acknowledged, -1), incident("b", "search", 4, state.Detected, -1), incident("c", "search", 30, state.Resolved, 3), incident("d", "", 40, state.Resolved, 9)}
	for _, c := range []struct {
		name  string
		scope []analysis.Filter
		want  string
	}{
		{"everything", nil, "anomalies: 2 new, 1 closed, 2 open, 1 unanswered for 4 days (GPU idle)"},
		{"a team", []analysis.Filter{{Dimension: analysis.DimTeam, Values: []string{"payments"}}}, "anomalies: 1 new, 1 open"},
		{"another provider", []analysis.Filter{{Dimension: analysis.DimProvider, Values: []string{"Microsoft"}}}, "anomalies: none"},
	} {
		var in []state.Incident
		for _, i := range all {
			if incidentWithin(i, c.scope) {
				in = append(in, i)
			}
		}
		if got := incidentsLine(in, digestDay.AddDate(0, 0, -7), digestDay, digestDay); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if got, want := incidentsLine(all, digestDay.Add(-time.Hour), digestDay, digestDay), "anomalies: none new, 2 open, 1 unanswered for 4 days (GPU idle)"; got != want {
		t.Errorf("of a day on which none was new: %q, want %q", got, want)
	}
	// Of the ten days that ended three days ago: what came since is not theirs, what is open is open now.
	if got, want := incidentsLine(all, digestDay.AddDate(0, 0, -13), digestDay.AddDate(0, 0, -3), digestDay), "anomalies: 1 new, 2 closed, 2 open, 1 unanswered for 4 days (GPU idle)"; got != want {
		t.Errorf("of days that are over: %q, want %q", got, want)
	}
}

// TestCaughtLine says how well incidents were caught that lie within the scope and were opened lately enough, from what state keeps of them.
func TestCaughtLine(t *testing.T) {
	db, err := state.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	say := CaughtLine(db)
	week := analysis.NewPeriod(digestDay.AddDate(0, 0, -7), digestDay)
	if got, err := say(t.Context(), nil, week, digestDay); got != "" || err != nil {
		t.Errorf("of none: %q, %v", got, err)
	}
	for team, opened := range map[string]int{"payments": 2, "search": 20, "data": 40} {
		at := digestDay.AddDate(0, 0, -opened)
		in := state.Incident{Team: team, IncidentDetail: state.IncidentDetail{IncidentSeen: state.IncidentSeen{Series: []string{team + " up"}, Title: team, Currency: "USD", Onset: at.AddDate(0, 0, -1)}}}
		in, err := db.OpenIncident(t.Context(), in, at, func(*state.Incident) (state.IncidentStep, error) {
			return state.IncidentStep{Changes: []state.IncidentChange{{Kind: "detected"}}}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ChangeIncident(t.Context(), in.ID, at.Add(time.Hour), func(*state.Incident) (state.IncidentStep, error) {
			return state.IncidentStep{Changes: []state.IncidentChange{{Kind: "acknowledged", Who: "U1"}}}, nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name  string
		scope []analysis.Filter
		of    analysis.Period
		want  string
	}{
		{"a week", nil, week, "caught in 28 days: 2 incidents, medians: told 1 d after it began, answered after 1 h"},
		{"longer", nil, analysis.NewPeriod(digestDay.AddDate(0, 0, -50), digestDay), "caught in 50 days: 3 incidents, medians: told 1 d after it began, answered after 1 h"},
		{"a team", []analysis.Filter{{Dimension: analysis.DimTeam, Values: []string{"payments"}}}, week, "caught in 28 days: 1 incident, medians: told 1 d after it began, answered after 1 h"},
		{"another provider", []analysis.Filter{{Dimension: analysis.DimProvider, Values: []string{"Microsoft"}}}, week, ""},
	} {
		if got, err := say(t.Context(), c.scope, c.of, digestDay); got != c.want || err != nil {
			t.Errorf("%s: %q, %v; want %q", c.name, got, err, c.want)
		}
	}
}
