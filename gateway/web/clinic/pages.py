"""All pages for clinicians together."""

from __future__ import annotations

from fastapi import APIRouter

from gateway.web.clinic import (
    acknowledging_pages,
    answer_pages,
    copy_pages,
    list_pages,
    plan_pages,
    referral_pages,
    wrong_patient_pages,
)

router = APIRouter()
PARTS = (
    list_pages,
    plan_pages,
    acknowledging_pages,
    answer_pages,
    referral_pages,
    wrong_patient_pages,
    copy_pages,
)
for part in PARTS:
    router.include_router(part.router)
