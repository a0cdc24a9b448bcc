"""Buys the cheapest available copy of a book from a network of online booksellers."""

__version__ = "0.1.0"
