#include "testing.h"

#include "assemble.h"
#include "codec/cbor.h"

typedef enum read_by { UINT, UINT_ANY, TAG, ARRAY, MAP, BYTES, TEXT } read_by;

typedef struct found {
    bytes b;
    uint64_t v;
} found;

static found read_one(reader *r, read_by how, size_t min, size_t max)
{
    found f = {BYTES_NONE, 0};
    switch (how) {
    case UINT:
        f.v = cbor_uint(r, CBOR_SHORTEST);
        break;
    case UINT_ANY:
        f.v = cbor_uint(r, CBOR_ANY_WIDTH);
        break;
    case TAG:
        f.v = cbor_tag(r);
        break;
    case ARRAY:
        f.v = cbor_array(r, min, max);
        break;
    case MAP:
        f.v = cbor_map(r, min, max);
        break;
    case BYTES:
        f.b = cbor_bytes(r);
        break;
    case TEXT:
        f.b = cbor_text(r);
        break;
    }
    return f;
}

static void must_refuse(bytes in, read_by how, size_t min, size_t max, const char *rule)
{
    reader r = rd_of(in);
    found f = read_one(&r, how, min, max);
    if (rd_ok(&r) || f.b.n != 0 || f.v != 0)
        fail_msg("accepted (%zu bytes): %s", in.n, rule);
    for (read_by again = UINT; again <= TEXT; again++) {
        f = read_one(&r, again, 0, SIZE_MAX);
        if (rd_ok(&r) || f.b.n != 0 || f.v != 0 || cbor_peek(&r) != CBOR_OTHER)
            fail_msg("read on after a failure: %s", rule);
    }
}

