"""What stands behind the billing page?  The month's files as tables and checks, from the cube and the mapped lines.

    month → tables, check
"""

import pandas as pd

from helpers import billing, checks, fields, rates
from helpers.coverage import share
from helpers.house import number, percent
from helpers.money import plain, sum_by, total
from helpers.periods import shift

AMOUNTS = ["BilledCost", "EffectiveCost"]
SPAN = 13  # months in the picture: a year and the month before it


def verdict(files: pd.DataFrame, lines: pd.DataFrame, rows: pd.DataFrame, period: str, currency: str) -> str:
    """The page's answer: what was read, whether all of it is here, what it comes to, and what was kept out."""
    read, out = files[files["state"] == "read"], files[files["state"] == "kept out"]
    sums = sum_by(read, ["BillingCurrency"], ["BilledCost"])
    told = " and ".join(f"{number(row.BilledCost)} {row.BillingCurrency}" for row in sums.itertuples())
    names, replaced = len(set(read["file"])), len(set(files.loc[files["state"] == "replaced", "file"]))
    lost = int((rows["state"] == "failed").sum())
    held = f"but {lost} checks of them failed" if lost else "every digit of it is here"
    rest = [f"{_count(out):,} lines delivered twice are kept out"] if len(out) else []
    rest += [f"{replaced} file{'s are' if replaced > 1 else ' is'} replaced by a later delivery"] if replaced else []
    month = f"the bills booked in {period} come to {number(total(lines['billed']))} {currency}"
    return (f"{names} billing file{'s' * (names != 1)} with {_count(read):,} lines say {told} billed, {held}, and {month}"
            f"{'; ' + ' and '.join(rest) if rest else ''}.")


def by_month(mapped: pd.DataFrame, period: str) -> pd.DataFrame:
    """Billed cost in the report's currency by provider and billing month, of thirteen months up to the one under review."""
    recent = mapped[(mapped["billing_period"] > shift(period, -SPAN)) & (mapped["billing_period"] <= period)]
    table = sum_by(recent, ["billing_period", "ProviderName"], ["billed"])
    return table.rename(columns={"billing_period": "period", "ProviderName": "line", "billed": "amount"})


def picture(lines: pd.DataFrame, period: str, currency: str) -> dict:
    """Title, subtitle, alternative text and highlight of the picture of bills by month."""
    sums = sum_by(lines, ["ProviderName"], ["billed"]).sort_values("billed", ascending=False, kind="stable")
    whole = total(sums["billed"])
    first = sums["ProviderName"].iloc[0] if len(sums) else ""
    part = percent(share(sums["billed"].iloc[0], whole)) if len(sums) and whole else ""
    told = "; ".join(f"{row.ProviderName} {number(row.billed)}" for row in sums.itertuples())
    return {"title": f"{first} is {part} of the bills booked in {period}" if part else f"No bill is booked in {period}",
            "subtitle": f"Billed cost by provider and billing month, {currency}",
            "alt": f"Lines of billed cost by provider and billing month; booked in {period}, in {currency}: {told}",
            "highlight": [first]}


def bills(files: pd.DataFrame) -> pd.DataFrame:
    """Exact totals of what counts, by provider, billing period and currency; amounts as text with every digit."""
    keys = ["ProviderName", "billing_period", "BillingCurrency"]
    table = sum_by(files[files["state"] == "read"], keys, [*AMOUNTS, "line_count"])
    return _in_full(table.sort_values(["billing_period", "ProviderName"], ascending=[False, True], ignore_index=True))


def not_counted(files: pd.DataFrame) -> pd.DataFrame:
    """Files, or parts of files, that do not count: what became of them, why, and the amount."""
    table = files[files["state"] != "read"]
    columns = ["file", "state", "note", "ProviderName", "billing_period", "BillingCurrency", "line_count", *AMOUNTS]
    return _in_full(table[columns].reset_index(drop=True))


