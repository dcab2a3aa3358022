-- use case: Understand the billing account or sub account entity
-- FOCUS 1.2
-- Every billing account and sub account with charges in the period, its type, and what was billed to it.
SELECT ProviderName, BillingAccountId, BillingAccountName, BillingAccountType, SubAccountId, SubAccountName, SubAccountType,
       BillingCurrency, sum(BilledCost) AS TotalBilledCost
FROM focus
WHERE ChargePeriodStart >= :from AND ChargePeriodStart < :until
GROUP BY ALL
ORDER BY ProviderName, BillingAccountId, SubAccountId, BillingCurrency;

-- use case: Identify sources of billed cost
-- FOCUS 1.2
-- Who provides, who publishes, who invoices: a row per seller and invoice, so that nothing bought through a marketplace is counted twice.
SELECT ProviderName, PublisherName, InvoiceIssuerName, InvoiceId, BillingCurrency, sum(BilledCost) AS TotalBilledCost
FROM focus
WHERE BillingPeriodStart >= :from AND BillingPeriodStart < :until
GROUP BY ALL
ORDER BY TotalBilledCost DESC;

-- use case: Analyze credit memos
-- FOCUS 1.2
-- What credits took off each invoice, and what they are called.
SELECT ProviderName, InvoiceId, ChargeDescription, BillingCurrency, sum(BilledCost) AS TotalBilledCost
FROM focus
WHERE ChargeCategory = 'Credit' AND BillingPeriodStart >= :from AND BillingPeriodStart < :until
GROUP BY ALL
ORDER BY TotalBilledCost;

-- use case: Verify accuracy of provider invoices aka invoice reconciliation
-- FOCUS 1.2
-- The total of each invoice, to be held against the paper. A row without an invoice's id is not invoiced yet, or its provider gives none.
SELECT InvoiceIssuerName, InvoiceId, BillingPeriodStart, BillingCurrency, sum(BilledCost) AS TotalBilledCost, count(*) AS LineItems
FROM focus
WHERE BillingPeriodStart >= :from AND BillingPeriodStart < :until
GROUP BY ALL
ORDER BY InvoiceIssuerName, BillingPeriodStart, InvoiceId;

-- use case: Calculate average rate of a component resource
-- FOCUS 1.2
-- with component=CoreCount
-- What a core (or GPU, or whatever SkuPriceDetails counts) costs an hour: effective cost over the component's count times the quantity.
SELECT ProviderName, ServiceName, RegionId, PricingUnit, BillingCurrency,
       json_extract_string(SkuPriceDetails, '$.InstanceType') AS InstanceType,
       sum(CAST(json_extract_string(SkuPriceDetails, '$.' || :component) AS DECIMAL(18,6)) * CAST(PricingQuantity AS DECIMAL(18,6))) AS ComponentQuantity,
       sum(EffectiveCost) / nullif(sum(CAST(json_extract_string(SkuPriceDetails, '$.' || :component) AS DECIMAL(18,6)) * CAST(PricingQuantity AS DECIMAL(18,6))), 0) AS AverageRate
FROM focus
WHERE ChargeCategory = 'Usage' AND json_exists(SkuPriceDetails, '$.' || :component)
  AND ChargePeriodStart >= :from AND ChargePeriodStart < :until
GROUP BY ALL
ORDER BY ComponentQuantity DESC;

-- use case: Quantify usage of a component resource
-- FOCUS 1.2
-- with component=CoreCount
-- How many cores (or whatever SkuPriceDetails counts) were used, in hours or the unit that is priced.
SELECT ProviderName, ServiceName, RegionId, PricingUnit, json_extract_string(SkuPriceDetails, '$.InstanceType') AS InstanceType,
       sum(CAST(json_extract_string(SkuPriceDetails, '$.' || :component) AS DECIMAL(18,6)) * CAST(PricingQuantity AS DECIMAL(18,6))) AS ComponentQuantity
FROM focus
WHERE ChargeCategory = 'Usage' AND json_exists(SkuPriceDetails, '$.' || :component)
  AND ChargePeriodStart >= :from AND ChargePeriodStart < :until
GROUP BY ALL
ORDER BY ComponentQuantity DESC;

-- use case: Calculate unit economics
-- FOCUS 1.2
-- with unit=GB
-- with description=transfer
-- What a unit costs, day by day: here a gigabyte of data transfer.
SELECT CAST(ChargePeriodStart AS DATE) AS Day, BillingCurrency, sum(BilledCost) AS TotalBilledCost, sum(ConsumedQuantity) AS Quantity,
       sum(BilledCost) / nullif(sum(ConsumedQuantity), 0) AS CostPerUnit
