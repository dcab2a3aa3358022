package native

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/shopspring/decimal"
)

// Azure writes the two bills that Microsoft sends the demo company (the folders azure and azure-eu of "from") as Cost Management exports
// them: actual and amortized costs, each an export of its own, a folder for each month and in it one for the run, with its manifest.json.
//
//	azure-ea/   an enterprise agreement in dollars: US dates, tags without braces, a byte-order mark, gzip; the amortized export comes
//	            in two parts. Some meters are priced for blocks ("100 Hours", "10K", "1M").
//	azure-mca/  a customer agreement in euros: camelCase, prices in dollars with the month's exchange rate. There is no commitment in it,
//	            so that nothing but the manifests tells the two exports apart.
func Azure(ctx context.Context, from, to string) error {
	for _, b := range []azureBill{
		{folder: "azure", to: "azure-ea", export: "mayfly", header: azureEA, pack: true, parts: 2},
		{folder: "azure-eu", to: "azure-mca", export: "mayfly-europe", header: azureMCA, parts: 1},
	} {
		files, err := filepath.Glob(filepath.Join(from, b.folder, "*.csv*"))
		if err != nil {
			return err
		}
		if len(files) == 0 {
			return fmt.Errorf("%s has no folder %s with the demo company's bills: make them first", from, b.folder)
		}
		for _, f := range files {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := b.write(f, filepath.Join(to, b.to)); err != nil {
				return fmt.Errorf("%s as Azure exports: %w", f, err)
			}
		}
	}
	return nil
}

// azureBill is one billing account's exports in the making.
type azureBill struct {
	folder, to string
	export     string
	header     []string
	pack       bool // with gzip
	parts      int  // of the amortized export
}

var azureEA = strings.Split("BillingAccountId,BillingAccountName,BillingPeriodStartDate,BillingPeriodEndDate,BillingProfileId,BillingProfileName,AccountOwnerId,AccountName,"+
	"SubscriptionId,SubscriptionName,Date,Product,PartNumber,MeterId,ServiceFamily,MeterCategory,MeterSubCategory,MeterRegion,MeterName,Quantity,EffectivePrice,Cost,UnitPrice,"+
	"BillingCurrency,ResourceLocation,AvailabilityZone,ConsumedService,ResourceId,ResourceName,ServiceInfo1,ServiceInfo2,AdditionalInfo,Tags,InvoiceSectionId,InvoiceSection,CostCenter,"+
	"UnitOfMeasure,ResourceGroup,ReservationId,ReservationName,ProductOrderId,ProductOrderName,OfferId,IsAzureCreditEligible,Term,PublisherName,PlanName,ChargeType,Frequency,PublisherType,"+
	"PayGPrice,PricingModel,CostAllocationRuleName,benefitId,benefitName", ",")

var azureMCA = strings.Split("invoiceId,previousInvoiceId,billingAccountId,billingAccountName,billingProfileId,billingProfileName,invoiceSectionId,invoiceSectionName,resellerName,resellerMpnId,"+
	"costCenter,billingPeriodEndDate,billingPeriodStartDate,servicePeriodEndDate,servicePeriodStartDate,date,serviceFamily,productOrderId,productOrderName,consumedService,meterId,meterName,"+
	"meterCategory,meterSubCategory,meterRegion,ProductId,ProductName,SubscriptionId,subscriptionName,publisherType,publisherId,publisherName,resourceGroupName,ResourceId,resourceLocation,"+
	"location,effectivePrice,quantity,unitOfMeasure,chargeType,billingCurrency,pricingCurrency,costInBillingCurrency,costInPricingCurrency,costInUsd,paygCostInBillingCurrency,paygCostInUsd,"+
	"exchangeRatePricingToBilling,exchangeRateDate,isAzureCreditEligible,serviceInfo1,serviceInfo2,additionalInfo,tags,PayGPrice,frequency,term,reservationId,reservationName,pricingModel,"+
	"unitPrice,costAllocationRuleName,benefitId,benefitName,provider", ",")

