package render

import (
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

func amt(s string) decimal.Decimal    { return decimal.RequireFromString(s) }
func ptr(s string) *decimal.Decimal   { d := amt(s); return &d }
func nov(day int) time.Time           { return analysis.Day(2026, time.November, day) }
func span(a, b int) analysis.Period   { return analysis.NewPeriod(nov(a), nov(b)) }
func spanP(a, b int) *analysis.Period { p := span(a, b); return &p }

func effects(kv ...string) []analysis.EffectAmount {
	var out []analysis.EffectAmount
	for i := 0; i < len(kv); i += 2 {
		out = append(out, analysis.EffectAmount{Effect: analysis.Effect(kv[i]), Amount: amt(kv[i+1])})
	}
	return out
}

func change(current, baseline, currency string) analysis.Change {
	c, b := amt(current), amt(baseline)
	return analysis.Change{Current: c, Baseline: b, Delta: c.Sub(b), Currency: currency}
}

func trace(queries int) analysis.Trace {
	names := []string{"totals", "leaves", "resources", "daily", "labels"}
	t := analysis.Trace{Snapshot: 8783179769425109154, ChargesSnapshot: 1203992214850077231, MS: 211.8241}
	for i := range queries {
		t.Queries = append(t.Queries, analysis.QueryTrace{
			Name: names[i], SQL: "SELECT sum(EffectiveCost) FROM daily WHERE ChargePeriodStart >= ? AND ChargePeriodStart < ?",
			Params: []any{nov(16), nov(23), "payments-prod", int64(9007199254740993), amt("0.50")}, Rows: 412,
			SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", MS: 42.36488,
		})
	}
	return t
}

func through(days ...any) []analysis.ProviderThrough {
	var out []analysis.ProviderThrough
	for i := 0; i < len(days); i += 2 {
		out = append(out, analysis.ProviderThrough{Provider: days[i].(string), Day: nov(days[i+1].(int))})
	}
	return out
}

func driver(label, amount, how string, onset analysis.Onset, slice ...string) analysis.Driver {
	d := analysis.Driver{
		Label: label, Amount: amt(amount), SliceTotal: amt(amount), How: how, Onset: onset, Confidence: analysis.High,
		Slice: map[string]string{}, Effects: effects("volume", amount),
	}
	for i := 0; i < len(slice); i += 2 {
		d.Slice[slice[i]] = slice[i+1]
	}
	return d
}

func on(day int) analysis.Onset { return analysis.Onset{Day: nov(day), Shape: "step"} }

func asked(id, question string, plan analysis.Plan, headline string) *analysis.Answer {
	return &analysis.Answer{
		ID: id, Asked: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), Question: question, Headline: headline, Reading: plan,
		Currency: "USD", Trace: trace(5),
	}
}

func weekPlan() analysis.Plan {
	return analysis.Plan{Intent: analysis.ExplainChange, Metric: analysis.Effective, Current: span(16, 23), Baseline: spanP(9, 16)}
}

// rise is the first example the design gives.
func rise() *analysis.Answer {
	c := change("251007.1234", "232595.20", "USD")
	a := asked("Q-7F3K2M", "why did spend change last week?", weekPlan(), ChangeSentence("Spend", c, "last week", "the week before"))
	nat := driver("NAT gateway bytes · payments-prod · us-east-1", "11404.31", "usage x4.1, price unchanged", on(18),
		"ServiceName", "AmazonEC2", "SubAccountId", "111122223333", "RegionId", "us-east-1")
	nat.Resources = []analysis.ResourceChange{
		{ID: "nat-0d2f", Name: "nat-0d2f", Amount: amt("8000.11"), Status: "continuing"},
		{ID: "nat-19ac", Amount: amt("3061.99"), Status: "new"},
	}
	cover := driver("EC2 commitment coverage · 9 accounts", "6229.90", "covered 81% -> 64%; sp-0a1f ended 15 Nov", on(16),
		"ServiceName", "AmazonEC2")
	cover.SliceTotal = amt("17634.21")
	logs := driver("CloudWatch Logs ingestion · search-prod", "3957.77", "usage x2.3",
		analysis.Onset{Around: true, From: nov(17), To: nov(20), Shape: "ramp"}, "ServiceName", "AmazonCloudWatch")
	s3 := driver("S3 Standard to Infrequent Access · data-lake", "-2771.45", "moved, same bytes", on(17),
		"ServiceName", "AmazonS3")
	a.Parts = []analysis.Part{
		{Text: "Six tenths of it is NAT data processing in payments-prod, since Wednesday 18 Nov."},
		{Bridge: &analysis.Bridge{
			Change: c,
			Effects: effects("volume", "11436.10", "new_resources", "1119.9234", "commitment_coverage", "6229.90", "credits", "-374",
				"list_price", "0"),
			Drivers: []analysis.Driver{nat, cover, logs, s3},
			Rest: analysis.Rest{Amount: amt("-408.6066"), Slices: 412, Largest: amt("579.31"),
				Effects: effects("volume", "-34.6066", "credits", "-374")},
		}},
	}
	a.Through = through("AWS", 22, "Google", 22, "Azure", 21)
	a.Caveats = []string{"Azure's Sundays are left out on both sides"}
	a.Actions = []analysis.Action{{Label: "By team", Ask: "and by team?"}, {Label: "Only payments-prod", Ask: "only payments-prod"}}
	return a
}

