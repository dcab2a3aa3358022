package state

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
)

func ticketOf(subject string) Ticket {
	return Ticket{Subject: subject, Label: "spendbot-abc", Project: "FIN", AskedBy: "U1",
		TicketDetail: TicketDetail{Type: "Task", Summary: "NAT bytes x4", Channel: "C1", Thread: "1.2", Low: decimal.NewFromInt(46_000), High: decimal.NewFromInt(52_000)}}
}

// makePost is the post that makes a ticket.
func makePost(t Ticket) ([]Post, error) {
	return []Post{{Edge: ToJira, Key: "jira/" + t.ID + "/create", Method: "create", Channel: t.ID}}, nil
}

func TestOneOpenTicketOfASubject(t *testing.T) {
	db := opened(t)
	ctx := t.Context()
	first, fresh, err := db.ClaimTicket(ctx, ticketOf("I-7F3K2M"), t0, makePost)
	if err != nil || !fresh || first.ID != "T-7F3K2M" || first.State != TicketQueued || !first.Open {
		t.Fatalf("%+v, %v, %v", first, fresh, err)
	}
	if again, fresh, err := db.ClaimTicket(ctx, ticketOf("I-7F3K2M"), t0, makePost); err != nil || fresh || again.ID != first.ID {
		t.Fatalf("claimed again: %+v, %v, %v", again, fresh, err)
	}
	post, _, err := db.TakePostTo(ctx, ToJira, "me", t0, time.Minute)
	if err != nil || post == nil {
		t.Fatal(post, err)
	}
	made, err := db.ChangeTicket(ctx, first.ID, t0.Add(time.Minute), func(k *Ticket) (TicketStep, error) {
		k.Key, k.JiraID, k.State, k.Wrote["summary"] = "FIN-12", "10012", TicketOpen, k.Summary
		return TicketStep{Changes: []TicketChange{{Kind: "made", Detail: "FIN-12"}}, Posts: []Post{{Edge: ToJira, Key: "link", Method: "link", Channel: k.ID}}, Ended: post}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if p, err := db.PostByKey(ctx, post.Key); err != nil || p.State != Sent || p.TS != "FIN-12" {
		t.Errorf("the post: %+v, %v", p, err)
	}
	for _, name := range []string{"T-7F3K2M", "FIN-12"} {
		got, err := db.Ticket(ctx, name)
		if d := cmp.Diff(made, got); err != nil || d != "" {
			t.Errorf("%s: %v, %s", name, err, d)
		}
	}
	failed := errors.New("no")
	if _, err := db.ChangeTicket(ctx, first.ID, t0, func(k *Ticket) (TicketStep, error) { k.Key = "FIN-13"; return TicketStep{}, failed }); !errors.Is(err, failed) {
		t.Error(err)
	}
	if got, _ := db.Ticket(ctx, first.ID); got.Key != "FIN-12" {
		t.Errorf("a change that failed was kept: %s", got.Key)
	}
	if _, err := db.ChangeTicket(ctx, first.ID, t0.Add(time.Hour), func(k *Ticket) (TicketStep, error) {
		k.Open, k.State = false, TicketRejected
		return TicketStep{Changes: []TicketChange{{Kind: "ended", Who: "Ana", Detail: "Won't Do"}}}, nil
	}); err != nil {
		t.Fatal(err)
	}
	second, fresh, err := db.ClaimTicket(ctx, ticketOf("I-7F3K2M"), t0, makePost)
	if err != nil || !fresh || second.ID != "T-7F3K2M.2" || second.Label != "spendbot-abc.2" {
		t.Fatalf("the second: %+v, %v, %v", second, fresh, err)
	}
	if _, err := db.ChangeTicket(ctx, first.ID, t0, func(k *Ticket) (TicketStep, error) { k.Open = true; return TicketStep{}, nil }); err == nil {
		t.Error("two tickets of a subject are open")
	}
	open, err := db.Tickets(ctx, TicketFilter{Subject: "I-7F3K2M", Open: true})
	if err != nil || len(open) != 1 || open[0].ID != second.ID {
		t.Errorf("open: %v, %v", open, err)
	}
	all, err := db.Tickets(ctx, TicketFilter{States: []TicketState{TicketQueued, TicketRejected}})
	if err != nil || len(all) != 2 {
		t.Errorf("all: %v, %v", all, err)
	}
	var kinds []string
	changes, err := db.TicketChanges(ctx, first.ID)
	for _, c := range changes {
		kinds = append(kinds, c.Kind+" "+c.Who+" "+c.Detail)
	}
	if d := cmp.Diff([]string{"asked U1 NAT bytes x4", "made  FIN-12", "ended Ana Won't Do"}, kinds); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
	if _, err := db.Ticket(ctx, "FIN-99"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an unknown ticket: %v", err)
	}
	if _, _, err := db.ClaimTicket(ctx, Ticket{Subject: "x", Label: "l", Project: "P"}, t0, makePost); err == nil {
		t.Error("a ticket without a subject's id")
	}
}

// TestManyClaimOneTicket: people and policies in two processes ask at once, and one ticket is to be made of each subject.
func TestManyClaimOneTicket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spendbot.db")
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := map[string]int{}
	for range 2 {
		db, err := Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for range 4 {
			wg.Go(func() {
				for n := range 10 {
					k := ticketOf(fmt.Sprintf("I-%06d", n))
					k.Label = fmt.Sprintf("spendbot-%d", n)
					_, fresh, err := db.ClaimTicket(t.Context(), k, t0, makePost)
					if err != nil {
						t.Error(err)
					}
					if fresh {
						mu.Lock()
						won[k.Subject]++
						mu.Unlock()
					}
				}
			})
		}
	}
	wg.Wait()
	for s, n := range won {
		if n != 1 {
			t.Errorf("%s was claimed %d times", s, n)
		}
	}
	if len(won) != 10 {
		t.Errorf("%d subjects claimed, want 10", len(won))
	}
}
