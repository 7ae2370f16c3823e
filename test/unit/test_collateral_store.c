/* The store in a directory: what it does, and what it refuses. */
#define _DEFAULT_SOURCE /* chown */
#include "testing.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collateral/directory.h"
#include "store_dir.h"
#include "store_shim.h"

static void file_make(const char *path, const char *content, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), strlen(content));
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

static unsigned mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    return (unsigned)st.st_mode & 07777;
}

static ratls_code open_at(const char *dir, ratls_store *store, const char *part)
{
    ratls_error e = {.text = ""};
    *store = (ratls_store){.name = NULL};
    ratls_code code = ratls_store_directory(dir, store, &e);
    if (strstr(e.text, part) == NULL)
        fail_msg("%s: %s, expected …%s…", ratls_code_name(code), e.text, part);
    return code;
}

static void items_are_put_read_and_listed(void **state)
{
    (void)state;
    store_place p = store_place_new();
    ratls_store store = store_open(&p);
    assert_string_equal(store.name, p.dir);
    assert_false(store.remote);
    assert_string_equal(store_names(&store), "");
    assert_said(store_get(&store, "sgx-qe"), RATLS_E_MISSING, "/store/sgx-qe.json: is not there");
    assert_said(store_put(&store, "sgx-qe", "", "{\"a\":1}"), RATLS_OK, "");
    assert_item(&store, "sgx-qe", "{\"a\":1}");
    assert_said(store_put(&store, "root-ca-crl", "", "{}"), RATLS_OK, "");
    assert_string_equal(store_names(&store), "root-ca-crl sgx-qe ");

    /* Ordinary files, for everybody to read. */
    assert_int_equal(mode_of(p.dir), 0755);
    assert_int_equal(mode_of(store_path(&p, "sgx-qe.json")), 0644);
    assert_int_equal(mode_of(store_path(&p, ".lock")), 0600);

    /* Another store there sees the same. */
    ratls_store other = store_open(&p);
    assert_item(&other, "sgx-qe", "{\"a\":1}");
    ratls_store_free(&other);
    ratls_store_free(&store);
    assert_null(store.state);
    store_place_end(&p);
}

static void modes_are_right_whatever_the_umask(void **state)
{
    (void)state;
    static const mode_t masks[] = {0, 0077, 0222};
    for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
        store_place p = store_place_new();
        mode_t before = umask(masks[i]);
        ratls_store store = store_open(&p);
        assert_said(store_put(&store, "sgx-qe", "", "x"), RATLS_OK, "");
        (void)umask(before);
        assert_int_equal(mode_of(p.dir), 0755);
        assert_int_equal(mode_of(store_path(&p, "sgx-qe.json")), 0644);
        ratls_store_free(&store);
        store_place_end(&p);
    }
}

static void put_needs_what_is_there(void **state)
{
    (void)state;
    store_place p = store_place_new();
    ratls_store store = store_open(&p);
    assert_said(store_put(&store, "tdx-qe", "", "one"), RATLS_OK, "");
    /* What the caller believes is there; whether that is so. */
    static const struct {
        const char *before;
        bool lost;
    } rows[] = {{"", true},   {"on", true},   {"ond", true}, {"onee", true}, {"zne", true},
                {"\n", true}, {"one", false}, {"one", true}, {"two", false}};
    const char *now = "one";
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *content = strcmp(now, "one") == 0 ? "two" : "three";
        const store_said *said = store_put(&store, "tdx-qe", rows[i].before, content);
        assert_said(said, RATLS_OK, "");
        if (said->lost != rows[i].lost)
            fail_msg("row %zu: lost is %d", i, said->lost);
        now = rows[i].lost ? now : content;
        assert_item(&store, "tdx-qe", now);
    }
    assert_true(store_put(&store, "sgx-qe", "x", "y")->lost);
    assert_item(&store, "sgx-qe", NULL);
    ratls_store_free(&store);
    store_place_end(&p);
}

