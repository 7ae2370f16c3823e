#include "testing.h"

#include <stdlib.h>

#include "assemble.h"
#include "codec/der.h"

typedef enum read_by { ENTER, TAKE, ELEMENT, INTEGER, UINT, BOOLEAN, BITS, OID, TIME } read_by;

typedef struct found {
    bytes b;
    uint64_t v;
} found;

/* One read by the function of that name; what it gave. */
static found read_one(reader *r, read_by how, unsigned tag, uint64_t max)
{
    found f = {BYTES_NONE, 0};
    reader body;
    unsigned t = 0;
    switch (how) {
    case ENTER:
        body = der_enter(r, tag);
        f.b = rd_rest(&body);
        break;
    case TAKE:
        f.b = der_take(r, tag);
        break;
    case ELEMENT:
        f.b = der_element(r, &t);
        f.v = t;
        break;
    case INTEGER:
        f.b = der_integer(r);
        break;
    case UINT:
        f.v = der_uint(r, tag, max);
        break;
    case BOOLEAN:
        f.v = der_boolean(r);
        break;
    case BITS:
        f.b = der_bits(r);
        break;
    case OID:
        f.b = der_oid(r);
        break;
    case TIME:
        f.v = (uint64_t)der_time(r);
        break;
    }
    return f;
}

static void must_refuse(bytes in, read_by how, unsigned tag, uint64_t max, const char *rule)
{
    reader r = rd_of(in);
    found f = read_one(&r, how, tag, max);
    if (rd_ok(&r) || f.b.n != 0 || f.v != 0)
        fail_msg("accepted (%zu bytes): %s", in.n, rule);
    f = read_one(&r, ELEMENT, 0, 0);
    if (rd_ok(&r) || f.b.n != 0 || f.v != 0 || der_peek(&r) != -1)
        fail_msg("read on after a failure: %s", rule);
}

