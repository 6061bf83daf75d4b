"""python -m gateway.cli: the same as `stafettbro`."""

from gateway.cli import app

app(prog_name="stafettbro")
