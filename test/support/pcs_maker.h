#ifndef SUPPORT_PCS_MAKER_H
#define SUPPORT_PCS_MAKER_H

#include "collateral_maker.h"
#include "ratls/item.h"

/* What an Intel PCS, or a PCCS, answers when it is asked for an item of this set [DCAP 2.1, 2.2].
 */
typedef enum crl_form { CRL_DER = 0, CRL_PEM, CRL_HEX } crl_form;

typedef struct pcs_reply {
    const char *header; /* its issuer chain's; NULL: the item has none */
    bytes chain;        /* percent-encoded */
    bytes body;
} pcs_reply;

/* `version` of the API is 3 or 4. */
pcs_reply pcs_reply_of(const collateral_set *set, const ratls_item *item, unsigned version,
                       crl_form form);
/* "/sgx/certification/v4/tcb": its path there. */
const char *pcs_path(const ratls_item *item, unsigned version);
/* "TCB-Info-Issuer-Chain: -----BEGIN%20…" CR LF; empty if there is no header. */
bytes pcs_header_line(const pcs_reply *r);

/* All but letters, digits and -._~ as %XX. */
bytes percent_encoded(bytes text);

#endif
