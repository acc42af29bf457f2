"""A home that lived: a patient of an expired month, one who is still in bed, kits of both times."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from releve.care.kit import freeze, publish_all, renew, thaw
from releve.care.opening import opened
from releve.care.views import Views, views_path
from releve.establishment import load
from releve.kernel.clock import ManualClock
from releve.kernel.home import Home, birth
from releve.kernel.ids import machine_name
from releve.kernel.perimeter import perimeter
from releve.kernel.world import World
from releve.retention.signing import Signer
from releve.runtime import crisis
from releve.runtime.care_verbs import replay
from releve.runtime.ledger import open_ledger
from releve.runtime.records import use_records
from releve.runtime.retention import AtConsole, decide_on_console, enter_officer, sign_line
from releve.vault.enrolment import enrol
from releve.vault.restic import Restic
from tests.care.messages import Bed, Someone, a01, a03, a28, al1, mdm, oru, rde
from tests.care.pages.hospital import write_folder
from tests.web.samples import EJ

if TYPE_CHECKING:
    from releve.retention.app.models import Purge

MARKER = "ZZMARQUEZZ"
LEFT = Someone("770001", MARKER, "Zoé")
STAYS = Someone("770002", "RESTE", "Rosalie")
NEW = Someone("770003", "NOUVEAU", "Nadia")
ALONE = Someone("770004", f"{MARKER}-SEUL", "Léon")
B01, B02 = Bed("CHIR-B", "1", "B01", "S1"), Bed("CHIR-B", "2", "B02", "S2")
B03, C01 = Bed("CHIR-B", "3", "B03", "S3"), Bed("CHIR-C", "1", "C01", "S4")
#: Kept, and not read: it has no number.
_UNREAD = f"MSH|^~\\&|LABO|CHV|R|V|20250115||ORU^R01|Q1|P|2.5\rPID|1||||{MARKER}\r".encode()
#: When the marker patient was there, and when somebody looks back.
THEN = datetime(2025, 1, 15, 10, tzinfo=UTC)
NOW = datetime(2026, 11, 29, 4, tzinfo=UTC)
EXPIRED = "2025-01"
DPO, DAY = "Mme Garance Tissier", date(2026, 11, 2)


def receive(home: Home, messages: Sequence[bytes], when: datetime) -> None:
    """Through the real intake and projection, as if they came at ``when``."""
    done = replay(home, "essai.hl7", b"".join(messages), ManualClock(when))
    assert done.taken == len(messages), done


def make_kits(home: Home, now: datetime) -> None:
    """A kit of every ward, as of ``now``."""
    made = list(
        publish_all(
            home, Views(views_path(home)), now, timedelta(minutes=15),
            silence=timedelta.max, accepted=True,
        )
    )  # fmt: skip
    assert made


def long_ago(home: Home) -> None:
    """January 2025: two stays that ended, each with everything; a file opened; kits."""
    receive(
        home,
        [
            a28(LEFT, al1(f"{MARKER}-ALLERGIE")),
            a01(LEFT, B01, "1", at="20250115100000"),
            rde(LEFT, B01, "P1", f"{MARKER}-MEDICAMENT"),
            oru(LEFT, B01, "L1", "Potassium", f"{MARKER}-RESULTAT"),
            mdm(LEFT, B01, "D1", "Compte rendu", f"Texte {MARKER}-DOCUMENT"),
            a01(ALONE, C01, "4", at="20250115100000"),
            _UNREAD,
        ],
        THEN,
    )
    make_kits(home, THEN)
    look(home, LEFT, THEN, 1)
    receive(
        home,
        [a03(LEFT, B01, "2", at="20250116100000"), a03(ALONE, C01, "5", at="20250116100000")],
        THEN + timedelta(days=1),
    )


def today(home: Home) -> None:
    """Patients who are in bed now, and kits of now."""
    receive(home, [a28(NEW), a01(NEW, B03, "3", at="20261120100000")], NOW - timedelta(days=9))
    make_kits(home, NOW - timedelta(minutes=20))


def look(home: Home, who: Someone, when: datetime, number: int) -> str:
    """Somebody opens a file; what the ledger commits to."""
    key = Views(views_path(home)).find(who.name)[0].key
    fact = opened(
        home, patient=key, where=perimeter(EJ), who="compte 1", door="page", when=when,
        origin="essai.pages", number=number,
    )  # fmt: skip
    with open_ledger(home) as ledger:
        ledger.append(fact)
    return fact.commitments["patient"]


def agree(home: Home, *ids: str) -> None:
    """The DPO is entered; these lines are signed as they stand."""
    enter_officer(home, DPO, DAY, NOW)
    for id in ids or ("care.journal",):
        sign_line(home, id, Signer("Mme Odile Ferrand", "directrice", DAY), None, NOW)


def two(home: Home, where: str = EJ) -> tuple[AtConsole, AtConsole]:
    """The director and the head of IT, at the console, each with an unused code of their sheet."""
    use_records(home)
    from allauth.mfa.models import Authenticator

    from releve.pages.models import Account, Place
    from releve.pages.roles import Role
    from tests.pages.people import account, enrol

    Place.objects.get_or_create(perimeter=where, defaults={"name": "CH de Valbrume"})
    people = []
    for login, role in (("ferrand", Role.DIRECTION), ("belkacem", Role.DSI)):
        who = Account.objects.filter(login=login).first()
        if who is None:
            who = account(login, (role, where))
            enrol(who)
        sheet = Authenticator.objects.get(user=who, type="recovery_codes").wrap()
        people.append(AtConsole(login, str(sheet.get_unused_codes()[0])))
    return people[0], people[1]


def decide(home: Home, now: datetime = NOW) -> Purge:
    """Both decide to purge what is due."""
    return decide_on_console(home, *two(home), now)


def _live(path: Path) -> None:
    """Everything a home may come to hold, by the product's own doors."""
    home = birth(path, World.DRILL, THEN)
    use_records(home)
    long_ago(home)
    today(home)
    agree(home)
    folder = write_folder(path.parent / "hopital")
    for hours in (2, 1):
        load(home, folder, NOW - timedelta(hours=hours))
    crisis.open_crisis(home, "essai", NOW)
    freeze(home, NOW, "essai")
    crisis.write(home, "Vu à l'accueil.", NOW, decided=False, at=None, corrects=None)
    crisis.close(home, "fin", NOW, false_alarm=False)
    thaw(home, NOW)
    renew(home, "CHIR-B", NOW)
    enrol(home, machine_name("PC-LABO-04"), NOW, Restic(home.world, home.path))
    restored = home.folder("restores") / "PC-LABO-04-1-1"
    restored.mkdir()
    (restored / "lettre.txt").write_text("x", "ascii")
    from releve.jobs.app.models import Job
    from releve.runtime.duty_tasks import thaw_kits
    from releve.runtime.retention_tasks import do_purge

    thaw_kits.enqueue(unique_key="essai")
    Job.objects.update(state="done", ended_at=NOW, error=f"ValueError : {MARKER}")
    do_purge.enqueue(decide(home).pk)


if __name__ == "__main__":
    _live(Path(sys.argv[1]))
