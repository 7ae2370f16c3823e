#include "conform/requirement.h"

#include "base/bytes.h"

const requirement *requirement_named(const char *id)
{
    for (size_t i = 0; i < requirements_n; i++)
        if (bytes_is(bytes_text(id), requirements[i].id))
            return &requirements[i];
    return NULL;
}
