/* The keeper: made, given verifiers and platforms, freed; and the time that it is sure of. */
#define _POSIX_C_SOURCE 200809L
#include "collateral/keeper.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "collateral/schedule.h"

int64_t keeper_bounded(int64_t t)
{
    const int64_t last = 253402300799;
    return t < 0 ? 0 : t > last ? last : t;
}

int64_t keeper_now(const ratls_keeper *k)
{
    return keeper_bounded(k->clock != NULL ? k->clock(k->context) : (int64_t)time(NULL));
}

bool keeper_fetches(const ratls_keeper *k)
{
    return k->fetcher.fetch != NULL;
}

uint32_t keeper_random(const ratls_keeper *k, const stock_item *i)
{
    char name[RATLS_ITEM_NAME_SIZE];
    ratls_item_name(&i->item, name);
    return schedule_random(k->seed, name, i->data == NULL ? 0 : i->facts.issued);
}

static void raise_verifiers(ratls_keeper *k, int64_t time)
{
    for (size_t i = 0; i < k->verifiers_n; i++)
        ratls_verifier_raise_time(k->verifiers[i], time);
}

void keeper_raise_issued(ratls_keeper *k, int64_t issued)
{
    if (issued <= k->issued)
        return;
    k->issued = issued;
    raise_verifiers(k, issued);
}

/*
 * A clock may have been wrong ahead when it ran; then it would refuse to run by the right one. So
 * no time is believed at which all that is held would have expired. Verifiers are told one a little
 * earlier: of two threads which look at the clock, either may be the first to come here.
 */
void keeper_raise_ran(ratls_keeper *k, int64_t now)
{
    if (now <= k->ran || now > stock_latest_expiry(k->stock))
        return;
    k->ran = now;
    raise_verifiers(k, now - KEEPER_SET_BACK);
}

bool keeper_is_behind(const ratls_keeper *k, int64_t now)
{
    return now + KEEPER_SET_BACK < k->issued || now + KEEPER_SET_BACK < k->ran;
}

ratls_code keeper_push(ratls_keeper *k, const stock_item *i, ratls_error *e)
{
    ratls_error refused;
    ratls_code first = RATLS_OK;
    for (size_t v = 0; v < k->verifiers_n; v++) {
        ratls_code code =
            ratls_verifier_add_collateral(k->verifiers[v], bytes_of(i->data, i->n), &refused);
        if (code != RATLS_OK && first == RATLS_OK) {
            first = code;
            *e = refused;
        }
    }
    return first;
}

void keeper_wake(ratls_keeper *k)
{
    (void)pthread_mutex_lock(&k->lock);
    (void)pthread_cond_broadcast(&k->wake);
    (void)pthread_mutex_unlock(&k->lock);
}

void keeper_note(ratls_keeper *k, ratls_note_kind kind, const ratls_item *item,
                 const ratls_error *error)
{
    if (k->noted == NULL)
        return;
    ratls_note note = {.kind = kind, .item = *item, .error = error};
    (void)pthread_mutex_lock(&k->lock);
    const stock_item *i = stock_find(k->stock, item);
    if (i != NULL) {
        note.failures = i->failures;
        note.next = i->due;
    }
    if (i != NULL && i->data != NULL) {
        note.issued = i->facts.issued;
        note.expires = i->facts.expires;
    }
    (void)pthread_mutex_unlock(&k->lock);
    k->noted(k->context, &note);
}

/* Whether it is one can be seen by giving it to a verifier. */
static ratls_code take_root(ratls_keeper *k, bytes root, ratls_error *e)
{
    if (root.n == 0)
        return RATLS_OK;
    ratls_verifier *v = ratls_verifier_new();
    k->root = malloc(root.n);
    ratls_code code;
    if (v == NULL || k->root == NULL)
        code = refuse(e, RATLS_E_SYSTEM, 0, "keeper: out of memory");
    else
        code = ratls_verifier_set_root(v, root, e);
    ratls_verifier_free(&v);
    if (code != RATLS_OK)
        return code;
    memcpy(k->root, root.p, root.n);
    k->root_n = root.n;
    return RATLS_OK;
}

/* Spreading the load is all that it is for: without a source of randomness the clock does. */
static uint64_t seed_of(const ratls_keeper *k)
{
    struct timespec t = {0};
    uint64_t drawn = 0;
    FILE *f = fopen("/dev/urandom", "rb");
    if (f != NULL) {
        (void)fread(&drawn, sizeof drawn, 1, f);
        (void)fclose(f);
    }
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return drawn ^ (uint64_t)t.tv_sec ^ (uint64_t)t.tv_nsec << 34 ^ (uintptr_t)k;
}

static bool init_locks(ratls_keeper *k)
{
    if (pthread_mutex_init(&k->lock, NULL) != 0)
        return false;
    bool wake = condition_init(&k->wake);
    if (wake && turn_init(&k->turn))
        return true;
    if (wake)
        (void)pthread_cond_destroy(&k->wake);
    (void)pthread_mutex_destroy(&k->lock);
    return false;
}

