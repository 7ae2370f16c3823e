#include "quote_maker.h"

static const uint8_t intel_qe_vendor[16] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                            0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};
static const uint8_t qe_mrsigner[32] = {
    0x8c, 0x4f, 0x57, 0x75, 0xd7, 0x96, 0x50, 0x3e, 0x96, 0x13, 0x7f, 0x77, 0xc6, 0x8a, 0x82, 0x9a,
    0x00, 0x56, 0xac, 0x8d, 0xed, 0x70, 0x14, 0x0b, 0x08, 0x1b, 0x09, 0x44, 0x90, 0xc5, 0x7b, 0xff};
static const uint8_t td_qe_mrsigner[32] = {
    0xdc, 0x9e, 0x2a, 0x7c, 0x6f, 0x94, 0x8f, 0x17, 0x47, 0x4e, 0x34, 0xa7, 0xfc, 0x43, 0xed, 0x03,
    0x0f, 0x7c, 0x15, 0x63, 0xf1, 0xba, 0xbd, 0xdf, 0x63, 0x40, 0xc8, 0x2e, 0x0e, 0x54, 0xa8, 0xc5};

/* A measurement that shows in a dump which field it is. */
static void measure(uint8_t *out, size_t n, const char *name)
{
    bytes digest = digest_of(EVP_sha384(), bytes_text(name));
    MUST(n <= digest.n);
    memcpy(out, digest.p, n);
}

static void fill_enclave(uint8_t *body)
{
    body[SGX_AT_ATTRIBUTES] = 0x05; /* INIT, MODE64 */
    body[SGX_AT_ATTRIBUTES + 8] = 0xe7;
    body[SGX_AT_ISVPRODID] = 1;
    body[SGX_AT_ISVSVN] = 2;
}

static void fill_td(uint8_t *body)
{
    static const uint8_t svn[16] = {5, 1, 4};
    memcpy(body + TD_AT_TEE_TCB_SVN, svn, sizeof svn);
    measure(body + TD_AT_MRSEAM, 48, "MRSEAM");
    body[TD_AT_TDATTRIBUTES + 3] = 0x10; /* SEPT_VE_DISABLE, bit 28 */
    body[TD_AT_XFAM] = 0xe7;
    measure(body + TD_AT_MRTD, 48, "MRTD");
    static const char *const names[4] = {"RTMR0", "RTMR1", "RTMR2", "RTMR3"};
    for (size_t i = 0; i < 4; i++)
        measure(body + TD_AT_RTMR0 + 48 * i, 48, names[i]);
    memcpy(body + TD_AT_TEE_TCB_SVN2, svn, sizeof svn);
}

quote_spec quote_spec_of(quote_tee tee, unsigned version, bool td15)
{
    MUST(version >= 3 && version <= 5 && (tee == QUOTE_SGX || version >= 4));
    MUST(!td15 || (tee == QUOTE_TDX && version == 5));
    quote_spec q = {.version = version,
                    .tee = tee,
                    .td15 = td15,
                    .key_type = 2,
                    .tee_type = tee == QUOTE_TDX ? 0x81 : 0,
                    .attestation_key = key_named(KEY_TYPE_P256, "attestation"),
                    .auth = BYTES_NONE,
                    .outer_type = 6,
                    .cert_type = 5};
    if (version == 3) {
        q.qe_svn = 8;
        q.pce_svn = 13;
    }
    memcpy(q.vendor_id, intel_qe_vendor, sizeof q.vendor_id);
    measure(q.user_data, 16, "QE id");
    if (tee == QUOTE_TDX) {
        fill_td(q.body);
    } else {
        fill_enclave(q.body);
        measure(q.body + SGX_AT_MRENCLAVE, 32, "MRENCLAVE");
        measure(q.body + SGX_AT_MRSIGNER, 32, "MRSIGNER");
    }
    q.qe_report[SGX_AT_ATTRIBUTES] = 0x15; /* INIT, MODE64, PROVISION_KEY */
    q.qe_report[SGX_AT_ATTRIBUTES + 8] = 0xe7;
    measure(q.qe_report + SGX_AT_MRENCLAVE, 32, "QE MRENCLAVE");
    memcpy(q.qe_report + SGX_AT_MRSIGNER, tee == QUOTE_TDX ? td_qe_mrsigner : qe_mrsigner, 32);
    q.qe_report[SGX_AT_ISVPRODID] = tee == QUOTE_TDX ? 2 : 1;
    q.qe_report[SGX_AT_ISVSVN] = 8;
    uint8_t auth[32];
    for (unsigned i = 0; i < sizeof auth; i++)
        auth[i] = (uint8_t)i;
    q.auth = arena_copy(bytes_of(auth, sizeof auth));
    return q;
}

static size_t report_data_offset(const quote_spec *q)
{
    return q->tee == QUOTE_TDX ? TD_AT_REPORTDATA : SGX_AT_REPORTDATA;
}

