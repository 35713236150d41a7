"""What can be bought in the three clouds, and in which account?  Meters with their price, accounts with their owner.

    METERS, ACCOUNTS   one row a meter or an account, by name

Names and categories are spelled as the providers' own FOCUS files do.  Prices are list prices, of the right size.
"""

from helpers.demo.company import rows

SUBCATEGORIES = {row["ServiceSubcategory"]: row["ServiceCategory"] for row in rows("""
ServiceCategory           | ServiceSubcategory
Compute                   | Virtual Machines
Compute                   | Serverless Compute
Compute                   | Containers
Storage                   | Block Storage
Storage                   | Object Storage
Databases                 | Relational Databases
Databases                 | NoSQL Databases
Databases                 | Caching
Databases                 | Time Series Databases
Analytics                 | Search
Analytics                 | Streaming Analytics
AI and Machine Learning   | Machine Learning
Integration               | API Management
Integration               | Messaging
Internet of Things        | IoT Platforms
Networking                | Application Networking
Networking                | Content Delivery
Networking                | Network Infrastructure
Networking                | Network Connectivity
Networking                | Network Routing
Security                  | Secret Management
Security                  | Threat Detection and Response
Management and Governance | Compliance
Management and Governance | Observability
Management and Governance | Support
Developer Tools           | Continuous Integration and Deployment
Other                     | Other (Other)
Business Applications     | Other (Business Applications)
""")}

