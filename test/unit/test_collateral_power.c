/* The store in a directory when things go wrong below it: power cuts, full disks, dead writers. */
#define _DEFAULT_SOURCE /* flock */
#include "testing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "collateral/directory.h"
#include "store_dir.h"
#include "store_shim.h"

#define OLD "{\"old\":\"item, which is the longer one of the two\"}"
#define NEW "{\"new\":\"item\"}"

static ratls_store open_over(shim *s, const char *dir)
{
    ratls_store store = {.name = NULL};
    ratls_error e = {.text = ""};
    if (store_directory_open(&s->io, dir, &store, &e) != RATLS_OK)
        fail_msg("%s: %s", ratls_code_name(e.code), e.text);
    return store;
}

/* Files whose names begin so. */
static unsigned files_like(const char *dir, const char *begin)
{
    DIR *d = opendir(dir);
    unsigned n = 0;
    const struct dirent *e;
    assert_non_null(d);
    while ((e = readdir(d)) != NULL)
        n += strncmp(e->d_name, begin, strlen(begin)) == 0;
    (void)closedir(d);
    return n;
}

/* After the cut, with the machine up again. */
static void check_after_cut(const char *dir, const char *old, bool done)
{
    static shim s;
    shim_init(&s, dir);
    s.skip_sync = true;
    ratls_store store = open_over(&s, dir);
    const store_said *got = store_get(&store, "sgx-qe");
    bool is_new = got->code == RATLS_OK && strcmp(got->text, NEW) == 0;
    bool is_old = old == NULL ? got->code == RATLS_E_MISSING
                              : got->code == RATLS_OK && strcmp(got->text, old) == 0;
    if (!is_new && (done || !is_old))
        fail_msg("%s: %s", ratls_code_name(got->code), got->text);
    /* Life goes on, and nothing is left over. */
    const char *now = is_new ? NEW : old == NULL ? "" : old;
    assert_false(store_put(&store, "sgx-qe", now, "{\"next\":1}")->lost);
    assert_item(&store, "sgx-qe", "{\"next\":1}");
    assert_string_equal(store_names(&store), "sgx-qe ");
    assert_int_equal(files_like(dir, ""), 2 + 2); /* ".", "..", the lock, the item */
    ratls_store_free(&store);
}

static void write_file(const char *path, const char *content)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), strlen(content));
    assert_int_equal(close(fd), 0);
}

/* Returns how many cuts there were; 0: the put came to its end before. */
static unsigned cut_at(unsigned call, const char *old, bool made, bool leftover)
{
    static shim s;
    store_place p = store_place_new();
    if (made)
        assert_int_equal(mkdir(p.dir, 0755), 0);
    if (old != NULL)
        write_file(store_path(&p, "sgx-qe.json"), old);
    if (leftover)
        write_file(store_path(&p, ".new-dead"), "{\"ha");
    shim_init(&s, p.dir);
    s.freeze = call;
    s.chunk = 6;
    s.skip_sync = true;
    ratls_store store = {.name = NULL};
    ratls_error e;
    bool done = false;
    if (store_directory_open(&s.io, p.dir, &store, &e) == RATLS_OK) {
        const store_said *said = store_put(&store, "sgx-qe", old == NULL ? "" : old, NEW);
        done = said->code == RATLS_OK && !said->lost;
    }
    ratls_store_free(&store);
    assert_int_equal(s.open, 0);
    bool frozen = s.calls >= call;
    unsigned cuts = 0;
    if (access(p.dir, F_OK) == 0)
        while (shim_cut(&s, cuts)) {
            check_after_cut(p.dir, old, done);
            cuts++;
        }
    /* The directory itself may be lost too, until its parent is synced. */
    assert_true(s.anchored || !done);
    store_place_end(&p);
    return frozen ? cuts + 1 : 0;
}

