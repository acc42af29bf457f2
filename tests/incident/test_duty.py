"""From the alarm in the ledger to the crisis: once, whatever is killed, whoever runs beside."""

from __future__ import annotations

from datetime import timedelta

import pytest

from releve.incident import Author, Nature, Source
from releve.incident.app import desk, facts
from releve.incident.app.models import DutyCursor, Incident, LogEntry
from releve.jobs.app.models import Job
from releve.kernel.clock import ManualClock, SystemClock
from releve.kernel.home import Home
from releve.ledger.app.models import Outbox
from releve.ledger.app.outbox import drain
from releve.ledger.evidence import from_json
from releve.runtime.duty import Duty, Log, cursor_of, take
from releve.runtime.ledger import open_ledger, read_entries
from releve.vault import facts as vault
from tests.incident.ledger import append, fact

pytestmark = pytest.mark.django_db
NIGHT = Author("M. Diallo (astreinte informatique)")


def _lines() -> list[tuple[int, str, str]]:
    return [
        (line.number, line.nature, line.text)
        for line in LogEntry.objects.order_by("incident_id", "number")
    ]


def test_an_alarm_opens_the_crisis_once_and_the_next_ones_only_add_lines(records: Home) -> None:
    duty = Duty(records, SystemClock())
    assert duty.turn() == 0
    first = append(records, fact(vault.ALARM, 1), fact("vault.snapshot", 2, kind="measure"))
    assert duty.turn() == 3  # with the birth of the ledger
    append(records, fact(vault.ALARM, 3, system="PC-2", value=40), fact(vault.REFUSED, 4))
    assert duty.turn() == 2
    assert duty.turn() == 0
    incident = Incident.objects.get()
    assert (incident.alarm, incident.reflex) == (first[0], "rançongiciel probable")
    assert [text for _, _, text in _lines()] == [
        "Crise ouverte par le réflexe « rançongiciel probable ».",
        "ALARME : 12\u202ffichiers illisibles sur PC-LABO-04.",
        "ALARME : 40\u202ffichiers illisibles sur PC-2.",
        "Coffre : 12\u202ffichiers opposés à PC-LABO-04 (cause non donnée).",
    ]
    assert {nature for _, nature, _ in _lines()} == {Nature.AUTOMATIC}
    assert [number for number, _, _ in _lines()] == [1, 2, 3, 4]


def test_the_opening_told_to_the_ledger_brings_fresh_kits_then_the_freeze(records: Home) -> None:
    duty = Duty(records, SystemClock())
    append(records, fact(vault.ALARM, 1))
    duty.turn()
    assert not Job.objects.exists()
    with open_ledger(records) as ledger:
        assert drain(ledger) == 3  # opened, and two lines
        ledger.publish()
    for _ in range(2):
        duty.turn()
    tasks = [job.task.rpartition(".")[2] for job in Job.objects.order_by("pk")]
    assert tasks == ["publish_kits", "freeze_kits"]
    assert {job.queue for job in Job.objects.all()} == {"incident"}


def test_a_person_may_open_first_and_what_machines_told_before_is_recalled(records: Home) -> None:
    now = SystemClock().now()
    append(
        records,
        fact(vault.REFUSED, 1, when=now - timedelta(hours=3)),
        fact(vault.REFUSED, 2, when=now - timedelta(minutes=20), cause="effacement", unit="refus"),
        fact("care.kit.published", 3, system="CHIR-B", value=22, unit="patients", kind="measure"),
    )
    duty = Duty(records, SystemClock())
    duty.turn()
    assert _lines() == []
    desk.open_crisis(NIGHT, "écran noir à l'accueil", SystemClock().now())
    with open_ledger(records) as ledger:
        drain(ledger)
        ledger.publish()
    for _ in range(2):
        duty.turn()
    assert [text for _, _, text in _lines()] == [
        "Crise ouverte par M. Diallo (astreinte informatique). Vu : écran noir à l'accueil",
        "Coffre : 12\u202frefus opposés à PC-LABO-04 (effacement).",
        "Kit du service CHIR-B fait : 22\u202fpatients.",
    ]
    recalled = LogEntry.objects.get(number=2)
    assert recalled.written_at - recalled.moment > timedelta(minutes=19)