FROM focus
WHERE ChargeCategory = 'Usage' AND ConsumedUnit = :unit AND contains(lower(ChargeDescription), lower(:description))
  AND ChargePeriodStart >= :from AND ChargePeriodStart < :until
GROUP BY ALL
ORDER BY Day, BillingCurrency;

-- use case: Calculate consumption of virtual currency within a billing period
-- FOCUS 1.2
-- with currency=
-- Tokens, credits or DBUs used: costs in a pricing currency that is not the one billed in. Without a currency: all of those.
SELECT ProviderName, PricingCurrency, sum(PricingCurrencyEffectiveCost) AS TotalPricingCurrencyEffectiveCost
FROM focus
WHERE ChargeCategory = 'Usage' AND PricingCurrency <> BillingCurrency AND :currency IN ('', PricingCurrency)
  AND BillingPeriodStart >= :from AND BillingPeriodStart < :until
GROUP BY ALL
ORDER BY TotalPricingCurrencyEffectiveCost DESC;

-- use case: Determine target of virtual currency usage
-- FOCUS 1.2
-- with currency=
-- What tokens or credits were used for.
SELECT ProviderName, PublisherName, ServiceName, ChargeDescription, PricingCurrency,
       sum(PricingCurrencyEffectiveCost) AS TotalPricingCurrencyEffectiveCost
FROM focus
WHERE ChargeCategory = 'Usage' AND PricingCurrency <> BillingCurrency AND :currency IN ('', PricingCurrency)
  AND ChargePeriodStart >= :from AND ChargePeriodStart < :until
GROUP BY ALL
ORDER BY TotalPricingCurrencyEffectiveCost DESC;

-- use case: Analyze effective cost by pricing currency
-- FOCUS 1.2
-- The same charges in the currency they are priced in and in the one they are billed in.
SELECT ProviderName, PublisherName, ServiceName, PricingCurrency, sum(PricingCurrencyEffectiveCost) AS TotalPricingCurrencyEffectiveCost,
       BillingCurrency, sum(EffectiveCost) AS TotalEffectiveCost
FROM focus
WHERE PricingCurrency IS NOT NULL AND ChargePeriodStart >= :from AND ChargePeriodStart < :until
GROUP BY ALL
ORDER BY ProviderName, TotalEffectiveCost DESC;

-- use case: Analyze purchase of virtual currency
-- FOCUS 1.2
-- with unit=
-- What was paid for tokens or credits: purchases whose unit of pricing is the one bought.
SELECT ProviderName, PublisherName, ChargeDescription, PricingUnit, BillingCurrency, sum(PricingQuantity) AS TotalPricingQuantity,
       sum(BilledCost) AS TotalBilledCost, sum(BilledCost) / nullif(sum(PricingQuantity), 0) AS PricePerUnit
FROM focus
WHERE ChargeCategory = 'Purchase' AND CommitmentDiscountId IS NULL AND PricingUnit IS NOT NULL AND :unit IN ('', PricingUnit)
  AND ChargePeriodStart >= :from AND ChargePeriodStart < :until
GROUP BY ALL
ORDER BY TotalBilledCost DESC;

-- use case: Determine contracted savings by virtual currency
-- FOCUS 1.2
-- What the contract takes off the list price, per service and currency of pricing.
SELECT ServiceName, ServiceSubcategory, ChargeDescription, BillingCurrency, PricingCurrency,
       sum((PricingCurrencyListUnitPrice - PricingCurrencyContractedUnitPrice) * PricingQuantity) AS ContractedSavingsInPricingCurrency,
       sum(ListCost - ContractedCost) AS ContractedSavingsInBillingCurrency
FROM focus
WHERE PricingCurrencyListUnitPrice > PricingCurrencyContractedUnitPrice AND ChargePeriodStart >= :from AND ChargePeriodStart < :until
GROUP BY ALL
ORDER BY ContractedSavingsInBillingCurrency DESC;

-- use case: Analyze tag coverage
-- FOCUS 1.0 1.1 1.2
-- with tag=team
-- with provider=
-- Which share of the cost carries a tag.
SELECT ProviderName, BillingCurrency, sum(EffectiveCost) AS TotalEffectiveCost,
       sum(EffectiveCost) FILTER (WHERE json_extract_string(Tags, '$."' || :tag || '"') <> '') AS TaggedEffectiveCost,
       100 * coalesce(sum(EffectiveCost) FILTER (WHERE json_extract_string(Tags, '$."' || :tag || '"') <> ''), 0) / nullif(sum(EffectiveCost), 0) AS TaggedPercentage
