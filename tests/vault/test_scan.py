"""A scan of two folders, as the command line gives it."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from releve.cli.scan import scan
from releve.kernel.errors import BadInput
from releve.vault.sandbox import Sandbox, Source, Stopped
from releve.vault.scan import Change, ScanReport, scan_changes, scan_folders
from tests.vault import attacks
from tests.vault.documents import DOCUMENTS, make_docx, make_jpeg, make_pdf, make_text

Folders = tuple[Path, Path]

app = typer.Typer()
app.command()(scan)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    """A ward's folder, twice: 20 documents in 3 folders."""
    before, after = tmp_path / "avant", tmp_path / "apres"
    for place, (kind, (extension, maker)) in enumerate(DOCUMENTS.items()):
        folder = before / f"service-{place % 3}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{kind}.{extension}").write_bytes(maker(1))
    shutil.copytree(before, after)
    return before, after


def _each(folder: Path, act: Callable[[Path], object]) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            act(path)


def _verdicts(report: ScanReport) -> dict[str, str]:
    return {file.path: file.verdict for file in report.files}


def test_two_equal_folders_are_all_ok(folders: Folders) -> None:
    report = scan_folders(*folders)
    assert set(_verdicts(report).values()) == {"ok"}
    assert (len(report.files), report.changed, report.alarm) == (20, 0, False)


def test_every_file_of_both_folders_is_listed(folders: Folders) -> None:
    before, after = folders
    (before / "vieux.txt").write_text("à jeter")
    (after / "neuf.txt").write_text("tout neuf")
    verdicts = _verdicts(scan_folders(before, after))
    assert len(verdicts) == 22
    assert (verdicts["vieux.txt"], verdicts["neuf.txt"]) == ("gone", "new")


def test_renamed_and_encrypted_files_are_suspect_under_their_new_name(folders: Folders) -> None:
    def encrypt(path: Path) -> None:
        path.with_name(path.name + ".lockedbyx").write_bytes(attacks.with_footer(path.read_bytes()))
        path.unlink()

    _each(folders[1], encrypt)
    report = scan_folders(*folders)
    assert report.alarm
    assert (report.count("suspect"), report.count("gone")) == (20, 20)


def test_files_renamed_at_random_and_encrypted_alarm(folders: Folders) -> None:
    def encrypt(path: Path) -> None:
        name = attacks.noise(path.name.encode(), 6).hex()
        path.with_name(name).write_bytes(attacks.full(path.read_bytes()))
        path.unlink()

    _each(folders[1], encrypt)
    assert scan_folders(*folders).alarm


def test_files_moved_or_renamed_whole_are_not_suspect(folders: Folders) -> None:
    _, after = folders
    (after / "service-0").rename(after / "service-neuf")
    report = scan_folders(*folders)
    assert report.count("suspect") == 0
    assert not report.alarm


def test_pictures_converted_to_an_unknown_format_are_no_alarm(tmp_path: Path) -> None:
    before, after = tmp_path / "a", tmp_path / "b"
    for folder, extension in ((before, "heif"), (after, "avif")):
        folder.mkdir()
        for number in range(5):
            name = f"photo-{number}.{extension}"
            (folder / name).write_bytes(attacks.noise(name.encode(), 20_000 + 9_000 * number))
    report = scan_folders(before, after)
    assert (report.count("unchecked"), report.alarm) == (5, False)


def test_unknown_contents_under_one_appended_extension_alarm(tmp_path: Path) -> None:
    before, after = tmp_path / "a", tmp_path / "b"
    for folder, extension in ((before, ""), (after, ".q8z")):
        folder.mkdir()
        for number in range(5):
            name = f"etude-{number}.mdx{extension}"
            (folder / name).write_bytes(attacks.noise(name.encode(), 20_000))
    assert scan_folders(before, after).alarm


def test_documents_deleted_and_replaced_by_an_archive_alarm(folders: Folders) -> None:
    before, after = folders
    with zipfile.ZipFile(after / "recuperez-moi.zip", "w") as archive:
        _each(before, lambda path: archive.writestr(path.name, attacks.full(path.read_bytes())))
    for folder in after.glob("service-*"):
        shutil.rmtree(folder)
    assert scan_folders(before, after).alarm


@pytest.mark.parametrize("files", [2, 5, 10])
def test_a_small_folder_wholly_encrypted_alarms(files: int) -> None:
    contents = [make_docx(seed) for seed in range(files)]
    changes = [Change(f"{n}.docx", c, attacks.full(c)) for n, c in enumerate(contents)]
    assert scan_changes(changes, unchanged=400).alarm


