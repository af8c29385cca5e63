"""Which passwords are refused."""

import pytest

from marketplace.identity import authentication, passwords

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
    assert passwords.weakness(password, EMAIL) == why


def test_the_list_holds_only_what_the_length_would_let_through() -> None:
    assert all(passwords.SHORTEST <= len(one) <= passwords.LONGEST for one in passwords._COMMON)
    assert len(passwords._COMMON) > 100


def test_nobody_has_no_password_not_even_the_one_that_stands_in() -> None:
    assert not authentication.check_password(None, "nobody has this password")
    assert not authentication.check_password("-", "nobody has this password")
