"""Opening what search stands on: the encoder that is there, the lexicon, the live index."""

from __future__ import annotations

import logging
import os

from qa_service.kit.database import Database
from qa_service.library.live import LiveIndex
from qa_service.search.encoder import open_encoder
from qa_service.search.errors import EncoderMissing
from qa_service.search.types import Encoder
from qa_service.settings import Settings
from qa_service.text.lexicon import Lexicon
from qa_service.text.segment import set_cache_folder

log = logging.getLogger(__name__)


# One short question is encoded about as fast by one thread as by two, far more evenly on a busy machine, and
# several questions at once use the other processors. Batches at indexing time gain from all of them.
SERVING_THREADS = 1
INDEXING_THREADS = max(1, min(os.cpu_count() or 1, 8))


class EncoderStatus:
    """The encoder in use, or why there is none. `threads` unless the settings name a number."""

    def __init__(self, settings: Settings, threads: int) -> None:
        self.encoder: Encoder | None = None
        self.reason = ""
        if settings.lexical_only:
            self.reason = "设置为只用词面检索"
            return
        try:
            self.encoder = open_encoder(settings.encoder_dir, settings.encoder_threads or threads)
        except EncoderMissing as error:
            self.reason = error.message
            log.warning("no encoder, searching by words only: %s", error)


def open_index(settings: Settings, database: Database, status: EncoderStatus) -> LiveIndex:
    """The live index, not yet opened."""
    return LiveIndex(
        database, status.encoder, open_lexicon(settings), settings.index_dir, settings.refresh_seconds
    )


def open_lexicon(settings: Settings) -> Lexicon:
    set_cache_folder(settings.data_dir / "cache")
    folder = settings.corpus_dir / "lexicon"
    return Lexicon.load(folder) if folder.is_dir() else Lexicon.empty()
