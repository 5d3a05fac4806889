# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the README's pictures: run the demo on a terminal, draw what it said, photograph its report."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

from browser import chromium
from playwright.sync_api import ViewportSize, sync_playwright
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "pictures"
TERMINAL, REPORT = FOLDER / "terminal.svg", FOLDER / "report.png"
COLUMNS, LINES = 100, 50
# The part of the story that is drawn.
FIRST, BEHIND = "PLAY [4.", "PLAY [6."
VIEW: ViewportSize = {"width": 1280, "height": 800}
# rich's own form names fonts on the web, which pictures of a page may not load.
SVG = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font: {char_height}px/{line_height}px Menlo, Consolas, "DejaVu Sans Mono", monospace }}
.{unique_id}-title {{ font: bold 18px sans-serif }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g>
</g>
</svg>
"""


def main() -> None:
    browser = chromium()
    if browser is None:
        sys.exit(
            "pictures: no Chromium is here to photograph the report: run make browser, or set JITFLEET_CHROMIUM"
        )
    said = on_terminal(["make", "demo"])
    FOLDER.mkdir(parents=True, exist_ok=True)
    TERMINAL.write_text(drawn(excerpt(said)), encoding="utf-8")
    photograph(browser, ROOT / "jit-report" / "report.html", REPORT)
    for path in (TERMINAL, REPORT):
        print(f"pictures: {path.relative_to(ROOT)}, {path.stat().st_size // 1024} KiB")


def on_terminal(command: list[str]) -> str:
    """Run a command that believes to be watched, so that it speaks in colours, and give all that it said."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "NO_COLOR"))
    }
    with subprocess.Popen(
        command, cwd=ROOT, env={**environment, "TERM": "xterm-256color"}, stdin=its, stdout=its, stderr=its
    ) as process:
        os.close(its)
        said = b""
        while part := _read(ours):
            said += part
            sys.stdout.buffer.write(part)
            sys.stdout.flush()
    os.close(ours)
    if process.returncode:
        sys.exit(f"pictures: {' '.join(command)} failed with {process.returncode}")
    return said.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux tells so that nobody is left at the other end
        return b""


def excerpt(said: str) -> str:
    """Give the lines from the first play that is drawn to the one behind the last."""
    lines = said.splitlines()
    first, behind = (next(at for at, line in enumerate(lines) if mark in line) for mark in (FIRST, BEHIND))
    return "\n".join(lines[first:behind]).strip("\n")


def drawn(text: str) -> str:
    console = Console(width=COLUMNS, record=True, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(text), soft_wrap=True)
    return console.export_svg(title="make demo", code_format=SVG, unique_id="demo")


def photograph(browser: str, page_file: Path, target: Path) -> None:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        running = playwright.chromium.launch(executable_path=browser, args=arguments)
        page = running.new_page(viewport=VIEW, color_scheme="light")
        page.goto(page_file.as_uri())
        page.wait_for_selector("html[data-ready]")
        page.screenshot(path=target)
        running.close()


if __name__ == "__main__":
    main()
