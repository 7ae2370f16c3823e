/*
 * Reads an appraisal policy, ratls-policy(5). jansson parses the text; every key and value is then
 * checked, and what is unknown, doubled, contradictory or too wide is refused by name.
 */
#include "appraise/policy.h"

#include "appraise/policy_load.h"
#include "base/time.h"
#include "tee/tcb_status.h"

static ratls_code read_key(loader *l, json_t *j, const char *at, const policy_key *key,
                           policy_values *out)
{
    if (key->form == FORM_MINIMUM)
        return load_minimum(l, j, at, out);
    if (key->form == FORM_MASKED || (key->form == FORM_MASKED_OR_LIST && !json_is_array(j)))
        return load_masked(l, j, at, key->width, out);
    ratls_code code = load_list(
        l, j, at, key->form == FORM_INTEGERS ? ELEMENT_INTEGER : ELEMENT_HEX, key->width, out);
    if (code == RATLS_OK && out->n == 0)
        return refuse(l->e, RATLS_E_POLICY, 0, "policy: %s is empty: it would accept nothing", at);
    return code;
}

/* The key of that name which insecure_any may hold in an entry for `tee`, or POLICY_KEY_COUNT. */
static size_t find_open(ratls_tee tee, const char *name)
{
    size_t i = 0;
    while (i < POLICY_KEY_COUNT && !(policy_keys[i].tee == tee && policy_keys[i].open != NULL &&
                                     bytes_is(bytes_text(name), policy_keys[i].name)))
        i++;
    return i;
}

static ratls_code read_open(const loader *l, const json_t *list, const char *at, policy_entry *out)
{
    ratls_code code = load_check_list(l, list, at);
    if (code != RATLS_OK)
        return code;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *j = json_array_get(list, i);
        if (!json_is_string(j))
            return load_wrong_kind(l, j, load_element(at, i).s, "the name of a key");
        const char *name = json_string_value(j);
        size_t id = find_open(out->tee, name);
        if (id == POLICY_KEY_COUNT)
            return refuse(l->e, RATLS_E_MALFORMED, 0,
                          "policy: %s names \"%s\", which is no key that can be left open", at,
                          load_show(name).s);
        if ((out->open & BIT(id)) != 0)
            return load_twice(l, at, name);
        out->open |= BIT(id);
    }
    return RATLS_OK;
}

/* Refuses an entry that would accept too much, and an insecure_any that opens nothing. */
static ratls_code check_width(const loader *l, const policy_entry *entry, const char *at)
{
    uint32_t needed, may_be_open;
    if (entry->tee == RATLS_TEE_TDX) {
        needed = may_be_open = BIT(POLICY_MRTD) | BIT(POLICY_RTMR1) | BIT(POLICY_RTMR2);
    } else if (entry->keys[POLICY_MRENCLAVE].given) {
        needed = may_be_open = 0;
    } else if (entry->keys[POLICY_MRSIGNER].given) {
        needed = may_be_open = BIT(POLICY_ISV_PROD_ID) | BIT(POLICY_MIN_ISV_SVN);
    } else {
        needed = BIT(POLICY_MRENCLAVE);
        may_be_open = needed | BIT(POLICY_ISV_PROD_ID) | BIT(POLICY_MIN_ISV_SVN);
    }
    for (size_t id = 0; id < POLICY_KEY_COUNT; id++) {
        const policy_key *key = &policy_keys[id];
        bool given = entry->keys[id].given, open = (entry->open & BIT(id)) != 0;
        if (open && given)
            return refuse(l->e, RATLS_E_MALFORMED, 0,
                          "policy: %s gives \"%s\" and names it in \"insecure_any\" too", at,
                          key->name);
        if (open && (may_be_open & BIT(id)) == 0)
            return refuse(l->e, RATLS_E_MALFORMED, 0,
                          "policy: %s.insecure_any names \"%s\", which this entry does not need",
                          at, key->name);
        if (!open && !given && (needed & BIT(id)) != 0)
            return refuse(l->e, RATLS_E_POLICY, 0,
                          "policy: %s lacks \"%s\": it would accept %s; to leave it open, name it "
                          "in \"insecure_any\"",
                          at, key->name, key->would_accept);
    }
    return RATLS_OK;
}

