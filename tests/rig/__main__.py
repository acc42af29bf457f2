"""``python -m tests.rig WRITER …``."""

import sys

from tests.rig import main

sys.exit(main(sys.argv[1:]))
