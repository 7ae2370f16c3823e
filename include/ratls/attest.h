#ifndef RATLS_ATTEST_H
#define RATLS_ATTEST_H

#include <stdbool.h>
#include <stdint.h>

#include "ratls/bytes.h"
#include "ratls/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Where quotes come from: one of those below, or the caller's own. Plain data: who holds it frees
 * it, once.
 */
typedef struct ratls_source {
    const char *name; /* for people, e.g. "gramine"; static */
    void *state;
    /* An SGX or TDX quote over these 64 bytes. Sets *n; never called twice at once. */
    ratls_code (*quote)(void *state, const uint8_t report_data[64], uint8_t *out, size_t cap,
                        size_t *n, ratls_error *error);
    /* The collateral of its quotes, as ratls_verifier_add_collateral takes it. NULL: it has none.
     */
    ratls_code (*collateral)(void *state, uint8_t *out, size_t cap, size_t *n, ratls_error *error);
    void (*free)(void *state); /* NULL: nothing to free */
} ratls_source;

/* Paths of the sources of a machine; NULL is the usual one. They are copied. */
typedef struct ratls_source_paths {
    const char *gramine;   /* /dev/attestation */
    const char *tsm;       /* /sys/kernel/config/tsm/report */
    const char *tdx_guest; /* /dev/tdx_guest */
    const char *qgs;       /* the quote generation service beside tdx_guest: path of a Unix socket;
                              NULL is AF_VSOCK to the host, port 4050 */
} ratls_source_paths;

/*
 * SGX with Gramine (its /dev/attestation); TDX by configfs-tsm of Linux 6.7 and later; TDX by
 * /dev/tdx_guest and the host's quote generation service. `paths` may be NULL. MISSING if this
 * machine does not have it, UNSUPPORTED if what is there makes no quotes that ratls knows.
 */
RATLS_MUST_USE ratls_code ratls_source_gramine(const ratls_source_paths *paths,
                                               ratls_source *source, ratls_error *error);
RATLS_MUST_USE ratls_code ratls_source_tsm(const ratls_source_paths *paths, ratls_source *source,
                                           ratls_error *error);
RATLS_MUST_USE ratls_code ratls_source_tdx_guest(const ratls_source_paths *paths,
                                                 ratls_source *source, ratls_error *error);
/* The first of these that the machine has; its name tells which. MISSING if none, with the reason
 * of each. Never a simulated one. */
RATLS_MUST_USE ratls_code ratls_source_auto(const ratls_source_paths *paths, ratls_source *source,
                                            ratls_error *error);
/* A simulated platform in this directory, see ratls/sim.h. */
RATLS_MUST_USE ratls_code ratls_source_sim(const char *dir, ratls_source *source,
                                           ratls_error *error);
/* Frees what the source holds and empties it. */
void ratls_source_free(ratls_source *source);

typedef enum ratls_key_type {
    RATLS_KEY_DEFAULT = 0, /* P-384 for RATLS_PEER_GRAMINE, whose older versions know no other;
                              else P-256 */
    RATLS_KEY_P256,
    RATLS_KEY_P384,
    RATLS_KEY_RSA3072
} ratls_key_type;

/* For whom a certificate is made: Interoperable RA-TLS, or with what these peers want beside it or
 * instead of it. */
typedef enum ratls_peer {
    RATLS_PEER_ANY = 0,
    RATLS_PEER_GRAMINE,
    RATLS_PEER_SGX_SDK,
    RATLS_PEER_RATS_TLS,
    RATLS_PEER_OPEN_ENCLAVE
} ratls_peer;

/* "any", "gramine", "sgx-sdk", "rats-tls", "open-enclave"; NULL for any other value. Static. */
const char *ratls_peer_name(ratls_peer peer);
/* From that name. False if there is no such peer. */
bool ratls_peer_from_name(const char *name, ratls_peer *peer);

/* What became of a renewal. Valid during the call only. */
typedef struct ratls_renewal {
    ratls_code code;          /* RATLS_OK: a new certificate is in service */
    const ratls_error *error; /* why not; NULL if code is RATLS_OK */
    unsigned failures;        /* in a row; 0 if code is RATLS_OK */
    int64_t not_after;        /* of the certificate in service; 0 if there is none */
    int64_t next;             /* when the next renewal is due */
} ratls_renewal;

/* Zeroed, with a source, these are right for most: a new key and a self-signed certificate for one
 * day. Everything is copied. */