FROM focus
WHERE EffectiveCost > 0 AND :provider IN ('', ProviderName) AND ChargePeriodStart >= :from AND ChargePeriodStart < :until
GROUP BY ALL
ORDER BY ProviderName, BillingCurrency;

-- use case: Analyze the different metered costs for a particular SKU
-- FOCUS 1.1 1.2
-- with sku=
-- What one SKU is metered by, at which price, and what each meter cost.
SELECT ProviderName, SkuId, SkuMeter, SkuPriceId, PricingUnit, ListUnitPrice, BillingCurrency, sum(PricingQuantity) AS TotalPricingQuantity,
       sum(ListCost) AS TotalListCost, sum(EffectiveCost) AS TotalEffectiveCost
FROM focus
WHERE SkuId IS NOT NULL AND :sku IN ('', SkuId) AND ChargePeriodStart >= :from AND ChargePeriodStart < :until
GROUP BY ALL
ORDER BY TotalEffectiveCost DESC;

-- use case: Report costs by service category and subcategory
-- FOCUS 1.1 1.2
-- Billed cost per category and subcategory.
SELECT ProviderName, BillingCurrency, BillingPeriodStart, ServiceCategory, ServiceSubcategory, sum(BilledCost) AS TotalBilledCost
FROM focus
WHERE BillingPeriodStart >= :from AND BillingPeriodStart < :until
GROUP BY ALL
ORDER BY TotalBilledCost DESC;

-- use case: Analyze capacity reservations on compute costs
-- FOCUS 1.1 1.2
-- Compute with a capacity reservation, without one, and reservations that nobody used.
SELECT CASE WHEN CapacityReservationId IS NULL THEN 'without a capacity reservation'
            WHEN CapacityReservationStatus = 'Unused' THEN 'capacity reserved and not used'
            ELSE 'with a capacity reservation' END AS Status,
       ProviderName, BillingAccountId, BillingCurrency, sum(BilledCost) AS TotalBilledCost, sum(EffectiveCost) AS TotalEffectiveCost
FROM focus
WHERE ServiceCategory = 'Compute' AND ChargePeriodStart >= :from AND ChargePeriodStart < :until
GROUP BY ALL
ORDER BY ProviderName, BillingAccountId, Status;

-- use case: Identify unused capacity reservations
-- FOCUS 1.1 1.2
-- Capacity that was paid for and not used.
SELECT ProviderName, BillingAccountId, CapacityReservationId, RegionId, BillingCurrency, sum(BilledCost) AS TotalBilledCost,
       sum(EffectiveCost) AS TotalEffectiveCost
FROM focus
WHERE CapacityReservationStatus = 'Unused' AND ChargePeriodStart >= :from AND ChargePeriodStart < :until
GROUP BY ALL
ORDER BY TotalEffectiveCost DESC;

-- use case: Report corrections by subaccount for a previously invoiced billing period
-- FOCUS 1.0 1.1 1.2
-- What was corrected after its month had been invoiced, per sub account.
SELECT ProviderName, BillingAccountId, SubAccountId, SubAccountName, ServiceCategory, BillingPeriodStart, BillingCurrency,
       sum(BilledCost) AS TotalBilledCost
FROM focus
WHERE ChargeClass = 'Correction' AND BillingPeriodStart >= :from AND BillingPeriodStart < :until
GROUP BY ALL
ORDER BY TotalBilledCost;

-- use case: Report recurring charges for commitment-based discounts over a period
-- FOCUS 1.0 1.1 1.2
-- The fees of reservations and plans, month by month.
SELECT BillingPeriodStart, ProviderName, CommitmentDiscountId, CommitmentDiscountName, CommitmentDiscountType, BillingCurrency,
       sum(BilledCost) AS TotalBilledCost
FROM focus
WHERE ChargeFrequency = 'Recurring' AND CommitmentDiscountId IS NOT NULL AND BillingPeriodStart >= :from AND BillingPeriodStart < :until
GROUP BY ALL
ORDER BY BillingPeriodStart, TotalBilledCost DESC;

-- use case: Analyze costs by service name
-- FOCUS 1.0 1.1 1.2
-- with service=
-- One service's cost, billed and effective, per month and sub account. Without a service: each of them.
SELECT BillingPeriodStart, ProviderName, SubAccountId, SubAccountName, ServiceName, BillingCurrency, sum(BilledCost) AS TotalBilledCost,
       sum(EffectiveCost) AS TotalEffectiveCost
