"""Which services run for which application, and how did their level change?  One row a service of an application.

level: a month's cost as of 2026-08 (USD; EUR for Google); n: resources in the daily bills; season: weight of the peak;
covered: weight in the cost the commitment covers.  tag: blank is the application code as the provider's users write it,
`-` no tag at all, `family:` a family tag alone, anything else stands as it is, ␠ being a blank (fault F06).
"""

from helpers.demo.company import rows
from helpers.demo.shape import grown, season, wobble
from helpers.periods import distance

AWS = rows("""
account        | application | tag                   | env  | meter      | level | n | covered | season
mf-booking     | BOOKING     |                       | prod | ec2        | 34000 | 5 | 3       | 1.0
mf-booking     | BOOKING     |                       | prod | ebs        | 6000  | 4 |         | 0.2
mf-booking     | BOOKING     |                       | prod | rds        | 22000 | 3 |         | 0.6
mf-booking     | BOOKING     |                       | prod | elb        | 2400  | 2 |         | 0.5
mf-booking     | BOOKING     |                       | prod | s3         | 3100  | 2 |         | 0.2
mf-booking     | BOOKING     |                       | prod | cloudwatch | 4000  | 1 |         | 0.6
mf-booking     | BOOKING     | -                     | prod | transfer   | 2200  | 2 |         | 1.2
mf-booking     |             | family:Booking Family | prod | ec2        | 7200  | 2 |         | 0.8
mf-booking     |             | family:Booking Family | prod | dynamo     | 3400  | 1 |         | 1.0
mf-booking     | QUOTE       |                       | prod | lambda     | 5100  | 3 |         | 0.9
mf-booking     | QUOTE       |                       | prod | dynamo     | 6300  | 2 |         | 0.9
mf-booking     | QUOTE       |                       | prod | api        | 1700  | 1 |         | 0.9
mf-customer    | PORTAL      |                       | prod | ec2        | 18000 | 4 | 2       | 1.2
mf-customer    | PORTAL      |                       | prod | rds        | 9000  | 1 |         | 0.6
mf-customer    | PORTAL      |                       | prod | cloudfront | 5200  | 1 |         | 1.4
mf-customer    | PORTAL      | -                     | prod | s3         | 2600  | 2 |         | 0.2
mf-visibility  | TRACKING    |                       | prod | ec2        | 21000 | 4 | 2       | 1.0
mf-visibility  | TRACKING    | Tracking              | prod | dynamo     | 14000 | 2 |         | 1.2
mf-visibility  | TRACKING    | TRACKING␠             | prod | kinesis    | 12000 | 2 |         | 1.2
mf-visibility  | TRACKING    | track_ing             | prod | lambda     | 6400  | 2 |         | 1.2
mf-visibility  | TRACKING    | tracking-app          | prod | search     | 15000 | 2 |         | 0.6
mf-visibility  | TRACKING    |                       | prod | cloudwatch | 3000  | 1 |         | 1.0
mf-visibility  | ETA         |                       | prod | sagemaker  | 19000 | 2 |         | 0.8
mf-visibility  | ETA         |                       | prod | ec2-gpu    | 11000 | 2 |         | 0.6
mf-visibility  | ETA         |                       | prod | lambda     | 3100  | 1 |         | 1.0
mf-visibility  | ETA         |                       | prod | s3         | 2200  | 1 |         | 0.2
mf-visibility  | ETA         |                       | prod | tidepool   | 6480  | 1 |         | 0.0
mf-operations  | ROUTE       |                       | prod | ec2        | 24000 | 5 | 2       | 0.9
mf-operations  | ROUTE       |                       | prod | ebs        | 3200  | 3 |         | 0.2
mf-operations  | ROUTE       |                       | prod | cache      | 4100  | 1 |         | 0.6
mf-operations  | DISPATCH    |                       | prod | ec2        | 17000 | 4 |         | 0.9
mf-operations  | DISPATCH    |                       | prod | rds        | 11000 | 1 |         | 0.5
mf-operations  | DISPATCH    |                       | prod | ebs        | 2100  | 2 |         | 0.2
mf-operations  | FLEET       |                       | prod | iot        | 6100  | 1 |         | 0.6
mf-operations  | FLEET       |                       | prod | kinesis    | 7000  | 1 |         | 0.6
mf-operations  | FLEET       |                       | prod | timestream | 4800  | 1 |         | 0.4
mf-operations  | FLEET       |                       | prod | s3         | 5000  | 1 |         | 0.1
mf-parcels     | PARCEL      |                       | prod | ec2        | 19000 | 4 | 2       | 1.5
mf-parcels     | PARCEL      |                       | prod | rds        | 10000 | 2 |         | 0.8
mf-parcels     | PARCEL      |                       | prod | sqs        | 2300  | 1 |         | 1.5
mf-parcels     | PARCEL      | -                     | prod | s3         | 4400  | 2 |         | 0.3
mf-parcels     | SORT        |                       | prod | s3         | 1400  | 1 |         | 1.0
mf-integration | EDI-HUB     |                       | prod | ec2        | 9000  | 3 |         | 0.7
mf-integration | EDI-HUB     |                       | prod | msk        | 12000 | 1 |         | 0.7
mf-integration | EDI-HUB     |                       | test | rds        | 6000  | 1 |         | 0.2
mf-integration | LEGACY-EDI  |                       | prod | ec2        | 3900  | 2 |         | 0.0
mf-integration | LEGACY-EDI  |                       | prod | ebs        | 700   | 2 |         | 0.0
mf-integration | LEGACY-EDI  |                       | prod | rds        | 1900  | 1 |         | 0.0
mf-platform    | K8S         |                       | prod | eks        | 3400  | 2 |         | 0.0
mf-platform    | K8S         |                       | prod | ec2        | 62000 | 9 | 6       | 0.8
mf-platform    | K8S         |                       | prod | ebs        | 7000  | 4 |         | 0.2
mf-platform    | K8S         |                       | prod | ecr        | 900   | 1 |         | 0.0
mf-platform    | K8S         |                       | prod | cloudwatch | 3000  | 1 |         | 0.6
mf-platform    | NET         |                       | prod | transit    | 8200  | 1 |         | 0.6
mf-platform    | NET         |                       | prod | direct     | 6500  | 1 |         | 0.0
mf-platform    | NET         |                       | prod | vpc        | 9100  | 3 |         | 0.4
mf-platform    | NET         |                       | prod | dns        | 1200  | 1 |         | 0.4
mf-platform    |             | -                     | prod | kms        | 1100  | 1 |         | 0.4
mf-management  |             | -                     | prod | guardduty  | 3900  | 1 |         | 0.2
mf-management  |             | -                     | prod | cloudtrail | 1200  | 1 |         | 0.2
mf-integration |             | -                     | test | codebuild  | 1400  | 1 |         | 0.0
mf-sandbox-7   |             | -                     | test | ec2        | 5600  | 3 |         | 0.0
mf-sandbox-7   |             | -                     | test | s3         | 900   | 1 |         | 0.0
mf-sandbox-7   |             | -                     | test | rds        | 1300  | 1 |         | 0.0
""")