# focus: the FOCUS subcategory where the provider gives one (AWS), else the category alone
METERS = {row["meter"]: {
    **row, "ServiceCategory": SUBCATEGORIES.get(row["focus"], row["focus"]),
    "ServiceSubcategory": row["focus"] if row["focus"] in SUBCATEGORIES else ""} for row in rows("""
meter | ServiceName | focus | SkuMeter | unit | price | thing
ec2 | Amazon Elastic Compute Cloud | Virtual Machines | BoxUsage:m6i.2xlarge | Hours | 0.384 | instance
ec2-gpu | Amazon Elastic Compute Cloud | Virtual Machines | BoxUsage:g5.2xlarge | Hours | 1.212 | gpu-instance
ebs | Amazon Elastic Compute Cloud | Block Storage | EBS:VolumeUsage.gp3 | GB-Mo | 0.08 | volume
transfer | Amazon Elastic Compute Cloud | Virtual Machines | DataTransfer-Out-Bytes | GB | 0.09 | instance
lambda | AWS Lambda | Serverless Compute | Lambda-GB-Second | Seconds | 0.0000167 | function
eks | Amazon Elastic Kubernetes Service | Containers | AmazonEKS-Hours:perCluster | Hours | 0.10 | cluster
ecr | Amazon EC2 Container Registry (ECR) | Containers | TimedStorage-ByteHrs | GB-Mo | 0.10 | repository
s3 | Amazon Simple Storage Service | Object Storage | TimedStorage-ByteHrs | GB-Mo | 0.023 | bucket
rds | Amazon Relational Database Service | Relational Databases | InstanceUsage:db.r6g.2xl | Hours | 0.956 | db
dynamo | Amazon DynamoDB | NoSQL Databases | WriteRequestUnits | Requests | 0.00000125 | table
cache | Amazon ElastiCache | Caching | NodeUsage:cache.r6g.large | Hours | 0.206 | cluster
timestream | Amazon Timestream | Time Series Databases | TimestreamWrites | Requests | 0.0000005 | table
search | Amazon OpenSearch Service | Search | ESInstance:r6g.large | Hours | 0.167 | domain
kinesis | Amazon Kinesis | Streaming Analytics | Storage-ShardHour | Hours | 0.015 | stream
sagemaker | Amazon SageMaker | Machine Learning | Host:ml.g5.xlarge | Hours | 1.408 | endpoint
api | Amazon API Gateway | API Management | ApiGatewayRequest | Requests | 0.0000035 | api
sqs | Amazon Simple Queue Service | Messaging | Requests-RBP | Requests | 0.0000004 | queue
msk | Amazon Managed Streaming for Apache Kafka | Messaging | Kafka.m5.large | Hours | 0.21 | cluster
iot | AWS IoT | IoT Platforms | MessagesSent | Requests | 0.000001 | thing
elb | Elastic Load Balancing | Application Networking | LoadBalancerUsage | Hours | 0.0225 | loadbalancer
cloudfront | Amazon CloudFront | Content Delivery | DataTransfer-Out-Bytes | GB | 0.085 | distribution
vpc | Amazon Virtual Private Cloud | Network Infrastructure | NatGateway-Hours | Hours | 0.045 | natgateway
transit | AWS Transit Gateway | Network Connectivity | TransitGateway-Bytes | GB | 0.02 | gateway
direct | AWS Direct Connect | Network Connectivity | PortUsage:10G | Hours | 2.25 | connection
dns | Amazon Route 53 | Network Routing | DNS-Queries | Requests | 0.0000004 | hostedzone
kms | AWS Key Management Service | Secret Management | KMS-Requests | Requests | 0.000003 | key
guardduty | Amazon GuardDuty | Threat Detection and Response | PaidEventsAnalyzed | Requests | 0.000004 | detector
cloudtrail | AWS CloudTrail | Compliance | PaidEventsRecorded | Requests | 0.00002 | trail
cloudwatch | AmazonCloudWatch | Observability | DataProcessing-Bytes | GB | 0.50 | loggroup
codebuild | CodeBuild | Continuous Integration and Deployment | Build-Min:Linux | Minutes | 0.005 | project
tidepool | Amazon Tidepool | Other (Other) | Tide-Hours | Hours | 1.80 | pool
maps | Contour Maps Route Planner | Other (Business Applications) | Monthly-Subscription | Units | 6900 | subscription
support | AWS Support (Business) | Support | Dollar | Dollars | 0.05 | plan
vm | Virtual Machines | Compute | D8s v5 | 1 Hour | 0.384 | virtualMachines
app-service | Azure App Service | Web | P1 v3 App | 1 Hour | 0.215 | serverfarms
functions | Azure Functions | Compute | Standard Execution Time | 1 GB Second | 0.000016 | sites
aks | Azure Kubernetes Service (AKS) | Compute | Standard Uptime SLA | 1 Hour | 0.10 | managedClusters
storage | Storage Accounts | Storage | Hot LRS Data Stored | 1 GB/Month | 0.0184 | storageAccounts
backup | Backup | Storage | LRS Data Stored | 1 GB/Month | 0.0224 | vaults
sql | Azure SQL Database | Databases | vCore | 1 Hour | 0.152 | servers
cosmos | Azure Cosmos DB | Databases | 100 RU/s | 1 Hour | 0.008 | databaseAccounts
bus | Service Bus | Integration | Premium Messaging Unit | 1 Hour | 0.928 | namespaces
logic | Logic Apps | Integration | Standard Connector Actions | 1 | 0.000125 | workflows
apim | API Management | Integration | Standard Units | 1 Hour | 0.94 | service
front-door | Azure Front Door | Networking | Standard Data Transfer Out | 1 GB | 0.083 | profiles
expressroute | ExpressRoute | Networking | Standard Metered 1 Gbps | 1 Hour | 0.60 | expressRouteCircuits
vpn | VPN Gateway | Networking | VpnGw2 | 1 Hour | 0.49 | virtualNetworkGateways
bandwidth | Bandwidth | Networking | Standard Data Transfer Out | 1 GB | 0.087 | virtualNetworks
firewall | Azure Firewall | Networking | Standard Deployment | 1 Hour | 1.25 | azureFirewalls
log | Log Analytics | Management and Governance | Analytics Logs Ingestion | 1 GB | 2.30 | workspaces
monitor | Azure Monitor | Management and Governance | Metrics Ingestion | 1 GB | 0.16 | components
explorer | Azure Data Explorer | Analytics | Engine Markup | 1 Hour | 0.11 | clusters
powerbi | Power BI | Analytics | A4 Node | 1 Hour | 8.06 | capacities
factory | Azure Data Factory | Analytics | Cloud Data Movement | 1 Hour | 0.25 | factories
defender | Microsoft Defender for Cloud | Security | Standard Node | 1 Hour | 0.02 | pricings
devops | Azure DevOps | Developer Tools | Basic User | 1/Month | 6 | account
bigquery | BigQuery | Databases | Analysis | TiBy | 5.75 | datasets
bq-storage | BigQuery | Databases | Active Logical Storage | GiBy.mo | 0.018 | datasets
gcs | Cloud Storage | Storage | Standard Storage Europe | GiBy.mo | 0.02 | buckets
gce | Compute Engine | Compute | N2 Instance Core running | h | 0.031 | instances
gce-disk | Compute Engine | Compute | SSD backed PD Capacity | GiBy.mo | 0.17 | disks
gce-egress | Compute Engine | Compute | Network Internet Egress EMEA | GiBy | 0.085 | instances
run | Cloud Run | Compute | CPU Allocation Time | s | 0.000018 | services
dataflow | Cloud Dataflow | Analytics | vCPU Time Batch | h | 0.056 | jobs
pubsub | Cloud Pub/Sub | Integration | Message Delivery Basic | TiBy | 40 | topics
logging | Cloud Logging | Management and Governance | Log Volume | GiBy | 0.50 | buckets
looker | Looker | Analytics | Platform Standard | mo | 5000 | instances
vertex | Vertex AI | AI and Machine Learning | Online Prediction GPU | h | 2.10 | endpoints
g-support | Support | Management and Governance | Standard Support | mo | 2500 | plans
""")}

