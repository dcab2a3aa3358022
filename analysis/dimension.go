package analysis

import "strings"

// Dimension names a way to cut spend. Tags are dimensions of the form "tag:KEY".
type Dimension string

// The dimensions every store has. The column each stands for is in [Dimension.Column].
const (
	DimProvider       Dimension = "provider"        // who sells it: ServiceProviderName (FOCUS 1.3), ProviderName before
	DimBillingAccount Dimension = "billing_account" // BillingAccountId
	DimAccount        Dimension = "account"         // SubAccountId: AWS account, Azure subscription, Google project
	DimCategory       Dimension = "category"        // ServiceCategory
	DimService        Dimension = "service"         // ServiceName
	DimRegion         Dimension = "region"          // RegionId
	DimSku            Dimension = "sku"             // SkuId
	DimUsageType      Dimension = "usage_type"      // x_UsageType where the provider has one, else SkuMeter, else SkuId
	DimInstanceType   Dimension = "instance_type"   // x_InstanceType, from SkuPriceDetails or the usage type
	DimResource       Dimension = "resource"        // ResourceId; line items only
	DimChargeCategory Dimension = "charge_category" // ChargeCategory: Usage, Purchase, Tax, Credit, Adjustment; or Correction, by ChargeClass
	DimCommitment     Dimension = "commitment"      // CommitmentDiscountId
	DimPublisher      Dimension = "publisher"       // PublisherName: the seller behind a marketplace charge
	DimCurrency       Dimension = "currency"        // BillingCurrency
)

// Dimensions lists the fixed dimensions in the order people think of them.
var Dimensions = []Dimension{
	DimProvider, DimService, DimAccount, DimRegion, DimUsageType, DimInstanceType, DimSku, DimResource, DimCategory,
	DimBillingAccount, DimChargeCategory, DimCommitment, DimPublisher, DimCurrency,
}

// The dimensions that the owners configuration gives every row: see package owners. They exist only where it is configured.
const (
	DimTeam         Dimension = "team"          // x_Team: who answers for the charge, or [Unallocated]
	DimCostCentre   Dimension = "cost_centre"   // x_CostCentre
	DimEnvironment  Dimension = "environment"   // x_Environment
	DimProduct      Dimension = "product"       // x_Product
	DimGroup        Dimension = "group"         // x_Group: what the team belongs to
	DimBusinessUnit Dimension = "business_unit" // x_BusinessUnit: what the group belongs to
)

// OwnerDimensions lists the dimensions of the owners configuration in the order people think of them.
var OwnerDimensions = []Dimension{DimTeam, DimGroup, DimBusinessUnit, DimCostCentre, DimEnvironment, DimProduct}

// Unallocated is the team of a row that no rule gives one, and the group and business unit of a team that has none.
const Unallocated = "unallocated"

const tagPrefix = "tag:"

// TagDimension is the dimension of one tag key.
func TagDimension(key string) Dimension { return Dimension(tagPrefix + key) }

// TagKey returns the key of a tag dimension.
func (d Dimension) TagKey() (string, bool) { return strings.CutPrefix(string(d), tagPrefix) }

var dimensionColumns = map[Dimension]string{
	DimProvider: "ServiceProviderName", DimBillingAccount: "BillingAccountId", DimAccount: "SubAccountId",
	DimCategory: "ServiceCategory", DimService: "ServiceName", DimRegion: "RegionId", DimSku: "SkuId",
	DimUsageType: "x_UsageType", DimInstanceType: "x_InstanceType", DimResource: "ResourceId",
	DimChargeCategory: "ChargeCategory", DimCommitment: "CommitmentDiscountId", DimPublisher: "PublisherName",
	DimCurrency: "BillingCurrency",
	DimTeam:     "x_Team", DimCostCentre: "x_CostCentre", DimEnvironment: "x_Environment", DimProduct: "x_Product",
	DimGroup: "x_Group", DimBusinessUnit: "x_BusinessUnit",
}

// Column is the store's column for a fixed dimension, or the lens's for an owner's; tag dimensions and unknown ones answer "".
func (d Dimension) Column() string { return dimensionColumns[d] }

// OwnerDimension is the dimension that a column of the owners configuration is.
func OwnerDimension(column string) (Dimension, bool) {
	for _, d := range OwnerDimensions {
		if d.Column() == column {
			return d, true
		}
	}
	return "", false
}

// Words names the dimension in prose: "account", "usage type", "tag team".
func (d Dimension) Words() string {
	if k, ok := d.TagKey(); ok {
		return k
	}
	return strings.ReplaceAll(string(d), "_", " ")
}

// Filter keeps the rows whose dimension has one of the values. The value "" means "has none" (untagged, global).
type Filter struct {
	Dimension Dimension `json:"dimension"`
	Values    []string  `json:"values"`
	// Labels are the values as people know them (account names), in step with Values; absent where they are the same.
	Labels []string `json:"labels,omitempty"`
	// Not turns the filter around: everything but these values.
	Not bool `json:"not,omitempty"`
}