static ratls_code read_tee(const loader *l, const json_t *entry, const char *at, ratls_tee *out)
{
    const json_t *tee = json_object_get(entry, "tee");
    if (tee == NULL)
        return refuse(l->e, RATLS_E_MALFORMED, 0, "policy: %s lacks \"tee\"", at);
    if (!json_is_string(tee))
        return load_wrong_kind(l, tee, load_member(at, "tee").s, "\"sgx\" or \"tdx\"");
    bytes name = bytes_text(json_string_value(tee));
    if (!bytes_is(name, "sgx") && !bytes_is(name, "tdx"))
        return refuse(l->e, RATLS_E_MALFORMED, 0,
                      "policy: %s.tee is \"%s\", expected \"sgx\" or \"tdx\"", at,
                      load_show(json_string_value(tee)).s);
    *out = bytes_is(name, "sgx") ? RATLS_TEE_SGX : RATLS_TEE_TDX;
    return RATLS_OK;
}

static ratls_code check_entry_keys(const loader *l, json_t *entry, const char *at, ratls_tee tee)
{
    const char *known[POLICY_KEY_COUNT + 4] = {"tee", "comment", "insecure_any"};
    size_t n = 3;
    for (size_t i = 0; i < POLICY_KEY_COUNT; i++) {
        if (policy_keys[i].tee == tee)
            known[n++] = policy_keys[i].name;
        else if (json_object_get(entry, policy_keys[i].name) != NULL)
            return refuse(l->e, RATLS_E_MALFORMED, 0,
                          "policy: %s has the unknown key \"%s\", which is for \"%s\" only", at,
                          policy_keys[i].name, tee == RATLS_TEE_SGX ? "tdx" : "sgx");
    }
    return load_check_keys(l, entry, at, known);
}

static ratls_code read_entry(loader *l, json_t *j, const char *at, policy_entry *out)
{
    if (!json_is_object(j))
        return load_wrong_kind(l, j, at, "an object");
    ratls_code code = read_tee(l, j, at, &out->tee);
    if (code == RATLS_OK)
        code = check_entry_keys(l, j, at, out->tee);
    if (code == RATLS_OK)
        code = load_comment(l, j, load_member(at, "comment").s);
    for (size_t i = 0; i < POLICY_KEY_COUNT && code == RATLS_OK; i++) {
        json_t *value = json_object_get(j, policy_keys[i].name);
        if (value != NULL)
            code = read_key(l, value, load_member(at, policy_keys[i].name).s, &policy_keys[i],
                            &out->keys[i]);
    }
    const json_t *open = json_object_get(j, "insecure_any");
    if (code == RATLS_OK && open != NULL)
        code = read_open(l, open, load_member(at, "insecure_any").s, out);
    return code == RATLS_OK ? check_width(l, out, at) : code;
}

static ratls_code read_statuses(loader *l, const json_t *list)
{
    static const char at[] = "tcb.allow_status";
    ratls_code code = load_check_list(l, list, at);
    if (code != RATLS_OK)
        return code;
    l->p->allow_status = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *j = json_array_get(list, i);
        if (!json_is_string(j))
            return load_wrong_kind(l, j, load_element(at, i).s, "the name of a TCB status");
        const char *name = json_string_value(j);
        ratls_tcb_status status = tcb_status_from(bytes_text(name));
        if (status == RATLS_TCB_NONE)
            return refuse(l->e, RATLS_E_MALFORMED, 0,
                          "policy: %s names the unknown status \"%s\", expected e.g. \"UpToDate\"",
                          at, load_show(name).s);
        if (status == RATLS_TCB_REVOKED)
            return refuse(l->e, RATLS_E_POLICY, 0,
                          "policy: %s names \"Revoked\", which no policy may allow", at);
        if ((l->p->allow_status & BIT(status)) != 0)
            return load_twice(l, at, name);
        l->p->allow_status |= BIT(status);
    }
    if (l->p->allow_status == 0)
        return refuse(l->e, RATLS_E_POLICY, 0, "policy: %s is empty: it would accept nothing", at);
    return RATLS_OK;
}

