#include "testing.h"

#include "session_tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>

#include "base/error.h"
#include "ratls/policy.h"
#include "tls_pair.h"

enum { POLICY_MAX = 16384, COLLATERAL_MAX = 1 << 18, QUIET = 3 };

int64_t fixed_time(void *context)
{
    (void)context;
    return SIM_NOW;
}

static void must(ratls_code code, const ratls_error *e)
{
    if (code != RATLS_OK)
        fail_msg("%s: %s", ratls_code_name(code), e->text);
}

void machines_make(machines *m)
{
    ratls_sim_options o = sim_options(RATLS_TEE_SGX, 3, false);
    for (unsigned i = 0; i < MACHINES; i++) {
        m->place[i] = sim_place_new();
        o.vendor = i > 0 ? m->place[0].root : NULL;
        m->sim[i] = sim_make_open(m->place[i].root, &o);
    }
}

void machines_end(machines *m)
{
    for (unsigned i = 0; i < MACHINES; i++) {
        ratls_sim_free(&m->sim[i]);
        sim_place_end(&m->place[i]);
    }
}

static void add_collateral(ratls_verifier *v, const ratls_sim *sim)
{
    ratls_error e = {.text = ""};
    size_t n;
    uint8_t *json = malloc(COLLATERAL_MAX);
    assert_non_null(json);
    must(ratls_sim_collateral(sim, json, COLLATERAL_MAX, &n, &e), &e);
    must(ratls_verifier_add_collateral(v, bytes_of(json, n), &e), &e);
    free(json);
}

static ratls_verifier *verifier_of(const machines *m, const ratls_facts *facts, const char *members)
{
    char text[POLICY_MAX];
    size_t n;
    ratls_error e = {.text = ""};
    ratls_verifier *v = ratls_verifier_new();
    assert_non_null(v);
    must(ratls_verifier_set_root(v, ratls_sim_root(m->sim[0]), &e), &e);
    for (unsigned i = 0; i < MACHINES; i++)
        add_collateral(v, m->sim[i]);
    must(ratls_policy_write(text, sizeof text, &n, facts, true, &e), &e);
    char *end = strrchr(text, '}');
    (void)snprintf(end, sizeof text - (size_t)(end - text), "%s%s}", members[0] != '\0' ? ", " : "",
                   members);
    must(ratls_verifier_set_policy(v, bytes_text(text), &e), &e);
    return v;
}

ratls_verifier *machines_verifier(const machines *m, const char *members)
{
    return verifier_of(m, ratls_sim_facts(m->sim[0]), members);
}

ratls_verifier *machines_verifier_at(const machines *m, const char *level)
{
    char members[64];
    (void)snprintf(members, sizeof members, "\"binding\": {\"minimum\": \"%s\"}", level);
    return machines_verifier(m, members);
}

ratls_verifier *machines_stranger(const machines *m)
{
    ratls_facts other = *ratls_sim_facts(m->sim[0]);
    other.sgx.mrenclave[0] ^= 1;
    return verifier_of(m, &other, "");
}

static ratls_code make_quote(void *state, const uint8_t report_data[64], uint8_t *out, size_t cap,
                             size_t *n, ratls_error *error)
{
    enclave *e = state;
    (void)pthread_mutex_lock(&e->lock);
    while (e->held)
        (void)pthread_cond_wait(&e->changed, &e->lock);
    e->quotes++;
    bool fails = e->fails;
    (void)pthread_mutex_unlock(&e->lock);
    if (fails)
        return refuse(error, RATLS_E_SYSTEM, 0, "enclave: the device is gone");
    return e->source.quote(e->source.state, report_data, out, cap, n, error);
}

enclave *enclave_new(const machines *m, unsigned machine, const ratls_attester_options *more)
{
    ratls_error error = {.text = ""};
    ratls_attester_options o = more != NULL ? *more : (ratls_attester_options){.subject = NULL};
    enclave *e = calloc(1, sizeof *e);
    assert_non_null(e);
    assert_int_equal(pthread_mutex_init(&e->lock, NULL), 0);
    assert_int_equal(pthread_cond_init(&e->changed, NULL), 0);
    must(ratls_source_sim(m->place[machine].root, &e->source, &error), &error);
    o.source = (ratls_source){.name = "enclave", .state = e, .quote = make_quote};
    o.clock = fixed_time;
    must(ratls_attester_new(&e->attester, &o, &error), &error);
    must(ratls_attester_renew(e->attester, SIM_NOW, &error), &error);
    return e;
}

