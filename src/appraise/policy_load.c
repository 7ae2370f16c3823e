/* The values that a policy is made of: each of its exact form, in its range, named once. */
#include "appraise/policy_load.h"

#include <assert.h>
#include <stdio.h>

#include "base/hex.h"

static ratls_code not_json(const loader *l, const json_error_t *why, size_t n)
{
    size_t at = why->position > 0 ? (size_t)why->position : 0;
    enum json_error_code code = json_error_code(why);
    /* It gives no reason when its memory runs out in the parser itself. */
    if (why->text[0] == '\0' || code == json_error_out_of_memory)
        return load_out_of_memory(l);
    if (code == json_error_stack_overflow)
        return refuse(l->e, RATLS_E_LIMIT, at, "policy: line %d: JSON is nested too deep",
                      why->line);
    if (code == json_error_end_of_input_expected)
        return refuse(l->e, RATLS_E_MALFORMED, at, "policy: has more after its JSON object");
    if (code == json_error_premature_end_of_input)
        return refuse(l->e, RATLS_E_MALFORMED, n, "policy: ends before its JSON is complete");
    return refuse(l->e, RATLS_E_MALFORMED, at, "policy: line %d, column %d: %s", why->line,
                  why->column, why->text);
}

json_t *load_json(const loader *l, bytes text)
{
    json_error_t why;
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
    json_t *root = json_loadb((const char *)text.p, text.n, flags, &why);
    if (root == NULL)
        (void)not_json(l, &why, text.n);
    return root;
}

place load_member(const char *parent, const char *key)
{
    place at;
    (void)snprintf(at.s, sizeof at.s, "%.40s.%.20s", parent, key);
    return at;
}

place load_element(const char *parent, size_t i)
{
    place at;
    (void)snprintf(at.s, sizeof at.s, "%.40s[%zu]", parent, i);
    return at;
}

shown load_show(const char *text)
{
    shown t;
    size_t n = 0;
    for (; n < 48 && text[n] != '\0'; n++)
        t.s[n] = text[n] >= ' ' && text[n] <= '~' ? text[n] : '?';
    memcpy(t.s + n, text[n] != '\0' ? "..." : "\0\0\0", 4);
    return t;
}

static const char *kind(const json_t *j)
{
    switch (json_typeof(j)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
        return "an integer";
    case JSON_REAL:
        return "a number with fraction or exponent";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a boolean";
    case JSON_NULL:
        return "null";
    }
    return "unknown";
}

ratls_code load_wrong_kind(const loader *l, const json_t *found, const char *at,
                           const char *expected)
{
    return refuse(l->e, RATLS_E_MALFORMED, 0, "policy: %s is %s, expected %s", at, kind(found),
                  expected);
}

ratls_code load_out_of_memory(const loader *l)
{
    return refuse(l->e, RATLS_E_SYSTEM, 0, "policy: out of memory");
}

static void put(loader *l, bytes value)
{
    assert(value.n <= (size_t)(l->end - l->next));
    memcpy(l->next, value.p, value.n);
    l->next += value.n;
}

#define KEY_LENGTH_MAX 24

/* Levenshtein's distance of two names; KEY_LENGTH_MAX if one is too long to be a key. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[KEY_LENGTH_MAX + 1];
    size_t n = strlen(a), m = strlen(b);
    if (n > KEY_LENGTH_MAX || m > KEY_LENGTH_MAX)
        return KEY_LENGTH_MAX;
    for (unsigned j = 0; j <= m; j++)
        row[j] = j;
    for (unsigned i = 1; i <= n; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= m; j++) {
            unsigned best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[m];
}

static ratls_code unknown_key(const loader *l, const char *at, const char *name,
                              const char *const *known)
{
    const char *nearest = NULL;
    unsigned least = 3; /* two letters wrong, or two exchanged */
    for (size_t i = 0; known[i] != NULL; i++) {
        unsigned d = distance(name, known[i]);
        if (d < least) {
            least = d;
            nearest = known[i];
        }
    }
    return refuse(l->e, RATLS_E_MALFORMED, 0, "policy: %s has the unknown key \"%s\"%s%s%s", at,
                  load_show(name).s, nearest != NULL ? "; did you mean \"" : "",
                  nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "");
}

