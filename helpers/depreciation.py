"""What should the ledger depreciate?  The asset register's own schedule, beside the ledger's depreciation lines.

    assets → schedule → one row an asset: the month's charge, accumulated, book value, whether it is past its life
    schedule, ledger → against → one row an account: register, ledger, difference, and assets past their life

straight-line: cost less salvage, the same each month.  declining-balance: a rate a year on the book value at the start
of each year of the asset's life (twice the straight-line rate where none is given), never below salvage.
Accumulated depreciation is rounded to the cent, so that a life's charges add up to cost less salvage.
"""

import calendar
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import pandas as pd

from helpers import checks, globs
from helpers.errors import InputError
from helpers.mapping import rows_of
from helpers.money import ZERO, to_cents, total
from helpers.periods import distance, shift

CONVENTIONS = ("full", "next", "half", "days")  # of the first month: all of it, none, half, by its days
COLUMNS = ["asset_id", "kind", "data_centre", "application", "account", "currency", "cost", "charge", "accumulated", "book_value",
           "life_left", "state", "was"]  # was: its straight-line charge a month, also after its life
IN_USE, PAST, DISPOSED, COMING = "in use", "past its life, in use", "disposed of", "not in service yet"


def schedule(assets: pd.DataFrame, period: str, convention: str = "full", accounts: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row an asset with its depreciation of the month and to its end, in the asset's currency.

    `account` is the one whose pattern asset_kind matches the asset's kind.  Raises InputError for a life of no months
    or a salvage above cost.
    """
    rows = []
    kinds = [(account, kind) for account, kind in rows_of(accounts, ["account", "asset_kind"]) if kind]
    for asset in assets.to_dict("records"):
        _require(asset)
        before, now = (accumulated(asset, month, convention) for month in (shift(period, -1), period))
        worth, life = asset["cost"] - (asset.get("salvage") or ZERO), _life(asset, period)
        rows.append({**asset, "account": next((account for account, kind in kinds if globs.matches(kind, asset["kind"])), ""),
                     "charge": now - before, "accumulated": now, "book_value": asset["cost"] - now,
                     "life_left": max(int(life - age(asset, period, convention)), 0), "state": _state(asset, period),
                     "was": _cents(Fraction(worth) / life)})
    return pd.DataFrame(rows, columns=COLUMNS)


def _require(asset: Mapping) -> None:
    if asset["life_months"] <= 0 or (asset.get("salvage") or ZERO) > asset["cost"]:
        found = (f"{asset['asset_id']}: life {asset['life_months']} months, cost {asset['cost']}, "
                 f"salvage {asset.get('salvage') or ZERO}")
        raise InputError("inputs.assets", found, "a life of a month or more, salvage no higher than cost", "mend the row")
    life = asset.get("new_life_months")
    if asset.get("life_changed_on") and (life is None or life != life or life <= 0):
        found = f"{asset['asset_id']}: life changed on {asset['life_changed_on']}, new life {'blank' if life is None or life != life else life}"
        raise InputError("inputs.assets", found, "new_life_months of a month or more", "add the new life, or take the change out")


def _state(asset: Mapping, period: str) -> str:
    if asset["in_service"][:7] > period:
        return COMING
    if asset["disposed_on"] and asset["disposed_on"][:7] <= period:
        return DISPOSED
    return PAST if _life(asset, period) - age(asset, period, "full") < 0 else IN_USE


def _life(asset: Mapping, period: str) -> int:
    """The useful life in months as it is seen in the period: the changed one from the month of its change."""
    changed = asset.get("life_changed_on") or ""
    return asset["new_life_months"] if changed and changed[:7] <= period else asset["life_months"]


def age(asset: Mapping, period: str, convention: str) -> Fraction:
    """Months of depreciation at the end of the period, by the convention for the first (and last) month; at most to disposal."""
    gone = asset["disposed_on"]
    if gone and gone[:7] <= period:
        first = _age_at_end(asset, shift(gone[:7], -1), convention)
        share = {"full": Fraction(0), "next": Fraction(1), "half": Fraction(1, 2),
                 "days": Fraction(int(gone[8:10]), _days(gone[:7]))}[convention]
        return max(first + share, Fraction(0)) if gone[:7] > asset["in_service"][:7] else _within_month(asset, convention)
    return _age_at_end(asset, period, convention)


def _age_at_end(asset: Mapping, period: str, convention: str) -> Fraction:
    begun, months = asset["in_service"], distance(asset["in_service"][:7], period)
    if months < 0:
        return Fraction(0)
    days = _days(begun[:7])
    first = {"full": Fraction(1), "next": Fraction(0), "half": Fraction(1, 2),
             "days": Fraction(days - int(begun[8:10]) + 1, days)}[convention]
    return months + first


def _within_month(asset: Mapping, convention: str) -> Fraction:
    """Of an asset that came and went in one month: its days, or nothing."""
    days = int(asset["disposed_on"][8:10]) - int(asset["in_service"][8:10])
    return Fraction(days, _days(asset["in_service"][:7])) if convention == "days" else Fraction(0)


def _days(month: str) -> int:
    return calendar.monthrange(int(month[:4]), int(month[5:7]))[1]


def accumulated(asset: Mapping, period: str, convention: str) -> Decimal:
    """Depreciation to the end of the period, in cents."""
    old, at = Fraction(asset["life_months"]), age(asset, period, convention)
    changed = asset.get("life_changed_on") or ""
    if not changed or changed[:7] > period:
        return _cents(_spent(asset, at, old))
    then = min(age(asset, shift(changed[:7], -1), convention), at)
    done = _spent(asset, then, old)
    left = max(Fraction(asset["new_life_months"]) - then, Fraction(0))
    rest = Fraction(asset["cost"]) - Fraction(asset.get("salvage") or ZERO) - done
    return _cents(done + (rest * min((at - then) / left, Fraction(1)) if left else rest))


def _spent(asset: Mapping, months: Fraction, life: Fraction) -> Fraction:
    """What is used up after so many months of the life."""
    cost, salvage = Fraction(asset["cost"]), Fraction(asset.get("salvage") or ZERO)
    if (asset.get("depreciation") or "straight-line") == "straight-line":
        return (cost - salvage) * min(months / life, Fraction(1))
    rate = 24 / life if asset.get("rate") is None else Fraction(asset["rate"])
    book, year, months = cost, Fraction(0), min(months, life)
    while year < months:
        part = min(months - year, Fraction(12)) / 12
        last = life - year <= 12
        taken = book - salvage if last and part * 12 >= life - year else min(book * rate, book - salvage) * part
        book, year = book - taken, year + 12
    return cost - book


def _cents(amount: Fraction) -> Decimal:
    return to_cents(Decimal(amount.numerator) / Decimal(amount.denominator))


def against(found: pd.DataFrame, coded: pd.DataFrame, period: str, currency: str) -> pd.DataFrame:
    """One row an account of depreciation: the register's charge of the month, the ledger's, the difference; how many
    assets are past their life and in use, and what they cost a month before that."""
    lines = coded[(coded["fiscal_period"] == period) & (coded["kind"] == "expense")]
    rows = []
    for account in sorted(set(found["account"]) - {""}):
        mine = found[(found["account"] == account) & (found["currency"] == currency)]
        register, booked = total(mine["charge"]), total(lines.loc[lines["account"] == account, "amount"])
        worn = mine[mine["state"] == PAST]
        rows.append((account, len(mine), register, booked, booked - register, len(worn), total(worn["was"])))
    return pd.DataFrame(rows, columns=["account", "assets", "register", "ledger", "difference", "past_life", "past_life_charge"])


def check(sides: pd.DataFrame | None, tolerance) -> list[dict]:
    """A finding where the ledger depreciates other than the register."""
    if sides is None:
        return []
    rows = [row for row in sides.to_dict("records")
            if abs(row["difference"]) > max(tolerance.amount, abs(row["ledger"]) * tolerance.share)]
    return [checks.finding(f"depreciation of {row['account']} other than the register's", row["difference"], "asset accounting",
                           f"{row['past_life']} assets are past their life and in use; they cost {row['past_life_charge']} a month "
                           "before that, see tables/tco_assets.csv") for row in rows]
