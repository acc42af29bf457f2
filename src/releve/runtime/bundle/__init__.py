"""The offline installer: one tar that a machine without any network installs from.

``make`` gathers, on a connected Debian 12, the project's wheel, the wheels of
``requirements.lock`` (each by its hash), the Debian packages they need with all their dependencies,
an inventory (CycloneDX), a manifest of SHA-256 and, with a key, its Ed25519 signature. The same
commit and the same packages give the same bytes (``SOURCE_DATE_EPOCH``, else the commit's hour).

What decides who made it is a public key, or the manifest's own fingerprint, that reached the
hospital by another way: nothing inside the tar can vouch for it. Without a key it is « NON SIGNÉ »,
and both ends say so.
"""

from releve.runtime.bundle.making import Made, make

__all__ = ["Made", "make"]