def test_history_older_than_a_day_opens_nothing_the_first_time(records: Home) -> None:
    now = SystemClock().now()
    append(records, fact(vault.ALARM, 1, when=now - timedelta(days=3)), fact(vault.ALARM, 2))
    clock = ManualClock(now)
    Duty(records, clock).turn()
    assert Incident.objects.get().alarm == 2
    assert LogEntry.objects.filter(ledger_index=1).count() == 0


def test_after_a_false_alarm_the_same_machine_is_held_and_said(records: Home) -> None:
    duty = Duty(records, SystemClock())
    append(records, fact(vault.ALARM, 1))
    duty.turn()
    desk.close(NIGHT, "", SystemClock().now(), false_alarm=True)
    append(records, fact(vault.ALARM, 2))
    duty.turn()
    assert desk.current() is None
    held = [from_json(row.payload) for row in Outbox.objects.all()][-1]
    assert held.what == facts.HELD
    assert held.detail["why"] == "fausse alerte récente sur la même machine"
    append(records, fact(vault.ALARM, 3, system="PC-AUTRE"))
    duty.turn()
    opened = desk.current()
    assert opened is not None and opened.system == "PC-AUTRE"


def test_a_batch_taken_by_another_process_meanwhile_is_left_out(records: Home) -> None:
    append(records, fact(vault.ALARM, 1), fact(vault.REFUSED, 2))
    batch = list(read_entries(records))
    now = SystemClock().now()
    assert cursor_of(records, now) == 0
    assert take(records, batch, 3, now) == 3
    desk.close(NIGHT, "fini", now)
    assert take(records, batch, 3, now) == 3
    assert take(records, batch[:2], 2, now) == 3
    assert Incident.objects.count() == 1
    assert DutyCursor.objects.get().next == 3


def test_an_act_that_fails_leaves_nothing_and_the_cursor_where_it_was(
    records: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(records, fact(vault.ALARM, 1))
    duty = Duty(records, SystemClock())
    with monkeypatch.context() as broken:
        broken.setattr(desk, "note", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            duty.turn()
    assert (Incident.objects.count(), Outbox.objects.count()) == (0, 0)
    duty.turn()
    assert Incident.objects.count() == 1


def test_a_sentence_too_long_for_the_log_is_cut_and_the_reading_goes_on(records: Home) -> None:
    duty = Duty(records, SystemClock())
    append(
        records,
        fact(vault.REFUSED, 1, cause="c" * 3000),
        fact(vault.ALARM, 2, unit="\u202e" * 1000),
        fact(vault.REFUSED, 3, cause="d" * 3000),
    )
    assert duty.turn() == 4
    told = [text for _, _, text in _lines()]
    assert [len(text) for text in told[1:]] == [2000, 2000, 2000]
    assert all(text.endswith("…") for text in told[1:])
    assert DutyCursor.objects.get().next == 4


def test_an_entry_not_yet_published_is_seen_to_have_come(records: Home) -> None:
    append(records, fact(vault.REFUSED, 1))
    log = Log(records)
    with open_ledger(records) as ledger:
        before = log._marks()
        ledger.append(fact(vault.REFUSED, 2))
        assert log._marks() != before


def test_an_entry_of_another_epoch_is_another_entry(records: Home) -> None:
    now = SystemClock().now()
    desk.open_crisis(NIGHT, "", now)
    assert desk.note("ALARME : un.", Source(1, 7), now, now) is not None
    assert desk.note("ALARME : un.", Source(1, 7), now, now) is None
    assert desk.note("ALARME : deux.", Source(2, 7), now, now) is not None


def test_each_line_is_a_fact_whose_typed_words_stay_out_of_the_ledger(records: Home) -> None:
    now = SystemClock().now()
    desk.open_crisis(NIGHT, "", now)
    line = desk.write(NIGHT, desk.Draft(Nature.DECIDED, "On coupe Internet, dit Mme Martin"), now)
    told = [from_json(row.payload) for row in Outbox.objects.order_by("pk")]
    assert [each.what for each in told] == [facts.OPENED, facts.WRITTEN, facts.WRITTEN]
    assert [each.value for each in told[1:]] == [1, 2]
    assert told[2].kind == "decision"
    assert told[2].commitments == {"text": line.commitment}
    assert not [row for row in Outbox.objects.all() if "Martin" in row.payload]
    assert not [row for row in Outbox.objects.all() if "Diallo" in row.payload]
