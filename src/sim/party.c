#include "sim/party.h"

#include <stdio.h>

#include "codec/pem.h"
#include "issue/certificate.h"
#include "issue/name.h"
#include "sim/files.h"
#include "sim/pck.h"
#include "sim/text.h"

#define YEAR ((int64_t)365 * 86400)

enum { USAGE_NON_REPUDIATION = 1 << 1, FILE_MAX = 8192, SPKI_MAX = 128 };

/* Nothing listens there: ".invalid" is never resolved [RFC 6761 6.4]. */
#define ROOT_CRL_URI "https://simulated.invalid/SimulatedSGXRootCA.der"
#define PCK_CRL_URI  "https://simulated.invalid/sgx/certification/v4/pckcrl?ca=platform&encoding=der"

static const struct {
    const char *file;
    const char *common_name; /* verifiers look for what follows SIMULATED [DCAP 1.2 A1] */
    bool is_ca;
    int path_len;
    int years;
    const char *crl_uri;
} roles[PARTIES] = {
    [PARTY_ROOT] = {"root", "SIMULATED SGX Root CA", true, 1, 20, ROOT_CRL_URI},
    [PARTY_CA] = {"platform-ca", "SIMULATED SGX PCK Platform CA", true, 0, 15, ROOT_CRL_URI},
    [PARTY_TCB_SIGNER] = {"tcb-signer", "SIMULATED SGX TCB Signing", false, -1, 7, ROOT_CRL_URI},
    [PARTY_PCK] = {"pck", "SIMULATED SGX PCK Certificate", false, -1, 7, PCK_CRL_URI},
};

static ratls_code crypto_failed(ratls_error *e)
{
    return refuse(e, RATLS_E_SYSTEM, 0, "simulated platform: the crypto library failed");
}

ratls_code party_secret_of(bytes seed, party_secret *out, ratls_error *e)
{
    const bytes pieces[2] = {bytes_text("ratls simulated vendor"), seed};
    bool ok = seed.n > 0 ? crypto_digest(CRYPTO_SHA256, pieces, 2, out->b)
                         : crypto_random(out->b, sizeof out->b);
    return ok ? RATLS_OK : crypto_failed(e);
}

static bool derive(const party_secret *s, const char *name, uint8_t counter, uint8_t out[32])
{
    const bytes pieces[3] = {bytes_of(s->b, sizeof s->b), bytes_of(&counter, 1), bytes_text(name)};
    return crypto_digest(CRYPTO_SHA256, pieces, 3, out);
}

bool party_derive(const party_secret *s, const char *name, uint8_t *out, size_t n)
{
    uint8_t digest[32];
    if (!derive(s, name, 0, digest) || n > sizeof digest)
        return false;
    memcpy(out, digest, n);
    return true;
}

crypto_private *party_derive_key(const party_secret *s, const char *name)
{
    uint8_t scalar[32];
    crypto_private *key = NULL;
    /* One number in 2^32 is no scalar of P-256: then the next one. */
    for (uint8_t i = 0; i < 8 && key == NULL && derive(s, name, i, scalar); i++)
        key = crypto_private_from_scalar(bytes_of(scalar, sizeof scalar));
    crypto_wipe(scalar, sizeof scalar);
    return key;
}

static void put_subject(writer *w, party_role role)
{
    const name_attribute attributes[] = {
        {NAME_CN, bytes_text(roles[role].common_name)},
        {NAME_O, bytes_text("SIMULATED")},
        {NAME_L, bytes_text("Nowhere")},
        {NAME_ST, bytes_text("NA")},
        {NAME_C, bytes_text("XX")},
    };
    issue_name(w, attributes, sizeof attributes / sizeof *attributes);
}

/* The five of Intel's certificates in their order, and the SGX extension of the leaf. */
static void put_extensions(issue_extensions *x, party_role role, bytes key_id, bytes issuer_id,
                           bytes sgx)
{
    unsigned usage = roles[role].is_ca ? KEY_USAGE_CERT_SIGN | KEY_USAGE_CRL_SIGN
                                       : KEY_USAGE_DIGITAL_SIGNATURE | USAGE_NON_REPUDIATION;
    issue_add_authority_key_id(x, issuer_id);
    issue_add_crl_distribution_point(x, bytes_text(roles[role].crl_uri));
    issue_add_subject_key_id(x, key_id);
    issue_add_key_usage(x, usage);
    issue_add_basic_constraints(x, roles[role].is_ca, roles[role].path_len);
    if (sgx.n > 0)
        issue_add(x, pck_extension_oid(), false, sgx);
}

