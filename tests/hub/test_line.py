"""A database that vanishes without a word is given up after a while, and what the URL says of that counts."""

from __future__ import annotations

from sqlalchemy import make_url

from gateway.hub.store import LINE, Store


def parameters(url: str) -> dict[str, str]:
    """What the line to the database was opened with."""
    store = Store(url)
    try:
        with store.outside() as connection:
            line = connection.connection.driver_connection
            assert line is not None
            found: dict[str, str] = line.info.get_parameters()
            return found
    finally:
        store.close()


def test_every_line_to_the_database_has_an_end(postgres_url: str) -> None:
    found = parameters(postgres_url)
    assert {name: found[name] for name in LINE} == {name: str(value) for name, value in LINE.items()}


def test_what_the_url_says_counts(postgres_url: str) -> None:
    own = make_url(postgres_url).update_query_dict({"connect_timeout": "7"})
    found = parameters(own.render_as_string(hide_password=False))
    assert found["connect_timeout"] == "7"
    assert found["tcp_user_timeout"] == str(LINE["tcp_user_timeout"])
