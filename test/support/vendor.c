#include "vendor.h"

#define YEAR ((int64_t)365 * VENDOR_DAY)

/* As Intel's: 20 bytes, positive. */
static bytes serial_of(bytes digest)
{
    uint8_t first = (uint8_t)((digest.p[0] & 0x7f) | 0x40);
    return bytes_patched(bytes_cut(digest, 20), 0, bytes_of(&first, 1));
}

static cert_spec vendor_cert(const char *key_name, int64_t not_before, int64_t not_after,
                             const char *crl_uri, bool ca, int pathlen)
{
    cert_spec c = cert_spec_of("", key_named(KEY_TYPE_P256, key_name), not_before, not_after);
    c.serial = serial_of(key_id(c.key));
    unsigned usage =
        ca ? USAGE_CERT_SIGN | USAGE_CRL_SIGN : USAGE_SIGNATURE | USAGE_NON_REPUDIATION;
    (void)ext_add(&c.ext, OID_AUTHORITY_KEY_ID, false, ext_authority_key_id(c.key));
    (void)ext_add(&c.ext, OID_CRL_DISTRIBUTION, false, ext_crl_distribution(crl_uri));
    (void)ext_add(&c.ext, OID_SUBJECT_KEY_ID, false, ext_subject_key_id(c.key));
    (void)ext_add(&c.ext, OID_KEY_USAGE, true, ext_usage(usage));
    (void)ext_add(&c.ext, OID_BASIC_CONSTRAINTS, true, ext_basic(ca, pathlen));
    return c;
}

#define ROOT_CRL_URI "https://certificates.example/TestSGXRootCA.der"

static bytes vendor_name(const char *prefix, const char *role, const char *organization)
{
    bytes text =
        arena_format("CN=%s SGX %s,O=%s,L=Santa Clara,ST=CA,C=US", prefix, role, organization);
    return mk_name((const char *)text.p);
}

void vendor_use_names(vendor *v, const char *prefix, const char *organization)
{
    v->root.subject = vendor_name(prefix, "Root CA", organization);
    v->ca.subject = vendor_name(
        prefix, v->pck_ext.platform ? "PCK Platform CA" : "PCK Processor CA", organization);
    v->pck.subject = vendor_name(prefix, "PCK Certificate", organization);
    v->tcb_signer.subject = vendor_name(prefix, "TCB Signing", organization);
    cert_issued_by(&v->root, &v->root);
    cert_issued_by(&v->ca, &v->root);
    cert_issued_by(&v->tcb_signer, &v->root);
    cert_issued_by(&v->pck, &v->ca);
    v->root_crl.issuer = v->root.subject;
    v->pck_crl.issuer = v->ca.subject;
}

static void fill_pck_crl(vendor *v)
{
    v->pck_crl = crl_spec_of(&v->ca, v->now - VENDOR_DAY, v->now + 29 * VENDOR_DAY);
    static const char *const others[] = {"revoked leaf 1", "revoked leaf 2"};
    for (size_t i = 0; i < 2; i++) {
        bytes serial = serial_of(digest_of(EVP_sha1(), bytes_text(others[i])));
        v->pck_crl.entries[v->pck_crl.n++] = (crl_entry){.serial = serial, .reason = 1};
    }
}

void vendor_use_ca(vendor *v, bool platform)
{
    int64_t now = v->now;
    v->pck_ext.platform = platform;
    v->pck_ext.sgx_type = platform ? 1 : 0;
    v->ca = vendor_cert(platform ? "platform ca" : "processor ca", now - 5 * YEAR, now + 10 * YEAR,
                        ROOT_CRL_URI, true, 0);
    bytes key_name = arena_format("%s %s pck", v->quote.tee == QUOTE_TDX ? "tdx" : "sgx",
                                  platform ? "platform" : "processor");
    v->pck = vendor_cert((const char *)key_name.p, now - YEAR, now + 6 * YEAR,
                         platform ? "https://certificates.example/pckcrl?ca=platform&encoding=der"
                                  : "https://certificates.example/pckcrl?ca=processor&encoding=der",
                         false, -1);
    fill_pck_crl(v);
    vendor_use_names(v, "Test", "Test Vendor");
}