FROM focus
WHERE :service IN ('', ServiceName) AND BillingPeriodStart >= :from AND BillingPeriodStart < :until
GROUP BY ALL
ORDER BY BillingPeriodStart, TotalEffectiveCost DESC;

-- use case: Report spending across billing periods for a provider by service category
-- FOCUS 1.0 1.1 1.2
-- months 3
-- with provider=
-- Billed cost per month, category and service.
SELECT ProviderName, BillingAccountId, BillingAccountName, BillingCurrency, BillingPeriodStart, ServiceCategory, ServiceName,
       sum(BilledCost) AS TotalBilledCost
FROM focus
WHERE :provider IN ('', ProviderName) AND BillingPeriodStart >= :from AND BillingPeriodStart < :until
GROUP BY ALL
ORDER BY BillingPeriodStart, TotalBilledCost DESC;

-- use case: Analyze service costs by region
-- FOCUS 1.0 1.1 1.2
-- Effective cost per region and service.
SELECT ProviderName, RegionId, ServiceName, BillingCurrency, sum(EffectiveCost) AS TotalEffectiveCost
FROM focus
WHERE ChargePeriodStart >= :from AND ChargePeriodStart < :until
GROUP BY ALL
ORDER BY TotalEffectiveCost DESC;

-- use case: Report service costs by providers subaccount
-- FOCUS 1.0 1.1 1.2
-- with provider=
-- with account=
-- What a sub account spent on each service.
SELECT ProviderName, SubAccountId, SubAccountName, ServiceName, BillingCurrency, sum(EffectiveCost) AS TotalEffectiveCost
FROM focus
WHERE :provider IN ('', ProviderName) AND :account IN ('', SubAccountId) AND BillingPeriodStart >= :from AND BillingPeriodStart < :until
GROUP BY ALL
ORDER BY ProviderName, SubAccountId, TotalEffectiveCost DESC;

-- use case: Analyze service costs month over month
-- FOCUS 1.0 1.1 1.2
-- months 3
-- Each service's month beside the month before it. The first month has none before it.
SELECT Month, ProviderName, ServiceName, BillingCurrency, TotalEffectiveCost,
       TotalEffectiveCost - lag(TotalEffectiveCost) OVER (PARTITION BY ProviderName, ServiceName, BillingCurrency ORDER BY Month) AS Change
FROM (SELECT CAST(date_trunc('month', ChargePeriodStart) AS DATE) AS Month, ProviderName, ServiceName, BillingCurrency, sum(EffectiveCost) AS TotalEffectiveCost
      FROM focus
      WHERE ChargePeriodStart >= :from AND ChargePeriodStart < :until
      GROUP BY ALL) AS months
ORDER BY Month, TotalEffectiveCost DESC;

-- use case: Report application cost month over month
-- FOCUS 1.0 1.1 1.2
-- months 3
-- with tag=app
-- with application=
-- What an application cost per month and service; the application is the value of a tag.
SELECT CAST(date_trunc('month', BillingPeriodStart) AS DATE) AS Month, json_extract_string(Tags, '$."' || :tag || '"') AS Application, ServiceName,
       BillingCurrency, sum(EffectiveCost) AS TotalEffectiveCost
FROM focus
WHERE :application IN ('', json_extract_string(Tags, '$."' || :tag || '"')) AND BillingPeriodStart >= :from AND BillingPeriodStart < :until
GROUP BY ALL
ORDER BY Month, Application, TotalEffectiveCost DESC;

-- use case: Analyze costs of components of a resource
-- FOCUS 1.0 1.1 1.2
-- with resource=
-- What one resource is charged for: hours, disk, traffic. Without a resource: those that cost most first.
SELECT ResourceId, ResourceName, ResourceType, ChargeDescription, SkuId, BillingCurrency, sum(EffectiveCost) AS TotalEffectiveCost
FROM focus
WHERE ResourceId IS NOT NULL AND :resource IN ('', ResourceId) AND ChargePeriodStart >= :from AND ChargePeriodStart < :until
GROUP BY ALL
ORDER BY TotalEffectiveCost DESC;

-- use case: Report costs by service category
-- FOCUS 1.0 1.1 1.2
-- Billed cost per category.
SELECT ProviderName, BillingCurrency, BillingPeriodStart, ServiceCategory, sum(BilledCost) AS TotalBilledCost
FROM focus
WHERE BillingPeriodStart >= :from AND BillingPeriodStart < :until
GROUP BY ALL
ORDER BY TotalBilledCost DESC;

