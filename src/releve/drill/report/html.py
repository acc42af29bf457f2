"""The report as one self-contained HTML file: no script, no request to anywhere, prints on A4.

Every word comes from :class:`~releve.drill.report.told.Told` and passes through ``html.escape``;
the only style sheet is inside the file and named by its hash in a content security policy that
forbids everything else.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from html import escape
from importlib.resources import files

from releve.drill.report import curves, hospital, timeline
from releve.drill.report.chapters import Chapter, Line
from releve.drill.report.curves import Plot
from releve.drill.report.drawings import Drawings
from releve.drill.report.inert import unbreaking
from releve.drill.report.recovered import Returned
from releve.drill.report.table import Finding, Row
from releve.drill.report.timeline import Lane
from releve.drill.report.told import Told

_HEADINGS = ("Mesuré", "Obtenu", "Visé", "Résultat", "Preuve")


def to_html(told: Told, drawn: Drawings) -> str:
    """The whole page."""
    body = [
        "<body>",
        _band(told),
        "<main>",
        *_opening(told),
        *_section("Ce qu'il faut décider", _list(told.decisions, "Aucune décision inscrite.")),
        *_time_line(drawn.lanes),
        *_chapters(told.chapters),
        *_order(told.order),
        *_map(told, drawn),
        *_curves(drawn.plots),
        *_measures(told),
        *_findings(told.findings),
        *_not_measured(told),
        *_section(
            "Qui a fait quoi",
            "<p>Des personnes auraient fait ces gestes ; le simulateur les a faits par les mêmes"
            " portes qu'elles (compte, session, approbation).</p>"
            + _list(told.played_acts, "Aucun acte n'a été joué à la place d'une personne."),
        ),
        *_section("Conditions de l'exercice", _pairs(told.conditions)),
        *_proof(told),
        "</main></body></html>\n",
    ]
    return _head(told, _style(told)) + "\n" + unbreaking("\n".join(part for part in body if part))


def _style(told: Told) -> str:
    """The style sheet, with this report's running foot; the text is quoted for CSS."""
    running = f"{told.scenario} · graine {told.seed} · établi le {told.written}"
    quoted = "".join(c if c.isalnum() or c in " ·:,-" else f"\\{ord(c):x} " for c in running)
    sheet = files("releve.drill.report").joinpath("report.css").read_text("utf-8")
    return sheet.replace("var(--running)", f'"{quoted}"')


def _head(told: Told, style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return (
        '<!doctype html>\n<html lang="fr">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>SIMULATION · {escape(told.title)} · graine {told.seed}</title>\n"
        f"<style>{style}</style>\n</head>"
    )


def _band(told: Told) -> str:
    return (
        f'<header class="band"><p><b>SIMULATION</b> {escape(told.scenario)} · graine {told.seed}'
        " · diffusion : direction, DSI, RSSI</p></header>"
    )


def _opening(told: Told) -> list[str]:
    sentences = "".join(f"<p>{escape(sentence)}</p>" for sentence in told.sentences)
    verdict = f"{'●' if told.held else '○'} {told.verdict}"
    return [
        f"<h1>{escape(told.title)}</h1>",
        f'<p class="soft">Exercice joué le {escape(told.played)}</p>',
        f'<p class="verdict{"" if told.held else " bad"}">{escape(verdict)}</p>',
        f'<p class="sabotage">{escape(told.sabotage)}</p>' if told.sabotage else "",
        f'<div class="repeat">{sentences}</div>',
        f'<p class="soft">{escape(told.limit)}</p>',
    ]


def _time_line(drawn: tuple[Lane, ...]) -> list[str]:
    rows = "".join(
        f'<tr><th scope="row">{escape(lane.name)}</th><td>{len(lane.stories)}</td>'
        f"<td>{lane.first}</td><td>{lane.last}</td></tr>"
        for lane in drawn
    )
    table = _table("La même frise, en chiffres", ("Ligne", "Nombre", "Début", "Fin"), rows)
    empty = "<p>Aucun événement n'a été noté.</p>"
    return _section("La nuit d'un coup d'œil", timeline.draw(drawn) + table if drawn else empty)


def _chapters(chapters: tuple[Chapter, ...]) -> list[str]:
    body = "".join(
        f"<h3>{escape(chapter.heading)}</h3>"
        + (f"<p>{escape(chapter.told)}</p>" if chapter.told else "")
        + "<ol class='lines'>"
        + "".join(_line(line) for line in chapter.lines)
        + "</ol>"
        for chapter in chapters
    )
    return _section("La nuit, heure par heure", body or "<p>Aucun événement n'a été noté.</p>")


def _map(told: Told, drawn: Drawings) -> list[str]:
    if not drawn.spots:
        return []
    rows = "".join(
        f'<tr><th scope="row">{escape(layer)}</th><td>{escape(word)}</td>'
        f"<td>{escape(names)}</td></tr>"
        for layer, word, names in told.map
    )
    return _section(
        "La carte : ce qui s'est arrêté, ce qui est revenu",
        f"<p>{escape(told.reached)}</p>"
        + _scrolled("La carte, dessinée", hospital.draw(drawn.spots))
        + _table("La même carte, en mots", ("Colonne", "État", "Lesquels"), rows),
    )


def _order(order: tuple[Returned, ...]) -> list[str]:
    if not order:
        return []
    body = "".join(f"<li>{_returned(one)}</li>" for one in order)
    return _section(
        "L'ordre de reprise suivi, et pourquoi",
        "<p>Le temps mesuré est celui des machines simulées ; la durée que l'hôpital prévoit est"
        f' celle de sa carte.</p><ol class="order">{body}</ol>',
    )


def _returned(one: Returned) -> str:
    took = f", en {one.took}" if one.took else ""
    planned = f" (prévu par l'hôpital : {one.planned})" if one.planned else ""
    return (
        f"<b>{escape(one.name)}</b> : {escape(one.when)}{escape(took)}{escape(planned)}."
        f'<span class="mean">Pourquoi : {escape(one.why)}.</span>'
    )


def _curves(plots: tuple[Plot, ...]) -> list[str]:
    if not plots:
        return []
    return _section("Trois courbes", "".join(_curve(plot) for plot in plots))


def _curve(plot: Plot) -> str:
    twin = curves.figures(plot)
    rows = "".join(
        f'<tr><th scope="row">{hour}</th>' + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
        for hour, cells in twin.lines
    )
    caption = f"En chiffres ({plot.unit})"
    return (
        f'<div class="curve"><h3>{escape(plot.title)}</h3><p>{escape(plot.said)}</p>'
        f"{curves.draw(plot)}{_table(caption, ('Depuis', *twin.columns), rows)}</div>"
    )


def _table(caption: str, heads: Iterable[str], rows: str) -> str:
    shown = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    table = (
        f"<table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{shown}</tr></thead><tbody>{rows}</tbody></table>"
    )
    return _scrolled(caption, table)


def _scrolled(name: str, body: str) -> str:
    """A region that scrolls sideways on a telephone, by the keyboard too."""
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(name)}">{body}</div>'
    )


