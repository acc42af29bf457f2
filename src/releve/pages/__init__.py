"""What every page shares: accounts, rights, approvals, frame, figures with their age, live lines.

Promise: no page opens without declared rights (``rights.needs``), and a right is a role times a
perimeter (EJ, EG, ward). Accounts are local: a password, a second factor for the privileged roles,
paper codes; nothing comes from a directory or an e-mail, so all of it works by IP, without DNS.
What must not be done alone goes through an approval (``approvals``): another account, another
session, another workstation, a second factor given for this very act, whose words and hash are
shown. One person acts alone only under a written, signed, dated delegation (``delegations``), for
acts that protect, freeze or add beside; it is told at once and confirmed after.

Limits: whoever is root on this machine can write in the database; the ledger then tells. The first
administrator is trusted alone until a second privileged account exists. A passkey needs a host
name, so it is never offered by IP.

Django loads this package: public names live in its modules, ``rights.needs``, ``acts.Act``,
``figures.Figure``, ``frame.Entry``, ``live.Broadcaster``.
"""
