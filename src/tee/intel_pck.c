/* PCK certificates: the SGX extension, 1.2.840.113741.1.13.1 [DCAP 1.3]. */
#include "tee/intel_pck.h"

/* Contents of the OID 1.2.840.113741.1.13.1, under which every item has its own. */
static const uint8_t sgx_extension[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};

enum { PPID = 1, TCB, PCE_ID, FMSPC, SGX_TYPE, PLATFORM_INSTANCE_ID, CONFIGURATION, ITEMS };
enum { TCB_COMPONENTS = 16, TCB_PCESVN = 17, TCB_CPUSVN = 18 };
enum { DYNAMIC_PLATFORM = 1, CACHED_KEYS, SMT_ENABLED };

/*
 * One { OID, value }: enters it and returns the last arc of the OID, which must be `prefix` and one
 * arc from 1 to `last`, not yet in `seen`. 0 if it is anything else (the reader is bad then).
 */
static unsigned enter_item(reader *list, bytes prefix, unsigned last, uint32_t *seen, reader *item)
{
    *item = der_enter(list, DER_SEQUENCE);
    bytes oid = der_oid(item);
    if (!rd_ok(item) || oid.n != prefix.n + 1 || !bytes_equal(bytes_of(oid.p, prefix.n), prefix))
        goto bad;
    unsigned arc = oid.p[prefix.n];
    if (arc == 0 || arc > last || (*seen & 1U << arc) != 0)
        goto bad;
    *seen |= 1U << arc;
    return arc;
bad:
    rd_fail(list);
    return 0;
}

static void copy_octets(reader *item, uint8_t *out, size_t n)
{
    bytes b = der_take(item, DER_OCTET_STRING);
    if (b.n == n)
        memcpy(out, b.p, n);
    else
        rd_fail(item);
}

/* 18 items under prefix.2: 16 component SVNs, PCESVN, CPUSVN. */
static bool read_tcb(reader *item, ratls_pck_facts *out)
{
    uint8_t prefix[sizeof sgx_extension + 1];
    memcpy(prefix, sgx_extension, sizeof sgx_extension);
    prefix[sizeof sgx_extension] = TCB;
    reader list = der_enter(item, DER_SEQUENCE), one;
    uint32_t seen = 0;
    while (rd_left(&list) > 0) {
        unsigned arc = enter_item(&list, bytes_of(prefix, sizeof prefix), TCB_CPUSVN, &seen, &one);
        if (arc == TCB_CPUSVN)
            copy_octets(&one, out->cpu_svn, sizeof out->cpu_svn);
        else if (arc == TCB_PCESVN)
            out->pce_svn = (uint16_t)der_uint(&one, DER_INTEGER, UINT16_MAX);
        else if (arc != 0)
            out->tcb_components[arc - 1] = (uint8_t)der_uint(&one, DER_INTEGER, UINT8_MAX);
        if (!rd_done(&one))
            return false;
    }
    return rd_done(&list) && seen == ((1U << (TCB_CPUSVN + 1)) - 2);
}

static bool read_configuration(reader *item, ratls_pck_facts *out)
{
    uint8_t prefix[sizeof sgx_extension + 1];
    memcpy(prefix, sgx_extension, sizeof sgx_extension);
    prefix[sizeof sgx_extension] = CONFIGURATION;
    reader list = der_enter(item, DER_SEQUENCE), one;
    uint32_t seen = 0;
    while (rd_left(&list) > 0) {
        unsigned arc = enter_item(&list, bytes_of(prefix, sizeof prefix), SMT_ENABLED, &seen, &one);
        bool value = der_boolean(&one);
        if (!rd_done(&one))
            return false;
        if (arc == DYNAMIC_PLATFORM)
            out->dynamic_platform = value;
        else if (arc == CACHED_KEYS)
            out->cached_keys = value;
        else
            out->smt_enabled = value;
    }
    return rd_done(&list);
}

static const char *const item_names[ITEMS] = {
    [PPID] = "PPID",
    [TCB] = "TCB",
    [PCE_ID] = "PCE-ID",
    [FMSPC] = "FMSPC",
    [SGX_TYPE] = "SGX type",
    [PLATFORM_INSTANCE_ID] = "platform instance id",
    [CONFIGURATION] = "configuration",
};

ratls_code intel_pck_read(const certificate *leaf, ratls_pck_facts *out, ratls_error *e)
{
    memset(out, 0, sizeof *out);
    bytes prefix = bytes_of(sgx_extension, sizeof sgx_extension);
    const extension *x = certificate_extension(leaf, prefix);
    if (x == NULL)
        return refuse(e, RATLS_E_MISSING, 0,
                      "PCK certificate: the SGX extension 1.2.840.113741.1.13.1 is missing");
    reader in = rd_of(x->value);
    reader list = der_enter(&in, DER_SEQUENCE), item;
    uint32_t seen = 0;
    while (rd_left(&list) > 0) {
        unsigned arc = enter_item(&list, prefix, CONFIGURATION, &seen, &item);
        bool ok = true;
        switch (arc) {
        case PPID:
            copy_octets(&item, out->ppid, sizeof out->ppid);
            break;
        case TCB:
            ok = read_tcb(&item, out);
            break;
        case PCE_ID:
            copy_octets(&item, out->pce_id, sizeof out->pce_id);
            break;
        case FMSPC:
            copy_octets(&item, out->fmspc, sizeof out->fmspc);
            break;
        case SGX_TYPE:
            out->sgx_type = (uint8_t)der_uint(&item, DER_ENUMERATED, 2);
            break;
        case PLATFORM_INSTANCE_ID:
            copy_octets(&item, out->platform_instance_id, sizeof out->platform_instance_id);
            break;
        case CONFIGURATION:
            ok = read_configuration(&item, out);
            break;
        default:
            return refuse(
                e, RATLS_E_MALFORMED, 0,
                "PCK certificate: the SGX extension holds an item that is twice or unknown");
        }
        if (!ok || !rd_done(&item))
            return refuse(e, RATLS_E_MALFORMED, 0,
                          "PCK certificate: the item \"%s\" of the SGX extension is malformed",
                          item_names[arc]);
    }
    if (!rd_done(&list) || !rd_done(&in))
        return refuse(e, RATLS_E_MALFORMED, 0, "PCK certificate: the SGX extension is not DER");

    /* Intel's profile knows two forms: 5 items from the Processor CA, 7 from the Platform CA. */
    bool platform = (seen & (1U << PLATFORM_INSTANCE_ID | 1U << CONFIGURATION)) != 0;
    for (unsigned i = PPID; i < (platform ? (unsigned)ITEMS : (unsigned)PLATFORM_INSTANCE_ID); i++)
        if ((seen & 1U << i) == 0)
            return refuse(e, RATLS_E_MALFORMED, 0,
                          "PCK certificate: the SGX extension lacks the item \"%s\"",
                          item_names[i]);
    out->has_platform = platform;
    return RATLS_OK;
}
