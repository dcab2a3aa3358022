package ingest_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spendbot/analysis/ingest"
	"spendbot/analysis/store"
)

// TestQuirks loads small files, each with something that real exports have and the specification does not, or does and
// readers get wrong.
func TestQuirks(t *testing.T) {
	tests := map[string]struct {
		text  string
		name  string // of the file; bill.csv
		query string
		want  string
		warns string // a part of one of the warnings
	}{
		"the word NULL and empty text are null": {
			text:  billOf("ListCost=NULL|Tags=NULL|SubAccountId=", "ListCost=|Tags=|SubAccountId=NULL").String(),
			query: "SELECT ListCost, Tags, SubAccountId FROM charges", want: "-|-|-\n-|-|-",
		},
		"null is not zero": {
			text:  billOf("EffectiveCost=", "EffectiveCost=|ServiceName=S3", "EffectiveCost=0|ServiceName=S3").String(),
			query: "SELECT ServiceName, sum(EffectiveCost), sum(x_NoEffective) FROM daily GROUP BY 1 ORDER BY 1", want: "EC2|-|1\nS3|0|1",
			warns: "2 rows have a BilledCost but no EffectiveCost",
		},
		"usage that costs nothing effectively": {
			text:  billOf("EffectiveCost=0").String(),
			query: "SELECT BilledCost, EffectiveCost FROM daily", want: "1|0", warns: "1 usage rows have a BilledCost but an EffectiveCost of 0",
		},
		"a purchase with an EffectiveCost of 0 is as it should be": {
			text:  billOf("ChargeCategory=Purchase|BilledCost=121333.34|EffectiveCost=0", "BilledCost=0|EffectiveCost=51.14").String(),
			query: "SELECT ChargeCategory, BilledCost, EffectiveCost FROM charges ORDER BY 1", want: "Purchase|121333.34|0\nUsage|0|51.14",
		},
		"times without T and Z": {
			text:  billOf("ChargePeriodStart=2026-10-18 22:00:00|ChargePeriodEnd=2026-10-18 23:00:00").String(),
			query: "SELECT ChargePeriodStart, ChargePeriodEnd, CAST(ChargePeriodStart AS DATE) FROM charges",
			want:  "2026-10-18 22:00:00|2026-10-18 23:00:00|2026-10-18 00:00:00",
		},
		"times in every form": {
			text: billOf("ResourceId=1|ChargePeriodStart=2026-10-05", "ResourceId=2|ChargePeriodStart=2026-10-05T01:00:00+00:00",
				"ResourceId=3|ChargePeriodStart=2026-10-05T07:30:00+05:30", "ResourceId=4|ChargePeriodStart=2026-10-05T03:00Z",
				"ResourceId=5|ChargePeriodStart=2026-10-05 04:00", "ResourceId=6|ChargePeriodStart=2026-10-05 05:00:00+00",
				"ResourceId=7|ChargePeriodStart=2026-10-05T06:00:00.000Z", "ResourceId=8|ChargePeriodStart=2026-10-05T02:00-05:00").String(),
			query: "SELECT ResourceId, ChargePeriodStart FROM charges ORDER BY 1",
			want: "1|2026-10-05 00:00:00\n2|2026-10-05 01:00:00\n3|2026-10-05 02:00:00\n4|2026-10-05 03:00:00\n5|2026-10-05 04:00:00\n" +
				"6|2026-10-05 05:00:00\n7|2026-10-05 06:00:00\n8|2026-10-05 07:00:00",
		},
		"an offset that moves a charge to another day and month": {
			text:  billOf("BillingPeriodStart=|ChargePeriodStart=2026-11-01T05:00:00+08:00").String(),
			query: "SELECT ChargeDate, BillingPeriodStart FROM daily", want: "2026-10-31 00:00:00|2026-10-01 00:00:00",
			warns: "1 rows name no billing period",
		},
		"a stray column": {
			text:  billOf("Id=99|x_Discounts=a").String(),
			query: "SELECT count(*) FROM charges", want: "1", warns: "columns not kept, since FOCUS does not know them: Id, x_Discounts",
		},
		"missing columns": {
			text:  "ChargePeriodStart,ChargeCategory,BilledCost,BillingCurrency,ServiceName\n2026-10-05T00:00:00Z,Usage,2.5,EUR,Functions\n",
			query: "SELECT x_Source, ServiceProviderName, BilledCost, EffectiveCost, BillingCurrency, BillingPeriodStart, BillingPeriodEnd, ChargePeriodEnd FROM charges",
			want:  "unknown/|unknown|2.5|-|EUR|2026-10-01 00:00:00|2026-11-01 00:00:00|2026-10-06 00:00:00",
			warns: "the file has no EffectiveCost, no ListCost, no ContractedCost: unknown, not zero",
		},
		"identifiers keep their zeros": {
			text:  billOf("SubAccountId=00000000042|SkuId=0012|BillingAccountId=0001").String(),
			query: "SELECT SubAccountId, SkuId, BillingAccountId, x_UsageType, x_Source FROM charges", want: "00000000042|0012|0001|0012|AWS/0001",
		},
		"tag keys with blanks around them": {
			text:  billOf(`Tags={" org": "a, b", "env":"prod ", " env ":"x", "k ey":"v:1"}`).String(),
			query: "SELECT json_extract_scalar(Tags, '$.org'), json_extract_scalar(Tags, '$.\"k ey\"') FROM daily", want: "a, b|v:1",
		},
		"tags with quotes, braces and other letters": {
			text:  billOf(`Tags={"note":"say \"hi\" {1}","größe":"ünï","nested":{"a":1},"n":5,"none":null,"list":[1,2]}`).String(),
			query: "SELECT json_extract_scalar(Tags, '$.note'), json_extract_scalar(Tags, '$.größe') FROM daily", want: `say "hi" {1}|ünï`,
		},
		"amounts of 15 to 18 decimals": {
			text:  billOf("BilledCost=0.123456789012345|EffectiveCost=0.000000000000000001|ListCost=-99999999999999999999.999999999999999999").String(),
			query: "SELECT BilledCost, EffectiveCost, ListCost FROM daily", want: "0.123456789012345|0.000000000000000001|-99999999999999999999.999999999999999999",
		},
		"scientific notation": {
			text:  billOf("BilledCost=1.5e-05|EffectiveCost=2E3|ListCost=-1.25e+2|ContractedCost=123456789012345e-15").String(),
			query: "SELECT BilledCost, EffectiveCost, ListCost, ContractedCost FROM daily", want: "0.000015|2000|-125|0.123456789012345",
		},
		"numbers of more than 18 digits": {
			text:  billOf("BilledCost=1234567890123.4567890123|PricingQuantity=12345678901234567890.5", "BilledCost=0.1|PricingQuantity=1").String(),
			query: "SELECT sum(BilledCost), sum(PricingQuantity) FROM daily", want: "1234567890123.5567890123|12345678901234567891.5",
		},
		"signs, bare points and needless zeros": {
			text:  billOf("BilledCost=+1.50|EffectiveCost=.5|ListCost=5.|ContractedCost=000123.4500").String(),
			query: "SELECT BilledCost, EffectiveCost, ListCost, ContractedCost FROM daily", want: "1.5|0.5|5|123.45",
		},
		"letter case of enumerations": {
			text: billOf("ChargeCategory=usage|ChargeFrequency=Usage-based|ChargeClass=correction|CommitmentDiscountStatus=USED",
				"ChargeCategory=PURCHASE|ChargeFrequency=one-time").String(),
			query: "SELECT ChargeCategory, ChargeFrequency, ChargeClass, CommitmentDiscountStatus FROM charges ORDER BY 1",
			want:  "Purchase|One-Time|-|-\nUsage|Usage-Based|Correction|Used",
		},
		"a service category of one's own": {
			text:  billOf("ServiceCategory=Odds and Ends").String(),
			query: "SELECT ServiceCategory FROM daily", want: "Odds and Ends", warns: `ServiceCategory has values FOCUS does not list: "Odds and Ends"`,
		},
		"a byte-order mark": {
			text: "\ufeff" + billOf("").String(), query: "SELECT ServiceProviderName FROM charges", want: "AWS",
		},
		"CRLF": {
			text: billOf("", "Tags={\"a\":\"b\"}").text(",", "\r\n"), query: "SELECT count(*), sum(BilledCost) FROM charges", want: "2|2",
		},
		"LF and CRLF by turns": {
			text:  "\r\n\n" + mixedBreaks(billOf("", "ChargeDescription=a\nb\r\nc", "Tags={\"a\":\"b\"}", "BilledCost=0.5"), "\n", "\r\n", "\n", "\r\n", ""),
			query: "SELECT ChargeDescription, count(*), sum(BilledCost) FROM charges GROUP BY 1 ORDER BY 1 NULLS FIRST", want: "-|3|2.5\na\nb\r\nc|1|1",
		},
		"CRLF, and LF on the last line alone": {
			text:  gzipped(mixedBreaks(billOf("", "Tags={\"a\":\"b\"}", "BilledCost=0.5"), "\r\n", "\r\n", "\r\n", "\n")),
			query: "SELECT count(*), sum(BilledCost) FROM charges", want: "3|2.5",
		},
		"no line break at the end, blank lines between": {
			text:  "\n\n" + strings.TrimSuffix(strings.ReplaceAll(billOf("", "").String(), "\n", "\n\n"), "\n\n"),
			query: "SELECT count(*) FROM charges", want: "2",
		},
		"quoted line breaks, commas and quotes": {
			text:  billOf("ChargeDescription=a\nb, \"c\"\r\nd|ChargeCategory=Tax", "ChargeDescription=5\" disk").String(),
			query: "SELECT ChargeDescription FROM daily WHERE ChargeCategory = 'Tax'", want: "a\nb, \"c\"\r\nd",
		},
		"a quote inside an unquoted field": {
			text:  strings.ReplaceAll(billOf("ServiceName=@", "ServiceName=@ x").String(), "@", `5" disk`),
			query: "SELECT ServiceName FROM charges ORDER BY 1", want: "5\" disk\n5\" disk x",
		},
		"everything quoted": {
			text:  quoteAll(billOf("ListCost=NULL", "ListCost=")),
			query: "SELECT count(*), sum(BilledCost), sum(ListCost) FROM charges", want: "2|2|-",
		},
		"semicolons": {text: billOf("ServiceName=a,b").text(";", "\n"), query: "SELECT ServiceName FROM charges", want: "a,b"},
		"tabs":       {text: billOf("ServiceName=a,b").text("\t", "\r\n"), query: "SELECT ServiceName FROM charges", want: "a,b"},
		"gzip": {
			text: gzipped(billOf("").String()), name: "export.bin", query: "SELECT x_SourceFile FROM charges", want: "export.bin",
		},
		"gzip in several members": {
			text: gzipped(billOf("").String()) + gzipped("AWS,p,1,2026-10-01,2026-10-02,Usage,USD,2,2,2,2,S3,\n"), query: "SELECT sum(BilledCost) FROM charges", want: "3",
		},
		"zstd": {text: zstded(billOf("").String()), name: "data", query: "SELECT count(*) FROM charges", want: "1"},
		"ProviderName and ServiceProviderName both there": {
			text:  billOf("ServiceProviderName=New|ResourceId=1", "ServiceProviderName=|ResourceId=2", "ServiceProviderName=NULL|ProviderName=|PublisherName=Pub|ResourceId=3").String(),
			query: "SELECT ResourceId, ServiceProviderName, x_Source FROM charges ORDER BY 1", want: "1|New|New/payer\n2|AWS|AWS/payer\n3|Pub|Pub/payer",
		},
		"a header in other letters": {
			text:  strings.Replace(billOf("").String(), "BilledCost,EffectiveCost", " billedcost , EFFECTIVECOST", 1),
			query: "SELECT BilledCost, EffectiveCost FROM charges", want: "1|1",
		},
		"a column of our own names": {
			text:  billOf("x_Source=evil|x_LoadId=evil|x_SourceFile=evil|x_UsageType=BoxUsage:m5.large").String(),
			query: "SELECT x_Source, x_SourceFile, x_UsageType, x_InstanceType FROM charges", want: "AWS/payer|bill.csv|BoxUsage:m5.large|m5.large",
		},
		"odd providers and payers": {
			text: billOf("ProviderName=A/B=C%2F|BillingAccountId=x y/é?*", "ProviderName=..|BillingAccountId='q'", "ProviderName=[*]|BillingAccountId=a=b",
				"ProviderName=__HIVE_DEFAULT_PARTITION__").String(),
			query: "SELECT x_Source, sum(x_Rows) FROM daily GROUP BY 1 ORDER BY 1", want: "../'q'|1\nA/B=C%2F/x y/é?*|1\n[*]/a=b|1\n__HIVE_DEFAULT_PARTITION__/payer|1",
		},
		"a billing period that starts in mid-month": {
			text: billOf("BillingPeriodStart=2026-10-15T08:00:00Z|BillingPeriodEnd=2026-11-15T08:00:00Z", "BillingPeriodStart=2026-10-01T00:00:00Z",
				"BillingPeriodStart=2026-11-15T08:00:00Z").String(),
			query: "SELECT BillingPeriodStart, count(*) FROM charges GROUP BY 1 ORDER BY 1", want: "2026-10-01 00:00:00|1\n2026-10-15 08:00:00|1\n2026-11-15 08:00:00|1",
		},
		"several currencies": {
			text: billOf("BillingCurrency=EUR", "BillingCurrency=JPY|BilledCost=15000000000").String(), query: "SELECT BillingCurrency, BilledCost FROM daily ORDER BY 1",
			want: "EUR|1\nJPY|15000000000",
		},
		"a file whose name is a pattern": {
			text: billOf("").String(), name: "bill*[1]?.csv", query: "SELECT x_SourceFile FROM charges", want: "bill*[1]?.csv",
		},
		"a file with a quote in its name": {
			text: billOf("").String(), name: "it's a bill%20.csv", query: "SELECT x_SourceFile FROM charges", want: "it's a bill%20.csv",
		},
		"the machine type of the price details": {
			text: billOf(`SkuPriceDetails={"InstanceType":"m6i.large"}`, "SkuPriceDetails=").String(), query: "SELECT x_InstanceType, count(*) FROM charges GROUP BY 1 ORDER BY 2, 1", want: "m6i.large|1\n-|1",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			if tc.name == "" {
				tc.name = "bill.csv"
			}
			r := load(t, s, file(t, tc.name, tc.text))
			if got := ask(t, s, tc.query); got != tc.want {
				t.Errorf("%s\n got %q\nwant %q", tc.query, got, tc.want)
			}
			if all := strings.Join(r.Load.Warnings, "\n"); !strings.Contains(all, tc.warns) {
				t.Errorf("warnings are %q, want one with %q", all, tc.warns)
			}
		})
	}
}

