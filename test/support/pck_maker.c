#include "vendor.h"

static bytes item(const char *suffix, bytes value)
{
    bytes oid = arena_format("%s.%s", PCK_EXTENSION_OID, suffix);
    return mk_seq(mk_oid((const char *)oid.p), value);
}

static bytes octets(const uint8_t *p, size_t n)
{
    return mk_octets(arena_copy(bytes_of(p, n)));
}

static bytes tcb_item(const pck_spec *p)
{
    buf all = {0};
    for (unsigned i = 1; i <= 18; i++) {
        if (i == p->omit_component)
            continue;
        bytes value = i == 18 ? octets(p->cpusvn_given ? p->cpusvn : p->components, 16)
                              : mk_uint(i == 17 ? p->pcesvn : p->components[i - 1]);
        bytes suffix = arena_format("2.%u", i);
        buf_put(&all, item((const char *)suffix.p, value));
    }
    return mk_tlv(DER_SEQUENCE, buf_bytes(&all));
}

static bytes configuration(const pck_spec *p)
{
    return mk_seq(item("7.1", mk_bool(p->dynamic_platform)), item("7.2", mk_bool(p->cached_keys)),
                  item("7.3", mk_bool(p->smt_enabled)));
}

bytes pck_extension(const pck_spec *p)
{
    if (p->raw.n > 0)
        return p->raw;
    uint8_t type = (uint8_t)p->sgx_type;
    bytes items[8] = {[1] = item("1", octets(p->ppid, sizeof p->ppid)),
                      [2] = item("2", tcb_item(p)),
                      [3] = item("3", octets(p->pce_id, sizeof p->pce_id)),
                      [4] = item("4", octets(p->fmspc, sizeof p->fmspc)),
                      [5] = item("5", mk_tlv(DER_ENUMERATED, arena_copy(bytes_of(&type, 1))))};
    if (p->platform) {
        items[6] = item("6", octets(p->platform_instance_id, sizeof p->platform_instance_id));
        items[7] = item("7", configuration(p));
    }
    buf all = {0};
    for (unsigned i = 1; i <= 7; i++) {
        if ((p->omit >> i & 1) == 0)
            buf_put(&all, items[i]);
        if ((p->twice >> i & 1) != 0)
            buf_put(&all, items[i]);
    }
    buf_put(&all, p->extra);
    return mk_tlv(DER_SEQUENCE, buf_bytes(&all));
}
