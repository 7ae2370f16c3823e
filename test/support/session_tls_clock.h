#ifndef SUPPORT_SESSION_TLS_CLOCK_H
#define SUPPORT_SESSION_TLS_CLOCK_H

#include <stdint.h>

/* The monotonic clock of a test that uses this goes on by so much at once, beside its own pace. */
void clock_skip(uint32_t ms);

#endif
