#include "words.h"

#include <string.h>

#include "command.h"

bool words_names(const char *list, name_list *out)
{
    size_t n = list != NULL ? strlen(list) : 0;
    out->n = 0;
    if (list == NULL)
        return true;
    if (n >= sizeof out->text) {
        complain("--names: %zu bytes, at most %zu are read", n, sizeof out->text - 1);
        return false;
    }
    memcpy(out->text, list, n + 1);
    out->all[out->n++] = out->text;
    for (char *p = out->text; *p != '\0'; p++) {
        if (*p != ',')
            continue;
        if (out->n == WORDS_NAMES_MAX) {
            complain("--names: more than %d names", WORDS_NAMES_MAX);
            return false;
        }
        *p = '\0';
        out->all[out->n++] = p + 1;
    }
    return true;
}

bool words_key_type(const char *text, ratls_key_type *out)
{
    static const struct {
        const char *name;
        ratls_key_type type;
    } types[] = {
        {"p256", RATLS_KEY_P256}, {"p384", RATLS_KEY_P384}, {"rsa3072", RATLS_KEY_RSA3072}};
    if (text == NULL)
        return true;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (bytes_is(bytes_text(text), types[i].name)) {
            *out = types[i].type;
            return true;
        }
    complain("--key-type: found '%s', expected p256, p384 or rsa3072", text);
    return false;
}
