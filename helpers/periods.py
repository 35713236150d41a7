"""Which month is meant?  Months are text, `YYYY-MM`; fiscal years start in the month the parameters name."""

MONTHS = "January February March April May June July August September October November December".split()


def shift(period: str, months: int) -> str:
    """The month `months` later (earlier when negative): shift("2026-01", -2) is "2025-11"."""
    year, month = period.split("-")
    count = int(year) * 12 + int(month) - 1 + months
    return f"{count // 12:04d}-{count % 12 + 1:02d}"


def months(first: str, last: str) -> list[str]:
    """Every month from first to last, both included."""
    return [shift(first, step) for step in range(distance(first, last) + 1)]


def distance(first: str, last: str) -> int:
    """How many months last lies after first."""
    return 12 * (int(last[:4]) - int(first[:4])) + int(last[5:7]) - int(first[5:7])


def fiscal_year(period: str, start_month: int) -> tuple[str, str]:
    """First and last month of the fiscal year that holds the period."""
    first = shift(period, -((int(period[5:7]) - start_month) % 12))
    return first, shift(first, 11)


def fiscal_label(period: str, start_month: int) -> str:
    """FY and fiscal month, named by the year it ends in: fiscal_label("2026-09", 4) is "FY2027 M06"."""
    first, last = fiscal_year(period, start_month)
    return f"FY{last[:4]} M{distance(first, period) + 1:02d}"


def month_name(period: str) -> str:
    """September 2026 for 2026-09."""
    return f"{MONTHS[int(period[5:7]) - 1]} {period[:4]}"
