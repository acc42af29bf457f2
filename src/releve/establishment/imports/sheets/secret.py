"""Names under which passwords, their hashes and keys are exported: their values are never kept."""

from __future__ import annotations

import re
import unicodedata

from releve.establishment.imports.sheets.table import Table

#: Active Directory and LDAP schemas (MS-ADA, RFC 2307, Samba, LAPS), and what people call them.
_EXACT = frozenset(
    [
        "userpassword",
        "unicodepwd",
        "unixuserpassword",
        "dbcspwd",
        "ntpwdhistory",
        "lmpwdhistory",
        "supplementalcredentials",
        "msmcsadmpwd",
        "mslapspassword",
        "mslapsencryptedpassword",
        "mslapsencryptedpasswordhistory",
        "mslapsencrypteddsrmpassword",
        "msdsmanagedpassword",
        "msfverecoverypassword",
        "msfvekeypackage",
        "sambantpassword",
        "sambalmpassword",
        "sambapasswordhistory",
        "krbprincipalkey",
        "orclpassword",
        "authpassword",
        "currentvalue",
        "priorvalue",
        "trustauthincoming",
        "trustauthoutgoing",
        "initialauthincoming",
        "initialauthoutgoing",
        "pwdhistory",
        "motdepasse",
        "mdp",
        "password",
        "passwd",
        "pwd",
        "admpwd",
        "adminpassword",
        "motdepasseadmin",
        "hash",
        "nthash",
        "lmhash",
        "pin",
        "codepin",
    ]
)
_HEADER_ROWS = 40


def is_secret(name: str) -> bool:
    """Whether values under this name are to be dropped unread."""
    bare = unicodedata.normalize("NFKD", name.partition(";")[0].rpartition(".")[2].lower())
    return re.sub(r"[^a-z0-9]", "", bare) in _EXACT


def drop_secrets(table: Table) -> dict[str, int]:
    """Blank the columns under a secret's name; name → values dropped."""
    dropped: dict[str, int] = {}
    for start, (_, cells) in enumerate(table.rows[:_HEADER_ROWS]):
        for column, name in enumerate(cells):
            if not isinstance(name, str) or not name or not is_secret(name):
                continue
            count = 0
            for _, row in table.rows[start + 1 :]:
                count += row[column] != ""
                row[column] = ""
            if count:
                dropped[name] = dropped.get(name, 0) + count
    return dropped
