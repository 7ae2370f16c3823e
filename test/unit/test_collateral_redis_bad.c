/* The store in Redis, with servers that are away, slow, or answer nonsense. */
#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "collateral/redis_store.h"
#include "redis_peer.h"
#include "store_dir.h"

/* Long enough for all that shall succeed; the faults below end each call at once, or must reach
 * the deadline. */
enum { PATIENT_MS = 60000, HASTY_MS = 100 };

static ratls_store open_it(ratls_redis_options o, redis_resolve *resolve)
{
    ratls_store store = {.name = NULL};
    ratls_error e = {.text = ""};
    if (redis_store_open(&o, resolve, &store, &e) != RATLS_OK)
        fail_msg("%s: %s", ratls_code_name(e.code), e.text);
    return store;
}

static ratls_store open_fake(const fake_redis *f, uint32_t timeout_ms)
{
    return open_it((ratls_redis_options){.socket_path = f->path, .timeout_ms = timeout_ms},
                   getaddrinfo);
}

static bool nothing(void *context, const char *item)
{
    (void)context;
    fail_msg("%s is listed", item);
    return false;
}

static const store_said *store_list(const ratls_store *store)
{
    static store_said said;
    ratls_error e = {.text = ""};
    said.code = store->list(store->state, nothing, NULL, &e);
    (void)snprintf(said.text, sizeof said.text, "%s", e.text);
    return &said;
}

#define OTHER_KIND "found an answer of another kind than was asked for"
#define NO_REDIS   "does not speak the protocol of Redis: "
#define BROKE      "the connection broke: closed by the server"

