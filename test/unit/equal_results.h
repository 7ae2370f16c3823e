#ifndef UNIT_EQUAL_RESULTS_H
#define UNIT_EQUAL_RESULTS_H

#include <string.h>

#include "appraise/result.h"
#include "base/bytes.h"

static inline const char *or_none(const char *text)
{
    return text != NULL ? text : "none";
}

/* Fails unless two results are the same to the last byte and word. Include testing.h first. */
static inline void must_equal(const char *name, const ratls_result *a, const ratls_result *b)
{
    for (size_t i = 0; i < CHECK_COUNT; i++) {
        const ratls_check *x = &a->checks.all[i], *y = &b->checks.all[i];
        if (x->verdict != y->verdict || x->code != y->code || strcmp(x->text, y->text) != 0)
            fail_msg("%s: %s: \"%s\", without memo \"%s\"", name, x->id, x->text, y->text);
    }
    if (!bytes_equal(bytes_of(&a->facts, sizeof a->facts), bytes_of(&b->facts, sizeof b->facts)))
        fail_msg("%s: other facts than without memo", name);
    assert_int_equal(a->evidence_valid, b->evidence_valid);
    assert_int_equal(a->accepted, b->accepted);
    assert_string_equal(or_none(a->scheme), or_none(b->scheme));
    assert_int_equal(a->binding, b->binding);
    assert_string_equal(or_none(a->binding_by), or_none(b->binding_by));
    assert_string_equal(or_none(a->binding_hash), or_none(b->binding_hash));
    assert_true(a->time == b->time);
    assert_true(a->identity.ca == b->identity.ca && a->identity.platform == b->identity.platform);
    assert_int_equal(a->claims_n, b->claims_n);
    assert_int_equal(a->insecure.n, b->insecure.n);
}

#endif
