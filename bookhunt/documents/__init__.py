"""Closed YAML documents: every scalar is text, every key has a place, all mistakes come at once.

Definitions of sellers, the configuration and profiles are read here. A document is read in two
steps: `read_document` turns bytes into nodes that know their line and column and refuses what makes
YAML surprising (aliases, tags, duplicate keys); `validated` turns nodes into a closed model and
each disagreement into a `Mistake` at its place. Nothing here knows what a document is about.
"""

from bookhunt.documents.closed import Closed, Nullable, Plain, Truth, json_literal
from bookhunt.documents.mistakes import DocumentMistakes, Mistake
from bookhunt.documents.nodes import Document, DocumentPath, Mapping, Node, Place, Scalar, Sequence
from bookhunt.documents.reading import read_document, read_file
from bookhunt.documents.validation import validated
from bookhunt.documents.wording import Misfit, Misfits, did_you_mean

__all__ = [
    "Closed",
    "Document",
    "DocumentMistakes",
    "DocumentPath",
    "Mapping",
    "Misfit",
    "Misfits",
    "Mistake",
    "Node",
    "Nullable",
    "Place",
    "Plain",
    "Scalar",
    "Sequence",
    "Truth",
    "did_you_mean",
    "json_literal",
    "read_document",
    "read_file",
    "validated",
]
