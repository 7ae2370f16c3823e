/* The store in Redis, with a real server. */
#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hiredis/hiredis.h>

#include "collateral/redis_store.h"
#include "redis_peer.h"
#include "store_dir.h"

static ratls_store open_with(ratls_redis_options o, const redis_server *s)
{
    ratls_store store = {.name = NULL};
    ratls_error e = {.text = ""};
    o.socket_path = s->path;
    o.timeout_ms = 60000;
    if (ratls_store_redis(&o, &store, &e) != RATLS_OK)
        fail_msg("%s: %s", ratls_code_name(e.code), e.text);
    return store;
}

static ratls_store open_plain(const redis_server *s)
{
    return open_with((ratls_redis_options){.host = NULL}, s);
}

/* A command of somebody else's, which must not fail. */
__attribute__((format(printf, 2, 3))) static void tell(const redis_server *s, const char *format,
                                                       ...)
{
    redisContext *c = redisConnectUnix(s->path);
    assert_true(c != NULL && c->err == 0);
    va_list args;
    va_start(args, format);
    redisReply *r = redisvCommand(c, format, args);
    va_end(args);
    assert_non_null(r);
    if (r->type == REDIS_REPLY_ERROR)
        fail_msg("%s", r->str);
    freeReplyObject(r);
    redisFree(c);
}

static void items_are_put_read_and_listed(void **state)
{
    (void)state;
    redis_server s = redis_server_start(NULL, NULL);
    ratls_store store = open_plain(&s);
    assert_true(store.remote);
    assert_non_null(strstr(store.name, s.path));
    assert_string_equal(store_names(&store), "");
    assert_said(store_get(&store, "sgx-qe"), RATLS_E_MISSING, "sgx-qe is not there");
    assert_false(store_put(&store, "sgx-qe", "", "{\"a\":1}")->lost);
    assert_item(&store, "sgx-qe", "{\"a\":1}");
    assert_false(store_put(&store, "root-ca-crl", "", "{\"\r\n\x01\"}")->lost);
    assert_item(&store, "root-ca-crl", "{\"\r\n\x01\"}");
    assert_string_equal(store_names(&store), "root-ca-crl sgx-qe ");

    static const struct {
        const char *before;
        bool lost;
    } rows[] = {{"", true}, {"{", true},         {"{\"a\":2}", true}, {"{\"a\":1}", false},
                {"", true}, {"{\"a\":1}", true}, {"two", false}};
    const char *now = "{\"a\":1}";
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *content = strcmp(now, "two") == 0 ? "three" : "two";
        const store_said *said = store_put(&store, "sgx-qe", rows[i].before, content);
        assert_said(said, RATLS_OK, "");
        if (said->lost != rows[i].lost)
            fail_msg("row %zu: lost is %d", i, said->lost);
        now = rows[i].lost ? now : content;
        assert_item(&store, "sgx-qe", now);
    }
    assert_true(store_put(&store, "tdx-qe", "x", "y")->lost);
    assert_item(&store, "tdx-qe", NULL);
    ratls_store_free(&store);
    redis_server_stop(&s);
}

static void keys_of_others_are_not_items(void **state)
{
    (void)state;
    redis_server s = redis_server_start(NULL, NULL);
    static const char *const prefixes[] = {NULL, "", "a*:", "[^b]?\\", "x-y:"};
    static const char *const keys[] = {"Ratls", "ratls:A", "ratls:", "ratls:a_b", "ab:c",
                                       "a*c",   "zz\\q",   "x.y:a",  "A"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        tell(&s, "SET %s x", keys[i]);
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        ratls_store store = open_with((ratls_redis_options){.prefix = prefixes[i]}, &s);
        assert_string_equal(store_names(&store), "");
        assert_false(store_put(&store, "sgx-qe", "", "x")->lost);
        assert_string_equal(store_names(&store), "sgx-qe ");
        tell(&s, "DEL %ssgx-qe", prefixes[i] != NULL ? prefixes[i] : "ratls:");
        assert_item(&store, "sgx-qe", NULL);
        ratls_store_free(&store);
    }
    /* Nor are those of another database. */
    ratls_store one = open_with((ratls_redis_options){.database = 1}, &s);
    ratls_store two = open_with((ratls_redis_options){.database = 2}, &s);
    assert_false(store_put(&one, "sgx-qe", "", "1")->lost);
    assert_item(&two, "sgx-qe", NULL);
    assert_item(&one, "sgx-qe", "1");
    ratls_store none = open_with((ratls_redis_options){.database = 99}, &s);
    assert_said(store_get(&none, "sgx-qe"), RATLS_E_SYSTEM,
                "refuses the number of the database: ERR");
    ratls_store_free(&one);
    ratls_store_free(&two);
    ratls_store_free(&none);
    redis_server_stop(&s);
}

