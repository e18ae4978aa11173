"""The store as control and the command line use it."""

from dataclasses import dataclass

from sqlalchemy import Engine

from callbot.clock import SystemClock
from callbot.ports import Clock
from callbot.store.attempts import AttemptStore
from callbot.store.calls import IncomingStore
from callbot.store.campaigns import CampaignStore
from callbot.store.engine import open_engine
from callbot.store.followups import FollowUpStore
from callbot.store.migrate import migrate_engine
from callbot.store.publications import PublicationStore


@dataclass(frozen=True, slots=True)
class Store:
    """One database; each part is handed only to those that need it."""

    campaigns: CampaignStore
    attempts: AttemptStore
    incoming: IncomingStore
    followups: FollowUpStore
    publications: PublicationStore
    engine: Engine

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def open_store(url: str, clock: Clock | None = None) -> Store:
    """Open ``settings.store_url`` and bring its tables up to date. Errors: ``StoreError``, ``SettingsError``."""
    engine = open_engine(url)
    clock = clock or SystemClock()
    try:
        migrate_engine(engine)
    except BaseException:
        engine.dispose()
        raise
    return Store(
        CampaignStore(engine, clock),
        AttemptStore(engine, clock),
        IncomingStore(engine, clock),
        FollowUpStore(engine, clock),
        PublicationStore(engine, clock),
        engine,
    )