def _line(line: Line) -> str:
    word = f"<b>{escape(line.word)}</b> " if line.word else ""
    by = " · ".join(escape(part) for part in (line.who, line.evidence) if part)
    return (
        f'<li class="{escape(line.kind)}"><time>{line.hour}</time><div>{word}{escape(line.text)}'
        f' <span class="by">({by})</span></div></li>'
    )


def _measures(told: Told) -> list[str]:
    heads = "".join(f'<th scope="col" role="columnheader">{h}</th>' for h in _HEADINGS)
    rows = "".join(_row(row) for row in told.rows)
    return _section(
        "Ce qui a été mesuré",
        '<table class="stack" role="table">'
        f"<caption>Exercice du {escape(told.played)}. Chaque preuve est un numéro du"
        " registre.</caption>"
        f'<thead role="rowgroup"><tr role="row">{heads}</tr></thead>'
        f'<tbody role="rowgroup">{rows}</tbody></table>',
    )


def _row(row: Row) -> str:
    cells = (
        ("Obtenu", "obtained", row.obtained),
        ("Visé", "aimed", row.aimed),
        ("Résultat", "state", row.state),
        ("Preuve", "proof", row.evidence),
    )
    return (
        f'<tr role="row" class="{row.kind}"><th scope="row" role="rowheader">{escape(row.name)} '
        f'<span class="mean">{escape(row.meaning)} Vu par : {escape(row.seen_by)}.</span></th>'
        + "".join(
            f'<td role="cell" data-label="{label}" class="{kind}"><span>{escape(text)}</span></td>'
            for label, kind, text in cells
        )
        + "</tr>"
    )


def _findings(findings: tuple[Finding, ...]) -> list[str]:
    if not findings:
        return _section("Ce qui n'a pas tenu", "<p>Rien : chaque cible a été tenue.</p>")
    body = "".join(
        f'<div class="finding"><h3>{escape(f.state)} : {escape(f.name)}</h3>'
        f"<p>{escape(f.seen)}.</p><p>{escape(f.meaning)}</p>"
        f"<p><b>À faire :</b> {escape(f.remedy)}</p><p><b>Qui :</b> {escape(f.who)}</p></div>"
        for f in findings
    )
    return _section("Ce qui n'a pas tenu", body)


def _not_measured(told: Told) -> list[str]:
    lines = [f"{name} : {reason}" for name, reason in told.not_measured]
    body = _list(lines, "Toutes les mesures prévues ont été prises.")
    body += (
        "<p>Un exercice simulé ne mesure jamais : le temps de réaction de vos équipes, vos propres"
        " machines, vos fournisseurs.</p>"
    )
    return _section("Non mesuré", body)


def _proof(told: Told) -> list[str]:
    return _section(
        "Vérifier la preuve sans nous",
        "<p>Sur une autre machine, avec Python seul, l'export du registre de cet exercice se"
        " vérifie ainsi :</p><pre><code>./run ledger export EXPORT --home DOSSIER-DE-L-EXERCICE\n"
        "python3 -I EXPORT/verify.py EXPORT</code></pre>"
        "<p>Le programme répond « cohérent, NON ANCRÉ » et donne l'empreinte de la clé : elle doit"
        " être celle notée à part, sur papier ou chez un témoin, et se lire ici :</p>"
        + _pairs(told.anchors, "code"),
    )


def _section(title: str, body: str) -> list[str]:
    return ["<section>", f"<h2>{title}</h2>", body, "</section>"]


def _list(items: Iterable[str], empty: str) -> str:
    shown = "".join(f"<li>{escape(item)}</li>" for item in items)
    return f"<ul>{shown}</ul>" if shown else f"<p>{empty}</p>"


def _pairs(pairs: Iterable[tuple[str, str]], tag: str = "span") -> str:
    shown = "".join(
        f"<dt>{escape(label)}</dt><dd><{tag}>{escape(text)}</{tag}></dd>" for label, text in pairs
    )
    return f"<dl>{shown}</dl>"
