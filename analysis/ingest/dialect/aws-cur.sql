-- AWS cost and usage reports as FOCUS rows: CUR legacy (lineItem/UnblendedCost), the same by Athena's names (line_item_unblended_cost)
-- and CUR 2.0 (product, resource_tags and cost_category as maps). By the letters of their names they have the same columns, so
-- they are one dialect; what only some of them have is null in the others.
--
-- Sources: the CUR data dictionary (docs.aws.amazon.com/cur/latest/userguide); the amortized cost of the Cloud Intelligence
-- Dashboards; FOCUS 1.3.
--
-- Discounts, {variant}. A negotiated discount is in a report twice: as lines of its own (EdpDiscount, PrivateRateDiscount,
-- BundledDiscount) and inside the net columns. 'lines': the report has such lines, so the gross columns are used and the lines
-- count. 'net': it has none, so the net columns are used where they are filled. Never both.

-- Of every combination of the maps of CUR 2.0, and with them once rather than in every row. Tags stand under the keys that people gave them:
-- user: and user_ are AWS's prefixes and go; what AWS sets itself keeps aws:. Cost categories are put beside the tags, as
-- costCategory/Name, so that both can be asked for. A name after the quote that opens it is a key, since a text's closing quote is
-- followed by a comma, a colon or a brace.
SELECT *,
  CASE WHEN categories IS NULL THEN map_row_tags WHEN map_row_tags IS NULL THEN categories
    ELSE CAST(json_merge_patch(CAST(map_row_tags AS JSON), CAST(categories AS JSON)) AS VARCHAR) END AS map_all_tags,
  -- People name what they run by the tag Name.
  CASE WHEN contains(map_row_tags, '"Name":') THEN json_extract_string(map_row_tags, '$.Name') WHEN contains(map_row_tags, '"name":') THEN json_extract_string(map_row_tags, '$.name') END AS map_resource_name
FROM (
  SELECT *,
    nullif(CASE
      -- Compact, as AWS writes them, maps need no pattern.
      WHEN contains(map_tags, ' "user') OR contains(map_tags, '"user:') OR contains(map_tags, '"aws_')
      THEN regexp_replace(regexp_replace(map_tags, '([{,]\s*)"user[:_]([^"])', '\1"\2', 'g'), '([{,]\s*)"aws_([^"])', '\1"aws:\2', 'g')
      WHEN contains(map_tags, '"user_') THEN replace(CASE WHEN starts_with(map_tags, '{"user_') THEN concat('{"', substr(map_tags, 8)) ELSE map_tags END, ',"user_', ',"')
      ELSE map_tags END, '{}') AS map_row_tags,
    nullif(regexp_replace(cost_category, '([{,]\s*)"([^",:}\s])', '\1"costCategory/\2', 'g'), '{}') AS categories,
    json_extract_string(product, '$.product_name') AS map_product_name,
    json_extract_string(product, '$.region') AS map_region
  FROM (
    SELECT *,
      -- CUR 2.0 has the tags of resources alone or, as "tags", with those of accounts and others, each under a prefix, of which that of resources goes.
      CASE WHEN {has:tags} AND (resource_tags IS NULL OR resource_tags = '{}') THEN regexp_replace(tags, '([{,]\s*)"resourceTags?/([^"])', '\1"\2', 'g') ELSE resource_tags END AS map_tags
    FROM sets
  )
)
;

