"""One ring, packed for the police liaison: gathered, masked, written as a bag, sealed, logged; and checked again.

`terms` says who releases what on which ground, `gather` what goes in, `mask` under which names, `provenance` from which
bytes; `tables`, `sheets`, `machine`, `picture`, `report` write the files; `bag`, `seal`, `zipped`, `age` close the
bundle; `handover` remembers it; `bundle` does all that in order and `verify` takes it apart again.
"""
