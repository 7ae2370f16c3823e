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

/* The session of an SSL whose handshake is done; sets c->channel. Errors: those of
 * ratls_session_new; UNSUPPORTED (what ratls/1 demands of TLS), SYSTEM. */
RATLS_MUST_USE ratls_code channel_begin(const adapter *a, SSL *ssl, connection *c, ratls_moment now,
                                        ratls_error *e);
/* An open stream without frames is the application's, as it had set it up. */
void channel_give_back_mode(SSL *ssl, const connection *c);

#endif
