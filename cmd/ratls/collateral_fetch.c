/* ratls collateral fetch: gets items from services into a store. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/time.h"
#include "collateral.h"
#include "evidence/evidence.h"
#include "input.h"
#include "peer.h"
#include "supply.h"

enum { FETCH_MS = 30000, ITEMS_MAX = 2048 };

enum fetch_option { FETCH_FOR, FETCH_FMSPC, FETCH_TEE, FETCH_PCK_CA, FETCH_OPTIONS };

static const own_option fetch_options[FETCH_OPTIONS] = {
    [FETCH_FOR] = {"--for", "FILE|HOST:PORT",
                   "what the platform of this certificate or quote needs"},
    [FETCH_FMSPC] = {"--fmspc", "HEX", "what platforms of this FMSPC need (12 hex digits)"},
    [FETCH_TEE] = {"--tee", "TEE", "of them those of sgx, or tdx (default: both)"},
    [FETCH_PCK_CA] = {"--pck-ca", "CA",
                      "of them those under this CA: processor or platform (default: both)"},
};

typedef struct wanted {
    ratls_item all[ITEMS_MAX];
    size_t n;
} wanted;

static void want(wanted *w, const ratls_item *item)
{
    char name[RATLS_ITEM_NAME_SIZE], other[RATLS_ITEM_NAME_SIZE];
    ratls_item_name(item, name);
    for (size_t i = 0; i < w->n; i++) {
        ratls_item_name(&w->all[i], other);
        if (strcmp(name, other) == 0)
            return;
    }
    if (w->n < ITEMS_MAX)
        w->all[w->n++] = *item;
}

static void want_platform(wanted *w, const ratls_platform *p)
{
    ratls_item items[4];
    ratls_platform_items(p, items);
    for (size_t i = 0; i < 4; i++)
        want(w, &items[i]);
}

/* One of two words; NULL is both. */
static bool read_choice(const char *name, const char *given, const char *first, const char *second,
                        bool both[2])
{
    both[0] = given == NULL || bytes_is(bytes_text(given), first);
    both[1] = given == NULL || bytes_is(bytes_text(given), second);
    if (both[0] || both[1])
        return true;
    complain("%s: found '%s', expected %s or %s", name, given, first, second);
    return false;
}

static bool want_fmspc(const args *a, wanted *w)
{
    const char *fmspc = a->own[FETCH_FMSPC];
    ratls_platform p = {.tee = RATLS_TEE_SGX};
    bool tees[2], cas[2];
    if (!hex_decode(bytes_text(fmspc), p.fmspc, sizeof p.fmspc)) {
        complain("--fmspc: found '%s', expected 12 hex digits", fmspc);
        return false;
    }
    if (!read_choice("--tee", a->own[FETCH_TEE], "sgx", "tdx", tees) ||
        !read_choice("--pck-ca", a->own[FETCH_PCK_CA], "processor", "platform", cas))
        return false;
    for (size_t tee = 0; tee < 2; tee++)
        for (size_t ca = 0; ca < 2; ca++) {
            p.tee = tee == 0 ? RATLS_TEE_SGX : RATLS_TEE_TDX;
            p.processor_ca = ca == 0;
            if (tees[tee] && cas[ca])
                want_platform(w, &p);
        }
    return true;
}

/* The quote in a certificate, or the file itself. */
static ratls_code platform_of(bytes file, uint8_t *space, ratls_platform *p, ratls_error *e)
{
    certificate c;
    evidence_set set;
    bytes der;
    ratls_error unused;
    if (input_certificate(file, space, &der, &unused) == RATLS_OK &&
        certificate_parse_tls(der, &c, &unused) == RATLS_OK) {
        ratls_code code = evidence_find(&c, &set, e);
        return code == RATLS_OK ? ratls_quote_platform(set.all[0].payload, p, e) : code;
    }
    return ratls_quote_platform(file, p, e);
}

