#include "sim/pck.h"

#include "issue/der_writer.h"

/* Contents of 1.2.840.113741.1.13.1, under which every item has its own. */
static const uint8_t prefix[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};

enum { PPID = 1, TCB, PCE_ID, FMSPC, SGX_TYPE, PLATFORM_INSTANCE_ID, CONFIGURATION };
enum { TCB_COMPONENTS = 16, TCB_PCESVN = 17, TCB_CPUSVN = 18 };

bytes pck_extension_oid(void)
{
    return bytes_of(prefix, sizeof prefix);
}

/* Of SEQUENCE { OID prefix.arc[.sub], value } (sub 0: none) the beginning; der_wrap ends it. */
static size_t begin_item(writer *w, unsigned arc, unsigned sub)
{
    uint8_t oid[sizeof prefix + 2];
    size_t at = w->n;
    memcpy(oid, prefix, sizeof prefix);
    oid[sizeof prefix] = (uint8_t)arc;
    oid[sizeof prefix + 1] = (uint8_t)sub;
    der_put_oid(w, bytes_of(oid, sizeof prefix + (sub == 0 ? 1 : 2)));
    return at;
}

static void put_octets(writer *w, unsigned arc, unsigned sub, bytes value)
{
    size_t at = begin_item(w, arc, sub);
    der_put(w, DER_OCTET_STRING, value);
    der_wrap(w, DER_SEQUENCE, at);
}

static void put_uint(writer *w, unsigned arc, unsigned sub, unsigned tag, unsigned v)
{
    size_t at = begin_item(w, arc, sub);
    der_put_uint(w, tag, v);
    der_wrap(w, DER_SEQUENCE, at);
}

static void put_tcb(writer *w, const ratls_pck_facts *pck)
{
    size_t at = begin_item(w, TCB, 0), list = w->n;
    for (unsigned i = 1; i <= TCB_COMPONENTS; i++)
        put_uint(w, TCB, i, DER_INTEGER, pck->tcb_components[i - 1]);
    put_uint(w, TCB, TCB_PCESVN, DER_INTEGER, pck->pce_svn);
    put_octets(w, TCB, TCB_CPUSVN, bytes_of(pck->cpu_svn, sizeof pck->cpu_svn));
    der_wrap(w, DER_SEQUENCE, list);
    der_wrap(w, DER_SEQUENCE, at);
}

static void put_configuration(writer *w, const ratls_pck_facts *pck)
{
    const bool flags[3] = {pck->dynamic_platform, pck->cached_keys, pck->smt_enabled};
    size_t at = begin_item(w, CONFIGURATION, 0), list = w->n;
    for (unsigned i = 0; i < 3; i++) {
        size_t one = begin_item(w, CONFIGURATION, i + 1);
        der_put_boolean(w, flags[i]);
        der_wrap(w, DER_SEQUENCE, one);
    }
    der_wrap(w, DER_SEQUENCE, list);
    der_wrap(w, DER_SEQUENCE, at);
}

void pck_put_extension(const ratls_pck_facts *pck, writer *w)
{
    size_t at = w->n;
    put_octets(w, PPID, 0, bytes_of(pck->ppid, sizeof pck->ppid));
    put_tcb(w, pck);
    put_octets(w, PCE_ID, 0, bytes_of(pck->pce_id, sizeof pck->pce_id));
    put_octets(w, FMSPC, 0, bytes_of(pck->fmspc, sizeof pck->fmspc));
    put_uint(w, SGX_TYPE, 0, DER_ENUMERATED, pck->sgx_type);
    put_octets(w, PLATFORM_INSTANCE_ID, 0,
               bytes_of(pck->platform_instance_id, sizeof pck->platform_instance_id));
    put_configuration(w, pck);
    der_wrap(w, DER_SEQUENCE, at);
}