/* More than one chunk, with a difference in the last. */
static void long_items_are_compared_to_the_end(void **state)
{
    (void)state;
    enum { N = RATLS_ITEM_MAX };
    store_place p = store_place_new();
    ratls_store store = store_open(&p);
    uint8_t *a = malloc(N + 1), *b = malloc(N + 1);
    assert_true(a != NULL && b != NULL);
    memset(a, 'a', N + 1);
    memset(b, 'a', N + 1);
    b[N - 1] = 'b';
    bool lost;
    size_t n = 0;
    ratls_error e = {.text = ""};
    assert_int_equal(store.put(store.state, "x", BYTES_NONE, bytes_of(a, N), &lost, &e), RATLS_OK);
    assert_int_equal(store.put(store.state, "x", bytes_of(b, N), bytes_of(b, N), &lost, &e),
                     RATLS_OK);
    assert_true(lost);
    assert_int_equal(store.put(store.state, "x", bytes_of(a, N), bytes_of(b, N), &lost, &e),
                     RATLS_OK);
    assert_false(lost);
    assert_int_equal(store.get(store.state, "x", a, N, &n, &e), RATLS_OK);
    assert_true(bytes_equal(bytes_of(a, n), bytes_of(b, N)));

    /* At the limits and beyond. */
    assert_int_equal(store.get(store.state, "x", a, N - 1, &n, &e), RATLS_E_LIMIT);
    assert_non_null(strstr(e.text, "found 262144 bytes, there is room for 262143"));
    assert_int_equal(store.put(store.state, "x", bytes_of(b, N), bytes_of(a, N + 1), &lost, &e),
                     RATLS_E_LIMIT);
    assert_non_null(strstr(e.text, "262145 bytes to write, expected at most 262144"));
    assert_false(lost);
    int fd = open(store_path(&p, "x.json"), O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, "x", 1), 1);
    assert_int_equal(close(fd), 0);
    assert_said(store_get(&store, "x"), RATLS_E_LIMIT,
                "x.json: found 262145 bytes, expected at most 262144");
    assert_said(store_put(&store, "x", "y", "z"), RATLS_E_LIMIT, "expected at most 262144");
    free(a);
    free(b);
    ratls_store_free(&store);
    store_place_end(&p);
}

static bool first_only(void *context, const char *item)
{
    assert_non_null(item);
    ++*(unsigned *)context;
    return false;
}

static void odd_names_are_not_listed(void **state)
{
    (void)state;
    static const char longest[] = "a123456789-123456789-123456789-123456789-123456789-123456789-12";
    static const char *const odd[] = {"README",   "x.json.bak",  ".json",         "A.json",
                                      "a_b.json", "a b.json",    "..json",        ".new-1",
                                      "a.b.json", "sgx-qe.JSON", "\xc3\xa4.json", ".hidden.json"};
    store_place p = store_place_new();
    ratls_store store = store_open(&p);
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        file_make(store_path(&p, odd[i]), "x", 0644);
    char name[RATLS_ITEM_NAME_SIZE + 8];
    assert_int_equal(sizeof longest - 1, RATLS_ITEM_NAME_SIZE - 1);
    (void)snprintf(name, sizeof name, "%sx.json", longest);
    file_make(store_path(&p, name), "x", 0644);
    assert_string_equal(store_names(&store), "");
    assert_said(store_put(&store, longest, "", "y"), RATLS_OK, "");
    assert_said(store_put(&store, "b", "", "y"), RATLS_OK, "");
    (void)snprintf(name, sizeof name, "%s b ", longest);
    assert_string_equal(store_names(&store), name);
    /* The listing ends when it is told to. */
    unsigned seen = 0;
    ratls_error e;
    assert_int_equal(store.list(store.state, first_only, &seen, &e), RATLS_OK);
    assert_int_equal(seen, 1);
    /* What a dead writer left is gone by now, what others keep there is not. */
    assert_int_equal(access(store_path(&p, ".new-1"), F_OK), -1);
    assert_int_equal(access(store_path(&p, "README"), F_OK), 0);
    ratls_store_free(&store);
    store_place_end(&p);
}

/* What is in the place of sgx-qe.json. */
static void make_link(const char *path)
{
    file_make("test-store-target", "{}", 0644);
    assert_int_equal(symlink("../../test-store-target", path), 0);
}

static void make_dangling(const char *path)
{
    assert_int_equal(symlink("nowhere", path), 0);
}

static void make_fifo(const char *path)
{
    assert_int_equal(mkfifo(path, 0644), 0);
}

static void make_directory(const char *path)
{
    assert_int_equal(mkdir(path, 0755), 0);
}

static void make_socket(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    (void)snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(close(fd), 0);
}

static void make_empty(const char *path)
{
    file_make(path, "", 0644);
}

static void make_group_writable(const char *path)
{
    file_make(path, "{}", 0664);
}

