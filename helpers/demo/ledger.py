"""What else stands in the technology ledger?  Pay, contractors, hardware, software, telecom, facilities, services.

    month, assets → ledger lines;  with the clouds' invoices: the ledger of all months
"""

from decimal import Decimal

import helpers.money as money
from helpers.demo.assets import additions, depreciation
from helpers.demo.company import FIRST_LEDGER_MONTH, REVIEW_MONTH, rows
from helpers.demo.invoices import book, line
from helpers.demo.shape import wobble
from helpers.periods import distance, fiscal_year, months

YEARLY = 1.04  # growth from one fiscal year to the next
HEADCOUNT = {"4110": 6, "4210": 16, "4220": 14, "4230": 10, "4240": 13, "4250": 10, "4310": 9, "4320": 8, "4330": 5,
             "4410": 7, "4510": 11, "4710": 12}
# USD a head and month
PAY = {"6210": (9900, "Salaries"), "6220": (2280, "Social charges"), "6230": (330, "Training and travel")}
DEPRECIATION = {"server": "6410", "storage": "6420", "network": "6430"}
# level: USD a month in the fiscal year from 2026-04; swing: ± share by month; summer: power for cooling
OTHERS = rows("""
account | cost_centre | vendor                  | level  | swing  | text
6310    | 4210        | Alder Staffing          | 52000  | 0.08   | Contract developers, booking
6310    | 4210        | Brightwater People      | 31000  | 0.10   | Contract testers, booking
6310    | 4220        | Alder Staffing          | 44000  | 0.08   | Contract developers, visibility
6310    | 4220        | Copperfield Talent      | 26000  | 0.10   | Contract data engineers, visibility
6310    | 4230        | Alder Staffing          | 33000  | 0.08   | Contract developers, commercial
6310    | 4230        | Brightwater People      | 18000  | 0.12   | Contract testers, commercial
6310    | 4240        | Alder Staffing          | 41000  | 0.08   | Contract developers, operations
6310    | 4240        | Copperfield Talent      | 17000  | 0.12   | Contract integrators, operations
6310    | 4250        | Copperfield Talent      | 38000  | 0.08   | Contract developers, finance
6310    | 4250        | Brightwater People      | 12000  | 0.12   | Contract testers, finance
6310    | 4320        | Brightwater People      | 22000  | 0.06   | Contract administrators
6310    | 4510        | Copperfield Talent      | 36000  | 0.08   | Contract data engineers
6310    | 4710        | Alder Staffing          | 29000  | 0.08   | Contract platform engineers
6440    | 4320        | Equus Leasing           | 34000  | 0      | Server lease, blade rows
6440    | 4320        | Equus Leasing           | 15000  | 0      | Server lease, warehouse edge
6440    | 4320        | Marin Equipment Finance | 9000   | 0      | Server lease, Rhine Park
6450    | 4320        | Tessel Hardware         | 24000  | 0      | Server maintenance
6450    | 4320        | Nordlys Systems         | 13000  | 0      | Server maintenance, older rows
6450    | 4320        | Equus Leasing           | 6000   | 0      | Server maintenance, leased
6460    | 4320        | Granite Storage         | 19000  | 0      | Array maintenance
6460    | 4320        | Tessel Hardware         | 8000   | 0      | Backup library maintenance
6510    | 4250        | Corvane ERP             | 92000  | 0      | ERP licences
6510    | 4240        | Palletworks             | 54000  | 0      | Warehouse management licences
6510    | 4240        | Sortline Controls       | 27000  | 0      | Sorting control licences
6510    | 4210        | Harrow Database         | 41000  | 0      | Database licences, booking
6510    | 4250        | Harrow Database         | 38000  | 0      | Database licences, finance
6510    | 4320        | Stratum Virtual         | 36000  | 0      | Virtualisation licences
6510    | 4320        | Kestrel OS              | 21000  | 0      | Operating system licences
6510    | 4310        | Kestrel OS              | 24000  | 0.02   | Workplace licences
6510    | 4410        | Ironwicket              | 17000  | 0      | Network security licences
6510    | 4510        | Tabular Insight         | 14000  | 0.02   | Reporting licences
6510    | 4330        | Lanthorn Networks       | 9000   | 0      | Network management licences
6520    | 4250        | Corvane ERP             | 58000  | 0      | ERP maintenance
6520    | 4240        | Palletworks             | 31000  | 0      | Warehouse management maintenance
6520    | 4320        | Harrow Database         | 39000  | 0      | Database maintenance
6520    | 4240        | Sortline Controls       | 14000  | 0      | Sorting control maintenance
6520    | 4320        | Stratum Virtual         | 16000  | 0      | Virtualisation maintenance
6520    | 4410        | Ironwicket              | 8000   | 0      | Network security maintenance
6530    | 4210        |                         | 56000  | 0      | Amortisation, booking
6530    | 4220        |                         | 43000  | 0      | Amortisation, visibility
6530    | 4230        |                         | 26000  | 0      | Amortisation, pricing
6540    | 4410        | Bastion Shield          | 38000  | 0      | Endpoint and cloud security
6540    | 4310        | Deskline                | 27000  | 0.02   | Service desk
6540    | 4310        | Paperplane Office       | 61000  | 0.02   | Mail and office
6540    | 4230        | Rolodesk CRM            | 46000  | 0.03   | Customer records seats
6540    | 4210        | Signwell Documents      | 9000   | 0.05   | Electronic signatures
6540    | 4210        | Codeshelf               | 14000  | 0.03   | Source code and builds
6540    | 4220        | Meridian Geo            | 12000  | 0.08   | Position data
6540    | 4240        | Roadcast Traffic        | 11000  | 0.06   | Traffic data
6540    | 4250        | Tariffbase              | 16000  | 0.02   | Customs tariff data
6540    | 4250        | Closebook               | 8000   | 0      | Month-end close
6540    | 4510        | Tabular Insight         | 13000  | 0.02   | Reporting seats
6540    | 4710        | Beaconroll              | 7000   | 0.02   | On-call and incidents
6540    | 4110        | Ledgerleaf Planning     | 10000  | 0      | Portfolio planning
6610    | 4320        | Port Elm Properties     | 74000  | 0      | DC-EAST rent
6610    | 4320        | Harrow Flats Estates    | 43000  | 0      | DC-WEST rent
6610    | 4320        | Rhine Park Colocation   | 21000  | 0      | DC-EU rent
6620    | 4320        | Elm County Power        | 49000  | summer | DC-EAST power
6620    | 4320        | Flats Energy            | 30000  | summer | DC-WEST power
6620    | 4320        | Rhine Park Colocation   | 14000  | summer | DC-EU power
6710    | 4330        | Northgate Telecom       | 46000  | 0.01   | Depot circuits
6710    | 4330        | Northgate Telecom       | 24000  | 0.01   | Data-centre circuits
6710    | 4330        | Bluewire                | 21000  | 0.01   | Depot circuits, west
6710    | 4330        | Rheinfaser              | 13000  | 0.02   | Circuits, Europe
6710    | 4330        | Bluewire                | 18000  | 0      | Internet access
6710    | 4330        | Satellink               | 8000   | 0.05   | Satellite links
6720    | 4330        | Northgate Telecom       | 22000  | 0.03   | Voice
6720    | 4330        | Bluewire                | 27000  | 0.04   | Driver handsets
6720    | 4310        | Northgate Telecom       | 9000   | 0.03   | Contact-centre numbers
6720    | 4330        | Rheinfaser              | 4000   | 0.04   | Voice, Europe
6810    | 4110        | Fenwick Advisory        | 54000  | 0.25   | Strategy and sourcing
6810    | 4210        | Larkhill Consulting     | 47000  | 0.25   | Booking redesign
6810    | 4410        | Palisade Audit          | 23000  | 0.20   | Security assessments
6810    | 4510        | Larkhill Consulting     | 38000  | 0.25   | Data programme
6820    | 4310        | Sundial Services        | 88000  | 0.02   | Service desk, nights and weekends
6820    | 4320        | Sundial Services        | 62000  | 0.02   | Data-centre hands
6820    | 4330        | Northgate Telecom       | 41000  | 0.01   | Managed depot networks
6820    | 4410        | Palisade Audit          | 33000  | 0.02   | Security monitoring
6820    | 4250        | Corvane ERP             | 24000  | 0.05   | ERP application management
6820    | 4710        | Beaconroll              | 6000   | 0.05   | Platform on-call cover
6910    | 4110        | Guildmark               | 6000   | 0.30   | Memberships and subscriptions
6910    | 4310        | Quillpoint              | 11000  | 0.15   | Consumables and small equipment
6910    | 4320        | Carrick Movers          | 5000   | 0.30   | Hardware moves and scrapping
6910    | 4410        | Guildmark               | 4000   | 0.20   | Certificates
7810    | 4110        |                         | 26000  | 0      | Recharge from Group HR
7810    | 4110        |                         | 19000  | 0      | Recharge from Group Facilities
7810    | 4250        |                         | -31000 | 0      | Recharge to Marlow Customs Brokers
7810    | 4510        |                         | -22000 | 0      | Recharge to Marlow Europe
1520    | 4210        |                         | 58000  | 0.10   | Own software, booking redesign
1520    | 4220        |                         | 47000  | 0.10   | Own software, visibility
1520    | 4230        |                         | 24000  | 0.10   | Own software, pricing
""")


