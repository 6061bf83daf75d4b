"""Bokmål for the codes and times that the demo pages show. Unknown codes are shown as they are."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

OSLO = ZoneInfo("Europe/Oslo")
MONTHS = (
    "januar",
    "februar",
    "mars",
    "april",
    "mai",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "desember",
)

CODES = {
    "foreslaatt": "foreslått",
    "aktiv": "aktiv",
    "naadd": "nådd",
    "delvisNaadd": "delvis nådd",
    "ikkeNaadd": "ikke nådd",
    "avbrutt": "avbrutt",
    "planlagt": "planlagt",
    "paagaar": "pågår",
    "paaVent": "på vent",
    "gjennomfoert": "gjennomført",
    "ingen": "ingen",
    "delvis": "delvis",
    "god": "god",
    "forverret": "forverret",
    "opprettet": "opprettet",
    "pauset": "pauset",
    "avsluttet": "avsluttet",
    "feilregistrert": "feilregistrert",
    "stafettholder": "stafettholder",
    "stedfortreder": "stedfortreder",
    "aktoer": "aktør",
    "koordinator": "koordinator",
    "barnekoordinator": "barnekoordinator",
    "kontaktperson": "kontaktperson",
    "foresatt": "foresatt",
    "fosterforelder": "fosterforelder",
    "verge": "verge",
    "barn": "barn",
    "enhetsleder": "enhetsleder",
    "barnehage": "barnehage",
    "skole": "skole",
    "ungdomsskole": "ungdomsskole",
    "videregaaende": "videregående skole",
    "ppt": "PPT",
    "helsestasjon": "helsestasjon",
    "barnevern": "barnevern",
    "fastlege": "fastlege",
    "habilitering": "habilitering",
    "koordinerendeEnhet": "koordinerende enhet",
    "nav": "NAV",
    "bup": "BUP",
    "undringssamtale": "Undringssamtale",
    "arbeidsmoete": "Arbeidsmøte",
    "samarbeidsmoete": "Samarbeidsmøte",
    "ansvarsgruppe": "Ansvarsgruppemøte",
    "evaluering": "Evalueringsmøte",
    "overgang": "Overgangsmøte",
    "invitert": "invitert",
    "deltok": "deltok",
    "forfall": "meldte forfall",
    "uteble": "uteble",
    "samtykker": "Samtykke",
    "nekter": "Avslag",
    "motsetterSeg": "Motsetter seg",
    "skriftlig": "skriftlig",
    "muntlig": "muntlig",
    "digital": "digitalt",
    "plan": "rammen",
    "bekymring": "bekymring",
    "maal": "mål",
    "tiltak": "tiltak",
    "lysglimt": "lysglimt",
    "notat": "notat",
    "melding": "meldinger",
    "moete": "møter",
    "dokument": "dokumenter",
    "henvisning": "henvisning",
    "ugradert": "",
    "klientadresse": "klientadresse",
    "fortrolig": "fortrolig adresse",
    "strengtFortrolig": "strengt fortrolig adresse",
}
LEVELS = {0: "identifisering", 1: "lokal innsats", 2: "tverretatlig samordning", 3: "kompleks samordning"}


def word(code: object) -> str:
    """The code in plain words; text that is no code of ours as it is."""
    return CODES.get(code, code) if isinstance(code, str) else ""


def words(codes: object) -> str:
    """A list of codes, with commas."""
    return ", ".join(word(code) for code in codes) if isinstance(codes, list) else ""


def day(value: object) -> str:
    """A date or time as "4. mai 2026" or "4. mai 2026 kl. 10.00"; other text as it is."""
    if not isinstance(value, str) or not value:
        return ""
    try:
        if len(value) == 10:
            return _day(date.fromisoformat(value))
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    local = moment.astimezone(OSLO) if moment.tzinfo else moment
    return f"{_day(local.date())} kl. {local:%H.%M}"


def now() -> str:
    """This moment as records write it: RFC 3339 with Norway's offset."""
    return datetime.now(OSLO).isoformat(timespec="seconds")


def today() -> date:
    """The day in Norway."""
    return datetime.now(OSLO).date()


def is_past(value: object) -> bool:
    """Whether a date has passed."""
    try:
        return isinstance(value, str) and date.fromisoformat(value[:10]) < today()
    except ValueError:
        return False


def _day(value: date) -> str:
    return f"{value.day}. {MONTHS[value.month - 1]} {value.year}"
