#include "testing.h"

#include "quote_gate.h"

#include <time.h>

#include "attest/attester.h"
#include "base/error.h"
#include "world.h"

static ratls_code gate_give(quote_gate *g, const uint8_t *report_data, uint8_t *out, size_t *n,
                            ratls_error *e)
{
    bytes q = g->made.quote;
    if (g->fail != RATLS_OK)
        return refuse(e, g->fail, 0, "gate: the device is gone");
    memcpy(out, q.p, q.n);
    memcpy(out + g->made.report_data_at, report_data, 64);
    out[g->made.report_data_at + 63] ^= g->other_data ? 1 : 0;
    *n = g->claim != 0 ? g->claim : q.n - g->cut;
    if (g->after != NULL)
        g->after();
    return RATLS_OK;
}

static ratls_code gate_quote(void *state, const uint8_t report_data[64], uint8_t *out, size_t cap,
                             size_t *n, ratls_error *e)
{
    quote_gate *g = state;
    (void)cap;
    (void)pthread_mutex_lock(&g->lock);
    g->twice_at_once = g->twice_at_once || g->inside > 0;
    g->inside++;
    memcpy(g->asked[g->asked_n++ % QUOTE_GATE_ASKED], report_data, 64);
    (void)pthread_cond_broadcast(&g->changed);
    while (!g->open && g->let == 0)
        (void)pthread_cond_wait(&g->changed, &g->lock);
    g->let -= g->open ? 0 : 1;
    ratls_code code = gate_give(g, report_data, out, n, e);
    g->inside--;
    (void)pthread_mutex_unlock(&g->lock);
    return code;
}

static ratls_code gate_collateral(void *state, uint8_t *out, size_t cap, size_t *n, ratls_error *e)
{
    const quote_gate *g = state;
    (void)e;
    MUST(g->collateral.n <= cap);
    memcpy(out, g->collateral.p, g->collateral.n);
    *n = g->collateral.n;
    return RATLS_OK;
}

quote_gate quote_gate_of(quote_tee tee, unsigned version)
{
    vendor v = vendor_of(tee, version, false, VENDOR_T0);
    return (quote_gate){.lock = PTHREAD_MUTEX_INITIALIZER,
                        .changed = PTHREAD_COND_INITIALIZER,
                        .made = vendor_quote(&v, BYTES_NONE),
                        .collateral = vendor_collateral_json(&v)};
}

ratls_attester_options quote_gate_options(quote_gate *g)
{
    return (ratls_attester_options){
        .source = {.name = "gate", .state = g, .quote = gate_quote, .collateral = gate_collateral}};
}

ratls_attester *quote_gate_attester(quote_gate *g)
{
    ratls_attester_options o = quote_gate_options(g);
    return world_attester(&o);
}

void quote_gate_let(quote_gate *g, unsigned n)
{
    (void)pthread_mutex_lock(&g->lock);
    g->let += n;
    (void)pthread_cond_broadcast(&g->changed);
    (void)pthread_mutex_unlock(&g->lock);
}

void quote_gate_open(quote_gate *g)
{
    (void)pthread_mutex_lock(&g->lock);
    g->open = true;
    (void)pthread_cond_broadcast(&g->changed);
    (void)pthread_mutex_unlock(&g->lock);
}

void nap(void)
{
    const struct timespec little = {0, 1000000};
    (void)nanosleep(&little, NULL);
}

unsigned quote_gate_asked(quote_gate *g)
{
    (void)pthread_mutex_lock(&g->lock);
    unsigned n = g->asked_n;
    (void)pthread_mutex_unlock(&g->lock);
    return n;
}

unsigned attester_in_line(ratls_attester *a)
{
    (void)pthread_mutex_lock(&a->lock);
    unsigned n = (unsigned)(a->tickets - a->turn);
    (void)pthread_mutex_unlock(&a->lock);
    return n;
}
