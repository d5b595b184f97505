// Receiving in its steady state: the next packet of a stream that Python knows, from an address that it has proven.
// Whatever else comes is left to Python as it came. docs/relay.md explains it under "The two data planes".
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "plane.h"

enum {
    OUR_EXTENSION = 8,
    LARGEST_PAYLOAD = PLAIN_BYTES - HEADER_BYTES - OUR_EXTENSION,   // it goes on as one datagram
    SMALLEST_PAYLOAD = 48,      // with its authentication tag; what is less may hold nothing at all
    READ_AT_ONCE = 16,
    ONE_BYTE_EXTENSIONS = 0xBEDE,
    EXTENDED = 0x1000,
    MARKER = 0x80,
    SECOND = 1000000000,
    LONGEST_PAUSE = SECOND,     // what comes later may end a silence, and that has to be witnessed before it goes on
};

int32_t read_in(struct intake *in, int32_t socket, int32_t first)
{
    int32_t count = first < 0 ? 0 : first;
    while (count < DATAGRAMS_AT_ONCE) {
        struct mmsghdr headers[READ_AT_ONCE];
        struct iovec parts[READ_AT_ONCE];
        const int32_t room = DATAGRAMS_AT_ONCE - count, wanted = room < READ_AT_ONCE ? room : READ_AT_ONCE;
        for (int32_t i = 0; i < wanted; i++) {
            struct datagram *to = &in->datagrams[count + i];
            memset(to->address, 0, sizeof to->address);
            parts[i] = (struct iovec){to->data, READ_BYTES};
            headers[i].msg_hdr = (struct msghdr){
                .msg_name = to->address, .msg_namelen = sizeof to->address, .msg_iov = &parts[i], .msg_iovlen = 1,
            };
        }
        const int got = recvmmsg(socket, headers, (unsigned)wanted, MSG_DONTWAIT, NULL);
        if (got < 0 && errno == EINTR)
            continue;
        for (int32_t i = 0; i < got; i++)
            in->bytes[count + i] = (int32_t)headers[i].msg_len;
        count += got > 0 ? got : 0;
        if (got < wanted)
            break;
    }
    return count;
}

static int compare(const void *address, const void *path)
{
    return memcmp(address, ((const struct path *)path)->address, ADDRESS_BYTES);
}

static struct flow *find_flow(struct publisher *from, uint32_t ssrc)
{
    for (int32_t i = 0; i < from->flows && i < FLOWS_OF_PEER; i++)
        if (from->flow[i].ssrc == ssrc && from->flow[i].is_on)
            return &from->flow[i];
    return NULL;
}

// Find the level of a voice among one-byte extensions (RFC 8285, RFC 6464), or -1.
static int32_t find_level(const uint8_t *at, const uint8_t *end, int32_t wanted)
{
    while (at < end) {
        const uint8_t head = *at++;
        const uint8_t *after = at + (head & 0x0F) + 1;
        if (head == 0)
            continue;
        if (head >= 0xF0 || after > end)
            break;
        if (head >> 4 == wanted)
            return *at;
        at = after;
    }
    return -1;
}

// Find the running numbers of a picture (RFC 7741), and whether a key frame begins; say whether they are as libvpx
// writes them, with 15 bits.
static bool find_picture(struct taken *row, const uint8_t *payload, int32_t bytes)
{
    const uint8_t first = payload[0];
    int32_t at = 1;
    if (first & 0x80) {
        if (bytes < 8)
            return false;
        const uint8_t extended = payload[at++];
        if (extended & 0x80) {
            if (!(payload[at] & 0x80))
                return false;
            row->picture_at = at;
            row->picture = (int32_t)(get16(payload + at) & 0x7FFF);
            at += 2;
        }
        if (extended & 0x40) {
            row->index_at = at;
            row->index = payload[at++];
        }
        at += (extended & 0x30) != 0;
    }
    row->begins = (first & 0x17) == 0x10 && at < bytes && !(payload[at] & 0x01);
    return true;
}

