"""Every error the gateway raises, and how each is answered.

    StafettbroError
    ├── ConfigurationError            the file, a mapping or a secret is wrong: the process does not start
    └── ApiError                      answered as problem+json (RFC 9457), at /fhir as OperationOutcome
        ├── Moved               308   the person is known by another id
        ├── InvalidRequest      400   not understood
        ├── Unauthenticated     401   no valid token
        ├── Forbidden           403   a valid token that does not reach this
        ├── NotFound            404   not here, or not for the caller (the answer is the same)
        ├── Withdrawn           410   registered in error
        ├── NotAcceptable       406   a form we do not give
        ├── Conflict            409   cannot be done now
        ├── PreconditionFailed  412   the version named is not the current one
        ├── TooLarge            413
        ├── UnsupportedMedia    415
        ├── Unprocessable       422   understood, and wrong
        ├── TooMany             429
        └── NotReady            503   the database is not to be had

Messages are plain words and never hold personal content: they name the record and the field.
"""

from __future__ import annotations

import math


class StafettbroError(Exception):
    """Root."""


class ConfigurationError(StafettbroError):
    """Something the operator has to mend before the process can start."""


class ApiError(StafettbroError):
    """An answer to a caller. code: stable name for programs; detail: sentence for people;
    field: where in the request, if somewhere."""

    status = 500
    title = "Internal error"
    code = "internal"
    fhir_issue = "exception"  # OperationOutcome.issue.code
    challenge: str | None = None  # WWW-Authenticate
    retry_after: int | None = None  # seconds

    def __init__(self, detail: str, *, code: str | None = None, field: str | None = None) -> None:
        self.detail = detail
        self.field = field
        if code:
            self.code = code
        super().__init__(detail)


class Moved(ApiError):
    """308: two persons were found to be one, and the other's id is the one that counts."""

    status, title, code, fhir_issue = 308, "Known by another id", "person-merged", "not-found"

    def __init__(self, old: str, new: str) -> None:
        self.old, self.new = old, new
        super().__init__("The person is known by another id")


class InvalidRequest(ApiError):
    """400."""

    status, title, code, fhir_issue = 400, "The request is not understood", "invalid-request", "invalid"


class Unauthenticated(ApiError):
    """401, with WWW-Authenticate."""

    status, title, code, fhir_issue = 401, "No valid token", "unauthenticated", "login"


class Forbidden(ApiError):
    """403."""

    status, title, code, fhir_issue = 403, "Not allowed", "forbidden", "forbidden"


class NotFound(ApiError):
    """404."""

    status, title, code, fhir_issue = 404, "Not found", "not-found", "not-found"


class NotAcceptable(ApiError):
    """406."""

    status, title, code, fhir_issue = 406, "No such form", "not-acceptable", "not-supported"


class Conflict(ApiError):
    """409."""

    status, title, code, fhir_issue = 409, "Conflict", "conflict", "conflict"


class Withdrawn(ApiError):
    """410."""

    status, title, code, fhir_issue = 410, "Registered in error", "withdrawn", "deleted"


class PreconditionFailed(ApiError):
    """412."""

    status, title, code, fhir_issue = 412, "Another version is current", "precondition-failed", "conflict"


class TooLarge(ApiError):
    """413."""

    status, title, code, fhir_issue = 413, "Too large", "too-large", "too-long"


class UnsupportedMedia(ApiError):
    """415."""

    status, title, code, fhir_issue = 415, "Unsupported media type", "unsupported-media", "not-supported"


class Unprocessable(ApiError):
    """422."""

    status, title, code, fhir_issue = 422, "Understood, and wrong", "unprocessable", "processing"


class TooMany(ApiError):
    """429, with Retry-After: seconds to wait."""

    status, title, code, fhir_issue = 429, "Too many requests", "too-many", "throttled"

    def __init__(self, detail: str, wait: float) -> None:
        super().__init__(detail)
        self.retry_after = max(1, math.ceil(wait))


class NotReady(ApiError):
    """503."""

    status, title, code, fhir_issue = 503, "Not ready", "not-ready", "transient"