func quoteAll(b *bill) string {
	var lines []string
	for _, l := range strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n") {
		cells := strings.Split(l, ",")
		for i, c := range cells {
			cells[i] = `"` + c + `"`
		}
		lines = append(lines, strings.Join(cells, ","))
	}
	return strings.Join(lines, "\n") + "\n"
}

// TestParquet loads a Parquet file with the types that exporters write: floating-point costs, decimals, text, tags as a
// map, times with a zone.
func TestParquet(t *testing.T) {
	s := newStore(t)
	p := parquetFile(t, `SELECT 'AWS' AS ProviderName, 'payer' AS BillingAccountId, '007' AS SubAccountId,
  TIMESTAMPTZ '2026-10-01 00:00:00+00' AS BillingPeriodStart, TIMESTAMPTZ '2026-10-05 02:00:00+02' AS ChargePeriodStart, DATE '2026-10-06' AS ChargePeriodEnd,
  'usage' AS ChargeCategory, 'USD' AS BillingCurrency,
  CAST(0.1 AS DOUBLE) + i AS BilledCost, CAST(1.25 AS DECIMAL(10,4)) AS EffectiveCost, '0.123456789012345678' AS ListCost, i AS ContractedCost,
  'EC2' AS ServiceName, MAP {' team': 'a"b', 'env': 'prod'} AS Tags, {'InstanceType': 'm5.large'} AS SkuPriceDetails, 12 AS PricingQuantity
FROM range(3) t(i)`)
	r := load(t, s, p)
	if r.Load.Rows != 3 || r.Load.Files[0].Format != "FOCUS 1.1 parquet" || len(r.Load.SHA256) != 64 {
		t.Errorf("load = %+v", r.Load)
	}
	got := ask(t, s, `SELECT ChargeDate, ChargeCategory, SubAccountId, sum(BilledCost), sum(EffectiveCost), sum(ListCost), sum(ContractedCost), sum(PricingQuantity),
  json_extract_scalar(Tags, '$.team'), x_InstanceType FROM daily GROUP BY ALL`)
	if want := `2026-10-05 00:00:00|Usage|007|3.3|3.75|0.370370367037037034|3|36|a"b|m5.large`; got != want {
		t.Errorf("daily is %s, want %s", got, want)
	}
	if all := strings.Join(r.Load.Warnings, "\n"); !strings.Contains(all, "BilledCost") || !strings.Contains(all, "floating-point") {
		t.Errorf("warnings are %q", all)
	}
	if !load(t, s, p).Unchanged {
		t.Error("the same bytes again are not noticed")
	}
}

