#ifndef SUPPORT_WORLD_H
#define SUPPORT_WORLD_H

#include "ratls/attest.h"
#include "ratls/verify.h"
#include "vendor.h"

/* A vendor's world as a source of quotes for an attester, with what can go wrong. */
typedef struct world {
    vendor vendor;
    ratls_code fail, fail_collateral; /* what asking ends in, if not RATLS_OK */
    bool other_data;                  /* quotes over other report data */
    size_t cut, trailing;             /* bytes cut off the quote, and put behind it */
    bytes collateral;                 /* instead of the vendor's */
    unsigned quotes;                  /* asked for so far */
    bool freed;
} world;

world world_of(quote_tee tee, unsigned version, bool td15);

/* Zeroed but for the source. */
ratls_attester_options world_options(world *w);
/* These fail the running test where they can't answer. */
ratls_attester *world_attester(const ratls_attester_options *o);
/* A first certificate as of `now`; its attester is gone. */
ratls_credential *world_certificate(const ratls_attester_options *o, int64_t now);
/* Trusts the vendor's root, has its collateral, and accepts its enclave or TD. */
ratls_verifier *world_verifier(const vendor *v);
/* The verdict at `now`; the sentence in *e if it is not RATLS_OK. */
ratls_code world_judge(const ratls_verifier *r, bytes der, int64_t now, ratls_error *e);

#endif
