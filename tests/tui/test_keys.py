"""Every key does what the table of keys says."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Input

from gilprof.tui.actions import KEYS, Scope
from gilprof.tui.app import OUTPUT_EVERY_S, LiveApp
from gilprof.tui.screens.details import DetailsScreen
from gilprof.tui.screens.flame import FlameScreen
from gilprof.tui.screens.help import HelpScreen
from gilprof.tui.screens.main import MainScreen
from gilprof.tui.screens.output import OutputScreen
from gilprof.tui.screens.stacks import StacksScreen
from gilprof.tui.widgets.icicle import Icicle
from gilprof.tui.widgets.lines import Lines
from gilprof.tui.widgets.table import Table
from tests.support.screens import LAST_NS, c_code_keeps_it, convoy, ended, snapshot, stalled, stalled_profile
from tests.tui.support import LARGE, Clock, Talker, app_of, press, running, screen_lines, settled, text

BUSY = snapshot(c_code_keeps_it())


def table(app: LiveApp, name: str) -> Table:
    return app.screen.query_one(f"#{name}-table", Table)


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        ((), "q Quit ? Help p Pause w Window s Sort / Filter v View o Record e Export"),
        (("5",), "q Quit ? Help p Pause w Window o Record e Export esc Back t State > Thread"),
    ],
)
@pytest.mark.parametrize("program", [None, Talker(b"")], ids=["attach", "run"])
async def test_the_footer_fits(keys: tuple[str, ...], shown: str, program: Talker | None) -> None:
    app, _ = app_of(BUSY, program=program)
    async with running(app) as pilot:
        await press(pilot, *keys)
        if program is not None and not keys:
            shown = shown.replace("s Sort", "6 Output s Sort")
        assert screen_lines(app)[-1].split() == shown.split()


@pytest.mark.parametrize("key", ["1", "2", "2 enter"])
async def test_words_are_whole(key: str) -> None:
    words = {"thread", "of", "its", "time", "held", "blocked", "wait", "no", "GIL", "now", "top", "stack", "function"}
    words.add("blamed")
    app, _ = app_of(BUSY)
    async with running(app) as pilot:
        await press(pilot, *key.split())
        for _ in range(7):
            heading = next(line for line in screen_lines(app) if "+blocked" in line)
            assert set(re.findall(r"[^\W\d_]+|…", heading)) <= words, heading
            await press(pilot, "s")


@pytest.mark.parametrize("key", ["q", "f10", "ctrl+c"])
async def test_quit(key: str) -> None:
    app, feed = app_of(BUSY)
    async with running(app) as pilot:
        await press(pilot, key)
        assert not app.is_running
    assert feed.asked == ["stop"]


@pytest.mark.parametrize("key", ["question_mark", "h", "f1"])
async def test_help_and_back(key: str) -> None:
    app, _ = app_of(BUSY)
    async with running(app, LARGE) as pilot:
        await press(pilot, key)
        assert isinstance(app.screen, HelpScreen)
        said = "\n".join(app.screen.query_one("#lines", Lines).plain)
        for row in KEYS:
            assert row.shown in said
            assert row.help.split(" ")[0] in said
        await press(pilot, "escape")
        assert isinstance(app.screen, MainScreen)


async def test_help_scrolls_to_its_end() -> None:
    app, _ = app_of(BUSY)
    async with running(app) as pilot:
        await press(pilot, "question_mark")
        assert "own function" not in text(app)
        await press(pilot, "end")
        assert "own function" in text(app)


@pytest.mark.parametrize("key", ["space", "p"])
async def test_pause(key: str) -> None:
    clock = Clock()
    app, feed = app_of(BUSY, clock=clock)
    async with running(app) as pilot:
        await press(pilot, key)
        clock.now_s += 7
        feed.post(snapshot(convoy(), elapsed_s=50.0))
        await settled(pilot)
        assert "PAUSED, 7 s ago" in screen_lines(app)[2]
        assert "feeder" in text(app)
        assert "cruncher" not in text(app)
        await press(pilot, key)
        assert "LIVE" in screen_lines(app)[2]
        assert "cruncher" in text(app)


async def test_window_or_since_the_start() -> None:
    app, _ = app_of(snapshot(convoy(), whole=c_code_keeps_it()))
    async with running(app) as pilot:
        await press(pilot, "2")
        assert "sum_of_squares" in text(app)
        assert "last 10 s" in text(app)
        await press(pilot, "w")
        assert "since the start" in text(app)
        assert "Api.handle" in text(app)
        assert "sum_of_squares" in "".join(screen_lines(app)[:2]), "the first lines are about the last seconds"


async def test_panels_by_number_and_tab() -> None:
    app, _ = app_of(BUSY)
    async with running(app) as pilot:
        order = ("2", "functions"), ("3", "waits"), ("1", "threads"), ("tab", "functions"), ("4", "worst")
        for key, name in (*order, ("tab", "threads"), ("shift+tab", "worst"), ("shift+tab", "waits")):
            await press(pilot, key)
            assert app.focused is table(app, name)
            shown = [panel.id for panel in app.screen.query("Panel") if panel.display]
            assert shown == [name]


async def test_all_tables_have_room_on_a_large_screen() -> None:
    app, _ = app_of(BUSY)
    async with running(app, LARGE):
        said = text(app)
    for title in ("1 Threads (5)", "2 Functions (10)", "3 Who waits for whom (4)", "4 Worst episodes (0)"):
        assert title in said


async def test_sorting() -> None:
    app, _ = app_of(BUSY)
    async with running(app, LARGE) as pilot:
        threads = table(app, "threads")
        assert ",".join(threads.row_keys) == "0,2,1,3,4", "most waiting first, the ended one last"
        await press(pilot, "S", "S")
        assert threads.row_keys[0] == "1", "most held first"
        await press(pilot, "i")
        assert threads.row_keys[-2:] == ("1", "4")
        await press(pilot, "s", "f6")
        assert threads.row_keys[0] == "0"


async def test_a_click_on_a_heading_sorts() -> None:
    app, _ = app_of(BUSY)
    async with running(app, LARGE) as pilot:
        heading = next(line for line in screen_lines(app) if "█held" in line)
        await pilot.click("#threads-table", offset=(heading.index("█held"), 0))
        await settled(pilot)
        assert table(app, "threads").row_keys[0] == "1"
        await pilot.click("#threads-table", offset=(heading.index("█held"), 0))
        await settled(pilot)
        assert table(app, "threads").row_keys[-2] == "1"


async def test_filter() -> None:
    app, _ = app_of(BUSY)
    async with running(app) as pilot:
        await press(pilot, "2", "slash", *"PARS")
        assert len(table(app, "functions").row_keys) == 1
        await press(pilot, "enter")
        assert app.focused is table(app, "functions")
        assert not app.screen.query_one(Input).display
        assert len(table(app, "functions").row_keys) == 1
        await press(pilot, "f4", "x", "enter")
        assert "Nothing contains 'PARSx'." in text(app)
        await press(pilot, "escape")
        assert len(table(app, "functions").row_keys) == 10


async def test_a_filter_is_left_with_escape_as_well() -> None:
    app, _ = app_of(BUSY)
    async with running(app) as pilot:
        await press(pilot, "slash", "f", "e", "escape")
        assert app.focused is table(app, "threads")
        assert len(table(app, "threads").row_keys) == 5


async def test_view_of_functions_is_self_or_total() -> None:
    app, _ = app_of(BUSY)
    async with running(app) as pilot:
        await press(pilot, "2")
        row = next(line for line in screen_lines(app)[8:] if "Parser.feed" in line)
        assert "7.10 s" not in row
        await press(pilot, "v")
        row = next(line for line in screen_lines(app)[8:] if "Parser.feed" in line)
        assert "7.10 s" in row


async def test_view_of_waits() -> None:
    app, _ = app_of(BUSY)
    async with running(app, LARGE) as pilot:
        await press(pilot, "3")
        seen = []
        for _ in range(4):
            row = next(i for i, line in enumerate(screen_lines(app)) if "who waits" in line)
            seen.append(screen_lines(app)[row + 1].split("  ")[0].strip("▶ "))
            await press(pilot, "v")
    assert seen == ["main (app.py:10)", "main (app.py:10)", "main (app.py:44)", "MainThread"]


async def test_waits_say_why_and_whether_it_is_c_code() -> None:
    app, _ = app_of(BUSY)
    async with running(app, LARGE):
        row = next(line for line in screen_lines(app) if "main (app.py:10)" in line and "Parser.feed" in line)
    assert "returning 100 %" in row
    assert "C code 89 %" in row


async def test_enter_on_a_thread_shows_its_flame_graph() -> None:
    app, _ = app_of(BUSY)
    async with running(app) as pilot:
        await press(pilot, "down", "enter")
        assert isinstance(app.screen, FlameScreen)
        assert "Flame graph of thread api_0: every state" in text(app)
        await press(pilot, "escape")
        assert isinstance(app.screen, MainScreen)


async def test_enter_on_a_function_shows_its_details() -> None:
    app, _ = app_of(BUSY)
    async with running(app, (100, 50)) as pilot:
        await press(pilot, "2", "enter")
        assert isinstance(app.screen, DetailsScreen)
        said = text(app)
    for words in (
        "/json/__init__.py, line 299",
        "line 346",
        "Called by",
        "Parser.feed (ingest.py:80)",
        "16.0 s for it",
    ):
        assert words in said


async def test_enter_on_a_wait_shows_the_stacks_behind_it() -> None:
    app, _ = app_of(BUSY)
    async with running(app) as pilot:
        await press(pilot, "3", "enter")
        assert isinstance(app.screen, StacksScreen)
        said = text(app)
    for words in ("MainThread waited 8.00 s", "for feeder", "main (app.py:44)", "loads (json/__init__.py:346)"):
        assert words in said


async def test_a_second_click_chooses_a_row() -> None:
    app, _ = app_of(BUSY)
    async with running(app) as pilot:
        await press(pilot, "3")
        await pilot.click("#waits-table", offset=(5, 2))
        await settled(pilot)
        assert isinstance(app.screen, MainScreen)
        await pilot.click("#waits-table", offset=(5, 2))
        await settled(pilot)
        assert isinstance(app.screen, StacksScreen)


async def test_the_mouse_brings_panels_up() -> None:
    app, _ = app_of(BUSY)
    async with running(app) as pilot:
        await pilot.click("#choices", offset=(16, 0))
        await settled(pilot)
        assert app.focused is table(app, "functions")
        await pilot.click("#choices", offset=(50, 0))
        await settled(pilot)
        assert isinstance(app.screen, FlameScreen)


async def test_moving_in_the_flame_graph() -> None:
    app, _ = app_of(BUSY)
    async with running(app, (120, 30)) as pilot:
        await press(pilot, "f")
        flame = app.screen.query_one(Icicle)
        await press(pilot, "down", "right")
        assert "main (app.py:10)" in screen_lines(app)[-2]
        await press(pilot, "left", "down", "down", "down")
        assert "Parser.feed (ingest.py:80): 8.00 s, 80 % of the graph" in screen_lines(app)[-2]
        await press(pilot, "enter")
        assert flame.zoomed == flame.cursor
        assert "Api.handle" not in text(app)
        await press(pilot, "backspace")
        assert "Api.handle" in text(app)
        await press(pilot, "up", "home")
        assert flame.zoomed == flame.cursor == ()


async def test_states_and_threads_of_the_flame_graph() -> None:
    app, _ = app_of(BUSY)
    async with running(app, (120, 30)) as pilot:
        await press(pilot, "5", "t", "t", "t")
        assert "Flame graph of all threads: waiting, 17.2 s" in text(app)
        await press(pilot, "T", "full_stop", "full_stop")
        assert "Flame graph of thread feeder: held while blocked, 900 ms" in text(app)
        await press(pilot, "comma")
        assert "thread MainThread" in text(app)


async def test_details_from_the_flame_graph() -> None:
    app, _ = app_of(BUSY)
    async with running(app) as pilot:
        await press(pilot, "f", "down", "d")
        assert isinstance(app.screen, DetailsScreen)
        await press(pilot, "escape")
        assert isinstance(app.screen, FlameScreen)


async def test_a_click_zooms() -> None:
    app, _ = app_of(BUSY)
    async with running(app) as pilot:
        await press(pilot, "f")
        for _ in range(2):
            await pilot.click("#flame", offset=(3, 4))
            await settled(pilot)
        assert len(app.screen.query_one(Icicle).zoomed) == 4


async def test_reset_and_record_are_the_feeds_to_do() -> None:
    app, feed = app_of(BUSY)
    async with running(app) as pilot:
        await press(pilot, "r", "o")
    assert feed.asked == ["reset", "record", "stop"]


async def test_export_writes_what_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app, _ = app_of(snapshot(convoy(), whole=c_code_keeps_it()))
    async with running(app) as pilot:
        await press(pilot, "w", "e", "enter")
        assert isinstance(app.screen, MainScreen)
    (file,) = tmp_path.glob("gilprof-4242-*.json")
    report = json.loads(file.read_text())
    assert report["schema"] == "gilprof.report/1"
    assert "feeder" in {thread["name"] for thread in report["processes"][0]["threads"]}
    assert app.notices == [f"report written to {file.name}"]


async def test_an_export_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tmp_path.rmdir()
    app, _ = app_of(BUSY)
    async with running(app) as pilot:
        await press(pilot, "e", "enter")
    assert "No such file or directory" in app.notices[0]


async def test_export_through_the_exporters_formats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app, _ = app_of(snapshot(convoy(), whole=c_code_keeps_it()))
    async with running(app) as pilot:
        await press(pilot, "e", "down", "down", "enter")
    (file,) = tmp_path.glob("gilprof-4242-*.collapsed")
    lines = file.read_text().splitlines()
    assert sum(int(line.rpartition(" ")[2]) for line in lines) == 30_000_000, "three threads for ten seconds"
    assert any("sum_of_squares (/srv/model.py:7);[held] " in line for line in lines)


async def test_export_of_a_flame_graph_is_of_its_thread_and_states(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app, _ = app_of(BUSY)
    async with running(app) as pilot:
        await press(pilot, "5", "full_stop", "full_stop", "e", "down", "down", "enter")
        assert isinstance(app.screen, FlameScreen)
    (file,) = tmp_path.glob("gilprof-4242-*.collapsed")
    lines = file.read_text().splitlines()
    assert lines
    assert all(";feeder;" in line for line in lines)
    assert {line.rpartition(";")[2].split("]")[0] for line in lines} == {"[held", "[held_blocked"}


async def test_formats_in_the_order_of_time_are_not_for_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app, _ = app_of(BUSY)
    async with running(app) as pilot:
        await press(pilot, "e")
        shown = [line for line in screen_lines(app) if "needs a recording" in line]
        assert [line.split()[0] for line in shown] == ["timeline", "speedscope", "firefox", "chrome"]
        await press(pilot, "escape")
        assert isinstance(app.screen, MainScreen)
    assert not list(tmp_path.iterdir())


async def test_the_worst_episodes_and_the_stall() -> None:
    app, feed = app_of(stalled())
    async with running(app, LARGE) as pilot:
        said = text(app)
        assert (
            "STALL: feeder has had the GIL for 1.5 s at Parser.feed (ingest.py:88); MainThread and 1 more wait" in said
        )
        await press(pilot, "4")
        rows = [line for line in screen_lines(app) if re.match(r"[▶ ]\d\d:\d\d:\d\d ", line)]
        assert [row[1:].split()[:4] for row in rows] == [
            ["09:00:09", "1.50", "s", "turn"],
            ["09:00:04", "800", "ms", "turn"],
            ["09:00:05", "600", "ms", "wait"],
        ]
        assert "turn …" in rows[0]
        assert "C code" in rows[0]
        assert "feeder at Parser.feed (ingest.py:88)" in rows[2]
        await press(pilot, "enter")
        assert isinstance(app.screen, DetailsScreen)
        assert "Parser.feed" in text(app)
        feed.post(replace(stalled(), under_way=()))
        await settled(pilot)
        assert "STALL" not in text(app)


async def test_a_stall_is_told_for_a_while_after_it() -> None:
    made = stalled_profile()
    made.episodes = replace(
        made.episodes, worst=tuple(replace(e, start_ns=LAST_NS - 3 * 10**9) for e in made.episodes.worst)
    )
    app, _ = app_of(snapshot(made))
    async with running(app):
        assert "Stall 2 s ago: feeder had the GIL for 0.8 s" in text(app)


async def test_the_programs_output_and_input() -> None:
    program = Talker(b"\x1b[31mred\x1b[0m\r\n50 %\r100 %\n\x1b]0;title\x07caf\xc3\xa9\x07\n")
    app, _ = app_of(BUSY, program=program)
    async with running(app) as pilot:
        await pilot.pause(2 * OUTPUT_EVERY_S)
        assert [line.strip() for line in screen_lines(app)[-4:-1]] == ["red", "100 %", "café�"]
        await press(pilot, "6", "q", "2", "enter", "ctrl+d", "ctrl+c")
        assert isinstance(app.screen, OutputScreen)
        assert program.took == ["q2\n", "end of input", "interrupt"]
        await press(pilot, "escape")
        assert isinstance(app.screen, MainScreen)


async def test_input_that_nobody_takes_is_refused_in_words() -> None:
    program = Talker(b"", takes=False)
    app, feed = app_of(BUSY, program=program)
    async with running(app) as pilot:
        await press(pilot, "6", "x", "enter")
        assert app.notices == ["the program does not take any input now: it has not read what was typed before"]
        feed.post(ended())
        await settled(pilot)
        await press(pilot, "x", "enter")
        assert app.notices[1:] == ["the program has ended: nobody reads this"]
        await press(pilot, "ctrl+c")
        assert not app.is_running


async def test_the_programs_terminal_is_as_large_as_ours() -> None:
    program = Talker(b"")
    app, _ = app_of(BUSY, program=program)
    async with running(app) as pilot:
        await pilot.resize_terminal(120, 40)
        await settled(pilot)
    assert program.size == (120, 40)


async def test_without_a_program_there_is_no_output() -> None:
    app, _ = app_of(BUSY)
    async with running(app) as pilot:
        await press(pilot, "6")
        assert isinstance(app.screen, MainScreen)
        assert "Output" not in text(app)


async def test_nobody_is_there_any_more() -> None:
    app, feed = app_of(ended())
    async with running(app) as pilot:
        feed.leave()
        await settled(pilot)
        assert not app.is_running


async def test_the_end_of_the_target_freezes_the_screen() -> None:
    app, feed = app_of(BUSY)
    async with running(app) as pilot:
        await press(pilot, "p")
        feed.post(ended())
        await settled(pilot)
        assert "■ ENDED" in screen_lines(app)[2]
        await press(pilot, "p", "2")
        assert "loads" in text(app)
        assert app.is_running


async def test_the_end_of_the_profile_ends_the_view() -> None:
    app, feed = app_of(BUSY)
    async with running(app) as pilot:
        feed.post(snapshot(c_code_keeps_it(), over="the time is up"))
        await settled(pilot)
        assert not app.is_running


async def test_a_stopped_target_says_so() -> None:
    app, _ = app_of(replace(BUSY, stopped=True))
    async with running(app):
        assert "‖ STOPPED" in screen_lines(app)[2]


async def test_what_others_print_becomes_a_notice() -> None:
    app, feed = app_of(BUSY)
    async with running(app) as pilot:
        app.post_message(events.Print("the disk is full\n", stderr=True))
        feed.tell("recording into x.gilprof")
        await settled(pilot)
    assert app.notices == ["the disk is full", "recording into x.gilprof"]


async def test_rows_do_not_jump_within_a_second() -> None:
    app, feed = app_of(snapshot(convoy(), elapsed_s=10.0))
    async with running(app) as pilot:
        before = table(app, "threads").row_keys
        await press(pilot, "down")
        other = convoy()
        other.passes.reverse()
        _, looks, _ = other.passes[0]
        other.add(9.0, looks)
        feed.post(snapshot(other, elapsed_s=10.25))
        await settled(pilot)
        assert table(app, "threads").row_keys == before
        on = table(app, "threads").cursor_key
        feed.post(snapshot(other, elapsed_s=11.25))
        await settled(pilot)
        assert table(app, "threads").row_keys != before
        assert table(app, "threads").cursor_key == on


def test_every_key_is_in_the_footer_or_the_help() -> None:
    for row in KEYS:
        assert row.help or any(other.action.partition("(")[0] == row.action.partition("(")[0] for other in KEYS)


def test_every_key_is_in_the_documentation() -> None:
    said = (Path(__file__).parents[2] / "docs" / "live.md").read_text()
    for row in KEYS:
        assert not row.shown or f"| `{row.shown}` | {row.help} |" in said


def test_no_key_stands_twice_where_it_works() -> None:
    for scope in Scope:
        keys = [key for row in KEYS if row.scope in (scope, Scope.EVERYWHERE) for key in row.keys.split(",") if key]
        assert len(keys) == len(set(keys))
