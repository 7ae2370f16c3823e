#ifndef SUPPORT_SIM_DIR_H
#define SUPPORT_SIM_DIR_H

#include "base/bytes.h"
#include "ratls/sim.h"

/* Simulated platforms on disk, for tests: each of these fails the running test if it can't. */
#define SIM_NOW 1767225600 /* 2026-01-01T00:00:00Z */
#define SIM_DAY 86400

/* All files of a simulated platform, platform.json last. */
enum { SIM_FILES = 11 };
extern const char *const sim_files[SIM_FILES];

/* A directory of one test, with room for one simulated platform. */
typedef struct sim_place {
    char dir[64];
    char root[96]; /* not made yet */
} sim_place;
sim_place sim_place_new(void);
void sim_place_end(sim_place *p);
/* Its files and the directory, as far as they are there. */
void sim_remove(const char *dir);

/* "DIR/name" in a static buffer. */
const char *sim_path(const char *dir, const char *name);
void file_put(const char *path, bytes content);
/* A whole file; file_drop frees it. */
bytes file_take(const char *path);
void file_drop(bytes b);

ratls_sim_options sim_options(ratls_tee tee, uint16_t version, bool td15);
void sim_make(const char *dir, const ratls_sim_options *o); /* at SIM_NOW */
ratls_sim *sim_open(const char *dir);
ratls_sim *sim_make_open(const char *dir, const ratls_sim_options *o);

/* Equal; of certificates the part that is signed, since ECDSA signatures differ each time. */
bool sim_same_file(const char *a, const char *b, const char *name);

#endif
