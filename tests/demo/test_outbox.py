"""What people write while the gateway is down arrives when it is back, and its answers reach the page."""

from __future__ import annotations

import signal
from datetime import date
from pathlib import Path

import httpx

from gateway import jsontext
from gateway.demo import sample_children
from gateway.demo.demo_settings import Ports, prepare
from gateway.demo.launcher import start_gateway, start_issuer, start_records
from gateway.demo.processes import Children
from tests.demo.running import free_port, until

TODAY = date(2026, 11, 21)


def test_nothing_is_lost_while_the_gateway_is_down(tmp_path: Path) -> None:
    layout = prepare(tmp_path / "demo", Ports(*(free_port() for _ in range(5))), TODAY)
    emma = sample_children.records("stafettlogg", "emma", TODAY)
    broken = {
        "type": "maal",
        "id": "ødelagt",
        "logg": "emma-logg",
        "endret": emma[0]["endret"],
        "status": "aktiv",
    }
    layout.seed("stafettlogg").write_bytes(jsontext.encode([*emma, broken]))
    children = Children(tmp_path / "logs")

    def page() -> str:
        return httpx.get(layout.url(layout.ports.stafettlogg) + "/barn/emma-logg", trust_env=False).text

    try:
        start_issuer(children, layout)
        start_records(children, layout, "stafettlogg", layout.ports.stafettlogg)
        children.wait_ready(60, lambda: False)
        address = layout.url(layout.ports.stafettlogg) + "/barn/emma-logg/lysglimt"
        httpx.post(address, data={"tekst": "Mens brua var nede", "endretAv": "e-d1"})
        until(lambda: "Stafettbro svarer ikke" in page())
        assert f"{len(emma) + 2} poster venter" in page()
        start_gateway(children, layout)
        until(lambda: "Alt herfra er sendt til Stafettbro" in page())
        html = page()
        assert html.count("✓") == 0
        assert html.count("Sendt til Stafettbro") == len(emma)  # every article but the broken one
        assert "Avvist av Stafettbro: tekst" in html
    finally:
        children.stop()


def test_children_are_stopped_even_when_they_do_not_listen(tmp_path: Path) -> None:
    children = Children(tmp_path / "logs")
    deaf = "import signal as s; s.signal(s.SIGTERM, s.SIG_IGN); print('deaf', flush=True); s.pause()"
    children.start("døv", ["-c", deaf], {}, "http://127.0.0.1:9/")
    [child] = children._running
    until(lambda: "deaf" in child.last_lines())
    children.stop()
    assert child.process.returncode == -signal.SIGKILL
