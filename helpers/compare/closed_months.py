"""Why would a closed month be charged otherwise now?  The closed month held against what goes in now, cause by cause.

    month, its amendments → trueup_causes → table      what each true-up adds or takes, and the row that moved it
    parameters of a closed month → restatement_causes  the same of a closed month that is run again

`place` says where a cause stands and tells nobody's name, so that an owner may read it; `cause` has the values too.
"""

from collections.abc import Iterator

import pandas as pd

from helpers import kept
from helpers.amendments import Amendment
from helpers.compare import causes, command
from helpers.compare.attribution import LOST, compare
from helpers.compare.figures import CHARGED, added, charge_key, difference
from helpers.errors import InputError
from helpers.journal import LINE_KEYS
from helpers.money import ZERO

COLUMNS = ["of_month", "number", "kind", "place", "cause", "owner", "application", "pool", "amount"]
TABLE = "chargeback_trueup_causes"
BEFORE = "earlier"
SAID_BEFORE = "posted, or named as not posted, in a closed month since"


def trueup_causes(month) -> pd.DataFrame | None:
    """One row a closed month, cause and charge that it moves, of the months that differ; None where no month does.

    posts: whether the month's difference is posted.  The amounts of a closed month add up to what is charged otherwise
    since the last closed month that trued it up.
    """
    if month.is_closed:
        return month.as_closed(TABLE)
    found = [one for one in month.amended if one.amount]
    rows = [(*row, one.posts) for one in found for row in _trued(one, month.params)]
    return pd.DataFrame(rows, columns=[*COLUMNS, "posts"]) if found else None


def restatement_causes(settings) -> pd.DataFrame:
    """The same for the parameters' own month, which is closed."""
    return pd.DataFrame(_rows(settings, settings.period), columns=COLUMNS)


def _trued(one: Amendment, settings) -> list[tuple]:
    """The causes of one closed month; what closed months since have posted of them already, last."""
    rows = list(_rows(settings, one.of_month))
    told = added(*({(CHARGED, one.of_month, *row[5:8]): row[8]} for row in rows))
    wanted = added(*({charge_key(one.of_month, **dict(zip(LINE_KEYS, key, strict=True))): amount}
                     for key, amount in one.moves.items()))
    number = max((row[1] for row in rows), default=0) + 1
    return rows + [(one.of_month, number, BEFORE, SAID_BEFORE, SAID_BEFORE, *key[2:], amount)
                   for key, amount in difference(wanted, told).items()]


def _rows(settings, period: str) -> Iterator[tuple]:
    """One row a cause and charge of the closed month against now; one that says why where they cannot be compared."""
    try:
        folder = kept.closed(period, settings.resolve(settings.kept))
        was, now = command.both(str(folder), str(settings.path), {}, period)
        found = compare(was, now, [period])
    except InputError as wrong:
        yield (period, 1, LOST, LOST, str(wrong).splitlines()[0], "", "", "", ZERO)
        return
    for number, cause in enumerate(found.causes, 1):
        for key, amount in cause.amounts.items():
            if key[0] == CHARGED:
                yield (period, number, cause.kind, causes.place(found, cause), causes.label(found, cause), *key[2:],
                       amount)
