"""The demo company, Marlow Freight: a seeded generator of every input, with planted faults of known amount."""
