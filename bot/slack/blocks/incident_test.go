package blocks

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"spendbot/analysis"
	"spendbot/bot/slack/blockkit"
	"spendbot/bot/state"
)

func natIncident() state.Incident {
	in := state.Incident{ID: "I-7F3K2M", State: state.Detected, Open: true, Team: "payments", Channel: "C0PAYMENTS", Opened: time.Date(2026, 11, 21, 7, 0, 0, 0, time.UTC)}
	in.IncidentSeen = state.IncidentSeen{Title: "NAT gateway bytes · payments-prod · us-east-1", Kind: "step", Rule: "over expected", Currency: "USD", Onset: nov(18), Told: nov(18), Last: nov(20), Going: true,
		Question: "why?", LastCost: amt("2410.31"), Low: amt("590"), High: amt("760"),
		IncidentAmounts: state.IncidentAmounts{Through: nov(20), Actual: amt("7400.12"), Excess: amt("5310.12"), PerDay: amt("1770.04"), Rate: amt("1770.04"), ToMonthEnd: amt("17700.40"), Days: 3}}
	in.Severity, in.IncidentExplained = "medium", state.IncidentExplained{How: "usage x4.1, price unchanged; nat-0d2f and nat-19ac carry 97%", Answer: "Q-7F3K2M"}
	in.Peak, in.Said = in.IncidentAmounts, in.IncidentAmounts
	return in
}

func natOptions() IncidentOptions {
	return IncidentOptions{Owner: "team payments (#payments)", Book: "NAT and data transfer", Slug: "nat-and-data-transfer", Check: "Which destination?", Command: "/spend", CanDeclare: true,
		Near: []analysis.Event{{ID: "E-1", Kind: "deploy", What: "payments-api 4.18.0", Begins: time.Date(2026, 11, 18, 9, 12, 0, 0, time.UTC)}}}
}

// hostileIncident has names that would format, mention or link.
func hostileIncident() state.Incident {
	in := natIncident()
	in.Title = strings.Repeat("<!channel> *a* `b` ~c~ <https://x|y> :fire: & ", 30)
	in.How, in.Elsewhere = in.Title, in.Title
	in.Parts = []state.IncidentPart{{Label: in.Title, Excess: amt("5")}, {Label: in.Title, Excess: amt("-4")}}
	in.AcknowledgedBy, in.AcknowledgedAt = "U1> <!here", nov(20)
	return in
}

func TestIncidentGoldens(t *testing.T) {
	blocksSchema, viewSchema := schema(t, "Blocks.schema.json"), schema(t, "View.schema.json")
	change := func(f func(*state.Incident)) state.Incident {
		in := natIncident()
		f(&in)
		return in
	}
	o := natOptions()
	called := o
	called.Person = "U024BE7LH"
	odd := o
	odd.Owner, odd.Elsewhere, odd.Book, odd.Check = hostileIncident().Title, hostileIncident().Title, hostileIncident().Title, hostileIncident().Title
	for name, m := range map[string]Message{
		"incident":        Incident(natIncident(), o),
		"incident.called": Incident(natIncident(), called),
		"incident.on_it": Incident(change(func(in *state.Incident) {
			in.State, in.AcknowledgedBy, in.AcknowledgedAt = state.Acknowledged, "U012AB3CD", nov(21)
		}), o),
		"incident.hours": Incident(change(func(in *state.Incident) { // by the hours of the day after the last complete one
			in.Onset, in.Told, in.Last, in.Days, in.How, in.Kind = nov(21), nov(21), nov(21), 1, "", "spike"
			in.OnsetHour, in.HoursEnd, in.Arrived = nov(21).Add(14*time.Hour), nov(21).Add(20*time.Hour), nov(21).Add(20*time.Hour)
			in.LastCost, in.Low, in.High, in.Excess, in.Rate, in.ToMonthEnd = amt("612.40"), amt("148"), amt("190"), amt("443.20"), amt("1772.80"), amt("16250")
		}), o),
		"incident.hour": Incident(change(func(in *state.Incident) { in.OnsetHour = nov(18).Add(14 * time.Hour) }), o),
		"incident.drop": Incident(change(func(in *state.Incident) {
			in.Excess, in.Rate, in.ToMonthEnd, in.How = amt("-2769.89"), amt("-461"), amt("-3693"), ""
		}), IncidentOptions{}),
		"incident.hostile": Incident(hostileIncident(), odd),
		"incident.resolved": Incident(change(func(in *state.Incident) {
			in.Open, in.State, in.Going, in.Resolution, in.ResolvedDay = false, state.Resolved, false, "back", nov(21)
		}), o),
		"incident.expected": Incident(change(func(in *state.Incident) { in.Open, in.State, in.Resolution = false, state.Expected, "expected" }), o),
		"incident.storm": Incident(change(func(in *state.Incident) {
			in.Members = []string{"A", "B", "C", "D", "E", "F", "G", "H"}
		}), IncidentOptions{}),
		"incident.grew":  IncidentReply(natIncident(), IncidentNews{Kind: "grew", Was: state.IncidentAmounts{Rate: amt("900"), Excess: amt("1800")}}),
		"incident.said":  IncidentReply(natIncident(), IncidentNews{Kind: "expected", Who: "U012AB3CD", Why: "load test <!channel> *now*", Until: nov(30), Undo: true}),
		"incident.again": IncidentCall(natIncident(), o, []string{"S0614TZR7", "U012AB3CD", "<!channel>"}),
		"incidents": Incidents([]IncidentRow{{natIncident(), "team payments"}, {change(func(in *state.Incident) { in.AcknowledgedBy = "U012AB3CD" }), ""}},
			IncidentsOptions{Now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), Command: "/spend", Closed: 1}),
		"incidents.none": Incidents(nil, IncidentsOptions{Command: "/spend", Scoped: true, Scope: "team payments"}),
	} {
		t.Run(name, func(t *testing.T) {
			valid(t, m, blocksSchema)
			golden(t, name, map[string]any{"text": m.Text, "blocks": m.Blocks})
			t.Logf("as read:\n%s", reading(m.Text, m.Blocks))
			b, err := json.Marshal(m.Blocks)
			if err != nil {
				t.Fatal(err)
			}
			for _, bad := range []string{"<!channel>", "<!here"} {
				if strings.Contains(m.Text+string(b), bad) || strings.Contains(m.Text+string(b), strings.ReplaceAll(bad, "<", `\u003c`)) {
					t.Errorf("a name becomes %s", bad)
				}
			}
		})
	}
	for name, v := range map[string]any{"expect": ExpectModal(hostileIncident()), "snooze": SnoozeModal(natIncident(), time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))} {
		validView(t, v, viewSchema)
		golden(t, "incident."+name, v)
	}
}

