#ifndef TLS_OPENSSL_CHANNEL_H
#define TLS_OPENSSL_CHANNEL_H

#include "tls/openssl_context.h"

/* ratls/1 on an SSL [doc/BINDING.md]. */

/* ALPN chose it. True in the handshake too, from the moment on in which certificates are judged. */
bool channel_is_chosen(const SSL *ssl);

/* Nothing goes in or out at this SSL but by the channel. */
void channel_lock(SSL *ssl);
/* The same where a handshake ends: SSL_write may be what has done it, and goes on to send. `c` may
 * be NULL. */
void channel_bar(SSL *ssl, connection *c);
void channel_unbar(connection *c);

#endif
