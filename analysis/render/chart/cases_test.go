package chart

import (
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

func amt(s string) decimal.Decimal { return decimal.RequireFromString(s) }
func nov(day int) time.Time        { return analysis.Day(2026, time.November, day) }

func driver(label, amount string, onset analysis.Onset) analysis.Driver {
	return analysis.Driver{Label: label, Amount: amt(amount), SliceTotal: amt(amount), Onset: onset, Confidence: analysis.High}
}

func on(day int) analysis.Onset { return analysis.Onset{Day: nov(day), Shape: "step"} }

// bridged is the answer to why spend moved from a baseline by drivers and a rest.
func bridged(headline, baseline, currency string, rest analysis.Rest, drivers ...analysis.Driver) *analysis.Answer {
	base := analysis.NewPeriod(nov(9), nov(16))
	a := &analysis.Answer{ID: "Q-7F3K2M", Headline: headline, Currency: currency, Reading: analysis.Plan{
		Intent: analysis.ExplainChange, Metric: analysis.Effective, Current: analysis.NewPeriod(nov(16), nov(23)), Baseline: &base}}
	a.Through = []analysis.ProviderThrough{{Provider: "AWS", Day: nov(22)}, {Provider: "Google", Day: nov(22)}}
	c := analysis.Change{Baseline: amt(baseline), Currency: currency, Delta: rest.Amount}
	for _, d := range drivers {
		c.Delta = c.Delta.Add(d.Amount)
	}
	c.Current = c.Baseline.Add(c.Delta)
	a.Parts = []analysis.Part{{Bridge: &analysis.Bridge{Change: c, Drivers: drivers, Rest: rest}}}
	return a
}

func rise() *analysis.Answer {
	return bridged("Spend rose $18,412 (+7.9%) last week: $251,007, after $232,595 the week before.", "232595.20", "USD",
		analysis.Rest{Amount: amt("-408.6066"), Slices: 412, Largest: amt("579.31")},
		driver("NAT gateway bytes · payments-prod · us-east-1", "11404.31", on(18)),
		driver("EC2 commitment coverage · 9 accounts", "6229.90", on(16)),
		driver("CloudWatch Logs ingestion · search-prod", "3957.77", analysis.Onset{Around: true, Day: nov(18), From: nov(17), To: nov(20), Shape: "ramp"}),
		driver("S3 Standard to Infrequent Access · data-lake", "-2771.45", on(17)))
}

func fall() *analysis.Answer {
	return bridged("Spend on data-lake fell $3,781 (-31.8%) in October: $8,120, after $11,901 in September.", "11900.50", "USD",
		analysis.Rest{Amount: amt("-21.20"), Slices: 1, Largest: amt("21.20")},
		driver("one more day", "310.80", analysis.Onset{Why: "from the first day"}),
		driver("Glue ETL jobs · data-lake · a cluster whose name nobody has ever shortened, nightly-consolidation-of-everything-v2", "-4210.115", on(9)),
		driver("Athena · data-lake", "140.02", analysis.Onset{Why: "no clear day"}))
}

func opposite() *analysis.Answer {
	return bridged("Spend hardly changed last week.", "100000", "USD", analysis.Rest{Amount: amt("-3.722"), Slices: 18, Largest: amt("2.10")},
		driver("Compute · ml-train", "15250.333", on(17)), driver("Compute · ml-legacy", "-15240.111", on(17)))
}

func zeroBaseline() *analysis.Answer {
	return bridged("Spend on Amazon Bedrock rose $842.13 last week: $842.13, after nothing the week before.", "0", "USD",
		analysis.Rest{Amount: amt("41.0065"), Slices: 6, Largest: amt("20.011")}, driver("Claude Sonnet input tokens · chat-dev", "801.1234", on(19)))
}

func credits() *analysis.Answer {
	return bridged("Credits fell $2,110 last week: a net credit of $5,120, after a net credit of $3,010 the week before.", "-3010.10", "USD",
		analysis.Rest{Amount: amt("389.70"), Slices: 3, Largest: amt("380.2")}, driver("credit: Migration Acceleration · AWS", "-2500", on(16)))
}

func crossing() *analysis.Answer {
	return bridged("Spend rose ₹4,20,000 and left the credits behind.", "-150000", "INR", analysis.Rest{},
		driver("Marketplace subscription · annual", "420000.50", on(16)), driver("Refund of 3 Nov", "-90000.25", on(20)))
}

func fifty() *analysis.Answer {
	var ds []analysis.Driver
	for i := range 50 {
		ds = append(ds, driver(fmt.Sprintf("Service-%02d.usage/type_%02d · team-%c · eu-central-%d", i, i, 'a'+i%26, i%3), fmt.Sprintf("%d.%02d", 9000-i*173, i), on(16+i%7)))
	}
	return bridged("Spend rose in fifty places at once.", "1840220.17", "EUR", analysis.Rest{Amount: amt("120.4"), Slices: 1204, Largest: amt("9")}, ds...)
}

func hostile() *analysis.Answer {
	return bridged("支付团队 \u202e spend 😀\n\x1b[31mrose", "1000000", "CHF", analysis.Rest{Amount: amt("0.01"), Slices: 1},
		driver("支付团队", "40000", on(16)),
		driver("😀 GPU 🚀 cluster 👩‍👩‍👧 nodes", "30000", on(17)),
		driver("نفقات التخزين", "20000", on(18)),
		driver("\x1b]0;x\a line\nbreak\tand\x00nul", "-10000", on(19)),
		driver(strings.Repeat("W", 600), "-5000", on(20)),
		driver("Übergrößenträger · Łódź · Ελλάδα · Москва · café", "2500", on(21)))
}

func days(from, n int) []time.Time {
	var out []time.Time
	for i := range n {
		out = append(out, nov(from+i))
	}
	return out
}

func line(name string, n int, f func(i int) int64) analysis.SeriesLine {
	l := analysis.SeriesLine{Name: name}
	for i := range n {
		v := decimal.New(f(i), -2)
		l.Values = append(l.Values, &v)
	}
	return l
}

func daily(headline string, s *analysis.Series) *analysis.Answer {
	return &analysis.Answer{ID: "Q-BRKD0N", Headline: headline, Currency: "USD", Reading: analysis.Plan{Intent: analysis.Breakdown,
		Metric: analysis.Effective, Current: analysis.NewPeriod(s.Days[0], s.Days[len(s.Days)-1].AddDate(0, 0, 1)), Grain: analysis.ByDay},
		Parts: []analysis.Part{{Series: s}}, Through: []analysis.ProviderThrough{{Provider: "AWS", Day: nov(22)}}}
}

func breakdown() *analysis.Answer {
	payments := line("payments", 22, func(i int) int64 {
		if i >= 17 {
			return 241055
		}
		return 59000 + int64(i%7)*1500
	})
	search := line("search", 22, func(i int) int64 { return 120000 - int64(i%7)*9000 })
	search.Values[12], search.Values[21] = nil, nil
	return daily("Spend this month, 1-22 Nov: $61,710 in all, $2,805 a day.", &analysis.Series{Days: days(1, 22), Lines: []analysis.SeriesLine{
		payments, search, line("(untagged)", 22, func(int) int64 { return 45010 })}})
}

func week() *analysis.Answer {
	s := &analysis.Series{Days: days(16, 7), Lines: []analysis.SeriesLine{line("Spend", 7, func(i int) int64 { return []int64{59010, 61200, 241050, 0, 64025, 47760, 0}[i] })}}
	s.Lines[0].Values[3] = nil
	return daily("Billed last week: $4,730.45 in all.", s)
}

func flat() *analysis.Answer {
	return daily("Spend in the last 60 days hardly moved.", &analysis.Series{Days: days(1, 60), Lines: []analysis.SeriesLine{
		line("Spend", 60, func(i int) int64 { return 24500000 + int64(i*i%17)*90000 })}})
}

func many() *analysis.Answer {
	s := &analysis.Series{Days: days(1, 45)}
	for k := range 20 {
		s.Lines = append(s.Lines, line(fmt.Sprintf("team-%d with a rather long name of its own", k), 45, func(i int) int64 { return int64(20000*(20-k)) + int64((i*7+k*13)%11)*9000 }))
	}
	return daily("Spend by team, 20 teams.", s)
}

func both() *analysis.Answer {
	a := rise()
	n := 14
	a.Parts = append(a.Parts, analysis.Part{Series: &analysis.Series{Days: days(9, n), Lines: []analysis.SeriesLine{
		line("NAT gateway bytes · payments-prod", n, func(i int) int64 { return 60000 + int64(i/9)*180000 }),
		line("EC2 commitment coverage", n, func(i int) int64 { return 160000 + int64(i/7)*89000 }),
		line("CloudWatch Logs ingestion · search-prod", n, func(i int) int64 { return 40000 + int64(max(0, i-7))*9000 })}}})
	return a
}

func topN(rows int) *analysis.Answer {
	t := &analysis.Table{Columns: []analysis.Column{{Name: "service", Label: "service", Kind: analysis.ColText}, {Name: "amount", Label: "amount", Kind: analysis.ColMoney},
		{Name: "share", Label: "of the total", Kind: analysis.ColPercent}}}
	names := []string{"Amazon Elastic Compute Cloud", "Amazon Simple Storage Service", "BigQuery", "Azure Kubernetes Service", "Amazon Relational Database Service"}
	sum := decimal.Zero
	for i := range rows {
		v := decimal.New(30122049/int64(i+1), -2)
		sum = sum.Add(v)
		t.Rows = append(t.Rows, analysis.Row{Key: map[string]string{"ServiceName": "x"}, Cells: []analysis.Cell{{Text: names[i%5]}, {Amount: &v}, {}}})
	}
	rest := amt("12345.67")
	sum = sum.Add(rest)
	t.Rows, t.Omitted = append(t.Rows, analysis.Row{Cells: []analysis.Cell{{Text: "everything else"}, {Amount: &rest}, {}}}), 36
	t.Total = &analysis.Row{Cells: []analysis.Cell{{}, {Amount: &sum}, {}}}
	return &analysis.Answer{ID: "Q-T0PN44", Headline: "Amazon EC2 leads by effective cost this month.", Currency: "USD", Parts: []analysis.Part{{Table: t}},
		Reading: analysis.Plan{Intent: analysis.TopN, Metric: analysis.Effective, Current: analysis.NewPeriod(nov(1), nov(23))}}
}

func movers() *analysis.Answer {
	t := &analysis.Table{Columns: []analysis.Column{{Name: "team", Label: "team", Kind: analysis.ColText}, {Name: "baseline", Kind: analysis.ColMoney},
		{Name: "current", Kind: analysis.ColMoney}, {Name: "delta", Label: "change", Kind: analysis.ColDelta}}}
	base, cur := decimal.Zero, decimal.Zero
	row := func(name, b, c string) {
		x, y := amt(b), amt(c)
		d := y.Sub(x)
		base, cur = base.Add(x), cur.Add(y)
		t.Rows = append(t.Rows, analysis.Row{Key: map[string]string{"tag:team": name}, Cells: []analysis.Cell{{Text: name}, {Amount: &x}, {Amount: &y}, {Amount: &d}}})
	}
	row("payments", "51200.11", "63100.22")
	row("search", "40100", "31500.5")
	row("data", "22000.4", "22010")
	row("(no team)", "1000", "1000")
	d := cur.Sub(base)
	t.Total = &analysis.Row{Cells: []analysis.Cell{{}, {Amount: &base}, {Amount: &cur}, {Amount: &d}}}
	a := bridged("Spend rose $3,310 last week.", "0", "USD", analysis.Rest{})
	a.Reading.Intent, a.Parts = analysis.Compare, []analysis.Part{{Table: t}}
	return a
}

// eventful are lines with what happened in their days, and a waterfall.
func eventful() *analysis.Answer {
	a := both()
	at := nov(18).Add(9*time.Hour + 12*time.Minute)
	a.Events = []analysis.NearEvent{
		{Event: analysis.Event{ID: "E-000001", Kind: "deploy", What: "payments-api 4.18.0", Begins: at}, Drivers: []int{1}},
		{Event: analysis.Event{ID: "E-000002", Kind: "flag", What: "query-debug on", Begins: at.AddDate(0, 0, 1)}},
		{Event: analysis.Event{ID: "E-000003", Kind: "flag", What: "banner on", Begins: at.AddDate(0, 0, 1)}},
		{Event: analysis.Event{ID: "E-000004", Kind: "deploy", What: "long ago", Begins: at.AddDate(0, 0, -60)}},
	}
	return a
}

// marked is a week, which is drawn as columns but for its event.
func marked() *analysis.Answer {
	a := week()
	a.Events = []analysis.NearEvent{{Event: analysis.Event{ID: "E-000001", Kind: "deploy", What: "payments-api 4.18.0", Begins: nov(18).Add(9 * time.Hour)}}}
	return a
}

func cases() map[string]*analysis.Answer {
	byMonth := &analysis.Series{Lines: []analysis.SeriesLine{line("Spend", 12, func(i int) int64 { return 700000000 + int64(i*i)*12100000 })}}
	for i := range 12 {
		byMonth.Days = append(byMonth.Days, analysis.Day(2025, time.Month(12+i), 1))
	}
	months := daily("Spend in the last 12 months.", byMonth)
	months.Reading.Grain = analysis.ByMonth
	return map[string]*analysis.Answer{"rise": rise(), "fall": fall(), "opposite": opposite(), "zero_baseline": zeroBaseline(), "credits": credits(),
		"crossing": crossing(), "fifty": fifty(), "hostile": hostile(), "breakdown": breakdown(), "week": week(), "flat": flat(), "many": many(),
		"both": both(), "events": eventful(), "marked": marked(), "top4": topN(4), "top30": topN(30), "movers": movers(), "months": months}
}
