#define _POSIX_C_SOURCE 200809L
#include "supply.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/hex.h"
#include "crypto/crypto.h"
#include "input.h"
#include "net.h"
#include "qcnl.h"
#include "ratls/redis.h"
#include "when.h"

enum { PATH_ROOM = 4096 };

int64_t supply_now(const args *a)
{
    return a->has_time ? a->time : (int64_t)time(NULL);
}

static int64_t clock_of(void *context)
{
    return supply_now(context);
}

bool supply_root(const args *a, uint8_t **root, size_t *n)
{
    input in;
    *root = NULL;
    *n = 0;
    if (a->root == NULL)
        return true;
    if (!input_read_own(a->root, &in))
        return false;
    if (in.n == 0) {
        complain("%s: is empty, expected a certificate", in.name);
        input_free(&in);
        return false;
    }
    *root = in.data;
    *n = in.n;
    return true;
}

/* "intel", or "root-" and the first digits of the SHA-256 of the certificate: one store for one
 * root. */
static bool name_of_root(const args *a, char out[32])
{
    uint8_t *root, digest[32], *space;
    size_t n;
    bytes der;
    ratls_error e;
    (void)snprintf(out, 32, "intel");
    if (a->root == NULL)
        return true;
    if (!supply_root(a, &root, &n))
        return false;
    bytes file = bytes_of(root, n);
    space = malloc(n);
    bool ok = space != NULL && input_certificate(file, space, &der, &e) == RATLS_OK &&
              crypto_digest(CRYPTO_SHA256, &der, 1, digest);
    if (ok)
        (void)snprintf(out, 32, "root-%.16s", HEX(bytes_of(digest, 8)));
    else
        complain("%s: holds no certificate", a->root);
    free(space);
    free(root);
    return ok;
}

/* Every directory on the way, for the user alone. */
static bool make_all(char *path)
{
    for (char *p = path + 1; *p != '\0'; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        int failed = mkdir(path, 0700);
        *p = '/';
        if (failed != 0 && errno != EEXIST)
            return false;
    }
    return true;
}

/* The user's own; false if there is none, or it would be too long. */
static bool usual_store(const args *a, char out[PATH_ROOM], bool *found)
{
    char name[32];
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    bool has_cache = cache != NULL && cache[0] == '/';
    *found = has_cache || (home != NULL && home[0] == '/');
    if (!*found)
        return true;
    if (!name_of_root(a, name))
        return false;
    int n = has_cache ? snprintf(out, PATH_ROOM, "%s/ratls/%s", cache, name)
                      : snprintf(out, PATH_ROOM, "%s/.cache/ratls/%s", home, name);
    if (n < PATH_ROOM)
        return true;
    complain("the store's path has %d bytes, at most %d are taken; see --store", n, PATH_ROOM - 1);
    return false;
}

/* redis://HOST[:PORT], with brackets around an IPv6 address, or redis:/PATH of a socket. The
 * password is no word that others can list. */
static bool redis_store(const char *url, ratls_store *store)
{
    char text[512];
    ratls_error e;
    ratls_redis_options o = {.password = getenv("RATLS_REDIS_PASSWORD")};
    const char *rest = url + strlen("redis:");
    (void)snprintf(text, sizeof text, "%s", bytes_starts(bytes_text(rest), "//") ? rest + 2 : rest);
    address at;
    uint64_t port = 0;
    if (text[0] == '/') {
        o.socket_path = text;
    } else if (address_parse(text, &at) && number_parse(at.port, UINT16_MAX, &port)) {
        o.host = at.host;
        o.port = (uint16_t)port;
    } else if (text[0] != '\0' && strchr(text, ':') == NULL && strchr(text, '/') == NULL) {
        o.host = text;
    } else {
        complain("--store: found '%s', expected redis://HOST:PORT or redis:/SOCKET", url);
        return false;
    }
    if (ratls_store_redis(&o, store, &e) == RATLS_OK)
        return true;
    complain("--store: %s", e.text);
    return false;
}

bool supply_store_at(const char *at, ratls_store *store)
{
    ratls_error e;
    *store = (ratls_store){.name = NULL};
    if (bytes_starts(bytes_text(at), "redis:"))
        return redis_store(at, store);
    if (ratls_store_directory(at, store, &e) == RATLS_OK)
        return true;
    complain("%s", e.text);
    return false;
}

bool supply_store(const args *a, bool make, ratls_store *store)
{
    char path[PATH_ROOM];
    bool found = true;
    const char *at = a->store != NULL ? a->store : getenv("RATLS_STORE");
    *store = (ratls_store){.name = NULL};
    if (at != NULL && bytes_starts(bytes_text(at), "redis:"))
        return supply_store_at(at, store);
    if (at == NULL || at[0] == '\0') {
        if (!usual_store(a, path, &found))
            return false;
        if (found && make && !make_all(path)) {
            complain("%s: can't be made: %s; see --store", path, strerror(errno));
            return false;
        }
        at = path;
    }
    if (!found && make) {
        complain(
            "there is no place for a store: neither --store nor $RATLS_STORE nor $HOME is set");
        return false;
    }
    if (!found)
        return true;
    if (!make && access(at, F_OK) != 0) {
        if (a->store != NULL)
            complain("%s: %s", at, strerror(errno));
        return a->store == NULL;
    }
    return supply_store_at(at, store);
}

