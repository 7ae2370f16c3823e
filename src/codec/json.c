/* A bounded pull reader of strict JSON [RFC 8259]. */
#include "codec/json.h"

#include <limits.h>

#include "base/hex.h"
#include "base/utf8.h"

json_reader jr_of(bytes in)
{
    return (json_reader){.r = rd_of(in)};
}

void jr_fail(json_reader *j, const char *why)
{
    if (j->why == NULL)
        j->why = why;
    rd_fail(&j->r);
}

void jr_fail_limit(json_reader *j, const char *why)
{
    j->limit = j->limit || jr_ok(j);
    jr_fail(j, why);
}

/* The byte that comes next, after white space, which is taken; -1 at the end or when bad. */
static int next(json_reader *j)
{
    int c = rd_peek(&j->r);
    if (c > ' ')
        return c; /* most often */
    while (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
        (void)rd_take(&j->r, 1);
        c = rd_peek(&j->r);
    }
    return c;
}

static bool take_if(json_reader *j, int c)
{
    if (next(j) != c)
        return false;
    (void)rd_take(&j->r, 1);
    return true;
}

static void take_char(json_reader *j, int c, const char *why)
{
    if (!take_if(j, c))
        jr_fail(j, why);
}

jr_kind jr_type(json_reader *j)
{
    int c = next(j);
    switch (c) {
    case '{':
        return JR_OBJECT;
    case '[':
        return JR_ARRAY;
    case '"':
        return JR_STRING;
    case 't':
        return JR_TRUE;
    case 'f':
        return JR_FALSE;
    case 'n':
        return JR_NULL;
    default:
        return c == '-' || (c >= '0' && c <= '9') ? JR_NUMBER : JR_ERROR;
    }
}

static void enter(json_reader *j, json_scope *s, int c, const char *why)
{
    s->n = 0;
    take_char(j, c, why);
    if (j->depth == JR_DEPTH_MAX)
        jr_fail_limit(j, "nested too deep");
    else
        j->depth++;
}

void jr_object(json_reader *j, json_scope *s)
{
    enter(j, s, '{', "an object was expected");
}

void jr_array(json_reader *j, json_scope *s)
{
    enter(j, s, '[', "an array was expected");
}

/* Before member or element n+1: the comma, or the end. */
static bool another(json_reader *j, const json_scope *s, int close)
{
    int c = next(j);
    if (c == close) {
        (void)rd_take(&j->r, 1);
        j->depth--;
        return false;
    }
    if (s->n == 0)
        return jr_ok(j);
    if (c == ',')
        (void)rd_take(&j->r, 1);
    else
        jr_fail(j, "a comma or the end of an object or array was expected");
    return jr_ok(j);
}

bool jr_key(json_reader *j, json_scope *s, bytes *key)
{
    *key = BYTES_NONE;
    if (!another(j, s, '}'))
        return false;
    if (s->n == JR_KEYS_MAX) {
        jr_fail_limit(j, "an object has too many keys");
        return false;
    }
    bytes k = jr_string(j);
    take_char(j, ':', "a colon was expected after a key");
    for (size_t i = 0; i < s->n; i++)
        if (s->keys[i].n == k.n && bytes_equal(s->keys[i], k))
            jr_fail(j, "a key stands twice in one object");
    if (!jr_ok(j))
        return false;
    s->keys[s->n++] = k;
    *key = k;
    return true;
}

bool jr_element(json_reader *j, json_scope *s)
{
    if (!another(j, s, ']'))
        return false;
    s->n++;
    return true;
}

static unsigned hex4(const uint8_t *p)
{
    unsigned v = 0;
    for (size_t i = 0; i < 4; i++) {
        int d = hex_digit(p[i]);
        if (d < 0)
            return UINT_MAX;
        v = v << 4 | (unsigned)d;
    }
    return v;
}

/* Length of the escape at p, of which n bytes are there, a surrogate with its partner; 0 if it is
 * none [RFC 8259 7]. *c is the character. */
static size_t escape(const uint8_t *p, size_t n, uint32_t *c)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    *c = 0;
    if (n < 2 || p[1] == 0)
        return 0;
    if (p[1] != 'u') {
        const char *at = strchr(from, p[1]);
        *c = at != NULL ? (uint32_t)to[at - from] : 0;
        return at != NULL ? 2 : 0;
    }
    *c = n < 6 ? UINT_MAX : hex4(p + 2);
    if (*c < 0xd800 || *c > 0xdfff)
        return *c != UINT_MAX ? 6 : 0;
    unsigned low = *c > 0xdbff || n < 12 || p[6] != '\\' || p[7] != 'u' ? UINT_MAX : hex4(p + 8);
    if (low < 0xdc00 || low > 0xdfff)
        return 0;
    *c = 0x10000 + ((*c - 0xd800) << 10) + (low - 0xdc00);
    return 12;
}

/* Stands for itself in a string and needs no second look. */
static inline bool is_plain(uint8_t c)
{
    return (uint8_t)(c - 0x20) < 0x60 && c != '"' && c != '\\';
}

/* Between the quotes; with `escapes` they are checked and kept, else refused. */
static bytes string(json_reader *j, bool escapes)
{
    take_char(j, '"', "a string was expected");
    size_t n = rd_left(&j->r), i = 0;
    const uint8_t *p = j->r.base + j->r.pos;
    const char *why = NULL;
    while (why == NULL) {
        while (i < n && is_plain(p[i]))
            i++;
        if (i == n || p[i] == '"')
            break;
        uint32_t c;
        size_t step = 0;
        if (p[i] < 0x20)
            why = "a string has a control character";
        else if (p[i] >= 0x80)
            why = (step = utf8_length(p + i, n - i)) == 0 ? "a string is not UTF-8" : NULL;
        else if (!escapes)
            why = "a string has an escape where none is allowed";
        else
            why = (step = escape(p + i, n - i, &c)) == 0 ? "a string has a malformed escape" : NULL;
        i += step;
    }
    bytes out = rd_take(&j->r, i);
    if (why == NULL && i == n)
        why = "a string does not end";
    if (why != NULL)
        jr_fail(j, why);
    else
        (void)rd_take(&j->r, 1);
    return jr_ok(j) ? out : BYTES_NONE;
}

