#include "base/time.h"
#include "ratls/verify.h"
#include "words.h"

/* Makers of test/cases/hostile-collateral.txt. In texts of rows @ stands for a blank. */
static bytes text_of(const char *word)
{
    uint8_t *out = arena_alloc(strlen(word) + 1);
    for (size_t i = 0; word[i] != '\0'; i++)
        out[i] = word[i] == '@' ? ' ' : (uint8_t)word[i];
    return bytes_of(out, strlen(word));
}

/* A body in place of the right one, signed by the TCB signing key or under the old signature. */
static hostile_case with_body(const vendor *v, const char *which, bytes body, bool sign)
{
    collateral_set c = vendor_collateral(v);
    *body_of(&c, which) = body;
    if (sign)
        *signature_of(&c, which) = sign_raw(v->tcb_signer.key, body);
    return with_set(v, &c);
}

static bytes right_body(const vendor *v, const char *which)
{
    collateral_set c = vendor_collateral(v);
    return *body_of(&c, which);
}

/* "world body from to": replaced in the JSON. */
static hostile_case edited(const hostile_maker *m, bool sign)
{
    vendor v = world_of(m->text);
    const char *which = word_of(m->text, 1);
    v.tcb_info.fmspc[0] ^= (uint8_t)m->number;
    bytes body = bytes_replaced(right_body(&v, which), text_of(word_of(m->text, 2)),
                                text_of(word_of(m->text, 3)));
    return with_body(&v, which, body, sign);
}

static hostile_case edit(const hostile_maker *m)
{
    return edited(m, true);
}

static hostile_case unsigned_edit(const hostile_maker *m)
{
    return edited(m, false);
}

/* "world body hex signed|unsigned" */
static hostile_case appended(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    const char *which = word_of(m->text, 1);
    bytes body = join(right_body(&v, which), bytes_from_hex(word_of(m->text, 2)));
    return with_body(&v, which, body, word_of(m->text, 3)[0] == 's');
}

static hostile_case shortened(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    const char *which = word_of(m->text, 1);
    bytes body = right_body(&v, which);
    return with_body(&v, which, bytes_cut(body, body.n - 1), true);
}

/* "world body field date" */
static hostile_case date_form(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    const char *which = word_of(m->text, 1), *field = word_of(m->text, 2);
    int64_t date = field[0] == 'i' ? v.tcb_info.issue_date : v.tcb_info.next_update;
    bytes from = arena_format("\"%s\":\"%s\"", field, ISO(date));
    bytes to = join(bytes_text("\""), bytes_text(field), bytes_text("\":\""),
                    text_of(word_of(m->text, 3)), bytes_text("\""));
    return with_body(&v, which, bytes_replaced(right_body(&v, which), from, to), true);
}

static void without_modules(tcb_info_spec *s)
{
    s->has_module = s->has_identities = s->tdx_components = false;
}

static void reverse_levels(tcb_info_spec *s)
{
    for (size_t i = 0; i < s->n / 2; i++) {
        tcb_level kept = s->levels[i];
        s->levels[i] = s->levels[s->n - 1 - i];
        s->levels[s->n - 1 - i] = kept;
    }
}

static void swap_levels(isv_level *levels)
{
    isv_level kept = levels[0];
    levels[0] = levels[1];
    levels[1] = kept;
}

/* "world what": a field of what is served, signed so. */
static hostile_case spec(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    tcb_info_spec *s = &v.tcb_info;
    const char *what = word_of(m->text, 1);
    bytes in_order = right_body(&v, "tcb");
    if (strcmp(what, "fmspc") == 0)
        s->fmspc[5] ^= 1;
    else if (strcmp(what, "pceid") == 0)
        s->pce_id[1] ^= 1;
    else if (strcmp(what, "pck-fmspc") == 0)
        v.pck_ext.fmspc[5] ^= 1;
    else if (strcmp(what, "of-sgx") == 0 || strcmp(what, "v2") == 0 || strcmp(what, "v2-id") == 0) {
        s->id = strcmp(what, "v2-id") == 0 ? "TDX" : what[0] == 'v' ? NULL : "SGX";
        s->version = what[0] == 'v' ? 2 : 3;
        without_modules(s);
    } else if (strcmp(what, "of-tdx") == 0) {
        s->id = "TDX";
        s->has_module = s->tdx_components = true;
    } else if (strcmp(what, "alike") == 0) {
        memcpy(s->levels[1].sgx, s->levels[0].sgx, 16);
        s->levels[1].pcesvn = s->levels[0].pcesvn;
    } else if (strcmp(what, "qe-reversed") == 0) {
        swap_levels(v.qe_identity.levels);
    } else if (strcmp(what, "module-reversed") == 0) {
        swap_levels(s->identities[1].levels);
    } else {
        reverse_levels(s);
    }
    if (strcmp(what, "reversed-unsigned") != 0)
        return world_quote(&v);
    collateral_set c = vendor_collateral(&v);
    c.tcb_info_signature = sign_raw(v.tcb_signer.key, in_order);
    return with_set(&v, &c);
}

