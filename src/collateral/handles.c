/* The ends of what was handed out as plain data. */
#include "ratls/collateral.h"

void ratls_store_free(ratls_store *store)
{
    if (store->free != NULL)
        store->free(store->state);
    *store = (ratls_store){.name = NULL};
}

void ratls_fetcher_free(ratls_fetcher *fetcher)
{
    if (fetcher->free != NULL)
        fetcher->free(fetcher->state);
    *fetcher = (ratls_fetcher){.state = NULL};
}
