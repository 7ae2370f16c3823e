/*
 * TCB info: reading and level selection [DCAP 1.4, 1.6, 1.7]. Unknown fields are passed over, as
 * Intel's own verifier does, since new ones are added without a new version.
 */
#include "tee/intel_tcb.h"

#include "base/hex.h"
#include "base/time.h"

/* Bits of the fields that must be there. */
enum {
    HAS_ID = 1 << 0,
    HAS_VERSION = 1 << 1,
    HAS_ISSUE_DATE = 1 << 2,
    HAS_NEXT_UPDATE = 1 << 3,
    HAS_FMSPC = 1 << 4,
    HAS_PCE_ID = 1 << 5,
    HAS_TCB_TYPE = 1 << 6,
    HAS_EVALUATION = 1 << 7,
    HAS_MODULE = 1 << 8,
    HAS_MODULES = 1 << 9,
    HAS_LEVELS = 1 << 10,
};
enum { HAS_TCB = 1 << 0, HAS_DATE = 1 << 1, HAS_STATUS = 1 << 2 };

int64_t tcb_read_date(json_reader *j)
{
    int64_t t = 0;
    if (!time_from_iso(jr_string(j), &t))
        jr_fail(j, "a date is not of the form YYYY-MM-DDThh:mm:ssZ");
    return t;
}

static ratls_tcb_status read_status(json_reader *j, bool (*known)(ratls_tcb_status))
{
    ratls_tcb_status status = tcb_status_from(jr_string(j));
    if (!known(status))
        jr_fail(j, "tcbStatus has an unknown value");
    return status;
}

/* advisoryIDs: checked here, walked again when a level is chosen. */
static bytes read_advisories(json_reader *j)
{
    if (jr_type(j) != JR_ARRAY) {
        jr_fail(j, "advisoryIDs is not an array");
        return BYTES_NONE;
    }
    bytes raw = jr_value(j);
    json_reader list = jr_of(raw);
    json_scope s;
    jr_array(&list, &s);
    while (jr_element(&list, &s)) {
        bytes id = jr_string(&list);
        if (id.n == 0 || id.n >= RATLS_ADVISORY_SIZE)
            jr_fail(&list, "");
    }
    if (!jr_ok(&list))
        jr_fail(j, "advisoryIDs holds something else than short strings");
    else if (s.n > RATLS_ADVISORIES_MAX)
        jr_fail_limit(j, "more advisoryIDs than the limit");
    return raw;
}

/* { tcb: { isvsvn }, tcbDate, tcbStatus, advisoryIDs? } */
static void read_svn_level(json_reader *j, svn_level *out, bool (*known)(ratls_tcb_status))
{
    json_scope s, t;
    bytes key;
    unsigned seen = 0;
    memset(out, 0, sizeof *out);
    jr_object(j, &s);
    while (jr_key(j, &s, &key)) {
        if (bytes_is(key, "tcb")) {
            bool has_svn = false;
            jr_object(j, &t);
            while (jr_key(j, &t, &key)) {
                if (bytes_is(key, "isvsvn")) {
                    out->isv_svn = (uint16_t)jr_uint(j, UINT16_MAX);
                    has_svn = true;
                } else {
                    jr_skip(j);
                }
            }
            if (!has_svn)
                jr_fail(j, "a level has no isvsvn");
            seen |= HAS_TCB;
        } else if (bytes_is(key, "tcbDate")) {
            out->date = tcb_read_date(j);
            seen |= HAS_DATE;
        } else if (bytes_is(key, "tcbStatus")) {
            out->status = read_status(j, known);
            seen |= HAS_STATUS;
        } else if (bytes_is(key, "advisoryIDs")) {
            out->advisories = read_advisories(j);
        } else {
            jr_skip(j);
        }
    }
    if (seen != (HAS_TCB | HAS_DATE | HAS_STATUS))
        jr_fail(j, "a level lacks tcb, tcbDate or tcbStatus");
}

void tcb_read_svn_levels(json_reader *j, svn_level *out, size_t max, size_t *n,
                         bool (*known)(ratls_tcb_status))
{
    json_scope s;
    *n = 0;
    jr_array(j, &s);
    while (jr_element(j, &s)) {
        if (*n == max) {
            jr_fail_limit(j, "more levels than the limit");
            return;
        }
        svn_level level;
        read_svn_level(j, &level, known);
        if (!jr_ok(j))
            return;
        /* Served in descending order; put any that is not into its place, equal ones in the order
         * served. */
        size_t i = (*n)++;
        for (; i > 0 && out[i - 1].isv_svn < level.isv_svn; i--)
            out[i] = out[i - 1];
        out[i] = level;
    }
    if (*n == 0)
        jr_fail(j, "tcbLevels is empty");
}