static void an_item_outlasts_a_power_cut_at_each_call(void **state)
{
    (void)state;
    static const struct {
        const char *old;
        bool made, leftover;
    } rows[] = {{NULL, false, false}, {NULL, true, false}, {OLD, true, false}, {OLD, true, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned call = 1, cuts = 0, n;
        while ((n = cut_at(call, rows[i].old, rows[i].made, rows[i].leftover)) > 0) {
            cuts += n;
            call++;
        }
        print_message("%u calls, %u states of the disk\n", call - 1, cuts);
        assert_true(call > 20 && cuts > 2 * call);
    }
}

/* One fault in a put of NEW over OLD, or in a get, and what is there after it. */
typedef struct fault_row {
    shim_fault fault; /* name "DIR": the directory's own */
    ratls_code code;
    const char *part;
    bool written;
} fault_row;

#define STAYS "sgx-qe.json: cannot be written, and stays as it was: "
#define FULL  STAYS "No space left on device"

static const fault_row put_faults[] = {
    {{'o', ".new", -ENOSPC, 1, 9, 0}, RATLS_E_SYSTEM, FULL, false},
    {{'o', ".new", -EROFS, 1, 9, 0}, RATLS_E_SYSTEM, STAYS "Read-only file system", false},
    {{'o', ".new", -EEXIST, 1, 9, 0}, RATLS_E_SYSTEM, STAYS "File exists", false},
    {{'o', ".lock", -ENOSPC, 1, 9, 0},
     RATLS_E_SYSTEM,
     ".lock: cannot be opened: No space left on device",
     false},
    {{'o', ".lock", -ENOENT, 1, 9, 0},
     RATLS_E_SYSTEM,
     ".lock: cannot be made: No such file or directory",
     false},
    {{'w', ".new", -ENOSPC, 1, 1, 0}, RATLS_E_SYSTEM, FULL, false},
    {{'w', ".new", -ENOSPC, 3, 9, 0}, RATLS_E_SYSTEM, FULL, false},
    {{'w', ".new", -EDQUOT, 2, 2, 0}, RATLS_E_SYSTEM, STAYS "Disk quota exceeded", false},
    {{'w', ".new", -EIO, 1, 9, 0}, RATLS_E_SYSTEM, STAYS "Input/output error", false},
    {{'w', ".new", 0, 2, 99, 0}, RATLS_E_SYSTEM, STAYS "Input/output error", false},
    {{'w', ".new", -EINTR, 1, 100, 0}, RATLS_OK, "", true},
    {{'w', ".new", -EINTR, 1, 101, 0}, RATLS_E_SYSTEM, STAYS "Interrupted system call", false},
    {{'c', ".new", -EPERM, 1, 9, 0}, RATLS_E_SYSTEM, STAYS "Operation not permitted", false},
    {{'s', ".new", -ENOSPC, 1, 1, 0}, RATLS_E_SYSTEM, FULL, false},
    {{'s', ".new", -EIO, 1, 1, 0}, RATLS_E_SYSTEM, STAYS "Input/output error", false},
    {{'s', ".new", -EINVAL, 1, 1, 0}, RATLS_E_SYSTEM, STAYS "Invalid argument", false},
    {{'s', ".new", -EINTR, 1, 99, 0}, RATLS_OK, "", true},
    {{'s', ".new", -EINTR, 1, 999, 0}, RATLS_E_SYSTEM, STAYS "Interrupted system call", false},
    {{'x', ".new", -EIO, 1, 1, 0}, RATLS_E_SYSTEM, STAYS "Input/output error", false},
    {{'r', "sgx-qe", -ENOSPC, 1, 1, 0}, RATLS_E_SYSTEM, FULL, false},
    {{'r', "sgx-qe", -EIO, 1, 1, 0}, RATLS_E_SYSTEM, STAYS "Input/output error", false},
    {{'s', "DIR", -EIO, 1, 1, 0},
     RATLS_E_SYSTEM,
     "sgx-qe.json: was written, but may not last: Input/output error",
     true},
    {{'s', "DIR", -EINVAL, 1, 1, 0}, RATLS_OK, "", true},
    {{'o', "..", -EACCES, 1, 1, 0}, RATLS_OK, "", true},
    {{'o', "..", -EIO, 1, 1, 0},
     RATLS_E_SYSTEM,
     "/..: cannot be made to last: Input/output error",
     false},
    {{'s', "..", -EIO, 1, 1, 0},
     RATLS_E_SYSTEM,
     "/..: cannot be made to last: Input/output error",
     false},
    {{'s', "..", -EINVAL, 1, 1, 0}, RATLS_OK, "", true},
    {{'u', ".new", -EIO, 1, 1, 0}, RATLS_OK, "", true},
    {{'n', "", -EIO, 1, 1, 0}, RATLS_E_SYSTEM, "/: cannot be listed: Input/output error", false},
    {{'l', ".lock", -ENOLCK, 1, 1, 0},
     RATLS_E_SYSTEM,
     ".lock: cannot be locked: No locks available",
     false},
    {{'l', ".lock", -EINTR, 1, 3, 0}, RATLS_OK, "", true},
    {{'l', ".lock", -EWOULDBLOCK, 1, 3, 0}, RATLS_OK, "", true},
    {{'k', ".lock", -ENOENT, 1, 1, 0}, RATLS_OK, "", true}, /* removed while it was waited for */
    {{'f', ".lock", -EIO, 1, 1, 0},
     RATLS_E_SYSTEM,
     ".lock: cannot be looked at: Input/output error",
     false},
    {{'f', "DIR", -EIO, 1, 1, 0}, RATLS_E_SYSTEM, "/store: Input/output error", false},
    {{'i', "sgx-qe", -EIO, 1, 1, 0},
     RATLS_E_SYSTEM,
     "sgx-qe.json: cannot be read: Input/output error",
     false},
};

static const fault_row get_faults[] = {
    {{'o', "sgx-qe", -EIO, 1, 1, 0},
     RATLS_E_SYSTEM,
     "sgx-qe.json: cannot be opened: Input/output error",
     false},
    {{'o', "sgx-qe", -EMFILE, 1, 1, 0},
     RATLS_E_SYSTEM,
     "sgx-qe.json: cannot be opened: Too many open files",
     false},
    {{'o', "sgx-qe", -EINTR, 1, 101, 0}, RATLS_E_SYSTEM, "Interrupted system call", false},
    {{'o', "sgx-qe", -ENOENT, 1, 1, 0}, RATLS_E_MISSING, "is not there", false},
    {{'f', "sgx-qe", -EIO, 1, 1, 0},
     RATLS_E_SYSTEM,
     "sgx-qe.json: cannot be looked at: Input/output error",
     false},
    {{'i', "sgx-qe", -EIO, 1, 1, 0},
     RATLS_E_SYSTEM,
     "sgx-qe.json: cannot be read: Input/output error",
     false},
    {{'i', "sgx-qe", -EIO, 3, 3, 0}, RATLS_E_SYSTEM, "cannot be read", false},
    {{'i', "sgx-qe", 0, 2, 2, 0}, RATLS_E_SYSTEM, "sgx-qe.json: was cut while it was read", false},
    {{'f', "DIR", -EIO, 1, 1, 0}, RATLS_E_SYSTEM, "/store: Input/output error", false},
    {{'x', "sgx-qe", -EIO, 1, 1, 0}, RATLS_OK, OLD, false},
};

static void check_fault(const fault_row *row, bool get)
{
    static shim s;
    store_place p = store_place_new();
    ratls_store plain = store_open(&p);
    assert_said(store_put(&plain, "sgx-qe", "", OLD), RATLS_OK, "");
    write_file(store_path(&p, ".new-dead"), "x");
    shim_init(&s, p.dir);
    ratls_store store = open_over(&s, p.dir);
    s.skip_sync = true;
    s.chunk = 3;
    s.fault = row->fault;
    if (strcmp(s.fault.name, "DIR") == 0)
        s.fault.name = p.dir;
    const store_said *said =
        get ? store_get(&store, "sgx-qe") : store_put(&store, "sgx-qe", OLD, NEW);
    assert_said(said, row->code, row->part);
    assert_false(said->lost);
    assert_true(s.fault.seen >= s.fault.from);
    s.fault = (shim_fault){.name = ""};
    assert_item(&plain, "sgx-qe", row->written ? NEW : OLD);
    /* And when the fault is gone. */
    assert_said(store_put(&store, "sgx-qe", row->written ? NEW : OLD, "{}"), RATLS_OK, "");
    assert_item(&plain, "sgx-qe", "{}");
    assert_int_equal(files_like(p.dir, ".new"), 0);
    ratls_store_free(&store);
    ratls_store_free(&plain);
    assert_int_equal(s.open, 0);
    store_place_end(&p);
}

static void faults_leave_the_old_item_or_the_new(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof put_faults / sizeof put_faults[0]; i++) {
        print_message("put %zu: %c %s\n", i, put_faults[i].fault.op, put_faults[i].fault.name);
        check_fault(&put_faults[i], false);
    }
    for (size_t i = 0; i < sizeof get_faults / sizeof get_faults[0]; i++) {
        print_message("get %zu: %c %s\n", i, get_faults[i].fault.op, get_faults[i].fault.name);
        check_fault(&get_faults[i], true);
    }
}

