-- How a FOCUS row becomes a row of the store. Every column that is not named here is taken as it stands: by its own name,
-- else by the older names that the column registry lists. "src" is the export with every FOCUS column present (NULL where
-- the file has none), text trimmed of nothing, empty strings and the word NULL already null.
-- Lines are "column: expression"; expressions may use any FOCUS column.

-- The seller. FOCUS 1.3 renamed ProviderName; a file with neither still has a publisher or an invoice issuer.
ServiceProviderName: coalesce(ServiceProviderName, ProviderName, PublisherName, InvoiceIssuerName, 'unknown')

-- Enumerations are written in several letter cases ("Usage-based"); queries compare them, so they are brought to FOCUS's own.
ChargeCategory: CASE lower(ChargeCategory) WHEN 'usage' THEN 'Usage' WHEN 'purchase' THEN 'Purchase' WHEN 'tax' THEN 'Tax' WHEN 'credit' THEN 'Credit' WHEN 'adjustment' THEN 'Adjustment' ELSE ChargeCategory END
ChargeClass: CASE lower(ChargeClass) WHEN 'correction' THEN 'Correction' ELSE ChargeClass END
ChargeFrequency: CASE lower(ChargeFrequency) WHEN 'usage-based' THEN 'Usage-Based' WHEN 'one-time' THEN 'One-Time' WHEN 'recurring' THEN 'Recurring' ELSE ChargeFrequency END
CommitmentDiscountStatus: CASE lower(CommitmentDiscountStatus) WHEN 'used' THEN 'Used' WHEN 'unused' THEN 'Unused' ELSE CommitmentDiscountStatus END

-- The invoice's period; without one, the calendar month of the charge. Periods are told apart by their first day.
BillingPeriodStart: coalesce(BillingPeriodStart, date_trunc('month', ChargePeriodStart))
BillingPeriodEnd: coalesce(BillingPeriodEnd, date_trunc('month', ChargePeriodStart) + INTERVAL 1 MONTH)
ChargePeriodEnd: coalesce(ChargePeriodEnd, ChargePeriodStart + INTERVAL 1 DAY)

-- A service is always named: files before 1.0 GA and hand-made ones sometimes only have the category.
ServiceName: coalesce(ServiceName, ServiceCategory, ServiceProviderName, ProviderName, 'unknown')

-- What is metered, in the provider's own words where it gives them (AWS: x_UsageType), else FOCUS's meter, else the SKU.
x_UsageType: coalesce(x_UsageType, SkuMeter, SkuId)

-- The machine type, where the price details say it or an AWS usage type ends in it ("USE1-BoxUsage:m5.large").
x_InstanceType: coalesce(x_InstanceType, CASE WHEN contains(SkuPriceDetails, 'InstanceType') THEN json_extract_string(SkuPriceDetails, '$.InstanceType') END, CASE WHEN x_UsageType LIKE '%:%.%' THEN split_part(x_UsageType, ':', 2) END)