def test_one_interrupted_copy_is_no_alarm(folders: Folders) -> None:
    cut = folders[1] / "service-0" / "docx.docx"
    cut.write_bytes(cut.read_bytes()[:30_000])
    report = scan_folders(*folders)
    assert (report.count("suspect"), report.alarm) == (1, False)


def test_one_encrypted_file_and_a_note_in_three_folders_alarm(folders: Folders) -> None:
    _, after = folders
    victim = after / "service-0" / "docx.docx"
    victim.write_bytes(attacks.full(victim.read_bytes()))
    assert not scan_folders(*folders).alarm
    for folder in after.glob("service-*"):
        (folder / "README_RESTORE.txt").write_bytes(attacks.note(b""))
    assert scan_folders(*folders).alarm


def test_links_are_not_followed_and_are_listed(folders: Folders, tmp_path: Path) -> None:
    before, after = folders
    secret = tmp_path / "secret.txt"
    secret.write_text("hors du dossier")
    (after / "lien").symlink_to(secret)
    (after / "service-0" / "boucle").symlink_to(after)
    os.mkfifo(after / "tube")
    files = {file.path: file for file in scan_folders(before, after).files}
    assert {path: files[path].verdict for path in ("lien", "service-0/boucle", "tube")} == {
        "lien": "unchecked",
        "service-0/boucle": "unchecked",
        "tube": "unchecked",
    }
    assert "lien" in files["lien"].reason


def test_a_file_that_cannot_be_read_is_unchecked_and_the_others_are(tmp_path: Path) -> None:
    content = make_text(1)
    missing = tmp_path / "parti.txt"
    report = scan_changes(
        [Change("parti.txt", content, missing), Change("b.txt", content, attacks.full(content))]
    )
    assert _verdicts(report) == {"parti.txt": "unchecked", "b.txt": "suspect"}


def test_a_name_that_is_not_utf8_is_listed(tmp_path: Path) -> None:
    before, after = tmp_path / "a", tmp_path / "b"
    for folder in (before, after):
        folder.mkdir()
        Path(os.fsdecode(os.fsencode(folder) + b"/r\xe9sum\xe9.txt")).write_text("bonjour")
    assert _verdicts(scan_folders(before, after)) == {"r\\xe9sum\\xe9.txt": "ok"}


def test_a_missing_folder_is_refused_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refusal:
        scan_folders(tmp_path / "absent", tmp_path)
    assert "absent" in str(refusal.value)
    assert "deux dossiers" in refusal.value.remedy


def test_the_command_line(folders: Folders, tmp_path: Path) -> None:
    before, after = folders
    out = tmp_path / "scan.json"
    calm = CliRunner().invoke(app, [str(before), str(after), "--json", str(out)])
    assert calm.exit_code == 0
    _each(after, lambda path: path.write_bytes(attacks.every_other_16(path.read_bytes())))
    alarm = CliRunner().invoke(app, [str(before), str(after), "--json", str(out)])
    assert alarm.exit_code == 1
    assert "ALARME" in alarm.stdout
    figures = json.loads(out.read_text())
    assert figures["alarm"] is True
    assert len(figures["files"]) == 20
    assert {*figures["files"][0]} == {"path", "verdict", "reason"}
    absent = CliRunner().invoke(app, [str(before), str(tmp_path / "absent")])
    assert absent.exit_code == 2


def test_json_alone_goes_to_standard_output(tmp_path: Path) -> None:
    before, after = tmp_path / "a", tmp_path / "b"
    for folder in (before, after):
        folder.mkdir()
        (folder / "evil\x1b[31m.pdf").write_bytes(make_pdf(1))
    said = CliRunner().invoke(app, [str(before), str(after), "--json", "-"])
    assert json.loads(said.stdout)["files"][0]["path"] == "evil\x1b[31m.pdf"
    shown = CliRunner().invoke(app, [str(before), str(after)])
    assert "\x1b" not in shown.stdout


def test_every_document_emptied_alarms_and_each_is_suspect(folders: Folders) -> None:
    _, after = folders
    (folders[0] / "service-0" / "pacs.log").write_bytes(make_text(1))
    (after / "service-0" / "pacs.log").write_bytes(b"")
    _each(after, lambda path: path.write_bytes(b""))
    report = scan_folders(*folders)
    assert (report.count("suspect"), report.alarm) == (20, True)
    assert _verdicts(report)["service-0/pacs.log"] == "ok"


