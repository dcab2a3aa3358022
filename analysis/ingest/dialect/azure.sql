-- Azure cost details (actual and amortized exports of Cost Management, of every kind of agreement) as FOCUS rows.
-- The readings are those of Microsoft's guide "Convert Cost Management data to FOCUS" (learn.microsoft.com/cloud-computing/finops/focus/convert),
-- called the guide below; where they differ a comment says so. "src" has the columns of azure.go.
--
-- {variant} is what the file holds: 'actual', 'amortized', or 'purchases', which is an actual file beside the amortized one of the same
-- months: of it only the commitments' purchases and refunds count, since every other row is in the amortized file too.

-- First, one name for what has had several over the years.
WITH named AS NOT MATERIALIZED (
  SELECT *,
    -- Files from before there was a ChargeType hold usage only.
    CASE WHEN charge_type IS NULL THEN 'usage' ELSE lower(charge_type) END AS kind,
    -- Bought, covered or refunded through a reservation or savings plan. Files without PricingModel name the reservation on such rows, or
    -- have at least its term; the term of somebody else's offer in the marketplace commits to nothing that is amortized.
    CASE WHEN pricing_model IS NOT NULL THEN lower(pricing_model) IN ('reservation', 'savingsplan', 'savings plan')
         ELSE reservation_id IS NOT NULL OR benefit_id IS NOT NULL OR (term IS NOT NULL AND publisher_type IS NOT NULL AND lower(publisher_type) IN ('azure', 'microsoft')) END AS committed,
    -- Costs are in the billing currency. MCA's prices are in the pricing currency, with the month's rate on every row.
    CASE WHEN billing_currency IS NOT NULL THEN billing_currency ELSE file_currency END AS invoiced,
    CASE WHEN exchange_rate IS NULL OR pricing_currency IS NULL OR pricing_currency = billing_currency OR pricing_currency = file_currency THEN 1
         ELSE exchange_rate END AS rate,
    -- Files of before 2020 have a number as SubscriptionId and the id that all others have beside it.
    CASE WHEN subscription_guid IS NOT NULL THEN subscription_guid ELSE subscription_id END AS subscription,
    CASE WHEN resource_id IS NOT NULL THEN resource_id WHEN instance_name LIKE '/%' THEN instance_name END AS resource,
    CASE WHEN resource_location IS NOT NULL THEN resource_location ELSE meter_location END AS place,
    -- "100 Hours", "10K", "1/Month": how many there are in the unit that the price is for.
    CASE WHEN unit_of_measure LIKE '1 %' OR unit_of_measure LIKE '1/%' THEN '1'
         ELSE regexp_extract(unit_of_measure, '^\s*([0-9][0-9,]*[KMB]?)(?:$|[ /\x{00A0}])', 1) END AS size
  FROM src
),
sized AS NOT MATERIALIZED (
  SELECT *,
    CASE WHEN size = '1' OR size = '' OR size IS NULL THEN 1
         ELSE TRY_CAST(rtrim(replace(size, ',', ''), 'KMB') AS BIGINT)
              * CASE right(size, 1) WHEN 'K' THEN 1000 WHEN 'M' THEN 1000000 WHEN 'B' THEN 1000000000 ELSE 1 END END AS block,
    trim(substr(unit_of_measure, length(size) + 1)) AS measure,
    -- Covered usage and what of a commitment lay idle were paid for with the commitment: the invoice asks nothing for them. The guide says so
    -- of the charge type Usage only; read to the letter, unused rows would be billed beside the purchase.
    CASE WHEN {variant} = 'amortized' AND (kind IN ('unusedreservation', 'unusedsavingsplan') OR kind = 'usage' AND committed) THEN 0 ELSE cost END AS billed,
    CASE WHEN benefit_id ILIKE '%/microsoft.billingbenefits/%' THEN 'Savings Plan' WHEN benefit_id ILIKE '%/microsoft.capacity/%' THEN 'Reservation'
         WHEN kind = 'unusedsavingsplan' OR lower(pricing_model) IN ('savingsplan', 'savings plan') OR committed AND product_order_name ILIKE '%savings plan%' THEN 'Savings Plan'
         WHEN kind = 'unusedreservation' OR committed OR reservation_id IS NOT NULL THEN 'Reservation' END AS commitment
  FROM named
  WHERE {variant} <> 'purchases' OR kind IN ('purchase', 'refund') AND committed
),
-- Decimals of eighteen digits after the point are multiplied in halves: the product is exact but for its last digit, and nothing is a float.
-- round cuts them back to eighteen digits at half of what a cast costs.
converted AS NOT MATERIALIZED (
  SELECT *,
    -- Prices in the billing currency.
    CASE WHEN rate = 1 THEN payg_price ELSE payg_price * CAST(trunc(rate) AS DECIMAL(18,0)) + CAST(trunc(payg_price) AS DECIMAL(18,0)) * CAST(rate - trunc(rate) AS DECIMAL(19,18))
      + round(CAST(payg_price - trunc(payg_price) AS DECIMAL(19,18)) * CAST(rate - trunc(rate) AS DECIMAL(19,18)), 18) END AS list_price,
    CASE WHEN rate = 1 THEN unit_price ELSE unit_price * CAST(trunc(rate) AS DECIMAL(18,0)) + CAST(trunc(unit_price) AS DECIMAL(18,0)) * CAST(rate - trunc(rate) AS DECIMAL(19,18))
      + round(CAST(unit_price - trunc(unit_price) AS DECIMAL(19,18)) * CAST(rate - trunc(rate) AS DECIMAL(19,18)), 18) END AS contracted_price
  FROM sized
),
-- Does a quantity count blocks or single units? The guide divides it by the block. But real EA files bill 0.0004 of "10K" at 0.1 with
-- 0.00004, which are blocks. So where the cost is the price times the quantity as it stands, to a hundredth, the quantity is one of blocks.
-- That is a comparison and no sum: floats will do.
counted AS NOT MATERIALIZED (
  SELECT *, CASE WHEN block > 1 AND cost <> 0 AND contracted_price <> 0
    THEN abs(CAST(contracted_price AS DOUBLE) * CAST(quantity AS DOUBLE) - CAST(cost AS DOUBLE)) * 100 <= abs(CAST(cost AS DOUBLE)) ELSE false END AS in_blocks
  FROM converted
),
divided AS NOT MATERIALIZED (
  SELECT *, CASE WHEN block > 1 AND in_blocks IS NOT TRUE
    THEN CAST(CAST(quantity AS DECIMAL(28,10)) * CAST(CAST(100000000000000 // block AS DECIMAL(15,0)) * 0.00000000000001 AS DECIMAL(15,14)) AS DECIMAL(38,18)) ELSE quantity END AS blocks
  FROM counted
),
halved AS NOT MATERIALIZED (
  SELECT *,
    CAST(trunc(blocks) AS DECIMAL(18,0)) AS blocks_whole, CAST(blocks - trunc(blocks) AS DECIMAL(19,18)) AS blocks_part,
    CAST(trunc(list_price) AS DECIMAL(18,0)) AS list_whole, CAST(list_price - trunc(list_price) AS DECIMAL(19,18)) AS list_part,
    CAST(trunc(contracted_price) AS DECIMAL(18,0)) AS contracted_whole, CAST(contracted_price - trunc(contracted_price) AS DECIMAL(19,18)) AS contracted_part
  FROM divided
),
costed AS NOT MATERIALIZED (
  SELECT *,
    CASE WHEN list_price <> 0 AND (payg_cost IS NULL OR payg_cost = 0)
      THEN list_price * blocks_whole + list_whole * blocks_part + round(list_part * blocks_part, 18) END AS list_cost,
    CASE WHEN contracted_price <> 0
      THEN contracted_price * blocks_whole + contracted_whole * blocks_part + round(contracted_part * blocks_part, 18) END AS contracted_cost,
    split_part(lower(resource), '/providers/', 2) AS typed,
    lower(replace(replace(place, ' ', ''), '_', '')) AS region,
    CASE WHEN measure = '' THEN 'Units' WHEN measure LIKE '/%' THEN concat('Units', measure)
         WHEN measure IN ('Hour', 'Day', 'Month', 'Year', 'Minute', 'Second', 'Unit', 'User', 'GB Hour', 'GB Second', 'GB Month', 'GiB Hour', 'GiB Second', 'GiB Minute') THEN concat(measure, 's')
         ELSE measure END AS unit
  FROM halved
)
SELECT
  'Microsoft' AS ServiceProviderName,
  -- A marketplace offer names its vendor; Microsoft's own services often name nobody.
  CASE WHEN publisher_name IS NOT NULL THEN publisher_name WHEN publisher_type IS NULL OR lower(publisher_type) IN ('azure', 'microsoft') THEN 'Microsoft' END AS PublisherName,
  -- A customer of a partner (CSP, MPA) is invoiced by the partner. Costs and prices of MPA are already net of the partner's earned credit.
  CASE WHEN partner_name IS NOT NULL THEN partner_name ELSE 'Microsoft' END AS InvoiceIssuerName,
  invoice_id AS InvoiceId,

  -- Who pays: the billing profile (MCA, MPA), which in EA files repeats the billing account. Pay-as-you-go has neither: there each
  -- subscription is invoiced by itself, and the file of one does not take the place of another's.
  CASE WHEN billing_profile_id IS NOT NULL THEN billing_profile_id WHEN billing_account_id IS NOT NULL THEN billing_account_id
       WHEN customer_tenant_id IS NOT NULL THEN customer_tenant_id ELSE subscription END AS BillingAccountId,
  CASE WHEN billing_profile_name IS NOT NULL THEN billing_profile_name WHEN billing_account_name IS NOT NULL THEN billing_account_name
       WHEN billing_profile_id IS NOT NULL OR billing_account_id IS NOT NULL THEN NULL WHEN customer_name IS NOT NULL THEN customer_name ELSE subscription_name END AS BillingAccountName,
  CASE WHEN billing_profile_id IS NOT NULL AND (billing_account_id IS NULL OR billing_profile_id <> billing_account_id) THEN 'Billing Profile'
       WHEN billing_account_id IS NOT NULL THEN 'Billing Account' END AS BillingAccountType,
  -- Purchases in the marketplace and of commitments may have no subscription: then none is made up.
  subscription AS SubAccountId,
  subscription_name AS SubAccountName,
  CASE WHEN subscription IS NOT NULL THEN 'Subscription' END AS SubAccountType,
  invoiced AS BillingCurrency,
  pricing_currency AS PricingCurrency,

  -- Azure's last day of a period is included, FOCUS's end is not. For a file without periods see focus.sql.
  billing_period_start_date AS BillingPeriodStart,
  billing_period_end_date + INTERVAL 1 DAY AS BillingPeriodEnd,
  "date" AS ChargePeriodStart,
  "date" + INTERVAL 1 DAY AS ChargePeriodEnd,

  -- What was not used of a commitment is usage of it; a refund takes a purchase back; a rounding adjustment, and anything not known, adjusts.
  CASE WHEN kind IN ('usage', 'unusedreservation', 'unusedsavingsplan') THEN 'Usage' WHEN kind IN ('purchase', 'refund') THEN 'Purchase'
       WHEN kind = 'tax' THEN 'Tax' WHEN kind = 'credit' THEN 'Credit' ELSE 'Adjustment' END AS ChargeCategory,
  CASE WHEN kind = 'refund' THEN 'Correction' END AS ChargeClass,
  CASE WHEN lower(frequency) IN ('usagebased', 'usage-based') THEN 'Usage-Based' WHEN lower(frequency) IN ('onetime', 'one-time') THEN 'One-Time' WHEN lower(frequency) = 'recurring' THEN 'Recurring'
       WHEN kind IN ('usage', 'unusedreservation', 'unusedsavingsplan') THEN 'Usage-Based' ELSE 'One-Time' END AS ChargeFrequency,
  CASE WHEN product_name IS NOT NULL THEN product_name WHEN product_order_name IS NOT NULL THEN product_order_name ELSE meter_name END AS ChargeDescription,

  billed AS BilledCost,
  -- Amortized costs as they stand. The purchases of commitments are what is amortized, and nothing themselves: an actual file alone
  -- therefore understates what a month with commitments cost. Load it with the amortized one.
  CASE WHEN kind IN ('purchase', 'refund') AND committed THEN 0 ELSE cost END AS EffectiveCost,
  -- The public price times the quantity. Microsoft's own product of the two (MCA: paygCostInBillingCurrency) goes first. A file without the
  -- price, or with 0 for it, tells no more than what was billed. A refund's quantity may lack the minus of its cost: then it is billed, too.
  CASE WHEN payg_cost <> 0 THEN payg_cost
       WHEN list_cost IS NULL OR (list_cost < 0 AND cost > 0) OR (list_cost > 0 AND cost < 0) THEN billed ELSE list_cost END AS ListCost,
  -- The negotiated price times the quantity, likewise. The guide gives no exchange rate here; FOCUS wants the billing currency.
  CASE WHEN contracted_cost IS NULL OR (contracted_cost < 0 AND cost > 0) OR (contracted_cost > 0 AND cost < 0) THEN billed ELSE contracted_cost END AS ContractedCost,
  CASE WHEN kind NOT IN ('tax', 'roundingadjustment') AND list_price <> 0 THEN list_price END AS ListUnitPrice,
  CASE WHEN kind NOT IN ('tax', 'roundingadjustment') AND contracted_price <> 0 THEN contracted_price END AS ContractedUnitPrice,
  CASE WHEN pricing_currency IS NOT NULL THEN nullif(payg_price, 0) END AS PricingCurrencyListUnitPrice,
  CASE WHEN pricing_currency IS NOT NULL THEN nullif(unit_price, 0) END AS PricingCurrencyContractedUnitPrice,
  CASE WHEN cost_in_pricing_currency IS NOT NULL AND kind IN ('purchase', 'refund') AND committed THEN 0 ELSE cost_in_pricing_currency END AS PricingCurrencyEffectiveCost,

  -- Quantities are priced in blocks, so that price times quantity is the cost ("100 Hours" at 12), and consumed one by one ("Hours").
  CASE WHEN kind NOT IN ('tax', 'roundingadjustment') THEN blocks END AS PricingQuantity,
  CASE WHEN kind IN ('tax', 'roundingadjustment') THEN NULL WHEN block > 1 THEN concat(size, ' ', unit) ELSE unit END AS PricingUnit,
  CASE WHEN kind = 'usage' THEN CASE WHEN in_blocks THEN quantity * block ELSE quantity END END AS ConsumedQuantity,
  CASE WHEN kind = 'usage' AND quantity IS NOT NULL THEN unit END AS ConsumedUnit,
  CASE WHEN committed OR kind IN ('unusedreservation', 'unusedsavingsplan') THEN 'Committed' WHEN lower(pricing_model) = 'spot' THEN 'Dynamic'
       WHEN lower(pricing_model) = 'ondemand' OR kind = 'usage' THEN 'Standard' END AS PricingCategory,

  -- The product as the price list names it. Microsoft looks names up by resource type, in a table of its own; the meter's category is in the
  -- file. Purchases may have no meter.
  CASE WHEN meter_category IS NOT NULL THEN meter_category WHEN service_name IS NOT NULL THEN service_name WHEN kind = 'tax' THEN 'Tax'
       WHEN kind = 'roundingadjustment' THEN 'Rounding adjustment' WHEN product_order_name IS NOT NULL THEN product_order_name WHEN product_name IS NOT NULL THEN product_name
       WHEN publisher_name IS NOT NULL THEN publisher_name ELSE consumed_service END AS ServiceName,
  CASE lower(service_family) WHEN 'compute' THEN 'Compute' WHEN 'containers' THEN 'Compute' WHEN 'windows virtual desktop' THEN 'Compute'
       WHEN 'storage' THEN 'Storage' WHEN 'networking' THEN 'Networking' WHEN 'databases' THEN 'Databases' WHEN 'data' THEN 'Databases' WHEN 'analytics' THEN 'Analytics'
       WHEN 'ai + machine learning' THEN 'AI and Machine Learning' WHEN 'management and governance' THEN 'Management and Governance' WHEN 'azure arc' THEN 'Management and Governance'
       WHEN 'developer tools' THEN 'Developer Tools' WHEN 'identity' THEN 'Identity' WHEN 'security' THEN 'Security' WHEN 'integration' THEN 'Integration'
       WHEN 'internet of things' THEN 'Internet of Things' WHEN 'media' THEN 'Media' WHEN 'migration' THEN 'Migration' WHEN 'mobile' THEN 'Mobile' WHEN 'web' THEN 'Web'
       WHEN 'hybrid' THEN 'Multicloud' WHEN 'office 365' THEN 'Business Applications' WHEN 'dynamics' THEN 'Business Applications'
       -- Purchases and old files have no family: the commonest meters say it.
       ELSE CASE WHEN lower(meter_category) IN ('virtual machines', 'virtual machines licenses', 'azure kubernetes service', 'azure app service', 'functions', 'container instances', 'cloud services') THEN 'Compute'
            WHEN lower(meter_category) IN ('storage', 'backup', 'azure netapp files') THEN 'Storage'
            WHEN lower(meter_category) IN ('virtual network', 'bandwidth', 'load balancer', 'application gateway', 'vpn gateway', 'expressroute', 'azure dns', 'azure firewall', 'content delivery network') THEN 'Networking'
            WHEN lower(meter_category) IN ('sql database', 'sql managed instance', 'azure cosmos db', 'azure database for mysql', 'azure database for postgresql', 'redis cache') THEN 'Databases'
            WHEN lower(meter_category) IN ('log analytics', 'azure monitor', 'automation') THEN 'Management and Governance'
            WHEN lower(meter_category) IN ('cognitive services', 'azure openai', 'azure machine learning') THEN 'AI and Machine Learning'
            WHEN lower(meter_category) IN ('azure data factory v2', 'azure databricks', 'azure synapse analytics', 'hdinsight', 'event hubs') THEN 'Analytics' ELSE 'Other' END END AS ServiceCategory,
  -- MCA has the product's id; EA the part number, which is what its price list goes by; old files only the meter.
  CASE WHEN product_id IS NOT NULL THEN product_id WHEN part_number IS NOT NULL THEN part_number ELSE meter_id END AS SkuId,
  CASE WHEN part_number IS NOT NULL THEN part_number WHEN product_id IS NOT NULL AND meter_id IS NOT NULL THEN concat(product_id, '/', meter_id) END AS SkuPriceId,
  meter_name AS SkuMeter,
  -- The machine's size is in the additional info of compute meters, which is not always JSON.
  CASE WHEN contains(additional_info, '"Standard_') OR contains(additional_info, '"Basic_')
       THEN nullif(regexp_extract(additional_info, '"ServiceType"\s*:\s*"((?:Standard|Basic)_[^"]*)"', 1), '') END AS x_InstanceType,

  -- Azure does not tell apart the case of letters in an id, and its exports spell one resource in several ways. In lower case it is one.
  lower(resource) AS ResourceId,
  CASE WHEN resource_name IS NOT NULL THEN resource_name ELSE nullif(split_part(resource, '/', -1), '') END AS ResourceName,
  CASE WHEN resource_type IS NOT NULL THEN lower(resource_type) WHEN split_part(typed, '/', 2) <> '' THEN concat(split_part(typed, '/', 1), '/', split_part(typed, '/', 2)) END AS ResourceType,
  -- One spelling for each region: "EastUS", "US East" and "East US" are eastus. One that the table lacks keeps its letters.
  CASE WHEN regions.id IS NOT NULL THEN regions.id WHEN region NOT IN ('', 'unassigned', 'unknown') THEN region END AS RegionId,
  CASE WHEN regions.id IS NOT NULL THEN regions.name WHEN region NOT IN ('', 'unassigned', 'unknown') THEN place END AS RegionName,
  availability_zone AS AvailabilityZone,

  -- The benefit's id says what kind it is; files from before savings plans have the reservation's, the leanest only the order's.
  CASE WHEN benefit_id IS NOT NULL THEN benefit_id WHEN reservation_id IS NOT NULL THEN reservation_id WHEN committed THEN product_order_id END AS CommitmentDiscountId,
  CASE WHEN benefit_name IS NOT NULL THEN benefit_name WHEN reservation_name IS NOT NULL THEN reservation_name WHEN committed THEN product_order_name END AS CommitmentDiscountName,
  CASE commitment WHEN 'Savings Plan' THEN 'Spend' WHEN 'Reservation' THEN 'Usage' END AS CommitmentDiscountCategory,
  commitment AS CommitmentDiscountType,
  CASE WHEN kind IN ('unusedreservation', 'unusedsavingsplan') THEN 'Unused' WHEN kind = 'usage' AND committed THEN 'Used' END AS CommitmentDiscountStatus,

  -- An object; ingest adds the braces where an export leaves them out.
  tags AS Tags
FROM costed LEFT JOIN (VALUES
    ('australiacentral', 'australiacentral', 'Australia Central'), ('aucentral', 'australiacentral', 'Australia Central'), ('australiacentral2', 'australiacentral2', 'Australia Central 2'), ('aucentral2', 'australiacentral2', 'Australia Central 2'),
    ('australiaeast', 'australiaeast', 'Australia East'), ('aueast', 'australiaeast', 'Australia East'), ('australiasoutheast', 'australiasoutheast', 'Australia Southeast'), ('ausoutheast', 'australiasoutheast', 'Australia Southeast'),
    ('austriaeast', 'austriaeast', 'Austria East'), ('ateast', 'austriaeast', 'Austria East'), ('belgiumcentral', 'belgiumcentral', 'Belgium Central'), ('becentral', 'belgiumcentral', 'Belgium Central'),
    ('brazilsouth', 'brazilsouth', 'Brazil South'), ('brsouth', 'brazilsouth', 'Brazil South'), ('brazilsoutheast', 'brazilsoutheast', 'Brazil Southeast'), ('brsoutheast', 'brazilsoutheast', 'Brazil Southeast'),
    ('canadacentral', 'canadacentral', 'Canada Central'), ('cacentral', 'canadacentral', 'Canada Central'), ('canadaeast', 'canadaeast', 'Canada East'), ('caeast', 'canadaeast', 'Canada East'),
    ('centralindia', 'centralindia', 'Central India'), ('incentral', 'centralindia', 'Central India'), ('indiacentral', 'centralindia', 'Central India'), ('centralus', 'centralus', 'Central US'),
    ('uscentral', 'centralus', 'Central US'), ('chilecentral', 'chilecentral', 'Chile Central'), ('clcentral', 'chilecentral', 'Chile Central'), ('chinaeast', 'chinaeast', 'China East'),
    ('cneast', 'chinaeast', 'China East'), ('chinaeast2', 'chinaeast2', 'China East 2'), ('cneast2', 'chinaeast2', 'China East 2'), ('chinanorth', 'chinanorth', 'China North'),
    ('cnnorth', 'chinanorth', 'China North'), ('chinanorth2', 'chinanorth2', 'China North 2'), ('cnnorth2', 'chinanorth2', 'China North 2'), ('chinanorth3', 'chinanorth3', 'China North 3'),
    ('cnnorth3', 'chinanorth3', 'China North 3'), ('denmarkeast', 'denmarkeast', 'Denmark East'), ('dkeast', 'denmarkeast', 'Denmark East'), ('eastasia', 'eastasia', 'East Asia'),
    ('apeast', 'eastasia', 'East Asia'), ('asiaeast', 'eastasia', 'East Asia'), ('eastus', 'eastus', 'East US'), ('useast', 'eastus', 'East US'),
    ('eastus2', 'eastus2', 'East US 2'), ('useast2', 'eastus2', 'East US 2'), ('eastus3', 'eastus3', 'East US 3'), ('useast3', 'eastus3', 'East US 3'),
    ('francecentral', 'francecentral', 'France Central'), ('frcentral', 'francecentral', 'France Central'), ('francesouth', 'francesouth', 'France South'), ('frsouth', 'francesouth', 'France South'),
    ('germanynorth', 'germanynorth', 'Germany North'), ('denorth', 'germanynorth', 'Germany North'), ('germanywestcentral', 'germanywestcentral', 'Germany West Central'), ('dewestcentral', 'germanywestcentral', 'Germany West Central'),
    ('indonesiacentral', 'indonesiacentral', 'Indonesia Central'), ('idcentral', 'indonesiacentral', 'Indonesia Central'), ('israelcentral', 'israelcentral', 'Israel Central'), ('ilcentral', 'israelcentral', 'Israel Central'),
    ('italynorth', 'italynorth', 'Italy North'), ('itnorth', 'italynorth', 'Italy North'), ('japaneast', 'japaneast', 'Japan East'), ('jaeast', 'japaneast', 'Japan East'),
    ('japanwest', 'japanwest', 'Japan West'), ('jawest', 'japanwest', 'Japan West'), ('jioindiacentral', 'jioindiacentral', 'Jio India Central'), ('jioindiawest', 'jioindiawest', 'Jio India West'),
    ('koreacentral', 'koreacentral', 'Korea Central'), ('krcentral', 'koreacentral', 'Korea Central'), ('koreasouth', 'koreasouth', 'Korea South'), ('krsouth', 'koreasouth', 'Korea South'),
    ('malaysiawest', 'malaysiawest', 'Malaysia West'), ('mywest', 'malaysiawest', 'Malaysia West'), ('mexicocentral', 'mexicocentral', 'Mexico Central'), ('mxcentral', 'mexicocentral', 'Mexico Central'),
    ('newzealandnorth', 'newzealandnorth', 'New Zealand North'), ('nznorth', 'newzealandnorth', 'New Zealand North'), ('northcentralus', 'northcentralus', 'North Central US'), ('usnorthcentral', 'northcentralus', 'North Central US'),
    ('northeurope', 'northeurope', 'North Europe'), ('eunorth', 'northeurope', 'North Europe'), ('europenorth', 'northeurope', 'North Europe'), ('norwayeast', 'norwayeast', 'Norway East'),
    ('noeast', 'norwayeast', 'Norway East'), ('norwaywest', 'norwaywest', 'Norway West'), ('nowest', 'norwaywest', 'Norway West'), ('polandcentral', 'polandcentral', 'Poland Central'),
    ('plcentral', 'polandcentral', 'Poland Central'), ('qatarcentral', 'qatarcentral', 'Qatar Central'), ('qacentral', 'qatarcentral', 'Qatar Central'), ('southafricanorth', 'southafricanorth', 'South Africa North'),
    ('zanorth', 'southafricanorth', 'South Africa North'), ('southafricawest', 'southafricawest', 'South Africa West'), ('zawest', 'southafricawest', 'South Africa West'), ('southcentralus', 'southcentralus', 'South Central US'),
    ('ussouthcentral', 'southcentralus', 'South Central US'), ('southeastasia', 'southeastasia', 'Southeast Asia'), ('apsoutheast', 'southeastasia', 'Southeast Asia'), ('asiasoutheast', 'southeastasia', 'Southeast Asia'),
    ('southindia', 'southindia', 'South India'), ('insouth', 'southindia', 'South India'), ('indiasouth', 'southindia', 'South India'), ('spaincentral', 'spaincentral', 'Spain Central'),
    ('escentral', 'spaincentral', 'Spain Central'), ('swedencentral', 'swedencentral', 'Sweden Central'), ('secentral', 'swedencentral', 'Sweden Central'), ('swedensouth', 'swedensouth', 'Sweden South'),
    ('sesouth', 'swedensouth', 'Sweden South'), ('switzerlandnorth', 'switzerlandnorth', 'Switzerland North'), ('chnorth', 'switzerlandnorth', 'Switzerland North'), ('switzerlandwest', 'switzerlandwest', 'Switzerland West'),
    ('chwest', 'switzerlandwest', 'Switzerland West'), ('taiwannorth', 'taiwannorth', 'Taiwan North'), ('twnorth', 'taiwannorth', 'Taiwan North'), ('uaecentral', 'uaecentral', 'UAE Central'),
    ('aecentral', 'uaecentral', 'UAE Central'), ('uaenorth', 'uaenorth', 'UAE North'), ('aenorth', 'uaenorth', 'UAE North'), ('uksouth', 'uksouth', 'UK South'),
    ('ukwest', 'ukwest', 'UK West'), ('usgovarizona', 'usgovarizona', 'US Gov Arizona'), ('usgovtexas', 'usgovtexas', 'US Gov Texas'), ('usgovvirginia', 'usgovvirginia', 'US Gov Virginia'),
    ('westcentralus', 'westcentralus', 'West Central US'), ('uswestcentral', 'westcentralus', 'West Central US'), ('westeurope', 'westeurope', 'West Europe'), ('euwest', 'westeurope', 'West Europe'),
    ('europewest', 'westeurope', 'West Europe'), ('westindia', 'westindia', 'West India'), ('inwest', 'westindia', 'West India'), ('indiawest', 'westindia', 'West India'),
    ('westus', 'westus', 'West US'), ('uswest', 'westus', 'West US'), ('westus2', 'westus2', 'West US 2'), ('uswest2', 'westus2', 'West US 2'),
    ('westus3', 'westus3', 'West US 3'), ('uswest3', 'westus3', 'West US 3')
) AS regions(spelling, id, name) ON regions.spelling = costed.region
