"""The web part and patients' pages: ``python -m tests.care.pages.web_part --home DIR``."""

from __future__ import annotations

from releve.runtime.part import Part, run
from releve.runtime.records import use_records
from releve.runtime.web import serve
from tests.care.pages.wiring import wire, wire_urls


def main(part: Part) -> None:
    """Serve as ``runtime.web`` does."""
    wire(part.home)
    use_records(part.home)
    wire_urls()
    serve(part)


if __name__ == "__main__":
    run("web", main)
