// The reference: what a careful engineer writes in C in a day, with nothing in it but the work. One thread, one epoll, two
// WebSockets a call. media-bridge is measured against it in the same run (Benchmarks/compare).
//
//   carrier --JSON, base64, mu-law--> [decode, energy, 8 -> 24 kHz] --base64, JSON--> model
//   carrier <--JSON, base64, mu-law-- [one frame each 20 ms] <-- playout <-- [24 -> 8 kHz, encode] <--base64, JSON-- model
//
//   bridge --port P --model-port M [--profile transcode|passthrough] [--batch-ms 20]
//
// What it leaves out, and media-bridge does not: TLS, signatures, turns, barge-in, marks, a store, limits, back-pressure
// beyond dropping a call, UTF-8 validation, and every mistake a peer can make.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "audio.h"
#include "text.h"

enum { FRAME = 160, WIDE = 480, PLAYOUT = 1 << 16, INPUT = 1 << 17, LEAD = 8, SLOT = 4096 };

struct call;

// One WebSocket: the bytes of a message that is not whole yet, and whose side it is.
struct peer {
    int fd;
    bool is_model, is_open;
    struct call *call;
    uint8_t *rest;
    size_t rest_count;
};

struct call {
    struct peer carrier, model;
    char stream[64];
    struct fir up, down;
    // mu-law that waits to be heard.
    uint8_t playout[PLAYOUT];
    uint32_t head, tail;
    uint8_t uplink[FRAME * 8];
    int uplink_frames;
    float energy;
    int slot;
    bool speaks, is_dead;
    int lead;
};

static int epoll, batch_frames = 1;
static bool transcodes = true;
static uint16_t model_port;
static uint8_t input[INPUT], output[INPUT], scratch[INPUT];
static struct call *slots[20 * 8][SLOT];
static int slot_counts[20 * 8];
static uint64_t millisecond;

static void watch(struct peer *peer) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
    epoll_ctl(epoll, EPOLL_CTL_ADD, peer->fd, &event);
}

