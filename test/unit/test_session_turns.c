/* Whose turn it is, and until when: the tables of doc/BINDING.md, The opening, cell by cell. */
#include "testing.h"

#include "session_pair.h"

#define EACH(i, table) for (size_t i = 0; i < sizeof(table) / sizeof *(table); i++)

static ratls_verifier *accepts;
static ratls_attester *answers;

static int setup(void **state)
{
    int status = session_setup(state);
    accepts = session_verifier(RATLS_TEE_SGX, "");
    answers = session_attester(RATLS_TEE_TDX, false);
    return status;
}

/* What comes of hello, challenge, answer, verdict, data, close: '+' it has its turn, 'x' refused
 * with 11, 'b' with 13. */
typedef struct place {
    const char *name, *row;
    bool hello, open, asked, owes, awaits, early;
} place;
static const place places[] = {
    {"HELLO", "+xxxx+", .hello = true},
    {"OPENING, asked", "xx+xx+", .asked = true},
    {"OPENING, asked, owes", "xx+xx+", .asked = true, .owes = true},
    {"OPENING, asked, awaits", "xx++x+", .asked = true, .awaits = true},
    {"OPENING, owes", "xxxxx+", .owes = true},
    {"OPENING, awaits", "xxx+x+", .awaits = true},
    {"OPEN", "x+xx++", .open = true},
    {"OPEN, asked", "x++x++", .open = true, .asked = true},
    {"OPEN, owes", "xxxx++", .open = true, .owes = true},
    {"OPEN, awaits", "xxx+++", .open = true, .awaits = true},
    {"OPEN, asked, owes", "xx+x++", .open = true, .asked = true, .owes = true},
    {"OPEN, asked, awaits", "xx++++", .open = true, .asked = true, .awaits = true},
    {"OPEN, too early", "xbxx++", .open = true, .early = true},
};

static void give(session_talk *t, bytes frame)
{
    if (session_give(&t->v, frame) != RATLS_OK)
        fail_msg("%s", t->v.e.text);
}

static session_end asker(bool server, bool asks)
{
    session_end e = session_end_of(server);
    e.o.attester = answers;
    e.o.interval_seconds = 3;
    if (asks)
        session_ask_for(&e, accepts, RATLS_BINDING_SESSION);
    return e;
}

static void ask_it(session_talk *t, uint8_t fill)
{
    const challenge c = session_question(fill, RATLS_BINDING_NONCE);
    give(t, session_challenge(&c));
}

static void let_it_answer(session_talk *t)
{
    if (session_step(&t->v) != RATLS_OK)
        fail_msg("%s", t->v.e.text);
    assert_int_equal(session_take(&t->v).p[0], FRAME_ANSWER);
}

static void bring_open(session_talk *t, const place *p)
{
    give(t, session_talk_answer(t));
    assert_true(session_is(&t->v, RATLS_SESSION_OPEN));
    assert_true(bytes_equal(session_take(&t->v), session_verdict(0)));
    if (p->early) {
        ask_it(t, 2);
        let_it_answer(t);
        give(t, session_verdict(0));
        t->v.now.ms += 1999; /* of three seconds, one of which is granted */
    }
    if (p->asked)
        session_talk_again(t);
    if (p->owes || p->awaits)
        ask_it(t, 3);
    if (p->awaits)
        let_it_answer(t);
}

static session_talk bring(bool server, const place *p)
{
    session_talk t = {.v = asker(server, p->open || p->asked)};
    const hello peer = {.framing = true,
                        .asks = !p->open && (p->owes || p->awaits),
                        .challenge = session_question(1, RATLS_BINDING_SESSION)};
    if (p->hello) {
        session_begin(&t.v);
        (void)session_take(&t.v);
        return t;
    }
    t = session_talk_of(t.v, RATLS_TEE_SGX, &peer);
    if (p->open)
        bring_open(&t, p);
    else if (p->awaits)
        let_it_answer(&t);
    (void)session_take(&t.v);
    return t;
}