func fall() *analysis.Answer {
	p := weekPlan()
	p.Current, p.Baseline = analysis.MonthOf(analysis.Day(2026, 10, 1)), &analysis.Period{Start: analysis.Day(2026, 9, 1), End: analysis.Day(2026, 10, 1)}
	p.Filters = []analysis.Filter{
		{Dimension: analysis.DimAccount, Values: []string{"111122223333"}, Labels: []string{"data-lake"}},
		{Dimension: analysis.DimChargeCategory, Values: []string{"Tax", "Credit"}, Not: true},
	}
	c := change("8120.005", "11900.50", "USD")
	a := asked("Q-2B9D4T", "why did data-lake drop in october", p, ChangeSentence("Spend", c, "in October", "in September"))
	glue := driver("Glue ETL jobs · data-lake · a cluster whose name nobody has ever shortened, nightly-consolidation-of-everything-v2", "-4210.115", "usage x0.2",
		analysis.Onset{Day: analysis.Day(2026, 10, 9), Shape: "step"}, "ServiceName", "AWS Glue")
	glue.Offsets = []analysis.Offset{{Label: "eu-west-1", Amount: amt("350.25")}}
	cal := driver("one more day", "310.80", "31 days after 30", analysis.Onset{Why: "from the first day"})
	odd := driver("Athena · data-lake", "140.02", "usage x1.1", analysis.Onset{Why: "no clear day"}, "ServiceName", "Athena")
	odd.Confidence = analysis.Low
	a.Parts = []analysis.Part{{Bridge: &analysis.Bridge{
		Change:  c,
		Effects: effects("calendar", "310.80", "volume", "-4091.295"),
		Drivers: []analysis.Driver{cal, glue, odd},
		Rest:    analysis.Rest{Amount: amt("-21.20"), Slices: 1, Largest: amt("21.20")},
	}}}
	a.Through = through("AWS", 22)
	return a
}

// opposite has moves of 30,000 dollars that leave 6.
func opposite() *analysis.Answer {
	c := change("100006.50", "100000", "USD")
	a := asked("Q-0PP051", "what changed last week", weekPlan(), ChangeSentence("Spend", c, "last week", "the week before"))
	a.Parts = []analysis.Part{
		{Text: "Behind it two large moves nearly cancel."},
		{Bridge: &analysis.Bridge{
			Change:  c,
			Effects: effects("volume", "6.50"),
			Drivers: []analysis.Driver{
				driver("Compute · ml-train", "15250.333", "new GPU nodes", on(17), "ServiceName", "Compute Engine"),
				driver("Compute · ml-legacy", "-15240.111", "usage x0.1", on(17), "ServiceName", "Compute Engine"),
			},
			Rest: analysis.Rest{Amount: amt("-3.722"), Slices: 18, Largest: amt("2.10")},
		}},
	}
	a.Through = through("Google", 22)
	return a
}