static const struct {
    const char *in;
    read_by how;
    unsigned tag;
    uint64_t max;
    const char *rule;
} bad[] = {
    /* Lengths [X.690 8.1.3, 10.1]. */
    {"", TAKE, DER_SEQUENCE, 0, "nothing there"},
    {"30", TAKE, DER_SEQUENCE, 0, "no length"},
    {"30 01", TAKE, DER_SEQUENCE, 0, "no contents"},
    {"30 05 00*4", TAKE, DER_SEQUENCE, 0, "one byte of the contents is missing"},
    {"30 05 00*4", ENTER, DER_SEQUENCE, 0, "one byte of the contents is missing"},
    {"30 05 00*4", ELEMENT, 0, 0, "one byte of the contents is missing"},
    {"30 80 00 00", TAKE, DER_SEQUENCE, 0, "indefinite length"},
    {"30 80 00 00", ENTER, DER_SEQUENCE, 0, "indefinite length"},
    {"30 80 00 00", ELEMENT, 0, 0, "indefinite length"},
    {"30 81 00", TAKE, DER_SEQUENCE, 0, "length 0 in two bytes"},
    {"30 81 01 00", TAKE, DER_SEQUENCE, 0, "length 1 in two bytes"},
    {"30 81 7f 00*127", TAKE, DER_SEQUENCE, 0, "length 127 in two bytes"},
    {"30 81 7f 00*127", ELEMENT, 0, 0, "length 127 in two bytes"},
    {"30 82 00 01 00", TAKE, DER_SEQUENCE, 0, "length 1 in three bytes"},
    {"30 82 00 80 00*128", TAKE, DER_SEQUENCE, 0, "length 128 in three bytes"},
    {"30 82 00 ff 00*255", TAKE, DER_SEQUENCE, 0, "length 255 in three bytes"},
    {"30 83 00 01 00 00*256", TAKE, DER_SEQUENCE, 0, "length 256 in four bytes"},
    {"30 83 00 ff ff 00*65535", TAKE, DER_SEQUENCE, 0, "length 65535 in four bytes"},
    {"30 84 00 00 01 00 00*256", TAKE, DER_SEQUENCE, 0, "length 256 in five bytes"},
    {"30 84 00 01 00 00 00*65536", TAKE, DER_SEQUENCE, 0, "length 65536 in five bytes"},
    {"30 85 00 00 00 00 01 00", TAKE, DER_SEQUENCE, 0, "five length bytes"},
    {"30 85 01 00 00 00 00 00", TAKE, DER_SEQUENCE, 0, "length of 4 GiB"},
    {"30 88 ff*8 00", TAKE, DER_SEQUENCE, 0, "eight length bytes"},
    {"30 ff 00*127", TAKE, DER_SEQUENCE, 0, "the reserved first length byte"},
    {"30 84 ff*4 00", TAKE, DER_SEQUENCE, 0, "length far behind the end"},
    {"30 84 ff*4 00", ELEMENT, 0, 0, "length far behind the end"},
    {"30 84 7f ff ff ff 00", ENTER, DER_SEQUENCE, 0, "length far behind the end"},
    {"30 81", TAKE, DER_SEQUENCE, 0, "no length byte after 81"},
    {"30 82 01", TAKE, DER_SEQUENCE, 0, "one length byte after 82"},
    {"30 84 01 00 00", TAKE, DER_SEQUENCE, 0, "three length bytes after 84"},
    /* Tags [X.690 8.1.2]. */
    {"1f 01 00", ELEMENT, 0, 0, "high tag number"},
    {"1f 01 00", TAKE, 0x1f, 0, "high tag number, asked for"},
    {"3f 81 01 00", ELEMENT, 0, 0, "high tag number in two bytes"},
    {"9f 1f 00", ELEMENT, 0, 0, "high tag number, context"},
    {"ff 01 00", ELEMENT, 0, 0, "high tag number, private"},
    {"31 00", TAKE, DER_SEQUENCE, 0, "SET for SEQUENCE"},
    {"31 00", ENTER, DER_SEQUENCE, 0, "SET for SEQUENCE"},
    {"10 00", TAKE, DER_SEQUENCE, 0, "primitive SEQUENCE"},
    {"24 00", TAKE, DER_OCTET_STRING, 0, "constructed OCTET STRING"},
    {"a0 00", TAKE, DER_CONTEXT(0), 0, "constructed [0]"},
    {"80 00", TAKE, DER_CONTEXT_CONSTRUCTED(0), 0, "primitive [0]"},
    {"a1 00", ENTER, DER_CONTEXT_CONSTRUCTED(0), 0, "[1] for [0]"},
    {"00 00", TAKE, DER_NULL, 0, "end-of-contents"},
    /* INTEGER [X.690 8.3]. */
    {"02 00", INTEGER, 0, 0, "no octet"},
    {"02 02 00 00", INTEGER, 0, 0, "0 in two octets"},
    {"02 02 00 7f", INTEGER, 0, 0, "127 in two octets"},
    {"02 02 ff ff", INTEGER, 0, 0, "-1 in two octets"},
    {"02 02 ff 80", INTEGER, 0, 0, "-128 in two octets"},
    {"02 03 00 00 80", INTEGER, 0, 0, "128 in three octets"},
    {"22 03 02 01 01", INTEGER, 0, 0, "constructed INTEGER"},
    {"0a 01 01", INTEGER, 0, 0, "ENUMERATED for INTEGER"},
    {"02 00", UINT, DER_INTEGER, 255, "no octet"},
    {"02 02 00 7f", UINT, DER_INTEGER, 255, "127 in two octets"},
    {"02 01 80", UINT, DER_INTEGER, UINT64_MAX, "-128"},
    {"02 01 ff", UINT, DER_INTEGER, UINT64_MAX, "-1"},
    {"02 08 80 00*7", UINT, DER_INTEGER, UINT64_MAX, "-2^63"},
    {"02 09 ff 00*8", UINT, DER_INTEGER, UINT64_MAX, "-2^64"},
    {"02 09 01 00*8", UINT, DER_INTEGER, UINT64_MAX, "2^64"},
    {"02 0a 00 ff*9", UINT, DER_INTEGER, UINT64_MAX, "2^72 - 1"},
    {"02 14 7f ff*19", UINT, DER_INTEGER, UINT64_MAX, "20 octets"},
    {"02 01 01", UINT, DER_INTEGER, 0, "above the limit 0"},
    {"02 02 01 00", UINT, DER_INTEGER, 255, "above the limit 255"},
    {"02 08 7f ff*7", UINT, DER_INTEGER, INT64_MAX - 1, "above the limit 2^63 - 2"},
    {"02 09 00 ff*8", UINT, DER_INTEGER, UINT64_MAX - 1, "above the limit 2^64 - 2"},
    {"0a 01 01", UINT, DER_INTEGER, 255, "ENUMERATED for INTEGER"},
    {"02 01 01", UINT, DER_ENUMERATED, 255, "INTEGER for ENUMERATED"},
    {"0a 02 00 01", UINT, DER_ENUMERATED, 255, "ENUMERATED 1 in two octets"},
    /* BOOLEAN [X.690 11.1]. */
    {"01 00", BOOLEAN, 0, 0, "no octet"},
    {"01 01 01", BOOLEAN, 0, 0, "TRUE as 01"},
    {"01 01 80", BOOLEAN, 0, 0, "TRUE as 80"},
    {"01 01 fe", BOOLEAN, 0, 0, "TRUE as FE"},
    {"01 02 ff ff", BOOLEAN, 0, 0, "two octets"},
    {"02 01 ff", BOOLEAN, 0, 0, "INTEGER for BOOLEAN"},
    /* BIT STRING [X.690 8.6]. */
    {"03 00", BITS, 0, 0, "no initial octet"},
    {"03 01 01", BITS, 0, 0, "unused bits of nothing"},
    {"03 02 01 80", BITS, 0, 0, "one unused bit"},
    {"03 02 07 80", BITS, 0, 0, "seven unused bits"},
    {"03 02 08 00", BITS, 0, 0, "eight unused bits"},
    {"03 02 ff 00", BITS, 0, 0, "255 unused bits"},
    {"23 04 03 02 00 01", BITS, 0, 0, "constructed BIT STRING"},
    {"04 02 00 01", BITS, 0, 0, "OCTET STRING for BIT STRING"},
    /* OBJECT IDENTIFIER [X.690 8.19]. */
    {"06 00", OID, 0, 0, "no arc"},
    {"06 01 80", OID, 0, 0, "first arc unfinished"},
    {"06 02 80 01", OID, 0, 0, "first arc with a leading zero digit"},
    {"06 03 2a 80 01", OID, 0, 0, "second arc with a leading zero digit"},
    {"06 04 2a 80 80 01", OID, 0, 0, "two leading zero digits"},
    {"06 02 2a 81", OID, 0, 0, "last arc unfinished"},
    {"06 03 2a 01 80", OID, 0, 0, "last arc unfinished, zero"},
    {"0d 01 01", OID, 0, 0, "RELATIVE-OID"},
    /* UTCTime and GeneralizedTime [RFC 5280 4.1.2.5]. */
    {"17 00", TIME, 0, 0, "empty UTCTime"},
    {"18 00", TIME, 0, 0, "empty GeneralizedTime"},
    {"17 0b '2301010000Z'", TIME, 0, 0, "no seconds"},
    {"17 0c '230101000000'", TIME, 0, 0, "no Z"},
    {"17 0d '2301010000000'", TIME, 0, 0, "digit for Z"},
    {"17 0d '230101000000z'", TIME, 0, 0, "small z"},
    {"17 11 '230101000000+0000'", TIME, 0, 0, "offset"},
    {"17 0f '230101000000.5Z'", TIME, 0, 0, "fraction in UTCTime"},
    {"17 0d '231301000000Z'", TIME, 0, 0, "month 13"},
    {"17 0d '230001000000Z'", TIME, 0, 0, "month 0"},
    {"17 0d '230100000000Z'", TIME, 0, 0, "day 0"},
    {"17 0d '230431000000Z'", TIME, 0, 0, "April 31"},
    {"17 0d '230229000000Z'", TIME, 0, 0, "February 29 of 2023"},
    {"17 0d '230101240000Z'", TIME, 0, 0, "hour 24"},
    {"17 0d '230101006000Z'", TIME, 0, 0, "minute 60"},
    {"17 0d '230101000060Z'", TIME, 0, 0, "second 60"},
    {"17 0d '2x0101000000Z'", TIME, 0, 0, "letter in the year"},
    {"17 0d '-10101000000Z'", TIME, 0, 0, "sign in the year"},
    {"17 0d ':00101000000Z'", TIME, 0, 0, "colon in the year"},
    {"17 0d '23 101000000Z'", TIME, 0, 0, "blank in the month"},
    {"17 0d '23010a000000Z'", TIME, 0, 0, "letter in the day"},
    {"17 0d '230101+10000Z'", TIME, 0, 0, "sign in the hour"},
    {"17 0d '230101000/00Z'", TIME, 0, 0, "character before 0"},
    {"17 0d '2301010000:0Z'", TIME, 0, 0, "character after 9"},
    {"17 0f '20230101000000Z'", TIME, 0, 0, "four digits of year in UTCTime"},
    {"18 0d '230101000000Z'", TIME, 0, 0, "two digits of year in GeneralizedTime"},
    {"18 0d '202301010000Z'", TIME, 0, 0, "GeneralizedTime without seconds"},
    {"18 0e '20230101000000'", TIME, 0, 0, "GeneralizedTime without Z"},
    {"18 11 '20230101000000.5Z'", TIME, 0, 0, "fraction"},
    {"18 13 '20230101000000+0000'", TIME, 0, 0, "offset in GeneralizedTime"},
    {"18 0f '2x230101000000Z'", TIME, 0, 0, "letter in the century"},
    {"18 0f '202x0101000000Z'", TIME, 0, 0, "letter in the year of the century"},
    {"18 0f '19000229000000Z'", TIME, 0, 0, "February 29 of 1900"},
    {"18 0f '20231301000000Z'", TIME, 0, 0, "month 13 in GeneralizedTime"},
    {"16 0d '230101000000Z'", TIME, 0, 0, "IA5String for a time"},
    {"37 0d '230101000000Z'", TIME, 0, 0, "constructed UTCTime"},
};

