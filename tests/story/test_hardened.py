"""The daemon works within what its unit allows: no memory that is written and then executed."""

import ctypes
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.story.world import program_environment

pytestmark = pytest.mark.story
_SET_NO_NEW_PRIVS, _SET_MDWE = 38, 65  # prctl(2); both are inherited by what is started
_DEMO = f"""
import ctypes, os, sys
prctl = ctypes.CDLL(None).prctl
if prctl({_SET_NO_NEW_PRIVS}, 1, 0, 0, 0) or prctl({_SET_MDWE}, 1, 0, 0, 0):
    sys.exit(99)
program = "from bookhunt.cli.main import run; run()"
os.execv(sys.executable, [sys.executable, "-c", program, "demo", "--json"])
"""


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes, "CDLL"), reason="prctl is of Linux"
)
def test_it_buys_where_memory_is_never_both_written_and_executed(tmp_path: Path) -> None:
    """What MemoryDenyWriteExecute=yes and NoNewPrivileges=yes of the unit mean to the kernel."""
    shown = subprocess.run(
        [sys.executable, "-c", _DEMO],
        capture_output=True,
        text=True,
        check=False,
        env=program_environment(None, TMPDIR=str(tmp_path)),
    )
    if shown.returncode == 99:
        pytest.skip("the kernel is older than 6.3")
    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout)["status"] == "SUCCESS"
