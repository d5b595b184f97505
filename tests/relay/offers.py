"""The recorded offers of browsers and the relay's answers; run as a module it writes the answers anew."""

from pathlib import Path

from realtime.relay.negotiation import sdp_read, sdp_write
from realtime.relay.transport.dtls import Fingerprint
from realtime.relay.uplink.streams import take_lines

FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "offers"
LOCAL = sdp_write.Local(
    ufrag="relay",
    password="no-secret-of-any-relay-at-all",
    fingerprint=Fingerprint("sha-256", ":".join(["CD"] * 32)),
    candidates=(("192.0.2.10", 3478),),
)


def recorded() -> list[Path]:
    """Return the offers."""
    return sorted(path for path in FOLDER.glob("*.sdp") if not path.name.endswith(".answer.sdp"))


def answer_path(offer: Path) -> Path:
    """Return where the answer to an offer is kept."""
    return offer.with_name(f"{offer.stem}.answer.sdp")


def answer_to(text: str) -> str:
    """Answer an offer as the publish connection does."""
    offer = sdp_read.read(text)
    takes = {line.media.mid: line.rids for line in take_lines(offer).values()}
    return sdp_write.answer(offer, LOCAL, takes=takes, session_id=1, version=1)


if __name__ == "__main__":
    for each in recorded():
        answer_path(each).write_bytes(answer_to(each.read_bytes().decode()).encode())