ACCOUNTS = {row["account"]: row for row in rows("""
account | ProviderName | BillingAccountId | BillingAccountName | SubAccountId | application | owner
mf-management | AWS | 418840021907 | Marlow Freight | 418840021907 |  | Head of Platforms
mf-booking | AWS | 418840021907 | Marlow Freight | 530117264480 |  | Head of Booking
mf-customer | AWS | 418840021907 | Marlow Freight | 549902318871 | PORTAL | Head of Customer Care
mf-visibility | AWS | 418840021907 | Marlow Freight | 611840093325 |  | Head of Visibility
mf-operations | AWS | 418840021907 | Marlow Freight | 672255108943 |  | Head of Transport
mf-parcels | AWS | 418840021907 | Marlow Freight | 705519482236 | PARCEL | Head of Parcels
mf-integration | AWS | 418840021907 | Marlow Freight | 788310557412 | EDI-HUB | Head of Integration
mf-platform | AWS | 418840021907 | Marlow Freight | 820046617359 |  | Head of Platforms
mf-sandbox-7 | AWS | 418840021907 | Marlow Freight | 993071245508 |  |
mf-commercial | Microsoft | MF-MAIN | Marlow Freight Main |  |  | Head of Freight Pricing
mf-finance | Microsoft | MF-MAIN | Marlow Freight Main |  | INVOICE | Head of Finance Systems
mf-shared | Microsoft | MF-MAIN | Marlow Freight Main |  |  | Head of Platforms
mf-customs | Microsoft | MF-CUSTOMS | Marlow Customs Brokers |  | CUSTOMS | Head of Customs
mf-lake | Google Cloud | 01A4C7-9F22B1-77D0E3 | Marlow Freight Europe |  |  | Head of Data
mf-insight | Google Cloud | 01A4C7-9F22B1-77D0E3 | Marlow Freight Europe |  | BI | Head of Data
mf-planning | Google Cloud | 01A4C7-9F22B1-77D0E3 | Marlow Freight Europe |  |  | Head of Route Planning
""")}
UNKNOWN_ACCOUNT = "mf-sandbox-7"  # has no row in cloud_accounts.csv (fault F07)