static void fill_platform(vendor *v, bool tdx)
{
    static const uint8_t sgx_svn[16] = {11, 11, 3, 3, 255, 255, 1};
    static const uint8_t tdx_svn[16] = {4, 4, 2, 2, 4, 1, 0, 5};
    static const uint8_t sgx_fmspc[6] = {0x00, 0x60, 0x6a}, tdx_fmspc[6] = {0xb0, 0xc0, 0x6f};
    pck_spec *p = &v->pck_ext;
    memcpy(p->ppid, digest_of(EVP_sha256(), bytes_text("PPID")).p, 16);
    memcpy(p->platform_instance_id, digest_of(EVP_sha256(), bytes_text("instance")).p, 16);
    memcpy(p->components, tdx ? tdx_svn : sgx_svn, 16);
    memcpy(p->fmspc, tdx ? tdx_fmspc : sgx_fmspc, 6);
    p->pcesvn = tdx ? 11 : 13;
    p->dynamic_platform = p->cached_keys = p->smt_enabled = true;
}

static void fill_modules(tcb_info_spec *s)
{
    s->has_module = s->has_identities = s->tdx_components = true;
    memset(s->module.mask, 0xff, sizeof s->module.mask);
    tdx_module module = s->module;
    module.id = "TDX_03";
    module.levels[0] = (isv_level){5, "2025-08-13T00:00:00Z", "UpToDate", {NULL}};
    module.n = 1;
    s->identities[0] = module;
    module.id = "TDX_01";
    module.levels[1] =
        (isv_level){2, "2023-08-09T00:00:00Z", "OutOfDate", {"INTEL-SA-01036", "INTEL-SA-01099"}};
    module.n = 2;
    s->identities[1] = module;
    s->identities_n = 2;
}

static void fill_tcb_info(vendor *v, bool tdx)
{
    static const uint8_t tdx_svn[16] = {5, 0, 4};
    tcb_info_spec *s = &v->tcb_info;
    s->version = 3;
    s->id = tdx ? "TDX" : "SGX";
    s->issue_date = v->now - VENDOR_DAY;
    s->next_update = v->now + 29 * VENDOR_DAY;
    s->evaluation_number = 20;
    memcpy(s->fmspc, v->pck_ext.fmspc, 6);
    tcb_level level = {
        .pcesvn = v->pck_ext.pcesvn, .date = "2025-08-13T00:00:00Z", .status = "UpToDate"};
    memcpy(level.sgx, v->pck_ext.components, 16);
    memcpy(level.tdx, tdx_svn, 16);
    s->levels[0] = level;
    level.sgx[0]--;
    level.sgx[1]--;
    level.date = "2024-03-13T00:00:00Z";
    level.status = tdx ? "OutOfDate" : "SWHardeningNeeded";
    level.advisories[0] = "INTEL-SA-00615";
    s->levels[1] = level;
    level.sgx[0]--;
    level.pcesvn -= 2;
    level.tdx[0] = 3;
    level.date = "2021-11-10T00:00:00Z";
    level.status = "OutOfDate";
    level.advisories[1] = "INTEL-SA-00657";
    s->levels[2] = level;
    s->n = 3;
    if (tdx)
        fill_modules(s);
}

static void fill_qe_identity(vendor *v, bool tdx)
{
    qe_identity_spec *s = &v->qe_identity;
    s->version = 2;
    s->id = tdx ? "TD_QE" : "QE";
    s->issue_date = v->now - VENDOR_DAY;
    s->next_update = v->now + 29 * VENDOR_DAY;
    s->evaluation_number = 20;
    memset(s->misc_select_mask, 0xff, sizeof s->misc_select_mask);
    s->attributes[0] = 0x11;
    memset(s->attributes_mask, 0xff, 8);
    s->attributes_mask[0] = 0xfb;
    memcpy(s->mrsigner, v->quote.qe_report + SGX_AT_MRSIGNER, sizeof s->mrsigner);
    s->isvprodid = tdx ? 2 : 1;
    s->levels[0] = (isv_level){8, "2025-05-14T00:00:00Z", "UpToDate", {NULL}};
    s->levels[1] = (isv_level){6, "2021-11-10T00:00:00Z", "OutOfDate", {"INTEL-SA-00615"}};
    s->n = 2;
}

