#ifndef COLLATERAL_PCCS_REQUEST_H
#define COLLATERAL_PCCS_REQUEST_H

#include "base/bytes.h"

/*
 * Path and query of a request to Intel's PCS or to a cache of it [DCAP 2.1, 2.2]. A parameter that
 * the path does not take is passed over, since clients may be told to add some (customParameter);
 * one that it takes stands once at most.
 */
typedef enum pccs_what {
    PCCS_TCB_INFO,
    PCCS_QE_IDENTITY,
    PCCS_QVE_IDENTITY,
    PCCS_QAE_IDENTITY,
    PCCS_PCK_CRL,
    PCCS_ROOT_CA_CRL,
    PCCS_CRL, /* by the URI of its distribution point: then one of the two above */
    PCCS_PCK_CERTIFICATE,
    PCCS_EVALUATION_NUMBERS,
    PCCS_FMSPCS
} pccs_what;

typedef enum pccs_encoding { PCCS_HEX, PCCS_DER, PCCS_PEM } pccs_encoding;

typedef enum pccs_platform {
    PCCS_PLATFORM_ALL,
    PCCS_PLATFORM_CLIENT,
    PCCS_PLATFORM_E3,
    PCCS_PLATFORM_E5
} pccs_platform;

#define PCCS_QUERY_MAX 4096
#define PCCS_URI_MAX   2048

typedef struct pccs_request {
    pccs_what what;
    bool tdx;
    unsigned version; /* of the interface: 3 or 4 */
    unsigned given;   /* which parameters, for the parser only */
    char fmspc[13];   /* lower-case digits, like all below */
    bool has_number;  /* tcbEvaluationDataNumber */
    uint64_t number;
    bool processor_ca;
    pccs_encoding encoding;
    pccs_platform platform;
    bool has_qe_id;
    char qe_id[33], pce_id[5];
    uint8_t cpu_svn[16], pce_svn[2]; /* little-endian */
} pccs_request;

/* Why a request can't be answered. */
typedef struct pccs_refusal {
    unsigned status;      /* 400, 404 or 414 */
    const char *wrong;    /* the parameter; NULL: none of them */
    const char *expected; /* static */
} pccs_refusal;

/* `path` and `query` as they stand in the request line, around its first '?'. */
bool pccs_request_parse(bytes path, bytes query, pccs_request *out, pccs_refusal *why);

#endif
