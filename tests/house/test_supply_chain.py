"""What we ship is told whole and validly, and the audit of dependencies neither overlooks nor pretends."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from threading import Thread
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
TODAY = datetime.date(2026, 11, 22)
LOCK = "".join(f"{name}==1.0 --hash=sha256:{'0' * 64}\n" for name in ("sound", "weak"))
KNOWN = {"id": "GHSA-aaaa-bbbb-cccc", "aliases": ["CVE-2026-1"], "modified": "2026-01-01T00:00:00Z",
         "summary": "a weakness", "details": "a weakness", "affected": [
             {"package": {"name": "weak", "ecosystem": "PyPI"}, "versions": ["1.0"],
              "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]}]}  # fmt: skip

OF_NODE = {"id": 1, "url": "https://advisories.example/GHSA-node-node-node", "title": "a weakness",
           "severity": "high", "vulnerable_versions": "*", "cwe": [],
           "cvss": {"score": 7.0, "vectorString": None}}  # fmt: skip


def loaded() -> ModuleType:
    loader = SourceFileLoader("audit_dependencies", str(ROOT / ".ci/audit-dependencies"))
    module = module_from_spec(spec_from_loader(loader.name, loader))
    sys.modules[loader.name] = module
    loader.exec_module(module)
    return module


AUDIT = loaded()


def run(name: str, *words: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    """One of CI's programs, with these variables besides."""
    command = [sys.executable, ROOT / ".ci" / name, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **more})


class Osv(BaseHTTPRequestHandler):
    """Knows one weakness of one package, in the form of OSV's interface and in that of npm's."""

    def do_GET(self) -> None:
        self.send_error(404)

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/advisories/bulk"):
            told: object = {"axe-core": [OF_NODE]}
        else:
            told = {"vulns": [KNOWN]} if json.loads(asked)["package"]["name"] == "weak" else {}
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def osv() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Osv) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    (tmp_path / "lock.txt").write_text(LOCK)
    return ["--without-node", "--lock", str(tmp_path / "lock.txt")]


def accepting(path: Path, until: datetime.date) -> Path:
    since = until - datetime.timedelta(days=30)
    path.write_text(
        '[[accepted]]\nid = "GHSA-aaaa-bbbb-cccc"\npackage = "weak"\nreason = "not used"\n'
        f"accepted = {since}\nuntil = {until}\n"
    )
    return path


def test_what_we_ship_is_told_whole_and_in_a_valid_form(tmp_path: Path) -> None:
    path = tmp_path / "sbom.json"
    done = run("sbom", path)
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(path.read_text())
    ours = document["metadata"]["component"]
    needs = {one["ref"]: one.get("dependsOn", []) for one in document["dependencies"]}
    assert (ours["name"], ours["licenses"][0]["license"]["id"]) == ("stafettbro", "EUPL-1.2")
    for package in ("pkg:pypi/joserfc@", "pkg:npm/%40digdir/designsystemet-css@"):
        assert any(one.startswith(package) for one in needs[ours["bom-ref"]]), package
    assert all(one["externalReferences"][0]["hashes"] for one in document["components"])

    kept, *gone = document["components"]
    document |= {"components": [kept | {"typ": "library"}], "dependencies": []}
    path.write_text(json.dumps(document))
    again = run("sbom", path, "--check")
    assert again.returncode == 1
    missing = {f"{one['name']} {one['version']} is not in it" for one in gone}
    assert missing < set(again.stdout.splitlines())
    assert "not valid: $.components[0]: Additional properties" in again.stdout


def test_a_known_weakness_fails_until_it_is_accepted_and_again_after_that(
    osv: str, words: list[str], tmp_path: Path
) -> None:
    found = run("audit-dependencies", *words, "--osv-url", osv)
    assert found.returncode == 1
    assert "VULNERABLE weak: CVE-2026-1" in found.stdout
    assert "2 locked packages audited, 1 known weaknesses" in found.stdout
    today = datetime.datetime.now(datetime.UTC).date()
    for days, code in ((1, 0), (-1, 1)):
        path = accepting(tmp_path / "accepted.toml", today + datetime.timedelta(days=days))
        done = run("audit-dependencies", *words, "--osv-url", osv, "--accepted", path)
        assert done.returncode == code, done.stdout


def test_where_nobody_answers_nothing_is_said_to_be_well(words: list[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can answer there
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1/query"
        done = run("audit-dependencies", *words, "--osv-url", url)
        strict = run("audit-dependencies", *words, "--osv-url", url, "--must-reach")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING dependency-audit-unreachable" in done.stdout
    assert "0 locked packages audited" in done.stdout
    assert strict.returncode == 1


@pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm (Debian: apt-get install npm)")
def test_what_node_brings_is_audited_by_npm_itself(osv: str, words: list[str]) -> None:
    own = osv.removesuffix("/v1/query")
    done = run("audit-dependencies", *words[1:], "--osv-url", osv, npm_config_registry=own)
    assert done.returncode == 1
    assert "VULNERABLE axe-core: GHSA-node-node-node" in done.stdout
    assert "WARNING" not in done.stdout


def test_a_lock_that_cannot_be_read_is_no_silence(tmp_path: Path) -> None:
    (tmp_path / "lock.txt").write_text("weak>=1\n")
    done = run("audit-dependencies", "--without-node", "--lock", str(tmp_path / "lock.txt"))
    assert done.returncode == 2, done.stdout


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"reason": " "}, "must be said"),
        ({"package": None}, "must be said"),
        ({"until": "2026-12-01"}, "must be dates"),
        ({"until": TODAY + datetime.timedelta(days=99)}, "within 90 days"),
        (
            {"accepted": TODAY - datetime.timedelta(days=9), "until": TODAY - datetime.timedelta(days=1)},
            "again",
        ),
    ],
)
def test_nothing_is_accepted_without_a_reason_and_an_end(
    change: dict[str, object], told: str, tmp_path: Path
) -> None:
    entry = {
        "id": "GHSA-1",
        "package": "weak",
        "reason": "not used",
        "accepted": TODAY,
        "until": TODAY,
    } | change
    lines = [
        f"{key} = {json.dumps(value) if isinstance(value, str) else value}"
        for key, value in entry.items()
        if value is not None
    ]
    path = tmp_path / "accepted.toml"
    path.write_text("[[accepted]]\n" + "\n".join(lines) + "\n")
    holds, wrong = AUDIT.accepted(path, TODAY)
    assert holds == {}
    assert len(wrong) == 1
    assert told in wrong[0]


def test_what_is_accepted_today_can_be_read() -> None:
    _, wrong = AUDIT.accepted(ROOT / ".ci/accepted-vulnerabilities.toml", TODAY)
    assert wrong == []