WITH
-- What a product code is called and which kind of service it is, for reports that do not say (CUR 2.0 has no product name
-- column, only an entry of the product map). A code that is not here is its own name and of the category Other.
services(code, name, category, subcategory) AS (VALUES
  ('amazonec2', 'Amazon Elastic Compute Cloud', 'Compute', 'Virtual Machines'),
  ('amazonvpc', 'Amazon Virtual Private Cloud', 'Networking', 'Network Infrastructure'),
  ('amazons3', 'Amazon Simple Storage Service', 'Storage', 'Object Storage'),
  ('amazonglacier', 'Amazon Glacier', 'Storage', 'Backup Storage'),
  ('amazonefs', 'Amazon Elastic File System', 'Storage', 'File Storage'),
  ('amazonfsx', 'Amazon FSx', 'Storage', 'File Storage'),
  ('awsbackup', 'AWS Backup', 'Storage', 'Backup Storage'),
  ('awsstoragegateway', 'AWS Storage Gateway', 'Storage', 'Storage Platforms'),
  ('amazonrds', 'Amazon Relational Database Service', 'Databases', 'Relational Databases'),
  ('amazondynamodb', 'Amazon DynamoDB', 'Databases', 'NoSQL Databases'),
  ('amazonelasticache', 'Amazon ElastiCache', 'Databases', 'Caching'),
  ('amazonmemorydb', 'Amazon MemoryDB', 'Databases', 'Caching'),
  ('amazonredshift', 'Amazon Redshift', 'Databases', 'Data Warehouses'),
  ('amazondocdb', 'Amazon DocumentDB (with MongoDB compatibility)', 'Databases', 'NoSQL Databases'),
  ('amazonneptune', 'Amazon Neptune', 'Databases', 'NoSQL Databases'),
  ('amazontimestream', 'Amazon Timestream', 'Databases', 'Time Series Databases'),
  ('amazonmcs', 'Amazon Keyspaces (for Apache Cassandra)', 'Databases', 'NoSQL Databases'),
  ('amazoncloudwatch', 'AmazonCloudWatch', 'Management and Governance', 'Observability'),
  ('awsxray', 'AWS X-Ray', 'Management and Governance', 'Observability'),
  ('amazongrafana', 'Amazon Managed Grafana', 'Management and Governance', 'Observability'),
  ('amazonprometheus', 'Amazon Managed Service for Prometheus', 'Management and Governance', 'Observability'),
  ('awscloudtrail', 'AWS CloudTrail', 'Management and Governance', 'Data Governance'),
  ('awsconfig', 'AWS Config', 'Management and Governance', 'Compliance'),
  ('awssystemsmanager', 'AWS Systems Manager', 'Management and Governance', 'Other (Management and Governance)'),
  ('awscostexplorer', 'AWS Cost Explorer', 'Management and Governance', 'Cost Management'),
  ('awssupportbusiness', 'AWS Support (Business)', 'Management and Governance', 'Support'),
  ('awssupportenterprise', 'AWS Support (Enterprise)', 'Management and Governance', 'Support'),
  ('awssupportdeveloper', 'AWS Support (Developer)', 'Management and Governance', 'Support'),
  ('awspremiumsupport', 'AWS Premium Support', 'Management and Governance', 'Support'),
  ('awslambda', 'AWS Lambda', 'Compute', 'Serverless Compute'),
  ('amazonecs', 'Amazon Elastic Container Service', 'Compute', 'Containers'),
  ('amazoneks', 'Amazon Elastic Kubernetes Service', 'Compute', 'Containers'),
  ('amazonecr', 'Amazon EC2 Container Registry (ECR)', 'Compute', 'Containers'),
  ('amazonlightsail', 'Amazon Lightsail', 'Compute', 'Virtual Machines'),
  ('awsbatch', 'AWS Batch', 'Compute', 'Other (Compute)'),
  ('awsapprunner', 'AWS App Runner', 'Compute', 'Containers'),
  ('amazonworkspaces', 'Amazon WorkSpaces', 'Compute', 'End User Computing'),
  ('computesavingsplans', 'Savings Plans for AWS Compute usage', 'Compute', 'Virtual Machines'),
  ('machinelearningsavingsplans', 'Savings Plans for AWS Machine Learning', 'AI and Machine Learning', 'Machine Learning'),
  ('databasesavingsplans', 'Savings Plans for AWS Databases', 'Databases', 'Other (Databases)'),
  ('amazonbedrock', 'Amazon Bedrock', 'AI and Machine Learning', 'Generative AI'),
  ('amazonsagemaker', 'Amazon SageMaker', 'AI and Machine Learning', 'Machine Learning'),
  ('amazoncomprehend', 'Amazon Comprehend', 'AI and Machine Learning', 'Natural Language Processing'),
  ('amazonrekognition', 'Amazon Rekognition', 'AI and Machine Learning', 'Machine Learning'),
  ('amazontextract', 'Amazon Textract', 'AI and Machine Learning', 'Machine Learning'),
  ('amazonlex', 'Amazon Lex', 'AI and Machine Learning', 'Bots'),
  ('awsdatatransfer', 'AWS Data Transfer', 'Networking', 'Network Connectivity'),
  ('amazoncloudfront', 'Amazon CloudFront', 'Networking', 'Content Delivery'),
  ('amazonroute53', 'Amazon Route 53', 'Networking', 'Network Routing'),
  ('awselb', 'Elastic Load Balancing', 'Networking', 'Application Networking'),
  ('awsdirectconnect', 'AWS Direct Connect', 'Networking', 'Network Connectivity'),
  ('awsglobalaccelerator', 'AWS Global Accelerator', 'Networking', 'Network Routing'),
  ('awsnetworkfirewall', 'AWS Network Firewall', 'Networking', 'Network Security'),
  ('awswaf', 'AWS WAF', 'Security', 'Other (Security)'),
  ('awsshield', 'AWS Shield', 'Security', 'Threat Detection and Response'),
  ('awskms', 'AWS Key Management Service', 'Security', 'Secret Management'),
  ('awssecretsmanager', 'AWS Secrets Manager', 'Security', 'Secret Management'),
  ('amazonguardduty', 'Amazon GuardDuty', 'Security', 'Threat Detection and Response'),
  ('amazoninspectorv2', 'Amazon Inspector', 'Security', 'Security Posture Management'),
  ('awssecurityhub', 'AWS Security Hub', 'Security', 'Security Posture Management'),
  ('amazonmacie', 'Amazon Macie', 'Security', 'Other (Security)'),
  ('awscertificatemanager', 'AWS Certificate Manager', 'Security', 'Secret Management'),
  ('amazoncognito', 'Amazon Cognito', 'Identity', 'Identity and Access Management'),
  ('awsdirectoryservice', 'AWS Directory Service', 'Identity', 'Identity and Access Management'),
  ('awsqueueservice', 'Amazon Simple Queue Service', 'Integration', 'Messaging'),
  ('amazonsns', 'Amazon Simple Notification Service', 'Integration', 'Messaging'),
  ('amazonmq', 'Amazon MQ', 'Integration', 'Messaging'),
  ('amazonapigateway', 'Amazon API Gateway', 'Integration', 'API Management'),
  ('amazonstates', 'AWS Step Functions', 'Integration', 'Workflow Orchestration'),
  ('awsevents', 'CloudWatch Events', 'Integration', 'Workflow Orchestration'),
  ('amazonmwaa', 'Amazon Managed Workflows for Apache Airflow', 'Integration', 'Workflow Orchestration'),
  ('amazones', 'Amazon OpenSearch Service', 'Analytics', 'Search'),
  ('amazonathena', 'Amazon Athena', 'Analytics', 'Analytics Platforms'),
  ('awsglue', 'AWS Glue', 'Analytics', 'Data Processing'),
  ('elasticmapreduce', 'Amazon Elastic MapReduce', 'Analytics', 'Data Processing'),
  ('amazonkinesis', 'Amazon Kinesis', 'Analytics', 'Streaming Analytics'),
  ('amazonkinesisfirehose', 'Amazon Kinesis Firehose', 'Analytics', 'Streaming Analytics'),
  ('amazonmsk', 'Amazon Managed Streaming for Apache Kafka', 'Analytics', 'Streaming Analytics'),
  ('amazonquicksight', 'Amazon QuickSight', 'Analytics', 'Business Intelligence'),
  ('codebuild', 'CodeBuild', 'Developer Tools', 'Continuous Integration and Deployment'),
  ('awscodepipeline', 'AWS CodePipeline', 'Developer Tools', 'Continuous Integration and Deployment'),
  ('awscodeartifact', 'AWS CodeArtifact', 'Developer Tools', 'Other (Developer Tools)'),
  ('awsdatabasemigrationsvc', 'AWS Database Migration Service', 'Migration', 'Data Migration'),
  ('awsdatasync', 'AWS DataSync', 'Migration', 'Data Migration'),
  ('awstransfer', 'AWS Transfer Family', 'Migration', 'Data Migration'),
  ('awsiot', 'AWS IoT', 'Internet of Things', 'IoT Platforms'),
  ('amazonses', 'Amazon Simple Email Service', 'Business Applications', 'Productivity and Collaboration'),
  ('amazonconnect', 'Amazon Connect', 'Business Applications', 'Other (Business Applications)'),
  ('awselementalmediaconvert', 'AWS Elemental MediaConvert', 'Media', 'Other (Media)'),
  ('awsamplify', 'AWS Amplify', 'Web', 'Application Platforms')
),

