/* Refusals, each with its code and sentence. */
#include "testing.h"

#include "assemble.h"
#include "x509/certificate.h"
#include "x509_maker.h"

#define NOW 1700000000
#define DAY 86400

static bytes assembled(const char *text)
{
    bytes block = assemble(text), kept = arena_copy(block);
    bytes_free(block);
    return kept;
}

static cert_spec good_spec(void)
{
    EVP_PKEY *key = key_named(KEY_TYPE_P256, "self");
    cert_spec c = cert_spec_of("CN=peer,O=ratls tests,C=US", key, NOW - DAY, NOW + DAY);
    ext_set(&c.ext, OID_BASIC_CONSTRAINTS, true, ext_basic(false, -1));
    ext_set(&c.ext, OID_KEY_USAGE, true, ext_usage(USAGE_SIGNATURE));
    ext_set(&c.ext, OID_SUBJECT_KEY_ID, false, ext_subject_key_id(key));
    ext_set(&c.ext, OID_AUTHORITY_KEY_ID, false, ext_authority_key_id(key));
    return c;
}

/* As refused parsers are given it: a block of exactly its size, so that a sanitizer sees one byte
 * too many. */
static ratls_code parse_exactly(bytes der, ratls_error *e)
{
    certificate c;
    bytes block = bytes_resized(der, der.n);
    ratls_code code = certificate_parse(block, &c, e);
    bytes_free(block);
    return code;
}

static void expect(const char *name, bytes der, ratls_code code, const char *sentence)
{
    ratls_error e = {.code = RATLS_OK, .text = ""};
    ratls_code got = parse_exactly(der, &e);
    if (got != code)
        fail_msg("%s: %s, expected %s (%s)", name, ratls_code_name(got), ratls_code_name(code),
                 e.text);
    if (code == RATLS_OK)
        return;
    if (e.code != code || strstr(e.text, sentence) == NULL)
        fail_msg("%s: \"%s\" lacks \"%s\"", name, e.text, sentence);
    if (e.offset > der.n || strncmp(e.text, "certificate: ", 13) != 0)
        fail_msg("%s: offset %zu, \"%s\"", name, e.offset, e.text);
    assert_int_equal(parse_exactly(der, NULL), code);
}

/* The part of a certificate that a case replaces. */
typedef enum part {
    VERSION, /* one byte: as encoded */
    SERIAL,  /* contents */
    INNER,   /* whole elements, from here */
    OUTER,
    ALGORITHM, /* both of them */
    ISSUER,
    SUBJECT,
    NOT_BEFORE,
    NOT_AFTER,
    SPKI,
    AFTER_SPKI,
    EXTENSION, /* a further Extension */
    TRAILING,
    V1_AFTER_SPKI, /* in a certificate of that version without further extensions */
    V2_AFTER_SPKI,
    V3_AFTER_SPKI
} part;

static bytes with_part(part where, bytes b)
{
    cert_spec s = good_spec();
    switch (where) {
    case VERSION:
        s.version = b.p[0];
        break;
    case SERIAL:
        s.serial = b;
        break;
    case INNER:
        s.inner_algorithm = b;
        break;
    case OUTER:
        s.outer_algorithm = b;
        break;
    case ALGORITHM:
        s.inner_algorithm = s.outer_algorithm = b;
        break;
    case ISSUER:
        s.issuer = b;
        break;
    case SUBJECT:
        s.subject = b;
        break;
    case NOT_BEFORE:
        s.not_before_raw = b;
        break;
    case NOT_AFTER:
        s.not_after_raw = b;
        break;
    case SPKI:
        s.spki = b;
        break;
    case AFTER_SPKI:
        s.extra_tbs = b;
        break;
    case EXTENSION:
        ext_add(&s.ext, "1.2.3", false, b)->raw = b;
        break;
    case TRAILING:
        s.trailing = b;
        break;
    case V1_AFTER_SPKI:
    case V2_AFTER_SPKI:
    case V3_AFTER_SPKI:
        s.version = where == V1_AFTER_SPKI ? -1 : where == V2_AFTER_SPKI ? 1 : 2;
        s.no_extensions = true;
        s.extra_tbs = b;
        break;
    }
    return cert_make(&s);
}

#define ECDSA256  "06082a8648ce3d040302"
#define EC_P256   "3013 06072a8648ce3d0201 06082a8648ce3d030107"
#define RSA_PKCS1 "06092a864886f70d0101"
#define CN_STRING "3009 3107 3005 0603550403"
#define SHA(n)    "300d 06096086480165030402" n " 0500"
#define PSS(body) RSA_PKCS1 "0a " body
#define MGF(hash) "a11c 301a " RSA_PKCS1 "08 " hash
#define M         RATLS_E_MALFORMED
#define U         RATLS_E_UNSUPPORTED