bytes jr_raw_string(json_reader *j)
{
    return string(j, true);
}

bytes jr_string(json_reader *j)
{
    return string(j, false);
}

/* The digits that come next, possibly none. */
static bytes digits(json_reader *j)
{
    size_t left = rd_left(&j->r), n = 0;
    const uint8_t *p = j->r.base + j->r.pos;
    while (n < left && p[n] >= '0' && p[n] <= '9')
        n++;
    return rd_take(&j->r, n);
}

/* A whole number as JSON writes it: at least one digit, no zero before others. */
static bool whole(bytes b)
{
    return b.n == 1 || (b.n > 1 && b.p[0] != '0');
}

uint64_t jr_uint(json_reader *j, uint64_t max)
{
    uint64_t v = 0;
    (void)next(j);
    bytes b = digits(j);
    int after = rd_peek(&j->r);
    if (!whole(b) || after == '.' || after == 'e' || after == 'E') {
        jr_fail(j, "an unsigned whole number was expected");
        return 0;
    }
    for (size_t i = 0; i < b.n; i++) {
        unsigned d = (unsigned)(b.p[i] - '0');
        if (d > max || v > (max - d) / 10) {
            jr_fail(j, "a number is above its limit");
            return 0;
        }
        v = v * 10 + d;
    }
    return v;
}

void jr_hex(json_reader *j, uint8_t *out, size_t n)
{
    if (!hex_decode(jr_string(j), out, n))
        jr_fail(j, "a string is not the hex digits that were expected, or not as many");
    if (!jr_ok(j))
        memset(out, 0, n);
}

/* Any valid number [RFC 8259 6]. */
static void skip_number(json_reader *j)
{
    (void)take_if(j, '-');
    bool ok = whole(digits(j));
    if (rd_peek(&j->r) == '.') {
        (void)rd_take(&j->r, 1);
        ok = digits(j).n > 0 && ok;
    }
    if (rd_peek(&j->r) == 'e' || rd_peek(&j->r) == 'E') {
        (void)rd_take(&j->r, 1);
        if (rd_peek(&j->r) == '+' || rd_peek(&j->r) == '-')
            (void)rd_take(&j->r, 1);
        ok = digits(j).n > 0 && ok;
    }
    if (!ok)
        jr_fail(j, "a number is malformed");
}

static void skip_word(json_reader *j, const char *word)
{
    if (!bytes_is(rd_take(&j->r, strlen(word)), word))
        jr_fail(j, "a value is no word of JSON");
}

/* Recursion is bounded by JR_DEPTH_MAX. NOLINTNEXTLINE(misc-no-recursion) */
void jr_skip(json_reader *j)
{
    json_scope s;
    bytes key;
    switch (jr_type(j)) {
    case JR_OBJECT:
        jr_object(j, &s);
        while (jr_key(j, &s, &key))
            jr_skip(j);
        break;
    case JR_ARRAY:
        jr_array(j, &s);
        while (jr_element(j, &s))
            jr_skip(j);
        break;
    case JR_STRING:
        (void)jr_raw_string(j);
        break;
    case JR_NUMBER:
        skip_number(j);
        break;
    case JR_TRUE:
        skip_word(j, "true");
        break;
    case JR_FALSE:
        skip_word(j, "false");
        break;
    case JR_NULL:
        skip_word(j, "null");
        break;
    case JR_ERROR:
        jr_fail(j, "a value was expected");
        break;
    }
}

bytes jr_value(json_reader *j)
{
    (void)next(j);
    size_t start = j->r.pos;
    jr_skip(j);
    return jr_ok(j) ? bytes_of(j->r.base + start, j->r.pos - start) : BYTES_NONE;
}

bool jr_done(json_reader *j)
{
    if (next(j) >= 0)
        jr_fail(j, "something follows the value");
    return rd_done(&j->r);
}

ratls_code jr_error(const json_reader *j, const char *what, ratls_error *e)
{
    ratls_code code = j->limit ? RATLS_E_LIMIT : RATLS_E_MALFORMED;
    return refuse(e, code, j->r.pos, "%s: %s, at byte %zu", what,
                  j->why != NULL ? j->why : "not JSON", j->r.pos);
}

static size_t put_utf8(uint32_t c, uint8_t out[4])
{
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        out[i] = (uint8_t)(0x80 | (c & 0x3f));
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    out[0] = (uint8_t)(lead[n] | c);
    return n;
}

bool json_unescape(bytes raw, uint8_t *out, size_t cap, size_t *n)
{
    size_t used = 0, i = 0;
    while (i < raw.n) {
        const uint8_t *from = raw.p + i;
        const uint8_t *backslash = memchr(from, '\\', raw.n - i);
        size_t step = backslash != NULL ? (size_t)(backslash - from) : raw.n - i, length = step;
        uint8_t one[4];
        if (step == 0) {
            uint32_t c;
            step = escape(from, raw.n - i, &c);
            if (step == 0)
                return false;
            length = put_utf8(c, one);
            from = one;
        }
        if (length > cap - used)
            return false;
        memcpy(out + used, from, length);
        used += length;
        i += step;
    }
    *n = used;
    return true;
}