func zeroBaseline() *analysis.Answer {
	c := change("842.1299", "0", "USD")
	p := weekPlan()
	p.Filters = []analysis.Filter{{Dimension: analysis.DimService, Values: []string{"Amazon Bedrock"}}}
	a := asked("Q-1Z2Z3Z", "why did bedrock go up", p, ChangeSentence("Spend on Amazon Bedrock", c, "last week", "the week before"))
	a.Parts = []analysis.Part{{Bridge: &analysis.Bridge{
		Change:  c,
		Effects: effects("new", "842.1299"),
		Drivers: []analysis.Driver{driver("Claude Sonnet input tokens · chat-dev", "801.1234", "first seen", on(19), "ServiceName", "Amazon Bedrock")},
		Rest:    analysis.Rest{Amount: amt("41.0065"), Slices: 6, Largest: amt("20.011")},
	}}}
	a.Through = through("AWS", 22)
	return a
}

func topN() *analysis.Answer {
	p := analysis.Plan{Intent: analysis.TopN, Metric: analysis.Effective, Current: span(1, 23), Limit: 4,
		GroupBy: []analysis.Dimension{analysis.DimService}, Notes: []string{"no period was given: month to date"}}
	a := asked("Q-T0PN44", "top services", p, "Amazon EC2 costs most this month: $301,220 of $742,900, 1-22 Nov.")
	row := func(name, amount, share string) analysis.Row {
		return analysis.Row{Key: map[string]string{"ServiceName": name}, Cells: []analysis.Cell{{Text: name}, {Amount: ptr(amount)}, {Amount: ptr(share)}}}
	}
	a.Parts = []analysis.Part{{Table: &analysis.Table{
		Columns: []analysis.Column{{Name: "service", Label: "service", Kind: analysis.ColText}, {Name: "amount", Label: "amount", Kind: analysis.ColMoney},
			{Name: "share", Label: "of the total", Kind: analysis.ColPercent}},
		Rows: []analysis.Row{row("Amazon EC2", "301220.49", "0.40546564"), row("Amazon S3", "120500.49", "0.16220282"),
			row("BigQuery", "98220.49", "0.13221223"), row("Azure Kubernetes Service", "40110.2", "0.05399138")},
		Total: &analysis.Row{Cells: []analysis.Cell{{}, {Amount: ptr("742900.17")}, {Amount: ptr("1")}}}, Omitted: 36,
	}}}
	a.Through = through("AWS", 22, "Google", 22, "Azure", 22)
	return a
}

func breakdown() *analysis.Answer {
	p := analysis.Plan{Intent: analysis.Breakdown, Metric: analysis.Effective, Current: span(1, 23), Grain: analysis.ByDay,
		GroupBy: []analysis.Dimension{analysis.TagDimension("team")}}
	a := asked("Q-BRKD0N", "daily spend by team this month", p, "Spend this month, 1-22 Nov: $61,710 in all, $2,805 a day.")
	var days []time.Time
	line := func(name string, f func(day int) int64) analysis.SeriesLine {
		l := analysis.SeriesLine{Name: name}
		for d := 1; d <= 22; d++ {
			v := decimal.New(f(d), -2)
			l.Values = append(l.Values, &v)
		}
		return l
	}
	for d := 1; d <= 22; d++ {
		days = append(days, nov(d))
	}
	payments := line("payments", func(d int) int64 {
		if d >= 18 {
			return 241055
		}
		return 59000 + int64(d%7)*1500
	})
	search := line("search", func(d int) int64 { return 120000 - int64(d%7)*9000 })
	search.Values[21] = nil
	untagged := line("(untagged)", func(d int) int64 { return 45010 })
	a.Parts = []analysis.Part{{Series: &analysis.Series{Days: days, Lines: []analysis.SeriesLine{payments, search, untagged}}}}
	a.Through = through("AWS", 22)
	return a
}

// week is a single line of seven days: bars.
func week() *analysis.Answer {
	p := analysis.Plan{Intent: analysis.Breakdown, Metric: analysis.Billed, Current: span(16, 23), Grain: analysis.ByDay}
	a := asked("Q-WEEK07", "spend per day last week", p, "Billed last week: $4,730.45 in all.")
	s := &analysis.Series{Lines: []analysis.SeriesLine{{Name: ""}}}
	for i, v := range []string{"590.10", "612.00", "2410.5", "", "640.25", "477.6", "0"} {
		s.Days = append(s.Days, nov(16+i))
		if v == "" {
			s.Lines[0].Values = append(s.Lines[0].Values, nil)
			continue
		}
		s.Lines[0].Values = append(s.Lines[0].Values, ptr(v))
	}
	a.Parts = []analysis.Part{{Series: s}}
	a.Through = through("AWS", 22)
	a.Caveats = []string{"Thu 19 Nov has not been delivered yet"}
	return a
}

