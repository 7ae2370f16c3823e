#ifndef ATTEST_QGS_H
#define ATTEST_QGS_H

#include "base/error.h"
#include "base/reader.h"
#include "base/writer.h"

/* Messages to and from the host's quote generation service [TDX QGS message protocol]. */
#define QGS_REQUEST_SIZE 1052
#define QGS_HEADER_SIZE  16
#define QGS_REPORT_SIZE  1024
#define QGS_RESPONSE_MAX 65536

/* "Make a quote from this TDREPORT", with its length before it. */
void qgs_write_request(writer *w, const uint8_t report[QGS_REPORT_SIZE]);

/* The answer, without the length before it. *quote is a view. Errors: MALFORMED, UNSUPPORTED
 * (another version), SYSTEM (the service says that it failed). */
RATLS_MUST_USE ratls_code qgs_read_response(bytes in, bytes *quote, ratls_error *e);

#endif