-- use case: Report corrections for a previously invoiced billing period
-- FOCUS 1.0 1.1 1.2
-- What was corrected after its month had been invoiced, per service.
SELECT ProviderName, BillingAccountId, ChargeCategory, ServiceCategory, ServiceName, BillingPeriodStart, BillingCurrency, sum(BilledCost) AS TotalBilledCost
FROM focus
WHERE ChargeClass = 'Correction' AND BillingPeriodStart >= :from AND BillingPeriodStart < :until
GROUP BY ALL
ORDER BY TotalBilledCost;

-- use case: Report effective cost of compute
-- FOCUS 1.0 1.1 1.2
-- Compute per service and sub account, and what sort of commitment covered it.
SELECT ProviderName, ServiceName, SubAccountId, SubAccountName, BillingPeriodStart, CommitmentDiscountType, BillingCurrency,
       sum(EffectiveCost) AS TotalEffectiveCost
FROM focus
WHERE ServiceCategory = 'Compute' AND BillingPeriodStart >= :from AND BillingPeriodStart < :until
GROUP BY ALL
ORDER BY TotalEffectiveCost DESC;

-- use case: Report commitment discount purchases
-- FOCUS 1.0 1.1 1.2
-- What reservations and plans were bought, for how much, and for which time.
SELECT ProviderName, BillingAccountId, CommitmentDiscountId, CommitmentDiscountType, CommitmentDiscountQuantity, CommitmentDiscountUnit, ChargeFrequency,
       min(ChargePeriodStart) AS FirstStart, max(ChargePeriodEnd) AS LastEnd, BillingCurrency, sum(BilledCost) AS TotalBilledCost
FROM focus
WHERE ChargeCategory = 'Purchase' AND CommitmentDiscountId IS NOT NULL AND ChargePeriodStart >= :from AND ChargePeriodStart < :until
GROUP BY ALL
ORDER BY TotalBilledCost DESC;

-- use case: Determine Effective Savings Rate by Service
-- FOCUS 1.0 1.1 1.2
-- What all discounts save of the list price, per service. Fees of commitments are left out: the usage they cover stands at list price already.
SELECT ProviderName, ServiceName, BillingCurrency, sum(ListCost) AS TotalListCost, sum(ContractedCost) AS TotalContractedCost,
       sum(EffectiveCost) AS TotalEffectiveCost, 1 - sum(EffectiveCost) / nullif(sum(ListCost), 0) AS EffectiveSavingsRate
FROM focus
WHERE ChargeCategory = 'Usage' AND ChargePeriodStart >= :from AND ChargePeriodStart < :until
GROUP BY ALL
ORDER BY TotalListCost DESC;

-- use case: Determine Effective Savings Rate
-- FOCUS 1.0 1.1 1.2
-- What all discounts save, of the list price and of the contracted price. Fees of commitments are left out, as above.
SELECT ProviderName, BillingCurrency, sum(ListCost) AS TotalListCost, sum(ContractedCost) AS TotalContractedCost, sum(EffectiveCost) AS TotalEffectiveCost,
       1 - sum(EffectiveCost) / nullif(sum(ListCost), 0) AS SavingsRateOverList, 1 - sum(EffectiveCost) / nullif(sum(ContractedCost), 0) AS SavingsRateOverContract
FROM focus
WHERE ChargeCategory = 'Usage' AND ChargePeriodStart >= :from AND ChargePeriodStart < :until
GROUP BY ALL
ORDER BY TotalListCost DESC;

-- use case: Analyze resource costs by SKU
-- FOCUS 1.0 1.1 1.2
-- with resource=
-- What a resource cost per SKU and price.
SELECT ProviderName, ResourceId, SkuId, SkuPriceId, PricingUnit, ListUnitPrice, BillingCurrency, sum(PricingQuantity) AS TotalPricingQuantity,
       sum(ListCost) AS TotalListCost, sum(EffectiveCost) AS TotalEffectiveCost
FROM focus
WHERE ResourceId IS NOT NULL AND :resource IN ('', ResourceId) AND ChargePeriodStart >= :from AND ChargePeriodStart < :until
GROUP BY ALL
ORDER BY TotalEffectiveCost DESC;

-- use case: Analyze marketplace vendors costs
-- FOCUS 1.0 1.1 1.2
-- What was bought of somebody other than the provider who sends the bill.
SELECT ProviderName, InvoiceIssuerName, PublisherName, ServiceName, BillingCurrency, sum(BilledCost) AS TotalBilledCost, sum(EffectiveCost) AS TotalEffectiveCost
FROM focus
WHERE PublisherName <> ProviderName AND PublisherName <> InvoiceIssuerName AND ChargePeriodStart >= :from AND ChargePeriodStart < :until
GROUP BY ALL
ORDER BY TotalEffectiveCost DESC;

