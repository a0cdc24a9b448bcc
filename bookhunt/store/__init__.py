"""How we remember: `ledger.db` for money, `cache.db` for what may be lost; one connection each."""