static void refuses_what_is_not_der(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bytes in = assemble(bad[i].in);
        must_refuse(in, bad[i].how, bad[i].tag, bad[i].max, bad[i].rule);
        bytes_free(in);
    }
}

static const struct {
    const char *in;
    read_by how;
    unsigned tag;
    uint64_t max;
    const char *b; /* contents expected */
    uint64_t v;    /* value expected */
} good[] = {
    {"30 00", TAKE, DER_SEQUENCE, 0, "", 0},
    {"30 03 01 02 03", ENTER, DER_SEQUENCE, 0, "01 02 03", 0},
    {"30 7f 01*127", TAKE, DER_SEQUENCE, 0, "01*127", 0},
    {"30 81 80 01*128", TAKE, DER_SEQUENCE, 0, "01*128", 0},
    {"30 81 ff 01*255", TAKE, DER_SEQUENCE, 0, "01*255", 0},
    {"30 82 01 00 01*256", TAKE, DER_SEQUENCE, 0, "01*256", 0},
    {"a3 02 05 00", ENTER, DER_CONTEXT_CONSTRUCTED(3), 0, "05 00", 0},
    {"82 01 07", TAKE, DER_CONTEXT(2), 0, "07", 0},
    {"04 02 ab cd", ELEMENT, 0, 0, "04 02 ab cd", 0x04},
    {"9e 00", ELEMENT, 0, 0, "9e 00", 0x9e},
    {"02 01 00", INTEGER, 0, 0, "00", 0},
    {"02 01 80", INTEGER, 0, 0, "80", 0},
    {"02 02 00 80", INTEGER, 0, 0, "00 80", 0},
    {"02 02 ff 7f", INTEGER, 0, 0, "ff 7f", 0},
    {"02 15 00 ff*20", INTEGER, 0, 0, "00 ff*20", 0},
    {"02 01 00", UINT, DER_INTEGER, 0, "", 0},
    {"02 01 7f", UINT, DER_INTEGER, 127, "", 127},
    {"02 02 00 ff", UINT, DER_INTEGER, 255, "", 255},
    {"02 08 7f ff*7", UINT, DER_INTEGER, INT64_MAX, "", INT64_MAX},
    {"02 09 00 ff*8", UINT, DER_INTEGER, UINT64_MAX, "", UINT64_MAX},
    {"0a 01 06", UINT, DER_ENUMERATED, 10, "", 6},
    {"01 01 00", BOOLEAN, 0, 0, "", 0},
    {"01 01 ff", BOOLEAN, 0, 0, "", 1},
    {"03 01 00", BITS, 0, 0, "", 0},
    {"03 03 00 01 ff", BITS, 0, 0, "01 ff", 0},
    {"06 01 00", OID, 0, 0, "00", 0},
    {"06 06 67 81 05 05 04 09", OID, 0, 0, "67 81 05 05 04 09", 0},
    {"06 03 88 37 00", OID, 0, 0, "88 37 00", 0},
    {"17 0d '230515144940Z'", TIME, 0, 0, "", 1684162180},
    {"17 0d '000229235959Z'", TIME, 0, 0, "", 951868799},
    {"17 0d '491231235959Z'", TIME, 0, 0, "", 2524607999},
    {"17 0d '500101000000Z'", TIME, 0, 0, "", (uint64_t)-631152000},
    {"17 0d '991231235959Z'", TIME, 0, 0, "", 946684799},
    {"18 0f '20230515144940Z'", TIME, 0, 0, "", 1684162180},
    {"18 0f '00010101000000Z'", TIME, 0, 0, "", (uint64_t)-62135596800},
    {"18 0f '20000101000000Z'", TIME, 0, 0, "", 946684800},
    {"18 0f '20491231235959Z'", TIME, 0, 0, "", 2524607999},
    {"18 0f '20500101000000Z'", TIME, 0, 0, "", 2524608000},
    {"18 0f '99991231235959Z'", TIME, 0, 0, "", 253402300799},
};

