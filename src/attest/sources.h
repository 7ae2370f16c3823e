#ifndef ATTEST_SOURCES_H
#define ATTEST_SOURCES_H

#include "attest/io.h"
#include "ratls/attest.h"

/* The sources of a machine, on a kernel interface that must outlive them. `paths` may be NULL. */
RATLS_MUST_USE ratls_code gramine_source(const attest_io *io, const ratls_source_paths *paths,
                                         ratls_source *source, ratls_error *e);
RATLS_MUST_USE ratls_code tsm_source(const attest_io *io, const ratls_source_paths *paths,
                                     ratls_source *source, ratls_error *e);
RATLS_MUST_USE ratls_code tdx_guest_source(const attest_io *io, const ratls_source_paths *paths,
                                           ratls_source *source, ratls_error *e);
RATLS_MUST_USE ratls_code auto_source(const attest_io *io, const ratls_source_paths *paths,
                                      ratls_source *source, ratls_error *e);

/* A source with a copy of `root` as its state; `path` of it names things below. */
typedef struct source_state {
    const attest_io *io;
    char root[IO_PATH_MAX], other[IO_PATH_MAX]; /* `other` may be empty */
} source_state;
/* Errors: LIMIT (a path is too long), SYSTEM. `other` may be NULL. */
RATLS_MUST_USE ratls_code source_state_new(const attest_io *io, const char *name, const char *root,
                                           const char *other, source_state **out, ratls_error *e);

#endif