void enclave_hold(enclave *e, bool held)
{
    (void)pthread_mutex_lock(&e->lock);
    e->held = held;
    (void)pthread_cond_broadcast(&e->changed);
    (void)pthread_mutex_unlock(&e->lock);
}

void enclave_fail(enclave *e)
{
    (void)pthread_mutex_lock(&e->lock);
    e->fails = true;
    (void)pthread_mutex_unlock(&e->lock);
}

unsigned enclave_quotes(enclave *e)
{
    (void)pthread_mutex_lock(&e->lock);
    unsigned n = e->quotes;
    (void)pthread_mutex_unlock(&e->lock);
    return n;
}

void enclave_free(enclave *e)
{
    enclave_hold(e, false);
    ratls_attester_free(&e->attester);
    ratls_source_free(&e->source);
    (void)pthread_cond_destroy(&e->changed);
    (void)pthread_mutex_destroy(&e->lock);
    free(e);
}

identity ordinary_identity(const cert_spec *ca)
{
    EVP_PKEY *key = key_named(KEY_TYPE_P256, "ordinary");
    cert_spec c = cert_spec_of("CN=ordinary", key, SIM_NOW - SIM_DAY, SIM_NOW + SIM_DAY);
    (void)ext_add(&c.ext, OID_SUBJECT_ALT_NAME, false,
                  mk_seq(mk_tlv(0x82, bytes_text("localhost"))));
    if (ca != NULL)
        cert_issued_by(&c, ca);
    return (identity){.der = cert_make(&c), .key = key};
}

identity leaked_identity(const enclave *e)
{
    ratls_credential *c = ratls_attester_certificate(e->attester);
    assert_non_null(c);
    ratls_bytes pem = ratls_credential_key_pem(c);
    BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    BIO_free(in);
    assert_non_null(key);
    identity i = {.der = arena_copy(ratls_credential_chain(c, 0)), .key = key};
    ratls_credential_free(&c);
    return i;
}

