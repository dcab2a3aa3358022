package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
)

func incidentOf(series ...string) Incident {
	return Incident{Team: "payments", Channel: "C1", IncidentDetail: IncidentDetail{IncidentSeen: IncidentSeen{Series: series, Title: "NAT bytes", Kind: "step", Onset: t0, Currency: "USD",
		IncidentAmounts: IncidentAmounts{Through: t0, Excess: decimal.NewFromInt(5310), PerDay: decimal.NewFromInt(1770), Days: 3}}}}
}

// tell posts the root message of an incident.
func tell(in *Incident) (IncidentStep, error) {
	in.Root = "incident/" + in.ID + "/root"
	return IncidentStep{Changes: []IncidentChange{{Kind: "detected"}}, Posts: []Post{{Key: in.Root, Method: "chat.postMessage", Channel: in.Channel}}}, nil
}

func TestALifeOfAnIncident(t *testing.T) {
	db := opened(t)
	ctx := t.Context()
	in, err := db.OpenIncident(ctx, incidentOf("nat up", "vpc up"), t0, tell)
	if err != nil || !strings.HasPrefix(in.ID, "I-") || in.State != Detected {
		t.Fatalf("%+v, %v", in, err)
	}
	if _, err := db.OpenIncident(ctx, incidentOf("vpc up"), t0, tell); !errors.Is(err, ErrIncidentOpen) || !strings.Contains(err.Error(), in.ID) {
		t.Errorf("a second of one series: %v", err)
	}
	if _, err := db.OpenIncident(ctx, incidentOf("vpc down"), t0, tell); err != nil {
		t.Errorf("the other direction: %v", err)
	}
	if got, err := db.Incident(ctx, in.ID); err != nil || got.Thread != "" {
		t.Errorf("%+v, %v", got, err)
	}
	if err := db.Sent(ctx, in.Root, "17.1", t0); err != nil {
		t.Fatal(err)
	}
	got, err := db.Incidents(ctx, IncidentFilter{Channel: "C1", Thread: "17.1"})
	if err != nil || len(got) != 1 || got[0].ID != in.ID {
		t.Fatalf("by its thread: %v, %v", got, err)
	}
	in.Thread = "17.1"
	if d := cmp.Diff(in, got[0]); d != "" {
		t.Error(d)
	}
	later := t0.Add(time.Hour)
	in, err = db.ChangeIncident(ctx, in.ID, later, func(x *Incident) (IncidentStep, error) {
		x.State, x.AcknowledgedAt, x.AcknowledgedBy, x.Series = Acknowledged, later, "U1", append(x.Series, "new up")
		return IncidentStep{Changes: []IncidentChange{{Kind: "acknowledged", Who: "U1"}}, Posts: []Post{{Key: "reply", Method: "chat.postMessage", Channel: "C1", Thread: x.Thread}},
			Verdicts: []Verdict{{Kind: VerdictExpected, Who: "U1", Why: "load test", Until: t0.AddDate(0, 0, 3), Pattern: json.RawMessage(`{"id":"x"}`), Rule: "default step"}}}, nil
	})
	if err != nil || !in.Changed.Equal(later) {
		t.Fatal(in.Changed, err)
	}
	if _, err := db.PostByKey(ctx, "reply"); err != nil {
		t.Error(err)
	}
	if _, err := db.OpenIncident(ctx, incidentOf("new up"), t0, tell); !errors.Is(err, ErrIncidentOpen) {
		t.Errorf("a series that joined: %v", err)
	}
	verdicts, err := db.Verdicts(ctx, in.ID)
	if err != nil || len(verdicts) != 1 || verdicts[0].ID == "" || !verdicts[0].Given.Equal(later) || string(verdicts[0].Pattern) != `{"id":"x"}` {
		t.Fatalf("%+v, %v", verdicts, err)
	}
	if _, err := db.ChangeIncident(ctx, in.ID, later, func(x *Incident) (IncidentStep, error) {
		x.State, x.Open = Resolved, false
		return IncidentStep{Changes: []IncidentChange{{Kind: "resolved", Detail: "back"}}, Undo: []string{verdicts[0].ID}, UndoneBy: "U2"}, nil
	}); err != nil {
		t.Fatal(err)
	}
	if verdicts, _ = db.Verdicts(ctx, ""); len(verdicts) != 1 || verdicts[0].UndoneBy != "U2" || !verdicts[0].Undone.Equal(later) {
		t.Errorf("undone: %+v", verdicts)
	}
	again, err := db.OpenIncident(ctx, incidentOf("nat up"), later, tell)
	if err != nil {
		t.Fatalf("after it was resolved: %v", err)
	}
	if _, err := db.ChangeIncident(ctx, in.ID, later, func(x *Incident) (IncidentStep, error) { x.Open = true; return IncidentStep{}, nil }); !errors.Is(err, ErrIncidentOpen) {
		t.Errorf("opened beside %s: %v", again.ID, err)
	}
	failed := errors.New("no")
	if _, err := db.ChangeIncident(ctx, again.ID, later, func(x *Incident) (IncidentStep, error) { x.Title = "other"; return IncidentStep{}, failed }); !errors.Is(err, failed) {
		t.Error(err)
	}
	if got, _ := db.Incident(ctx, again.ID); got.Title != "NAT bytes" {
		t.Error("a change that failed was kept")
	}
	var kinds []string
	changes, err := db.IncidentChanges(ctx, in.ID, time.Time{})
	for _, c := range changes {
		kinds = append(kinds, c.Kind+" "+c.Who+" "+c.Amounts.Excess.String())
	}
	if d := cmp.Diff([]string{"detected  5310", "acknowledged U1 5310", "resolved  5310"}, kinds); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
	if all, err := db.IncidentChanges(ctx, "", later); err != nil || len(all) != 3 {
		t.Errorf("%d changes of all since, %v", len(all), err)
	}
	if open, err := db.Incidents(ctx, IncidentFilter{Open: true, Series: "nat up"}); err != nil || len(open) != 1 || open[0].ID != again.ID {
		t.Errorf("open: %v, %v", open, err)
	}
	if _, err := db.Incident(ctx, "I-NONE00"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an unknown one: %v", err)
	}
}

// TestTwoProcessesFindTheSame: of what both find each incident is opened, and told, once.
func TestTwoProcessesFindTheSame(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spendbot.db")
	var wg sync.WaitGroup
	for range 2 {
		db, err := Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for range 3 {
			wg.Go(func() {
				for n := range 10 {
					if _, err := db.OpenIncident(t.Context(), incidentOf(fmt.Sprintf("s%d up", n), fmt.Sprintf("t%d up", n)), t0, tell); err != nil && !errors.Is(err, ErrIncidentOpen) {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	list, err := db.Incidents(t.Context(), IncidentFilter{})
	pending, _, _, oerr := db.Outbox(t.Context())
	if err != nil || oerr != nil || len(list) != 10 || pending != 10 {
		t.Errorf("%d incidents and %d posts, want 10 of each; %v, %v", len(list), pending, err, oerr)
	}
}