-- A line in words that the mapping uses.
lines AS NOT MATERIALIZED (
  SELECT src.*,
    lower(line_item_line_item_type) AS kind,
    line_item_line_item_type IS NOT NULL AND lower(line_item_line_item_type) IN ('usage', 'discountedusage', 'savingsplancoveredusage') AS is_usage,
    line_item_line_item_type IS NOT NULL AND lower(line_item_line_item_type) IN ('fee', 'rifee', 'savingsplanrecurringfee', 'savingsplanupfrontfee') AS is_bought,
    lower(line_item_line_item_type) IN ('rifee', 'savingsplanrecurringfee') AND line_item_line_item_type IS NOT NULL AS is_fee,
    lower(line_item_line_item_type) NOT IN ('rifee', 'savingsplanrecurringfee') AND line_item_line_item_type IS NOT NULL AND split_line_item_parent_resource_id IS NOT NULL AS is_split,
    -- Which commitment a line is about. On-demand usage is about none, whatever else is on the line.
    CASE WHEN lower(line_item_line_item_type) = 'usage' THEN NULL
         WHEN savings_plan_savings_plan_arn IS NOT NULL THEN savings_plan_savings_plan_arn
         ELSE reservation_reservation_arn END AS commitment,
    CASE WHEN {variant} = 'net' AND line_item_net_unblended_cost IS NOT NULL THEN line_item_net_unblended_cost ELSE line_item_unblended_cost END AS billed,
    -- The cost at the public price. A line of usage that has none, or none but 0 (the marketplace), is taken at its cost.
    CASE WHEN pricing_public_on_demand_cost IS NOT NULL AND pricing_public_on_demand_cost <> 0 THEN pricing_public_on_demand_cost
         WHEN {variant} = 'net' AND line_item_net_unblended_cost IS NOT NULL THEN line_item_net_unblended_cost ELSE line_item_unblended_cost END AS listed,
    -- A share of a machine: its used and its unused part, after discounts in a report whose discounts are in the net columns.
    CASE WHEN split_line_item_split_cost IS NULL THEN 0 WHEN {variant} = 'net' AND split_line_item_net_split_cost IS NOT NULL THEN split_line_item_net_split_cost ELSE split_line_item_split_cost END
    + CASE WHEN split_line_item_unused_cost IS NULL THEN 0 WHEN {variant} = 'net' AND split_line_item_net_unused_cost IS NOT NULL THEN split_line_item_net_unused_cost ELSE split_line_item_unused_cost END AS share,
    CASE WHEN split_line_item_public_on_demand_split_cost IS NULL THEN 0 ELSE split_line_item_public_on_demand_split_cost END
    + CASE WHEN split_line_item_public_on_demand_unused_cost IS NULL THEN 0 ELSE split_line_item_public_on_demand_unused_cost END AS list_share
  FROM src
),

