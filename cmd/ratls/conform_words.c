#include "conform_words.h"

static const char *const names[PLACES] = {
    [PLACE_CERTIFICATE] = "{}",
    [PLACE_PEM] = "{pem}",
    [PLACE_QUOTE] = "{quote}",
    [PLACE_COLLATERAL] = "{collateral}",
    [PLACE_POLICY] = "{policy}",
    [PLACE_ROOT] = "{root}",
    [PLACE_CA] = "{ca}",
    [PLACE_TIME] = "{time}",
    [PLACE_TIME_ISO] = "{time_iso}",
};

/* The first thing like a placeholder, braces and all; empty if there is none. Other braces are the
 * verifier's own matter. */
static bytes next_place(bytes word)
{
    for (size_t i = 0; i < word.n; i++) {
        size_t end = i + 1;
        if (word.p[i] != '{')
            continue;
        while (end < word.n && (word.p[end] == '_' || (word.p[end] >= 'a' && word.p[end] <= 'z')))
            end++;
        if (end < word.n && word.p[end] == '}')
            return bytes_of(word.p + i, end + 1 - i);
    }
    return BYTES_NONE;
}

static bytes after(bytes word, bytes part)
{
    size_t n = (size_t)(part.p - word.p) + part.n;
    return bytes_of(word.p + n, word.n - n);
}

static placeholder find(bytes place)
{
    unsigned p = 0;
    while (p < PLACES && !bytes_is(place, names[p]))
        p++;
    return (placeholder)p;
}

static ratls_code check_word(const char *word, bool *input, ratls_error *e)
{
    bytes rest = bytes_text(word);
    for (bytes place = next_place(rest); place.n > 0; place = next_place(rest)) {
        placeholder p = find(place);
        if (p == PLACES)
            return refuse(e, RATLS_E_MALFORMED, 0, "found '%s', whose placeholder is unknown",
                          word);
        *input = *input || p <= PLACE_QUOTE;
        rest = after(rest, place);
    }
    return RATLS_OK;
}

ratls_code words_read(char *const *all, size_t n, words *out, ratls_error *e)
{
    *out = (words){.n = 0};
    if (n > WORDS_MAX)
        return refuse(e, RATLS_E_LIMIT, 0, "more than %d words", WORDS_MAX);
    for (size_t at = 0; at <= n;) {
        size_t end = at;
        bool input = false;
        for (; end < n && !bytes_is(bytes_text(all[end]), "{or}"); end++) {
            ratls_code code = check_word(all[end], &input, e);
            if (code != RATLS_OK)
                return code;
        }
        if (end == at)
            return refuse(e, RATLS_E_MALFORMED, 0, "a command is empty");
        if (!input)
            return refuse(e, RATLS_E_MALFORMED, 0,
                          "'%s' is given no input, expected {}, {pem} or {quote} in its words",
                          all[at]);
        if (out->n == COMMANDS_MAX)
            return refuse(e, RATLS_E_LIMIT, 0, "more than %d commands", COMMANDS_MAX);
        out->commands[out->n].words = all + at;
        out->commands[out->n++].n = end - at;
        at = end + 1;
    }
    return RATLS_OK;
}

static bool put(filled_words *out, bytes text)
{
    if (text.n >= sizeof out->text - out->used)
        return false;
    if (text.n > 0)
        memcpy(out->text + out->used, text.p, text.n);
    out->used += text.n;
    return true;
}

typedef enum filling { FILLED, LEFT_OUT, TOO_LONG } filling;

static filling fill_word(const char *word, const char *const values[PLACES], filled_words *out,
                         bool *has_input)
{
    bytes rest = bytes_text(word);
    size_t start = out->used;
    bool fits = true;
    for (bytes place = next_place(rest); place.n > 0; place = next_place(rest)) {
        placeholder p = find(place);
        if (p == PLACES || values[p] == NULL) {
            out->used = start;
            return LEFT_OUT;
        }
        *has_input = *has_input || p <= PLACE_QUOTE;
        fits = put(out, bytes_of(rest.p, (size_t)(place.p - rest.p))) &&
               put(out, bytes_text(values[p])) && fits;
        rest = after(rest, place);
    }
    fits = put(out, rest) && put(out, bytes_of("", 1)) && fits;
    return fits ? FILLED : TOO_LONG;
}

static bool fill_command(char *const *all, size_t n, const char *const values[PLACES],
                         filled_words *out)
{
    bool has_input = false;
    size_t argc = 0;
    out->used = 0;
    for (size_t i = 0; i < n; i++) {
        out->argv[argc] = out->text + out->used;
        filling f = fill_word(all[i], values, out, &has_input);
        if (f == TOO_LONG || (f == LEFT_OUT && i == 0))
            return false;
        if (f == FILLED)
            argc++;
        else if (next_place(bytes_text(all[i])).n == strlen(all[i]) && argc > 1 &&
                 out->argv[argc - 1][0] == '-')
            argc--;
    }
    out->argv[argc] = NULL;
    return has_input;
}

bool words_fill(const words *w, const char *const values[PLACES], filled_words *out)
{
    for (size_t i = 0; i < w->n; i++)
        if (fill_command(w->commands[i].words, w->commands[i].n, values, out))
            return true;
    return false;
}