func windows() *analysis.Answer {
	p := analysis.Plan{Intent: analysis.Compare, Metric: analysis.Effective, Current: span(16, 23)}
	for i := 3; i >= 0; i-- {
		p.Windows = append(p.Windows, analysis.NewPeriod(analysis.Day(2026, time.Month(11-i), 16), analysis.Day(2026, time.Month(11-i), 23)))
	}
	p.GroupBy = []analysis.Dimension{analysis.DimProvider}
	a := asked("Q-W1ND0W", "16th to 22nd of the last four months by cloud", p, "16-22 Nov cost $251,007, the most of the four weeks compared.")
	cols := []analysis.Column{{Name: "provider", Label: "provider", Kind: analysis.ColText}}
	for _, w := range p.Windows {
		cols = append(cols, analysis.Column{Name: w.Start.Format("2006-01-02"), Label: yearless(w), Kind: analysis.ColMoney})
	}
	cols = append(cols, analysis.Column{Name: "delta", Label: "last step", Kind: analysis.ColDelta}, analysis.Column{Name: "growth", Label: "growth", Kind: analysis.ColPercent})
	row := func(name string, v ...string) analysis.Row {
		r := analysis.Row{Key: map[string]string{"ServiceProviderName": name}, Cells: []analysis.Cell{{Text: name}}}
		if name == "total" {
			r = analysis.Row{Cells: []analysis.Cell{{Text: ""}}}
		}
		for _, s := range v {
			if s == "" {
				r.Cells = append(r.Cells, analysis.Cell{})
				continue
			}
			r.Cells = append(r.Cells, analysis.Cell{Amount: ptr(s)})
		}
		return r
	}
	total := row("total", "222100.9", "226006.21", "232595.5", "251007.1", "18411.6", "0.0791571")
	a.Parts = []analysis.Part{{Table: &analysis.Table{Columns: cols, Rows: []analysis.Row{
		row("AWS", "150000.4", "155000.2", "160000.5", "178000.4", "17999.9", "0.112499"),
		row("Google", "50100.3", "50005.51", "51595", "52006.7", "411.7", "0.0079795"),
		row("Azure", "22000.2", "21000.5", "21000", "21000", "0", "0"),
	}, Total: &total}}}
	a.Through = through("AWS", 22, "Google", 22, "Azure", 22)
	return a
}

func compared() *analysis.Answer {
	p := weekPlan()
	p.Intent = analysis.Compare
	p.GroupBy = []analysis.Dimension{analysis.TagDimension("team"), analysis.DimService}
	a := asked("Q-C0MP4R", "compare teams and services, last week and before", p, ChangeSentence("Spend", change("360.005", "255.005", "USD"), "last week", "the week before"))
	cols := []analysis.Column{{Name: "tag:team", Label: "team", Kind: analysis.ColText}, {Name: "service", Label: "service", Kind: analysis.ColText},
		{Name: "current", Label: "16-22 Nov", Kind: analysis.ColMoney}, {Name: "baseline", Label: "9-15 Nov", Kind: analysis.ColMoney},
		{Name: "delta", Label: "change", Kind: analysis.ColDelta}, {Name: "hours", Label: "hours", Kind: analysis.ColNumber}}
	row := func(team, svc, c, b, h string) analysis.Row {
		d := amt(c).Sub(amt(b))
		r := analysis.Row{Key: map[string]string{"tag:team": team, "ServiceName": svc}, Cells: []analysis.Cell{{Text: team}, {Text: svc}, {Amount: ptr(c)}, {Amount: ptr(b)}, {Amount: &d}, {}}}
		if h != "" {
			r.Cells[5].Amount = ptr(h)
		}
		return r
	}
	a.Parts = []analysis.Part{{Table: &analysis.Table{Columns: cols, Rows: []analysis.Row{
		row("payments | core", "Amazon Elastic Compute Cloud - Compute, the Linux on-demand part of it", "200.333333", "100.333333", "1680.5"),
		row("search", "Amazon OpenSearch Service", "100.336667", "100.336667", "336"),
		row("\x1b[31mevil\x1b[0m\nteam_*name*", "S3", "50.3350", "52.3350", ""),
	}, Omitted: 3, Total: &analysis.Row{Cells: []analysis.Cell{{}, {}, {Amount: ptr("360.005")}, {Amount: ptr("255.005")}, {Amount: ptr("105")}, {}}}}}}
	a.Through = through("AWS", 22)
	return a
}

