package ingest_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"spendbot/analysis/store"
)

// BenchmarkLoadCUR compares loads of AWS reports as CSV, legacy and 2.0, with DuckDB's bare COPY of the same file to Parquet, each in a process of
// its own. A load takes at most twice as long. 230,000 lines are about 200 MB:
//
//	go test ./analysis/ingest -run '^$' -bench '^BenchmarkLoadCUR$' -benchtime 3x -bench-rows 230000
func BenchmarkLoadCUR(b *testing.B) {
	for _, form := range []struct {
		name string
		make func(b *testing.B, path string, rows int) error
	}{{"legacy", makeCUR}, {"2.0", makeCUR2}} {
		b.Run(form.name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "cur.csv")
			if err := form.make(b, path, *benchRows); err != nil {
				b.Fatal(err)
			}
			compareWithCopy(b, path)
		})
	}
}

// makeCUR2 writes the report that makeCURParquet writes as the CSV that AWS makes of it: maps are JSON and times have milliseconds.
func makeCUR2(b *testing.B, path string, rows int) error {
	whole := path + ".parquet"
	if err := makeCURParquet(b, whole, rows); err != nil {
		return err
	}
	var replace []string
	for _, c := range []string{"product", "resource_tags", "cost_category", "discount"} {
		replace = append(replace, fmt.Sprintf("CAST(to_json(%s) AS VARCHAR) AS %[1]s", c))
	}
	for _, c := range []string{"bill_billing_period_start_date", "bill_billing_period_end_date", "line_item_usage_start_date", "line_item_usage_end_date"} {
		replace = append(replace, fmt.Sprintf("strftime(%s, '%%Y-%%m-%%dT%%H:%%M:%%S.000Z') AS %[1]s", c))
	}
	return writeBench(b, path, fmt.Sprintf("SELECT * REPLACE (%s) FROM read_parquet(%s)", strings.Join(replace, ", "), store.QuoteLiteral(whole)))
}

