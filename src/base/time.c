#include "base/time.h"

#include <stdio.h>

/* Days from 1970-01-01 to a day of the proleptic Gregorian calendar; the year is counted from
 * March. */
static int64_t days_from_civil(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

bool time_from_civil(int year, int month, int day, int hour, int minute, int second, int64_t *out)
{
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 0 || year > 9999 || month < 1 || month > 12 || hour < 0 || hour > 23 || minute < 0 ||
        minute > 59 || second < 0 || second > 59)
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    int last = month_days[month - 1] + (leap && month == 2 ? 1 : 0);
    if (day < 1 || day > last)
        return false;
    *out = days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    return true;
}

static bool digits(bytes text, size_t at, size_t n, int *out)
{
    int v = 0;
    for (size_t i = at; i < at + n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        v = v * 10 + (text.p[i] - '0');
    }
    *out = v;
    return true;
}

bool time_from_iso(bytes text, int64_t *out)
{
    int year, month, day, hour, minute, second;
    return text.n == 20 && digits(text, 0, 4, &year) && text.p[4] == '-' &&
           digits(text, 5, 2, &month) && text.p[7] == '-' && digits(text, 8, 2, &day) &&
           text.p[10] == 'T' && digits(text, 11, 2, &hour) && text.p[13] == ':' &&
           digits(text, 14, 2, &minute) && text.p[16] == ':' && digits(text, 17, 2, &second) &&
           text.p[19] == 'Z' && time_from_civil(year, month, day, hour, minute, second, out);
}

time_text time_to_iso(int64_t t)
{
    time_text text;
    if (t < -62167219200 || t > 253402300799) {
        (void)snprintf(text.s, sizeof text.s, "out of range");
        return text;
    }
    int64_t days = t / 86400, seconds = t % 86400;
    if (seconds < 0) {
        seconds += 86400;
        days--;
    }
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    unsigned of_era = (unsigned)(z - era * 146097);
    unsigned year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned m = (5 * of_year + 2) / 153;
    unsigned day = of_year - (153 * m + 2) / 5 + 1;
    unsigned month = m < 10 ? m + 3 : m - 9;
    unsigned year = (unsigned)((int64_t)year_of_era + era * 400 + (month <= 2 ? 1 : 0));
    unsigned s = (unsigned)seconds;
    (void)snprintf(text.s, sizeof text.s, "%04u-%02u-%02uT%02u:%02u:%02uZ", year % 10000,
                   month % 100, day % 100, s / 3600 % 100, s / 60 % 60, s % 60);
    return text;
}
