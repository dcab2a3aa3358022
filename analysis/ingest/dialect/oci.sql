-- Oracle Cloud's own cost reports (reports/cost-csv) as FOCUS rows. "src" has the columns of oci.go. Oracle's FOCUS reports lie beside them in
-- the same bucket and say the same; load one kind or the other. Reference: docs.oracle.com/iaas/Content/Billing/Concepts/costusagereportsoverview.htm
SELECT
  'Oracle' AS ServiceProviderName,
  'Oracle' AS PublisherName,
  'Oracle' AS InvoiceIssuerName,
  -- The subscription is what is invoiced; its tenancies are what uses it. As in Oracle's FOCUS reports.
  CASE WHEN subscription_id IS NOT NULL THEN subscription_id ELSE tenant_id END AS BillingAccountId,
  tenant_id AS SubAccountId,
  CASE WHEN tenant_id IS NOT NULL THEN 'Tenancy' END AS SubAccountType,
  currency_code AS BillingCurrency,
  interval_usage_start AS ChargePeriodStart,
  CASE WHEN interval_usage_end > interval_usage_start THEN interval_usage_end ELSE interval_usage_start + INTERVAL 1 HOUR END AS ChargePeriodEnd,
  -- There is no period in the file: the month of the usage counts.
  date_trunc('month', interval_usage_start) AS BillingPeriodStart,
  date_trunc('month', interval_usage_start) + INTERVAL 1 MONTH AS BillingPeriodEnd,

  -- Every row is metered usage. One that corrects another comes as a row of its own, to be added to the one it names.
  'Usage' AS ChargeCategory,
  CASE WHEN lower(is_correction) = 'true' THEN 'Correction' END AS ChargeClass,
  'Usage-Based' AS ChargeFrequency,
  description AS ChargeDescription,

  -- myCost is what this line costs, overage included: myCostOverage says how much of it was beyond the commitment and is not added. Oracle's
  -- discounts are in the unit price already and the public price is not in the report, so that all four costs are this one.
  my_cost AS BilledCost,
  my_cost AS EffectiveCost,
  my_cost AS ListCost,
  my_cost AS ContractedCost,
  unit_price AS ContractedUnitPrice,
  'Standard' AS PricingCategory,
  billed_quantity AS PricingQuantity,
  CASE WHEN sku_unit_description IS NOT NULL THEN sku_unit_description ELSE billing_unit_readable END AS PricingUnit,
  billed_quantity AS ConsumedQuantity,
  CASE WHEN sku_unit_description IS NOT NULL THEN sku_unit_description ELSE billing_unit_readable END AS ConsumedUnit,

  -- COMPUTE, BLOCK_STORAGE: as Oracle's FOCUS reports have it.
  service AS ServiceName,
  CASE upper(service) WHEN 'COMPUTE' THEN 'Compute' WHEN 'OKE' THEN 'Compute' WHEN 'CONTAINER_ENGINE' THEN 'Compute' WHEN 'FUNCTIONS' THEN 'Compute'
       WHEN 'BLOCK_STORAGE' THEN 'Storage' WHEN 'OBJECTSTORE' THEN 'Storage' WHEN 'OBJECT_STORAGE' THEN 'Storage' WHEN 'FILE_STORAGE' THEN 'Storage' WHEN 'ARCHIVE_STORAGE' THEN 'Storage'
       WHEN 'NETWORK' THEN 'Networking' WHEN 'LOAD_BALANCER' THEN 'Networking' WHEN 'DNS' THEN 'Networking' WHEN 'VPN' THEN 'Networking' WHEN 'FASTCONNECT' THEN 'Networking'
       WHEN 'DATABASE' THEN 'Databases' WHEN 'AUTONOMOUS_DATABASE' THEN 'Databases' WHEN 'MYSQL' THEN 'Databases' WHEN 'NOSQL' THEN 'Databases'
       WHEN 'ANALYTICS' THEN 'Analytics' WHEN 'DATA_FLOW' THEN 'Analytics' WHEN 'TELEMETRY' THEN 'Management and Governance' WHEN 'MONITORING' THEN 'Management and Governance'
       WHEN 'LOGGING' THEN 'Management and Governance' WHEN 'KMS' THEN 'Security' WHEN 'WAF' THEN 'Security' WHEN 'DATASCIENCE' THEN 'AI and Machine Learning'
       WHEN 'GENERATIVE_AI' THEN 'AI and Machine Learning' WHEN 'STREAMING' THEN 'Integration' WHEN 'INTEGRATION' THEN 'Integration' ELSE 'Other' END AS ServiceCategory,
  sku AS SkuId,
  sku AS SkuPriceId,
  description AS SkuMeter,
  resource_id AS ResourceId,
  -- ocid1.instance.oc1.iad.xyz: the second word is the kind of resource.
  CASE WHEN resource_id LIKE 'ocid1.%' THEN nullif(split_part(resource_id, '.', 2), '') END AS ResourceType,
  region AS RegionId,
  region AS RegionName,
  availability_domain AS AvailabilityZone,

  -- A tag is a column of its own, "tags/Oracle-Tags.CreatedBy". Compartments are how Oracle's customers divide their spend; no FOCUS column
  -- has room for them, so the name goes in as a tag, unless there is one by that name.
  CASE WHEN compartment_name IS NULL THEN tags
       WHEN tags IS NULL THEN concat('{"compartment":', CAST(to_json(compartment_name) AS VARCHAR), '}')
       WHEN contains(tags, '"compartment":') THEN tags
       ELSE concat(rtrim(tags, '}'), ',"compartment":', CAST(to_json(compartment_name) AS VARCHAR), '}') END AS Tags
FROM src
