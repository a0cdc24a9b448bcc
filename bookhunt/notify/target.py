"""What a target is to the courier: it is told, or says why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import orjson

from bookhunt.wire.notices import message_of, notice_object, title_of

if TYPE_CHECKING:
    from bookhunt.model.notice import Event, Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A notice as it is told; the same bytes each time."""

    id: str
    event: Event
    title: str
    text: str
    request_id: str | None
    document: bytes  # `wire.notices.notice_object` as JSON

    @classmethod
    def of(cls, notice: Notice) -> Message:
        """The message that a notice is told with."""
        return cls(
            id=notice.id,
            event=notice.event,
            title=title_of(notice),
            text=message_of(notice),
            request_id=None if notice.request is None else notice.request.request.id,
            document=orjson.dumps(notice_object(notice)),
        )


class NotTold(Exception):
    """A target was not told. The text holds no secret and no address: it may be shown and kept.

    `for_good`: the target itself says that it will never take this. `after_s`: it asks for so much
    time.
    """

    def __init__(
        self, detail: str, *, for_good: bool = False, after_s: float | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.for_good = for_good
        self.after_s = after_s


class Target(Protocol):
    """Somebody to be told."""

    @property
    def title(self) -> str:
        """What it is called where people see it; no secret."""
        ...

    async def tell(self, message: Message) -> None:
        """Tell it, once, within a time of its own.

        Raises:
            NotTold: it may not know; telling again is harmless.
        """
        ...
