// Where callgrind begins and ends a profile; without it, nothing happens.
#pragma once

// Forgets what was counted so far.
void callgrind_zero(void);
// Writes what was counted, called `name`, and counts from zero again.
void callgrind_dump(const char *name);
