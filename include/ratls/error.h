#ifndef RATLS_ERROR_H
#define RATLS_ERROR_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define RATLS_MUST_USE __attribute__((warn_unused_result))
#else
#define RATLS_MUST_USE
#endif

/* Few codes to branch on. Every value but RATLS_OK means "do not trust". */
typedef enum ratls_code {
    RATLS_OK = 0,
    RATLS_E_MALFORMED,   /* the bytes break their format */
    RATLS_E_UNSUPPORTED, /* well-formed, but of a kind that ratls does not judge */
    RATLS_E_BINDING,     /* the evidence does not speak for this key, nonce or session */
    RATLS_E_UNTRUSTED,   /* a signature, an issuer or a trust anchor is wrong */
    RATLS_E_REVOKED,     /* a certificate or a TCB level is revoked */
    RATLS_E_STALE,       /* expired, not yet valid, or a clock that cannot be right */
    RATLS_E_POLICY,      /* genuine, but not what the appraisal policy accepts */
    RATLS_E_MISSING,     /* something needed is absent: evidence, collateral, policy */
    RATLS_E_LIMIT,       /* larger or deeper than a documented limit */
    RATLS_E_SYSTEM       /* out of memory, or the crypto library failed */
} ratls_code;

#define RATLS_TEXT_SIZE 240

/*
 * Filled by every function that fails. Owned by the caller, never allocated. On success its content
 * is unchanged. `text` is one sentence, NUL-terminated: what, where, found, expected.
 */
typedef struct ratls_error {
    ratls_code code;
    size_t offset; /* bytes from the start of the input that was being read; 0 if none applies */
    char text[RATLS_TEXT_SIZE];
} ratls_error;

/* The name of a code, e.g. "RATLS_E_BINDING"; "RATLS_E_UNKNOWN" for any other value. Static. */
const char *ratls_code_name(ratls_code code);

#ifdef __cplusplus
}
#endif

#endif