static ratls_code read_tcb(loader *l, json_t *tcb)
{
    static const char *const known[] = {"allow_status",          "allow_advisories",
                                        "deny_advisories",       "min_evaluation_number",
                                        "expired_grace_seconds", NULL};
    if (!json_is_object(tcb))
        return load_wrong_kind(l, tcb, "tcb", "an object");
    ratls_code code = load_check_keys(l, tcb, "tcb", known);
    const json_t *j;
    if (code == RATLS_OK && (j = json_object_get(tcb, "allow_status")) != NULL)
        code = read_statuses(l, j);
    if (code == RATLS_OK && (j = json_object_get(tcb, "allow_advisories")) != NULL)
        code =
            load_list(l, j, "tcb.allow_advisories", ELEMENT_ADVISORY, 0, &l->p->allow_advisories);
    if (code == RATLS_OK && (j = json_object_get(tcb, "deny_advisories")) != NULL)
        code = load_list(l, j, "tcb.deny_advisories", ELEMENT_ADVISORY, 0, &l->p->deny_advisories);
    if (code == RATLS_OK && (j = json_object_get(tcb, "min_evaluation_number")) != NULL)
        code = load_integer(l, j, "tcb.min_evaluation_number", UINT32_MAX,
                            &l->p->min_evaluation_number);
    if (code == RATLS_OK && (j = json_object_get(tcb, "expired_grace_seconds")) != NULL)
        code = load_integer(l, j, "tcb.expired_grace_seconds", UINT32_MAX,
                            &l->p->expired_grace_seconds);
    return code;
}

/* The member of that name as Unix seconds; `absent` if it is not there. */
static ratls_code read_date(const loader *l, const json_t *pin, const char *at, const char *name,
                            int64_t absent, int64_t *out)
{
    const json_t *j = json_object_get(pin, name);
    place where = load_member(at, name);
    *out = absent;
    if (j == NULL)
        return RATLS_OK;
    if (!json_is_string(j))
        return load_wrong_kind(l, j, where.s, "a date like \"2026-11-24T00:00:00Z\"");
    if (!time_from_iso(bytes_text(json_string_value(j)), out))
        return refuse(l->e, RATLS_E_MALFORMED, 0,
                      "policy: %s is \"%s\", expected a date like \"2026-11-24T00:00:00Z\"",
                      where.s, load_show(json_string_value(j)).s);
    return RATLS_OK;
}

static ratls_code read_pin_id(const loader *l, const json_t *pin, const char *at, policy_pin *out)
{
    const json_t *ppid = json_object_get(pin, "ppid");
    const json_t *instance = json_object_get(pin, "platform_instance_id");
    if ((ppid == NULL) == (instance == NULL))
        return refuse(l->e, RATLS_E_MALFORMED, 0,
                      "policy: %s has %s of \"ppid\" and \"platform_instance_id\", expected one",
                      at, ppid == NULL ? "neither" : "both");
    const json_t *j = ppid != NULL ? ppid : instance;
    out->is_instance = ppid == NULL;
    place where = load_member(at, out->is_instance ? "platform_instance_id" : "ppid");
    ratls_code code = load_hex(l, j, where.s, sizeof out->id, out->id);
    if (code != RATLS_OK)
        return code;
    if (bytes_all_zero(bytes_of(out->id, sizeof out->id)))
        return refuse(l->e, RATLS_E_POLICY, 0, "policy: %s is all zero, which names no platform",
                      where.s);
    return RATLS_OK;
}

static ratls_code read_pin(loader *l, json_t *pin, const char *at, policy_pin *out)
{
    static const char *const known[] = {
        "ppid", "platform_instance_id", "added", "retire_after", "comment", NULL};
    if (!json_is_object(pin))
        return load_wrong_kind(l, pin, at, "an object");
    ratls_code code = load_check_keys(l, pin, at, known);
    if (code == RATLS_OK)
        code = load_comment(l, pin, load_member(at, "comment").s);
    if (code == RATLS_OK)
        code = read_pin_id(l, pin, at, out);
    if (code == RATLS_OK && json_object_get(pin, "added") == NULL)
        code =
            refuse(l->e, RATLS_E_MALFORMED, 0,
                   "policy: %s lacks \"added\", the day from which the platform is accepted", at);
    if (code == RATLS_OK)
        code = read_date(l, pin, at, "added", 0, &out->added);
    if (code == RATLS_OK)
        code = read_date(l, pin, at, "retire_after", INT64_MAX, &out->retire_after);
    if (code == RATLS_OK && out->retire_after <= out->added)
        code = refuse(l->e, RATLS_E_POLICY, 0,
                      "policy: %s is retired before it is added: it would accept nothing", at);
    return code;
}

static ratls_code read_pins(loader *l, const json_t *list)
{
    static const char at[] = "platforms.pinned";
    ratls_code code = load_check_list(l, list, at);
    l->p->has_pins = true;
    if (code == RATLS_OK && json_array_size(list) == 0)
        code = refuse(l->e, RATLS_E_POLICY, 0, "policy: %s is empty: it would accept nothing", at);
    for (size_t i = 0; code == RATLS_OK && i < json_array_size(list); i++)
        code = read_pin(l, json_array_get(list, i), load_element(at, i).s,
                        &l->p->pins[l->p->pins_n++]);
    return code;
}

