#ifndef RATLS_CMD_PEER_H
#define RATLS_CMD_PEER_H

#include "input.h"

/* Is it HOST:PORT, and no file of that name there? */
bool peer_is_address(const char *text);

/*
 * The certificate that a TLS server at this address shows, as DER, with nothing judged but that the
 * server holds its key; `held` false leaves that out too. False after it said why on standard
 * error.
 */
bool peer_read(const char *text, bool held, input *out);

/* From a live peer if `text` is the address of one, else from a file. */
bool peer_or_file_read(const char *text, bool held, input *out);

#endif