-- use case: Analyze cost per compute service for a subaccount
-- FOCUS 1.0 1.1 1.2
-- with account=
-- What compute cost in a sub account, resource by resource.
SELECT SubAccountId, SubAccountName, ServiceName, ResourceId, ResourceName, PricingUnit, BillingCurrency, sum(PricingQuantity) AS TotalPricingQuantity,
       sum(EffectiveCost) AS TotalEffectiveCost
FROM focus
WHERE ServiceCategory = 'Compute' AND :account IN ('', SubAccountId) AND ChargePeriodStart >= :from AND ChargePeriodStart < :until
GROUP BY ALL
ORDER BY TotalEffectiveCost DESC;

-- use case: Analyze costs by availability zone for a subaccount
-- FOCUS 1.0 1.1 1.2
-- with account=
-- Effective cost per availability zone. What has none is of the region, or its provider does not say.
SELECT ProviderName, SubAccountId, RegionId, RegionName, AvailabilityZone, BillingPeriodStart, BillingCurrency, sum(EffectiveCost) AS TotalEffectiveCost
FROM focus
WHERE :account IN ('', SubAccountId) AND ChargePeriodStart >= :from AND ChargePeriodStart < :until
GROUP BY ALL
ORDER BY ProviderName, SubAccountId, RegionId, AvailabilityZone, BillingPeriodStart;

-- use case: Identify anomalous daily spending by subaccount, region, and service
-- FOCUS 1.0 1.1 1.2
-- Days that stand out: each beside the average of the seven days before it in the same sub account, region and service, largest difference first.
SELECT Day, ProviderName, SubAccountId, RegionId, ServiceName, BillingCurrency, DailyEffectiveCost, AverageBefore,
       DailyEffectiveCost - AverageBefore AS Difference
FROM (SELECT *, avg(DailyEffectiveCost) OVER (PARTITION BY ProviderName, SubAccountId, RegionId, ServiceName, BillingCurrency
                                              ORDER BY Day RANGE BETWEEN INTERVAL 7 DAY PRECEDING AND INTERVAL 1 DAY PRECEDING) AS AverageBefore
      FROM (SELECT CAST(ChargePeriodStart AS DATE) AS Day, ProviderName, SubAccountId, RegionId, ServiceName, BillingCurrency,
                   sum(EffectiveCost) AS DailyEffectiveCost
            FROM focus
            WHERE ChargePeriodStart >= :from AND ChargePeriodStart < :until
            GROUP BY ALL) AS days) AS beside
ORDER BY abs(DailyEffectiveCost - AverageBefore) DESC NULLS LAST, Day, ProviderName, SubAccountId, RegionId, ServiceName;

-- use case: Identify anomalous daily spending by subaccount and region
-- FOCUS 1.0 1.1 1.2
-- The same per sub account and region.
SELECT Day, ProviderName, SubAccountId, RegionId, BillingCurrency, DailyEffectiveCost, AverageBefore,
       DailyEffectiveCost - AverageBefore AS Difference
FROM (SELECT *, avg(DailyEffectiveCost) OVER (PARTITION BY ProviderName, SubAccountId, RegionId, BillingCurrency
                                              ORDER BY Day RANGE BETWEEN INTERVAL 7 DAY PRECEDING AND INTERVAL 1 DAY PRECEDING) AS AverageBefore
      FROM (SELECT CAST(ChargePeriodStart AS DATE) AS Day, ProviderName, SubAccountId, RegionId, BillingCurrency, sum(EffectiveCost) AS DailyEffectiveCost
            FROM focus
            WHERE ChargePeriodStart >= :from AND ChargePeriodStart < :until
            GROUP BY ALL) AS days) AS beside
ORDER BY abs(DailyEffectiveCost - AverageBefore) DESC NULLS LAST, Day, ProviderName, SubAccountId, RegionId;

-- use case: Identify anomalous daily spending by subaccount
-- FOCUS 1.0 1.1 1.2
-- The same per sub account.
SELECT Day, ProviderName, SubAccountId, BillingCurrency, DailyEffectiveCost, AverageBefore, DailyEffectiveCost - AverageBefore AS Difference
FROM (SELECT *, avg(DailyEffectiveCost) OVER (PARTITION BY ProviderName, SubAccountId, BillingCurrency
                                              ORDER BY Day RANGE BETWEEN INTERVAL 7 DAY PRECEDING AND INTERVAL 1 DAY PRECEDING) AS AverageBefore
      FROM (SELECT CAST(ChargePeriodStart AS DATE) AS Day, ProviderName, SubAccountId, BillingCurrency, sum(EffectiveCost) AS DailyEffectiveCost
            FROM focus
            WHERE ChargePeriodStart >= :from AND ChargePeriodStart < :until
            GROUP BY ALL) AS days) AS beside
