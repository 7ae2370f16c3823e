/*
 * The input read as JSON. Whatever our reader accepts jansson must accept too, and find the same
 * strings and numbers in it; what jansson accepts we refuse only by a rule of our own.
 */
#include <assert.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/utf8.h"
#include "codec/json.h"

static void check_string(bytes raw, const json_t *other)
{
    size_t n = 0;
    uint8_t *out = malloc(raw.n + 1);
    assert(out != NULL);
    assert(json_unescape(raw, out, raw.n, &n) && n <= raw.n && utf8_ok(bytes_of(out, n)));
    if (n > 0)
        assert(!json_unescape(raw, out, n - 1, &n));
    assert(json_unescape(raw, out, n, &n));
    if (other != NULL) {
        bytes theirs = bytes_of(json_string_value(other), json_string_length(other));
        assert(other->type == JSON_STRING && bytes_equal(bytes_of(out, n), theirs));
    }
    free(out);
}

static void check_number(json_reader *j, const json_t *other)
{
    json_reader copy = *j;
    uint64_t v = jr_uint(&copy, UINT64_MAX);
    jr_skip(j);
    if (!jr_ok(&copy)) {
        assert(v == 0);
        return;
    }
    assert(jr_ok(j) && copy.r.pos == j->r.pos);
    if (other != NULL)
        assert(other->type == JSON_INTEGER && (uint64_t)json_integer_value(other) == v);
}

/* Every value by its own function, beside jansson's (NULL if it refuses numbers so large). */
static void walk(json_reader *j, const json_t *other)
{
    json_scope s;
    bytes key;
    size_t start = j->r.pos;
    switch (jr_type(j)) {
    case JR_OBJECT:
        jr_object(j, &s);
        while (jr_key(j, &s, &key)) {
            const json_t *member = json_object_getn(other, (const char *)key.p, key.n);
            assert(other == NULL || member != NULL);
            walk(j, member);
        }
        assert(!jr_ok(j) || other == NULL || json_object_size(other) == s.n);
        break;
    case JR_ARRAY:
        jr_array(j, &s);
        while (jr_element(j, &s))
            walk(j, json_array_get(other, s.n - 1));
        assert(!jr_ok(j) || other == NULL || json_array_size(other) == s.n);
        break;
    case JR_STRING: {
        json_reader copy = *j;
        bytes plain = jr_string(&copy), raw = jr_raw_string(j);
        assert(jr_ok(&copy) ? bytes_equal(plain, raw) : plain.n == 0);
        check_string(raw, other);
        break;
    }
    case JR_NUMBER:
        check_number(j, other);
        break;
    case JR_TRUE:
    case JR_FALSE:
    case JR_NULL:
    case JR_ERROR:
        jr_skip(j);
        break;
    }
    assert(!jr_ok(j) || j->r.pos > start);
    assert(j->r.pos <= j->r.end && j->depth <= JR_DEPTH_MAX);
}

static bool own_rule(const char *why)
{
    static const char *const rules[] = {
        "nested too deep",
        "an object has too many keys",
        "a string has an escape where none is allowed",
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (bytes_is(bytes_text(why), rules[i]))
            return true;
    return false;
}

static void check_bad(json_reader *j)
{
    json_scope s;
    bytes key;
    uint8_t out[2];
    s.n = 0;
    assert(!jr_ok(j) && j->why != NULL);
    assert(jr_type(j) == JR_ERROR && jr_value(j).n == 0 && jr_string(j).n == 0);
    assert(jr_raw_string(j).n == 0 && jr_uint(j, UINT64_MAX) == 0);
    assert(!jr_key(j, &s, &key) && !jr_element(j, &s) && !jr_done(j));
    jr_hex(j, out, sizeof out);
    assert(out[0] == 0 && out[1] == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bytes in = bytes_of(data, size);
    json_reader j = jr_of(in);
    bytes value = jr_value(&j);
    bool ok = jr_done(&j);
    assert(jr_ok(&j) == ok && (!ok || (value.n > 0 && value.p >= data)));

    json_error_t error;
    json_t *other = json_loadb((const char *)data, size,
                               JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (ok && other == NULL)
        assert(json_error_code(&error) == json_error_numeric_overflow);
    if (!ok) {
        /* jansson loses a NUL that follows a number. */
        assert(other == NULL || own_rule(j.why) || memchr(data, 0, size) != NULL);
        check_bad(&j);
    }

    json_reader k = jr_of(in);
    walk(&k, ok ? other : NULL);
    assert(jr_done(&k) == ok);
    json_decref(other);

    /* Raw bytes as escapes: refused or resolved, never beyond their length. */
    size_t n = 0;
    uint8_t *out = malloc(size + 1);
    assert(out != NULL);
    assert(!json_unescape(in, out, size, &n) || n <= size);
    free(out);
    return 0;
}
