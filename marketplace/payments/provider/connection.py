"""Which payment provider this market has: each process says once (`connect`). Without one, two people and a bank do."""

from dataclasses import dataclass, field

from marketplace.core.config import Config
from marketplace.core.errors import Conflict
from marketplace.core.message import Bilingual
from marketplace.payments.models import MANUAL
from marketplace.payments.provider.http_provider import HttpProvider
from marketplace.payments.provider.payment_provider import PaymentProvider


@dataclass(frozen=True)
class ProviderSettings:
    """The provider, and the secrets by which its notices are known: the present one, and the one before it."""

    provider: PaymentProvider
    webhook_secrets: tuple[str, ...] = field(repr=False)


_settings: list[ProviderSettings] = []


def connect(config: Config) -> None:
    """Say which provider this process has."""
    _settings.clear()
    if config.payment_provider != MANUAL:
        made = HttpProvider(
            config.payment_provider,
            config.payment_provider_url,
            config.payment_provider_key,
            timeout_s=config.payment_provider_timeout_s,
        )
        secrets = (config.payment_webhook_secret, config.payment_webhook_secret_before)
        use(ProviderSettings(made, tuple(secret for secret in secrets if secret)))


def use(settings: ProviderSettings | None) -> None:
    """Take this provider, or none."""
    _settings[:] = [] if settings is None else [settings]


def current() -> ProviderSettings | None:
    return _settings[0] if _settings else None


def required() -> ProviderSettings:
    """Return the provider. Raises Conflict where the market has none."""
    if not _settings:
        raise Conflict(
            Bilingual(
                "本市场没有接入支付机构：请运行者设置 PAYMENT_PROVIDER；什么都没有做。",
                "This market has no payment provider: its operator sets PAYMENT_PROVIDER. Nothing was done.",
            )
        )
    return _settings[0]
