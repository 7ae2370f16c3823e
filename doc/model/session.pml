/*
 * Level `session`: hellos, answers, and a second question on the open connection, in both
 * directions. Verdicts are left out, and nobody waits for one.
 *
 * Weaker variants, each of which must break a property: NO_NONCE, NO_ROLE, NO_EXPORTER,
 * NO_TRANSCRIPT.
 */
#ifndef LAST_ROUND
#define LAST_ROUND 1
#endif
#include "attacker.pml"

#ifdef NO_ROLE
#define role_fits(e) true
#else
#define role_fits(e) (ev[e].role != role[V])
#endif
#ifdef NO_EXPORTER
#define exporter_fits(e) true
#else
#define exporter_fits(e) (ev[e].exporter == exporter[V])
#endif
#ifdef NO_TRANSCRIPT
#define transcript_fits(e, t) true
#else
#define transcript_fits(e, t) (ev[e].transcript == (t))
#endif

/* What V compares; a later question goes into the transcript too. */
#define transcript_0(i, n)  hellos[i]
#define transcript_1(i, n)  both(hellos[i], n)
#define transcript(i, r, n) transcript_##r(i, n)
#define fits(r, e)                                                                                 \
    (hellos[V] != 0 && was_asked(slot(V, r)) && ev[e].key == shown[V] &&                           \
     ev[e].nonce == nonce(slot(V, r)) && role_fits(e) && exporter_fits(e) &&                       \
     transcript_fits(e, transcript(V, r, nonce(slot(V, r)))))

proctype party(byte i)
{
    byte n;
    if
    :: d_step {
        role[i] == client -> ask(i, 0)
       };
       atomic {
        is_asked(i, 0, n);
        hellos[i] = both(nonce(slot(i, 0)), n)
       }
    :: atomic {
        role[i] == server -> is_asked(i, 0, n);
        d_step {
            ask(i, 0);
            hellos[i] = both(n, nonce(slot(i, 0)))
        }
       }
    fi;
    d_step {
        make_evidence(i, 0, n, transcript(i, 0, n));
        n = 0
    };
#if LAST_ROUND > 0
    do
    :: d_step {
        i == V && !was_asked(slot(V, 1)) -> ask(i, 1)
       }
    :: atomic {
        !ev[slot(i, 1)].made -> is_asked(i, 1, n);
        d_step {
            make_evidence(i, 1, n, transcript(i, 1, n));
            n = 0
        }
       }
    od
#endif
}

/* V's judgements change nothing, so they may come at any time. */
#define judge(r, e) d_step { may_show(r, e) && fits(r, e) -> accepts(r, e) }
#define judge_all(r)                                                                               \
    ::judge(r, 0) ::judge(r, 1) ::judge(r, 2) ::judge(r, 3) ::judge(r, 4) ::judge(r, 5)

proctype judgement()
{
    do
    judge_all(0)
#if PARTIES == 4
    :: judge(0, 6)
    :: judge(0, 7)
#endif
#if LAST_ROUND > 0
    judge_all(1)
#if PARTIES == 4
    :: judge(1, 6)
    :: judge(1, 7)
#endif
#endif
    od
}

init
{
    byte i;
    atomic {
        choose_connections(i);
        for (i : 0 .. PARTIES - 1) {
            run party(i)
        }
        i = 0;
        run judgement()
    }
}