ORDER BY abs(DailyEffectiveCost - AverageBefore) DESC NULLS LAST, Day, ProviderName, SubAccountId;

-- use case: Update budgets for each application
-- FOCUS 1.0 1.1 1.2
-- with tag=app
-- What was billed for each application and month; the application is the value of a tag. What has no tag has no name.
SELECT ProviderName, BillingPeriodStart, BillingPeriodEnd, json_extract_string(Tags, '$."' || :tag || '"') AS Application, BillingCurrency,
       sum(BilledCost) AS TotalBilledCost
FROM focus
WHERE BillingPeriodStart >= :from AND BillingPeriodStart < :until
GROUP BY ALL
ORDER BY BillingPeriodStart, TotalBilledCost DESC;

-- use case: Update budgets with billed costs
-- FOCUS 1.0 1.1 1.2
-- What each provider billed per month.
SELECT ProviderName, BillingPeriodStart, BillingPeriodEnd, BillingCurrency, sum(BilledCost) AS TotalBilledCost
FROM focus
WHERE BillingPeriodStart >= :from AND BillingPeriodStart < :until
GROUP BY ALL
ORDER BY BillingPeriodStart, ProviderName;

-- use case: Report subaccounts by region
-- FOCUS 1.0 1.1 1.2
-- Which sub accounts use which regions, and how many line items say so.
SELECT ProviderName, SubAccountId, SubAccountName, RegionId, RegionName, count(*) AS LineItems
FROM focus
WHERE ChargePeriodStart >= :from AND ChargePeriodStart < :until
GROUP BY ALL
ORDER BY ProviderName, SubAccountId, LineItems DESC;

-- use case: Get historical usage and rates to enable cost forecasting
-- FOCUS 1.0 1.1 1.2
-- months 3
-- Usage, cost and the rate they make, per month, service and region.
SELECT ProviderName, BillingPeriodStart, BillingPeriodEnd, ServiceCategory, ServiceName, RegionId, PricingUnit, BillingCurrency,
       sum(EffectiveCost) AS TotalEffectiveCost, sum(PricingQuantity) AS TotalPricingQuantity,
       sum(EffectiveCost) / nullif(sum(PricingQuantity), 0) AS EffectiveRate
FROM focus
WHERE ChargeCategory = 'Usage' AND BillingPeriodStart >= :from AND BillingPeriodStart < :until
GROUP BY ALL
ORDER BY BillingPeriodStart, TotalEffectiveCost DESC;

-- use case: Forecast cashflow month over month based on historical trends by service
-- FOCUS 1.0 1.1 1.2
-- months 3
-- What was billed per month and service: the history that a forecast of payments is made from.
SELECT CAST(date_trunc('month', BillingPeriodStart) AS DATE) AS Month, ProviderName, ServiceCategory, ServiceName, BillingCurrency, sum(BilledCost) AS TotalBilledCost
FROM focus
WHERE BillingPeriodStart >= :from AND BillingPeriodStart < :until
GROUP BY ALL
ORDER BY Month, TotalBilledCost DESC;

-- use case: Forecast amortized costs month over month based on historical trends
-- FOCUS 1.0 1.1 1.2
-- months 3
-- Effective cost per month, service and kind of charge: the history that a forecast of costs is made from.
SELECT CAST(date_trunc('month', BillingPeriodStart) AS DATE) AS Month, ProviderName, ServiceCategory, ServiceName, ChargeCategory, BillingCurrency,
       sum(EffectiveCost) AS TotalEffectiveCost
FROM focus
WHERE BillingPeriodStart >= :from AND BillingPeriodStart < :until
GROUP BY ALL
ORDER BY Month, TotalEffectiveCost DESC;

-- use case: Verify discount accuracy for previously invoiced billing period
-- FOCUS 1.0 1.1 1.2
-- List, contracted, billed and effective cost of usage side by side, and the discounts they make. Corrections are left out.
SELECT ProviderName, BillingAccountId, BillingAccountName, BillingCurrency, ServiceName, sum(ListCost) AS TotalListCost,
       sum(ContractedCost) AS TotalContractedCost, sum(BilledCost) AS TotalBilledCost, sum(EffectiveCost) AS TotalEffectiveCost,
       100 * (1 - sum(ContractedCost) / nullif(sum(ListCost), 0)) AS NegotiatedDiscountPercent,
       100 * (1 - sum(EffectiveCost) / nullif(sum(ListCost), 0)) AS EffectiveDiscountPercent
