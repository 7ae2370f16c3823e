/* The choice among items of collateral. */
#include "tee/intel_choose.h"

#include "base/hex.h"

bool intel_wanted_of(ratls_tee tee, const uint8_t fmspc[6], bytes pck_ca, bytes root,
                     intel_wanted *out)
{
    memset(out, 0, sizeof *out);
    out->tee = tee;
    memcpy(out->fmspc, fmspc, sizeof out->fmspc);
    return crypto_digest(CRYPTO_SHA256, &pck_ca, 1, out->issuer[ITEM_PCK_CRL]) &&
           crypto_digest(CRYPTO_SHA256, &root, 1, out->issuer[ITEM_ROOT_CRL]);
}

static bool is_crl(intel_item i)
{
    return i == ITEM_PCK_CRL || i == ITEM_ROOT_CRL;
}

static bool is_for(const intel_glance *g, const intel_wanted *w, intel_item i)
{
    if (!g->readable)
        return false;
    if (is_crl(i))
        return bytes_equal(bytes_of(g->issuer, 32), bytes_of(w->issuer[i], 32));
    return g->tee == w->tee &&
           (i != ITEM_TCB_INFO || bytes_equal(bytes_of(g->fmspc, 6), bytes_of(w->fmspc, 6)));
}

/* What is from the future serves only if there is nothing else. */
static bool is_newer(const intel_input *in, const intel_glance *a, const intel_glance *b)
{
    bool a_ahead = intel_ahead(in, a->date), b_ahead = intel_ahead(in, b->date);
    if (a_ahead != b_ahead)
        return b_ahead;
    return a_ahead ? a->date < b->date : a->date > b->date;
}

/* Intel gives bodies of today under the evaluation numbers of last year to whoever asks [DCAP 2.1]:
 * a peer's does not stand against a higher number. */
static bool peer_wins(const intel_input *in, const intel_glance *peer, const intel_glance *held)
{
    return is_newer(in, peer, held) &&
           (peer->number >= held->number || intel_ahead(in, held->date));
}

static const intel_collateral *newest(const intel_input *in, const intel_wanted *w, intel_item i)
{
    const intel_collateral *best = NULL;
    for (size_t k = 0; k < in->collateral_n; k++) {
        const intel_collateral *c = in->collateral[k];
        if (is_for(&c->glance[i], w, i) &&
            (best == NULL || is_newer(in, &c->glance[i], &best->glance[i])))
            best = c;
    }
    return best;
}

/* Where an item is looked for that is nowhere as it should be: its own fault gets reported then. */
static const intel_collateral *fallback(const intel_input *in, const intel_choice *c)
{
    if (c->from[ITEM_TCB_INFO] != NULL)
        return c->from[ITEM_TCB_INFO];
    bool unreadable = in->collateral_n == 1 && !in->collateral[0]->glance[ITEM_TCB_INFO].readable;
    return unreadable ? in->collateral[0] : NULL;
}

void intel_choose(const intel_input *in, const intel_wanted *wanted, intel_choice *out)
{
    memset(out, 0, sizeof *out);
    for (intel_item i = ITEM_TCB_INFO; i < INTEL_ITEMS; i++) {
        const intel_collateral *held = newest(in, wanted, i);
        const intel_collateral *peer = in->stapled;
        if (peer != NULL && !is_for(&peer->glance[i], wanted, i))
            peer = NULL;
        if (held != NULL && peer != NULL && !peer_wins(in, &peer->glance[i], &held->glance[i]))
            peer = NULL;
        if (peer != NULL && is_crl(i) && !in->stapled_crls_suffice) {
            out->own[i] = held;
            out->withheld[i] = held == NULL && in->gets_crls;
        }
        out->stapled[i] = peer != NULL && !out->withheld[i];
        out->from[i] = out->stapled[i] ? peer : held;
        const intel_collateral *other = fallback(in, out);
        if (out->from[i] == NULL && !out->withheld[i])
            out->from[i] = other;
    }
}

bool intel_choice_key(const intel_choice *c, uint8_t key[32])
{
    static const uint8_t none[32];
    uint8_t stapled[INTEL_ITEMS];
    bytes pieces[2 * INTEL_ITEMS + 1];
    for (intel_item i = ITEM_TCB_INFO; i < INTEL_ITEMS; i++) {
        pieces[2 * i] = bytes_of(c->from[i] != NULL ? c->from[i]->glance[i].digest : none, 32);
        pieces[2 * i + 1] = bytes_of(c->own[i] != NULL ? c->own[i]->glance[i].digest : none, 32);
        stapled[i] = c->stapled[i];
    }
    pieces[2 * INTEL_ITEMS] = bytes_of(stapled, sizeof stapled);
    return crypto_digest(CRYPTO_SHA256, pieces, sizeof pieces / sizeof *pieces, key);
}

static const intel_collateral *first_readable(const intel_input *in)
{
    for (size_t i = 0; i < in->collateral_n; i++)
        if (in->collateral[i]->glance[ITEM_TCB_INFO].readable)
            return in->collateral[i];
    return NULL;
}

