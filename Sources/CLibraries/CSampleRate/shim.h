// libsamplerate 0.2.
#pragma once
#include <samplerate.h>
