"""The map against lists of services that others made, and against real bills; skipped where they are not at hand."""

from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from helpers import billing, coverage, mapping
from tests.test_mapping import RULES, V4, V5, lines

SHARED = Path(__file__).resolve().parents[2] / "shared"
FACTS, BILLS = SHARED / "facts", SHARED / "billing"
pytestmark = pytest.mark.skipif(not FACTS.exists(), reason="the shared lists of services are not here")
OWN_RULE = {"service", "override"}


def table(name: str) -> pd.DataFrame:
    return pd.read_csv(FACTS / name, dtype=str, keep_default_na=False)


def listed() -> dict[str, list[str]]:
    """By provider every name of a service that the lists hold."""
    azure, judged = table("services/azure_finops-toolkit_Services.csv"), table("cloud_services.csv")
    seen = table("services/observed_in_focus_sample.csv")
    clouds = {"AWS": "AWS", "Microsoft": "Azure", "Google Cloud": "GCP", "Oracle": "OCI"}
    found = {provider: [*judged.loc[judged["provider"].eq(short), "service_name"],
                        *(hint for hint in judged.loc[judged["provider"].eq(short), "service_code_hint"] if "(" not in hint),
                        *seen.loc[seen["ProviderName"].eq(provider), "ServiceName"]] for provider, short in clouds.items()}
    found["AWS"] += [code.rstrip("*") for code in table("services/aws_codes_with_category.csv")["code"]]
    found["Microsoft"] += [*azure["ServiceName"], *azure["ResourceType"]]
    found["Google Cloud"] += list(table("services/focus_converters_gcp_category_mapping.csv")["ConsumedService"])
    return {provider: sorted({name for name in names if name}) for provider, names in found.items()}


@pytest.mark.parametrize("version", [V4, V5], ids=["v4", "v5"])
@pytest.mark.parametrize("provider", ["AWS", "Microsoft", "Google Cloud", "Oracle"])
def test_every_listed_service_is_mapped_and_nearly_all_by_a_rule_of_their_own(provider, version):
    names = listed()[provider]
    found = mapping.classify(lines(*({"ProviderName": provider, "ServiceName": name} for name in names)), RULES, version)
    assert not list(found.loc[found["rule_level"].eq("unmapped"), "ServiceName"])
    assert found["rule_level"].isin(OWN_RULE).mean() >= 0.95


def test_an_azure_resource_type_lands_with_the_service_that_the_toolkit_gives_it():
    azure = table("services/azure_finops-toolkit_Services.csv")
    azure = azure[azure["ServiceName"].ne("") & azure["ResourceType"].ne("")].drop_duplicates("ResourceType")
    by_type, by_name = (mapping.classify(lines(*({"ProviderName": "Microsoft", "ServiceName": name} for name in azure[column])),
                                         RULES, V5) for column in ("ResourceType", "ServiceName"))
    same = by_type["tower"].eq(by_name["tower"])
    assert same.mean() >= 0.95, list(azure.loc[~same.to_numpy(), "ResourceType"])


@pytest.mark.parametrize("version", [V4, V5], ids=["v4", "v5"])
def test_what_is_in_print_holds(version):
    facts = table("published_mappings.csv")
    facts = facts[facts["provider"].isin(["AWS", "Azure", "GCP"]) & facts["tower"].ne("") & ~facts["tower"].str.startswith("(")
                  & facts["taxonomy_version"].str.contains("tower only|" + version.towers)]
    known = {"Azure": "Microsoft", "GCP": "Google Cloud", "EC2 instances": "Amazon EC2", "virtual machines": "Virtual Machines",
             "EC2": "Amazon EC2", "RDS": "Amazon RDS", "EBS": "Amazon EC2", "S3": "Amazon S3", "Lambda": "AWS Lambda",
             "Azure Compute": "Virtual Machines", "Azure Storage": "Storage", "ECS": "Amazon ECS"}
    for fact in facts.itertuples():
        meter = "EBS:VolumeUsage.gp3" if fact.service == "EBS" else ""
        row = mapping.classify(lines({"ProviderName": known.get(fact.provider, fact.provider), "SkuMeter": meter,
                                      "ServiceName": known.get(fact.service, fact.service)}), RULES, version).iloc[0]
        if fact.service == "ECS":  # a vendor's example says Compute; containers have a sub-tower of their own
            assert row.sub_tower == "Container Orchestration"
            continue
        assert row.tower == fact.tower and fact.sub_tower in ("", row.sub_tower), fact


FILES = ["focus/focus_sample_1000.csv", "aws/aws_cur_2026-08_finalized.csv", "aws/aws_cur_legacy_anonymous.csv",
         "azure/azure_EA_ActualCost_Small.csv", "azure/azure_ea_anonymous.csv", "gcp/gcp_sample_billing_data.csv",
         "oci/oci_cost_report.csv"]


@pytest.fixture(scope="module", params=FILES)
def bill(request, tmp_path_factory) -> pd.DataFrame:
    """The lines of a real bill, each amount in a currency of its own taken as it stands."""
    if not (BILLS / request.param).is_file():
        pytest.skip(f"not in {BILLS}: {request.param}")
    cube = billing.load([BILLS / request.param], tmp_path_factory.mktemp("cache"))
    return cube.lines.assign(billed=cube.lines["BilledCost"], effective=cube.lines["EffectiveCost"])


@pytest.mark.parametrize("version", [V4, V5], ids=["v4", "v5"])
def test_the_map_knows_every_service_of_the_real_bills(bill, version):
    found = mapping.classify(bill, RULES, version)
    assert not list(found.loc[found["rule_level"].eq("unmapped"), "ServiceName"])
    part = coverage.coverage(found).set_index("rule_level")
    fallback = set(found.loc[~found["rule_level"].isin(OWN_RULE), "ServiceName"])
    assert part.at["override", "billed_share"] + part.at["service", "billed_share"] >= Decimal("0.99"), fallback
    assert (sum(found["BilledCost"]), sum(found["EffectiveCost"])) == (sum(bill["BilledCost"]), sum(bill["EffectiveCost"]))
