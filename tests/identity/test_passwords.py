"""Which passwords are refused, and how many are checked at once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import argon2
import pytest

from marketplace.core.errors import Unavailable
from marketplace.identity.sign_in import authentication, passwords

EMAIL = "Wang.Fang@example.com"
GUESSED = "This is among the passwords that are guessed first. Choose another."
LENGTH = "A password has 8 to 128 letters."
ADDRESS = "This is your e-mail address. Choose another."


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("password", GUESSED),
        ("PassWord123", GUESSED),
        ("12345678", GUESSED),
        ("5201314520", GUESSED),
        ("woaini1314", GUESSED),
        ("Passw0rd!", GUESSED),
        ("P@$$w0rd!!", GUESSED),
        ("...dragon...", GUESSED),
        ("Princess1", GUESSED),
        ("dragons breathe no fire", None),
        ("ZZZZZZZZZZ", GUESSED),
        ("wang.fang@EXAMPLE.com", ADDRESS),
        ("wang.fang", ADDRESS),
        ("seven 7", LENGTH),
        ("seven " * 22, LENGTH),
        ("wang.fang likes tea", None),
        ("passwordpassword!", None),
        ("我爱北京天安门的秋天", None),
    ],
)
def test_what_is_guessed_first_is_refused(password: str, why: str | None) -> None:
    weakness = passwords.weakness(password, EMAIL)
    assert (weakness and weakness.en) == why


def test_the_list_holds_only_what_the_length_would_let_through() -> None:
    """Of what we wrote ourselves: the long list has shorter ones, for what is left without the signs at the ends."""
    assert all(passwords.SHORTEST <= len(one) <= passwords.LONGEST for one in passwords._LEAKED_IN_CHINA)
    common = passwords._common()
    assert len(common) > 25_000
    assert sum(len(one) >= passwords.SHORTEST for one in common) > 10_000


def test_nobody_has_no_password_and_is_checked_as_slowly_as_anybody() -> None:
    for stored in (None, "-", authentication._NOBODYS_HASH):
        for password in ("nobody has this password", "", "A" * 43):
            assert not authentication.check_password(stored, password)
    somebodys = authentication.hash_password("correct horse battery")
    assert argon2.extract_parameters(authentication._NOBODYS_HASH) == argon2.extract_parameters(somebodys)


def test_whoever_comes_when_many_sign_in_is_refused_at_once_and_not_kept_waiting() -> None:
    """Forty-eight sign-ins at once held every thread of the web server while they waited for two slots."""
    ready = Barrier(24)

    def try_it() -> str:
        ready.wait()
        try:
            return str(authentication.check_password(None, "a long enough password"))
        except Unavailable as refusal:
            return f"in {refusal.headers['Retry-After']} s"

    with ThreadPoolExecutor(24) as threads:
        outcomes = Counter(threads.map(lambda _: try_it(), range(24)))
    assert outcomes["False"] >= 4
    assert outcomes["in 3 s"] >= 1
    assert not authentication.check_password(None, "a long enough password"), "the slots are free again"
