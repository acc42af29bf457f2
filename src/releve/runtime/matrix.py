"""The table of rights as the threat model prints it: one line per place, one column per part."""

from __future__ import annotations

import sys

from releve.runtime.accounts import Table, table

BEGIN, END = "<!-- accounts.toml -->", "<!-- /accounts.toml -->"
_SHOWN = {"x": "·", "r": "lit", "rw": "**écrit**", "create": "crée", "connect": "parle"}
_FILES = {"r": "lit", "rw": "écrit", "w": "écrase sans lire"}


def matrix(rights: Table) -> str:
    """Markdown, between :data:`BEGIN` and :data:`END`."""
    names = [row.name for row in rights.parts]
    lines = [
        f"| place | {' | '.join(names)} |",
        f"|---|{'---|' * len(names)}",
    ]
    for place in rights.places:
        cells = []
        for name in names:
            word = place.rights.get(name, "")
            below = place.files.get(name, "")
            shown = _SHOWN.get(word, "–")
            if below and below != word:
                shown += f" (fichiers : {_FILES[below]})"
            elif place.files and not below and word == "r":
                shown += " (noms seuls)"
            cells.append(shown)
        label = f"{place.what} (`{place.path}`)"
        lines.append(f"| {label} | {' | '.join(cells)} |")
    listening = ["oui" if row.streams else "non" for row in rights.parts]
    lines.append(f"| reçoit une prise d'écoute | {' | '.join(listening)} |")
    lines.append(f"| mémoire, environnement des autres pièces | {' | '.join('–' for _ in names)} |")
    for fence in rights.fences:
        lines.append(f"| {fence} | {' | '.join('non éprouvé ici' for _ in names)} |")
    return f"{BEGIN}\n" + "\n".join(lines) + f"\n{END}"


if __name__ == "__main__":
    sys.stdout.write(matrix(table()) + "\n")
