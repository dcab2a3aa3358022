package dialect

import (
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

// azureHeaders are headers of every agreement, as Azure has written them.
var azureHeaders = map[string]string{
	"EA":       "BillingAccountId,BillingAccountName,BillingPeriodStartDate,BillingPeriodEndDate,BillingProfileId,SubscriptionId,Date,Product,PartNumber,MeterId,MeterCategory,MeterName,Quantity,EffectivePrice,Cost,UnitPrice,BillingCurrency,ResourceLocation,ConsumedService,ResourceId,AdditionalInfo,Tags,UnitOfMeasure,ReservationId,ChargeType,Frequency,PublisherType,PayGPrice,PricingModel,benefitId,benefitName",
	"EA v1":    "SubscriptionId,SubscriptionGuid,Subscription Name,Date,Month,Day,Year,Product,Meter ID,Meter Category,Meter Name,Consumed Quantity,ResourceRate,ExtendedCost,Resource Location,Instance ID,Tags,Unit Of Measure,Currency",
	"MCA":      "billingAccountId,billingProfileId,billingPeriodStartDate,date,meterCategory,ProductId,SubscriptionId,resourceGroupName,ResourceId,resourceLocation,location,quantity,unitOfMeasure,chargeType,billingCurrency,pricingCurrency,costInBillingCurrency,costInPricingCurrency,costInUsd,paygCostInBillingCurrency,exchangeRatePricingToBilling,tags,PayGPrice,pricingModel,unitPrice,benefitId",
	"PAYG":     "SubscriptionGuid,ResourceLocation,UsageDateTime,MeterCategory,MeterId,UsageQuantity,ResourceRate,PreTaxCost,InstanceId,Tags,ServiceName,Currency,UnitOfMeasure",
	"portal":   "SubscriptionId,Date,ProductName,MeterCategory,CostInBillingCurrency,BillingCurrencyCode,Tags,ChargeType",
	"portal v": "subscriptionid,billingaccountid,UsageDateTime,MeterCategory,costinbillingcurrency,paygcostinbillingcurrency,InstanceId,Tags,AdditionalInfo,resourcelocation",
}

func TestAzureHeaders(t *testing.T) {
	for name, header := range azureHeaders {
		r, err := Detect(Built(), strings.Split(header, ","))
		if err != nil || r == nil || r.Dialect.ID != "azure" {
			t.Fatalf("%s: %v, %v", name, r, err)
		}
		// What is not read is told apart from what is misspelled here.
		passed := []string{"EffectivePrice", "Month", "Day", "Year", "costInUsd", "resourceGroupName"}
		for _, b := range r.Bound {
			known := false
			for _, p := range passed {
				known = known || b.Header == p
			}
			if (b.Column == "") != known {
				t.Errorf("%s: %s is bound to %q", name, b.Header, b.Column)
			}
		}
	}
}

// A header is the same one in any letter case, in any order, with blanks or underscores between its words, and in another language.
func TestAzureHeadersInAllTheirWays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		header := strings.Split(azureHeaders[rapid.SampledFrom([]string{"EA", "EA v1", "MCA", "PAYG", "portal", "portal v"}).Draw(t, "of")], ",")
		plain, err := Detect(Built(), header)
		if err != nil || plain == nil {
			t.Fatalf("%v, %v", plain, err)
		}
		want := map[string]string{}
		for _, b := range plain.Bound {
			want[Fold(b.Header)] = b.Column
		}
		var changed, folded []string
		for _, i := range rapid.Permutation(indexes(len(header))).Draw(t, "order") {
			h := header[i]
			folded = append(folded, Fold(h))
			switch rapid.IntRange(0, 4).Draw(t, "way") {
			case 1:
				h = strings.ToUpper(h)
			case 2:
				h = strings.ToLower(h)
			case 3:
				h = spaced(h, rapid.SampledFrom([]string{" ", "_", "-", "/"}).Draw(t, "between"))
			case 4:
				h = rapid.SampledFrom([]string{"Kategorie", "Coût (avant impôts)", "コスト", "Größe"}).Draw(t, "foreign") + " (" + h + ")"
			}
			changed = append(changed, h)
		}
		r, err := Detect(Built(), changed)
		if err != nil || r == nil || r.Dialect.ID != "azure" {
			t.Fatalf("%v: %v, %v", changed, r, err)
		}
		for i, b := range r.Bound {
			if b.Column != want[folded[i]] {
				t.Errorf("%q is bound to %q, expected %q", changed[i], b.Column, want[folded[i]])
			}
		}
	})
}

func indexes(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// spaced puts something between the words of a name.
func spaced(name, between string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteString(between)
		}
		b.WriteRune(r)
	}
	return b.String()
}

// A column twice is told, whatever its two names.
func TestAzureColumnsTwice(t *testing.T) {
	_, err := Detect(Built(), []string{"Date", "MeterCategory", "Cost", "Kosten (CostInBillingCurrency)"})
	if err == nil || !strings.Contains(err.Error(), `"Cost" and "Kosten (CostInBillingCurrency)" are both`) {
		t.Errorf("got %v", err)
	}
}

func FuzzAzureHeader(f *testing.F) {
	for _, h := range azureHeaders {
		f.Add(h)
	}
	f.Add("date (date),(cost),MeterCategory),cost)(,\ufeffDate")
	f.Add("Datum (Date),Kosten (Cost),Kategorie der Verbrauchseinheit (MeterCategory),(),( )")
	f.Fuzz(func(t *testing.T, header string) {
		names := strings.Split(header, ",")
		r, err := Detect([]*Dialect{azure()}, names)
		what, _, other := NotABill(names)
		if other && what == "" {
			t.Error("an export that is no bill has no name")
		}
		if err != nil || r == nil {
			return
		}
		seen := map[string]bool{}
		for i, b := range r.Bound {
			if b.Header != names[i] {
				t.Errorf("column %d is %q, bound as %q", i, names[i], b.Header)
			}
			if b.Column != "" && seen[b.Column] {
				t.Errorf("%s is bound twice", b.Column)
			}
			seen[b.Column] = true
		}
	})
}
