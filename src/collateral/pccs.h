#ifndef COLLATERAL_PCCS_H
#define COLLATERAL_PCCS_H

#include "ratls/collateral.h"

/*
 * The answers of a cache of Intel's provisioning certification service [DCAP 2.1, 2.2] out of a
 * store. What it holds is handed out as it stands; who asks verifies it.
 *
 * Beside the items of ratls/item.h a store may hold documents that only such a server knows, in the
 * same form, a JSON object of strings:
 *   sgx-tcb-v2-FMSPC: TCB info of version 2, for version 3 of the interface (tcb_info, …)
 *   sgx-qve, sgx-qae: identities of these enclaves (qe_identity, …)
 *   sgx-evaluation-numbers, tdx-evaluation-numbers: tcb_evaluation_data_numbers,
 *     tcb_evaluation_data_numbers_signature, tcb_evaluation_data_numbers_issuer_chain
 *   pck-QEID-PCEID: pck_certificate, pck_certificate_issuer_chain, tcbm (36 hex digits)
 */
typedef struct pccs_call {
    ratls_bytes method, path, query; /* of the request line, around the first '?' of its target */
    int64_t now;
    uint8_t request_id[16]; /* another each time */
} pccs_call;

typedef struct pccs_header {
    const char *name, *value;
} pccs_header;

enum { PCCS_HEADERS_MAX = 8 };

typedef struct pccs_reply {
    unsigned status;
    pccs_header headers[PCCS_HEADERS_MAX];
    size_t headers_n;
    ratls_bytes body;
} pccs_reply;

/* Where a reply is put together; one may serve one after the other. */
typedef struct pccs_space {
    uint8_t item[RATLS_ITEM_MAX];
    uint8_t text[RATLS_ITEM_MAX]; /* a part of it, unescaped */
    uint8_t der[RATLS_ITEM_MAX];
    uint8_t body[RATLS_ITEM_MAX + 1024];
    char headers[32 * 1024];
    size_t headers_n;
} pccs_space;

/*
 * 200; 400 (query), 404 (path, or nothing held), 405, 410 (held is a later evaluation number), 414,
 * 461 (platform unknown), 462 (no certificate for its TCB), 500 (what is held is damaged), 503 (the
 * store is out of reach). The reply's views are into `space`, or static.
 */
void pccs_respond(const pccs_call *call, const ratls_store *store, pccs_space *space,
                  pccs_reply *reply);

#endif
