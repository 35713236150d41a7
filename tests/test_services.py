"""Names: one service is one service, however a bill writes it."""

import pandas as pd
import pytest

from helpers import services
from helpers.errors import InputError

PROVIDERS = pd.DataFrame({"provider": ["AWS", "Google Cloud"], "names": ["AWS|Amazon*", "Google*|GCP"],
                          "publishers": ["AWS*|Amazon*", "Google*"]})


def names(*rows: tuple[str, str, str]) -> services.Names:
    return services.Names(PROVIDERS, pd.DataFrame(rows, columns=["provider", "service", "spelling"]))


KNOWN = names(("AWS", "Amazon Elastic Compute Cloud", "AmazonEC2"), ("AWS", "Amazon Elastic Compute Cloud", "EC2 - Other"),
              ("Google Cloud", "Compute Engine", "6F81-5844-456A"))


@pytest.mark.parametrize(("provider", "spelling", "service"), [
    ("AWS", "AmazonEC2", "Amazon Elastic Compute Cloud"), ("Amazon Web Services", "amazon ec2", "Amazon Elastic Compute Cloud"),
    ("AWS", "AMAZON ELASTIC-COMPUTE CLOUD", "Amazon Elastic Compute Cloud"), ("AWS", "EC2 Other", "Amazon Elastic Compute Cloud"),
    ("GCP", "6f81-5844-456a", "Compute Engine"), ("GCP", "AmazonEC2", "AmazonEC2"), ("AWS", "New Thing", "New Thing"),
    ("Hetzner", "AmazonEC2", "AmazonEC2"), ("AWS", "", "")])
def test_a_service_is_found_by_any_of_its_names_within_its_provider(provider, spelling, service):
    assert KNOWN.service(provider, spelling) == service


def test_rules_may_use_any_name_and_keep_their_wildcards():
    rules = pd.DataFrame({"ProviderName": ["AWS|Amazon*", "", "Google*", "Amazon Web Services"],
                          "ServiceName": ["AmazonEC2|*Quantum*|Other", "amazon ec2|6F81-5844-456A", "AmazonEC2", "AmazonEC2*"]})
    found = KNOWN.of_rules(rules)
    assert list(found["ServiceName"]) == ["Amazon Elastic Compute Cloud|*Quantum*|Other",
                                          "Amazon Elastic Compute Cloud|amazon ec2|6F81-5844-456A|Compute Engine", "AmazonEC2",
                                          "AmazonEC2*|Amazon Elastic Compute Cloud"]
    assert list(found["ProviderName"]) == ["AWS|Amazon*", "", "Google*|Google Cloud", "AWS"]


def test_one_name_for_two_services_is_refused_with_its_line():
    with pytest.raises(InputError, match=r"line 3: spelling .amazon-ec2. for .Amazon Athena.; expected a name of "
                                         r"one service \(it is one of Amazon Elastic Compute Cloud\)"):
        names(("AWS", "Amazon Elastic Compute Cloud", "AmazonEC2"), ("AWS", "Amazon Athena", "amazon-ec2"))


def test_names_for_a_provider_that_the_providers_file_does_not_have_are_refused():
    with pytest.raises(InputError, match="line 2: provider is .Googel Cloud.; expected a provider of providers.csv; write Google"):
        names(("Googel Cloud", "Compute Engine", "6F81"))


def test_a_publisher_that_is_the_provider_sells_nothing_of_others():
    assert KNOWN.sells_itself("AWS", "Amazon Web Services EMEA SARL") and KNOWN.sells_itself("Hetzner", "hetzner")
    assert KNOWN.sells_itself("AWS", "") and not KNOWN.sells_itself("AWS", "Red Hat") and KNOWN.sells_itself("X", "Y")