static void no_delay(int fd) {
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

// A call's memory is kept until the round is over: events of its other socket may still be in it.
static void drop(struct call *call) {
    if (call->is_dead) return;
    call->is_dead = true;
    if (call->carrier.fd >= 0) close(call->carrier.fd);
    if (call->model.fd >= 0) close(call->model.fd);
}

static void put(struct peer *peer, const uint8_t *bytes, size_t count) {
    if (!peer->call->is_dead && send(peer->fd, bytes, count, MSG_NOSIGNAL) != (ssize_t)count) drop(peer->call);
}

// One text frame. `payload` lies in `output` behind 14 bytes of room for the header; towards the model it is masked.
static void put_frame(struct peer *peer, uint8_t *payload, size_t count) {
    static uint32_t mask = 1;
    uint8_t *start = payload - (count < 126 ? 2 : count < 65536 ? 4 : 10) - (peer->is_model ? 4 : 0);
    uint8_t *head = start;
    *head++ = 0x81;
    uint8_t masked = peer->is_model ? 0x80 : 0;
    if (count < 126) {
        *head++ = masked | count;
    } else if (count < 65536) {
        *head++ = masked | 126;
        *head++ = count >> 8;
        *head++ = count;
    } else {
        *head++ = masked | 127;
        for (int shift = 56; shift >= 0; shift -= 8) *head++ = count >> shift;
    }
    if (peer->is_model) {
        mask = mask * 1664525 + 1013904223;
        memcpy(head, &mask, 4);
        apply_mask(payload, count, mask);
    }
    put(peer, start, payload + count - start);
}

static void say(struct peer *peer, const char *text) {
    size_t count = strlen(text);
    memcpy(output + 14, text, count);
    put_frame(peer, output + 14, count);
}

// Towards the model.

static void connect_model(struct call *call) {
    call->model.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(model_port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(call->model.fd, (struct sockaddr *)&name, sizeof name)) return drop(call);
    fcntl(call->model.fd, F_SETFL, O_NONBLOCK);
    no_delay(call->model.fd);
    watch(&call->model);
    static const char head[] = "GET /v1/realtime HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    put(&call->model, (const uint8_t *)head, sizeof head - 1);
}

static void configure(struct call *call) {
    const char *format = transcodes ? "{\"type\":\"audio/pcm\",\"rate\":24000}" : "{\"type\":\"audio/pcmu\"}";
    char text[512];
    snprintf(text, sizeof text,
        "{\"type\":\"session.update\",\"session\":{\"type\":\"realtime\",\"audio\":{\"input\":{\"format\":%s,\"turn_detection\":"
        "null},\"output\":{\"format\":%s}}}}",
        format, format);
    say(&call->model, text);
}

static void heard_caller(struct call *call, struct text payload) {
    uint8_t code[FRAME * 8];
    if (payload.count > sizeof code) return;
    size_t count = base64_decode(payload, code);
    for (size_t start = 0; start + FRAME <= count; start += FRAME) {
        memcpy(call->uplink + FRAME * call->uplink_frames, code + start, FRAME);
        float linear[FRAME];
        mulaw_decode(code + start, linear, FRAME);
        call->energy = energy(linear, FRAME);
        if (++call->uplink_frames < batch_frames) continue;
        call->uplink_frames = 0;
        if (!call->model.is_open) continue;
        static const char head[] = "{\"type\":\"input_audio_buffer.append\",\"audio\":\"";
        uint8_t *to = output + 14;
        memcpy(to, head, sizeof head - 1);
        to += sizeof head - 1;
        if (transcodes) {
            int16_t wide[WIDE * 8];
            for (int frame = 0; frame < batch_frames; frame++) {
                mulaw_decode(call->uplink + FRAME * frame, linear, FRAME);
                fir_up(&call->up, linear, wide + WIDE * frame);
            }
            to += base64_encode((uint8_t *)wide, WIDE * 2 * batch_frames, to);
        } else {
            to += base64_encode(call->uplink, FRAME * batch_frames, to);
        }
        memcpy(to, "\"}", 2);
        put_frame(&call->model, output + 14, to + 2 - (output + 14));
    }
}

static void from_carrier(struct call *call, uint8_t *message, size_t count) {
    struct text event = {0}, payload = {0}, stream = {0};
    struct field fields[] = {{"event", &event}, {"payload", &payload}, {"streamSid", &stream}};
    scan((char *)message, count, fields, 3);
    if (is(event, "media")) return heard_caller(call, payload);
    if (is(event, "start")) {
        snprintf(call->stream, sizeof call->stream, "%.*s", (int)stream.count, stream.start);
        connect_model(call);
    } else if (is(event, "stop")) {
        drop(call);
    }
}

// Towards the carrier.

static void heard_model(struct call *call, struct text delta) {
    size_t count = base64_decode(delta, scratch);
    uint8_t *code = scratch;
    if (transcodes) {
        code = scratch + INPUT / 2;
        size_t samples = 0;
        for (size_t start = 0; start + WIDE * 2 <= count; start += WIDE * 2) {
            float linear[FRAME];
            fir_down(&call->down, (int16_t *)(scratch + start), linear);
            mulaw_encode(linear, code + samples, FRAME);
            samples += FRAME;
        }
        count = samples;
    }
    for (size_t index = 0; index < count; index++) call->playout[call->tail++ % PLAYOUT] = code[index];
    if (!call->speaks) {
        call->speaks = true;
        call->lead = LEAD;
        // In the next millisecond but one, and then as often as a batch is long: when the model speaks, a frame is just there.
        call->slot = (millisecond + 2) % (20 * batch_frames);
        if (slot_counts[call->slot] == SLOT) return drop(call);
        slots[call->slot][slot_counts[call->slot]++] = call;
    }
}

static void from_model(struct call *call, uint8_t *message, size_t count) {
    struct text type = {0}, delta = {0};
    struct field fields[] = {{"type", &type}, {"delta", &delta}};
    scan((char *)message, count, fields, 2);
    if (is(type, "response.output_audio.delta")) return heard_model(call, delta);
    if (is(type, "session.created")) configure(call);
    if (is(type, "session.updated")) say(&call->model, "{\"type\":\"response.create\"}");
}

// One message of the call's grid: as many frames as a batch has, when they are there. The carrier may lie up to LEAD frames
// ahead of what it plays: at a start that much goes out at once, and what came late makes up for it as soon as it is there.
// (Sent one at a time, each hole would leave every later frame waiting behind it for good.)
static void pace(struct call *call) {
    call->lead = call->lead + batch_frames < LEAD ? call->lead + batch_frames : LEAD;
    while (call->lead > 0 && call->tail - call->head >= (uint32_t)(FRAME * batch_frames)) {
        uint8_t code[FRAME * 8];
        for (int index = 0; index < FRAME * batch_frames; index++) code[index] = call->playout[call->head++ % PLAYOUT];
        uint8_t *to = output + 14;
        to += sprintf((char *)to, "{\"event\":\"media\",\"streamSid\":\"%s\",\"media\":{\"payload\":\"", call->stream);
        to += base64_encode(code, FRAME * batch_frames, to);
        memcpy(to, "\"}}", 3);
        put_frame(&call->carrier, output + 14, to + 3 - (output + 14));
        call->lead -= batch_frames;
    }
}

static void tick(void) {
    int slot = millisecond++ % (20 * batch_frames);
    for (int index = 0; index < slot_counts[slot]; index++) {
        struct call *call = slots[slot][index];
        if (call->is_dead) {
            slots[slot][index--] = slots[slot][--slot_counts[slot]];
        } else {
            pace(call);
        }
    }
}

// Sockets.

static void upgrade(struct peer *peer, uint8_t *head) {
    char *key = strcasestr((char *)head, "sec-websocket-key:");
    if (!key) return drop(peer->call);
    key += 18;
    while (*key == ' ') key++;
    char text[128];
    int count = snprintf(text, sizeof text, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    uint8_t digest[20], accept[32];
    EVP_Digest(text, count, digest, NULL, EVP_sha1(), NULL);
    size_t length = base64_encode(digest, 20, accept);
    count = snprintf((char *)output, 512,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %.*s\r\n\r\n",
        (int)length, accept);
    put(peer, output, count);
    peer->is_open = true;
}

// Takes what is whole from the front of `bytes`; returns how much that was.
static size_t take(struct peer *peer, uint8_t *bytes, size_t count) {
    size_t taken = 0;
    if (!peer->is_open) {
        uint8_t *end = memmem(bytes, count, "\r\n\r\n", 4);
        if (!end) return 0;
        *end = 0;
        taken = end + 4 - bytes;
        if (peer->is_model) peer->is_open = true;
        else upgrade(peer, bytes);
    }
    while (!peer->call->is_dead && count - taken >= 2) {
        uint8_t *head = bytes + taken;
        size_t length = head[1] & 0x7F, start = 2;
        if (length == 126) start = 4;
        if (length == 127) start = 10;
        bool is_masked = head[1] & 0x80;
        if (count - taken < start + 4 * is_masked) break;
        if (length == 126) length = head[2] << 8 | head[3];
        if (length == 127) length = (size_t)head[6] << 24 | head[7] << 16 | head[8] << 8 | head[9];
        start += 4 * is_masked;
        if (count - taken < start + length) break;
        if (is_masked) {
            uint32_t mask;
            memcpy(&mask, head + start - 4, 4);
            apply_mask(head + start, length, mask);
        }
        int opcode = head[0] & 15;
        if (opcode == 8) drop(peer->call);
        else if (opcode == 1) (peer->is_model ? from_model : from_carrier)(peer->call, head + start, length);
        taken += start + length;
    }
    return taken;
}

static void readable(struct peer *peer) {
    if (peer->call->is_dead) return;
    memcpy(input, peer->rest, peer->rest_count);
    ssize_t count = recv(peer->fd, input + peer->rest_count, INPUT - peer->rest_count, 0);
    if (count <= 0) {
        if (count == 0 || errno != EAGAIN) drop(peer->call);
        return;
    }
    count += peer->rest_count;
    size_t taken = take(peer, input, count);
    peer->rest_count = count - taken;
    if (peer->rest_count) {
        peer->rest = realloc(peer->rest, peer->rest_count);
        memcpy(peer->rest, input + taken, peer->rest_count);
    }
}

static void accept_all(int listener) {
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        no_delay(fd);
        struct call *call = calloc(1, sizeof *call);
        call->carrier = (struct peer){.fd = fd, .call = call};
        call->model = (struct peer){.fd = -1, .is_model = true, .call = call};
        watch(&call->carrier);
    }
}

int main(int count, char **arguments) {
    uint16_t port = 0;
    for (int index = 1; index + 1 < count; index += 2) {
        const char *name = arguments[index], *value = arguments[index + 1];
        if (!strcmp(name, "--port")) port = atoi(value);
        else if (!strcmp(name, "--model-port")) model_port = atoi(value);
        else if (!strcmp(name, "--profile")) transcodes = strcmp(value, "passthrough");
        else if (!strcmp(name, "--batch-ms")) batch_frames = atoi(value) / 20;
        else return fprintf(stderr, "bridge: %s is not known\n", name), 2;
    }
    if (!port || !model_port || batch_frames < 1 || batch_frames > 8) {
        return fprintf(stderr, "usage: bridge --port P --model-port M [--profile transcode|passthrough] [--batch-ms 20..160]\n"), 2;
    }
    audio_prepare();
    text_prepare();
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&name, sizeof name) || listen(listener, 1024)) return perror("bridge: listen"), 1;
    epoll = epoll_create1(EPOLL_CLOEXEC);
    int clock = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    struct itimerspec each = {{0, 1000000}, {0, 1000000}};
    timerfd_settime(clock, 0, &each, NULL);
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN, .data.ptr = &listener});
    epoll_ctl(epoll, EPOLL_CTL_ADD, clock, &(struct epoll_event){.events = EPOLLIN, .data.ptr = &clock});
    for (;;) {
        struct epoll_event events[256];
        int ready = epoll_wait(epoll, events, 256, -1);
        for (int index = 0; index < ready; index++) {
            void *what = events[index].data.ptr;
            uint64_t passed = 0;
            if (what == &listener) accept_all(listener);
            else if (what != &clock) readable(what);
            else if (read(clock, &passed, 8) == 8) while (passed--) tick();
        }
    }
}
