"""One file a command: its options, and the one call that does it.

Only click is imported at the top of these files, so that `ringwatch --help` answers at once; a command imports what it
runs when it runs.
"""
