#ifndef BASE_TIME_H
#define BASE_TIME_H

#include "base/bytes.h"

/* Times are Unix seconds, UTC, without leap seconds. Nothing here reads a clock. */

/* Civil date and time to Unix seconds. False unless each field is in its range (seconds 0 to 59).
 */
bool time_from_civil(int year, int month, int day, int hour, int minute, int second, int64_t *out);

/* Exactly "YYYY-MM-DDThh:mm:ssZ", as in Intel's JSON [DCAP 1.4]. */
bool time_from_iso(bytes text, int64_t *out);

/* "2026-11-24T09:08:00Z"; years 0 to 9999, others print as "out of range". */
typedef struct time_text {
    char s[24];
} time_text;
time_text time_to_iso(int64_t t);
#define ISO(t) (time_to_iso(t).s)

#endif
