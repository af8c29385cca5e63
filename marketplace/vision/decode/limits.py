"""What a video may be before anything decodes it, and what resources its decoding may use."""

from marketplace.core.message import Message

BYTES_MAX = 2 * 1024**3
DURATION_S_MAX = 900.0
SIDE_MAX = 4096
PIXELS_MAX = 4096 * 2304
SIDE_MIN = 64
FPS_MAX = 120.5
STREAMS_MAX = 8
VIDEO_CODECS = ("h264", "hevc", "vp8", "vp9", "av1", "mpeg4")
AUDIO_CODECS = ("aac", "mp3", "opus", "vorbis", "ac3", "flac", "pcm_s16le", "pcm_s16be", "pcm_f32le", "amr_nb")
# The decoders that FFmpeg may start while it examines a file. It has several hundred more, for formats that nobody
# uploads, and each of them is a surface to attack.
DECODERS = (
    *VIDEO_CODECS,
    "libdav1d",
    "libvpx",
    "libvpx-vp9",
    *AUDIO_CODECS,
    "aac_fixed",
    "mp3float",
    "ac3_fixed",
    "libopus",
    "amrnb",
    "libopencore_amrnb",
)
# Sample rates that cameras and editors write; resampling sound of 1 Hz would make it 48,000 times longer.
SOUND_HZ_MIN, SOUND_HZ_MAX = 4_000, 384_000

# Up to this share of frames may fail to decode: one glitch is no reason to refuse a video.
BROKEN_SHARE_MAX = 0.02
# A file was cut off if its header claims more than this many times, and this many seconds more than, what is in it.
CLAIM_SHARE_MAX, CLAIM_S_MAX = 1.1, 1.0

# A refusal takes at most REFUSE_WITHIN_S and MEMORY_BYTES_MAX (resident). The rest is chosen to keep that promise:
# about 100 MB of a decoder are programs mapped from files, which RLIMIT_DATA does not count.
REFUSE_WITHIN_S = 10.0
MEMORY_BYTES_MAX = 512 * 1024**2
DECODER_DATA_BYTES = 400 * 1024**2
DECODER_FILES = 64
# Processor time (s) until the first picture, and more for each second of decoded video. The decoder counts its own; who
# waits for it counts too, and a little later, so that an honest decoder says itself where it stopped. The wall clock
# says nothing of a file: on a busy machine a decoder gets a processor a small part of the time.
START_CPU_S, CPU_S_PER_VIDEO_S = 8.0, 4.0
GRACE_CPU_S = 1.0
# A decoder that for STALL_S (wall clock) neither sends anything nor uses MOVE_CPU_S of processor time has stopped. One
# (nice 5) that shares a core with 60 busy programs still gets five times as much.
STALL_S, MOVE_CPU_S = 60.0, 0.05


# Why a file is not taken, by code; the sentences say what to do about it.
REFUSALS: dict[str, Message] = {
    message.code: message
    for message in (
        Message(
            "not_a_video",
            "文件不是 MP4、MOV、WebM 或 MKV 视频；请导出为 MP4（H.264）。",
            "This is no MP4, MOV, WebM or MKV video; export it as MP4 (H.264).",
        ),
        Message("empty", "文件是空的；请重新上传。", "The file is empty; upload it again."),
        Message(
            "too_large",
            f"文件超过 {BYTES_MAX // 1024**3} GB；请压缩后再传。",
            f"The file is larger than {BYTES_MAX // 1024**3} GB; compress it.",
        ),
        Message(
            "too_long",
            f"视频超过 {DURATION_S_MAX / 60:g} 分钟；请剪短。",
            f"The video is longer than {DURATION_S_MAX / 60:g} minutes; cut it.",
        ),
        Message(
            "too_many_pixels",
            f"画面超过 {SIDE_MAX} 像素边长或 {PIXELS_MAX / 1e6:.1f} 百万像素；请以 1080p 导出。",
            f"The picture has a side over {SIDE_MAX} px or more than {PIXELS_MAX / 1e6:.1f} megapixels; export 1080p.",
        ),
        Message(
            "too_small",
            f"画面边长不到 {SIDE_MIN} 像素，看不清任何标识。",
            f"The picture has a side under {SIDE_MIN} px; no mark can be seen in it.",
        ),
        Message("too_fast", "帧率超过每秒 120 帧；请以 60 帧导出。", "More than 120 frames a second; export 60."),
        Message(
            "too_many_streams",
            f"文件里的音视频流超过 {STREAMS_MAX} 条；请只保留一条画面和一条声音。",
            f"The file holds more than {STREAMS_MAX} streams; keep one picture and one sound.",
        ),
        Message("no_picture", "文件里没有画面。", "There is no picture in the file."),
        Message(
            "codec",
            "画面或声音的编码不受支持；请导出为 H.264 与 AAC。",
            "The picture's or the sound's codec is not taken; export H.264 with AAC.",
        ),
        Message(
            "damaged",
            "文件已损坏或不完整，无法解码；请重新导出或重新上传。",
            "The file is damaged or cut off and cannot be decoded; export or upload it again.",
        ),
        Message(
            "too_heavy",
            "解码所需的时间或内存超出上限；请以 1080p、H.264 重新导出。",
            "Decoding takes more time or memory than is allowed; export it again as 1080p H.264.",
        ),
        Message(
            "changes_size",
            "画面尺寸中途改变；请以固定尺寸导出。",
            "The picture's size changes midway; export it at one size.",
        ),
    )
}


class MediaRefused(Exception):
    """The file is refused. ``refusal`` says why and what to do; ``at_s``: where in the video (s), if known."""

    def __init__(self, code: str, at_s: float | None = None) -> None:
        self.refusal = REFUSALS[code]
        self.at_s = at_s
        super().__init__(self.refusal.en)


class MachineBusy(Exception):
    """The decoder got no processor time at all to find out whether the file is acceptable; a retry may."""

    zh = "机器过于繁忙，未能在时限内解码；请稍后再试。"
    en = "The machine was too busy to decode the video in time; try again later."

    def __init__(self) -> None:
        super().__init__(self.en)
