"""What an RSSI and a DPO ask for before they say yes, printed from the code's own tables.

Architecture, flow matrix, impact assessment (draft), register of article 30, operating sheet,
security annex: six PDF, two CSV, one JSON. Parts, ports, stores and verbs are read from the program
and the home; what no program can know (gravity, hours a week, opinions) is left to people and said
so; what is missing is said at the top of each document. Nothing is claimed because it is written.

Limits. It describes this home at this hour. It is no certificate (HDS, RGAA) and no opinion.
"""

from releve.dossier.material import Flow, Kept, Material, RoleLine, Verb
from releve.dossier.written import Made, write

__all__ = ["Flow", "Kept", "Made", "Material", "RoleLine", "Verb", "write"]
