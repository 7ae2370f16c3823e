#ifndef SUPPORT_KERNEL_H
#define SUPPORT_KERNEL_H

#include "attest/io.h"
#include "vendor.h"

/*
 * The kernel interfaces from which quotes come, in memory, as the real ones behave: Gramine's
 * /dev/attestation, configfs-tsm, /dev/tdx_guest with the host's quote generation service. Reads
 * are short. Their roots are "/gramine", "/tsm", "/tdx" and "/qgs".
 */
#define KERNEL_FAULTS 8
#define KERNEL_FILES  8

/* The next `times` calls of this kind on a path that ends so give this. */
typedef struct kernel_fault {
    char op; /* 'o'pen, 'r'ead, 'w'rite, 'm'kdir, 't'd_report, 'c'onnect */
    const char *path;
    long result; /* negative errno; for 'w' also a short count */
    unsigned times;
} kernel_fault;

typedef struct kernel_file {
    bool used, fresh; /* nothing read yet */
    char path[128];
    bytes content;
    size_t at;
    uint8_t written[2048];
    size_t written_n;
} kernel_file;

typedef struct kernel {
    attest_io io;
    vendor vendor;
    bool gramine, tsm, tdx_guest;
    const char *type, *provider; /* "dcap", "tdx_guest\n" */
    size_t cut, keep;            /* bytes missing from each quote, or all that is there of it */
    bool longer;                 /* 64 KiB more behind it */
    bool other_data;             /* quotes and TD reports over other report data */
    bool ignore_inblob;          /* what is written there does not arrive */
    unsigned interlopers;        /* so many times another program writes to our entry */
    const char *generation_text; /* instead of the number */
    bytes answer;                /* of the quote generation service, instead of the right one */
    kernel_fault faults[KERNEL_FAULTS];

    kernel_file files[KERNEL_FILES];
    uint8_t report_data[64]; /* Gramine's */
    char entry[128];         /* the directory in configfs; "" if there is none */
    unsigned entries;        /* made so far */
    uint64_t generation;
    uint8_t inblob[64];
    bool has_inblob;
    unsigned quotes, pauses;
} kernel;

/* Nothing is there until switched on. The kernel must stay where it is. */
void kernel_init(kernel *k, quote_tee tee, unsigned version);
/* No file is open and no directory left. */
bool kernel_clean(const kernel *k);
/* An answer of the quote generation service, with its length before it. */
bytes kernel_qgs_answer(bytes quote);

#endif