def test_logs_emptied_or_two_documents_are_no_alarm() -> None:
    logs = [Change(f"logs/{n}.log.1", make_text(n), b"") for n in range(9)]
    letters = [Change(f"{n}.docx", make_docx(n), b"\r\n") for n in range(2)]
    for changes in (logs, letters):
        report = scan_changes(changes)
        assert (report.count("suspect"), report.alarm) == (0, False)


def _as_picture(data: bytes) -> bytes:
    side = int((len(data) / 3) ** 0.5) + 1
    picture = Image.frombytes("RGB", (side, side), attacks.noise(data).ljust(side * side * 3, b"x"))
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["docx", "pdf", "dicom", "csv", "sqlite"])
def test_a_document_that_became_a_valid_picture_is_suspect(kind: str) -> None:
    content = DOCUMENTS[kind][1](1)
    (file,) = scan_changes([Change("a", content, _as_picture(content))]).files
    assert file.verdict == "suspect"


@pytest.mark.parametrize("after", [make_pdf, DOCUMENTS["odt"][1]])
def test_a_letter_saved_in_another_office_format_is_ok(after: Callable[[int], bytes]) -> None:
    (file,) = scan_changes([Change("a", make_docx(1), after(1))]).files
    assert file.verdict == "ok"


def test_documents_replaced_by_pictures_of_other_names_alarm_photos_do_not() -> None:
    for maker, alarm in ((make_docx, True), (make_jpeg, False)):
        contents = [maker(seed) for seed in range(5)]
        changes = [Change(f"{n}.doc", content, None) for n, content in enumerate(contents)]
        changes += [
            Change(f"{n}x7.png", None, _as_picture(data)) for n, data in enumerate(contents)
        ]
        assert scan_changes(changes).alarm is alarm


def test_logs_compressed_one_by_one_are_no_alarm() -> None:
    changes = []
    for number in range(5):
        content = make_text(number)
        changes.append(Change(f"logs/{number}.log.1", content, None))
        changes.append(Change(f"logs/{number}.log.1.gz", None, gzip.compress(content)))
    report = scan_changes(changes)
    assert (report.count("suspect"), report.alarm) == (0, False)


@pytest.mark.parametrize("honest", [True, False])
def test_a_folder_put_in_an_archive_whole_is_no_alarm(folders: Folders, honest: bool) -> None:
    before, after = folders
    spoil = (lambda data: data) if honest else attacks.full
    with zipfile.ZipFile(after / "tout.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        _each(before, lambda path: archive.writestr(path.name, spoil(path.read_bytes())))
    for folder in after.glob("service-*"):
        shutil.rmtree(folder)
    assert scan_folders(before, after).alarm is not honest


def test_files_replaced_by_links_alarm(folders: Folders) -> None:
    def replace(path: Path) -> None:
        path.unlink()
        path.symlink_to("/dev/null")

    _each(folders[1], replace)
    report = scan_folders(*folders)
    assert report.alarm
    assert report.count("unchecked") == 20


def test_files_that_can_no_longer_be_read_alarm(tmp_path: Path) -> None:
    changes = [Change(f"{n}.txt", make_text(n), tmp_path / "parti") for n in range(3)]
    assert scan_changes(changes).alarm
    assert not scan_changes(changes[:2]).alarm


def test_an_empty_folder_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments in (["", str(tmp_path)], [str(tmp_path), ""]):
        said = CliRunner().invoke(app, arguments)
        assert said.exit_code == 2
        assert "vide" in said.output


def test_a_validator_dead_on_both_versions_is_no_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = Sandbox._ask

    def dies(self: Sandbox, sources: list[Source]) -> dict[str, object] | Stopped:
        answer = ask(self, sources)
        fatal = any(isinstance(source, bytes) and b"fatal" in source for source in sources)
        return self._stop("essai") if fatal else answer

    monkeypatch.setattr(Sandbox, "_ask", dies)
    calm = scan_changes([Change(f"{n}", b"fatal" * 9, b"fatal" * (20 + n)) for n in range(3)])
    assert (calm.count("unchecked"), calm.stopped > 0, calm.alarm) == (3, True, False)
    blind = scan_changes([Change(f"{n}", make_text(1), b"fatal" * (20 + n)) for n in range(3)])
    assert blind.alarm
