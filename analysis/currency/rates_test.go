package currency_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"spendbot/analysis"
	"spendbot/analysis/currency"
)

const ecb = "Date,USD,JPY,GBP,\n2026-11-20,1.0500,160,0.84,\n2026-11-13,1.0600,158,N/A,\n2026-10-30,1.0800,164,0.85,\n2026-10-15,1.1000,162,0.86,\n"

func parse(t testing.TB, text string) *currency.Table {
	t.Helper()
	r, err := currency.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	r.Name = "rates.csv"
	return r
}

func day(s string) time.Time {
	d, err := time.Parse(analysis.DateLayout, s)
	if err != nil {
		panic(err)
	}
	return d
}

func TestRates(t *testing.T) {
	own := "date,from,to,rate\n2026-10-01,USD,EUR,0.9\n2026-10-31,USD,EUR,0.8\n2026-10-01,CHF,EUR,1.05\n2026-10-01,USD,INR,83.5\n"
	for name, c := range map[string]struct {
		text, from, to, on string
		month              bool
		want               string // the rate and the days it is of; or the error
	}{
		"as it is given":                 {ecb, "EUR", "USD", "2026-11-20", false, "1.05 2026-11-20 2026-11-20"},
		"the other way round":            {ecb, "USD", "EUR", "2026-11-20", false, "0.95238095238095 2026-11-20 2026-11-20"},
		"across the euro":                {ecb, "USD", "JPY", "2026-11-20", false, "152.38095238095238 2026-11-20 2026-11-20"},
		"the weekend after":              {ecb, "USD", "EUR", "2026-11-22", false, "0.95238095238095 2026-11-20 2026-11-20"},
		"seven days after":               {ecb, "EUR", "USD", "2026-11-27", false, "1.05 2026-11-20 2026-11-20"},
		"eight days after":               {ecb, "EUR", "USD", "2026-11-28", false, "there is no exchange rate from EUR to USD for 28 November 2026 in rates.csv; rates of the 7 days before count too"},
		"before the first":               {ecb, "USD", "EUR", "2026-10-14", false, "there is no exchange rate from USD to EUR for 14 October 2026 in rates.csv; rates of the 7 days before count too"},
		"N/A is a day without":           {ecb, "EUR", "GBP", "2026-11-13", false, "there is no exchange rate from EUR to GBP for 13 November 2026 in rates.csv; rates of the 7 days before count too"},
		"one side of two is missing":     {ecb, "USD", "GBP", "2026-11-13", false, "there is no exchange rate from USD to GBP for 13 November 2026 in rates.csv; rates of the 7 days before count too"},
		"an unknown currency":            {ecb, "SEK", "EUR", "2026-11-20", false, "there is no exchange rate from SEK to EUR for 20 November 2026 in rates.csv; rates of the 7 days before count too"},
		"itself":                         {ecb, "SEK", "SEK", "2026-11-20", false, "1 0001-01-01 0001-01-01"},
		"a month's mean":                 {ecb, "EUR", "USD", "2026-10-07", true, "1.09 2026-10-15 2026-10-30"},
		"a mean the other way round":     {ecb, "USD", "EUR", "2026-10-31", true, "0.91743119266055 2026-10-15 2026-10-30"},
		"a quotient of means":            {ecb, "USD", "JPY", "2026-10-01", true, "149.54128440366972 2026-10-15 2026-10-30"},
		"a month without, after one":     {ecb, "EUR", "USD", "2026-12-01", true, "there is no exchange rate from EUR to USD for December 2026 in rates.csv"},
		"a month that begins with none":  {strings.Replace(ecb, "2026-11-20", "2026-11-28", 1), "EUR", "USD", "2026-12-01", true, "1.05 2026-11-28 2026-11-28"},
		"one's own":                      {own, "USD", "EUR", "2026-10-01", false, "0.9 2026-10-01 2026-10-01"},
		"one's own inverted":             {own, "EUR", "USD", "2026-10-31", false, "1.25 2026-10-31 2026-10-31"},
		"one's own across the euro":      {own, "CHF", "USD", "2026-10-02", false, "1.16666666666667 2026-10-01 2026-10-01"},
		"not across another":             {own, "INR", "EUR", "2026-10-02", false, "there is no exchange rate from INR to EUR for 2 October 2026 in rates.csv; rates of the 7 days before count too"},
		"one's own month":                {own, "USD", "EUR", "2026-10-02", true, "0.85 2026-10-01 2026-10-31"},
		"columns in another order":       {"\ufeffRate,To,Date,From\n2,usd,2026-10-01,eur\n", "EUR", "USD", "2026-10-01", false, "2 2026-10-01 2026-10-01"},
		"the ECB's file of one day":      {"Date, USD, JPY, \n20 November 2026, 1.05, 160, \n", "EUR", "JPY", "2026-11-20", false, "160 2026-11-20 2026-11-20"},
		"a rate too large for a product": {"date,from,to,rate\n2026-10-01,USD,EUR,0.0000001\n", "EUR", "USD", "2026-10-01", false, "there is no exchange rate from EUR to USD for 1 October 2026 in rates.csv; rates of the 7 days before count too"},
	} {
		t.Run(name, func(t *testing.T) {
			table := parse(t, c.text)
			of := table.Day
			if c.month {
				of = table.Month
			}
			r, err := of(c.from, c.to, day(c.on))
			got := fmt.Sprint(r.Value, " ", r.From.Format(analysis.DateLayout), " ", r.Until.Format(analysis.DateLayout))
			if err != nil {
				got = err.Error()
				if m := (*currency.MissingError)(nil); !errors.As(err, &m) || m.From != c.from || m.To != c.to {
					t.Errorf("the error is a %T", err)
				}
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestFilesThatAreNoRates(t *testing.T) {
	for text, want := range map[string]string{
		"":                                       "the file is empty",
		"a,b\n1,2\n":                             "the header is neither",
		"Date\n2026-10-01\n":                     "the header is neither",
		"Date,USD\n":                             "there is no rate in it",
		"Date,USD\n2026-10-01,N/A\n":             "there is no rate in it",
		"Date,USD,Dollars\n2026-10-01,1,1\n":     `the header has "DOLLARS"`,
		"Date,EUR\n2026-10-01,1\n":               `the header has "EUR"`,
		"Date,USD\n2026-10-01,1\n2026-10-01,2\n": "EUR to USD has two rates on 2026-10-01",
		"Date,USD\n01/10/2026,1\n":               `line 2: "01/10/2026" is not a day`,
		"Date,USD\n2026-10-01,1,2,3\n":           "line 2: 4 fields, the header has 2",
		"Date,USD\n2026-10-01,0\n":               `line 2: "0" is not a rate`,
		"Date,USD\n2026-10-01,-1\n":              `"-1" is not a rate`,
		"Date,USD\n2026-10-01,\"1,05\"\n":        `"1,05" is not a rate`,
		"Date,USD\n2026-10-01,1e5\n":             `"1e5" is not a rate`,
		"Date,USD\n2026-10-01,1000000\n":         `"1000000" is not a rate`,
		"Date,USD\n2026-10-01," + strings.Repeat("1", 50) + "\n":              "is not a rate",
		"date,from,to,rate\n2026-10-01,USD,USD,1\n":                           "line 2: a rate from USD to itself",
		"date,from,to,rate\n2026-10-01,US,EUR,1\n":                            `"US" is not the code of a currency`,
		"date,from,to,rate\n2026-10-01,USD,EUR\n":                             "line 2: 3 fields, the header has 4",
		"date,from,to,rate\n1026-10-01,USD,EUR,1\n":                           `"1026-10-01" is not a day`,
		"date,from,to,rate\n2026-10-01,USD,EUR,0.9\n2026-10-01,USD,EUR,0.9\n": "USD to EUR has two rates",
	} {
		if _, err := currency.Parse(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := currency.Read("nosuch.csv"); err == nil || !strings.Contains(err.Error(), "currency rates: open nosuch.csv") {
		t.Errorf("a file that is not there: %v", err)
	}
}

// TestThereAndBack holds for any rates: going there and back is 1 up to the rounding of both.
func TestThereAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := func(name string) decimal.Decimal {
			return decimal.New(rapid.Int64Range(1_000_000, 99_999_999_999).Draw(t, name), -8) // 0.01 to 999.99999999
		}
		a, b := rate("a"), rate("b")
		table, err := currency.Parse(strings.NewReader("Date,AAA,BBB\n2026-10-01," + a.String() + "," + b.String() + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		there, err := table.Day("AAA", "BBB", day("2026-10-01"))
		if err != nil {
			t.Fatal(err)
		}
		back, err := table.Day("BBB", "AAA", day("2026-10-01"))
		if err != nil {
			t.Fatal(err)
		}
		if want := b.DivRound(a, currency.Scale); !there.Value.Equal(want) {
			t.Errorf("%s/%s is %s, want %s", b, a, there.Value, want)
		}
		// Each is off by half a digit at most, times the other.
		most := there.Value.Add(back.Value).Add(decimal.NewFromInt(1)).Mul(decimal.New(1, -currency.Scale))
		if off := there.Value.Mul(back.Value).Sub(decimal.NewFromInt(1)).Abs(); off.GreaterThan(most) {
			t.Errorf("there and back is off by %s, more than %s", off, most)
		}
	})
}

// FuzzParse: whatever the file, it is refused or its rates are positive numbers that are found again.
func FuzzParse(f *testing.F) {
	for _, s := range []string{ecb, "date,from,to,rate\n2026-10-01,USD,EUR,0.9\n", "\ufeffDate,USD\r\n2026-10-01,\"1.5\"\r\n", "Date, USD\n20 November 2026, 1\n", "date,from,to,rate\n\"", "Date,USD,,\n2026-10-01,1,2,\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		table, err := currency.Parse(strings.NewReader(text))
		if err != nil {
			return
		}
		codes := table.Currencies()
		if len(codes) < 2 {
			t.Fatalf("rates of %q", codes)
		}
		for _, a := range codes[:min(3, len(codes))] {
			for _, b := range codes[:min(3, len(codes))] {
				for _, of := range []func(string, string, time.Time) (currency.Rate, error){table.Day, table.Month} {
					if r, err := of(a, b, day("2026-10-01")); err == nil && (!r.Value.IsPositive() || r.Value.Exponent() < -currency.Scale && !r.Value.Equal(r.Value.Round(currency.Scale))) {
						t.Errorf("%s to %s: %s", a, b, r.Value)
					}
				}
			}
		}
	})
}
