"""Right tokens shown the wrong way: where they do not belong, twice, or as the other kind."""

from __future__ import annotations

from tests.access.forging import Forged, Make
from tests.access.possession import Holder, Sent

FORM = ("content-type", "application/x-www-form-urlencoded")


def schemed(scheme: str) -> Make:
    """With another word before it, and a right proof."""
    return lambda one: one.sent(scheme=scheme)


def alone(scheme: str) -> Make:
    """The bound token without a proof."""
    return lambda one: one.bare(("authorization", f"{scheme} {one.token}"))


def elsewhere(name: str, form: str = "{}") -> Make:
    """In another header, with a right proof beside it."""
    return lambda one: one.bare((name, form.format(one.token)), ("dpop", one.proof()))


def in_address(one: Holder) -> Sent:
    """In the query alone."""
    return one.bare(("dpop", one.proof()), address=f"{one.path}?access_token={one.token}")


def in_form(one: Holder) -> Sent:
    """In the body alone."""
    return one.bare(FORM, ("dpop", one.proof()), body=f"access_token={one.token}".encode())


def twice(first: str, second: str) -> Make:
    """Two Authorization headers: what is d is the bound token, b the bearer token."""

    def make(one: Holder) -> Sent:
        shown = {"d": f"DPoP {one.token}", "b": f"Bearer {one.bearer}"}
        pair = (("authorization", shown[first]), ("authorization", shown[second]))
        return one.bare(*pair, *((("dpop", one.proof()),) if "d" in (first, second) else ()))

    return make


SHOWING = (
    Forged("no token, but a proof", "token-missing", lambda o: o.bare(("dpop", o.proof()))),
    Forged("in the query", "token-in-address", in_address),
    Forged(
        "in the query too",
        "token-in-address",
        lambda o: o.sent(address=f"{o.path}?access_token={o.token}"),
    ),
    Forged(
        "in the query too, encoded",
        "token-in-address",
        lambda o: o.sent(address=f"{o.path}?a%63cess_token=x"),
    ),
    Forged("in the form", "token-missing", in_form),
    Forged("in a cookie", "token-missing", elsewhere("cookie", "access_token={}")),
    Forged("in Proxy-Authorization", "token-missing", elsewhere("proxy-authorization", "DPoP {}")),
    Forged("in X-Authorization", "token-missing", elsewhere("x-authorization", "DPoP {}")),
    Forged("bound, as Bearer without a proof", "token-bound", alone("Bearer")),
    Forged("bound, as bearer without a proof", "token-bound", alone("bearer")),
    Forged("bound, as Bearer with a proof", "token-bound", schemed("Bearer")),
    Forged("bound, as bEARER with a proof", "token-bound", schemed("bEARER")),
    Forged("bound, without a proof", "dpop-missing", alone("DPoP")),
    Forged("bound, as dpop without a proof", "dpop-missing", alone("dpop")),
    Forged("a bearer token as DPoP with a proof", "token-scheme", lambda o: o.sent(o.bearer)),
    Forged("a bearer token as dpop with a proof", "token-scheme", lambda o: o.sent(o.bearer, scheme="dpop")),
    Forged(
        "a bearer token as DPoP without a proof",
        "token-scheme",
        lambda o: o.bare(("authorization", f"DPoP {o.bearer}")),
    ),
    Forged(
        "a bearer token with a proof",
        "token-scheme",
        lambda o: o.sent(o.bearer, scheme="Bearer"),
    ),
    Forged("the same token twice", "token-twice", twice("d", "d")),
    Forged("a bound token, then a bearer token", "token-twice", twice("d", "b")),
    Forged("a bearer token, then a bound token", "token-twice", twice("b", "d")),
    Forged("two bearer tokens", "token-twice", twice("b", "b")),
    Forged("another scheme", "token-malformed", schemed("Basic")),
    Forged("a scheme that begins alike", "token-malformed", schemed("DPoPs")),
    Forged("no scheme", "token-malformed", lambda o: o.bare(("authorization", o.token), ("dpop", o.proof()))),
    Forged("no token behind the scheme", "token-malformed", lambda o: o.bare(("authorization", "DPoP"))),
    Forged("two spaces", "token-malformed", schemed("DPoP ")),
    Forged("something behind the token", "token-malformed", lambda o: o.sent(f"{o.token},x")),
)  # fmt: skip
