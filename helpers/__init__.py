"""FinOps and TBM on one page: cloud billing joined with the general ledger."""
