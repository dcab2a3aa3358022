package native

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/shopspring/decimal"

	"spendbot/analysis/store"
)

// Names of the demo company's reports, and how many lines go into one file of a report.
const (
	awsBucket     = "mayfly-billing"
	awsReport     = "mayfly-cur"
	awsExport     = "mayfly-cur2"
	awsLinesAFile = 10_000
)

// AWS writes the payer's bills of "from" (its folder aws) three times, each into a folder of its own, of which one is the bill:
//
//	aws-cur/           CUR legacy: CSV packed with gzip in files of 10,000 lines, a folder for each month and in it one for each
//	                   assembly, with manifests. A column for each tag of the month, so that the months differ in their columns.
//	                   The negotiated discount is in the prices.
//	aws-cur2/          CUR 2.0 as CSV: maps as JSON, and the negotiated discount as lines of type EdpDiscount, with the net columns filled too.
//	aws-cur2-parquet/  the same as Parquet: maps are maps, costs are floating-point numbers.
//
// Beyond what AWS does, an unused reservation has an RIFee line a day instead of one a month, and the public cost of what lies idle of a commitment is
// on its fee: the FOCUS exports know both.
func AWS(ctx context.Context, from, to string) error {
	bills, err := filepath.Glob(filepath.Join(from, "aws", "*.csv*"))
	if err != nil {
		return err
	}
	if len(bills) == 0 {
		return fmt.Errorf("%s has no folder aws with the demo company's bills: make them first", from)
	}
	for _, bill := range bills {
		if err := ctx.Err(); err != nil {
			return err
		}
		name, _, _ := strings.Cut(filepath.Base(bill), ".")
		month, err := time.Parse("2006-01", name)
		if err != nil {
			return fmt.Errorf("%s: the name does not say which month it is: %w", bill, err)
		}
		if err := writeLegacy(bill, to, month); err != nil {
			return fmt.Errorf("%s as CUR: %w", bill, err)
		}
		if err := writeCUR2(bill, to, month); err != nil {
			return fmt.Errorf("%s as CUR 2.0: %w", bill, err)
		}
	}
	return parquetOfCUR2(ctx, to)
}

// curColumn is a column of a report. Those without a legacy name are only in CUR 2.0, those without a CUR 2.0 name only in the legacy one.
type curColumn struct {
	legacy, cur2 string
	kind         curKind
}

type curKind uint8

const (
	curText curKind = iota
	curTime
	curNumber
	curMap
)