static void reads_der_and_refuses_each_truncation(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        bytes in = assemble(good[i].in), expected = assemble(good[i].b);
        reader r = rd_of(in);
        found f = read_one(&r, good[i].how, good[i].tag, good[i].max);
        if (!rd_done(&r) || !bytes_equal(f.b, expected) || f.v != good[i].v)
            fail_msg("not read as expected: %s", good[i].in);
        for (size_t n = 0; n < in.n; n++) {
            bytes cut = bytes_resized(in, n);
            must_refuse(cut, good[i].how, good[i].tag, good[i].max, good[i].in);
            bytes_free(cut);
        }
        bytes_free(expected);
        bytes_free(in);
    }
}

static void a_structure_is_read_in_place(void **state)
{
    (void)state;
    bytes in = assemble("30 0a 02 01 05 31 02 05 00 01 01 ff 04 01 07");
    reader r = rd_of(in);
    assert_int_equal(der_peek(&r), DER_SEQUENCE);
    reader outer = der_enter(&r, DER_SEQUENCE);
    assert_int_equal(outer.pos, 2);
    assert_int_equal(der_uint(&outer, DER_INTEGER, 9), 5);
    reader set = der_enter(&outer, DER_SET);
    assert_int_equal(set.pos, 7);
    assert_int_equal(der_element(&set, NULL).n, 2);
    assert_true(rd_done(&set));
    assert_int_equal(der_peek(&set), -1);
    assert_true(der_boolean(&outer));
    assert_true(rd_done(&outer));
    bytes last = der_take(&r, DER_OCTET_STRING);
    assert_ptr_equal(last.p, in.p + 14);
    assert_true(rd_done(&r));
    bytes_free(in);
}

