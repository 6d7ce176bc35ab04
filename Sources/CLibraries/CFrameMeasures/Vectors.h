#pragma once

#include <stdint.h>

// The same bits on every processor.
#pragma STDC FP_CONTRACT OFF

typedef float lanes __attribute__((vector_size(32)));
typedef float loose __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t integers __attribute__((vector_size(32)));
// Sixteen samples, two in each.
typedef int32_t halves __attribute__((vector_size(32), aligned(2), may_alias));

// Names of one source that is included once for each processor: `name_SUFFIX`.
#define NAMED_(name, suffix) name##_##suffix
#define NAMED__(name, suffix) NAMED_(name, suffix)
#define NAMED(name) NAMED__(name, SUFFIX)
