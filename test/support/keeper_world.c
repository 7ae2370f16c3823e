#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include "keeper_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"

shelf *shelf_find(shelves *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (bytes_is(bytes_text(s->all[i].name), name))
            return &s->all[i];
    return NULL;
}

static void shelf_drop(shelf *x)
{
    free((void *)(uintptr_t)x->content.p);
    x->content = BYTES_NONE;
}

void shelf_set(shelves *s, const char *name, bytes content)
{
    shelf *x = shelf_find(s, name);
    if (x == NULL) {
        MUST(s->n < SHELVES);
        x = &s->all[s->n++];
        (void)snprintf(x->name, sizeof x->name, "%s", name);
    }
    shelf_drop(x);
    if (content.p == NULL)
        return;
    uint8_t *copy = malloc(content.n + 1);
    MUST(copy != NULL);
    memcpy(copy, content.p, content.n);
    x->content = bytes_of(copy, content.n);
}

static ratls_code give(bytes content, uint8_t *out, size_t cap, size_t *n, ratls_error *e)
{
    *n = content.n;
    if (content.n > cap)
        return refuse(e, RATLS_E_LIMIT, 0, "%zu bytes, room for %zu", content.n, cap);
    memcpy(out, content.p, content.n);
    return RATLS_OK;
}

static ratls_code store_get(void *state, const char *item, uint8_t *out, size_t cap, size_t *n,
                            ratls_error *e)
{
    memory_store *m = state;
    (void)pthread_mutex_lock(&m->lock);
    m->gets++;
    const shelf *x = shelf_find(&m->items, item);
    ratls_code code;
    if (m->fail_get != RATLS_OK)
        code = refuse(e, m->fail_get, 0, "the store is away");
    else if (x == NULL || x->content.p == NULL)
        code = refuse(e, RATLS_E_MISSING, 0, "%s is not there", item);
    else
        code = give(x->content, out, cap, n, e);
    (void)pthread_mutex_unlock(&m->lock);
    return code;
}

static ratls_code store_put(void *state, const char *item, ratls_bytes before, ratls_bytes content,
                            bool *lost, ratls_error *e)
{
    memory_store *m = state;
    ratls_code code = RATLS_OK;
    (void)pthread_mutex_lock(&m->lock);
    m->puts++;
    if (m->lose > 0 && bytes_is(bytes_text(item), m->interfered)) {
        m->lose--;
        char other[32];
        (void)snprintf(other, sizeof other, "of another, %u", m->lose);
        shelf_set(&m->items, item, m->interfering.n > 0 ? m->interfering : bytes_text(other));
    }
    const shelf *x = shelf_find(&m->items, item);
    bytes there = x == NULL ? BYTES_NONE : x->content;
    *lost = !bytes_equal(there, before);
    if (m->fail_put != RATLS_OK)
        code = refuse(e, m->fail_put, 0, "the store is full");
    else if (!*lost)
        shelf_set(&m->items, item, content);
    (void)pthread_mutex_unlock(&m->lock);
    return code;
}

static ratls_code store_list(void *state, bool (*each)(void *context, const char *item),
                             void *context, ratls_error *e)
{
    memory_store *m = state;
    ratls_code code = RATLS_OK;
    (void)pthread_mutex_lock(&m->lock);
    if (m->fail_list != RATLS_OK)
        code = refuse(e, m->fail_list, 0, "the store is away");
    bool more = code == RATLS_OK;
    for (size_t i = 0; i < m->items.n && more; i++)
        if (m->items.all[i].content.p != NULL)
            more = each(context, m->items.all[i].name);
    (void)pthread_mutex_unlock(&m->lock);
    return code;
}

static void store_free(void *state)
{
    ((memory_store *)state)->freed = true;
}

ratls_store keeper_world_store(keeper_world *w)
{
    return (ratls_store){.name = "memory",
                         .state = &w->store,
                         .remote = w->store.remote,
                         .get = store_get,
                         .put = store_put,
                         .list = store_list,
                         .free = store_free};
}

static struct timespec in_ms(uint32_t ms)
{
    struct timespec t;
    MUST(clock_gettime(CLOCK_REALTIME, &t) == 0);
    t.tv_sec += (time_t)(ms / 1000);
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_nsec -= 1000000000;
        t.tv_sec++;
    }
    return t;
}