// azureLine is a row of an export, by EA's names for what both agreements have.
type azureLine map[string]string

// mcaNames are MCA's names where they are not EA's in another letter case.
var mcaNames = map[string]string{"Product": "ProductName", "PartNumber": "ProductId", "Cost": "costInBillingCurrency", "ResourceGroup": "resourceGroupName", "InvoiceSection": "invoiceSectionName"}

func (b *azureBill) mca() bool { return b.export == "mayfly-europe" }

// write makes a month's two exports of a FOCUS file.
func (b *azureBill) write(file, to string) error {
	rate, err := azureRate(file)
	if err != nil {
		return err
	}
	var actual, amortized [][]string
	var month time.Time
	err = eachRow(file, func(r row) error {
		if month.IsZero() {
			if month, err = time.Parse(time.RFC3339, r.get("BillingPeriodStart")); err != nil {
				return err
			}
		}
		l, err := b.line(r, rate)
		if err != nil {
			return err
		}
		commitment, category := r.get("CommitmentDiscountId") != "", r.get("ChargeCategory")
		switch {
		case commitment && category == "Purchase": // it is what is amortized
			actual = append(actual, b.cells(l))
		case r.get("CommitmentDiscountStatus") == "Unused":
			amortized = append(amortized, b.cells(l))
		case commitment:
			amortized = append(amortized, b.cells(l))
			l["Cost"], l["EffectivePrice"] = "0", "0"
			actual = append(actual, b.cells(l))
		default:
			cells := b.cells(l)
			actual, amortized = append(actual, cells), append(amortized, cells)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := b.run(to, "actual", "ActualCost", month, 1, actual); err != nil {
		return err
	}
	return b.run(to, "amortized", "AmortizedCost", month, b.parts, amortized)
}

// azureRate is the exchange rate that a month's prices in euros were made with, to the millionth; "" where all is in one currency. Prices were
// rounded down, so every price leaves an interval for it.
func azureRate(file string) (string, error) {
	var low decimal.Decimal
	one := decimal.New(1, 6)
	err := eachRow(file, func(r row) error {
		if r.get("PricingCurrency") == r.get("BillingCurrency") || r.get("PricingCurrencyListUnitPrice") == "" {
			return nil
		}
		euros, err := decimal.NewFromString(r.get("ListUnitPrice"))
		if err != nil {
			return err
		}
		dollars, err := decimal.NewFromString(r.get("PricingCurrencyListUnitPrice"))
		if err != nil {
			return err
		}
		if least := euros.Mul(one).DivRound(dollars, 6).Ceil(); least.GreaterThan(low) {
			low = least
		}
		return nil
	})
	if err != nil || low.IsZero() {
		return "", err
	}
	return low.Shift(-6).String(), nil
}

// azureBlocks are how Azure prices what the FOCUS export gives in plainer units: in blocks of how many, and how many of what is counted
// make one of the FOCUS unit.
var azureBlocks = map[string]struct {
	unit         string
	block, units int64
}{
	"Hours": {"1 Hour", 1, 1}, "vCore-Hours": {"1 Hour", 1, 1}, "DIU-Hours": {"1 Hour", 1, 1}, "GB": {"1 GB", 1, 1}, "GB-Mo": {"1 GB/Month", 1, 1}, "Seats": {"1", 1, 1},
	"1M Tokens": {"1M", 1_000_000, 1_000_000}, "1M Requests": {"10K", 10_000, 1_000_000},
}

// line is a FOCUS row as a row of the amortized export.
func (b *azureBill) line(r row, rate string) (azureLine, error) {
	start, err := time.Parse(time.RFC3339, r.get("ChargePeriodStart"))
	if err != nil {
		return nil, err
	}
	periodStart, err := time.Parse(time.RFC3339, r.get("BillingPeriodStart"))
	if err != nil {
		return nil, err
	}
	const day = "01/02/2006"
	periodEnd := periodStart.AddDate(0, 1, -1).Format(day)
	l := azureLine{
		"BillingAccountId": "86" + digits(r.get("BillingAccountId"), 5), "BillingAccountName": r.get("BillingAccountName"),
		"BillingProfileId": r.get("BillingAccountId"), "BillingProfileName": r.get("BillingAccountName"),
		"BillingPeriodStartDate": periodStart.Format(day), "BillingPeriodEndDate": periodEnd, "Date": start.Format(day),
		"SubscriptionId": r.get("SubAccountId"), "SubscriptionName": r.get("SubAccountName"), "BillingCurrency": r.get("BillingCurrency"),
		"Product": r.get("ChargeDescription"), "PartNumber": r.get("SkuId"), "MeterCategory": r.get("ServiceName"), "MeterName": azureMeter(r), "ServiceFamily": azureFamily(r),
		"ResourceId": r.get("ResourceId"), "ResourceName": r.get("ResourceName"), "ResourceGroup": segment(r.get("ResourceId"), "resourceGroups"), "ConsumedService": segment(r.get("ResourceId"), "providers"),
		"ResourceLocation": r.get("RegionName"), "InvoiceSection": "Mayfly", "CostCenter": "CC-100", "IsAzureCreditEligible": "True", "OfferId": "MS-AZR-0017P",
		"PublisherName": r.get("PublisherName"), "PublisherType": "Azure", "Frequency": strings.ReplaceAll(r.get("ChargeFrequency"), "-", ""), "ChargeType": r.get("ChargeCategory"),
		"PricingModel": "OnDemand", "Cost": r.get("EffectiveCost"), "invoiceId": r.get("InvoiceId"), "provider": "Azure", "servicePeriodStartDate": start.Format(day), "servicePeriodEndDate": start.Format(day),
	}
	if l["MeterName"] != "" {
		l["MeterId"] = guid("meter", r.get("SkuPriceId"))
	}
	if size := r.get("SkuId"); r.get("ServiceName") == "Virtual Machines" && r.get("ResourceId") != "" {
		l["AdditionalInfo"] = fmt.Sprintf(`{"UsageType":"ComputeHR","ImageType":"Canonical","ServiceType":"Standard_%s","VMName":"%s","VCPUs":4}`, size, r.get("ResourceName"))
	}
	if l["Tags"], err = b.tags(r.get("Tags")); err != nil {
		return nil, err
	}
	if err := l.prices(r); err != nil {
		return nil, err
	}
	if id := r.get("CommitmentDiscountId"); id != "" {
		l["PricingModel"], l["ReservationId"], l["ReservationName"] = "Reservation", id, r.get("CommitmentDiscountName")
		l["benefitId"], l["benefitName"] = "/providers/Microsoft.Capacity/reservationOrders/"+id+"/reservations/"+id, r.get("CommitmentDiscountName")
		l["ProductOrderId"], l["ProductOrderName"], l["Term"] = id, "Reserved VM Instance, "+r.get("CommitmentDiscountName"), "12"
		if r.get("CommitmentDiscountStatus") == "Unused" { // the demo's list cost of what lies idle is what it costs
			l["ChargeType"], l["Quantity"], l["UnitOfMeasure"], l["UnitPrice"], l["PayGPrice"] = "UnusedReservation", "1", "1 Hour", l["Cost"], l["Cost"]
		} else if r.get("ChargeCategory") == "Purchase" {
			l["Cost"], l["PayGPrice"] = r.get("BilledCost"), "0"
		}
	}
	switch {
	case r.get("ChargeCategory") == "Tax":
		l["MeterCategory"], l["PricingModel"] = "", ""
	case r.get("ChargeCategory") == "Purchase" && r.get("CommitmentDiscountId") == "": // an offer of the marketplace has no meter
		l["MeterCategory"], l["PublisherType"], l["ProductOrderName"] = "", "Marketplace", r.get("ServiceName")
	}
	if b.mca() {
		cost, err := decimal.NewFromString(l["Cost"])
		if err != nil {
			return nil, err
		}
		l["pricingCurrency"], l["exchangeRatePricingToBilling"], l["exchangeRateDate"] = r.get("PricingCurrency"), rate, periodStart.Format(day)
		l["costInPricingCurrency"], l["costInUsd"] = r.get("PricingCurrencyEffectiveCost"), r.get("PricingCurrencyEffectiveCost")
		if r.get("ListUnitPrice") != "" {
			l["paygCostInBillingCurrency"] = r.get("ListCost")
		}
		if r.get("RegionId") != "" {
			l["ResourceLocation"], l["location"] = strings.ToUpper(r.get("RegionId")), "EU West"
		}
		if cost.IsZero() {
			l["effectivePrice"] = "0"
		}
	}
	return l, nil
}

// prices sets the quantity, its unit and the prices, in the pricing currency where there is one.
func (l azureLine) prices(r row) error {
	if r.get("PricingQuantity") == "" {
		return nil
	}
	of, ok := azureBlocks[r.get("PricingUnit")]
	if !ok {
		return fmt.Errorf("no unit of Azure's for %q", r.get("PricingUnit"))
	}
	if r.get("SkuId") == "B2ms" {
		of.unit, of.block = "100 Hours", 100
	}
	list, contracted := r.get("ListUnitPrice"), r.get("ContractedUnitPrice")
	if usd := r.get("PricingCurrencyListUnitPrice"); usd != "" {
		list, contracted = usd, r.get("PricingCurrencyContractedUnitPrice")
	}
	var d [4]decimal.Decimal
	for i, s := range []string{r.get("PricingQuantity"), list, contracted, r.get("EffectiveCost")} {
		var err error
		if d[i], err = decimal.NewFromString(s); err != nil {
			return err
		}
	}
	quantity := d[0].Mul(decimal.NewFromInt(of.units))
	perBlock := func(price decimal.Decimal) string {
		return price.Mul(decimal.NewFromInt(of.block)).DivRound(decimal.NewFromInt(of.units), 12).String()
	}
	l["Quantity"], l["UnitOfMeasure"] = quantity.String(), of.unit
	l["PayGPrice"], l["UnitPrice"] = perBlock(d[1]), perBlock(d[2])
	if !quantity.IsZero() {
		l["EffectivePrice"] = d[3].DivRound(quantity, 10).String()
	}
	return nil
}

// azureMeter is the meter's name: the FOCUS column, or what comes between price and SKU in the description.
func azureMeter(r row) string {
	if m := r.get("SkuMeter"); m != "" {
		return m
	}
	d, _, _ := strings.Cut(r.get("ChargeDescription"), " (")
	if _, meter, ok := strings.Cut(d, " - "); ok {
		return meter
	}
	if r.get("CommitmentDiscountStatus") == "Used" {
		return d
	}
	return ""
}

// azureFamily is ServiceFamily for a FOCUS category.
func azureFamily(r row) string {
	if c := r.get("ServiceCategory"); c == "AI and Machine Learning" {
		return "AI + Machine Learning"
	} else if c != "Other" {
		return c
	}
	return ""
}

// tags writes a FOCUS tags object as the agreement does: EA without the braces.
func (b *azureBill) tags(object string) (string, error) {
	if object == "" {
		return "", nil
	}
	m := map[string]string{}
	if err := json.Unmarshal([]byte(object), &m); err != nil {
		return "", fmt.Errorf("the tags %s: %w", object, err)
	}
	var pairs []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		key, err := json.Marshal(k)
		if err != nil {
			return "", err
		}
		value, err := json.Marshal(m[k])
		if err != nil {
			return "", err
		}
		pairs = append(pairs, string(key)+": "+string(value))
	}
	if b.mca() {
		return "{  " + strings.Join(pairs, ",  ") + "}", nil
	}
	return strings.Join(pairs, ","), nil
}

// cells are a line in the order of the header.
func (b *azureBill) cells(l azureLine) []string {
	by := map[string]string{}
	for k, v := range l {
		if n, ok := mcaNames[k]; ok && b.mca() {
			k = n
		}
		by[strings.ToLower(k)] = v
	}
	out := make([]string, len(b.header))
	for i, h := range b.header {
		out[i] = by[strings.ToLower(h)]
	}
	return out
}

// run writes an export's newest run for a month: its parts and the manifest.
func (b *azureBill) run(to, kind, exportType string, month time.Time, parts int, lines [][]string) error {
	name := b.export + "-" + kind
	run := guid(name, month.Format("2006-01"))
	last := month.AddDate(0, 1, -1)
	folder := path.Join(name, month.Format("20060102")+"-"+last.Format("20060102"), run)
	dir := filepath.Join(to, filepath.FromSlash(folder))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	type blob struct {
		Name  string `json:"blobName"`
		Bytes int    `json:"byteCount"`
		Rows  int    `json:"dataRowCount"`
	}
	var blobs []blob
	total := 0
	for i := range parts {
		rows := lines[len(lines)*i/parts : len(lines)*(i+1)/parts]
		data, ext, err := b.pack0(rows)
		if err != nil {
			return err
		}
		file := fmt.Sprintf("part_%d_0001.csv%s", i, ext)
		if err := os.WriteFile(filepath.Join(dir, file), data, 0o644); err != nil {
			return err
		}
		blobs = append(blobs, blob{path.Join(folder, file), len(data), len(rows)})
		total += len(data)
	}
	mode := map[bool]string{true: "gzip", false: "none"}[b.pack]
	agreement := map[bool]string{true: "Microsoft.Billing/billingAccounts/5d1e:8b90_2019-05-31", false: "Microsoft.Billing/billingAccounts/8600000"}[b.mca()]
	manifest := map[string]any{
		"manifestVersion": "2024-04-01", "byteCount": total, "blobCount": len(blobs), "dataRowCount": len(lines),
		"exportConfig": map[string]any{
			"exportName": name, "resourceId": "/providers/" + agreement + "/providers/Microsoft.CostManagement/exports/" + name,
			"dataVersion": "2021-10-01", "apiVersion": "2023-07-01-preview", "type": exportType, "timeFrame": "MonthToDate", "granularity": "Daily",
		},
		"deliveryConfig": map[string]any{"partitionData": true, "dataOverwriteBehavior": "OverwritePreviousReport", "fileFormat": "Csv", "compressionMode": mode, "rootFolderPath": ""},
		"runInfo": map[string]any{
			"executionType": "Scheduled", "submittedTime": last.AddDate(0, 0, 1).Format("2006-01-02T15:04:05") + ".0000000Z", "runId": run,
			"startDate": month.Format("2006-01-02T15:04:05"), "endDate": last.Format("2006-01-02T15:04:05"),
		},
		"blobs": blobs,
	}
	data, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "manifest.json"), append(data, '\n'), 0o644)
}

