"""The process that hunts: life cycle, the socket, routes, and the assembly of the adapters."""

import sys

# httpx imports its own command line where click and rich are installed, which they are beside it:
# 3 MB of a daemon that has no terminal. Without that module it is what it is without its extra.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
