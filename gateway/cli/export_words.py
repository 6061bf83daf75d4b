"""Bokmål for what an export's page shows: types, field names, codes, times. What is not known here is shown
as it is."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

OSLO = ZoneInfo("Europe/Oslo")

TYPES = {
    "stafettlogg": "Stafettlogg", "plan": "Individuell plan", "deltaker": "Deltaker", "maal": "Mål",
    "hovedmaal": "Hovedmål", "delmaal": "Delmål", "tiltak": "Tiltak", "lysglimt": "Lysglimt",
    "notat": "Notat", "melding": "Melding", "moete": "Møte", "dokument": "Dokument", "samtykke": "Samtykke",
    "forhold": "Forhold", "henvisning": "Henvisning", "overfoering": "Overføring av stafettpinnen",
}  # fmt: skip

FIELDS = {
    "adressebeskyttelse": "Adressesperre", "ansvarlig": "Ansvarlig", "avgjoerelse": "Avgjørelse",
    "avsluttet": "Avsluttet", "barnetDeltar": "Barnet deltar", "barnetsMening": "Barnets mening",
    "begrunnelse": "Begrunnelse", "bekymring": "Bekymring", "beskrivelse": "Beskrivelse",
    "brukesSomIP": "Brukes som individuell plan",
    "egneOrd": "Med egne ord", "emne": "Emne", "endret": "Endret", "endretAv": "Endret av", "enhet": "Enhet",
    "evaluering": "Evaluering", "evalueringsfrist": "Evalueres innen", "foedt": "Født",
    "foreldreansvar": "Foreldreansvar", "formaal": "Formål", "formaalKode": "Formålskode",
    "fortsetterFra": "Fortsetter fra", "fnr": "Fødselsnummer", "dnr": "D-nummer",
    "fhn": "Felles hjelpenummer",
    "gjelder": "Gjelder", "gjelderFra": "Gjelder opplysninger fra", "gjennomfoering": "Gjennomføring",
    "giver": "Gitt av", "henviser": "Henviser", "hpr": "HPR-nummer", "maal": "Mål",
    "medhenvisere": "Medhenvisere",
    "mottakere": "Mottakere", "moete": "Møte", "nivaa": "Nivå", "nivaahistorikk": "Nivåhistorikk",
    "oensketBidrag": "Ønsket bidrag", "oppmoete": "Oppmøte", "opprettet": "Opprettet",
    "opprettetAv": "Opprettet av", "orgnr": "Organisasjonsnummer", "overordnet": "Hører under",
    "referatDokument": "Referat (dokument)", "samarbeidsbehov": "Behov for samarbeid",
    "samtykkeTekst": "Om samtykke", "sensitivitet": "Sensitivitet", "svarPaa": "Svar på",
    "tiltakMedEffekt": "Tiltak som har virket", "tjeneste": "Tjeneste", "traad": "Tråd",
    "tredjeperson": "Handler også om", "trukket": "Trukket", "unntatt": "Unntatt mottakere",
    "unntattPoster": "Unntatte poster",
}  # fmt: skip

CODES = {
    "foreslaatt": "foreslått", "naadd": "nådd", "delvisNaadd": "delvis nådd", "ikkeNaadd": "ikke nådd",
    "paagaar": "pågår", "paaVent": "på vent", "gjennomfoert": "gjennomført", "aktoer": "aktør",
    "videregaaende": "videregående skole", "skolehelsetjeneste": "skolehelsetjenesten",
    "psykiskHelse": "psykisk helse", "koordinerendeEnhet": "koordinerende enhet", "ppt": "PPT", "bup": "BUP",
    "nav": "NAV", "sfo": "SFO", "barnevern": "barneverntjenesten", "arbeidsmoete": "arbeidsmøte",
    "samarbeidsmoete": "samarbeidsmøte", "motsetterSeg": "motsetter seg", "laerevansker": "lærevansker",
    "psykiskeVansker": "psykiske vansker", "sosialeVansker": "sosiale vansker",
    "foreldresRus": "foreldres rusbruk", "foreldresPsykiskeVansker": "foreldres psykiske vansker",
    "hoeytKonfliktnivaa": "høyt konfliktnivå", "seksuelleOvergrep": "seksuelle overgrep",
    "oekonomi": "økonomi", "uspesifisertUro": "uspesifisert uro", "mindreAlvorlig": "mindre alvorlig",
    "strengtFortrolig": "strengt fortrolig", "maal": "mål", "moete": "møte",
}  # fmt: skip
CODED = frozenset({
    "status", "resultat", "rolle", "tjeneste", "slag", "avgjoerelse", "form", "kategorier", "mottakere",
    "unntatt", "bekymring", "alvorlighet", "adressebeskyttelse", "formaalKode", "foreldreansvar", "til",
})  # fmt: skip

STATES = {
    "sending": "under sending", "delivered": "levert", "refused": "avvist av mottaker",
    "unknown": "ukjent om det kom fram", "unsent": "ikke sendt",
}  # fmt: skip
DISPUTES = {
    "open": "åpen", "decided": "avgjort", "equal": "begge sier det samme",
    "replaced": "erstattet av en nyere uenighet", "withdrawn": "posten er feilregistrert",
}  # fmt: skip
CHOICES = {
    "current": "det som sto, ble stående", "theirs": "det andre systemets verdi", "value": "en annen verdi",
}  # fmt: skip
CHANNELS = {
    "push": "sendt", "pull": "hentet av mottaker", "read": "lest", "page": "vist på side",
    "live": "vist direkte", "export": "uttrekk",
}  # fmt: skip
GROUNDS = {
    "G1": "samtykke", "own": "virksomhetens egen opplysning", "access": "innsynsrett",
    "lookup": "oppslag av personen", "operator": "uttrekk av alt, tatt ut av driftsansvarlig",
}  # fmt: skip

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}")


def label(field: str) -> str:
    """A field's name for a reader."""
    return FIELDS.get(field, field[:1].upper() + field[1:])


def shown(field: str, value: str) -> str:
    """A text, code or time for a reader."""
    if field in CODED and value in CODES:
        return CODES[value]
    if _DAY.fullmatch(value):
        return f"{value[8:]}.{value[5:7]}.{value[:4]}"
    return moment(value) if _MOMENT.match(value) else value


def moment(value: datetime | str | None) -> str:
    """A time in Norway, or the text as it is."""
    if value is None:
        return ""
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except ValueError:
        return str(value)
    return (at.astimezone(OSLO) if at.tzinfo else at).strftime("%d.%m.%Y kl. %H.%M")
