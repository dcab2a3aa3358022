package allocation_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spendbot/analysis/allocation"
)

// TestRefused: every error names the field, and its value where it has one.
func TestRefused(t *testing.T) {
	rule := func(rest string) string { return "rules: [{name: r, " + rest + "}]" }
	const ok = "from: {scope: tax}, to: {team: all}, split: even"
	for _, c := range []struct{ config, want string }{
		{"rulez: []", `unknown field "rulez"`},
		{"rules: [{nam: r}]", `unknown field "nam"`},
		{"rules: [{name: '', " + ok + "}]", `allocation.rules[1].name is ""`},
		{"rules: [{name: '=cmd', " + ok + "}]", `allocation.rules[1].name is "=cmd"`},
		{"rules: [{name: Total, " + ok + "}]", `allocation.rules[1].name is "Total": that is a column`},
		{"rules: [{name: a, " + ok + "}, {name: A, " + ok + "}]", `allocation.rules[2].name is "A": rule 1 has that name`},
		{rule("to: {team: all}, split: even"), `allocation.rules[1].from is missing`},
		{rule("from: {scope: taxes}, to: {team: all}, split: even"), `allocation.rules[1].from.scope is "taxes": there is no scope of this name; there are cluster_idle, marketplace`},
		{rule("from: {resource: [i-1]}, to: {team: all}, split: even"), `allocation.rules[1].from.resource: a rule cannot be about resources`},
		{rule("from: {'a\"b': [x]}, to: {team: all}, split: even"), `holds a quote`},
		{rule("from: {service: []}, to: {team: all}, split: even"), `allocation.rules[1].from.service is []`},
		{rule("from: {team: [a], 'tag:team': [b]}, to: {account: all}, split: even"), `stands there twice`},
		{rule("from: {scope: tax}, split: even"), `allocation.rules[1].to names 0 dimensions`},
		{rule("from: {scope: tax}, to: {team: all, account: all}, split: even"), `allocation.rules[1].to names 2 dimensions`},
		{rule("from: {scope: tax}, to: {service: all}, split: even"), `allocation.rules[1].to.service: costs are given to owners`},
		{rule("from: {scope: tax}, to: {scope: tax}, split: even"), `allocation.rules[1].to.scope: a scope is not somebody`},
		{rule("from: {scope: tax}, to: {team: [a, a]}, split: even"), `allocation.rules[1].to.team is ["a", "a"]: write each target once`},
		{rule("from: {scope: tax}, to: {team: ['a*']}, split: even"), `allocation.rules[1].to.team is "a*"`},
		{rule("from: {scope: tax}, to: {team: [a]}, except: [b], split: even"), `allocation.rules[1].except is ["b"]: it goes with all`},
		{rule("from: {scope: tax}, to: {team: all}"), `allocation.rules[1].split is "": write even, percent, spend, usage, metric or tiered`},
		{rule("from: {scope: tax}, to: {team: all}, split: percent"), `allocation.rules[1].to is all, and percent gives fixed parts`},
		{rule("from: {scope: tax}, to: {team: [a, b]}, split: percent, percent: {a: 33.3, b: 66.6}"), `allocation.rules[1].percent sums to 99.9, and must sum to exactly 100`},
		{rule("from: {scope: tax}, to: {team: [a, b]}, split: percent, percent: {a: 100}"), `has nothing for "b"`},
		{rule("from: {scope: tax}, to: {team: [a]}, split: percent, percent: {a: 100, b: 0}"), `"b" is not among the targets`},
		{rule("from: {scope: tax}, to: {team: [a, b]}, split: percent, percent: {a: 110, b: -10}"), `allocation.rules[1].percent.b is "-10": a part is 0 or more`},
		{rule("from: {scope: tax}, to: {team: [a]}, split: percent, percent: {a: 1e2}"), `"1e2" is no number`},
		{rule(ok + ", percent: {a: 100}"), `allocation.rules[1].percent goes with split: percent, and split is "even"`},
		{rule(ok + ", tiers: [{percent: 100}]"), `allocation.rules[1].tiers goes with split: tiered`},
		{rule(ok + ", weigh: {unit: GB}"), `allocation.rules[1].weigh goes with split: spend, usage, metric or tiered`},
		{rule(ok + ", grain: week"), `allocation.rules[1].grain is "week": write month or day`},
		{rule(ok + ", since: October"), `allocation.rules[1].since is "October": write a day`},
		{rule(ok + ", since: 2026-10-15"), `allocation.rules[1].since is "2026-10-15": the rule splits whole months`},
		{rule(ok + ", since: 2026-10-01, until: 2026-10-01"), `allocation.rules[1].until is "2026-10-01": it ends before it begins`},
		{rule("from: {scope: tax}, to: {team: all}, split: spend, weigh: {metric: usage}"), `allocation.rules[1].weigh.metric is "usage": write effective`},
		{rule("from: {scope: tax}, to: {team: all}, split: spend, weigh: {unit: GB}"), `allocation.rules[1].weigh.unit is "GB": units are those of usage`},
		{rule("from: {scope: tax}, to: {team: all}, split: usage"), `allocation.rules[1].weigh.of is missing`},
		{rule("from: {scope: tax}, to: {team: all}, split: usage, weigh: {by: spend, of: {scope: nat}}"), `allocation.rules[1].weigh.by is "spend": split says usage already`},
		{rule("from: {scope: tax}, to: {team: all}, split: metric"), `allocation.rules[1].weigh.metric is missing`},
		{rule("from: {scope: tax}, to: {team: all}, split: metric, weigh: {metric: requests}"), `allocation.metrics names no file`},
		{rule("from: {scope: tax}, to: {team: all}, split: tiered, tiers: [{percent: 100}]"), `allocation.rules[1].weigh.by is "": tiers are bands of`},
		{rule("from: {scope: tax}, to: {team: all}, split: tiered, weigh: {by: spend}"), `allocation.rules[1].tiers is missing`},
		{rule("from: {scope: tax}, to: {team: all}, split: tiered, weigh: {by: spend}, tiers: [{percent: 50}, {percent: 50}]"), `allocation.rules[1].tiers[1].up_to is missing`},
		{rule("from: {scope: tax}, to: {team: all}, split: tiered, weigh: {by: spend}, tiers: [{up_to: 5, percent: 50}, {up_to: 9, percent: 50}]"), `allocation.rules[1].tiers[2].up_to is "9": the last band has no end`},
		{rule("from: {scope: tax}, to: {team: all}, split: tiered, weigh: {by: spend}, tiers: [{up_to: 5, percent: 50}, {up_to: 5, percent: 20}, {percent: 30}]"), `allocation.rules[1].tiers[2].up_to is "5": it must be more than 5`},
		{rule("from: {scope: tax}, to: {team: all}, split: tiered, weigh: {by: spend}, tiers: [{up_to: 5, percent: 50}, {percent: 49}]"), `percentages sum to 99`},
		{rule("from: {scope: tax}, to: {team: all}, split: tiered, weigh: {by: spend}, tiers: [{up_to: 5, percent: 50}, {rate: 2}]"), `mixes percent and rate`},
		{rule("from: {scope: tax}, to: {team: all}, split: tiered, weigh: {by: spend}, tiers: [{up_to: 5}, {percent: 100}]"), `allocation.rules[1].tiers[1]: write percent (of the source) or rate`},
		{"scopes: {gpu: {}}", `allocation.scopes.gpu is empty`},
		{"scopes: {gpu: {scope: tax}}", `allocation.scopes.gpu.scope: a scope is made of dimensions`},

		// Circles, each named.
		{rule("from: {team: a}, to: {team: [a, b]}, split: even"), `give in a circle: team a -(r)-> team a;`},
		{"rules: [{name: x, from: {team: a}, to: {team: [b]}, split: even}, {name: y, from: {team: b}, to: {team: [a, c]}, split: even}]", `give in a circle: team a -(x)-> team b -(y)-> team a;`},
		{"rules: [{name: x, from: {team: a}, to: {team: all}, split: even}, {name: y, from: {team: b}, to: {team: all}, split: even}]", `give in a circle: team a -(x)-> team b -(y)-> team a;`},
		{"rules: [{name: x, from: {team: a}, to: {team: [b]}, split: even}, {name: y, from: {team: b}, to: {team: [c]}, split: even}, {name: z, from: {team: c}, to: {team: [a]}, split: even}]", `team a -(x)-> team b -(y)-> team c -(z)-> team a`},
		{"rules: [{name: x, from: {team: 'infra*'}, to: {team: [b]}, split: even}, {name: y, from: {team: b}, to: {team: [infra-net]}, split: even}]", `circle`},
	} {
		cfg, err := allocation.ParseConfig([]byte(c.config))
		if err == nil {
			_, err = allocation.New(cfg, "")
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\n got %v\nwant %s", c.config, err, c.want)
		}
	}
}

