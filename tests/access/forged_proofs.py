"""Right tokens with wrong proofs: of another key, for another request, from another time, or shown before."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from typing import Any

from joserfc.jwk import ECKey, OctKey, RSAKey

from tests.access.forging import EVIL, FORWARDED, HOST, Forged, Make
from tests.access.possession import Holder, Sent, b64, signed

P384 = ECKey.generate_key("P-384")
SMALL = RSAKey.generate_key(1024)
SECRET = OctKey.generate_key(256)


def saying(**claims: Any) -> Make:
    """With other claims."""
    return lambda one: one.sent(None, one.proof(**claims))


def headed(**header: Any) -> Make:
    """With another header."""
    return lambda one: one.sent(None, one.proof(header=header))


def keyed(**members: Any) -> Make:
    """With other members in the key; None takes one away."""

    def make(one: Holder) -> Sent:
        said = one.key.as_dict(private=False) | members
        return one.sent(None, one.proof(header={"jwk": {k: v for k, v in said.items() if v is not None}}))

    return make


def private(one: Holder) -> Sent:
    """With the private key for all to see."""
    return one.sent(None, one.proof(header={"jwk": one.key.as_dict(private=True)}))


def of(key: ECKey | RSAKey, algorithm: str = "ES256", signer: str = "ES256") -> Make:
    """Made with another key altogether."""

    def make(one: Holder) -> Sent:
        header = {"typ": "dpop+jwt", "alg": algorithm, "jwk": key.as_dict(private=False)}
        return one.sent(None, signed(header, _claims(one), key, signer))

    return make


def addressed(change: tuple[str, str]) -> Make:
    """With an address in which one thing is another."""

    def make(one: Holder) -> Sent:
        address = one.base + one.path
        assert change[0] in address
        return one.sent(None, one.proof(htu=address.replace(*change, 1)))

    return make


def behind(text: str) -> Make:
    """With something behind the address."""
    return lambda one: one.sent(None, one.proof(htu=one.base + one.path + text))


def with_query(one: Holder) -> Sent:
    """Asked with a query, proved with it."""
    asked = f"{one.path}?limit=1"
    return one.sent(None, one.proof(htu=one.base + asked), address=asked)


def raw(header: str | None, claims: str | None) -> Make:
    """Signed by the right key over exactly this text, in which {} is what is right."""

    def make(one: Holder) -> Sent:
        head = json.dumps({"typ": "dpop+jwt", "alg": "ES256", "jwk": one.key.as_dict(private=False)})[1:-1]
        said = json.dumps(_claims(one))[1:-1]
        text = (header or "{{{}}}").format(head), (claims or "{{{}}}").format(said)
        return one.sent(None, signed(text[0].encode(), text[1].encode(), one.key))

    return make


def aged(seconds: int) -> Make:
    """Made so many seconds from now."""
    return lambda one: one.sent(None, one.proof(iat=int(time.time()) + seconds))


def unsigned(one: Holder) -> Sent:
    """Without a signature."""
    header = {"typ": "dpop+jwt", "alg": "none", "jwk": one.key.as_dict(private=False)}
    return one.sent(None, f"{b64(header)}.{b64(_claims(one))}.")


def by_secret(one: Holder) -> Sent:
    """HS256, the secret in the header."""
    header = {"typ": "dpop+jwt", "alg": "HS256", "jwk": SECRET.as_dict(private=True)}
    return one.sent(None, signed(header, _claims(one), SECRET, "HS256"))


def by_thief(one: Holder) -> Sent:
    """A stolen token with the thief's own key, all else right."""
    return one.sent(None, one.proof(header={"jwk": one.thief.as_dict(private=False)}, key=one.thief))


def cut_off(proof: str) -> str:
    """Without the last part."""
    return proof.rpartition(".")[0] + "."


def hexadecimal(one: Holder) -> Sent:
    """With the right hash in the wrong form."""
    return one.sent(None, one.proof(ath=hashlib.sha256(one.token.encode()).hexdigest()))


def _claims(one: Holder) -> dict[str, Any]:
    text = one.proof().split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found


def _two(one: Holder, same: bool) -> Sent:
    first = one.proof()
    return one.sent(None, first, first if same else one.proof())


