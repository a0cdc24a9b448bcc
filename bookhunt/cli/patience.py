"""How long a command waits: what it was told, else the configuration, else a minute."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bookhunt.cli.durations import seconds
from bookhunt.model.errors import InputError

if TYPE_CHECKING:
    from bookhunt.home.paths import Home

_DEFAULT_S = 60.0  # of `defaults.timeout_s`
_VARIABLE = "BOOKHUNT_DEFAULTS_TIMEOUT_S"


def timeout_s(home: Home, said: str | None) -> float:
    """Seconds to wait for an outcome.

    Raises:
        InputError: what was said is no duration, or the configuration is wrong.
    """
    if said is not None:
        return seconds(said)
    if not _is_configured(home):
        return _DEFAULT_S
    # Reading the configuration costs more than all else a command does, so only where it may help.
    from bookhunt.home.config import load_config

    return float(load_config(home).defaults.timeout_s)


def _is_configured(home: Home) -> bool:
    if _VARIABLE in os.environ:
        return True
    try:
        return b"timeout_s" in home.config_file.read_bytes()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise InputError(f"{home.config_file} cannot be read: {error.strerror}") from error
