"""Who holds what, as JSON with its sentences: for the API, the pages and the command line alike. What the
values do not say cannot be said here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from consent import rules
from consent.days import OSLO, day
from gateway.consents import words
from gateway.consents.held import Held, Holding
from gateway.consents.sharing import Sharing
from gateway.consents.words import Said


def plain(one: Holding) -> dict[str, Any]:
    """One holder and everything of it that the reader may see."""
    shown = not one.protected
    system = one.holder.system
    return {
        "organization": one.holder.organization if shown else None,
        "name": _name(one).plain(),
        "regime": one.regime,
        "system": system.id if system is not None and shown else None,
        "first": one.first.isoformat(),
        "last": one.last.isoformat(),
        **_sharing(one.sharing, copy=system is None),
        "items": [_held(held, copy=system is None) for held in one.held],
    }


def _name(one: Holding) -> Said:
    if one.holder.system is None:
        return words.EXPORTED
    if one.protected or one.name is None:
        return words.REGIMES.get(one.regime or "", words.SOMEBODY)
    return Said(one.name, one.name)


def _held(one: Held, *, copy: bool) -> dict[str, Any]:
    receipt = one.receipt
    said = ground(receipt.ground, receipt.last)
    return {
        "item": one.ref,
        "kind": one.kind,
        "title": one.title,
        "time": one.time,
        "first": receipt.first.isoformat(),
        "last": receipt.last.isoformat(),
        "certain": receipt.certain,
        "ground": receipt.ground,
        "why": said.plain(),
        **_sharing(one.sharing, copy=copy),
        "inError": one.in_error.isoformat() if one.in_error else None,
        "corrected": receipt.corrected.isoformat() if receipt.corrected else None,
        "remarks": [remark.plain() for remark in _remarks(one)],
    }


def _sharing(found: Sharing, *, copy: bool) -> dict[str, Any]:
    said = words.COPY if copy else words.GOES_ON if found.goes_on else words.STOPPED
    if not copy and found.ended is not None:
        said = words.STOPPED_ON.within(day=_day(found.ended))
    return {
        "goesOn": found.goes_on,
        "ended": found.ended.astimezone(UTC).isoformat() if found.ended and not copy else None,
        "sharing": said.plain(),
    }


def _remarks(one: Held) -> list[Said]:
    said = [] if one.receipt.certain else [words.UNSURE]
    if one.in_error is not None:
        told = one.receipt.corrected
        said.append(words.CORRECTED.within(day=_day(told)) if told else words.IN_ERROR)
    return said


def ground(code: str, at: datetime) -> Said:
    """Why something could be told then, in words of the rules that held that day."""
    own = words.GROUNDS.get(code)
    reason = rules.in_force(day(at)).get(code) if own is None else None
    return own or (Said(reason.nb, reason.nn) if reason is not None else words.UNSAID)


def _day(at: datetime) -> str:
    local = at.astimezone(OSLO)
    return f"{local.day}.{local.month}.{local.year}"
