"""What the installer holds, as a CycloneDX 1.6 inventory: Python, Debian and kit packages."""

from __future__ import annotations

import base64
import json
import warnings
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from releve import __version__
from releve.runtime.bundle.debian import CODENAME, DebianPackage
from releve.runtime.bundle.wheels import Wheel

_LICENCES = LicenseFactory()


def inventory(
    wheels: Iterable[Wheel], packages: Iterable[DebianPackage], npm_lock: Path, epoch: int
) -> str:
    """The inventory as JSON, the same for the same packages. Debian's licences are not in it: they
    lie in ``/usr/share/doc/<package>/copyright`` once installed.
    """
    components = [
        *(_python(each) for each in wheels if each.name != "releve"),
        *(_debian(each) for each in packages),
        *_kit(npm_lock),
    ]
    names = " ".join(sorted(str(each.bom_ref) for each in components))
    bom = Bom(components=components, serial_number=uuid5(NAMESPACE_URL, names))
    bom.metadata.timestamp = datetime.fromtimestamp(epoch, UTC)
    ours = Component(
        name="releve",
        version=__version__,
        type=ComponentType.APPLICATION,
        bom_ref="releve",
        licenses=[_LICENCES.make_from_string("Apache-2.0")],
    )
    bom.metadata.component = ours
    bom.register_dependency(ours, components)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it wishes for a graph between third parties
        return JsonV1Dot6(bom).output_as_string(indent=1) + "\n"


def _python(wheel: Wheel) -> Component:
    purl = PackageURL("pypi", None, wheel.name.lower().replace("_", "-"), wheel.version)
    return Component(
        name=wheel.name,
        version=wheel.version,
        type=ComponentType.LIBRARY,
        purl=purl,
        bom_ref=purl.to_string(),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=wheel.sha256)],
        licenses=_licences(wheel.licence),
    )


def _debian(package: DebianPackage) -> Component:
    where = {"arch": package.architecture, "distro": CODENAME}
    purl = PackageURL("deb", "debian", package.name, package.version, where)
    return Component(
        name=package.name,
        version=package.version,
        type=ComponentType.LIBRARY,
        purl=purl,
        bom_ref=purl.to_string(),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=package.sha256)],
    )


def _kit(npm_lock: Path) -> list[Component]:
    """What is compiled into the ward kits' script: the lock's packages that do not only build."""
    found = []
    for place, entry in json.loads(npm_lock.read_text("utf-8"))["packages"].items():
        if not place or entry.get("dev"):
            continue
        scope, _, name = place.rpartition("node_modules/")[2].rpartition("/")
        purl = PackageURL("npm", scope or None, name, entry["version"])
        kind, _, digest = entry["integrity"].partition("-")
        content = base64.b64decode(digest).hex()
        found.append(
            Component(
                name=name,
                group=scope or None,
                version=entry["version"],
                type=ComponentType.LIBRARY,
                purl=purl,
                bom_ref=purl.to_string(),
                hashes=[HashType(alg=HashAlgorithm(f"SHA-{kind[3:]}"), content=content)],
                licenses=_licences(entry.get("license", "")),
            )
        )
    return found


def _licences(words: str) -> list[License]:
    return [_LICENCES.make_from_string(words)] if words else []