// TestTextsThatAreOneInAllRows loads a Parquet file in which most texts are the same in every row, and one of the same rows with another beside
// them, in which no text is: what is known of the whole file must not show in a row.
func TestTextsThatAreOneInAllRows(t *testing.T) {
	rows := func(more string) string {
		return parquetFile(t, `SELECT 'Bob''s Cloud' AS ProviderName, 'payer' AS BillingAccountId, '007' AS SubAccountId, 'usage-based' AS ChargeFrequency, '2026-10-01T00:00:00Z' AS BillingPeriodStart,
  '2026-10-05T00:00Z' AS ChargePeriodStart, 'usage' AS ChargeCategory, 'USD' AS BillingCurrency, '1.5e0' AS BilledCost, 0.1 + i AS EffectiveCost, '{"InstanceType":"m5.large"}' AS SkuPriceDetails,
  'NULL' AS RegionId, 'a, "b"' AS ServiceName, '{" team": "a''b"}' AS Tags, 'r' || i AS ResourceId FROM range(3) t(i)`+more)
	}
	const ofRow = `SELECT ServiceProviderName, x_Source, SubAccountId, ChargeFrequency, BillingPeriodStart, ChargePeriodStart, ChargeCategory, BilledCost, EffectiveCost, x_InstanceType, RegionId, ServiceName, Tags
FROM charges WHERE ResourceId = 'r1'`
	alone, beside := newStore(t), newStore(t)
	load(t, alone, rows(""))
	load(t, beside, rows(` UNION ALL SELECT 'Z', 'z', 'z', 'Recurring', '2026-11-01T00:00:00Z', '2026-11-05T00:00Z', 'Tax', 'EUR', '2', 9, '{}', 'z', 'z', '{}', 'z'`))
	got := ask(t, alone, ofRow)
	if want := `Bob's Cloud|Bob's Cloud/payer|007|Usage-Based|2026-10-01 00:00:00|2026-10-05 00:00:00|Usage|1.5|1.1|m5.large|-|a, "b"|{"team": "a'b"}`; got != want {
		t.Errorf("alone it is %s, want %s", got, want)
	}
	if other := ask(t, beside, ofRow); other != got {
		t.Errorf("beside another it is %s, alone %s", other, got)
	}
}

