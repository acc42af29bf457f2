"""The entrance by the browser: settings, addresses, and the pages that cross capabilities.

« Aujourd'hui » says in one sentence what is proved and how old the proof is; « Preuves » shows each
entry of the ledger and how to check it without us. What a capability lets two people do is listed
in ``acts``, the words of the navigation in ``navigation``.
"""
