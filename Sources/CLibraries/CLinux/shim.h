// Linux calls that Swift's Glibc module leaves out. Without _GNU_SOURCE: it changes the types of the C library, and two
// modules that disagree about those cannot be used together.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

// As glibc declares it under _GNU_SOURCE.
extern int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);

// Names the calling thread, as ps and top show it; 15 bytes of it.
static inline void media_bridge_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

static inline unsigned long long media_bridge_monotonic_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned long long)now.tv_sec * 1000000000ull + (unsigned long long)now.tv_nsec;
}
