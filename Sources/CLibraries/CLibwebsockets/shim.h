// libwebsockets and libev, with what Swift cannot see: macros.
#pragma once
#include <ev.h>
#include <stdint.h>

// http_parser has an enum http_status of its own; one program cannot see two.
#define http_status lws_http_status
#define HTTP_STATUS_CONTINUE LWS_HTTP_STATUS_CONTINUE
#define HTTP_STATUS_OK LWS_HTTP_STATUS_OK
#define HTTP_STATUS_NO_CONTENT LWS_HTTP_STATUS_NO_CONTENT
#define HTTP_STATUS_PARTIAL_CONTENT LWS_HTTP_STATUS_PARTIAL_CONTENT
#define HTTP_STATUS_MOVED_PERMANENTLY LWS_HTTP_STATUS_MOVED_PERMANENTLY
#define HTTP_STATUS_FOUND LWS_HTTP_STATUS_FOUND
#define HTTP_STATUS_SEE_OTHER LWS_HTTP_STATUS_SEE_OTHER
#define HTTP_STATUS_NOT_MODIFIED LWS_HTTP_STATUS_NOT_MODIFIED
#define HTTP_STATUS_BAD_REQUEST LWS_HTTP_STATUS_BAD_REQUEST
#define HTTP_STATUS_UNAUTHORIZED LWS_HTTP_STATUS_UNAUTHORIZED
#define HTTP_STATUS_PAYMENT_REQUIRED LWS_HTTP_STATUS_PAYMENT_REQUIRED
#define HTTP_STATUS_FORBIDDEN LWS_HTTP_STATUS_FORBIDDEN
#define HTTP_STATUS_NOT_FOUND LWS_HTTP_STATUS_NOT_FOUND
#define HTTP_STATUS_METHOD_NOT_ALLOWED LWS_HTTP_STATUS_METHOD_NOT_ALLOWED
#define HTTP_STATUS_NOT_ACCEPTABLE LWS_HTTP_STATUS_NOT_ACCEPTABLE
#define HTTP_STATUS_PROXY_AUTH_REQUIRED LWS_HTTP_STATUS_PROXY_AUTH_REQUIRED
#define HTTP_STATUS_REQUEST_TIMEOUT LWS_HTTP_STATUS_REQUEST_TIMEOUT
#define HTTP_STATUS_CONFLICT LWS_HTTP_STATUS_CONFLICT
#define HTTP_STATUS_GONE LWS_HTTP_STATUS_GONE
#define HTTP_STATUS_LENGTH_REQUIRED LWS_HTTP_STATUS_LENGTH_REQUIRED
#define HTTP_STATUS_PRECONDITION_FAILED LWS_HTTP_STATUS_PRECONDITION_FAILED
#define HTTP_STATUS_REQ_ENTITY_TOO_LARGE LWS_HTTP_STATUS_REQ_ENTITY_TOO_LARGE
#define HTTP_STATUS_REQ_URI_TOO_LONG LWS_HTTP_STATUS_REQ_URI_TOO_LONG
#define HTTP_STATUS_UNSUPPORTED_MEDIA_TYPE LWS_HTTP_STATUS_UNSUPPORTED_MEDIA_TYPE
#define HTTP_STATUS_REQ_RANGE_NOT_SATISFIABLE LWS_HTTP_STATUS_REQ_RANGE_NOT_SATISFIABLE
#define HTTP_STATUS_EXPECTATION_FAILED LWS_HTTP_STATUS_EXPECTATION_FAILED
#define HTTP_STATUS_INTERNAL_SERVER_ERROR LWS_HTTP_STATUS_INTERNAL_SERVER_ERROR
#define HTTP_STATUS_NOT_IMPLEMENTED LWS_HTTP_STATUS_NOT_IMPLEMENTED
#define HTTP_STATUS_BAD_GATEWAY LWS_HTTP_STATUS_BAD_GATEWAY
#define HTTP_STATUS_SERVICE_UNAVAILABLE LWS_HTTP_STATUS_SERVICE_UNAVAILABLE
#define HTTP_STATUS_GATEWAY_TIMEOUT LWS_HTTP_STATUS_GATEWAY_TIMEOUT
#define HTTP_STATUS_HTTP_VERSION_NOT_SUPPORTED LWS_HTTP_STATUS_HTTP_VERSION_NOT_SUPPORTED
#include <libwebsockets.h>
#undef http_status
#undef HTTP_STATUS_CONTINUE
#undef HTTP_STATUS_OK
#undef HTTP_STATUS_NO_CONTENT
#undef HTTP_STATUS_PARTIAL_CONTENT
#undef HTTP_STATUS_MOVED_PERMANENTLY
#undef HTTP_STATUS_FOUND
#undef HTTP_STATUS_SEE_OTHER
#undef HTTP_STATUS_NOT_MODIFIED
#undef HTTP_STATUS_BAD_REQUEST
#undef HTTP_STATUS_UNAUTHORIZED
#undef HTTP_STATUS_PAYMENT_REQUIRED
#undef HTTP_STATUS_FORBIDDEN
#undef HTTP_STATUS_NOT_FOUND
#undef HTTP_STATUS_METHOD_NOT_ALLOWED
#undef HTTP_STATUS_NOT_ACCEPTABLE
#undef HTTP_STATUS_PROXY_AUTH_REQUIRED
#undef HTTP_STATUS_REQUEST_TIMEOUT
#undef HTTP_STATUS_CONFLICT
#undef HTTP_STATUS_GONE
#undef HTTP_STATUS_LENGTH_REQUIRED
#undef HTTP_STATUS_PRECONDITION_FAILED
#undef HTTP_STATUS_REQ_ENTITY_TOO_LARGE
#undef HTTP_STATUS_REQ_URI_TOO_LONG
#undef HTTP_STATUS_UNSUPPORTED_MEDIA_TYPE
#undef HTTP_STATUS_REQ_RANGE_NOT_SATISFIABLE
#undef HTTP_STATUS_EXPECTATION_FAILED
#undef HTTP_STATUS_INTERNAL_SERVER_ERROR
#undef HTTP_STATUS_NOT_IMPLEMENTED
#undef HTTP_STATUS_BAD_GATEWAY
#undef HTTP_STATUS_SERVICE_UNAVAILABLE
#undef HTTP_STATUS_GATEWAY_TIMEOUT
#undef HTTP_STATUS_HTTP_VERSION_NOT_SUPPORTED

