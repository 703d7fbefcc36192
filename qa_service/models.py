"""Every table of the service and everything that listens to what is written in them, gathered.

Whatever process writes cases imports this, or some listener (the outbox of notices) would not hear of it.
"""

from __future__ import annotations

import qa_service.accounts.models
import qa_service.cases.history
import qa_service.cases.models
import qa_service.consultations.models
import qa_service.integration.models
import qa_service.integration.outbox
import qa_service.lexicon.models
import qa_service.library.models
import qa_service.responsibility.models
import qa_service.watching.assignments
import qa_service.watching.models
import qa_service.watching.ratings
import qa_service.zones.models  # noqa: F401
from qa_service.kit.database import Base

metadata = Base.metadata