static bool module_status(ratls_tcb_status status)
{
    return status == RATLS_TCB_UP_TO_DATE || status == RATLS_TCB_OUT_OF_DATE ||
           status == RATLS_TCB_REVOKED;
}

static bool platform_status(ratls_tcb_status status)
{
    return status >= RATLS_TCB_UP_TO_DATE && status <= RATLS_TCB_REVOKED;
}

/* "TDX_01" to "TDX_FF", two hex digits of either case. */
static unsigned read_module_version(json_reader *j)
{
    bytes id = jr_string(j);
    uint8_t version = 0;
    if (!bytes_starts(id, "TDX_") || !hex_decode(bytes_of(id.p + 4, id.n - 4), &version, 1) ||
        version == 0)
        jr_fail(j, "a module identity's id is not TDX_ with two hex digits");
    return version;
}

/* tdxModule, or (identity) an element of tdxModuleIdentities, which has id and levels besides. */
static void read_module(json_reader *j, bool identity, tdx_module *out)
{
    enum { MRSIGNER = 1, ATTRIBUTES = 2, MASK = 4, ID = 8, LEVELS = 16 };
    json_scope s;
    bytes key;
    unsigned seen = 0;
    jr_object(j, &s);
    while (jr_key(j, &s, &key)) {
        if (bytes_is(key, "mrsigner")) {
            jr_hex(j, out->mrsigner, sizeof out->mrsigner);
            seen |= MRSIGNER;
        } else if (bytes_is(key, "attributes")) {
            jr_hex(j, out->attributes, sizeof out->attributes);
            seen |= ATTRIBUTES;
        } else if (bytes_is(key, "attributesMask")) {
            jr_hex(j, out->attributes_mask, sizeof out->attributes_mask);
            seen |= MASK;
        } else if (identity && bytes_is(key, "id")) {
            out->version = read_module_version(j);
            seen |= ID;
        } else if (identity && bytes_is(key, "tcbLevels")) {
            tcb_read_svn_levels(j, out->levels, TCB_MODULE_LEVELS_MAX, &out->levels_n,
                                module_status);
            seen |= LEVELS;
        } else {
            jr_skip(j);
        }
    }
    if (seen != (MRSIGNER | ATTRIBUTES | MASK | (identity ? ID | LEVELS : 0U)))
        jr_fail(j, "a TDX module lacks id, mrsigner, attributes, attributesMask or tcbLevels");
}

static void read_modules(json_reader *j, tcb_info *out)
{
    json_scope s;
    jr_array(j, &s);
    while (jr_element(j, &s)) {
        if (out->modules_n == TCB_MODULES_MAX) {
            jr_fail_limit(j, "more TDX module identities than the limit");
            return;
        }
        tdx_module *m = &out->modules[out->modules_n++];
        read_module(j, true, m);
        for (size_t i = 0; i + 1 < out->modules_n; i++)
            if (jr_ok(j) && out->modules[i].version == m->version)
                jr_fail(j, "two TDX module identities have the same id");
    }
    if (out->modules_n == 0)
        jr_fail(j, "tdxModuleIdentities is empty");
}

/* v3: an array of exactly 16 { svn, category?, type? }. */
static void read_components(json_reader *j, uint8_t out[16])
{
    json_scope list, s;
    bytes key;
    jr_array(j, &list);
    while (jr_element(j, &list)) {
        bool has_svn = false;
        if (list.n > 16) {
            jr_fail(j, "more than 16 TCB components");
            return;
        }
        jr_object(j, &s);
        while (jr_key(j, &s, &key)) {
            if (bytes_is(key, "svn")) {
                out[list.n - 1] = (uint8_t)jr_uint(j, UINT8_MAX);
                has_svn = true;
            } else {
                jr_skip(j);
            }
        }
        if (!has_svn)
            jr_fail(j, "a TCB component has no svn");
    }
    if (list.n != 16)
        jr_fail(j, "fewer than 16 TCB components");
}

