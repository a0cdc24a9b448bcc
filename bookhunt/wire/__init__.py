"""The contract of the socket: routes, names, shapes and error codes, the same for both sides."""
