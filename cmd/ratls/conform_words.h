#ifndef RATLS_CMD_CONFORM_WORDS_H
#define RATLS_CMD_CONFORM_WORDS_H

#include "base/bytes.h"
#include "base/error.h"

/*
 * The command line of a verifier, with placeholders in its words: {} and {pem} for a certificate,
 * {quote} for a bare quote, {collateral}, {policy}, {root}, {ca}, {time} and {time_iso}. "{or}"
 * stands between command lines that take different kinds of input.
 */
enum { WORDS_MAX = 512, WORDS_TEXT_MAX = 65536, COMMANDS_MAX = 8 };

typedef enum placeholder {
    PLACE_CERTIFICATE,
    PLACE_PEM,
    PLACE_QUOTE, /* up to here: the input itself */
    PLACE_COLLATERAL,
    PLACE_POLICY,
    PLACE_ROOT,
    PLACE_CA,
    PLACE_TIME,
    PLACE_TIME_ISO,
    PLACES
} placeholder;

typedef struct words {
    size_t n;
    struct {
        char *const *words;
        size_t n;
    } commands[COMMANDS_MAX];
} words;

/* The words after "--". Errors: MALFORMED (an unknown placeholder, none for an input), LIMIT. */
RATLS_MUST_USE ratls_code words_read(char *const *all, size_t n, words *out, ratls_error *e);

typedef struct filled_words {
    char *argv[WORDS_MAX + 1];
    char text[WORDS_TEXT_MAX];
    size_t used;
} filled_words;

/*
 * The first command that takes this input, filled in. A word whose value is NULL is left out, and
 * if the word is nothing but the placeholder, an option before it too. False if no command takes
 * it, or it gets too long.
 */
bool words_fill(const words *w, const char *const values[PLACES], filled_words *out);

#endif
