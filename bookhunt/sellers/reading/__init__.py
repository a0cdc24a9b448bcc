"""How sellers' answers are read: bytes to trees, trees to rows, rows to offers or refusals.

Everything that can be compiled (JMESPath, XPath, CSS, patterns) is compiled when a definition is
loaded. Nothing here guesses: a price, a currency, an availability or an identity that cannot be
read exactly as declared ends as `Unreadable`, never as a default.

Everything here is synchronous and pure, bytes in and values out, so that a large answer may be read
in a thread. From the outside in:

    received                            one HTTP answer, parsed at most once for each format
    outcomes                            what it means by itself
    captures, forms                     what is kept of it for later steps
    quotes, orders, titles, rates       what a block's last answer says: the readers
    fields, amounts, copies, identity   the facts of one row
    rows, values, texts                 where a value stands, and what pattern and table make of it
    money, currencies, times, links     text to facts
    finders, literals, markup_finders   one compiled expression
    exact_json, linked_data, markup     bytes to trees
    charsets, hostile                   what guards the parsers
"""
