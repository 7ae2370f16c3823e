/* A name server that does not answer: the deadline holds all the same. */
#define _POSIX_C_SOURCE 200809L
#include "fetch_world.h"

#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned asked, answered;
static bool free_to_answer;

/* In the place of the C library's: it waits until the test lets it go, or a minute has passed. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
    (void)name, (void)service, (void)hints;
    *found = NULL;
    struct timespec end;
    (void)clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 60;
    (void)pthread_mutex_lock(&lock);
    asked++;
    int failed = 0;
    while (!free_to_answer && failed == 0)
        failed = pthread_cond_timedwait(&changed, &lock, &end);
    answered++;
    (void)pthread_cond_broadcast(&changed);
    (void)pthread_mutex_unlock(&lock);
    return EAI_AGAIN;
}

static void let_go(void)
{
    (void)pthread_mutex_lock(&lock);
    free_to_answer = true;
    (void)pthread_cond_broadcast(&changed);
    while (answered < asked)
        (void)pthread_cond_wait(&changed, &lock);
    (void)pthread_mutex_unlock(&lock);
}

static void does_not_wait_for_names(void **state)
{
    (void)state;
    const ratls_item item = {.kind = RATLS_ITEM_ROOT_CA_CRL};
    ratls_fetcher f = fetcher_of("http://pccs.example:8081", NULL);
    ratls_error e;
    assert_int_equal(fetch_item(&f, &item, NOW, 200, &e), RATLS_E_SYSTEM);
    assert_string_equal(e.text, "http://pccs.example:8081: timed out after 200 ms");
    (void)pthread_mutex_lock(&lock);
    assert_true(asked == 1 && answered == 0);
    (void)pthread_mutex_unlock(&lock);
    /* Nor when it is freed. */
    ratls_fetcher_free(&f);
    (void)pthread_mutex_lock(&lock);
    assert_int_equal(answered, 0);
    (void)pthread_mutex_unlock(&lock);
    let_go();
    f = fetcher_of("http://pccs.example:8081", NULL);
    assert_int_equal(fetch_item(&f, &item, NOW, PLENTY_MS, &e), RATLS_E_SYSTEM);
    assert_string_equal(e.text, "http://pccs.example:8081: its name can't be resolved");
    ratls_fetcher_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(does_not_wait_for_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
