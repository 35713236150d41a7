"""Cloud billing joined with the general ledger: the helpers behind the notebooks.

Begin with walk: it is the whole data flow on one screen.  Each step has its tables, checks and words for the page of
the same name; what works them out lies below it.

    step            page              works it out
    billing         billed, fields    billing/ (formats, deliveries, cube), cache, rates
    mapping         mapped            mapping, services, rulebook, taxonomy, tags; coverage, tagged, worklist, moves, rulecheck
    reconciliation  reconciliation    ledger, typed, answering, valuing, matching, settlement, carried, bridge; lagged, threeway,
                                      sides, accrued, trueup, prepaid, openitems
    chargeback      chargeback        costs, pools, allocation, receivers, charges; shared, disputes
    to each owner   (statements)      charging, changes, owners, statements, bookings, trace, journal
    tco             tco, profile      cells, origins, burden, grid; layers, span, ratecards, unitcosts, storage, labourcost, depreciation,
                                      tcotrace
    forecast        projected,        forecast, past, panel, events, choice, ensemble (smoothing, seasonal, widths), methods, coherent, agreed,
                    forecast_words    track, planned, fiscal; picks, submitted (units, unit_names), driven, whatif, underway (landing)
    closed months   (index)           kept, amendments

    what a month is given       given, feeds, params, settings, plainyaml, values, inputs, codebook, problems
    how pages look              page, charts, charts_canvas, charts_time, house
    how a month is published    report, batch, runner, render, publish, index, program, templates/
    small bases                 money, periods, globs, checks, errors, optional
    commands                    __main__, command_line, start (formats, draft), setup, environment, demo/
"""

import gc

gc.set_threshold(100000, 50, 100)  # a month is many small objects and hardly a cycle: looking for those took a tenth of the time
