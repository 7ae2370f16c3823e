/* What all sources of a machine share, and the choice among them. */
#include <stdlib.h>

#include "attest/sources.h"
#include "ratls/sim.h"

static bool copy_path(char out[IO_PATH_MAX], const char *path)
{
    size_t n = strlen(path);
    /* A name is still to be put behind it. */
    if (n >= IO_PATH_MAX - 64)
        return false;
    memcpy(out, path, n + 1);
    return true;
}

ratls_code source_state_new(const attest_io *io, const char *name, const char *root,
                            const char *other, source_state **out, ratls_error *e)
{
    *out = NULL;
    source_state *s = malloc(sizeof *s);
    if (s == NULL)
        return refuse(e, RATLS_E_SYSTEM, 0, "out of memory");
    s->io = io;
    if (!copy_path(s->root, root) || !copy_path(s->other, other != NULL ? other : "")) {
        free(s);
        return refuse(e, RATLS_E_LIMIT, 0, "%s: a path is longer than %d bytes", name,
                      IO_PATH_MAX - 65);
    }
    *out = s;
    return RATLS_OK;
}

void ratls_source_free(ratls_source *source)
{
    if (source->free != NULL)
        source->free(source->state);
    *source = (ratls_source){.name = NULL};
}

/* The length of "gramine: no PATH", without the guess why. */
static int looked_for(const ratls_error *e)
{
    const char *end = strrchr(e->text, ':');
    return (int)(end != NULL ? end - e->text : (ptrdiff_t)strlen(e->text));
}

ratls_code auto_source(const attest_io *io, const ratls_source_paths *paths, ratls_source *source,
                       ratls_error *e)
{
    ratls_code (*const all[])(const attest_io *, const ratls_source_paths *, ratls_source *,
                              ratls_error *) = {gramine_source, tsm_source, tdx_guest_source};
    enum { ALL_N = sizeof all / sizeof *all };
    ratls_error errors[ALL_N];
    for (size_t i = 0; i < ALL_N; i++) {
        ratls_code code = all[i](io, paths, source, &errors[i]);
        if (code == RATLS_OK)
            return RATLS_OK;
        /* It is there and does not work: going on to the next would hide that. */
        if (code != RATLS_E_MISSING) {
            if (e != NULL)
                *e = errors[i];
            return code;
        }
    }
    return refuse(e, RATLS_E_MISSING, 0, "no source of quotes on this machine: %.*s; %.*s; %.*s",
                  looked_for(&errors[0]), errors[0].text, looked_for(&errors[1]), errors[1].text,
                  looked_for(&errors[2]), errors[2].text);
}

ratls_code ratls_source_gramine(const ratls_source_paths *paths, ratls_source *source,
                                ratls_error *error)
{
    return gramine_source(&io_posix, paths, source, error);
}

ratls_code ratls_source_tsm(const ratls_source_paths *paths, ratls_source *source,
                            ratls_error *error)
{
    return tsm_source(&io_posix, paths, source, error);
}

ratls_code ratls_source_tdx_guest(const ratls_source_paths *paths, ratls_source *source,
                                  ratls_error *error)
{
    return tdx_guest_source(&io_posix, paths, source, error);
}

ratls_code ratls_source_auto(const ratls_source_paths *paths, ratls_source *source,
                             ratls_error *error)
{
    return auto_source(&io_posix, paths, source, error);
}

static ratls_code sim_quote(void *state, const uint8_t report_data[64], uint8_t *out, size_t cap,
                            size_t *n, ratls_error *error)
{
    return ratls_sim_quote(state, report_data, out, cap, n, error);
}

static ratls_code sim_collateral(void *state, uint8_t *out, size_t cap, size_t *n,
                                 ratls_error *error)
{
    return ratls_sim_collateral(state, out, cap, n, error);
}

static void sim_free(void *state)
{
    ratls_sim *sim = state;
    ratls_sim_free(&sim);
}

ratls_code ratls_source_sim(const char *dir, ratls_source *source, ratls_error *error)
{
    ratls_error reason;
    ratls_sim *sim = ratls_sim_open(dir, &reason);
    if (sim == NULL) {
        if (error != NULL)
            *error = reason;
        return reason.code;
    }
    *source = (ratls_source){
        .name = "sim",
        .state = sim,
        .quote = sim_quote,
        .collateral = sim_collateral,
        .free = sim_free,
    };
    return RATLS_OK;
}