static bool want_for(const char *text, wanted *w)
{
    input in;
    ratls_error e;
    ratls_platform p;
    if (!peer_or_file_read(text, false, &in))
        return false;
    uint8_t *space = malloc(in.n + 1);
    ratls_code code = RATLS_E_SYSTEM;
    if (space != NULL)
        code = platform_of(input_bytes(&in), space, &p, &e);
    else
        (void)refuse(&e, code, 0, "out of memory");
    if (code == RATLS_OK)
        want_platform(w, &p);
    else
        complain("%s: %s", text, e.text);
    free(space);
    input_free(&in);
    return code == RATLS_OK;
}

static bool want_held(void *context, const char *name)
{
    ratls_item item;
    if (ratls_item_from_name(name, &item))
        want(context, &item);
    return true;
}

static bool read_wanted(const args *a, const ratls_store *store, wanted *w)
{
    ratls_error e;
    w->n = 0;
    if (a->own[FETCH_FMSPC] == NULL &&
        (a->own[FETCH_TEE] != NULL || a->own[FETCH_PCK_CA] != NULL)) {
        complain("--tee and --pck-ca go with --fmspc");
        return false;
    }
    if (a->own[FETCH_FOR] != NULL && !want_for(a->own[FETCH_FOR], w))
        return false;
    if (a->own[FETCH_FMSPC] != NULL && !want_fmspc(a, w))
        return false;
    if (w->n > 0)
        return true;
    if (store->list(store->state, want_held, w, &e) != RATLS_OK) {
        complain("%s", e.text);
        return false;
    }
    if (w->n == 0)
        complain("%s: holds nothing to be fetched again; see --for and --fmspc", store->name);
    return w->n > 0;
}

/* A line that is written over, for who watches a terminal. */
static void progress(size_t i, size_t n, const char *name)
{
    if (isatty(STDERR_FILENO) != 1)
        return;
    (void)fprintf(stderr, "\r\033[K");
    if (name != NULL)
        (void)fprintf(stderr, "%zu of %zu: %s", i + 1, n, name);
    (void)fflush(stderr);
}

typedef struct fetching {
    ratls_fetcher fetcher;
    ratls_keeper *keeper;
    uint8_t *space;
    int64_t now;
    bool refused; /* an item is not to be had, or not genuine; else only the way to it failed */
} fetching;

/* A service with items of another root, or others than were asked for, is passed over. */
static ratls_code judge_item(void *root, const ratls_item *item, ratls_bytes data, int64_t now,
                             ratls_error *e)
{
    ratls_item_facts facts;
    char name[RATLS_ITEM_NAME_SIZE], got[RATLS_ITEM_NAME_SIZE];
    (void)now;
    ratls_code code = ratls_item_check(data, *(const ratls_bytes *)root, &facts, e);
    if (code != RATLS_OK)
        return code;
    ratls_item_name(item, name);
    ratls_item_name(&facts.item, got);
    return strcmp(name, got) == 0 ? RATLS_OK
                                  : refuse(e, RATLS_E_UNTRUSTED, 0, "it gave %s instead", got);
}

/* An expired item is kept too, for a policy with a grace, but is not what was asked for. */
static ratls_code fetch_one(fetching *f, const ratls_item *item, bool *newer,
                            ratls_item_facts *facts, ratls_bytes root, ratls_error *e)
{
    size_t n;
    ratls_code code =
        f->fetcher.fetch(f->fetcher.state, item, f->now, FETCH_MS, f->space, RATLS_ITEM_MAX, &n, e);
    if (code == RATLS_OK)
        code = ratls_item_check(bytes_of(f->space, n), root, facts, e);
    if (code == RATLS_OK)
        code = ratls_keeper_add(f->keeper, bytes_of(f->space, n), f->now, newer, e);
    if (code == RATLS_OK && facts->expires <= f->now)
        code =
            refuse(e, RATLS_E_STALE, 0, "what the service has expired on %s", ISO(facts->expires));
    return code;
}