func TestTaken(t *testing.T) {
	for _, config := range []string{
		"",
		"rules: []",
		"rules: [{name: Support & co, from: {scope: [support, nat]}, to: {team: all}, except: may, split: even}]",
		"scopes: {gpu: {instance_type: ['p4*', 'p5*'], account: ['!sandbox']}}\nrules: [{name: gpus, from: {scope: gpu}, to: {cost_centre: [4100, 4200]}, split: percent, percent: {4100: 12.5, 4200: '87.5'}}]",
		"metrics: m.csv\nrules: [{name: api, from: {service: API*}, to: {'tag:app': all}, split: metric, weigh: {metric: requests}, grain: day, since: 2026-10-15}]",
		"rules: [{name: x, from: {team: a}, to: {team: all}, split: even}, {name: y, from: {team: b}, to: {team: all}, except: [a], split: even}]",
		"rules: [{name: x, from: {team: a}, to: {team: [b]}, split: even}, {name: y, from: {team: a}, to: {team: [c]}, split: even}]",
		"rules: [{name: x, from: {commitment_status: Unused}, to: {account: all}, split: tiered, weigh: {by: metric, metric: seats}, tiers: [{up_to: 10, rate: 2}, {rate: 1}]}]\nmetrics: /x/m.csv",
	} {
		cfg, err := allocation.ParseConfig([]byte(config))
		if err == nil {
			_, err = allocation.New(cfg, "")
		}
		if err != nil {
			t.Errorf("%s: %v", config, err)
		}
	}
}

