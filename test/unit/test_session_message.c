/* Messages and binders of ratls/1, held against the vectors and tables of doc/BINDING.md. */
#include "testing.h"

#include <stdlib.h>

#include "session_pair.h"
#include "session_vectors.h"

#define EACH(i, table) for (size_t i = 0; i < sizeof(table) / sizeof *(table); i++)
#define X4(hex)        hex hex hex hex
#define X32(hex)       X4(X4(hex)) X4(X4(hex))

typedef union message {
    hello hello;
    challenge challenge;
    answer answer;
    unsigned code;
} message;

static bytes payload_of(bytes frame)
{
    return bytes_of(frame.p + FRAME_HEAD, frame.n - FRAME_HEAD);
}

/* From a block of its own size; what *m views lives on in the arena. */
static ratls_code parse(frame_type type, bytes payload, message *m)
{
    ratls_error e = {.text = ""};
    ratls_code code = RATLS_E_SYSTEM;
    uint8_t *block = malloc(payload.n > 0 ? payload.n : 1);
    MUST(block != NULL);
    if (payload.n > 0)
        memcpy(block, payload.p, payload.n);
    for (unsigned again = 0; again < 2; again++) {
        bytes in = again == 0 ? bytes_of(block, payload.n) : payload;
        if (type == FRAME_HELLO)
            code = hello_parse(in, &m->hello, &e);
        else if (type == FRAME_CHALLENGE)
            code = challenge_parse(in, &m->challenge, &e);
        else if (type == FRAME_ANSWER)
            code = answer_parse(in, &m->answer, &e);
        else if (type == FRAME_VERDICT)
            code = verdict_parse(in, &m->code, &e);
        else
            code = close_parse(in, &m->code, &e);
        if (code != RATLS_OK)
            assert_true(e.code == code && e.text[0] != '\0' && e.offset <= payload.n);
    }
    free(block);
    return code;
}

static bytes written(frame_type type, const message *m)
{
    if (type == FRAME_HELLO)
        return session_hello(&m->hello);
    if (type == FRAME_CHALLENGE)
        return session_challenge(&m->challenge);
    if (type == FRAME_ANSWER)
        return session_answer(m->answer.evidence, m->answer.endorsements);
    return type == FRAME_VERDICT ? session_verdict(m->code) : session_close_frame(m->code);
}

static const struct {
    const char *name;
    frame_type type;
} sent[] = {
    {"client: hello", FRAME_HELLO},
    {"server: hello", FRAME_HELLO},
    {"server: answer", FRAME_ANSWER},
    {"client: answer", FRAME_ANSWER},
    {"either: verdict, accepted", FRAME_VERDICT},
    {"client: challenge, later", FRAME_CHALLENGE},
    {"server: answer, later", FRAME_ANSWER},
    {"either: verdict, refused by policy", FRAME_VERDICT},
    {"either: close, message out of order", FRAME_CLOSE},
    {"level nonce, client: hello", FRAME_HELLO},
    {"level nonce, server: hello that asks nothing", FRAME_HELLO},
};

static void vectors_are_read_and_written(void **state)
{
    (void)state;
    EACH(i, sent)
    {
        message m;
        bytes frame = session_vector_of(sent[i].name);
        uint8_t head[FRAME_HEAD];
        frame_put_head(head, sent[i].type, frame.n - FRAME_HEAD);
        assert_memory_equal(frame.p, head, sizeof head);
        assert_int_equal(parse(sent[i].type, payload_of(frame), &m), RATLS_OK);
        if (!bytes_equal(written(sent[i].type, &m), frame))
            fail_msg("%s: written in another way", sent[i].name);
    }
}

