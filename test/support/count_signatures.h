#ifndef SUPPORT_COUNT_SIGNATURES_H
#define SUPPORT_COUNT_SIGNATURES_H

/* Signatures that were verified, good or not. Only for programs that are linked with
 * --wrap=crypto_verify and --wrap=crypto_verify_p256. */
extern unsigned signatures_verified;

#endif