func TestEverythingWrongIsToldAtOnce(t *testing.T) {
	cfg, err := allocation.ParseConfig([]byte("rules: [{name: '', from: {scope: x}, to: {team: all}, split: maybe}]"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = allocation.New(cfg, "")
	var got []string
	for line := range strings.Lines(err.Error()) {
		field, _, _ := strings.Cut(line, " is ")
		got = append(got, field)
	}
	if diff := cmp.Diff([]string{"allocation.rules[1].name", "allocation.rules[1].from.scope", "allocation.rules[1].split"}, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzConfig(f *testing.F) {
	f.Add("rules: [{name: r, from: {scope: tax}, to: {team: all}, split: even}]")
	f.Add("metrics: m.csv\nrules: [{name: r, from: {service: ['!a', b*]}, to: {team: [a, b]}, split: percent, percent: {a: 1, b: 99}, since: 2026-01-01}]")
	f.Add("rules: [{name: r, from: {team: a}, to: {team: all}, split: tiered, weigh: {by: usage, of: {scope: nat}}, tiers: [{up_to: 1, rate: 2}, {rate: 3}]}]")
	f.Fuzz(func(t *testing.T, text string) {
		cfg, err := allocation.ParseConfig([]byte(text))
		if err != nil {
			return
		}
		rules, err := allocation.New(cfg, "dir")
		if err != nil {
			return
		}
		for _, r := range rules.For(true) { // what is taken can be asked for, without any of its values in the text
			for _, m := range []*allocation.Match{&r.From, r.Weigh.Of} {
				if m == nil {
					continue
				}
				f, err := m.SQL()
				if err != nil || strings.Count(f.SQL, "?") != len(f.Params) {
					t.Errorf("%s: %v, %q with %d parameters", r.Name, err, f.SQL, len(f.Params))
				}
				m.Words()
			}
		}
	})
}