var curColumns = []curColumn{
	{"", "bill_payer_account_name", curText},
	{"bill/BillType", "bill_bill_type", curText},
	{"bill/BillingEntity", "bill_billing_entity", curText},
	{"bill/BillingPeriodEndDate", "bill_billing_period_end_date", curTime},
	{"bill/BillingPeriodStartDate", "bill_billing_period_start_date", curTime},
	{"bill/InvoiceId", "bill_invoice_id", curText},
	{"bill/InvoicingEntity", "bill_invoicing_entity", curText},
	{"bill/PayerAccountId", "bill_payer_account_id", curText},
	{"identity/LineItemId", "identity_line_item_id", curText},
	{"identity/TimeInterval", "identity_time_interval", curText},
	{"lineItem/AvailabilityZone", "line_item_availability_zone", curText},
	{"lineItem/BlendedCost", "line_item_blended_cost", curNumber},
	{"lineItem/CurrencyCode", "line_item_currency_code", curText},
	{"lineItem/LegalEntity", "line_item_legal_entity", curText},
	{"lineItem/LineItemDescription", "line_item_line_item_description", curText},
	{"lineItem/LineItemType", "line_item_line_item_type", curText},
	{"", "line_item_net_unblended_cost", curNumber},
	{"lineItem/Operation", "line_item_operation", curText},
	{"lineItem/ProductCode", "line_item_product_code", curText},
	{"lineItem/ResourceId", "line_item_resource_id", curText},
	{"lineItem/TaxType", "line_item_tax_type", curText},
	{"lineItem/UnblendedCost", "line_item_unblended_cost", curNumber},
	{"lineItem/UnblendedRate", "line_item_unblended_rate", curNumber},
	{"lineItem/UsageAccountId", "line_item_usage_account_id", curText},
	{"", "line_item_usage_account_name", curText},
	{"lineItem/UsageAmount", "line_item_usage_amount", curNumber},
	{"lineItem/UsageEndDate", "line_item_usage_end_date", curTime},
	{"lineItem/UsageStartDate", "line_item_usage_start_date", curTime},
	{"lineItem/UsageType", "line_item_usage_type", curText},
	{"pricing/RateCode", "pricing_rate_code", curText},
	{"pricing/currency", "pricing_currency", curText},
	{"pricing/publicOnDemandCost", "pricing_public_on_demand_cost", curNumber},
	{"pricing/publicOnDemandRate", "pricing_public_on_demand_rate", curNumber},
	{"pricing/term", "pricing_term", curText},
	{"pricing/unit", "pricing_unit", curText},
	{"", "product", curMap},
	{"product/ProductName", "", curText},
	{"product/instanceType", "product_instance_type", curText},
	{"product/location", "product_location", curText},
	{"product/locationType", "product_location_type", curText},
	{"product/productFamily", "product_product_family", curText},
	{"product/region", "", curText},
	{"product/regionCode", "product_region_code", curText},
	{"product/sku", "product_sku", curText},
	{"product/usagetype", "product_usagetype", curText},
	{"reservation/EffectiveCost", "reservation_effective_cost", curNumber},
	{"reservation/ReservationARN", "reservation_reservation_a_r_n", curText},
	{"reservation/UnusedAmortizedUpfrontFeeForBillingPeriod", "reservation_unused_amortized_upfront_fee_for_billing_period", curNumber},
	{"reservation/UnusedQuantity", "reservation_unused_quantity", curNumber},
	{"reservation/UnusedRecurringFee", "reservation_unused_recurring_fee", curNumber},
	{"", "resource_tags", curMap},
	{"savingsPlan/OfferingType", "savings_plan_offering_type", curText},
	{"savingsPlan/SavingsPlanARN", "savings_plan_savings_plan_a_r_n", curText},
	{"savingsPlan/SavingsPlanEffectiveCost", "savings_plan_savings_plan_effective_cost", curNumber},
	{"savingsPlan/TotalCommitmentToDate", "savings_plan_total_commitment_to_date", curNumber},
	{"savingsPlan/UsedCommitment", "savings_plan_used_commitment", curNumber},
}

// curLine is a line of a report by the columns' names in CUR 2.0, or in the legacy report for those that only it has.
type curLine map[string]string

func (l curLine) with(pairs ...string) curLine {
	out := curLine{}
	for k, v := range l {
		out[k] = v
	}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	return out
}

// productCodes are AWS's codes for the services of the demo company.
var productCodes = map[string]string{
	"Amazon Elastic Compute Cloud": "AmazonEC2", "Amazon Virtual Private Cloud": "AmazonVPC", "Amazon Simple Storage Service": "AmazonS3",
	"Amazon Relational Database Service": "AmazonRDS", "AmazonCloudWatch": "AmazonCloudWatch", "AWS Lambda": "AWSLambda",
	"Amazon Elastic Kubernetes Service": "AmazonEKS", "Amazon Bedrock": "AmazonBedrock", "Amazon SageMaker": "AmazonSageMaker",
	"AWS Data Transfer": "AWSDataTransfer", "Amazon DynamoDB": "AmazonDynamoDB", "Amazon ElastiCache": "AmazonElastiCache",
	"Amazon OpenSearch Service": "AmazonES", "Amazon CloudFront": "AmazonCloudFront", "Amazon Simple Queue Service": "AWSQueueService",
	"Amazon Route 53": "AmazonRoute53", "AWS Key Management Service": "awskms", "Amazon Redshift": "AmazonRedshift", "AWS Glue": "AWSGlue",
	"AWS Support (Business)": "AWSSupportBusiness", "Datadog Pro": "8hm7q4c1x9d2e5",
	"Tax": "", // a tax is charged on no product of its own
}

