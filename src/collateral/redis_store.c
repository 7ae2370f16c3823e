/* A store in Redis: one string for each item. */
#define _POSIX_C_SOURCE 200809L
#include "collateral/redis_store.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "collateral/redis_link.h"
#include "collateral/store_name.h"

enum { PREFIX_MAX = 64, KEY_MAX = PREFIX_MAX + RATLS_ITEM_NAME_SIZE, HOST_MAX = 253 };
enum { SOCKET_PATH_MAX = 107 }; /* of a struct sockaddr_un */
/* Around a string of n bytes, or an error instead of it. */
enum { AROUND = 4096, PAGE_MAX = 256 * 1024 };

/*
 * Compare and set, in one step of the server's: no writer can come between. The whole of `before`
 * is sent and compared. Its SHA-1 (redis.sha1hex) would be shorter, but whoever can write to the
 * store could make two contents with the same, and this library has no use for SHA-1 otherwise. A
 * key that is absent has the length 0, like an empty one, which is no item either.
 *
 * ARGV[3] is "1" if this was asked before and the connection broke: it may have been done then, so
 * content that is there already counts as put. Two writers of the same content can't be told apart
 * in that case, and need not be.
 */
static const char put_script[] =
    "local n = redis.call('STRLEN', KEYS[1])\n"
    "local function holds(content)\n"
    "  return n == #content and (n == 0 or redis.call('GET', KEYS[1]) == content)\n"
    "end\n"
    "if holds(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[2]) return 1 end\n"
    "if ARGV[3] == '1' and holds(ARGV[2]) then return 1 end\n"
    "return 0\n";

typedef struct redis_store {
    /* Whose turn it is. */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool busy;
    /* Of the thread whose turn it is. */
    redis_link link;
    char prefix[PREFIX_MAX + 1];
    char name[REDIS_SHOWN_MAX + 32];
} redis_store;

static ratls_code take_turn(redis_store *s, int64_t *deadline, ratls_error *error)
{
    *deadline = redis_clock() + s->link.timeout_ms;
    (void)pthread_mutex_lock(&s->lock);
    bool in_time = true;
    while (s->busy && in_time)
        in_time = redis_wait(&s->wake, &s->lock, *deadline);
    bool mine = !s->busy;
    s->busy = true;
    (void)pthread_mutex_unlock(&s->lock);
    if (!mine)
        return refuse(error, RATLS_E_SYSTEM, 0, "redis at %s: busy with other calls for %u ms",
                      s->link.shown, (unsigned)s->link.timeout_ms);
    return RATLS_OK;
}

static void end_turn(redis_store *s)
{
    (void)pthread_mutex_lock(&s->lock);
    s->busy = false;
    (void)pthread_cond_signal(&s->wake);
    (void)pthread_mutex_unlock(&s->lock);
}

typedef struct key_text {
    char s[KEY_MAX];
} key_text;

static key_text key_of(const redis_store *s, const char *item)
{
    key_text k;
    (void)snprintf(k.s, sizeof k.s, "%s%s", s->prefix, item);
    return k;
}

/* What the server says instead of an answer. Before Redis 7 the words of a command that fails in a
 * script are in the middle. */
static ratls_code refuse_said(const redis_store *s, const char *doing, const redis_answer *a,
                              ratls_error *error)
{
    static const struct {
        const char *word, *means;
        ratls_code code;
    } words[] = {{"OOM ", "is full", RATLS_E_SYSTEM},
                 {"READONLY ", "takes no writes", RATLS_E_SYSTEM},
                 {"WRONGTYPE ", "found a key that holds no string", RATLS_E_UNSUPPORTED}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strstr(a->line, words[i].word) != NULL)
            return refuse(error, words[i].code, 0, "redis at %s: %s: %s: %s", s->link.shown, doing,
                          words[i].means, a->line);
    return refuse(error, RATLS_E_SYSTEM, 0, "redis at %s: %s: is refused: %s", s->link.shown, doing,
                  a->line);
}

/* The answer must be of this type. */
static ratls_code check_type(const redis_store *s, const char *doing, const redis_answer *a,
                             int type, ratls_error *error)
{
    if (a->type == type)
        return RATLS_OK;
    if (a->type == REDIS_REPLY_ERROR)
        return refuse_said(s, doing, a, error);
    return refuse(error, RATLS_E_MALFORMED, 0,
                  "redis at %s: %s: found an answer of another kind than was asked for",
                  s->link.shown, doing);
}

static ratls_code get_asked(redis_store *s, const char *item, redis_answer *a, int64_t deadline,
                            ratls_error *error)
{
    const key_text key = key_of(s, item);
    char last[16];
    /* One byte more than is taken, from which it is seen that there is more. */
    (void)snprintf(last, sizeof last, "%zu", a->cap);
    const bytes words[] = {bytes_text("GETRANGE"), bytes_text(key.s), bytes_text("0"),
                           bytes_text(last)};
    bool broke;
    ratls_code code = redis_ask(&s->link, words, 4, a, deadline, &broke, error);
    if (broke)
        code = redis_ask(&s->link, words, 4, a, deadline, &broke, error);
    if (code == RATLS_OK)
        code = check_type(s, item, a, REDIS_REPLY_STRING, error);
    return code;
}