/* What a server answers to 'g'et, 'p'ut or 'l'ist. */
static const struct {
    char call;
    fake_step step;
    ratls_code code;
    const char *part;
} answers[] = {
    {'g', {FAKE_CLOSE, NULL}, RATLS_E_SYSTEM, BROKE},
    {'g', {FAKE_CLOSE, "$100\r\nhalf"}, RATLS_E_SYSTEM, BROKE},
    {'g', {FAKE_CLOSE, "$"}, RATLS_E_SYSTEM, BROKE},
    {'g',
     {FAKE_ANSWER, "HTTP/1.1 400 Bad Request\r\n\r\n"},
     RATLS_E_MALFORMED,
     NO_REDIS "Protocol error, got \"H\" as reply type byte"},
    {'g',
     {FAKE_ANSWER, "\x16\x03\x01"},
     RATLS_E_MALFORMED,
     NO_REDIS "Protocol error, got \"\\x16\""},
    {'g', {FAKE_ANSWER, "$-2\r\n"}, RATLS_E_MALFORMED, NO_REDIS "Bulk string length out of range"},
    {'g', {FAKE_ANSWER, "$x\r\n"}, RATLS_E_MALFORMED, NO_REDIS "Bad bulk string length"},
    {'g', {FAKE_ANSWER, ":99999999999999999999\r\n"}, RATLS_E_MALFORMED, NO_REDIS},
    {'g', {FAKE_ANSWER, ":1\r\n"}, RATLS_E_MALFORMED, OTHER_KIND},
    {'g', {FAKE_ANSWER, "+OK\r\n"}, RATLS_E_MALFORMED, OTHER_KIND},
    {'g', {FAKE_ANSWER, "$-1\r\n"}, RATLS_E_MALFORMED, OTHER_KIND},
    {'g', {FAKE_ANSWER, "*0\r\n"}, RATLS_E_MALFORMED, OTHER_KIND},
    {'g', {FAKE_ANSWER, "*1\r\n$1\r\nx\r\n"}, RATLS_E_MALFORMED, OTHER_KIND},
    /* Memory for it is never asked for. */
    {'g', {FAKE_ANSWER, "*2147483647\r\n"}, RATLS_E_MALFORMED, OTHER_KIND},
    {'g', {FAKE_ANSWER, "*4294967297\r\n"}, RATLS_E_MALFORMED, ""},
    {'g',
     {FAKE_ANSWER, "$1\r\nx\r\n$1\r\ny\r\n"},
     RATLS_E_MALFORMED,
     "found 7 bytes after the answer, expected none"},
    {'g',
     {FAKE_ANSWER, "-ERR unknown\x1b[2J command\r\n"},
     RATLS_E_SYSTEM,
     "sgx-qe: is refused: ERR unknown?[2J command"},
    {'g',
     {FAKE_ANSWER, "-LOADING Redis is loading the dataset in memory\r\n"},
     RATLS_E_SYSTEM,
     "is refused: LOADING Redis is loading"},
    {'g',
     {FAKE_ANSWER, "-MOVED 3999 127.0.0.1:6381\r\n"},
     RATLS_E_SYSTEM,
     "is refused: MOVED 3999"},
    {'g',
     {FAKE_ANSWER, "-WRONGTYPE Operation against a key\r\n"},
     RATLS_E_UNSUPPORTED,
     "sgx-qe: found a key that holds no string: WRONGTYPE"},
    {'p', {FAKE_CLOSE, NULL}, RATLS_E_SYSTEM, BROKE},
    {'p',
     {FAKE_ANSWER, "-OOM command not allowed when used memory > 'maxmemory'.\r\n"},
     RATLS_E_SYSTEM,
     "sgx-qe: is full: OOM command not allowed"},
    {'p',
     {FAKE_ANSWER,
      "-ERR Error running script (call to f_0123456789012345678901234567890123456789): "
      "@user_script:5: @user_script: 5: -OOM command not allowed when\r\n"},
     RATLS_E_SYSTEM,
     "sgx-qe: is full: ERR Error running script"},
    {'p',
     {FAKE_ANSWER, "-READONLY You can't write against a read only replica.\r\n"},
     RATLS_E_SYSTEM,
     "sgx-qe: takes no writes: READONLY"},
    {'p',
     {FAKE_ANSWER, "-BUSY Redis is busy running a script.\r\n"},
     RATLS_E_SYSTEM,
     "sgx-qe: is refused: BUSY"},
    {'p', {FAKE_ANSWER, "+OK\r\n"}, RATLS_E_MALFORMED, OTHER_KIND},
    {'p', {FAKE_ANSWER, "$1\r\n1\r\n"}, RATLS_E_MALFORMED, OTHER_KIND},
    {'l', {FAKE_CLOSE, NULL}, RATLS_E_SYSTEM, BROKE},
    {'l', {FAKE_ANSWER, "*2\r\n$1\r\n0\r\n*1\r\n-ERR\r\n"}, RATLS_E_MALFORMED, OTHER_KIND},
    {'l', {FAKE_ANSWER, "*2\r\n$1\r\n0\r\n*1\r\n:1\r\n"}, RATLS_E_MALFORMED, OTHER_KIND},
    {'l', {FAKE_ANSWER, "*2\r\n$1\r\n0\r\n*1\r\n$-1\r\n"}, RATLS_E_MALFORMED, OTHER_KIND},
    {'l', {FAKE_ANSWER, "*2\r\n$1\r\n0\r\n*1\r\n*1\r\n$1\r\nx\r\n"}, RATLS_E_MALFORMED, OTHER_KIND},
    {'l', {FAKE_ANSWER, "*2\r\n$1\r\n0\r\n$1\r\nx\r\n"}, RATLS_E_MALFORMED, OTHER_KIND},
    {'l', {FAKE_ANSWER, "*2\r\n*0\r\n*0\r\n"}, RATLS_E_MALFORMED, OTHER_KIND},
    {'l', {FAKE_ANSWER, "*3\r\n$1\r\n0\r\n*0\r\n*0\r\n"}, RATLS_E_MALFORMED, OTHER_KIND},
    {'l',
     {FAKE_ANSWER, "*2\r\n$2\r\n-1\r\n*0\r\n"},
     RATLS_E_MALFORMED,
     "the list: found the cursor '-1', expected a number"},
    {'l', {FAKE_ANSWER, "*2\r\n$0\r\n\r\n*0\r\n"}, RATLS_E_MALFORMED, "found the cursor ''"},
    {'l',
     {FAKE_ANSWER, "*2\r\n$24\r\n012345678901234567890123\r\n*0\r\n"},
     RATLS_E_MALFORMED,
     OTHER_KIND},
    {'l', {FAKE_ANSWER, "$1\r\nx\r\n"}, RATLS_E_MALFORMED, OTHER_KIND},
    {'l',
     {FAKE_ANSWER, "-NOPERM this user has no permissions\r\n"},
     RATLS_E_SYSTEM,
     "the list: is refused: NOPERM"},
};

