package ingest_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"spendbot/analysis/store"
)

// BenchmarkLoadParquet compares loads of an AWS CUR 2.0 report and of a Google export, both as Parquet, with DuckDB's bare COPY of the same
// file, each in a process of its own. The bare COPY has no text to read, so a load has less to hide behind than with CSV. 50 MB
// of Google's are about 900,000 rows, of AWS's 600,000:
//
//	go test ./analysis/ingest -run '^$' -bench '^BenchmarkLoadParquet$' -benchtime 3x -bench-rows 600000
func BenchmarkLoadParquet(b *testing.B) {
	dir := b.TempDir()
	for _, form := range []struct {
		name string
		make func(b *testing.B, path string, rows int) error
	}{{"aws", makeCURParquet}, {"google", makeGoogleParquet}, {"focus", makeFOCUSParquet}} {
		b.Run(form.name, func(b *testing.B) {
			path := filepath.Join(dir, form.name+".parquet")
			if err := form.make(b, path, *benchRows); err != nil {
				b.Fatal(err)
			}
			compareWithCopy(b, path)
		})
	}
}

// makeCURParquet writes a month of CUR 2.0 with the types that AWS gives its columns: floating-point numbers, timestamps and maps. A resource has
// a line for each hour of a day; eight lines in a hundred are covered by a savings plan and as many negate those. 45 columns
// have nothing in them, which is what a report without reservations and with net columns that are not filled looks like.
func makeCURParquet(b *testing.B, path string, rows int) error {
	const covered = "i % 100 < 16"
	cost := "round((i * 7919 % 1000003) / 100000.0 + 1 / (1 + i % 97), 10)"
	columns := []string{
		`printf('%052d', i * 7919 % 1000003) AS identity_line_item_id`,
		`concat(strftime(hour, '%Y-%m-%dT%H:%M:%SZ'), '/', strftime(next, '%Y-%m-%dT%H:%M:%SZ')) AS identity_time_interval`, `'1234567890' AS bill_invoice_id`, `'Amazon Web Services, Inc.' AS bill_invoicing_entity`,
		`'AWS' AS bill_billing_entity`, `'Anniversary' AS bill_bill_type`, `'100000000002' AS bill_payer_account_id`, `'Example payer' AS bill_payer_account_name`,
		`TIMESTAMP '2026-10-01' AS bill_billing_period_start_date`, `TIMESTAMP '2026-11-01' AS bill_billing_period_end_date`,
		`printf('%012d', 200000000000 + thing % 25) AS line_item_usage_account_id`, `'account-' || thing % 25 AS line_item_usage_account_name`,
		`CASE WHEN i % 100 < 8 THEN 'SavingsPlanCoveredUsage' WHEN ` + covered + ` THEN 'SavingsPlanNegation' ELSE 'Usage' END AS line_item_line_item_type`,
		`hour AS line_item_usage_start_date`, `next AS line_item_usage_end_date`,
		`list_extract(['AmazonEC2', 'AmazonS3', 'AmazonRDS', 'AWSLambda', 'AmazonCloudWatch', 'AmazonVPC', 'awskms', 'AmazonDynamoDB'], 1 + thing % 8) AS line_item_product_code`,
		`'USW2-BoxUsage:m6i.large-' || thing % 150 AS line_item_usage_type`, `'RunInstances' AS line_item_operation`, `'us-west-2a' AS line_item_availability_zone`,
		`'arn:aws:ec2:us-west-2:100000000002:instance/i-' || thing * 31 % 20000 AS line_item_resource_id`, `i % 1000 / 7.0 AS line_item_usage_amount`,
		`4.0::DOUBLE AS line_item_normalization_factor`, `i % 1000 / 1.75 AS line_item_normalized_usage_amount`, `'USD' AS line_item_currency_code`,
		`'0.0960000000' AS line_item_unblended_rate`, `CASE WHEN i % 100 < 8 OR NOT ` + covered + ` THEN ` + cost + ` ELSE -` + cost + ` END AS line_item_unblended_cost`,
		`'0.0960000000' AS line_item_blended_rate`, cost + ` AS line_item_blended_cost`,
		`'$0.40 per On Demand Linux m6i.large Instance Hour, number ' || thing % 100 AS line_item_line_item_description`, `'Amazon Web Services, Inc.' AS line_item_legal_entity`,
		`MAP {'product_name': 'Amazon Product ' || thing % 8, 'sku': 'SKU' || thing % 150, 'region': 'us-west-2', 'operating_system': 'Linux', 'tenancy': 'Shared', 'vcpu': '2', 'memory': '8 GiB'} AS product`,
		`'m6i.large' AS product_instance_type`, `'US West (Oregon)' AS product_location`, `'AWS Region' AS product_location_type`,
		`'Compute Instance' AS product_product_family`, `'us-west-2' AS product_region_code`, `'AmazonEC2' AS product_servicecode`,
		`'SKU' || thing % 150 AS product_sku`, `'SKU' || thing % 150 || '.JRTCKXETXF.6YS6EN2CT7' AS pricing_rate_code`, `'USD' AS pricing_currency`,
		cost + ` AS pricing_public_on_demand_cost`, `'0.0960000000' AS pricing_public_on_demand_rate`, `'OnDemand' AS pricing_term`, `'Hrs' AS pricing_unit`,
		`CASE WHEN ` + covered + ` THEN 'arn:aws:savingsplans::100000000002:savingsplan/0a1b' END AS savings_plan_savings_plan_a_r_n`,
		`CASE WHEN i % 100 < 8 THEN round(` + cost + ` / 1.5, 10) END AS savings_plan_savings_plan_effective_cost`,
		`MAP {'team': 'team-' || thing % 9, 'env': 'prod', 'app': 'app-' || thing % 40} AS resource_tags`, `MAP {'Department': 'department-' || thing % 9} AS cost_category`,
		`MAP {} :: MAP(VARCHAR, DOUBLE) AS discount`,
	}
	for _, c := range []string{"reservation_effective_cost", "reservation_unused_amortized_upfront_fee_for_billing_period", "reservation_unused_recurring_fee", "reservation_unused_quantity", "reservation_net_effective_cost",
		"savings_plan_total_commitment_to_date", "savings_plan_used_commitment", "savings_plan_net_savings_plan_effective_cost", "line_item_net_unblended_cost", "line_item_net_unblended_rate", "split_line_item_split_cost",
		"split_line_item_unused_cost", "split_line_item_split_usage"} {
		columns = append(columns, "CAST(NULL AS DOUBLE) AS "+c)
	}
	for _, c := range []string{"reservation_reservation_a_r_n", "savings_plan_offering_type", "split_line_item_parent_resource_id", "line_item_tax_type"} {
		columns = append(columns, "CAST(NULL AS VARCHAR) AS "+c)
	}
	for i := range 28 {
		columns = append(columns, fmt.Sprintf("CAST(NULL AS VARCHAR) AS product_property%d", i))
	}
	return writeBench(b, path, fmt.Sprintf(`SELECT %s FROM (SELECT i, i // 24 AS thing, TIMESTAMP '2026-10-01' + to_hours(CAST(i %% 24 + 24 * (i // 24 %% 31) AS BIGINT)) AS hour,
  hour + INTERVAL 1 HOUR AS next FROM range(%d) t(i))`, strings.Join(columns, ", "), rows))
}

