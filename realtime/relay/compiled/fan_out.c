// Forwarding in its steady state: one packet of one encoding, to everybody whose next packet it is.
// Whatever is out of the ordinary is left untouched and named, and Python does it. docs/relay.md explains it under
// "The compiled data plane".
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

// What stands between these two lines is shared: Python reads it from here, owns all memory, and writes most of it.
// [shared]
enum {
    LANES_AT_ONCE = 64,
    HEADER_BYTES = 12,
    PLAIN_BYTES = 1356,    // with what libsrtp may add, 144 bytes, it is one datagram
    DATAGRAM_BYTES = 1500,
    SLOT_BYTES = 1504,     // libsrtp reads headers as words
};

// Where a peer's media goes.
struct path {
    void *session;          // libsrtp's, of pylibsrtp's making; NULL while nothing may be sent
    uint64_t address[16];   // a struct sockaddr
    uint32_t address_bytes;
};

// One slot of one subscriber: `Outgoing`.
struct lane {
    const struct path *path;
    int64_t last_sequence, last_timestamp, last_ns;
    int64_t sequence_shift, timestamp_shift;
    int64_t packets, octets;
    int32_t picture_shift, index_shift;
    int32_t picture_at, picture, index_at, index;   // the newest descriptor
    uint32_t ssrc, payload_change, end_bit, is_frame_whole, is_held;
};

// The place where datagrams are made, and what became of them. Numbers of lanes count from the first one given.
struct batch {
    int (*protect)(void *session, void *packet, int *bytes);
    int32_t socket;         // below zero: datagrams are left in `data`, and somebody else sends them
    int32_t payload_at;     // how far into the body of a picture its payload begins
    int32_t made, left, refused, failed, unprotectable;
    int64_t sent, sent_bytes;
    int32_t lane_of[LANES_AT_ONCE], bytes[LANES_AT_ONCE];   // of each datagram made
    int32_t left_to_python[LANES_AT_ONCE];                  // lanes that nothing was done for
    int32_t no_room[LANES_AT_ONCE];                         // lanes whose datagram the socket did not take
    uint8_t data[LANES_AT_ONCE][SLOT_BYTES];
};

// Serve the first lanes of these, LANES_AT_ONCE at most; return of how many `batch` now tells. The packet is one of
// an encoding: `head` its first two bytes, `body` everything behind the fixed header, then its descriptor.
int fan_out(struct batch *batch, struct lane *const *lanes, int count, const uint8_t *body, int body_bytes,
            unsigned head, int64_t sequence, int64_t timestamp, int64_t now_ns,
            int picture_at, int picture, int index_at, int index);
// [shared]

struct packet {
    const uint8_t *body;
    int body_bytes;
    uint32_t head;
    int64_t sequence, timestamp, now_ns;
    int picture_at, picture, index_at, index;
};

// The running numbers of a picture lie side by side; this is where, and how many bytes.
struct numbers {
    int64_t at;
    int bytes;
    bool is_wide, is_inside;
};

static struct numbers find_numbers(const struct batch *batch, const struct packet *packet)
{
    struct numbers found = {.is_inside = true};
    if (packet->picture_at == 0 && packet->index_at == 0)
        return found;
    found.at = (int64_t)batch->payload_at + (packet->picture_at ? packet->picture_at : packet->index_at);
    found.is_inside = found.at >= 0 && found.at < packet->body_bytes;
    if (!found.is_inside)
        return found;
    found.is_wide = packet->picture_at && packet->body[found.at] & 0x80;
    found.bytes = (packet->picture_at ? 1 + found.is_wide : 0) + (packet->index_at ? 1 : 0);
    found.is_inside = found.at + found.bytes <= packet->body_bytes;
    return found;
}

static int64_t sum(int64_t one, int64_t other)
{
    return (int64_t)((uint64_t)one + (uint64_t)other);   // wraps, where signed numbers would be undefined
}