/* An element may not reach behind the one that holds it, though bytes are there. */
static void an_element_ends_within_its_parent(void **state)
{
    (void)state;
    bytes in = assemble("30 03 04 02 aa bb bb");
    reader r = rd_of(in);
    reader outer = der_enter(&r, DER_SEQUENCE);
    assert_int_equal(der_take(&outer, DER_OCTET_STRING).n, 0);
    assert_false(rd_ok(&outer));
    assert_true(rd_ok(&r));
    bytes_free(in);
}

static void heads_are_the_shortest_and_are_read_back(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        const char *head;
    } cases[] = {
        {0, "30 00"},
        {1, "30 01"},
        {127, "30 7f"},
        {128, "30 81 80"},
        {255, "30 81 ff"},
        {256, "30 82 01 00"},
        {65535, "30 82 ff ff"},
        {65536, "30 83 01 00 00"},
        {16777215, "30 83 ff ff ff"},
        {16777216, "30 84 01 00 00 00"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bytes head = assemble(cases[i].head);
        writer measure = wr_of(NULL, 0);
        der_put_head(&measure, DER_SEQUENCE, cases[i].n);
        assert_int_equal(measure.n, head.n);

        uint8_t *out = calloc(1, head.n + cases[i].n);
        assert_non_null(out);
        writer w = wr_of(out, head.n);
        der_put_head(&w, DER_SEQUENCE, cases[i].n);
        assert_true(bytes_equal(wr_bytes(&w), head));
        reader r = rd_of(bytes_of(out, head.n + cases[i].n));
        assert_int_equal(der_take(&r, DER_SEQUENCE).n, cases[i].n);
        assert_true(rd_done(&r));
        writer tight = wr_of(out, head.n - 1);
        der_put_head(&tight, DER_SEQUENCE, cases[i].n);
        assert_false(wr_ok(&tight));
        free(out);
        bytes_free(head);
    }
}

