"""Does compare put each cent to its row?  Random companies against copies of themselves in which rows were changed.

    python -m benchmarks.pairs [--pairs 200] [--seed 1] [--jobs 2]

Each company is compared twice: with one changed row (bill, ledger, driver, owner, rule or rate), where all of the
difference must stand with that row; and with five, where what is told for each must be what a run with that row alone
shows, worked out here and not by compare, and rows that touch different owners and pools must leave nothing together.
Exit status 0 when every pair holds.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from pathlib import Path
from random import Random

from benchmarks.differential.company.make import make
from benchmarks.edits import KINDS, Edit, copied, edits
from helpers import params, walk
from helpers.compare import compare, of
from helpers.compare.attribution import ROUNDING, ROWS, TOGETHER
from helpers.compare.causes import check
from helpers.errors import InputError, StepError

Amounts = dict[tuple, Decimal]
REFUSED = (InputError, StepError)
TRIES = 12  # rows that are tried for one that a run accepts changed and that moves a figure; for several as many more


def run(path: Path) -> Amounts:
    """The month worked out from its files: charges by owner, application and pool, full cost by application and pool."""
    month, found = walk.Month(params.load(path)), Counter()
    for line in month.charged.lines.to_dict("records"):
        item = "direct" if line["kind"] == "direct" else line["pool"]
        found["charged", month.period, line["owner"], line["application"], item] += line["amount"]
    for line in month.tco.to_dict("records") if month.coded is not None else ():
        whose = line["application"] or f"({line['residual']})"
        found["full cost", month.period, "", whose, line["cost_pool"]] += Decimal(int(line["cents"])) / 100
    return {key: amount for key, amount in found.items() if amount}


def less(now: Amounts, was: Amounts) -> Amounts:
    """What moved."""
    moves = {key: now.get(key, 0) - was.get(key, 0) for key in now.keys() | was.keys()}
    return {key: amount for key, amount in moves.items() if amount}


def look(seed: int, number: int, kind: str) -> dict:
    """One company with one changed row, then with five; what was seen, with what is wrong under `wrong`."""
    with tempfile.TemporaryDirectory() as aside:
        root, seen = Path(aside), {"number": number, "kind": kind, "wrong": []}
        company = make(seed, number, root / "base", str(root / "base"))
        base = root / "base" / company.name / "params.yaml"
        try:
            before = run(base)
        except REFUSED as wrong:
            return seen | {"skipped": f"the company is refused: {str(wrong).splitlines()[0]}"}
        draw = Random(f"{seed} {number} {kind}")
        first = KINDS.index(kind)
        tried = next(filter(None, (_accepted(base, root / "one", draw, [other], 1, before)
                                   for other in KINDS[first:] + KINDS[:first])), None)
        if not tried:
            return seen | {"skipped": "no row that a run accepts changed"}
        seen["kind"] = tried[0][0].kind
        _one(base, root / "one" / "0", before, tried[0], seen)
        _several(base, root, draw, before, seen)
        return seen


def _accepted(base: Path, folder: Path, draw: Random, kinds, wanted: int, before: Amounts) -> list[tuple[Edit, Amounts]]:
    """Edits that a run accepts alone, each with what it moves; those that move nothing where no other is found."""
    chosen, idle, rows = [], [], set()
    options = {kind: list(edits(base.parent, kind)) for kind in kinds}
    order = [kind for kind in kinds if options[kind]]
    for turn in range(TRIES + TRIES * (wanted > 1) if order else 0):
        edit = draw.choice(options[order[turn % len(order)]])(draw)
        if len(chosen) == wanted:
            break
        if edit is None or edit.place in rows:
            continue
        try:
            moves = less(run(copied(base, folder / str(len(chosen)), [edit])), before)
        except REFUSED:
            continue
        (chosen if moves else idle).append((edit, moves))
        rows.add(edit.place)
    return (chosen + idle)[:wanted]


def _one(base: Path, folder: Path, before: Amounts, tried: tuple[Edit, Amounts], seen: dict) -> None:
    """All of the difference stands with the changed row."""
    edit, moves = tried
    other = copied(base, folder, [edit])
    start = time.perf_counter()
    found = compare(of(base), of(other))
    seen["seconds"] = time.perf_counter() - start
    seen["moved"] = bool(moves)
    causes = [cause for cause in found.causes if cause.amounts]
    _expect(seen, less(found.before, {}) == before and found.difference == moves, f"{edit}: figures are not those of the runs")
    _expect(seen, len(causes) == bool(moves), f"{edit}: {len(causes)} causes for one changed row")
    for cause in causes:
        _expect(seen, cause.kind == ROWS and cause.amounts == moves, f"{edit}: {cause.kind} explains another amount")
        _expect(seen, all(edit.is_told_by(change, found) for change in cause.changes), f"{edit}: put to another row")
    _expect(seen, set(check(found)["state"]) == {"ok"}, f"{edit}: checks of compare")


def _several(base: Path, root: Path, draw: Random, before: Amounts, seen: dict) -> None:
    """Five rows of all kinds; then those of them and some more that touch different owners and pools."""
    tried = _one_bill(_accepted(base, root / "five", draw, draw.sample(KINDS, len(KINDS)), 9, before))
    seen["five"] = _many(base, root / "all", tried[:5], before, seen)
    apart = _apart([pair for pair in tried if pair[1]])
    if len(apart) > 1:
        seen["apart"] = _many(base, root / "apart", apart, before, seen)
        _expect(seen, not seen["apart"].get("together"), f"rows of different owners and pools are told together: {apart}")


def _many(base: Path, folder: Path, tried: list, before: Amounts, seen: dict) -> dict:
    """What is told for each of several rows is what a run with that row alone shows."""
    try:
        other = copied(base, folder, [edit for edit, _ in tried])
        after = run(other)
    except REFUSED as wrong:
        return {"refused": str(wrong).splitlines()[0]}
    start = time.perf_counter()
    found = compare(of(base), of(other))
    seconds = time.perf_counter() - start
    _expect(seen, found.difference == less(after, before), "several: the difference is not that of the runs")
    _expect(seen, set(check(found)["state"]) == {"ok"}, "several: checks of compare")
    for edit, moves in tried:
        told = Counter()
        for cause in found.causes:
            if cause.kind == ROWS and all(edit.is_told_by(change, found) for change in cause.changes):
                told.update(cause.amounts)
        _expect(seen, less(told, {}) == moves, f"several: {edit} is told otherwise than its own run")
    kinds = {cause.kind for cause in found.causes}
    return {"rows": len(tried), "seconds": seconds, "together": TOGETHER in kinds, "rounding": ROUNDING in kinds}


def _apart(tried: list) -> list:
    """Rows none of which touches an owner, application or pool that another of them does."""
    chosen, touched = [], set()
    for edit, moves in tried:
        mine = {part for key in moves for part in (("whose", key[2], key[3]), ("pool", key[0], key[4])) if any(part[1:])}
        if not mine & touched:
            chosen.append((edit, moves))
            touched |= mine
    return chosen


def _one_bill(tried: list) -> list:
    """At most one row of the bills, whose lines may be one line of the cube."""
    bills = [pair for pair in tried if pair[0].kind == "bill"]
    return [pair for pair in tried if pair[0].kind != "bill" or pair is bills[0]]


def _expect(seen: dict, truth: bool, said: str) -> None:
    if not truth:
        seen["wrong"].append(f"company {seen['number']}: {said}")


def main() -> int:
    """Every pair in turn; what was seen, and 1 where any is wrong."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("pairs", 200), ("seed", 1), ("jobs", 2)):
        asked.add_argument(f"--{name}", type=int, default=default)
    asked = asked.parse_args()
    seen, number = [], 0
    with ProcessPoolExecutor(asked.jobs) as pool:
        while len(seen) < asked.pairs and number < 5 * asked.pairs:
            numbers = range(number + 1, number + 1 + min(20, asked.pairs - len(seen)))
            number = numbers[-1]
            found = pool.map(look, [asked.seed] * len(numbers), numbers, [KINDS[place % len(KINDS)] for place in numbers])
            seen += [one for one in found if "skipped" not in one]
    return tell(seen)


