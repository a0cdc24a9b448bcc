"""How sellers are asked and ordered from: each is described by a document, never by code."""
