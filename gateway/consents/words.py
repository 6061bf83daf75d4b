"""The words in which a consent's state and history, a notice and a ground are told, in bokmål and nynorsk.
Sentences only; they never name a person or quote a record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence in both written forms."""

    nb: str
    nn: str

    def plain(self) -> dict[str, str]:
        """As JSON."""
        return {"nb": self.nb, "nn": self.nn}

    def within(self, **values: str) -> Said:
        """With what stands in braces filled in."""
        return Said(self.nb.format(**values), self.nn.format(**values))


STATES: Final = {
    "draft": Said(
        "Utkast: ingen har bestemt seg ennå.",
        "Utkast: ingen har bestemt seg enno.",
    ),
    "later": Said(
        "Begynner senere: det gir ikke lov til noe før da.",
        "Byrjar seinare: det gir ikkje lov til noko før då.",
    ),
    "partial": Said(
        "Delvis: noen som må bestemme, mangler. Bare det alle har sagt ja til, deles.",
        "Delvis: nokon som må bestemme, manglar. Berre det alle har sagt ja til, blir delt.",
    ),
    "unknown-signers": Said(
        "Gjelder ikke: det er ukjent hvem som må bestemme.",
        "Gjeld ikkje: det er ukjent kven som må bestemme.",
    ),
    "in-force": Said(
        "Gjelder: alle som må bestemme, har samtykket.", "Gjeld: alle som må bestemme, har samtykt."
    ),
    "ended": Said("Utløpt.", "Gått ut."),
    "withdrawn": Said(
        "Trukket: det gir ikke lenger lov til noe. Unntak som står i det, gjelder fortsatt.",
        "Trekt: det gir ikkje lenger lov til noko. Unntak som står i det, gjeld framleis.",
    ),
    "refusal": Said(
        "Et nei: det gjelder til den som ga det, opphever det.",
        "Eit nei: det gjeld til den som gav det, opphevar det.",
    ),
    "writing-demanded": Said(
        "Gjelder ikke: kommunen krever skriftlig samtykke.", "Gjeld ikkje: kommunen krev skriftleg samtykke."
    ),
    "permits-nothing": Said(
        "Gir ikke lov til noe: mottaker, slag opplysninger, periode eller formål mangler.",
        "Gir ikkje lov til noko: mottakar, slag opplysningar, periode eller formål manglar.",
    ),
    "not-understood": Said(
        "Ikke forstått: noe i det kan ikke leses. Det gir ikke lov til noe; unntakene i det gjelder.",
        "Ikkje forstått: noko i det kan ikkje lesast. Det gir ikkje lov til noko; unntaka i det gjeld.",
    ),
    "not-counted": Said(
        "Teller ikke: systemet det kommer fra, kan ikke si hva noen samtykker til. Unntak i det gjelder.",
        "Tel ikkje: systemet det kjem frå, kan ikkje seie kva nokon har samtykt til. Unntaka i det gjeld.",
    ),
    "in-error": Said("Registrert ved en feil: det teller ikke.", "Registrert ved ein feil: det tel ikkje."),
}

HEAR: Final = Said(
    "Barnet skal høres, og ingen opptegnelse sier at det er gjort.",
    "Barnet skal høyrast, og ingen opptekning seier at det er gjort.",
)
WEIGH: Final = Said(
    "Barnet skal høres med stor vekt, og ingen opptegnelse sier at det er gjort.",
    "Barnet skal høyrast med stor vekt, og ingen opptekning seier at det er gjort.",
)

CHANGES: Final = {
    "decision": Said("Avgjørelsen", "Avgjerda"),
    "givers": Said("Hvem som har gitt det", "Kven som har gitt det"),
    "about": Said("Hvem det gjelder", "Kven det gjeld"),
    "recipients": Said("Mottakere", "Mottakarar"),
    "categories": Said("Slag opplysninger", "Slag opplysningar"),
    "except_recipients": Said("Unntatte mottakere", "Unnatekne mottakarar"),
    "except_items": Said("Unntatte poster", "Unnatekne postar"),
    "items": Said("Bare disse postene", "Berre desse postane"),
    "labels": Said("Følsomme slag det nevner", "Kjenslevare slag det nemner"),
    "only_labelled": Said("Bare følsomme slag", "Berre kjenslevare slag"),
    "purpose": Said("Formål", "Formål"),
    "start": Said("Gjelder fra", "Gjeld frå"),
    "end": Said("Gjelder til", "Gjeld til"),
    "applies_from": Said("Bare det som er skrevet fra og med", "Berre det som er skrive frå og med"),
    "form": Said("Form", "Form"),
    "withdrawn": Said("Trukket", "Trekt"),
    "withdrawn_by": Said("Trukket av", "Trekt av"),
    "in_error": Said("Registrert ved en feil", "Registrert ved ein feil"),
    "understood": Said("Kan leses helt", "Kan lesast heilt"),
    "refusals": Said("Nei til deler av det", "Nei til delar av det"),
}

