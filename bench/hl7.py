"""How fast a feed is read: what the projection needs of each message, against python-hl7.

    ./run bench hl7

French PAM movements and laboratory results, half and half, made here from a fixed seed (accents,
escapes, ZBE/ZFA/ZFV/ZFM, 6 to 11 OBX; about 1.25 kB each). From each message both readers take the
control number, type, trigger, every identifier, the name, the birth date, the location, the
movement and, of every OBX, code, label, value, unit and state. The two must agree on every text
before anything is timed. Processor time of one process, the best of short rounds taken in turn.
"""

from __future__ import annotations

import random
import time
import warnings
from collections.abc import Callable

from bench.rows import Row

from releve.care.hl7 import Columns, Wanted, parse

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import hl7 as python_hl7

MESSAGES = 300
#: Both read the same messages; ours many times a round, to be timed at all.
REPEATED = 10
ROUNDS = 10
GOAL = 70_000
Taken = list[tuple[str, ...]]

_NAMES = ("LEFÈVRE", "DUPONT", "N'GUYEN", "BÉNARD", "D\\T\\ALMEIDA", "MÜLLER", "ŒUVRARD", "GARÇON")
_FIRST = ("Élise", "Zoé", "Noël", "Anaïs", "Jean-Loup", "Chloé", "Joël", "Maëlle")
_TESTS = (
    ("2951-2", "Sodium", "mmol/L"),
    ("2823-3", "Potassium", "mmol/L"),
    ("718-7", "Hémoglobine", "g/dL"),
    ("2160-0", "Créatinine", "µmol/L"),
    ("1988-5", "Protéine C réactive", "mg/L"),
)
_TRIGGERS = ("A01", "A02", "A03", "A08", "A04")


def messages(count: int, seed: int = 7) -> list[bytes]:
    """``count`` messages in UTF-8, segments ended by CR; the same for the same seed."""
    draw = random.Random(seed)
    return [_movement(draw, n) if n % 2 else _results(draw, n) for n in range(count)]


def _patient(draw: random.Random) -> list[str]:
    ipp, ins = draw.randrange(10**8), draw.randrange(10**14, 10**15)
    name, first = draw.choice(_NAMES), draw.choice(_FIRST)
    born = f"19{draw.randrange(20, 99)}0{draw.randrange(1, 9)}1{draw.randrange(9)}"
    numbers = (
        f"{ipp:08d}^^^VALBRUME&1.2.250.1.71.4.2.2.990000010&ISO^PI"
        f"~{ins}^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO^INS"
    )
    lieu = "12 rue de l'Église^^VALBRUME^^99010^FRA^H~^^VALBRUME^^^FRA^BDL^^99010"
    return [
        f"PID|1||{numbers}||{name}^{first}^{first} Marie^^MME^^L~{name}^{first}^^^^^D||{born}"
        f"|F|||{lieu}||^PRN^PH^^^^^^^^^0100000000|||M||N{ipp}^^^VALBRUME-NDA&1.2.3&ISO^AN"
        "|||||||||||||N||VALI",
        f"PV1|1|I|CHIR-B^1{draw.randrange(10, 60)}^{draw.choice('AB')}^990000028|R|||"
        "10000000001^DIALLO^Awa^^^DR^^^RPPS&1.2.250.1.71.4.2.1&ISO^L|||181||||8|||||"
        f"V{ipp}^^^VALBRUME-NDA&1.2.3&ISO^VN|||||||||||||||||||||||||20261120081500",
    ]


def _header(kind: str, number: int) -> str:
    return (
        f"MSH|^~\\&|DPI|VALBRUME|RELEVE|VALBRUME|20261121030900+0100||{kind}|V{number:08d}|P"
        "|2.5^FRA^2.11|||||FRA|UNICODE UTF-8|FR"
    )


def _movement(draw: random.Random, number: int) -> bytes:
    trigger = draw.choice(_TRIGGERS)
    return _wire(
        [
            _header(f"ADT^{trigger}^ADT_A01", number),
            f"EVN|{trigger}|20261121030800|||1000^GARNIER^Léa^^^^^^VALBRUME&1.2.3&ISO",
            *_patient(draw),
            "PV2||P|||||SM|20261120081500|20261125120000|5||||||||||N",
            "NK1|1|GARNIER^Noé|SPO^Conjoint^HL70063|12 rue de l'Église^^VALBRUME|0100000001",
            f"ZBE|{number}^MVT^1.2.3^ISO|20261121030800||INSERT|N|A01|^^^^^^UF^^^1042|^^^^^^UF^^^1042|HMS",
            "ZFA|ACTIF|20260102||N|N",
            "ZFV|990000028|20261120|||||990000010",
            "ZFM|8|0|1",
            "ZFD|||N|N|R",
        ]
    )


