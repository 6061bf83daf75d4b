"""Tokens that are not what they seem, each shown with a right proof: made by or for somebody else, at another
time, of another kind, or so that two readers would read different things."""

from __future__ import annotations

import hmac
import json
import time
from typing import Any

from joserfc.jwk import ECKey, RSAKey

from gateway.access import scopes
from tests.access.forging import EVIL, ORGANIZATION, PERSON, SECURITY_LEVEL, Forged, Make
from tests.access.possession import Holder, Sent, b64, kept, signed

WEAK = RSAKey.generate_key(2048, {"kid": "r1"})


def saying(**claims: Any) -> Make:
    """Signed by the issuer, with other claims."""
    return lambda one: one.sent(one.reissued(**claims))


def headed(**header: Any) -> Make:
    """Signed by the issuer, with another header."""
    return lambda one: one.sent(one.reissued(header))


def stolen_header(**header: Any) -> Make:
    """Signed by a thief, whose key the header leads to."""

    def make(one: Holder) -> Sent:
        leading = {
            name: one.thief.as_dict(private=False) if value == "jwk" else value
            for name, value in header.items()
        }
        return one.sent(signed(kept(one.header | leading), one.claims, one.thief))

    return make


def raw(header: str | None, claims: str | None) -> Make:
    """Signed by the issuer over exactly this text, in which {} is the rest of what is right."""

    def make(one: Holder) -> Sent:
        head = (header or "{{{}}}").format(json.dumps(one.header)[1:-1]).encode()
        said = (claims or "{{{}}}").format(json.dumps(one.claims)[1:-1]).encode()
        return one.sent(signed(head, said, one.issuer, one.header["alg"]))

    return make


def unsigned(algorithm: str | None) -> Make:
    """Without a signature."""
    return lambda one: one.sent(f"{b64(kept(one.header | {'alg': algorithm}))}.{b64(one.claims)}.")


def shared_secret(form: str) -> Make:
    """HS256 with the issuer's public key as the secret."""

    def make(one: Holder) -> Sent:
        assert isinstance(one.issuer, ECKey | RSAKey)
        public = (
            one.issuer.as_pem(private=False)
            if form == "pem"
            else json.dumps(one.issuer.as_dict(private=False)).encode()
        )
        said = f"{b64(one.header | {'alg': 'HS256'})}.{b64(one.claims)}"
        return one.sent(f"{said}.{b64(hmac.digest(public, said.encode(), 'sha256'))}")

    return make


def cut(parts: slice, more: str = "") -> Make:
    """Some of the parts of the right token."""
    return lambda one: one.sent(".".join(one.token.split(".")[parts]) + more)


def other_claims(one: Holder) -> Sent:
    """The signature of one token under the claims of another."""
    header, _, signature = one.token.split(".")
    return one.sent(f"{header}.{b64(one.claims | {'scope': 'lanes.write'})}.{signature}")


def bound_to_two(one: Holder) -> Sent:
    """To the right key, and to one that we cannot see."""
    return one.sent(one.reissued(cnf=one.claims["cnf"] | {"x5t#S256": "A" * 43}))


def other_header(one: Holder) -> Sent:
    """The signature of one token under the header of another."""
    _, claims, signature = one.token.split(".")
    return one.sent(f"{b64(one.header | {'x': 'y'})}.{claims}.{signature}")


def now(seconds: int) -> int:
    """Now and so many seconds."""
    return int(time.time()) + seconds


def at(name: str, seconds: int) -> Make:
    """With a time claim so far from now."""
    return lambda one: one.sent(one.reissued(**{name: now(seconds)}))


