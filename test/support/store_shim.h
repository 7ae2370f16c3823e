#ifndef SUPPORT_STORE_SHIM_H
#define SUPPORT_STORE_SHIM_H

#include "collateral/store_io.h"

/*
 * The kernel below a store in a directory: the real one, with faults, and with a memory of what is
 * on the disk and what would be lost in a power cut.
 */
enum { SHIM_NAMES = 8, SHIM_NODES = 16, SHIM_FDS = 64, SHIM_OPS = 64 };

/* Calls number `from` to `to` (from 1) of this kind, on a name that begins so, give this. */
typedef struct shim_fault {
    char op; /* 'o'pen, read 'i'n, 'w'rite, 's'ync, 'm'kdir, 'r'ename, 'c'hmod, 'l'ock, 'f'stat,
                'u'nlink, 'n'ames, 'x' close, 'k' any other */
    const char *name;
    long result;
    unsigned from, to, seen;
} shim_fault;

/* A file, whatever its name by now. */
typedef struct shim_node {
    uint8_t data[4096];
    size_t n, synced; /* bytes that were written; that are on the disk */
} shim_node;

typedef struct shim_entry {
    char name[96]; /* "": none */
    int node;
} shim_entry;

typedef struct shim {
    store_io io;
    const char *dir;
    shim_fault fault;
    unsigned calls, freeze; /* from this call on (from 1) nothing happens any more; 0: never */
    size_t chunk;           /* reads and writes are at most so long; 0: as asked */
    unsigned interrupts;    /* so many times before each call that a signal may interrupt */
    unsigned interrupted;
    long user; /* instead of the real one; -1: the real one */
    unsigned pauses;
    bool skip_sync; /* nothing is synced, to be quick */

    shim_node nodes[SHIM_NODES];
    int nodes_n;
    shim_entry now[SHIM_NAMES], disk[SHIM_NAMES]; /* the directory as seen, and as it is stored */
    bool anchored;                                /* its name is stored in its parent */
    int node_of[SHIM_FDS];                        /* of an open file; -1 none */
    char name_of[SHIM_FDS][96];
    unsigned open; /* files that are open */
} shim;

/* Over the directory, which may be absent; what is in it is on the disk. */
void shim_init(shim *s, const char *dir);

/*
 * What the disk may hold after a power cut: puts it into the directory in the place of what is
 * there. False if there is no such variant (from 0). Each name that was changed since the directory
 * was synced is as before or as after, and of what was written and not synced nothing, half or all
 * is there.
 */
bool shim_cut(shim *s, unsigned variant);
/* Removes all files of the directory. */
void shim_empty(const char *dir);

#endif
