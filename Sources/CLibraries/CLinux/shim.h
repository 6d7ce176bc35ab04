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
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// As glibc declares it under _GNU_SOURCE.
extern int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);
extern void *memmem(const void *hay, size_t hayCount, const void *needle, size_t needleCount);

// Names the calling thread, as ps and top show it; 15 bytes of it.
static inline void media_bridge_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

static inline int media_bridge_inotify_open(void) { return inotify_init1(IN_NONBLOCK | IN_CLOEXEC); }

// Of a folder: files that are written, made, renamed into it or taken away.
static inline int media_bridge_inotify_watch(int descriptor, const char *folder) {
    return inotify_add_watch(
        descriptor, folder, IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM | IN_ONLYDIR);
}

// What happened is looked up in the files themselves.
static inline void media_bridge_inotify_drain(int descriptor) {
    char events[4096];
    while (read(descriptor, events, sizeof events) > 0) {}
}

// The calling thread runs before all ordinary ones; threads that it makes do not. 0, or errno.
static inline int media_bridge_run_first(int priority) {
    enum { resetOnFork = 0x40000000 };  // SCHED_RESET_ON_FORK, which wants _GNU_SOURCE. Source: sched(7).
    struct sched_param parameter = {.sched_priority = priority};
    return sched_setscheduler(0, SCHED_FIFO | resetOnFork, &parameter) == 0 ? 0 : errno;
}
// Memory that was touched stays; nothing is touched for it. 0, or errno. Under a finite limit it is not asked for: what is
// reserved later would count against it, and be refused when it is needed.
static inline int media_bridge_lock_memory(void) {
    struct rlimit limit;
    if (geteuid() != 0 && (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur != RLIM_INFINITY)) return ENOMEM;
    enum { onFault = 4 };  // MCL_ONFAULT, Linux 4.4. Source: mlock(2).
    return mlockall(MCL_CURRENT | MCL_FUTURE | onFault) == 0 ? 0 : errno;
}

static inline unsigned long long media_bridge_monotonic_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned long long)now.tv_sec * 1000000000ull + (unsigned long long)now.tv_nsec;
}

// Processors that a thread (0: the caller; a process's id: its first thread) may run on, a bit for each. -1: see errno.
static inline long media_bridge_processors(int thread, unsigned long *mask, unsigned long bytes) {
    return syscall(SYS_sched_getaffinity, thread, bytes, mask);
}
static inline long media_bridge_place(int thread, const unsigned long *mask, unsigned long bytes) {
    return syscall(SYS_sched_setaffinity, thread, bytes, mask);
}

// A program with `io` as its standard input and output and `errors` as its standard error, in a process group of its own,
// with the usual signals. 0 and its id, or an error number.
static inline int media_bridge_spawn(char *const *arguments, char *const *environment, int io, int errors, pid_t *child) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    sigaddset(&usual, SIGTERM);
    sigaddset(&usual, SIGINT);
    sigaddset(&usual, SIGHUP);
    int error = posix_spawn_file_actions_init(&files);
    if (error != 0) return error;
    error = posix_spawnattr_init(&attributes);
    if (error != 0) {
        posix_spawn_file_actions_destroy(&files);
        return error;
    }
    // dup2 takes close-on-exec off the copies.
    if ((error = posix_spawn_file_actions_adddup2(&files, io, 0)) == 0 &&
        (error = posix_spawn_file_actions_adddup2(&files, io, 1)) == 0 &&
        (error = posix_spawn_file_actions_adddup2(&files, errors, 2)) == 0 &&
        (error = posix_spawnattr_setsigmask(&attributes, &none)) == 0 &&
        (error = posix_spawnattr_setsigdefault(&attributes, &usual)) == 0 &&
        (error = posix_spawnattr_setpgroup(&attributes, 0)) == 0 &&
        (error = posix_spawnattr_setflags(
             &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP)) == 0)
        error = posix_spawnp(child, arguments[0], &files, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return error;
}

// Bytes as a file that has no place on any disk and can be written by nobody any more. Its descriptor, or minus an error
// number. Source: memfd_create(2), fcntl(2), which want _GNU_SOURCE for the names.
static inline int media_bridge_memory_file(const char *name, const void *bytes, size_t count) {
    enum { closeOnExec = 1, allowSealing = 2, addSeals = 1033, sealSealShrinkGrowWrite = 1 | 2 | 4 | 8 };
    int file = (int)syscall(SYS_memfd_create, name, closeOnExec | allowSealing);
    if (file < 0) return -errno;
    const char *rest = (const char *)bytes;
    while (count > 0) {
        ssize_t done = write(file, rest, count);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) break;
        rest += done;
        count -= (size_t)done;
    }
    if (count > 0 || fcntl(file, addSeals, sealSealShrinkGrowWrite) != 0) {
        int error = errno;
        close(file);
        return -error;
    }
    return file;
}

// This process ends when `parent`, which started it, does. Source: prctl(2).
static inline void media_bridge_end_with(pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) raise(SIGKILL);
}

// Whether a child of this process has ended. It is still to be waited for. Source: waitid(2).
static inline int media_bridge_child_has_ended(pid_t child) {
    siginfo_t state;
    state.si_signo = 0;
    return waitid(P_PID, (id_t)child, &state, WEXITED | WNOHANG | WNOWAIT) != 0 || state.si_signo == SIGCHLD;
}

// How often the calling thread has slept of its own accord: for a lock, a file, a socket.
static inline long media_bridge_thread_waits(void) {
    struct rusage usage;
    enum { thisThread = 1 };  // RUSAGE_THREAD, which wants _GNU_SOURCE. Source: getrusage(2).
    return getrusage(thisThread, &usage) == 0 ? usage.ru_nvcsw : -1;
}
