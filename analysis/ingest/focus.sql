-- How a FOCUS row becomes a row of the store. Every column that is not named here is taken as it stands: by its own name,
-- else by the older names that the column registry lists. "src" is the export with every FOCUS column present (NULL where
-- the file has none), text trimmed of nothing, empty strings and the word NULL already null.
-- Nulls are stepped over with CASE, not coalesce, which in DuckDB 1.4.1 spoils dictionary-encoded Parquet text read by several threads.
-- Lines are "column: expression"; expressions may use any FOCUS column.

-- The seller. FOCUS 1.3 renamed ProviderName; a file with neither still has a publisher or an invoice issuer.
ServiceProviderName: CASE WHEN ServiceProviderName IS NOT NULL THEN ServiceProviderName WHEN ProviderName IS NOT NULL THEN ProviderName WHEN PublisherName IS NOT NULL THEN PublisherName WHEN InvoiceIssuerName IS NOT NULL THEN InvoiceIssuerName ELSE 'unknown' END

-- Enumerations are written in several letter cases ("Usage-based"); queries compare them, so they are brought to FOCUS's own.
ChargeCategory: CASE lower(ChargeCategory) WHEN 'usage' THEN 'Usage' WHEN 'purchase' THEN 'Purchase' WHEN 'tax' THEN 'Tax' WHEN 'credit' THEN 'Credit' WHEN 'adjustment' THEN 'Adjustment' ELSE ChargeCategory END
ChargeClass: CASE lower(ChargeClass) WHEN 'correction' THEN 'Correction' ELSE ChargeClass END
ChargeFrequency: CASE lower(ChargeFrequency) WHEN 'usage-based' THEN 'Usage-Based' WHEN 'one-time' THEN 'One-Time' WHEN 'recurring' THEN 'Recurring' ELSE ChargeFrequency END
CommitmentDiscountStatus: CASE lower(CommitmentDiscountStatus) WHEN 'used' THEN 'Used' WHEN 'unused' THEN 'Unused' ELSE CommitmentDiscountStatus END

-- The invoice's period; without one, the calendar month of the charge. Periods are told apart by their first day.
BillingPeriodStart: CASE WHEN BillingPeriodStart IS NULL THEN date_trunc('month', ChargePeriodStart) ELSE BillingPeriodStart END
BillingPeriodEnd: CASE WHEN BillingPeriodEnd IS NULL THEN date_trunc('month', ChargePeriodStart) + INTERVAL 1 MONTH ELSE BillingPeriodEnd END
ChargePeriodEnd: CASE WHEN ChargePeriodEnd IS NULL THEN ChargePeriodStart + INTERVAL 1 DAY ELSE ChargePeriodEnd END

-- A service is always named: files before 1.0 GA and hand-made ones sometimes only have the category.
ServiceName: CASE WHEN ServiceName IS NOT NULL THEN ServiceName WHEN ServiceCategory IS NOT NULL THEN ServiceCategory WHEN ServiceProviderName IS NOT NULL THEN ServiceProviderName WHEN ProviderName IS NOT NULL THEN ProviderName ELSE 'unknown' END

-- What is metered, in the provider's own words where it gives them (AWS: x_UsageType), else FOCUS's meter, else the SKU.
x_UsageType: CASE WHEN x_UsageType IS NOT NULL THEN x_UsageType WHEN SkuMeter IS NOT NULL THEN SkuMeter ELSE SkuId END

-- The machine type, where the price details say it or an AWS usage type ends in it ("USE1-BoxUsage:m5.large").
x_InstanceType: CASE WHEN x_InstanceType IS NOT NULL THEN x_InstanceType WHEN contains(SkuPriceDetails, '"InstanceType"') AND json_extract_string(SkuPriceDetails, '$.InstanceType') IS NOT NULL THEN json_extract_string(SkuPriceDetails, '$.InstanceType') WHEN x_UsageType LIKE '%:%.%' AND regexp_matches(x_UsageType, ':[a-z][a-z0-9-]*[.][a-z0-9.-]+$') THEN split_part(x_UsageType, ':', 2) END
