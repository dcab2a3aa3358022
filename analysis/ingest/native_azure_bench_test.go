package ingest_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"spendbot/analysis/store"
)

// BenchmarkLoadAzure compares a load of an Azure export with DuckDB's bare COPY of the same file to Parquet, each in a process of its own. A load
// takes at most twice as long. 100 MB are about 90,000 lines:
//
//	go test ./analysis/ingest -run '^$' -bench '^BenchmarkLoadAzure$' -benchtime 3x -bench-rows 90000
func BenchmarkLoadAzure(b *testing.B) {
	file := *benchCSV
	if file == "" {
		file = filepath.Join(b.TempDir(), "amortized.csv")
		if err := makeAzure(b, file, *benchRows); err != nil {
			b.Fatal(err)
		}
	}
	compareWithCopy(b, file)
}

// makeAzure writes a month of an enterprise agreement's amortized costs: US dates, tags without braces, additional info on machines, a tenth of
// the lines covered by commitments, costs as floating point leaves them; 20,000 resources a day, used in 3,000 ways.
func makeAzure(b *testing.B, path string, rows int) error {
	b.Helper()
	s := newStore(b)
	w, err := s.Begin(b.Context())
	if err != nil {
		return err
	}
	defer w.Close()
	set := map[string]string{
		"BillingAccountId": "'8611537'", "BillingAccountName": "'Harbour Foods Holding'", "BillingPeriodStartDate": "'10/01/2026'", "BillingPeriodEndDate": "'10/31/2026'",
		"BillingProfileId": "'8611537'", "BillingProfileName": "'Harbour Foods Holding'", "AccountOwnerId": "'owner'", "AccountName": "'Platform'",
		"SubscriptionId": "printf('5f0c0a11-0000-4000-8000-%012d', a % 40)", "SubscriptionName": "'subscription-' || a % 40", "Date": "strftime(DATE '2026-10-01' + CAST(i // 20000 AS INTEGER), '%m/%d/%Y')",
		"Product": "'Virtual Machines Dv5/DSv5 Series - D' || a % 64 || 's v5 - US East'", "PartNumber": "'AAH-' || a % 900", "MeterId": "printf('14fc9a21-4919-4cb1-b495-%012d', a % 900)", "ServiceFamily": "'Compute'",
		"MeterCategory":    "list_extract(['Virtual Machines', 'Storage', 'Bandwidth', 'SQL Database', 'Log Analytics', 'Virtual Network', 'Azure Monitor', 'Load Balancer'], 1 + a % 8)",
		"MeterSubCategory": "'Dv5/DSv5 Series'", "MeterRegion": "'US East'", "MeterName": "'D' || a % 64 || 's v5'", "Quantity": "printf('%.12g', i % 997 / 41.0)", "EffectivePrice": "printf('%.9f', a % 100 / 1000.0)",
		"Cost": "printf('%.16g', i % 997 / 41.0 * (a % 100) / 1000.0)", "UnitPrice": "printf('%.9f', a % 100 / 1000.0)", "BillingCurrency": "'USD'", "ResourceLocation": "list_extract(['EastUS', 'westeurope', 'EastUS2', 'UK South'], 1 + a % 4)",
		"ConsumedService": "'Microsoft.Compute'",
		"ResourceId":      "printf('/subscriptions/5f0c0a11-0000-4000-8000-%012d/resourceGroups/rg-%d/providers/Microsoft.Compute/virtualMachines/vm-%d', a % 40, a % 300, r)",
		"ResourceName":    "'vm-' || r",
		"AdditionalInfo":  `CASE WHEN a % 8 = 0 THEN '{"UsageType":"ComputeHR","ImageType":"Canonical","ServiceType":"Standard_D' || a % 64 || 's_v5","VMName":"vm","VMProperties":null,"VCPUs":4,"CPUs":0}' END`,
		"Tags":            `'"env": "prod","team": "team-' || a % 9 || '","app": "app-' || a % 40 || '","cost center": "4711"'`, "InvoiceSection": "'Main'", "CostCenter": "'CC-' || a % 20",
		"UnitOfMeasure": "list_extract(['1 Hour', '10K', '1 GB', '1/Month'], 1 + a % 4)", "ResourceGroup": "'rg-' || a % 300", "OfferId": "'MS-AZR-0017P'", "IsAzureCreditEligible": "'True'",
		"ReservationId": "CASE WHEN a % 10 = 0 THEN 'ri-' || a % 7 END", "ProductOrderId": "CASE WHEN a % 10 = 0 THEN 'order-' || a % 7 END", "ProductOrderName": "CASE WHEN a % 10 = 0 THEN 'Reserved VM Instance, Standard_D4s_v5, US East, 1 Year' END",
		"PublisherName": "'Microsoft'", "PlanName": "'Standard'", "ChargeType": "'Usage'", "Frequency": "'UsageBased'", "PublisherType": "'Azure'", "PayGPrice": "printf('%.9f', a % 100 / 900.0)",
		"PricingModel": "CASE WHEN a % 10 = 0 THEN 'Reservation' ELSE 'OnDemand' END", "benefitId": "CASE WHEN a % 10 = 0 THEN '/providers/Microsoft.Capacity/reservationOrders/order-' || a % 7 || '/reservations/ri-' || a % 7 END",
	}
	var columns []string
	for _, h := range strings.Split("BillingAccountId,BillingAccountName,BillingPeriodStartDate,BillingPeriodEndDate,BillingProfileId,BillingProfileName,AccountOwnerId,AccountName,SubscriptionId,SubscriptionName,"+
		"Date,Product,PartNumber,MeterId,ServiceFamily,MeterCategory,MeterSubCategory,MeterRegion,MeterName,Quantity,EffectivePrice,Cost,UnitPrice,BillingCurrency,ResourceLocation,AvailabilityZone,ConsumedService,"+
		"ResourceId,ResourceName,ServiceInfo1,ServiceInfo2,AdditionalInfo,Tags,InvoiceSectionId,InvoiceSection,CostCenter,UnitOfMeasure,ResourceGroup,ReservationId,ReservationName,ProductOrderId,ProductOrderName,"+
		"OfferId,IsAzureCreditEligible,Term,PublisherName,PlanName,ChargeType,Frequency,PublisherType,PayGPrice,PricingModel,CostAllocationRuleName,benefitId,benefitName", ",") {
		expr := set[h]
		if expr == "" {
			expr = "NULL"
		}
		columns = append(columns, fmt.Sprintf("%s AS %q", expr, h))
	}
	return w.Exec(b.Context(), fmt.Sprintf("COPY (SELECT %s FROM (SELECT i, i %% 20000 AS r, i %% 20000 %% 3000 AS a FROM range(%d) t(i))) TO %s (HEADER)", strings.Join(columns, ", "), rows, store.QuoteLiteral(path)))
}
