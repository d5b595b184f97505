"""Server-drawn pictures say in words what they show."""

import pytest
from django.template import Context, Template

from frontend.templatetags.badges import BADGES, badge
from frontend.templatetags.charts import hours_bar, hours_ring, trend, week_bars
from frontend.templatetags.icon import FOLDER, icon
from frontend.templatetags.strips import KINDS, strip_legend

PIECES = [
    {"from": "2026-11-17T14:00:00Z", "to": "2026-11-17T15:30:00Z", "kind": "credited"},
    {"from": "2026-11-17T15:30:00Z", "to": "2026-11-17T15:45:00Z", "kind": "break"},
    {"from": "2026-11-17T15:45:00Z", "to": "2026-11-17T17:15:00Z", "kind": "absent"},
]


def render_strip(pieces: list[dict[str, str]]) -> str:
    template = Template('{% load strips %}{% strip pieces "America/New_York" "Ana, Tuesday" %}')
    return template.render(Context({"pieces": pieces}))


def test_the_ring_says_credited_target_and_what_is_still_to_come() -> None:
    assert 'aria-label="2 h 34 min of 9 h this week, 3 h still scheduled"' in hours_ring(154, 540, 180)


def test_the_ring_without_target_says_so() -> None:
    assert "no target set" in hours_ring(60, 0)


def test_more_than_the_target_fills_the_ring_once() -> None:
    assert hours_ring(600, 540).count('stroke-dasharray="376.99 376.99"') == 1


def test_bars_say_every_value() -> None:
    text = week_bars(
        [{"label": "Mon", "credited_min": 180, "scheduled_min": 180}, {"label": "Tue", "credited_min": 0}]
    )
    assert "Credited time. Mon: 3 h; Tue: 0 min." in text


def test_bars_tell_what_was_missed_from_what_is_still_planned() -> None:
    day = {"label": "Wed", "credited_min": 154, "missed_min": 26}
    text = week_bars([day, {"label": "Thu", "credited_min": 0, "scheduled_min": 180}])
    assert "Wed: 2 h 34 min, 26 min missed; Thu: 0 min, 3 h planned." in text
    assert (text.count("bars-missed"), text.count("bars-scheduled"), text.count("bars-credited")) == (1, 1, 1)


def test_a_trend_says_its_weeks_and_tells_met_ones_by_more_than_colour() -> None:
    text = trend([100, None, 42])
    assert 'aria-label="Last weeks, share of the target: 100%, none, 42%"' in text
    assert (text.count("<rect"), text.count("is-met")) == (2, 1)
    assert trend([]) == ""


def test_the_bar_of_a_row_is_decoration_and_marks_a_target_that_was_passed() -> None:
    assert 'aria-hidden="true"' in hours_bar(100, 540)
    assert "hours-bar-target" in hours_bar(600, 540)
    assert "hours-bar-target" not in hours_bar(100, 540, 60)


def test_a_badge_is_chosen_by_its_value_and_says_the_pages_words_if_given() -> None:
    assert badge("MET").startswith('<span class="badge is-ok">')
    assert badge("MET", "Reached <it>").endswith("Reached &lt;it&gt;</span>")
    assert badge("no such thing") == ""
    assert badge("no such thing", "In words") == '<span class="badge">In words</span>'


@pytest.mark.parametrize("value", BADGES)
def test_every_badge_has_words_and_a_drawing_that_exists(value: str) -> None:
    kind, drawing, words = BADGES[value]
    assert words
    assert kind in ("", "ok", "warn", "bad")
    assert not drawing or (FOLDER / f"{drawing}.svg").exists()


def test_no_bars_draw_nothing() -> None:
    assert week_bars([]) == ""


def test_a_label_from_input_is_escaped() -> None:
    assert "<b>" not in week_bars([{"label": "<b>", "credited_min": 1}])


def test_the_strip_holds_the_same_times_as_a_table() -> None:
    text = render_strip(PIECES)
    assert "<td>9:00:00 AM</td><td>10:30:00 AM</td>" in text
    assert "1:30:00" in text
    assert "New York time" in text


def test_each_kind_has_a_pattern_of_its_own() -> None:
    marks = [drawing for _, drawing in KINDS.values() if drawing]
    assert len(marks) >= len(KINDS) - 2
    assert strip_legend().count("<pattern") == len(KINDS)


def test_patterns_of_two_strips_do_not_share_an_id() -> None:
    first, second = render_strip(PIECES), render_strip(PIECES)
    assert first.split('pattern id="')[1].split('"')[0] != second.split('pattern id="')[1].split('"')[0]


def test_an_empty_timeline_says_that_nothing_was_held() -> None:
    assert "Nothing was held" in render_strip([])


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(KeyError):
        render_strip([{**PIECES[0], "kind": "asleep"}])


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.svg")), ids=lambda path: path.stem)
def test_every_icon_is_one_small_drawing_without_script(path) -> None:
    text = path.read_text()
    assert len(text) < 1500
    assert "script" not in text
    assert icon(path.stem).startswith('<svg class="icon" aria-hidden="true"')


def test_an_icon_with_a_label_is_an_image() -> None:
    assert 'role="img" aria-label="Microphone on"' in icon("mic", "Microphone on")
