package demo

import (
	"fmt"
	"time"

	"spendbot/analysis"
)

// Event is something planted in the data: what it is, when it began, and what it did to the cost.
type Event struct {
	Name string `json:"name"`
	// Kind is the effect under which an explanation should show it.
	Kind analysis.Effect `json:"kind"`
	// Slice is the narrowest slice that holds it, by FOCUS column or "tag:KEY".
	Slice map[string]string `json:"slice"`
	// Start is its first day; End the day after its last, which is the end of the data where it goes on.
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
	// Question is how a person would come across it; it names the two periods.
	Question string          `json:"question"`
	Current  analysis.Period `json:"current"`
	Baseline analysis.Period `json:"baseline"`
	// Amount is what it did to the effective cost between the two periods: the change as it is in the files less the
	// change there would have been without the event, exactly, noise and all else being equal.
	Amount analysis.Amount `json:"amount"`
	Note   string          `json:"note"`
}

// Fixable are the events that somebody can end ([Options].Fixed), by the usage type that their slice is of.
var Fixable = map[string]string{"USE1-NatGateway-Bytes": natLoop, "USE1-DataProcessing-Bytes": logRunaway}

// The planted lines of spend.tsv and the events, by name.
const (
	natLoop    = "nat-loop"
	logRunaway = "log-runaway"
	s3Out      = "s3-out"
	s3In       = "s3-in"
	s3Move     = "s3-tier-move"
	planEnds   = "commitment-ends"
	gpuLeftOn  = "gpu-left-on"
	gpuOff     = "gpu-switched-off"
	gpu        = "gpu"
	gpuBase    = "gpu-base"
	priceRise  = "list-price"
	creditEnds = "credit-ends"
	correction = "correction"
	churn      = "churn"
	teamOut    = "team-move-out"
	teamIn     = "team-move-in"
)

// Sizes of the events.
const (
	natFactor   = 4_370_000 // the looping gateways; with the third one the slice comes to x4.1
	logFactor   = 2_300_000
	movedShare  = 660_000         // of the Standard bytes
	newScan     = 7_250_000       // BigQuery per TiB, +16%
	creditADay  = 420 * dollar    // Google's promotional credit
	wrongCharge = 6_418_72 * cent // given back by AWS
)

// Where they happen.
const (
	movedWho   = "recs-prod"
	movedFrom  = "search" // its team before
	movedTo    = "ml"     // and after
	endingPlan = "sp-0a1f"
	ec2        = "Amazon Elastic Compute Cloud"
	natService = "Amazon Virtual Private Cloud"
	s3         = "Amazon Simple Storage Service"
	transfer   = "AWS Data Transfer"
)

// planted holds the days of the events.
type planted struct {
	nat, logs, tier      time.Time
	planEnd              time.Time
	gpuFrom, gpuTo       time.Time
	price                time.Time
	creditEnd            time.Time
	correctionDay        time.Time
	correctionBilled     time.Time // first of the billing month
	churnFrom, churnTo   time.Time
	move                 time.Time
	week, weekBefore     analysis.Period
	month, monthBefore   analysis.Period
	month2, month2Before analysis.Period
	corrected            analysis.Period
}

func plant(a anchors) planted {
	billed := firstOf(a.known.AddDate(0, 0, -1))
	corrected := billed.AddDate(0, -1, 0)
	return planted{
		nat: a.inWeek(3), logs: a.inWeek(4), tier: a.inWeek(2),
		planEnd: a.inMonth(1, 16),
		gpuFrom: a.inMonth(2, 9), gpuTo: a.inMonth(2, 27),
		price:         a.inMonth(1, 1),
		creditEnd:     a.inMonth(1, 11),
		correctionDay: corrected.AddDate(0, 0, 19), correctionBilled: billed,
		churnFrom: a.inMonth(1, 1), churnTo: a.inMonth(1, 14),
		move: a.inMonth(1, 1),
		week: a.week(0), weekBefore: a.week(-1),
		month: a.monthAgo(1), monthBefore: a.monthAgo(2),
		month2: a.monthAgo(2), month2Before: a.monthAgo(3),
		corrected: analysis.MonthOf(corrected),
	}
}