static void move_numbers(struct taken *row, const struct flow *flow, uint8_t *payload)
{
    if (flow->picture_shift == 0 && flow->index_shift == 0)
        return;
    row->picture = (int32_t)(((uint32_t)row->picture + (uint32_t)flow->picture_shift) & 0x7FFF);
    row->index = (int32_t)(((uint32_t)row->index + (uint32_t)flow->index_shift) & 0xFF);
    if (row->picture_at)
        put16(payload + row->picture_at, 0x8000 | (uint32_t)row->picture);
    if (row->index_at)
        payload[row->index_at] = (uint8_t)row->index;
}

// Sums are of unsigned numbers, which wrap.
static int64_t sum(int64_t one, int64_t other)
{
    return (int64_t)((uint64_t)one + (uint64_t)other);
}

// Let the flow go on by one packet (RFC 3550 A.8 for its jitter).
static void go_on(struct flow *flow, int32_t step, int64_t now_ns)
{
    const uint64_t ticks = (uint64_t)(now_ns / SECOND) * flow->rate
        + (uint64_t)(now_ns % SECOND * (int64_t)flow->rate / SECOND);
    flow->sequence = sum(flow->sequence, 1);
    flow->timestamp = sum(flow->timestamp, step);
    const uint32_t transit = (uint32_t)ticks - (uint32_t)flow->timestamp;
    const int64_t distance = (int32_t)(transit - flow->transit);
    flow->jitter += ((double)(distance < 0 ? -distance : distance) - flow->jitter) / 16;
    flow->transit = transit;
    flow->heard_ns = now_ns;
}

// Put the extension of our own in front of the payload, where there was a header, and say what goes on from where.
static void dress(const struct intake *in, struct taken *row, const struct flow *flow, uint8_t *data, int32_t start)
{
    row->head = flow->head | (data[1] & MARKER);
    row->body_at = start;
    if (flow->is_picture || row->level >= 0) {
        row->head |= EXTENDED;
        row->body_at -= OUR_EXTENSION;
        memcpy(data + row->body_at, flow->is_picture ? in->picture : in->voice, OUR_EXTENSION);
        if (!flow->is_picture)
            data[row->body_at + 5] = (uint8_t)row->level;
    }
    row->body_bytes = row->bytes - row->body_at;
    row->sequence = sum(flow->sequence, flow->sequence_shift);
    row->timestamp = sum(flow->timestamp, flow->timestamp_shift);
    row->jitter = flow->jitter;
}

// The flows of which something has come, in the order in which it came.
struct burst {
    const struct flow *flow[DATAGRAMS_AT_ONCE];
    int32_t flows;
};

// Keep a packet to send it on together with what else comes of its flow.
static void queue(struct intake *in, struct taken *row, struct flow *flow, struct burst *burst)
{
    const int32_t number = (int32_t)(row - in->taken);
    if (flow->round != in->round) {
        flow->round = in->round;
        flow->first = number;
        burst->flow[burst->flows++] = flow;
    } else {
        in->taken[flow->last].next = number;
    }
    flow->last = number;
    row->is_sent = 1;
}

