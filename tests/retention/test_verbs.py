"""``./run retention`` as people type it: what it prints, how it ends."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings
from typer.testing import CliRunner, Result

from releve.care.keys import MonthKeys
from releve.care.kit.build import up_to_date
from releve.cli.care import app as care
from releve.cli.retention import app
from releve.kernel.clock import SystemClock
from releve.kernel.errors import BadInput
from releve.kernel.home import Home, birth
from releve.kernel.world import World
from releve.retention.errors import NoPurge, NotTwoPeople, ShorteningNeedsTwo
from tests.care.messages import a01, a03, a28
from tests.retention.lived import B01, DPO, LEFT, receive, two

pytestmark = pytest.mark.django_db
SIGN = ("--name", "Mme Odile Ferrand", "--function", "directrice", "--date", "2026-11-02")


def _run(home: Home, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--home", str(home.path)], catch_exceptions=False)


def _figures(home: Home, *arguments: str) -> tuple[int, dict[str, Any]]:
    file = home.path.parent / "figures.json"
    done = _run(home, *arguments, "--json", str(file))
    return done.exit_code, json.loads(file.read_text("utf-8"))


def test_show_says_all_that_is_not_decided(records: Home) -> None:
    status, said = _figures(records, "show")
    assert (status, said["dpo"]) == (1, None)
    stores = {each["id"]: each for each in said["stores"]}
    assert stores["care.journal"]["months"] == stores["care.kits"]["months"] == 18
    assert stores["vault.objects"]["months"] is None
    assert not any(each["signed"] for each in said["stores"])
    text = _run(records, "show").output
    assert "DPO : non renseigné" in text and "non décidée ; non signée" in text


def test_from_the_first_signature_to_the_purge(records: Home) -> None:
    if not up_to_date():
        pytest.skip("kits non construits : python -m releve.care.kit.build")
    long_ago = SystemClock().now() - timedelta(days=31 * 20)
    month = f"{long_ago:%Y-%m}"
    receive(records, [a28(LEFT), a01(LEFT, B01, "1"), a03(LEFT, B01, "2")], long_ago)
    status, said = _figures(records, "check")
    assert (status, said["months"], said["unsigned"]) == (1, [month], ["care.journal"])
    assert "rien n'y est purgé" in _run(records, "check").output
    with pytest.raises(BadInput, match="n'est pas un jour"):
        _run(records, "dpo", "--name", DPO, "--date", "hier")
    assert _run(records, "dpo", "--name", DPO, "--date", "2026-11-02").exit_code == 0
    with pytest.raises(ShorteningNeedsTwo):
        _run(records, "sign", "care.journal", *SIGN, "--months", "3")
    assert "signée par Mme Odile Ferrand" in _run(records, "sign", "care.journal", *SIGN).output
    for alone in (("--as", "ferrand"), ("--with", "belkacem"), ()):
        with pytest.raises(NotTwoPeople):
            _run(records, "purge", *alone)
    with pytest.raises(NoPurge):
        _run(records, "purge", "--resume")
    assert MonthKeys(records).destroyed() == ()
    one, other = two(records)
    file = records.path.parent / "figures.json"
    arguments = ["purge", "--as", one.login, "--with", other.login, "--json", str(file)]
    done = CliRunner().invoke(
        app,
        [*arguments, "--home", str(records.path)],
        input=f"{one.code}\n{other.code}\n",
        catch_exceptions=False,
    )
    assert one.code not in done.output
    status, said = done.exit_code, json.loads(file.read_text("utf-8"))
    assert (status, said["purges"][0]["months"], said["purges"][0]["silent"]) == (0, 1, 3)
    assert MonthKeys(records).destroyed() == (month,)
    assert _figures(records, "check")[0] == 0


def test_nobody_forgets_a_month_alone_in_a_real_home(tmp_path: Path, settings: Settings) -> None:
    """``care forget`` is no way round: it takes the same two people."""
    real = birth(tmp_path / "reel", World.REAL, SystemClock().now())
    settings.HOME = real.path
    receive(real, [a28(LEFT)], datetime(2025, 1, 15, tzinfo=UTC))
    alone = ["forget", "2025-01", "--home", str(real.path)]
    with pytest.raises(NotTwoPeople, match="il manque un des deux comptes"):
        CliRunner().invoke(care, alone, catch_exceptions=False)
    with pytest.raises(NotTwoPeople, match="direction ou de DSI"):
        CliRunner().invoke(
            care, [*alone, "--as", "a", "--with", "b"], input="1\n2\n", catch_exceptions=False
        )
    assert MonthKeys(real).months() == ("2025-01",)
    one, other = two(real, "000000018")  # no department is « 00 »
    done = CliRunner().invoke(
        care,
        [*alone, "--as", one.login, "--with", other.login],
        input=f"{one.code}\n{other.code}\n",
        catch_exceptions=False,
    )
    assert done.exit_code == 0, done.output
    assert MonthKeys(real).months() == ()