static const struct {
    const char *name;
    part where;
    const char *bytes;
    ratls_code code;
    const char *sentence;
} parts[] = {
    {"version 1 written out", VERSION, "00", M, "leaves out a default"},
    {"version 2 with extensions", VERSION, "01", M, "extensions in a version 2"},
    {"version 3", VERSION, "02", RATLS_OK, ""},
    {"version 4", VERSION, "03", U, "version 4, expected"},

    {"serial of 20 bytes", SERIAL, "7f*20", RATLS_OK, ""},
    {"serial of 20 bytes with a zero, as Intel's", SERIAL, "00 ff*20", RATLS_OK, ""},
    {"serial of 21 bytes", SERIAL, "01*21", M, "serial has 21 bytes, at most 20 are allowed"},
    {"serial of 21 bytes with a zero", SERIAL, "00 ff*21", M, "serial has 21 bytes"},
    {"serial negative of 21 bytes", SERIAL, "80*21", M, "serial has 21 bytes"},
    {"serial zero", SERIAL, "00", RATLS_OK, ""},
    {"serial negative", SERIAL, "ff01", RATLS_OK, ""},
    {"serial empty", SERIAL, "", M, "serial is not an INTEGER"},
    {"serial with a zero too many", SERIAL, "0001", M, "serial is not an INTEGER"},
    {"serial with ff too many", SERIAL, "ff80", M, "serial is not an INTEGER"},

    {"inner algorithm only with NULL", INNER, "300c " ECDSA256 " 0500", M, "differs"},
    {"outer algorithm only with NULL", OUTER, "300c " ECDSA256 " 0500", M, "differs"},
    {"outer algorithm another", OUTER, "300a 06082a8648ce3d040303", M, "differs"},
    {"outer algorithm absent", OUTER, "0500", M, "differs"},
    {"ECDSA with a NULL of one byte", ALGORITHM, "300d " ECDSA256 " 050100", M, "parameters"},
    {"ECDSA with two NULLs", ALGORITHM, "300e " ECDSA256 " 0500 0500", M, "parameters"},
    {"ECDSA with an OID", ALGORITHM, "3010 " ECDSA256 " 06042b810400", M, "parameters"},
    {"Ed25519 with NULL", ALGORITHM, "3007 06032b6570 0500", M, "parameters"},
    {"algorithm without OID", ALGORITHM, "3000", M, "not an AlgorithmIdentifier"},
    {"algorithm no SEQUENCE", ALGORITHM, "310a " ECDSA256, M, "not an AlgorithmIdentifier"},
    {"ECDSA with SHA-1", ALGORITHM, "3009 06072a8648ce3d0401", U, "1.2.840.10045.4.1"},
    {"ECDSA with SHA-224", ALGORITHM, "300a 06082a8648ce3d040301", U, "1.2.840.10045.4.3.1"},
    {"RSA with SHA-1", ALGORITHM, "300d " RSA_PKCS1 "05 0500", U, "1.2.840.113549.1.1.5"},
    {"RSA with MD5", ALGORITHM, "300d " RSA_PKCS1 "04 0500", U, "1.2.840.113549.1.1.4"},
    {"Ed448", ALGORITHM, "3005 06032b6571", U, "1.3.101.113"},
    {"PSS without parameters", ALGORITHM, "300b " PSS(""), U, "RSASSA-PSS"},
    {"PSS of all defaults", ALGORITHM, "300d " PSS("3000"), U, "RSASSA-PSS"},
    {"PSS with NULL", ALGORITHM, "300d " PSS("0500"), M, "parameters"},
    {"PSS without salt", ALGORITHM, "303c " PSS("302f a00f " SHA("02") MGF(SHA("02"))), U,
     "RSASSA-PSS"},
    {"PSS with a short salt", ALGORITHM,
     "3041 " PSS("3034 a00f " SHA("02") MGF(SHA("02")) "a203 020120"), U, "RSASSA-PSS"},
    {"PSS with a long salt", ALGORITHM,
     "3041 " PSS("3034 a00f " SHA("01") MGF(SHA("01")) "a203 020130"), U, "RSASSA-PSS"},
    {"PSS with a negative salt", ALGORITHM,
     "3041 " PSS("3034 a00f " SHA("02") MGF(SHA("02")) "a203 0201ff"), M, "parameters"},
    {"PSS with two hashes", ALGORITHM,
     "3041 " PSS("3034 a00f " SHA("02") MGF(SHA("01")) "a203 020130"), U, "RSASSA-PSS"},
    {"PSS with SHA-224", ALGORITHM,
     "3041 " PSS("3034 a00f " SHA("04") MGF(SHA("04")) "a203 02011c"), U, "RSASSA-PSS"},
    {"PSS with MGF1 of SHA-1 by default", ALGORITHM,
     "3023 " PSS("3016 a00f " SHA("01") "a203 020120"), U, "RSASSA-PSS"},
    {"PSS with another mask", ALGORITHM,
     "3041 " PSS("3034 a00f " SHA("02") "a11c 301a " RSA_PKCS1 "09 " SHA("02") "a203 020130"), U,
     "RSASSA-PSS"},
    {"PSS with trailer 2", ALGORITHM,
     "3046 " PSS("3039 a00f " SHA("02") MGF(SHA("02")) "a203 020130 a303 020102"), U, "RSASSA-PSS"},
    {"PSS with a field 4", ALGORITHM,
     "3046 " PSS("3039 a00f " SHA("02") MGF(SHA("02")) "a203 020130 a403 020102"), M, "parameters"},
    {"PSS with fields swapped", ALGORITHM,
     "3041 " PSS("3034 a203 020130 a00f " SHA("02") MGF(SHA("02"))), M, "parameters"},
    {"PSS whose hash has an OID as parameter", ALGORITHM,
     "3043 " PSS("3036 a011 300f 0609608648016503040202 06022a03" MGF(SHA("02")) "a203 020130"), M,
     "parameters"},
    {"PSS whose mask has two hashes", ALGORITHM,
     "3050 " PSS("3043 a00f " SHA("02") "a12b 3029 " RSA_PKCS1 "08 " SHA("02")
                     SHA("02") "a203 020130"),
     M, "parameters"},
    {"PSS with two salts", ALGORITHM,
     "3044 " PSS("3037 a00f " SHA("02") MGF(SHA("02")) "a206 020130 020130"), M, "parameters"},
    {"PSS with an empty trailer", ALGORITHM,
     "3043 " PSS("3036 a00f " SHA("02") MGF(SHA("02")) "a203 020130 a300"), M, "parameters"},
    {"PSS with junk after the hash", ALGORITHM,
     "3043 " PSS("3036 a011 " SHA("02") "0500" MGF(SHA("02")) "a203 020130"), M, "parameters"},

    {"issuer empty", ISSUER, "3000", RATLS_OK, ""},
    {"issuer of two values in one RDN", ISSUER,
     "3016 3114 3008 0603550403 0c0161 3008 060355040a 0c0162", RATLS_OK, ""},
    {"issuer a SET", ISSUER, "3100", M, "issuer is not a Name"},
    {"issuer with an empty RDN", ISSUER, "3002 3100", M, "issuer is not a Name"},
    {"issuer with an attribute without value", ISSUER, CN_STRING, M, "issuer is not a Name"},
    {"issuer with an INTEGER", ISSUER, "300c 310a 3008 0603550403 020101", M, "issuer is not"},
    {"subject with two strings in one attribute", SUBJECT,
     "300f 310d 300b 0603550403 0c0161 0c0162", M, "subject is not a Name"},
    {"subject in UTF-8", SUBJECT, "300d 310b 3009 0603550403 0c02 c3a4", RATLS_OK, ""},
    {"subject with an overlong UTF-8 form", SUBJECT, "300d 310b 3009 0603550403 0c02 c1a4", M,
     "subject is not"},
    {"subject with a UTF-8 surrogate", SUBJECT, "300e 310c 300a 0603550403 0c03 eda080", M,
     "subject is not"},
    {"subject above U+10FFFF", SUBJECT, "300f 310d 300b 0603550403 0c04 f4908080", M,
     "subject is not"},
    {"subject with a UTF-8 form that does not go on", SUBJECT,
     "300d 310b 3009 0603550403 0c02 c341", M, "subject is not"},
    {"subject with a cut UTF-8 form", SUBJECT, "300d 310b 3009 0603550403 0c02 e4b8", M,
     "subject is not"},
    {"subject as BMPString", SUBJECT, "300d 310b 3009 0603550403 1e02 00e4", RATLS_OK, ""},
    {"subject as BMPString of 3 bytes", SUBJECT, "300e 310c 300a 0603550403 1e03 00e400", M,
     "subject is not"},
    {"subject as BMPString with a surrogate", SUBJECT, "300d 310b 3009 0603550403 1e02 d800", M,
     "subject is not"},
    {"subject as UniversalString", SUBJECT, "300f 310d 300b 0603550403 1c04 00000041", M,
     "subject is not"},

    {"notBefore GeneralizedTime before 2050", NOT_BEFORE, "180f '20210401000000Z'", RATLS_OK, ""},
    {"notAfter without end", NOT_AFTER, "180f '99991231235959Z'", RATLS_OK, ""},
    {"notAfter equal to notBefore", NOT_AFTER, "170d '231113221320Z'", RATLS_OK, ""},
    {"notAfter a second before notBefore", NOT_AFTER, "170d '231113221319Z'", M,
     "notAfter 2023-11-13T22:13:19Z is before notBefore 2023-11-13T22:13:20Z"},
    {"notBefore without seconds", NOT_BEFORE, "170b '2104010000Z'", M, "validity"},
    {"notBefore with an offset", NOT_BEFORE, "1711 '210401000000+0000'", M, "validity"},
    {"notAfter with a fraction", NOT_AFTER, "1811 '20300401000000.5Z'", M, "validity"},
    {"notAfter on 30 February", NOT_AFTER, "180f '20300230000000Z'", M, "validity"},
    {"notAfter an INTEGER", NOT_AFTER, "020101", M, "validity"},
    {"three times", NOT_AFTER, "170d '300401000000Z' 170d '300401000000Z'", M, "validity"},

    {"P-256", SPKI, "3059 " EC_P256 "034200 04 11*64", RATLS_OK, ""},
    {"P-256 point short", SPKI, "3058 " EC_P256 "034100 04 11*63", M, "point of 65 bytes"},
    {"P-256 point long", SPKI, "305a " EC_P256 "034300 04 11*65", M, "point of 65 bytes"},
    {"P-256 point compressed, even", SPKI, "3039 " EC_P256 "032200 02 11*32", U, "compressed"},
    {"P-256 point compressed, odd", SPKI, "3039 " EC_P256 "032200 03 11*32", U, "compressed"},
    {"P-256 point hybrid", SPKI, "3059 " EC_P256 "034200 06 11*64", U, "hybrid"},
    {"P-256 infinity", SPKI, "3019 " EC_P256 "0302 0000", M, "point of 65 bytes"},
    {"P-256 no point", SPKI, "3018 " EC_P256 "0301 00", M, "point of 65 bytes"},
    {"P-256 point of form 5", SPKI, "3059 " EC_P256 "034200 05 11*64", M, "point of 65 bytes"},
    {"P-256 with unused bits", SPKI, "3059 " EC_P256 "034201 04 11*63 10", M,
     "SubjectPublicKeyInfo"},
    {"P-384", SPKI, "3076 3010 06072a8648ce3d0201 06052b81040022 036200 04 11*96", RATLS_OK, ""},
    {"P-521", SPKI, "30819b 3010 06072a8648ce3d0201 06052b81040023 03818600 04 11*132", RATLS_OK,
     ""},
    {"secp256k1", SPKI, "3056 3010 06072a8648ce3d0201 06052b8104000a 034200 04 11*64", U,
     "curve is 1.3.132.0.10; expected"},
    {"P-256 implicit", SPKI, "3051 300b 06072a8648ce3d0201 0500 034200 04 11*64", M, "not named"},
    {"P-256 without curve", SPKI, "304f 3009 06072a8648ce3d0201 034200 04 11*64", M, "not named"},
    {"P-256 curve and more", SPKI,
     "305b 3015 06072a8648ce3d0201 06082a8648ce3d030107 0500 034200 04 11*64", M, "not just"},
    {"Ed25519", SPKI, "302a 3005 06032b6570 032100 11*32", RATLS_OK, ""},
    {"Ed25519 of 31 bytes", SPKI, "3029 3005 06032b6570 032000 11*31", M, "Ed25519"},
    {"Ed25519 with NULL", SPKI, "302c 3007 06032b6570 0500 032100 11*32", M, "Ed25519"},
    {"X25519", SPKI, "302a 3005 06032b656e 032100 11*32", U, "key algorithm 1.3.101.110"},
    {"RSASSA-PSS key", SPKI, "3011 300b " RSA_PKCS1 "0a 0302 0030", U, "1.2.840.113549.1.1.10"},
    {"key without algorithm", SPKI, "3006 3000 030200 00", M, "SubjectPublicKeyInfo"},
    {"key and more", SPKI, "302c 3005 06032b6570 032100 11*32 0500", M, "SubjectPublicKeyInfo"},

    {"issuerUniqueID", AFTER_SPKI, "8102 0011", RATLS_OK, ""},
    {"subjectUniqueID", AFTER_SPKI, "8202 0410", RATLS_OK, ""},
    {"both of them", AFTER_SPKI, "8101 00 8202 0010", RATLS_OK, ""},
    {"issuerUniqueID in version 2", V2_AFTER_SPKI, "8102 0011", RATLS_OK, ""},
    {"issuerUniqueID in version 1", V1_AFTER_SPKI, "8102 0011", M, "version 1"},
    {"issuerUniqueID empty", AFTER_SPKI, "8100", M, "unique identifier"},
    {"issuerUniqueID with 8 unused bits", AFTER_SPKI, "8102 0800", M, "unique identifier"},
    {"issuerUniqueID with unused bits set", AFTER_SPKI, "8102 0411", M, "unique identifier"},
    {"issuerUniqueID of unused bits only", AFTER_SPKI, "8101 04", M, "unique identifier"},
    {"unique identifiers swapped", AFTER_SPKI, "8202 0010 8102 0010", M, "unknown field"},
    {"an unknown field", AFTER_SPKI, "0500", M, "unknown field"},
    {"extensions empty", V3_AFTER_SPKI, "a302 3000", M, "not one SEQUENCE of at least one"},
    {"extensions a SET", V3_AFTER_SPKI, "a30a 3108 3006 02022a03 0400", M, "not one SEQUENCE"},
    {"extensions in two SEQUENCEs", V3_AFTER_SPKI,
     "a314 3008 3006 06022a03 0400 3008 3006 06022a04 0400", M, "not one SEQUENCE"},
    {"extensions, just one", V3_AFTER_SPKI, "a30a 3008 3006 06022a03 0400", RATLS_OK, ""},
    {"extensions in version 1", V1_AFTER_SPKI, "a30f 300d 300b 06032a0304 0404 01020304", M,
     "extensions in a version 1"},

    {"extension twice", EXTENSION, "300c 0603551d13 0405 30030101ff", M, "2.5.29.19 stands twice"},
    {"critical TRUE", EXTENSION, "300a 06022a03 0101ff 0401aa", RATLS_OK, ""},
    {"critical 01", EXTENSION, "300a 06022a03 010101 0401aa", M, "OCTET STRING"},
    {"critical FALSE written out", EXTENSION, "300a 06022a03 010100 0401aa", M, "critical FALSE"},
    {"critical of two bytes", EXTENSION, "300b 06022a03 0102ffff 0401aa", M, "OCTET STRING"},
    {"extension without value", EXTENSION, "3004 06022a03", M, "OCTET STRING"},
    {"extension with an empty value", EXTENSION, "3006 06022a03 0400", RATLS_OK, ""},
    {"extension with a BIT STRING", EXTENSION, "3007 06022a03 030100", M, "OCTET STRING"},
    {"extension with a value in two parts", EXTENSION, "300a 06022a03 0401aa 0401aa", M,
     "OCTET STRING"},
    {"extension with an empty OID", EXTENSION, "3005 0600 0401aa", M, "OCTET STRING"},
    {"extension with an OID of a padded arc", EXTENSION, "3008 06032a8003 0401aa", M,
     "OCTET STRING"},
    {"extension length in two bytes", EXTENSION, "30820007 06022a03 0401aa", M, "OCTET STRING"},
    {"value length in two bytes", EXTENSION, "3008 06022a03 048101aa", M, "OCTET STRING"},
    {"value of indefinite length", EXTENSION, "300a 06022a03 2480 0401aa 0000", M, "OCTET STRING"},
    {"no extension but an INTEGER", EXTENSION, "020101", M, "OCTET STRING"},

    {"one byte after the end", TRAILING, "00", M, "1 bytes follow its end"},
    {"another certificate after the end", TRAILING, "3000", M, "2 bytes follow its end"},
};