// offeringTypes are AWS's words for kinds of savings plans.
var offeringTypes = map[string]string{"Compute Savings Plan": "ComputeSavingsPlans", "SageMaker Savings Plan": "SageMakerSavingsPlans"}

// eachLine makes a report's lines of a FOCUS export. With edp the negotiated discount is a line of its own beside each line of usage
// at the public price, else it is in the price.
func eachLine(bill string, edp bool, emit func(line curLine, tags map[string]string) error) error {
	// The fee of a savings plan waits for what of it lay idle, which comes next where there is any.
	var fee curLine
	var committed decimal.Decimal
	flush := func(idle decimal.Decimal, list string) error {
		if fee == nil {
			return nil
		}
		l := fee.with("savings_plan_used_commitment", committed.Sub(idle).String(), "pricing_public_on_demand_cost", list)
		fee = nil
		return emit(l, nil)
	}
	err := eachRow(bill, func(r row) error {
		tags := map[string]string{}
		if t := r.get("Tags"); t != "" {
			if err := json.Unmarshal([]byte(t), &tags); err != nil {
				return fmt.Errorf("the tags %s: %w", t, err)
			}
		}
		l, err := common(r)
		if err != nil {
			return err
		}
		status, plan := r.get("CommitmentDiscountStatus"), r.get("CommitmentDiscountId")
		spend := r.get("CommitmentDiscountCategory") == "Spend"
		if fee != nil && status == "Unused" && spend && strings.HasSuffix(fee["savings_plan_savings_plan_a_r_n"], "/"+plan) {
			idle, err := decimal.NewFromString(r.get("EffectiveCost"))
			if err != nil {
				return err
			}
			return flush(idle, r.get("ListCost"))
		}
		if err := flush(decimal.Zero, "0"); err != nil {
			return err
		}
		switch category := r.get("ChargeCategory"); {
		case category == "Usage" && status == "Used" && spend:
			onDemand := r.get("ListCost")
			l = l.with("line_item_line_item_type", "SavingsPlanCoveredUsage", "line_item_unblended_cost", onDemand, "line_item_blended_cost", onDemand,
				"line_item_net_unblended_cost", onDemand, "line_item_unblended_rate", r.get("ListUnitPrice"), "savings_plan_savings_plan_effective_cost", r.get("EffectiveCost"))
			if err := emit(l, tags); err != nil {
				return err
			}
			return emit(l.with("line_item_line_item_type", "SavingsPlanNegation", "line_item_unblended_cost", "-"+onDemand, "line_item_blended_cost", "-"+onDemand,
				"line_item_net_unblended_cost", "-"+onDemand, "pricing_public_on_demand_cost", "0", "savings_plan_savings_plan_effective_cost", "0",
				"line_item_line_item_description", "SavingsPlanNegation used by AccountId : "+l["line_item_usage_account_id"]), tags)
		case category == "Usage" && status == "Used":
			return emit(l.with("line_item_line_item_type", "DiscountedUsage", "reservation_effective_cost", r.get("EffectiveCost")), tags)
		case category == "Usage" && status == "Unused":
			return emit(l.with("line_item_line_item_type", "RIFee", "reservation_unused_amortized_upfront_fee_for_billing_period", r.get("EffectiveCost"),
				"reservation_unused_recurring_fee", "0"), tags)
		case category == "Usage" && r.get("ChargeClass") == "Correction":
			return emit(l.with("line_item_line_item_type", "Refund"), tags)
		case category == "Usage" && edp:
			list, err := decimal.NewFromString(r.get("ListCost"))
			if err != nil {
				return err
			}
			billed, err := decimal.NewFromString(r.get("BilledCost"))
			if err != nil {
				return err
			}
			l = l.with("line_item_line_item_type", "Usage", "line_item_unblended_cost", list.String(), "line_item_blended_cost", list.String(),
				"line_item_unblended_rate", r.get("ListUnitPrice"))
			if err := emit(l, tags); err != nil || list.Equal(billed) {
				return err
			}
			off := billed.Sub(list).String()
			return emit(l.with("line_item_line_item_type", "EdpDiscount", "line_item_unblended_cost", off, "line_item_blended_cost", off, "line_item_net_unblended_cost", "0",
				"line_item_unblended_rate", "", "pricing_public_on_demand_cost", "0", "line_item_line_item_description", "Enterprise Program Discount"), tags)
		case category == "Usage":
			return emit(l.with("line_item_line_item_type", "Usage"), tags)
		case category == "Purchase" && spend:
			fee = l.with("line_item_line_item_type", "SavingsPlanRecurringFee", "savings_plan_total_commitment_to_date", r.get("BilledCost"))
			committed, err = decimal.NewFromString(r.get("BilledCost"))
			return err
		case category == "Purchase":
			return emit(l.with("line_item_line_item_type", "Fee"), tags)
		default: // Credit, Tax
			return emit(l.with("line_item_line_item_type", category), tags)
		}
	})
	if err != nil {
		return err
	}
	return flush(decimal.Zero, "0")
}

