"""How long the decoder is waited for, and what a wait that ends says of the file."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from marketplace.demo import clips
from marketplace.demo.clips import DrawnScene
from marketplace.vision.decode import limits, media, sandbox
from marketplace.vision.decode.limits import MachineBusy, MediaRefused


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("patience") / "clip.mp4"
    scene = DrawnScene(320, 480, 3)
    clips.encode(path, (scene.frame(number / 8) for number in range(16)), 8.0)
    return path


def test_only_the_processor_time_of_a_decoder_counts(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = sandbox.start_decoder
    may_compute_s, stands_still_s = 2.5, 3.0

    def paused(file: Path, demuxer: str, step_s: float, cpu_s: int) -> subprocess.Popen[bytes]:
        process = start(file, demuxer, step_s, cpu_s)
        os.kill(process.pid, signal.SIGSTOP)
        threading.Timer(stands_still_s, process.send_signal, [signal.SIGCONT]).start()
        return process

    monkeypatch.setattr(sandbox, "start_decoder", paused)
    monkeypatch.setattr(limits, "START_CPU_S", may_compute_s - limits.GRACE_CPU_S)
    monkeypatch.setattr(limits, "CPU_S_PER_VIDEO_S", 0.0)

    # It stands still for longer than it may compute, so that any limit by the clock would refuse the file.
    assert len(media.decode(clip, tmp_path / "frames")) == 8


def test_a_decoder_that_gets_no_processor_says_nothing_of_the_file(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = sandbox.start_decoder

    def stopped(file: Path, demuxer: str, step_s: float, cpu_s: int) -> subprocess.Popen[bytes]:
        process = start(file, demuxer, step_s, cpu_s)
        os.kill(process.pid, signal.SIGSTOP)  # as on a machine that never gives it a turn
        return process

    monkeypatch.setattr(sandbox, "start_decoder", stopped)
    monkeypatch.setattr(limits, "STALL_S", 0.5)

    with pytest.raises(MachineBusy):
        media.decode(clip, tmp_path / "frames")

    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    assert len(media.decode(clip, tmp_path / "frames")) == 8  # the file is as good as before


def test_a_decoder_that_computes_without_an_end_is_refused_for_its_file(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(file: Path, demuxer: str, step_s: float, cpu_s: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", "while True: pass"], stdout=subprocess.PIPE, bufsize=0)

    monkeypatch.setattr(sandbox, "start_decoder", endless)
    monkeypatch.setattr(limits, "START_CPU_S", 0.3)
    monkeypatch.setattr(limits, "GRACE_CPU_S", 0.1)

    with pytest.raises(MediaRefused) as refused:
        media.decode(clip, tmp_path / "frames")

    assert refused.value.refusal.code == "too_heavy"
    assert list(tmp_path.iterdir()) == []


def test_the_processor_time_of_a_process_and_of_those_under_it_is_told() -> None:
    busy = subprocess.Popen(["/bin/sh", "-c", "sh -c 'while :; do :; done' & wait"], start_new_session=True)
    try:
        for _ in range(200):
            if sandbox.cpu_s(busy.pid) > 0.2:
                break
            signal.sigtimedwait([], 0.05)
        assert sandbox.cpu_s(busy.pid) > 0.2
        assert len(list(sandbox.descendants(busy.pid))) == 1
    finally:
        os.killpg(busy.pid, signal.SIGKILL)
        busy.wait()
    assert sandbox.cpu_s(busy.pid) == 0.0
