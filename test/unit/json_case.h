#ifndef UNIT_JSON_CASE_H
#define UNIT_JSON_CASE_H

#include "testing.h"

#include <stdlib.h>

#include "codec/json.h"

/* What the two tests of the JSON reader share. */

/* Reasons, as a user reads them. */
static const char value[] = "a value was expected";
static const char word[] = "a value is no word of JSON";
static const char comma[] = "a comma or the end of an object or array was expected";
static const char colon[] = "a colon was expected after a key";
static const char twice[] = "a key stands twice in one object";
static const char keys[] = "an object has too many keys";
static const char deep[] = "nested too deep";
static const char object[] = "an object was expected";
static const char array[] = "an array was expected";
static const char string[] = "a string was expected";
static const char control[] = "a string has a control character";
static const char utf8[] = "a string is not UTF-8";
static const char escape[] = "a string has a malformed escape";
static const char escaped[] = "a string has an escape where none is allowed";
static const char endless[] = "a string does not end";
static const char number[] = "a number is malformed";
static const char whole[] = "an unsigned whole number was expected";
static const char limit[] = "a number is above its limit";
static const char hex[] = "a string is not the hex digits that were expected, or not as many";
static const char follows[] = "something follows the value";

/* The text in a block of exactly its size, with ' for " and ~ for NUL. */
static inline bytes quoted(const char *text)
{
    size_t n = strlen(text);
    char *p = malloc(n > 0 ? n : 1);
    assert_non_null(p);
    for (size_t i = 0; i < n; i++)
        p[i] = text[i] == '\'' ? '"' : text[i] == '~' ? '\0' : text[i];
    return bytes_of(p, n);
}

static inline void release(bytes b)
{
    free((void *)(uintptr_t)b.p);
}

/* After a failure nothing is given any more, and the first reason stays. */
static inline void must_stay_bad(json_reader *j, const char *why, const char *what)
{
    static json_scope s;
    uint8_t out[2] = {1, 1};
    bytes key;
    s.n = 0;
    jr_fail(j, "another reason");
    bool nothing = jr_type(j) == JR_ERROR && jr_string(j).n == 0 && jr_raw_string(j).n == 0 &&
                   jr_uint(j, UINT64_MAX) == 0 && jr_value(j).n == 0 && !jr_key(j, &s, &key) &&
                   key.n == 0 && !jr_element(j, &s) && !jr_done(j);
    jr_hex(j, out, sizeof out);
    jr_skip(j);
    jr_object(j, &s);
    jr_array(j, &s);
    if (!nothing || jr_ok(j) || out[0] != 0 || out[1] != 0)
        fail_msg("read on after a failure: %s", what);
    if (strcmp(j->why, why) != 0)
        fail_msg("%s: found reason \"%s\", expected \"%s\"", what, j->why, why);
}

/* Reads one whole value; the reason of a refusal, or NULL. */
static inline const char *skip_all(bytes in, size_t *at)
{
    json_reader j = jr_of(in);
    bytes v = jr_value(&j);
    if (jr_done(&j)) {
        assert_true(v.n > 0 && v.p >= in.p && v.p + v.n <= in.p + in.n);
        return NULL;
    }
    assert_non_null(j.why);
    *at = j.r.pos;
    return j.why;
}

#endif
