#include "when.h"

#include "base/reader.h"
#include "base/time.h"

bool number_parse(const char *text, uint64_t max, uint64_t *out)
{
    uint64_t n = 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        uint64_t digit = (uint64_t)(*text - '0');
        if (digit > max || n > (max - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    *out = n;
    return true;
}

static int digits(reader *r, size_t n)
{
    int v = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t c = rd_u8(r);
        if (c < '0' || c > '9')
            rd_fail(r);
        else
            v = v * 10 + (c - '0');
    }
    return v;
}

static void expect(reader *r, char upper, char lower)
{
    uint8_t c = rd_u8(r);
    if (c != (uint8_t)upper && c != (uint8_t)lower)
        rd_fail(r);
}

static void skip_fraction(reader *r)
{
    if (rd_peek(r) != '.')
        return;
    (void)rd_u8(r);
    (void)digits(r, 1);
    while (rd_peek(r) >= '0' && rd_peek(r) <= '9')
        (void)rd_u8(r);
}

/* time-offset, in seconds east of UTC [RFC 3339 5.6] */
static int64_t read_offset(reader *r)
{
    int sign = rd_peek(r);
    if (sign != '+' && sign != '-') {
        expect(r, 'Z', 'z');
        return 0;
    }
    (void)rd_u8(r);
    int hours = digits(r, 2);
    expect(r, ':', ':');
    int minutes = digits(r, 2);
    if (hours > 23 || minutes > 59)
        rd_fail(r);
    int64_t offset = hours * 3600 + minutes * 60;
    return sign == '-' ? -offset : offset;
}

static bool parse_rfc3339(bytes text, int64_t *out)
{
    reader r = rd_of(text);
    int year = digits(&r, 4);
    expect(&r, '-', '-');
    int month = digits(&r, 2);
    expect(&r, '-', '-');
    int day = digits(&r, 2);
    expect(&r, 'T', 't');
    int hour = digits(&r, 2);
    expect(&r, ':', ':');
    int minute = digits(&r, 2);
    expect(&r, ':', ':');
    int second = digits(&r, 2);
    skip_fraction(&r);
    int64_t offset = read_offset(&r), local;
    if (!rd_done(&r) || !time_from_civil(year, month, day, hour, minute, second, &local))
        return false;
    *out = local - offset;
    return true;
}

bool when_parse(const char *text, int64_t *out)
{
    static const uint64_t last = 253402300799; /* the end of the year 9999 */
    uint64_t seconds;
    if (number_parse(text, last, &seconds)) {
        *out = (int64_t)seconds;
        return true;
    }
    return parse_rfc3339(bytes_text(text), out);
}