FROM focus
WHERE ChargeCategory = 'Usage' AND ChargeClass IS NULL AND BillingPeriodStart >= :from AND BillingPeriodStart < :until
GROUP BY ALL
ORDER BY TotalListCost DESC;

-- use case: Verify accuracy of services charges across providers
-- FOCUS 1.0 1.1 1.2
-- Each service's billed total, to be held against the lines of the invoice.
SELECT ProviderName, BillingAccountId, BillingAccountName, BillingPeriodStart, BillingCurrency, ServiceName, sum(BilledCost) AS TotalBilledCost
FROM focus
WHERE BillingPeriodStart >= :from AND BillingPeriodStart < :until
GROUP BY ALL
ORDER BY ProviderName, BillingPeriodStart, TotalBilledCost DESC;

-- use case: Verify accuracy of provider invoices
-- FOCUS 1.0 1.1 1.2
-- Each billing account's total, to be held against the invoice.
SELECT ProviderName, BillingAccountId, BillingAccountName, BillingPeriodStart, BillingCurrency, sum(BilledCost) AS TotalBilledCost
FROM focus
WHERE BillingPeriodStart >= :from AND BillingPeriodStart < :until
GROUP BY ALL
ORDER BY ProviderName, BillingAccountId, BillingPeriodStart;

-- use case: Compare resource usage month over month
-- FOCUS 1.0 1.1 1.2
-- months 3
-- How much of each resource was used per month, in its own unit.
SELECT CAST(date_trunc('month', ChargePeriodStart) AS DATE) AS Month, ProviderName, ServiceName, ResourceId, SkuId, ConsumedUnit,
       sum(ConsumedQuantity) AS TotalConsumedQuantity
FROM focus
WHERE ChargeCategory = 'Usage' AND ResourceId IS NOT NULL AND ChargePeriodStart >= :from AND ChargePeriodStart < :until
GROUP BY ALL
ORDER BY ProviderName, ResourceId, SkuId, Month;

-- use case: Analyze service costs by subaccount
-- FOCUS 1.0 1.1 1.2
-- with account=
-- Effective cost per sub account and service.
SELECT ProviderName, SubAccountId, SubAccountName, ServiceName, BillingCurrency, sum(EffectiveCost) AS TotalEffectiveCost
FROM focus
WHERE :account IN ('', SubAccountId) AND ChargePeriodStart >= :from AND ChargePeriodStart < :until
GROUP BY ALL
ORDER BY TotalEffectiveCost DESC;

-- use case: Identify unused commitments
-- FOCUS 1.0 1.1 1.2
-- Commitments that were paid for and not used.
SELECT ProviderName, BillingAccountId, CommitmentDiscountId, CommitmentDiscountType, min(ChargePeriodStart) AS FirstStart,
       max(ChargePeriodEnd) AS LastEnd, BillingCurrency, sum(EffectiveCost) AS UnusedEffectiveCost
FROM focus
WHERE CommitmentDiscountStatus = 'Unused' AND ChargePeriodStart >= :from AND ChargePeriodStart < :until
GROUP BY ALL
ORDER BY UnusedEffectiveCost DESC;

-- use case: Allocate multi-currency charges per application
-- FOCUS 1.0 1.1 1.2
-- with tag=app
-- What was billed for each application, per currency: amounts in different currencies do not add up.
SELECT json_extract_string(Tags, '$."' || :tag || '"') AS Application, ProviderName, BillingAccountId, BillingAccountName, BillingCurrency,
       sum(BilledCost) AS TotalBilledCost
FROM focus
WHERE BillingPeriodStart >= :from AND BillingPeriodStart < :until
GROUP BY ALL
ORDER BY Application, TotalBilledCost DESC;

-- use case: Compare billed cost per subaccount to budget
-- FOCUS 1.0 1.1 1.2
-- with provider=
-- with account=
-- with budget=0
-- What each sub account was billed, and what that leaves of a budget.
SELECT ProviderName, SubAccountId, SubAccountName, BillingCurrency, sum(BilledCost) AS TotalBilledCost,
       CAST(:budget AS DECIMAL(38,18)) - sum(BilledCost) AS LeftOfBudget
FROM focus
WHERE :provider IN ('', ProviderName) AND :account IN ('', SubAccountId) AND ChargePeriodStart >= :from AND ChargePeriodStart < :until
GROUP BY ALL
ORDER BY ProviderName, TotalBilledCost DESC;
