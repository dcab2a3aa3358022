-- Google Cloud's billing exports as FOCUS rows: the standard and the detailed usage cost export to BigQuery, one row each way.
-- The detailed one adds resource and price, the standard one has nulls there.
--
-- Sources: the schema of the exports (cloud.google.com/billing/docs/how-to/export-data-bigquery-tables), Google's own FOCUS view over
-- them, FOCUS 1.3.

-- Of every combination of labels: the resource's labels, its tags and the project's labels are one: for the same key the label wins over the
-- tag, the tag over the project's label. Google's own labels have a prefix that no one else's has (compute.googleapis.com/cores) and
-- come below; the machine type among them has a column of its own and is not said twice.
SELECT *,
  CASE WHEN labels IS NULL AND tags IS NULL AND project_labels IS NULL AND system_labels IS NULL THEN NULL
    ELSE nullif(CAST(json_merge_patch(
      CASE WHEN system_labels IS NULL THEN '{}' ELSE system_labels END,
      '{"compute.googleapis.com/machine_spec":null}',
      CASE WHEN project_labels IS NULL THEN '{}' ELSE project_labels END,
      CASE WHEN tags IS NULL THEN '{}' ELSE tags END,
      CASE WHEN labels IS NULL THEN '{}' ELSE labels END) AS VARCHAR), '{}') END AS all_labels,
  CASE WHEN contains(system_labels, 'machine_spec') THEN json_extract_string(system_labels, '$."compute.googleapis.com/machine_spec"') END AS machine_type
FROM sets
;

WITH
-- What kind of service it is; the export has only the name. One that is not here is of the category Other.
services(name, category, subcategory) AS (VALUES
  ('compute engine', 'Compute', 'Virtual Machines'),
  ('kubernetes engine', 'Compute', 'Containers'),
  ('google kubernetes engine', 'Compute', 'Containers'),
  ('cloud run', 'Compute', 'Serverless Compute'),
  ('cloud run functions', 'Compute', 'Serverless Compute'),
  ('cloud functions', 'Compute', 'Serverless Compute'),
  ('app engine', 'Web', 'Application Platforms'),
  ('vmware engine', 'Compute', 'Virtual Machines'),
  ('artifact registry', 'Compute', 'Containers'),
  ('container registry vulnerability scanning', 'Compute', 'Containers'),
  ('bigquery', 'Analytics', 'Data Processing'),
  ('bigquery reservation api', 'Analytics', 'Data Processing'),
  ('bigquery storage api', 'Analytics', 'Data Processing'),
  ('bigquery data transfer service', 'Analytics', 'Data Processing'),
  ('cloud dataflow', 'Analytics', 'Streaming Analytics'),
  ('cloud dataproc', 'Analytics', 'Data Processing'),
  ('cloud composer', 'Analytics', 'Data Processing'),
  ('looker', 'Analytics', 'Business Intelligence'),
  ('looker studio', 'Analytics', 'Business Intelligence'),
  ('cloud storage', 'Storage', 'Object Storage'),
  ('cloud filestore', 'Storage', 'File Storage'),
  ('backup for gke', 'Storage', 'Backup Storage'),
  ('backup and dr service', 'Storage', 'Backup Storage'),
  ('cloud sql', 'Databases', 'Relational Databases'),
  ('alloydb', 'Databases', 'Relational Databases'),
  ('cloud spanner', 'Databases', 'Relational Databases'),
  ('cloud bigtable', 'Databases', 'NoSQL Databases'),
  ('cloud firestore', 'Databases', 'NoSQL Databases'),
  ('cloud datastore', 'Databases', 'NoSQL Databases'),
  ('cloud memorystore for redis', 'Databases', 'Caching'),
  ('cloud memorystore for memcached', 'Databases', 'Caching'),
  ('networking', 'Networking', 'Network Infrastructure'),
  ('cloud dns', 'Networking', 'Network Routing'),
  ('cloud vpn', 'Networking', 'Network Connectivity'),
  ('cloud cdn', 'Networking', 'Content Delivery'),
  ('network security', 'Networking', 'Network Security'),
  ('cloud armor', 'Networking', 'Network Security'),
  ('vertex ai', 'AI and Machine Learning', 'Machine Learning'),
  ('gemini api', 'AI and Machine Learning', 'Generative AI'),
  ('cloud machine learning engine', 'AI and Machine Learning', 'Machine Learning'),
  ('cloud natural language', 'AI and Machine Learning', 'Natural Language Processing'),
  ('cloud speech api', 'AI and Machine Learning', 'Natural Language Processing'),
  ('translate', 'AI and Machine Learning', 'Natural Language Processing'),
  ('cloud vision api', 'AI and Machine Learning', 'Machine Learning'),
  ('cloud pub/sub', 'Integration', 'Messaging'),
  ('cloud tasks', 'Integration', 'Messaging'),
  ('workflows', 'Integration', 'Workflow Orchestration'),
  ('apigee', 'Integration', 'API Management'),
  ('cloud logging', 'Management and Governance', 'Observability'),
  ('cloud monitoring', 'Management and Governance', 'Observability'),
  ('stackdriver monitoring', 'Management and Governance', 'Observability'),
  ('support', 'Management and Governance', 'Support'),
  ('cloud build', 'Developer Tools', 'Continuous Integration and Deployment'),
  ('secret manager', 'Security', 'Secret Management'),
  ('cloud key management service (kms)', 'Security', 'Secret Management'),
  ('security command center', 'Security', 'Security Posture Management'),
  ('identity platform', 'Identity', 'Identity and Access Management'),
  ('maps api', 'Web', 'Application Platforms'),
  ('places api', 'Web', 'Application Platforms')
),

