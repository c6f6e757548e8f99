"""Named faults, put into a copy of the tree one at a time: for each, a test must fail.

`make mutants` tries all of them, `make mutants ARGS="session_key four_eyes"` some, by any part of their names.
"""