static void make_writable(const char *path)
{
    file_make(path, "{}", 0646);
}

static void make_huge(const char *path)
{
    file_make(path, "", 0644);
    assert_int_equal(truncate(path, (off_t)1 << 40), 0);
}

static const struct {
    const char *what;
    void (*make)(const char *path);
    ratls_code get;
    const char *part;
    bool replaced; /* a put over nothing takes its place */
} bad_files[] = {
    {"link", make_link, RATLS_E_UNSUPPORTED,
     "sgx-qe.json: found a symbolic link, expected an ordinary file", false},
    {"dangling link", make_dangling, RATLS_E_UNSUPPORTED, "found a symbolic link", false},
    {"fifo", make_fifo, RATLS_E_UNSUPPORTED, "found a FIFO, expected an ordinary file", false},
    {"directory", make_directory, RATLS_E_UNSUPPORTED, "found a directory", false},
    {"socket", make_socket, RATLS_E_UNSUPPORTED, "found a socket", false},
    {"empty", make_empty, RATLS_E_MISSING, "sgx-qe.json: is empty, expected an item", true},
    {"group", make_group_writable, RATLS_E_UNSUPPORTED,
     "sgx-qe.json: group or others may write to it, mode 0664, expected 0644", false},
    {"others", make_writable, RATLS_E_UNSUPPORTED, "mode 0646", false},
    {"huge", make_huge, RATLS_E_LIMIT, "found 1099511627776 bytes, expected at most 262144", false},
};

static void files_of_another_kind_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_files / sizeof bad_files[0]; i++) {
        store_place p = store_place_new();
        ratls_store store = store_open(&p);
        bad_files[i].make(store_path(&p, "sgx-qe.json"));
        print_message("%s\n", bad_files[i].what);
        assert_said(store_get(&store, "sgx-qe"), bad_files[i].get, bad_files[i].part);
        const store_said *said = store_put(&store, "sgx-qe", "", "{\"new\":1}");
        if (bad_files[i].replaced) {
            assert_said(said, RATLS_OK, "");
            assert_false(said->lost);
            assert_item(&store, "sgx-qe", "{\"new\":1}");
        } else {
            assert_said(said, bad_files[i].get, bad_files[i].part);
        }
        /* The others are none the worse. */
        assert_said(store_put(&store, "tdx-qe", "", "{}"), RATLS_OK, "");
        ratls_store_free(&store);
        store_place_end(&p);
        (void)unlink("test-store-target");
    }
}

/* The store moves bytes: what they are is not its business. */
static void truncated_and_swapped_files_are_read_as_they_are(void **state)
{
    (void)state;
    store_place p = store_place_new();
    ratls_store store = store_open(&p);
    assert_said(store_put(&store, "sgx-qe", "", "{\"sgx\":1}"), RATLS_OK, "");
    assert_said(store_put(&store, "tdx-qe", "", "{\"tdx\":1}"), RATLS_OK, "");
    assert_int_equal(truncate(store_path(&p, "sgx-qe.json"), 4), 0);
    assert_item(&store, "sgx-qe", "{\"sg");
    assert_true(store_put(&store, "sgx-qe", "{\"sgx\":1}", "x")->lost);
    char from[256];
    (void)snprintf(from, sizeof from, "%s", store_path(&p, "tdx-qe.json"));
    assert_int_equal(rename(from, store_path(&p, "sgx-qe.json")), 0);
    assert_item(&store, "sgx-qe", "{\"tdx\":1}");
    assert_item(&store, "tdx-qe", NULL);
    ratls_store_free(&store);
    store_place_end(&p);
}

static void need_root(void)
{
    if (geteuid() == 0)
        return;
    print_message("skipped: not root, so no file can be given to another user\n");
    skip();
}

