package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"spendbot/bot/sandbox"
	"spendbot/bot/state"
)

// TestIncidentsOfTheBill: what was planted in the demo company's bills has threads after the start, each one; it is answered for and explained there, and listed in Slack and in a
// terminal. A second process on the same store adds none.
func TestIncidentsOfTheBill(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{config: "incidents: {channel: \"#cloud-costs\", fresh: 10}\naccess:\n" + indentYAML(string(demoAccess))}).start()
	roots := func(s *sandbox.Snapshot) (list []sandbox.Message) {
		for _, m := range s.Messages(sandbox.CloudCosts) {
			if m.Thread == "" && strings.Contains(string(m.Blocks), "incident:explain") {
				list = append(list, m)
			}
		}
		return list
	}
	var nat sandbox.Message
	charts := func(s *sandbox.Snapshot, m sandbox.Message) (n int) {
		for _, x := range s.Thread(m.Channel, m.TS) {
			n += len(x.Files)
		}
		return n
	}
	r.wait("three threads with their charts", func(s *sandbox.Snapshot) bool {
		list := roots(s)
		for _, m := range list {
			if charts(s, m) == 0 {
				return false
			}
			if strings.Contains(m.Text, "NatGateway") {
				nat = m
			}
		}
		return len(list) == 3
	})
	for _, says := range []string{"since Wed 18 Nov (5 complete days)", "price unchanged", "more by 30 Nov if nothing changes", "runbook: NAT and data transfer", "red_circle"} {
		if !strings.Contains(string(nat.Blocks), says) {
			t.Errorf("the root does not say %q: %s", says, nat.Blocks)
		}
	}
	press := func(user, action string) {
		t.Helper()
		if err := r.box.Press(user, nat.Channel, nat.TS, "incident:"+action, ""); err != nil {
			t.Fatal(err)
		}
	}
	press(sandbox.Ana, "explain")
	r.wait("the explanation in the thread", func(s *sandbox.Snapshot) bool {
		for _, m := range s.Thread(nat.Channel, nat.TS) {
			if strings.Contains(m.Text, "rose") && strings.Contains(m.Text, "Q-") {
				return true
			}
		}
		return false
	})
	press(sandbox.Ana, "ack")
	r.wait("who is on it", func(s *sandbox.Snapshot) bool {
		for _, m := range roots(s) {
			if m.TS == nat.TS && strings.Contains(string(m.Blocks), "is on it since") {
				return true
			}
		}
		return false
	})
	if err := r.box.Command(sandbox.Ana, sandbox.CloudCosts, "incidents"); err != nil {
		t.Fatal(err)
	}
	r.wait("the list", func(s *sandbox.Snapshot) bool {
		for _, m := range s.Ephemerals(sandbox.Ana) {
			if strings.Contains(m.Text, "3 incidents are open, 2 without an answer") {
				return true
			}
		}
		return false
	})
	if code := r.stop(); code != 0 {
		t.Fatalf("stopped with exit code %d", code)
	}

	var out, errs bytes.Buffer
	if code := run([]string{"incidents", "--store", r.store, "--now", rigNow, "--json"}, strings.NewReader(""), &out, &errs); code != 0 {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	var list []state.Incident
	if err := json.Unmarshal(out.Bytes(), &list); err != nil || len(list) != 3 {
		t.Fatalf("%d incidents, %v: %s", len(list), err, out.String())
	}
	for _, in := range list {
		for _, args := range [][]string{{"incidents", in.ID}, {"trace", in.Answer}, {"incidents", "--rules"}, {"incidents"}} {
			out.Reset()
			if code := run(append(args, "--store", r.store, "--now", rigNow), strings.NewReader(""), &out, &errs); code != 0 {
				t.Errorf("%v: exit code %d: %s", args, code, errs.String())
			}
			if args[0] == "trace" && !strings.Contains(out.String(), "daily costs per leaf") {
				t.Errorf("the trace of %s does not show the scan:\n%s", in.ID, out.String())
			}
		}
	}

	r.start() // nothing changed: nothing is told again
	if err := r.box.Command(sandbox.Ana, sandbox.CloudCosts, "incidents rules"); err != nil {
		t.Fatal(err)
	}
	r.wait("how the rules have fared", func(s *sandbox.Snapshot) bool {
		for _, m := range s.Ephemerals(sandbox.Ana) {
			if strings.Contains(m.Text, "told, 0 called not useful (0%)") {
				return len(roots(s)) == 3
			}
		}
		return false
	})
}
