"""Merchants that speak as real shop systems do, each with its faults, and one ledger of orders."""
