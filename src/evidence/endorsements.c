/*
 * Endorsements that travel with evidence, in the order of Open Enclave's
 * oe_sgx_endorsements_fields_t, which the common format took over [RATLS evidence formats].
 */
#include "evidence/endorsements.h"

#include <inttypes.h>

#include "codec/cbor.h"
#include "codec/der.h"

enum {
    ITEMS_N = 8, /* after the version; the last one, the date, may be absent */
    ITEMS_REQUIRED = 7,

    TAG_FIRST = 60000,
    TAG_LAST = 60002,

    OE_VERSION = 1,
    OE_TYPE_SGX = 2,
    OE_FIELDS = 9,
    OE_OFFSETS_SIZE = 4 * OE_FIELDS
};

static const char *const item_names[ITEMS_N] = {"tcb_info",
                                                "tcb_info_issuer_chain",
                                                "pck_crl",
                                                "root_ca_crl",
                                                "pck_crl_issuer_chain",
                                                "qe_identity",
                                                "qe_identity_issuer_chain",
                                                "creation_datetime"};

/*
 * Peers terminate text, and pad DER, with NULs. DER ends where its own length says: a CRL whose
 * signature ends in a zero byte must keep it.
 */
static bytes without_nuls(bytes b)
{
    if (b.n > 0 && b.p[0] == DER_SEQUENCE) {
        reader r = rd_of(b);
        bytes der = der_element(&r, NULL);
        if (rd_ok(&r) && bytes_all_zero(rd_rest(&r)))
            return der;
    }
    while (b.n > 0 && b.p[b.n - 1] == 0)
        b.n--;
    return b;
}

/* Fills `out` from the items that follow the version. */
static ratls_code take_items(const bytes items[ITEMS_N], endorsements *out, ratls_error *e)
{
    bytes *const to[ITEMS_N] = {
        &out->tcb_info,
        &out->tcb_info_issuer_chain,
        &out->pck_crl,
        &out->root_ca_crl,
        &out->pck_crl_issuer_chain,
        &out->qe_identity,
        &out->qe_identity_issuer_chain,
        &out->creation_datetime,
    };
    for (size_t i = 0; i < ITEMS_N; i++) {
        *to[i] = without_nuls(items[i]);
        if (i < ITEMS_REQUIRED && to[i]->n == 0)
            return refuse(e, RATLS_E_MALFORMED, 0, "endorsements: %s is empty", item_names[i]);
    }
    return RATLS_OK;
}

ratls_code endorsements_parse(bytes cbor, endorsements *out, ratls_error *e)
{
    memset(out, 0, sizeof *out);
    reader r = rd_of(cbor);
    if (cbor_peek(&r) != CBOR_TAG)
        return refuse(e, RATLS_E_MALFORMED, 0,
                      "endorsements: no CBOR tag at offset 0, expected that of the evidence");
    out->tag = cbor_tag(&r);
    if (!rd_ok(&r))
        return refuse(e, RATLS_E_MALFORMED, 0,
                      "endorsements: the CBOR tag is cut off or not in its shortest form");
    if (out->tag < TAG_FIRST || out->tag > TAG_LAST)
        return refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "endorsements: CBOR tag %" PRIu64 ", expected 60000, 60001 or 60002",
                      out->tag);
    size_t at = r.pos;
    size_t n = cbor_array(&r, 1 + ITEMS_REQUIRED, 1 + ITEMS_N);
    if (!rd_ok(&r))
        return refuse(e, RATLS_E_MALFORMED, at,
                      "endorsements: expected a definite CBOR array of 8 or 9 items at offset %zu",
                      at);
    at = r.pos;
    out->version = cbor_uint(&r, CBOR_ANY_WIDTH);
    if (!rd_ok(&r))
        return refuse(e, RATLS_E_MALFORMED, at,
                      "endorsements: the version at offset %zu is not an unsigned integer", at);

    bytes items[ITEMS_N] = {{NULL, 0}};
    for (size_t i = 0; i + 1 < n; i++) {
        at = r.pos;
        items[i] = cbor_bytes(&r);
        if (!rd_ok(&r))
            return refuse(e, RATLS_E_MALFORMED, at,
                          "endorsements: %s at offset %zu is not a definite byte string within the "
                          "%zu bytes",
                          item_names[i], at, cbor.n);
    }
    if (!rd_done(&r))
        return refuse(e, RATLS_E_MALFORMED, r.pos,
                      "endorsements: %zu bytes follow the array at offset %zu, expected none",
                      rd_left(&r), r.pos);
    return take_items(items, out, e);
}

