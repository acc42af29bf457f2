"""Readers of what hospitals have: workbooks, delimited text, LDIF, JSON, HTML tables, documents.

Each gives plain tables (:data:`~.table.Cell`), or the text of a document. The kind is decided on
the octets, never on the name. A formula is never computed: the value that the spreadsheet itself
kept is read, and the formula is told. Values under the name of a secret (password, hash) are
dropped here: they never leave this process.

What is read here is hostile. These modules import nothing else of Relève but the confinement, and
the product runs them only in the process that ``worker`` confines.
"""