static void oids_as_text(void **state)
{
    (void)state;
    static const struct {
        const char *oid, *text;
    } cases[] = {
        {"00", "0.0"},
        {"27", "0.39"},
        {"28", "1.0"},
        {"4f", "1.39"},
        {"50", "2.0"},
        {"88 37", "2.999"},
        {"67 81 05 05 04 09", "2.23.133.5.4.9"},
        {"2a 86 48 86 f7 0d 01 01 0b", "1.2.840.113549.1.1.11"},
        {"2a 8f ff ff ff 7f", "1.2.4294967295"},
        {"90 80 80 80 4f", "2.4294967295"},
        {"2a 00 00", "1.2.0.0"},
        {"2a 8f ff ff ff ff 7f", "1.2.549755813887"},
        /* Malformed, or an arc beyond any use. */
        {"", ""},
        {"80", ""},
        {"80 01", ""},
        {"2a 81", ""},
        {"2a 80 01", ""},
        {"2a 90 80 80 80 80 00", ""},
        {"2a 81 80 80 80 80 80 80 80 80 01", ""},
        {"ff*20 7f", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[64];
        bytes oid = assemble(cases[i].oid);
        der_oid_text(oid, text, sizeof text);
        if (!bytes_is(bytes_text(text), cases[i].text))
            fail_msg("%s: found %s, expected %s", cases[i].oid, text, cases[i].text);
        for (size_t cap = 1; cap <= strlen(cases[i].text); cap++) {
            der_oid_text(oid, text, cap);
            assert_string_equal(text, "");
        }
        der_oid_text(oid, text, strlen(cases[i].text) + 1);
        assert_string_equal(text, cases[i].text);
        text[0] = '?';
        der_oid_text(oid, text, 0);
        assert_int_equal(text[0], '?');
        bytes_free(oid);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_not_der),
        cmocka_unit_test(reads_der_and_refuses_each_truncation),
        cmocka_unit_test(a_structure_is_read_in_place),
        cmocka_unit_test(an_element_ends_within_its_parent),
        cmocka_unit_test(heads_are_the_shortest_and_are_read_back),
        cmocka_unit_test(oids_as_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
