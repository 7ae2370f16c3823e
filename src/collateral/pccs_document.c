#include "collateral/pccs_document.h"

#include "base/time.h"
#include "codec/der.h"
#include "codec/json.h"

bool document_parts(bytes json, const char *const keys[3], bytes out[3])
{
    json_reader j = jr_of(json);
    json_scope s;
    bytes key;
    bool found[3] = {keys[0] == NULL, keys[1] == NULL, keys[2] == NULL};
    jr_object(&j, &s);
    while (jr_key(&j, &s, &key)) {
        size_t i = 0;
        while (i < 3 && (keys[i] == NULL || !bytes_is(key, keys[i])))
            i++;
        if (i == 3) {
            jr_skip(&j);
            continue;
        }
        out[i] = jr_raw_string(&j);
        found[i] = true;
    }
    return jr_done(&j) && found[0] && found[1] && found[2];
}

bool document_body(bytes json, signed_body *out)
{
    json_reader j = jr_of(json);
    json_scope s;
    bytes key, date = BYTES_NONE;
    *out = (signed_body){0};
    jr_object(&j, &s);
    while (jr_key(&j, &s, &key)) {
        if (bytes_is(key, "version")) {
            out->version = (unsigned)jr_uint(&j, UINT16_MAX);
        } else if (bytes_is(key, "nextUpdate")) {
            date = jr_string(&j);
        } else if (bytes_is(key, "tcbEvaluationDataNumber")) {
            out->number = jr_uint(&j, UINT32_MAX);
            out->has_number = true;
        } else {
            jr_skip(&j);
        }
    }
    return jr_done(&j) && time_from_iso(date, &out->next_update);
}

bool document_crl(bytes der, int64_t *next_update)
{
    reader r = rd_of(der);
    reader list = der_enter(&r, DER_SEQUENCE);
    reader tbs = der_enter(&list, DER_SEQUENCE);
    if (der_peek(&tbs) == DER_INTEGER)
        (void)der_integer(&tbs);
    (void)der_take(&tbs, DER_SEQUENCE); /* signature */
    (void)der_take(&tbs, DER_SEQUENCE); /* issuer */
    (void)der_time(&tbs);
    *next_update = der_time(&tbs);
    return rd_done(&r) && rd_ok(&list) && rd_ok(&tbs);
}

/* 1.2.840.113741.1.13.1, and FMSPC below it */
static const uint8_t sgx_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 1, 13, 1};
static const uint8_t fmspc_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 1, 13, 1, 4};

/* The extension's value is a SEQUENCE of SEQUENCE { OID, value }. */
static bool find_fmspc(bytes value, uint8_t out[6])
{
    reader r = rd_of(value);
    reader items = der_enter(&r, DER_SEQUENCE);
    bool found = false;
    while (rd_left(&items) > 0) {
        reader item = der_enter(&items, DER_SEQUENCE);
        bytes oid = der_oid(&item);
        if (!bytes_equal(oid, bytes_of(fmspc_oid, sizeof fmspc_oid)))
            continue;
        bytes fmspc = der_take(&item, DER_OCTET_STRING);
        if (found || fmspc.n != 6 || !rd_done(&item))
            return false;
        memcpy(out, fmspc.p, 6);
        found = true;
    }
    return found && rd_ok(&items);
}

/* The contents of the extension, empty if there is none. */
static bytes sgx_extension(reader extensions)
{
    while (rd_left(&extensions) > 0) {
        reader extension = der_enter(&extensions, DER_SEQUENCE);
        bytes oid = der_oid(&extension);
        if (der_peek(&extension) == DER_BOOLEAN)
            (void)der_boolean(&extension);
        bytes value = der_take(&extension, DER_OCTET_STRING);
        if (rd_ok(&extension) && bytes_equal(oid, bytes_of(sgx_oid, sizeof sgx_oid)))
            return value;
    }
    return BYTES_NONE;
}

bool document_pck(bytes der, pck_certificate *out)
{
    unsigned tag;
    reader r = rd_of(der);
    reader all = der_enter(&r, DER_SEQUENCE);
    reader tbs = der_enter(&all, DER_SEQUENCE);
    (void)der_take(&tbs, DER_CONTEXT_CONSTRUCTED(0)); /* version */
    (void)der_integer(&tbs);                          /* serial number */
    (void)der_take(&tbs, DER_SEQUENCE);               /* signature */
    bytes issuer = der_take(&tbs, DER_SEQUENCE);
    reader validity = der_enter(&tbs, DER_SEQUENCE);
    (void)der_time(&validity);
    out->not_after = der_time(&validity);
    (void)der_take(&tbs, DER_SEQUENCE); /* subject */
    (void)der_take(&tbs, DER_SEQUENCE); /* subjectPublicKeyInfo */
    while (rd_left(&tbs) > 0 && der_peek(&tbs) != DER_CONTEXT_CONSTRUCTED(3))
        (void)der_element(&tbs, &tag);
    reader wrapped = der_enter(&tbs, DER_CONTEXT_CONSTRUCTED(3));
    reader extensions = der_enter(&wrapped, DER_SEQUENCE);
    if (!rd_done(&r) || !rd_done(&validity) || !rd_ok(&extensions))
        return false;
    /* The names of the two CAs that issue them [DCAP 2.1]. */
    out->processor_ca = bytes_find(issuer, bytes_text("PCK Processor CA")) < issuer.n;
    return find_fmspc(sgx_extension(extensions), out->fmspc);
}
