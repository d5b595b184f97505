"""The answers to what browsers really offer: to the letter, and by the rules of offer and answer ."""

import random
import re
from pathlib import Path

import pytest

from realtime.relay.negotiation import sdp_read, sections
from realtime.relay.uplink.streams import take_lines
from tests.relay.offers import answer_path, answer_to, recorded

OFFERS = {path.stem: path.read_bytes().decode() for path in recorded()}
LINES = sorted({line for text in OFFERS.values() for line in text.splitlines()})
NOISE = "aq=: ;/,0123456789~\u2028\x0b\x00\u00e9\U0001f600"
names = pytest.mark.parametrize("name", sorted(OFFERS))


def section_lines(text: str) -> list[list[str]]:
    return [section.splitlines() for section in ("\n" + text.replace("\r", "")).split("\nm=")[1:]]


def value(lines: list[str], name: str) -> str:
    return next(line.partition(":")[2] for line in lines if line.startswith(f"a={name}:"))


@pytest.mark.parametrize("path", recorded(), ids=lambda path: path.stem)
def test_each_recorded_offer_is_answered_to_the_letter(path: Path) -> None:
    assert answer_to(path.read_bytes().decode()) == answer_path(path).read_bytes().decode()


@names
def test_an_answer_takes_nothing_that_was_not_offered(name: str) -> None:
    offered, answered = section_lines(OFFERS[name]), section_lines(answer_to(OFFERS[name]))
    assert [value(lines, "mid") for lines in offered] == [value(lines, "mid") for lines in answered]
    for offer, answer in zip(offered, answered, strict=True):
        assert offer[0].split()[0] == answer[0].split()[0]
        assert set(answer[0].split()[3:]) <= set(offer[0].split()[3:])
        for line in answer:
            if line.startswith(("a=rtcp-fb:", "a=rtpmap:", "a=rtcp-mux", "a=rtcp-rsize")):
                assert line in offer
        offered_ids = {line.split()[1]: line.split()[0].split("/")[0] for line in offer if "extmap:" in line}
        for line in answer:
            if line.startswith("a=extmap:"):
                assert offered_ids[line.split()[1]] == line.split()[0].split("/")[0]
        rids = set(re.findall(r"^a=rid:(\S+) recv", "\n".join(answer), re.M))
        assert rids <= set(re.findall(r"^a=rid:(\S+) send", "\n".join(offer), re.M))


@names
def test_the_sources_of_each_offer_are_known(name: str) -> None:
    lines = take_lines(sdp_read.read(OFFERS[name]))
    assert set(lines) == {"microphone", "camera"} | ({"screen"} if "screen" in name else set())
    assert lines["camera"].rids == (() if "plain" in name else ("q", "f"))
    assert lines["camera"].media.repair_payload is not None
    assert ("nack" in lines["microphone"].media.feedback) == ("plain" not in name)


@pytest.mark.parametrize(
    ("written", "rids"),
    [
        (["a=rid:q send", "a=rid:f send", "a=simulcast:send q;f"], ("q", "f")),
        (["a=rid:q send", "a=rid:h send", "a=rid:f send", "a=simulcast:send q;h;f"], ("q", "f")),
        (["a=rid:q send pt=96", "a=rid:f send", "a=simulcast: send ~q,x;f recv z"], ("q", "f")),
        (["a=rid:f send", "a=simulcast:recv q send f"], ("f",)),
        (["a=rid:q send", "a=simulcast:send q;q;q"], ("q",)),
        (["a=rid:q send", "a=rid:f recv", "a=simulcast:send q;f"], ("q",)),
        (["a=rid:q send", "a=rid:f send"], ()),
        (["a=simulcast:send q;f"], ()),
        (["a=rid:" + "q" * 17 + " send", "a=simulcast:send " + "q" * 17], ()),
        (["a=rid:q\u00e9 send", "a=simulcast:send q\u00e9"], ()),
        (["a=simulcast:send " + ";" * 5000], ()),
    ],
)
def test_layers_are_read_from_the_text(written: list[str], rids: tuple[str, ...]) -> None:
    assert sections.rids(written) == rids


def test_an_m_line_with_endless_attributes_is_refused() -> None:
    offer = OFFERS["chromium-plain"]
    for line in ("a=rtpmap:96 VP8/90000", "a=rtcp-fb:* nack", "a=ssrc:1 cname:x", "a=extmap:5 urn:x"):
        with pytest.raises(sdp_read.BadSdpError):
            sdp_read.read(offer + f"{line}\r\n" * 400)


def mangled(text: str, draw: random.Random) -> str:
    """Change a few lines: drop, repeat, cut, mix and fill them with anything."""
    lines = text.splitlines()
    for _ in range(draw.randint(0, 6)):
        at, other = draw.randrange(len(lines)), draw.randrange(len(lines))
        noise = "".join(draw.choice(NOISE) for _ in range(draw.randint(0, 12)))
        lines[at] = draw.choice(
            [
                lines[other],
                draw.choice(LINES),
                f"{lines[at]}\r\n{lines[other]}",
                lines[at][: draw.randint(0, 40)],
                lines[at][: draw.randint(0, 12)] + noise,
                re.sub(r"\d+", str(draw.choice([0, 1, 127, 128, 65_536, 2**64])), lines[at]),
            ]
        )
    return draw.choice(["\r\n", "\n"]).join([*lines, ""])


def test_any_text_is_an_answer_or_a_refusal() -> None:
    draw, answered = random.Random(4), 0
    for _ in range(400):
        text = mangled(OFFERS[draw.choice(sorted(OFFERS))], draw)
        try:
            answer = answer_to(text)
        except sdp_read.BadSdpError:
            continue
        answered += 1
        assert answer.startswith("v=0\r\n")
        assert all(re.match(r"[a-z]=", line) for line in answer.splitlines())
    assert 50 < answered < 350
