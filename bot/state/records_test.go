package state

import (
	"errors"
	"io/fs"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestThreads(t *testing.T) {
	db, ctx := opened(t), t.Context()
	first := Thread{Team: "T", Channel: "C", TS: "171.1", Answer: "Q-000001", Updated: t0}
	other := Thread{Team: "T", Channel: "C", TS: "171.2", Answer: "Q-000002", Updated: t0}
	ok(t, db.SetThread(ctx, first))
	ok(t, db.SetThread(ctx, other))
	first.Answer, first.Updated = "Q-000003", t0.Add(-time.Hour) // by a clock that was set back: the later call counts
	ok(t, db.SetThread(ctx, first))
	end := first.Updated.AddDate(0, 0, ThreadDays)
	for _, tc := range []struct {
		name, team, channel, ts string
		now                     time.Time
		want                    *Thread
	}{
		{"the last answer", "T", "C", "171.1", t0, &first},
		{"another thread", "T", "C", "171.2", t0, &other},
		{"on its last day", "T", "C", "171.1", end, &first},
		{"too old", "T", "C", "171.1", end.Add(1), nil},
		{"another team's", "U", "C", "171.1", t0, nil},
		{"another channel's", "T", "D", "171.1", t0, nil},
		{"none", "T", "C", "171.3", t0, nil},
	} {
		got, err := db.Thread(ctx, tc.team, tc.channel, tc.ts, tc.now)
		if diff := cmp.Diff(tc.want, got); diff != "" || errors.Is(err, fs.ErrNotExist) != (tc.want == nil) {
			t.Errorf("%s: %v %s", tc.name, err, diff)
		}
	}
}

func TestTheLastVerdictCounts(t *testing.T) {
	db, ctx := opened(t), t.Context()
	say := func(answer, user string, helpful bool, at time.Time) Feedback {
		f := Feedback{Answer: answer, Team: "T", User: user, Helpful: helpful, At: at}
		ok(t, db.SaveFeedback(ctx, f))
		return f
	}
	say("Q-000001", "U1", true, t0)
	u2 := say("Q-000001", "U2", true, after(time.Minute))
	say("Q-000002", "U1", true, t0)
	u1 := say("Q-000001", "U1", false, after(time.Hour))
	got, err := db.FeedbackOf(ctx, "Q-000001")
	if diff := cmp.Diff([]Feedback{u2, u1}, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if got, err := db.FeedbackOf(ctx, "Q-000003"); len(got) != 0 || err != nil {
		t.Errorf("of none: %v, %v", got, err)
	}
}

func TestAskedBy(t *testing.T) {
	db, ctx := opened(t), t.Context()
	want := AskedBy{Answer: "Q-000001", Team: "T", User: "U", Channel: "C", ScopeKey: "team=payments"}
	for range 2 {
		ok(t, db.SetAskedBy(ctx, want.Answer, want.Team, want.User, want.Channel, want.ScopeKey))
	}
	if err := db.SetAskedBy(ctx, want.Answer, "T", "U", "C", "all"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a wider scope for the same answer: %v", err)
	}
	if got, err := db.AskedBy(ctx, want.Answer); got != want || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := db.AskedBy(ctx, "Q-000002"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAudits(t *testing.T) {
	db, ctx := opened(t), t.Context()
	whole := AuditRow{At: t0, Team: "T", Channel: "C1", User: "U1", Kind: "question", Asked: "why?", Answer: "Q-000001", Scope: "team payments",
		Outcome: "answered", Reason: "r", Item: "T/C1/1"}
	var all []AuditRow
	add := func(r AuditRow) AuditRow {
		ok(t, db.Audit(ctx, r))
		all = append([]AuditRow{r}, all...)
		return r
	}
	add(whole)
	add(AuditRow{At: t0, Channel: "C1", User: "U2", Outcome: "refused"})
	add(AuditRow{At: after(time.Hour), Channel: "C2", User: "U1", Outcome: "refused"})
	add(AuditRow{At: after(2 * time.Hour), Channel: "C2", User: "U2", Outcome: "answered"})
	again := whole // its process died before the item was finished
	again.Answer, again.At = "Q-000009", after(5*time.Hour)
	ok(t, db.Audit(ctx, again))
	for _, tc := range []struct {
		name   string
		filter AuditFilter
		want   []AuditRow
	}{
		{"all, the newest first", AuditFilter{}, all},
		{"the newest", AuditFilter{Limit: 1}, all[:1]},
		{"a limit beyond all", AuditFilter{Limit: 100}, all},
		{"since is in it", AuditFilter{Since: after(time.Hour)}, all[:2]},
		{"until is not", AuditFilter{Until: after(time.Hour)}, all[2:]},
		{"in between", AuditFilter{Since: t0.Add(1), Until: after(2 * time.Hour)}, all[1:2]},
		{"by zone", AuditFilter{Until: after(time.Hour).In(time.FixedZone("", 5*3600))}, all[2:]},
		{"a person", AuditFilter{User: "U1"}, []AuditRow{all[1], all[3]}},
		{"a channel", AuditFilter{Channel: "C2"}, all[:2]},
		{"refusals", AuditFilter{Outcome: "refused"}, all[1:3]},
		{"all at once", AuditFilter{Since: t0, Until: after(1), User: "U1", Channel: "C1", Outcome: "answered", Limit: 5}, all[3:]},
		{"nobody", AuditFilter{User: "U1' OR 1=1 --"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := db.Audits(ctx, tc.filter)
			if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
				t.Errorf("%v %s", err, diff)
			}
		})
	}
}

func TestPurge(t *testing.T) {
	db, ctx := opened(t), t.Context()
	finish := func(key string, at time.Time) {
		receive(t, db, Item{Key: key})
		ok(t, db.Finish(ctx, key, "answered", at))
	}
	send := func(p Post, end func(*Post) error) {
		enqueue(t, db, p)
		taken, _ := takePost(t, db, "a", t0)
		ok(t, end(taken))
	}
	sent := func(at time.Time) func(*Post) error {
		return func(p *Post) error { return db.Sent(ctx, p.Key, "1", at) }
	}
	failed := func(at time.Time) func(*Post) error {
		return func(p *Post) error { return db.GiveUp(ctx, p, "gone", at) }
	}
	days := func(n int) time.Time { return t0.AddDate(0, 0, -n) }
	finish("old 1", days(KeptDays).Add(-1))
	ok(t, db.write(ctx, bulkFinished(ctx, 2*purgeBatch, days(KeptDays+1)))) // enough for several transactions
	finish("kept", days(KeptDays))
	receive(t, db, Item{Key: "unfinished", Received: days(400)})
	send(Post{Key: "sent old", Item: "old 1"}, sent(days(KeptDays).Add(-1)))
	send(Post{Key: "sent", Item: "kept"}, sent(days(KeptDays)))
	send(Post{Key: "sent old, unfinished", Item: "unfinished"}, sent(days(KeptDays+1)))
	send(Post{Key: "failed old"}, failed(days(FailedDays).Add(-1)))
	send(Post{Key: "failed"}, failed(days(FailedDays)))
	send(Post{Key: "failed old, unfinished", Item: "unfinished"}, failed(days(FailedDays+1)))
	enqueue(t, db, Post{Key: "pending", Channel: "C"})
	ok(t, db.SetThread(ctx, Thread{Team: "T", Channel: "C", TS: "old", Updated: days(ThreadDays).Add(-1)}))
	ok(t, db.SetThread(ctx, Thread{Team: "T", Channel: "C", TS: "kept", Updated: days(ThreadDays)}))
	ok(t, db.Audit(ctx, AuditRow{At: days(4000)}))
	ok(t, db.SaveFeedback(ctx, Feedback{Answer: "Q-7F3K2M", At: days(4000)}))
	ok(t, db.SetAskedBy(ctx, "Q-7F3K2M", "T", "U", "C", "all"))
	old := answer("Q-7F3K2M")
	old.Asked = days(4000)
	save(t, db, old)

	for range 2 {
		ok(t, db.Purge(ctx, t0))
	}
	for table, want := range map[string][]string{
		"SELECT key FROM inbox":                     {"kept", "unfinished"},
		"SELECT key FROM outbox":                    {"failed", "failed old, unfinished", "pending", "sent", "sent old, unfinished"},
		"SELECT ts FROM threads":                    {"kept"},
		"SELECT cast(count(*) AS TEXT) FROM audit":  {"1"},
		"SELECT answer FROM feedback":               {"Q-7F3K2M"},
		"SELECT answer FROM asked_by":               {"Q-7F3K2M"},
		"SELECT id FROM answers":                    {"Q-7F3K2M"},
		"SELECT cast(count(*) AS TEXT) FROM traces": {"2"},
	} {
		if diff := cmp.Diff(want, texts(t, db, table+" ORDER BY 1")); diff != "" {
			t.Errorf("%s: %s", table, diff)
		}
	}
	if receive(t, db, Item{Key: "kept"}) || !receive(t, db, Item{Key: "old 1"}) {
		t.Error("a purged key, and it alone, is new again")
	}
}