// makeGoogleParquet writes a month of a detailed export as BigQuery does: structs, and lists of them.
func makeGoogleParquet(b *testing.B, path string, rows int) error {
	return writeBench(b, path, fmt.Sprintf(`SELECT '01A4F7-3C92D0-8B6E15' AS billing_account_id, {'id': '6F81-5844-456A', 'description': 'Compute Engine'} AS service,
  {'id': printf('AAAA-0000-%%04d', sku), 'description': 'N2 Instance Core running in zone ' || sku} AS sku, hour AS usage_start_time, hour + INTERVAL 1 HOUR AS usage_end_time,
  {'id': 'project-' || thing %% 40, 'number': '123456789012', 'name': 'project-' || thing %% 40, 'labels': [{'key': 'cost_center', 'value': 'cc-1'}], 'ancestry_numbers': '/1234/5678/'} AS project,
  [{'key': 'env', 'value': 'prod'}, {'key': 'team', 'value': 'team-' || thing %% 9}, {'key': 'app', 'value': 'app-' || thing %% 60}] AS labels,
  [{'key': 'compute.googleapis.com/machine_spec', 'value': 'n2-standard-4'}, {'key': 'compute.googleapis.com/cores', 'value': '4'}] AS system_labels,
  {'location': 'us-central1', 'country': 'US', 'region': 'us-central1', 'zone': 'us-central1-a'} AS location, hour + INTERVAL 6 HOUR AS export_time,
  cost, 'USD' AS currency, 1.0::DOUBLE AS currency_conversion_rate, {'amount': used, 'unit': 'seconds', 'amount_in_pricing_units': used / 3600, 'pricing_unit': 'hour'} AS usage,
  CASE WHEN i %% 2 = 0 THEN [{'name': 'Committed use discount', 'amount': round(-cost / 4, 8), 'full_name': 'Committed use discount: CPU in Americas', 'id': 'cud-1', 'type': 'COMMITTED_USAGE_DISCOUNT'}] ELSE [] END AS credits,
  {'month': '202610', 'publisher_type': 'GOOGLE'} AS invoice, 'regular' AS cost_type, {'name': 'vm-' || thing * 31 %% 5000, 'global_name': '//compute.googleapis.com/projects/project-' || thing %% 40 || '/zones/us-central1-a/instances/vm-' || thing * 31 %% 5000} AS resource,
  {'effective_price': CAST(0.0123 AS DECIMAL(38,9)), 'unit': 'hour'} AS price, cost * 1.25 AS cost_at_list, 'GOOGLE' AS transaction_type, 'Google' AS seller_name
FROM (SELECT i, i // 24 AS thing, i // 24 * 7 %% 200 AS sku, TIMESTAMPTZ '2026-10-01 00:00:00+00' + to_hours(CAST(i %% 24 + 24 * (i // 24 %% 31) AS BIGINT)) AS hour,
  (i * 7919 %% 1000003) / 1e6 AS cost, i %% 3600 + 1 / (i %% 97 + 1) AS used FROM range(%d) t(i))`, rows))
}

