"""``python -m releve.cli``: the verbs, without the root parent."""

import sys

from releve.cli.main import run

sys.exit(run())
