"""The web part under the name that ``bench/pages.py`` starts it by."""

from __future__ import annotations

from releve.runtime.part import run
from releve.runtime.web import serve

if __name__ == "__main__":
    run("web", serve)
