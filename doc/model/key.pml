/*
 * Level `key`: interoperable RA-TLS. A platform makes evidence for its key whenever it likes, puts
 * it into a certificate that everybody may see, and shows that to whoever connects. V is a client.
 * A round is a renewal here; V asks once, by connecting.
 */
#define LAST_ROUND 0
#include "attacker.pml"

proctype attester(byte i)
{
    byte r;
    for (r : 0 .. ROUNDS - 1) {
        d_step {
            ev[slot(i, r)].key = platform(i);
            ev[slot(i, r)].made = true;
            ev[slot(i, r)].asked = asked;
            printf("%e makes a certificate with evidence for its key\n", name[i])
        }
    }
}

/* Certificates are public: the attacker knows them all, an honest platform shows its own. */
#define judge(e)                                                                                   \
    d_step {                                                                                       \
        ev[e].made && (peer[V] == A || peer[V] == maker(e)) && ev[e].key == shown[V] ->            \
        accepts(0, e)                                                                              \
    }

init
{
    byte i;
    atomic {
        choose_connections(i);
        role[V] == client; /* else a dead end */
        for (i : 1 .. PARTIES - 1) {
            run attester(i)
        }
        i = 0
    };
    d_step { ask(V, 0) };
    do
    :: judge(0)
    :: judge(1)
    :: judge(2)
    :: judge(3)
    :: judge(4)
    :: judge(5)
    od
}
