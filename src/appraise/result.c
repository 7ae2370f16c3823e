#include "appraise/result.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

ratls_result *ratls_result_new(void)
{
    ratls_result *r = malloc(sizeof *r);
    if (r != NULL)
        result_reset(r);
    return r;
}

void ratls_result_free(ratls_result **result)
{
    if (result == NULL)
        return;
    free(*result);
    *result = NULL;
}

void result_reset(ratls_result *r)
{
    memset(r, 0, sizeof *r);
    checks_init(&r->checks);
}

void result_bind(ratls_result *r, ratls_binding level, const char *by)
{
    r->binding = level;
    r->binding_by = by;
}

void result_add_claim(ratls_result *r, ratls_bytes name, ratls_bytes value)
{
    if (r->claims_n == RATLS_CLAIMS_MAX)
        return;
    ratls_claim *c = &r->claims[r->claims_n++];
    size_t name_n = name.n < sizeof c->name ? name.n : sizeof c->name - 1;
    size_t value_n = value.n < sizeof c->value ? value.n : sizeof c->value;
    /* Printable ASCII only, so that no two names of the peer look alike by what is invisible. */
    for (size_t i = 0; i < name_n; i++)
        c->name[i] = name.p[i] > 0x20 && name.p[i] < 0x7f ? (char)name.p[i] : '?';
    c->name[name_n] = '\0';
    if (value_n > 0)
        memcpy(c->value, value.p, value_n);
    c->value_n = value.n;
}

bool ratls_result_accepted(const ratls_result *result)
{
    return result->accepted;
}

bool ratls_result_evidence_valid(const ratls_result *result)
{
    return result->evidence_valid;
}

const ratls_check *ratls_result_failure(const ratls_result *result)
{
    return checks_failure(&result->checks);
}

const ratls_check *ratls_result_checks(const ratls_result *result, size_t *n)
{
    *n = CHECK_COUNT;
    return result->checks.all;
}

const ratls_facts *ratls_result_facts(const ratls_result *result)
{
    return &result->facts;
}

const ratls_claim *ratls_result_claims(const ratls_result *result, size_t *n)
{
    *n = result->claims_n;
    return result->claims;
}

const char *ratls_result_scheme(const ratls_result *result)
{
    return result->scheme;
}

const char *ratls_result_binding_level(const ratls_result *result)
{
    return ratls_binding_name(result->binding);
}

const char *ratls_result_binding_by(const ratls_result *result)
{
    return result->binding_by;
}

int64_t ratls_result_time(const ratls_result *result)
{
    return result->time;
}

const char *ratls_result_binding_hash(const ratls_result *result)
{
    return result->binding_hash;
}

const char *const *ratls_result_insecure(const ratls_result *result, size_t *n)
{
    *n = result->insecure.n;
    return result->insecure.names;
}

const char *ratls_origin_name(ratls_origin origin)
{
    return origin == RATLS_ORIGIN_HELD      ? "held"
           : origin == RATLS_ORIGIN_STAPLED ? "stapled"
                                            : "none";
}

const char *ratls_binding_name(ratls_binding binding)
{
    static const char *const names[] = {[RATLS_BINDING_NONE] = NULL,
                                        [RATLS_BINDING_KEY] = "key",
                                        [RATLS_BINDING_NONCE] = "nonce",
                                        [RATLS_BINDING_SESSION] = "session"};
    return (unsigned)binding < sizeof names / sizeof *names ? names[binding] : NULL;
}

const char *ratls_result_identity(const ratls_result *result)
{
    const peer_identity *p = &result->identity;
    return p->ca && p->platform ? "ca and platform"
           : p->ca              ? "ca"
           : p->platform        ? "platform"
                                : "none";
}