static void vectors_mean_what_they_say(void **state)
{
    (void)state;
    message m;
    bytes nonce =
        bytes_from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    assert_int_equal(parse(FRAME_HELLO, payload_of(session_vector_of("client: hello")), &m),
                     RATLS_OK);
    const hello *h = &m.hello;
    assert_true(h->version == 1 && !h->server && h->framing && h->interval == 60 && h->asks);
    assert_true(h->protocols_n == 2 && bytes_is(h->protocols[0], "h2") &&
                bytes_is(h->protocols[1], "http/1.1"));
    assert_true(bytes_equal(h->challenge.nonce, nonce));
    assert_true(h->challenge.level == RATLS_BINDING_SESSION && h->challenge.sgx &&
                h->challenge.tdx && h->challenge.common);
    assert_int_equal(parse(FRAME_HELLO, payload_of(session_vector_of("server: hello")), &m),
                     RATLS_OK);
    assert_true(h->server && h->interval == 600 && h->protocols_n == 1 && !h->challenge.sgx &&
                h->challenge.tdx);
    assert_int_equal(
        parse(FRAME_HELLO,
              payload_of(session_vector_of("level nonce, server: hello that asks nothing")), &m),
        RATLS_OK);
    assert_true(h->server && !h->framing && h->interval == 0 && h->protocols_n == 0 && !h->asks);
    assert_int_equal(
        parse(FRAME_HELLO, payload_of(session_vector_of("level nonce, client: hello")), &m),
        RATLS_OK);
    assert_int_equal(h->challenge.level, RATLS_BINDING_NONCE);
    assert_int_equal(parse(FRAME_VERDICT,
                           payload_of(session_vector_of("either: verdict, refused by policy")), &m),
                     RATLS_OK);
    assert_int_equal(m.code, RATLS_E_POLICY);
    assert_int_equal(parse(FRAME_CLOSE,
                           payload_of(session_vector_of("either: close, message out of order")),
                           &m),
                     RATLS_OK);
    assert_int_equal(m.code, CLOSE_TURN);
}

static void data_heads_are_written(void **state)
{
    (void)state;
    uint8_t head[FRAME_HEAD];
    bytes frame = session_vector_of("either: data");
    frame_put_head(head, FRAME_DATA, 5);
    assert_true(bytes_equal(join(bytes_of(head, 4), bytes_text("hello")), frame));
    frame_put_head(head, FRAME_ANSWER, 0x123456);
    assert_true(bytes_equal(bytes_of(head, 4), bytes_from_hex("03123456")));
}

static const uint8_t *hash_of(bytes b)
{
    return digest_of(EVP_sha256(), b).p;
}

/* What each side signs, from the keys, hellos and challenges of the page. */
static void binders_are_those_of_the_page(void **state)
{
    (void)state;
    static const struct {
        const char *claims, *report_data, *key, *asked, *text;
        bool server, later, nonce_level;
    } cases[] = {
        {"server: claims-buffer", "server: report data of its quote",
         "server's key, SubjectPublicKeyInfo", "client: hello", "quote of the server", true, false,
         false},
        {"client: claims-buffer", "client: report data of its quote",
         "client's key, SubjectPublicKeyInfo", "server: hello", "quote of the client", false, false,
         false},
        {"server: claims-buffer, later", NULL, "server's key, SubjectPublicKeyInfo",
         "client: challenge, later", "quote of the server", true, true, false},
        {"level nonce, server: claims-buffer", NULL, "server's key, SubjectPublicKeyInfo",
         "level nonce, client: hello", NULL, true, false, true},
    };
    static const char *const answers[] = {"server: answer", "client: answer",
                                          "server: answer, later", NULL};
    EACH(i, cases)
    {
        message m;
        uint8_t t[BINDER_HASH];
        bool n = cases[i].nonce_level;
        assert_true(binder_begin(
            session_vector_of(n ? "level nonce, client: hello" : "client: hello"),
            session_vector_of(n ? "level nonce, server: hello that asks nothing" : "server: hello"),
            t));
        assert_true(
            bytes_equal(bytes_of(t, sizeof t), session_vector_of(n ? "level nonce, T1" : "T1")));
        bytes asked = session_vector_of(cases[i].asked);
        if (cases[i].later) {
            assert_true(binder_go_on(asked, t));
            assert_true(bytes_equal(bytes_of(t, sizeof t),
                                    session_vector_of("T2 of the client's challenges")));
        }
        assert_int_equal(
            parse(cases[i].later ? FRAME_CHALLENGE : FRAME_HELLO, payload_of(asked), &m), RATLS_OK);
        const binder b = {.key_hash = hash_of(session_vector_of(cases[i].key)),
                          .nonce = cases[i].later ? m.challenge.nonce : m.hello.challenge.nonce,
                          .server = cases[i].server,
                          .exporter = n ? NULL : session_vector_of("E, the exporter value").p,
                          .transcript = t};
        bytes claims = session_claims(&b), expected = session_vector_of(cases[i].claims);
        assert_true(bytes_equal(claims, expected));
        if (cases[i].report_data != NULL)
            assert_memory_equal(hash_of(claims), session_vector_of(cases[i].report_data).p, 32);
        if (answers[i] != NULL)
            assert_true(bytes_equal(
                session_answer(session_evidence(bytes_text(cases[i].text), claims), BYTES_NONE),
                session_vector_of(answers[i])));
    }
}