// common is what the lines of all types have of a FOCUS row.
func common(r row) (curLine, error) {
	code, ok := productCodes[r.get("ServiceName")]
	if !ok {
		return nil, fmt.Errorf("no product code is known for %q", r.get("ServiceName"))
	}
	unit := r.get("PricingUnit")
	if unit == "Hours" {
		unit = "Hrs"
	}
	l := curLine{
		"bill_payer_account_id": r.get("BillingAccountId"), "bill_payer_account_name": r.get("BillingAccountName"), "bill_bill_type": "Anniversary",
		"bill_billing_entity": "AWS", "bill_invoicing_entity": r.get("InvoiceIssuerName"), "bill_invoice_id": r.get("InvoiceId"),
		"bill_billing_period_start_date": r.get("BillingPeriodStart"), "bill_billing_period_end_date": r.get("BillingPeriodEnd"),
		"identity_time_interval":      r.get("ChargePeriodStart") + "/" + r.get("ChargePeriodEnd"),
		"line_item_availability_zone": r.get("AvailabilityZone"), "line_item_blended_cost": r.get("BilledCost"), "line_item_currency_code": r.get("BillingCurrency"),
		"line_item_legal_entity": r.get("InvoiceIssuerName"), "line_item_line_item_description": r.get("ChargeDescription"),
		"line_item_operation": r.get("x_Operation"), "line_item_product_code": code, "line_item_resource_id": r.get("ResourceId"),
		"line_item_unblended_cost": r.get("BilledCost"), "line_item_net_unblended_cost": r.get("BilledCost"), "line_item_unblended_rate": r.get("ContractedUnitPrice"),
		"line_item_usage_account_id": r.get("SubAccountId"), "line_item_usage_account_name": r.get("SubAccountName"),
		"line_item_usage_amount": r.get("PricingQuantity"), "line_item_usage_start_date": r.get("ChargePeriodStart"), "line_item_usage_end_date": r.get("ChargePeriodEnd"),
		"line_item_usage_type": r.get("x_UsageType"), "pricing_rate_code": r.get("SkuPriceId"), "pricing_currency": r.get("BillingCurrency"),
		"pricing_public_on_demand_cost": r.get("ListCost"), "pricing_public_on_demand_rate": r.get("ListUnitPrice"), "pricing_term": "OnDemand", "pricing_unit": unit,
		"product/ProductName": r.get("ServiceName"), "product_product_family": r.get("SkuMeter"), "product_region_code": r.get("RegionId"), "product/region": r.get("RegionId"),
		"product_location": r.get("RegionName"), "product_sku": r.get("SkuId"), "product_usagetype": r.get("x_UsageType"),
	}
	if code == "" {
		l["product/ProductName"], l["line_item_tax_type"] = "", "US Sales Tax"
	}
	if l["product_location"] != "" {
		l["product_location_type"] = "AWS Region"
	}
	if p := r.get("PublisherName"); p != "AWS" {
		l["bill_billing_entity"], l["line_item_legal_entity"] = "AWS Marketplace", p
	}
	if d := r.get("SkuPriceDetails"); d != "" {
		var details struct{ InstanceType string }
		if err := json.Unmarshal([]byte(d), &details); err != nil {
			return nil, fmt.Errorf("the price details %s: %w", d, err)
		}
		l["product_instance_type"] = details.InstanceType
	}
	if plan := r.get("CommitmentDiscountId"); plan != "" {
		if kind, ok := offeringTypes[r.get("CommitmentDiscountType")]; ok {
			l["savings_plan_savings_plan_a_r_n"], l["savings_plan_offering_type"] = "arn:aws:savingsplans::"+r.get("BillingAccountId")+":savingsplan/"+plan, kind
		} else {
			l["reservation_reservation_a_r_n"] = "arn:aws:rds:" + r.get("RegionId") + ":" + r.get("BillingAccountId") + ":ri:ri/" + plan
			l["pricing_term"] = "Reserved"
		}
	}
	return l, nil
}

