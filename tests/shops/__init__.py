"""Real shop systems, started on this machine and bought from: `nox -s shops`."""
