#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "command.h"
#include "sheet.h"

/* Text of a member; "" if it is none. */
static const char *text_of(const json_t *line, const char *key)
{
    const char *text = json_string_value(json_object_get(line, key));
    return text != NULL ? text : "";
}

static void show_names(sheet *s, const json_t *names)
{
    char text[2048] = "";
    size_t used = 0;
    for (size_t i = 0; i < json_array_size(names) && used < sizeof text; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        int n = snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? ", " : "",
                         name != NULL ? name : "?");
        used += n > 0 ? (size_t)n : 0;
    }
    if (used > 0)
        sheet_row(s, "names", "%s", text);
}

static void show_line(sheet *s, const json_t *line)
{
    bool accepted = strcmp(text_of(line, "decision"), "accepted") == 0;
    sheet_gap(s);
    sheet_next(s, accepted ? STYLE_GOOD : STYLE_LOUD);
    sheet_line(s, "%s  %s", text_of(line, "time"), text_of(line, "decision"));
    sheet_object(s, NULL, NULL);
    if (accepted) {
        sheet_row(s, "serial", "%s", text_of(line, "serial"));
        sheet_row(s, "good until", "%s", text_of(line, "not_after"));
        show_names(s, json_object_get(line, "names"));
    } else {
        sheet_row(s, "reason", "%s", text_of(line, "reason"));
    }
    const json_t *measured = json_object_get(line, "measurements");
    const json_t *platform = json_object_get(line, "platform");
    sheet_row(s, "key SHA-256", "%s", text_of(line, "key_sha256"));
    if (text_of(measured, "mrenclave")[0] != '\0')
        sheet_row(s, "MRENCLAVE", "%s", text_of(measured, "mrenclave"));
    if (text_of(measured, "mrtd")[0] != '\0')
        sheet_row(s, "MRTD", "%s", text_of(measured, "mrtd"));
    if (text_of(platform, "ppid")[0] != '\0')
        sheet_row(s, "PPID", "%s", text_of(platform, "ppid"));
    sheet_row(s, "policy", "%s", text_of(line, "policy_sha256"));
    sheet_close(s);
}

/* The next line without its end; false at the end of the file. What is too long is cut, and so no
 * JSON, as is a line with a NUL in it. */
static bool next_line(FILE *f, char *line, size_t cap)
{
    size_t n = 0;
    int c = fgetc(f);
    if (c == EOF)
        return false;
    for (; c != EOF && c != '\n'; c = fgetc(f))
        if (n + 1 < cap)
            line[n++] = (char)c;
    line[n] = '\0';
    return true;
}

/* Waits for who writes it. */
static FILE *open_locked(const char *path)
{
    FILE *f = fopen(path, "r");
    struct flock whole = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    if (f != NULL && fcntl(fileno(f), F_SETLKW, &whole) == 0)
        return f;
    complain("%s: can't be read: %s", path, strerror(errno));
    if (f != NULL)
        (void)fclose(f);
    return NULL;
}

int audit_show(const char *path, bool json)
{
    FILE *f = open_locked(path);
    char *text = malloc(AUDIT_LINE_MAX + 2);
    if (f == NULL || text == NULL) {
        if (f != NULL)
            (void)fclose(f);
        free(text);
        return EXIT_TROUBLE;
    }
    sheet *s = sheet_new(false);
    size_t shown = 0, unreadable = 0;
    if (json)
        (void)printf("{\"decisions\": [");
    while (next_line(f, text, AUDIT_LINE_MAX + 2)) {
        json_t *line = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        if (!json_is_object(line)) {
            unreadable++;
        } else if (json) {
            (void)printf("%s\n  ", shown++ > 0 ? "," : "");
            (void)json_dumpf(line, stdout, JSON_ENSURE_ASCII);
        } else {
            show_line(s, line);
            shown++;
        }
        json_decref(line);
    }
    bool ok = ferror(f) == 0;
    (void)fclose(f);
    free(text);
    if (json)
        (void)printf("%s], \"unreadable\": %zu}\n", shown > 0 ? "\n" : "", unreadable);
    else if (shown == 0)
        sheet_line(s, "No decision is on record.");
    if (!ok)
        complain("%s: can't be read to its end", path);
    if (unreadable > 0)
        complain("%s: %zu lines are no JSON objects: something else has written to it, or a crash "
                 "has cut one",
                 path, unreadable);
    return sheet_end(s, !ok ? EXIT_TROUBLE : unreadable > 0 ? EXIT_REFUSED : EXIT_ACCEPTED);
}
