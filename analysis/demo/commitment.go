package demo

import (
	"slices"
	"time"
)

// plan is a commitment: a fixed sum per hour that pays for eligible usage at a reduced rate, whether used or not.
type plan struct {
	id, name, kind string
	category       string // FOCUS CommitmentDiscountCategory: "Spend" or "Usage"
	payer, buyer   string // the payer's key and the account that bought it
	skus           []string
	region         string // "" for any
	off            int64  // percent off the list price
	start, end     time.Time
	hourly         micro // the commitment per hour
	upfront        bool  // paid at start, else as it runs
}

func plans(a anchors, p planted) []plan {
	long := a.known.AddDate(3, 0, 0)
	ago := a.first.AddDate(-1, 0, 0)
	fleet := []string{"ec2-m5", "ec2-m6g", "ec2-m6i", "ec2-c6i", "ec2-r6g", "ec2-t3"}
	const spend, usage = "Spend", "Usage"
	renewed := a.inMonth(4, 5)
	return []plan{
		{endingPlan, "compute-3y-2023", "Compute Savings Plan", spend, "aws", "platform-prod", fleet, "", 32, ago, p.planEnd, 53_000_000, false},
		{"sp-7c3e", "compute-1y-base", "Compute Savings Plan", spend, "aws", "platform-prod", fleet, "", 32, ago, long, 152_000_000, false},
		{"sp-51d9", "compute-1y-summer", "Compute Savings Plan", spend, "aws", "platform-prod", fleet, "", 32, a.inMonth(6, 9), long, 41_000_000, false},
		{"sp-b2e0", "sagemaker-1y", "SageMaker Savings Plan", spend, "aws", "ml-prod", []string{"sagemaker-g5", "sagemaker-m5"}, "", 30, a.inMonth(7, 3), long, 25_500_000, false},
		{"ri-rds-2025", "rds-r6g-use1", "Reserved Instance", usage, "aws", "platform-prod", []string{"rds-r6g"}, "us-east-1", 35, ago, renewed, 13_000_000, true},
		{"ri-rds-2026", "rds-r6g-use1", "Reserved Instance", usage, "aws", "platform-prod", []string{"rds-r6g"}, "us-east-1", 35, renewed, renewed.AddDate(1, 0, 0), 14_000_000, true},
		{"reservation-vm-d4", "D4s_v5 East US 1y", "Reservation", usage, "azure", "corp-prod", []string{"vm-d4"}, "eastus", 38, ago, long, 8_600_000, false},
		{"cud-n2-flex", "flexible-cud-1y", "Flexible CUD", spend, "google", "ads-prod", []string{"gce-n2"}, "", 28, ago, long, 12_600_000, false},
	}
}

func (p *plan) active(day time.Time) bool { return !day.Before(p.start) && day.Before(p.end) }

// daily is the commitment of a day.
func (p *plan) daily() pico { return p.hourly * 24 * one }

// rate is the unit price a line pays under the plan.
func (p *plan) rate(l *line) micro { return l.listPrice() * (100 - p.off) / 100 }

func (p *plan) covers(l *line) bool {
	return p.payer == l.account.payer && (p.region == "" || p.region == l.region.id) && slices.Contains(p.skus, l.sku.key)
}

// coverage is who paid for what on one day.
type coverage struct {
	open   []micro   // by line: the quantity no plan covers
	by     [][]micro // by plan and line: the quantity it covers; nil for a plan that is not active
	unused []pico    // by plan
}

// cover lets the active plans pay for eligible usage, one plan after the other, each covering the same share of every
// line. What a plan cannot use, if only by rounding, is its unused part: used and unused make the commitment exactly.
func (g *bill) cover(quantities []micro, active func(*plan) bool, c *coverage) {
	c.open = append(c.open[:0], quantities...)
	if c.by == nil {
		c.by = make([][]micro, len(g.plans))
		c.unused = make([]pico, len(g.plans))
	}
	for i := range g.plans {
		p := &g.plans[i]
		c.unused[i] = 0
		c.by[i] = c.by[i][:0]
		if !active(p) {
			continue
		}
		var demand pico
		for _, at := range g.eligible[i] {
			demand += g.rates[i][at] * c.open[at]
		}
		c.by[i] = append(c.by[i], make([]micro, len(quantities))...)
		left := p.daily()
		for _, at := range g.eligible[i] {
			q := c.open[at]
			if demand > p.daily() {
				q = mulDiv(q, p.daily(), demand)
			}
			c.by[i][at] = q
			c.open[at] -= q
			left -= g.rates[i][at] * q
		}
		c.unused[i] = left
	}
}

// effective is the effective cost of the lines that plans may cover, unused parts included.
func (g *bill) effective(c *coverage) pico {
	var sum pico
	for at := range g.lines {
		if !g.coverable[at] {
			continue
		}
		sum += g.contracted[at] * c.open[at]
		for i := range c.by {
			if len(c.by[i]) > 0 {
				sum += g.rates[i][at] * c.by[i][at]
			}
		}
	}
	for _, u := range c.unused {
		sum += u
	}
	return sum
}