static void items_are_bounded(void **state)
{
    (void)state;
    enum { N = RATLS_ITEM_MAX };
    redis_server s = redis_server_start(NULL, NULL);
    ratls_store store = open_plain(&s);
    uint8_t *a = malloc(N + 2);
    assert_non_null(a);
    memset(a, 'a', N + 1);
    bool lost = true;
    size_t n = 0;
    ratls_error e = {.text = ""};
    assert_int_equal(store.put(store.state, "x", BYTES_NONE, bytes_of(a, N), &lost, &e), RATLS_OK);
    assert_false(lost);
    assert_int_equal(store.put(store.state, "x", bytes_of(a, N - 1), bytes_text("b"), &lost, &e),
                     RATLS_OK);
    assert_true(lost);
    assert_int_equal(store.get(store.state, "x", a, N, &n, &e), RATLS_OK);
    assert_int_equal(n, N);
    a[N - 1] = 'z';
    assert_int_equal(store.get(store.state, "x", a, N - 1, &n, &e), RATLS_E_LIMIT);
    assert_non_null(strstr(e.text, "x: found more than 262143 bytes"));
    assert_int_equal(a[N - 1], 'z');
    assert_int_equal(store.put(store.state, "x", BYTES_NONE, bytes_of(a, N + 1), &lost, &e),
                     RATLS_E_LIMIT);
    assert_non_null(strstr(e.text, "262145 bytes to write, expected at most 262144"));
    /* However large it is, it is not taken. */
    tell(&s, "APPEND ratls:x y");
    assert_int_equal(store.get(store.state, "x", a, N + 2, &n, &e), RATLS_E_LIMIT);
    tell(&s, "SETRANGE ratls:x 100000000 y");
    assert_int_equal(store.get(store.state, "x", a, N + 2, &n, &e), RATLS_E_LIMIT);
    assert_true(store_put(&store, "x", "y", "z")->lost);
    tell(&s, "DEL ratls:x");
    assert_false(store_put(&store, "x", "", "z")->lost);
    free(a);
    ratls_store_free(&store);
    redis_server_stop(&s);
}

static bool count(void *context, const char *item)
{
    ++*(unsigned *)context;
    return item[0] == 'i';
}

static bool first_only(void *context, const char *item)
{
    ++*(unsigned *)context;
    return item[0] == '\0';
}

static void lists_are_bounded(void **state)
{
    (void)state;
    redis_server s = redis_server_start(NULL, NULL);
    ratls_store store = open_plain(&s);
    ratls_error e = {.text = ""};
    tell(&s, "EVAL %s 0 %d", "for i = 1, ARGV[1] do redis.call('SET', 'ratls:i' .. i, 'x') end",
         REDIS_NAMES_MAX);
    unsigned n = 0;
    assert_int_equal(store.list(store.state, count, &n, &e), RATLS_OK);
    assert_int_equal(n, REDIS_NAMES_MAX);
    n = 0;
    assert_int_equal(store.list(store.state, first_only, &n, &e), RATLS_OK);
    assert_int_equal(n, 1);
    tell(&s, "SET ratls:more x");
    n = 0;
    assert_int_equal(store.list(store.state, count, &n, &e), RATLS_E_LIMIT);
    assert_non_null(strstr(e.text, "found more than 8192 items"));
    assert_int_equal(n, 0);
    assert_item(&store, "more", "x");
    ratls_store_free(&store);
    redis_server_stop(&s);
}

