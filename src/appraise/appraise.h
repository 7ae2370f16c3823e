#ifndef APPRAISE_APPRAISE_H
#define APPRAISE_APPRAISE_H

#include "appraise/policy.h"
#include "base/check.h"

/*
 * Compares attested facts with a policy and marks CHECK_POLICY_…: all of them, so that one run
 * shows every reason. Returns the code of the first that failed. No policy (NULL) fails
 * CHECK_POLICY_PRESENT. The caller has verified the evidence.
 */
#define INSECURE_MAX 8
typedef struct insecure_list {
    size_t n;
    const char *names[INSECURE_MAX]; /* static, e.g. "insecure_allow_debug" */
} insecure_list;

/* Who the peer is, beside what it runs. */
typedef struct peer_identity {
    bool ca;       /* the CA that was named signed its certificate */
    bool platform; /* the policy pins its platform: found by appraise */
} peer_identity;

RATLS_MUST_USE ratls_code appraise(const policy *p, const ratls_facts *facts, int64_t time,
                                   check_list *checks, insecure_list *insecure);

/* How the evidence is bound: marks CHECK_POLICY_BINDING; without a policy nothing. */
RATLS_MUST_USE ratls_code appraise_binding(const policy *p, ratls_binding binding,
                                           check_list *checks);

/*
 * Who the peer is: marks CHECK_POLICY_PLATFORM where the policy pins platforms, and
 * CHECK_POLICY_PEER, and sets peer->platform. Comes after appraise; without a policy nothing is
 * marked. Returns the code of the first that failed.
 */
RATLS_MUST_USE ratls_code appraise_peer(const policy *p, const ratls_facts *facts,
                                        peer_identity *peer, int64_t time, check_list *checks);

/* While there is no evidence yet: of a policy (not NULL) what a certificate alone can fail, that is
 * who the peer is. */
RATLS_MUST_USE ratls_code appraise_in_advance(const policy *p, const peer_identity *peer,
                                              check_list *checks);

#endif
