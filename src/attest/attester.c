#define _POSIX_C_SOURCE 200809L
#include "attest/attester.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "attest/renewal.h"
#include "codec/pem.h"
#include "issue/name.h"

enum { DEFAULT_VALID_SECONDS = 86400 };

/* A clock may say anything: what is reckoned with is between 1970 and 9999. */
static int64_t bounded(int64_t t)
{
    const int64_t last = 253402300799;
    return t < 0 ? 0 : t > last ? last : t;
}

int64_t attester_now(const ratls_attester *a)
{
    return bounded(a->clock != NULL ? a->clock(a->context) : (int64_t)time(NULL));
}

static ratls_code take_key(ratls_attester *a, const ratls_attester_options *o, ratls_error *e)
{
    const crypto_type types[] = {[RATLS_KEY_DEFAULT] = peer_rules_of(o->peer)->key_type,
                                 [RATLS_KEY_P256] = CRYPTO_P256,
                                 [RATLS_KEY_P384] = CRYPTO_P384,
                                 [RATLS_KEY_RSA3072] = CRYPTO_RSA3072};
    assert((unsigned)o->key_type < sizeof types / sizeof *types);
    a->key_type = types[o->key_type];
    if (o->key_pem.n > 0) {
        a->key = crypto_private_from_pem(o->key_pem);
        if (a->key == NULL)
            return refuse(e, RATLS_E_MALFORMED, 0,
                          "attester: the key is not a PEM private key on P-256 or P-384, or RSA "
                          "with 3072 bits, without a passphrase");
        a->key_type = crypto_private_type(a->key);
    }
    if (a->key_type == CRYPTO_RSA3072 && peer_rules_of(o->peer)->no_rsa)
        return refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "attester: an RSA key, %s peers read P-256 and P-384 only",
                      peer_rules_of(o->peer)->name);
    return RATLS_OK;
}

static ratls_code take_names(ratls_attester *a, const ratls_attester_options *o, ratls_error *e)
{
    writer subject = wr_of(a->subject, sizeof a->subject);
    const char *text = o->subject != NULL ? o->subject : "CN=ratls";
    ratls_code code = issue_name_from_text(bytes_text(text), &subject, e);
    if (code != RATLS_OK)
        return code;
    assert(wr_ok(&subject)); /* as long as a name can be */
    a->subject_n = subject.n;
    a->alt_names = issue_extensions_of(a->names, sizeof a->names);
    if (o->names_n == 0)
        return RATLS_OK;
    code = issue_add_subject_alt_names(&a->alt_names, o->names, o->names_n, e);
    if (code == RATLS_OK && !wr_ok(&a->alt_names.values))
        return refuse(e, RATLS_E_LIMIT, 0,
                      "attester: the subject alternative names take %zu bytes, at most %zu fit",
                      a->alt_names.values.n, sizeof a->names);
    return code;
}

/* One certificate, DER or PEM, as a copy. */
static ratls_code read_ca(bytes in, uint8_t **der, size_t *n, ratls_error *e)
{
    *der = malloc(in.n);
    if (*der == NULL)
        return refuse(e, RATLS_E_SYSTEM, 0, "out of memory");
    *n = in.n;
    if (!pem_looks_like(in)) {
        memcpy(*der, in.p, in.n);
        return RATLS_OK;
    }
    bytes label;
    reader r = rd_of(in);
    if (pem_next(&r, &label, *der, in.n, n) != 1)
        return refuse(e, RATLS_E_MALFORMED, r.pos, "attester: the CA's certificate is broken PEM");
    return RATLS_OK;
}

static ratls_code check_ca(const ratls_attester *a, ratls_error *e)
{
    uint8_t spki[CRYPTO_SIGNATURE_MAX + 256];
    writer w = wr_of(spki, sizeof spki);
    if (!a->ca.is_ca || (a->ca.has_key_usage && (a->ca.key_usage & KEY_USAGE_CERT_SIGN) == 0))
        return refuse(e, RATLS_E_MALFORMED, 0,
                      "attester: the CA's certificate is not one that may sign certificates");
    if (a->ca_key == NULL)
        return refuse(e, RATLS_E_MALFORMED, 0,
                      "attester: the CA's key is not a PEM private key on P-256 or P-384, or RSA "
                      "with 3072 bits, without a passphrase");
    if (!crypto_private_spki(a->ca_key, &w) || !bytes_equal(wr_bytes(&w), a->ca.spki))
        return refuse(e, RATLS_E_MALFORMED, 0,
                      "attester: the CA's key is not that of its certificate");
    return RATLS_OK;
}