static const char *cell(const place *p, unsigned type, bool server)
{
    return (const char *)arena_format("%s of a %s, type %u", p->name, server ? "server" : "client",
                                      type)
        .p;
}

/* The type is judged first, then the turn, then the length; nothing else is needed for it. */
static void judge_head(const place *p, bool server, unsigned type, uint32_t length)
{
    session_talk t = bring(server, p);
    buf head = {.n = 0};
    buf_u8(&head, type);
    buf_be(&head, length, 3);
    const char *what = cell(p, type, server);
    bool known = type >= 1 && type <= 6;
    char turn = known ? p->row[type - 1] : '?';
    size_t max = known ? frame_max((frame_type)type) : 0;
    unsigned wire = !known         ? 1
                    : turn == 'x'  ? 11
                    : turn == 'b'  ? 13
                    : length > max ? 9
                    : length == 0  ? 1
                                   : 0;
    ratls_code code = session_give(&t.v, buf_bytes(&head));
    if (wire == 0) {
        if (code != RATLS_OK)
            fail_msg("%s: %s", what, t.v.e.text);
        assert_int_equal(ratls_session_wants(t.v.s), length);
        assert_int_equal(ratls_session_pending(t.v.s).n, 0);
    } else {
        bool is_close = type == FRAME_CLOSE;
        session_must_refuse(&t.v, what,
                            is_close     ? RATLS_E_MALFORMED
                            : wire == 11 ? RATLS_E_MALFORMED
                            : wire == 13 ? RATLS_E_LIMIT
                                         : (ratls_code)wire,
                            !known       ? "expected 1 to 6"
                            : wire == 13 ? "too soon"
                                         : frame_name(type),
                            is_close ? BYTES_NONE : session_close_frame(wire));
    }
    session_talk_free(&t);
}

static void every_cell(void **state)
{
    (void)state;
    static const unsigned types[] = {0, 1, 2, 3, 4, 5, 6, 7, 128, 255};
    for (unsigned server = 0; server < 2; server++)
        EACH(i, places)
    EACH(k, types)
    {
        arena_mark mark = arena_here();
        size_t max = types[k] >= 1 && types[k] <= 6 ? frame_max((frame_type)types[k]) : 1;
        judge_head(&places[i], server != 0, types[k], 0);
        judge_head(&places[i], server != 0, types[k], 1);
        judge_head(&places[i], server != 0, types[k], (uint32_t)max);
        judge_head(&places[i], server != 0, types[k], (uint32_t)max + 1);
        judge_head(&places[i], server != 0, types[k], 1 << 20);
        judge_head(&places[i], server != 0, types[k], 0xffffff);
        arena_back(mark);
    }
}

/* F86: none is handed over before it is open, whatever follows. */
static void no_data_before_it_is_open(void **state)
{
    (void)state;
    bytes data = session_frame(FRAME_DATA, bytes_text("GET / HTTP/1.1"));
    for (unsigned server = 0; server < 2; server++)
        EACH(i, places)
        {
            session_talk t = bring(server != 0, &places[i]);
            ratls_code code = session_give(&t.v, join(data, data));
            assert_int_equal(code, places[i].open ? RATLS_OK : RATLS_E_MALFORMED);
            assert_int_equal(t.v.got.n, places[i].open ? 28 : 0);
            if (!places[i].open)
                session_must_refuse(&t.v, places[i].name, code, "a \"data\" when it had no turn",
                                    session_close_frame(11));
            session_talk_free(&t);
        }
}

/* And with the last message that it waits for, data may come at once. */
static void data_right_behind_the_answer(void **state)
{
    (void)state;
    bytes data = session_frame(FRAME_DATA, bytes_text("GET"));
    session_talk t = session_talk_of(asker(true, true), RATLS_TEE_SGX, NULL);
    give(&t, join(session_talk_answer(&t), data));
    assert_true(bytes_is(buf_bytes(&t.v.got), "GET"));
    session_talk_free(&t);
}

