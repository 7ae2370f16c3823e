/* Judges attested facts by a policy; the rules are in ratls-policy(5). */
#include "appraise/appraise.h"

#include <assert.h>
#include <stdio.h>

#include "appraise/policy_internal.h"
#include "base/hex.h"
#include "base/time.h"
#include "evidence/sgx_report.h"

/* An entry of accept, measured by what does not match. */
typedef struct match {
    const policy_entry *entry; /* NULL: no entry names the TEE */
    size_t index;
    unsigned identity_misses, attribute_misses, open;
} match;

static bool in_list(const policy_values *list, bytes fact)
{
    bool found = false;
    for (size_t i = 0; i < list->n; i++)
        found |= bytes_equal_ct(bytes_of(list->p + i * fact.n, fact.n), fact);
    return found;
}

static bool under_mask(const policy_values *masked, bytes fact)
{
    unsigned differ = 0;
    for (size_t i = 0; i < fact.n; i++)
        differ |= (unsigned)(fact.p[i] & masked->p[fact.n + i]) ^ masked->p[i];
    return differ == 0;
}

static unsigned le16(const uint8_t *p)
{
    return p[0] | (unsigned)p[1] << 8;
}

/* The default bits of attributes are judged apart, see sgx_fault and td_fault. */
static bool key_matches(const policy_entry *entry, size_t id, const ratls_facts *facts)
{
    uint8_t number[4];
    const policy_values *values = &entry->keys[id];
    bytes fact = policy_fact(&policy_keys[id], facts, number);
    if (!values->given) /* a bound service TD has power over this one: accepted by name only */
        return id != POLICY_MRSERVICETD || bytes_all_zero(fact);
    if (values->masked)
        return under_mask(values, fact);
    if (policy_keys[id].form == FORM_MINIMUM)
        return le16(fact.p) >= le16(values->p);
    return in_list(values, fact);
}

/* The bits that a key's mask leaves to the default rules. */
static uint64_t unmasked(const policy_values *masked, const uint8_t bits[8], size_t width)
{
    uint64_t left = 0;
    for (size_t i = 0; i < 8; i++) {
        uint8_t mask = masked->given ? masked->p[width + i] : 0;
        left |= (uint64_t)(uint8_t)(bits[i] & ~mask) << 8 * i;
    }
    return left;
}