-- Split cost allocation data. With it a report has a line more for the CPU and one for the memory of each pod or task, on which is
-- its share of a machine (SplitCost, and UnusedCost, its share of what nobody used); the machine's own line stays as it was. So
-- that the bill stays the bill, such a line becomes two rows: the share, on the pod, and the same negative, on the machine: what
-- a machine cost is then what no pod took of it. The two have the same service, SKU, usage type, account and region, those of the machine
-- (FOCUS: an allocated charge has the dimensions of its origin), and so no total but the one by resource or by tag moves.
-- Only EffectiveCost, ListCost and ContractedCost are divided. BilledCost stays where the invoice has it, since SplitCost is amortized.
-- Here are the machines' tags, for the negative row; a machine in another file of the report has none.
machines AS NOT MATERIALIZED (
  SELECT line_item_resource_id AS machine, max(tag_columns) AS tag_columns, arg_max_null(map_row_tags, map_tags) AS map_row_tags
  FROM lines
  WHERE {has:split_line_item_parent_resource_id} AND split_line_item_parent_resource_id IS NULL AND starts_with(line_item_resource_id, 'i-')
  GROUP BY ALL
),

-- Two rows become of a recurring fee, what was paid (1) and what of it lay idle (2), and of a share, as above. One of all others.
rows AS NOT MATERIALIZED (
  SELECT lines.*, twin.n = 2 AS second,
    CASE WHEN twin.n = 2 AND is_split THEN machines.tag_columns ELSE lines.tag_columns END AS row_tag_columns,
    CASE WHEN twin.n = 2 AND is_split THEN machines.map_row_tags ELSE lines.map_row_tags END AS row_map_tags
  FROM lines
  JOIN (VALUES (1), (2)) AS twin(n) ON twin.n = 1 OR is_fee OR is_split
  LEFT JOIN machines ON {has:split_line_item_parent_resource_id} AND machines.machine = lines.split_line_item_parent_resource_id
),

