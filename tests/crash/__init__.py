"""Kills bookhunt wherever it can be killed, and counts the orders at the sellers."""