static void parts_are_judged_one_by_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        arena_mark mark = arena_here();
        bytes der = with_part(parts[i].where, assembled(parts[i].bytes));
        expect(parts[i].name, der, parts[i].code, parts[i].sentence);
        arena_back(mark);
    }
}

/* Values of extensions that are decoded, not critical. */
static const struct {
    const char *name, *oid, *value;
    bool ok;
} values[] = {
    {"no CA", OID_BASIC_CONSTRAINTS, "3000", true},
    {"CA", OID_BASIC_CONSTRAINTS, "3003 0101ff", true},
    {"CA with path length", OID_BASIC_CONSTRAINTS, "3006 0101ff 020100", true},
    {"CA with path length 2^31-1", OID_BASIC_CONSTRAINTS, "3009 0101ff 02047fffffff", true},
    {"CA with path length 2^31", OID_BASIC_CONSTRAINTS, "300a 0101ff 02050080000000", false},
    {"CA with path length -1", OID_BASIC_CONSTRAINTS, "3006 0101ff 0201ff", false},
    {"CA FALSE written out", OID_BASIC_CONSTRAINTS, "3003 010100", false},
    {"CA 01", OID_BASIC_CONSTRAINTS, "3003 010101", false},
    {"path length without CA", OID_BASIC_CONSTRAINTS, "3003 020100", false},
    {"CA and more", OID_BASIC_CONSTRAINTS, "3008 0101ff 020100 0500", false},
    {"basicConstraints twice", OID_BASIC_CONSTRAINTS, "3000 3000", false},
    {"basicConstraints empty", OID_BASIC_CONSTRAINTS, "", false},

    {"usage of bit 0", OID_KEY_USAGE, "0302 0780", true},
    {"usage of bit 8", OID_KEY_USAGE, "0303 070080", true},
    {"usage without bits", OID_KEY_USAGE, "0301 00", false},
    {"usage zero", OID_KEY_USAGE, "0302 0700", false},
    {"usage with a zero at the end, as AMD writes it", OID_KEY_USAGE, "0302 0104", true},
    {"usage with unused bits set", OID_KEY_USAGE, "0302 07c0", false},
    {"usage of bit 9", OID_KEY_USAGE, "0303 060040", false},
    {"usage of bits 8 and 9", OID_KEY_USAGE, "0303 0600c0", false},
    {"usage of 3 bytes", OID_KEY_USAGE, "0304 07000080", false},
    {"usage with 8 unused bits", OID_KEY_USAGE, "0302 0880", false},
    {"usage as INTEGER", OID_KEY_USAGE, "0201 05", false},
    {"usage and more", OID_KEY_USAGE, "0302 0780 0500", false},

    {"key id", OID_SUBJECT_KEY_ID, "0401 aa", true},
    {"key id empty", OID_SUBJECT_KEY_ID, "0400", false},
    {"key id not wrapped", OID_SUBJECT_KEY_ID, "aabbcc", false},
    {"key id and more", OID_SUBJECT_KEY_ID, "0401 aa 00", false},

    {"authority key id", OID_AUTHORITY_KEY_ID, "3003 8001aa", true},
    {"authority key id absent", OID_AUTHORITY_KEY_ID, "3000", true},
    {"authority key id and serial", OID_AUTHORITY_KEY_ID, "300e 8001aa a106 a404 3002 3100 820101",
     true},
    {"authority serial alone", OID_AUTHORITY_KEY_ID, "3003 820101", false},
    {"authority issuer alone", OID_AUTHORITY_KEY_ID, "3004 a102 3000", false},
    {"authority key id empty", OID_AUTHORITY_KEY_ID, "3002 8000", false},
    {"authority key id of another tag", OID_AUTHORITY_KEY_ID, "3003 0401aa", false},

    {"alternative names", OID_SUBJECT_ALT_NAME, "300b 8203 612e62 8704 7f000001", true},
    {"alternative directory name", OID_SUBJECT_ALT_NAME, "3004 a402 3000", true},
    {"alternative names, none", OID_SUBJECT_ALT_NAME, "3000", false},
    {"alternative name of choice 9", OID_SUBJECT_ALT_NAME, "3003 8901 61", false},
    {"alternative DNS name constructed", OID_SUBJECT_ALT_NAME, "3003 a201 61", false},
    {"alternative name past the end", OID_SUBJECT_ALT_NAME, "3003 8202 61", false},
    {"alternative name a string", OID_SUBJECT_ALT_NAME, "3003 0c01 61", false},

    {"purposes", "2.5.29.37", "300a 06082b06010505070301", true},
    {"purposes, none", "2.5.29.37", "3000", false},
    {"purpose a string", "2.5.29.37", "3003 0c0161", false},

    {"distribution point of no field", OID_CRL_DISTRIBUTION, "3002 3000", true},
    {"distribution points, none", OID_CRL_DISTRIBUTION, "3000", false},
    {"distribution point of field 3", OID_CRL_DISTRIBUTION, "3005 3003 830100", false},
    {"distribution point out of order", OID_CRL_DISTRIBUTION, "3007 3005 810107 a000", false},
    {"distribution point a string", OID_CRL_DISTRIBUTION, "3003 0c0161", false},
};

