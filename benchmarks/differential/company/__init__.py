"""Which companies does the comparison run?  Small ones drawn from a seed: the same seed, the same bytes.

    seed, number → drawn → Company                 who it is: months, providers, what it has been given
    Company → make → folder                        params.yaml and every input that it names

    company = make(seed=1, number=7, root=folder, under=str(folder))     # folder/company-007/params.yaml can be run

Read `traits` (what is drawn), then `bills`, `books`, `own_cost`, `rules`, `feeds`, `plans` (a table or two each),
`amendments` (what comes in after a month is closed), `make`.
Nothing here imports the program that is compared: what a company is does not depend on how it is read.
"""