static ratls_code issue_party(party *p, party_role role, const party *issuer,
                              const ratls_pck_facts *pck, int64_t since, ratls_error *e)
{
    uint8_t name[256], spki_space[SPKI_MAX], sgx_space[PCK_EXTENSION_MAX], values[512];
    uint8_t key_id[ISSUE_KEY_ID_SIZE], serial[ISSUE_KEY_ID_SIZE];
    writer subject = wr_of(name, sizeof name), spki = wr_of(spki_space, sizeof spki_space);
    writer sgx = wr_of(sgx_space, sizeof sgx_space), out = wr_of(p->der, sizeof p->der);
    put_subject(&subject, role);
    if (pck != NULL)
        pck_put_extension(pck, &sgx);
    if (!crypto_private_spki(p->key, &spki) || !issue_key_id(wr_bytes(&spki), key_id))
        return crypto_failed(e);
    /* 20 bytes and positive, as Intel's. */
    memcpy(serial, key_id, sizeof serial);
    serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40);

    bytes own_id = bytes_of(key_id, sizeof key_id);
    issue_extensions x = issue_extensions_of(values, sizeof values);
    put_extensions(&x, role, own_id, issuer != NULL ? issuer->cert.subject_key_id : own_id,
                   wr_bytes(&sgx));
    issue_spec spec = {
        .serial = bytes_of(serial, sizeof serial),
        .issuer = issuer != NULL ? issuer->cert.subject : wr_bytes(&subject),
        .subject = wr_bytes(&subject),
        .not_before = since,
        .not_after = since + roles[role].years * YEAR,
        .spki = wr_bytes(&spki),
        .extensions = &x,
    };
    ratls_code code = issue_certificate(&spec, issuer != NULL ? issuer->key : p->key, &out, e);
    p->der_n = out.n;
    return code;
}

ratls_code party_make(party *p, party_role role, const party_secret *s, const party *issuer,
                      const ratls_pck_facts *pck, int64_t since, ratls_error *e)
{
    memset(p, 0, sizeof *p);
    p->key = party_derive_key(s, roles[role].file);
    if (p->key == NULL)
        return crypto_failed(e);
    ratls_code code = issue_party(p, role, issuer, pck, since, e);
    if (code == RATLS_OK)
        code = certificate_parse(bytes_of(p->der, p->der_n), &p->cert, e);
    return code;
}

static void file_name(char out[64], const char *name, const char *suffix)
{
    (void)snprintf(out, 64, "%s%s.pem", name, suffix);
}

ratls_code party_write_key(const crypto_private *key, const char *name, const char *dir,
                           ratls_error *e)
{
    char file[64];
    uint8_t pem[FILE_MAX];
    writer w = wr_of(pem, sizeof pem);
    file_name(file, name, "-key");
    ratls_code code = crypto_private_pem(key, &w) && wr_ok(&w)
                          ? files_write(dir, file, wr_bytes(&w), SIM_SECRET, e)
                          : crypto_failed(e);
    crypto_wipe(pem, sizeof pem);
    return code;
}

ratls_code party_read_key(crypto_private **key, const char *name, const char *dir, ratls_error *e)
{
    char file[64];
    uint8_t pem[FILE_MAX];
    size_t n;
    file_name(file, name, "-key");
    *key = NULL;
    ratls_code code = files_read(dir, file, pem, sizeof pem, &n, e);
    if (code == RATLS_OK)
        *key = crypto_private_from_pem(bytes_of(pem, n));
    crypto_wipe(pem, sizeof pem);
    if (code == RATLS_OK && (*key == NULL || crypto_private_type(*key) != CRYPTO_P256))
        return refuse(e, RATLS_E_MALFORMED, 0, "%s/%s: it holds no private key of P-256", dir,
                      file);
    return code;
}

ratls_code party_write(const party *p, party_role role, const char *dir, ratls_error *e)
{
    char file[64];
    uint8_t pem[FILE_MAX];
    writer w = wr_of(pem, sizeof pem);
    file_name(file, roles[role].file, "");
    text_pem(&w, "CERTIFICATE", bytes_of(p->der, p->der_n));
    ratls_code code = files_write(dir, file, wr_bytes(&w), SIM_PUBLIC, e);
    if (code == RATLS_OK)
        code = party_write_key(p->key, roles[role].file, dir, e);
    return code;
}

/* One certificate in PEM, and nothing else. */
static ratls_code read_certificate(party *p, const char *file, const char *dir, ratls_error *e)
{
    uint8_t pem[FILE_MAX];
    size_t n, more;
    bytes label;
    ratls_code code = files_read(dir, file, pem, sizeof pem, &n, e);
    if (code != RATLS_OK)
        return code;
    reader r = rd_of(bytes_of(pem, n));
    if (pem_next(&r, &label, p->der, sizeof p->der, &p->der_n) != 1 ||
        !bytes_is(label, "CERTIFICATE") || pem_next(&r, &label, pem, sizeof pem, &more) != 0)
        return refuse(e, RATLS_E_MALFORMED, 0, "%s/%s: it is not one certificate in PEM", dir,
                      file);
    code = certificate_parse(bytes_of(p->der, p->der_n), &p->cert, e);
    if (code != RATLS_OK)
        error_prefix(e, "%s/%s", dir, file);
    return code;
}

ratls_code party_read(party *p, party_role role, const char *dir, ratls_error *e)
{
    char file[64];
    uint8_t spki_space[SPKI_MAX];
    writer spki = wr_of(spki_space, sizeof spki_space);
    memset(p, 0, sizeof *p);
    file_name(file, roles[role].file, "");
    ratls_code code = read_certificate(p, file, dir, e);
    if (code == RATLS_OK)
        code = party_read_key(&p->key, roles[role].file, dir, e);
    if (code != RATLS_OK)
        return code;
    if (!crypto_private_spki(p->key, &spki))
        return crypto_failed(e);
    if (!bytes_equal(wr_bytes(&spki), p->cert.spki))
        return refuse(e, RATLS_E_UNTRUSTED, 0, "%s/%s: it names another key than %s-key.pem", dir,
                      file, roles[role].file);
    return RATLS_OK;
}

void party_clear(party *p)
{
    crypto_private_free(p->key);
    p->key = NULL;
}