bool intel_stapled_fits(const intel_input *in, const intel_wanted *w)
{
    for (intel_item i = ITEM_TCB_INFO; in->stapled != NULL && i < INTEL_ITEMS; i++)
        if (in->stapled->glance[i].present && !is_for(&in->stapled->glance[i], w, i))
            return false;
    return true;
}

/* What the peer stapled is about its own platform, or the peer is not what it says. */
static ratls_code refuse_stapled(const intel_input *in, const intel_wanted *w, check_list *checks)
{
    const intel_glance *tcb = &in->stapled->glance[ITEM_TCB_INFO];
    const intel_glance *qe = &in->stapled->glance[ITEM_QE_IDENTITY];
    bytes fmspc = bytes_of(tcb->fmspc, sizeof tcb->fmspc), mine = bytes_of(w->fmspc, 6);
    if (tcb->readable && (tcb->tee != w->tee || !bytes_equal(fmspc, mine)))
        return check_fail(checks, CHECK_COLLATERAL_PRESENT, RATLS_E_UNTRUSTED,
                          "endorsements in the certificate: their TCB info is for FMSPC %s of %s, "
                          "the quote is of FMSPC %s of %s",
                          HEX(fmspc), intel_tee_name(tcb->tee), HEX(mine), intel_tee_name(w->tee));
    if (qe->readable && qe->tee != w->tee)
        return check_fail(checks, CHECK_COLLATERAL_PRESENT, RATLS_E_UNTRUSTED,
                          "endorsements in the certificate: their QE identity is of %s, the quote "
                          "of %s",
                          intel_tee_name(qe->tee), intel_tee_name(w->tee));
    for (intel_item i = ITEM_PCK_CRL; i <= ITEM_ROOT_CRL; i++) {
        const intel_glance *g = &in->stapled->glance[i];
        if (g->readable && !bytes_equal(bytes_of(g->issuer, 32), bytes_of(w->issuer[i], 32)))
            return check_fail(checks, CHECK_COLLATERAL_PRESENT, RATLS_E_UNTRUSTED,
                              "endorsements in the certificate: their %s is of another issuer than "
                              "the one in the quote's PCK chain",
                              i == ITEM_PCK_CRL ? "PCK CRL" : "root CA CRL");
    }
    intel_item i = ITEM_TCB_INFO;
    while (i < ITEM_ROOT_CRL &&
           (in->stapled->glance[i].readable || !in->stapled->glance[i].present))
        i++;
    return check_fail(checks, CHECK_COLLATERAL_PRESENT, RATLS_E_MALFORMED,
                      "endorsements in the certificate: their %s can't be read",
                      intel_item_name(i));
}

static ratls_code refuse_absent(const intel_input *in, const intel_wanted *w, check_list *checks)
{
    const char *tee = intel_tee_name(w->tee);
    bytes fmspc = bytes_of(w->fmspc, sizeof w->fmspc);
    const intel_collateral *other = first_readable(in);
    if (other == NULL)
        return check_fail(checks, CHECK_COLLATERAL_PRESENT, RATLS_E_MISSING,
                          "no collateral for FMSPC %s of %s: none was given that can be read",
                          HEX(fmspc), tee);
    const intel_glance *g = &other->glance[ITEM_TCB_INFO];
    return check_fail(checks, CHECK_COLLATERAL_PRESENT, RATLS_E_MISSING,
                      "no collateral for FMSPC %s of %s; what was given is for FMSPC %s of %s",
                      HEX(fmspc), tee, HEX(bytes_of(g->fmspc, 6)), intel_tee_name(g->tee));
}

void intel_note_origins(const intel_choice *c, ratls_facts *f)
{
    for (intel_item i = ITEM_TCB_INFO; i < INTEL_ITEMS; i++)
        f->collateral_from[i] = c->from[i] == NULL || !c->from[i]->glance[i].present
                                    ? RATLS_ORIGIN_NONE
                                : c->stapled[i] ? RATLS_ORIGIN_STAPLED
                                                : RATLS_ORIGIN_HELD;
}

ratls_code intel_choose_checked(const intel_input *in, const intel_wanted *w, intel_choice *out,
                                check_list *checks, ratls_facts *facts)
{
    memset(out, 0, sizeof *out);
    if (!intel_stapled_fits(in, w))
        return refuse_stapled(in, w, checks);
    intel_choose(in, w, out);
    intel_note_origins(out, facts);
    if (out->from[ITEM_TCB_INFO] == NULL)
        return refuse_absent(in, w, checks);
    check_passf(checks, CHECK_COLLATERAL_PRESENT, "there is collateral for FMSPC %s of %s%s",
                HEX(bytes_of(w->fmspc, sizeof w->fmspc)), intel_tee_name(w->tee),
                out->stapled[ITEM_TCB_INFO] ? ", from the peer's certificate" : "");
    return RATLS_OK;
}
