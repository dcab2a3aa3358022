package demo

import (
	"fmt"
	"strings"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/event"
)

// happened are what people at the company did, by the day of a planted event or counted from the last week's Monday, with the time of the
// day. Some lie near what changed in the bill and some far from it, and none is the cause of anything by being in this list.
var happened = []struct {
	day   func(a anchors, p planted) time.Time
	clock string
	what  string // as people type it
}{
	{weeksAgo(5, 2), "10:05", "deploy payments-api 4.16.3 team=payments account=payments-prod by=ben"},
	{weeksAgo(4, 4), "14:20", "flag recommendations-carousel on team=web account=web-prod by=ana"},
	{weeksAgo(3, 2), "09:48", "deploy payments-api 4.17.0 team=payments account=payments-prod by=ben"},
	{weeksAgo(2, 1), "16:31", "deploy storefront 9.1.2 team=web account=web-prod by=ci"},
	{weeksAgo(1, 3), "11:02", "deploy query-service 2.6.4 team=search account=search-prod by=chloe"},
	{weeksAgo(1, 5), "13:15", "scaling checkout to 24 replicas team=payments account=payments-prod env=prod by=hpa"},
	{func(_ anchors, p planted) time.Time { return p.tier }, "02:00", `config "lake lifecycle: Infrequent Access after 30 days" team=data account=data-lake region=us-east-1 service="Amazon Simple Storage Service" by=terraform`},
	{func(_ anchors, p planted) time.Time { return p.tier }, "17:05", "deploy storefront 9.2.0 team=web account=web-prod by=ci"},
	{func(_ anchors, p planted) time.Time { return p.nat }, "09:12", "deploy payments-api 4.18.0 team=payments account=payments-prod region=us-east-1 env=prod by=ben link=https://ci.mayfly.example/payments-api/812"},
	{func(_ anchors, p planted) time.Time { return p.logs }, "08:41", `flag "query-debug on" team=search account=search-prod by=chloe`},
	{func(_ anchors, p planted) time.Time { return p.planEnd }, "00:00", "commitment sp-0a1f ended provider=AWS"},
	{func(_ anchors, p planted) time.Time { return p.gpuFrom }, "07:30", `scaling "training cluster to 3 p4d.24xlarge" team=ml account=ml-training region=us-east-1 by=gil`},
	{func(_ anchors, p planted) time.Time { return p.gpuTo }, "09:05", `scaling "training cluster to 1 p4d.24xlarge" team=ml account=ml-training region=us-east-1 by=gil`},
	{func(_ anchors, p planted) time.Time { return p.move }, "08:00", `config "recs-prod moves from team search to team ml" account=recs-prod by=finops`},
	{func(_ anchors, p planted) time.Time { return p.churnFrom }, "06:00", `config "web fleet is replaced every three days" team=web account=web-prod by=terraform`},
}

// weeksAgo is a weekday (1 is Monday) so many weeks before the last whole one.
func weeksAgo(weeks, weekday int) func(anchors, planted) time.Time {
	return func(a anchors, _ planted) time.Time { return a.inWeek(weekday).AddDate(0, 0, -7*weeks) }
}

// Happened is what the company did to its systems in the months before now, as somebody told of it.
func Happened(now time.Time) ([]analysis.Event, error) {
	a := anchorsOf(now, 4, 0) // of the first day nothing here depends
	p := plant(a)
	var out []analysis.Event
	for i, h := range happened {
		day := h.day(a, p)
		e, err := event.Words(h.what+" at="+day.Format(time.DateOnly)+"T"+h.clock+"Z", nil, now)
		if err != nil {
			return nil, fmt.Errorf("event %d of the demo (%s): %w", i+1, h.what, err)
		}
		if e.Begins.After(now) {
			continue
		}
		e.Source = "demo"
		e.Key = "demo/" + strings.ReplaceAll(e.What, " ", "-") + "/" + day.Format(time.DateOnly)
		out = append(out, e)
	}
	return out, nil
}
