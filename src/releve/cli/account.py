"""``account``: who may enter, and activation codes given again on the console."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from releve.cli.options import HomeOption, JsonOption, open_home, write_json
from releve.kernel.clock import SystemClock

if TYPE_CHECKING:
    from releve.pages.models import Account

app = typer.Typer(no_args_is_help=True, help="Les comptes, vus de la console du serveur.")


@app.command("list")
def list_accounts(home: HomeOption = None, json: JsonOption = None) -> None:
    """Liste les comptes et leurs rôles."""
    _records(home)
    from releve.pages.models import Account

    accounts = list(Account.objects.all())
    write_json(json, [_figures(account) for account in accounts])
    if json == "-":
        return
    for account in accounts:
        state = "ouvert" if account.activated else "attend son code"
        print(f"{account.login:24} {account.name:28} {state}")
        for grant in account.grants.filter(revoked_at__isnull=True):
            print(f"{'':24} {grant.words} · {grant.perimeter}")
    if not accounts:
        print("Aucun compte : ./run account code donne le code du premier administrateur.")


@app.command()
def code(
    login: Annotated[
        str | None,
        typer.Argument(help="L'identifiant ; sans lui, le code du premier administrateur."),
    ] = None,
    forgotten: Annotated[
        bool,
        typer.Option(
            "--forgotten", help="Le compte est déjà ouvert : mot de passe et application oubliés."
        ),
    ] = False,
    home: HomeOption = None,
) -> None:
    """Donne un nouveau code d'activation ; les codes précédents ne servent plus."""
    _records(home)
    from releve.pages.grants import renew_on_console

    made = renew_on_console(login, forgotten=forgotten, now=SystemClock().now())
    sys.stdout.write(made + "\n")
    page = "/activation/" if login else "/premier-acces/"
    sys.stderr.write(f"À donner en main propre, sur la page {page} ; il sert une seule fois.\n")


@app.command("metrics-token")
def metrics_token(home: HomeOption = None) -> None:
    """Donne le jeton de la page de supervision ; le précédent ne sert plus."""
    from releve.runtime.supervision_token import renew

    sys.stdout.write(renew(open_home(home)) + "\n")
    sys.stderr.write(
        "À poser dans l'outil de supervision, pour /supervision/metriques, en-tête"
        " « Authorization: Bearer JETON ». Il ne sera plus montré.\n"
    )


def _figures(account: Account) -> dict[str, object]:
    return {
        "login": account.login,
        "name": account.name,
        "activated": account.activated,
        "roles": [
            {"role": grant.role, "perimeter": grant.perimeter}
            for grant in account.grants.filter(revoked_at__isnull=True)
        ],
    }


def _records(path: Path | None) -> None:
    from releve.runtime.records import use_records

    use_records(open_home(path))
