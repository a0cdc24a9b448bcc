"""How sellers' answers are read: bytes to trees, trees to rows, rows to offers or refusals.

Everything that can be compiled (JMESPath, XPath, CSS, patterns) is compiled when a definition is
loaded. Nothing here guesses: a price, a currency, an availability or an identity that cannot be
read exactly as declared ends as `Unreadable`, never as a default.
"""