static ratls_code read_word(const loader *l, const json_t *j, const char *at,
                            const char *const *words, size_t n, const char *expected, size_t *out)
{
    if (!json_is_string(j))
        return load_wrong_kind(l, j, at, expected);
    for (size_t i = 0; i < n; i++)
        if (bytes_is(bytes_text(json_string_value(j)), words[i])) {
            *out = i;
            return RATLS_OK;
        }
    return refuse(l->e, RATLS_E_MALFORMED, 0, "policy: %s is \"%s\", expected %s", at,
                  load_show(json_string_value(j)).s, expected);
}

static ratls_code read_binding(loader *l, json_t *binding)
{
    static const char *const known[] = {"minimum", "identity", NULL};
    static const char *const levels[] = {"key", "nonce", "session"};
    static const char *const identities[] = {"none", "ca", "platform"};
    size_t level = 0, identity = 0;
    if (!json_is_object(binding))
        return load_wrong_kind(l, binding, "binding", "an object");
    ratls_code code = load_check_keys(l, binding, "binding", known);
    const json_t *j;
    if (code == RATLS_OK && (j = json_object_get(binding, "minimum")) != NULL)
        code = read_word(l, j, "binding.minimum", levels, 3, "\"key\", \"nonce\" or \"session\"",
                         &level);
    if (code == RATLS_OK && (j = json_object_get(binding, "identity")) != NULL)
        code = read_word(l, j, "binding.identity", identities, 3,
                         "\"none\", \"ca\" or \"platform\"", &identity);
    l->p->minimum = (ratls_binding)(RATLS_BINDING_KEY + level);
    l->p->needs_ca = identity == 1;
    l->p->needs_platform = identity == 2;
    if (code == RATLS_OK && l->p->needs_platform && !l->p->has_pins)
        code = refuse(l->e, RATLS_E_POLICY, 0,
                      "policy: binding.identity is \"platform\", and platforms.pinned names none");
    return code;
}

static ratls_code read_platforms(loader *l, json_t *platforms)
{
    static const char *const known[] = {"allow_ppid", "allow_fmspc", "pinned", NULL};
    if (!json_is_object(platforms))
        return load_wrong_kind(l, platforms, "platforms", "an object");
    ratls_code code = load_check_keys(l, platforms, "platforms", known);
    const json_t *j;
    if (code == RATLS_OK && (j = json_object_get(platforms, "allow_ppid")) != NULL)
        code = load_list(l, j, "platforms.allow_ppid", ELEMENT_HEX, 16, &l->p->allow_ppid);
    if (code == RATLS_OK && (j = json_object_get(platforms, "allow_fmspc")) != NULL)
        code = load_list(l, j, "platforms.allow_fmspc", ELEMENT_HEX, 6, &l->p->allow_fmspc);
    if (code == RATLS_OK && (j = json_object_get(platforms, "pinned")) != NULL)
        code = read_pins(l, j);
    return code;
}

static ratls_code read_version(const loader *l, const json_t *root)
{
    const json_t *version = json_object_get(root, "version");
    if (version == NULL)
        return refuse(l->e, RATLS_E_MALFORMED, 0, "policy: \"version\" is missing, expected 1");
    if (!json_is_integer(version))
        return load_wrong_kind(l, version, "version", "the integer 1");
    if (json_integer_value(version) != 1)
        return refuse(l->e, RATLS_E_MALFORMED, 0,
                      "policy: version is %" JSON_INTEGER_FORMAT ", expected 1",
                      json_integer_value(version));
    return RATLS_OK;
}

/* Nothing named, nothing accepted: said at once and not at the first peer. */
static ratls_code check_accept(const loader *l, const json_t *accept)
{
    if (accept == NULL)
        return refuse(l->e, RATLS_E_POLICY, 0,
                      "policy: \"accept\" is missing: it would accept nothing");
    if (!json_is_array(accept))
        return load_wrong_kind(l, accept, "accept", "a list of entries");
    if (json_array_size(accept) == 0)
        return refuse(l->e, RATLS_E_POLICY, 0,
                      "policy: \"accept\" is empty: it would accept nothing");
    if (json_array_size(accept) > POLICY_ACCEPT_MAX)
        return refuse(l->e, RATLS_E_LIMIT, 0, "policy: accept has %zu entries, at most %d are read",
                      json_array_size(accept), POLICY_ACCEPT_MAX);
    return RATLS_OK;
}

