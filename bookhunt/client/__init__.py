"""Typed calls over the Unix socket, and a daemon started on first use. Standard library only."""

from bookhunt.client.calls import DaemonClient
from bookhunt.client.starting import holder_of, start_daemon, stop_daemon, wait_until_gone

__all__ = ["DaemonClient", "holder_of", "start_daemon", "stop_daemon", "wait_until_gone"]
