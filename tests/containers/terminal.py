"""A terminal, and a program at it, for `run -it`: what a person would type and read."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

TIMEOUT = 30


class Terminal:
    """Runs a command with a terminal of its own; for use in `with`."""

    def __init__(self, *command, rows=24, columns=80):
        self.text = ""
        self.seen = 0
        self.ours, theirs = pty.openpty()
        self.resize(rows, columns)

        def take_terminal():
            os.setsid()
            fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

        words = [str(word) for word in command]
        self.process = subprocess.Popen(
            words, stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=take_terminal
        )
        os.close(theirs)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.ours)

    def resize(self, rows, columns):
        """What a person does by dragging the window's corner."""
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys):
        os.write(self.ours, keys.encode())

    def expect(self, pattern):
        """Waits for something to appear behind what was expected last; its match."""
        deadline = time.monotonic() + TIMEOUT
        while not (found := re.compile(pattern, re.M).search(self.text, self.seen)):
            assert self._read(deadline), f"no {pattern!r} in {self.text!r}"
        self.seen = found.end()
        return found

    def end(self):
        """Waits for the program to end by itself; its exit code."""
        deadline = time.monotonic() + TIMEOUT
        while self._read(deadline):
            pass
        return self.process.wait(max(deadline - time.monotonic(), 1))

    def _read(self, deadline):
        """Takes what has appeared. False: nothing more does."""
        ready, _, _ = select.select([self.ours], [], [], max(deadline - time.monotonic(), 0))
        try:
            more = os.read(self.ours, 65536) if ready else b""
        except OSError:  # EIO: nobody has the terminal open any more
            more = b""
        self.text += more.decode(errors="replace")
        return bool(more)
