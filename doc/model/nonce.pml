/*
 * Level `nonce`: the protocol of `session` without the exporter. CERTIFICATE: the question was put
 * by other means, and the evidence comes in a certificate, with neither role nor transcript.
 */
#define NO_EXPORTER
#ifdef CERTIFICATE
#define NO_ROLE
#define NO_TRANSCRIPT
#endif
#include "session.pml"
