#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "ratls/sim.h"
#include "sim/files.h"
#include "sim/party.h"
#include "sim/platform.h"
#include "sim/quote.h"

#define SIM_COLLATERAL_FILE "collateral.json"

enum { SIM_CHAIN_MAX = 8192 };

struct ratls_sim {
    char dir[SIM_PATH_MAX];
    sim_platform platform;
    party parties[PARTIES];
    crypto_private *attestation;
    uint8_t chain[SIM_CHAIN_MAX]; /* PEM: PCK leaf, CA, root */
    size_t chain_n;
    quote_signer signer; /* of the above */
    ratls_facts facts;
};

#endif
