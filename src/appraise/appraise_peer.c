/* How evidence is bound to a peer, and who that is, against a policy: doc/BINDING.md. */
#include "appraise/appraise.h"
#include "appraise/policy_internal.h"
#include "base/hex.h"
#include "base/time.h"

static bool names(const policy_pin *pin, const ratls_pck_facts *pck)
{
    const uint8_t *id = pin->is_instance ? pck->platform_instance_id : pck->ppid;
    return (!pin->is_instance || pck->has_platform) &&
           bytes_equal(bytes_of(pin->id, sizeof pin->id), bytes_of(id, sizeof pin->id));
}

/* Pinned at this time. A platform may be pinned more than once, for different times. */
static ratls_code judge_pins(const policy *p, const ratls_facts *f, int64_t time,
                             check_list *checks)
{
    const policy_pin *found = NULL;
    bytes ppid = bytes_of(f->pck.ppid, sizeof f->pck.ppid);
    if (!f->has_pck)
        return check_fail(checks, CHECK_POLICY_PLATFORM, RATLS_E_POLICY,
                          "policy: the platform is not known, only pinned ones are accepted");
    for (size_t i = 0; i < p->pins_n; i++) {
        const policy_pin *pin = &p->pins[i];
        if (!names(pin, &f->pck))
            continue;
        found = pin;
        if (pin->added <= time && time <= pin->retire_after) {
            check_passf(checks, CHECK_POLICY_PLATFORM, "the platform is pinned since %s",
                        ISO(pin->added));
            return RATLS_OK;
        }
    }
    if (found == NULL)
        return check_fail(checks, CHECK_POLICY_PLATFORM, RATLS_E_POLICY,
                          "policy: the platform with PPID %s is not among the %zu pinned",
                          HEX(ppid), p->pins_n);
    if (time < found->added)
        return check_fail(
            checks, CHECK_POLICY_PLATFORM, RATLS_E_POLICY,
            "policy: the platform with PPID %s is accepted from %s on, the time is %s", HEX(ppid),
            ISO(found->added), ISO(time));
    return check_fail(checks, CHECK_POLICY_PLATFORM, RATLS_E_POLICY,
                      "policy: the platform with PPID %s was retired on %s", HEX(ppid),
                      ISO(found->retire_after));
}

ratls_code appraise_binding(const policy *p, ratls_binding binding, check_list *checks)
{
    if (p == NULL)
        return RATLS_OK;
    const char *reached = ratls_binding_name(binding), *minimum = ratls_binding_name(p->minimum);
    if (binding < p->minimum)
        return check_fail(checks, CHECK_POLICY_BINDING, RATLS_E_BINDING,
                          "policy: the evidence is bound at level \"%s\", expected at least \"%s\"",
                          reached != NULL ? reached : "none", minimum);
    check_passf(checks, CHECK_POLICY_BINDING,
                "the evidence is bound at level \"%s\", at least \"%s\" "
                "is demanded",
                reached, minimum);
    return RATLS_OK;
}

static ratls_code judge_ca(const policy *p, const peer_identity *peer, check_list *checks)
{
    if (p->needs_ca && !peer->ca)
        return check_fail(checks, CHECK_POLICY_PEER, RATLS_E_POLICY,
                          "policy: binding.identity is \"ca\", and no CA was given that signed the "
                          "certificate");
    return RATLS_OK;
}

static ratls_code judge_identity(const policy *p, const peer_identity *peer, check_list *checks)
{
    ratls_code code = judge_ca(p, peer, checks);
    if (code != RATLS_OK)
        return code;
    if (p->needs_platform && !peer->platform)
        return check_fail(
            checks, CHECK_POLICY_PEER, RATLS_E_POLICY,
            "policy: binding.identity is \"platform\", and the platform is not pinned");
    check_pass(checks, CHECK_POLICY_PEER,
               p->needs_ca         ? "the CA that was given signed the certificate"
               : p->needs_platform ? "the platform is a pinned one"
                                   : "nobody in particular is demanded");
    return RATLS_OK;
}

ratls_code appraise_peer(const policy *p, const ratls_facts *facts, peer_identity *peer,
                         int64_t time, check_list *checks)
{
    if (p == NULL)
        return RATLS_OK;
    /* What appraise refused stays refused. */
    bool open = checks->all[CHECK_POLICY_PLATFORM].verdict != RATLS_FAILED;
    ratls_code first = RATLS_OK;
    if (p->has_pins && open)
        first = judge_pins(p, facts, time, checks);
    peer->platform = p->has_pins && open && first == RATLS_OK;
    ratls_code code = judge_identity(p, peer, checks);
    return first == RATLS_OK ? code : first;
}

ratls_code appraise_in_advance(const policy *p, const peer_identity *peer, check_list *checks)
{
    for (check_id id = CHECK_POLICY_IDENTITY; id <= CHECK_POLICY_PEER; id++)
        check_skip(checks, id, "judged with the answer that is to follow");
    check_pass(checks, CHECK_POLICY_PRESENT, "a policy is set");
    return judge_ca(p, peer, checks);
}
