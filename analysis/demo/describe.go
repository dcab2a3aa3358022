package demo

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// common fills in who bills whom, for which month.
func (g *bill) common(r record) record {
	p := g.payer
	r.set(
		"ProviderName", p.provider, "ServiceProviderName", p.provider, "HostProviderName", p.provider,
		"PublisherName", p.provider, "InvoiceIssuerName", p.issuer,
		"BillingAccountId", p.id, "BillingAccountName", p.name, "BillingAccountType", p.billingType,
		"BillingCurrency", p.currency, "BillingPeriodStart", stamp(g.month), "BillingPeriodEnd", stamp(g.month.AddDate(0, 1, 0)),
		"ChargePeriodStart", cellStart, "ChargePeriodEnd", cellEnd, "BilledCost", cellBilled, "EffectiveCost", cellEffective,
		"ListCost", cellList, "ContractedCost", cellContract,
	)
	if closed := !g.month.AddDate(0, 1, 0).After(g.end); closed {
		r.set("InvoiceId", strings.ToUpper(p.key)+"-"+g.month.Format("200601"))
	}
	if p.currency != "USD" || p.version == "1.3" {
		r.set("PricingCurrency", "USD", "PricingCurrencyEffectiveCost", cellPriced)
	}
	return r
}

func (g *bill) account(r record, a account) {
	r.set("SubAccountId", a.id, "SubAccountName", a.name, "SubAccountType", g.payer.accountType)
}

// usage describes the rows of a line, a resource of it, and the plan that covers them (nil for none).
func (g *bill) usage(at, resource int, p *plan, pi int, variant int) record {
	l := &g.lines[at]
	s := l.sku
	r := g.common(g.layout.record())
	g.account(r, l.account)
	r.set(
		"ChargeCategory", "Usage", "ChargeFrequency", "Usage-Based", "PricingCategory", "Standard",
		"PricingQuantity", cellQuantity, "PricingUnit", s.unit, "ConsumedQuantity", cellQuantity, "ConsumedUnit", s.unit,
		"ListUnitPrice", text(g.list[at]), "ContractedUnitPrice", text(g.contracted[at]),
		"ServiceName", s.service, "ServiceCategory", s.category, "ServiceSubcategory", s.subcategory, "SkuMeter", s.meter,
		"RegionId", l.region.id, "RegionName", l.region.name,
		"ChargeDescription", "$"+text(g.list[at])+" per "+s.unit+" - "+s.meter+" ("+s.usageType+")",
		"Tags", tagsJSON(l.tags, g.moved(l) && variant&movedVariant != 0),
	)
	if g.payer.currency != "USD" {
		r.set("PricingCurrencyListUnitPrice", text(g.usdList[at]), "PricingCurrencyContractedUnitPrice", text(g.usdContracted[at]))
	}
	if s.instance != "" {
		r.set("SkuPriceDetails", `{"InstanceType":"`+s.instance+`"}`)
	}
	g.skuIDs(r, at)
	if s.resourceType != "" {
		id, name := g.resource(l, resource, variant&^movedVariant)
		r.set("ResourceId", id, "ResourceName", name, "ResourceType", s.resourceType)
		if s.category == "Compute" && g.payer.key == "aws" {
			r.set("AvailabilityZone", l.region.id+string(rune('a'+hash(l.salt, uint64(resource))%3)))
		}
	}
	if p != nil {
		r.set("PricingCategory", "Committed",
			"ChargeDescription", s.meter+" ("+s.usageType+") covered by "+p.id+" at $"+text(g.rates[pi][at])+" per "+s.unit)
		g.commitment(r, p)
		r.set("CommitmentDiscountStatus", "Used")
		if p.category == "Usage" {
			r.set("CommitmentDiscountQuantity", cellQuantity)
		} else {
			r.set("CommitmentDiscountQuantity", cellCommitted)
		}
	}
	return r
}

func (g *bill) commitment(r record, p *plan) {
	unit := "USD"
	if p.category == "Usage" {
		unit = "Hours"
	}
	r.set("CommitmentDiscountId", p.id, "CommitmentDiscountName", p.name, "CommitmentDiscountType", p.kind,
		"CommitmentDiscountCategory", p.category, "CommitmentDiscountUnit", unit)
}

// skuIDs names the price-list item the way the provider does.
func (g *bill) skuIDs(r record, at int) {
	l := &g.lines[at]
	s := l.sku
	h := hash(hashString(s.key), hashString(l.region.id))
	switch g.payer.provider {
	case "AWS":
		id := base36(h, 16)
		usageType := l.region.code + "-" + s.usageType
		r.set("SkuId", id, "SkuPriceId", id+".JRTCKXETXF.6YS6EN2CT7", "x_UsageType", usageType, "x_Operation", s.operation)
		r.set("ChargeDescription", "$"+text(g.list[at])+" per "+s.unit+" - "+usageType+" in "+l.region.name)
	case "Microsoft":
		r.set("SkuId", s.usageType, "SkuPriceId", s.usageType+"_"+l.region.id)
	default:
		id := strings.ToUpper(fmt.Sprintf("%04x-%04x-%04x", h&0xffff, h>>16&0xffff, h>>32&0xffff))
		r.set("SkuId", id, "SkuPriceId", id+"-1")
	}
}

