"""Measurements, each beside its reference in the same run: `nox -s bench -- NAME...`."""
