"""What ties this machine to a domain that may be under attack (``doctor --trust``).

Relève is of use on the bad night only if whoever owns the hospital's directory does not own this
machine too. Each tie is looked for in files alone (nothing is asked of any network): what was seen,
why it matters, what to do. A file that could not be read is said, never taken for « no tie ».
"""

from releve.runtime.trust.machine import Machine, of_this_machine
from releve.runtime.trust.report import ties
from releve.runtime.trust.tie import State, Tie

__all__ = ["Machine", "State", "Tie", "of_this_machine", "ties"]
