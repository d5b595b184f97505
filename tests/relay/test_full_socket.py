"""When the socket's buffer is full a picture is given up to its end, and voice waits for the next moment."""

import struct

from realtime.relay.downlink.consumer import Consumer
from realtime.relay.packets import rtp
from realtime.relay.uplink.capture import ClockMap
from realtime.relay.uplink.producer import Producer
from tests.relay.one_slot import Slot


def test_a_picture_is_dropped_to_the_end_of_its_frame_and_can_be_asked_for() -> None:
    slot = Slot(rtx=97)
    slot.consumer.attach(slot.cameras[0].producer, slot.now_ns)
    slot.frame(0, is_key=True)
    camera = slot.cameras[0]
    slot.now_ns += 40_000_000
    first, second, third = camera.packets(0, 3, False)
    camera.frame += 1
    slot.put(camera, 0, first)
    slot.is_full = True
    slot.put(camera, 0, second)
    slot.is_full = False  # there is room again, but the frame cannot be whole any more
    slot.put(camera, 0, third)
    slot.frame(0)
    assert [packet.payload for packet in slot.sent] == [b"0.0.0.0", b"0.0.1.0", b"0.0.2.0"]
    numbers = list(slot.unwrapped())
    assert numbers[2] - numbers[1] == 3
    lost = ((numbers[1] + 1) & 0xFFFF, (numbers[1] + 2) & 0xFFFF)
    assert slot.consumer.nack(lost, slot.now_ns) == (2, 0)
    assert [packet.payload for packet in slot.sent[3:]] == [b"0.0.1.1", b"0.0.1.2"]
    assert slot.consumer.packets == 3, "what found no room was not sent, and is not reported as sent"


def test_voice_that_finds_no_room_goes_before_the_next_and_the_oldest_of_a_long_wait_is_let_go() -> None:
    sent: list[int] = []
    room = [True]

    def send(packet: bytes) -> bool:
        if room[0]:
            sent.append(packet[-1])
        return room[0]

    producer = Producer(source="microphone", clock_map=ClockMap(), random_below=lambda top: top // 2)
    consumer = Consumer(mid="a0", kind="audio", ssrc=7, first_sequence=1, first_timestamp=1, send=send)
    consumer.attach(producer, 0)

    def speak(number: int) -> None:
        packet = struct.pack("!BBHII", 0x80, 111, number, 960 * number, 5) + bytes([number])
        now_ns = number * 20_000_000
        producer.receive(0, packet, rtp.parse_header(packet), b"", 1, lambda packets: None, now_ns)

    for number in range(1, 5):
        room[0] = number not in (2, 3)
        speak(number)
    assert sent == [1, 2, 3, 4]
    assert (consumer.packets, consumer.octets) == (4, 4)
    room[0] = False
    for number in range(5, 25):
        speak(number)
    room[0] = True
    speak(25)
    assert sent[4:] == list(range(16, 26))
    speak(26)
    assert sent[-1] == 26
