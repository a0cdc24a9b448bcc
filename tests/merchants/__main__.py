"""`python -m tests.merchants DIR`: every merchant of the roster, until standard input ends.

The first line that it prints is an object: the address of each, by the name of its system.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.merchants.roster import MERCHANTS
from tests.merchants.serving import served

if __name__ == "__main__":
    with served(MERCHANTS, Path(sys.argv[1])) as servers:
        print(json.dumps({name: server.address for name, server in servers.items()}), flush=True)
        sys.stdin.read()