// resource names the nth thing a line pays for. Generation tells apart the fleets that replace each other.
func (g *bill) resource(l *line, n, generation int) (id, name string) {
	a, s := l.account, l.sku
	hex := fmt.Sprintf("%016x", hash(l.salt, uint64(n), uint64(generation), 77))[:10]
	letter := ""
	if n > 0 {
		letter = "-" + strconv.Itoa(n+1)
	}
	name = l.app + letter
	if generation > 0 {
		name += "-v" + strconv.Itoa(generation)
	}
	switch g.payer.provider {
	case "Microsoft":
		kinds := map[string]string{
			"Virtual machine scale set": "Microsoft.Compute/virtualMachineScaleSets/vmss-", "Storage account": "Microsoft.Storage/storageAccounts/st",
			"SQL database": "Microsoft.Sql/servers/sql-main/databases/", "Managed cluster": "Microsoft.ContainerService/managedClusters/aks-",
			"Cognitive Services account": "Microsoft.CognitiveServices/accounts/oai-", "Log Analytics workspace": "Microsoft.OperationalInsights/workspaces/log-",
			"NAT gateway": "Microsoft.Network/natGateways/ng-", "Virtual network": "Microsoft.Network/virtualNetworks/vnet-",
			"Data factory": "Microsoft.DataFactory/factories/adf-",
		}
		return "/subscriptions/" + a.id + "/resourceGroups/rg-" + l.app + "-" + l.region.id + "/providers/" + kinds[s.resourceType] + name, name
	case "Google Cloud":
		service := strings.ToLower(strings.ReplaceAll(s.service, " ", ""))
		kind := strings.ReplaceAll(strings.ToLower(s.resourceType), " ", "") + "s"
		name += "-" + hex[:4]
		return "//" + service + ".googleapis.com/projects/" + a.id + "/locations/" + l.region.id + "/" + kind + "/" + name, name
	}
	short := func(prefix string) (string, string) { return prefix + "-" + hex, prefix + "-" + hex[:4] }
	switch s.resourceType {
	case "NAT gateway":
		if l.planted == natLoop {
			hex = [...]string{"0d2f4c81e7", "19ac73b05d"}[n]
		}
		id, name = short("nat")
		return "arn:aws:ec2:" + l.region.id + ":" + a.id + ":natgateway/" + id, name
	case "Instance":
		id, name = short("i")
		return "arn:aws:ec2:" + l.region.id + ":" + a.id + ":instance/" + id, name
	case "Volume":
		id, name = short("vol")
		return "arn:aws:ec2:" + l.region.id + ":" + a.id + ":volume/" + id, name
	case "Bucket":
		name = "mayfly-" + a.name + "-" + name
		return "arn:aws:s3:::" + name, name
	case "Key":
		id, name = short("key")
		return "arn:aws:kms:" + l.region.id + ":" + a.id + ":key/" + id, name
	}
	kinds := map[string]string{
		"Auto Scaling group": "autoscaling|autoScalingGroup", "DB cluster": "rds|cluster", "Log group": "logs|log-group", "Function": "lambda|function",
		"Inference profile": "bedrock|inference-profile", "Endpoint": "sagemaker|endpoint", "Training job": "sagemaker|training-job",
		"Table": "dynamodb|table", "Domain": "es|domain", "Distribution": "cloudfront|distribution", "Queue": "sqs|queue",
		"Hosted zone": "route53|hostedzone", "Job": "glue|job", "Cluster": "cluster|cluster",
	}
	service, kind, _ := strings.Cut(kinds[s.resourceType], "|")
	if service == "cluster" {
		service = s.key[:strings.IndexByte(s.key+"-", '-')]
	}
	return "arn:aws:" + service + ":" + l.region.id + ":" + a.id + ":" + kind + "/" + name, name
}

func stamp(t time.Time) string { return t.Format("2006-01-02T15:04:05Z") }

func text(v micro) string { return string(appendMicro(nil, v)) }

// base36 writes n characters of a hash as AWS writes its SKUs.
func base36(h uint64, n int) string {
	const digits = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
	b := make([]byte, n)
	for i := range b {
		b[i] = digits[h%uint64(len(digits))]
		if h /= uint64(len(digits)); h == 0 {
			h = hash(uint64(i), uint64(b[0]), uint64(b[i/2]))
		}
	}
	return string(b)
}

func tagsJSON(tags []tag, moved bool) string {
	if len(tags) == 0 {
		return ""
	}
	var b strings.Builder
	for i, t := range tags {
		if moved && t.key == "team" {
			t.value = movedTo
		}
		b.WriteString([]string{"{", ","}[min(i, 1)] + strconv.Quote(t.key) + ":" + strconv.Quote(t.value))
	}
	return b.String() + "}"
}
