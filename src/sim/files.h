#ifndef SIM_FILES_H
#define SIM_FILES_H

#include "base/bytes.h"
#include "base/error.h"

/* The directory of a simulated platform: ordinary files. */
#define SIM_FILE_MAX (256 * 1024)
#define SIM_PATH_MAX 4096

typedef enum sim_access { SIM_PUBLIC, SIM_SECRET } sim_access;

/* Made, or there already and empty; SYSTEM if not. */
RATLS_MUST_USE ratls_code files_make_dir(const char *dir, ratls_error *e);

/* DIR/name whole into `out`. MISSING if there is none, LIMIT if `cap` is short, SYSTEM. */
RATLS_MUST_USE ratls_code files_read(const char *dir, const char *name, uint8_t *out, size_t cap,
                                     size_t *n, ratls_error *e);

/* Whole under another name, then renamed to DIR/name: nobody sees half a file. Secret files get
 * mode 0600, others 0644. */
RATLS_MUST_USE ratls_code files_write(const char *dir, const char *name, bytes content,
                                      sim_access access, ratls_error *e);

#endif
