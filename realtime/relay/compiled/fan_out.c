// Forwarding in its steady state: some packets of one encoding, each the next one, to everybody who follows it.
// Python decides who follows, and does whatever is out of the ordinary. docs/relay.md explains it under "The two
// data planes".
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "plane.h"

// The running numbers of a picture lie side by side; this is where, and how many bytes. `is_inside` says that the
// packet has them, if any, and fits.
struct numbers {
    int64_t at;
    int bytes;
    bool is_wide, is_inside;
};

static struct numbers find_numbers(const struct batch *batch, const struct packet *packet)
{
    struct numbers found = {0};
    if (packet->body_bytes < 0 || packet->body_bytes > PLAIN_BYTES - HEADER_BYTES)
        return found;
    found.is_inside = true;
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

// Write the packet as it goes to this lane. Sums are of unsigned numbers, which wrap.
static void write_packet(uint8_t *to, const struct lane *lane, const struct packet *packet,
                         const struct numbers *numbers)
{
    put16(to, packet->head ^ lane->payload_change);
    put16(to + 2, (uint32_t)packet->sequence + (uint32_t)lane->sequence_shift);
    put32(to + 4, (uint32_t)packet->timestamp + (uint32_t)lane->timestamp_shift);
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

// Make all packets for one lane, from this slot on; what cannot be made has no bytes.
static void make(struct batch *batch, const struct lane *lane, int slot, int packets, const struct numbers *numbers)
{
    for (int i = 0; i < packets; i++, slot++) {
        const struct packet *packet = &batch->packets[i];
        int bytes = HEADER_BYTES + packet->body_bytes;
        batch->bytes[slot] = 0;
        if (numbers[i].is_inside && lane->session != NULL) {
            write_packet(batch->data[slot], lane, packet, &numbers[i]);
            if (batch->protect(lane->session, batch->data[slot], &bytes) == 0 && bytes <= DATAGRAM_BYTES)
                batch->bytes[slot] = bytes;
        }
        batch->unprotectable += batch->bytes[slot] == 0;
    }
}

// A size for the kernel to cut a message up by.
struct control {
    _Alignas(struct cmsghdr) uint8_t data[CMSG_SPACE(sizeof(uint16_t))];
};

// Say whether these datagrams may be one message: all of one size, of which the last may fall short.
static bool is_message(const int32_t *bytes, int count)
{
    for (int i = 0; i < count; i++)
        if (bytes[i] == 0 || bytes[i] > bytes[0] || (bytes[i] < bytes[0] && i < count - 1))
            return false;
    return true;
}

enum { SEGMENT = 103 };   // UDP_SEGMENT of <linux/udp.h>, for who builds against older headers

struct messages {
    struct mmsghdr header[SLOTS_AT_ONCE];
    struct iovec part[SLOTS_AT_ONCE];
    struct control control[SLOTS_AT_ONCE];
    int first[SLOTS_AT_ONCE], datagrams[SLOTS_AT_ONCE];
    int count;
};

static void add_message(struct messages *all, struct batch *batch, const struct lane *lane, int first, int datagrams)
{
    const int number = all->count++;
    struct msghdr *header = &all->header[number].msg_hdr;
    all->first[number] = first;
    all->datagrams[number] = datagrams;
    for (int i = first; i < first + datagrams; i++)
        all->part[i] = (struct iovec){batch->data[i], (size_t)batch->bytes[i]};
    *header = (struct msghdr){
        .msg_name = (void *)lane->address, .msg_namelen = lane->address_bytes,
        .msg_iov = &all->part[first], .msg_iovlen = (size_t)datagrams,
    };
    if (datagrams == 1)
        return;
    const uint16_t size = (uint16_t)batch->bytes[first];
    const struct cmsghdr what = {.cmsg_len = CMSG_LEN(sizeof size), .cmsg_level = IPPROTO_UDP, .cmsg_type = SEGMENT};
    uint8_t *control = all->control[number].data;
    memcpy(control, &what, sizeof what);
    memcpy(control + CMSG_LEN(0), &size, sizeof size);
    header->msg_control = control;
    header->msg_controllen = sizeof all->control[number].data;
}

// Send messages. One that finds no room, or no way, does not keep the others; return how many went nowhere because
// they were made of several datagrams, having put them first.
static int send_messages(struct messages *all, struct batch *batch)
{
    int apart = 0;
    for (int next = 0; next < all->count;) {
        int sent = sendmmsg(batch->socket, all->header + next, (unsigned)(all->count - next), MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR)
            continue;
        const int end = next + (sent > 0 ? sent : 1);
        for (; next < end; next++) {
            for (int i = all->first[next]; i < all->first[next] + all->datagrams[next]; i++) {
                if (sent > 0) {
                    batch->sent++;
                    batch->sent_bytes += batch->bytes[i];
                } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
                    batch->no_room[batch->refused++] = i;
                } else if (all->datagrams[next] == 1) {
                    batch->failed++;
                }
            }
            if (sent <= 0 && errno != EAGAIN && errno != EWOULDBLOCK && all->datagrams[next] > 1)
                all->first[apart++] = all->first[next];
        }
    }
    return apart;
}

static void send_all(struct batch *batch, const struct lane *lanes, int count, int packets)
{
    struct messages all;
    all.count = 0;
    for (int i = 0; i < count; i++) {
        const int first = i * packets;
        if (batch->is_segmenting && is_message(&batch->bytes[first], packets))
            add_message(&all, batch, &lanes[i], first, packets);
        else
            for (int each = first; each < first + packets; each++)
                if (batch->bytes[each] != 0)
                    add_message(&all, batch, &lanes[i], each, 1);
    }
    int apart = send_messages(&all, batch);
    if (apart == 0)
        return;
    // Some ways take datagrams of this size, but not the message.
    int first[SLOTS_AT_ONCE];
    memcpy(first, all.first, sizeof first);
    all.count = 0;
    for (int i = 0; i < apart; i++)
        for (int each = first[i]; each < first[i] + packets; each++)
            add_message(&all, batch, &lanes[each / packets], each, 1);
    send_messages(&all, batch);
}

int fan_out(struct batch *batch, const struct lane *lanes, int count, int packets)
{
    struct numbers numbers[PACKETS_AT_ONCE];
    batch->refused = batch->failed = batch->unprotectable = 0;
    batch->sent = batch->sent_bytes = 0;
    if (packets < 1 || packets > PACKETS_AT_ONCE || count < 1)
        return 0;
    if (count > SLOTS_AT_ONCE / packets)
        count = SLOTS_AT_ONCE / packets;
    for (int i = 0; i < packets; i++)
        numbers[i] = find_numbers(batch, &batch->packets[i]);
    for (int i = 0; i < count; i++)
        make(batch, &lanes[i], i * packets, packets, numbers);
    if (batch->socket >= 0)
        send_all(batch, lanes, count, packets);
    return count;
}