/* Every message whole, where its turn is but something in it is not right. */
static void malformed_ones_in_turn(void **state)
{
    (void)state;
    EACH(i, places)
    for (unsigned type = FRAME_HELLO; type <= FRAME_CLOSE; type++) {
        if (places[i].row[type - 1] != '+' || type == FRAME_DATA)
            continue;
        session_talk t = bring(true, &places[i]);
        assert_int_equal(session_give(&t.v, session_frame(type, bytes_text("\xa0"))),
                         RATLS_E_MALFORMED);
        session_must_refuse(&t.v, cell(&places[i], type, true), RATLS_E_MALFORMED,
                            "ratls/1: ", type == FRAME_CLOSE ? BYTES_NONE : session_close_frame(1));
        session_talk_free(&t);
    }
}

static void closes_are_not_answered(void **state)
{
    (void)state;
    EACH(i, places)
    for (unsigned wire = 1; wire <= CLOSE_LAST; wire++) {
        session_talk t = bring(wire % 2 == 0, &places[i]);
        ratls_code code = wire == CLOSE_TURN      ? RATLS_E_MALFORMED
                          : wire > RATLS_E_SYSTEM ? RATLS_E_LIMIT
                                                  : (ratls_code)wire;
        assert_int_equal(session_give(&t.v, session_close_frame(wire)), code);
        session_must_refuse(&t.v, places[i].name, code,
                            (const char *)arena_format("closed the session%s: %s (code %u)",
                                                       places[i].open ? "" : " before it was open",
                                                       close_reason(wire), wire)
                                .p,
                            BYTES_NONE);
        session_talk_free(&t);
    }
}

/* The end of the stream is one only between the frames of a session that is open. */
static void the_stream_ends(void **state)
{
    (void)state;
    for (unsigned server = 0; server < 2; server++)
        EACH(i, places)
        {
            session_talk t = bring(server != 0, &places[i]);
            ratls_code code = session_hang_up(&t.v);
            assert_int_equal(code, places[i].open ? RATLS_OK : RATLS_E_MALFORMED);
            assert_true(session_is(&t.v, RATLS_SESSION_CLOSED));
            assert_true((ratls_session_error(t.v.s) == NULL) == places[i].open);
            if (!places[i].open)
                session_must_refuse(&t.v, places[i].name, code,
                                    "the peer ended the connection before the session was open",
                                    BYTES_NONE);
            else
                assert_int_equal(session_step(&t.v), RATLS_E_MALFORMED);
            session_talk_free(&t);
            t = bring(server != 0, &places[i]);
            assert_int_equal(session_give(&t.v, bytes_text("\x06")), RATLS_OK);
            assert_int_equal(session_hang_up(&t.v), RATLS_E_MALFORMED);
            assert_non_null(ratls_session_error(t.v.s));
            session_talk_free(&t);
        }
}

static void verdicts_that_refuse(void **state)
{
    (void)state;
    EACH(i, places)
    for (unsigned code = 1; code <= RATLS_E_SYSTEM && places[i].awaits; code++) {
        session_talk t = bring(code % 2 == 0, &places[i]);
        assert_int_equal(session_give(&t.v, session_verdict(code)), (ratls_code)code);
        session_must_refuse(
            &t.v, places[i].name, (ratls_code)code,
            (const char *)arena_format("the peer refused our evidence: %s (code %u)",
                                       close_reason(code), code)
                .p,
            BYTES_NONE);
        session_talk_free(&t);
    }
}

