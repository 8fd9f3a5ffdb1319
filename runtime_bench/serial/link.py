"""One request at a time, sent again until its answer comes: what makes an unreliable line a reliable one."""

from __future__ import annotations

import time
from dataclasses import dataclass

from edgewright.pipeline.errors import BoardError
from edgewright.runtime_bench.serial.frames import ANSWER, Command, Frame, Splitter, Status, encode
from edgewright.runtime_bench.serial.transport import Transport

SHOWN_CHARACTERS = 200


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a board is waited for."""

    first_seconds: float = 25.0
    """For the first answer: opening a port restarts many boards, which then test themselves."""
    answer_seconds: float = 5.0
    """For any other answer."""
    run_seconds: float = 120.0
    """For one inference."""
    repeat_seconds: float = 0.25
    """Until a request is sent again; twice as long each time that nothing came at all."""
    longest_repeat_seconds: float = 2.0
    silence_seconds: float = 0.01
    """Until a request is sent again after something damaged came."""


@dataclass(kw_only=True)
class Traffic:
    """What went over the line."""

    request_count: int = 0
    repetition_count: int = 0
    """How often a request was sent again."""
    damaged_count: int = 0
    """Frames that came damaged, on either side."""


class Link:
    """A session with a board."""

    def __init__(self, transport: Transport, *, session: int, patience: Patience | None = None) -> None:
        """Prepare a session; the first request must be HELLO.

        Args:
            transport: carries the bytes.
            session: a number of 32 bits that no earlier session had: by it a board that has restarted is found.
            patience: how long the board is waited for.
        """
        self.traffic = Traffic()
        self.patience = patience or Patience()
        self._transport = transport
        self._session = session
        self._sequence = -1
        self._splitter = Splitter()

    @property
    def name(self) -> str:
        """What people call the line."""
        return self._transport.name

    def ask(self, command: Command, payload: bytes = b"", *, seconds: float | None = None) -> Frame:
        """Send a request until its answer comes, and return that.

        Args:
            command: what is asked for.
            payload: at most PAYLOAD_BYTES.
            seconds: how long an answer is waited for; answer_seconds where it is not given.

        Raises:
            BoardError: the board did not answer in time, has restarted or is gone.
        """
        self._sequence = (self._sequence + 1) & 0xFFFF
        request = Frame(command=command, sequence=self._sequence, session=self._session, payload=payload)
        try:
            answer = self._exchange(request, self.patience.answer_seconds if seconds is None else seconds)
        except OSError as error:
            raise BoardError(
                f"The board at {self.name} disappeared while {command.name} was asked ({error}). "
                f"Check cable and power, then start again.{self._said()}"
            ) from None
        if answer.status == Status.NO_SESSION and command is not Command.BYE:
            raise BoardError(
                f"The board at {self.name} restarted, or was left alone for too long: it no longer knows the session "
                f"in which {command.name} was asked. Results so far are dropped; start again.{self._said()}"
            )
        return answer

    def _exchange(self, request: Frame, seconds: float) -> Frame:
        self.traffic.request_count += 1
        data = encode(request)
        end = time.monotonic() + seconds
        pause = self.patience.repeat_seconds
        while True:
            self._transport.write(data)
            until = min(time.monotonic() + pause, end)
            answer, has_heard = self._listen(request, until)
            if answer is not None:
                return answer
            if time.monotonic() >= end:
                raise self._silence(request, seconds)
            self.traffic.repetition_count += 1
            if not has_heard:
                pause = min(2 * pause, self.patience.longest_repeat_seconds)

    def _listen(self, request: Frame, until: float) -> tuple[Frame | None, bool]:
        """Return the request's answer, if it comes in time, and whether anything came."""
        has_heard = False
        while (now := time.monotonic()) < until:
            data = self._transport.read(until - now)
            has_heard = has_heard or bool(data)
            for frame in self._splitter.take(data):
                if frame is not None and self._answers(request, frame):
                    return frame, True
                if frame is None or self._is_complaint(frame):
                    self.traffic.damaged_count += 1
                    # What is still on its way is let pass, or each damaged copy would bring forth another one.
                    until = min(until, time.monotonic() + self.patience.silence_seconds)
        return None, has_heard

    @staticmethod
    def _answers(request: Frame, frame: Frame) -> bool:
        return (frame.command, frame.sequence, frame.session) == (
            request.command | ANSWER, request.sequence, request.session
        )  # fmt: skip

    def _is_complaint(self, frame: Frame) -> bool:
        return frame.command == Command.DAMAGED | ANSWER and frame.session == self._session

    def _silence(self, request: Frame, seconds: float) -> BoardError:
        if request.command == Command.HELLO:
            return BoardError(
                f"Nothing at {self.name} answers: waited {seconds:g} s. Is it the board's port, and is "
                f"firmware of edgewright on it (make target=NAME flash)?{self._said()}"
            )
        return BoardError(
            f"The board at {self.name} stopped answering: nothing came back for {Command(request.command).name} within "
            f"{seconds:g} s. Reset it, and if it only takes longer than that, allow more time.{self._said()}"
        )

    def _said(self) -> str:
        """The last line of text that the board printed: a panic or a failed self-test says more than silence."""
        lines = [line.strip() for line in self._splitter.text.splitlines() if line.strip()]
        return f' The last that it printed: "{_printable(lines[-1])[-SHOWN_CHARACTERS:]}".' if lines else ""


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)
