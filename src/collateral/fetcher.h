#ifndef COLLATERAL_FETCHER_H
#define COLLATERAL_FETCHER_H

#include "base/error.h"
#include "ratls/collateral.h"

enum { FETCHER_SERVICES_MAX = 8 };

/* ratls_fetcher_services with the number that spreads the moments of asking again. */
RATLS_MUST_USE ratls_code fetcher_seeded(const ratls_service *services, size_t n, uint64_t seed,
                                         ratls_fetcher *fetcher, ratls_error *e);

/* "NAME: WHY; NAME: WHY", fairly cut to the room that there is; of a long name not more than a
 * third of its share stays. */
void fetcher_sentence(const char *const *names, const char *const *whys, size_t n,
                      char out[RATLS_TEXT_SIZE]);

#endif