/* v2 names: sgxtcbcomp01svn to sgxtcbcomp16svn. 0 if `key` is none of them. */
static unsigned component_of_v2(bytes key)
{
    if (key.n != 15 || !bytes_starts(key, "sgxtcbcomp") ||
        !bytes_is(bytes_of(key.p + 12, 3), "svn") || key.p[10] < '0' || key.p[10] > '1' ||
        key.p[11] < '0' || key.p[11] > '9')
        return 0;
    unsigned i = (unsigned)(key.p[10] - '0') * 10 + (unsigned)(key.p[11] - '0');
    return i <= 16 ? i : 0;
}

static void read_tcb(json_reader *j, bool v3, bool tdx, tcb_level *out)
{
    enum { SGX = 1, PCESVN = 2, TDX = 4 };
    json_scope s;
    bytes key;
    unsigned seen = 0, components = 0, n;
    jr_object(j, &s);
    while (jr_key(j, &s, &key)) {
        if (bytes_is(key, "pcesvn")) {
            out->pce_svn = (uint16_t)jr_uint(j, UINT16_MAX);
            seen |= PCESVN;
        } else if (v3 && bytes_is(key, "sgxtcbcomponents")) {
            read_components(j, out->sgx);
            seen |= SGX;
        } else if (v3 && tdx && bytes_is(key, "tdxtcbcomponents")) {
            read_components(j, out->tdx);
            seen |= TDX;
        } else if (!v3 && (n = component_of_v2(key)) > 0) {
            out->sgx[n - 1] = (uint8_t)jr_uint(j, UINT8_MAX);
            components++;
            seen |= components == 16 ? SGX : 0;
        } else {
            jr_skip(j);
        }
    }
    if ((seen & PCESVN) == 0)
        jr_fail(j, "a TCB level lacks pcesvn");
    else if ((seen & SGX) == 0)
        jr_fail(j, "a TCB level lacks one of its 16 SGX components");
    else if (tdx && (seen & TDX) == 0)
        jr_fail(j, "a TCB level lacks its TDX components");
}

static void read_level(json_reader *j, bool v3, bool tdx, tcb_level *out)
{
    json_scope s;
    bytes key;
    unsigned seen = 0;
    memset(out, 0, sizeof *out);
    jr_object(j, &s);
    while (jr_key(j, &s, &key)) {
        if (bytes_is(key, "tcb")) {
            read_tcb(j, v3, tdx, out);
            seen |= HAS_TCB;
        } else if (bytes_is(key, "tcbDate")) {
            out->date = tcb_read_date(j);
            seen |= HAS_DATE;
        } else if (bytes_is(key, "tcbStatus")) {
            out->status = read_status(j, platform_status);
            seen |= HAS_STATUS;
        } else if (bytes_is(key, "advisoryIDs")) {
            out->advisories = read_advisories(j);
        } else {
            jr_skip(j);
        }
    }
    if (seen != (HAS_TCB | HAS_DATE | HAS_STATUS))
        jr_fail(j, "a TCB level lacks tcb, tcbDate or tcbStatus");
}

/* Order of levels: SGX components, PCESVN, TDX components, each lexicographic. */
static int compare(const uint8_t a[16], const uint8_t b[16])
{
    for (size_t i = 0; i < 16; i++)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return 0;
}

static int level_compare(const tcb_level *a, const tcb_level *b)
{
    int order = compare(a->sgx, b->sgx);
    if (order == 0 && a->pce_svn != b->pce_svn)
        order = a->pce_svn < b->pce_svn ? -1 : 1;
    return order != 0 ? order : compare(a->tdx, b->tdx);
}

static void read_levels(json_reader *j, tcb_info *out)
{
    json_scope s;
    out->levels_n = 0;
    jr_array(j, &s);
    while (jr_element(j, &s)) {
        if (out->levels_n == TCB_LEVELS_MAX) {
            jr_fail_limit(j, "more TCB levels than the limit");
            return;
        }
        tcb_level level;
        read_level(j, out->version == 3, out->tee == RATLS_TEE_TDX, &level);
        if (!jr_ok(j))
            return;
        size_t i = out->levels_n++;
        int order = 1;
        for (; i > 0 && (order = level_compare(&out->levels[i - 1], &level)) < 0; i--)
            out->levels[i] = out->levels[i - 1];
        if (i > 0 && order == 0) {
            jr_fail(j, "two TCB levels have the same SVNs");
            return;
        }
        out->levels[i] = level;
    }
    if (out->levels_n == 0)
        jr_fail(j, "tcbLevels is empty");
}