/* The policy and room for its entries and values. Its memory comes from jansson's allocator, so
 * that an application has one place to set it. */
static ratls_code allocate(loader *l, size_t entries, size_t pins, size_t text)
{
    json_malloc_t allocate_block;
    json_free_t release;
    json_get_alloc_funcs(&allocate_block, &release);
    size_t head = sizeof *l->p + entries * sizeof *l->p->accept + pins * sizeof *l->p->pins;
    l->p = allocate_block(head + text);
    if (l->p == NULL)
        return load_out_of_memory(l);
    memset(l->p, 0, head + text);
    l->p->release = release;
    l->p->accept = (policy_entry *)(l->p + 1);
    l->p->pins = (policy_pin *)(l->p->accept + entries);
    l->p->minimum = RATLS_BINDING_KEY;
    l->p->allow_status = BIT(RATLS_TCB_UP_TO_DATE);
    l->next = (uint8_t *)l->p + head;
    l->end = l->next + text;
    return RATLS_OK;
}

static ratls_code read_switch(loader *l, json_t *root, const char *name, bool *out)
{
    json_t *j = json_object_get(root, name);
    if (j != NULL && !json_is_boolean(j))
        return load_wrong_kind(l, j, name, "true or false");
    *out = json_is_true(j);
    return RATLS_OK;
}

static ratls_code read_root(loader *l, json_t *root, size_t text)
{
    static const char *const known[] = {"version",
                                        "comment",
                                        "accept",
                                        "tcb",
                                        "platforms",
                                        "binding",
                                        "insecure_allow_debug",
                                        "insecure_stapled_crls",
                                        NULL};
    if (!json_is_object(root))
        return load_wrong_kind(l, root, "the top level", "an object");
    ratls_code code = load_check_keys(l, root, "the top level", known);
    if (code == RATLS_OK)
        code = read_version(l, root);
    if (code == RATLS_OK)
        code = load_comment(l, root, "comment");
    json_t *accept = json_object_get(root, "accept");
    if (code == RATLS_OK)
        code = check_accept(l, accept);
    if (code == RATLS_OK)
        code = allocate(
            l, json_array_size(accept),
            json_array_size(json_object_get(json_object_get(root, "platforms"), "pinned")), text);
    for (size_t i = 0; code == RATLS_OK && i < json_array_size(accept); i++)
        code = read_entry(l, json_array_get(accept, i), load_element("accept", i).s,
                          &l->p->accept[l->p->accept_n++]);
    json_t *j;
    if (code == RATLS_OK && (j = json_object_get(root, "tcb")) != NULL)
        code = read_tcb(l, j);
    if (code == RATLS_OK && (j = json_object_get(root, "platforms")) != NULL)
        code = read_platforms(l, j);
    if (code == RATLS_OK && (j = json_object_get(root, "binding")) != NULL)
        code = read_binding(l, j);
    if (code == RATLS_OK)
        code = read_switch(l, root, "insecure_allow_debug", &l->p->insecure_allow_debug);
    if (code == RATLS_OK)
        code = read_switch(l, root, "insecure_stapled_crls", &l->p->insecure_stapled_crls);
    return code;
}

policy *policy_new(ratls_bytes json, ratls_error *e)
{
    loader l = {.e = e};
    if (json.n == 0) {
        (void)refuse(e, RATLS_E_MALFORMED, 0, "policy: is empty, expected JSON");
        return NULL;
    }
    if (json.n > POLICY_TEXT_MAX) {
        (void)refuse(e, RATLS_E_LIMIT, 0, "policy: has %zu bytes, at most %zu are read", json.n,
                     POLICY_TEXT_MAX);
        return NULL;
    }
    json_t *root = load_json(&l, json);
    if (root == NULL)
        return NULL;
    ratls_code code = read_root(&l, root, json.n);
    json_decref(root);
    if (code != RATLS_OK) {
        policy_free(l.p);
        return NULL;
    }
    return l.p;
}

void policy_free(policy *p)
{
    if (p != NULL)
        p->release(p);
}

bool policy_stapled_crls_suffice(const policy *p)
{
    return p != NULL && p->insecure_stapled_crls;
}

ratls_binding policy_minimum(const policy *p)
{
    return p != NULL ? p->minimum : RATLS_BINDING_SESSION;
}

bool policy_names_tee(const policy *p, ratls_tee tee)
{
    bool named = p == NULL || p->accept_n == 0;
    for (size_t i = 0; p != NULL && i < p->accept_n; i++)
        named |= p->accept[i].tee == tee;
    return named;
}
