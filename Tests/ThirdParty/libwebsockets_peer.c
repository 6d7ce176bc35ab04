// libwebsockets speaks with our transport: as a server that echoes, and as a client that sends text of growing size and
// compares what comes back.
//   libwebsockets_peer serve          prints the port it listens on
//   libwebsockets_peer call PORT      exits 0 when every echo was right
#include <libwebsockets.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const size_t sizes[] = {1, 125, 126, 127, 350, 1300, 65535, 65536, 300000};
enum { SIZES = sizeof sizes / sizeof *sizes, LARGEST = 300000 };

static volatile sig_atomic_t done;
static int is_client, failed;
// A writable socket is told of again once what a short write left has gone: one message for each wish.
static int wishes = 1;
static size_t step;

struct session {
    unsigned char *message;
    size_t count, room;
    int is_whole, is_text;
};

static void keep(struct session *session, const void *bytes, size_t count) {
    if (session->count + count > session->room) {
        session->room = (session->count + count) * 2;
        session->message = realloc(session->message, LWS_PRE + session->room);
    }
    memcpy(session->message + LWS_PRE + session->count, bytes, count);
    session->count += count;
}

static unsigned char letter(size_t index, size_t step) { return 'a' + (index * 7 + step) % 26; }

static int send_next(struct lws *wsi) {
    unsigned char *text = malloc(LWS_PRE + LARGEST);
    for (size_t index = 0; index < sizes[step]; index++) text[LWS_PRE + index] = letter(index, step);
    int sent = lws_write(wsi, text + LWS_PRE, sizes[step], LWS_WRITE_TEXT);
    free(text);
    return sent < 0 ? -1 : 0;
}

static int judge(struct session *session) {
    if (session->count != sizes[step]) failed = 1;
    for (size_t index = 0; index < session->count && !failed; index++)
        if (session->message[LWS_PRE + index] != letter(index, step)) failed = 1;
    if (failed) fprintf(stderr, "the echo of %zu bytes came back wrong (%zu bytes)\n", sizes[step], session->count);
    return failed || ++step == SIZES;
}

static int event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *bytes, size_t count) {
    struct session *session = user;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED: lws_callback_on_writable(wsi); break;
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        if (!wishes) break;
        wishes = 0;
        if (send_next(wsi)) return -1;
        break;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        keep(session, bytes, count);
        if (!lws_is_final_fragment(wsi) || lws_remaining_packet_payload(wsi)) break;
        if (judge(session)) {
            done = 1;
            return -1;
        }
        session->count = 0;
        wishes = 1;
        lws_callback_on_writable(wsi);
        break;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        fprintf(stderr, "no connection: %s\n", bytes ? (char *)bytes : "?");
        failed = done = 1;
        break;
    case LWS_CALLBACK_CLIENT_CLOSED: done = 1; break;
    case LWS_CALLBACK_RECEIVE:
        keep(session, bytes, count);
        if (!lws_is_final_fragment(wsi) || lws_remaining_packet_payload(wsi)) break;
        session->is_whole = 1;
        session->is_text = !lws_frame_is_binary(wsi);
        // What came in the same read waits until this has been echoed.
        lws_rx_flow_control(wsi, 0);
        lws_callback_on_writable(wsi);
        break;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        if (!session->is_whole) break;
        session->is_whole = 0;
        if (lws_write(wsi, session->message + LWS_PRE, session->count, session->is_text ? LWS_WRITE_TEXT : LWS_WRITE_BINARY) < 0)
            return -1;
        session->count = 0;
        lws_rx_flow_control(wsi, 1);
        break;
    case LWS_CALLBACK_CLOSED: free(session->message); break;
    default: break;
    }
    return 0;
}

static void stop(int number) {
    (void)number;
    done = 1;
}

int main(int count, char **arguments) {
    is_client = count == 3 && !strcmp(arguments[1], "call");
    if (!is_client && (count != 2 || strcmp(arguments[1], "serve"))) {
        fprintf(stderr, "usage: libwebsockets_peer serve | call PORT\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    lws_set_log_level(0, NULL);
    signal(SIGTERM, stop);
    struct lws_protocols protocols[] = {{"echo", event, sizeof(struct session), 16384, 0, NULL, 0}, {0}};
    struct lws_context_creation_info info = {.port = is_client ? CONTEXT_PORT_NO_LISTEN : 0, .protocols = protocols, .iface = "127.0.0.1"};
    struct lws_context *context = lws_create_context(&info);
    if (!context) return fprintf(stderr, "libwebsockets made no context\n"), 1;
    if (is_client) {
        struct lws_client_connect_info to = {
            .context = context, .address = "127.0.0.1", .host = "127.0.0.1", .path = "/echo", .port = atoi(arguments[2]),
            .local_protocol_name = "echo"};
        if (!lws_client_connect_via_info(&to)) return fprintf(stderr, "libwebsockets made no connection\n"), 1;
    } else {
        printf("listening on %d\n", lws_get_vhost_listen_port(lws_get_vhost_by_name(context, "default")));
    }
    while (!done && lws_service(context, 1000) >= 0) {}
    lws_context_destroy(context);
    if (is_client && !failed) printf("%zu echoes of up to %d bytes\n", step, LARGEST);
    return failed || (is_client && step != SIZES);
}