static const store_said *call(const ratls_store *store, char what)
{
    if (what == 'g')
        return store_get(store, "sgx-qe");
    return what == 'p' ? store_put(store, "sgx-qe", "old", "new") : store_list(store);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        fake_redis f;
        /* First over a new connection, then over one that worked. */
        const fake_step steps[] = {
            answers[i].step, {FAKE_ANSWER, "$1\r\ny\r\n"}, answers[i].step, answers[i].step};
        fake_start(&f, false, steps, 4);
        ratls_store store = open_fake(&f, PATIENT_MS);
        print_message("%zu: %c\n", i, answers[i].call);
        assert_said(call(&store, answers[i].call), answers[i].code, answers[i].part);
        assert_item(&store, "tdx-qe", "y");
        assert_said(call(&store, answers[i].call), answers[i].code, answers[i].part);
        /* A connection that breaks is made again once. */
        bool closes = answers[i].step.how == FAKE_CLOSE;
        assert_int_equal(fake_seen(&f).requests, closes ? 4 : 3);
        ratls_store_free(&store);
        (void)fake_stop(&f);
    }
}

/* Servers that would go on for ever. The client must end it: the server never does. */
static const struct {
    char call;
    fake_step step;
    ratls_code code;
    const char *part;
} endless[] = {
    {'g', {FAKE_HANG, NULL}, RATLS_E_SYSTEM, "socket: found no answer within 100 ms"},
    {'g', {FAKE_HANG, "$10\r\nhalf"}, RATLS_E_SYSTEM, "found no answer within 100 ms"},
    {'g', {FAKE_HANG, "$536870912\r\n"}, RATLS_E_SYSTEM, "found no answer within 100 ms"},
    {'g', {FAKE_DRIP, "$9999\r\n"}, RATLS_E_SYSTEM, "found no answer within 100 ms"},
    {'g', {FAKE_DRIP, "+"}, RATLS_E_SYSTEM, "found no answer within 100 ms"},
    {'p', {FAKE_HANG, NULL}, RATLS_E_SYSTEM, "found no answer within 100 ms"},
    {'p', {FAKE_DRIP, "-"}, RATLS_E_SYSTEM, "found no answer within 100 ms"},
    {'l', {FAKE_HANG, "*2\r\n$1\r\n0\r\n*3\r\n"}, RATLS_E_SYSTEM, "found no answer within 100 ms"},
    {'l', {FAKE_HANG, "*2\r\n$1\r\n0\r\n*2147483647\r\n"}, RATLS_E_SYSTEM, "found no answer"},
    /* Always another page. */
    {'l', {FAKE_ANSWER, "*2\r\n$1\r\n7\r\n*0\r\n"}, RATLS_E_SYSTEM, "found no answer within"},
};

