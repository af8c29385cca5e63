"""Signatures of notices, after Standard Webhooks; the first ones are those of its own documentation."""

import base64
from pathlib import Path

import pytest

from marketplace.core.config import Config
from marketplace.payments.provider import connection
from marketplace.payments.provider.webhook_signatures import TOLERANCE_S, is_signed, key_of_secret, sign
from tests.core.test_config import NEEDED

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, AT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
OTHER = "whsec_" + base64.b64encode(b"x" * 32).decode()


def good(**changed: object) -> bool:
    given = {"secrets": [SECRET], "message_id": ID, "timestamp": str(AT), "signatures": SIGNATURE, "body": BODY}
    return is_signed(**{**given, "now_s": float(AT), **changed})  # type: ignore[arg-type]


def test_the_signature_is_that_of_the_standard() -> None:
    assert sign(SECRET, ID, AT, BODY) == SIGNATURE
    assert good()
    assert good(signatures=f"v1,AAAA v1a,x {SIGNATURE}")
    assert good(secrets=[OTHER, SECRET])
    assert good(now_s=AT + TOLERANCE_S)
    assert good(now_s=AT - TOLERANCE_S)


@pytest.mark.parametrize(
    "changed",
    [
        {"body": BODY + b" "},
        {"message_id": "msg_other"},
        {"message_id": ""},
        {"timestamp": str(AT + 1)},
        {"timestamp": ""},
        {"timestamp": "-1"},
        {"timestamp": "١٢٣"},
        {"timestamp": "9" * 13},
        {"now_s": AT + TOLERANCE_S + 1},
        {"now_s": AT - TOLERANCE_S - 1},
        {"secrets": [OTHER]},
        {"secrets": []},
        {"signatures": ""},
        {"signatures": SIGNATURE.removeprefix("v1,")},
        {"signatures": SIGNATURE.replace("v1,", "v2,")},
        {"signatures": "v1,签名"},
    ],
)
def test_anything_else_is_not_signed(changed: dict[str, object]) -> None:
    assert not good(**changed)


@pytest.mark.parametrize(
    "secret", ["", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ", "whsec_?", f"{OTHER}AAAA" * 3]
)
def test_what_is_no_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="webhook secret"):
        key_of_secret(secret)


GIVEN = {
    **NEEDED,
    "PAYMENT_PROVIDER": "http",
    "PAYMENT_PROVIDER_URL": "https://pay.example",
    "PAYMENT_PROVIDER_KEY": "k",
    "PAYMENT_WEBHOOK_SECRET": SECRET,
}


def test_a_market_connects_the_provider_of_its_settings(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k\n")
    given = {name: value for name, value in GIVEN.items() if name != "PAYMENT_PROVIDER_KEY"}
    try:
        connection.connect(Config.from_env({**given, "PAYMENT_PROVIDER_KEY_FILE": str(tmp_path / "key")}))
        found = connection.required()
        assert (found.provider.name, found.webhook_secrets) == ("http", (SECRET,))
        assert SECRET not in repr(found)
        connection.connect(Config.from_env({**GIVEN, "PAYMENT_WEBHOOK_SECRET_BEFORE": OTHER}))
        assert connection.required().webhook_secrets == (SECRET, OTHER)
    finally:
        connection.connect(Config.from_env(NEEDED))
    assert connection.current() is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"PAYMENT_PROVIDER": "stripe"}, "PAYMENT_PROVIDER must be manual or http"),
        ({"PAYMENT_PROVIDER_URL": "http://pay.example"}, "PAYMENT_PROVIDER_URL must begin with https"),
        ({"PAYMENT_PROVIDER_URL": "file:///etc/passwd"}, "PAYMENT_PROVIDER_URL must begin with https"),
        ({"PAYMENT_WEBHOOK_SECRET": "secret"}, "PAYMENT_WEBHOOK_SECRET must be whsec_"),
        ({"PAYMENT_PROVIDER_KEY": ""}, "PAYMENT_PROVIDER needs PAYMENT_PROVIDER_KEY too"),
    ],
)
def test_settings_that_cannot_be_meant_stop_the_start(changed: dict[str, str], said: str) -> None:
    with pytest.raises(SystemExit) as refused:
        Config.from_env({**GIVEN, **changed})
    assert said in str(refused.value)