REMINDERS: Final = {
    "consent-ends": Said(
        "Et samtykke går snart ut. Spør dem som må bestemme, om de vil fornye det.",
        "Eit samtykke går snart ut. Spør dei som må bestemme, om dei vil fornye det.",
    ),
    "consent-ended": Said(
        "Et samtykke har gått ut. Det gir ikke lenger lov til noe.",
        "Eit samtykke har gått ut. Det gir ikkje lenger lov til noko.",
    ),
    "consent-partial": Said(
        "Noen som må bestemme, har lenge ikke signert et samtykke.",
        "Nokon som må bestemme, har lenge ikkje signert eit samtykke.",
    ),
    "birthday-near": Said(
        "Den unge blir snart {age} år. Da kan det endre seg hvem som bestemmer.",
        "Den unge blir snart {age} år. Då kan det endre seg kven som bestemmer.",
    ),
    "birthday": Said(
        "Den unge er blitt {age} år. Gå gjennom samtykkene på nytt, og spør den unge.",
        "Den unge har fylt {age} år. Gå gjennom samtykka på nytt, og spør den unge.",
    ),
    "danger": Said(
        "Noe ble delt fordi det var fare for liv eller helse. De det gjelder, skal få vite det.",
        "Noko blei delt fordi det var fare for liv eller helse. Dei det gjeld, skal få vite det.",
    ),
}

GROUNDS: Final = {  # what no rule of law.md says
    "lookup": Said(
        "Fødselsnummeret ble brukt til å finne personen hos mottakeren.",
        "Fødselsnummeret blei brukt til å finne personen hos mottakaren.",
    ),
    "operator": Said(
        "Kommunen tok ut en kopi av alt som er registrert.",
        "Kommunen tok ut ein kopi av alt som er registrert.",
    ),
    "operations": Said(
        "En som drifter løsningen, så på det for å finne en feil eller svare på et spørsmål.",
        "Ein som driftar løysinga, såg på det for å finne ein feil eller svare på eit spørsmål.",
    ),
    "notice": Said(
        "Mottakeren fikk beskjed om at delingen er slutt.", "Mottakaren fekk beskjed om at delinga er slutt."
    ),
}
UNSAID: Final = Said("Grunnlaget er ikke skrevet ned.", "Grunnlaget er ikkje skrive ned.")
GOES_ON: Final = Said("Deles fortsatt.", "Blir framleis delt.")
STOPPED: Final = Said("Deles ikke lenger.", "Blir ikkje delt lenger.")
STOPPED_ON: Final = Said("Deles ikke lenger, siden {day}.", "Blir ikkje delt lenger, sidan {day}.")
COPY: Final = Said("En kopi som ikke blir oppdatert.", "Ein kopi som ikkje blir oppdatert.")
UNSURE: Final = Said("Det er ikke sikkert at det kom fram.", "Det er ikkje sikkert at det kom fram.")
IN_ERROR: Final = Said(
    "Registrert ved en feil. Mottakeren har ikke fått beskjed ennå.",
    "Registrert ved ein feil. Mottakaren har ikkje fått beskjed enno.",
)
CORRECTED: Final = Said(
    "Registrert ved en feil. Mottakeren fikk beskjed {day}.",
    "Registrert ved ein feil. Mottakaren fekk beskjed {day}.",
)
REGIMES: Final = {
    "health": Said("Helsetjenesten", "Helsetenesta"),
    "child-welfare": Said("Barnevernet", "Barnevernet"),
    "education": Said("Skole, barnehage eller PPT", "Skule, barnehage eller PPT"),
    "administration": Said("Kommunens forvaltning", "Forvaltninga i kommunen"),
    "social": Said("Sosialtjenesten", "Sosialtenesta"),
    "police": Said("Politiet", "Politiet"),
    "private": Said("En privat virksomhet", "Ei privat verksemd"),
}
SOMEBODY: Final = Said("En virksomhet", "Ei verksemd")
EXPORTED: Final = Said("Kopi tatt ut i kommunen", "Kopi teken ut i kommunen")