static void no_call_takes_longer_than_it_may(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof endless / sizeof endless[0]; i++) {
        fake_redis f;
        fake_start(&f, false, &endless[i].step, 1);
        ratls_store store = open_fake(&f, HASTY_MS);
        print_message("%zu: %c\n", i, endless[i].call);
        assert_said(call(&store, endless[i].call), endless[i].code, endless[i].part);
        ratls_store_free(&store);
        fake_counts seen = fake_stop(&f);
        assert_int_equal(seen.connections, 1);
        assert_true(endless[i].step.how == FAKE_ANSWER || seen.gave_up == 1);
    }
}

/* 64 MiB would come; the client takes what it asked for and what the kernel holds between. */
static void floods_are_not_taken(void **state)
{
    (void)state;
    static const struct {
        char call;
        const char *begin;
    } rows[] = {{'g', "$536870912\r\n"},
                {'g', "+"},
                {'g', "-"},
                {'p', "$536870912\r\n"},
                {'p', ":"},
                {'l', "*2\r\n$1\r\n0\r\n*1\r\n$536870912\r\n"},
                {'l', "$"},
                {'g', "$262145\r\n"},
                {'p', "-ERR "}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fake_redis f;
        const fake_step step = {FAKE_FLOOD, rows[i].begin};
        fake_start(&f, false, &step, 1);
        ratls_store store = open_fake(&f, PATIENT_MS);
        assert_said(call(&store, rows[i].call), RATLS_E_MALFORMED, "");
        ratls_store_free(&store);
        fake_counts seen = fake_stop(&f);
        assert_int_equal(seen.gave_up, 1);
        print_message("%zu: %zu bytes\n", i, seen.sent);
        assert_true(seen.sent < 8 << 20);
    }
}

static void a_put_that_may_have_been_done_is_asked_again(void **state)
{
    (void)state;
    static const fake_step steps[] = {{FAKE_ANSWER, ":1\r\n"},
                                      {FAKE_CLOSE, NULL},
                                      {FAKE_ANSWER, ":1\r\n"},
                                      {FAKE_ANSWER, ":0\r\n"}};
    fake_redis f;
    fake_start(&f, false, steps, 4);
    ratls_store store = open_fake(&f, PATIENT_MS);
    static const char first[] = "$3\r\nnew\r\n$1\r\n0\r\n", again[] = "$3\r\nnew\r\n$1\r\n1\r\n";
    assert_false(store_put(&store, "sgx-qe", "old", "new")->lost);
    assert_non_null(strstr(fake_seen(&f).last, first));
    assert_false(store_put(&store, "sgx-qe", "old", "new")->lost);
    assert_int_equal(fake_seen(&f).requests, 3);
    assert_non_null(strstr(fake_seen(&f).last, again));
    assert_true(store_put(&store, "sgx-qe", "old", "new")->lost);
    assert_non_null(strstr(fake_seen(&f).last, first));
    assert_int_equal(fake_seen(&f).connections, 2);
    ratls_store_free(&store);
    (void)fake_stop(&f);
}

/* What comes late or unasked is not taken for the answer to the next question. */
static void unasked_answers_are_not_taken(void **state)
{
    (void)state;
    static const fake_step steps[] = {{FAKE_ANSWER, "$1\r\na\r\n"}, {FAKE_ANSWER, "$1\r\nb\r\n"}};
    fake_redis f;
    fake_start(&f, false, steps, 2);
    ratls_store store = open_fake(&f, PATIENT_MS);
    assert_item(&store, "sgx-qe", "a");
    fake_say(&f, "$5\r\nother\r\n");
    assert_item(&store, "sgx-qe", "b");
    assert_int_equal(fake_seen(&f).connections, 2);
    ratls_store_free(&store);
    (void)fake_stop(&f);
}

