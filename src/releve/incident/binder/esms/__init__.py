"""The care home's « plan bleu numérique »: eight pages from one web form and one PDF.

Promise: a person alone, without IT nor shell, gets on paper the first ten calls, what to do tonight
and without the record, the residents by room with allergies and treatments, blank forms and the
declaration. What is missing is printed as missing; a treatment is the PDF's own words
or nothing; what was not understood is printed as it stood, « à relire par l'infirmier(ère) ».

Limits. Three layouts are recognised (a table with titles, sheets with labels, a list); another one
gives its lines in annex B and nothing else. The PDF's own date is not read. Scanned pages are
printed as images, never read. The number of pages grows with annexes A and B.
"""

from releve.incident.binder.esms.home import LABELS, CareHome
from releve.incident.binder.esms.plan import PAGES, BluePlan, Copy, make
from releve.incident.binder.esms.reading import MAX_FILE, read_record
from releve.incident.binder.esms.recognition import recognise
from releve.incident.binder.esms.roll import Roll

__all__ = [
    "LABELS",
    "MAX_FILE",
    "PAGES",
    "BluePlan",
    "CareHome",
    "Copy",
    "Roll",
    "make",
    "read_record",
    "recognise",
]