ratls_code load_check_keys(const loader *l, json_t *object, const char *at,
                           const char *const *known)
{
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        size_t i = 0;
        while (known[i] != NULL && !bytes_is(bytes_text(name), known[i]))
            i++;
        if (known[i] == NULL)
            return unknown_key(l, at, name, known);
    }
    return RATLS_OK;
}

ratls_code load_comment(const loader *l, const json_t *object, const char *at)
{
    const json_t *comment = json_object_get(object, "comment");
    if (comment != NULL && !json_is_string(comment))
        return load_wrong_kind(l, comment, at, "a string");
    return RATLS_OK;
}

ratls_code load_integer(const loader *l, const json_t *j, const char *at, uint32_t max,
                        uint32_t *out)
{
    if (!json_is_integer(j))
        return load_wrong_kind(l, j, at, "an integer");
    json_int_t v = json_integer_value(j);
    if (v < 0 || v > max)
        return refuse(l->e, RATLS_E_MALFORMED, 0,
                      "policy: %s is %" JSON_INTEGER_FORMAT ", expected 0 to %lu", at, v,
                      (unsigned long)max);
    *out = (uint32_t)v;
    return RATLS_OK;
}

ratls_code load_hex(const loader *l, const json_t *j, const char *at, size_t width, uint8_t *out)
{
    if (!json_is_string(j))
        return load_wrong_kind(l, j, at, "a string of hex digits");
    bytes text = bytes_of(json_string_value(j), json_string_length(j));
    if (text.n != 2 * width)
        return refuse(l->e, RATLS_E_MALFORMED, 0,
                      "policy: %s has %zu characters, expected %zu hex digits", at, text.n,
                      2 * width);
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] >= 'A' && text.p[i] <= 'F')
            return refuse(l->e, RATLS_E_MALFORMED, 0,
                          "policy: %s has the upper-case digit %c, expected lower-case hex", at,
                          text.p[i]);
        if (hex_digit(text.p[i]) < 0)
            return refuse(l->e, RATLS_E_MALFORMED, 0,
                          "policy: %s is \"%s\", expected %zu hex digits", at,
                          load_show(json_string_value(j)).s, 2 * width);
    }
    bool decoded = hex_decode(text, out, width);
    assert(decoded);
    (void)decoded;
    return RATLS_OK;
}

/* In Intel's spelling only: another one would never be met, so a denied advisory would pass. */
static ratls_code check_advisory(const loader *l, const json_t *j, const char *at)
{
    if (!json_is_string(j))
        return load_wrong_kind(l, j, at, "the name of an advisory");
    bytes text = bytes_of(json_string_value(j), json_string_length(j));
    bool good = text.n > 0 && text.n < RATLS_ADVISORY_SIZE;
    for (size_t i = 0; good && i < text.n; i++)
        good = (text.p[i] >= 'A' && text.p[i] <= 'Z') || (text.p[i] >= '0' && text.p[i] <= '9') ||
               text.p[i] == '-';
    if (!good)
        return refuse(l->e, RATLS_E_MALFORMED, 0,
                      "policy: %s is \"%s\", expected an advisory as Intel spells it, e.g. "
                      "INTEL-SA-00615",
                      at, load_show(json_string_value(j)).s);
    return RATLS_OK;
}

#define VALUE_WIDTH_MAX 64

