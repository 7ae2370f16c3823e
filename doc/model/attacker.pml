/*
 * The world of the three protocols, the attacker in it, and what must never happen.
 *
 * A party is one run of accepted, honest code: on one platform, in one role, on one connection.
 * Cryptography is perfect: evidence cannot be forged, TLS with a key that the attacker lacks cannot
 * be read or changed, hashes have no collisions, an exporter value is the number of its connection.
 *
 * The attacker decides which connection leads where. He ends connections himself, with one leaked
 * key of an honest platform. On those, and on a connection of that platform whose traffic keys
 * leaked with it (`tapped`), he hears everything, says anything he knows, and holds back what he
 * likes. He owns platform P: it runs the accepted code, so he gets evidence from it as from any
 * other, by being or by choosing its peer, and he knows no key in it.
 *
 * The properties are those of party V, whose own key may be the leaked one. What the model gives the
 * attacker beyond this costs states to deny and breaks nothing: the nonces of the others are known
 * from the start, the others never judge, so they answer whom they would have left, and traffic keys
 * leak at once.
 */
#if defined(FRESH) || defined(REPLAY)
#define FRESHNESS
#endif
#ifndef PARTIES
#define PARTIES 3 /* V, H, P; a fourth is V's platform once more */
#endif
#define ROUNDS  2
#define SLOTS   (PARTIES * ROUNDS)
#define V       0
#define A       PARTIES

/* Platforms and their TLS keys have the same numbers; the attacker's own key is A. */
#define platform(i) ((i) % 3)
#define PLATFORM_H  1

/* Questions and evidence are numbered by who asks or makes them, in which round. Each party asks
 * once a round, and answers once. */
#define slot(i, r) ((i) * ROUNDS + (r))
#define maker(e)   ((e) / ROUNDS)

/* A nonce has the number of its question; the attacker has one of his own. */
#define NONCE_A SLOTS
#ifdef NO_NONCE
#define nonce(q) NONCE_A
#else
#define nonce(q) (q)
#endif
/* Stands for a hash of the two; never 0. */
#define both(a, b) ((a) * (SLOTS + 1) + (b) + 1)

mtype:side = { client, server };
mtype:who = { v, h, p, v2, attacker };
#if PARTIES == 3
mtype:who name[PARTIES + 1] = { v, h, p, attacker };
#else
mtype:who name[PARTIES + 1] = { v, h, p, v2, attacker };
#endif

/* Connections. Those of the others that do not lead to V lead to the attacker: of one between two
 * honest ends that he cannot read he has nothing. */
mtype:side role[PARTIES];
byte peer[PARTIES];     /* the party at the other end, or A */
byte shown[PARTIES];    /* the key that the other end has proven to hold */
byte exporter[PARTIES];
byte leaked = A;
bool tapped;            /* V's connection */
#define quiet(i) (peer[i] != A && !tapped)

typedef evidence {
    byte key, nonce, exporter; /* signed, as the next two */
    mtype:side role;
    short transcript;
    bool made;
    byte asked; /* V's questions by then; nobody signs this */
};
evidence ev[SLOTS];
byte asked;            /* V's questions, bits */
short hellos[PARTIES]; /* what this party saw of both hellos */

/* What party i may be asked: by its peer, or by the attacker, whatever he knows. */
#define was_asked(q)    ((q) >= ROUNDS || (asked & (1 << (q))))
#define knows_nonce(n)  ((n) == NONCE_A || was_asked(n) && !quiet(maker(n)))
#define may_ask(i, r, n)                                                                           \
    (quiet(i) && was_asked(slot(peer[i], r)) && (n) == nonce(slot(peer[i], r)) ||                  \
     !quiet(i) && knows_nonce(n) && (n) == nonce(n) && matters(i, n))
/* To V it is all the same which nonce but its own another is asked with. */
#define matters(i, n) ((i) == V || (n) < ROUNDS || (n) == NONCE_A)

/* What V may be shown: its peer's evidence, or whatever the attacker knows. */
#define may_show(r, e)                                                                             \
    (ev[e].made && (quiet(V) && (e) == slot(peer[V], r) || !quiet(V) && !quiet(maker(e))))