AZURE = rows("""
account       | application | tag | env  | meter        | level | n | covered | season
mf-commercial | PRICING     |     | prod | vm           | 22000 | 3 | 2       | 0.8
mf-commercial | PRICING     |     | prod | sql          | 26000 | 2 |         | 0.5
mf-commercial | PRICING     |     | prod | storage      | 3000  | 1 |         | 0.1
mf-commercial | PRICING     |     | prod | aks          | 9000  | 1 |         | 0.7
mf-commercial | PRICING     |     | test | app-service  | 6000  | 1 |         | 0.3
mf-commercial | CRM         |     | prod | app-service  | 12000 | 2 |         | 0.5
mf-commercial | CRM         |     | prod | sql          | 17000 | 1 |         | 0.3
mf-commercial | CRM         |     | prod | storage      | 2000  | 1 |         | 0.1
mf-commercial | PORTAL      |     | prod | front-door   | 4100  | 1 |         | 1.2
mf-finance    | INVOICE     |     | prod | vm           | 26000 | 4 | 3       | 0.5
mf-finance    | INVOICE     |     | prod | sql          | 21000 | 2 |         | 0.4
mf-finance    | INVOICE     |     | prod | bus          | 3200  | 1 |         | 0.4
mf-finance    | INVOICE     | -   | prod | logic        | 2200  | 1 |         | 0.6
mf-finance    | INVOICE     |     | prod | storage      | 2900  | 1 |         | 0.1
mf-shared     | OBS         |     | prod | log          | 38000 | 2 |         | 0.6
mf-shared     | OBS         |     | prod | monitor      | 9000  | 1 |         | 0.4
mf-shared     | OBS         |     | prod | explorer     | 6000  | 1 |         | 0.2
mf-shared     | NET         |     | prod | expressroute | 6400  | 1 |         | 0.0
mf-shared     | NET         |     | prod | vpn          | 2100  | 1 |         | 0.0
mf-shared     | NET         |     | prod | bandwidth    | 4600  | 1 |         | 0.8
mf-shared     | NET         |     | prod | firewall     | 3900  | 1 |         | 0.1
mf-shared     | EDI-HUB     |     | prod | apim         | 5000  | 1 |         | 0.3
mf-shared     | BI          |     | prod | powerbi      | 7000  | 1 |         | 0.0
mf-shared     | BI          |     | prod | factory      | 5000  | 1 |         | 0.3
mf-shared     |             | -   | prod | backup       | 3400  | 1 |         | 0.0
mf-shared     |             | -   | prod | defender     | 4100  | 1 |         | 0.0
mf-shared     |             | -   | prod | devops       | 3900  | 1 |         | 0.0
mf-customs    | CUSTOMS     |     | prod | app-service  | 6000  | 1 |         | 0.5
mf-customs    | CUSTOMS     |     | prod | sql          | 7000  | 1 |         | 0.4
mf-customs    | CUSTOMS     |     | prod | storage      | 1200  | 1 |         | 0.1
mf-customs    | DUTY        |     | prod | functions    | 1100  | 1 |         | 0.6
mf-customs    | DUTY        |     | prod | cosmos       | 2600  | 1 |         | 0.3
""")