static void files_of_others_are_refused(void **state)
{
    (void)state;
    need_root();
    store_place p = store_place_new();
    ratls_store store = store_open(&p);
    file_make(store_path(&p, "sgx-qe.json"), "{}", 0644);
    assert_int_equal(chown(store_path(&p, "sgx-qe.json"), 4321, 0), 0);
    assert_said(store_get(&store, "sgx-qe"), RATLS_E_UNSUPPORTED,
                "sgx-qe.json: belongs to user 4321, expected user 0 or root");
    assert_said(store_put(&store, "sgx-qe", "", "x"), RATLS_E_UNSUPPORTED, "user 4321");
    assert_int_equal(chown(store_path(&p, ".lock"), 4321, 0), 0);
    assert_said(store_put(&store, "tdx-qe", "", "x"), RATLS_E_UNSUPPORTED,
                ".lock: belongs to user 4321");
    assert_int_equal(chown(p.dir, 4321, 0), 0);
    assert_said(store_get(&store, "tdx-qe"), RATLS_E_UNSUPPORTED, "/store: belongs to user 4321");
    ratls_store again;
    assert_int_equal(open_at(p.dir, &again, "/store: belongs to user 4321"), RATLS_E_UNSUPPORTED);
    ratls_store_free(&store);
    store_place_end(&p);
}

/* The same without being root: the program has another user than the files. */
static void users_other_than_the_owner_are_told(void **state)
{
    (void)state;
    store_place p = store_place_new();
    ratls_store mine = store_open(&p);
    static shim s;
    shim_init(&s, p.dir);
    ratls_store store;
    ratls_error e = {.text = ""};
    assert_int_equal(store_directory_open(&s.io, p.dir, &store, &e), RATLS_OK);
    assert_said(store_put(&mine, "sgx-qe", "", "{}"), RATLS_OK, "");
    s.user = 77;
    bool of_root = geteuid() == 0;
    assert_said(store_get(&store, "sgx-qe"), of_root ? RATLS_OK : RATLS_E_UNSUPPORTED,
                of_root ? "{}" : "expected user 77 or root");
    ratls_store_free(&store);
    ratls_store_free(&mine);
    assert_int_equal(s.open, 0);
    store_place_end(&p);
}

/* In a child that gives up being root: what it finds out there is its exit code. */
static bool child_of_another_user(const store_place *p)
{
    if (setgid(4321) != 0 || setuid(4321) != 0)
        return false;
    ratls_store store = {.name = NULL};
    ratls_error e = {.text = ""};
    uint8_t out[16];
    size_t n = 0;
    bool lost;
    bool ok = ratls_store_directory(p->dir, &store, &e) == RATLS_OK &&
              store.get(store.state, "sgx-qe", out, sizeof out, &n, &e) == RATLS_OK &&
              bytes_is(bytes_of(out, n), "{}") &&
              store.put(store.state, "sgx-qe", bytes_text("{}"), bytes_text("x"), &lost, &e) ==
                  RATLS_E_SYSTEM &&
              strstr(e.text, ".lock: cannot be opened: Permission denied") != NULL;
    unsigned seen = 0;
    ok = ok && store.list(store.state, first_only, &seen, &e) == RATLS_OK && seen == 1;
    if (!ok)
        print_message("%s\n", e.text);
    return ok;
}

static void a_directory_of_root_is_read_by_all(void **state)
{
    (void)state;
    need_root();
    char base[] = "/tmp/test-store-XXXXXX";
    store_place p;
    assert_non_null(mkdtemp(base));
    assert_int_equal(chmod(base, 0755), 0);
    (void)snprintf(p.base, sizeof p.base, "%s", base);
    (void)snprintf(p.dir, sizeof p.dir, "%s/store", base);
    ratls_store store = store_open(&p);
    assert_said(store_put(&store, "sgx-qe", "", "{}"), RATLS_OK, "");
    ratls_store_free(&store);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(child_of_another_user(&p) ? 0 : 1);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    store_place_end(&p);
}

