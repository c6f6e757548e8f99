"""What it takes to sign in to one Sage Intacct company."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Credentials:
    company_id: str
    user_id: str
    user_password: str = field(repr=False)
    sender_id: str
    sender_password: str = field(repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be seen in a log, a message or a stored exchange."""
        return tuple(secret for secret in (self.user_password, self.sender_password) if secret)