static hostile_case none(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    hostile_case c = world_quote(&v);
    c.collateral = BYTES_NONE;
    return c;
}

#define STATUSES                                                                                   \
    "UpToDate\", \"SWHardeningNeeded\", \"ConfigurationNeeded\", "                                 \
    "\"ConfigurationAndSWHardeningNeeded\", \"OutOfDate\", \"OutOfDateConfigurationNeeded\", "     \
    "\"TDRelaunchAdvised\", \"TDRelaunchAdvisedConfigurationNeeded"

/* The right policy with more in its "tcb". */
static bytes policy_with(const vendor *v, const char *allowed, const char *more)
{
    if (strcmp(allowed, "all") == 0)
        allowed = STATUSES;
    else if (strcmp(allowed, "both") == 0)
        allowed = "ConfigurationNeeded\", \"OutOfDate";
    bytes tcb =
        arena_format("\"allow_status\": [\"%s\"]%s%s", allowed, *more != '\0' ? ", " : "", more);
    return text_replaced(hostile_policy(v), "\"allow_status\": [\"UpToDate\"]",
                         (const char *)tcb.p);
}

/* "world part status allowed": of the level that applies. */
static hostile_case status(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    const char *part = word_of(m->text, 1);
    bytes said = text_of(word_of(m->text, 2)), policy = policy_with(&v, word_of(m->text, 3), "");
    const char *value = bytes_is(said, "-") ? "" : (const char *)said.p;
    if (strcmp(part, "platform") == 0)
        v.tcb_info.levels[0].status = value;
    else if (strcmp(part, "module") == 0)
        v.tcb_info.identities[1].levels[0].status = value;
    else
        v.qe_identity.levels[0].status = value;
    return world_cert(&v, policy);
}

/* "world platform qe allowed" */
static hostile_case status2(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    bytes policy = policy_with(&v, word_of(m->text, 3), "");
    v.tcb_info.levels[0].status = word_of(m->text, 1);
    v.qe_identity.levels[0].status = word_of(m->text, 2);
    return world_cert(&v, policy);
}

/* "world status allowed [module]": started under TDX module 1.2, now 1.5 or what is named. */
static hostile_case relaunch(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    bytes policy = policy_with(&v, word_of(m->text, 2), "");
    v.quote.body[TD_AT_TEE_TCB_SVN] = 2;
    if (*word_of(m->text, 3) != '\0')
        v.quote.body[TD_AT_TEE_TCB_SVN2 + 1] = (uint8_t)number_of(m->text, 3);
    v.tcb_info.levels[0].status = word_of(m->text, 1);
    return world_cert(&v, policy);
}

/* "world what": a platform that the collateral does not know. */
static hostile_case platform(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    const char *what = word_of(m->text, 1);
    uint8_t *body = v.quote.body;
    tdx_module *identity = &v.tcb_info.identities[1];
    if (strcmp(what, "low-component") == 0)
        v.pck_ext.components[3]--;
    else if (strcmp(what, "low-pcesvn") == 0)
        v.pck_ext.pcesvn = 10;
    else if (strcmp(what, "low-microcode") == 0)
        body[TD_AT_TEE_TCB_SVN + 2] = 3;
    else if (strcmp(what, "low-module") == 0)
        body[TD_AT_TEE_TCB_SVN] = 1;
    else if (strcmp(what, "low-qe") == 0)
        v.quote.qe_report[SGX_AT_ISVSVN] = 5;
    else if (strcmp(what, "module-unknown") == 0)
        body[TD_AT_TEE_TCB_SVN + 1] = 2;
    else if (strcmp(what, "no-identities") == 0 || strcmp(what, "no-version") == 0) {
        v.tcb_info.has_identities = false;
        body[TD_AT_TEE_TCB_SVN + 1] = strcmp(what, "no-version") != 0;
    } else if (strcmp(what, "mrsignerseam") == 0)
        body[TD_AT_MRSIGNERSEAM + 47] = 1;
    else if (strcmp(what, "mrsigner") == 0)
        identity->mrsigner[0] = 1;
    else if (strcmp(what, "seam-attributes") == 0)
        body[TD_AT_SEAMATTRIBUTES] = 1;
    else if (strcmp(what, "both-attributes") == 0)
        body[TD_AT_SEAMATTRIBUTES] = identity->attributes[0] = 1;
    else if (strcmp(what, "masked-attributes") == 0) {
        body[TD_AT_SEAMATTRIBUTES] = 1;
        memset(identity->mask, 0, sizeof identity->mask);
    } else if (strcmp(what, "module-0a") == 0) {
        body[TD_AT_TEE_TCB_SVN + 1] = 0x0a;
        identity->id = "TDX_0a";
    } else {
        memset(v.pck_ext.components, 255, 16);
        v.pck_ext.pcesvn = 65535;
    }
    return world_quote(&v);
}

