#ifndef RATLS_CMD_CONFORM_MARKUP_H
#define RATLS_CMD_CONFORM_MARKUP_H

#include <stdio.h>

/* Text for XML and HTML: printable ASCII with the five special characters as entities, all else as
 * \xNN. */
void markup(FILE *to, const char *text);

/* A space, the name, and the text in quotes. */
void markup_attribute(FILE *to, const char *name, const char *text);

#endif
