#ifndef SIM_TEXT_H
#define SIM_TEXT_H

#include "base/writer.h"

/* Text into a writer, without a NUL. */
void text_put(writer *w, const char *text);
/* At most 255 bytes. */
__attribute__((format(printf, 2, 3))) void text_format(writer *w, const char *format, ...);

typedef enum text_case { TEXT_LOWER, TEXT_UPPER } text_case;
void text_hex(writer *w, bytes b, text_case c);

/* One PEM block [RFC 7468]. */
void text_pem(writer *w, const char *label, bytes der);

/* A quoted JSON string: ASCII text, in which quotes, backslashes and newlines are escaped. */
void text_json(writer *w, bytes text);

#endif
