"""The proof: a Merkle log of evidence, one per home, that can be checked without us.

Promise: ``append`` returns when the entry is on this machine's disk, once per (origin, number).
Tiles (C2SP tlog-tiles) and a signed checkpoint follow within about a second; a stranger checks an
exported folder with ``verify.py``, and one entry with an inclusion proof. Evidence « simulé » lives
in drill homes under test FINESS, « technique » and « terrain » in real ones; the signer refuses the
rest, whoever asks. Names, personal data and file paths enter as salted commitments whose salts can
be destroyed.

Limits: who holds the signing key can write another log; only a checkpoint kept elsewhere (paper,
witness) tells, so an export alone is « cohérent, NON ANCRÉ ». « Once » holds within one epoch of a
home. A path or a name hidden in an ordinary sentence is not recognised.
"""

from releve.ledger.client import LedgerClient
from releve.ledger.commitments import Salts
from releve.ledger.errors import NumberTaken
from releve.ledger.evidence import BIRTH, Evidence, Tool, Value, check_home, encode, from_json
from releve.ledger.export import export
from releve.ledger.note import Checkpoint, SigningKey, VerifyKey, read_checkpoint
from releve.ledger.place import Place
from releve.ledger.ports import Appender
from releve.ledger.signer import Signer

__all__ = [
    "BIRTH",
    "Appender",
    "Checkpoint",
    "Evidence",
    "LedgerClient",
    "NumberTaken",
    "Place",
    "Salts",
    "Signer",
    "SigningKey",
    "Tool",
    "Value",
    "VerifyKey",
    "check_home",
    "encode",
    "export",
    "from_json",
    "read_checkpoint",
]