static const struct {
    const char *in;
    read_by how;
    size_t min, max;
    const char *rule;
} bad[] = {
    /* Another item than asked for. */
    {"", UINT, 0, 0, "nothing there"},
    {"", UINT_ANY, 0, 0, "nothing there"},
    {"", TAG, 0, 0, "nothing there"},
    {"", ARRAY, 0, 9, "nothing there"},
    {"", MAP, 0, 9, "nothing there"},
    {"", BYTES, 0, 0, "nothing there"},
    {"", TEXT, 0, 0, "nothing there"},
    {"20", UINT, 0, 0, "-1"},
    {"20", UINT_ANY, 0, 0, "-1"},
    {"3b ff*8", UINT_ANY, 0, 0, "-2^64"},
    {"41 01", UINT, 0, 0, "byte string for integer"},
    {"c1 01", UINT, 0, 0, "tag for integer"},
    {"c2 41 01", UINT, 0, 0, "bignum"},
    {"f4", UINT, 0, 0, "false"},
    {"f6", UINT, 0, 0, "null"},
    {"e0", UINT, 0, 0, "simple value 0"},
    {"f9 00 00", UINT, 0, 0, "half float"},
    {"fa 00*4", UINT_ANY, 0, 0, "float"},
    {"fb 00*8", UINT_ANY, 0, 0, "double"},
    {"ff", UINT, 0, 0, "break"},
    {"01", TAG, 0, 0, "integer for tag"},
    {"81 01", TAG, 0, 0, "array for tag"},
    {"a1 01 02", ARRAY, 0, 9, "map for array"},
    {"01", ARRAY, 0, 9, "integer for array"},
    {"81 01", MAP, 0, 9, "array for map"},
    {"41 01", MAP, 0, 9, "byte string for map"},
    {"61 61", BYTES, 0, 0, "text for bytes"},
    {"00", BYTES, 0, 0, "integer for bytes"},
    {"d8 40 41 00", BYTES, 0, 0, "tagged byte string"},
    {"f6", BYTES, 0, 0, "null for bytes"},
    {"41 61", TEXT, 0, 0, "bytes for text"},
    {"81 61 61", TEXT, 0, 0, "array for text"},
    /* Shortest form [RFC 8949 4.2.1]. */
    {"18 00", UINT, 0, 0, "0 in two bytes"},
    {"18 17", UINT, 0, 0, "23 in two bytes"},
    {"19 00 18", UINT, 0, 0, "24 in three bytes"},
    {"19 00 ff", UINT, 0, 0, "255 in three bytes"},
    {"1a 00 00 01 00", UINT, 0, 0, "256 in five bytes"},
    {"1a 00 00 ff ff", UINT, 0, 0, "65535 in five bytes"},
    {"1a 00 00 00 03", UINT, 0, 0, "3 in five bytes"},
    {"1b 00*4 00 01 00 00", UINT, 0, 0, "65536 in nine bytes"},
    {"1b 00*4 ff*4", UINT, 0, 0, "2^32 - 1 in nine bytes"},
    {"1b 00*8", UINT, 0, 0, "0 in nine bytes"},
    {"d8 01 00", TAG, 0, 0, "tag 1 in two bytes"},
    {"da 00 00 ea 60 00", TAG, 0, 0, "tag 60000 in five bytes"},
    {"db 00*6 ea 60 00", TAG, 0, 0, "tag 60000 in nine bytes"},
    {"98 02 01 02", ARRAY, 0, 9, "array of 2 in two bytes"},
    {"99 00 02 01 02", ARRAY, 0, 9, "array of 2 in three bytes"},
    {"b8 01 01 02", MAP, 0, 9, "map of 1 in two bytes"},
    {"bb 00*7 01 01 02", MAP, 0, 9, "map of 1 in nine bytes"},
    {"58 00", BYTES, 0, 0, "no bytes, in two"},
    {"58 17 00*23", BYTES, 0, 0, "23 bytes, length in two"},
    {"59 00 18 00*24", BYTES, 0, 0, "24 bytes, length in three"},
    {"5a 00 00 00 01 00", BYTES, 0, 0, "one byte, length in five"},
    {"5b 00*7 01 00", BYTES, 0, 0, "one byte, length in nine"},
    {"78 01 61", TEXT, 0, 0, "one character, length in two"},
    {"79 00 ff 61*255", TEXT, 0, 0, "255 characters, length in three"},
    /* Reserved and indefinite [RFC 8949 3, 3.2]. */
    {"1c 00", UINT, 0, 0, "additional information 28"},
    {"1d 00", UINT_ANY, 0, 0, "additional information 29"},
    {"1e 00", UINT_ANY, 0, 0, "additional information 30"},
    {"1f", UINT_ANY, 0, 0, "indefinite integer"},
    {"dc 00", TAG, 0, 0, "tag with additional information 28"},
    {"df 00", TAG, 0, 0, "indefinite tag"},
    {"9c 01", ARRAY, 0, 9, "array with additional information 28"},
    {"9f 01 02 ff", ARRAY, 0, 9, "indefinite array"},
    {"9f ff", ARRAY, 0, 9, "indefinite array, empty"},
    {"be 01 02", MAP, 0, 9, "map with additional information 30"},
    {"bf 01 02 ff", MAP, 0, 9, "indefinite map"},
    {"5d 00", BYTES, 0, 0, "bytes with additional information 29"},
    {"5f 41 01 ff", BYTES, 0, 0, "byte string in chunks"},
    {"5f ff", BYTES, 0, 0, "byte string of no chunks"},
    {"7c 61", TEXT, 0, 0, "text with additional information 28"},
    {"7f 61 61 ff", TEXT, 0, 0, "text in chunks"},
    /* Counts: outside what is asked for, or more than can be there. */
    {"80", ARRAY, 1, 9, "empty array, 1 at least"},
    {"81 00", ARRAY, 2, 2, "array of 1 for 2"},
    {"83 00 00 00", ARRAY, 2, 2, "array of 3 for 2"},
    {"81 00", ARRAY, 0, 0, "array of 1 for 0"},
    {"8a 00*10", ARRAY, 8, 9, "array of 10 for 8 or 9"},
    {"a0", MAP, 1, 9, "empty map, 1 at least"},
    {"a3 00*6", MAP, 0, 2, "map of 3, 2 at most"},
    {"82 00", ARRAY, 0, SIZE_MAX, "array of 2 with one byte"},
    {"97 00*22", ARRAY, 0, SIZE_MAX, "array of 23 with 22 bytes"},
    {"9a ff*4 00*9", ARRAY, 0, SIZE_MAX, "array of 2^32 - 1"},
    {"9b 00 00 00 01 00*4", ARRAY, 0, SIZE_MAX, "array of 2^32"},
    {"9b ff*8", ARRAY, 0, SIZE_MAX, "array of 2^64 - 1"},
    {"9b ff*8 00*9", ARRAY, 0, 9, "array of 2^64 - 1"},
    {"a1 00", MAP, 0, SIZE_MAX, "map of 1 with one byte"},
    {"a2 00*3", MAP, 0, SIZE_MAX, "map of 2 with three bytes"},
    {"bb 80 00*7", MAP, 0, SIZE_MAX, "map of 2^63, twice which is 0"},
    {"bb 80 00*6 01 00 00", MAP, 0, SIZE_MAX, "map of 2^63 + 1, twice which is 2"},
    {"bb ff*8 00", MAP, 0, SIZE_MAX, "map of 2^64 - 1 in ten bytes"},
    {"42 00", BYTES, 0, 0, "two bytes, one there"},
    {"57 00*22", BYTES, 0, 0, "23 bytes, 22 there"},
    {"58 18 00*23", BYTES, 0, 0, "24 bytes, 23 there"},
    {"5a ff*4 00", BYTES, 0, 0, "2^32 - 1 bytes"},
    {"5b ff*8 00", BYTES, 0, 0, "2^64 - 1 bytes"},
    {"5b 00 00 00 01 00*4 00", BYTES, 0, 0, "2^32 bytes"},
    {"62 61", TEXT, 0, 0, "two characters, one there"},
    {"7b ff*8 61", TEXT, 0, 0, "2^64 - 1 characters"},
    /* UTF-8 [RFC 3629]. */
    {"61 80", TEXT, 0, 0, "continuation byte alone"},
    {"61 ff", TEXT, 0, 0, "byte FF"},
    {"61 c3", TEXT, 0, 0, "sequence cut by the end"},
    {"61 c3 a4", TEXT, 0, 0, "sequence reaching behind its string"},
    {"62 c0 80", TEXT, 0, 0, "NUL in two bytes"},
    {"63 e0 9f bf", TEXT, 0, 0, "overlong sequence of three"},
    {"63 ed a0 80", TEXT, 0, 0, "surrogate"},
    {"64 f0 8f bf bf", TEXT, 0, 0, "overlong sequence of four"},
    {"64 f4 90 80 80", TEXT, 0, 0, "above U+10FFFF"},
    {"65 'abc' c3 'd'", TEXT, 0, 0, "ASCII within a sequence"},
};

