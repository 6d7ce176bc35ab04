// libev, with what Swift cannot see: macros.
#pragma once
#include <ev.h>

enum { media_bridge_ev_read = EV_READ, media_bridge_ev_write = EV_WRITE };

// Higher priority: a clock is looked at before the sockets that are ready in the same round.
static inline void media_bridge_ev_io_init(
    struct ev_io *watcher, void (*callback)(struct ev_loop *, struct ev_io *, int), int fd, int isClock) {
    ev_io_init(watcher, callback, fd, EV_READ);
    ev_set_priority(watcher, isClock ? EV_MAXPRI : 0);
}
// Only while the watcher is stopped.
static inline void media_bridge_ev_io_set(struct ev_io *watcher, int fd, int events) { ev_io_set(watcher, fd, events); }
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