/* Under the lock. */
static ratls_code answer(network *n, const char *name, uint8_t *out, size_t cap, size_t *out_n,
                         ratls_error *e)
{
    shelf *x = shelf_find(&n->items, name);
    if (n->closed)
        return refuse(e, RATLS_E_SYSTEM, 0, "the network did not answer in time");
    if (n->down)
        return refuse(e, RATLS_E_SYSTEM, 0, "the network is down");
    if (x == NULL || x->content.p == NULL)
        return refuse(e, RATLS_E_MISSING, 0, "no service has %s", name);
    return give(x->content, out, cap, out_n, e);
}

static ratls_code net_fetch(void *state, const ratls_item *item, int64_t now, uint32_t deadline_ms,
                            uint8_t *out, size_t cap, size_t *out_n, ratls_error *e)
{
    network *n = state;
    char name[RATLS_ITEM_NAME_SIZE];
    const struct timespec until = in_ms(deadline_ms);
    (void)now;
    ratls_item_name(item, name);
    (void)pthread_mutex_lock(&n->lock);
    n->asked++;
    n->deadline_ms = deadline_ms;
    shelf *x = shelf_find(&n->items, name);
    if (x != NULL)
        x->asked++;
    if (++n->now_asking > n->most_asking)
        n->most_asking = n->now_asking;
    (void)pthread_cond_broadcast(&n->changed);
    bool late = false;
    while (n->closed && !late)
        late = pthread_cond_timedwait(&n->changed, &n->lock, &until) != 0;
    ratls_code code = answer(n, name, out, cap, out_n, e);
    n->now_asking--;
    (void)pthread_mutex_unlock(&n->lock);
    return code;
}

static void net_free(void *state)
{
    ((network *)state)->freed = true;
}

void network_close(network *n, bool closed)
{
    (void)pthread_mutex_lock(&n->lock);
    n->closed = closed;
    (void)pthread_cond_broadcast(&n->changed);
    (void)pthread_mutex_unlock(&n->lock);
}

bool network_wait(network *n, unsigned asking)
{
    const struct timespec until = in_ms(30000);
    bool late = false;
    (void)pthread_mutex_lock(&n->lock);
    while (n->now_asking < asking && !late)
        late = pthread_cond_timedwait(&n->changed, &n->lock, &until) != 0;
    (void)pthread_mutex_unlock(&n->lock);
    return !late;
}

unsigned network_asked(network *n, const char *name)
{
    (void)pthread_mutex_lock(&n->lock);
    const shelf *x = name == NULL ? NULL : shelf_find(&n->items, name);
    unsigned asked = name == NULL ? n->asked : x == NULL ? 0 : x->asked;
    (void)pthread_mutex_unlock(&n->lock);
    return asked;
}

static void note(void *context, const ratls_note *note)
{
    keeper_world *w = context;
    (void)pthread_mutex_lock(&w->net.lock);
    noted *x = &w->notes[w->notes_n < NOTES ? w->notes_n++ : NOTES - 1];
    *x = (noted){.kind = note->kind,
                 .code = note->error == NULL ? RATLS_OK : note->error->code,
                 .failures = note->failures,
                 .issued = note->issued,
                 .expires = note->expires,
                 .next = note->next};
    ratls_item_name(&note->item, x->name);
    (void)snprintf(x->text, sizeof x->text, "%s", note->error == NULL ? "" : note->error->text);
    (void)pthread_mutex_unlock(&w->net.lock);
}

static bool fits(const noted *x, ratls_note_kind kind, const char *name)
{
    return x->kind == kind && (name == NULL || bytes_is(bytes_text(x->name), name));
}

size_t notes_count(keeper_world *w, ratls_note_kind kind, const char *name)
{
    size_t n = 0;
    (void)pthread_mutex_lock(&w->net.lock);
    for (size_t i = 0; i < w->notes_n; i++)
        n += fits(&w->notes[i], kind, name);
    (void)pthread_mutex_unlock(&w->net.lock);
    return n;
}

const noted *notes_last(keeper_world *w, ratls_note_kind kind, const char *name)
{
    for (size_t i = w->notes_n; i > 0; i--)
        if (fits(&w->notes[i - 1], kind, name))
            return &w->notes[i - 1];
    return NULL;
}

void notes_clear(keeper_world *w)
{
    (void)pthread_mutex_lock(&w->net.lock);
    w->notes_n = 0;
    (void)pthread_mutex_unlock(&w->net.lock);
}

static int64_t the_clock(void *context)
{
    keeper_world *w = context;
    (void)pthread_mutex_lock(&w->net.lock);
    int64_t now = w->now;
    (void)pthread_mutex_unlock(&w->net.lock);
    return now;
}

void keeper_world_set_now(keeper_world *w, int64_t now)
{
    (void)pthread_mutex_lock(&w->net.lock);
    w->now = now;
    (void)pthread_mutex_unlock(&w->net.lock);
}

