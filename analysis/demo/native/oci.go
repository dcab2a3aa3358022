package native

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/shopspring/decimal"
)

// ociServices are Oracle's names for what the demo company does on Azure, and the product's number.
var ociServices = map[string][2]string{
	"Storage Accounts": {"OBJECTSTORE", "B91628"}, "Azure SQL Database": {"DATABASE", "B88295"}, "Virtual Network": {"NETWORK", "B88327"},
	"Azure Monitor": {"TELEMETRY", "B90925"}, "Azure Data Factory": {"DATA_FLOW", "B92997"}, "Virtual Machines": {"COMPUTE", "B97384"},
}

const (
	ociSubscription = "20260417"
	ociTenancy      = "ocid1.tenancy.oc1..mayfly"
	ociRegion       = "eu-frankfurt-1"
)

var ociHeader = []string{
	"lineItem/referenceNo", "lineItem/tenantId", "lineItem/intervalUsageStart", "lineItem/intervalUsageEnd", "product/service", "product/compartmentId", "product/compartmentName", "product/region",
	"product/availabilityDomain", "product/resourceId", "usage/billedQuantity", "usage/billedQuantityOverage", "cost/subscriptionId", "cost/productSku", "product/Description", "cost/unitPrice",
	"cost/unitPriceOverage", "cost/myCost", "cost/myCostOverage", "cost/currencyCode", "cost/billingUnitReadable", "cost/skuUnitDescription", "cost/overageFlag", "lineItem/isCorrection", "lineItem/backreferenceNo",
	"tags/Mayfly.app", "tags/Mayfly.env", "tags/Mayfly.team", "tags/Oracle-Tags.CreatedBy", `tags/orcl-cloud\free-tier-retained`,
}

var ociFocusHeader = []string{
	"ProviderName", "PublisherName", "InvoiceIssuerName", "BillingAccountId", "SubAccountId", "BillingCurrency", "BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd", "ChargeCategory",
	"ChargeClass", "ChargeDescription", "ChargeFrequency", "BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "PricingQuantity", "PricingUnit", "ServiceName", "ServiceCategory", "SkuId",
	"RegionId", "RegionName", "ResourceId", "Tags",
}

