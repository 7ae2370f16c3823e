/* Enclave identity of the quoting enclaves QE (SGX) and TD_QE (TDX) [DCAP 1.5]. */
#include "tee/intel_qe.h"

#include "base/hex.h"

enum {
    HAS_ID = 1 << 0,
    HAS_VERSION = 1 << 1,
    HAS_ISSUE_DATE = 1 << 2,
    HAS_NEXT_UPDATE = 1 << 3,
    HAS_EVALUATION = 1 << 4,
    HAS_MISC = 1 << 5,
    HAS_MISC_MASK = 1 << 6,
    HAS_ATTRIBUTES = 1 << 7,
    HAS_ATTRIBUTES_MASK = 1 << 8,
    HAS_MRSIGNER = 1 << 9,
    HAS_PROD_ID = 1 << 10,
    HAS_LEVELS = 1 << 11,
    HAS_ALL = (1 << 12) - 1,
};

static const char *const field_names[] = {
    "id",         "version",        "issueDate",  "nextUpdate",     "tcbEvaluationDataNumber",
    "miscselect", "miscselectMask", "attributes", "attributesMask", "mrsigner",
    "isvprodid",  "tcbLevels"};

/* Intel's list for identities has no hardening statuses. */
static bool identity_status(ratls_tcb_status status)
{
    return status == RATLS_TCB_UP_TO_DATE || status == RATLS_TCB_OUT_OF_DATE ||
           status == RATLS_TCB_REVOKED || status == RATLS_TCB_CONFIGURATION_NEEDED ||
           status == RATLS_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED;
}

static qe_id read_id(json_reader *j)
{
    bytes id = jr_string(j);
    return bytes_is(id, "QE") ? QE_ID_QE : bytes_is(id, "TD_QE") ? QE_ID_TD_QE : QE_ID_OTHER;
}

static unsigned read_field(json_reader *j, bytes key, unsigned *version, qe_identity *out)
{
    if (bytes_is(key, "id")) {
        out->id = read_id(j);
        return HAS_ID;
    }
    if (bytes_is(key, "version")) {
        *version = (unsigned)jr_uint(j, 1000);
        return HAS_VERSION;
    }
    if (bytes_is(key, "issueDate")) {
        out->issue_date = tcb_read_date(j);
        return HAS_ISSUE_DATE;
    }
    if (bytes_is(key, "nextUpdate")) {
        out->next_update = tcb_read_date(j);
        return HAS_NEXT_UPDATE;
    }
    if (bytes_is(key, "tcbEvaluationDataNumber")) {
        out->evaluation_number = (uint32_t)jr_uint(j, UINT32_MAX);
        return HAS_EVALUATION;
    }
    if (bytes_is(key, "miscselect")) {
        jr_hex(j, out->misc_select, sizeof out->misc_select);
        return HAS_MISC;
    }
    if (bytes_is(key, "miscselectMask")) {
        jr_hex(j, out->misc_select_mask, sizeof out->misc_select_mask);
        return HAS_MISC_MASK;
    }
    if (bytes_is(key, "attributes")) {
        jr_hex(j, out->attributes, sizeof out->attributes);
        return HAS_ATTRIBUTES;
    }
    if (bytes_is(key, "attributesMask")) {
        jr_hex(j, out->attributes_mask, sizeof out->attributes_mask);
        return HAS_ATTRIBUTES_MASK;
    }
    if (bytes_is(key, "mrsigner")) {
        jr_hex(j, out->mrsigner, sizeof out->mrsigner);
        return HAS_MRSIGNER;
    }
    if (bytes_is(key, "isvprodid")) {
        out->isv_prod_id = (uint16_t)jr_uint(j, UINT16_MAX);
        return HAS_PROD_ID;
    }
    if (bytes_is(key, "tcbLevels")) {
        tcb_read_svn_levels(j, out->levels, QE_LEVELS_MAX, &out->levels_n, identity_status);
        return HAS_LEVELS;
    }
    jr_skip(j);
    return 0;
}

