#include "attest/qgs.h"

#include <inttypes.h>

enum { MAJOR = 1, MINOR = 1, GET_QUOTE_REQUEST = 0, GET_QUOTE_RESPONSE = 1 };

void qgs_write_request(writer *w, const uint8_t report[QGS_REPORT_SIZE])
{
    enum { SIZE = QGS_HEADER_SIZE + 4 + 4 + QGS_REPORT_SIZE };
    wr_be(w, SIZE, 4);
    wr_le(w, MAJOR, 2);
    wr_le(w, MINOR, 2);
    wr_le(w, GET_QUOTE_REQUEST, 4);
    wr_le(w, SIZE, 4);
    wr_le(w, 0, 4); /* no error */
    wr_le(w, QGS_REPORT_SIZE, 4);
    wr_le(w, 0, 4); /* no list of quoting enclaves to choose from */
    wr_put(w, bytes_of(report, QGS_REPORT_SIZE));
}

ratls_code qgs_read_response(bytes in, bytes *quote, ratls_error *e)
{
    reader r = rd_of(in);
    unsigned major = rd_le16(&r);
    (void)rd_le16(&r); /* minor versions are compatible */
    uint32_t type = rd_le32(&r), size = rd_le32(&r), error = rd_le32(&r);
    if (!rd_ok(&r))
        return refuse(e, RATLS_E_MALFORMED, in.n, "qgs: an answer of %zu bytes, its header has 16",
                      in.n);
    if (major != MAJOR)
        return refuse(e, RATLS_E_UNSUPPORTED, 0, "qgs: an answer of version %u, expected 1", major);
    if (type != GET_QUOTE_RESPONSE)
        return refuse(e, RATLS_E_MALFORMED, 4, "qgs: an answer of type %" PRIu32 ", expected 1",
                      type);
    if (size != in.n)
        return refuse(e, RATLS_E_MALFORMED, 8,
                      "qgs: an answer of %zu bytes, its header says %" PRIu32, in.n, size);
    if (error != 0)
        return refuse(e, RATLS_E_SYSTEM, 12, "qgs: the service failed with error 0x%" PRIx32,
                      error);
    uint32_t id_size = rd_le32(&r), quote_size = rd_le32(&r);
    (void)rd_take(&r, id_size);
    *quote = rd_take(&r, quote_size);
    if (!rd_done(&r))
        return refuse(e, RATLS_E_MALFORMED, QGS_HEADER_SIZE,
                      "qgs: an id of %" PRIu32 " and a quote of %" PRIu32
                      " bytes do not fill the answer of %zu",
                      id_size, quote_size, in.n);
    return RATLS_OK;
}