static ratls_tee read_id(json_reader *j)
{
    bytes id = jr_string(j);
    if (bytes_is(id, "SGX"))
        return RATLS_TEE_SGX;
    if (bytes_is(id, "TDX"))
        return RATLS_TEE_TDX;
    jr_fail(j, "id is neither SGX nor TDX");
    return RATLS_TEE_NONE;
}

/*
 * How the levels are read depends on id and version, which may stand behind them: they are kept raw
 * until the object is read.
 */
static void read_body(json_reader *j, tcb_info *out, unsigned *seen, json_reader *levels)
{
    json_scope s;
    bytes key;
    jr_object(j, &s);
    while (jr_key(j, &s, &key)) {
        if (bytes_is(key, "id")) {
            out->tee = read_id(j);
            *seen |= HAS_ID;
        } else if (bytes_is(key, "version")) {
            out->version = (unsigned)jr_uint(j, 1000);
            *seen |= HAS_VERSION;
        } else if (bytes_is(key, "issueDate")) {
            out->issue_date = tcb_read_date(j);
            *seen |= HAS_ISSUE_DATE;
        } else if (bytes_is(key, "nextUpdate")) {
            out->next_update = tcb_read_date(j);
            *seen |= HAS_NEXT_UPDATE;
        } else if (bytes_is(key, "fmspc")) {
            jr_hex(j, out->fmspc, sizeof out->fmspc);
            *seen |= HAS_FMSPC;
        } else if (bytes_is(key, "pceId")) {
            jr_hex(j, out->pce_id, sizeof out->pce_id);
            *seen |= HAS_PCE_ID;
        } else if (bytes_is(key, "tcbType")) {
            (void)jr_uint(j, 0); /* the only type there is: how levels are compared */
            *seen |= HAS_TCB_TYPE;
        } else if (bytes_is(key, "tcbEvaluationDataNumber")) {
            out->evaluation_number = (uint32_t)jr_uint(j, UINT32_MAX);
            *seen |= HAS_EVALUATION;
        } else if (bytes_is(key, "tdxModule")) {
            read_module(j, false, &out->module);
            out->has_module = true;
            *seen |= HAS_MODULE;
        } else if (bytes_is(key, "tdxModuleIdentities")) {
            read_modules(j, out);
            *seen |= HAS_MODULES;
        } else if (bytes_is(key, "tcbLevels")) {
            *levels = *j;
            jr_skip(j);
            *seen |= HAS_LEVELS;
        } else {
            jr_skip(j);
        }
    }
}