static void odd_values_are_refused(void **state)
{
    (void)state;
    redis_server s = redis_server_start(NULL, NULL);
    ratls_store store = open_plain(&s);
    tell(&s, "RPUSH ratls:sgx-qe x");
    tell(&s, "SET ratls:tdx-qe %s", "");
    assert_said(store_get(&store, "sgx-qe"), RATLS_E_UNSUPPORTED,
                "sgx-qe: found a key that holds no string: WRONGTYPE");
    assert_said(store_put(&store, "sgx-qe", "", "x"), RATLS_E_UNSUPPORTED, "WRONGTYPE");
    assert_item(&store, "tdx-qe", NULL);
    assert_false(store_put(&store, "tdx-qe", "", "x")->lost);
    assert_item(&store, "tdx-qe", "x");
    ratls_store_free(&store);
    redis_server_stop(&s);
}

static void a_full_server_says_so(void **state)
{
    (void)state;
    redis_server s = redis_server_start("--maxmemory", "2mb");
    ratls_store store = open_plain(&s);
    uint8_t *a = malloc(RATLS_ITEM_MAX);
    assert_non_null(a);
    memset(a, 'a', RATLS_ITEM_MAX);
    ratls_code code = RATLS_OK;
    ratls_error e = {.text = ""};
    unsigned n = 0;
    while (code == RATLS_OK && n < 64) {
        char item[16];
        bool lost;
        (void)snprintf(item, sizeof item, "i%u", n++);
        code = store.put(store.state, item, BYTES_NONE, bytes_of(a, RATLS_ITEM_MAX), &lost, &e);
    }
    assert_int_equal(code, RATLS_E_SYSTEM);
    if (strstr(e.text, ": is full: ") == NULL || strstr(e.text, "OOM ") == NULL)
        fail_msg("%s", e.text);
    /* What was there before is still read, also over the same connection. */
    size_t got = 0;
    if (n > 1)
        assert_int_equal(store.get(store.state, "i0", a, RATLS_ITEM_MAX, &got, &e), RATLS_OK);
    assert_item(&store, "i63", NULL);
    tell(&s, "CONFIG SET maxmemory 0");
    assert_said(store_put(&store, "sgx-qe", "", "x"), RATLS_OK, "");
    free(a);
    ratls_store_free(&store);
    redis_server_stop(&s);
}

static void a_replica_takes_no_writes(void **state)
{
    (void)state;
    redis_server s = redis_server_start(NULL, NULL);
    ratls_store store = open_plain(&s);
    assert_said(store_put(&store, "sgx-qe", "", "x"), RATLS_OK, "");
    tell(&s, "REPLICAOF 127.0.0.1 1");
    assert_said(store_put(&store, "sgx-qe", "x", "y"), RATLS_E_SYSTEM,
                "sgx-qe: takes no writes: READONLY");
    assert_item(&store, "sgx-qe", "x");
    tell(&s, "REPLICAOF NO ONE");
    assert_said(store_put(&store, "sgx-qe", "x", "y"), RATLS_OK, "");
    ratls_store_free(&store);
    redis_server_stop(&s);
}