// OCI writes what the demo company would owe Oracle if its account analytics-azure (of the folder azure of "from") were a tenancy there, over the
// last two months: small, in Oracle's two formats, which lie side by side in Oracle's bucket and say the same.
//
//	oci/        Oracle's own cost reports, one for each week: gzipped CSV, a column for each tag, two formats of time
//	oci-focus/  the same rows as Oracle's FOCUS reports
func OCI(ctx context.Context, from, to string) error {
	bills, err := filepath.Glob(filepath.Join(from, "azure", "*.csv*"))
	if err != nil {
		return err
	}
	if len(bills) == 0 {
		return fmt.Errorf("%s has no folder azure with the demo company's bills: make them first", from)
	}
	slices.Sort(bills)
	var days []time.Time
	reports, focus := map[time.Time][][]string{}, map[time.Time][][]string{}
	for _, bill := range bills[max(0, len(bills)-2):] {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := eachRow(bill, func(r row) error {
			of, ok := ociServices[r.get("ServiceName")]
			if !ok || r.get("SubAccountName") != "analytics-azure" || r.get("ChargeCategory") != "Usage" || r.get("CommitmentDiscountId") != "" {
				return nil
			}
			start, err := time.Parse(time.RFC3339, r.get("ChargePeriodStart"))
			if err != nil {
				return err
			}
			week := start.Truncate(7 * 24 * time.Hour)
			if !slices.Contains(days, week) {
				days = append(days, week)
			}
			// Two hours of the day, each with half; the second comes corrected on the 11th.
			for half := range 2 {
				native, plain, err := ociRow(r, of, start, half, fmt.Sprintf("%d%04d", start.Unix(), len(reports[week])), false)
				if err != nil {
					return err
				}
				reports[week], focus[week] = append(reports[week], native), append(focus[week], plain)
				if start.Day() == 11 && half == 1 {
					if native, plain, err = ociRow(r, of, start, half, native[0], true); err != nil {
						return err
					}
					reports[week], focus[week] = append(reports[week], native), append(focus[week], plain)
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("%s as Oracle's reports: %w", bill, err)
		}
	}
	for i, week := range days {
		name := fmt.Sprintf("%019d-00001.csv.gz", 1000000000001+i)
		if err := writePacked(filepath.Join(to, "oci", "reports", "cost-csv", name), ociHeader, reports[week]); err != nil {
			return err
		}
		if err := writePacked(filepath.Join(to, "oci-focus", "FOCUS Reports", week.Format("2006/01/02"), name), ociFocusHeader, focus[week]); err != nil {
			return err
		}
	}
	return nil
}

// ociRow is half of a day's row in both formats; with correction, a row that takes a tenth of it back.
func ociRow(r row, of [2]string, day time.Time, half int, reference string, correction bool) (native, focus []string, err error) {
	var d [2]decimal.Decimal
	for i, c := range []string{"PricingQuantity", "BilledCost"} {
		if d[i], err = decimal.NewFromString(r.get(c)); err != nil {
			return nil, nil, err
		}
		d[i] = d[i].Mul(decimal.New(5, -1))
	}
	class, corrects, back := "", "false", ""
	if correction {
		d[0], d[1] = d[0].Mul(decimal.New(-1, -1)), d[1].Mul(decimal.New(-1, -1))
		class, corrects, back, reference = "Correction", "true", reference, reference+"C"
	}
	tags := map[string]string{}
	if t := r.get("Tags"); t != "" {
		if err := json.Unmarshal([]byte(t), &tags); err != nil {
			return nil, nil, err
		}
	}
	start := day.Add(time.Duration(7+half) * time.Hour)
	resource := "ocid1.volume.oc1.eu-frankfurt-1." + strings.ToLower(r.get("SkuId"))
	user, free := "ocid1.user.oc1..builder", map[bool]string{true: "true"}[r.get("ServiceName") == "Azure Monitor"]
	compartment := "analytics"
	month := time.Date(day.Year(), day.Month(), 1, 0, 0, 0, 0, time.UTC)
	native = []string{
		reference, ociTenancy, start.Format("2006-01-02T15:04Z"), start.Add(time.Hour).Format("2006-01-02T15:04:05Z"), of[0], "ocid1.compartment.oc1..analytics", compartment, ociRegion,
		"EUFR:EU-FRANKFURT-1-AD-1", resource, d[0].String(), "0", ociSubscription, of[1], r.get("ChargeDescription"), r.get("ContractedUnitPrice"),
		"", d[1].String(), "0", "USD", "ONE HOUR", r.get("PricingUnit"), "N", corrects, back,
		tags["app"], tags["env"], tags["team"], user, free,
	}
	all := map[string]string{"Oracle-Tags.CreatedBy": user, "compartment": compartment}
	for k, v := range map[string]string{"Mayfly.app": tags["app"], "Mayfly.env": tags["env"], "Mayfly.team": tags["team"], `orcl-cloud\free-tier-retained`: free} {
		if v != "" {
			all[k] = v
		}
	}
	object, err := json.Marshal(all)
	if err != nil {
		return nil, nil, err
	}
	const stamp = "2006-01-02T15:04:05Z"
	focus = []string{
		"Oracle", "Oracle", "Oracle", ociSubscription, ociTenancy, "USD", month.Format(stamp), month.AddDate(0, 1, 0).Format(stamp), start.Format(stamp), start.Add(time.Hour).Format(stamp), "Usage",
		class, r.get("ChargeDescription"), "Usage-Based", d[1].String(), d[1].String(), d[1].String(), d[1].String(), d[0].String(), r.get("PricingUnit"), of[0], r.get("ServiceCategory"), of[1],
		ociRegion, ociRegion, resource, string(object),
	}
	return native, focus, nil
}

// writePacked writes rows as gzipped CSV.
func writePacked(path string, header []string, rows [][]string) error {
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if err != nil {
		return err
	}
	w := csv.NewWriter(z)
	if err := w.Write(header); err != nil {
		return err
	}
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, packed.Bytes(), 0o644)
}