static bool fetch_all(fetching *f, const wanted *w, ratls_bytes root, sheet *s)
{
    bool all = true;
    sheet_list(s, "items", NULL);
    for (size_t i = 0; i < w->n; i++) {
        char name[RATLS_ITEM_NAME_SIZE];
        ratls_item_facts facts;
        ratls_error e;
        bool newer = false;
        ratls_item_name(&w->all[i], name);
        progress(i, w->n, name);
        ratls_code code = fetch_one(f, &w->all[i], &newer, &facts, root, &e);
        progress(i, w->n, NULL);
        sheet_item(s, NULL);
        sheet_text(s, "name", NULL, name);
        sheet_bool(s, "fetched", NULL, code == RATLS_OK);
        if (code == RATLS_OK) {
            sheet_bool(s, "newer", NULL, newer);
            sheet_time(s, "issued", NULL, facts.issued);
            sheet_time(s, "expires", NULL, facts.expires);
            sheet_row(s, name, "%s, of %s, good until %s", newer ? "fetched" : "not newer",
                      ISO(facts.issued), ISO(facts.expires));
        } else {
            sheet_text(s, "code", NULL, ratls_code_name(code));
            sheet_bytes(s, "reason", NULL, bytes_text(e.text));
            sheet_next(s, STYLE_LOUD);
            sheet_row(s, name, "FAILED: %s", e.text);
        }
        sheet_close(s);
        all = all && code == RATLS_OK;
        f->refused = f->refused || (code != RATLS_OK && code != RATLS_E_SYSTEM);
    }
    sheet_close(s);
    return all;
}

static int run_with(const args *a, ratls_store *store, wanted *w)
{
    fetching f = {.space = malloc(RATLS_ITEM_MAX), .now = supply_now(a)};
    uint8_t *root = NULL;
    size_t n = 0;
    int status = EXIT_TROUBLE;
    char name[256];
    escape_text(bytes_text(store->name), name, sizeof name);
    if (f.space == NULL || !read_wanted(a, store, w) || !supply_root(a, &root, &n) ||
        !supply_fetcher(a, true, &f.fetcher)) {
        ratls_store_free(store);
    } else if (f.fetcher.fetch == NULL) {
        complain("--offline leaves no service to fetch from");
        ratls_store_free(store);
    } else if (supply_keep(a, store, &f.keeper)) {
        ratls_bytes trusted = bytes_of(root, n);
        if (f.fetcher.set_judge != NULL)
            f.fetcher.set_judge(f.fetcher.state, judge_item, &trusted);
        sheet *s = sheet_new(a->json);
        sheet_text(s, "store", "store", name);
        bool all = fetch_all(&f, w, trusted, s);
        status = sheet_end(s, all ? EXIT_ACCEPTED : f.refused ? EXIT_REFUSED : EXIT_TROUBLE);
        ratls_keeper_free(&f.keeper);
    }
    ratls_fetcher_free(&f.fetcher);
    free(f.space);
    free(root);
    return status;
}

static int run(const args *a)
{
    ratls_store store;
    wanted *w = malloc(sizeof *w);
    int status = EXIT_TROUBLE;
    if (w == NULL)
        complain("out of memory");
    else if (supply_store(a, true, &store))
        status = run_with(a, &store, w);
    free(w);
    return status;
}

const command collateral_fetch_command = {
    .name = "collateral fetch",
    .run = run,
    .summary = "gets collateral from Intel's service or a PCCS, and keeps it",
    .options = TAKES(OPTION_STORE) | TAKES_SERVICES | TAKES(OPTION_OFFLINE) | TAKES(OPTION_ROOT) |
               TAKES(OPTION_TIME) | TAKES(OPTION_JSON),
    .own = fetch_options,
    .own_n = FETCH_OPTIONS,
    .about =
        "Fetches TCB info, QE identity and CRLs, checks them up to the root, and keeps them in\n"
        "the store if they are newer. Without --for and --fmspc it fetches again what the\n"
        "store holds. The services are those of --pccs, else $PCCS_URL, else those of\n"
        "/etc/sgx_default_qcnl.conf, else Intel's own.\n"
        "Exit codes: 0 all fetched, 1 an item is not to be had or not genuine, 2 usage or\n"
        "system error, a service out of reach among them.",
    .example = "ratls collateral fetch --for www.example.com:443",
};