/* With a real server: what was done is not reported as lost. */
static void the_script_knows_what_was_done(void **state)
{
    (void)state;
    redis_server s = redis_server_start(NULL, NULL);
    ratls_store store = open_it(
        (ratls_redis_options){.socket_path = s.path, .timeout_ms = PATIENT_MS}, getaddrinfo);
    fake_redis f;
    static const fake_step steps[] = {{FAKE_ANSWER, ":1\r\n"}, {FAKE_CLOSE, NULL}};
    fake_start(&f, false, steps, 2);
    ratls_store broken = open_fake(&f, PATIENT_MS);
    assert_said(store_put(&broken, "sgx-qe", "", "one"), RATLS_OK, "");
    /* The fake's place is taken by the real one, before the second request is sent again. */
    char kept[128];
    (void)snprintf(kept, sizeof kept, "%s-kept", f.path);
    assert_int_equal(rename(f.path, kept), 0);
    assert_int_equal(link(s.path, f.path), 0);
    assert_said(store_put(&store, "sgx-qe", "", "new"), RATLS_OK, "");
    assert_false(store_put(&broken, "sgx-qe", "old", "new")->lost);
    assert_item(&store, "sgx-qe", "new");
    /* Without a break it is lost. */
    assert_true(store_put(&broken, "sgx-qe", "old", "new")->lost);
    ratls_store_free(&broken);
    ratls_store_free(&store);
    assert_int_equal(unlink(kept), 0);
    (void)fake_stop(&f);
    redis_server_stop(&s);
}

static void pages_are_put_together(void **state)
{
    (void)state;
    static const fake_step steps[] = {
        {FAKE_ANSWER, "*2\r\n$2\r\n17\r\n*2\r\n$7\r\nratls:b\r\n$7\r\nratls:a\r\n"},
        {FAKE_ANSWER, "*2\r\n$20\r\n18446744073709551615\r\n*0\r\n"},
        {FAKE_CLOSE, NULL},
        {FAKE_ANSWER, "*2\r\n$2\r\n18\r\n*2\r\n$7\r\nratls:c\r\n$7\r\nratls:a\r\n"},
        {FAKE_ANSWER, "*2\r\n$1\r\n0\r\n*4\r\n$7\r\nratls:a\r\n$3\r\nabc\r\n$7\r\nratls:X\r\n"
                      "$6\r\nratls:\r\n"},
        {FAKE_ANSWER, "*2\r\n$1\r\n0\r\n*0\r\n"}};
    fake_redis f;
    fake_start(&f, false, steps, 6);
    ratls_store store = open_fake(&f, PATIENT_MS);
    /* The first listing breaks at its third page; the second begins anew and is taken whole. */
    assert_string_equal(store_names(&store), "a c ");
    assert_non_null(strstr(fake_seen(&f).last, "$2\r\n18\r\n"));
    assert_string_equal(store_names(&store), "");
    ratls_store_free(&store);
    (void)fake_stop(&f);
}

static void servers_are_found_by_address_and_name(void **state)
{
    (void)state;
    static const char *const hosts[] = {"127.0.0.1", "localhost", NULL};
    static const fake_step step = {FAKE_ANSWER, "$1\r\ny\r\n"};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        fake_redis f;
        fake_start(&f, true, &step, 1);
        ratls_store store = open_it(
            (ratls_redis_options){.host = hosts[i], .port = f.port, .timeout_ms = PATIENT_MS},
            getaddrinfo);
        char name[64];
        (void)snprintf(name, sizeof name, "redis at %s:%u, database 0",
                       hosts[i] != NULL ? hosts[i] : "localhost", (unsigned)f.port);
        assert_string_equal(store.name, name);
        assert_item(&store, "sgx-qe", "y");
        ratls_store_free(&store);
        (void)fake_stop(&f);
    }
}