static const char *missing_field(unsigned seen, unsigned needed)
{
    static const char *const names[] = {"id",        "version",
                                        "issueDate", "nextUpdate",
                                        "fmspc",     "pceId",
                                        "tcbType",   "tcbEvaluationDataNumber",
                                        "tdxModule", "tdxModuleIdentities",
                                        "tcbLevels"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if ((needed & ~seen & 1U << i) != 0)
            return names[i];
    return NULL;
}

ratls_code tcb_info_parse(bytes json, tcb_info *out, ratls_error *e)
{
    memset(out, 0, sizeof *out);
    json_reader j = jr_of(json), levels = jr_of(BYTES_NONE);
    unsigned seen = 0;
    read_body(&j, out, &seen, &levels);
    if (!jr_done(&j))
        return jr_error(&j, "TCB info", e);

    if ((seen & HAS_VERSION) != 0 && out->version != 2 && out->version != 3)
        return refuse(e, RATLS_E_UNSUPPORTED, 0, "TCB info: version %u, expected 2 or 3",
                      out->version);
    bool v3 = out->version == 3;
    unsigned needed = HAS_VERSION | HAS_ISSUE_DATE | HAS_NEXT_UPDATE | HAS_FMSPC | HAS_PCE_ID |
                      HAS_TCB_TYPE | HAS_EVALUATION | HAS_LEVELS;
    if (v3)
        needed |= HAS_ID;
    else
        out->tee = RATLS_TEE_SGX; /* version 2 knows nothing else, and no id */
    if (out->tee == RATLS_TEE_TDX)
        needed |= HAS_MODULE;
    const char *missing = missing_field(seen, needed);
    if (missing != NULL)
        return refuse(e, RATLS_E_MALFORMED, 0, "TCB info: the field \"%s\" is missing", missing);
    if (v3 && out->tee == RATLS_TEE_SGX && (seen & (HAS_MODULE | HAS_MODULES)) != 0)
        return refuse(e, RATLS_E_MALFORMED, 0, "TCB info: of SGX, but it names TDX modules");

    read_levels(&levels, out);
    if (!jr_ok(&levels))
        return jr_error(&levels, "TCB info", e);
    return RATLS_OK;
}

bool tcb_info_peek(bytes json, tcb_info_glance *out)
{
    json_reader j = jr_of(json);
    json_scope s;
    bytes key;
    bool has_fmspc = false, has_date = false;
    *out = (tcb_info_glance){.tee = RATLS_TEE_SGX};
    jr_object(&j, &s);
    while (jr_key(&j, &s, &key)) {
        if (bytes_is(key, "id")) {
            out->tee = read_id(&j);
        } else if (bytes_is(key, "fmspc")) {
            jr_hex(&j, out->fmspc, sizeof out->fmspc);
            has_fmspc = true;
        } else if (bytes_is(key, "issueDate")) {
            out->issue_date = tcb_read_date(&j);
            has_date = true;
        } else if (bytes_is(key, "tcbEvaluationDataNumber")) {
            out->evaluation_number = (uint32_t)jr_uint(&j, UINT32_MAX);
        } else {
            jr_skip(&j);
        }
    }
    return jr_ok(&j) && has_fmspc && has_date;
}

static bool covers(const uint8_t have[16], const uint8_t need[16], size_t from)
{
    for (size_t i = from; i < 16; i++)
        if (have[i] < need[i])
            return false;
    return true;
}

tcb_match tcb_info_match(const tcb_info *t, const uint8_t components[16], uint16_t pce_svn,
                         const uint8_t *tee_tcb_svn)
{
    tcb_match m = {NULL, NULL};
    bool tdx = t->tee == RATLS_TEE_TDX;
    /* A module with a version is judged by its identity: its SVN and version are left out here
     * [DCAP 1.7]. */
    size_t from = tdx && tee_tcb_svn[1] > 0 ? 2 : 0;
    for (size_t i = 0; i < t->levels_n && m.level == NULL; i++) {
        const tcb_level *level = &t->levels[i];
        if (!covers(components, level->sgx, 0) || pce_svn < level->pce_svn)
            continue;
        if (m.sgx_level == NULL)
            m.sgx_level = level;
        if (!tdx || covers(tee_tcb_svn, level->tdx, from))
            m.level = level;
    }
    return m;
}

const tdx_module *tcb_info_module(const tcb_info *t, unsigned version)
{
    for (size_t i = 0; i < t->modules_n; i++)
        if (t->modules[i].version == version)
            return &t->modules[i];
    return NULL;
}

const svn_level *svn_level_match(const svn_level *levels, size_t n, unsigned svn)
{
    for (size_t i = 0; i < n; i++)
        if (levels[i].isv_svn <= svn)
            return &levels[i];
    return NULL;
}

relaunch tcb_info_relaunch(const tcb_info *t, const ratls_tdx_facts *td,
                           ratls_tcb_status sgx_status, ratls_tcb_status status,
                           ratls_tcb_status module_status)
{
    bool sgx_good = sgx_status == RATLS_TCB_UP_TO_DATE ||
                    sgx_status == RATLS_TCB_SW_HARDENING_NEEDED ||
                    sgx_status == RATLS_TCB_CONFIGURATION_NEEDED ||
                    sgx_status == RATLS_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED;
    bool td_old =
        status == RATLS_TCB_OUT_OF_DATE || status == RATLS_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED;
    if (!td->has_td15 || !sgx_good || !td_old || module_status != RATLS_TCB_OUT_OF_DATE)
        return RELAUNCH_NO;

    /* Is the TCB that the platform has by now (svn2) that of the newest level? */
    const uint8_t *now = td->tee_tcb_svn2, *newest = t->levels[0].tdx;
    bool module_new;
    if (now[1] == 0) {
        module_new = now[0] >= newest[0];
    } else {
        const tdx_module *m = tcb_info_module(t, now[1]);
        if (m == NULL)
            return RELAUNCH_UNKNOWN_MODULE;
        module_new = now[0] >= m->levels[0].isv_svn;
    }
    return module_new && now[2] >= newest[2] ? RELAUNCH_ADVISED : RELAUNCH_NO;
}