/* Silent peers: what did not come a millisecond before the deadline comes too late. */
static void deadlines(void **state)
{
    (void)state;
    static const struct {
        place p;
        uint32_t ms;
        const char *words;
    } cases[] = {
        {{"hello", NULL, .hello = true}, 10000, "its hello"},
        {{"answer", NULL, .asked = true}, 60000, "its answer to our question"},
        {{"answer, owes", NULL, .asked = true, .owes = true}, 60000, "its answer"},
        {{"verdict", NULL, .awaits = true}, 30000, "its verdict on our evidence"},
        {{"verdict, asked", NULL, .asked = true, .awaits = true}, 30000, "its verdict"},
        {{"open", NULL, .owes = true}, 120000, "the end of the opening"},
        {{"later answer", NULL, .open = true, .asked = true}, 60000, "its answer"},
        {{"later verdict", NULL, .open = true, .awaits = true}, 30000, "its verdict"},
        {{"both", NULL, .open = true, .asked = true, .awaits = true}, 30000, "its verdict"},
    };
    EACH(i, cases)
    for (unsigned way = 0; way < 4; way++) {
        session_talk t = bring(way % 2 == 0, &cases[i].p);
        uint64_t due = t.v.now.ms + cases[i].ms;
        assert_true(ratls_session_due(t.v.s) == due);
        t.v.now.ms = due - 1;
        /* Its own evidence is not fetched: it may be as late as that. */
        ratls_error e;
        bytes data;
        if (!cases[i].p.owes)
            assert_int_equal(ratls_session_step(t.v.s, t.v.now, &e), RATLS_OK);
        assert_int_equal(ratls_session_receive(t.v.s, BYTES_NONE, t.v.now, &data, &e), RATLS_OK);
        t.v.now.ms = due;
        ratls_code code =
            way < 2 ? ratls_session_step(t.v.s, t.v.now, &e)
                    : ratls_session_receive(t.v.s, bytes_text("\x06"), t.v.now, &data, &e);
        assert_int_equal(code, RATLS_E_LIMIT);
        session_must_refuse(&t.v, cases[i].p.name, RATLS_E_LIMIT, cases[i].words,
                            session_close_frame(12));
        session_talk_free(&t);
    }
}

/* In an open session no deadline runs. */
static void open_sessions_may_be_silent(void **state)
{
    (void)state;
    const place p = {"OPEN", NULL, .open = true};
    session_talk t = bring(true, &p);
    assert_true(ratls_session_due(t.v.s) == UINT64_MAX);
    t.v.now.ms += (uint64_t)365 * 86400 * 1000;
    assert_int_equal(session_step(&t.v), RATLS_OK);
    give(&t, session_frame(FRAME_DATA, bytes_text("x")));
    session_talk_free(&t);
}

/* A right answer, by its last byte. */
static void an_answer_that_ends_too_late(void **state)
{
    (void)state;
    for (unsigned late = 0; late < 2; late++)
        for (unsigned open = 0; open < 2; open++) {
            const place p = {"asked", NULL, .open = open != 0, .asked = true};
            session_talk t = bring(false, &p);
            bytes right = session_talk_answer(&t);
            give(&t, bytes_of(right.p, right.n - 1));
            t.v.now.ms += 59999 + late;
            ratls_code code = session_give(&t.v, bytes_of(right.p + right.n - 1, 1));
            assert_int_equal(code, late != 0 ? RATLS_E_LIMIT : RATLS_OK);
            if (late != 0)
                session_must_refuse(&t.v, "late", RATLS_E_LIMIT, "its answer to our question",
                                    session_close_frame(12));
            else
                assert_true(bytes_equal(session_take(&t.v), session_verdict(0)));
            session_talk_free(&t);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell),
        cmocka_unit_test(no_data_before_it_is_open),
        cmocka_unit_test(data_right_behind_the_answer),
        cmocka_unit_test(malformed_ones_in_turn),
        cmocka_unit_test(closes_are_not_answered),
        cmocka_unit_test(the_stream_ends),
        cmocka_unit_test(verdicts_that_refuse),
        cmocka_unit_test(deadlines),
        cmocka_unit_test(open_sessions_may_be_silent),
        cmocka_unit_test(an_answer_that_ends_too_late),
    };
    return cmocka_run_group_tests(tests, setup, session_teardown);
}
