"""Many messages, fast: a ward's day written once, then sent again for other patients each time.

Half movements and identities, half results and prescriptions, about 1,000 bytes on average (PAM FR
2.11). ``LAP`` stands in the numbers of patient, stay, movement, order and
message, so that a lap replaced is a whole new day for new patients.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence

from tests.care import messages
from tests.care.messages import Bed, Someone

LAP = b"@@@@@"
_WARDS = ("CHIR-A", "CHIR-B", "MED-1", "MED-2", "GERIA", "PNEUMO", "CARDIO", "URG")
_FIRST_NAMES = ("Élise", "Marcel", "Fatoumata", "Jean-Noël", "Inès", "Lucien", "Zoé", "Anatole")
_NAMES = ("ESSAI-DUPONT", "ESSAI-LEFÈVRE", "ESSAI-N'DIAYE", "ESSAI-MARTIN", "ESSAI-LE GUEN")
_END = b"\x1c\r"
#: What French feeds send beside what is projected: correspondents, family, administrative data.
_BESIDE = (
    "ROL||UC|ODRP^Médecin traitant^HL70443|9900001^TRAITANT^Essai^^^Dr^^^ASIP-SANTE-PS&1.2.250.1.71"
    ".4.2.1&ISO^D^^^RPPS^^^^^^^^^^^|20200101||||||3 place du Marché^^Valbrume^^99000^FRA",
    "NK1|1|ESSAI-PROCHE^Camille|SPO^Conjoint^HL70063|3 place du Marché^^Valbrume^^99000^FRA"
    "|^PRN^PH^^^^^^^^^0199000000||C^Personne à prévenir^HL70131|20200101",
    "PV2|||^Surveillance post-opératoire||||||20261128||5||||||||||||N",
    "ZFA|ACTIF|20200101|20261120||N|N|N",
    "ZFV|^|||||||||||Transport personnel",
    "ZFM|8||8|",
)


def ward_day(patients: int = 100) -> list[bytes]:
    """Ten messages a patient, each patient's in order, the patients' interleaved."""
    days = [_day(number) for number in range(patients)]
    return [day[step] for step in range(10) for day in days]


def _day(number: int) -> list[bytes]:
    lap = LAP.decode()
    who = Someone(
        f"{lap}{number:05d}",
        _NAMES[number % len(_NAMES)],
        _FIRST_NAMES[number % len(_FIRST_NAMES)],
        f"19{40 + number % 60}{1 + number % 12:02d}{1 + number % 28:02d}",
    )
    stay = f"V{lap}{number:05d}"
    ward = _WARDS[number % len(_WARDS)]
    bed = Bed(ward, f"{number % 40:02d}", "P", stay)
    moved = Bed(_WARDS[(number + 1) % len(_WARDS)], f"{number % 40:02d}", "F", stay)
    steps = [
        messages.a28(who, messages.al1("Pénicilline & dérivés", reaction="Urticaire"), *_BESIDE),
        messages.a01(who, bed, f"M{lap}{number:05d}1", *_BESIDE),
        messages.a31(who, messages.no_allergy()) if number % 3 else messages.a31(who),
        messages.a02(who, moved, f"M{lap}{number:05d}2"),
        messages.movement("Z99", who, moved, f"M{lap}{number:05d}2", *_BESIDE),
        *(panel(who, moved, f"R{lap}{number:05d}{n}") for n in range(3)),
        messages.rde(who, moved, f"P{lap}{number:05d}1", "HÉPARINE 5000 UI", start="202611210330"),
        panel(who, moved, f"R{lap}{number:05d}4"),
    ]
    return [_numbered(step, f"{number:05d}{place}") for place, step in enumerate(steps)]


def panel(who: Someone, where: Bed, order: str) -> bytes:
    """A laboratory's report of eight lines."""
    lines = (
        f"OBX|{n}|NM|{2000 + n}-1^Dosage d'essai numéro {n}^LN||{4 + n}.{n}|mmol/L|3.5-5.1|||"
        f"|F|||{messages.WHEN}||9900{n}^BIOLOGISTE^Essai"
        for n in range(1, 9)
    )
    return messages.message(
        "ORU^R01^ORU_R01",
        messages.pid(who, where.visit),
        messages.pv1(where),
        f"OBR|1|{order}^DPI|{order}^LABO|IONO^Ionogramme|||{messages.WHEN}|||||||||||||||||||F",
        *lines,
        sender="LABO|VALBRUME",
    )


def _numbered(message: bytes, number: str) -> bytes:
    """The same with a control number that changes at each lap."""
    fields = message.split(b"|", 10)
    fields[9] = b"C" + LAP + number.encode()
    return b"|".join(fields)


class Lap:
    """A list of messages with holes for the lap's number; filling one is one join."""

    def __init__(self, templates: Sequence[bytes]) -> None:
        self._parts = [template.split(LAP) for template in templates]

    def messages(self, first: int, step: int = 1) -> Iterator[bytes]:
        """Endless: lap ``first``, then every ``step``-th after it."""
        number = first
        while True:
            hole = b"%05d" % (number % 100_000)
            for parts in self._parts:
                yield hole.join(parts)
            number += step


class Line:
    """One sender's connection: frames out, answers back, blocking."""

    def __init__(self, address: tuple[str, int], timeout: float = 20.0) -> None:
        self.socket = socket.create_connection(address, timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def send(self, *messages: bytes) -> None:
        """Each in its frame, in one write."""
        self.socket.sendall(b"".join([b"\x0b" + message + _END for message in messages]))

    def answers(self, count: int) -> list[bytes]:
        """The next ``count`` acknowledgements, without their frames; fewer when the link ended."""
        found: list[bytes] = []
        while len(found) < count:
            *whole, self._rest = self._rest.split(_END)
            found += [answer.removeprefix(b"\x0b") for answer in whole]
            if len(found) >= count:
                break
            data = self.socket.recv(1 << 16)
            if not data:
                break
            self._rest += data
        return found

    def ask(self, *messages: bytes) -> list[bytes]:
        """Send, then wait for as many answers."""
        self.send(*messages)
        return self.answers(len(messages))

    def close(self) -> None:
        """Hang up."""
        self.socket.close()


def code(answer: bytes) -> str:
    """MSA-1 of an acknowledgement."""
    return msa(answer)[1]


def msa(answer: bytes) -> list[str]:
    """The fields of MSA."""
    line = answer.split(b"\r")[1]
    return line.decode("utf-8").split(line[3:4].decode())
