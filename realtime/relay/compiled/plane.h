// What C and Python share. Python reads what stands between the two marks, owns all memory, and writes most of it.
#pragma once
#include <stdint.h>

// [shared]
enum {
    SLOTS_AT_ONCE = 64,
    PACKETS_AT_ONCE = 8,
    HEADER_BYTES = 12,
    PLAIN_BYTES = 1356,    // with what libsrtp may add, 144 bytes, it is one datagram
    DATAGRAM_BYTES = 1500,
    SLOT_BYTES = 1504,     // libsrtp reads headers as words
};

// One slot of one subscriber: its route and its `Outgoing`.
struct lane {
    void *session;          // libsrtp's, of pylibsrtp's making
    uint64_t address[16];   // a struct sockaddr
    uint32_t address_bytes;
    uint32_t ssrc, payload_change;
    int32_t picture_shift, index_shift;
    int64_t sequence_shift, timestamp_shift;
};

// One packet of an encoding: `head` its first two bytes, `body` everything behind the fixed header; and where in the
// payload its running numbers are, and what they are.
struct packet {
    int64_t sequence, timestamp;
    uint32_t head;
    int32_t picture_at, picture, index_at, index;
    int32_t body_bytes;
    const uint8_t *body;
};

// The place where datagrams are made, and what became of them: datagram `p` of lane `l` is number `l * packets + p`,
// where lanes count from the first one given.
struct batch {
    int (*protect)(void *session, void *packet, int *bytes);
    int32_t socket;          // below zero: datagrams are left in `data`, and somebody else sends them
    int32_t payload_at;      // how far into the body of a picture its payload begins
    int32_t is_segmenting;   // the kernel cuts a message up into datagrams of one size
    int32_t refused, failed, unprotectable;
    int64_t sent, sent_bytes;
    struct packet packets[PACKETS_AT_ONCE];
    uint8_t bodies[PACKETS_AT_ONCE][SLOT_BYTES];   // where Python lays them
    int32_t bytes[SLOTS_AT_ONCE];     // of each datagram; 0: it could not be made
    int32_t no_room[SLOTS_AT_ONCE];   // the datagrams that the socket did not take
    uint8_t data[SLOTS_AT_ONCE][SLOT_BYTES];
};

// Send the first packets of the batch to the first lanes of these; return how many lanes were served.
int fan_out(struct batch *batch, const struct lane *lanes, int count, int packets);

enum {
    DATAGRAMS_AT_ONCE = 64,
    READ_BYTES = 2048,      // what is longer than a datagram may be is told by more than that
    ADDRESS_BYTES = 28,     // a struct sockaddr_in6, or a shorter one and zeros
    FLOWS_OF_PEER = 8,
    LANES_OF_FLOW = 64,
};

// One stream of a publisher that simply goes on: how far it has come, and how its packets are renumbered.
struct flow {
    int32_t is_on, number;              // Python's name for it
    uint32_t ssrc, payload, rate;       // of RTP: payload type, ticks in a second
    uint32_t head;                      // the first two bytes of what goes on, without extension and marker
    int32_t is_picture, level_id;       // of a voice, the number of the extension with its level; 0: has none
    int32_t picture_shift, index_shift;
    int64_t sequence_shift, timestamp_shift;
    int64_t sequence, timestamp;        // of its newest packet, unwrapped
    int64_t longest_step;               // ticks that its clock may go on without a second look
    int64_t heard_ns;                   // when that packet came
    uint32_t transit;
    double jitter;                      // RFC 3550 A.8
    const struct lane *lanes;           // of all who follow it; NULL: Python sends it on
    int32_t lane_count;
    int64_t changes;                    // what of `struct intake` these lanes were made at
    int64_t round;                      // the last call that took some of it in: the first of them, and the last
    int32_t first, last;
};

struct publisher {
    void *session;                      // libsrtp's, of pylibsrtp's making; NULL: nothing is taken in
    int32_t is_spent, flows;
    struct flow flow[FLOWS_OF_PEER];
};

// A proven address, and whose it is.
struct path {
    uint8_t address[ADDRESS_BYTES];
    int32_t number;                     // Python's name for it
    struct publisher *publisher;
};

struct datagram {
    uint64_t address[4];                // a struct sockaddr, and zeros
    uint8_t data[READ_BYTES];
};

// What was taken in: a packet of a flow as `struct packet` tells of it, or, without a head, one that was decrypted and
// is for Python to look at: all of it is the body then.
struct taken {
    int64_t sequence, timestamp;
    double jitter;
    uint32_t head;
    int32_t picture_at, picture, index_at, index, begins;
    int32_t datagram, body_at, body_bytes, bytes, level;    // bytes of the whole plain packet; level -1: has none
    int32_t flow, path;
    int32_t is_sent, next;              // to all lanes, but for `no_room`; the next one of this flow, or -1
};

struct no_room {
    int32_t taken, lane;
};

struct intake {
    int (*unprotect)(void *session, void *packet, int *bytes);
    const struct path *paths;           // sorted by their addresses
    int32_t path_count;
    struct batch *batch;
    int64_t changes, round;             // `changes` counts up with everything that lanes are made of
    // What became of one call; `taken_bytes` are as they came, those of forged packets included.
    int32_t left_count, taken_count, forged, refused, failed, unprotectable;
    int64_t taken_bytes, sent, sent_bytes;
    uint8_t voice[8], picture[8];       // the extensions of what goes on
    int32_t bytes[DATAGRAMS_AT_ONCE];
    int32_t left[DATAGRAMS_AT_ONCE];    // the datagrams for Python to look at, as they came
    struct taken taken[DATAGRAMS_AT_ONCE];
    struct no_room no_room[DATAGRAMS_AT_ONCE * LANES_OF_FLOW];
    struct datagram datagrams[DATAGRAMS_AT_ONCE];
};

// Read what waits in a socket into the datagrams from `first` on; return how many there are then.
int32_t read_in(struct intake *intake, int32_t socket, int32_t first);

// Take in those of so many datagrams that simply go on, and send them on where the batch has a socket.
void take_in(struct intake *intake, int32_t count, int64_t now_ns);
// [shared]

static inline uint32_t get16(const uint8_t *from)
{
    return (uint32_t)from[0] << 8 | from[1];
}

static inline uint32_t get32(const uint8_t *from)
{
    return get16(from) << 16 | get16(from + 2);
}

static inline void put16(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

static inline void put32(uint8_t *to, uint32_t value)
{
    put16(to, value >> 16);
    put16(to + 2, value);
}