ratls_code qe_identity_parse(bytes json, qe_identity *out, ratls_error *e)
{
    memset(out, 0, sizeof *out);
    json_reader j = jr_of(json);
    json_scope s;
    bytes key;
    unsigned seen = 0, version = 0;
    jr_object(&j, &s);
    while (jr_key(&j, &s, &key))
        seen |= read_field(&j, key, &version, out);
    if (!jr_done(&j))
        return jr_error(&j, "QE identity", e);
    if ((seen & HAS_VERSION) != 0 && version != 2)
        return refuse(e, RATLS_E_UNSUPPORTED, 0, "QE identity: version %u, expected 2", version);
    for (size_t i = 0; i < sizeof field_names / sizeof *field_names; i++)
        if ((HAS_ALL & ~seen & 1U << i) != 0)
            return refuse(e, RATLS_E_MALFORMED, 0, "QE identity: the field \"%s\" is missing",
                          field_names[i]);
    return RATLS_OK;
}

/* (found & mask) == expected, bytewise and unmasked on the right, as Intel compares [DCAP 1.5]. */
static bool masked_equal(const uint8_t *found, const uint8_t *mask, const uint8_t *expected,
                         size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((found[i] & mask[i]) != expected[i])
            return false;
    return true;
}

bool qe_identity_peek(bytes json, qe_identity_glance *out)
{
    json_reader j = jr_of(json);
    json_scope s;
    bytes key;
    qe_id id = QE_ID_OTHER;
    bool has_date = false;
    *out = (qe_identity_glance){.tee = RATLS_TEE_NONE};
    jr_object(&j, &s);
    while (jr_key(&j, &s, &key)) {
        if (bytes_is(key, "id")) {
            id = read_id(&j);
        } else if (bytes_is(key, "issueDate")) {
            out->issue_date = tcb_read_date(&j);
            has_date = true;
        } else if (bytes_is(key, "tcbEvaluationDataNumber")) {
            out->evaluation_number = (uint32_t)jr_uint(&j, UINT32_MAX);
        } else {
            jr_skip(&j);
        }
    }
    out->tee = id == QE_ID_TD_QE ? RATLS_TEE_TDX : RATLS_TEE_SGX;
    return jr_ok(&j) && id != QE_ID_OTHER && has_date;
}

ratls_code qe_identity_check(const qe_identity *q, const sgx_report *report, ratls_error *e)
{
    const ratls_sgx_facts *f = &report->facts;
    uint8_t misc[4];
    for (unsigned i = 0; i < 4; i++)
        misc[i] = (uint8_t)(f->misc_select >> (8 * i));
    if (!masked_equal(misc, q->misc_select_mask, q->misc_select, sizeof misc))
        return refuse(e, RATLS_E_UNTRUSTED, 0,
                      "QE report: MISCSELECT %s, the QE identity expects %s under mask %s",
                      HEX(bytes_of(misc, 4)), HEX(bytes_of(q->misc_select, 4)),
                      HEX(bytes_of(q->misc_select_mask, 4)));
    if (!masked_equal(f->attributes, q->attributes_mask, q->attributes, sizeof f->attributes))
        return refuse(e, RATLS_E_UNTRUSTED, 0,
                      "QE report: ATTRIBUTES %s, the QE identity expects %s under mask %s",
                      HEX(bytes_of(f->attributes, 16)), HEX(bytes_of(q->attributes, 16)),
                      HEX(bytes_of(q->attributes_mask, 16)));
    if (!bytes_equal_ct(bytes_of(f->mrsigner, 32), bytes_of(q->mrsigner, 32)))
        return refuse(e, RATLS_E_UNTRUSTED, 0, "QE report: MRSIGNER %s, the QE identity expects %s",
                      HEX(bytes_of(f->mrsigner, 32)), HEX(bytes_of(q->mrsigner, 32)));
    if (f->isv_prod_id != q->isv_prod_id)
        return refuse(e, RATLS_E_UNTRUSTED, 0,
                      "QE report: ISVPRODID %u, the QE identity expects %u", f->isv_prod_id,
                      q->isv_prod_id);
    return RATLS_OK;
}

ratls_tcb_status qe_level_status(const svn_level *level)
{
    return level->status == RATLS_TCB_UP_TO_DATE || level->status == RATLS_TCB_REVOKED
               ? level->status
               : RATLS_TCB_OUT_OF_DATE;
}
