"""Calls about watches. A part of `DaemonClient`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RUNS_WITHIN_S = 60.0  # a look takes seconds; the daemon answers after thirty at the latest


class WatchCalls:
    """What `DaemonClient` can do with watches."""

    if TYPE_CHECKING:

        def _object(self, name: str, **how: Any) -> dict[str, Any]: ...
        def _list(self, name: str, **how: Any) -> list[dict[str, Any]]: ...

    def add_watch(self, watch: Mapping[str, Any]) -> dict[str, Any]:
        """Keep a watch; its `id` makes the call one that can be made twice.

        Raises:
            InputError, ProfileMissing, NotFound: what is wrong with it.
            StateConflict: there is another one of that id.
        """
        return self._object("watch.add", body=watch)

    def watches(self, *, states: tuple[str, ...] = (), page: int = 100) -> Iterator[dict[str, Any]]:
        """Every watch that is not removed, by id; `page` at a call, at most 500."""
        query: list[tuple[str, str]] = [("state", state) for state in states]
        query.append(("limit", str(page)))
        after = ""
        while found := self._list("watch.list", query=[*query, ("after", after)]):
            yield from found
            after = str(found[-1]["id"])

    def watch(self, watch_id: str) -> dict[str, Any]:
        """One watch, by its id or the beginning of it.

        Raises:
            NotFound, InputError: there is none, or several begin so.
        """
        return self._object("watch.show", parts={"watch_id": watch_id})

    def edit_watch(self, watch_id: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change what is named; the watch."""
        return self._object("watch.edit", parts={"watch_id": watch_id}, body=changes)

    def pause_watch(self, watch_id: str) -> dict[str, Any]:
        """Look and buy no more until it is resumed; the watch."""
        return self._object("watch.pause", parts={"watch_id": watch_id})

    def resume_watch(self, watch_id: str) -> dict[str, Any]:
        """Look again; the watch."""
        return self._object("watch.resume", parts={"watch_id": watch_id})

    def run_watch(self, watch_id: str) -> dict[str, Any]:
        """Look now; the watch after it."""
        return self._object("watch.run", parts={"watch_id": watch_id}, within_s=RUNS_WITHIN_S)

    def remove_watch(self, watch_id: str) -> dict[str, Any]:
        """Forget a watch; what it bought stays bought."""
        return self._object("watch.remove", parts={"watch_id": watch_id})
