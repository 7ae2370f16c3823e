#ifndef SUPPORT_QUOTE_GATE_H
#define SUPPORT_QUOTE_GATE_H

#include <pthread.h>

#include "ratls/attest.h"
#include "vendor.h"

/*
 * A source of quotes that waits until it is let. It gives the same quote over whatever is asked;
 * its signature is wrong then, which attesters do not look at. Any number of threads.
 */
enum { QUOTE_GATE_ASKED = 128 };

typedef struct quote_gate {
    pthread_mutex_t lock; /* fields may be set without it while nobody asks */
    pthread_cond_t changed;
    quote_made made;
    bytes collateral;
    ratls_code fail;     /* what asking ends in, if not RATLS_OK */
    bool other_data;     /* quotes over other report data */
    size_t cut, claim;   /* bytes cut off the quote; the length that it claims instead */
    void (*after)(void); /* called when the quote has been made; may be NULL */
    bool open;           /* lets all */
    unsigned let;        /* this many more */
    unsigned asked_n;    /* so far, with what was asked, in this order */
    uint8_t asked[QUOTE_GATE_ASKED][64];
    unsigned inside;
    bool twice_at_once; /* it was asked while it was being asked */
} quote_gate;

quote_gate quote_gate_of(quote_tee tee, unsigned version);
/* Zeroed but for the source. */
ratls_attester_options quote_gate_options(quote_gate *g);
ratls_attester *quote_gate_attester(quote_gate *g);
void quote_gate_let(quote_gate *g, unsigned n);
void quote_gate_open(quote_gate *g);
unsigned quote_gate_asked(quote_gate *g);

/* How many have the attester's turn to ask its source, or wait for it. */
unsigned attester_in_line(ratls_attester *a);

/* Milliseconds: what takes longer hangs. */
#define QUOTE_GATE_LONG 60000
/* Looks until it holds; the test fails after about so long. */
#define UNTIL(condition)                                                                           \
    for (int tries = 0; !(condition); nap())                                                       \
    assert_true(tries++ < QUOTE_GATE_LONG)
/* For a millisecond. */
void nap(void);

#endif
