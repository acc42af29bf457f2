"""The crisis binder: what a hospital reaches for when no screen answers.

A copy is a value in (:class:`.material.Material`), PDFs out (:func:`.assembly.make`), without I/O:
the on-call director's sheet, IT's first ten minutes, telephone tree, role cards, main courante,
declarations, each ward's forms, degraded-mode sheets, recovery order, paper of eight weeks. Beside
this door: :mod:`.blocks` (what a page is made of), :mod:`.laid` and :mod:`.typeset` (ink), usable
for any other paper; :mod:`.census` (spreadsheets of who lies where); ``rules/`` (dated files: law,
numbers, calls, forms). Apart because they load Typst, pikepdf or calamine.

What is missing is said where it would stand, gathered on the first page, and makes exit status 1.
A copy for a service never bears personal mobiles. Every form has a number that no other copy has.

Limits. The wording of forms and roles comes from memory and public accounts, and says so: a lawyer,
a head nurse and a pharmacist are to read it. Nothing is sent to anybody. Texts longer than a cell
are cut with « … ». A binder is true on the hour printed on it; what changes is told by the register
of copies, not by the paper.
"""