def _results(draw: random.Random, number: int) -> bytes:
    lines = [
        _header("ORU^R01^ORU_R01", number),
        *_patient(draw),
        f"ORC|RE|{number}^DPI|{number}^LABO||CM||||20261121021500",
        f"OBR|1|{number}^DPI|{number}^LABO|IONO^Ionogramme sanguin^L|||20261121014000",
    ]
    for place in range(1, draw.randrange(6, 12)):
        code, label, unit = draw.choice(_TESTS)
        value = f"{draw.uniform(1, 150):.1f}"
        lines.append(
            f"OBX|{place}|NM|{code}^{label}^LN||{value}|{unit}|1-200|N|||F|||20261121020000"
        )
    mark = draw.choice(("\\F\\", ":", ",", ";"))
    lines.append(f"OBX|99|TX|COM^Commentaire^L||Prélèvement hémolysé {mark} à contrôler||||||F")
    return _wire(lines)


def _wire(lines: list[str]) -> bytes:
    return "".join(f"{line}\r" for line in lines).encode()


_WANTED = Wanted(
    {
        "MSH": Columns(10, 9, (9, 2)),
        "PID-3": Columns(1, (4, 2)),
        "PID": Columns(5, (5, 2), 7),
        "PV1": Columns(3, (3, 2), (3, 3), 19),
        "ZBE": Columns(1, 2, 4),
        "OBX": Columns(3, (3, 2), 5, 6, 11),
    }
)


def take(raw: bytes) -> dict[str, Taken]:
    """With our reader."""
    return parse(raw).read(_WANTED)


def take_python_hl7(raw: bytes) -> Taken:
    """With python-hl7, as its documentation shows: containers, then ``unescape``."""
    message = python_hl7.parse(raw.decode())
    header = message["MSH"][0]
    kind = str(header[9][0][0])
    pid = message["PID"][0]
    rows: Taken = [(str(header[10]), kind, str(header[9][0][1]))]
    rows += [(str(repetition[0][0]), str(repetition[3][1])) for repetition in pid[3]]
    rows.append((str(pid[5][0][0]), str(pid[5][0][1]), str(pid[7])))
    visit = message["PV1"][0]
    place = visit[3][0]
    rows.append((str(place[0]), str(place[1]), str(place[2]), str(visit[19][0][0])))
    if kind == "ADT":
        movement = message["ZBE"][0]
        rows.append((str(movement[1][0][0]), str(movement[2]), str(movement[4])))
    else:
        for obx in message["OBX"]:
            code = obx[3][0]
            rows.append((str(code[0]), str(code[1]), str(obx[5]), str(obx[6]), str(obx[11])))
    return [tuple([message.unescape(t) if "\\" in t else t for t in row]) for row in rows]


def _pace(read: Callable[[bytes], object], batch: list[bytes]) -> float:
    started = time.process_time()
    for raw in batch:
        read(raw)
    return len(batch) / (time.process_time() - started)


def measure() -> list[Row]:
    """For ``./run bench``: messages a second of one core, and how many times python-hl7's pace."""
    batch = messages(MESSAGES)
    for raw in batch:
        ours = [row for rows in take(raw).values() for row in rows]
        if ours != take_python_hl7(raw):
            raise AssertionError("les deux lecteurs ne lisent pas la même chose")
    pace, baseline = 0.0, 0.0
    for _ in range(ROUNDS):
        pace = max(pace, _pace(take, batch * REPEATED))
        baseline = max(baseline, _pace(take_python_hl7, batch))
    return [
        Row("lecture HL7, un cœur", round(pace), "msg/s", ">=", GOAL),
        Row("lecture HL7 / python-hl7", round(pace / baseline, 1), "×", ">=", 50),
    ]


if __name__ == "__main__":
    sizes = [len(raw) for raw in messages(MESSAGES)]
    print(f"{MESSAGES} messages, {sum(sizes) / len(sizes):.0f} octets in the mean")
    for row in measure():
        print(f"{row.id:30} {row.value:>10} {row.unit} ({row.op} {row.goal})")
