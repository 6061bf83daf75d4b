"""The whole path in a real browser, at the certified provider, on a phone and by keyboard: two guardians sign
and the decision turns, one takes it back and it turns again."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.web.browser import DESK, HOSTILE, PHONE, fits, log_in, press_until, somebody
from tests.web.conftest import FATHER, MOTHER, Pages

HOME = "Barn og planer"


def test_two_guardians_and_back(chromium: Browser, site: tuple[Pages, str]) -> None:
    pages, url = site
    assert pages.outcome("e-n1") == "deny"
    with somebody(chromium, PHONE) as mother, somebody(chromium, DESK) as father:
        log_in(mother, url, "Idporten", MOTHER, HOME)
        mother.get_by_role("link", name="Emma Sofie Testesen").click()
        mother.get_by_role("link", name="Gi samtykke").click()
        bup = mother.get_by_role("group", name="BUP Fjordane, Indre Fjord")
        bup.get_by_label("Ja, del med dem").check()
        mother.get_by_label("Notater", exact=True).check()
        mother.get_by_label("Hvorfor, med dine egne ord").fill(HOSTILE)
        mother.get_by_role("button", name="Se hva det betyr").click()
        expect(mother.get_by_text("Det gjelder først når Øyvind Åge Nygård")).to_be_visible()
        expect(mother.get_by_text("<b>to</b> ganger")).to_be_visible()  # as text
        fits(mother, "Se over")
        mother.get_by_role("button", name="Skriv under").click()
        expect(mother.get_by_text("Gjelder ikke ennå")).to_be_visible()
        assert pages.outcome("e-n1") == "deny"

        pages.later()
        log_in(father, url, "Idporten", FATHER, HOME)
        expect(father.get_by_text("Noe venter på underskriften din.")).to_be_visible()
        press_until(father, "Emma Sofie Testesen")
        father.keyboard.press("Enter")
        expect(father.get_by_text("Det mangler underskrift fra deg.")).to_be_visible()
        press_until(father, "Skriv under på det samme")
        father.keyboard.press("Enter")
        expect(father.get_by_role("heading", level=1)).to_contain_text("Gi samtykke")
        press_until(father, "Se hva det betyr")
        father.keyboard.press("Enter")
        expect(father.get_by_text("Dette kan de få, nytt med denne underskriften")).to_be_visible()
        fits(father, "Se over")
        press_until(father, "Skriv under")
        father.keyboard.press("Enter")
        expect(father.get_by_text("Gjelder nå")).to_be_visible()
        assert pages.outcome("e-n1") == "permit"
        assert pages.get(f"/fhir/Communication?patient={pages.patient('e-n1')}", "bup").status_code == 200

        pages.later()
        mother.get_by_role("link", name="Tilbake").click()
        mother.get_by_role("article").filter(has_text="Ja fra deg").first.get_by_role(
            "link", name="Trekk samtykket"
        ).click()
        mother.get_by_role("button", name="Ja, trekk samtykket").click()
        expect(mother.get_by_role("heading", name="Det er lukket")).to_be_visible()
        fits(mother, "Om dette samtykket: Emma")
        assert pages.outcome("e-n1") == "deny"
        mother.get_by_role("link", name="Tilbake").click()
        mother.get_by_role("link", name="Se hvem som har fått hva").click()
        mother.get_by_role("link", name="Tilbake").click()
        mother.get_by_role("link", name="Se hvem som har sett hva").click()
        mother.get_by_role("button", name="Logg ut").click()
        expect(mother.get_by_role("heading", name="Du er logget ut")).to_be_visible()


def test_what_is_wrong_is_listed_first_and_leads_to_the_field(
    chromium: Browser, site: tuple[Pages, str]
) -> None:
    _, url = site
    with somebody(chromium, PHONE) as page:
        log_in(page, url, "Idporten", MOTHER, HOME)
        page.get_by_role("link", name="Emma Sofie Testesen").click()
        page.get_by_role("link", name="Gi samtykke").click()
        page.get_by_role("button", name="Se hva det betyr").click()
        summary = page.get_by_role("alert")
        expect(summary).to_contain_text("Noe mangler i skjemaet")
        summary.get_by_role("link", name="Velg ja eller nei").click()
        assert page.evaluate("document.activeElement.id") == "mottakere"
        page.get_by_role("link", name="Nynorsk").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Gi samtykke")
        assert page.evaluate("document.documentElement.lang") == "nn"


def test_pages_without_a_child_and_the_way_past_the_head(chromium: Browser, site: tuple[Pages, str]) -> None:
    _, url = site
    with somebody(chromium, PHONE) as page:
        page.goto(url)
        fits(page, "Logg inn")
        log_in(page, url, "Idporten", "13816798756", HOME)
        expect(page.get_by_text("Vi finner ingen barn")).to_be_visible()
        fits(page, "Barn og planer", "ingen barn")
        page.goto(f"{url}/finnes-ikke")
        page.keyboard.press("Tab")
        past = page.get_by_role("link", name="Hopp til innholdet")
        expect(past).to_be_focused()
        assert (past.bounding_box() or {})["height"] > 20  # no longer out of sight
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "innhold"
        fits(page, "Fant ikke siden")
        page.get_by_role("link", name="Barn og planer").click()
        page.get_by_role("button", name="Logg ut").click()
        fits(page, "Du er logget ut")