/* By a session that waits for it, in one piece and byte by byte. */
static void the_refused_are_refused(void **state)
{
    (void)state;
    static const char *const protocols[] = {"h2", "http/1.1"};
    size_t n, seen = 0;
    const session_vector *all = session_vectors(&n);
    for (size_t i = 0; i < n; i++)
        for (size_t chunk = 1; all[i].code != 0 && chunk <= 4096; chunk *= 4096) {
            session_end e = session_end_of(true);
            bytes what = arena_format("%.*s", (int)all[i].name.n, (const char *)all[i].name.p);
            e.o.protocols = protocols;
            e.o.protocols_n = 2;
            e.chunk = chunk;
            session_begin(&e);
            ratls_code code = session_give(&e, all[i].data);
            assert_int_equal(code, all[i].code == CLOSE_TURN ? RATLS_E_MALFORMED
                                                             : (ratls_code)all[i].code);
            session_must_refuse(&e, (const char *)what.p, code,
                                "ratls/1: ", session_close_frame(all[i].code));
            session_end_free(&e);
            seen++;
        }
    assert_true(seen >= 2 * 23);
}

/* The first of `from` in the base replaced; all hex. */
typedef struct edit {
    const char *what, *from, *to;
    ratls_code code;
} edit;

static message edited(frame_type type, const char *base, const edit *c)
{
    message m;
    memset(&m, 0, sizeof m);
    bytes payload = bytes_from_hex(base);
    if (c->from[0] != '\0')
        payload = bytes_replaced(payload, bytes_from_hex(c->from), bytes_from_hex(c->to));
    else
        payload = join(payload, bytes_from_hex(c->to));
    ratls_code code = parse(type, payload, &m);
    if (code != c->code)
        fail_msg("%s, %s: %s, expected %s", frame_name(type), c->what, ratls_code_name(code),
                 ratls_code_name(c->code));
    return m;
}

#define OK  RATLS_OK
#define BAD RATLS_E_MALFORMED

#define NONCE     X32("07")
#define CHALLENGE "a4005820" NONCE "016773657373696f6e02826373677863746478038119ea60"
#define HELLO                                                                                      \
    "a600010166636c69656e74020103816268320418"                                                     \
    "3c05" CHALLENGE

#define TEXT32 X32("61")
#define TEXT16 X4(X4("61"))

