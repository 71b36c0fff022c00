"""`bursar verify` and `bursar maintain`, run as whoever types them would."""

import asyncio
import io
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from entrypoints.cli.main import main


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command left behind."""

    status: int
    out: str
    err: str


class Screen(io.StringIO):
    """Standard error on a terminal, or in a pipe."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


async def bursar(*arguments: object, environment: Mapping[str, str], is_terminal: bool = False) -> Outcome:
    """Run the command in a thread of its own, with nothing of ours in its environment but that."""
    out, err = io.StringIO(), Screen(is_terminal=is_terminal)
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith("BURSAR_") or name in {"DATABASE_URL", "REDIS_URL"}:
                patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        status = await asyncio.to_thread(main, [str(argument) for argument in arguments])
    return Outcome(status, out.getvalue(), err.getvalue())