// makeFOCUSParquet writes a month of FOCUS 1.0 as AWS exports it to Parquet: floating-point numbers and a map of tags.
func makeFOCUSParquet(b *testing.B, path string, rows int) error {
	cost := "round((i * 7919 % 1000003) / 100000.0, 10)"
	return writeBench(b, path, fmt.Sprintf(`SELECT 'AWS' AS ProviderName, 'Amazon Web Services' AS PublisherName, 'Amazon Web Services' AS InvoiceIssuerName, '100000000002' AS BillingAccountId, 'Example payer' AS BillingAccountName,
  printf('%%012d', 200000000000 + thing %% 25) AS SubAccountId, 'account-' || thing %% 25 AS SubAccountName, TIMESTAMP '2026-10-01' AS BillingPeriodStart, TIMESTAMP '2026-11-01' AS BillingPeriodEnd,
  hour AS ChargePeriodStart, hour + INTERVAL 1 HOUR AS ChargePeriodEnd, 'Usage' AS ChargeCategory, CAST(NULL AS VARCHAR) AS ChargeClass, '$0.40 per thing in region number ' || thing %% 100 AS ChargeDescription,
  'Usage-Based' AS ChargeFrequency, %[1]s AS BilledCost, %[1]s AS EffectiveCost, %[1]s * 1.25 AS ListCost, %[1]s AS ContractedCost, 0.0964::DOUBLE AS ListUnitPrice, 0.0867::DOUBLE AS ContractedUnitPrice,
  'Standard' AS PricingCategory, i %% 1000 / 8.0 AS PricingQuantity, 'Hours' AS PricingUnit, 'USD' AS BillingCurrency, i %% 1000 / 8.0 AS ConsumedQuantity, 'Hours' AS ConsumedUnit,
  'Service ' || thing %% 40 AS ServiceName, 'Compute' AS ServiceCategory, 'SKU-' || thing %% 150 AS SkuId, 'PRICE-' || thing %% 150 AS SkuPriceId, 'arn:aws:ec2:us-west-2:100000000002:instance/i-' || thing * 31 %% 20000 AS ResourceId,
  'us-west-' || thing %% 4 AS RegionId, CAST(NULL AS VARCHAR) AS CommitmentDiscountId, MAP {'team': 'team-' || thing %% 9, 'env': 'prod', 'app': 'app-' || thing %% 40} AS Tags
FROM (SELECT i, i // 24 AS thing, TIMESTAMP '2026-10-01' + to_hours(CAST(i %% 24 + 24 * (i // 24 %% 31) AS BIGINT)) AS hour FROM range(%[2]d) t(i))`, cost, rows))
}

// writeBench writes a query's rows as Parquet, or as CSV where the path says so.
func writeBench(b *testing.B, path, query string) error {
	b.Helper()
	s := newStore(b)
	w, err := s.Begin(b.Context())
	if err != nil {
		return err
	}
	defer w.Close()
	format := "FORMAT parquet, COMPRESSION snappy"
	if filepath.Ext(path) == ".csv" {
		format = "HEADER"
	}
	return w.Exec(b.Context(), fmt.Sprintf("COPY (%s) TO %s (%s)", query, store.QuoteLiteral(path), format))
}
