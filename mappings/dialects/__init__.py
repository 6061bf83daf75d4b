"""How a recipient wants the measures of a plan: referenced ServiceRequests, or written into the plan itself
(CarePlan.activity.detail). Stands around the mapping of FHIR servers; decides nothing of who may see what."""

from mappings.dialects.inline import InlineMapping, inlined, is_inlined, new_measure
from mappings.dialects.losses import LOSSES, Loss

__all__ = ["LOSSES", "InlineMapping", "Loss", "inlined", "is_inlined", "new_measure"]
