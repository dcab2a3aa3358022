package ask

import (
	"time"

	"spendbot/analysis"
)

// monday is the moment the tests ask at: Monday, 23 November 2026, 9:30 UTC. The last complete day is Sunday the 22nd.
var monday = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

func terms1(values ...string) []Term {
	var out []Term
	for i, v := range values {
		out = append(out, Term{Value: v, Cost: float64(1000 - i)})
	}
	return out
}

func pairs(values ...string) []Term {
	var out []Term
	for i := 0; i < len(values); i += 2 {
		out = append(out, Term{Value: values[i], Name: values[i+1], Cost: float64(1000 - i)})
	}
	return out
}

// company is the vocabulary of the demo company: three clouds, 25 accounts, tags with honest gaps.
func company() *Vocabulary {
	return &Vocabulary{
		Providers: terms1("AWS", "Microsoft", "Google Cloud"),
		Services: terms1("Amazon Elastic Compute Cloud", "Amazon Relational Database Service", "Amazon Simple Storage Service",
			"EC2 - Other", "Amazon Virtual Private Cloud", "AmazonCloudWatch", "AWS Lambda", "Amazon Elastic Kubernetes Service",
			"Amazon Elastic Container Service", "Amazon Bedrock", "Amazon SageMaker", "AWS Support (Business)", "AWS Data Transfer",
			"Amazon DynamoDB", "Amazon ElastiCache", "Amazon CloudFront", "Amazon Route 53", "Amazon Simple Queue Service",
			"AWS Key Management Service", "Amazon Redshift", "AWS Glue", "Amazon OpenSearch Service", "Elastic Load Balancing",
			"Amazon GuardDuty", "Amazon Managed Streaming for Apache Kafka", "Virtual Machines", "Storage Accounts",
			"Azure SQL Database", "Azure Kubernetes Service", "Azure OpenAI", "Azure Monitor", "Azure App Service", "Compute Engine",
			"BigQuery", "Cloud Storage", "Google Kubernetes Engine", "Cloud Logging", "Cloud SQL", "Vertex AI", "Datadog Pro",
			"GitHub Enterprise"),
		Accounts: pairs("111122223333", "payments-prod", "111122223334", "payments-staging", "111122223335", "search-prod",
			"111122223336", "search-staging", "111122223337", "platform-prod", "111122223338", "platform-dev",
			"111122223339", "data-platform", "111122223340", "data-lake", "111122223341", "ml-prod", "111122223342", "ml-training",
			"111122223343", "growth-prod", "111122223344", "web-prod", "111122223345", "security", "111122223346", "shared-network",
			"111122223347", "sandbox-dev", "111122224412", "logs-archive",
			"6f1c0e0a-0001-4000-8000-000000000001", "corp-prod", "6f1c0e0a-0002-4000-8000-000000000002", "corp-dev",
			"6f1c0e0a-0003-4000-8000-000000000003", "analytics-azure", "6f1c0e0a-0004-4000-8000-000000000004", "retail-eu",
			"ml-research", "", "ads-prod", "", "maps-dev", "", "warehouse-prod", "", "recs-prod", ""),
		BillingAccounts: pairs("999988887777", "northwind-payer", "8611537", "northwind-ea", "01AB-2C3D", "northwind-gcp"),
		Regions: terms1("us-east-1", "us-east-2", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-2", "eastus", "westeurope",
			"us-central1", "europe-west1"),
		UsageTypes: terms1("BoxUsage:m5.large", "USE1-NatGateway-Bytes", "USE1-NatGateway-Hours", "EUC1-NatGateway-Bytes",
			"USE1-TimedStorage-ByteHrs", "USE1-TimedStorage-SIA-ByteHrs", "USE1-EBS:VolumeUsage.gp3", "USE1-EBS:SnapshotUsage",
			"USE1-DataProcessing-Bytes", "USE1-DataTransfer-Out-Bytes", "USE1-DataTransfer-Regional-Bytes", "USE1-Lambda-GB-Second",
			"USE1-LoadBalancerUsage", "SpotUsage:c6i.2xlarge"),
		InstanceTypes: terms1("m5.large", "m5.2xlarge", "m6g.large", "m6i.xlarge", "c6i.2xlarge", "r6g.large", "p4d.24xlarge", "t3.medium",
			"t3.large", "Standard_D4s_v5", "n2-standard-8"),
		Skus: terms1("JRTCKXETXF8Q6NMQ", "QXG4BZ5RF9V8T2YA"),
		Resources: terms1("arn:aws:ec2:us-east-1:111122223333:natgateway/nat-0d2f6a1b", "i-0abc12def3456789a", "arn:aws:s3:::northwind-datalake-raw",
			"/subscriptions/6f1c0e0a-0001/resourcegroups/rg-corp/providers/microsoft.compute/virtualmachines/vm-corp-01"),
		Publishers:  terms1("AWS", "Microsoft", "Google", "Datadog", "GitHub"),
		Categories:  terms1("Compute", "Storage", "Databases", "Networking", "AI and Machine Learning", "Analytics", "Management and Governance"),
		Commitments: terms1("arn:aws:savingsplans::111122223333:savingsplan/sp-0a1f", "arn:aws:savingsplans::111122223333:savingsplan/sp-77b2"),
		Tags: map[string][]Term{
			"team":    terms1("payments", "search", "platform", "infra", "data", "ml", "growth", "web", "may"),
			"env":     terms1("prod", "staging", "dev"),
			"project": terms1("ml-training", "phoenix", "checkout", "catalog"),
			"app":     terms1("checkout", "catalog", "api", "recommender", "ingest"),
			"owner":   terms1("ana", "bo", "chen", "dmitri"),
		},
		Currencies: []string{"USD", "EUR"},
		First:      analysis.Day(2025, 10, 1),
		Through:    analysis.Day(2026, 11, 22),
	}
}
