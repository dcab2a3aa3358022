package ingest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spendbot/analysis/ingest/dialect"
)

func TestAMappingOfOnesOwn(t *testing.T) {
	d, err := dialect.Custom([]byte(`
name: Data centre
provider: "O'Hara's \"cellar\"; --"
currency: EUR
columns:
  ChargePeriodStart: month
  ServiceName: {column: what, map: {"rack's": Racks}, else: Other}
  BilledCost: paid
  ContractedCost: agreed
  ChargeCategory: {column: kind, map: {t: Tax}, else: Usage}
tags: {"team": owner, 'cost "centre"': cc}
`))
	if err != nil {
		t.Fatal(err)
	}
	s, res, err := loadMeter(t, d, map[string]string{"dc.csv": "Month;What;Paid;Agreed;Kind;Owner;CC;Note\n2026-10;rack's;1200.50;1100;u;infra;\"a \"\"1\"\"\";x\n2026-10;power;80;;t;;;\n2026-11-03;power;7;7;u;web;;\n"})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(res.Load.Rows, res.Load.Periods, res.Load.Totals["EUR"].Billed, res.Load.Totals["EUR"].Effective, res.Load.Totals["EUR"].Contracted, res.Load.Totals["EUR"].List); got != "3 [2026-10 2026-11] 1287.5 1287.5 1107 <nil>" {
		t.Errorf("loaded %s", got)
	}
	sn, err := s.Snapshot(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer sn.Close()
	rows, _, err := sn.Query(t.Context(), "rows", "SELECT CAST(ChargePeriodStart AS DATE), ServiceName, ChargeCategory, Tags, ServiceProviderName FROM charges ORDER BY 1, 2")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, r := range rows.Values {
		fmt.Fprintln(&got, r...)
	}
	want := `2026-10-01 00:00:00 +0000 UTC Other Tax <nil> O'Hara's "cellar"; --
2026-10-01 00:00:00 +0000 UTC Racks Usage {"cost \"centre\"":"a \"1\"","team":"infra"} O'Hara's "cellar"; --
2026-11-03 00:00:00 +0000 UTC Other Usage {"team":"web"} O'Hara's "cellar"; --
`
	if got.String() != want {
		t.Errorf("rows are\n%swant\n%s", got.String(), want)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x.csv"), []byte("a,b\n1,2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(t.Context(), s, filepath.Join(dir, "x.csv"), Options{Mappings: []*dialect.Dialect{d}}); err == nil || !strings.Contains(err.Error(), `lacks columns that the mapping Data centre reads`) || !strings.Contains(err.Error(), "paid, kind, month") {
		t.Errorf("another file: %v", err)
	}
}

// TestDialectsNameColumnsThatExist keeps a misspelt column from being null for ever.
func TestDialectsNameColumnsThatExist(t *testing.T) {
	for _, d := range append(dialect.Built(), meter()) {
		for _, v := range d.Variants {
			check := func(name string) {
				name = strings.TrimSuffix(name, "_total")
				if _, ok := d.Column(name); !ok {
					t.Errorf("%s: a control of %s reads %q, which is no column of it", d.ID, v.Name, name)
				}
			}
			conds := func(cs []dialect.Cond) {
				for _, c := range cs {
					check(c.Column)
				}
			}
			for _, w := range v.Witness {
				conds(w)
			}
			for _, c := range v.Rows {
				conds(c.When)
			}
			for _, rules := range []dialect.Rules{v.Billed, v.Effective, v.List, v.Contracted} {
				for _, r := range rules {
					conds(r.When)
					for _, n := range append(append([]string{}, r.Plus...), r.Minus...) {
						check(n)
					}
				}
			}
		}
		for _, list := range [][]string{d.Key.Account, d.Key.Month, d.Key.Currency, d.Key.ProviderColumns} {
			for _, n := range list {
				if _, ok := d.Column(n); !ok {
					t.Errorf("%s: its key reads %q, which is no column of it", d.ID, n)
				}
			}
		}
	}
}