static const edit challenges[] = {
    {"as it is", "", "", OK},
    {"five keys", "a4", "a5", BAD},
    {"three keys", "a4", "a3", BAD},
    {"no key", "a4", "a0", BAD},
    {"an array", "a4", "84", BAD},
    {"indefinite", "a4", "bf", BAD},
    {"map's length in two bytes", "a4", "b804", BAD},
    {"a byte behind", "", "00", BAD},
    {"another map behind", "", "a0", BAD},
    {"nonce of 31", "5820" NONCE, "581f" X4(X4("07")) "070707070707070707070707070707", BAD},
    {"nonce of 33", "5820" NONCE, "5821" NONCE "07", BAD},
    {"nonce of none", "5820" NONCE, "40", BAD},
    {"nonce of 64", "5820" NONCE, "5840" NONCE NONCE, BAD},
    {"nonce as text", "5820" NONCE, "7820" NONCE, BAD},
    {"nonce in pieces", "5820" NONCE, "5f5820" NONCE "ff", BAD},
    {"nonce's length in three bytes", "5820", "590020", BAD},
    {"nonce longer than the input", "5820", "5a7fffffff", BAD},
    {"nonce's key 1", "a400", "a401", BAD},
    {"level nonce", "6773657373696f6e", "656e6f6e6365", OK},
    {"level key", "6773657373696f6e", "636b6579", BAD},
    {"level of no byte", "6773657373696f6e", "60", BAD},
    {"level sessions", "6773657373696f6e", "6873657373696f6e73", BAD},
    {"level Session", "6773657373696f6e", "6753657373696f6e", BAD},
    {"level as bytes", "6773657373696f6e", "4773657373696f6e", BAD},
    {"level as a number", "6773657373696f6e", "03", BAD},
    {"keys 1 and 2 changed", "016773657373696f6e02826373677863746478",
     "02826373677863746478016773657373696f6e", BAD},
    {"key 1 twice", "016773657373696f6e0282", "016773657373696f6e0182", BAD},
    {"no TEE", "02826373677863746478", "0280", BAD},
    {"one TEE", "02826373677863746478", "028163736778", OK},
    {"an unknown TEE", "02826373677863746478", "02816161", OK},
    {"a TEE twice", "02826373677863746478", "02826373677863736778", OK},
    {"eight TEEs", "02826373677863746478",
     "0288616161626163616461656166616761"
     "68",
     OK},
    {"nine TEEs", "02826373677863746478",
     "02896161616261636164616561666167616861"
     "69",
     BAD},
    {"a TEE of 16", "02826373677863746478", "028170" TEXT16, OK},
    {"a TEE of 17", "02826373677863746478", "028171" TEXT16 "61", BAD},
    {"a TEE of no byte", "02826373677863746478", "02826063746478", BAD},
    {"a TEE that is no UTF-8", "02826373677863746478", "028162c328", BAD},
    {"a TEE as bytes", "02826373677863746478", "028143736778", BAD},
    {"TEEs without end", "02826373677863746478", "029f63736778ff", BAD},
    {"TEEs as a text", "02826373677863746478", "0263736778", BAD},
    {"more TEEs than there are", "02826373677863746478", "029b7fffffffffffffff", BAD},
    {"no format", "038119ea60", "0380", BAD},
    {"an unknown format", "038119ea60", "038100", OK},
    {"eight formats", "038119ea60",
     "0388010203040506"
     "071bffffffffffffffff",
     OK},
    {"nine formats", "038119ea60", "0389010203040506070809", BAD},
    {"a format in five bytes", "038119ea60", "03811a0000ea60", BAD},
    {"a negative format", "038119ea60", "038139ea60", BAD},
    {"a format as text", "038119ea60", "03816161", BAD},
    {"a tagged format", "038119ea60", "0381c100", BAD},
    {"a format that is a float", "038119ea60", "0381f90000", BAD},
    {"formats left out", "038119ea60", "", BAD},
};

