package ask

import (
	"strings"

	"spendbot/analysis"
)

// alias is an everyday name, and the real names it may stand for. Each of the targets is tried in order; the first one that
// the vocabulary has anything for is what the name means.
type alias struct {
	names   string // separated by commas
	targets []target
}

// target is a dimension and the names in it, in the form of [key], * standing for anything.
type target struct {
	dim   analysis.Dimension
	globs string // separated by |
}

func svc(globs string) target   { return target{analysis.DimService, globs} }
func usage(globs string) target { return target{analysis.DimUsageType, globs} }

// aliases is how people call what the bills name at length. Names that the vocabulary itself holds, whole or without
// their vendor ("Bedrock" for Amazon Bedrock), need no line here.
var aliases = []alias{
	// Providers.
	{"aws,amazon,amazon web services", []target{{analysis.DimProvider, "aws|amazon web services|amazon"}, {analysis.DimPublisher, "aws|amazon web services*|amazon"}}},
	{"azure,microsoft,microsoft azure,ms azure", []target{{analysis.DimProvider, "microsoft|azure|microsoft azure|microsoft corporation"}}},
	{"gcp,google,google cloud,google cloud platform", []target{{analysis.DimProvider, "google cloud|gcp|google|google cloud platform"}}},
	{"oci,oracle,oracle cloud", []target{{analysis.DimProvider, "oracle*|oci"}}},

	// AWS.
	{"ec2,ec2 instances,ec2 instance,elastic compute", []target{svc("amazon elastic compute cloud|amazonec2|amazon elastic compute cloud compute|ec2 instances")}},
	{"ec2 other,other ec2", []target{svc("ec2 other")}},
	{"s3,s3 buckets,simple storage", []target{svc("amazon simple storage service|amazons3")}},
	{"rds,relational database", []target{svc("amazon relational database service|amazonrds")}},
	{"vpc,virtual private cloud", []target{svc("amazon virtual private cloud|amazonvpc")}},
	{"lambda,lambdas", []target{svc("aws lambda|awslambda")}},
	{"eks", []target{svc("amazon elastic kubernetes service|amazoneks|amazon elastic container service for kubernetes")}},
	{"ecs,fargate", []target{svc("amazon elastic container service|amazonecs")}},
	{"ecr", []target{svc("amazon ec2 container registry ecr|amazonecr|amazon elastic container registry")}},
	{"efs", []target{svc("amazon elastic file system|amazonefs")}},
	{"elasticache,redis", []target{svc("amazon elasticache|amazonelasticache|azure cache for redis|azure redis cache|cloud memorystore*")}},
	{"dynamo,dynamodb,ddb", []target{svc("amazon dynamodb|amazondynamodb")}},
	{"redshift", []target{svc("amazon redshift|amazonredshift")}},
	{"bedrock", []target{svc("amazon bedrock*|amazonbedrock*")}},
	{"sagemaker", []target{svc("amazon sagemaker*|amazonsagemaker*")}},
	{"cloudwatch,cloud watch", []target{svc("amazoncloudwatch|amazon cloudwatch")}},
	{"cloudwatch logs,log ingestion,cloudwatch logs ingestion,logs ingestion", []target{usage("*dataprocessing bytes*|*vendedlog bytes*"), svc("amazoncloudwatch|amazon cloudwatch")}},
	{"cloudfront,cdn", []target{svc("amazon cloudfront|amazoncloudfront|azure cdn|content delivery network|cloud cdn")}},
	{"route53,route 53,dns", []target{svc("amazon route 53|amazonroute53|azure dns|cloud dns")}},
	{"sqs", []target{svc("amazon simple queue service|awsqueueservice|amazonsqs")}},
	{"sns", []target{svc("amazon simple notification service|amazonsns")}},
	{"kinesis", []target{svc("amazon kinesis*|amazonkinesis*")}},
	{"opensearch,elasticsearch", []target{svc("amazon opensearch service|amazones|elastic cloud*")}},
	{"kms", []target{svc("aws key management service|awskms")}},
	{"emr", []target{svc("amazon elastic mapreduce|elasticmapreduce|amazon emr*")}},
	{"msk,kafka", []target{svc("amazon managed streaming for apache kafka|amazonmsk|confluent*")}},
	{"elb,alb,nlb,load balancer,load balancers,load balancing", []target{svc("elastic load balancing|awselb|load balancer|cloud load balancing"), usage("*loadbalancerusage*|*lcuusage*")}},
	{"guardduty", []target{svc("amazon guardduty|amazonguardduty")}},
	{"athena", []target{svc("amazon athena|amazonathena")}},
	{"glue", []target{svc("aws glue|awsglue")}},
	{"secrets manager", []target{svc("aws secrets manager|awssecretsmanager")}},
	{"support,aws support,premium support,support fee,support plan,support fees", []target{svc("aws support*|awssupport*|amazon support*|*support business|*support enterprise|*support developer|microsoft support*|support")}},
	{"nat gateway data processing,nat data processing,nat gateway bytes,nat bytes,nat gateway data,nat gateway traffic,nat data", []target{usage("*natgateway bytes*|*nat gateway bytes*|*nat gateway*data processed*")}},
	{"nat gateway hours,nat hours", []target{usage("*natgateway hours*|*nat gateway hours*")}},
	{"nat gateway,nat gateways,nat,natgateway,nat gw,nat gws,natgw", []target{usage("*natgateway*|*nat gateway*|*cloud nat*"), svc("nat gateway|cloud nat")}},
	{"data transfer,egress,bandwidth,data egress,network transfer,outbound traffic,traffic out", []target{svc("aws data transfer|awsdatatransfer|bandwidth"), usage("*datatransfer*|*data transfer*|*egress*")}},
	{"ebs,ebs volumes,ebs volume,block storage", []target{usage("*ebs volume*|*ebs volumeusage*|*ebs*"), svc("ec2 other")}},
	{"ebs snapshots,snapshots,snapshot", []target{usage("*snapshotusage*|*snapshot*")}},
	{"s3 standard,standard storage", []target{usage("*timedstorage bytehrs")}},
	{"infrequent access,s3 ia,standard ia,s3 infrequent access", []target{usage("*timedstorage sia bytehrs|*timedstorage zia bytehrs")}},
	{"glacier,s3 glacier", []target{usage("*glacier*|*timedstorage gir*|*timedstorage gda*"), svc("amazon glacier|amazonglacier")}},
	{"spot,spot instances,spot instance", []target{usage("*spotusage*|*spot*")}},

	// Azure.
	{"vm,vms,virtual machine,azure vms,azure vm", []target{svc("virtual machines|azure virtual machines|virtual machines licenses")}},
	{"blob,blob storage,blobs,azure storage,storage account", []target{svc("storage accounts|azure blob storage|blob storage|storage")}},
	{"aks", []target{svc("azure kubernetes service")}},
	{"azure sql,sql database,sql db", []target{svc("azure sql database|sql database")}},
	{"azure openai,azure open ai", []target{svc("azure openai|azure openai service")}},
	{"cosmos,cosmosdb,cosmos db", []target{svc("azure cosmos db")}},
	{"app service,azure app service", []target{svc("azure app service")}},
	{"log analytics,azure monitor", []target{svc("azure monitor|log analytics")}},

	// Google Cloud.
	{"gce,google compute,compute engine", []target{svc("compute engine|google compute engine")}},
	{"gke", []target{svc("google kubernetes engine|kubernetes engine")}},
	{"gcs,google cloud storage,google storage", []target{svc("cloud storage|google cloud storage")}},
	{"bq,big query,bigquery", []target{svc("bigquery|bigquery*")}},
	{"stackdriver,cloud logging", []target{svc("cloud logging|stackdriver logging")}},
	{"sql,sql databases", []target{svc("azure sql database|cloud sql")}},
	{"pubsub,pub sub", []target{svc("cloud pub sub|pubsub|cloud pubsub")}},
	{"vertex,vertex ai", []target{svc("vertex ai")}},

	// Parts of the world.
	{"europe,eu,emea", []target{{analysis.DimRegion, "eu *|europe *|westeurope|northeurope|uk*|france*|germany*|sweden*|switzerland*|norway*"}}},
	{"usa,united states,america,north america", []target{{analysis.DimRegion, "us *|eastus*|westus*|centralus*|southcentralus|northcentralus"}}},
	{"asia,apac,asia pacific", []target{{analysis.DimRegion, "ap *|asia *|*asia|australia *|australiaeast|japan*|korea*"}}},

	// What every cloud has.
	{"kubernetes,k8s,kube,managed kubernetes", []target{svc("*kubernetes*|amazoneks")}},
	{"gpu,gpus,gpu instances", []target{{analysis.DimInstanceType, "p2 *|p3 *|p3dn *|p4d *|p4de *|p5 *|p5e *|g4dn *|g5 *|g6 *|standard nc*|standard nd*|a2 *|a3 *|g2 *"}}},
	{"graviton,arm,arm instances", []target{{analysis.DimInstanceType, "t4g *|m6g*|m7g*|m8g*|c6g*|c7g*|c8g*|r6g*|r7g*|r8g*|x2gd *|im4gn *"}}},
	{"serverless,functions", []target{svc("aws lambda|awslambda|azure functions|functions|cloud functions|cloud run*")}},
	{"object storage", []target{svc("amazon simple storage service|amazons3|storage accounts|cloud storage")}},
	{"ai,genai,gen ai,llm,llms,machine learning", []target{{analysis.DimCategory, "ai and machine learning"}, svc("amazon bedrock*|azure openai*|vertex ai|amazon sagemaker*")}},
	{"database,databases,dbs,db", []target{{analysis.DimCategory, "databases"}, svc("amazon relational database service|azure sql database|cloud sql|amazon dynamodb")}},
	{"network,networking", []target{{analysis.DimCategory, "networking"}}},
	{"logging,logs", []target{svc("amazoncloudwatch|cloud logging|azure monitor|log analytics")}},
	{"marketplace,third party,third parties,saas", []target{{analysis.DimPublisher, "~marketplace"}}},
}