/* "world part policy": INTEL-SA-00999 applies. */
static hostile_case advisory(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    const char *part = word_of(m->text, 1);
    bytes policy = policy_with(&v, "UpToDate", word_of(m->text, 2));
    if (strcmp(part, "platform") == 0)
        v.tcb_info.levels[0].advisories[0] = "INTEL-SA-00999";
    else if (strcmp(part, "module") == 0)
        v.tcb_info.identities[1].levels[0].advisories[0] = "INTEL-SA-00999";
    else if (strcmp(part, "qe") == 0)
        v.qe_identity.levels[0].advisories[0] = "INTEL-SA-00999";
    return world_cert(&v, policy);
}

/* "world field skew grace": that date is `number` seconds from now. */
static hostile_case dated(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    const struct {
        const char *name;
        int64_t *date;
    } dates[] = {
        {"tcb_issue", &v.tcb_info.issue_date},
        {"tcb_next", &v.tcb_info.next_update},
        {"qe_issue", &v.qe_identity.issue_date},
        {"qe_next", &v.qe_identity.next_update},
        {"root_crl_this", &v.root_crl.this_update},
        {"root_crl_next", &v.root_crl.next_update},
        {"pck_crl_this", &v.pck_crl.this_update},
        {"pck_crl_next", &v.pck_crl.next_update},
        {"root_before", &v.root.not_before},
        {"root_after", &v.root.not_after},
        {"ca_before", &v.ca.not_before},
        {"ca_after", &v.ca.not_after},
        {"pck_before", &v.pck.not_before},
        {"pck_after", &v.pck.not_after},
        {"signer_before", &v.tcb_signer.not_before},
        {"signer_after", &v.tcb_signer.not_after},
    };
    bytes grace = arena_format("\"expired_grace_seconds\": %ld", number_of(m->text, 3));
    bytes policy = policy_with(&v, "UpToDate", (const char *)grace.p);
    size_t i = 0;
    while (strcmp(dates[i].name, word_of(m->text, 1)) != 0)
        MUST(++i < sizeof dates / sizeof *dates);
    *dates[i].date = v.now + m->number;
    hostile_case c = world_cert(&v, policy);
    c.skew = (uint32_t)number_of(m->text, 2);
    return c;
}

/* "world body": has number 19; the policy demands `number`. */
static hostile_case evaluation(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    bytes least = arena_format("\"min_evaluation_number\": %d", m->number);
    bytes policy = policy_with(&v, "UpToDate", (const char *)least.p);
    if (is_tcb(word_of(m->text, 1)))
        v.tcb_info.evaluation_number = 19;
    else if (strcmp(word_of(m->text, 1), "qe") == 0)
        v.qe_identity.evaluation_number = 19;
    return world_cert(&v, policy);
}

/* "world offset hex", before the PCK key signs the QE report. */
static hostile_case qe_report(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    bytes policy = hostile_policy(&v), with = bytes_from_hex(word_of(m->text, 2));
    memcpy(v.quote.qe_report + number_of(m->text, 1), with.p, with.n);
    return world_cert(&v, policy);
}

/* "world [how]": a world that is right `number` seconds after the build. */
static hostile_case clock_case(const hostile_maker *m)
{
    vendor v = world_at(m->text, ratls_build_time() + m->number);
    const char *how = word_of(m->text, 1);
    hostile_case c = world_quote(&v);
    c.time_from_clock = strcmp(how, "explicit") != 0;
    if (strcmp(how, "zero") == 0)
        c.time = 0;
    return c;
}

#include "collateral_rows.h"

static const char *left_out(const hostile_maker *m, const hostile_setting *s)
{
    if (m->make == clock_case)
        return "its verifier would need a wrong clock";
    return s->given ? "it needs the vendor's keys" : NULL;
}

const hostile_group hostile_collateral = {
    .name = "collateral",
    .table = hostile_collateral_table,
    .makers = makers,
    .n = sizeof makers / sizeof *makers,
    .left_out = left_out,
};