/* What is wrong with SGX attributes that the entry does not name; NULL if nothing. */
static const char *sgx_fault(const policy_entry *entry, const ratls_sgx_facts *sgx)
{
    static const uint8_t all[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    const policy_values *masked = &entry->keys[POLICY_ATTRIBUTES];
    uint64_t judged = unmasked(masked, all, sizeof sgx->attributes);
    uint64_t set = unmasked(masked, sgx->attributes, sizeof sgx->attributes);
    uint64_t clear = judged & ~set;
    if ((clear & SGX_ATTRIBUTE_INIT) != 0)
        return "INIT clear";
    if ((clear & SGX_ATTRIBUTE_MODE64) != 0)
        return "MODE64 clear";
    if ((set & SGX_ATTRIBUTE_PROVISION_KEY) != 0)
        return "PROVISION_KEY set";
    if ((set & SGX_ATTRIBUTE_EINITTOKEN_KEY) != 0)
        return "EINITTOKEN_KEY set";
    return NULL;
}

/* The TUD group, which makes a TD a debug TD, is judged by insecure_allow_debug. Of the rest, these
 * do not weaken a TD: LASS, SEPT_VE_DISABLE, PKS, KL, PERFMON [TDX module ABI, ATTRIBUTES]. */
#define TD_TUD      UINT64_C(0xff)
#define TD_HARMLESS (1U << 27 | 1U << 28 | 1U << 30 | 1U << 31 | UINT64_C(1) << 63)

/* The lowest TD attribute bit that is set though neither known nor named; -1 if none. */
static int td_fault(const policy_entry *entry, const ratls_tdx_facts *tdx)
{
    uint64_t set = unmasked(&entry->keys[POLICY_TD_ATTRIBUTES], tdx->td_attributes,
                            sizeof tdx->td_attributes) &
                   ~(TD_TUD | TD_HARMLESS);
    for (int bit = 0; bit < 64; bit++)
        if ((set >> bit & 1) != 0)
            return bit;
    return -1;
}

static bool default_fault(const policy_entry *entry, const ratls_facts *facts)
{
    return facts->tee == RATLS_TEE_SGX ? sgx_fault(entry, &facts->sgx) != NULL
                                       : td_fault(entry, &facts->tdx) >= 0;
}

static match measure(const policy_entry *entry, size_t index, const ratls_facts *facts)
{
    match m = {.entry = entry, .index = index};
    for (size_t id = 0; id < POLICY_KEY_COUNT; id++) {
        m.open += entry->open >> id & 1;
        if (policy_keys[id].tee != facts->tee || key_matches(entry, id, facts))
            continue;
        if (policy_keys[id].is_attribute)
            m.attribute_misses++;
        else
            m.identity_misses++;
    }
    m.attribute_misses += default_fault(entry, facts);
    return m;
}

static bool closer(const match *a, const match *b)
{
    if (b->entry == NULL || a->identity_misses != b->identity_misses)
        return b->entry == NULL || a->identity_misses < b->identity_misses;
    if (a->attribute_misses != b->attribute_misses)
        return a->attribute_misses < b->attribute_misses;
    return a->open < b->open;
}

/* The entry that matches whole and leaves least open; if none does, the one closest to it. */
static match best_match(const policy *p, const ratls_facts *facts)
{
    match best = {.entry = NULL};
    for (size_t i = 0; i < p->accept_n; i++) {
        if (p->accept[i].tee != facts->tee)
            continue;
        match m = measure(&p->accept[i], i, facts);
        if (closer(&m, &best))
            best = m;
    }
    return best;
}

/* Up to 48 bytes whole, so that both digests of a sentence can be told apart. */
typedef struct digits {
    char s[2 * 48 + 4];
} digits;

static digits digits_of(bytes b)
{
    digits d;
    size_t n = b.n < 48 ? b.n : 48;
    hex_encode(bytes_of(b.p, n), d.s);
    memcpy(d.s + 2 * n, n < b.n ? "..." : "\0\0\0", 4);
    return d;
}

static ratls_code fail_key(check_list *checks, check_id check, const match *m, size_t id,
                           const ratls_facts *facts)
{
    uint8_t number[4];
    const policy_key *key = &policy_keys[id];
    const policy_values *values = &m->entry->keys[id];
    bytes fact = policy_fact(key, facts, number);
    if (!values->given)
        return check_fail(checks, check, RATLS_E_POLICY,
                          "policy: %s %s is not zero, and accept[%zu] does not name it", key->label,
                          digits_of(fact).s, m->index);
    if (values->masked)
        return check_fail(checks, check, RATLS_E_POLICY,
                          "policy: %s %s, accept[%zu] expects %s under mask %s", key->label,
                          digits_of(fact).s, m->index, digits_of(bytes_of(values->p, fact.n)).s,
                          digits_of(bytes_of(values->p + fact.n, fact.n)).s);
    if (key->form == FORM_MINIMUM)
        return check_fail(checks, check, RATLS_E_POLICY,
                          "policy: %s %u, accept[%zu] expects at least %u", key->label,
                          le16(fact.p), m->index, le16(values->p));
    if (key->form == FORM_INTEGERS)
        return check_fail(checks, check, RATLS_E_POLICY,
                          "policy: %s %u is not among the %zu that accept[%zu] allows", key->label,
                          le16(fact.p), values->n, m->index);
    if (values->n == 1 && fact.n <= 48)
        return check_fail(checks, check, RATLS_E_POLICY, "policy: %s %s, accept[%zu] expects %s",
                          key->label, digits_of(fact).s, m->index,
                          digits_of(bytes_of(values->p, fact.n)).s);
    return check_fail(checks, check, RATLS_E_POLICY,
                      "policy: %s %s is not among the %zu that accept[%zu] allows", key->label,
                      digits_of(fact).s, values->n, m->index);
}

/* Fails the check by the first key of its kind that does not match. */
static ratls_code fail_first(check_list *checks, check_id check, const match *m,
                             const ratls_facts *facts)
{
    for (size_t id = 0; id < POLICY_KEY_COUNT; id++)
        if (policy_keys[id].tee == facts->tee &&
            policy_keys[id].is_attribute == (check == CHECK_POLICY_ATTRIBUTES) &&
            !key_matches(m->entry, id, facts))
            return fail_key(checks, check, m, id, facts);
    return RATLS_OK;
}

static void judge_identity(check_list *checks, const match *m, const ratls_facts *facts)
{
    if (facts->tee != RATLS_TEE_SGX && facts->tee != RATLS_TEE_TDX) {
        (void)check_fail(checks, CHECK_POLICY_IDENTITY, RATLS_E_POLICY,
                         "policy: no TEE is attested");
    } else if (m->entry == NULL) {
        (void)check_fail(checks, CHECK_POLICY_IDENTITY, RATLS_E_POLICY,
                         "policy: no entry accepts %s",
                         facts->tee == RATLS_TEE_SGX ? "SGX" : "TDX");
    } else if (m->identity_misses == 0) {
        check_passf(checks, CHECK_POLICY_IDENTITY, "accept[%zu] names this identity", m->index);
    } else {
        (void)fail_first(checks, CHECK_POLICY_IDENTITY, m, facts);
    }
}

static void judge_attributes(check_list *checks, const match *m, const ratls_facts *facts)
{
    if (m->entry == NULL) {
        check_skip(checks, CHECK_POLICY_ATTRIBUTES, "no entry accepts this TEE");
        return;
    }
    if (m->attribute_misses == 0) {
        check_pass(checks, CHECK_POLICY_ATTRIBUTES, "the attributes are as accepted");
        return;
    }
    if (fail_first(checks, CHECK_POLICY_ATTRIBUTES, m, facts) != RATLS_OK)
        return;
    if (facts->tee == RATLS_TEE_SGX)
        (void)check_fail(
            checks, CHECK_POLICY_ATTRIBUTES, RATLS_E_POLICY,
            "policy: ATTRIBUTES %s has %s, which the mask of accept[%zu] does not name",
            HEX(bytes_of(facts->sgx.attributes, sizeof facts->sgx.attributes)),
            sgx_fault(m->entry, &facts->sgx), m->index);
    else
        (void)check_fail(
            checks, CHECK_POLICY_ATTRIBUTES, RATLS_E_POLICY,
            "policy: TD_ATTRIBUTES %s has bit %d set, which the mask of accept[%zu] does not name",
            HEX(bytes_of(facts->tdx.td_attributes, sizeof facts->tdx.td_attributes)),
            td_fault(m->entry, &facts->tdx), m->index);
}

static bool is_debug(const ratls_facts *facts)
{
    return facts->debug ||
           (facts->tee == RATLS_TEE_SGX && (facts->sgx.attributes[0] & SGX_ATTRIBUTE_DEBUG) != 0) ||
           (facts->tee == RATLS_TEE_TDX && (facts->tdx.td_attributes[0] & TD_TUD) != 0);
}

static void judge_debug(check_list *checks, const policy *p, const ratls_facts *facts)
{
    if (!is_debug(facts))
        check_pass(checks, CHECK_POLICY_DEBUG, "debug is off");
    else if (p->insecure_allow_debug)
        check_pass(checks, CHECK_POLICY_DEBUG,
                   "debug is on, its host can read all of it; insecure_allow_debug accepts that");
    else
        (void)check_fail(checks, CHECK_POLICY_DEBUG, RATLS_E_POLICY,
                         "policy: debug is on, so its host can read all of it; only "
                         "insecure_allow_debug accepts that");
}

/* Names, separated by commas, of the statuses in the set. */
static void status_names(uint32_t set, char *out, size_t cap)
{
    size_t n = 0;
    out[0] = '\0';
    for (unsigned s = RATLS_TCB_UP_TO_DATE;
         s <= RATLS_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED && n < cap; s++) {
        if ((set & BIT(s)) == 0)
            continue;
        int written = snprintf(out + n, cap - n, "%s%s", n > 0 ? ", " : "",
                               ratls_tcb_status_name((ratls_tcb_status)s));
        n += written > 0 ? (size_t)written : 0;
    }
}

static void judge_status(check_list *checks, const policy *p, const ratls_facts *facts)
{
    const char *name = ratls_tcb_status_name(facts->tcb_status);
    char allowed[RATLS_TEXT_SIZE];
    if (name == NULL) {
        (void)check_fail(checks, CHECK_POLICY_TCB_STATUS, RATLS_E_POLICY,
                         "policy: no TCB status was determined");
    } else if (facts->tcb_status == RATLS_TCB_REVOKED) {
        (void)check_fail(checks, CHECK_POLICY_TCB_STATUS, RATLS_E_REVOKED,
                         "policy: TCB status Revoked, which no policy accepts");
    } else if ((p->allow_status & BIT(facts->tcb_status)) != 0) {
        check_passf(checks, CHECK_POLICY_TCB_STATUS, "%s is allowed", name);
    } else {
        status_names(p->allow_status, allowed, sizeof allowed);
        (void)check_fail(checks, CHECK_POLICY_TCB_STATUS, RATLS_E_POLICY,
                         "policy: TCB status %s, allowed: %.180s", name, allowed);
    }
}

static bool lists_advisory(const policy_values *list, const char *advisory)
{
    const char *at = (const char *)list->p;
    for (size_t i = 0; i < list->n; i++, at += strlen(at) + 1)
        if (bytes_is(bytes_text(advisory), at))
            return true;
    return false;
}

static void judge_advisories(check_list *checks, const policy *p, const ratls_facts *facts)
{
    assert(facts->advisories_n <= RATLS_ADVISORIES_MAX);
    for (size_t i = 0; i < facts->advisories_n; i++) {
        const char *advisory = facts->advisories[i];
        if (lists_advisory(&p->deny_advisories, advisory)) {
            (void)check_fail(checks, CHECK_POLICY_ADVISORIES, RATLS_E_POLICY,
                             "policy: %s applies to this platform and is denied", advisory);
            return;
        }
        if (p->allow_advisories.given && !lists_advisory(&p->allow_advisories, advisory)) {
            (void)check_fail(checks, CHECK_POLICY_ADVISORIES, RATLS_E_POLICY,
                             "policy: %s applies to this platform and is not among the %zu allowed",
                             advisory, p->allow_advisories.n);
            return;
        }
    }
    if (facts->advisories_n == 0)
        check_pass(checks, CHECK_POLICY_ADVISORIES, "no advisory applies");
    else
        check_passf(checks, CHECK_POLICY_ADVISORIES, "none of the %zu advisories is refused",
                    facts->advisories_n);
}

static void judge_evaluation(check_list *checks, const policy *p, const ratls_facts *facts)
{
    if (facts->evaluation_number >= p->min_evaluation_number)
        check_pass(checks, CHECK_POLICY_EVALUATION, "the collateral is recent enough");
    else
        (void)check_fail(checks, CHECK_POLICY_EVALUATION, RATLS_E_POLICY,
                         "policy: tcbEvaluationDataNumber %lu, expected at least %lu",
                         (unsigned long)facts->evaluation_number,
                         (unsigned long)p->min_evaluation_number);
}

static void judge_expiry(check_list *checks, const policy *p, const ratls_facts *facts,
                         int64_t time)
{
    const int64_t end = facts->earliest_expiration;
    if (!facts->collateral_expired) {
        check_pass(checks, CHECK_POLICY_EXPIRY, "all collateral is within its dates");
    } else if (facts->crl_not_yet) {
        (void)check_fail(checks, CHECK_POLICY_EXPIRY, RATLS_E_STALE,
                         "policy: a CRL's thisUpdate lies ahead, which no grace covers");
    } else if (end == 0 || time < end) {
        (void)check_fail(checks, CHECK_POLICY_EXPIRY, RATLS_E_STALE,
                         "policy: collateral is outside its dates, and since when is not known");
    } else {
        uint64_t overdue = (uint64_t)time - (uint64_t)end;
        if (p->expired_grace_seconds > 0 && overdue <= p->expired_grace_seconds)
            check_passf(checks, CHECK_POLICY_EXPIRY,
                        "collateral expired at %s, %llu s ago, within the grace of %lu s", ISO(end),
                        (unsigned long long)overdue, (unsigned long)p->expired_grace_seconds);
        else
            (void)check_fail(
                checks, CHECK_POLICY_EXPIRY, RATLS_E_STALE,
                "policy: collateral expired at %s, %llu s ago; expired_grace_seconds is %lu",
                ISO(end), (unsigned long long)overdue, (unsigned long)p->expired_grace_seconds);
    }
}

static void judge_platform(check_list *checks, const policy *p, const ratls_facts *facts)
{
    bytes ppid = bytes_of(facts->pck.ppid, sizeof facts->pck.ppid);
    bytes fmspc = bytes_of(facts->pck.fmspc, sizeof facts->pck.fmspc);
    if (!p->allow_ppid.given && !p->allow_fmspc.given)
        check_pass(checks, CHECK_POLICY_PLATFORM, "every platform is allowed");
    else if (!facts->has_pck)
        (void)check_fail(checks, CHECK_POLICY_PLATFORM, RATLS_E_POLICY,
                         "policy: the platform is not known, only named ones are allowed");
    else if (p->allow_ppid.given && !in_list(&p->allow_ppid, ppid))
        (void)check_fail(checks, CHECK_POLICY_PLATFORM, RATLS_E_POLICY,
                         "policy: PPID %s is not among the %zu allowed", HEX(ppid),
                         p->allow_ppid.n);
    else if (p->allow_fmspc.given && !in_list(&p->allow_fmspc, fmspc))
        (void)check_fail(checks, CHECK_POLICY_PLATFORM, RATLS_E_POLICY,
                         "policy: FMSPC %s is not among the %zu allowed", HEX(fmspc),
                         p->allow_fmspc.n);
    else
        check_pass(checks, CHECK_POLICY_PLATFORM, "the platform is among those allowed");
}

static void name_insecure(insecure_list *insecure, const policy *p, const match *m)
{
    if (p->insecure_allow_debug)
        insecure->names[insecure->n++] = "insecure_allow_debug";
    if (p->insecure_stapled_crls)
        insecure->names[insecure->n++] = "insecure_stapled_crls";
    if (m->entry == NULL || m->identity_misses > 0 || m->attribute_misses > 0)
        return;
    for (size_t id = 0; id < POLICY_KEY_COUNT && insecure->n < INSECURE_MAX; id++)
        if ((m->entry->open & BIT(id)) != 0)
            insecure->names[insecure->n++] = policy_keys[id].open;
}

ratls_code appraise(const policy *p, const ratls_facts *facts, int64_t time, check_list *checks,
                    insecure_list *insecure)
{
    insecure->n = 0;
    if (p == NULL) {
        for (check_id id = CHECK_POLICY_IDENTITY; id <= CHECK_POLICY_PLATFORM; id++)
            check_skip(checks, id, "there is no policy");
        return check_fail(checks, CHECK_POLICY_PRESENT, RATLS_E_MISSING,
                          "policy: there is none, so nothing is accepted");
    }
    check_pass(checks, CHECK_POLICY_PRESENT, "a policy is set");
    match best = best_match(p, facts);
    judge_identity(checks, &best, facts);
    judge_attributes(checks, &best, facts);
    judge_debug(checks, p, facts);
    judge_status(checks, p, facts);
    judge_advisories(checks, p, facts);
    judge_evaluation(checks, p, facts);
    judge_expiry(checks, p, facts, time);
    judge_platform(checks, p, facts);
    name_insecure(insecure, p, &best);
    for (check_id id = CHECK_POLICY_PRESENT; id <= CHECK_POLICY_PLATFORM; id++)
        if (checks->all[id].verdict == RATLS_FAILED)
            return checks->all[id].code;
    return RATLS_OK;
}
