"""The process that hunts: life cycle, the socket, routes, and the assembly of the adapters."""