// Take one datagram in, if it is the next of its flow. A flow from which one is left to Python waits for Python.
static bool take(struct intake *in, int32_t number, int64_t now_ns, struct burst *burst)
{
    uint8_t *data = in->datagrams[number].data;
    int bytes = in->bytes[number];
    // Version 2, no padding, no contributing sources; and not RTCP (RFC 5761).
    const bool is_plain_rtp = (data[0] & 0xEF) == 0x80 && !(data[1] >= 192 && data[1] <= 223);
    if (bytes < HEADER_BYTES + 4 || bytes > DATAGRAM_BYTES || !is_plain_rtp)
        return false;
    const struct path *path = bsearch(in->datagrams[number].address, in->paths, (size_t)in->path_count,
                                      sizeof *in->paths, compare);
    if (path == NULL || path->publisher->session == NULL || path->publisher->is_spent)
        return false;
    struct flow *flow = find_flow(path->publisher, get32(data + 8));
    if (flow == NULL)
        return false;
    const int32_t extension = HEADER_BYTES + 4, words = data[0] & 0x10 ? (int32_t)get16(data + 14) : -1;
    const int32_t start = extension + 4 * words, step = (int32_t)(get32(data + 4) - (uint32_t)flow->timestamp);
    const bool is_next = get16(data + 2) == (uint16_t)((uint64_t)flow->sequence + 1)
        && (data[1] & 0x7F) == (int32_t)flow->payload && step >= 0 && step <= flow->longest_step;
    const bool is_readable = bytes - start >= SMALLEST_PAYLOAD && bytes - start <= LARGEST_PAYLOAD
        && (flow->is_picture || words <= 0 || get16(data + HEADER_BYTES) == ONE_BYTE_EXTENSIONS);
    const bool is_prompt = (uint64_t)now_ns - (uint64_t)flow->heard_ns <= (uint64_t)LONGEST_PAUSE;
    if (!is_next || !is_readable || !is_prompt) {
        flow->is_on = false;
        return false;
    }
    in->taken_bytes += bytes;
    if (in->unprotect(path->publisher->session, data, &bytes) != 0) {
        in->forged++;
        return true;
    }
    struct taken *row = &in->taken[in->taken_count++];
    *row = (struct taken){.datagram = number, .bytes = bytes, .level = -1, .flow = flow->number, .path = path->number,
                          .next = -1};
    if (bytes <= start || (flow->is_picture && !find_picture(row, data + start, bytes - start))) {
        row->body_bytes = bytes;
        flow->is_on = false;
        return true;
    }
    if (flow->is_picture)
        move_numbers(row, flow, data + start);
    else if (flow->level_id)
        row->level = find_level(data + extension, data + start, flow->level_id);
    go_on(flow, step, now_ns);
    dress(in, row, flow, data, start);
    if (flow->lanes != NULL && flow->changes == in->changes && in->batch->socket >= 0)
        queue(in, row, flow, burst);
    return true;
}

// Send packets of a flow on, which are one message if they can be.
static void send_run(struct intake *in, const struct flow *flow, const int32_t *rows, int32_t packets)
{
    struct batch *batch = in->batch;
    int32_t done = 0, told;
    for (int32_t i = 0; i < packets; i++) {
        const struct taken *row = &in->taken[rows[i]];
        batch->packets[i] = (struct packet){
            row->sequence, row->timestamp, row->head, row->picture_at, row->picture, row->index_at, row->index,
            row->body_bytes, in->datagrams[row->datagram].data + row->body_at,
        };
    }
    for (; done < flow->lane_count; done += told) {
        told = fan_out(batch, flow->lanes + done, flow->lane_count - done, packets);
        if (told == 0)
            return;
        in->sent += batch->sent;
        in->sent_bytes += batch->sent_bytes;
        in->failed += batch->failed;
        in->unprotectable += batch->unprotectable;
        for (int32_t i = 0; i < batch->refused; i++) {
            const int32_t number = batch->no_room[i];
            in->no_room[in->refused++] = (struct no_room){rows[number % packets], done + number / packets};
        }
    }
}

// Send all of a flow on that has come. A message is cut into datagrams of one size, of which the last may fall short.
static void send_flow(struct intake *in, const struct flow *flow)
{
    for (int32_t next = flow->first; next >= 0;) {
        const int32_t bytes = in->taken[next].body_bytes;
        int32_t rows[PACKETS_AT_ONCE], packets = 0;
        bool is_open = true;
        while (is_open && next >= 0 && packets < PACKETS_AT_ONCE && in->taken[next].body_bytes <= bytes) {
            is_open = in->taken[next].body_bytes == bytes;
            rows[packets++] = next;
            next = in->taken[next].next;
        }
        send_run(in, flow, rows, packets);
    }
}

void take_in(struct intake *in, int32_t count, int64_t now_ns)
{
    struct burst burst;
    burst.flows = 0;
    in->left_count = in->taken_count = in->forged = 0;
    in->refused = in->failed = in->unprotectable = 0;
    in->taken_bytes = in->sent = in->sent_bytes = 0;
    in->round++;
    for (int32_t i = 0; i < count && i < DATAGRAMS_AT_ONCE; i++)
        if (!take(in, i, now_ns, &burst))
            in->left[in->left_count++] = i;
    for (int32_t i = 0; i < burst.flows; i++)
        send_flow(in, burst.flow[i]);
}
