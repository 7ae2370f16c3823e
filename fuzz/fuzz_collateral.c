/* The input as collateral in every container, in the room that the interface promises. */
#include <assert.h>
#include <stdlib.h>

#include "tee/intel_collateral.h"

static void must_lie_in(bytes view, bytes in, bytes space)
{
    bool in_input = view.p >= in.p && view.n <= in.n && view.p <= in.p + (in.n - view.n);
    bool in_space =
        view.p >= space.p && view.n <= space.n && view.p <= space.p + (space.n - view.n);
    assert(view.n == 0 || in_input || in_space);
}

static void check(ratls_code code, const intel_collateral *c, bytes in, bytes space,
                  const ratls_error *e)
{
    if (code != RATLS_OK) {
        assert(e->code == code && e->text[0] != '\0');
        return;
    }
    const bytes items[] = {c->tcb_info,    c->tcb_info_signature,    c->tcb_info_issuer_chain,
                           c->qe_identity, c->qe_identity_signature, c->qe_identity_issuer_chain,
                           c->pck_crl,     c->root_ca_crl,           c->pck_crl_issuer_chain};
    for (size_t i = 0; i < sizeof items / sizeof *items; i++)
        must_lie_in(items[i], in, space);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bytes in = bytes_of(data, size);
    uint8_t *room = calloc(2, size + 1);
    if (room == NULL)
        abort();
    bytes space = bytes_of(room, 2 * size);
    intel_collateral c;
    endorsements e9;
    ratls_error e = {.text = ""};
    check(intel_collateral_read(in, room, space.n, &c, &e), &c, in, space, &e);
    if (endorsements_parse(in, &e9, &e) == RATLS_OK)
        check(intel_collateral_from(&e9, room, space.n, &c, &e), &c, in, space, &e);
    free(room);
    return 0;
}