static int choose(SSL *ssl, const unsigned char **out, unsigned char *out_n,
                  const unsigned char *in, unsigned int in_n, void *arg)
{
    const char *name = arg;
    (void)ssl;
    for (unsigned at = 0; at < in_n; at += 1U + in[at]) {
        *out = in + at + 1;
        *out_n = in[at];
        if (bytes_is(bytes_of(*out, *out_n), name))
            return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

SSL_CTX *bare_context(bool server, int version, identity shows, const char *alpn)
{
    if (server && shows.key == NULL)
        shows = ordinary_identity(NULL);
    SSL_CTX *ctx = tls_context(server, version, shows.der, shows.key);
    if (alpn == NULL)
        return ctx;
    bytes name = arena_copy(bytes_of(alpn, strlen(alpn) + 1));
    if (server) {
        SSL_CTX_set_alpn_select_cb(ctx, choose, (void *)(uintptr_t)name.p);
        return ctx;
    }
    bytes list = arena_format("%c%s", (int)strlen(alpn), alpn);
    assert_int_equal(SSL_CTX_set_alpn_protos(ctx, list.p, (unsigned)list.n), 0);
    return ctx;
}

SSL_CTX *end_context(bool server, int version, const end_spec *spec)
{
    ratls_error e = {.text = ""};
    ratls_verifier *v = spec->verifier;
    identity shows = spec->shows;
    ratls_openssl_options judging = spec->judging;
    if (shows.key == NULL && server && spec->attests == NULL)
        shows = ordinary_identity(NULL);
    SSL_CTX *ctx = tls_context(server, version, shows.der, shows.key);
    judging.now = fixed_time;
    judging.time_is_explicit = true;
    if (spec->attests != NULL)
        must(ratls_openssl_use_attester(ctx, spec->attests->attester, &e), &e);
    if (v != NULL)
        must(ratls_openssl_use_verifier(ctx, &v, &judging, &e), &e);
    if (spec->speaks)
        must(ratls_openssl_use_session(ctx, &spec->session, &e), &e);
    return ctx;
}

static SSL *end_of(SSL_CTX *ctx, bool server, size_t room, BIO **far)
{
    BIO *near;
    SSL *ssl = SSL_new(ctx);
    SSL_CTX_free(ctx);
    assert_non_null(ssl);
    assert_int_equal(BIO_new_bio_pair(&near, room, far, room), 1);
    SSL_set_bio(ssl, near, near);
    if (server)
        SSL_set_accept_state(ssl);
    else
        SSL_set_connect_state(ssl);
    return ssl;
}

wire wire_new(SSL_CTX *client, SSL_CTX *server, size_t room, size_t most)
{
    wire w = {.most = most};
    w.client = end_of(client, false, room, &w.client_far);
    w.server = end_of(server, true, room, &w.server_far);
    return w;
}

static bool carry(BIO *from, BIO *to, size_t most, uint64_t *sum)
{
    uint8_t some[4096];
    size_t room = BIO_ctrl_get_write_guarantee(to);
    size_t n = most > 0 && most < sizeof some ? most : sizeof some;
    int got = BIO_read(from, some, (int)(n < room ? n : room));
    if (got <= 0)
        return false;
    assert_int_equal(BIO_write(to, some, got), got);
    *sum += (uint64_t)got;
    return true;
}

bool wire_move(wire *w)
{
    if (w->cut)
        return false;
    bool moved = carry(w->client_far, w->server_far, w->most, &w->to_server);
    return carry(w->server_far, w->client_far, w->most, &w->to_client) || moved;
}

void wire_free(wire *w)
{
    SSL_free(w->client);
    SSL_free(w->server);
    BIO_free(w->client_far);
    BIO_free(w->server_far);
    ERR_clear_error();
}

bool open_step(SSL *ssl, progress *p)
{
    if (p->done)
        return false;
    p->code = ratls_openssl_open(ssl, &p->want, &p->error);
    p->done = p->code != RATLS_OK || p->want == 0;
    return p->done;
}

/* Nothing else can go on: is there evidence to wait for? */
static bool await(const SSL *ssl, const progress *p)
{
    return !p->done && (p->want & RATLS_WANT_EVIDENCE) != 0 &&
           ratls_openssl_wait(ssl, RATLS_WANT_EVIDENCE, -1);
}

void wire_open(wire *w, progress *client, progress *server)
{
    *client = *server = (progress){.done = false};
    for (int quiet = 0; quiet < QUIET; quiet++) {
        if (open_step(w->client, client))
            quiet = 0;
        if (open_step(w->server, server))
            quiet = 0;
        if (wire_move(w) || await(w->client, client) || await(w->server, server))
            quiet = 0;
    }
}

void wire_must_open(wire *w)
{
    progress client, server;
    wire_open(w, &client, &server);
    if (!client.done || client.code != RATLS_OK || !server.done || server.code != RATLS_OK)
        fail_msg("client: %d %s, server: %d %s", client.done,
                 client.code != RATLS_OK ? client.error.text : "", server.done,
                 server.code != RATLS_OK ? server.error.text : "");
}

/* One call of ratls_openssl_read, in which nothing may come. */
static void read_step(SSL *ssl, progress *p)
{
    char byte;
    size_t n;
    if (p->done)
        return;
    p->code = ratls_openssl_read(ssl, &byte, 1, &n, &p->want, &p->error);
    assert_int_equal(n, 0);
    p->done = p->code != RATLS_OK || p->want == 0;
}

void wire_settle(wire *w, progress *client, progress *server)
{
    *client = *server = (progress){.done = false};
    for (int quiet = 0; quiet < QUIET; quiet++) {
        read_step(w->client, client);
        read_step(w->server, server);
        if (wire_move(w) || await(w->client, client) || await(w->server, server))
            quiet = 0;
    }
}

void wire_say(wire *w, SSL *from, const char *text)
{
    SSL *to = from == w->client ? w->server : w->client;
    size_t all = strlen(text), sent = 0, came = 0;
    uint8_t *got = malloc(all);
    ratls_error e = {.text = ""};
    assert_non_null(got);
    for (int quiet = 0; quiet < QUIET && came < all; quiet++) {
        size_t n = 0;
        unsigned want;
        if (sent < all) {
            must(ratls_openssl_write(from, text + sent, all - sent, &n, &want, &e), &e);
            sent += n;
        }
        if (n > 0 || wire_move(w))
            quiet = 0;
        must(ratls_openssl_read(to, got + came, all - came, &n, &want, &e), &e);
        came += n;
        if (n > 0)
            quiet = 0;
    }
    assert_int_equal(came, all);
    assert_true(bytes_equal(bytes_of(got, all), bytes_of(text, all)));
    free(got);
}