// vendors are the words a service's name begins with and nobody says.
var vendors = []string{"amazon", "aws", "azure", "microsoft", "google cloud", "google"}

// sameValues are spellings of one value of an environment.
var sameValues = map[string]string{
	"production": "prod", "prd": "prod", "prod": "prod", "live": "prod",
	"staging": "staging", "stage": "staging", "stg": "staging",
	"development": "dev", "dev": "dev", "develop": "dev", "devel": "dev",
	"testing": "test", "tst": "test", "test": "test", "qa": "qa", "sandbox": "sandbox", "sbx": "sandbox",
}

// sameKeys are tag keys that mean one thing; a question may use any of them for any other.
var sameKeys = map[string]string{
	"env": "env", "environment": "env", "environments": "env", "stage": "env",
	"app": "app", "application": "app", "applications": "app", "appname": "app", "applicationname": "app", "apps": "app",
	"team": "team", "squad": "team", "teams": "team", "squads": "team", "group": "team",
	"owner": "owner", "owners": "owner", "ownedby": "owner",
	"costcenter": "costcenter", "costcentre": "costcenter", "costcenters": "costcenter",
	"project": "project", "projects": "project",
	"department": "department", "dept": "department", "departments": "department",
	"customer": "customer", "customers": "customer", "tenant": "customer",
	"cluster": "cluster", "namespace": "namespace", "component": "component", "product": "product",
	"businessunit": "businessunit", "bu": "businessunit",
}

// keyKind is the meaning that a tag key shares with its other spellings.
func keyKind(k string) string {
	n := strings.ReplaceAll(key(k), " ", "")
	if i := strings.LastIndexByte(k, ':'); i >= 0 && i+1 < len(k) { // "user:team", "aws:eks:cluster-name"
		n = strings.ReplaceAll(key(k[i+1:]), " ", "")
	}
	if s, ok := sameKeys[n]; ok {
		return s
	}
	if s, ok := strings.CutSuffix(n, "s"); ok && len(s) > 2 {
		return s
	}
	return n
}

// valueKind is the meaning that a tag value shares with its other spellings under a key.
func valueKind(tagKey, value string) string {
	v := key(value)
	if keyKind(tagKey) == "env" {
		if s, ok := sameValues[v]; ok {
			return s
		}
	}
	return v
}

// glob matches a name in the form of key against a pattern with stars.
func glob(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	if !strings.HasPrefix(name, parts[0]) {
		return false
	}
	name = name[len(parts[0]):]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(name, p)
		if i < 0 {
			return false
		}
		name = name[i+len(p):]
	}
	return strings.HasSuffix(name, parts[len(parts)-1])
}