void quote_set_report_data(quote_spec *q, bytes report_data)
{
    MUST(report_data.n == 64);
    memcpy(q->body + report_data_offset(q), report_data.p, 64);
}

static bytes signed_part(const quote_spec *q, quote_made *m)
{
    size_t body_n = q->tee == QUOTE_SGX ? SGX_BODY_N : (q->td15 ? TD15_BODY_N : TD10_BODY_N);
    buf b = {0};
    buf_le(&b, q->version, 2);
    buf_le(&b, q->key_type, 2);
    buf_le(&b, q->tee_type, 4);
    buf_le(&b, q->qe_svn, 2);
    buf_le(&b, q->pce_svn, 2);
    buf_put(&b, bytes_of(q->vendor_id, sizeof q->vendor_id));
    buf_put(&b, bytes_of(q->user_data, sizeof q->user_data));
    if (q->version == 5) {
        unsigned type = q->tee == QUOTE_SGX ? 1 : (q->td15 ? 3 : 2);
        buf_le(&b, q->body_type != 0 ? q->body_type : type, 2);
        buf_le(&b, q->body_size != 0 ? q->body_size : body_n, 4);
    }
    m->body_at = b.n;
    m->report_data_at = b.n + report_data_offset(q);
    buf_put(&b, bytes_of(q->body, body_n));
    m->signed_n = b.n;
    if (q->edit != NULL)
        q->edit(b.p, b.n, q->edit_context);
    return buf_bytes(&b);
}

static bytes qe_report_of(const quote_spec *q, bytes point)
{
    bytes report = arena_copy(bytes_of(q->qe_report, SGX_BODY_N));
    if (q->qe_report_data_given)
        return report;
    buf data = {0};
    buf_put(&data, digest_of(EVP_sha256(), join(point, q->auth)));
    buf_fill(&data, 0, 32);
    return bytes_patched(report, SGX_AT_REPORTDATA, buf_bytes(&data));
}

/* QE report to certification data; offsets in *m are relative to its start. */
static bytes qe_part(const quote_spec *q, bytes point, quote_made *m)
{
    bytes report = qe_report_of(q, point);
    buf b = {0};
    m->qe_report_at = b.n;
    buf_put(&b, report);
    m->qe_signature_at = b.n;
    buf_put(&b, q->qe_signature.n > 0 ? q->qe_signature : sign_raw(q->pck_key, report));
    m->auth_len_at = b.n;
    buf_le(&b, (uint64_t)((int64_t)q->auth.n + q->auth_len_delta), 2);
    m->auth_at = b.n;
    buf_put(&b, q->auth);
    m->cert_type_at = b.n;
    buf_le(&b, q->cert_type, 2);
    m->cert_size_at = b.n;
    buf_le(&b, (uint64_t)((int64_t)q->cert_data.n + q->cert_size_delta), 4);
    m->cert_at = b.n;
    buf_put(&b, q->cert_data);
    buf_put(&b, q->after_cert);
    return buf_bytes(&b);
}

quote_made quote_make(const quote_spec *q)
{
    quote_made m = {0};
    MUST(q->pck_key != NULL || q->qe_signature.n > 0);
    bytes point = q->attestation_point.n > 0 ? q->attestation_point : key_point(q->attestation_key);
    MUST(point.n == 64);
    bytes head = signed_part(q, &m);
    bytes qe = qe_part(q, point, &m);
    buf sig = {0};
    buf_put(&sig, q->signature.n > 0 ? q->signature : sign_raw(q->attestation_key, head));
    buf_put(&sig, point);
    size_t sig_at = m.signed_n + 4;
    m.signature_at = sig_at;
    m.key_at = sig_at + 64;
    if (q->version >= 4) {
        m.outer_type_at = sig_at + sig.n;
        buf_le(&sig, q->outer_type, 2);
        m.outer_size_at = sig_at + sig.n;
        buf_le(&sig, (uint64_t)((int64_t)qe.n + q->outer_size_delta), 4);
    }
    size_t qe_at = sig_at + sig.n;
    buf_put(&sig, qe);
    size_t *const relative[] = {&m.qe_report_at, &m.qe_signature_at, &m.auth_len_at, &m.auth_at,
                                &m.cert_type_at, &m.cert_size_at,    &m.cert_at};
    for (size_t i = 0; i < sizeof relative / sizeof relative[0]; i++)
        *relative[i] += qe_at;
    m.sig_end = sig_at + sig.n;
    buf all = {0};
    buf_put(&all, head);
    buf_le(&all, (uint64_t)((int64_t)sig.n + q->sig_len_delta), 4);
    buf_put(&all, buf_bytes(&sig));
    buf_put(&all, q->trailing);
    m.quote = buf_bytes(&all);
    return m;
}

bytes quote_resigned(const quote_made *m, bytes quote, EVP_PKEY *attestation_key)
{
    MUST(quote.n >= m->signature_at + 64);
    bytes signature = sign_raw(attestation_key, bytes_of(quote.p, m->signed_n));
    return bytes_patched(quote, m->signature_at, signature);
}