static void challenges_at_their_limits(void **state)
{
    (void)state;
    EACH(i, challenges)
    {
        (void)edited(FRAME_CHALLENGE, CHALLENGE, &challenges[i]);
        /* And as the first one, in a hello. */
        if (challenges[i].from[0] != '\0' && strcmp(challenges[i].from, "a4") != 0)
            (void)edited(FRAME_HELLO, HELLO, &challenges[i]);
    }
    const edit unknown = {"unknown", "6373677863746478", "6373677763746477", OK},
               format = {"format", "19ea60", "19ea61", OK},
               sgx = {"one", "02826373677863746478", "028163736778", OK};
    message m = edited(FRAME_CHALLENGE, CHALLENGE, &unknown);
    assert_true(!m.challenge.sgx && !m.challenge.tdx && m.challenge.common);
    m = edited(FRAME_CHALLENGE, CHALLENGE, &format);
    assert_true(m.challenge.sgx && m.challenge.tdx && !m.challenge.common);
    m = edited(FRAME_CHALLENGE, CHALLENGE, &sgx);
    assert_true(m.challenge.sgx && !m.challenge.tdx);
}

static const edit hellos[] = {
    {"as it is", "", "", OK},
    {"version 0", "0001", "0000", RATLS_E_UNSUPPORTED},
    {"version 2", "0001", "0002", RATLS_E_UNSUPPORTED},
    {"version 2^64-1", "0001", "001bffffffffffffffff", RATLS_E_UNSUPPORTED},
    {"version 2, whatever follows", "00010166636c69656e74", "0002ff", RATLS_E_UNSUPPORTED},
    {"version 2 in two bytes", "0001", "001802", BAD},
    {"version -1", "0001", "0020", BAD},
    {"version as text", "0001", "006131", BAD},
    {"version as key 1", "0001", "0101", BAD},
    {"role server", "0166636c69656e74", "0166736572766572", OK},
    {"role of no byte", "66636c69656e74", "60", BAD},
    {"role clients", "66636c69656e74", "67636c69656e7473", BAD},
    {"role as bytes", "66636c69656e74", "46636c69656e74", BAD},
    {"role peer", "66636c69656e74", "6470656572", BAD},
    {"framing 0", "0201", "0200", OK},
    {"framing 2", "0201", "0202", BAD},
    {"framing true", "0201", "02f5", BAD},
    {"framing 1 in two bytes", "0201", "021801", BAD},
    {"no protocol", "0381626832", "0380", OK},
    {"eight protocols", "0381626832", "0388" X4("6161") X4("6162"), OK},
    {"nine protocols", "0381626832", "0389" X4("6161") X4("6162") "6163", BAD},
    {"a protocol of 1", "0381626832", "03816168", OK},
    {"a protocol of 32", "0381626832", "03817820" TEXT32, OK},
    {"a protocol of 33", "0381626832", "03817821" TEXT32 "61", BAD},
    {"a protocol of none", "0381626832", "038160", BAD},
    {"a protocol that is no UTF-8", "0381626832", "038162c328", BAD},
    {"a protocol as bytes", "0381626832", "0381426832", BAD},
    {"protocols without end", "0381626832", "039f626832ff", BAD},
    {"protocols as a text", "0381626832", "03626832", BAD},
    {"interval 0", "04183c", "0400", OK},
    {"interval 86400", "04183c", "041a00015180", OK},
    {"interval 86401", "04183c", "041a00015181", BAD},
    {"interval 2^32", "04183c", "041b0000000100000000", BAD},
    {"interval 60 in three bytes", "04183c", "0419003c", BAD},
    {"interval -1", "04183c", "0420", BAD},
    {"key 4 twice", "04183c05", "04183c04", BAD},
    {"no challenge in six keys", "05" CHALLENGE, "", BAD},
    {"a challenge in five keys", "a6", "a5", BAD},
    {"seven keys", "a6", "a7", BAD},
    {"four keys", "a6", "a4", BAD},
    {"no key", "a6", "a0", BAD},
    {"an array", "a6", "86", BAD},
    {"without end", "a6", "bf", BAD},
    {"a byte behind", "", "00", BAD},
    {"key 6 instead of 5", "04183c05", "04183c06", BAD},
    {"keys 2 and 3 changed", "02010381626832", "03816268320201", BAD},
    {"a challenge of null", "05" CHALLENGE, "05f6", BAD},
};