def ledger(bills: dict[tuple[str, str], list[dict]], hardware: list[dict]) -> list[dict]:
    """Every line of every month, numbered."""
    lines = []
    for month in months(FIRST_LEDGER_MONTH, REVIEW_MONTH):
        booked = book(bills, month) + pay(month) + others(month) + owned(hardware, month)
        booked.sort(key=lambda entry: (entry["account"], entry["cost_centre"], entry["vendor"], entry["text"]))
        lines += [{"line_id": f"{month.replace('-', '')}-{number:04d}", **entry}
                  for number, entry in enumerate(booked, 1)]
    return lines


def pay(month: str) -> list[dict]:
    """Pay by cost centre and kind; raises come each April."""
    return [line(month, 25, account, "", "", _level(heads * rate, 0.012, month, account, centre), f"{text} {centre}",
                 cost_centre=centre)
            for centre, heads in HEADCOUNT.items() for account, (rate, text) in PAY.items()]


def others(month: str) -> list[dict]:
    """Contracts, services, recharges and own software."""
    return [line(month, 12 + number % 17, item["account"], item["vendor"], _invoice(item, month, number),
                 _level(int(item["level"]), _swing(item, month), month, item["account"], item["vendor"], item["text"]),
                 item["text"], cost_centre=item["cost_centre"])
            for number, item in enumerate(OTHERS)]


