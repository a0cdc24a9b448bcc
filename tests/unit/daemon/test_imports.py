"""What the daemon does not carry about."""

from __future__ import annotations

import subprocess
import sys


def test_the_command_line_of_a_library_is_not_imported() -> None:
    """No terminal is there to use it; httpx itself is, and works without."""
    code = (
        "import sys, bookhunt.daemon.assembly, bookhunt.daemon.lifecycle, httpx\n"
        "assert httpx.AsyncClient\n"
        "print(*({'rich', 'pygments', 'typer'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []
