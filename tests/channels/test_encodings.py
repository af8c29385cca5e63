"""Letters of a file: read right in whatever encoding they are, or refused with the names of the likely ones."""

import encodings.aliases
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.channels.files.record_stream import FileRefused, ReadingOptions, open_import
from marketplace.channels.files.tables.encodings import find_encoding, known_encoding
from marketplace.channels.records import ChannelRecord
from tests.channels import make

# Texts of people and channels, by the encodings that their own spreadsheets write.
TEXTS = {
    ("gb18030", "gbk", "hz", "utf-16", "utf-8"): (
        "青柠频道",
        "小鱼美食",
        "王芳的旅行日记",
        "李雷",
        "科技评测",
        "老王说车",
    ),
    ("big5", "cp950", "utf-16", "utf-8"): ("青檸頻道", "臺灣美食", "陳怡君", "黃小琥"),
    ("shift_jis", "cp932", "iso2022_jp", "euc_jp", "utf-16"): (
        "青山花子チャンネル",
        "東京グルメ",
        "さくら",
        "鈴木一郎",
    ),
    ("euc_kr", "cp949", "iso2022_kr", "utf-16"): ("먹방 유튜버", "김민수의 일상", "여행하는 가나다"),
    ("cp1251", "koi8_r", "cp866", "iso8859_5", "utf-8"): ("Иван Петров", "Жанна", "Обзор Москвы"),
    ("cp1252", "iso8859_15", "mac_roman", "cp850", "utf-8"): ("Françoise", "Müller", "Zoë", "Señora Íñigo"),
    ("cp1250", "iso8859_2", "cp852", "utf-8"): ("Łukasz Wójcik", "Žižka", "Świątek"),
    ("cp1253", "utf-8", "utf-16-be"): ("Ελλάδα", "Μαρία"),
    ("cp1254", "utf-7", "utf-16-le"): ("Şükrü Işıl", "Gökçe"),
}


def table(*names: str) -> str:
    lines = [f"douyin,h{number},{name},2026-11-20,5000" for number, name in enumerate(names)]
    return "\n".join(["platform,handle,name,taken_on,followers", *lines, ""])


def names_read(data: bytes, encoding: str | None = None) -> list[str]:
    reading = open_import(io.BytesIO(data), today=make.TODAY, options=ReadingOptions(encoding=encoding))
    found = list(reading.records())
    return [record.name for record in found if isinstance(record, ChannelRecord)]


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("gbk", "青柠频道"),
        ("gbk", "李雷"),
        ("gb18030", "㐂𠮷小鱼"),
        ("utf-16", "青柠频道"),
        ("utf-16-le", "青柠频道"),
        ("utf-16-be", "Zoë"),
        ("utf-32", "青柠频道"),
        ("utf-8-sig", "Ģirts"),
        ("utf-8", "é"),
        ("big5", "青檸頻道"),
        ("big5", "臺灣美食"),
        ("big5", "黃小琥"),
        ("shift_jis", "青山花子チャンネル"),
        ("shift_jis", "東京グルメ"),
        ("shift_jis", "鈴木一郎"),
    ],
)
def test_an_encoding_is_found_out_even_of_one_name(encoding: str, name: str) -> None:
    assert names_read(table(name).encode(encoding)) == [name]


@pytest.mark.parametrize("encoding", ["gbk", "shift_jis", "euc_kr", "big5"])
def test_many_names_tell_the_encoding(encoding: str) -> None:
    names = [name for among, texts in TEXTS.items() if encoding in among or f"cp{encoding}" in among for name in texts]
    names = names or list(TEXTS[("gb18030", "gbk", "hz", "utf-16", "utf-8")])
    assert names_read(table(*names * 20).encode(encoding)) == names * 20


@pytest.mark.parametrize(
    ("encoding", "name", "told"),
    [
        ("cp1252", "Françoise", "cp1252 ('Françoise')"),
        ("cp1252", "Müller", "cp1252 ('Müller')"),
        ("cp1250", "Łukasz Wójcik", "cp1250 ('Łukasz')"),
        ("cp1251", "Иван Петров", "cp1251 ('Иван')"),
        ("koi8_r", "Иван", "koi8-r ('Иван')"),
        ("euc_kr", "가나다", "euc_kr ('가나다')"),
        ("iso2022_jp", "青山花子", "iso2022_jp"),
        ("iso2022_kr", "가나다", "iso2022_kr"),
        ("hz", "青柠频道", "hz"),
        ("utf-7", "青柠频道", "utf-7"),
    ],
)
def test_what_is_not_certain_is_refused_with_the_candidates_and_read_when_it_is_said(
    encoding: str, name: str, told: str
) -> None:
    data = table(name).encode(encoding)
    zh, en = make.refusal(data)
    assert told in en
    assert "--encoding" in zh
    assert "--encoding" in en
    assert names_read(data, encoding) == [name]


@pytest.mark.parametrize(
    ("data", "encoding", "en"),
    [
        (table("青柠频道").encode(), "ascii", "Some letters are not in ascii"),
        (table("青柠频道").encode("gbk"), "utf-8", "Some letters are not in utf-8"),
        (table("a").encode(), "klingon", "There is no encoding 'klingon'"),
        (table("a").encode(), "rot13", "There is no encoding 'rot13'"),
    ],
)
def test_an_encoding_that_is_said_and_wrong_is_refused(data: bytes, encoding: str, en: str) -> None:
    with pytest.raises(FileRefused) as refused:
        names_read(data, encoding)
    assert refused.value.en.startswith(en)


def test_letters_far_into_a_file_decide_too() -> None:
    plain = table(*["x" * 200] * 600)
    assert find_encoding(io.BytesIO((plain + "douyin,h,青山花子チャンネル,2026-11-20,1\n").encode("cp932"))) == "cp932"


def names_or_refusal(data: bytes) -> list[str] | str:
    try:
        return names_read(data)
    except FileRefused:
        return "refused"


ENCODINGS = sorted(name for name in set(encodings.aliases.aliases.values()) if known_encoding(name))


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(TEXTS)).flatmap(
        lambda among: st.tuples(st.sampled_from(among), st.lists(st.sampled_from(TEXTS[among]), min_size=1, max_size=6))
    )
)
def test_a_table_in_any_usual_encoding_is_read_right_or_refused(drawn: tuple[str, list[str]]) -> None:
    encoding, names = drawn
    assert names_or_refusal(table(*names).encode(encoding)) in (names, "refused")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_no_encoding_that_python_knows_is_read_wrong(encoding: str) -> None:
    for texts in TEXTS.values():
        try:
            data = table(*texts).encode(encoding)
        except UnicodeError:
            continue  # it has not these letters
        assert names_or_refusal(data) in (list(texts), "refused")
