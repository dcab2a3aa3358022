package ingest_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
)

// googleNet adds up cost and credits of a flattened export by itself.
func googleNet(t testing.TB, path string) decimal.Decimal {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	amount := regexp.MustCompile(`'amount': ([-0-9.e]+)`)
	sum := decimal.Zero
	for _, r := range rows[1:] {
		for i, h := range rows[0] {
			switch h {
			case "cost":
				sum = sum.Add(decimal.RequireFromString(r[i]))
			case "credits":
				for _, m := range amount.FindAllStringSubmatch(r[i], -1) {
					sum = sum.Add(decimal.RequireFromString(m[1]))
				}
			}
		}
	}
	return sum
}

func TestSampleGoogleExportsLoadToTheirOwnTotal(t *testing.T) {
	dir := shared(t, "gcp")
	for name, want := range map[string]string{"202011_2020-11-08_2020-11-11.csv": "0", "2022-08-01_5.csv": "0.000012"} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			path := filepath.Join(dir, name)
			r := load(t, s, path)
			net := googleNet(t, path)
			if name == "2022-08-01_5.csv" && net.String() != want {
				t.Fatalf("the test finds %s in the file", net)
			}
			if got := r.Load.Totals["USD"]; !got.Billed.Equal(net) || !got.Effective.Equal(net) {
				t.Errorf("billed %v, effective %v, the file's costs and credits are %s", got.Billed, got.Effective, net)
			}
			if got := ask(t, s, "SELECT sum(BilledCost) FROM daily"); !decimal.RequireFromString(got).Equal(net) {
				t.Errorf("the store holds %s, the file %s", got, net)
			}
			t.Log(strings.Join(r.Load.Warnings, "\n"))
		})
	}
}
