/*
 * The input as one item of collateral under a root that comes with it (its length in two bytes, the
 * root, the item), as a quote of which the platform is asked, and as a name.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/reader.h"
#include "ratls/item.h"

static void must_have_a_name(const ratls_item *item)
{
    char name[RATLS_ITEM_NAME_SIZE];
    ratls_item again;
    ratls_item_name(item, name);
    assert(memchr(name, '\0', sizeof name) != NULL);
    assert(ratls_item_from_name(name, &again));
    assert(again.kind == item->kind && again.tee == item->tee &&
           again.processor_ca == item->processor_ca &&
           bytes_equal(bytes_of(again.fmspc, 6), bytes_of(item->fmspc, 6)));
}

static void must_say_why(ratls_code code, const ratls_error *e)
{
    assert(code == RATLS_OK || (e->code == code && e->text[0] != '\0'));
}

static void item(bytes data, bytes root)
{
    ratls_item_facts f;
    ratls_error e = {.text = ""};
    ratls_code code = ratls_item_check(data, root, &f, &e);
    must_say_why(code, &e);
    if (code != RATLS_OK)
        return;
    assert(f.expires < INT64_MAX);
    assert(f.evaluation_number == 0 || f.item.kind <= RATLS_ITEM_QE_IDENTITY);
    must_have_a_name(&f.item);
}

static void platform(bytes quote)
{
    ratls_platform p;
    ratls_item items[4];
    ratls_error e = {.text = ""};
    ratls_code code = ratls_quote_platform(quote, &p, &e);
    must_say_why(code, &e);
    if (code != RATLS_OK)
        return;
    ratls_platform_items(&p, items);
    for (size_t i = 0; i < 4; i++)
        must_have_a_name(&items[i]);
}

static void name(bytes in)
{
    ratls_item found;
    char *text = malloc(in.n + 1);
    if (text == NULL)
        abort();
    if (in.n > 0)
        memcpy(text, in.p, in.n);
    text[in.n] = '\0';
    if (ratls_item_from_name(text, &found))
        must_have_a_name(&found);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bytes in = bytes_of(data, size);
    reader r = rd_of(in);
    size_t root_n = (size_t)rd_be(&r, 2);
    bytes root = rd_take(&r, root_n), rest = rd_rest(&r);
    if (rd_ok(&r))
        item(rest, root);
    item(in, BYTES_NONE);
    platform(in);
    name(in);
    return 0;
}
