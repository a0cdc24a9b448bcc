"""`bookhunt sellers new` and `sellers schema`: what somebody needs to write a definition."""

import os
from typing import Annotated

import typer

from bookhunt.cli.output import Terminal
from bookhunt.home.names import require_seller_id
from bookhunt.home.paths import Home
from bookhunt.model.errors import InputError, SetupMissing

_SKELETON = """\
# A seller in one file: how to ask it for a price, and how to order. The manual of this language is
# sellers.d/README.md in the project; `bookhunt sellers schema` prints its JSON Schema for editors.
# Check it with `bookhunt sellers test {id}`; until it is right, nobody is asked.
schema: 1
id: {id}
name: {id}
homepage: https://www.shop.example
base_url: https://api.shop.example
currency: USD # of prices that name none
ships_to: [US]
conditions: [new]
purchase_mode: link # link: you get the address | none: prices only | auto: bookhunt orders

# What `bookhunt sellers login {id}` asks for, and where it is sent.
# secrets:
#   api_key: {{prompt: "API key"}}
# auth:
#   - {{kind: header, name: X-Api-Key, value: "{{secrets.api_key}}"}}

limits: {{per_second: 5, concurrency: 4, timeout_ms: 2500, quote_ttl_s: 60}}

quote:
  asks_by: [isbn13] # isbn13, isbn10, title: the first that a book has
  steps:
    - request: {{path: "/v1/books/{{asked.isbn13}}"}}
  outcomes: # read before anything else; the first that fits wins
    - {{when: {{status: 404}}, is: not_stocked}}
  rows: "offers[]" # JMESPath; absent: the whole answer is the one row
  fields:
    item: {{at: sku}}
    isbn: {{at: ean}} # or title: what is not the book that was asked for is never bought
    price: {{at: price, unit: major}} # minor: cents | major: 24.99
    shipping: {{at: postage, unit: major}} # or {{const: "4.95"}}, {{unknown: true}}
    tax: {{included: true}}
    condition: {{const: new}}
    available: {{at: in_stock}}
    url: {{at: link}}

# How to order: exactly one step spends. See `purchase`, `find_order` in the manual.

examples:
  - name: one offer
    operation: quote
    given: {{isbn13: "9781449373320"}}
    exchanges:
      - expect: {{method: GET, path: /v1/books/9781449373320}}
        answer:
          status: 200
          body: |
            {{"offers": [{{"sku": "A1", "ean": "9781449373320", "price": "21.00", "postage": "3.99",
              "in_stock": true, "link": "https://www.shop.example/A1"}}]}}
    then: {{offers: [{{item: A1, total: "24.99", currency: USD}}]}}
  - name: not stocked
    operation: quote
    given: {{isbn13: "9781449373320"}}
    exchanges: [{{answer: {{status: 404}}}}]
    then: {{reason: not_stocked}}
"""


def new(
    terminal: Terminal,
    seller_id: Annotated[str, typer.Argument(metavar="ID", help="Lower-case letters, digits, -.")],
) -> None:
    """Write a commented skeleton of a definition into your sellers' folder."""
    require_seller_id(seller_id)
    home = Home.find()
    home.prepare()
    home.sellers_dir.mkdir(mode=0o700, exist_ok=True)
    path = home.sellers_dir / f"{seller_id}.yaml"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        with open(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor
            file.write(skeleton(seller_id))
    except FileExistsError:
        raise InputError(
            f"{path} is there already", hint=f"bookhunt sellers test {seller_id}"
        ) from None
    except OSError as error:
        raise SetupMissing(f"{path} cannot be written: {error.strerror}") from error
    if terminal.wants_objects:
        terminal.thing({"id": seller_id, "file": str(path)}, ("id", "file", "schema_version"))
        return
    terminal.line(str(path))
    terminal.notice(f"fill it in, then: bookhunt sellers test {seller_id}")


def skeleton(seller_id: str) -> str:
    """The text of a definition to start from; it is complete, and its examples pass."""
    return _SKELETON.format(id=seller_id)


def schema(terminal: Terminal) -> None:
    """Print the JSON Schema of definitions, for editors."""
    # The shipped file: a test holds it against the models, and their import is what would be slow.
    from bookhunt.sellers.loading_files import shipped_folder

    terminal.line((shipped_folder() / "schema.json").read_text(encoding="utf-8").rstrip("\n"))
