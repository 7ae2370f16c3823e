#ifndef COLLATERAL_STOCK_H
#define COLLATERAL_STOCK_H

#include "base/bytes.h"
#include "ratls/item.h"

/*
 * The items that a keeper has, or wants. A platform family is the TCB info of one TEE and FMSPC;
 * the other kinds are five items at most, whatever the families. Not for several threads.
 *
 * Peers say which platform they are of, and may say anything where whoever asks does not look
 * whether Intel certified it. So a family that only peers named is a stranger until its TCB info
 * has arrived, genuine: there are few strangers, the oldest makes room for the next, and none takes
 * the place of one that is kept. And what no service knows is remembered for an hour, so that
 * presenting it again causes no request; as many as there is room to remember can be asked in vain
 * in an hour, then no stranger is asked for any more.
 */
enum {
    STOCK_SHARED = 5,
    STOCK_FAMILIES = 1024,
    STOCK_STRANGERS = 64,
    STOCK_MAX = STOCK_SHARED + STOCK_FAMILIES + STOCK_STRANGERS,
    STOCK_UNKNOWN = 256,
    STOCK_UNKNOWN_SECONDS = 3600
};

typedef enum stock_rank { STOCK_FREE, STOCK_STRANGER, STOCK_LEARNED, STOCK_WANTED } stock_rank;

typedef struct stock_item {
    stock_rank rank;
    ratls_item item;
    uint8_t *data; /* NULL: not here yet */
    size_t n;
    ratls_item_facts facts; /* of data */
    int64_t due;            /* when to ask for it next; 0: at once */
    unsigned failures;      /* in a row */
    int64_t save;           /* when to put it into the store; 0: it is there */
    uint64_t age;           /* the smaller, the older */
} stock_item;

typedef struct stock_unknown {
    ratls_item item;
    int64_t until;
} stock_unknown;

typedef struct stock {
    stock_item all[STOCK_MAX];
    size_t n; /* those beyond are free */
    uint64_t ages;
    stock_unknown unknown[STOCK_UNKNOWN];
    size_t unknown_next; /* the oldest of them */
} stock;

/* NULL if memory is out. */
stock *stock_new(void);
void stock_free(stock *s);

bool item_same(const ratls_item *a, const ratls_item *b);
/* Is `a` the newer of two of one item? */
bool item_newer(const ratls_item_facts *a, const ratls_item_facts *b);

/* NULL if it is not wanted. */
stock_item *stock_find(stock *s, const ratls_item *item);
/*
 * The item, from now on wanted with this rank or a higher one that it has. If families of its own
 * kind fill the room, NULL; a wanted one makes the oldest learned one go, a stranger the oldest
 * stranger.
 */
stock_item *stock_want(stock *s, const ratls_item *item, stock_rank rank);
/* A stranger becomes learned, if there is room. */
void stock_promote(stock *s, stock_item *i);
/* `data`, from malloc, is the stock's from now on. */
void stock_put(stock_item *i, uint8_t *data, size_t n, const ratls_item_facts *facts);
void stock_drop(stock_item *i);

/* No service knows it at `now`. */
void stock_set_unknown(stock *s, const ratls_item *item, int64_t now);
/* When it may be asked for again; `now` or earlier if it may be now. */
int64_t stock_unknown_until(const stock *s, const ratls_item *item, int64_t now);
/* The same for a stranger that is not remembered: later than now while there is no room. */
int64_t stock_full_until(const stock *s, int64_t now);

/* Of the items wanted: when the next one is due or to be saved; INT64_MAX if there are none. */
int64_t stock_next(const stock *s);
/* Of the data held; 0 if there is none. */
int64_t stock_latest_expiry(const stock *s);

#endif
