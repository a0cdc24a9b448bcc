"""What passes over the wire of the street: one request, one answer, and what a request is about."""

import gzip
import hashlib
from enum import StrEnum
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote

_PHRASES = {status.value: status.phrase for status in HTTPStatus}
# Below this a compressed body is no smaller in packets, and real shops do not compress it either.
_GZIP_FROM_BYTES = 256


class Operation(StrEnum):
    """What a request asks of a seller; faults and counts are kept per operation."""

    QUOTE = "quote"  # which offers are there, at which price
    CART = "cart"  # put something into a basket; reversible
    PRICE = "price"  # what the basket costs with shipping; reversible
    COMMIT = "commit"  # the request that spends money
    FIND = "find"  # which orders carry this reference
    CANCEL = "cancel"  # take an order back
    TOKEN = "token"  # noqa: S105 - the name of an operation: an access token is asked for
    OTHER = "other"  # a path that this seller does not have


class Request:
    """One request as it was read: the names of headers are in lower case, the query is decoded."""

    __slots__ = ("_query", "body", "headers", "method", "path", "query_text")

    def __init__(self, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        path, _, query_text = target.partition("?")
        self.method = method
        self.path = unquote(path) if "%" in path else path
        self.query_text = query_text
        self.headers = headers
        self.body = body
        self._query: dict[str, str] | None = None

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the query; of a repeated one the last."""
        if self._query is None:
            self._query = dict(parse_qsl(self.query_text, keep_blank_values=True))
        return self._query

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form sent as application/x-www-form-urlencoded."""
        text = self.body.decode("utf-8", "replace")
        return dict(parse_qsl(text, keep_blank_values=True))

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies the client sent."""
        pairs = (part.strip().partition("=") for part in self.headers.get("cookie", "").split(";"))
        return {name: value for name, _, value in pairs if name}

    @property
    def body_hash(self) -> str:
        """SHA-256 of the body in hexadecimal; empty for a request without one."""
        return hashlib.sha256(self.body).hexdigest() if self.body else ""

    @property
    def takes_gzip(self) -> bool:
        """Whether the client said that it reads gzip; nobody else is sent any."""
        return "gzip" in self.headers.get("accept-encoding", "")


class Answer:
    """One answer; its bytes on the wire are made once and kept, a quote is sent many times."""

    __slots__ = ("_gzipped", "_plain", "body", "content_type", "headers", "status")

    def __init__(
        self,
        status: int,
        body: bytes,
        content_type: str = "application/json",
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.status = status
        self.body = body
        self.content_type = content_type
        self.headers = headers
        self._plain: bytes | None = None
        self._gzipped: bytes | None = None

    def wire(self, *, gzipped: bool) -> bytes:
        """The whole answer as bytes, compressed where the client asked and it is worth it."""
        if gzipped and len(self.body) >= _GZIP_FROM_BYTES:
            if self._gzipped is None:
                packed = gzip.compress(self.body, 5, mtime=0)
                self._gzipped = self.head(len(packed), encoding="gzip") + packed
            return self._gzipped
        if self._plain is None:
            self._plain = self.head(len(self.body)) + self.body
        return self._plain

    def head(self, length: int, *, encoding: str = "") -> bytes:
        """The status line and headers of a body of so many bytes."""
        lines = [
            f"HTTP/1.1 {self.status} {_PHRASES.get(self.status, 'Unknown')}",
            f"Content-Type: {self.content_type}",
            f"Content-Length: {length}",
        ]
        if encoding:
            lines += [f"Content-Encoding: {encoding}", "Vary: Accept-Encoding"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class Call:
    """A request as its seller understands it, and how a fault bends its answer."""

    __slots__ = ("day", "key", "operation", "raise_minor", "reference", "request", "seq", "twist")

    def __init__(
        self, request: Request, operation: Operation, *, key: str = "", reference: str = ""
    ) -> None:
        self.request = request
        self.operation = operation
        self.key = key
        self.reference = reference
        self.seq = 0  # the ledger's number of this arrival
        self.day = 0  # how often the street had been emptied when this arrived
        self.twist = ""  # the behaviour of the fault in force, where the seller itself plays it
        self.raise_minor = 0  # by how much that fault raises the total
