#ifndef RATLS_CMD_SIMULATED_H
#define RATLS_CMD_SIMULATED_H

#include "kind.h"

/* Does a certificate in it, or one that a quote in it brings along, say that it is of a simulated
 * platform? Anybody may write that, but who does is not to be believed otherwise. */
bool simulated(file_kind kind, bytes in);

#endif
