package dialect

import (
	"strings"
	"testing"
)

const hosts = `
name: Datadog usage
provider: Datadog
currency: {column: Currency}
columns:
  ChargePeriodStart: Date
  BillingAccountId: Org
  ServiceName: {column: Product, map: {infra_host: Infrastructure hosts}}
  BilledCost: Amount
  ConsumedQuantity: Units
tags: {team: Team, env: Environment}
`

func TestCustomMappings(t *testing.T) {
	d, err := Custom([]byte(hosts))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Detect([]*Dialect{d}, []string{"date", "ORG", "product", "amount", "units", "team", "environment", "currency", "other"})
	if err != nil || r == nil || !r.Has("c1") || r.Bound[8].Column != "" {
		t.Fatalf("its header is read as %+v, %v", r, err)
	}
	if r, err := Detect([]*Dialect{d}, []string{"date", "org"}); r != nil || err != nil {
		t.Errorf("a header without its columns is read as %+v, %v", r, err)
	}
	other, err := Custom([]byte(hosts + "\n# changed\n"))
	if err != nil || other.Mapping() == d.Mapping() {
		t.Errorf("a changed mapping has the same name %q (%v)", d.Mapping(), err)
	}
}

func TestBadMappings(t *testing.T) {
	for _, c := range []struct{ yaml, want string }{
		{"", "empty"},
		{"name: [", "not understood"},
		{hosts + "\nnonsense: 1\n", "nonsense"},
		{strings.Replace(hosts, "name: Datadog usage", "name: ''", 1), "name:"},
		{strings.Replace(hosts, "BilledCost: Amount", "EffectiveCost: Amount", 1), "BilledCost is missing"},
		{strings.Replace(hosts, "BilledCost: Amount", "BilledCost: {value: '1'}", 1), "cannot be one value"},
		{strings.Replace(hosts, "ConsumedQuantity:", "Consumed:", 1), "Consumed is no column of FOCUS"},
		{strings.Replace(hosts, "ConsumedQuantity: Units", "ConsumedQuantity: Date", 1), "two kinds"},
		{strings.Replace(hosts, "currency: {column: Currency}", "currency: euro", 1), "three letters"},
		{strings.Replace(hosts, "provider: Datadog", "", 1), "provider:"},
		{strings.Replace(hosts, "Units", "'--'", 1), "no name of a column"},
		{strings.Repeat("# x\n", mostMapping), "bytes long"},
	} {
		if _, err := Custom([]byte(c.yaml)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60q: got %v, want %q", c.yaml, err, c.want)
		}
	}
}

func FuzzCustom(f *testing.F) {
	f.Add([]byte(hosts))
	f.Add([]byte("name: a'b\nprovider: x'); DROP TABLE y; --\ncurrency: EUR\ncolumns: {BilledCost: a, ChargePeriodStart: b, ServiceName: {value: \"'\"}}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := Custom(text)
		if err != nil {
			return
		}
		if strings.Count(d.SQL, "'")%2 != 0 {
			t.Errorf("unbalanced quotes in %s", d.SQL)
		}
		if len(d.Variants) != 1 || len(d.Key.Month) == 0 {
			t.Errorf("half a dialect: %+v", d)
		}
	})
}
