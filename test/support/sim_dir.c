#include "testing.h"

#include "sim_dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "codec/pem.h"
#include "x509/certificate.h"

const char *const sim_files[SIM_FILES] = {
    "root.pem",        "root-key.pem",        "platform-ca.pem", "platform-ca-key.pem",
    "tcb-signer.pem",  "tcb-signer-key.pem",  "pck.pem",         "pck-key.pem",
    "collateral.json", "attestation-key.pem", "platform.json"};

sim_place sim_place_new(void)
{
    sim_place p = {.dir = "test-sim-XXXXXX"};
    assert_non_null(mkdtemp(p.dir));
    (void)snprintf(p.root, sizeof p.root, "%s/sim", p.dir);
    return p;
}

const char *sim_path(const char *dir, const char *name)
{
    static char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

void sim_remove(const char *dir)
{
    for (size_t i = 0; i < SIM_FILES; i++)
        (void)remove(sim_path(dir, sim_files[i]));
    (void)rmdir(dir);
}

void sim_place_end(sim_place *p)
{
    sim_remove(p->root);
    assert_int_equal(rmdir(p->dir), 0);
}

void file_put(const char *path, bytes content)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(content.p, 1, content.n, f), content.n);
    assert_int_equal(fclose(f), 0);
}

bytes file_take(const char *path)
{
    enum { MAX = 1 << 19 };
    uint8_t *data = malloc(MAX);
    FILE *f = fopen(path, "rb");
    assert_true(data != NULL && f != NULL);
    size_t n = fread(data, 1, MAX, f);
    assert_true(n < MAX);
    (void)fclose(f);
    return bytes_of(data, n);
}

void file_drop(bytes b)
{
    free((void *)(uintptr_t)b.p);
}

void sim_make(const char *dir, const ratls_sim_options *o)
{
    ratls_error e = {.text = ""};
    ratls_code code = ratls_sim_new(dir, o, SIM_NOW, &e);
    if (code != RATLS_OK)
        fail_msg("%s: %s", ratls_code_name(code), e.text);
}

ratls_sim *sim_open(const char *dir)
{
    ratls_error e = {.text = ""};
    ratls_sim *sim = ratls_sim_open(dir, &e);
    if (sim == NULL)
        fail_msg("%s: %s", ratls_code_name(e.code), e.text);
    return sim;
}

ratls_sim *sim_make_open(const char *dir, const ratls_sim_options *o)
{
    sim_make(dir, o);
    return sim_open(dir);
}

ratls_sim_options sim_options(ratls_tee tee, uint16_t version, bool td15)
{
    ratls_sim_options o;
    ratls_sim_defaults(tee, &o);
    o.quote_version = version;
    o.td15 = td15;
    return o;
}

/* The part of a certificate that is signed, or the whole of another file. */
static bytes unsigned_part(const char *name, bytes whole)
{
    static uint8_t der[8192];
    static certificate c;
    size_t n;
    bytes label;
    ratls_error e;
    if (strstr(name, "-key.pem") != NULL || strstr(name, ".pem") == NULL)
        return whole;
    reader r = rd_of(whole);
    assert_int_equal(pem_next(&r, &label, der, sizeof der, &n), 1);
    assert_int_equal(certificate_parse(bytes_of(der, n), &c, &e), RATLS_OK);
    return c.tbs;
}

bool sim_same_file(const char *a, const char *b, const char *name)
{
    bytes x = file_take(sim_path(a, name)), y = file_take(sim_path(b, name));
    bytes tbs = unsigned_part(name, x);
    uint8_t *copy = malloc(tbs.n);
    assert_non_null(copy);
    memcpy(copy, tbs.p, tbs.n);
    bool same = bytes_equal(bytes_of(copy, tbs.n), unsigned_part(name, y));
    free(copy);
    file_drop(x);
    file_drop(y);
    return same;
}