func clarification() *analysis.Answer {
	p := analysis.Plan{Intent: analysis.Ambiguous, Metric: analysis.Effective, Current: span(16, 23), Clarify: &analysis.Clarification{
		Question: `I read "blub" as a service or a tag value and know neither. Which one?`,
		Choices: []analysis.Choice{
			{Label: "Blob Storage (service)", Ask: "why did Blob Storage change last week?"},
			{Label: "team blue", Ask: "why did team blue change last week?"},
			{Label: "all spend", Ask: "why did spend change last week?"}}}}
	a := asked("Q-C1AR1F", "why did blub change last week?", p, p.Clarify.Question)
	a.Trace = analysis.Trace{}
	return a
}

func outOfScope() *analysis.Answer {
	p := analysis.Plan{Intent: analysis.OutOfScope, Metric: analysis.Effective, Declined: []string{`"Is caching on?" is not something a bill can tell.`}}
	a := asked("Q-00SC0P", "is caching on for bedrock?", p, `"Is caching on?" is not something a bill can tell.`)
	a.Parts = []analysis.Part{{Text: "What it can: Bedrock has cost $4,310 this month, 3 Nov to 21 Nov."}}
	a.Actions = []analysis.Action{{Label: "why?", Ask: "why did Bedrock change this month?"}, {Label: "by model", Ask: "Bedrock by model this month"}}
	a.Trace = trace(1)
	return a
}

func provenance() *analysis.Answer {
	p := analysis.Plan{Intent: analysis.Provenance, Metric: analysis.Effective, Topic: "formula:effective_cost"}
	a := asked("Q-PR0VEN", "how is effective cost computed?", p, "Effective cost is what usage cost after every discount, with upfront payments spread over the use they cover.")
	a.Parts = []analysis.Part{
		{Text: "It is the sum of the column EffectiveCost of FOCUS 1.2, as the provider writes it.\nCredits, refunds and tax are in it; an upfront purchase is not, because its use carries it."},
		{Text: "Billed cost differs: it counts a purchase on the day it is invoiced."},
	}
	a.Trace = analysis.Trace{Snapshot: 8783179769425109154}
	return a
}

func freshness() *analysis.Answer {
	p := analysis.Plan{Intent: analysis.Freshness, Metric: analysis.Effective}
	a := asked("Q-FRESH1", "how fresh is the data?", p, "The data is complete through Sat 21 Nov; AWS and Google through Sun 22 Nov.")
	row := func(name, day, at string, n string) analysis.Row {
		return analysis.Row{Key: map[string]string{"ServiceProviderName": name}, Cells: []analysis.Cell{{Text: name}, {Text: day}, {Text: at}, {Amount: ptr(n)}}}
	}
	a.Parts = []analysis.Part{{Table: &analysis.Table{Columns: []analysis.Column{{Name: "provider", Label: "provider", Kind: analysis.ColText},
		{Name: "through", Label: "complete through", Kind: analysis.ColText}, {Name: "loaded", Label: "loaded", Kind: analysis.ColText}, {Name: "rows", Label: "rows", Kind: analysis.ColNumber}},
		Rows: []analysis.Row{row("AWS", "Sun 22 Nov", "Mon 23 Nov 06:10 UTC", "1204551"), row("Google", "Sun 22 Nov", "Mon 23 Nov 06:12 UTC", "301222"), row("Azure", "Sat 21 Nov", "Sun 22 Nov 05:58 UTC", "98120.5")}}}}
	a.Through = through("AWS", 22, "Google", 22, "Azure", 21)
	a.Trace = trace(1)
	return a
}