def owned(hardware: list[dict], month: str) -> list[dict]:
    """Depreciation of the assets, and additions to them."""
    worn = [line(month, 31, DEPRECIATION[kind], "", "", amount, f"Depreciation {kind} {place}",
                 cost_centre=_keeper(kind)) for (kind, place), amount in depreciation(hardware, month).items()]
    new = [line(month, 20, "1510", "Tessel Hardware", "", amount, f"Addition {kind} {place}", cost_centre=_keeper(kind))
           for (kind, place), amount in additions(hardware, month).items()]
    return worn + new


def _keeper(kind: str) -> str:
    return "4330" if kind == "network" else "4320"


def _invoice(item: dict, month: str, number: int) -> str:
    return f"{item['vendor'][:3].upper()}-{month.replace('-', '')}{number:02d}" if item["vendor"] else ""


def _swing(item: dict, month: str) -> float:
    return 0.03 if item["swing"] == "summer" else float(item["swing"])


def _level(level: float, swing: float, month: str, *key: str) -> Decimal:
    years = distance(fiscal_year(month, 4)[0], "2026-04") // 12
    for _ in range(years):
        level = level / YEARLY
    if key[0] == "6620":
        level *= 1 + 0.14 * (int(month[5:7]) in (6, 7, 8)) + 0.06 * (int(month[5:7]) in (5, 9))
    return money.to_cents(Decimal(int(level * wobble(swing, "ledger", *key, month) * 100)) / 100)