/* Reads one element; *text is its canonical text, which tells values apart. */
static ratls_code read_element(loader *l, const json_t *j, const char *at, element type,
                               size_t width, place *number, const char **text)
{
    uint8_t value[VALUE_WIDTH_MAX];
    uint32_t v = 0;
    ratls_code code = RATLS_E_MALFORMED;
    assert(width <= sizeof value);
    switch (type) {
    case ELEMENT_HEX:
        code = load_hex(l, j, at, width, value);
        break;
    case ELEMENT_INTEGER:
        code = load_integer(l, j, at, UINT16_MAX, &v);
        value[0] = (uint8_t)v;
        value[1] = (uint8_t)(v >> 8);
        break;
    case ELEMENT_ADVISORY:
        code = check_advisory(l, j, at);
        break;
    }
    if (code != RATLS_OK)
        return code;
    if (type == ELEMENT_INTEGER) {
        (void)snprintf(number->s, sizeof number->s, "%lu", (unsigned long)v);
        *text = number->s;
    } else {
        *text = json_string_value(j);
    }
    put(l, type == ELEMENT_ADVISORY ? bytes_of(*text, strlen(*text) + 1) : bytes_of(value, width));
    return RATLS_OK;
}

ratls_code load_check_list(const loader *l, const json_t *list, const char *at)
{
    if (!json_is_array(list))
        return load_wrong_kind(l, list, at, "a list");
    if (json_array_size(list) > POLICY_VALUES_MAX)
        return refuse(l->e, RATLS_E_LIMIT, 0, "policy: %s has %zu values, at most %d are read", at,
                      json_array_size(list), POLICY_VALUES_MAX);
    return RATLS_OK;
}

ratls_code load_twice(const loader *l, const char *at, const char *text)
{
    return refuse(l->e, RATLS_E_MALFORMED, 0, "policy: %s names %s twice", at, text);
}

ratls_code load_list(loader *l, const json_t *list, const char *at, element type, size_t width,
                     policy_values *out)
{
    ratls_code code = load_check_list(l, list, at);
    if (code != RATLS_OK)
        return code;
    out->given = true;
    out->p = l->next;
    out->n = json_array_size(list);
    json_t *seen = json_object();
    if (seen == NULL)
        return load_out_of_memory(l);
    for (size_t i = 0; i < out->n && code == RATLS_OK; i++) {
        place number;
        const char *text = NULL;
        code = read_element(l, json_array_get(list, i), load_element(at, i).s, type, width, &number,
                            &text);
        if (code == RATLS_OK && json_object_get(seen, text) != NULL)
            code = load_twice(l, at, text);
        else if (code == RATLS_OK && json_object_set_new(seen, text, json_true()) != 0)
            code = load_out_of_memory(l);
    }
    json_decref(seen);
    return code;
}

ratls_code load_masked(loader *l, json_t *object, const char *at, size_t width, policy_values *out)
{
    static const char *const known[] = {"value", "mask", NULL};
    uint8_t both[2 * VALUE_WIDTH_MAX];
    if (!json_is_object(object))
        return load_wrong_kind(l, object, at, "an object with \"value\" and \"mask\"");
    ratls_code code = load_check_keys(l, object, at, known);
    for (size_t i = 0; i < 2 && code == RATLS_OK; i++) {
        const json_t *j = json_object_get(object, known[i]);
        if (j == NULL)
            return refuse(l->e, RATLS_E_MALFORMED, 0, "policy: %s lacks \"%s\"", at, known[i]);
        code = load_hex(l, j, load_member(at, known[i]).s, width, both + i * width);
    }
    if (code != RATLS_OK)
        return code;
    for (size_t i = 0; i < width; i++)
        if ((both[i] & ~both[width + i]) != 0)
            return refuse(l->e, RATLS_E_MALFORMED, 0,
                          "policy: %s.value has bits in byte %zu that its mask leaves out: "
                          "nothing could match",
                          at, i);
    *out = (policy_values){.given = true, .masked = true, .n = 1, .p = l->next};
    put(l, bytes_of(both, 2 * width));
    return RATLS_OK;
}

ratls_code load_minimum(loader *l, const json_t *j, const char *at, policy_values *out)
{
    uint32_t v = 0;
    ratls_code code = load_integer(l, j, at, UINT16_MAX, &v);
    if (code != RATLS_OK)
        return code;
    /* The text may be one digit long, but an integer also has its key's quotes. */
    *out = (policy_values){.given = true, .n = 1, .p = l->next};
    put(l, bytes_of((const uint8_t[]){(uint8_t)v, (uint8_t)(v >> 8)}, 2));
    return RATLS_OK;
}
