#ifndef RATLS_CMD_CA_FILES_H
#define RATLS_CMD_CA_FILES_H

#include "crypto/private.h"
#include "input.h"
#include "x509/certificate.h"

/* The files of a CA in its directory. Functions return false after they said why. */
#define CA_CERTIFICATE "ca.pem"
#define CA_KEY         "ca-key.pem"
#define CA_LOG         "audit.log"
enum { CA_PATH_MAX = 4096 };

typedef struct ca {
    input file;     /* the certificate's, as it is */
    uint8_t *space; /* its DER */
    certificate certificate;
    crypto_private *key;
    char log[CA_PATH_MAX];
} ca;

/* Certificate and key belong together, and nobody else can read the key. */
bool ca_open(const char *dir, ca *out);
void ca_close(ca *c);

/* "DIR/name". */
bool ca_path(const char *dir, const char *name, char out[CA_PATH_MAX]);

/* A new CA of these two PEM texts, with an empty log, in a directory that is made if absent and
 * must not hold one. Undone if something fails. */
bool ca_create(const char *dir, bytes certificate_pem, bytes key_pem);

/* An empty file beside `path`, which shows that one can be written there. */
typedef struct ca_draft {
    int fd;
    char path[CA_PATH_MAX];
} ca_draft;
bool ca_draft_new(const char *path, ca_draft *out);
/* Fills it and gives it its name, or drops it. */
bool ca_draft_publish(ca_draft *draft, bytes content, const char *path);
void ca_draft_drop(ca_draft *draft);

#endif
