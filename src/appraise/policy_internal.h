#ifndef APPRAISE_POLICY_INTERNAL_H
#define APPRAISE_POLICY_INTERNAL_H

#include <jansson.h>

#include "appraise/policy.h"
#include "base/bytes.h"

/* What the reader, the writer and the judge of a policy share. The rules are in ratls-policy(5). */

#define POLICY_TEXT_MAX   ((size_t)1 << 20) /* bytes of JSON */
#define POLICY_ACCEPT_MAX 1024              /* entries of accept */
#define POLICY_VALUES_MAX 4096              /* values of one list */

#define BIT(id) (1U << (id)) /* of a set of policy_key_id or ratls_tcb_status */

/* How the value of an entry's key stands in JSON. */
typedef enum policy_form {
    FORM_LIST,     /* hex strings, of which one must equal the fact */
    FORM_INTEGERS, /* the same with integers */
    FORM_MINIMUM,  /* an integer that the fact must reach */
    FORM_MASKED,   /* {value, mask} in hex */
    FORM_MASKED_OR_LIST
} policy_form;

/* The keys of an entry of accept that are compared with facts: SGX first, then TDX. */
typedef enum policy_key_id {
    POLICY_MRENCLAVE,
    POLICY_MRSIGNER,
    POLICY_ISV_PROD_ID,
    POLICY_MIN_ISV_SVN,
    POLICY_CONFIG_ID,
    POLICY_ATTRIBUTES,
    POLICY_MISC_SELECT,
    POLICY_MRTD,
    POLICY_RTMR0,
    POLICY_RTMR1,
    POLICY_RTMR2,
    POLICY_RTMR3,
    POLICY_MRSEAM,
    POLICY_MRSIGNERSEAM,
    POLICY_MRCONFIGID,
    POLICY_MROWNER,
    POLICY_MROWNERCONFIG,
    POLICY_MRSERVICETD,
    POLICY_SEAM_ATTRIBUTES,
    POLICY_TD_ATTRIBUTES,
    POLICY_XFAM,
    POLICY_KEY_COUNT
} policy_key_id;

typedef struct policy_key {
    const char *name;  /* in JSON */
    const char *label; /* in sentences */
    ratls_tee tee;
    policy_form form;
    uint8_t width;     /* of a value, in bytes */
    bool is_attribute; /* judged by CHECK_POLICY_ATTRIBUTES, else by CHECK_POLICY_IDENTITY */
    bool is_integer;   /* the fact is an integer of the host's byte order */
    size_t offset;     /* of the fact in ratls_facts */
    const char *open;  /* how a result names the key when insecure_any does; NULL: it may not */
    const char *would_accept; /* what an entry without this key would accept; NULL: harmless */
} policy_key;

extern const policy_key policy_keys[POLICY_KEY_COUNT];

/* A fact in report byte order. It lies in `facts`, or, an integer, in `number`. */
bytes policy_fact(const policy_key *key, const ratls_facts *facts, uint8_t number[4]);

/* The values of one key. */
typedef struct policy_values {
    bool given;  /* the key is there, perhaps with an empty list */
    bool masked; /* p holds one value and its mask, n is 1 */
    size_t n;
    const uint8_t *p; /* n values of equal width; advisories: n strings, each with its NUL */
} policy_values;

typedef struct policy_entry {
    ratls_tee tee;
    uint32_t open; /* BIT(policy_key_id): insecure_any names that key */
    policy_values keys[POLICY_KEY_COUNT];
} policy_entry;

/* A platform that is accepted from one day to another, so that lists can be rolled over. */
typedef struct policy_pin {
    bool is_instance; /* `id` is a platform instance id; else a PPID */
    uint8_t id[16];
    int64_t added, retire_after; /* Unix seconds; INT64_MAX: never */
} policy_pin;

/* One block of memory: the structure, then its entries and pins, then all values. */
struct policy {
    json_free_t release; /* the partner of the allocator that the block came from */
    size_t accept_n;
    policy_entry *accept;
    uint32_t allow_status; /* BIT(ratls_tcb_status) */
    policy_values allow_advisories, deny_advisories;
    uint32_t min_evaluation_number, expired_grace_seconds;
    policy_values allow_ppid, allow_fmspc;
    bool has_pins;
    size_t pins_n;
    policy_pin *pins;
    ratls_binding minimum; /* RATLS_BINDING_KEY if the policy names none */
    bool needs_ca, needs_platform;
    bool insecure_allow_debug, insecure_stapled_crls;
};

#endif
