"""The demo: three systems of others, played by separate processes that speak real HTTP, and a token issuer.

Nothing of the service itself lives here, and nothing of it imports this package.
"""
