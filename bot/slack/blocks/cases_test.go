package blocks

import (
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/render"
)

func amt(s string) decimal.Decimal  { return decimal.RequireFromString(s) }
func ptr(s string) *decimal.Decimal { d := amt(s); return &d }
func nov(day int) time.Time         { return analysis.Day(2026, time.November, day) }
func week() analysis.Period         { return analysis.NewPeriod(nov(16), nov(23)) }
func before() *analysis.Period      { p := analysis.NewPeriod(nov(9), nov(16)); return &p }
func months() analysis.Period       { return analysis.NewPeriod(nov(1), nov(23)) }

func change(current, baseline string) analysis.Change {
	c, b := amt(current), amt(baseline)
	return analysis.Change{Current: c, Baseline: b, Delta: c.Sub(b), Currency: "USD"}
}

func effects(kv ...string) []analysis.EffectAmount {
	var out []analysis.EffectAmount
	for i := 0; i < len(kv); i += 2 {
		out = append(out, analysis.EffectAmount{Effect: analysis.Effect(kv[i]), Amount: amt(kv[i+1])})
	}
	return out
}

func driver(label, amount, how string, day int) analysis.Driver {
	d := analysis.Driver{Label: label, Amount: amt(amount), SliceTotal: amt(amount), How: how, Confidence: analysis.High,
		Slice: map[string]string{"ServiceName": label}}
	if day > 0 {
		d.Onset = analysis.Onset{Day: nov(day), Shape: "step"}
	}
	return d
}

// leavesSQL has what SQL has and Slack's markup would read as something else.
const leavesSQL = `SELECT CASE WHEN ServiceName IS NULL THEN '' ELSE ServiceName END AS service,
  sum(EffectiveCost) FILTER (WHERE ChargeDate >= CAST(? AS DATE)) AS current,
  sum(EffectiveCost) FILTER (WHERE ChargeDate < CAST(? AS DATE)) AS baseline
FROM daily
WHERE ChargeDate >= CAST(? AS DATE) AND ChargeDate < CAST(? AS DATE)
GROUP BY 1
ORDER BY 1`

