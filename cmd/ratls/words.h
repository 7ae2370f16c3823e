#ifndef RATLS_CMD_WORDS_H
#define RATLS_CMD_WORDS_H

#include "ratls/attest.h"

/* Values of options that several commands have. Each returns false after it said why. */

/* Names with commas between, split in a copy. */
enum { WORDS_NAMES_MAX = 32 };
typedef struct name_list {
    char text[1024];
    const char *all[WORDS_NAMES_MAX];
    size_t n;
} name_list;

/* NULL: none. */
bool words_names(const char *list, name_list *out);

/* p256, p384 or rsa3072; NULL leaves *out as it is. */
bool words_key_type(const char *text, ratls_key_type *out);

#endif
