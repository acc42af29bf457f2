"""As root, for ``doctor --trust``: reads a fixed list of closed files and hands their bytes over.

It parses nothing: the verb, without root, does. No link is followed to a file.
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

from releve.runtime.trust.machine import closed_files


def main(root: str) -> None:
    """Path from the root → content in base64, as one JSON object on the standard output."""
    found = {name: base64.b64encode(content).decode() for name, content in closed_files(Path(root))}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