enum { media_bridge_lws_pre = LWS_PRE };

// A context on a foreign libev loop whose virtual hosts we make ourselves.
static const uint64_t media_bridge_lws_context_options =
    LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
static const uint64_t media_bridge_lws_tls_library_options =
    LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
static const uint64_t media_bridge_lws_client_vhost_options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
static const uint64_t media_bridge_lws_tls_vhost_options =
    LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX;
// No listening socket of its own; unlike CONTEXT_PORT_NO_LISTEN the virtual host may still serve TLS.
static const int media_bridge_lws_port_none = CONTEXT_PORT_NO_LISTEN_SERVER;

// Higher priority: a clock is looked at before the sockets that are ready in the same round.
static inline void media_bridge_ev_io_init(
    struct ev_io *watcher, void (*callback)(struct ev_loop *, struct ev_io *, int), int fd, int isClock) {
    ev_io_init(watcher, callback, fd, EV_READ);
    ev_set_priority(watcher, isClock ? EV_MAXPRI : 0);
}
static inline void media_bridge_ev_async_init(
    struct ev_async *watcher, void (*callback)(struct ev_loop *, struct ev_async *, int)) {
    ev_async_init(watcher, callback);
}
static inline void media_bridge_ev_timer_init(
    struct ev_timer *watcher, void (*callback)(struct ev_loop *, struct ev_timer *, int), double seconds) {
    ev_timer_init(watcher, callback, seconds, seconds);
}
static inline void media_bridge_ev_prepare_init(
    struct ev_prepare *watcher, void (*callback)(struct ev_loop *, struct ev_prepare *, int)) {
    ev_prepare_init(watcher, callback);
}
