"""Refuse the passwords that a guesser tries first (NIST SP 800-63B 3.1.1.2, ASVS 5.0 6.2.4).

No rules of composition: they make passwords worse, not better (the same source).
"""

import string
from functools import cache
from importlib import resources

from marketplace.core.message import Bilingual

SHORTEST = 8
LONGEST = 128

# Those with at least eight characters that lead the lists of leaks in China, and some of the world's beside them.
_LEAKED = """
0123456789 0987654321 10203040 11111111 1111111111 11223344 12121212 123123123 12341234 12344321 1234512345
123456123456 12345678 123456789 1234567890 12345678910 123456789a 12345678a 1234567a 1234qwer 123qweasd
123qwe123 14725836 147258369 147852369 159357456 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc
1qazxsw2 20082008 22222222 31415926 3.1415926 33333333 44444444 5201314520 52013140 55555555 66666666 66668888
741852963 7758521521 77777777 789456123 87654321 88888888 963852741 987654321 99999999 a1234567 a12345678
a123456789 a1b2c3d4 a1s2d3f4 aa123456 aa12345678 aaaaaaaa abc12345 abc123456 abcd1234 abcdefgh administrator
admin123 admin1234 asd123456 asdasdasd asdf1234 asdfasdf asdfghjk asdfghjkl asdfjkl; baseball basketball
changeme charlie1 computer dearbook dongdong dragon123 facebook football google123 guest123 helloworld
iloveyou iloveyou1 internet jennifer justdoit jordan23 killer123 letmein1 letmein123 liverpool lovelove
master123 michael1 michelle mustang1 nicole123 p@ssw0rd passw0rd password password! password1 password12
password123 password1234 pokemon1 princess princess1 q1w2e3r4 q1w2e3r4t5 qazwsxedc qq123456 qq5201314 qwaszx123
qwe123456 qweasdzxc qweqweqwe qwer1234 qwerasdf qwerty12 qwerty123 qwerty1234 qwerty12345 qwertyui qwertyuiop
samsung1 secret123 shadow123 sunshine sunshine1 superman test1234 test12345 testtest trustno1 volleyball
welcome1 welcome123 whatever wang1234 woaini123 woaini1314 woaini520 woaini521 wodemima xiaoming123 xiazhili
yuanyuan zaq12wsx zhang123 zxcvbnm1 zxcvbnm123 zxcvbnm, zz123456
"""
_LEAKED_IN_CHINA = frozenset(_LEAKED.split())
_ENDS = string.punctuation + string.whitespace
# Signs that stand for letters in passwords which are words.
_AS_LETTERS = str.maketrans("0134578@$!", "oleastbasi")


@cache
def _common() -> frozenset[str]:
    """Return the 30,000 passwords that lead the leaked ones (the list of zxcvbn, under the MIT licence), and those of
    China."""
    listed = resources.files(__package__).joinpath("data", "common_passwords.txt").read_text("utf-8")
    return frozenset(listed.split()) | _LEAKED_IN_CHINA


def _is_common(plain: str) -> bool:
    """Return whether guessers try it first: as it stands, without the signs at its ends, or with letters in the place
    of signs."""
    bare = plain.strip(_ENDS)
    return any(one in _common() for one in (plain, bare, bare.translate(_AS_LETTERS), plain.translate(_AS_LETTERS)))


def weakness(password: str, email: str) -> Bilingual | None:
    """Return why the password is refused as a new one, or None."""
    if not SHORTEST <= len(password) <= LONGEST:
        return Bilingual(
            f"密码要有 {SHORTEST} 到 {LONGEST} 个字符。", f"A password has {SHORTEST} to {LONGEST} letters."
        )
    plain = password.casefold()
    address = email.casefold()
    if _is_common(plain) or len(set(plain)) == 1:
        return Bilingual(
            "这是最先被猜到的密码之一，请换一个。",
            "This is among the passwords that are guessed first. Choose another.",
        )
    if plain in (address, address.partition("@")[0]):
        return Bilingual("这是您的邮箱地址，请换一个。", "This is your e-mail address. Choose another.")
    return None
