#define _GNU_SOURCE
#include "AllocationProbe.h"

#include <errno.h>
#include <malloc.h>
#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define PROBE_DISABLED 1
#endif
#endif
#if !defined(__GLIBC__)
#define PROBE_DISABLED 1
#endif

#ifdef PROBE_DISABLED

// A sanitizer stands in front of malloc itself, and two cannot.
void allocation_probe_start(void) {}
long allocation_probe_stop(void) { return -1; }
long allocation_probe_held(void) { return 0; }

#else

// initial-exec: reaching a thread-local in the executable itself must not allocate.
static _Thread_local __attribute__((tls_model("initial-exec"))) long counted;
static _Thread_local __attribute__((tls_model("initial-exec"))) int counting;
static _Thread_local __attribute__((tls_model("initial-exec"))) long held;

void allocation_probe_start(void) {
    counted = 0;
    held = 0;
    counting = 1;
}

long allocation_probe_stop(void) {
    counting = 0;
    return counted;
}

long allocation_probe_held(void) { return held; }

// glibc's own names for its allocator: no dlsym, which would allocate.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void *__libc_valloc(size_t);
extern void *__libc_pvalloc(size_t);
extern void __libc_free(void *);

#define SEEN __attribute__((visibility("default"), used))

static inline void *taken(void *memory) {
    if (counting) {
        counted++;
        if (memory) held += (long)malloc_usable_size(memory);
    }
    return memory;
}

SEEN void *malloc(size_t size) {
    return taken(__libc_malloc(size));
}

SEEN void *calloc(size_t count, size_t size) {
    return taken(__libc_calloc(count, size));
}

SEEN void *realloc(void *old, size_t size) {
    if (counting && old) held -= (long)malloc_usable_size(old);
    return taken(__libc_realloc(old, size));
}

SEEN void *memalign(size_t alignment, size_t size) {
    return taken(__libc_memalign(alignment, size));
}

SEEN void *aligned_alloc(size_t alignment, size_t size) {
    return taken(__libc_memalign(alignment, size));
}

SEEN int posix_memalign(void **result, size_t alignment, size_t size) {
    if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0) return EINVAL;
    void *memory = taken(__libc_memalign(alignment, size));
    if (memory == NULL) return ENOMEM;
    *result = memory;
    return 0;
}

SEEN void *valloc(size_t size) {
    return taken(__libc_valloc(size));
}

SEEN void *pvalloc(size_t size) {
    return taken(__libc_pvalloc(size));
}

SEEN void free(void *memory) {
    if (counting && memory) held -= (long)malloc_usable_size(memory);
    __libc_free(memory);
}

#endif