typedef struct ratls_attester_options {
    ratls_source source; /* belongs to the attester from ratls_attester_new on if that succeeds */
    ratls_key_type key_type; /* of the keys that are generated, a new one for each certificate */
    ratls_bytes key_pem;     /* not empty: this private key instead, for all certificates */
    ratls_peer peer;
    const char *subject;      /* "CN=web 1,O=Example"; NULL: "CN=ratls" */
    const char *const *names; /* subject alternative names: DNS names and IP addresses */
    size_t names_n;
    uint32_t valid_seconds;  /* 0: 86400. Never past the expiry of the chain in the quote, of the
                                collateral, of the CA, or not_after_limit */
    int64_t not_after_limit; /* 0: none */
    bool staple;             /* put collateral into the certificate: of `collateral`, or else of the
                                source */
    /* The collateral for this quote, as ratls_verifier_add_collateral takes it; sets *n. NULL: the
     * source's own. */
    ratls_code (*collateral)(void *state, ratls_bytes quote, int64_t now, uint8_t *out, size_t cap,
                             size_t *n, ratls_error *error);
    void *collateral_state;
    ratls_bytes ca_certificate, ca_key_pem; /* sign with this CA; both or none. DER or PEM */
    int64_t (*clock)(void *context);        /* Unix seconds; NULL: the system's clock */
    /* Told about each renewal that the timer makes, from its thread; NULL: nobody. Must not stop or
     * free the attester. */
    void (*renewed)(void *context, const ratls_renewal *renewal);
    void *context;
    uint32_t waiting_max; /* how many answers for connections may wait for their quote at once; 0:
                             64 */
} ratls_attester_options;

/*
 * A key with its certificate, or with a request for one. Immutable; shared by reference count
 * between any threads, and outlives the attester.
 */
typedef struct ratls_credential ratls_credential;

ratls_credential *ratls_credential_ref(ratls_credential *credential);
/* Gives the reference back and sets *credential to NULL; NULL inside is fine. */
void ratls_credential_free(ratls_credential **credential);
/* DER; chain 0 is the certificate, 1 the CA that signed it if peers want it; empty beyond. */
ratls_bytes ratls_credential_chain(const ratls_credential *credential, size_t i);
/* DER of the PKCS#10 request; empty if this is a certificate. */
ratls_bytes ratls_credential_request(const ratls_credential *credential);
/* The private key, PKCS#8 in PEM. Wiped when the last reference is given back. */
ratls_bytes ratls_credential_key_pem(const ratls_credential *credential);
int64_t ratls_credential_not_before(const ratls_credential *credential);
int64_t ratls_credential_not_after(const ratls_credential *credential);
/* The SGX or TDX quote in it, as made by the source. */
ratls_bytes ratls_credential_quote(const ratls_credential *credential);

/*
 * Holds source, options and the certificate in service. Any number of threads may use one. Quotes
 * cost tens of milliseconds and are made one at a time, in the order in which they were asked for:
 * for renewals, and for the calls below that ask for one.
 *
 * Answers on connections (ratls/1, doc/BINDING.md) need a quote each. They wait in a queue of at
 * most `waiting_max`, which a thread of the attester's works off; it starts with the first of them
 * and ends with the attester. No connection blocks on it, and who comes while it is full is
 * refused, "busy". The queue as a whole is one of those who ask: a renewal waits for one quote of
 * it at most. Who has gone before the turn came costs no quote.
 */
typedef struct ratls_attester ratls_attester;

/* Errors: MALFORMED (key, CA, subject or name), UNSUPPORTED (what the peer does not take), SYSTEM.
 * If it fails, the source still belongs to the caller. */
RATLS_MUST_USE ratls_code ratls_attester_new(ratls_attester **attester,
                                             const ratls_attester_options *options,
                                             ratls_error *error);
/* Stops the timer and the queue, where what still waits fails, frees *attester with its source, and
 * sets it to NULL; NULL inside is fine. */
void ratls_attester_free(ratls_attester **attester);

/*
 * Makes a certificate now and puts it in service. If it fails, the one before stays. Errors: those
 * of the source; MALFORMED and BINDING (the source gave something else than a quote over what was
 * asked); STALE (something that it rests on has expired); UNSUPPORTED and LIMIT (the peer cannot
 * read it); SYSTEM.
 */
RATLS_MUST_USE ratls_code ratls_attester_renew(ratls_attester *attester, int64_t now,
                                               ratls_error *error);

/* How many answers for connections wait for their quote or get it just now: `waiting_max` at most,
 * and then the next one is refused. */
size_t ratls_attester_waiting(ratls_attester *attester);

/* The certificate in service, a reference of the caller's own; NULL if there is none yet. */
ratls_credential *ratls_attester_certificate(ratls_attester *attester);

/* A request for a certificate with evidence, to be signed by a CA. Not put in service. */
RATLS_MUST_USE ratls_code ratls_attester_request(ratls_attester *attester,
                                                 ratls_credential **request, ratls_error *error);

/*
 * A certificate, or a request for one, made for one question: the verifier's nonce (ratls/verify.h)
 * is inside what the quote signs. Not put in service. Errors: those of ratls_attester_renew; LIMIT
 * (the nonce has not 16 to 64 bytes); UNSUPPORTED (the peer's evidence has no place for it).
 */
RATLS_MUST_USE ratls_code ratls_attester_answer(ratls_attester *attester, ratls_bytes nonce,
                                                bool request, int64_t now,
                                                ratls_credential **answer, ratls_error *error);

/*
 * A thread that renews between one half and two thirds of the certificate's life; at once if there
 * is none. After a failure it tries again, first soon, then at growing intervals. Errors: SYSTEM.
 */
RATLS_MUST_USE ratls_code ratls_attester_start(ratls_attester *attester, ratls_error *error);
/* Waits for the thread to end; fine if there is none. */
void ratls_attester_stop(ratls_attester *attester);

#ifdef __cplusplus
}
#endif

#endif
