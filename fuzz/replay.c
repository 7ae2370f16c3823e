/*
 * Feeds a corpus to a fuzz target without libFuzzer: every file of a directory, up to 200 of its
 * truncations, and some copies with one byte changed, the same ones in every run.
 */
#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TRUNCATIONS 200
#define FLIPS       64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each input gets a block of exactly its size, so that a sanitizer sees one byte too many. */
static void feed(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL) {
        fprintf(stderr, "replay: out of memory\n");
        exit(1);
    }
    if (size > 0)
        memcpy(copy, data, size);
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void feed_variants(uint8_t *data, size_t size)
{
    feed(data, size);
    size_t steps = size < TRUNCATIONS ? size : TRUNCATIONS;
    for (size_t i = 0; i < steps; i++)
        feed(data, i * size / steps);
    for (size_t i = 0; i < FLIPS && size > 0; i++) {
        size_t at = i * size / FLIPS;
        uint8_t kept = data[at];
        data[at] ^= (uint8_t)(i % 2 == 0 ? 1U << (i / 2 % 8) : 0xff);
        feed(data, size);
        data[at] = kept;
    }
}

static void replay_file(const char *path, size_t size)
{
    uint8_t *data = malloc(size > 0 ? size : 1);
    FILE *f = fopen(path, "rb");
    if (data == NULL || f == NULL || fread(data, 1, size, f) != size) {
        fprintf(stderr, "replay: %s can't be read\n", path);
        exit(1);
    }
    (void)fclose(f);
    feed_variants(data, size);
    free(data);
}

int main(int argc, char **argv)
{
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    if (dir == NULL) {
        fprintf(stderr, "usage: %s CORPUS, an existing directory\n", argv[0]);
        return 2;
    }
    size_t files = 0;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        char path[4096];
        struct stat st;
        int n = snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        if (n < 0 || (size_t)n >= sizeof path || stat(path, &st) != 0 || !S_ISREG(st.st_mode))
            continue;
        replay_file(path, (size_t)st.st_size);
        files++;
    }
    (void)closedir(dir);
    if (files == 0) {
        fprintf(stderr, "replay: %s holds no file; a fuzz target needs seeds\n", argv[1]);
        return 1;
    }
    printf("%zu files, each with its truncations and flips\n", files);
    return 0;
}