static ratls_code take_ca(ratls_attester *a, const ratls_attester_options *o, ratls_error *e)
{
    size_t n;
    if (o->ca_certificate.n == 0 && o->ca_key_pem.n == 0)
        return RATLS_OK;
    if (o->ca_certificate.n == 0 || o->ca_key_pem.n == 0)
        return refuse(e, RATLS_E_MISSING, 0,
                      "attester: a CA needs both its certificate and its key, found only the %s",
                      o->ca_key_pem.n == 0 ? "certificate" : "key");
    if (peer_rules_of(o->peer)->self_signed)
        return refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "attester: a CA was given, %s peers take self-signed certificates only",
                      peer_rules_of(o->peer)->name);
    ratls_code code = read_ca(o->ca_certificate, &a->ca_der, &n, e);
    if (code == RATLS_OK)
        code = certificate_parse(bytes_of(a->ca_der, n), &a->ca, e);
    if (code != RATLS_OK)
        return code;
    a->ca_key = crypto_private_from_pem(o->ca_key_pem);
    return check_ca(a, e);
}

static ratls_code take_options(ratls_attester *a, const ratls_attester_options *o, ratls_error *e)
{
    const peer_rules *rules = peer_rules_of(o->peer);
    a->peer = o->peer;
    a->valid_seconds = o->valid_seconds != 0 ? o->valid_seconds : DEFAULT_VALID_SECONDS;
    a->not_after_limit = o->not_after_limit;
    a->staple = o->staple;
    a->collateral = o->collateral;
    a->collateral_state = o->collateral_state;
    a->clock = o->clock;
    a->renewed = o->renewed;
    a->context = o->context;
    if (o->staple && o->collateral == NULL && o->source.collateral == NULL)
        return refuse(e, RATLS_E_MISSING, 0,
                      "attester: endorsements were asked for, and %s has no collateral",
                      o->source.name);
    if (o->staple && rules->no_endorsements)
        return refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "attester: endorsements were asked for, %s peers do not read them",
                      rules->name);
    ratls_code code = take_key(a, o, e);
    if (code == RATLS_OK)
        code = take_names(a, o, e);
    return code == RATLS_OK ? take_ca(a, o, e) : code;
}

bool attester_condition_init(pthread_cond_t *c)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0)
        return false;
    bool ok = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
              pthread_cond_init(c, &attributes) == 0;
    (void)pthread_condattr_destroy(&attributes);
    return ok;
}

static bool init_locks(ratls_attester *a)
{
    if (pthread_mutex_init(&a->lock, NULL) != 0)
        return false;
    if (!attester_condition_init(&a->wake)) {
        (void)pthread_mutex_destroy(&a->lock);
        return false;
    }
    if (!attester_condition_init(&a->turned)) {
        (void)pthread_cond_destroy(&a->wake);
        (void)pthread_mutex_destroy(&a->lock);
        return false;
    }
    return true;
}

static void free_held(ratls_attester *a)
{
    ratls_credential_free(&a->current);
    crypto_private_free(a->key);
    crypto_private_free(a->ca_key);
    free(a->ca_der);
    free(a->work);
    free(a);
}

ratls_code ratls_attester_new(ratls_attester **attester, const ratls_attester_options *options,
                              ratls_error *error)
{
    assert(options->source.quote != NULL && options->source.name != NULL);
    *attester = NULL;
    ratls_attester *a = calloc(1, sizeof *a);
    if (a == NULL)
        return refuse(error, RATLS_E_SYSTEM, 0, "out of memory");
    a->work = attester_work_new();
    ratls_code code;
    if (a->work == NULL)
        code = refuse(error, RATLS_E_SYSTEM, 0, "out of memory");
    else
        code = take_options(a, options, error);
    if (code == RATLS_OK) {
        a->queue = quote_queue_new(a, options->waiting_max);
        if (a->queue == NULL || !init_locks(a))
            code = refuse(error, RATLS_E_SYSTEM, 0, "attester: no memory or no locks");
    }
    if (code != RATLS_OK) {
        quote_queue_end(&a->queue);
        free_held(a);
        return code;
    }
    a->source = options->source;
    *attester = a;
    return RATLS_OK;
}

