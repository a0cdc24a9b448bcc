"""How the sellers of the street speak: one module per family."""

from bookhunt.simulated.dialects.cart import Cart
from bookhunt.simulated.dialects.decimal import DecimalComma
from bookhunt.simulated.dialects.dialect import Dialect
from bookhunt.simulated.dialects.graphql import GraphQL
from bookhunt.simulated.dialects.html import Html
from bookhunt.simulated.dialects.jsonld import JsonLd
from bookhunt.simulated.dialects.minor import Minor
from bookhunt.simulated.dialects.oauth import OAuth
from bookhunt.simulated.dialects.xml import Xml

__all__ = ["DIALECTS", "Dialect"]

DIALECTS: dict[str, type[Dialect]] = {
    "minor": Minor,
    "decimal": DecimalComma,
    "xml": Xml,
    "html": Html,
    "graphql": GraphQL,
    "cart": Cart,
    "oauth": OAuth,
    "jsonld": JsonLd,
}
