#ifndef COLLATERAL_STORE_NAME_H
#define COLLATERAL_STORE_NAME_H

#include "base/bytes.h"
#include "ratls/item.h"

/* What a store takes for the name of an item: 1 to 63 of [a-z0-9-]. So none is "..", hidden, or a
 * pattern. */
static inline bool store_name_ok(bytes name)
{
    if (name.n == 0 || name.n >= RATLS_ITEM_NAME_SIZE)
        return false;
    for (size_t i = 0; i < name.n; i++) {
        uint8_t c = name.p[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
            return false;
    }
    return true;
}

#endif
