"""Who is at the other end of a Unix socket: both sides ask, and speak to their own user only."""

from __future__ import annotations

import os
import socket
import struct
from typing import Protocol

_UCRED = struct.Struct("3i")  # struct ucred of unix(7): pid, uid, gid


class ConnectedSocket(Protocol):
    """As much of a socket as is needed to ask."""

    def fileno(self) -> int:
        """The descriptor."""
        ...

    def getsockopt(self, level: int, option: int, size: int, /) -> bytes:
        """An option's value."""
        ...


def peer_uid(sock: ConnectedSocket) -> int:
    """The effective uid of the process that connected, or that listens there.

    Raises:
        OSError: the system does not tell, and then the peer is nobody's friend.
    """
    if hasattr(socket, "SO_PEERCRED"):  # Linux; the others have getpeereid(3)
        credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
        return int(_UCRED.unpack(credentials)[1])
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = ctypes.c_uint32(), ctypes.c_uint32()
    if libc.getpeereid(sock.fileno(), ctypes.byref(uid), ctypes.byref(gid)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return uid.value