TOKENS = (
    Forged("another issuer", "token-issuer", saying(iss=EVIL)),
    Forged("no issuer", "token-issuer", saying(iss=None)),
    Forged("the issuer and a slash", "token-issuer", lambda o: o.sent(o.reissued(iss=o.claims["iss"] + "/"))),
    Forged("the issuer in a list", "token-issuer", lambda o: o.sent(o.reissued(iss=[o.claims["iss"]]))),
    Forged("in another issuer's name", "token-signature", lambda o: o.sent(o.reissued(iss=o.neighbour))),
    Forged("another audience", "token-audience", saying(aud="another-service")),
    Forged("one audience more", "token-audience", saying(aud=["stafettbro", "another-service"])),
    Forged("no audience", "token-audience", saying(aud=None)),
    Forged("a foreign key under our kid", "token-signature", lambda o: o.sent(o.reissued(key=o.thief))),
    Forged("a key that the issuer does not have", "token-key", headed(kid="unknown")),
    Forged("a kid that is a path", "token-key", headed(kid="../../../../dev/null")),
    Forged("a kid that is a query", "token-key", headed(kid="x' UNION SELECT 'secret' --")),
    Forged("a kid that is a number", "token-malformed", headed(kid=7)),
    Forged("the thief's key in the token", "token-signature", stolen_header(jwk="jwk")),
    Forged("the thief's key in the token, no kid", "token-signature", stolen_header(jwk="jwk", kid=None)),
    Forged("a jku of the thief's", "token-key", stolen_header(jku=f"{EVIL}/jwks", kid="evil")),
    Forged("an x5u of the thief's", "token-key", stolen_header(x5u=f"{EVIL}/chain", kid="evil")),
    Forged("an x5c of the thief's", "token-signature", stolen_header(x5c=["MIIB"])),
    Forged("no signature", "token-signature", lambda o: o.sent(o.token.rpartition(".")[0] + ".")),
    Forged("another's signature", "token-signature", lambda o: o.sent(o.token[:-8] + "AAAAAAAA")),
    Forged("other claims than were signed", "token-signature", other_claims),
    Forged("another header than was signed", "token-signature", other_header),
    Forged("alg none", "token-algorithm", unsigned("none")),
    Forged("alg nOnE", "token-algorithm", unsigned("nOnE")),
    Forged("no alg", "token-algorithm", unsigned(None)),
    Forged("HS256 with the public key (PEM)", "token-algorithm", shared_secret("pem")),
    Forged("HS256 with the public key (JWK)", "token-algorithm", shared_secret("jwk")),
    Forged(
        "an algorithm that is not ours",
        "token-algorithm",
        lambda o: o.sent(signed(o.header | {"alg": "RS512", "kid": "r1"}, o.claims, WEAK, "RS512")),
    ),
    Forged("expired", "token-expired", at("exp", -61)),
    Forged("without an end", "token-malformed", saying(exp=None)),
    Forged("an end that is a text", "token-malformed", saying(exp="9999999999")),
    Forged("not valid yet", "token-early", at("nbf", 90)),
    Forged("issued in the future", "token-early", at("iat", 90)),
    Forged("an ID token", "token-type", headed(typ="JWT")),
    Forged("no type", "token-type", headed(typ=None)),
    Forged("a proof as the token", "token-type", headed(typ="dpop+jwt")),
    Forged("a logout token", "token-type", headed(typ="logout+jwt")),
    Forged("crit", "token-malformed", headed(crit=["exp"])),
    Forged("crit with b64", "token-malformed", headed(crit=["b64"], b64=False)),
    Forged("the scope twice", "token-malformed", raw(None, '{{{}, "scope": "records.write"}}')),
    Forged("the issuer twice", "token-malformed", raw(None, '{{"iss": "https://evil.example", {}}}')),
    Forged("cnf twice", "token-malformed", raw(None, '{{"cnf": {{"jkt": "x"}}, {}}}')),
    Forged("alg twice", "token-malformed", raw('{{"alg": "none", {}}}', None)),
    Forged("claims that are a list", "token-malformed", raw(None, "[{{{}}}]")),
    Forged("no client", "token-client", saying(client_id=None, azp=None, sub=None)),
    Forged("an unknown client", "client-unknown", saying(client_id="stranger", sub="stranger")),
    Forged("another organization", "client-unknown", saying(**{ORGANIZATION: "987654321"})),
    Forged("no organization", "token-organization", saying(**{ORGANIZATION: None})),
    Forged("a person, no level", "token-level", saying(**PERSON)),
    Forged("a person, a lower level", "token-level", saying(**PERSON, **{SECURITY_LEVEL: "3"})),
    Forged("a person, levels in a list", "token-level", saying(**PERSON, **{SECURITY_LEVEL: ["4"]})),
    Forged("bound to no key", "token-unbound", saying(cnf=None)),
    Forged("bound to a certificate", "token-unbound", saying(cnf={"x5t#S256": "A" * 43})),
    Forged("bound to two things", "token-unbound", bound_to_two),
    Forged("bound to what is no thumbprint", "token-unbound", saying(cnf={"jkt": ""})),
    Forged("two parts", "token-malformed", cut(slice(0, 2))),
    Forged("five parts", "token-malformed", cut(slice(0, 3), ".AAAA.AAAA")),
    Forged("padded", "token-malformed", cut(slice(0, 3), "==")),
    Forged("too long", "token-malformed", saying(padding="x" * 9000)),
    Forged("a scope that does not reach", "scope-missing", saying(scope="another.scope")),
    Forged("a scope without the prefix", "scope-missing", saying(scope=" ".join(scopes.ALL))),
)  # fmt: skip