static void servers_that_are_away_are_told(void **state)
{
    (void)state;
    /* A port where nobody listens any more. */
    fake_redis f;
    static const fake_step step = {FAKE_CLOSE, NULL};
    fake_start(&f, true, &step, 1);
    (void)fake_stop(&f);
    ratls_store store = open_it(
        (ratls_redis_options){.host = "127.0.0.1", .port = f.port, .timeout_ms = PATIENT_MS},
        getaddrinfo);
    static const char calls[] = "gpl";
    for (size_t i = 0; i < 3; i++)
        assert_said(call(&store, calls[i]), RATLS_E_SYSTEM, ": Connection refused");
    ratls_store_free(&store);
    store = open_it((ratls_redis_options){.socket_path = "nowhere/socket"}, getaddrinfo);
    assert_said(store_get(&store, "sgx-qe"), RATLS_E_SYSTEM,
                "redis at nowhere/socket: No such file or directory");
    ratls_store_free(&store);
}

static int no_such_name(const char *host, const char *port, const struct addrinfo *hints,
                        struct addrinfo **out)
{
    (void)host, (void)port, (void)hints, (void)out;
    return EAI_NONAME;
}

/* A resolver that answers when it may. */
static struct slow {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    unsigned asked, answered;
    bool may;
} slow = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

static int slow_name(const char *host, const char *port, const struct addrinfo *hints,
                     struct addrinfo **out)
{
    (void)host;
    (void)pthread_mutex_lock(&slow.lock);
    slow.asked++;
    while (!slow.may)
        (void)pthread_cond_wait(&slow.wake, &slow.lock);
    slow.answered++;
    (void)pthread_cond_broadcast(&slow.wake);
    (void)pthread_mutex_unlock(&slow.lock);
    return getaddrinfo("127.0.0.1", port, hints, out);
}

static void slow_let(bool may)
{
    (void)pthread_mutex_lock(&slow.lock);
    slow.may = may;
    (void)pthread_cond_broadcast(&slow.wake);
    while (may && slow.answered != slow.asked)
        (void)pthread_cond_wait(&slow.wake, &slow.lock);
    (void)pthread_mutex_unlock(&slow.lock);
}

static void names_are_looked_up_within_the_time(void **state)
{
    (void)state;
    static const fake_step step = {FAKE_ANSWER, "$1\r\ny\r\n"};
    fake_redis f;
    fake_start(&f, true, &step, 1);
    ratls_redis_options o = {.host = "redis.example", .port = f.port, .timeout_ms = HASTY_MS};
    ratls_store store = open_it(o, no_such_name);
    assert_said(store_get(&store, "sgx-qe"), RATLS_E_SYSTEM,
                "the name has no address: Name or service not known");
    ratls_store_free(&store);

    store = open_it(o, slow_name);
    for (unsigned i = 0; i < 3; i++)
        assert_said(store_get(&store, "sgx-qe"), RATLS_E_SYSTEM,
                    "the name was not found out within 100 ms");
    slow_let(true);
    /* One thread was started for all of them, and its answer is used. */
    const store_said *said = store_get(&store, "sgx-qe");
    for (unsigned i = 0; said->code != RATLS_OK && i < 1000; i++)
        said = store_get(&store, "sgx-qe");
    assert_said(said, RATLS_OK, "y");
    assert_int_equal(slow.asked, 1);
    ratls_store_free(&store);

    /* Freed while it is looked up. */
    slow_let(false);
    store = open_it(o, slow_name);
    assert_said(store_get(&store, "sgx-qe"), RATLS_E_SYSTEM, "was not found out");
    ratls_store_free(&store);
    slow_let(true);
    (void)fake_stop(&f);
}

static void *get_once(void *state)
{
    ratls_error e = {.text = ""};
    uint8_t out[16];
    size_t n;
    const ratls_store *store = state;
    return store->get(store->state, "x", out, sizeof out, &n, &e) == RATLS_E_SYSTEM ? state : NULL;
}

static void turns_are_waited_for_within_the_time(void **state)
{
    (void)state;
    enum { THREADS = 4 };
    static const fake_step step = {FAKE_HANG, NULL};
    fake_redis f;
    fake_start(&f, false, &step, 1);
    ratls_store store = open_fake(&f, HASTY_MS);
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, get_once, &store), 0);
    for (unsigned i = 0; i < THREADS; i++) {
        void *result = NULL;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_non_null(result);
    }
    ratls_store_free(&store);
    (void)fake_stop(&f);
}

