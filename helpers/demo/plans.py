"""What do people at Marlow know of months to come?  Events, and what stakeholders expect in their own units.

    → FORECAST_EVENTS, SUBMISSIONS, UNIT_RATES   rows of data, as an analyst would write them

Amounts of events that are past are blank: they are measured.
"""

from helpers.demo.company import rows

FORECAST_EVENTS = rows("""
period | until | kind | effect | ProviderName | application | tower | amount | share | ramp_months | basis | known | reason | owner
2024-04 |  | commitment | one-off | Microsoft |  |  | 72000 |  |  | billed | 2024-03 | Reservation of the fiscal year, paid up front | Head of Platforms
2025-04 |  | commitment | one-off | Microsoft |  |  | 84000 |  |  | billed | 2025-03 | Reservation of the fiscal year, paid up front | Head of Platforms
2026-04 |  | commitment | one-off | Microsoft |  |  | 96000 |  |  | billed | 2026-03 | Reservation of the fiscal year, paid up front | Head of Platforms
2027-04 |  | commitment | one-off | Microsoft |  |  | 108000 |  |  | billed | 2026-09 | Reservation of the fiscal year, paid up front | Head of Platforms
2025-04 |  | migration | step | AWS | DISPATCH |  |  |  |  |  | 2024-11 | Wave 1 went live | Head of Transport
2025-10 |  | launch | step | AWS | ETA |  |  |  |  |  | 2025-06 | Arrival prediction went live | Head of Visibility
2026-12 |  | migration | step | AWS | SORT | Compute | 21000 |  | 2 |  | 2026-06 | Wave 3, rehost of sorting control | Head of Parcels
2027-02 |  | migration | step | Microsoft | INVOICE | Compute | 18000 |  | 3 |  | 2026-08 | Wave 3, what invoicing still has on its own servers | Head of Finance Systems
2026-12 |  | retirement | end |  | LEGACY-EDI |  |  |  |  |  | 2026-09 | Switched off at last, with the last partner moved | Head of Integration
2027-01 |  | price change | share | Google Cloud |  |  |  | -0.03 |  |  | 2026-09 | Discount agreed for the new contract year | Head of Platforms
""")

SUBMISSIONS = rows("""
stakeholder | ProviderName | application | tower | period | until | quantity | unit | item | reason | owner
Head of Freight Pricing | Microsoft | PRICING |  | 2026-10 | 2027-03 | 71000 | USD/month |  | Run rate and two campaigns | Head of Freight Pricing
Head of Booking | AWS | BOOKING |  | 2026-10 | 2027-03 | 980000 | USD a year |  | Plan of the booking programme | Head of Booking
Head of Customer Care | AWS | PORTAL |  | 2026-10 | 2027-03 | 9 | % a year |  | Growth of customer accounts | Head of Customer Care
Head of Parcels | AWS | PARCEL |  | 2026-10 | 2027-03 | 66000 | parcels/day | Parcel handled | Peak season as last year, a little more | Head of Parcels
Head of Data | Google Cloud | LAKE | Storage | 2026-10 | 2027-03 | 575 | TB-month | Lake storage | Held at the end of the year | Head of Data
Head of Visibility | AWS | TRACKING |  | 2026-10 | 2027-03 | 38 | million requests/day | Tracking request | Counted at the gateway | Head of Visibility
Chief Information Officer | AWS |  |  | 2026-10 | 2027-03 | 4 | applications/year | Migrated application | Four a year, of the size of Dispatch | Chief Information Officer
""")

UNIT_RATES = rows("""
item | unit | per | price | currency | adds_up | reason | owner
Parcel handled | parcels/month | 1000 | 21.50 | USD |  | Cloud cost over parcels of the last quarter | Head of Parcels
Lake storage | GB-month |  | 0.0200 | EUR |  | Price of the storage class | Head of Data
Tracking request | requests/month | 1000 | 0.0700 | USD |  | Cloud cost over requests of the last quarter | Head of Visibility
Migrated application | applications/month |  | 29000 | USD | yes | What Dispatch has cost a month since its move | Head of Platforms
""")