static void end_locks(ratls_keeper *k)
{
    turn_end(&k->turn);
    (void)pthread_cond_destroy(&k->wake);
    (void)pthread_mutex_destroy(&k->lock);
}

static void free_held(ratls_keeper *k)
{
    stock_free(k->stock);
    free(k->root);
    free(k);
}

static ratls_keeper *keeper_of(const ratls_keeper_options *o)
{
    ratls_keeper *k = calloc(1, sizeof *k);
    if (k == NULL)
        return NULL;
    k->first_contact_ms = o->first_contact_ms;
    k->fetch_ms = o->fetch_ms != 0 ? o->fetch_ms : KEEPER_FETCH_MS;
    k->least_seconds = o->least_seconds != 0 ? o->least_seconds : KEEPER_LEAST_SECONDS;
    k->clock = o->clock;
    k->noted = o->noted;
    k->context = o->context;
    k->store = o->store;
    k->fetcher = o->fetcher;
    k->seed = seed_of(k);
    k->stock = stock_new();
    if (k->stock == NULL || !init_locks(k)) {
        free_held(k);
        return NULL;
    }
    return k;
}

ratls_code ratls_keeper_new(ratls_keeper **keeper, const ratls_keeper_options *options,
                            ratls_error *error)
{
    assert(options->store.name != NULL && options->store.get != NULL &&
           options->store.put != NULL && options->store.list != NULL);
    *keeper = NULL;
    ratls_keeper *k = keeper_of(options);
    if (k == NULL)
        return refuse(error, RATLS_E_SYSTEM, 0, "keeper: out of memory");
    ratls_code code = take_root(k, options->root, error);
    if (code == RATLS_OK)
        code = restart_read(k, error);
    if (code != RATLS_OK) {
        end_locks(k);
        free_held(k);
        return code;
    }
    if (k->fetcher.set_judge != NULL)
        k->fetcher.set_judge(k->fetcher.state, place_judge, k);
    *keeper = k;
    return RATLS_OK;
}

/* What arrived in a first contact may not be in the store yet. */
static void save_all(ratls_keeper *k)
{
    const int64_t all = keeper_now(k) + KEEPER_SAVE_AGAIN;
    for (size_t i = 0; i < k->stock->n; i++)
        place_save(k, &k->stock->all[i].item, all);
}

void ratls_keeper_free(ratls_keeper **keeper)
{
    ratls_keeper *k = *keeper;
    *keeper = NULL;
    if (k == NULL)
        return;
    ratls_keeper_stop(k);
    save_all(k);
    ratls_store_free(&k->store);
    ratls_fetcher_free(&k->fetcher);
    end_locks(k);
    free_held(k);
}

static ratls_code give_all(ratls_keeper *k, ratls_verifier *verifier, ratls_error *e)
{
    ratls_code code = RATLS_OK;
    for (size_t i = 0; i < k->stock->n && code == RATLS_OK; i++)
        if (k->stock->all[i].data != NULL)
            code = ratls_verifier_add_collateral(
                verifier, bytes_of(k->stock->all[i].data, k->stock->all[i].n), e);
    return code;
}

static void gone(void *state, ratls_verifier *verifier)
{
    ratls_keeper *k = state;
    (void)pthread_mutex_lock(&k->lock);
    for (size_t i = 0; i < k->verifiers_n; i++)
        if (k->verifiers[i] == verifier)
            k->verifiers[i--] = k->verifiers[--k->verifiers_n];
    (void)pthread_mutex_unlock(&k->lock);
}

ratls_code ratls_keeper_serve(ratls_keeper *k, ratls_verifier *verifier, ratls_error *error)
{
    const ratls_collateral_source source = {.state = k, .want = contact_want, .gone = gone};
    ratls_code code;
    (void)pthread_mutex_lock(&k->lock);
    if (k->verifiers_n == KEEPER_VERIFIERS)
        code = refuse(error, RATLS_E_LIMIT, 0, "keeper: it serves %d verifiers already",
                      KEEPER_VERIFIERS);
    else
        code = give_all(k, verifier, error);
    if (code == RATLS_OK) {
        k->verifiers[k->verifiers_n++] = verifier;
        ratls_verifier_raise_time(verifier, k->issued);
        ratls_verifier_raise_time(verifier, k->ran - KEEPER_SET_BACK);
        ratls_verifier_set_source(verifier, &source);
    }
    (void)pthread_mutex_unlock(&k->lock);
    return code;
}

ratls_code ratls_keeper_want(ratls_keeper *k, const ratls_platform *platform, ratls_error *error)
{
    ratls_item items[4];
    ratls_platform_items(platform, items);
    ratls_code code = RATLS_OK;
    (void)pthread_mutex_lock(&k->lock);
    for (size_t i = 0; i < 4 && code == RATLS_OK; i++)
        if (stock_want(k->stock, &items[i], STOCK_WANTED) == NULL)
            code = refuse(error, RATLS_E_LIMIT, 0, "keeper: it keeps %d platform families already",
                          STOCK_FAMILIES);
    (void)pthread_cond_broadcast(&k->wake);
    (void)pthread_mutex_unlock(&k->lock);
    return code;
}