static void refuses_what_is_not_asked_for_or_not_strict(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bytes in = assemble(bad[i].in);
        must_refuse(in, bad[i].how, bad[i].min, bad[i].max, bad[i].rule);
        bytes_free(in);
    }
}

static const struct {
    const char *in;
    read_by how;
    size_t min, max;
    const char *b;
    uint64_t v;
    size_t left; /* bytes that stay unread */
} good[] = {
    {"00", UINT, 0, 0, "", 0, 0},
    {"17", UINT, 0, 0, "", 23, 0},
    {"18 18", UINT, 0, 0, "", 24, 0},
    {"18 ff", UINT, 0, 0, "", 255, 0},
    {"19 01 00", UINT, 0, 0, "", 256, 0},
    {"19 ff ff", UINT, 0, 0, "", 65535, 0},
    {"1a 00 01 00 00", UINT, 0, 0, "", 65536, 0},
    {"1a ff*4", UINT, 0, 0, "", UINT32_MAX, 0},
    {"1b 00 00 00 01 00*4", UINT, 0, 0, "", 4294967296, 0},
    {"1b ff*8", UINT, 0, 0, "", UINT64_MAX, 0},
    {"03", UINT_ANY, 0, 0, "", 3, 0},
    {"18 03", UINT_ANY, 0, 0, "", 3, 0},
    {"19 00 03", UINT_ANY, 0, 0, "", 3, 0},
    {"1a 00 00 00 03", UINT_ANY, 0, 0, "", 3, 0},
    {"1b 00*7 03", UINT_ANY, 0, 0, "", 3, 0},
    {"d9 ea 60 00", TAG, 0, 0, "", 60000, 1},
    {"c0 00", TAG, 0, 0, "", 0, 1},
    {"db ff*8 00", TAG, 0, 0, "", UINT64_MAX, 1},
    {"80", ARRAY, 0, 0, "", 0, 0},
    {"82 01 02", ARRAY, 2, 2, "", 2, 2},
    {"88 00*8", ARRAY, 8, 9, "", 8, 8},
    {"89 00*9", ARRAY, 8, 9, "", 9, 9},
    {"97 00*23", ARRAY, 0, SIZE_MAX, "", 23, 23},
    {"98 18 00*24", ARRAY, 0, SIZE_MAX, "", 24, 24},
    {"a0", MAP, 0, 16, "", 0, 0},
    {"a2 00*4", MAP, 1, 2, "", 2, 4},
    {"b8 18 00*48", MAP, 0, SIZE_MAX, "", 24, 48},
    {"40", BYTES, 0, 0, "", 0, 0},
    {"43 01 02 03", BYTES, 0, 0, "01 02 03", 0, 0},
    {"57 aa*23", BYTES, 0, 0, "aa*23", 0, 0},
    {"58 18 aa*24", BYTES, 0, 0, "aa*24", 0, 0},
    {"59 01 00 aa*256", BYTES, 0, 0, "aa*256", 0, 0},
    {"60", TEXT, 0, 0, "", 0, 0},
    {"6b 'pubkey-hash'", TEXT, 0, 0, "'pubkey-hash'", 0, 0},
    {"65 'a' 00 'b' 7f '~'", TEXT, 0, 0, "'a' 00 'b' 7f '~'", 0, 0},
    {"69 c2 80 e0 a0 80 f4 8f bf bf", TEXT, 0, 0, "c2 80 e0 a0 80 f4 8f bf bf", 0, 0},
};

