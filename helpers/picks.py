"""Which figure did the analyst pick, and why?  Kept beside the closed months; the program never writes it.

    kept/forecast_picks.csv, month → of → figure, note and owner of the last pick up to the month
"""

from pathlib import Path

from helpers import inputs

FILE = "forecast_picks.csv"


def of(kept: Path, period: str) -> dict[str, str]:
    """The pick that holds in the month; {} where there is none, and the figure that missed least stands."""
    file = kept / FILE
    told = inputs.read(file, "forecast_picks").to_dict("records") if file.is_file() else []
    return max((row for row in told if row["picked_from"] <= period), key=lambda row: row["picked_from"], default={})
