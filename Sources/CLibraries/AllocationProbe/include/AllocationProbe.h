// Counts heap allocations of one thread between two markers, by standing in front of malloc and its family.
#pragma once

// Starts counting on the calling thread, from zero.
void allocation_probe_start(void);
// Stops counting; returns how many allocations (malloc, calloc, realloc, aligned forms) the thread made since start.
// -1 when the probe cannot work: built under a sanitizer, or without glibc. Then nothing was counted and nothing is shown.
long allocation_probe_stop(void);
// Bytes that the thread allocated and did not free between the last start and stop; less than zero when it freed what it
// had before. 0 when the probe cannot work.
long allocation_probe_held(void);