static void reads_items_and_refuses_each_truncation(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        bytes in = assemble(good[i].in), expected = assemble(good[i].b);
        reader r = rd_of(in);
        found f = read_one(&r, good[i].how, good[i].min, good[i].max);
        if (!rd_ok(&r) || rd_left(&r) != good[i].left || !bytes_equal(f.b, expected) ||
            f.v != good[i].v)
            fail_msg("not read as expected: %s", good[i].in);
        /* A tag's item is not its head: only the head can be found short. */
        size_t needed = good[i].how == TAG ? in.n - good[i].left : in.n;
        for (size_t n = 0; n < needed; n++) {
            bytes cut = bytes_resized(in, n);
            must_refuse(cut, good[i].how, good[i].min, good[i].max, good[i].in);
            bytes_free(cut);
        }
        bytes_free(expected);
        bytes_free(in);
    }
}

static void peeks_at_the_major_type(void **state)
{
    (void)state;
    static const struct {
        uint8_t first;
        cbor_major major;
    } cases[] = {
        {0x00, CBOR_UINT},  {0x1b, CBOR_UINT},  {0x20, CBOR_NEGATIVE}, {0x3b, CBOR_NEGATIVE},
        {0x40, CBOR_BYTES}, {0x5f, CBOR_BYTES}, {0x60, CBOR_TEXT},     {0x7f, CBOR_TEXT},
        {0x80, CBOR_ARRAY}, {0x9f, CBOR_ARRAY}, {0xa0, CBOR_MAP},      {0xbf, CBOR_MAP},
        {0xc0, CBOR_TAG},   {0xdb, CBOR_TAG},   {0xe0, CBOR_OTHER},    {0xf4, CBOR_OTHER},
        {0xf6, CBOR_OTHER}, {0xfb, CBOR_OTHER}, {0xff, CBOR_OTHER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        reader r = rd_of(bytes_of(&cases[i].first, 1));
        assert_int_equal(cbor_peek(&r), cases[i].major);
        assert_int_equal(rd_left(&r), 1);
    }
    reader empty = rd_of(BYTES_NONE);
    assert_int_equal(cbor_peek(&empty), CBOR_OTHER);
}

/* Of all first bytes, each function takes only those of its own type with a known length. */
static void every_first_byte(void **state)
{
    (void)state;
    static const cbor_major type_of[] = {CBOR_UINT, CBOR_UINT,  CBOR_TAG, CBOR_ARRAY,
                                         CBOR_MAP,  CBOR_BYTES, CBOR_TEXT};
    for (unsigned first = 0; first < 256; first++) {
        unsigned info = first & 0x1f, width = info < 24 || info > 27 ? 0 : 1U << (info - 24);
        /* The least value of that width, and enough zeros for what it may count. */
        static uint8_t in[9 + 2 * 65536];
        memset(in, 0, sizeof in);
        in[0] = (uint8_t)first;
        if (width == 1)
            in[1] = 24;
        else if (width > 0)
            in[width / 2] = 1;
        for (read_by how = UINT; how <= TEXT; how++) {
            reader r = rd_of(bytes_of(in, sizeof in));
            (void)read_one(&r, how, 0, SIZE_MAX);
            bool fits = width < 8 || how <= TAG; /* 2^32 of anything are not there */
            bool expected = first >> 5 == (unsigned)type_of[how] && info <= 27 && fits;
            if (rd_ok(&r) != expected)
                fail_msg("first byte %02x, function %u", first, how);
        }
    }
}

static void heads_are_the_shortest_and_are_read_back(void **state)
{
    (void)state;
    static const struct {
        uint64_t v;
        size_t n;
    } cases[] = {
        {0, 1},          {1, 1},         {23, 1},         {24, 2},    {255, 2},
        {256, 3},        {60000, 3},     {65535, 3},      {65536, 5}, {UINT32_MAX, 5},
        {4294967296, 9}, {INT64_MAX, 9}, {UINT64_MAX, 9},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int major = CBOR_UINT; major <= CBOR_TAG; major++) {
            uint8_t out[9];
            writer w = wr_of(out, sizeof out);
            cbor_put_head(&w, (cbor_major)major, cases[i].v);
            assert_int_equal(wr_bytes(&w).n, cases[i].n);
            assert_int_equal(out[0] >> 5, major);
            out[0] &= 0x1f; /* as an integer, to be read back by any reader */
            reader r = rd_of(wr_bytes(&w));
            assert_true(cbor_uint(&r, CBOR_SHORTEST) == cases[i].v);
            assert_true(rd_done(&r));
            out[0] |= CBOR_TAG << 5;
            r = rd_of(wr_bytes(&w));
            assert_true(cbor_tag(&r) == cases[i].v);
            assert_true(rd_done(&r));
            writer tight = wr_of(out, cases[i].n - 1);
            cbor_put_head(&tight, (cbor_major)major, cases[i].v);
            assert_false(wr_ok(&tight));
        }
    }
}

