"""The command line: one file per command, and what they share in printing and ending."""
