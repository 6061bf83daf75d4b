"""A person with a browser but without its window: keeps cookies, logs in at the provider, reads pages and
fills in their forms as a browser would."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import httpx

ORIGIN = "https://testserver"


class Page(HTMLParser):
    """What of a page a person can use: links by their words, forms with their fields, all words."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__()
        self.status = response.status_code
        self.headers = response.headers
        self.html = response.text
        self.links: dict[str, str] = {}
        self.forms: list[tuple[str, dict[str, list[str]]]] = []
        self._words: list[str] = []
        self._link: str | None = None
        self._said = ""
        self.labels: dict[str, str] = {}
        self.inputs: dict[str, tuple[str, str]] = {}
        self._label: str | None = None
        self._text: str | None = None
        self._choosing: str | None = None
        self.feed(response.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = {name: value or "" for name, value in attrs}
        if tag == "a":
            self._link, self._said = own.get("href"), ""
        elif tag == "form":
            self.forms.append((own.get("action", ""), {}))
        elif tag == "label":
            self._label, self._said = own.get("for"), ""
        elif tag == "input":
            self._input(own)
        elif tag == "textarea":
            self._text = own["name"]
            self.forms[-1][1][self._text] = [""]
        elif tag == "select":
            self._choosing = own["name"]
            self.forms[-1][1].setdefault(self._choosing, [])
        elif tag == "option" and self._choosing:
            self._option(own)

    def _input(self, own: dict[str, str]) -> None:
        name, kind, value = own.get("name", ""), own.get("type", "text"), own.get("value", "")
        if "id" in own:
            self.inputs[own["id"]] = (name, value)
        if self.forms and (kind not in ("checkbox", "radio") or "checked" in own):
            self.forms[-1][1].setdefault(name, []).append(value)

    def _option(self, own: dict[str, str]) -> None:
        """What is chosen is sent; where nothing is, the first."""
        chosen = self.forms[-1][1][self._choosing or ""]
        if "selected" in own or not chosen:
            chosen[:] = [own.get("value", "")]

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._link:
            self.links[" ".join(self._said.split())] = self._link
            self._link = None
        elif tag == "label" and self._label:
            self.labels[" ".join(self._said.split())] = self._label
            self._label = None
        elif tag == "textarea":
            self._text = None
        elif tag == "select":
            self._choosing = None

    def handle_data(self, data: str) -> None:
        self._words.append(data)
        self._said += data

    @property
    def text(self) -> str:
        """All words, as one line."""
        return " ".join(" ".join(self._words).split())

    def link(self, words: str) -> str:
        """The address of the first link whose words begin so."""
        return next(href for said, href in self.links.items() if said.startswith(words))

    def form(self, ends: str) -> dict[str, list[str]]:
        """The fields of the form that goes to an address that ends so, as they stand."""
        return next(fields for action, fields in self.forms if action.endswith(ends))

    def handle_of(self, words: str) -> str:
        """The handle behind a legend: the name of a recipient."""
        found = re.search(
            rf"<legend[^>]*>{re.escape(words)}[^<]*</legend>.*?name=\"mottaker-([\w-]+)\"", self.html, re.S
        )
        assert found, words
        return found[1]


class Person:
    """Somebody at the pages. http: the gateway, which follows no redirect by itself."""

    def __init__(self, http: httpx.Client, provider: str) -> None:
        self.http = http
        self.http.cookies.clear()
        self.provider = provider

    def get(self, path: str, **headers: str) -> Page:
        """A page, after the redirects within the gateway."""
        return Page(self._follow(self.http.get(path, headers=headers)))

    def post(self, path: str, fields: dict[str, list[str]], origin: str | None = ORIGIN) -> Page:
        """A form, and the page that follows."""
        return Page(self._follow(self.send(path, fields, origin)))

    def send(self, path: str, fields: dict[str, list[str]], origin: str | None = ORIGIN) -> httpx.Response:
        """A form alone."""
        headers = {"Origin": origin} if origin else {}
        return self.http.post(path, data=fields, headers=headers)

    def _follow(self, answer: httpx.Response) -> httpx.Response:
        while answer.status_code == 303 and not answer.headers["location"].startswith("http"):
            answer = self.http.get(answer.headers["location"])
        return answer

    # --- the login ---------------------------------------------------------------------------------------

    def start(self, login: str = "idporten") -> str:
        """To the provider: the address there."""
        answer = self.http.get(f"/min-side/logg-inn/{login}")
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def at_provider(self, address: str, whom: str, acr: str = "idporten-loa-high") -> str:
        """Log in there: the address that leads back."""
        with httpx.Client(follow_redirects=True, trust_env=False) as browser:
            asked = browser.get(address)
            answer = browser.post(asked.url, data={"hvem": whom, "acr": acr}, follow_redirects=False)
            while not (place := answer.headers["location"]).startswith(ORIGIN):
                answer = browser.get(place, follow_redirects=False)
        return place

    def returns(self, address: str) -> httpx.Response:
        """Back at the gateway with the provider's answer."""
        parts = urlsplit(address)
        return self.http.get(f"{parts.path}?{parts.query}")

    def log_in(self, whom: str, login: str = "idporten") -> Page:
        """All of it: the first page after."""
        answer = self.returns(self.at_provider(self.start(login), whom))
        assert answer.status_code == 303, answer.text
        return self.get(answer.headers["location"])