GOOGLE = rows("""
account     | application | tag | env  | meter      | level | n | covered | season
mf-lake     | LAKE        |     | prod | bigquery   | 30000 | 3 |         | 0.7
mf-lake     | LAKE        |     | prod | bq-storage | 5000  | 3 |         | 0.1
mf-lake     | LAKE        |     | prod | gcs        | 11000 | 3 |         | 0.1
mf-lake     | LAKE        |     | prod | dataflow   | 9000  | 2 |         | 0.6
mf-lake     | LAKE        |     | prod | pubsub     | 3000  | 2 |         | 0.8
mf-lake     | LAKE        |     | prod | gce        | 8000  | 3 |         | 0.3
mf-lake     | LAKE        |     | prod | logging    | 1100  | 1 |         | 0.3
mf-insight  | BI          |     | prod | bigquery   | 14000 | 3 |         | 0.5
mf-insight  | BI          |     | prod | looker     | 8000  | 1 |         | 0.0
mf-insight  | BI          | -   | prod | gcs        | 1300  | 1 |         | 0.1
mf-planning | ETA         |     | prod | vertex     | 7000  | 2 |         | 0.6
mf-planning | ETA         |     | prod | run        | 2200  | 2 |         | 0.8
mf-planning | ROUTE       |     | prod | gce        | 5000  | 3 |         | 0.6
mf-planning | ROUTE       |     | prod | gce-disk   | 700   | 3 |         | 0.0
mf-planning | ROUTE       |     | prod | gce-egress | 500   | 1 |         | 0.8
mf-lake     |             | -   | prod | g-support  | 2500  | 1 |         | 0.0
""")

SERVICES = {"AWS": AWS, "Microsoft": AZURE, "Google Cloud": GOOGLE}
GROWTH = {"AWS": 0.115, "Microsoft": 0.085, "Google Cloud": 0.14}  # a year
# from this month on the application (or meter) costs this much more or less than before
STEPS = [("K8S", "", "2025-06", 1.18), ("LAKE", "", "2025-01", 1.12), ("INVOICE", "sql", "2026-02", 0.85),
         ("PORTAL", "cloudfront", "2024-06", 1.25)]
# first months of what came later, as shares of the level: a migration in 2025-03, a launch in 2025-10, a new service
STARTS = [("DISPATCH", "", "2025-03", (0.45, 0.8, 1.05)), ("ETA", "", "2025-10", (0.35, 0.7, 0.9)),
          ("ETA", "tidepool", "2026-08", (1.0,))]


def monthly(provider: str, service: dict, month: str) -> float:
    """Cost of the service in the month, before its forced total if it has one; 0 before it started."""
    flat = service["application"] == "LEGACY-EDI"
    level = int(service["level"]) * (1.0 if flat else grown(month, GROWTH[provider]))
    level *= season(month, float(service["season"])) * _steps(service, month)
    return level * wobble(0.025, provider, service["application"], service["tag"], service["meter"], month)


def _steps(service: dict, month: str) -> float:
    level = 1.0
    for application, meter, since, factor in STEPS:
        if _hit(service, application, meter) and month < since:
            level /= factor
    for application, meter, since, ramp in STARTS:
        if _hit(service, application, meter):
            age = distance(since, month)
            level *= 0 if age < 0 else ramp[age] if age < len(ramp) else 1
    return level


def _hit(service: dict, application: str, meter: str) -> bool:
    return service["application"] == application and meter in ("", service["meter"])