keeper_world *keeper_world_new(const vendor *v)
{
    keeper_world *w = calloc(1, sizeof *w);
    MUST(w != NULL && pthread_mutex_init(&w->store.lock, NULL) == 0 &&
         pthread_mutex_init(&w->net.lock, NULL) == 0 &&
         pthread_cond_init(&w->net.changed, NULL) == 0);
    w->now = v->now;
    w->options = (ratls_keeper_options){
        .fetcher = {.state = &w->net, .fetch = net_fetch, .free = net_free},
        .root = vendor_root(v),
        .clock = the_clock,
        .noted = note,
        .context = w,
    };
    return w;
}

void keeper_world_free(keeper_world *w)
{
    for (size_t i = 0; i < w->store.items.n; i++)
        shelf_drop(&w->store.items.all[i]);
    for (size_t i = 0; i < w->net.items.n; i++)
        shelf_drop(&w->net.items.all[i]);
    (void)pthread_cond_destroy(&w->net.changed);
    (void)pthread_mutex_destroy(&w->net.lock);
    (void)pthread_mutex_destroy(&w->store.lock);
    free(w);
}

ratls_keeper *keeper_world_keeper(keeper_world *w)
{
    ratls_keeper *k;
    ratls_error e = {.text = ""};
    w->options.store = keeper_world_store(w);
    if (ratls_keeper_new(&k, &w->options, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    return k;
}

static void put_part(buf *b, const char *name, bytes text)
{
    buf_text(b, b->n == 0 ? "{\"" : ",\"");
    buf_text(b, name);
    buf_text(b, "\":\"");
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"' || text.p[i] == '\\')
            buf_u8(b, '\\');
        if (text.p[i] == '\n')
            buf_text(b, "\\n");
        else
            buf_u8(b, text.p[i]);
    }
    buf_text(b, "\"");
}

bytes item_json(const collateral_set *c, ratls_item_kind kind)
{
    buf b = {0};
    switch (kind) {
    case RATLS_ITEM_TCB_INFO:
        put_part(&b, "tcb_info", c->tcb_info);
        put_part(&b, "tcb_info_signature", hex_of(c->tcb_info_signature));
        put_part(&b, "tcb_info_issuer_chain", c->tcb_info_issuer_chain);
        break;
    case RATLS_ITEM_QE_IDENTITY:
        put_part(&b, "qe_identity", c->qe_identity);
        put_part(&b, "qe_identity_signature", hex_of(c->qe_identity_signature));
        put_part(&b, "qe_identity_issuer_chain", c->qe_identity_issuer_chain);
        break;
    case RATLS_ITEM_PCK_CRL:
        put_part(&b, "pck_crl", hex_of(c->pck_crl));
        put_part(&b, "pck_crl_issuer_chain", c->pck_crl_issuer_chain);
        break;
    case RATLS_ITEM_ROOT_CA_CRL:
        put_part(&b, "root_ca_crl", hex_of(c->root_ca_crl));
        break;
    }
    buf_text(&b, "}");
    return buf_bytes(&b);
}

ratls_platform vendor_platform(const vendor *v)
{
    ratls_platform p = {.tee = v->quote.tee == QUOTE_TDX ? RATLS_TEE_TDX : RATLS_TEE_SGX,
                        .processor_ca = !v->pck_ext.platform};
    memcpy(p.fmspc, v->pck_ext.fmspc, sizeof p.fmspc);
    return p;
}

const char *vendor_item_name(const vendor *v, ratls_item_kind kind)
{
    ratls_platform p = vendor_platform(v);
    ratls_item items[4];
    char *name = arena_alloc(RATLS_ITEM_NAME_SIZE);
    ratls_platform_items(&p, items);
    ratls_item_name(&items[kind], name);
    return name;
}

static void put_all(shelves *s, const vendor *v)
{
    collateral_set c = vendor_collateral(v);
    for (ratls_item_kind kind = RATLS_ITEM_TCB_INFO; kind <= RATLS_ITEM_ROOT_CA_CRL; kind++)
        shelf_set(s, vendor_item_name(v, kind), item_json(&c, kind));
}

void keeper_world_serve(keeper_world *w, const vendor *v)
{
    (void)pthread_mutex_lock(&w->net.lock);
    put_all(&w->net.items, v);
    (void)pthread_mutex_unlock(&w->net.lock);
}

void keeper_world_stock(keeper_world *w, const vendor *v)
{
    (void)pthread_mutex_lock(&w->store.lock);
    put_all(&w->store.items, v);
    (void)pthread_mutex_unlock(&w->store.lock);
}
