package demo

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

var (
	//go:embed accounts.tsv
	accountsTSV string
	//go:embed skus.tsv
	skusTSV string
	//go:embed spend.tsv
	spendTSV string
)

// payer is who sends one bill: its files go to one folder, in one FOCUS version and one currency.
type payer struct {
	key, provider, issuer string
	id, name              string
	version               string
	currency              string
	discount              int64 // negotiated, in percent off the list price
	accountType           string
	billingType           string
}

var payers = []payer{
	{"aws", "AWS", "Amazon Web Services, Inc.", "771402958813", "Mayfly Commerce", "1.2", "USD", 7, "Account", "Payer Account"},
	{"azure", "Microsoft", "Microsoft", "5d1e8b90-3c77-4b1a-9e50-0f6b7a2c4d18", "Mayfly Commerce", "1.0", "USD", 4, "Subscription", "Billing Profile"},
	{"azure-eu", "Microsoft", "Microsoft", "c2f7a6d4-81be-49a0-b6e3-7d5094f1e32a", "Mayfly Commerce Europe", "1.2", "EUR", 4, "Subscription", "Billing Profile"},
	{"google", "Google Cloud", "Google Cloud", "01A4F7-3C92D0-8B6E15", "Mayfly Commerce", "1.3", "USD", 5, "Project", "Billing Account"},
}

type account struct {
	payer, name, id, team, env string
}

type sku struct {
	key, provider, service, category, subcategory, meter, unit string
	price                                                      micro // list, in USD, in the cheapest region
	usageType, operation, instance, resourceType, rhythm       string
	noise                                                      int64 // percent a day
}

// line is a line of spend.tsv: one account buying one thing in one region for one purpose.
type line struct {
	index   int
	account account
	sku     *sku
	region  region
	usd     micro // a day, at the contracted price, at the end of the year shown
	growth  int   // percent a quarter
	app     string
	tags    []tag
	planted string // the event this line takes part in
	salt    uint64
}

type tag struct{ key, value string }

type region struct {
	id, name, code string
	premium        int64 // percent on the list price
}

var regions = map[string]region{
	"us-east-1":      {"us-east-1", "US East (N. Virginia)", "USE1", 0},
	"us-east-2":      {"us-east-2", "US East (Ohio)", "USE2", 0},
	"us-west-2":      {"us-west-2", "US West (Oregon)", "USW2", 0},
	"eu-west-1":      {"eu-west-1", "EU (Ireland)", "EU", 8},
	"eu-central-1":   {"eu-central-1", "EU (Frankfurt)", "EUC1", 10},
	"ap-southeast-2": {"ap-southeast-2", "Asia Pacific (Sydney)", "APS2", 15},
	"eastus":         {"eastus", "East US", "", 0},
	"westeurope":     {"westeurope", "West Europe", "", 8},
	"us-central1":    {"us-central1", "Iowa", "", 0},
	"europe-west1":   {"europe-west1", "Belgium", "", 8},
}

type company struct {
	accounts map[string]account
	skus     map[string]*sku
	lines    []line
}

func readCompany() (*company, error) {
	c := &company{accounts: map[string]account{}, skus: map[string]*sku{}}
	err := eachRow("accounts.tsv", accountsTSV, 5, func(f []string) error {
		c.accounts[f[1]] = account{f[0], f[1], f[2], f[3], f[4]}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = eachRow("skus.tsv", skusTSV, 14, func(f []string) error {
		price, err := parseMicro(f[7])
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(f[13], 10, 64)
		if err != nil {
			return err
		}
		if _, ok := rhythms[f[12]]; !ok {
			return fmt.Errorf("unknown rhythm %q", f[12])
		}
		c.skus[f[0]] = &sku{f[0], f[1], f[2], f[3], f[4], f[5], f[6], price, f[8], f[9], f[10], f[11], f[12], n}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return c, eachRow("spend.tsv", spendTSV, 8, func(f []string) error {
		l := line{index: len(c.lines), app: f[5], planted: f[7]}
		var ok bool
		if l.account, ok = c.accounts[f[0]]; !ok {
			return fmt.Errorf("unknown account %q", f[0])
		}
		if l.sku, ok = c.skus[f[1]]; !ok {
			return fmt.Errorf("unknown SKU %q", f[1])
		}
		if l.region, ok = regions[f[2]]; !ok {
			return fmt.Errorf("unknown region %q", f[2])
		}
		var err error
		if l.usd, err = parseMicro(f[3]); err != nil {
			return err
		}
		if l.growth, err = strconv.Atoi(f[4]); err != nil {
			return err
		}
		if _, ok := dailyGrowth[l.growth]; !ok {
			return fmt.Errorf("no table for a growth of %d%%", l.growth)
		}
		if f[6] != "" {
			for kv := range strings.SplitSeq(f[6], ",") {
				k, v, _ := strings.Cut(kv, "=")
				l.tags = append(l.tags, tag{k, v})
			}
		}
		// Not the line's number: a line added above would reshuffle all that follow.
		l.salt = hashString(strings.Join([]string{f[0], f[1], f[2], f[5], f[7]}, "/"))
		c.lines = append(c.lines, l)
		return nil
	})
}

func eachRow(name, tsv string, cells int, do func([]string) error) error {
	for i, row := range strings.Split(strings.TrimRight(tsv, "\n"), "\n") {
		f := strings.Split(row, "\t")
		if len(f) != cells {
			return fmt.Errorf("%s: line %d: %d cells, expected %d", name, i+1, len(f), cells)
		}
		if i == 0 {
			continue
		}
		if err := do(f); err != nil {
			return fmt.Errorf("%s: line %d: %w", name, i+1, err)
		}
	}
	return nil
}

// listPrice is the public price in USD in the line's region, before any planted price change.
func (l *line) listPrice() micro { return l.sku.price * (100 + l.region.premium) / 100 }

// linesOf are the lines on a payer's bill.
func (c *company) linesOf(key string) []line {
	return slices.Collect(func(yield func(line) bool) {
		for _, l := range c.lines {
			if l.account.payer == key && !yield(l) {
				return
			}
		}
	})
}