// parquetFile writes a query's rows as Parquet.
func parquetFile(t testing.TB, query string) string {
	t.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, t.TempDir(), store.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w, err := s.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	p := filepath.Join(t.TempDir(), "bill.parquet")
	if err := w.Exec(ctx, "COPY ("+query+") TO "+store.QuoteLiteral(p)+" (FORMAT parquet)"); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestFolderOfParts loads parts of several formats and FOCUS versions at once.
func TestFolderOfParts(t *testing.T) {
	s := newStore(t)
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("month=2026-10/part-0.csv", billOf("BilledCost=1").String())
	write("month=2026-10/part-1.csv.gz", gzipped(billOf("BilledCost=2|InvoiceId=7").String()))
	write("month=2026-10/part-2.csv.zst", zstded(billOf("BilledCost=4|ServiceProviderName=AWS").text(";", "\r\n")))
	write("month=2026-09/part-0.csv", billOf("BilledCost=8|BillingPeriodStart=2026-09-01|ChargePeriodStart=2026-09-02").String())
	write("month=2026-10/manifest.json", "{}")
	write(".hidden/part.csv", "x")
	write("README.md", "x")
	r := load(t, s, dir)
	var formats []string
	for _, f := range r.Load.Files {
		formats = append(formats, fmt.Sprintf("%s %s %d", f.Path, f.Format, f.Rows))
	}
	want := "month=2026-09/part-0.csv FOCUS 1.0 csv 1, month=2026-10/part-0.csv FOCUS 1.0 csv 1, month=2026-10/part-1.csv.gz FOCUS 1.2 csv.gz 1, month=2026-10/part-2.csv.zst FOCUS 1.3 csv.zst 1"
	if got := strings.Join(formats, ", "); got != want {
		t.Errorf("files are\n%s, want\n%s", got, want)
	}
	if got := ask(t, s, "SELECT BillingPeriodStart, sum(BilledCost), count(*), sum(x_Rows) FROM daily GROUP BY 1 ORDER BY 1"); got != "2026-09-01 00:00:00|8|1|1\n2026-10-01 00:00:00|7|1|3" {
		t.Errorf("daily holds %s", got)
	}
	if got := fmt.Sprint(r.Load.Periods, r.Load.Totals["USD"].Billed); got != "[2026-09 2026-10] 15" {
		t.Errorf("the record says %s", got)
	}
	if !load(t, s, dir).Unchanged {
		t.Error("the same parts again are not noticed")
	}
	write("month=2026-10/part-3.csv", "not a bill\n1\n")
	if e := refused(t, s, dir); !strings.HasPrefix(e.Error(), "month=2026-10/part-3.csv: line 1: ") {
		t.Errorf("the error does not name the part: %v", e)
	}
}

// TestFileNamesAreNoPatterns loads a file whose name, taken for a pattern, would stand for its neighbour too.
func TestFileNamesAreNoPatterns(t *testing.T) {
	s := newStore(t)
	dir := t.TempDir()
	for name, cost := range map[string]string{"bill*.csv": "1", "bill2.csv": "2", "bill[2].csv": "4", "bill?.csv": "8"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(billOf("BilledCost="+cost).String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"bill*.csv": "bill*.csv|1", "bill[2].csv": "bill[2].csv|4", "bill?.csv": "bill?.csv|8"} {
		load(t, s, filepath.Join(dir, name))
		if got := ask(t, s, "SELECT x_SourceFile, BilledCost FROM charges"); got != want {
			t.Errorf("%s brought %s, want %s", name, got, want)
		}
	}
	if r := load(t, s, dir); r.Load.Rows != 4 || r.Load.Totals["USD"].Billed.String() != "15" {
		t.Errorf("the folder brought %+v", r.Load)
	}
}

// TestProgress: it never goes back within a step and ends with all of it done.
func TestProgress(t *testing.T) {
	s := newStore(t)
	dir := t.TempDir()
	for i := range 3 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.csv.gz", i)), []byte(gzipped(billOf(fmt.Sprintf("BilledCost=%d", i)).String())), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var steps []string
	var last ingest.Progress
	load(t, s, dir, ingest.Options{Progress: func(p ingest.Progress) {
		if p.Step != last.Step {
			steps = append(steps, p.Step)
			last = ingest.Progress{}
		}
		if p.Done < last.Done || p.Done > p.Total || p.Total == 0 {
			t.Errorf("progress goes from %+v to %+v", last, p)
		}
		last = p
	}})
	if got := strings.Join(steps, ", "); got != "checking, writing, rolling up, committing" || last.Done != last.Total {
		t.Errorf("steps are %s, the last %+v", got, last)
	}
}