static void faults_when_opened_are_told(void **state)
{
    (void)state;
    static const fault_row rows[] = {
        {{'m', "", -EACCES, 1, 1, 0},
         RATLS_E_SYSTEM,
         "/store: cannot be made: Permission denied",
         false},
        {{'m', "", -ENOSPC, 1, 1, 0}, RATLS_E_SYSTEM, "cannot be made: No space left", false},
        {{'o', "", -EACCES, 1, 1, 0},
         RATLS_E_SYSTEM,
         "/store: cannot be opened: Permission denied",
         false},
        {{'o', "", -ENOENT, 2, 2, 0}, RATLS_E_SYSTEM, "cannot be opened: No such file", false},
        {{'f', "", -EIO, 1, 1, 0}, RATLS_E_SYSTEM, "/store: Input/output error", false},
        {{'c', "", -EPERM, 1, 1, 0}, RATLS_OK, "", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static shim s;
        store_place p = store_place_new();
        shim_init(&s, p.dir);
        s.fault = rows[i].fault;
        ratls_store store = {.name = NULL};
        store_said said = {.code = RATLS_OK};
        ratls_error e = {.text = ""};
        said.code = store_directory_open(&s.io, p.dir, &store, &e);
        (void)snprintf(said.text, sizeof said.text, "%s", e.text);
        assert_said(&said, rows[i].code, rows[i].part);
        assert_int_equal(s.fault.seen >= s.fault.from, true);
        ratls_store_free(&store);
        assert_int_equal(s.open, 0);
        store_place_end(&p);
    }
}

static void signals_and_short_writes_are_no_faults(void **state)
{
    (void)state;
    static shim s;
    store_place p = store_place_new();
    shim_init(&s, p.dir);
    s.interrupts = 5;
    s.chunk = 1;
    ratls_store store = open_over(&s, p.dir);
    assert_said(store_put(&store, "sgx-qe", "", OLD), RATLS_OK, "");
    assert_item(&store, "sgx-qe", OLD);
    assert_false(store_put(&store, "sgx-qe", OLD, NEW)->lost);
    assert_item(&store, "sgx-qe", NEW);
    ratls_store_free(&store);
    assert_int_equal(s.open, 0);
    store_place_end(&p);
}

static void who_keeps_the_lock_is_not_waited_for_without_end(void **state)
{
    (void)state;
    static shim s;
    store_place p = store_place_new();
    shim_init(&s, p.dir);
    ratls_store store = open_over(&s, p.dir);
    int fd = open(store_path(&p, ".lock"), O_RDWR | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_said(store_put(&store, "sgx-qe", "", NEW), RATLS_E_SYSTEM,
                "/.lock: another program has held the lock for 10 seconds");
    assert_int_equal(s.pauses, STORE_LOCK_PAUSES);
    assert_item(&store, "sgx-qe", NULL);
    assert_int_equal(close(fd), 0);
    assert_said(store_put(&store, "sgx-qe", "", NEW), RATLS_OK, "");
    ratls_store_free(&store);
    assert_int_equal(s.open, 0);
    store_place_end(&p);
}

enum { WRITERS = 4, TIMES = 25 };

static void *count_up(void *state)
{
    return store_count_up(state, "count", TIMES) ? state : NULL;
}

/* Threads of one store, and each with one of its own. */
static void threads_lose_no_update(void **state)
{
    (void)state;
    store_place p = store_place_new();
    ratls_store stores[WRITERS];
    pthread_t threads[2 * WRITERS];
    for (unsigned i = 0; i < WRITERS; i++)
        stores[i] = store_open(&p);
    for (unsigned i = 0; i < 2 * WRITERS; i++) {
        ratls_store *store = &stores[i < WRITERS ? 0 : i - WRITERS];
        assert_int_equal(pthread_create(&threads[i], NULL, count_up, store), 0);
    }
    bool ok = true;
    for (unsigned i = 0; i < 2 * WRITERS; i++) {
        void *result = NULL;
        ok = pthread_join(threads[i], &result) == 0 && result != NULL && ok;
    }
    assert_true(ok);
    char text[16];
    (void)snprintf(text, sizeof text, "%d", 2 * WRITERS * TIMES);
    assert_item(&stores[0], "count", text);
    for (unsigned i = 0; i < WRITERS; i++)
        ratls_store_free(&stores[i]);
    store_place_end(&p);
}

static bool wait_for(pid_t child, int signal)
{
    int status = 0;
    if (waitpid(child, &status, 0) != child)
        return false;
    return signal != 0 ? WIFSIGNALED(status) && WTERMSIG(status) == signal
                       : WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void processes_lose_no_update(void **state)
{
    (void)state;
    store_place p = store_place_new();
    pid_t children[WRITERS];
    for (unsigned i = 0; i < WRITERS; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            /* Each makes the directory if it is the first. */
            (void)alarm(120);
            ratls_store store = {.name = NULL};
            ratls_error e;
            bool ok = ratls_store_directory(p.dir, &store, &e) == RATLS_OK &&
                      store_count_up(&store, "count", TIMES);
            _exit(ok ? 0 : 1);
        }
    }
    bool ok = true;
    for (unsigned i = 0; i < WRITERS; i++)
        ok = wait_for(children[i], 0) && ok;
    assert_true(ok);
    ratls_store store = store_open(&p);
    char text[16];
    (void)snprintf(text, sizeof text, "%d", WRITERS * TIMES);
    assert_item(&store, "count", text);
    ratls_store_free(&store);
    store_place_end(&p);
}

/* Item number n: it tells its number and length, and each of its bytes is of that number. */
static bytes numbered(unsigned n, char out[4096])
{
    unsigned length = n * 37 % 4000;
    int head = snprintf(out, 4096, "%08u:", n);
    memset(out + head, 'a' + (int)(n % 26), length);
    return bytes_of(out, (size_t)head + length);
}

/* Its number; 0: it is missing. */
static unsigned read_numbered(const ratls_store *store)
{
    char got[4096], expected[4096];
    size_t n = 0;
    ratls_error e = {.text = ""};
    ratls_code code = store->get(store->state, "item", (uint8_t *)got, sizeof got, &n, &e);
    if (code == RATLS_E_MISSING)
        return 0;
    if (code != RATLS_OK)
        fail_msg("%s: %s", ratls_code_name(code), e.text);
    assert_true(n >= 9);
    unsigned number = (unsigned)strtoul(got, NULL, 10);
    if (!bytes_equal(numbered(number, expected), bytes_of(got, n)))
        fail_msg("item %u is %zu bytes of something else", number, n);
    return number;
}

static void write_numbers_for_ever(const char *dir, unsigned from)
{
    ratls_store store = {.name = NULL};
    ratls_error e;
    char before[4096], after[4096];
    bool lost = false;
    (void)alarm(120);
    if (ratls_store_directory(dir, &store, &e) != RATLS_OK)
        _exit(1);
    for (unsigned n = from; !lost; n++) {
        bytes now = n == 0 ? BYTES_NONE : numbered(n, before);
        if (store.put(store.state, "item", now, numbered(n + 1, after), &lost, &e) != RATLS_OK)
            _exit(1);
    }
    _exit(2);
}

static void killed_writers_leave_whole_items(void **state)
{
    (void)state;
    enum { KILLS = 60 };
    store_place p = store_place_new();
    ratls_store store = store_open(&p);
    unsigned last = 0;
    for (unsigned i = 0; i < KILLS; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            write_numbers_for_ever(p.dir, last);
        /* Sooner or later in what it does, and at least once after it did something. */
        for (unsigned reads = 0; reads < 7 * i || (i % 8 == 7 && read_numbered(&store) == last);
             reads++) {
            assert_true(read_numbered(&store) >= last);
            const struct timespec short_time = {0, 20000};
            (void)nanosleep(&short_time, NULL);
        }
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_true(wait_for(child, SIGKILL));
        unsigned now = read_numbered(&store);
        assert_true(now >= last);
        assert_true(files_like(p.dir, ".new") <= 1);
        last = now;
    }
    assert_true(last >= KILLS / 8);
    print_message("%u items by %d writers\n", last, KILLS);
    char before[4096];
    bool lost = true;
    ratls_error e;
    assert_int_equal(
        store.put(store.state, "item", numbered(last, before), bytes_text("end"), &lost, &e),
        RATLS_OK);
    assert_false(lost);
    assert_int_equal(files_like(p.dir, ".new"), 0);
    ratls_store_free(&store);
    store_place_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_item_outlasts_a_power_cut_at_each_call),
        cmocka_unit_test(faults_leave_the_old_item_or_the_new),
        cmocka_unit_test(faults_when_opened_are_told),
        cmocka_unit_test(signals_and_short_writes_are_no_faults),
        cmocka_unit_test(who_keeps_the_lock_is_not_waited_for_without_end),
        cmocka_unit_test(threads_lose_no_update),
        cmocka_unit_test(processes_lose_no_update),
        cmocka_unit_test(killed_writers_leave_whole_items),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