-- The same with the row's costs.
costs AS NOT MATERIALIZED (
  SELECT rows.*,
    -- Amortized. Covered usage costs what the commitment pays for it, so neither its negation nor what was paid for the commitment counts,
    -- upfront or recurring; what of a fee lay idle does. A discount on such a fee, as the enterprise discount is, is a line of its own
    -- and counts like all others at its cost. Unknown where the report lacks the column: older ones have no amortized cost of reservations.
    CASE WHEN kind = 'discountedusage' THEN CASE WHEN {variant} = 'net' AND reservation_net_effective_cost IS NOT NULL THEN reservation_net_effective_cost ELSE reservation_effective_cost END
      WHEN kind = 'savingsplancoveredusage' THEN CASE WHEN {variant} = 'net' AND savings_plan_net_savings_plan_effective_cost IS NOT NULL THEN savings_plan_net_savings_plan_effective_cost ELSE savings_plan_savings_plan_effective_cost END
      WHEN kind IN ('savingsplannegation', 'savingsplanupfrontfee') THEN 0
      WHEN is_fee AND NOT second THEN 0
      WHEN kind = 'rifee' THEN CASE
        WHEN {variant} = 'net' AND (reservation_net_unused_amortized_upfront_fee_for_billing_period IS NOT NULL OR reservation_net_unused_recurring_fee IS NOT NULL)
        THEN CASE WHEN reservation_net_unused_amortized_upfront_fee_for_billing_period IS NULL THEN 0 ELSE reservation_net_unused_amortized_upfront_fee_for_billing_period END
          + CASE WHEN reservation_net_unused_recurring_fee IS NULL THEN 0 ELSE reservation_net_unused_recurring_fee END
        WHEN reservation_unused_amortized_upfront_fee_for_billing_period IS NOT NULL OR reservation_unused_recurring_fee IS NOT NULL
        THEN CASE WHEN reservation_unused_amortized_upfront_fee_for_billing_period IS NULL THEN 0 ELSE reservation_unused_amortized_upfront_fee_for_billing_period END
          + CASE WHEN reservation_unused_recurring_fee IS NULL THEN 0 ELSE reservation_unused_recurring_fee END END
      -- The net columns of a savings plan's fee say what all of it costs, not what its idle part does, which is at its price before discounts here.
      WHEN kind = 'savingsplanrecurringfee' THEN CASE WHEN savings_plan_total_commitment_to_date IS NOT NULL OR savings_plan_used_commitment IS NOT NULL
        THEN CASE WHEN savings_plan_total_commitment_to_date IS NULL THEN 0 ELSE savings_plan_total_commitment_to_date END
          - CASE WHEN savings_plan_used_commitment IS NULL THEN 0 ELSE savings_plan_used_commitment END END
      WHEN kind = 'fee' AND commitment IS NOT NULL THEN 0
      ELSE billed END AS amortized,

    -- Usage at the public price; negation and discount lines at 0, since the list price knows neither; all else, which has no list price, at
    -- its cost. The idle part of a fee at what the report says its public price is, which is nothing in AWS's own.
    CASE WHEN is_fee AND second THEN CASE WHEN pricing_public_on_demand_cost IS NULL THEN 0 ELSE pricing_public_on_demand_cost END
      WHEN is_usage THEN listed
      WHEN kind IN ('savingsplannegation', 'edpdiscount', 'privateratediscount', 'bundleddiscount') THEN 0
      ELSE billed END AS public,
    -- On-demand usage at its cost, with its negotiated discount, which is inside it or a line of its own. Usage that a commitment covers at the public
    -- price: no report says what it would have cost without. Purchases, credits and tax at their cost.
    CASE WHEN is_fee AND second THEN CASE WHEN pricing_public_on_demand_cost IS NULL THEN 0 ELSE pricing_public_on_demand_cost END
      WHEN kind IN ('discountedusage', 'savingsplancoveredusage') THEN listed
      WHEN kind = 'savingsplannegation' THEN 0
      ELSE billed END AS contracted
  FROM rows
)

