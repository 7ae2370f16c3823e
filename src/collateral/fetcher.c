/* Items from an Intel PCS, or PCCS, or several: asked in order until one gives the item. */
#define _POSIX_C_SOURCE 200809L
#include "collateral/fetcher.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "collateral/breaker.h"
#include "collateral/http.h"
#include "collateral/pcs_url.h"

typedef struct service {
    pcs_base base;
    http_client *client;
    breaker breaker;
    char last[RATLS_TEXT_SIZE]; /* why it gave nothing when it was asked last */
} service;

typedef struct fetcher {
    service all[FETCHER_SERVICES_MAX];
    size_t n;
    uint64_t seed;
    /* Of who uses it; NULL: every answer is of use. */
    ratls_code (*judge)(void *context, const ratls_item *item, ratls_bytes data, int64_t now,
                        ratls_error *error);
    void *judge_context;
} fetcher;

/* What one fetch needs; large, and most of the time not needed at all. */
typedef struct workspace {
    http_answer answer;
    uint8_t room[PCS_ROOM];
    uint8_t item[RATLS_ITEM_MAX]; /* while `out` holds one that has expired */
    char why[FETCHER_SERVICES_MAX][RATLS_TEXT_SIZE + 64];
} workspace;

/* Time that passes, for the end of one fetch only. */
static int64_t monotonic_ms(void)
{
    struct timespec t;
    return clock_gettime(CLOCK_MONOTONIC, &t) == 0 ? (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000
                                                   : 0;
}

static uint64_t spread(const fetcher *f, size_t i, const ratls_item *item)
{
    uint64_t h = f->seed + i;
    h = h * 31 + (uint64_t)item->kind;
    h = h * 31 + (uint64_t)item->tee + (item->processor_ca ? 7 : 0);
    for (size_t k = 0; k < sizeof item->fmspc; k++)
        h = h * 31 + item->fmspc[k];
    return h;
}

/* Where an item goes, and how long it is good. */
typedef struct place {
    uint8_t *p;
    size_t cap, n;
    int64_t expires;
} place;

/* What is there but of no use is not absent. */
static ratls_code judge_answer(const fetcher *f, const ratls_item *item, bytes data, int64_t now,
                               ratls_error *e)
{
    ratls_code code = f->judge(f->judge_context, item, data, now, e);
    return code == RATLS_OK ? RATLS_OK : RATLS_E_MALFORMED;
}

/* Asks one service, and takes note of how it did. */
static ratls_code ask(fetcher *f, size_t i, const ratls_item *item, int64_t now,
                      uint32_t milliseconds, workspace *w, place *to, ratls_error *e)
{
    service *s = &f->all[i];
    uint64_t seed = spread(f, i, item);
    char url[PCS_URL_SIZE];
    pcs_item_url(&s->base, item, url);
    ratls_code code = http_get(s->client, url, milliseconds, &w->answer, e);
    if (code == RATLS_E_SYSTEM) {
        breaker_failed(&s->breaker, now, 0, seed);
        return code;
    }
    const pcs_answer answer = {w->answer.status, bytes_of(w->answer.headers, w->answer.headers_n),
                               bytes_of(w->answer.body, w->answer.body_n)};
    if (code == RATLS_OK)
        code = pcs_answer_read(item, &answer, w->room, to->p, to->cap, &to->n, &to->expires, e);
    if (code == RATLS_OK && f->judge != NULL)
        code = judge_answer(f, item, bytes_of(to->p, to->n), now, e);
    int64_t wait = 0;
    if (code == RATLS_OK || code == RATLS_E_MISSING) {
        breaker_answered(&s->breaker, item);
    } else if (answer.status == 429 || answer.status == 503) {
        (void)pcs_retry_after(answer.headers, now, &wait);
        breaker_failed(&s->breaker, now, wait, seed);
    } else {
        breaker_useless(&s->breaker, item, now, seed);
    }
    return code;
}

/* Of the time that is left, what one of those still to be asked may take: the others must get to
 * their turn. */
static uint32_t share(const fetcher *f, size_t i, const ratls_item *item, int64_t now, int64_t left)
{
    uint32_t waiting = 0;
    const breaker_count *count;
    for (size_t k = i; k < f->n; k++)
        waiting += breaker_asks(&f->all[k].breaker, item, now, &count) ? 1 : 0;
    return left <= 0 ? 0 : (uint32_t)left / (waiting > 0 ? waiting : 1);
}

static void say_left_alone(const service *s, const breaker_count *count, int64_t now, char *out,
                           size_t size)
{
    (void)snprintf(out, size, "left alone for %" PRId64 " s after failure %u: %s",
                   count->until - now, count->failures, s->last);
}

/* The worst that a service answered stands for all; if none did, SYSTEM. */
static ratls_code worse(ratls_code a, ratls_code b)
{
    static const ratls_code order[] = {RATLS_E_MISSING, RATLS_E_MALFORMED, RATLS_E_LIMIT};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return RATLS_E_SYSTEM;
}

/* Until when a fetch must be over, and what is left of its time as of the last request. */
typedef struct time_left {
    int64_t end, ms;
} time_left;

/* From one service, if it is its turn: why it gave nothing is in *why. */
static ratls_code try_service(fetcher *f, size_t i, const ratls_item *item, int64_t now,
                              time_left *left, workspace *w, place *to, char *why, size_t why_size)
{
    service *s = &f->all[i];
    const breaker_count *count;
    ratls_error e = {.text = ""};
    if (!breaker_asks(&s->breaker, item, now, &count)) {
        say_left_alone(s, count, now, why, why_size);
        return RATLS_E_SYSTEM;
    }
    uint32_t milliseconds = share(f, i, item, now, left->ms);
    if (milliseconds == 0) {
        (void)snprintf(why, why_size, "not asked, the time was over");
        return RATLS_E_SYSTEM;
    }
    ratls_code code = ask(f, i, item, now, milliseconds, w, to, &e);
    left->ms = left->end - monotonic_ms();
    if (code != RATLS_OK) {
        (void)snprintf(s->last, sizeof s->last, "%s", e.text);
        (void)snprintf(why, why_size, "%s", e.text);
    }
    return code;
}

/*
 * The first item that has not expired. A cache that nobody refreshes must not keep away what the
 * next service has; but if that has nothing better, an expired item is what there is, and its use
 * is for the policy to decide.
 */
static ratls_code fetch_in(fetcher *f, const ratls_item *item, int64_t now, uint32_t deadline_ms,
                           workspace *w, uint8_t *out, size_t cap, size_t *n, ratls_error *e)
{
    const char *names[FETCHER_SERVICES_MAX], *whys[FETCHER_SERVICES_MAX];
    time_left left = {monotonic_ms() + deadline_ms, deadline_ms};
    ratls_code code = RATLS_E_SYSTEM;
    place best = {.p = out, .cap = cap, .expires = INT64_MIN}, next;
    size_t i = 0;
    for (; i < f->n && best.expires < now; i++) {
        next = (place){.p = best.n == 0 ? out : w->item,
                       .cap = cap < sizeof w->item ? cap : sizeof w->item};
        names[i] = f->all[i].base.root;
        whys[i] = w->why[i];
        ratls_code got = try_service(f, i, item, now, &left, w, &next, w->why[i], sizeof w->why[i]);
        code = worse(code, got);
        if (got != RATLS_OK || next.expires <= best.expires)
            continue;
        if (next.p != out)
            memcpy(out, next.p, next.n);
        best = next;
    }
    *n = best.n;
    if (best.n > 0)
        return RATLS_OK;
    char text[RATLS_TEXT_SIZE];
    fetcher_sentence(names, whys, i, text);
    return refuse(e, code, 0, "%s", text);
}

static ratls_code fetch(void *state, const ratls_item *item, int64_t now, uint32_t deadline_ms,
                        uint8_t *out, size_t cap, size_t *n, ratls_error *e)
{
    fetcher *f = state;
    if (f->n == 0)
        return refuse(e, RATLS_E_SYSTEM, 0, "no service to fetch from");
    workspace *w = malloc(sizeof *w);
    if (w == NULL)
        return refuse(e, RATLS_E_SYSTEM, 0, "out of memory");
    ratls_code code = fetch_in(f, item, now, deadline_ms, w, out, cap, n, e);
    free(w);
    return code;
}

static void set_judge(void *state,
                      ratls_code (*judge)(void *context, const ratls_item *item, ratls_bytes data,
                                          int64_t now, ratls_error *error),
                      void *context)
{
    fetcher *f = state;
    f->judge = judge;
    f->judge_context = context;
}

static void fetcher_free(void *state)
{
    fetcher *f = state;
    for (size_t i = 0; i < f->n; i++)
        http_client_free(f->all[i].client);
    free(f);
}

static ratls_code service_init(service *s, const ratls_service *from, ratls_error *e)
{
    if ((from->client_certificate_file == NULL) != (from->client_key_file == NULL))
        return refuse(e, RATLS_E_MALFORMED, 0,
                      "service: a client certificate needs its key, and the key its certificate");
    ratls_code code = pcs_base_parse(from->url, from->update, &s->base, e);
    return code == RATLS_OK ? http_client_new(from, &s->client, e) : code;
}

ratls_code fetcher_seeded(const ratls_service *services, size_t n, uint64_t seed,
                          ratls_fetcher *out, ratls_error *e)
{
    if (n > FETCHER_SERVICES_MAX)
        return refuse(e, RATLS_E_LIMIT, 0, "%zu services, at most %d are asked", n,
                      FETCHER_SERVICES_MAX);
    fetcher *f = calloc(1, sizeof *f);
    if (f == NULL)
        return refuse(e, RATLS_E_SYSTEM, 0, "out of memory");
    f->seed = seed;
    for (; f->n < n; f->n++) {
        ratls_code code = service_init(&f->all[f->n], &services[f->n], e);
        if (code != RATLS_OK) {
            fetcher_free(f);
            return code;
        }
    }
    *out =
        (ratls_fetcher){.state = f, .fetch = fetch, .set_judge = set_judge, .free = fetcher_free};
    return RATLS_OK;
}

/* Differs between machines and processes, which is all that is asked of it. */
static uint64_t any_number(const void *address)
{
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000007 + (uint64_t)t.tv_nsec * 65537 +
           ((uint64_t)getpid() << 40) + (uint64_t)(uintptr_t)address;
}

ratls_code ratls_fetcher_services(const ratls_service *services, size_t n, ratls_fetcher *out,
                                  ratls_error *error)
{
    return fetcher_seeded(services, n, any_number(out), out, error);
}

/* Room for `text` in at most `share` bytes; a mark at the end of what was cut. */
static size_t put_cut(char *out, const char *text, size_t share)
{
    static const char mark[] = "..";
    size_t n = strlen(text);
    if (n <= share) {
        memcpy(out, text, n);
        return n;
    }
    size_t kept = share > sizeof mark - 1 ? share - (sizeof mark - 1) : 0;
    memcpy(out, text, kept);
    memcpy(out + kept, mark, share - kept);
    return share;
}

void fetcher_sentence(const char *const *names, const char *const *whys, size_t n,
                      char out[RATLS_TEXT_SIZE])
{
    enum { BETWEEN = 2 };
    size_t room = RATLS_TEXT_SIZE - 1 - (n > 0 ? (n - 1) * BETWEEN : 0), at = 0;
    /* The largest share with which all fit: what short ones do not need is for the long ones. */
    size_t each = room, all;
    do {
        all = 0;
        for (size_t i = 0; i < n; i++) {
            size_t need = strlen(names[i]) + BETWEEN + strlen(whys[i]);
            all += need < each ? need : each;
        }
    } while (all > room && each-- > 0);
    for (size_t i = 0; i < n; i++) {
        const char *name = names[i];
        size_t why_n = strlen(whys[i]), for_name = strlen(name);
        if (for_name + BETWEEN + why_n > each) {
            /* What tells services apart is not the scheme. */
            const char *host = strstr(name, "://");
            name = host != NULL ? host + 3 : name;
            for_name = each > BETWEEN + why_n + each / 3 ? each - BETWEEN - why_n : each / 3;
        }
        if (i > 0)
            at += put_cut(out + at, "; ", BETWEEN);
        size_t end = at + each;
        at += put_cut(out + at, name, for_name);
        at += put_cut(out + at, ": ", BETWEEN);
        at += put_cut(out + at, whys[i], end - at);
    }
    out[at] = '\0';
}