static void put16(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

static void put32(uint8_t *to, uint32_t value)
{
    put16(to, value >> 16);
    put16(to + 2, value);
}

// Say whether the packet is simply the next one of this lane.
static bool is_next(const struct lane *lane, const struct packet *packet, const struct numbers *numbers)
{
    return lane->path->session != NULL && !lane->is_held
        && sum(packet->sequence, lane->sequence_shift) == sum(lane->last_sequence, 1)
        && (numbers->is_inside || !(lane->picture_shift || lane->index_shift));
}

// `Rewriter.advance`, and what is counted of a packet.
static void advance(struct lane *lane, const struct packet *packet)
{
    lane->last_sequence = sum(lane->last_sequence, 1);
    lane->last_timestamp = sum(packet->timestamp, lane->timestamp_shift);
    lane->last_ns = packet->now_ns;
    lane->picture_at = packet->picture_at;
    lane->picture = packet->picture;
    lane->index_at = packet->index_at;
    lane->index = packet->index;
    lane->is_frame_whole = packet->head & lane->end_bit;
    lane->packets++;
    lane->octets += packet->body_bytes - (int)(packet->head >> 9 & 8);   // the extension bit counts its 8 bytes
}

// Write the packet as it goes to this lane, whose numbers have advanced to it.
static void write_packet(uint8_t *to, const struct lane *lane, const struct packet *packet,
                         const struct numbers *numbers)
{
    put16(to, packet->head ^ lane->payload_change);
    put16(to + 2, (uint32_t)lane->last_sequence);
    put32(to + 4, (uint32_t)lane->last_timestamp);
    put32(to + 8, lane->ssrc);
    to += HEADER_BYTES;
    memcpy(to, packet->body, (size_t)packet->body_bytes);
    if (numbers->bytes == 0 || !(lane->picture_shift || lane->index_shift))
        return;
    to += numbers->at;
    if (packet->picture_at) {
        uint32_t picture = (uint32_t)packet->picture + (uint32_t)lane->picture_shift;
        if (numbers->is_wide)
            *to++ = (uint8_t)(0x80 | (picture >> 8 & 0x7F));
        *to++ = (uint8_t)(numbers->is_wide ? picture : picture & 0x7F);
    }
    if (packet->index_at)
        *to = (uint8_t)((uint32_t)packet->index + (uint32_t)lane->index_shift);
}

// Send what was made. One that finds no room, or no way, does not keep the others.
static void send_all(struct batch *batch, struct lane *const *lanes)
{
    struct mmsghdr messages[LANES_AT_ONCE];
    struct iovec parts[LANES_AT_ONCE];
    memset(messages, 0, (size_t)batch->made * sizeof messages[0]);
    for (int i = 0; i < batch->made; i++) {
        const struct path *path = lanes[batch->lane_of[i]]->path;
        parts[i] = (struct iovec){batch->data[i], (size_t)batch->bytes[i]};
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = (void *)path->address, .msg_namelen = path->address_bytes,
            .msg_iov = &parts[i], .msg_iovlen = 1,
        };
    }
    for (int next = 0; next < batch->made;) {
        int sent = sendmmsg(batch->socket, messages + next, (unsigned)(batch->made - next), MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR)
            continue;
        for (int i = next; i < next + sent; i++)
            batch->sent_bytes += batch->bytes[i];
        if (sent > 0) {
            batch->sent += sent;
            next += sent;
            continue;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            batch->no_room[batch->refused++] = batch->lane_of[next];
        else
            batch->failed++;
        next++;
    }
}

int fan_out(struct batch *batch, struct lane *const *lanes, int count, const uint8_t *body, int body_bytes,
            unsigned head, int64_t sequence, int64_t timestamp, int64_t now_ns,
            int picture_at, int picture, int index_at, int index)
{
    const struct packet packet = {
        body, body_bytes, head, sequence, timestamp, now_ns, picture_at, picture, index_at, index,
    };
    const struct numbers numbers = find_numbers(batch, &packet);
    const bool fits = body_bytes >= 0 && body_bytes <= PLAIN_BYTES - HEADER_BYTES;
    if (count > LANES_AT_ONCE)
        count = LANES_AT_ONCE;
    batch->made = batch->left = batch->refused = batch->failed = batch->unprotectable = 0;
    batch->sent = batch->sent_bytes = 0;
    for (int i = 0; i < count; i++) {
        struct lane *lane = lanes[i];
        if (!fits || !is_next(lane, &packet, &numbers)) {
            batch->left_to_python[batch->left++] = i;
            continue;
        }
        uint8_t *datagram = batch->data[batch->made];
        int bytes = HEADER_BYTES + body_bytes;
        advance(lane, &packet);
        write_packet(datagram, lane, &packet, &numbers);
        if (batch->protect(lane->path->session, datagram, &bytes) != 0 || bytes > DATAGRAM_BYTES) {
            batch->unprotectable++;
            continue;
        }
        batch->lane_of[batch->made] = i;
        batch->bytes[batch->made++] = bytes;
    }
    if (batch->socket >= 0)
        send_all(batch, lanes);
    return count < 0 ? 0 : count;
}