// events describes what is planted; Amount is filled in from the ledger once everything is written.
func (p planted) events(c *company, end time.Time) []Event {
	id := func(name string) string { return c.accounts[name].id }
	monthOnMonth := func(of string) string {
		return fmt.Sprintf("why did %s change in %s vs %s?", of, p.month.Start.Month(), p.monthBefore.Start.Month())
	}
	before := analysis.MonthOf(p.corrected.Start.AddDate(0, -1, 0))
	return []Event{
		{
			Name: natLoop, Kind: analysis.EffVolume,
			Slice: map[string]string{
				"ServiceName": natService, "x_UsageType": "USE1-NatGateway-Bytes", "SubAccountId": id("payments-prod"), "RegionId": "us-east-1",
			},
			Start: p.nat, End: end, Question: "why did NAT cost change last week?", Current: p.week, Baseline: p.weekBefore,
			Note: "A retry loop sends traffic through the NAT gateways of payments-prod: usage x4.1, price unchanged, nat-0d2f and nat-19ac carry all of it.",
		},
		{
			Name: logRunaway, Kind: analysis.EffVolume,
			Slice: map[string]string{"ServiceName": "AmazonCloudWatch", "x_UsageType": "USE1-DataProcessing-Bytes", "SubAccountId": id("search-prod")},
			Start: p.logs, End: end, Question: "why did CloudWatch cost change last week?", Current: p.week, Baseline: p.weekBefore,
			Note: "Debug logging left on in search-prod: log ingestion x2.3.",
		},
		{
			Name: s3Move, Kind: analysis.EffVolume,
			Slice: map[string]string{"ServiceName": s3, "SubAccountId": id("data-lake"), "RegionId": "us-east-1"},
			Start: p.tier, End: end, Question: "why did S3 cost change last week?", Current: p.week, Baseline: p.weekBefore,
			Note: "Two thirds of the lake's Standard bytes move to Infrequent Access: two drivers of opposite sign, the same bytes. This is the net; the next two are its sides.",
		},
		{
			Name: s3Out, Kind: analysis.EffVolume,
			Slice: map[string]string{"ServiceName": s3, "x_UsageType": "USE1-TimedStorage-ByteHrs", "SubAccountId": id("data-lake"), "RegionId": "us-east-1"},
			Start: p.tier, End: end, Question: "why did S3 cost change last week?", Current: p.week, Baseline: p.weekBefore,
			Note: "The Standard side of the tier move.",
		},
		{
			Name: s3In, Kind: analysis.EffVolume,
			Slice: map[string]string{"ServiceName": s3, "x_UsageType": "USE1-TimedStorage-SIA-ByteHrs", "SubAccountId": id("data-lake"), "RegionId": "us-east-1"},
			Start: p.tier, End: end, Question: "why did S3 cost change last week?", Current: p.week, Baseline: p.weekBefore,
			Note: "The Infrequent Access side of the tier move.",
		},
		{
			Name: planEnds, Kind: analysis.EffCoverage,
			Slice: map[string]string{"ServiceName": ec2, "ServiceProviderName": "AWS"},
			Start: p.planEnd, End: end, Question: monthOnMonth("EC2 spend"), Current: p.month, Baseline: p.monthBefore,
			Note: "Savings plan sp-0a1f ends and is not renewed; what it covered is charged at the on-demand price. Less its own unused part, which ends too.",
		},
		{
			Name: gpuLeftOn, Kind: analysis.EffNewResources,
			Slice: map[string]string{"ServiceName": ec2, "x_UsageType": "USE1-BoxUsage:p4d.24xlarge", "SubAccountId": id("ml-training"), "RegionId": "us-east-1"},
			Start: p.gpuFrom, End: p.gpuTo,
			Question: fmt.Sprintf("why did spend of account ml-training change in %s vs %s?", p.month2.Start.Month(), p.month2Before.Start.Month()),
			Current:  p.month2, Baseline: p.month2Before,
			Note: "Two p4d.24xlarge left running after a training job, beside the one that runs regularly.",
		},
		{
			Name: gpuOff, Kind: analysis.EffRemovedRes,
			Slice: map[string]string{"ServiceName": ec2, "x_UsageType": "USE1-BoxUsage:p4d.24xlarge", "SubAccountId": id("ml-training"), "RegionId": "us-east-1"},
			Start: p.gpuTo, End: end, Question: monthOnMonth("spend of account ml-training"), Current: p.month, Baseline: p.monthBefore,
			Note: "The same cluster seen a month later. It was switched off before the current period began, so the change is there from its first day.",
		},
		{
			Name: priceRise, Kind: analysis.EffListPrice,
			Slice: map[string]string{"ServiceName": "BigQuery", "SkuMeter": "Analysis"},
			Start: p.price, End: end, Question: monthOnMonth("BigQuery cost"), Current: p.month, Baseline: p.monthBefore,
			Note: "On-demand analysis goes from $6.25 to $7.25 per TiB (before regional premium); the same scans as without.",
		},
		{
			Name: creditEnds, Kind: analysis.EffCredits,
			Slice: map[string]string{"ChargeCategory": "Credit", "ServiceProviderName": "Google Cloud", "SubAccountId": id("ml-research")},
			Start: p.creditEnd, End: end, Question: monthOnMonth("credits"), Current: p.month, Baseline: p.monthBefore,
			Note: "Google's promotional credit of $420 a day is used up.",
		},
		{
			Name: correction, Kind: analysis.EffRefunds,
			Slice: map[string]string{"ServiceName": transfer, "ChargeClass": "Correction", "SubAccountId": id("platform-prod")},
			Start: p.correctionDay, End: p.correctionDay.AddDate(0, 0, 1),
			Question: fmt.Sprintf("why did AWS Data Transfer cost change in %s vs %s?", p.corrected.Start.Month(), before.Start.Month()),
			Current:  p.corrected, Baseline: before,
			Note: "AWS takes back an overcharge: the row is in the bill of the following month and belongs to a day of the month before.",
		},
		{
			Name: churn, Kind: analysis.EffNewResources,
			Slice: map[string]string{"ServiceName": ec2, "x_UsageType": "USE1-BoxUsage:m6g.large", "SubAccountId": id("web-prod"), "RegionId": "us-east-1"},
			Start: p.churnFrom, End: p.churnTo, Question: monthOnMonth("EC2 spend of account web-prod"), Current: p.month, Baseline: p.monthBefore,
			Note: "Every three days the fleet is replaced, quantity unchanged: new and removed resources cancel but for days and noise, the true amount is zero.",
		},
		{
			Name: teamOut, Kind: analysis.EffRemovedSlice,
			Slice: map[string]string{"SubAccountId": id(movedWho), "tag:team": movedFrom},
			Start: p.move, End: end, Question: monthOnMonth("spend of team " + movedFrom), Current: p.month, Baseline: p.monthBefore,
			Note: "The account recs-prod is retagged from team search to team ml; the total does not change. An explanation shows what it cost in the baseline, which differs from this by noise, growth and days.",
		},
		{
			Name: teamIn, Kind: analysis.EffNewSlice,
			Slice: map[string]string{"SubAccountId": id(movedWho), "tag:team": movedTo},
			Start: p.move, End: end, Question: monthOnMonth("spend of team " + movedTo), Current: p.month, Baseline: p.monthBefore,
			Note: "The other side of the same move.",
		},
	}
}

// ledger holds what each event did to the effective cost of each day.
type ledger map[ledgerKey]*total

type ledgerKey struct {
	event string
	day   time.Time
}

func (l ledger) add(event string, day time.Time, p pico) {
	k := ledgerKey{event, day}
	if l[k] == nil {
		l[k] = &total{}
	}
	l[k].add(p)
}

func (l ledger) merge(m ledger) {
	for k, t := range m {
		if l[k] == nil {
			l[k] = &total{}
		}
		l[k].addTotal(*t)
	}
}

// between is an event's part of the change from the baseline to the current period.
func (l ledger) between(event string, current, baseline analysis.Period) analysis.Amount {
	var cur, base total
	for k, t := range l {
		if k.event != event {
			continue
		}
		if current.Contains(k.day) {
			cur.addTotal(*t)
		}
		if baseline.Contains(k.day) {
			base.addTotal(*t)
		}
	}
	return cur.decimal().Sub(base.decimal())
}