static void hellos_at_their_limits(void **state)
{
    (void)state;
    EACH(i, hellos)
    (void)edited(FRAME_HELLO, HELLO, &hellos[i]);
    const edit no_question = {"asks nothing", "04183c05" CHALLENGE, "04183c", OK};
    message m;
    bytes five = bytes_replaced(bytes_from_hex(HELLO), bytes_from_hex("a6"), bytes_from_hex("a5"));
    five = bytes_replaced(five, bytes_from_hex(no_question.from), bytes_from_hex(no_question.to));
    assert_int_equal(parse(FRAME_HELLO, five, &m), RATLS_OK);
    assert_false(m.hello.asks);
    for (size_t keys = 0; keys < five.n; keys++)
        assert_int_equal(parse(FRAME_HELLO, bytes_cut(five, keys), &m), BAD);
}

static void verdicts_and_closes(void **state)
{
    (void)state;
    static const edit codes[] = {
        {"two keys", "a100", "a20001", BAD},
        {"no key", "a100", "a0", BAD},
        {"key 1", "a100", "a101", BAD},
        {"a byte behind", "", "00", BAD},
        {"an array", "a100", "8100", BAD},
        {"in two bytes", "07", "1807", BAD},
        {"a text", "07", "6137", BAD},
        {"negative", "07", "26", BAD},
        {"2^64-1", "07", "1bffffffffffffffff", BAD},
        {"2^32 + 7", "07", "1b0000000100000007", BAD},
        {"without end", "a10007", "bf0007ff", BAD},
        {"as it is", "", "", OK},
    };
    EACH(i, codes)
    {
        (void)edited(FRAME_VERDICT, "a10007", &codes[i]);
        (void)edited(FRAME_CLOSE, "a10007", &codes[i]);
    }
    for (unsigned code = 0; code < 24; code++) {
        message m;
        const uint8_t payload[] = {0xa1, 0, (uint8_t)code};
        bytes in = bytes_of(payload, sizeof payload);
        assert_int_equal(parse(FRAME_VERDICT, in, &m), code <= 10 ? OK : BAD);
        assert_true(code > 10 || m.code == code);
        assert_int_equal(parse(FRAME_CLOSE, in, &m), code >= 1 && code <= 13 ? OK : BAD);
        assert_true(code < 1 || code > 13 || m.code == code);
        if (code <= CLOSE_LAST)
            assert_true(strlen(close_reason(code)) > 3);
    }
}

static bytes filled(size_t n)
{
    buf b = {.n = 0};
    buf_fill(&b, 0x5a, n);
    return n > 0 ? buf_bytes(&b) : BYTES_EMPTY;
}

