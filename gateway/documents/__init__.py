"""The plan as one document, for recipients that can only store documents: what it says, how it is set as PDF,
and the mapping that makes a DocumentReference of it. Shows only what its recipient was permitted."""

from gateway.documents.mapping import CONTENT, DocumentMapping, document, onto_held

__all__ = ["CONTENT", "DocumentMapping", "document", "onto_held"]