PROOFS = (
    Forged("two proofs", "dpop-twice", lambda o: _two(o, same=False)),
    Forged("the same proof twice", "dpop-twice", lambda o: _two(o, same=True)),
    Forged("two proofs in one header", "dpop-malformed", lambda o: o.sent(None, f"{o.proof()}, {o.proof()}")),
    Forged("an empty proof", "dpop-malformed", lambda o: o.sent(None, "")),
    Forged("no JWT", "dpop-malformed", lambda o: o.sent(None, "proof")),
    Forged("too long", "dpop-malformed", saying(padding="x" * 9000)),
    Forged("the token as the proof", "dpop-type", lambda o: o.sent(None, o.token)),
    Forged("typ JWT", "dpop-type", headed(typ="JWT")),
    Forged("typ of a token", "dpop-type", headed(typ="at+jwt")),
    Forged("no typ", "dpop-type", headed(typ=None)),
    Forged("alg none", "dpop-algorithm", unsigned),
    Forged("HS256 with the secret in it", "dpop-algorithm", by_secret),
    Forged("no alg", "dpop-algorithm", headed(alg=None)),
    Forged("a list of algorithms", "dpop-algorithm", headed(alg=["ES256"])),
    Forged("crit", "dpop-header", headed(crit=["exp"])),
    Forged("jku", "dpop-header", headed(jku=f"{EVIL}/jwks")),
    Forged("x5u", "dpop-header", headed(x5u=f"{EVIL}/chain")),
    Forged("x5c", "dpop-header", headed(x5c=["MIIB"])),
    Forged("no key", "dpop-key", headed(jwk=None)),
    Forged("a key that is a text", "dpop-key", headed(jwk="key")),
    Forged("the private key", "dpop-key", private),
    Forged("a shared secret as the key", "dpop-key", headed(jwk=SECRET.as_dict(private=True))),
    Forged("a secret beside the key", "dpop-key", keyed(k="c2VjcmV0")),
    Forged("an x5u in the key", "dpop-key", keyed(x5u=f"{EVIL}/chain")),
    Forged("a key for encryption", "dpop-key", keyed(use="enc")),
    Forged("a key of another algorithm", "dpop-key", keyed(alg="ES384")),
    Forged("a key of another curve", "dpop-key", of(P384, "ES256", "ES384")),
    Forged("a point that is on no curve", "dpop-key", keyed(x="A" * 43)),
    Forged("half a key", "dpop-key", keyed(y=None)),
    Forged("an RSA key of 1024 bits", "dpop-key", of(SMALL, "RS256", "RS256")),
    Forged("a stolen token with another key", "dpop-other-key", by_thief),
    Forged("another key of another kind", "dpop-other-key", of(P384, "ES384", "ES384")),
    Forged("signed by the thief", "dpop-signature", lambda o: o.sent(None, o.proof(key=o.thief))),
    Forged("the signature cut off", "dpop-signature", lambda o: o.sent(None, cut_off(o.proof()))),
    Forged("another method", "dpop-method", lambda o: o.sent(None, o.proof(htm="PURGE"))),
    Forged("the method in lower case", "dpop-method", lambda o: o.sent(None, o.proof(htm=o.method.lower()))),
    Forged("no method", "dpop-method", saying(htm=None)),
    Forged("another host", "dpop-address", addressed(("gateway.fjordbyen", "evil"))),
    Forged("the host of the Host header", "dpop-address", addressed(("gateway.fjordbyen.example", HOST))),
    Forged("the host of Forwarded", "dpop-address", addressed(("gateway.fjordbyen.example", FORWARDED))),
    Forged("another scheme", "dpop-address", addressed(("https://", "http://"))),
    Forged("another port", "dpop-address", addressed((".example", ".example:8443"))),
    Forged("somebody before the host", "dpop-address", addressed(("https://", "https://evil@"))),
    Forged("another path", "dpop-address", behind("/more")),
    Forged("a slash more", "dpop-address", behind("/")),
    Forged("a query that was not asked", "dpop-address", behind("?limit=1")),
    Forged("the query that was asked", "dpop-address", with_query),
    Forged("a fragment", "dpop-address", behind("#here")),
    Forged("dots in the path", "dpop-address", behind("/x/..")),
    Forged("a space behind", "dpop-address", behind(" ")),
    Forged("the path alone", "dpop-address", lambda o: o.sent(None, o.proof(htu=o.path))),
    Forged("the base alone", "dpop-address", lambda o: o.sent(None, o.proof(htu=o.base))),
    Forged("no address", "dpop-address", saying(htu=None)),
    Forged("addresses in a list", "dpop-address", lambda o: o.sent(None, o.proof(htu=[o.base + o.path]))),
    Forged("no ath", "dpop-token", saying(ath=None)),
    Forged("the ath of another token", "dpop-token", lambda o: o.sent(None, o.proof(o.bearer))),
    Forged("the ath in hexadecimal", "dpop-token", hexadecimal),
    Forged("an ath beyond ASCII", "dpop-token", saying(ath="æ" * 43)),
    Forged("made too long ago", "dpop-time", aged(-62)),
    Forged("made in the future", "dpop-time", aged(65)),
    Forged("no time", "dpop-malformed", saying(iat=None)),
    Forged("a time that is a text", "dpop-malformed", saying(iat="1795000000")),
    Forged("a time that is true", "dpop-malformed", saying(iat=True)),
    Forged("no nonce", "dpop-nonce", saying(nonce=None)),
    Forged("an empty nonce", "dpop-nonce", saying(nonce="")),
    Forged("a nonce of one's own", "dpop-nonce", saying(nonce="A" * 32)),
    Forged("a nonce beyond ASCII", "dpop-nonce", saying(nonce="æ" * 32)),
    Forged("a stale nonce", "dpop-nonce", lambda o: o.sent(None, o.proof(nonce=o.stale))),
    Forged("nonces in a list", "dpop-nonce", lambda o: o.sent(None, o.proof(nonce=[o.nonce]))),
    Forged("no jti", "dpop-malformed", saying(jti=None)),
    Forged("an empty jti", "dpop-malformed", saying(jti="")),
    Forged("a jti that is a number", "dpop-malformed", saying(jti=7)),
    Forged("a jti without end", "dpop-malformed", saying(jti="x" * 257)),
    Forged("the address twice", "dpop-malformed", raw(None, '{{"htu": "https://evil.example", {}}}')),
    Forged("the key twice", "dpop-malformed", raw('{{"jwk": {{}}, {}}}', None)),
    Forged("claims that are a list", "dpop-malformed", raw(None, "[{{{}}}]")),
    Forged("shown before", "dpop-replayed", lambda o: o.sent(), twice=True),
)  # fmt: skip
