#define _POSIX_C_SOURCE 200809L /* strnlen */

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *ratls_code_name(ratls_code code)
{
    switch (code) {
    case RATLS_OK:
        return "RATLS_OK";
    case RATLS_E_MALFORMED:
        return "RATLS_E_MALFORMED";
    case RATLS_E_UNSUPPORTED:
        return "RATLS_E_UNSUPPORTED";
    case RATLS_E_BINDING:
        return "RATLS_E_BINDING";
    case RATLS_E_UNTRUSTED:
        return "RATLS_E_UNTRUSTED";
    case RATLS_E_REVOKED:
        return "RATLS_E_REVOKED";
    case RATLS_E_STALE:
        return "RATLS_E_STALE";
    case RATLS_E_POLICY:
        return "RATLS_E_POLICY";
    case RATLS_E_MISSING:
        return "RATLS_E_MISSING";
    case RATLS_E_LIMIT:
        return "RATLS_E_LIMIT";
    case RATLS_E_SYSTEM:
        return "RATLS_E_SYSTEM";
    }
    return "RATLS_E_UNKNOWN";
}

ratls_code(refuse)(ratls_error *e, ratls_code code, size_t offset, const char *format, ...)
{
    if (e != NULL) {
        e->code = code;
        e->offset = offset;
        va_list args;
        va_start(args, format);
        (void)vsnprintf(e->text, sizeof e->text, format, args);
        va_end(args);
    }
    return code;
}

void error_prefix(ratls_error *e, const char *format, ...)
{
    if (e == NULL)
        return;
    char head[RATLS_TEXT_SIZE];
    va_list args;
    va_start(args, format);
    int written = vsnprintf(head, sizeof head - 2, format, args);
    va_end(args);
    if (written < 0)
        return;
    size_t n = strlen(head);
    memcpy(head + n, ": ", 2);
    n += 2;
    size_t keep = strnlen(e->text, sizeof e->text - 1);
    if (keep > sizeof e->text - 1 - n)
        keep = sizeof e->text - 1 - n;
    memmove(e->text + n, e->text, keep);
    memcpy(e->text, head, n);
    e->text[n + keep] = '\0';
}