static void extension_values_are_decoded_strictly(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        arena_mark mark = arena_here();
        cert_spec s = good_spec();
        ext_set(&s.ext, values[i].oid, false, assembled(values[i].value));
        expect(values[i].name, cert_make(&s), values[i].ok ? RATLS_OK : M,
               "is not as RFC 5280 4.2.1 writes it");
        arena_back(mark);
    }
}

static void known_extensions_may_be_critical(void **state)
{
    (void)state;
    static const struct {
        const char *oid, *value;
        size_t unknown;
    } cases[] = {
        {OID_BASIC_CONSTRAINTS, "3000", 0},
        {OID_KEY_USAGE, "0302 0780", 0},
        {OID_SUBJECT_ALT_NAME, "3003 8201 61", 0},
        {"2.5.29.37", "3005 0603551d25", 0},
        {OID_SUBJECT_KEY_ID, "0401aa", 1},
        {OID_AUTHORITY_KEY_ID, "3003 8001aa", 1},
        {OID_CRL_DISTRIBUTION, "3002 3000", 1},
        {"2.5.29.30", "3000", 1},
        {"2.5.29.32", "3000", 1},
        {"2.23.133.5.4.9", "d9ea6080", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cert_spec s = good_spec();
        ext_set(&s.ext, cases[i].oid, true, assembled(cases[i].value));
        certificate c;
        ratls_error e;
        assert_int_equal(certificate_parse(cert_make(&s), &c, &e), RATLS_OK);
        if (c.unknown_critical_n != cases[i].unknown)
            fail_msg("%s: %zu unknown", cases[i].oid, c.unknown_critical_n);
        bytes first = cases[i].unknown > 0 ? oid_contents(cases[i].oid) : BYTES_NONE;
        assert_true(bytes_equal(c.unknown_critical, first));
    }
}

static void signature_algorithms_are_known_by_oid_and_parameters(void **state)
{
    (void)state;
    static const struct {
        const char *algorithm;
        crypto_sig alg;
    } cases[] = {
        {"300a 06082a8648ce3d040302", CRYPTO_ECDSA_SHA256},
        {"300c 06082a8648ce3d040302 0500", CRYPTO_ECDSA_SHA256},
        {"300a 06082a8648ce3d040303", CRYPTO_ECDSA_SHA384},
        {"300a 06082a8648ce3d040304", CRYPTO_ECDSA_SHA512},
        {"300d " RSA_PKCS1 "0b 0500", CRYPTO_RSA_PKCS1_SHA256},
        {"300b " RSA_PKCS1 "0b", CRYPTO_RSA_PKCS1_SHA256},
        {"300d " RSA_PKCS1 "0c 0500", CRYPTO_RSA_PKCS1_SHA384},
        {"300d " RSA_PKCS1 "0d 0500", CRYPTO_RSA_PKCS1_SHA512},
        {"3041 " PSS("3034 a00f " SHA("01") MGF(SHA("01")) "a203 020120"), CRYPTO_RSA_PSS_SHA256},
        {"3041 " PSS("3034 a00f " SHA("02") MGF(SHA("02")) "a203 020130"), CRYPTO_RSA_PSS_SHA384},
        {"3041 " PSS("3034 a00f " SHA("03") MGF(SHA("03")) "a203 020140"), CRYPTO_RSA_PSS_SHA512},
        /* The default trailer written out, as AMD does. */
        {"3046 " PSS("3039 a00f " SHA("02") MGF(SHA("02")) "a203 020130 a303 020101"),
         CRYPTO_RSA_PSS_SHA384},
        /* Hashes without NULL. */
        {"303d " PSS("3030 a00d 300b 0609608648016503040201 a11a 3018 " RSA_PKCS1
                     "08 300b 0609608648016503040201 a203 020120"),
         CRYPTO_RSA_PSS_SHA256},
        {"3005 06032b6570", CRYPTO_ED25519},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        certificate c;
        ratls_error e = {.text = ""};
        bytes der = with_part(ALGORITHM, assembled(cases[i].algorithm));
        if (certificate_parse(der, &c, &e) != RATLS_OK || c.signature_algorithm != cases[i].alg)
            fail_msg("%s: %d, %s", cases[i].algorithm, (int)c.signature_algorithm, e.text);
    }
}

static void rsa_keys_are_judged_by_size_and_exponent(void **state)
{
    (void)state;
    static const struct {
        const char *modulus, *exponent;
        ratls_code code;
        unsigned bits;
        const char *sentence;
    } cases[] = {
        {"00 ff*256", "010001", RATLS_OK, 2048, ""},
        {"00 80 00*254 01", "03", RATLS_OK, 2048, ""},
        {"7f ff*255", "010001", U, 0, "has 2047 bits; expected 2048 to 8192"},
        {"00 ff*128", "010001", U, 0, "has 1024 bits"},
        {"01 ff*256", "010001", RATLS_OK, 2049, ""},
        {"00 ff*1024", "010001", RATLS_OK, 8192, ""},
        {"01 ff*1024", "010001", U, 0, "has 8193 bits"},
        {"00 ff*2048", "010001", U, 0, "has 16384 bits"},
        {"00 ff*255 fe", "010001", M, 0, "not positive and odd"},
        {"ff 7f*255", "010001", M, 0, "not positive and odd"},
        {"00", "010001", M, 0, "not positive and odd"},
        {"0000 ff*256", "010001", M, 0, "SEQUENCE of modulus and exponent"},
        {"00 ff*256", "00ffffffff", RATLS_OK, 2048, ""},
        {"00 ff*256", "0100000001", U, 0, "exponent"},
        {"00 ff*256", "01", U, 0, "exponent"},
        {"00 ff*256", "00", U, 0, "exponent"},
        {"00 ff*256", "010000", U, 0, "exponent"},
        {"00 ff*256", "ff01", U, 0, "exponent"},
        {"00 ff*256", "01 00*300", U, 0, "exponent"},
        {"00 ff*256", "", M, 0, "SEQUENCE of modulus and exponent"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cert_spec s = good_spec();
        bytes key = mk_seq(mk_int_raw(assembled(cases[i].modulus)),
                           mk_int_raw(assembled(cases[i].exponent)));
        s.spki = mk_seq(mk_seq(mk_oid("1.2.840.113549.1.1.1"), mk_null()), mk_bits(key));
        bytes der = cert_make(&s);
        expect(cases[i].modulus, der, cases[i].code, cases[i].sentence);
        certificate c;
        if (cases[i].code == RATLS_OK) {
            assert_int_equal(certificate_parse(der, &c, NULL), RATLS_OK);
            assert_int_equal(c.key_bits, cases[i].bits);
            assert_int_equal(c.kind, KEY_RSA);
            assert_int_equal(c.point.n, 0);
        }
    }
    cert_spec s = good_spec();
    bytes key = mk_seq(mk_int_raw(assembled("00 ff*256")), mk_int_raw(assembled("03")));
    s.spki = mk_seq(mk_seq(mk_oid("1.2.840.113549.1.1.1")), mk_bits(key));
    expect("RSA without NULL", cert_make(&s), M, "parameters are not NULL");
    s.spki = mk_seq(mk_seq(mk_oid("1.2.840.113549.1.1.1"), mk_null()),
                    mk_bits(join(key, assembled("00"))));
    expect("RSA and a byte", cert_make(&s), M, "SEQUENCE of modulus and exponent");
    s.spki = key_spki_explicit(s.key);
    expect("explicit curve", cert_make(&s), U, "writes out its curve's parameters");
    s.spki = key_spki_compressed(s.key);
    expect("compressed point", cert_make(&s), U, "compressed point");
}

static void limits_hold_exactly(void **state)
{
    (void)state;
    certificate c;
    ratls_error e;
    cert_spec s = good_spec();
    while (s.ext.n < CERTIFICATE_EXTENSIONS_MAX) {
        uint8_t last = (uint8_t)s.ext.n;
        bytes oid = join(assembled("2a03"), bytes_of(&last, 1));
        (void)ext_add_oid(&s.ext, oid, false, assembled("00"));
    }
    assert_int_equal(certificate_parse(cert_make(&s), &c, &e), RATLS_OK);
    assert_int_equal(c.extensions_n, CERTIFICATE_EXTENSIONS_MAX);
    (void)ext_add(&s.ext, "1.2.4.1", false, assembled("00"));
    expect("33 extensions", cert_make(&s), RATLS_E_LIMIT, "more than 32 extensions");

    /* The signature varies in length by a few bytes: repeat until the whole has the limit. */
    s = good_spec();
    size_t n = 65000;
    bytes der = BYTES_NONE;
    for (unsigned tries = 0; der.n != CERTIFICATE_MAX; tries++) {
        if (tries == 200)
            fail_msg("no certificate of %d bytes", CERTIFICATE_MAX);
        ext_set(&s.ext, "1.2.3.4", false, bytes_of(arena_alloc(n), n));
        der = cert_make(&s);
        n += CERTIFICATE_MAX - der.n;
    }
    expect("65536 bytes", der, RATLS_OK, "");
    expect("65537 bytes", join(der, assembled("00")), RATLS_E_LIMIT, "65537 bytes, at most 65536");
}

static void the_frame_is_strict(void **state)
{
    (void)state;
    cert_spec s = good_spec();
    bytes der = cert_make(&s);
    cert_layout l = cert_layout_of(der);
    /* der: 30 82 xx xx, 30 82 xx xx, ... , algorithm, 03 n 00 ... */
    expect("empty", BYTES_NONE, M, "not a DER SEQUENCE");
    expect("outer SET", bytes_patched(der, 0, assembled("31")), M, "not a DER SEQUENCE");
    expect("outer indefinite", bytes_patched(der, 1, assembled("80")), M, "not a DER SEQUENCE");
    expect("tbs a SET", bytes_patched(der, l.tbs_at, assembled("31")), M, "signed part");
    expect("tbs indefinite", bytes_patched(der, l.tbs_at + 1, assembled("80")), M, "signed part");
    expect("signature with unused bits", bytes_patched(der, l.signature_at + 2, assembled("01")), M,
           "no signature");
    expect("signature an OCTET STRING", bytes_patched(der, l.signature_at, assembled("04")), M,
           "no signature");
    expect("version in an OCTET STRING", bytes_patched(der, l.tbs_at + 6, assembled("04")), M,
           "version is not one small INTEGER");
    expect("empty SEQUENCE", assembled("3000"), M, "signed part");
    expect("empty tbs", assembled("3002 3000"), M, "serial");
    bytes inner = bytes_of(der.p + 4, der.n - 4);
    expect("no signature", mk_tlv(DER_SEQUENCE, bytes_cut(inner, l.signature_at - 4)), M,
           "no signature");
    expect("no outer algorithm", mk_tlv(DER_SEQUENCE, bytes_cut(inner, l.algorithm_at - 4)), M,
           "no signature algorithm");
    expect("a fourth field", mk_tlv(DER_SEQUENCE, join(inner, assembled("0500"))), M,
           "no signature");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_judged_one_by_one),
        cmocka_unit_test(extension_values_are_decoded_strictly),
        cmocka_unit_test(known_extensions_may_be_critical),
        cmocka_unit_test(signature_algorithms_are_known_by_oid_and_parameters),
        cmocka_unit_test(rsa_keys_are_judged_by_size_and_exponent),
        cmocka_unit_test(limits_hold_exactly),
        cmocka_unit_test(the_frame_is_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
