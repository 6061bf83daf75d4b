"""The way in: a record is put by its system's lens, merged with what the hub has, appended, and the lanes
of its person are woken. One path for every system; it never sends anything."""

from gateway.intake.answer import Answer, Status, rejected
from gateway.intake.arrival import Offered
from gateway.intake.combine import Combiner
from gateway.intake.take import Intake

__all__ = ["Answer", "Combiner", "Intake", "Offered", "Status", "rejected"]
