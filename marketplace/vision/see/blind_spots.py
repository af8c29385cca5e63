"""What a check cannot see or did not look at: the messages that each result carries about its own limits."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from marketplace.core.message import Message
from marketplace.vision.decode.frames import VideoInfo
from marketplace.vision.pipeline import Answer, WantedBrand
from marketplace.vision.read import market_languages

# A shorter side from here on needs no warning; 720p cropped by a few lines still counts as 720p.
SIDE_ENOUGH_PX = 700


def not_seen(
    info: VideoInfo, brand: WantedBrand, answers: Mapping[str, Answer], not_judged: Sequence[str] = ()
) -> list[Message]:
    """Return the messages for a video; ``not_judged``: languages of it in which a disclosure cannot be judged."""
    return [
        *_references(brand, answers["marks"]["references"]),
        *_sound(answers["speech"], info.sound_left_out),
        *_faces(answers["faces"]),
        *_languages(not_judged),
        *_size(min(info.width, info.height)),
        *_length(info),
        _ALWAYS,
    ]


_ALWAYS = Message(
    "limits",
    "短于 1 秒的露出可能漏检（压在细碎纹理上的文字为 2 秒）。看不到：小于画面短边约 1/15 的标识；"
    "严重运动模糊、弯曲或转角超过约 45° 的包装；镜像的画面里的标识；用自己的颜色直接压在画面上、"
    "与背景反差不到参考图三成的标识；其他品牌的数量。剧情关联度无法测量，有方案时取方案所写，否则按无关联计。",
    "What is shown for under 1 s may be missed (text over fine texture: under 2 s). Not to be seen: marks under "
    "about 1/15 of the shorter side; heavy motion blur; packs bent or turned by more than about 45°; marks in "
    "mirrored pictures; a logo laid straight onto the film with under a third of its image's contrast; how many "
    "other brands there are. How far the story needs the brand cannot be measured: it is "
    "taken from the plan, else as not at all.",
)


def _references(brand: WantedBrand, references: list[dict[str, Any]]) -> Iterator[Message]:
    flat = ", ".join(reference["name"] for reference in references if not reference["findable"])
    if flat:
        yield Message(
            "flat_references",
            f"参考图 {flat} 纹理太少，无法可靠识别；若视频中出现，请手动标注。",
            f"The reference images {flat} have too little texture to be seen reliably; where they appear, mark it "
            "yourself.",
        )
    sized = [(one["name"], one["from_px"]) for one in references if one["findable"] and one.get("from_px")]
    if sized:
        told = ", ".join(f"{name} {px}" for name, px in sized)
        yield Message(
            "marks_by_size",
            f"参考图从多大起可以识别（长边，像素）：{told}。更小的，或被遮挡、模糊的，可能漏检。",
            f"From which size the reference images are found (longer side, px): {told}. Smaller ones may be missed, "
            "and so may those that are hidden or blurred.",
        )
    if not brand.references:
        yield Message(
            "no_references",
            "没有参考图，因此只查找了文字与口播中的品牌名。",
            "There were no reference images, so only names written or spoken were looked for.",
        )


def _sound(speech: Answer, left_out: bool) -> Iterator[Message]:
    if left_out:
        yield Message(
            "sound_left_out",
            "声音的编码不受支持，因此没有听声音；请以 AAC 导出，或手动标注口播。",
            "The sound is in a codec that is not taken, so nobody listened: export it as AAC, or mark what is spoken "
            "yourself.",
        )
    elif not speech["sound"]:
        yield Message("no_sound", "视频没有声音。", "The video has no sound.")
    elif speech["by"] is None:
        yield Message(
            "speech_not_read",
            "没有安装语音识别模型，口播未识别；口播露出请手动标注。",
            "No speech model is installed: speech was not read. Mark spoken placements yourself.",
        )


def _languages(not_judged: Sequence[str]) -> Iterator[Message]:
    if not_judged:
        names = [market_languages.language_name(code) for code in not_judged]
        zh, en = "、".join(name.zh for name in names), ", ".join(name.en for name in names)
        yield Message(
            "disclosure_not_judged",
            f"无法判断以下语言的广告标识：{zh}；没有找到标识不等于没有，请由人工查看。",
            f"Whether the video says that it is paid for cannot be judged in: {en}. That no mark was found does not "
            "mean that there is none; let a person look.",
        )


def _faces(faces: Answer) -> Iterator[Message]:
    if faces["by"] is None:
        yield Message(
            "faces_not_looked_for",
            "没有安装人脸模型，未检查是否遮挡人脸。",
            "No face model is installed: whether faces are covered was not checked.",
        )


def _length(info: VideoInfo) -> Iterator[Message]:
    if len(info.times) == 1:
        yield Message(
            "one_picture",
            "画面只有一帧，没有变化，因此看不出露出的起止。",
            "There is only one picture, so it cannot be told when anything begins or ends.",
        )


def _size(side_px: int) -> Iterator[Message]:
    if side_px < SIDE_ENOUGH_PX:
        yield Message(
            "low_resolution",
            f"画面短边只有 {side_px} 像素，较小的标识可能漏检；建议上传 720p 以上的视频。",
            f"The picture's shorter side is only {side_px} px: smaller marks may be missed; upload 720p or more.",
        )