void ratls_attester_free(ratls_attester **attester)
{
    ratls_attester *a = *attester;
    *attester = NULL;
    if (a == NULL)
        return;
    ratls_attester_stop(a);
    quote_queue_end(&a->queue);
    (void)pthread_cond_destroy(&a->turned);
    (void)pthread_cond_destroy(&a->wake);
    (void)pthread_mutex_destroy(&a->lock);
    ratls_source_free(&a->source);
    free_held(a);
}

void attester_take_turn(ratls_attester *a)
{
    (void)pthread_mutex_lock(&a->lock);
    uint64_t mine = a->tickets++;
    while (a->turn != mine)
        (void)pthread_cond_wait(&a->turned, &a->lock);
    (void)pthread_mutex_unlock(&a->lock);
}

void attester_give_turn(ratls_attester *a)
{
    (void)pthread_mutex_lock(&a->lock);
    a->turn++;
    (void)pthread_cond_broadcast(&a->turned);
    (void)pthread_mutex_unlock(&a->lock);
}

ratls_tee attester_saw_quote(ratls_attester *a, const intel_quote *q)
{
    ratls_tee tee = q->tee_type == TEE_TYPE_TDX ? RATLS_TEE_TDX : RATLS_TEE_SGX;
    (void)pthread_mutex_lock(&a->lock);
    a->tee = tee;
    (void)pthread_mutex_unlock(&a->lock);
    return tee;
}

ratls_tee attester_tee(ratls_attester *a)
{
    (void)pthread_mutex_lock(&a->lock);
    ratls_tee tee = a->tee;
    (void)pthread_mutex_unlock(&a->lock);
    return tee;
}

static uint32_t random32(void)
{
    uint8_t b[4] = {0};
    if (!crypto_random(b, sizeof b))
        return 0; /* spreading the load is all that it is for */
    reader r = rd_of(bytes_of(b, sizeof b));
    return rd_le32(&r);
}

/* Of the certificate in service, in seconds; what it shall be if there is none. */
static int64_t life(const ratls_attester *a)
{
    return a->current == NULL ? (int64_t)a->valid_seconds
                              : ratls_credential_not_after(a->current) - a->issued;
}

ratls_code ratls_attester_renew(ratls_attester *a, int64_t now, ratls_error *error)
{
    ratls_credential *made;
    ratls_code code = attester_make(a, MAKE_CERTIFICATE, BYTES_NONE, now, &made, error);
    (void)pthread_mutex_lock(&a->lock);
    a->planned = bounded(now);
    if (code == RATLS_OK) {
        ratls_credential *before = a->current;
        a->current = made;
        made = before;
        a->failures = 0;
        a->issued = now;
        a->due = renewal_due(now, ratls_credential_not_after(a->current), random32());
    } else {
        a->failures++;
        a->due = renewal_retry(a->planned, a->failures, life(a), random32());
    }
    (void)pthread_cond_broadcast(&a->wake);
    (void)pthread_mutex_unlock(&a->lock);
    ratls_credential_free(&made);
    return code;
}

ratls_credential *ratls_attester_certificate(ratls_attester *a)
{
    (void)pthread_mutex_lock(&a->lock);
    ratls_credential *c = a->current == NULL ? NULL : ratls_credential_ref(a->current);
    (void)pthread_mutex_unlock(&a->lock);
    return c;
}

ratls_code ratls_attester_request(ratls_attester *a, ratls_credential **request, ratls_error *error)
{
    return attester_make(a, MAKE_REQUEST, BYTES_NONE, attester_now(a), request, error);
}

ratls_code ratls_attester_answer(ratls_attester *a, ratls_bytes nonce, bool request, int64_t now,
                                 ratls_credential **answer, ratls_error *error)
{
    return attester_make(a, request ? MAKE_REQUEST : MAKE_CERTIFICATE, nonce, now, answer, error);
}