def tell(seen: list[dict]) -> int:
    """The summary; the number of what is wrong as exit status."""
    wrong = [line for one in seen for line in one["wrong"]]
    kinds = Counter(one["kind"] for one in seen)
    print(f"{len(seen)} pairs with one changed row ({_counted(kinds)}); {sum(one['moved'] for one in seen)} moved a figure")
    for name in ("five", "apart"):
        some = [one[name] for one in seen if "rows" in one.get(name, {})]
        print(f"{len(some)} pairs, {name}: rows {_counted(Counter(one['rows'] for one in some))}; "
              f"{sum(one['together'] for one in some)} explain something only together, "
              f"{sum(one['rounding'] for one in some)} leave cents of rounding; seconds {_times(some)}")
    print(f"seconds of one: {_times([one for one in seen if 'seconds' in one])}")
    print("\n".join(wrong) or "every pair holds")
    return int(bool(wrong))


def _counted(found: Counter) -> str:
    return ", ".join(f"{count} of {name}" for name, count in sorted(found.items()))


def _times(some: list[dict]) -> str:
    times = sorted(one["seconds"] for one in some)
    return f"median {times[len(times) // 2]:.2f}, most {times[-1]:.2f}" if times else "none"


if __name__ == "__main__":
    sys.exit(main())
