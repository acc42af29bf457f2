"""``python -m releve``: as root, the gate; else the verb itself."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> int:
    """Exit status of the verb."""
    if os.geteuid() == 0:
        from releve.kernel.errors import ReleveError
        from releve.runtime.gate import open_gate

        try:
            root = os.environ.get("RELEVE_ROOT") or Path(__file__).resolve().parents[2]
            return open_gate(sys.argv[1:], Path(root))
        except ReleveError as error:
            sys.stderr.write(f"{error}\n→ {error.remedy}\n")
            return error.exit_code
    from releve.cli.main import run

    return run()


if __name__ == "__main__":
    sys.exit(main())