// lineIDs are made-up ids of line items, the same in each run: 52 characters, as AWS's are, and unlike those easily packed.
type lineIDs struct {
	prefix string
	n      int
}

func lineIDsOf(delivery string) *lineIDs {
	sum := sha256.Sum256([]byte(delivery))
	return &lineIDs{prefix: strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:40]}
}

func (ids *lineIDs) next() string {
	ids.n++
	return fmt.Sprintf("%s%012d", ids.prefix, ids.n)
}

// uuid is an id as AWS gives one to each delivery, the same in each run.
func uuid(of string) string {
	s := sha256.Sum256([]byte(of))
	return fmt.Sprintf("%x-%x-%x-%x-%x", s[:4], s[4:6], s[6:8], s[8:10], s[10:16])
}

// writeLegacy writes a month of the legacy report.
func writeLegacy(bill, to string, month time.Time) error {
	var keys []string
	err := eachRow(bill, func(r row) error {
		var tags map[string]json.RawMessage
		if t := r.get("Tags"); t != "" {
			if err := json.Unmarshal([]byte(t), &tags); err != nil {
				return fmt.Errorf("the tags %s: %w", t, err)
			}
		}
		for k := range tags {
			if !slices.Contains(keys, k) {
				keys = append(keys, k)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.Sort(keys)
	var header []string
	type described struct {
		Category string `json:"category"`
		Name     string `json:"name"`
		Type     string `json:"type"`
	}
	var columns []described
	for _, c := range curColumns {
		if c.legacy == "" {
			continue
		}
		header = append(header, c.legacy)
		category, name, _ := strings.Cut(c.legacy, "/")
		columns = append(columns, described{category, name, map[curKind]string{curText: "OptionalString", curTime: "DateTime", curNumber: "OptionalBigDecimal"}[c.kind]})
	}
	for _, k := range keys {
		header = append(header, "resourceTags/user:"+k)
		columns = append(columns, described{"resourceTags", "user:" + k, "OptionalString"})
	}

	next := month.AddDate(0, 1, 0)
	period := month.Format("20060102") + "-" + next.Format("20060102")
	assembly := uuid(awsReport + period)
	folder := path.Join("aws-cur", awsReport, period)
	out := &reportFiles{to: to, name: path.Join(folder, assembly, awsReport), header: header}
	defer out.abort()
	ids := lineIDsOf(assembly)
	err = eachLine(bill, false, func(l curLine, tags map[string]string) error {
		cells := make([]string, 0, len(header))
		for _, c := range curColumns {
			switch {
			case c.legacy == "":
			case c.legacy == "identity/LineItemId":
				cells = append(cells, ids.next())
			case c.cur2 == "":
				cells = append(cells, l[c.legacy])
			default:
				cells = append(cells, l[c.cur2])
			}
		}
		for _, k := range keys {
			cells = append(cells, tags[k])
		}
		return out.add(cells)
	})
	if err != nil {
		return err
	}
	if err := out.close(); err != nil {
		return err
	}
	const stamp = "20060102T150405.000Z"
	manifest := map[string]any{
		"assemblyId": assembly, "account": "771402958813", "columns": columns, "charset": "UTF-8", "compression": "GZIP", "contentType": "text/csv",
		"reportId": strings.ReplaceAll(uuid(awsReport), "-", ""), "reportName": awsReport, "bucket": awsBucket, "reportKeys": out.files,
		"billingPeriod":          map[string]string{"start": month.Format(stamp), "end": next.Format(stamp)},
		"additionalArtifactKeys": []string{},
	}
	// AWS keeps one beside the files and one of the newest assembly beside the assemblies' folders.
	for _, dir := range []string{path.Join(folder, assembly), folder} {
		if err := writeJSON(filepath.Join(to, filepath.FromSlash(dir), awsReport+"-Manifest.json"), manifest); err != nil {
			return err
		}
	}
	return nil
}

// writeCUR2 writes a month of the CUR 2.0 export as CSV.
func writeCUR2(bill, to string, month time.Time) error {
	var header []string
	type described struct {
		Name string `json:"name"`
		Type string `json:"type"`
	}
	var columns []described
	for _, c := range curColumns {
		if c.cur2 != "" {
			header = append(header, c.cur2)
			columns = append(columns, described{c.cur2, map[curKind]string{curText: "string", curTime: "timestamp", curNumber: "double", curMap: "map<string,string>"}[c.kind]})
		}
	}
	period := "BILLING_PERIOD=" + month.Format("2006-01")
	folder := path.Join("aws-cur2", awsExport)
	out := &reportFiles{to: to, name: path.Join(folder, "data", period, awsExport), header: header}
	defer out.abort()
	ids := lineIDsOf(awsExport + period)
	err := eachLine(bill, true, func(l curLine, tags map[string]string) error {
		product := map[string]string{}
		for k, v := range map[string]string{"product_name": l["product/ProductName"], "region": l["product/region"]} {
			if v != "" {
				product[k] = v
			}
		}
		prefixed := map[string]string{}
		for k, v := range tags {
			prefixed["user_"+k] = v
		}
		cells := make([]string, 0, len(header))
		for _, c := range curColumns {
			v := l[c.cur2]
			switch {
			case c.cur2 == "":
				continue
			case c.cur2 == "identity_line_item_id":
				v = ids.next()
			case c.cur2 == "product":
				v = jsonOf(product)
			case c.cur2 == "resource_tags":
				v = jsonOf(prefixed)
			case c.kind == curTime:
				v = strings.Replace(v, "Z", ".000Z", 1)
			}
			cells = append(cells, v)
		}
		return out.add(cells)
	})
	if err != nil {
		return err
	}
	if err := out.close(); err != nil {
		return err
	}
	urls := make([]string, len(out.files))
	for i, f := range out.files {
		urls[i] = "s3://" + awsBucket + "/" + f
	}
	return writeJSON(filepath.Join(to, filepath.FromSlash(folder), "metadata", period, awsExport+"-Manifest.json"), map[string]any{
		"executionId": uuid(awsExport + period), "exportArn": "arn:aws:bcm-data-exports:us-east-1:771402958813:export/" + awsExport, "account": "771402958813",
		"reportName": awsExport, "columns": columns, "charset": "UTF-8", "compression": "GZIP", "contentType": "text/csv", "dataFiles": urls,
	})
}

// jsonOf is a map as JSON, its keys in order.
func jsonOf(m map[string]string) string {
	b, _ := json.Marshal(m) // texts: it cannot fail
	return string(b)
}

// reportFiles are the files of a report, packed with gzip: name-00001.csv.gz and so on, each with the header.
type reportFiles struct {
	to, name string // the folder they all lie in, and the report's name below it
	header   []string
	files    []string // written so far, below the folder
	lines    int

	file *os.File
	buf  *bufio.Writer
	zip  *gzip.Writer
	csv  *csv.Writer
}

func (r *reportFiles) add(cells []string) error {
	if r.csv == nil || r.lines == awsLinesAFile {
		if err := r.close(); err != nil {
			return err
		}
		name := fmt.Sprintf("%s-%05d.csv.gz", r.name, len(r.files)+1)
		at := filepath.Join(r.to, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return err
		}
		f, err := os.Create(at)
		if err != nil {
			return err
		}
		r.file, r.buf, r.lines = f, bufio.NewWriter(f), 0
		if r.zip, err = gzip.NewWriterLevel(r.buf, gzip.BestSpeed); err != nil {
			return err
		}
		r.csv = csv.NewWriter(r.zip)
		r.files = append(r.files, name)
		if err := r.csv.Write(r.header); err != nil {
			return err
		}
	}
	r.lines++
	return r.csv.Write(cells)
}

// close ends the file at hand, if there is one.
func (r *reportFiles) close() error {
	if r.csv == nil {
		return nil
	}
	r.csv.Flush()
	if err := r.csv.Error(); err != nil {
		return err
	}
	r.csv = nil
	if err := r.zip.Close(); err != nil {
		return err
	}
	if err := r.buf.Flush(); err != nil {
		return err
	}
	return r.file.Close()
}

// abort closes a file that an error left open.
func (r *reportFiles) abort() {
	if r.csv != nil {
		r.file.Close()
	}
}

func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}

// parquetOfCUR2 makes the Parquet export of the CSV one, with the types that AWS gives the columns.
func parquetOfCUR2(ctx context.Context, to string) error {
	root := filepath.Join(to, "aws-cur2", awsExport)
	files, err := filepath.Glob(filepath.Join(root, "data", "*", "*.csv.gz"))
	if err != nil {
		return err
	}
	// A writer of a store that nobody keeps: the way to the engine that writes Parquet.
	dir, err := os.MkdirTemp("", "cur2-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s, err := store.Open(ctx, dir, store.Limits{})
	if err != nil {
		return err
	}
	defer s.Close()
	w, err := s.Begin(ctx)
	if err != nil {
		return err
	}
	defer w.Close()
	var sel []string
	for _, c := range curColumns {
		if c.cur2 == "" {
			continue
		}
		typ := map[curKind]string{curText: "VARCHAR", curTime: "TIMESTAMP", curNumber: "DOUBLE"}[c.kind]
		expr := fmt.Sprintf("CAST(%s AS %s)", c.cur2, typ)
		if c.kind == curMap {
			expr = fmt.Sprintf(`from_json(%s, '"MAP(VARCHAR, VARCHAR)"')`, c.cur2)
		}
		sel = append(sel, expr+" AS "+c.cur2)
	}
	made := map[string][]string{}
	for _, f := range files {
		rel, err := filepath.Rel(root, f)
		if err != nil {
			return err
		}
		rel = strings.TrimSuffix(rel, ".csv.gz") + ".snappy.parquet"
		at := filepath.Join(to, "aws-cur2-parquet", awsExport, rel)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return err
		}
		err = w.Exec(ctx, fmt.Sprintf("COPY (SELECT %s FROM read_csv(%s, header=true, all_varchar=true, nullstr='', delim=',', quote='\"', escape='\"', compression='gzip')) TO %s (FORMAT parquet, COMPRESSION snappy)",
			strings.Join(sel, ", "), store.QuoteLiteral(f), store.QuoteLiteral(at)))
		if err != nil {
			return fmt.Errorf("%s as Parquet: %w", f, err)
		}
		period := filepath.Base(filepath.Dir(f))
		made[period] = append(made[period], "s3://"+awsBucket+"/"+path.Join("aws-cur2-parquet", awsExport, filepath.ToSlash(rel)))
	}
	for period, urls := range made {
		var m map[string]any
		b, err := os.ReadFile(filepath.Join(root, "metadata", period, awsExport+"-Manifest.json"))
		if err == nil {
			err = json.Unmarshal(b, &m)
		}
		if err != nil {
			return err
		}
		m["dataFiles"], m["compression"], m["contentType"] = urls, "PARQUET", "application/x-parquet"
		if err := writeJSON(filepath.Join(to, "aws-cur2-parquet", awsExport, "metadata", period, awsExport+"-Manifest.json"), m); err != nil {
			return err
		}
	}
	return nil
}
