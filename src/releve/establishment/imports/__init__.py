"""What the hospital already has, brought in as it is: lists, rotas, inventories, documents.

Promise: nothing is kept before a person confirms, then all or nothing; what a person corrected is
never overwritten; each doubtful line is told with its remedy and the rest is taken; a password
found in an export is written nowhere.

A file is read in a throw-away process (:mod:`.sheets`, :mod:`.reading`), its table is found
(:mod:`.layout`), :mod:`.prepare` says what would change, :mod:`.keeping` keeps it and
:mod:`.pending` lets it wait between two pages. One module per kind: :mod:`.staff` and
:mod:`.people`, :mod:`.rota` (:mod:`.grids`…), :mod:`.glpi`, :mod:`.rvtools`, :mod:`.directory`,
:mod:`.suppliers`, :mod:`.documents`. The words that hospitals use are the TOML files beside.

Limits. Colours of a grid are not read. Formulas are never computed. A rota names people already in
people.csv. Restore times are supposed by kind until somebody measures. Old .doc files are found by
an approximate text, scanned PDFs by their title only.
"""