func credits() *analysis.Answer {
	c := change("-5120.40", "-3010.10", "USD")
	p := weekPlan()
	p.Filters = []analysis.Filter{{Dimension: analysis.DimChargeCategory, Values: []string{"Credit"}}}
	a := asked("Q-CRED1T", "why did credits change", p, ChangeSentence("Credits", c, "last week", "the week before"))
	a.Parts = []analysis.Part{{Bridge: &analysis.Bridge{
		Change: c, Effects: effects("credits", "-2110.30"),
		Drivers: []analysis.Driver{driver("credit: Migration Acceleration · AWS", "-2500", "first granted", on(16), "ChargeCategory", "Credit")},
		Rest:    analysis.Rest{Amount: amt("389.70"), Slices: 3, Largest: amt("380.2"), Effects: effects("credits", "389.70")},
	}}}
	a.Through = through("AWS", 22)
	return a
}

func euro() *analysis.Answer {
	c := change("1234567.891", "1200000.10", "EUR")
	p := weekPlan()
	a := asked("Q-EVR000", "why did spend change last week?", p, ChangeSentence("Spend", c, "last week", "the week before"))
	a.Currency = "EUR"
	a.Parts = []analysis.Part{{Bridge: &analysis.Bridge{
		Change: c, Effects: effects("volume", "20000.5", "list_price", "14567.291"),
		Drivers: []analysis.Driver{
			driver("Virtual Machines · westeurope", "20000.5", "usage x1.2", on(16), "ServiceName", "Virtual Machines"),
			driver("SQL Database · price list", "14567.291", "price +3.2%", analysis.Onset{Why: "monthly rows"}, "ServiceName", "SQL Database"),
		},
	}}}
	a.Through = through("Azure", 21)
	return a
}

// scoped is a top five for somebody who may see one team's production.
func scoped() *analysis.Answer {
	a := topN()
	a.Reading.Scope = []analysis.Filter{{Dimension: "tag:team", Values: []string{"payments"}}, {Dimension: "tag:env", Values: []string{"prod", "staging"}}}
	a.Actions = nil
	for _, by := range []string{"team", "account", "service", "region"} {
		a.Actions = append(a.Actions, analysis.Action{Label: "By " + by, Ask: "and by " + by + "?"})
	}
	return a
}

// scopedEmpty is what is left when a filter and a scope have nothing in common.
func scopedEmpty() *analysis.Answer {
	a := scoped()
	a.Reading.Filters = []analysis.Filter{{Dimension: analysis.DimService, Values: []string{"Amazon Redshift"}}}
	a.Headline, a.Parts, a.Actions = "Nothing in your scope (team payments, env prod or staging) matches.", nil, nil
	a.Caveats = []string{"no line items matched: that is not a zero on the bill"}
	return a
}

// scopedFreshness is how far the data of one team's providers reaches.
func scopedFreshness() *analysis.Answer {
	a := freshness()
	a.Reading.Scope = []analysis.Filter{{Dimension: "tag:team", Values: []string{"payments"}}}
	return a
}

// eventful is the rise with what happened near it.
func eventful() *analysis.Answer {
	a := rise()
	at := nov(18).Add(9*time.Hour + 12*time.Minute)
	a.Events = []analysis.NearEvent{
		{Event: analysis.Event{ID: "E-000001", Kind: "deploy", What: "payments-api 4.18.0", Begins: at, Source: "github", Slice: map[string]string{"x_Team": "payments"}}, Drivers: []int{1}},
		{Event: analysis.Event{ID: "E-000002", Kind: "commitment", What: "sp-0a1f *ended* <b>", Begins: nov(16), Source: "csv"}, Drivers: []int{2, 1}},
	}
	return a
}

func cases() map[string]*analysis.Answer {
	return map[string]*analysis.Answer{
		"rise": rise(), "fall": fall(), "opposite": opposite(), "zero_baseline": zeroBaseline(), "top_n": topN(),
		"breakdown": breakdown(), "week": week(), "windows": windows(), "compare": compared(), "clarify": clarification(),
		"oos": outOfScope(), "provenance": provenance(), "freshness": freshness(), "credits": credits(), "euro": euro(),
		"events": eventful(), "scoped": scoped(), "scoped_empty": scopedEmpty(), "scoped_freshness": scopedFreshness(),
	}
}
