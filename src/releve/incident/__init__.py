"""The crisis: opened in one act, told line by line, closed with words.

Promise: at most one crisis is open in a home (the database refuses a second one). Opening is one
act of one person, or of a reflex, and is undone as cheaply: « levée : fausse alerte » keeps what
was written. The main courante numbers its lines without a hole; nothing in it is ever erased or
changed: a correction is a new line that points at the old one. Machines write in it (alarm, kit,
restore, refusal), once per entry of the ledger, beside what people observe and decide. A gate of
the recovery order (« identité assainie », « zone propre ») is closed by a named person only.

Every act leaves a fact for the ledger in the transaction that writes its row: numbers and salted
commitments, never the words typed.

« Crise » begins with the ten-minute screen: one act now, the next ones and who does them, cuts by
hand (Relève cuts nothing), what is known and what is not, what was told to whom; each answer is a
line of the main courante, the latest stands.

Limits: one crisis for the whole home, one log, no cells, no legal clocks. Whoever is
root can write in the database; the numbers and commitments in the ledger then tell. What is typed
may be read by a judge, and the page says so.
"""

from releve.incident.errors import (
    EmptyWords,
    NoCrisis,
    NotALine,
    UnknownCut,
    UnknownGate,
    UnknownQuestion,
    UnknownStep,
)
from releve.incident.gates import GATES, Gate, gate_named, gates_of
from releve.incident.known import Question, Reply, questions
from releve.incident.logbook import Author, Nature, Source, Topic, clean, moment_typed
from releve.incident.opening import Opened, Verdict, may_open
from releve.incident.ports import Kits
from releve.incident.steps import Answer, Step, first_steps, next_step

__all__ = [
    "GATES",
    "Answer",
    "Author",
    "EmptyWords",
    "Gate",
    "Kits",
    "Nature",
    "NoCrisis",
    "NotALine",
    "Opened",
    "Question",
    "Reply",
    "Source",
    "Step",
    "Topic",
    "UnknownCut",
    "UnknownGate",
    "UnknownQuestion",
    "UnknownStep",
    "Verdict",
    "clean",
    "first_steps",
    "gate_named",
    "gates_of",
    "may_open",
    "moment_typed",
    "next_step",
    "questions",
]
