"""What a clinician at BUP downloads as FHIR from the pages, to file it in another system. For the judges."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
from joserfc.jwk import ECKey

from tests.access.issuer_server import Issuer
from tests.api.conftest import records
from tests.api.world import fields, settings
from tests.conformance.emitted import Emitted
from tests.web.conftest import Pages, Provider, with_logins
from tests.web.person import ORIGIN
from tests.web.test_seats import PSYCHOLOGIST, by_hpr

SET = "downloaded by BUP"


def downloaded(folder: Path, issuer: Issuer) -> Iterator[Emitted]:
    """Emma's log as it is shared, and as it is when BUP has read and answered it."""
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
    provider = Provider("http://127.0.0.1:9", key)  # nobody logs in there: the session is the server's
    plain = settings(f"sqlite:///{folder / 'pages.db'}", folder / "pages", issuer)
    pages = Pages(with_logins(plain, folder, provider, ORIGIN), issuer, provider)
    try:
        assert pages.hand_in("logg", records("stafettlogg", "emma")).status_code == 200
        berit = by_hpr(pages, PSYCHOLOGIST)
        there = berit.get("/min-side").link("Emma Sofie Testesen")
        shown = berit.get(there)
        yield _bundle("before anything is said", berit.http.get(f"{there}/delt-plan.json"))
        berit.post(f"{there}/kvitter", shown.form("/kvitter"))
        written = berit.get(f"{there}/svar").form("/svar") | {"emne": ["Time"], "tekst": ["Onsdag kl. 9."]}
        review = berit.post(f"{there}/svar", written)
        assert "Onsdag kl. 9." in berit.post(f"{there}/svar/send", review.form("/send")).text
        asked = berit.get(shown.link("Si hvor langt henvisningen er kommet"))
        action = next(action for action, _ in asked.forms if "/henvisning/" in action)
        berit.post(action, asked.forms[-1][1] | {"tilstand": ["venteliste"], "grunn": ["Lang kø"]})
        yield _bundle("after acknowledgement, answer and state", berit.http.get(f"{there}/delt-plan.json"))
    finally:
        pages.close()


def _bundle(name: str, answer: httpx.Response) -> Emitted:
    assert answer.status_code == 200, answer.text
    return Emitted(SET, name, fields(answer))
