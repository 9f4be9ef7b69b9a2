"""Ctrl-C ends a command as KeyboardInterrupt, whatever a library makes of it.

Python raises KeyboardInterrupt wherever the main thread happens to be. Lance's readers turn it into
an error of Arrow's, and where C code runs Python's it may be printed and lost. So the signal is
noted as it comes: the next step of progress raises it again, and at the end it counts more than
any error.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130  # the exit status after Ctrl-C


class _Noted:
    """A handler of SIGINT that remembers whether it was called."""

    came = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        self.came = True
        raise KeyboardInterrupt


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise KeyboardInterrupt at the end if Ctrl-C was pressed, in place of any other error.

    Where whoever started the process had it ignore the signal (nohup, "&"), it goes on doing so.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield
        return
    noted = _Noted()
    before = signal.signal(signal.SIGINT, noted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if noted.came:
            raise KeyboardInterrupt from None


def stop_if_interrupted() -> None:
    """Raise KeyboardInterrupt if Ctrl-C was pressed since the command began, and got lost."""
    handler = signal.getsignal(signal.SIGINT)
    if isinstance(handler, _Noted) and handler.came:
        raise KeyboardInterrupt