// TestIncidentActionsRoundTrip: every button and option of an incident's message is read as what it says, of this incident.
func TestIncidentActionsRoundTrip(t *testing.T) {
	seen := map[IncidentAct]bool{}
	for _, in := range []state.Incident{natIncident(), func() state.Incident {
		in := natIncident()
		in.AcknowledgedBy = "U012AB3CD"
		return in
	}(), func() state.Incident {
		in := natIncident()
		in.Open, in.State = false, state.Expected
		return in
	}()} {
		b, err := json.Marshal(Incident(in, natOptions()).Blocks)
		if err != nil {
			t.Fatal(err)
		}
		var list []struct {
			Elements []struct {
				ActionID string `json:"action_id"`
				Value    string
				Options  []struct{ Value string }
			}
		}
		if err := json.Unmarshal(b, &list); err != nil {
			t.Fatal(err)
		}
		for _, block := range list {
			for _, e := range block.Elements {
				values := []string{e.Value}
				if len(e.Options) > 0 {
					values = nil
					for _, o := range e.Options {
						values = append(values, o.Value)
					}
				}
				if len(e.Options) > blockkit.MaxOverflowOptions {
					t.Errorf("%d options in a menu", len(e.Options))
				}
				for _, v := range values {
					if e.ActionID == "" {
						continue
					}
					act, id, ok := ParseIncident(e.ActionID, v)
					if !ok || id != in.ID {
						t.Errorf("%s %s is read as %q of %q, %v", e.ActionID, v, act, id, ok)
					}
					seen[act] = true
				}
			}
		}
	}
	for _, act := range incidentActs {
		if act != ActTicket && !seen[act] {
			t.Errorf("nothing offers %s", act)
		}
	}
}

// FuzzParseIncident: whatever is pressed is an act of ours on an incident's id, or nothing.
func FuzzParseIncident(f *testing.F) {
	f.Add("incident:ack", "I-7F3K2M")
	f.Add("incident:more", "runbook|I-7F3K2M")
	f.Add("incident:more", "more|I-7F3K2M|x")
	f.Add("incident:", "")
	f.Fuzz(func(t *testing.T, action, value string) {
		act, id, ok := ParseIncident(action, value)
		if ok != (act != "" && incidentID.MatchString(id)) {
			t.Errorf("%q %q: %q of %q, %v", action, value, act, id, ok)
		}
		if act, id, ok := ParseIncidentModal(action, value); ok && (act != ActExpect && act != ActSnooze && act != ActTicket || !incidentID.MatchString(id)) {
			t.Errorf("modal %q %q: %q of %q", action, value, act, id)
		}
	})
}

// TestTicketLine: the root message says of a ticket that is done what the bill says of its fix, and of another nothing of it.
func TestTicketLine(t *testing.T) {
	k := state.Ticket{ID: "T-1", Key: "PAY-1", State: state.TicketDone, TicketDetail: state.TicketDetail{Status: "Done", Assignee: "Ben", Due: "2026-12-04"}}
	fix := state.Saving{SavingFigures: state.SavingFigures{Headline: "Verified on the bill: $2,214 a day less, about $67,328 a month.", Answer: "Q-HE3D8E"}}
	open := k
	open.State, open.Status = state.TicketOpen, "To Do"
	for want, got := range map[string]string{
		"ticket <https://j/PAY-1|PAY-1>: Done, Ben":                                                           TicketLine(k, "https://j/PAY-1", state.Saving{}),
		"ticket PAY-1: Done, Ben · Verified on the bill: $2,214 a day less, about $67,328 a month (Q-HE3D8E)": TicketLine(k, "", fix),
		"ticket PAY-1: To Do, Ben, due 4 Dec":                                                                 TicketLine(open, "", fix),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