static ratls_code redis_get(void *state, const char *item, uint8_t *out, size_t cap, size_t *n,
                            ratls_error *error)
{
    assert(store_name_ok(bytes_text(item)));
    redis_store *s = state;
    int64_t deadline;
    ratls_code code = take_turn(s, &deadline, error);
    if (code != RATLS_OK)
        return code;
    cap = cap < RATLS_ITEM_MAX ? cap : RATLS_ITEM_MAX;
    redis_answer a = {.out = out, .cap = cap, .limit = cap + 1 + AROUND};
    code = get_asked(s, item, &a, deadline, error);
    end_turn(s);
    if (code != RATLS_OK)
        return code;
    if (a.n == 0)
        return refuse(error, RATLS_E_MISSING, 0, "redis at %s: %s is not there", s->link.shown,
                      item);
    if (a.n > cap)
        return refuse(error, RATLS_E_LIMIT, 0,
                      "redis at %s: %s: found more than %zu bytes, expected at most that many",
                      s->link.shown, item, cap);
    *n = a.n;
    return RATLS_OK;
}

static ratls_code redis_put(void *state, const char *item, ratls_bytes before, ratls_bytes content,
                            bool *lost, ratls_error *error)
{
    assert(store_name_ok(bytes_text(item)) && content.n > 0);
    redis_store *s = state;
    *lost = false;
    if (content.n > RATLS_ITEM_MAX)
        return refuse(error, RATLS_E_LIMIT, 0,
                      "redis at %s: %s: %zu bytes to write, expected at most %d", s->link.shown,
                      item, content.n, RATLS_ITEM_MAX);
    int64_t deadline;
    ratls_code code = take_turn(s, &deadline, error);
    if (code != RATLS_OK)
        return code;
    const key_text key = key_of(s, item);
    bytes words[] = {bytes_text("EVAL"),
                     bytes_text(put_script),
                     bytes_text("1"),
                     bytes_text(key.s),
                     before,
                     content,
                     bytes_text("0")};
    redis_answer a = {.limit = AROUND};
    bool broke;
    code = redis_ask(&s->link, words, 7, &a, deadline, &broke, error);
    if (broke) {
        words[6] = bytes_text("1");
        code = redis_ask(&s->link, words, 7, &a, deadline, &broke, error);
    }
    end_turn(s);
    if (code == RATLS_OK)
        code = check_type(s, item, &a, REDIS_REPLY_INTEGER, error);
    if (code == RATLS_OK)
        *lost = a.integer != 1;
    return code;
}

typedef char item_name[RATLS_ITEM_NAME_SIZE];

typedef struct name_list {
    size_t prefix_n;
    item_name *names;
    size_t n;
    bool too_many;
} name_list;