lines AS (
  SELECT src.*,
    CASE WHEN cost_type IS NULL THEN 'regular' ELSE lower(cost_type) END AS kind,
    -- The fee for a commitment is a line whose SKU says so ("Commitment v1: Cpu in Americas for 1 Year", "Commitment - dollar based v1: ..."),
    -- in newer exports also by the commitment's id.
    subscription_instance_id IS NOT NULL OR lower(sku_description) LIKE 'commitment%' AS is_fee,
    -- Support is a service of its own ("Support", "Premium Support").
    service_description IS NOT NULL AND (lower(service_description) = 'support' OR lower(service_description) LIKE '% support') AS is_support,
    -- A commitment paid for the row: it has a credit of one (COMMITTED_USAGE_DISCOUNT, for resources; ..._DOLLAR_BASE, for money), or since
    -- 2025 a price that a commitment gives, which is any consumption model but the default one.
    credits IS NOT NULL AND contains(credits, 'COMMITTED_USAGE_DISCOUNT') AS credited,
    consumption_model_id IS NOT NULL AND consumption_model_id <> '7754-699E-0EBF'
      AND (consumption_model_description IS NULL OR lower(consumption_model_description) <> 'default') AS priced
  FROM src
),

rows_of AS (
  SELECT lines.*, services.category, services.subcategory,
    kind = 'regular' AND NOT is_fee AND (credited OR priced) AS is_covered
  FROM lines LEFT JOIN services ON services.name = lower(lines.service_description)
)