static void passwords_are_sent_and_not_told(void **state)
{
    (void)state;
    redis_server s = redis_server_start("--requirepass", "right-one");
    redisContext *c = redisConnectUnix(s.path);
    freeReplyObject(redisCommand(c, "AUTH right-one"));
    freeReplyObject(redisCommand(c, "ACL SETUSER alice on >alices ~ratls:* +@all"));
    freeReplyObject(redisCommand(c, "ACL SETUSER bob on >bobs ~ratls:* +getrange"));
    redisFree(c);
    static const struct {
        const char *username, *password;
        ratls_code get, put;
        const char *part;
    } rows[] = {
        {NULL, "right-one", RATLS_OK, RATLS_OK, ""},
        {"default", "right-one", RATLS_OK, RATLS_OK, ""},
        {"alice", "alices", RATLS_OK, RATLS_OK, ""},
        {"bob", "bobs", RATLS_OK, RATLS_E_SYSTEM, "sgx-qe: is refused: NOPERM"},
        {NULL, NULL, RATLS_E_SYSTEM, RATLS_E_SYSTEM, "sgx-qe: is refused: NOAUTH"},
        {NULL, "wrong-one", RATLS_E_SYSTEM, RATLS_E_SYSTEM, "refuses the password: WRONGPASS"},
        {"alice", "wrong-one", RATLS_E_SYSTEM, RATLS_E_SYSTEM,
         "refuses the user name and password: WRONGPASS"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ratls_store store = open_with(
            (ratls_redis_options){.username = rows[i].username, .password = rows[i].password}, &s);
        const store_said *said = store_get(&store, "sgx-qe");
        if (rows[i].get == RATLS_OK)
            assert_said(said, i == 0 ? RATLS_E_MISSING : RATLS_OK, "");
        else
            assert_said(said, rows[i].get, rows[i].part);
        assert_null(strstr(said->text, "wrong-one"));
        said = store_put(&store, "sgx-qe", i == 0 ? "" : "x", "x");
        assert_said(said, rows[i].put, rows[i].part);
        assert_null(strstr(said->text, "wrong-one"));
        ratls_store_free(&store);
    }
    redis_server_stop(&s);
}

static void broken_connections_are_made_again(void **state)
{
    (void)state;
    redis_server s = redis_server_start(NULL, NULL);
    ratls_store store = open_plain(&s);
    assert_said(store_put(&store, "sgx-qe", "", "x"), RATLS_OK, "");
    tell(&s, "CLIENT KILL TYPE normal SKIPME yes");
    assert_item(&store, "sgx-qe", "x");
    tell(&s, "CLIENT KILL TYPE normal SKIPME yes");
    assert_said(store_put(&store, "sgx-qe", "x", "y"), RATLS_OK, "");
    tell(&s, "CLIENT KILL TYPE normal SKIPME yes");
    assert_string_equal(store_names(&store), "sgx-qe ");
    redis_server_stop(&s);
    assert_said(store_get(&store, "sgx-qe"), RATLS_E_SYSTEM, "socket: No such file or directory");
    ratls_store_free(&store);
}

enum { WRITERS = 4, TIMES = 100 };

static void *count_up(void *state)
{
    return store_count_up(state, "count", TIMES) ? state : NULL;
}

/* Threads of one store, each with one of its own, and processes. */
static void no_update_is_lost(void **state)
{
    (void)state;
    redis_server s = redis_server_start(NULL, NULL);
    pid_t children[WRITERS];
    for (unsigned i = 0; i < WRITERS; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            (void)alarm(120);
            ratls_store own = open_plain(&s);
            _exit(store_count_up(&own, "count", TIMES) ? 0 : 1);
        }
    }
    ratls_store stores[WRITERS];
    pthread_t threads[2 * WRITERS];
    for (unsigned i = 0; i < WRITERS; i++)
        stores[i] = open_plain(&s);
    for (unsigned i = 0; i < 2 * WRITERS; i++) {
        ratls_store *store = &stores[i < WRITERS ? 0 : i - WRITERS];
        assert_int_equal(pthread_create(&threads[i], NULL, count_up, store), 0);
    }
    bool ok = true;
    for (unsigned i = 0; i < 2 * WRITERS; i++) {
        void *result = NULL;
        ok = pthread_join(threads[i], &result) == 0 && result != NULL && ok;
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        int status = -1;
        ok = waitpid(children[i], &status, 0) == children[i] && status == 0 && ok;
    }
    assert_true(ok);
    char text[16];
    (void)snprintf(text, sizeof text, "%d", 3 * WRITERS * TIMES);
    assert_item(&stores[0], "count", text);
    for (unsigned i = 0; i < WRITERS; i++)
        ratls_store_free(&stores[i]);
    redis_server_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_are_put_read_and_listed),
        cmocka_unit_test(keys_of_others_are_not_items),
        cmocka_unit_test(items_are_bounded),
        cmocka_unit_test(lists_are_bounded),
        cmocka_unit_test(odd_values_are_refused),
        cmocka_unit_test(a_full_server_says_so),
        cmocka_unit_test(a_replica_takes_no_writes),
        cmocka_unit_test(passwords_are_sent_and_not_told),
        cmocka_unit_test(broken_connections_are_made_again),
        cmocka_unit_test(no_update_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