func answered(id, question string, p analysis.Plan, headline string, parts ...analysis.Part) *analysis.Answer {
	if p.Metric == "" {
		p.Metric = analysis.Effective
	}
	a := &analysis.Answer{ID: id, Asked: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), Question: question, Headline: headline, Reading: p,
		Currency: "USD", Parts: parts}
	a.Through = []analysis.ProviderThrough{{Provider: "AWS", Day: nov(22)}, {Provider: "Google Cloud", Day: nov(22)},
		{Provider: "Microsoft", Day: nov(21)}}
	a.Trace = analysis.Trace{Snapshot: 8783179769425109154, ChargesSnapshot: 1203992214850077231, MS: 211.8}
	for _, name := range []string{"totals", "leaves"} {
		a.Trace.Queries = append(a.Trace.Queries, analysis.QueryTrace{Name: name, SQL: leavesSQL, Rows: 412, MS: 42.36,
			Params: []any{"2026-11-16", "2026-11-16", nov(9), nov(23)},
			SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"})
	}
	return a
}

// rise is the example of the design.
func rise() *analysis.Answer {
	c := change("251007.1234", "232595.20")
	a := answered("Q-7F3K2M", "why did spend change last week?", analysis.Plan{Intent: analysis.ExplainChange, Current: week(),
		Baseline: before()},
		render.ChangeSentence("Spend", c, "last week", "the week before"),
		analysis.Part{Bridge: &analysis.Bridge{Change: c,
			Effects: effects("volume", "11436.10", "new_resources", "1119.9234", "commitment_coverage", "6229.90", "credits",
				"-374", "list_price", "0"),
			Drivers: []analysis.Driver{
				driver("NAT gateway bytes · payments-prod · us-east-1", "11404.31", "usage x4.1, price unchanged", 18),
				driver("EC2 commitment coverage · 9 accounts", "6229.90", "covered 81% -> 64%; sp-0a1f ended 15 Nov", 16),
				driver("CloudWatch Logs ingestion · search-prod", "3957.77", "usage x2.3", 19),
				driver("S3 Standard to Infrequent Access · data-lake", "-2771.45", "moved, same bytes", 17)},
			Rest: analysis.Rest{Amount: amt("-408.6066"), Slices: 412, Largest: amt("579.31"), Effects: effects("volume",
				"-34.6066", "credits", "-374")}}})
	a.Actions = []analysis.Action{{Label: "Only payments-prod", Ask: "only account payments-prod"}, {Label: "By team", Ask: "and by team?"},
		{Label: "By account", Ask: "and by account?"}, {Label: "By service", Ask: "and by service?"}, {Label: "By region",
			Ask: "and by region?"}}
	return a
}

// many has more drivers than a message shows, and a scope.
func many() *analysis.Answer {
	var ds []analysis.Driver
	total := decimal.Zero
	for i := range 40 {
		v := fmt.Sprintf("%d.37", 900-13*i)
		if i%3 == 2 {
			v = "-" + v
		}
		ds = append(ds, driver(fmt.Sprintf("service %d · shop-%02d", i, i), v, "usage up", 10+i%8))
		total = total.Add(amt(v))
	}
	rest := analysis.Rest{Amount: amt("12.5"), Slices: 3000, Largest: amt("2.2")}
	c := analysis.Change{Baseline: amt("50000"), Delta: total.Add(rest.Amount), Currency: "USD"}
	c.Current = c.Baseline.Add(c.Delta)
	a := answered("Q-MANY00", "why did my spend change?", analysis.Plan{Intent: analysis.ExplainChange, Current: week(), Baseline: before(),
		Scope:   []analysis.Filter{{Dimension: analysis.TagDimension("team"), Values: []string{"payments"}}},
		Filters: []analysis.Filter{{Dimension: analysis.DimRegion, Values: []string{"us-east-1", "eu-west-1"}}},
		Notes:   []string{"no period was given: last complete week"}},
		render.ChangeSentence("Spend", c, "last week", "the week before"),
		analysis.Part{Bridge: &analysis.Bridge{Change: c, Effects: []analysis.EffectAmount{{Effect: analysis.EffVolume,
			Amount: c.Delta}}, Drivers: ds, Rest: rest}})
	a.Caveats = []string{"Microsoft's Sundays are left out on both sides"}
	return a
}

func topTable(rows int, omitted int) *analysis.Table {
	t := &analysis.Table{Columns: []analysis.Column{{Name: "service", Label: "service", Kind: analysis.ColText}, {Name: "amount",
		Label: "amount", Kind: analysis.ColMoney},
		{Name: "share", Label: "share", Kind: analysis.ColPercent}}, Omitted: omitted}
	names := []string{"Amazon Elastic Compute Cloud", "Amazon Simple Storage Service", "BigQuery", "Virtual Machines",
		"Amazon Virtual Private Cloud"}
	for i := range rows {
		name := fmt.Sprintf("Service %02d", i)
		if i < len(names) {
			name = names[i]
		}
		a := decimal.New(int64(30122049-400000*i), -2)
		share := a.DivRound(amt("7429000.17"), 8)
		t.Rows = append(t.Rows, analysis.Row{Key: map[string]string{"ServiceName": name}, Cells: []analysis.Cell{{Text: name},
			{Amount: &a}, {Amount: &share}}})
	}
	t.Total = &analysis.Row{Cells: []analysis.Cell{{}, {Amount: ptr("7429000.17")}, {Amount: ptr("1")}}}
	return t
}

func topN(rows, omitted int) *analysis.Answer {
	return answered("Q-T0PN44", "top services", analysis.Plan{Intent: analysis.TopN, Current: months(), Limit: rows,
		GroupBy: []analysis.Dimension{analysis.DimService}, Notes: []string{"no period was given: month to date"}},
		"Amazon Elastic Compute Cloud costs most this month: $301,220 of $7,429,000.", analysis.Part{Table: topTable(rows, omitted)})
}

// windows is wide: a column per period.
func windows() *analysis.Answer {
	p := analysis.Plan{Intent: analysis.Compare, Current: week(), GroupBy: []analysis.Dimension{analysis.DimProvider}}
	cols := []analysis.Column{{Name: "provider", Label: "provider", Kind: analysis.ColText}}
	for m := time.August; m <= time.November; m++ {
		w := analysis.NewPeriod(analysis.Day(2026, m, 16), analysis.Day(2026, m, 23))
		p.Windows = append(p.Windows, w)
		cols = append(cols, analysis.Column{Name: w.Start.Format(analysis.DateLayout), Label: w.Start.Format("2 Jan"),
			Kind: analysis.ColMoney})
	}
	cols = append(cols, analysis.Column{Name: "delta", Label: "last step", Kind: analysis.ColDelta}, analysis.Column{Name: "growth",
		Label: "growth", Kind: analysis.ColPercent})
	row := func(name string, v ...string) analysis.Row {
		r := analysis.Row{Key: map[string]string{"ServiceProviderName": name}, Cells: []analysis.Cell{{Text: name}}}
		if name == "" {
			r.Key = nil
		}
		for _, s := range v {
			r.Cells = append(r.Cells, analysis.Cell{Amount: ptr(s)})
		}
		return r
	}
	total := row("", "222100.9", "226006.21", "232595.5", "251007.1", "18411.6", "0.0791571")
	// The columns are days, but each stands for a week: as a table of them it is shown, not as a line.
	for i := range cols[1:5] {
		cols[i+1].Name = fmt.Sprint("window", i)
	}
	return answered("Q-W1ND0W", "16th to 22nd of the last four months by cloud", p,
		"16-22 Nov cost $251,007, the most of the four weeks compared.",
		analysis.Part{Table: &analysis.Table{Columns: cols, Rows: []analysis.Row{
			row("AWS", "150000.4", "155000.2", "160000.5", "178000.4", "17999.9", "0.112499"),
			row("Google Cloud", "50100.3", "50005.51", "51595", "52006.7", "411.7", "0.0079795"),
			row("Microsoft", "22000.2", "21000.5", "21000", "21000", "0", "0")}, Total: &total}})
}

// compared is narrow enough for columns in a fixed width.
func compared() *analysis.Answer {
	cols := []analysis.Column{{Name: "tag:team", Label: "team", Kind: analysis.ColText}, {Name: "current", Label: "16-22 Nov",
		Kind: analysis.ColMoney},
		{Name: "baseline", Label: "9-15 Nov", Kind: analysis.ColMoney}, {Name: "delta", Label: "change", Kind: analysis.ColDelta}}
	row := func(team, c, b string) analysis.Row {
		d := amt(c).Sub(amt(b))
		return analysis.Row{Key: map[string]string{"tag:team": team}, Cells: []analysis.Cell{{Text: team}, {Amount: ptr(c)},
			{Amount: ptr(b)}, {Amount: &d}}}
	}
	total := row("", "360.005", "255.005")
	total.Key = nil
	return answered("Q-C0MP4R", "compare teams, last week and before", analysis.Plan{Intent: analysis.Compare, Current: week(),
		Baseline: before(),
		GroupBy:  []analysis.Dimension{analysis.TagDimension("team")}},
		render.ChangeSentence("Spend", change("360.005", "255.005"), "last week", "the week before"),
		analysis.Part{Table: &analysis.Table{Columns: cols, Rows: []analysis.Row{row("payments, the core of it", "200.333333", "100.333333"),
			row("search", "100.336667", "100.336667"), row("(untagged)", "50.3350", "52.3350")}, Omitted: 3, Total: &total}})
}

// narrow fits a phone in columns.
func narrow() *analysis.Answer {
	a := compared()
	a.ID = "Q-NARR0W"
	t := a.Parts[0].Table
	t.Rows[0].Cells[0].Text, t.Rows[2].Cells[0].Text = "payments", "web"
	t.Omitted = 0
	total := amt("351.005") // without the three teams that compared leaves out
	before := amt("253.005")
	delta := total.Sub(before)
	t.Total = &analysis.Row{Cells: []analysis.Cell{{}, {Amount: &total}, {Amount: &before}, {Amount: &delta}}}
	a.Headline = render.ChangeSentence("Spend", change("351.005", "253.005"), "last week", "the week before")
	return a
}

// daily is a breakdown over days and teams, a row for each.
func daily() *analysis.Answer {
	t := &analysis.Table{Columns: []analysis.Column{{Name: "day", Label: "day", Kind: analysis.ColText}, {Name: "tag:team",
		Label: "team", Kind: analysis.ColText},
		{Name: "amount", Label: "amount", Kind: analysis.ColMoney}}}
	total := decimal.Zero
	for d := 1; d <= 22; d++ {
		for i, team := range []string{"payments", "search", "everything else"} {
			v := decimal.New(int64(590000+1500*(d%7)-90000*i), -2)
			if d >= 18 && i == 0 {
				v = amt("24105.50")
			}
			total = total.Add(v)
			t.Rows = append(t.Rows, analysis.Row{Key: map[string]string{"day": nov(d).Format(analysis.DateLayout), "tag:team": team},
				Cells: []analysis.Cell{{Text: nov(d).Format("Mon 2 Jan")}, {Text: team}, {Amount: &v}}})
		}
	}
	t.Total = &analysis.Row{Cells: []analysis.Cell{{}, {}, {Amount: &total}}}
	return answered("Q-DAY122", "daily spend by team this month", analysis.Plan{Intent: analysis.Breakdown, Current: months(),
		Grain:   analysis.ByDay,
		GroupBy: []analysis.Dimension{analysis.TagDimension("team")}}, "Spend month to date: "+render.Figure(total, "USD")+".",
		analysis.Part{Table: t})
}

// perDay is a single line of seven days.
func perDay() *analysis.Answer {
	s := &analysis.Series{Lines: []analysis.SeriesLine{{Name: "Spend"}}}
	for i, v := range []string{"590.10", "612.00", "2410.5", "", "640.25", "477.6", "0"} {
		s.Days = append(s.Days, nov(16+i))
		var p *decimal.Decimal
		if v != "" {
			p = ptr(v)
		}
		s.Lines[0].Values = append(s.Lines[0].Values, p)
	}
	a := answered("Q-WEEK07", "billed per day last week", analysis.Plan{Intent: analysis.Breakdown, Metric: analysis.Billed,
		Current: week(), Grain: analysis.ByDay},
		"Billed last week: $4,730.45 in all.", analysis.Part{Series: s})
	a.Caveats = []string{"Thu 19 Nov has not been delivered yet"}
	return a
}

func oneNumber() *analysis.Answer {
	return answered("Q-GKMH9S", "what did we spend this month?", analysis.Plan{Intent: analysis.SpendTotal, Current: months()},
		"Spend month to date: $889,096.",
		analysis.Part{Table: &analysis.Table{Columns: []analysis.Column{{Name: "amount", Label: "amount", Kind: analysis.ColMoney},
			{Name: "line_items", Label: "line items", Kind: analysis.ColNumber}},
			Rows: []analysis.Row{{Cells: []analysis.Cell{{Amount: ptr("889096.3")}, {Amount: ptr("10004")}}}}}})
}

func clarification(n int) *analysis.Answer {
	c := &analysis.Clarification{Question: `I read "blub" as a service or a tag value and know neither. Closest: the service Blob Storage or the team blue. Which one?`,
		Choices: []analysis.Choice{{Label: "service Blob Storage",
			Ask: `why did spend for service="Blob Storage" change from 2026-11-16 to 2026-11-22 versus from 2026-11-09 to 2026-11-15?`},
			{Label: "team blue", Ask: `why did spend for tag:team="blue" change last week?`}}}
	for i := len(c.Choices); i < n-1; i++ {
		c.Choices = append(c.Choices, analysis.Choice{Label: fmt.Sprintf("account blub-%02d", i),
			Ask: fmt.Sprintf("why did spend for account=blub-%02d change last week?", i)})
	}
	c.Choices = append(c.Choices, analysis.Choice{Label: "all spend", Ask: "why did spend change last week?"})
	a := answered("Q-C1AR1F", "why did blub change last week?", analysis.Plan{Intent: analysis.Ambiguous, Current: week(),
		Clarify: c}, c.Question)
	a.Trace, a.Through = analysis.Trace{}, nil
	return a
}

func outOfScope() *analysis.Answer {
	a := answered("Q-00SC0P", "is caching on for bedrock?", analysis.Plan{Intent: analysis.OutOfScope,
		Declined: []string{`"Is caching on?" is not something a bill can tell.`}},
		`"Is caching on?" is not something a bill can tell.`,
		analysis.Part{Text: "What it can: Bedrock has cost $4,310 this month, 3 Nov to 21 Nov."})
	a.Actions = []analysis.Action{{Label: "Why?", Ask: "why did Bedrock change this month?"}, {Label: "By model",
		Ask: "Bedrock by model this month"}}
	a.Through = nil
	return a
}

func provenance() *analysis.Answer {
	a := answered("Q-PR0VEN", "how is effective cost computed?", analysis.Plan{Intent: analysis.Provenance, Topic: "formula:effective_cost"},
		"Effective cost: What usage costs after all discounts, with prepaid commitments spread over the usage they cover.",
		analysis.Part{Text: "Computed as: sum of EffectiveCost. A purchase that covers later usage counts 0; its price is spread over the covered and the unused part."},
		analysis.Part{Text: "Source: FOCUS 1.2, EffectiveCost."})
	a.Trace, a.Through = analysis.Trace{}, nil
	return a
}

func freshnessOf() *analysis.Answer {
	row := func(name, from, through, last string) analysis.Row {
		return analysis.Row{Key: map[string]string{"ServiceProviderName": name}, Cells: []analysis.Cell{{Text: name}, {Text: from},
			{Text: through}, {Text: last}}}
	}
	t := &analysis.Table{Rows: []analysis.Row{row("AWS", "Wed 1 Oct 2025", "Sun 22 Nov 2026", "Mon 23 Nov 2026"),
		row("Google Cloud", "Wed 1 Oct 2025", "Sun 22 Nov 2026", "Mon 23 Nov 2026"), row("Microsoft", "Wed 1 Oct 2025",
			"Sat 21 Nov 2026", "Sun 22 Nov 2026")}}
	for _, l := range []string{"provider", "from", "complete through", "last day with data"} {
		t.Columns = append(t.Columns, analysis.Column{Name: l, Label: l, Kind: analysis.ColText})
	}
	return answered("Q-FRESH1", "how fresh is the data?", analysis.Plan{Intent: analysis.Freshness},
		"The data is complete through Sun 22 Nov 2026 at the latest; per provider:", analysis.Part{Table: t})
}

// hostile carries what a bill and a person could try.
func hostile() *analysis.Answer {
	evil := "<!channel> <@U012AB3CD> *bold* _it_ ~s~ `code` & <https://evil.test|click> :fire: > quote\n> next \x1b[31m \u202e"
	a := rise()
	a.ID = "Q-H0ST1E"
	a.Question, a.Headline = evil, "Spend on "+evil+" rose $1: "+evil
	b := a.Parts[0].Bridge
	b.Drivers[0].Label, b.Drivers[1].How = evil, evil
	a.Reading.Filters = []analysis.Filter{{Dimension: analysis.Dimension("tag:" + evil), Values: []string{evil}}}
	a.Caveats = []string{evil}
	a.Through[0].Provider = evil
	a.Actions[0] = analysis.Action{Label: evil, Ask: evil}
	a.Actions[4].Label = evil
	t := topTable(4, 0)
	t.Rows[0].Cells[0].Text, t.Columns[0].Label = evil, evil
	a.Parts = append(a.Parts, analysis.Part{Text: evil}, analysis.Part{Table: t},
		analysis.Part{Series: &analysis.Series{Days: []time.Time{nov(1), nov(2)},
			Lines: []analysis.SeriesLine{{Name: evil, Values: []*decimal.Decimal{ptr("1"), ptr("2")}}, {Name: "b",
				Values: []*decimal.Decimal{nil, ptr("2")}}}}})
	a.Trace.Queries[0].Name, a.Trace.Queries[0].Params = evil, []any{evil, nil, true, 3.5, []byte{0, 255}, int64(-4), amt("0.10")}
	return a
}

func empty() *analysis.Answer { return &analysis.Answer{} }

func long() *analysis.Answer {
	a := rise()
	a.ID = "Q-L0NG00"
	for i := range 30 {
		a.Parts = append(a.Parts, analysis.Part{Text: strings.Repeat("A sentence that says nothing. ", 20)},
			analysis.Part{Table: topTable(30, i)})
		a.Caveats = append(a.Caveats, fmt.Sprintf("caveat %d: %s", i, strings.Repeat("word ", 80)))
		a.Trace.Queries = append(a.Trace.Queries, a.Trace.Queries[0])
	}
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
	a.Trace.Events = &analysis.EventTrace{From: nov(14), Until: nov(19), Known: 12, Events: []analysis.Event{a.Events[1].Event, a.Events[0].Event}, SHA256: "9f86d081884c7d65"}
	return a
}

func cases() map[string]*analysis.Answer {
	return map[string]*analysis.Answer{
		"rise": rise(), "events": eventful(), "many": many(), "top": topN(5, 36), "top_long": topN(60, 4), "windows": windows(), "compared": compared(),
		"narrow":  narrow(),
		"daily":   daily(),
		"per_day": perDay(), "one_number": oneNumber(), "clarify": clarification(3), "clarify_many": clarification(30), "oos": outOfScope(),
		"provenance": provenance(), "freshness": freshnessOf(), "hostile": hostile(), "empty": empty(), "long": long(),
	}
}