static void strings_are_written_and_read_back(void **state)
{
    (void)state;
    static const uint8_t zeros[70000];
    static uint8_t out[70010];
    static const size_t sizes[] = {0, 1, 23, 24, 255, 256, 65535, 65536, 70000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        writer w = wr_of(out, sizeof out);
        cbor_put_bytes(&w, bytes_of(zeros, sizes[i]));
        reader r = rd_of(wr_bytes(&w));
        assert_true(bytes_equal(cbor_bytes(&r), bytes_of(zeros, sizes[i])));
        assert_true(rd_done(&r));
    }
    static const char *const texts[] = {"", "a", "pubkey-hash", "twenty-four characters..",
                                        "\xe2\x82\xac"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        writer w = wr_of(out, sizeof out);
        cbor_put_text(&w, texts[i]);
        reader r = rd_of(wr_bytes(&w));
        assert_true(bytes_is(cbor_text(&r), texts[i]));
        assert_true(rd_done(&r));
    }
}

/* The example of the common format, item by item. */
static void a_claims_buffer_is_read_in_place(void **state)
{
    (void)state;
    bytes in = assemble("d9 ea 60 82 42 aa bb 58 33"
                        "a1 6b 'pubkey-hash' 58 24 82 01 58 20 07*32");
    reader r = rd_of(in);
    assert_int_equal(cbor_peek(&r), CBOR_TAG);
    assert_int_equal(cbor_tag(&r), 60000);
    assert_int_equal(cbor_array(&r, 2, 2), 2);
    assert_int_equal(cbor_bytes(&r).n, 2);
    bytes claims = cbor_bytes(&r);
    assert_int_equal(claims.n, 51);
    assert_ptr_equal(claims.p, in.p + 9);
    assert_true(rd_done(&r));
    r = rd_of(claims);
    assert_int_equal(cbor_map(&r, 1, 16), 1);
    assert_true(bytes_is(cbor_text(&r), "pubkey-hash"));
    bytes entry = cbor_bytes(&r);
    assert_true(rd_done(&r));
    r = rd_of(entry);
    assert_int_equal(cbor_array(&r, 2, 2), 2);
    assert_int_equal(cbor_uint(&r, CBOR_ANY_WIDTH), 1);
    assert_int_equal(cbor_bytes(&r).n, 32);
    assert_true(rd_done(&r));
    bytes_free(in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_not_asked_for_or_not_strict),
        cmocka_unit_test(reads_items_and_refuses_each_truncation),
        cmocka_unit_test(peeks_at_the_major_type),
        cmocka_unit_test(every_first_byte),
        cmocka_unit_test(heads_are_the_shortest_and_are_read_back),
        cmocka_unit_test(strings_are_written_and_read_back),
        cmocka_unit_test(a_claims_buffer_is_read_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