void endorsements_write(writer *w, const endorsements *in)
{
    enum { UINT_OF_FOUR_BYTES = CBOR_UINT << 5 | 26 };
    const struct {
        bytes item;
        bool is_text;
    } items[ITEMS_N] = {
        {in->tcb_info, true},
        {in->tcb_info_issuer_chain, true},
        {in->pck_crl, false},
        {in->root_ca_crl, false},
        {in->pck_crl_issuer_chain, true},
        {in->qe_identity, true},
        {in->qe_identity_issuer_chain, true},
        {in->creation_datetime, false},
    };
    size_t n = in->creation_datetime.n > 0 ? ITEMS_N : ITEMS_REQUIRED;
    cbor_put_head(w, CBOR_TAG, in->tag);
    cbor_put_head(w, CBOR_ARRAY, 1 + n);
    wr_u8(w, UINT_OF_FOUR_BYTES);
    wr_be(w, in->version, 4);
    for (size_t i = 0; i < n; i++) {
        cbor_put_head(w, CBOR_BYTES, items[i].item.n + (items[i].is_text ? 1 : 0));
        wr_put(w, items[i].item);
        if (items[i].is_text)
            wr_u8(w, 0);
    }
}

/* The nine fields, cut out of `data` by the offsets: ascending, the first at 0. */
static ratls_code cut_fields(reader *r, bytes fields[OE_FIELDS], ratls_error *e)
{
    size_t offsets_at = r->pos;
    uint32_t offsets[OE_FIELDS];
    for (size_t i = 0; i < OE_FIELDS; i++)
        offsets[i] = rd_le32(r);
    bytes data = rd_rest(r);
    for (size_t i = 0; i < OE_FIELDS; i++) {
        uint32_t first = i == 0 ? 0 : offsets[i - 1];
        if (offsets[i] < first || offsets[i] > data.n || (i == 0 && offsets[i] != 0))
            return refuse(e, RATLS_E_MALFORMED, offsets_at + 4 * i,
                          "endorsements: item %zu begins at %" PRIu32 " of %zu bytes of data, "
                          "expected ascending offsets from 0",
                          i, offsets[i], data.n);
    }
    reader d = rd_of(data);
    for (size_t i = 0; i + 1 < OE_FIELDS; i++)
        fields[i] = rd_take(&d, offsets[i + 1] - offsets[i]);
    fields[OE_FIELDS - 1] = rd_rest(&d);
    return RATLS_OK;
}

ratls_code endorsements_parse_oe(bytes blob, endorsements *out, ratls_error *e)
{
    memset(out, 0, sizeof *out);
    reader r = rd_of(blob);
    uint32_t version = rd_le32(&r), type = rd_le32(&r), size = rd_le32(&r), count = rd_le32(&r);
    if (!rd_ok(&r) || rd_left(&r) < OE_OFFSETS_SIZE)
        return refuse(e, RATLS_E_MALFORMED, blob.n,
                      "endorsements: %zu bytes, the head of Open Enclave's has 52", blob.n);
    if (version != OE_VERSION)
        return refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "endorsements: Open Enclave version %" PRIu32 " at offset 0, expected 1",
                      version);
    if (type != OE_TYPE_SGX)
        return refuse(e, RATLS_E_UNSUPPORTED, 4,
                      "endorsements: Open Enclave type %" PRIu32 " at offset 4, expected 2 (SGX)",
                      type);
    if (size != rd_left(&r))
        return refuse(e, RATLS_E_MALFORMED, 8,
                      "endorsements: the head says %" PRIu32 " bytes at offset 8, %zu remain", size,
                      rd_left(&r));
    if (count != OE_FIELDS)
        return refuse(e, RATLS_E_MALFORMED, 12,
                      "endorsements: %" PRIu32 " items at offset 12, expected 9", count);

    bytes fields[OE_FIELDS];
    ratls_code code = cut_fields(&r, fields, e);
    if (code != RATLS_OK)
        return code;
    reader v = rd_of(fields[0]);
    out->version = rd_le32(&v);
    if (!rd_done(&v))
        return refuse(e, RATLS_E_MALFORMED, (size_t)(4 * 4 + OE_OFFSETS_SIZE),
                      "endorsements: the version has %zu bytes, expected 4", fields[0].n);
    return take_items(fields + 1, out, e);
}
