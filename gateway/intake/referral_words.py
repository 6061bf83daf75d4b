"""What services and professions are called in an answer to a referral. Words only."""

from __future__ import annotations

from typing import Final

SERVICES: Final = {
    "barnehage": "barnehagen",
    "skole": "skolen",
    "sfo": "SFO",
    "ungdomsskole": "ungdomsskolen",
    "videregaaende": "den videregående skolen",
    "ppt": "PPT",
    "helsestasjon": "helsestasjonen",
    "skolehelsetjeneste": "skolehelsetjenesten",
    "barnevern": "barneverntjenesten",
    "fastlege": "fastlegen",
    "psykiskHelse": "psykisk helsetjeneste",
    "kommunepsykolog": "kommunepsykologen",
    "habilitering": "habiliteringstjenesten",
    "koordinerendeEnhet": "koordinerende enhet",
    "nav": "NAV",
    "rustjeneste": "rustjenesten",
    "familievern": "familievernet",
    "flyktningtjeneste": "flyktningtjenesten",
    "kulturFritid": "kultur og fritid",
    "tannhelse": "tannhelsetjenesten",
    "oppfoelgingstjenesten": "oppfølgingstjenesten",
    "bup": "BUP",
    "barneavdeling": "barneavdelingen",
    "sykehus": "sykehuset",
    "politi": "politiet",
    "frivillig": "frivilligheten",
    "privatBarnehage": "den private barnehagen",
    "privatTiltak": "det private tiltaket",
}
PROFESSIONS: Final = {  # Volven 9060
    "LE": "lege",
    "PS": "psykolog",
    "SP": "sykepleier",
    "HE": "helsefagarbeider",
    "FT": "fysioterapeut",
    "ET": "ergoterapeut",
    "VP": "vernepleier",
    "TL": "tannlege",
    "JO": "jordmor",
}