static void answers_at_their_limits(void **state)
{
    (void)state;
    static const edit small[] = {
        {"as it is", "", "", OK},
        {"evidence of none", "00415a", "0040", BAD},
        {"evidence as text", "00415a", "00615a", BAD},
        {"evidence in pieces", "00415a", "005f415aff", BAD},
        {"evidence's length in two bytes", "00415a", "0058015a", BAD},
        {"endorsements of none", "014158", "0140", BAD},
        {"endorsements as text", "014158", "016158", BAD},
        {"endorsements as key 2", "014158", "024158", BAD},
        {"key 0 twice", "014158", "004158", BAD},
        {"endorsements only", "a200415a014158", "a1014158", BAD},
        {"evidence only", "a200415a014158", "a100415a", OK},
        {"three keys", "a200415a014158", "a300415a0141580200", BAD},
        {"the other order", "a200415a014158", "a201415800415a", BAD},
        {"no key", "a200415a014158", "a0", BAD},
        {"a byte behind", "", "00", BAD},
        {"evidence longer than the input", "00415a", "005b7fffffffffffffff", BAD},
    };
    message m;
    EACH(i, small)
    (void)edited(FRAME_ANSWER, "a200415a014158", &small[i]);
    for (size_t n = 64999; n <= 65001; n++) {
        bytes frame = session_answer(filled(n), BYTES_NONE);
        assert_int_equal(parse(FRAME_ANSWER, payload_of(frame), &m), n <= 65000 ? OK : BAD);
    }
    /* The longest of both. */
    size_t rest = FRAME_ANSWER_MAX - 65000 - 9;
    bytes frame = session_answer(filled(65000), filled(rest));
    assert_int_equal(frame.n, FRAME_HEAD + FRAME_ANSWER_MAX);
    assert_int_equal(parse(FRAME_ANSWER, payload_of(frame), &m), OK);
    assert_true(m.answer.evidence.n == 65000 && m.answer.endorsements.n == rest);
}

/* The only format that is known is also the only one that is written. */
static bool takes_another_format(frame_type type, const message *m)
{
    return (type == FRAME_HELLO && m->hello.asks && !m->hello.challenge.common) ||
           (type == FRAME_CHALLENGE && !m->challenge.common);
}

/* What is not whole is malformed; a flipped bit is, or it is seen. */
static void truncations_and_flips(void **state)
{
    (void)state;
    EACH(i, sent)
    {
        message m;
        arena_mark mark = arena_here();
        bytes frame = session_vector_of(sent[i].name), payload = payload_of(frame);
        for (size_t n = 0; n < payload.n; n++)
            if (parse(sent[i].type, bytes_of(payload.p, n), &m) != RATLS_E_MALFORMED)
                fail_msg("%s: %zu of %zu bytes", sent[i].name, n, payload.n);
        for (size_t at = 0; at < payload.n; at++)
            for (unsigned bit = 0; bit < 8; bit++) {
                bytes flipped = bytes_flipped(payload, at, bit);
                ratls_code code = parse(sent[i].type, flipped, &m);
                if (code == RATLS_OK && !takes_another_format(sent[i].type, &m) &&
                    bytes_equal(written(sent[i].type, &m), frame))
                    fail_msg("%s: bit %u of byte %zu is not seen", sent[i].name, bit, at);
                /* Only another version may be anything else than malformed. */
                if (code != RATLS_OK && code != RATLS_E_MALFORMED)
                    assert_true(code == RATLS_E_UNSUPPORTED && sent[i].type == FRAME_HELLO &&
                                at == 2);
            }
        arena_back(mark);
    }
}

static void frames_have_names_and_limits(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t max;
    } types[] = {{NULL, 0},       {"hello", 1024}, {"challenge", 512}, {"answer", 65536},
                 {"verdict", 16}, {"data", 16380}, {"close", 16}};
    EACH(i, types)
    {
        if (types[i].name == NULL)
            continue;
        assert_string_equal(frame_name((unsigned)i), types[i].name);
        assert_int_equal(frame_max((frame_type)i), types[i].max);
    }
    assert_null(frame_name(0));
    for (unsigned type = 7; type < 256; type++)
        assert_null(frame_name(type));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_are_read_and_written),
        cmocka_unit_test(vectors_mean_what_they_say),
        cmocka_unit_test(data_heads_are_written),
        cmocka_unit_test(binders_are_those_of_the_page),
        cmocka_unit_test(the_refused_are_refused),
        cmocka_unit_test(challenges_at_their_limits),
        cmocka_unit_test(hellos_at_their_limits),
        cmocka_unit_test(verdicts_and_closes),
        cmocka_unit_test(answers_at_their_limits),
        cmocka_unit_test(truncations_and_flips),
        cmocka_unit_test(frames_have_names_and_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