vendor vendor_of(quote_tee tee, unsigned version, bool td15, int64_t now)
{
    bool tdx = tee == QUOTE_TDX;
    vendor v = {.now = now, .chain_order = CHAIN_LEAF_FIRST, .chain_nul = true};
    v.quote = quote_spec_of(tee, version, td15);
    v.root = vendor_cert("root", now - 8 * YEAR, now + 20 * YEAR, ROOT_CRL_URI, true, 1);
    v.tcb_signer = vendor_cert("tcb signer", now - YEAR, now + 6 * YEAR, ROOT_CRL_URI, false, -1);
    v.root_crl = crl_spec_of(&v.root, now - 30 * VENDOR_DAY, now + 335 * VENDOR_DAY);
    fill_platform(&v, tdx);
    vendor_use_ca(&v, tdx || version != 3);
    if (!tdx)
        memcpy(v.quote.body + SGX_AT_CPUSVN, v.pck_ext.components, 16);
    memcpy(v.quote.qe_report + SGX_AT_CPUSVN, v.pck_ext.components, 16);
    fill_tcb_info(&v, tdx);
    fill_qe_identity(&v, tdx);
    return v;
}

static const given_platform *platform;

void vendor_give(const given_platform *p)
{
    platform = p;
}

const given_platform *vendor_given(void)
{
    return platform;
}

bytes vendor_root(const vendor *v)
{
    return cert_make(&v->root);
}

bytes vendor_root_pem(const vendor *v)
{
    if (platform != NULL)
        return platform->root_pem;
    return pem_of("CERTIFICATE", vendor_root(v));
}

bytes vendor_pck(const vendor *v)
{
    cert_spec leaf = v->pck;
    if (ext_find(&leaf.ext, PCK_EXTENSION_OID) == NULL)
        (void)ext_add(&leaf.ext, PCK_EXTENSION_OID, false, pck_extension(&v->pck_ext));
    return cert_make(&leaf);
}

static bytes pem_chain(const vendor *v, const cert_spec *first)
{
    return join(pem_of("CERTIFICATE", cert_make(first)), vendor_root_pem(v));
}

bytes vendor_pck_chain(const vendor *v)
{
    bytes leaf = pem_of("CERTIFICATE", vendor_pck(v));
    bytes ca = pem_of("CERTIFICATE", cert_make(&v->ca)), root = vendor_root_pem(v);
    bytes text =
        v->chain_order == CHAIN_LEAF_ROOT_CA
            ? join(leaf, root, ca)
            : (v->chain_order == CHAIN_ROOT_FIRST ? join(root, ca, leaf) : join(leaf, ca, root));
    buf out = {0};
    for (size_t i = 0; i < text.n; i++) {
        if (v->chain_crlf && text.p[i] == '\n')
            buf_u8(&out, '\r');
        buf_u8(&out, text.p[i]);
    }
    if (v->chain_nul)
        buf_u8(&out, 0);
    return buf_bytes(&out);
}

quote_made vendor_quote(const vendor *v, bytes report_data)
{
    if (platform != NULL)
        return (quote_made){.quote = platform->quote(platform->state, report_data)};
    quote_spec q = v->quote;
    if (report_data.n > 0)
        quote_set_report_data(&q, report_data);
    if (q.pck_key == NULL)
        q.pck_key = v->pck.key;
    if (q.cert_data.p == NULL)
        q.cert_data = vendor_pck_chain(v);
    return quote_make(&q);
}

collateral_set vendor_collateral(const vendor *v)
{
    EVP_PKEY *signer = v->tcb_signer.key;
    bytes signer_chain = pem_chain(v, &v->tcb_signer);
    collateral_set c = {.tcb_info = tcb_info_json(&v->tcb_info),
                        .qe_identity = qe_identity_json(&v->qe_identity),
                        .tcb_info_issuer_chain = signer_chain,
                        .qe_identity_issuer_chain = signer_chain,
                        .pck_crl_issuer_chain = pem_chain(v, &v->ca),
                        .pck_crl = crl_make(&v->pck_crl),
                        .root_ca_crl = crl_make(&v->root_crl)};
    c.tcb_info_signature = sign_raw(v->tcb_info_key != NULL ? v->tcb_info_key : signer, c.tcb_info);
    c.qe_identity_signature =
        sign_raw(v->qe_identity_key != NULL ? v->qe_identity_key : signer, c.qe_identity);
    return c;
}

bytes vendor_collateral_json(const vendor *v)
{
    if (platform != NULL)
        return platform->collateral;
    collateral_set c = vendor_collateral(v);
    return collateral_json(&c);
}
