#ifndef RATLS_CMD_CONFORM_FILES_H
#define RATLS_CMD_CONFORM_FILES_H

#include <jansson.h>

#include "conform/requirement.h"
#include "hostile.h"

/* A conformance suite on disk, as ratls-conform(1) describes it. */
typedef struct suite_files {
    const char *dir;
    json_t *requirements, *cases, *left_out;
    bytes root;            /* of the suite: what most cases trust; empty: the verifier's own */
    uint8_t (*shared)[32]; /* digests of what stands in DIR/shared */
    size_t shared_n, shared_cap;
} suite_files;

/* DIR must be absent or empty. False after it said why on standard error; so do the others. */
bool suite_files_begin(suite_files *s, const char *dir);
bool suite_files_root(suite_files *s, bytes root);
bool suite_files_require(suite_files *s, const requirement *r);
/* Its files, and its place in the list of cases. */
bool suite_files_add(suite_files *s, const hostile_line *l, const hostile_served *served,
                     const hostile_case *c);
bool suite_files_leave_out(suite_files *s, const hostile_group *g, const hostile_line *l,
                           const hostile_served *served, const char *why);
/* suite.json, which is written last. */
bool suite_files_end(suite_files *s, const char *version, const char *platform, int64_t made);
void suite_files_free(suite_files *s);

#endif
