package allocation

import "spendbot/analysis"

// oneOf is a condition on a dimension.
func oneOf(d analysis.Dimension, values ...string) []Cond { return []Cond{{Dimension: d, In: values}} }

// readyMade are the scopes that every configuration has, by the names that the providers' bills give their charges. A scope of
// the configuration with the same name takes the place of one.
//
//   - support: plans and enterprise support, by service name ("AWS Support (Business)", "Google Cloud Support")
//   - nat: NAT gateways' hours and bytes, by usage type or meter (AWS NatGateway-Bytes, Azure "NAT Gateway Data Processed", Google "Cloud NAT")
//   - observability: metrics, logs, traces, of the clouds and of the best-known vendors
//   - cluster_idle: what OpenCost and Kubecost call __idle__, and AWS's split cost allocation of unused capacity
//   - unused_commitments: FOCUS's CommitmentDiscountStatus "Unused"
//   - marketplace: charges whose publisher is not the cloud that bills them
//   - tax: FOCUS's charge category "Tax"
var readyMade = map[string][][]Cond{
	"support": {oneOf(analysis.DimService, "*support*")},
	"nat": {
		oneOf(analysis.DimUsageType, "*natgateway*", "*nat gateway*", "*nat_gateway*", "*cloud nat*", "*cloudnat*"),
		oneOf(analysis.DimService, "nat gateway*", "azure nat gateway*", "cloud nat*"),
	},
	"observability": {
		oneOf(analysis.DimService, "*cloudwatch*", "*x-ray*", "*azure monitor*", "*log analytics*", "*application insights*", "*cloud logging*",
			"*cloud monitoring*", "*cloud trace*", "*stackdriver*", "*managed service for prometheus*", "*managed grafana*", "*datadog*", "*new relic*",
			"*splunk*", "*grafana*", "*honeycomb*", "*dynatrace*", "*elastic observability*"),
		oneOf(analysis.DimPublisher, "datadog*", "new relic*", "splunk*", "grafana*", "honeycomb*", "dynatrace*"),
	},
	"cluster_idle": {
		oneOf(analysis.DimUsageType, "__idle__", "*idle*"),
		oneOf(analysis.TagDimension("namespace"), "__idle__"),
		oneOf(analysis.TagDimension("k8s_namespace"), "__idle__"),
	},
	"unused_commitments": {oneOf(DimCommitmentStatus, "Unused")},
	"marketplace":        {{{Dimension: analysis.DimPublisher, NotIn: []string{"", "aws*", "amazon*", "microsoft*", "azure*", "google*", "gcp*", "oracle*", "oci*"}}}},
	"tax":                {oneOf(analysis.DimChargeCategory, "Tax")},
}