def formats(files: pd.DataFrame) -> pd.DataFrame:
    """By format: files, lines and exact totals as filed and as they count, and what is in no basis."""
    read = files[files["state"] == "read"]
    keys = ["format", "ProviderName", "BillingCurrency"]
    table = sum_by(read, keys, [*AMOUNTS, "FiledCost", "line_count"])
    counts = [len(set(read.loc[(read[keys] == list(key)).all(axis=1), "file"]))
              for key in table[keys].itertuples(index=False, name=None)]
    return _in_full(table.assign(files=counts))[[*keys, "files", "line_count", "FiledCost", *AMOUNTS]]


def repairs(lines: pd.DataFrame, files: pd.DataFrame) -> pd.DataFrame:
    """By repair: the rows it mended, and the bill's effective cost before and after."""
    mended = lines[lines["Repair"] != ""]
    mended = mended.assign(RepairedCost=mended["RepairedCost"].astype(object))
    keys = ["Repair", "ProviderName", "billing_period", "BillingCurrency"]
    table = sum_by(mended, keys, ["RepairedCost", "line_count"])
    bill = [lines[(lines[keys[1:]] == list(key[1:])).all(axis=1)]
            for key in table[keys].itertuples(index=False, name=None)]
    after = [total(rows["EffectiveCost"]) for rows in bill]
    before = [whole + part for whole, part in zip(after, table["RepairedCost"], strict=True)]
    columns = [*keys, "line_count", "effective_before", "repaired", "effective_after"]
    return _in_full(table.assign(effective_before=before, repaired=table["RepairedCost"], effective_after=after))[columns]


def datasets(found: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The FOCUS tables beside the bills: what was read of each."""
    return pd.DataFrame([(name, len(set(table["file"])), len(table)) for name, table in sorted(found.items())],
                        columns=["dataset", "files", "rows"])


def days(every: pd.DataFrame, booked: pd.DataFrame, period: str) -> pd.DataFrame:
    """The days of the bills that the month books, and of later ones that are not booked yet."""
    first = booked.loc[booked["ledger_period"] == period, "billing_period"].min()
    return every[every["billing_period"] >= first].reset_index(drop=True) if len(every) else every


def tables(month) -> dict[str, pd.DataFrame]:
    """The tables behind the page, by name."""
    cube = month.cube
    return {"files": cube.files, "bills": bills(cube.files), "not_counted": not_counted(cube.files),
            "formats": formats(cube.files), "repairs": repairs(cube.lines, cube.files),
            "datasets": datasets(cube.datasets), "fields": fields.presence(month), "days": days(cube.days, month.booked, month.period),
            **{f"focus_{name.replace(' ', '_')}": table for name, table in cube.datasets.items()}}


def check(month) -> pd.DataFrame:
    """The checks of billing, as a table."""
    cube, given = month.cube, month.params
    mended = rates.convert(cube.lines[cube.lines["Repair"] != ""].assign(
        EffectiveCost=lambda rows: rows["RepairedCost"].astype(object)), month.rates, given.currency)
    return checks.collect(
        *billing.check_cube(cube), *billing.check_days(cube), *billing.check_twins(month.kept_out),
        *billing.check_repeats(cube.repeats), *billing.check_replaced(cube.files),
        *billing.check_repairs(mended.assign(mended=mended["effective"])), *billing.check_decimals(cube.files),
        *billing.check_unrepaired(month.mapped), *billing.check_alone(cube.files), *billing.check_aside(cube.files),
        *fields.check(month))


def _in_full(table: pd.DataFrame) -> pd.DataFrame:
    """Amounts as text with every digit, counts as whole numbers."""
    amounts = [name for name in table if name not in ("line_count", "files") and table[name].dtype == object
               and table[name].map(lambda value: hasattr(value, "normalize")).any()]
    told = {name: [plain(amount) for amount in table[name]] for name in amounts}
    return table.assign(**told, line_count=[int(count) for count in table["line_count"]])


def _count(rows: pd.DataFrame) -> int:
    return int(rows["line_count"].sum())
