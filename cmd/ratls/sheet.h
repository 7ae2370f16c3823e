#ifndef RATLS_CMD_SHEET_H
#define RATLS_CMD_SHEET_H

#include <stdio.h>

#include "base/bytes.h"

/*
 * What a command says on standard output, told once and rendered either as text for a person or as
 * one JSON object for a program. `key` is the JSON member, `label` the word in the text; NULL
 * leaves the value out there. Bytes that others wrote are escaped in both: nothing of them can
 * steer a terminal.
 */
typedef struct sheet sheet;

/* Ends the program (exit 2) if memory is out. */
sheet *sheet_new(bool json);
/* The same somewhere else, without colour. */
sheet *sheet_new_to(FILE *out, bool json);
/* Prints the JSON if it was asked for. Returns `status`, or EXIT_TROUBLE if memory ran out; whether
 * standard output took it all is for main to see. */
int sheet_end(sheet *s, int status);

/* Only for one rendering. */
bool sheet_is_json(const sheet *s);

/* Nested objects, and arrays of objects or values; each is left by sheet_close. A NULL title adds
 * no heading and no indentation to the text, a NULL key adds no level to the JSON. */
void sheet_object(sheet *s, const char *key, const char *title);
void sheet_list(sheet *s, const char *key, const char *title);
/* In a list: the next object. `title` is ours, printf-made by the caller. */
void sheet_item(sheet *s, const char *title);
void sheet_close(sheet *s);

/* Values. In a list `key` is ignored, but NULL still means: not in the JSON. sheet_text takes
 * ASCII: our words, or what is escaped already. */
void sheet_text(sheet *s, const char *key, const char *label, const char *text);
void sheet_bytes(sheet *s, const char *key, const char *label, bytes text);
void sheet_hex(sheet *s, const char *key, const char *label, bytes b);
void sheet_uint(sheet *s, const char *key, const char *label, uint64_t n);
void sheet_bool(sheet *s, const char *key, const char *label, bool yes);
void sheet_time(sheet *s, const char *key, const char *label, int64_t t);
void sheet_null(sheet *s, const char *key, const char *label);

/* Text only: a row, a line, an empty line (never two in a row). Formatted text is escaped too. */
__attribute__((format(printf, 3, 4))) void sheet_row(sheet *s, const char *label,
                                                     const char *format, ...);
__attribute__((format(printf, 2, 3))) void sheet_line(sheet *s, const char *format, ...);
void sheet_gap(sheet *s);

/* How the next row or line looks where colour is used. */
typedef enum sheet_style { STYLE_PLAIN, STYLE_GOOD, STYLE_LOUD, STYLE_FAINT } sheet_style;
void sheet_next(sheet *s, sheet_style style);

/* Printable ASCII stays, all else and the backslash become \xNN; NUL-terminated, cut if need be. */
void escape_text(bytes in, char *out, size_t cap);

#endif
