"""What lets an adapter in at a system: one module for each kind of credential, behind one contract
(`TokenSource`). Holds secrets in memory only, and never puts one, or an issuer's answer, into a message.

Which module is for what: `fixed` (nothing, bearer, key, password), `cached` (tokens that are fetched and
end), `endpoint` (one token request), `metadata` (where it goes), `authentication` (how we show who we are
there), `signing` (our keys), `dpop` (proofs of a key), `helseid`, `maskinporten`, `certificate` (mutual
TLS), `faults` (what went wrong, in words).
"""