// makeCUR writes a month of a legacy report: the columns of a company that has commitments and 24 tags, hourly lines, eight in a hundred of them
// covered by savings plans and as many negations of those.
func makeCUR(b *testing.B, path string, rows int) error {
	b.Helper()
	s := newStore(b)
	w, err := s.Begin(b.Context())
	if err != nil {
		return err
	}
	defer w.Close()
	const covered = "i % 100 < 16"
	cost := "printf('%.10f', (i * 7919 % 100000) / 1000.0)"
	columns := []string{
		`printf('%052d', i) AS "identity/LineItemId"`,
		`concat(hour, '/', next) AS "identity/TimeInterval"`, `'1234567890' AS "bill/InvoiceId"`, `'Amazon Web Services, Inc.' AS "bill/InvoicingEntity"`,
		`'AWS' AS "bill/BillingEntity"`, `'Anniversary' AS "bill/BillType"`, `'100000000002' AS "bill/PayerAccountId"`,
		`'2026-10-01T00:00:00Z' AS "bill/BillingPeriodStartDate"`, `'2026-11-01T00:00:00Z' AS "bill/BillingPeriodEndDate"`,
		`printf('%012d', 200000000000 + i % 25) AS "lineItem/UsageAccountId"`,
		`CASE WHEN i % 100 < 8 THEN 'SavingsPlanCoveredUsage' WHEN ` + covered + ` THEN 'SavingsPlanNegation' ELSE 'Usage' END AS "lineItem/LineItemType"`,
		`hour AS "lineItem/UsageStartDate"`, `next AS "lineItem/UsageEndDate"`,
		`list_extract(['AmazonEC2', 'AmazonS3', 'AmazonRDS', 'AWSLambda', 'AmazonCloudWatch', 'AmazonVPC', 'awskms', 'AmazonDynamoDB'], 1 + i % 8) AS "lineItem/ProductCode"`,
		`'USW2-BoxUsage:m6i.large-' || i % 150 AS "lineItem/UsageType"`, `'RunInstances' AS "lineItem/Operation"`, `'us-west-2a' AS "lineItem/AvailabilityZone"`,
		`'arn:aws:ec2:us-west-2:100000000002:instance/i-' || i * 31 % 20000 AS "lineItem/ResourceId"`, `printf('%.10f', i % 1000 / 7.0) AS "lineItem/UsageAmount"`,
		`'4.0' AS "lineItem/NormalizationFactor"`, `printf('%.10f', i % 1000 / 1.75) AS "lineItem/NormalizedUsageAmount"`, `'USD' AS "lineItem/CurrencyCode"`,
		`'0.0960000000' AS "lineItem/UnblendedRate"`, `CASE WHEN i % 100 < 8 OR NOT ` + covered + ` THEN ` + cost + ` ELSE '-' || ` + cost + ` END AS "lineItem/UnblendedCost"`,
		`'0.0960000000' AS "lineItem/BlendedRate"`, cost + ` AS "lineItem/BlendedCost"`,
		`'$0.40 per On Demand Linux m6i.large Instance Hour, number ' || i % 100 AS "lineItem/LineItemDescription"`, `NULL AS "lineItem/TaxType"`, `'Amazon Web Services, Inc.' AS "lineItem/LegalEntity"`,
		`'Amazon Product ' || i % 8 AS "product/ProductName"`, `'m6i.large' AS "product/instanceType"`, `'US West (Oregon)' AS "product/location"`, `'AWS Region' AS "product/locationType"`,
		`'Compute Instance' AS "product/productFamily"`, `'us-west-2' AS "product/region"`, `'us-west-2' AS "product/regionCode"`, `'AmazonEC2' AS "product/servicecode"`,
		`'SKU' || i % 150 AS "product/sku"`, `'SKU' || i % 150 || '.JRTCKXETXF.6YS6EN2CT7' AS "pricing/RateCode"`, `'USD' AS "pricing/currency"`,
		cost + ` AS "pricing/publicOnDemandCost"`, `'0.0960000000' AS "pricing/publicOnDemandRate"`, `'OnDemand' AS "pricing/term"`, `'Hrs' AS "pricing/unit"`,
		`NULL AS "reservation/EffectiveCost"`, `NULL AS "reservation/ReservationARN"`, `NULL AS "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod"`, `NULL AS "reservation/UnusedRecurringFee"`,
		`CASE WHEN ` + covered + ` THEN 'arn:aws:savingsplans::100000000002:savingsplan/0a1b' END AS "savingsPlan/SavingsPlanARN"`,
		`CASE WHEN i % 100 < 8 THEN printf('%.10f', (i * 7919 % 100000) / 1500.0) END AS "savingsPlan/SavingsPlanEffectiveCost"`,
		`NULL AS "savingsPlan/TotalCommitmentToDate"`, `NULL AS "savingsPlan/UsedCommitment"`,
	}
	// Properties of products that nobody reads, mostly empty, of which reports have a hundred and more.
	for i := range 60 {
		columns = append(columns, fmt.Sprintf(`CASE WHEN i %% 8 = %d THEN 'some value' END AS "product/property%d"`, i%8, i))
	}
	columns = append(columns, `'team-' || i % 9 AS "resourceTags/user:team"`, `'prod' AS "resourceTags/user:env"`, `'app-' || i % 40 AS "resourceTags/user:app"`,
		`'AssumedRole:AROA:deployer' AS "resourceTags/aws:createdBy"`)
	for i := range 20 {
		columns = append(columns, fmt.Sprintf(`CASE WHEN i %% 50 = %d THEN 'yes' END AS "resourceTags/user:tag%d"`, i, i))
	}
	return w.Exec(b.Context(), fmt.Sprintf(`COPY (SELECT %s FROM (SELECT i, strftime(TIMESTAMP '2026-10-01' + to_hours(CAST(i %% 744 AS BIGINT)), '%%Y-%%m-%%dT%%H:%%M:%%SZ') AS hour,
  strftime(TIMESTAMP '2026-10-01 01:00:00' + to_hours(CAST(i %% 744 AS BIGINT)), '%%Y-%%m-%%dT%%H:%%M:%%SZ') AS next FROM range(%d) t(i))) TO %s (HEADER)`,
		strings.Join(columns, ", "), rows, store.QuoteLiteral(path)))
}
