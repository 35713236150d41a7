"""What does its parameters file say?  Everything that has a choice is drawn; paths are those of its folder.

    company, folder → params → text of params.yaml
"""

from benchmarks.differential.company.catalogue import PROVIDERS
from benchmarks.differential.company.draw import Draw
from benchmarks.differential.company.traits import Company, Provider

TABLE = {"format": "table", "columns": {"BilledCost": "amount", "BillingPeriodStart": "month", "ServiceName": "product",
                                        "SubAccountId": "team", "ConsumedQuantity": "used"}}
FIGURES = ("auto", "auto", "auto", "bottom-up", "top-down", "ols", "wls", "mint")


def params(company: Company, folder: str, inputs: list[str], rules: list[str]) -> dict:
    """The parameters; inputs and rules are the names of the files that the folder holds."""
    draw = company.draw("params")
    found = {
        "base": "base.yaml", "period": company.period, "company": f"Company {company.number}",
        "currency": company.currency,
        "kept": f"{folder}/kept", "fiscal_year_start": draw.pick([1, 1, 4, 7, 10]),
        "taxonomy": {"pools": draw.pick(["v5", "v5", "v4"]), "towers": draw.pick(["v5", "v5", "v4"])},
        "cost_basis": draw.pick(["amortised", "amortised", "billed"]), "receiver": draw.pick(["cmdb", "cmdb", "tag"]),
        "shared_pools": draw.pick(["reciprocal", "reciprocal", "direct", "step-down", "step-down-by-amount"]),
        "mode": draw.pick(["showback", "chargeback"]),
        "providers": {one.name: _provider(one) for one in company.providers},
        "inputs": {"billing": [f"{folder}/bills/*"], **{name: f"{folder}/{name}.csv" for name in inputs}},
        "rules": {name: f"{folder}/{name}.csv" for name in rules}, "forecast": _forecast(draw),
        **_sometimes(company, draw, inputs)}
    if any(provider.form == "table" for provider in company.providers):
        found["billing"] = [{"files": [f"{folder}/bills/datadog_*"], **TABLE, "values": {
            "ProviderName": provider.name, "BillingCurrency": provider.currency,
            "BillingAccountId": provider.accounts[0]}}
            for provider in company.providers if provider.form == "table"]
    return found


def _provider(provider: Provider) -> dict:
    return {"lag": "auto" if provider.auto else provider.lag, "account_lags": provider.account_lags,
            "commitments": "prepaid" if provider.prepaid else "expensed",
            "vendors": list(PROVIDERS[provider.name].vendors)}


def _forecast(draw: Draw) -> dict:
    found = {"months": draw.whole(3, 14), "band": draw.pick(["0.05", "finance", "run"]),
             "backtest_months": draw.whole(1, 6),
             "history": draw.pick(["bills", "bills", "ledger"]), "figure": draw.pick(FIGURES),
             "method": draw.pick(["auto", "auto", "ensemble", "seasonal naive", "last value"])}
    if draw.chance(0.3):
        found["what_if"] = [{"name": "slower", "growth": "-0.02", "price": "0.01", "delay": 2,
                             "kinds": "migration|launch"}]
    return found


def _sometimes(company: Company, draw: Draw, inputs: list[str]) -> dict:
    """Settings that most leave as they are."""
    every = {
        "tolerance": {"amount": "0.50", "share": "0.001", "materiality": draw.pick(["0", "25"])},
        "accruals": {"account": "2190"}, "ledger_lines": "replaced", "unmapped_share": "0.2",
        "statements": {"small_pool": 3}, "depreciation": {"first_month": draw.pick(["next", "half", "days"])},
        "tco": {"months": draw.whole(1, 6), "least_people": draw.whole(1, 4),
                "capacity": draw.pick(["practical", "measured"])},
        "journal": {"mode": draw.pick(["mock", "final"]), "prefix": "DC"}, "coverage_share": "0.5",
        "new_service": "100.00"}
    shares = {"ledger_lines": 0.06, "accruals": 0.5}
    booked = {"accruals", "ledger_lines"} - ({"accruals", "ledger_lines"} if "ledger" in inputs else set())
    return {name: value for name, value in every.items() if draw.chance(shares.get(name, 0.35)) and name not in booked}