/* An old server repeats what it does not understand. */
static void passwords_are_not_told(void **state)
{
    (void)state;
    static const fake_step steps[] = {
        {FAKE_ANSWER, "-ERR unknown command 'AUTH', with args beginning with: 'secret'\r\n"},
        {FAKE_ANSWER, "+OK\r\n"},
        {FAKE_ANSWER, "-ERR DB index is out of range\r\n"}};
    fake_redis f;
    fake_start(&f, false, steps, 3);
    ratls_store store = open_it(
        (ratls_redis_options){
            .socket_path = f.path, .password = "secret", .database = 7, .timeout_ms = PATIENT_MS},
        getaddrinfo);
    const store_said *said = store_get(&store, "sgx-qe");
    assert_said(said, RATLS_E_SYSTEM, "socket: refuses the password: ERR");
    assert_null(strstr(said->text, "secret"));
    assert_non_null(strstr(fake_seen(&f).last, "secret"));
    assert_null(strstr(store.name, "secret"));
    assert_said(store_get(&store, "sgx-qe"), RATLS_E_SYSTEM,
                "refuses the number of the database: ERR");
    assert_non_null(strstr(fake_seen(&f).last, "SELECT\r\n$1\r\n7\r\n"));
    ratls_store_free(&store);
    (void)fake_stop(&f);
}

static void options_are_checked(void **state)
{
    (void)state;
    char long_text[300];
    memset(long_text, 'a', sizeof long_text);
    long_text[299] = '\0';
    const char *too_long = long_text + 299 - 254, *long_path = long_text + 299 - 108,
               *long_prefix = long_text + 299 - 65;
    const struct {
        ratls_redis_options o;
        const char *part;
    } rows[] = {
        {{.host = "a", .socket_path = "b"}, "found a host and a socket, expected one of them"},
        {{.host = ""}, "found a host that is no name or address"},
        {{.host = "a b"}, "no name or address"},
        {{.host = too_long}, "no name or address"},
        {{.socket_path = ""}, "found a socket path that is empty or longer than 107"},
        {{.socket_path = long_path}, "longer than 107 characters"},
        {{.username = "a"}, "found a user name without a password"},
        {{.prefix = long_prefix}, "found a prefix that is longer than 64 characters"},
        {{.prefix = "a\n"}, "not of printable ones"},
        {{.host = too_long + 1}, NULL},
        {{.socket_path = long_path + 1}, NULL},
        {{.prefix = long_prefix + 1}, NULL},
        {{.prefix = ""}, NULL},
        {{.host = NULL}, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ratls_store store = {.name = NULL};
        ratls_error e = {.text = ""};
        ratls_code code = ratls_store_redis(&rows[i].o, &store, &e);
        assert_int_equal(code, rows[i].part == NULL ? RATLS_OK : RATLS_E_MALFORMED);
        if (rows[i].part != NULL && strstr(e.text, rows[i].part) == NULL)
            fail_msg("%zu: %s", i, e.text);
        ratls_store_free(&store);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(no_call_takes_longer_than_it_may),
        cmocka_unit_test(floods_are_not_taken),
        cmocka_unit_test(a_put_that_may_have_been_done_is_asked_again),
        cmocka_unit_test(unasked_answers_are_not_taken),
        cmocka_unit_test(the_script_knows_what_was_done),
        cmocka_unit_test(pages_are_put_together),
        cmocka_unit_test(servers_are_found_by_address_and_name),
        cmocka_unit_test(servers_that_are_away_are_told),
        cmocka_unit_test(names_are_looked_up_within_the_time),
        cmocka_unit_test(turns_are_waited_for_within_the_time),
        cmocka_unit_test(passwords_are_not_told),
        cmocka_unit_test(options_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
