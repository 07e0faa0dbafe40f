"""Progress as it is shown: which stage, how far, what is left; in lines that fit, on a terminal and in a log file."""

from __future__ import annotations

import io
import os
import pty
import re
import sys
import termios
from itertools import pairwise

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpunet.base.progress import begun, labelled, part_of
from gpunet.cli.console import notice
from gpunet.cli.plans import PLANS, plan_of
from gpunet.cli.progress import ProgressLog, console_progress
from gpunet.cli.progress_text import done_line, live_line, log_line, shortened_to, silence_line
from gpunet.cli.stages_at_work import AtWork, Finished, StagesAtWork
from gpunet.config.config import load_config

PLAN = {"read": 1.0, "features: network": 1.0, "features: betweenness": 6.0, "model": 2.0}

#: Calls of the callback, each with the seconds that have gone when it comes.
RUN = [
    (0, "read", 0, 10),
    (2, "read", 5, 10),
    (4, "read", 10, 10),
    (4, "features: network", 0, 1),
    (8, "features: network", 1, 1),
    (8, "features: betweenness", 0, 60),
    (20, "features: betweenness", 30, 60),
    (32, "features: betweenness", 60, 60),
    (33, "model", 0, 1),
    (40, "model", 1, 1),
]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    """A terminal of that size, whose screen can be looked at."""

    def __init__(self, columns: int, rows: int = 24) -> None:
        super().__init__()
        self.screen = pyte.HistoryScreen(columns, rows, history=1000)
        self._stream = pyte.Stream(self.screen)

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._stream.feed(text.replace("\n", "\r\n"))
        return super().write(text)

    def lines(self) -> list[str]:
        """What stands on it, with what has left it above."""
        above = ["".join(row[x].data for x in range(self.screen.columns)) for row in self.screen.history.top]
        return [line.rstrip() for line in (*above, *self.screen.display) if line.strip()]


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    """An environment that says nothing of terminals."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_INTERACTIVE", "TTY_COMPATIBLE", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def at(calls, plan=PLAN):
    """The stages after these calls, and their clock."""
    clock = Clock()
    stages = StagesAtWork(plan, clock=clock)
    finished = []
    for seconds, *call in calls:
        clock.now = 1000.0 + seconds
        finished += stages.report(*call)
    return stages, clock, finished


def test_each_stage_is_told_once_when_all_its_parts_are_done():
    stages, _, finished = at(RUN)
    assert finished == [Finished("read", 4.0, 1, 3), Finished("features", 28.0, 2, 3), Finished("model", 7.0, 3, 3)]
    assert stages.finish() == []
    assert stages.now() == AtWork("", "model", 0.0, 0.0, 3, 3, 1.0, None)
    stages, _, finished = at(RUN[:8])
    assert [each.stage for each in finished] == ["read"]
    assert stages.finish() == [Finished("features", 28.0, 2, 3)]


def test_what_is_at_work_and_what_is_left():
    stages, clock, _ = at(RUN[:2])
    assert stages.now() == AtWork("read", "", 0.5, 2.0, 1, 3, 0.05, None)  # too early for an estimate
    stages, clock, _ = at(RUN[:6])
    assert stages.now().left == pytest.approx(8 / 2 * 6 + 8 / 2 * 2)  # two weights took eight seconds
    clock.now += 4
    assert stages.now().left == pytest.approx(24 - 4 + 8)
    clock.now += 96
    assert stages.now().left == pytest.approx(8)
    stages, clock, _ = at(RUN[:7])
    found = stages.now()
    assert (found.stage, found.share, found.seconds, found.of_all) == ("features: betweenness", 0.5, 12.0, 0.5)
    assert found.left == pytest.approx(12 + (8 + 24) / 8 * 2)


def test_stages_that_a_checkpoint_had_are_no_measure_of_time():
    stages, _, _ = at([(10, "features: betweenness", 0, 4), (20, "features: betweenness", 1, 4)])
    assert stages.now().left == pytest.approx(30 + (10 + 40) / 6 * 2)
    assert stages.now().step == 2


def test_without_a_plan_a_stage_has_its_own_time_left():
    stages, _, finished = at([(0, "score", 0, 4), (10, "score", 1, 4)], plan=None)
    assert stages.now() == AtWork("score", "", 0.25, 10.0, 0, 0, None, 30.0)
    stages, _, finished = at([(0, "score", 0, 4), (10, "score", 4, 4)], plan=None)
    assert finished == [Finished("score", 10.0, 0, 0)]


def test_a_stage_inside_another_is_what_is_at_work_while_it_is():
    calls = [(0, "path", 0, 1), (1, "betweenness", 0, 2), (3, "betweenness", 2, 2)]
    stages, clock, finished = at(calls, plan=None)
    assert finished == [Finished("betweenness", 2.0, 0, 0)]
    clock.now += 5
    assert (stages.now().stage, stages.now().seconds) == ("path", 8.0)
    assert stages.report("path", 1, 1) == [Finished("path", 8.0, 0, 0)]


def test_rounds_of_samples_are_parts_of_betweenness():
    calls = [(i, f"betweenness, samples {i}", j, 1) for i in range(1, 6) for j in (0, 1)]
    stages, _, finished = at([*calls, (9, "closeness", 0, 1)], plan=PLANS["features"])
    assert [each.stage for each in finished] == ["betweenness"]
    assert stages.now().step == list(PLANS["features"]).index("closeness") + 1


_CALLS = st.lists(
    st.tuples(
        st.floats(0, 50),
        st.sampled_from([*PLAN, "features", "other", "features: betweenness, samples 2"]),
        st.sampled_from([(0, 1), (1, 3), (3, 3), (0, 0), (5, 2), (-1, 2)]),
    )
)


@given(_CALLS, st.integers(1, 120), st.sampled_from([PLAN, None]))
def test_whatever_comes_the_lines_fit_and_shares_do_not_fall(calls, width, plan):
    clock = Clock()
    stages, shares = StagesAtWork(plan, clock=clock), [0.0]
    for seconds, stage, (done, total) in calls:
        clock.now += seconds
        finished = stages.report(stage, done, total)
        found = stages.now()
        lines = [live_line(found, width), *(done_line(each, width) for each in finished)]
        assert max(map(len, lines)) <= width
        assert found.left is None or found.left >= 0.0
        assert 0.0 <= found.share < 1.0
        if found.of_all is not None:
            assert shares[-1] <= found.of_all <= 1.0
            shares.append(found.of_all)


BUSY = AtWork("features as of T: betweenness", "", 0.42, 21.0, 3, 13, 0.173, 155.0)
QUIET = AtWork("train on all (past and test)", "", 0.0, 7.2, 10, 13, 0.5, 44.0)


@pytest.mark.parametrize(
    ("work", "width", "line"),
    [
        (BUSY, 120, "3/13 features as of T: betweenness [===========                 ] 42%, all ~17%, ~3 min left"),
        (BUSY, 80, "3/13 features as of T: betweenness [======          ] 42%, all ~17%, ~3 min left"),
        (BUSY, 64, "3/13 features as of T: betweenness 42%, all ~17%, ~3 min left"),
        (BUSY, 50, "3/13 betweenness 42%, all ~17%, ~3 min left"),
        (BUSY, 40, "3/13 betweenness 42%, ~3 min left"),
        (BUSY, 30, "3/13 betwe... 42%, ~3 min left"),
        (BUSY, 20, "3/13 betweenness 42%"),
        (BUSY, 12, "betweenne..."),
        (QUIET, 80, "10/13 train on all (past and test) 7 s, all ~50%, ~45 s left"),
        (QUIET, 40, "10/13 train on all (p... 7 s, ~45 s left"),
        (AtWork("", "model", 0.0, 3.0, 0, 0, None, None), 80, "after model 3 s"),
        (AtWork("", "", 0.0, 3.0, 0, 0, None, None), 80, "beginning 3 s"),
    ],
)
def test_the_live_line_at_several_widths(work, width, line):
    assert live_line(work, width) == line


def test_lines_of_a_log_file():
    assert log_line(BUSY) == ("features as of T: betweenness: 42% (step 3 of 13, about 17% of all, about 3 min left)")
    assert log_line(AtWork("score", "", 0.25, 30.0, 0, 0, None, 90.0)) == "score: 25% (about 2 min left)"
    assert silence_line(QUIET) == (
        "train on all (past and test): still at work, for 7 s (step 10 of 13, about 50% of all, about 45 s left)"
    )
    assert silence_line(AtWork("", "model", 0.0, 3720.0, 0, 0, None, None)) == (
        "after model: still at work, for 1 h 02 min"
    )


@pytest.mark.parametrize(
    ("seconds", "width", "line"),
    [
        (0.04, None, "train on all (past and test): done, 0.0 s"),
        (12.34, 80, "train on all (past and test): done, 12.3 s"),
        (125.0, 40, "train on all (past and test): 2 min 05 s"),
        (12.34, 36, "train on all (past and test): 12.3 s"),
        (12.34, 20, "train on ...: 12.3 s"),
    ],
)
def test_the_time_of_what_is_done_is_never_cut(seconds, width, line):
    assert done_line(Finished("train on all (past and test)", seconds, 0, 0), width) == line


def test_texts_that_are_cut_say_so():
    assert shortened_to("features", 8) == "features"
    assert shortened_to("features", 7) == "feat..."
    assert shortened_to("features", 2) == ".."


def shown(stream, monkeypatch, calls=RUN, then=lambda: None):
    """Show the calls on what stands for standard error; between the last but one and the last do something."""
    clock = Clock()
    monkeypatch.setattr(sys, "stderr", stream)
    with console_progress(plan=PLAN, clock=clock) as progress:
        for seconds, *call in calls[:-1]:
            clock.now = 1000.0 + seconds
            progress(*call)
        then()
        seconds, *call = calls[-1]
        clock.now = 1000.0 + seconds
        progress(*call)


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_a_terminal_keeps_one_line_a_stage_and_what_was_said(monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    terminal, live = Terminal(width), []

    def look() -> None:
        notice("a checkpoint is made")
        notice("another")
        live.extend(terminal.lines())

    shown(terminal, monkeypatch, then=look)
    done = ["read: done, 4.0 s", "features: 28.0 s" if width < 22 else "features: done, 28.0 s"]
    said = ["a checkpoint is made", "another"]
    assert terminal.lines() == [*done, *said, "model: done, 7.0 s"]
    assert live[:4] == [*done, *said]
    assert len(live) <= 5
    assert not terminal.screen.cursor.hidden


def test_the_live_line_goes_where_work_ends_in_an_error(monkeypatch):
    terminal = Terminal(80)
    monkeypatch.setenv("COLUMNS", "80")

    def fail() -> None:
        raise ValueError("disk full")

    with pytest.raises(ValueError, match="disk full"):
        shown(terminal, monkeypatch, then=fail)
    assert terminal.lines() == ["read: done, 4.0 s", "features: done, 28.0 s"]
    assert not terminal.screen.cursor.hidden
    assert sys.stderr is terminal


def test_a_terminal_that_becomes_narrow_gets_lines_that_fit(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    master, slave = pty.openpty()
    terminal = Terminal(80)
    monkeypatch.setattr(terminal, "fileno", lambda: slave, raising=False)
    termios.tcsetwinsize(slave, (24, 80))
    try:
        shown(terminal, monkeypatch, then=lambda: termios.tcsetwinsize(slave, (24, 12)))
    finally:
        os.close(master)
        os.close(slave)
    assert terminal.lines() == ["read: done, 4.0 s", "features: done, 28.0 s", "model: 7.0 s"]


EXPECTED_LOG = [
    "read: done, 4.0 s (step 1 of 3)",
    "features: betweenness: 50% (step 2 of 3, about 50% of all, about 20 s left)",
    "features: done, 28.0 s (step 2 of 3)",
    "model: done, 7.0 s (step 3 of 3)",
]


@pytest.mark.parametrize(
    ("terminal", "environment"),
    [(False, {}), (False, {"FORCE_COLOR": "1"}), (True, {"TERM": "dumb"}), (True, {"TTY_INTERACTIVE": "0"})],
)
def test_what_cannot_move_its_cursor_gets_whole_lines(monkeypatch, terminal, environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stream = Terminal(80) if terminal else io.StringIO()
    shown(stream, monkeypatch)
    assert stream.getvalue().splitlines() == EXPECTED_LOG


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"FORCE_COLOR": "1"}, {}])
def test_no_colours_are_needed(monkeypatch, environment):
    monkeypatch.setenv("COLUMNS", "80")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal(80)
    shown(terminal, monkeypatch)
    assert re.findall(r"\x1b\[[0-9;]*m", terminal.getvalue()) == []
    assert len(terminal.lines()) == 3


def test_a_log_file_is_never_silent_for_long():
    clock, stream = Clock(), io.StringIO()
    log = ProgressLog(stream, StagesAtWork(PLAN, clock=clock), clock)
    log.report("read", 0, 1)
    told = []
    for second in range(1, 601):
        clock.now += 1
        log.tick()
        if 200 <= second < 400:  # it says how far it is
            log.report("read", second - 199, 1000)
        told += [second] * (stream.getvalue().count("\n") - len(told))
    assert max(later - first for first, later in pairwise([0, *told, 601])) <= 31
    assert len(told) <= 25
    assert stream.getvalue().splitlines()[0] == "read: still at work, for 30 s (step 1 of 3, about 0% of all)"
    assert re.search(r"^read: \d+% \(step 1 of 3, about \d% of all, about .* left\)$", stream.getvalue(), re.MULTILINE)


def test_a_stage_that_tells_often_gets_a_line_every_ten_seconds_at_first():
    clock, stream = Clock(), io.StringIO()
    log = ProgressLog(stream, StagesAtWork(clock=clock), clock)
    log.report("read", 0, 1)
    for quarters in range(1, 4 * 180):
        clock.now = 1000.0 + quarters / 4
        log.report("read", quarters, 6000)
    assert len(stream.getvalue().splitlines()) == 5 + 6


@pytest.mark.parametrize("command", sorted(PLANS))
def test_plans_leave_about_a_screen(command):
    wholes = {re.split("[:,] ", stage)[0] for stage in PLANS[command]}
    assert len(wholes) <= 15
    assert all(share > 0.0 for share in PLANS[command].values())


def test_a_plan_has_what_is_asked_for_in_the_order_of_the_work():
    def plan(command: str, **config: dict[str, object]) -> list[str]:
        return list(dict.fromkeys(re.split("[:,] ", stage)[0] for stage in plan_of(command, load_config(config))))

    protocols = ["same_event", "paper"]
    ends = ["statistics", "write results"]
    assert plan("evaluate known", evaluate={"protocols": protocols}) == ["reading", *protocols, *ends]
    assert plan("panel") == ["reading", "snapshots", "write panel"]
    assert plan("panel", panel={"verify": 2}) == ["reading", "snapshots", "write panel", "verify"]
    assert plan_of("run", load_config(None)) == PLANS["run"]


def test_names_of_parts_and_labels():
    told: list[tuple[str, float, float]] = []
    whole = part_of(lambda *call: told.append(call), "features as of T")
    assert whole is not None
    whole("network", 1, 2)
    begun(labelled(whole, "(past)"), "cross-fit")
    assert told == [("features as of T: network", 1, 2), ("features as of T: cross-fit (past)", 0.0, 1.0)]
    assert part_of(None, "features") is None
    assert part_of(whole, "") is whole
    begun(None, "read")
