#ifndef RATLS_CMD_NET_H
#define RATLS_CMD_NET_H

#include <stdbool.h>
#include <stddef.h>

/* HOST:PORT, or [ADDRESS]:PORT for IPv6. */
typedef struct address {
    char host[256], port[8];
} address;

/* False if the text is no such thing. */
bool address_parse(const char *text, address *out);
/* Is the host an IP address, not a name? */
bool address_is_numeric(const address *a);

enum { NET_SECONDS = 10 }; /* that a peer may take for each step */

/* A TCP connection; -1 after it said why not. */
int net_connect(const address *to);
/* A listening socket; its own address, with the port that it got, goes to `bound`. -1 as above. */
int net_listen(const address *at, char *bound, size_t cap);
/* The next connection, and who it is from. -1 if none comes in time (seconds < 0: no limit). */
int net_accept(int listener, int seconds, char *from, size_t cap);
/* Ends a connection. What the peer still sends is read first, for else TCP may take back what was
 * sent to it last: the alert. */
void net_close(int fd);

#endif