/* A server may give a key more than once. */
static bool take_key(void *context, bytes key)
{
    name_list *l = context;
    if (key.n < l->prefix_n || !store_name_ok(bytes_of(key.p + l->prefix_n, key.n - l->prefix_n)))
        return true;
    l->too_many = l->n == REDIS_NAMES_MAX;
    if (l->too_many)
        return false;
    (void)snprintf(l->names[l->n++], sizeof(item_name), "%.*s", (int)(key.n - l->prefix_n),
                   (const char *)key.p + l->prefix_n);
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The prefix, as a pattern for which it stands itself, and whatever follows. */
static void pattern_of(const char *prefix, char out[2 * PREFIX_MAX + 2])
{
    size_t n = 0;
    for (const char *p = prefix; *p != '\0'; p++) {
        if (strchr("*?[]\\^-", *p) != NULL)
            out[n++] = '\\';
        out[n++] = *p;
    }
    out[n++] = '*';
    out[n] = '\0';
}

/* All pages. The cursors are those of one server process, so a listing that breaks begins anew. */
static ratls_code scan(redis_store *s, name_list *l, int64_t deadline, bool *broke,
                       ratls_error *error)
{
    char pattern[2 * PREFIX_MAX + 2];
    char cursor[REDIS_CURSOR_MAX] = "0";
    pattern_of(s->prefix, pattern);
    do {
        const bytes words[] = {bytes_text("SCAN"),  bytes_text(cursor),  bytes_text("MATCH"),
                               bytes_text(pattern), bytes_text("COUNT"), bytes_text("512")};
        redis_answer a = {.limit = PAGE_MAX, .each = take_key, .context = l};
        ratls_code code = redis_ask(&s->link, words, 6, &a, deadline, broke, error);
        if (l->too_many)
            return refuse(error, RATLS_E_LIMIT, 0,
                          "redis at %s: found more than %d items, expected at most that many",
                          s->link.shown, REDIS_NAMES_MAX);
        if (code == RATLS_OK)
            code = check_type(s, "the list", &a, REDIS_REPLY_ARRAY, error);
        if (code != RATLS_OK)
            return code;
        if (a.cursor[0] == '\0' || strspn(a.cursor, "0123456789") != strlen(a.cursor))
            return refuse(error, RATLS_E_MALFORMED, 0,
                          "redis at %s: the list: found the cursor '%s', expected a number",
                          s->link.shown, a.cursor);
        memcpy(cursor, a.cursor, sizeof cursor);
    } while (strcmp(cursor, "0") != 0);
    return RATLS_OK;
}

static ratls_code redis_list(void *state, bool (*each)(void *context, const char *item),
                             void *context, ratls_error *error)
{
    redis_store *s = state;
    int64_t deadline;
    name_list l = {.prefix_n = strlen(s->prefix),
                   .names = malloc(REDIS_NAMES_MAX * sizeof(item_name))};
    if (l.names == NULL)
        return refuse(error, RATLS_E_SYSTEM, 0, "redis at %s: out of memory", s->link.shown);
    ratls_code code = take_turn(s, &deadline, error);
    if (code == RATLS_OK) {
        bool broke;
        code = scan(s, &l, deadline, &broke, error);
        if (broke) {
            l.n = 0;
            code = scan(s, &l, deadline, &broke, error);
        }
        end_turn(s);
    }
    if (code == RATLS_OK) {
        qsort(l.names, l.n, sizeof(item_name), by_name);
        bool more = true;
        for (size_t i = 0; more && i < l.n; i++)
            if (i == 0 || strcmp(l.names[i], l.names[i - 1]) != 0)
                more = each(context, l.names[i]);
    }
    free(l.names);
    return code;
}

static void redis_free(void *state)
{
    redis_store *s = state;
    redis_link_end(&s->link);
    (void)pthread_cond_destroy(&s->wake);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

static bool is_plain(const char *text, size_t max)
{
    for (const char *p = text; *p != '\0'; p++)
        if (*p <= ' ' || *p > '~')
            return false;
    return strlen(text) <= max;
}

static ratls_code check_options(const ratls_redis_options *o, ratls_error *error)
{
    const char *bad = NULL;
    if (o->host != NULL && o->socket_path != NULL)
        bad = "found a host and a socket, expected one of them";
    else if (o->host != NULL && (o->host[0] == '\0' || !is_plain(o->host, HOST_MAX)))
        bad = "found a host that is no name or address";
    else if (o->socket_path != NULL &&
             (o->socket_path[0] == '\0' || strlen(o->socket_path) > SOCKET_PATH_MAX))
        bad = "found a socket path that is empty or longer than 107 characters";
    else if (o->username != NULL && o->password == NULL)
        bad = "found a user name without a password";
    else if (o->prefix != NULL && !is_plain(o->prefix, PREFIX_MAX))
        bad = "found a prefix that is longer than 64 characters, or not of printable ones";
    if (bad != NULL)
        return refuse(error, RATLS_E_MALFORMED, 0, "redis: %s", bad);
    return RATLS_OK;
}

static bool init(redis_store *s, const ratls_redis_options *o, redis_resolve *resolve)
{
    if (pthread_mutex_init(&s->lock, NULL) != 0)
        return false;
    if (!redis_wake_init(&s->wake)) {
        (void)pthread_mutex_destroy(&s->lock);
        return false;
    }
    bool ok = redis_link_init(&s->link, o, resolve);
    (void)snprintf(s->prefix, sizeof s->prefix, "%s", o->prefix != NULL ? o->prefix : "ratls:");
    (void)snprintf(s->name, sizeof s->name, "redis at %s, database %u", s->link.shown,
                   (unsigned)o->database);
    if (!ok) {
        redis_link_end(&s->link);
        (void)pthread_cond_destroy(&s->wake);
        (void)pthread_mutex_destroy(&s->lock);
    }
    return ok;
}

ratls_code redis_store_open(const ratls_redis_options *options, redis_resolve *resolve,
                            ratls_store *store, ratls_error *error)
{
    ratls_code code = check_options(options, error);
    if (code != RATLS_OK)
        return code;
    redis_store *s = calloc(1, sizeof *s);
    if (s == NULL || !init(s, options, resolve)) {
        free(s);
        return refuse(error, RATLS_E_SYSTEM, 0, "redis: out of memory");
    }
    *store = (ratls_store){.name = s->name,
                           .state = s,
                           .remote = true,
                           .get = redis_get,
                           .put = redis_put,
                           .list = redis_list,
                           .free = redis_free};
    return RATLS_OK;
}

ratls_code ratls_store_redis(const ratls_redis_options *options, ratls_store *store,
                             ratls_error *error)
{
    return redis_store_open(options, getaddrinfo, store, error);
}