// pack0 is a part's bytes.
func (b *azureBill) pack0(rows [][]string) (data []byte, ext string, err error) {
	var out bytes.Buffer
	if !b.mca() {
		out.WriteString("\ufeff")
	}
	w := csv.NewWriter(&out)
	w.UseCRLF = true
	if err := w.Write(b.header); err != nil {
		return nil, "", err
	}
	if err := w.WriteAll(rows); err != nil {
		return nil, "", err
	}
	if !b.pack {
		return out.Bytes(), "", nil
	}
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if err != nil {
		return nil, "", err
	}
	if _, err := z.Write(out.Bytes()); err != nil {
		return nil, "", err
	}
	if err := z.Close(); err != nil {
		return nil, "", err
	}
	return packed.Bytes(), ".gz", nil
}

// guid is an id made of words, the same every time.
func guid(words ...string) string {
	h := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

// digits are n digits made of a text.
func digits(s string, n int) string {
	h := sha256.Sum256([]byte(s))
	out := make([]byte, n)
	for i := range out {
		out[i] = '0' + h[i]%10
	}
	return string(out)
}

// segment is what follows a word in a resource's id: segment(id, "resourceGroups") is the group's name.
func segment(id, word string) string {
	_, rest, ok := strings.Cut(id, "/"+word+"/")
	if !ok {
		return ""
	}
	s, _, _ := strings.Cut(rest, "/")
	return s
}
