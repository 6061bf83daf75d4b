"""The pages of who can come in: employees and operators that have logged in, clients that may call, whose
access has ended; taking it away, confirmed on a page of its own, and giving it back. Of families a count."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from gateway.access.ending_reasons import Why
from gateway.access.endings import Called
from gateway.access.people_login import Identity, user
from gateway.errors import NotFound
from gateway.operating.access import Machine, Overview, Person, WhoMay
from gateway.web.desk import AtDesk, WebDesk
from gateway.web.door import Fields, Form
from gateway.web.operations.entrance import DRIFT, Operating, Operator
from gateway.web.operations.naming import FORM, Sealed, opened, sealed
from gateway.web.rendering import PageRoute, onward, page
from mappings.canonical import DNR, FHN, FNR, HPR

router = APIRouter(prefix=DRIFT, route_class=PageRoute, include_in_schema=False)
HERE: Final = "/drift/tilgang"
OTHER: Final = "other"  # somebody who does not stand on the page, as a form names them
KINDS: Final = ("hpr", "nummer", "bruker")
TYPED: Final = ("slag", "innlogging", "verdi")  # fields
NOT_HERE: Final = "Not here"


@router.get("/tilgang")
def access(
    request: Request,
    desk: AtDesk,
    who: Operating,
    gjort: Annotated[str, Query(pattern="^(avsluttet|tilbake)?$")] = "",
) -> Response:
    """Everybody."""
    found = _may(desk, who).overview(desk.service.clock())
    called = {one.id: _known(one.called) for one in found.ended}
    return page(
        request,
        "operations/access",
        session=who.session,
        people=[_person(desk, who, one) for one in found.people],
        families=found.families,
        machines=[_machine(desk, who, one) for one in found.machines],
        ended=[
            {
                "sealed": sealed(who.session, "ending", one.id),
                "called": called[one.id],
                "of": one.of,
                "at": one.at,
                "why": one.why,
                "mine": one.by == who.client,
            }
            for one in found.ended
        ],
        done=gjort,
    )


@router.get("/tilgang/avslutt/{whom}")
def asked(request: Request, desk: AtDesk, who: Operating, whom: Sealed) -> Response:
    """Is this meant? What it means, and why it is done."""
    return _confirm(request, desk, who, _found(desk, who, whom))


@router.post("/tilgang/avslutt/{whom}")
def end(request: Request, desk: AtDesk, who: Operating, fields: Form, whom: Sealed) -> Response:
    """End it."""
    return _end(request, desk, who, _found(desk, who, whom), fields)


@router.get("/tilgang/annen")
def other(request: Request, desk: AtDesk, who: Operating) -> Response:
    """Somebody who does not stand there."""
    return _other(request, desk, who, {})


@router.post("/tilgang/annen")
def named(request: Request, desk: AtDesk, who: Operating, fields: Form) -> Response:
    """The page on which it is confirmed; who it is stays out of the address."""
    told = tuple(fields.get(name, [""])[0].strip() for name in TYPED)
    target = _typed(desk, who, told)
    if target is None:
        return _other(request, desk, who, fields, status=422)
    return _confirm(request, desk, who, target)


@router.post("/tilgang/annen/avslutt")
def end_other(request: Request, desk: AtDesk, who: Operating, fields: Form) -> Response:
    """End it."""
    given = fields.get("den", [""])[0]
    if not re.fullmatch(FORM, given):
        raise NotFound(NOT_HERE)
    target = _typed(desk, who, tuple(opened(who.session, OTHER, given).split("\n")))
    if target is None:  # the configuration has changed since
        raise NotFound(NOT_HERE)
    return _end(request, desk, who, target, fields)


@router.post("/tilgang/tilbake/{ending}")
def give_back(desk: AtDesk, who: Operating, fields: Form, ending: Sealed) -> Response:  # noqa: ARG001
    """It counts no more."""
    own = opened(who.session, "ending", ending)
    if not _may(desk, who).give_back(own, desk.service.clock(), by=who.client):
        raise NotFound(NOT_HERE)
    return onward(f"{HERE}?gjort=tilbake")


class _Target:
    """Whose access is to end. address: where the form goes; den: what it carries, of whom no page names."""

    def __init__(self, one: Person | Machine, address: str, den: str = "") -> None:
        self.one, self.address, self.den = one, address, den


def _end(request: Request, desk: WebDesk, who: Operator, target: _Target, fields: Fields) -> Response:
    why = next((one for one in Why if [one.value] == fields.get("grunn")), None)
    if _is_self(who, target.one):
        return _confirm(request, desk, who, target, status=409)
    if why is None:
        return _confirm(request, desk, who, target, status=422, wrong=True)
    may, now = _may(desk, who), desk.service.clock()
    if isinstance(target.one, Person):
        may.end_person(target.one.hashes, target.one.called, why, now, by=who.client)
    else:
        may.end_client(target.one, why, now, by=who.client)
    return onward(f"{HERE}?gjort=avsluttet")


def _confirm(
    request: Request,
    desk: WebDesk,
    who: Operator,
    target: _Target,
    *,
    status: int = 200,
    wrong: bool = False,
) -> Response:
    one = target.one
    return page(
        request,
        "operations/access_end",
        session=who.session,
        status=status,
        person=_person(desk, who, one) if isinstance(one, Person) else None,
        machine=_machine(desk, who, one) if isinstance(one, Machine) else None,
        address=target.address,
        den=target.den,
        reasons=[*Why],
        mine=_is_self(who, one),
        wrong=wrong,
    )


def _other(request: Request, desk: WebDesk, who: Operator, fields: Fields, *, status: int = 200) -> Response:
    return page(
        request,
        "operations/access_other",
        session=who.session,
        status=status,
        kinds=KINDS,
        chosen=fields.get("slag", [""])[0],
        providers=_providers(desk, who),
        provider=fields.get("innlogging", [""])[0],
        wrong=status != 200,
    )


def _typed(desk: WebDesk, who: Operator, told: tuple[str, ...]) -> _Target | None:
    """Who is meant by these fields; None where it is no form of number. A national id is shown nowhere."""
    identity = _identity(desk, who, *told)
    if identity is None:
        return None
    return _of_identity(desk, who, identity, sealed(who.session, OTHER, "\n".join(told)))


def _identity(desk: WebDesk, who: Operator, kind: str, at: str, value: str) -> Identity | None:
    plain = value.replace(" ", "")
    if at and at not in _providers(desk, who):
        return None
    if kind == "hpr" and plain.isascii() and plain.isdecimal() and len(plain) <= 9:
        return HPR, plain
    if kind == "nummer" and plain.isascii() and plain.isdecimal() and len(plain) == 11:
        return FNR, plain
    login = desk.logins.get(at)
    if kind == "bruker" and 0 < len(value) <= 60 and login is not None:
        return user(login.login.issuer, value)
    return None


def _of_identity(desk: WebDesk, who: Operator, identity: Identity, den: str) -> _Target:
    """Somebody who is known, by everything they are known by; else whoever may come by this identity."""
    system, value = identity
    every = [(one, value) for one in (FNR, DNR, FHN)] if system == FNR else [identity]
    hashes = desk.participants.hashes(every)
    now = desk.service.clock()
    known = [one for one in _may(desk, who).overview(now).people if one.hashes & hashes]
    called: dict[str, str] = {"hpr": value} if system == HPR else {}
    if system.startswith("user "):
        called = {"user": value}
    nobody = Person("", called, (), now, 0, frozenset(), hashes, frozenset())
    return _Target(known[0] if known else nobody, f"{HERE}/annen/avslutt", den)


def _found(desk: WebDesk, who: Operator, whom: str) -> _Target:
    """Whom an address means. Raises NotFound."""
    kind, _, own = opened(who.session, "access", whom).partition(" ")
    found: Overview = _may(desk, who).overview(desk.service.clock())
    one = found.person(own) if kind == "person" else found.machine(own)
    if one is None:
        raise NotFound(NOT_HERE)
    return _Target(one, f"{HERE}/avslutt/{whom}")


def _is_self(who: Operator, one: Person | Machine) -> bool:
    return isinstance(one, Person) and not one.hashes.isdisjoint(who.session.hashes)


def _may(desk: WebDesk, who: Operator) -> WhoMay:
    service = desk.service
    return WhoMay(service.settings, service.store, desk.sessions, desk.endings, who.tenant)


def _providers(desk: WebDesk, who: Operator) -> dict[str, str]:
    """The logins of employees and operators, by id."""
    found = _may(desk, who).logins.values()
    return {one.id: one.name for one in found if one.who != "family"}


def _person(desk: WebDesk, who: Operator, one: Person) -> dict[str, Any]:
    logins = _may(desk, who).logins
    return {
        "sealed": sealed(who.session, "access", f"person {one.id}"),
        "called": _known(one.called),
        "logins": [logins[name].name for name in one.logins if name in logins],
        "kinds": sorted({logins[name].who for name in one.logins if name in logins}),
        "seen": one.seen,
        "sessions": one.sessions,
        "sees_content": "content" in one.rights,
        "refused": bool(one.refused),
        "mine": _is_self(who, one),
    }


def _machine(desk: WebDesk, who: Operator, one: Machine) -> dict[str, Any]:
    names = {each.number: each.name for each in desk.service.settings.organizations}
    system = desk.service.settings.system(one.client.system) if one.client.system else None
    number = one.client.organization or (system.organization if system else None)
    return {
        "sealed": sealed(who.session, "access", f"client {one.id}"),
        "client": one.client.client_id,
        "issuer": one.client.issuer,
        "organization": names.get(number or "", number),
        "system": one.client.system,
        "scopes": sorted(one.client.scopes),
        "refused": one.refused is not None,
    }


def _known(called: Called) -> dict[str, str]:
    """What a person or client is called, each part there or empty."""
    return {name: called.get(name, "") for name in ("name", "hpr", "user", "client", "issuer")}