static ratls_service service_of(const args *a, const char *url)
{
    return (ratls_service){
        .url = bytes_is(bytes_text(url), "intel") ? RATLS_SERVICE_INTEL : url,
        .ca_file = a->pccs_ca,
        .client_certificate_file = a->pccs_cert,
        .client_key_file = a->pccs_cert,
        .insecure_any_certificate = a->insecure_pccs,
    };
}

bool supply_fetcher(const args *a, bool intel, ratls_fetcher *fetcher)
{
    ratls_service services[PCCS_MAX];
    ratls_error e = {.text = ""};
    qcnl conf = {.n = 0};
    const char *url = getenv("PCCS_URL"), *path = getenv("QCNL_CONF_PATH");
    size_t n = 0;
    *fetcher = (ratls_fetcher){.fetch = NULL};
    if (a->offline)
        return true;
    for (size_t i = 0; i < a->pccs_n; i++)
        services[n++] = service_of(a, a->pccs[i]);
    if (n == 0 && url != NULL && url[0] != '\0')
        services[n++] = service_of(a, url);
    if (n == 0) {
        ratls_code code = qcnl_load(path, &conf, &e);
        if (code != RATLS_OK && (code != RATLS_E_MISSING || path != NULL)) {
            complain("%s", e.text);
            return false;
        }
        for (size_t i = 0; i < conf.n; i++) {
            const ratls_service own = service_of(a, conf.services[i].url);
            services[n] = conf.services[i];
            services[n].ca_file = own.ca_file;
            services[n].client_certificate_file = own.client_certificate_file;
            services[n].client_key_file = own.client_key_file;
            if (a->insecure_pccs)
                services[n].insecure_any_certificate = true;
            n++;
        }
    }
    if (n == 0 && intel)
        services[n++] = service_of(a, RATLS_SERVICE_INTEL);
    ratls_code code = RATLS_OK;
    if (n > 0)
        code = ratls_fetcher_services(services, n, fetcher, &e);
    qcnl_free(&conf);
    if (code != RATLS_OK)
        complain("%s", e.text);
    return code == RATLS_OK;
}

/* What was held and is bad; why an item is not to be had stands in the verdict. */
static void on_note(void *context, const ratls_note *note)
{
    (void)context;
    if (note->kind == RATLS_NOTE_DISCARDED && note->error != NULL)
        complain("not used: %s", note->error->text);
}

/* Where nothing is fetched, what fails is the store. */
static void on_store_note(void *context, const ratls_note *note)
{
    on_note(context, note);
    if (note->kind == RATLS_NOTE_FAILED && note->error != NULL)
        complain("%s", note->error->text);
}

/* Nowhere: for services without a store. */
static ratls_code get_nothing(void *state, const char *item, uint8_t *out, size_t cap, size_t *n,
                              ratls_error *e)
{
    (void)state, (void)item, (void)out, (void)cap;
    *n = 0;
    return refuse(e, RATLS_E_MISSING, 0, "there is no store");
}

static ratls_code put_nowhere(void *state, const char *item, ratls_bytes before,
                              ratls_bytes content, bool *lost, ratls_error *e)
{
    (void)state, (void)item, (void)before, (void)content, (void)e;
    *lost = false;
    return RATLS_OK;
}

static ratls_code list_nothing(void *state, bool (*each)(void *context, const char *item),
                               void *context, ratls_error *e)
{
    (void)state, (void)each, (void)context, (void)e;
    return RATLS_OK;
}

static const ratls_store no_store = {
    .name = "no store", .get = get_nothing, .put = put_nowhere, .list = list_nothing};

static bool keep(const args *a, ratls_store *store, ratls_fetcher *fetcher, uint32_t first_contact,
                 ratls_keeper **keeper)
{
    ratls_error e;
    uint8_t *root = NULL;
    size_t n = 0;
    union {
        const args *given;
        void *context;
    } shared = {.given = a}; /* clock_of only reads it */
    bool ok = supply_root(a, &root, &n);
    const ratls_keeper_options o = {
        .store = store->get != NULL ? *store : no_store,
        .fetcher = *fetcher,
        .root = {root, n},
        .first_contact_ms = first_contact,
        .clock = clock_of,
        .noted = fetcher->fetch != NULL ? on_note : on_store_note,
        .context = shared.context,
    };
    if (ok && ratls_keeper_new(keeper, &o, &e) != RATLS_OK) {
        complain("%s", e.text);
        ok = false;
    }
    free(root);
    if (!ok) {
        ratls_store_free(store);
        ratls_fetcher_free(fetcher);
    }
    return ok;
}

bool supply_keep(const args *a, ratls_store *store, ratls_keeper **keeper)
{
    ratls_fetcher none = {.fetch = NULL};
    *keeper = NULL;
    return keep(a, store, &none, 0, keeper);
}

bool supply_open(const args *a, uint32_t first_contact_ms, ratls_keeper **keeper)
{
    ratls_store store;
    ratls_fetcher fetcher;
    *keeper = NULL;
    if (a->collateral_n > 0 && a->store == NULL && a->pccs_n == 0)
        return true;
    if (!supply_fetcher(a, false, &fetcher))
        return false;
    bool place = a->store != NULL || getenv("RATLS_STORE") != NULL || getenv("HOME") != NULL ||
                 getenv("XDG_CACHE_HOME") != NULL;
    bool make = fetcher.fetch != NULL && place;
    if (!supply_store(a, make, &store)) {
        ratls_fetcher_free(&fetcher);
        return false;
    }
    if (store.get == NULL && fetcher.fetch == NULL)
        return true;
    return keep(a, &store, &fetcher, first_contact_ms, keeper);
}