static void directories_of_another_kind_are_refused(void **state)
{
    (void)state;
    store_place p = store_place_new();
    ratls_store store;
    /* Parents are not made. */
    char deep[128];
    (void)snprintf(deep, sizeof deep, "%s/a/b", p.dir);
    assert_int_equal(open_at(deep, &store, "/a/b: cannot be made: No such file or directory"),
                     RATLS_E_SYSTEM);
    assert_int_equal(open_at("", &store, "store: : cannot be made"), RATLS_E_SYSTEM);
    file_make(p.dir, "x", 0644);
    assert_int_equal(open_at(p.dir, &store, "/store: found an ordinary file, expected a directory"),
                     RATLS_E_UNSUPPORTED);
    assert_int_equal(open_at("/dev/null", &store, "found a device, expected a directory"),
                     RATLS_E_UNSUPPORTED);
    assert_int_equal(unlink(p.dir), 0);

    assert_int_equal(mkdir(p.dir, 0700), 0);
    static const mode_t open_modes[] = {0770, 0707, 01777, 0720};
    for (size_t i = 0; i < sizeof open_modes / sizeof open_modes[0]; i++) {
        char part[64];
        assert_int_equal(chmod(p.dir, open_modes[i]), 0);
        (void)snprintf(part, sizeof part, "may write to it, mode %04o, expected 0755",
                       (unsigned)open_modes[i]);
        assert_int_equal(open_at(p.dir, &store, part), RATLS_E_UNSUPPORTED);
        assert_null(store.state);
    }
    assert_int_equal(chmod(p.dir, 0700), 0);

    /* A link is not followed, unless the path says that it shall be. */
    char link[96], slash[128];
    (void)snprintf(link, sizeof link, "%s/link", p.base);
    (void)snprintf(slash, sizeof slash, "%s/", link);
    assert_int_equal(symlink("store", link), 0);
    assert_int_equal(open_at(link, &store, "/link: found a symbolic link, expected a directory"),
                     RATLS_E_UNSUPPORTED);
    assert_int_equal(open_at(slash, &store, ""), RATLS_OK);
    ratls_store_free(&store);
    store_place_end(&p);
}

static void a_directory_that_changes_is_noticed(void **state)
{
    (void)state;
    store_place p = store_place_new();
    ratls_store store = store_open(&p);
    assert_said(store_put(&store, "sgx-qe", "", "{}"), RATLS_OK, "");
    assert_int_equal(chmod(p.dir, 0777), 0);
    assert_said(store_get(&store, "sgx-qe"), RATLS_E_UNSUPPORTED, "mode 0777");
    assert_said(store_put(&store, "sgx-qe", "{}", "x"), RATLS_E_UNSUPPORTED, "mode 0777");
    unsigned seen = 0;
    ratls_error e = {.text = ""};
    assert_int_equal(store.list(store.state, first_only, &seen, &e), RATLS_E_UNSUPPORTED);
    assert_int_equal(chmod(p.dir, 0755), 0);
    assert_item(&store, "sgx-qe", "{}");
    assert_int_equal(unlink(store_path(&p, "sgx-qe.json")), 0);
    assert_int_equal(unlink(store_path(&p, ".lock")), 0);
    assert_int_equal(rmdir(p.dir), 0);
    static const char gone[] = "/store: was removed while it was in use";
    assert_said(store_get(&store, "sgx-qe"), RATLS_E_SYSTEM, gone);
    assert_said(store_put(&store, "sgx-qe", "", "x"), RATLS_E_SYSTEM, gone);
    assert_int_equal(store.list(store.state, first_only, &seen, &e), RATLS_E_SYSTEM);
    assert_int_equal(seen, 0);
    ratls_store_free(&store);
    store_place_end(&p);
}

static void a_long_path_leaves_room_for_the_reason(void **state)
{
    (void)state;
    store_place p = store_place_new();
    char dir[320];
    (void)snprintf(dir, sizeof dir, "%s/%0200d", p.base, 7);
    ratls_store store;
    assert_int_equal(open_at(dir, &store, ""), RATLS_OK);
    assert_string_equal(store.name, dir);
    static const char item[] = "a123456789-123456789-123456789-123456789-123456789-123456789-12";
    assert_said(store_get(&store, item), RATLS_E_MISSING, "-12.json: is not there");
    assert_said(store_get(&store, item), RATLS_E_MISSING, "store: ...0000");
    assert_said(store_get(&store, item), RATLS_E_MISSING, "00007/a1234");
    ratls_store_free(&store);
    assert_int_equal(rmdir(dir), 0);
    store_place_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_are_put_read_and_listed),
        cmocka_unit_test(modes_are_right_whatever_the_umask),
        cmocka_unit_test(put_needs_what_is_there),
        cmocka_unit_test(long_items_are_compared_to_the_end),
        cmocka_unit_test(odd_names_are_not_listed),
        cmocka_unit_test(files_of_another_kind_are_refused),
        cmocka_unit_test(truncated_and_swapped_files_are_read_as_they_are),
        cmocka_unit_test(files_of_others_are_refused),
        cmocka_unit_test(users_other_than_the_owner_are_told),
        cmocka_unit_test(a_directory_of_root_is_read_by_all),
        cmocka_unit_test(directories_of_another_kind_are_refused),
        cmocka_unit_test(a_directory_that_changes_is_noticed),
        cmocka_unit_test(a_long_path_leaves_room_for_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
