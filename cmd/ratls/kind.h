#ifndef RATLS_CMD_KIND_H
#define RATLS_CMD_KIND_H

#include "base/bytes.h"

/* What a file seems to hold, told by its first bytes; the readers say whether it really does. */
typedef enum file_kind {
    FILE_UNKNOWN,
    FILE_PEM,
    FILE_CERTIFICATE, /* DER, as the next */
    FILE_CRL,
    FILE_QUOTE,
    FILE_EVIDENCE, /* CBOR, as the next two */
    FILE_CLAIMS,
    FILE_ENDORSEMENTS,
    FILE_OE_REPORT,
    FILE_OE_EVIDENCE,
    FILE_OE_ENDORSEMENTS,
    FILE_COLLATERAL, /* JSON, as the next two */
    FILE_TCB_INFO,
    FILE_QE_IDENTITY,
    FILE_NAMED /* recognised, and nothing more can be said than `what` */
} file_kind;

/* `what` is a static phrase for people, "an SGX or TDX quote"; NULL for FILE_UNKNOWN. */
file_kind kind_of(bytes in, const char **what);

#endif