inline ask(i, r)
{
    if
    :: i == V -> asked = asked | (1 << slot(i, r))
    :: else
    fi;
    printf("%e asks, round %d\n", name[i], r + 1)
}

inline is_asked(i, r, n)
{
    if
    :: may_ask(i, r, 0) -> n = 0
    :: may_ask(i, r, 1) -> n = 1
    :: may_ask(i, r, 2) -> n = 2
    :: may_ask(i, r, 3) -> n = 3
    :: may_ask(i, r, 4) -> n = 4
    :: may_ask(i, r, 5) -> n = 5
    :: may_ask(i, r, 6) -> n = 6
#if PARTIES == 4
    :: may_ask(i, r, 7) -> n = 7
    :: may_ask(i, r, 8) -> n = 8
#endif
    fi
}

inline make_evidence(i, r, n, t)
{
    ev[slot(i, r)].key = platform(i);
    ev[slot(i, r)].nonce = n;
    ev[slot(i, r)].exporter = exporter[i];
    ev[slot(i, r)].role = role[i];
    ev[slot(i, r)].transcript = t;
    ev[slot(i, r)].made = true;
#ifdef FRESHNESS
    ev[slot(i, r)].asked = asked;
#endif
    if
    :: n == NONCE_A -> printf("the attacker's question")
    :: else -> printf("the question of %e, round %d,", name[maker(n)], n % ROUNDS + 1)
    fi;
    printf(" reaches %e on connection %d; it makes evidence\n", name[i], exporter[i])
}

/* V accepts evidence e for its question of round r. A property that is asked for holds now, or the
 * run up to here is a counterexample. */
inline accepts(r, e)
{
    printf("%e, %e of connection %d with %e, is shown the evidence of %e and accepts it\n", name[V],
           role[V], exporter[V], name[peer[V]], name[maker(e)]);
#ifdef FRESH /* it was made after V asked */
    assert(ev[e].asked & (1 << slot(V, r)));
#endif
#ifdef REPLAY /* the same, where the attacker is at the other end */
    assert(peer[V] != A || (ev[e].asked & (1 << slot(V, r))));
#endif
#ifdef RELAY /* it was made by the other end of this connection, on this connection */
    assert(peer[V] == maker(e));
#endif
#ifdef REFLECT /* it is not V's own */
    assert(maker(e) != V);
#endif
#ifdef ROLE /* its maker has the other role */
    assert(role[maker(e)] != role[V]);
#endif
#ifdef HELLOS /* its maker saw the same two hellos */
    assert(hellos[maker(e)] == hellos[V]);
#endif
#ifdef WHO /* V, a client that means to talk to H, does */
    assert(role[V] == server || platform(maker(e)) == PLATFORM_H);
#endif
#ifdef NEVER /* nothing is accepted in the last round: if that held, the model would say nothing */
    assert(r < LAST_ROUND);
#endif
}

/* Which key leaked, who has which role, and which connection leads where. */
inline choose_connections(i)
{
#ifndef NO_LEAK
    if
    :: leaked = platform(V)
    :: leaked = PLATFORM_H
    fi;
    printf("the TLS key of %e leaks\n", name[leaked]);
#endif
    for (i : 0 .. PARTIES - 1) {
        if
        :: role[i] = client
        :: role[i] = server
        fi;
        peer[i] = A;
        shown[i] = leaked;
        exporter[i] = i
    }
    if
    :: true
    :: select(i : 1 .. PARTIES - 1);
       role[i] != role[V]; /* else a dead end */
       peer[V] = i;
       peer[i] = V;
       shown[V] = platform(i);
       shown[i] = platform(V);
       exporter[i] = exporter[V];
       if
       :: true
       :: leaked == platform(V) || leaked == platform(i) ->
          tapped = true;
          printf("the traffic keys of connection %d leak\n", exporter[V])
       fi
    fi;
    for (i : 0 .. PARTIES - 1) {
        printf("%e is %e of connection %d with %e, who shows the key of %e\n", name[i], role[i],
               exporter[i], name[peer[i]], name[shown[i]])
    }
    i = 0
}