SELECT
  'Google Cloud' AS ServiceProviderName,
  'Google Cloud' AS HostProviderName,
  -- Marketplace products name their seller and say that Google only resells or bills them.
  CASE WHEN upper(transaction_type) LIKE 'THIRD%' AND seller_name IS NOT NULL THEN seller_name ELSE 'Google Cloud' END AS PublisherName,
  'Google Cloud' AS InvoiceIssuerName,
  billing_account_id AS BillingAccountId,
  'Billing Account' AS BillingAccountType,
  -- A project is whom a row is charged to. Taxes and some adjustments have none.
  project_id AS SubAccountId,
  CASE WHEN project_name IS NOT NULL THEN project_name ELSE project_id END AS SubAccountName,
  CASE WHEN project_id IS NOT NULL THEN 'Project' END AS SubAccountType,
  currency AS BillingCurrency,

  -- A row belongs to the month of its invoice, whenever its usage was: late usage and adjustments come with a later invoice. The charge
  -- is when the usage was. A month as 202611.0 is what floating-point software makes of 202611.
  CASE WHEN invoice_month IS NULL THEN date_trunc('month', usage_start_time)
    ELSE strptime(concat(substr(replace(replace(invoice_month, '-', ''), '/', ''), 1, 6), '01'), '%Y%m%d') END AS BillingPeriodStart,
  CASE WHEN invoice_month IS NULL THEN date_trunc('month', usage_start_time)
    ELSE strptime(concat(substr(replace(replace(invoice_month, '-', ''), '/', ''), 1, 6), '01'), '%Y%m%d') END + INTERVAL 1 MONTH AS BillingPeriodEnd,
  usage_start_time AS ChargePeriodStart,
  usage_end_time AS ChargePeriodEnd,

  -- Fees for commitments and for support are purchases: recurring, and not for what is used. Credits stay inside the row they are for, as they
  -- do in Google's view; a row that is all credit is usage at a negative cost.
  CASE WHEN kind = 'tax' THEN 'Tax'
    WHEN kind = 'regular' AND (is_fee OR is_support) THEN 'Purchase'
    WHEN kind = 'regular' THEN 'Usage'
    ELSE 'Adjustment' END AS ChargeCategory,
  -- An adjustment of usage before the invoice's month mends a month that was invoiced already.
  CASE WHEN kind = 'adjustment' AND invoice_month IS NOT NULL AND strftime(usage_start_time, '%Y%m') < substr(replace(invoice_month, '-', ''), 1, 6) THEN 'Correction' END AS ChargeClass,
  CASE WHEN adjustment_info_description IS NOT NULL THEN adjustment_info_description ELSE sku_description END AS ChargeDescription,
  CASE WHEN kind = 'regular' AND (is_fee OR is_support) THEN 'Recurring' WHEN kind = 'regular' THEN 'Usage-Based' ELSE 'One-Time' END AS ChargeFrequency,

  -- What is invoiced: the cost with all its credits, which are negative. The same is the effective cost: the fee for a commitment comes with an
  -- offset for what of it was used, or the usage with a credit, so that over the account the sum is amortized. The export does not
  -- carry what it would take to do that row by row.
  CASE WHEN cost IS NULL AND credits_total IS NULL THEN NULL ELSE CASE WHEN cost IS NULL THEN 0 ELSE cost END + CASE WHEN credits_total IS NULL THEN 0 ELSE credits_total END END AS BilledCost,
  CASE WHEN cost IS NULL AND credits_total IS NULL THEN NULL ELSE CASE WHEN cost IS NULL THEN 0 ELSE cost END + CASE WHEN credits_total IS NULL THEN 0 ELSE credits_total END END AS EffectiveCost,
  -- Taxes, adjustments and rounding have no list price; FOCUS wants what they cost there.
  CASE WHEN cost_at_list IS NOT NULL THEN cost_at_list ELSE cost END AS ListCost,
  -- With negotiated discounts and without commitments. Where consumption models are in force, cost already holds the commitment's price
  -- and this column does not.
  CASE WHEN cost_at_effective_price_default IS NOT NULL THEN cost_at_effective_price_default ELSE cost END AS ContractedCost,
  price_list_price AS ListUnitPrice,
  CASE WHEN price_effective_price_default IS NOT NULL THEN price_effective_price_default ELSE price_effective_price END AS ContractedUnitPrice,

  CASE WHEN kind <> 'regular' THEN NULL
    WHEN is_covered OR is_fee THEN 'Committed'
    WHEN lower(sku_description) LIKE '%spot preemptible%' OR lower(sku_description) LIKE '%preemptible%' THEN 'Dynamic'
    ELSE 'Standard' END AS PricingCategory,
  usage_amount_in_pricing_units AS PricingQuantity,
  usage_pricing_unit AS PricingUnit,
  usage_amount AS ConsumedQuantity,
  usage_unit AS ConsumedUnit,

  service_description AS ServiceName,
  CASE WHEN category IS NOT NULL THEN category WHEN is_support THEN 'Management and Governance' ELSE 'Other' END AS ServiceCategory,
  CASE WHEN subcategory IS NOT NULL THEN subcategory WHEN is_support THEN 'Support' ELSE 'Other (Other)' END AS ServiceSubcategory,
  sku_id AS SkuId,
  sku_description AS SkuMeter,
  -- The global name says project, place and kind of the resource; the plain one, all there is in older exports, may be there twice.
  CASE WHEN resource_global_name IS NOT NULL THEN resource_global_name ELSE resource_name END AS ResourceId,
  resource_name AS ResourceName,
  -- Multi-regions ("us", "eu") are places too; "global" is none.
  CASE WHEN location_region IS NOT NULL THEN location_region WHEN lower(location_location) <> 'global' THEN location_location END AS RegionId,
  location_zone AS AvailabilityZone,

  -- Unused is not in the export: what lay idle is what is left of the fee after its credits. Which commitment it was is only known for fees.
  CASE WHEN kind = 'regular' AND is_fee THEN subscription_instance_id END AS CommitmentDiscountId,
  CASE WHEN is_covered AND priced THEN consumption_model_description END AS CommitmentDiscountName,
  CASE WHEN kind = 'regular' AND (is_covered OR is_fee) THEN 'Committed use discount' END AS CommitmentDiscountType,
  CASE WHEN is_covered THEN CASE WHEN credited AND NOT contains(credits, 'COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE') THEN 'Usage' ELSE 'Spend' END
    WHEN kind = 'regular' AND is_fee THEN CASE WHEN lower(sku_description) LIKE 'commitment v%' OR lower(sku_description) LIKE 'commitment:%' THEN 'Usage' ELSE 'Spend' END END AS CommitmentDiscountCategory,
  CASE WHEN is_covered THEN 'Used' END AS CommitmentDiscountStatus,

  all_labels AS Tags,
  machine_type AS x_InstanceType
FROM rows_of