SELECT
  'AWS' AS ServiceProviderName,
  'AWS' AS HostProviderName,
  -- The vendor of what is bought through the marketplace is the line's legal entity; all else is made by AWS.
  CASE WHEN lower(bill_billing_entity) = 'aws marketplace' AND line_item_legal_entity IS NOT NULL THEN line_item_legal_entity ELSE 'AWS' END AS PublisherName,
  CASE WHEN bill_invoicing_entity IS NOT NULL THEN bill_invoicing_entity ELSE 'Amazon Web Services, Inc.' END AS InvoiceIssuerName,
  -- Two invoices a month, AWS's and the marketplace's, tell themselves apart by this.
  bill_invoice_id AS InvoiceId,
  bill_payer_account_id AS BillingAccountId,
  bill_payer_account_name AS BillingAccountName,
  'Payer Account' AS BillingAccountType,
  line_item_usage_account_id AS SubAccountId,
  line_item_usage_account_name AS SubAccountName,
  CASE WHEN line_item_usage_account_id IS NOT NULL THEN 'Account' END AS SubAccountType,
  CASE WHEN line_item_currency_code IS NOT NULL THEN line_item_currency_code ELSE pricing_currency END AS BillingCurrency,

  -- The invoice's month, a calendar month. Its end is not read: some write the last second of the month instead of the next one's first.
  bill_billing_period_start_date AS BillingPeriodStart,
  date_trunc('month', bill_billing_period_start_date) + INTERVAL 1 MONTH AS BillingPeriodEnd,
  -- A line that names no day, which AWS's own all do, counts on the first of its invoice's month.
  CASE WHEN line_item_usage_start_date IS NOT NULL THEN line_item_usage_start_date ELSE bill_billing_period_start_date END AS ChargePeriodStart,
  line_item_usage_end_date AS ChargePeriodEnd,

  -- FOCUS: usage and purchases include their refunds. A refund about a commitment is one of its purchase. Negation takes back the
  -- on-demand cost of covered usage and is usage. Discount lines, and types not known here, fit no other category.
  CASE WHEN second THEN 'Usage'
    WHEN is_usage OR kind = 'savingsplannegation' THEN 'Usage'
    WHEN kind = 'refund' THEN CASE WHEN commitment IS NULL THEN 'Usage' ELSE 'Purchase' END
    WHEN is_bought THEN 'Purchase'
    WHEN kind = 'tax' THEN 'Tax'
    WHEN kind = 'credit' THEN 'Credit'
    ELSE 'Adjustment' END AS ChargeCategory,
  -- A refund of usage from before the invoice's month mends a month that was invoiced already.
  CASE WHEN kind = 'refund' AND line_item_usage_start_date < bill_billing_period_start_date THEN 'Correction' END AS ChargeClass,
  line_item_line_item_description AS ChargeDescription,
  -- A fee over the whole month of its invoice comes each month (support, marketplace subscriptions); others come once.
  CASE WHEN second THEN 'Usage-Based'
    WHEN is_usage OR kind IN ('savingsplannegation', 'refund') THEN 'Usage-Based'
    WHEN kind IN ('rifee', 'savingsplanrecurringfee') THEN 'Recurring'
    WHEN kind = 'fee' AND commitment IS NULL AND line_item_usage_start_date = bill_billing_period_start_date
      AND line_item_usage_end_date > bill_billing_period_start_date + INTERVAL 27 DAY THEN 'Recurring'
    ELSE 'One-Time' END AS ChargeFrequency,

  -- What the invoice asks: the unblended cost of every line, covered usage with its negation. What lay idle of a fee is asked for with the fee.
  CASE WHEN second THEN 0 ELSE billed END AS BilledCost,

  -- A share of a machine is added to what its line costs by itself, which is nothing in AWS's own reports.
  CASE WHEN NOT is_split OR amortized IS NULL THEN amortized WHEN second THEN -share ELSE amortized + share END AS EffectiveCost,
  CASE WHEN NOT is_split THEN public WHEN second THEN -list_share ELSE public + list_share END AS ListCost,
  CASE WHEN NOT is_split THEN contracted WHEN second THEN -share ELSE contracted + share END AS ContractedCost,
  CASE WHEN is_usage AND NOT is_split THEN pricing_public_on_demand_rate
    WHEN is_bought AND NOT second THEN line_item_unblended_rate END AS ListUnitPrice,
  CASE WHEN kind IN ('discountedusage', 'savingsplancoveredusage') THEN pricing_public_on_demand_rate
    WHEN (kind = 'usage' OR is_bought) AND NOT second AND NOT is_split THEN line_item_unblended_rate END AS ContractedUnitPrice,

  -- Committed is what a commitment covers or pays for; spot prices move; credits, refunds, taxes and adjustments have no price.
  CASE WHEN second AND is_fee OR kind IN ('discountedusage', 'savingsplancoveredusage', 'savingsplannegation', 'rifee', 'savingsplanrecurringfee', 'savingsplanupfrontfee') THEN 'Committed'
    WHEN kind = 'fee' THEN CASE WHEN commitment IS NULL THEN 'Standard' ELSE 'Committed' END
    WHEN kind = 'usage' THEN CASE WHEN contains(line_item_usage_type, 'SpotUsage') OR lower(pricing_term) = 'spot' THEN 'Dynamic' ELSE 'Standard' END END AS PricingCategory,
  -- Quantities stand once: on usage and on what was bought. On a negation or a discount line they are those of the usage again.
  CASE WHEN NOT second AND (is_usage OR is_bought)
    THEN CASE WHEN is_split THEN split_line_item_split_usage ELSE line_item_usage_amount END END AS PricingQuantity,
  -- AWS writes hours as Hrs; FOCUS spells units out.
  CASE WHEN NOT second AND (is_usage OR is_bought)
    THEN CASE WHEN lower(pricing_unit) IN ('hrs', 'hr', 'hour') THEN 'Hours' ELSE pricing_unit END END AS PricingUnit,
  CASE WHEN NOT second AND is_usage
    THEN CASE WHEN is_split THEN split_line_item_split_usage ELSE line_item_usage_amount END END AS ConsumedQuantity,
  CASE WHEN NOT second AND is_usage
    THEN CASE WHEN lower(pricing_unit) IN ('hrs', 'hr', 'hour') THEN 'Hours' ELSE pricing_unit END END AS ConsumedUnit,

  -- The product's name as the line has it, else as its code is called, else the code. A share of a machine is EC2's, as the machine is.
  -- A tax on no product is called tax.
  CASE WHEN is_split THEN 'Amazon Elastic Compute Cloud'
    WHEN product_product_name IS NOT NULL THEN product_product_name
    WHEN map_product_name IS NOT NULL THEN map_product_name
    WHEN services.name IS NOT NULL THEN services.name
    WHEN line_item_product_code IS NOT NULL THEN line_item_product_code
    WHEN kind = 'tax' THEN 'Tax' END AS ServiceName,
  -- Volumes are sold with EC2 and NAT and transfer with the machines they serve: their usage types say what they are.
  CASE WHEN is_split THEN 'Compute'
    WHEN services.code = 'amazonec2' AND contains(line_item_usage_type, 'EBS:') THEN 'Storage'
    WHEN services.code = 'amazonec2' AND (contains(line_item_usage_type, 'NatGateway') OR contains(line_item_usage_type, 'DataTransfer') OR contains(line_item_usage_type, 'LoadBalancerUsage')) THEN 'Networking'
    WHEN services.category IS NOT NULL THEN services.category
    ELSE 'Other' END AS ServiceCategory,
  CASE WHEN is_split THEN 'Virtual Machines'
    WHEN services.code = 'amazonec2' AND contains(line_item_usage_type, 'EBS:') THEN 'Block Storage'
    WHEN services.code = 'amazonec2' AND contains(line_item_usage_type, 'NatGateway') THEN 'Network Infrastructure'
    WHEN services.code = 'amazonec2' AND contains(line_item_usage_type, 'DataTransfer') THEN 'Network Connectivity'
    WHEN services.code = 'amazonec2' AND contains(line_item_usage_type, 'LoadBalancerUsage') THEN 'Application Networking'
    WHEN services.subcategory IS NOT NULL THEN services.subcategory
    ELSE 'Other (Other)' END AS ServiceSubcategory,

  product_sku AS SkuId,
  product_product_family AS SkuMeter,
  -- The rate code is the SKU with the offer and the rate: one price.
  pricing_rate_code AS SkuPriceId,
  CASE WHEN product_instance_type IS NOT NULL THEN concat('{"InstanceType":"', product_instance_type, '"}') END AS SkuPriceDetails,
  product_instance_type AS x_InstanceType,
  line_item_usage_type AS x_UsageType,
  line_item_operation AS x_Operation,

  -- The idle part of a fee is no resource's; the fee's own is an ARN that is the commitment's id as well.
  CASE WHEN second AND is_split THEN split_line_item_parent_resource_id WHEN is_fee THEN NULL ELSE line_item_resource_id END AS ResourceId,
  -- People name what they run by the tag Name.
  CASE WHEN second OR is_fee THEN NULL WHEN row_tag_columns IS NULL THEN map_resource_name WHEN contains(row_tags, '"Name":') THEN json_extract_string(row_tags, '$.Name') WHEN contains(row_tags, '"name":') THEN json_extract_string(row_tags, '$.name') END AS ResourceName,
  -- The region's code; older reports have it under product/region, some lines only in the zone. Global and Any are no region.
  CASE WHEN product_region_code IS NOT NULL THEN CASE WHEN lower(product_region_code) NOT IN ('global', 'any') THEN product_region_code END
    WHEN product_region IS NOT NULL THEN CASE WHEN lower(product_region) NOT IN ('global', 'any') THEN product_region END
    WHEN map_region IS NOT NULL THEN CASE WHEN lower(map_region) NOT IN ('global', 'any') THEN map_region END
    WHEN line_item_availability_zone IS NOT NULL THEN nullif(regexp_extract(line_item_availability_zone, '^[a-z]{2}(-[a-z]+)+-[0-9]+'), '') END AS RegionId,
  CASE WHEN lower(product_location) NOT IN ('global', 'any') AND (product_location_type IS NULL OR lower(product_location_type) = 'aws region') THEN product_location END AS RegionName,
  -- A zone ends in its letter; some lines have the region in its place.
  CASE WHEN line_item_availability_zone SIMILAR TO '.*[0-9][a-z]' THEN line_item_availability_zone END AS AvailabilityZone,

  commitment AS CommitmentDiscountId,
  CASE WHEN commitment IS NULL THEN NULL WHEN savings_plan_savings_plan_arn IS NOT NULL THEN 'Spend' ELSE 'Usage' END AS CommitmentDiscountCategory,
  CASE WHEN commitment IS NULL THEN NULL
    WHEN savings_plan_savings_plan_arn IS NULL THEN 'Reserved Instance'
    WHEN savings_plan_offering_type ILIKE 'compute%' THEN 'Compute Savings Plan'
    WHEN savings_plan_offering_type ILIKE 'ec2%' THEN 'EC2 Instance Savings Plan'
    WHEN savings_plan_offering_type ILIKE 'sagemaker%' OR savings_plan_offering_type ILIKE 'machinelearning%' THEN 'SageMaker Savings Plan'
    WHEN savings_plan_offering_type ILIKE 'database%' THEN 'Database Savings Plan'
    ELSE 'Savings Plan' END AS CommitmentDiscountType,
  CASE WHEN second AND is_fee THEN 'Unused'
    WHEN commitment IS NOT NULL AND kind IN ('discountedusage', 'savingsplancoveredusage', 'savingsplannegation') THEN 'Used' END AS CommitmentDiscountStatus,
  -- A savings plan is counted in money, a reservation in hours.
  CASE WHEN commitment IS NULL THEN NULL
    WHEN kind = 'savingsplancoveredusage' THEN savings_plan_savings_plan_effective_cost
    WHEN kind = 'discountedusage' THEN line_item_usage_amount
    WHEN kind = 'savingsplanrecurringfee' THEN CASE WHEN second AND savings_plan_used_commitment IS NOT NULL THEN savings_plan_total_commitment_to_date - savings_plan_used_commitment ELSE savings_plan_total_commitment_to_date END
    WHEN kind = 'rifee' THEN CASE WHEN second THEN reservation_unused_quantity ELSE line_item_usage_amount END END AS CommitmentDiscountQuantity,
  CASE WHEN commitment IS NULL OR kind NOT IN ('savingsplancoveredusage', 'discountedusage', 'savingsplanrecurringfee', 'rifee') THEN NULL
    WHEN savings_plan_savings_plan_arn IS NULL THEN 'Hours'
    WHEN line_item_currency_code IS NOT NULL THEN line_item_currency_code ELSE pricing_currency END AS CommitmentDiscountUnit,

  CASE WHEN is_split THEN 'AWS split cost allocation data' END AS AllocatedMethodId,
  CASE WHEN is_split AND NOT second THEN line_item_resource_id END AS AllocatedResourceId,

  -- The tags of columns, one a key, and those of a machine on the negative row of a share are put together here, as those of maps were above.
  CASE WHEN row_tag_columns IS NULL AND cost_category_columns IS NULL AND NOT (second AND is_split) THEN map_all_tags
    WHEN row_categories IS NULL THEN row_tags WHEN row_tags IS NULL THEN row_categories
    ELSE CAST(json_merge_patch(CAST(row_tags AS JSON), CAST(row_categories AS JSON)) AS VARCHAR) END AS Tags
FROM (
  SELECT rows.*,
    CASE WHEN row_tag_columns IS NOT NULL
      THEN nullif(CASE WHEN contains(row_tag_columns, '"aws_') THEN regexp_replace(row_tag_columns, '([{,]\s*)"aws_([^"])', '\1"aws:\2', 'g') ELSE row_tag_columns END, '{}')
      ELSE row_map_tags END AS row_tags,
    CASE WHEN cost_category_columns IS NOT NULL
      THEN nullif(regexp_replace(cost_category_columns, '([{,]\s*)"([^",:}\s])', '\1"costCategory/\2', 'g'), '{}')
      ELSE categories END AS row_categories
  FROM costs AS rows
) AS rows
LEFT JOIN services ON services.code = CASE WHEN is_split THEN 'amazonec2' ELSE lower(line_item_product_code) END
