"""Numbers and truths in JMESPath as people write them: `quantity > 0`.

JMESPath wants its literals in backticks, and a bare number is a syntax error there; worse, a bare
`true` is a member of that name, which is not there, so that `in_stock == true` compares with
nothing. Beside a comparator neither can mean anything else than the literal, and so they are read.
"""

from __future__ import annotations

import re

_TOKENS = re.compile(
    r"""
      (?P<text>'(?:\\.|[^'\\])*' | "(?:\\.|[^"\\])*" | `(?:\\.|[^`\\])*`)
    | (?P<comparator>==|!=|<=|>=|<|>)
    | (?P<literal>(?<![\w.@\]\)-])
        (?:-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)(?![\w.(\[]))
    | (?P<space>\s+)
    | (?P<other>[A-Za-z0-9_.]+|.)
    """,
    re.VERBOSE | re.DOTALL,
)


def with_literals(expression: str) -> str:
    """The expression with backticks around each bare literal that stands beside a comparator."""
    tokens = [(match.lastgroup, match[0]) for match in _TOKENS.finditer(expression)]
    marked = [n for n, (kind, _) in enumerate(tokens) if kind == "literal"]
    solid = [n for n, (kind, _) in enumerate(tokens) if kind != "space"]
    place = {n: k for k, n in enumerate(solid)}
    texts = [text for _, text in tokens]
    for n in marked:
        k = place[n]
        beside = [tokens[solid[j]][0] for j in (k - 1, k + 1) if 0 <= j < len(solid)]
        if "comparator" in beside:
            texts[n] = f"`{texts[n]}`"
    return "".join(texts)
