/* The keys of an accept entry: what each is called, how it is written, which fact it judges. */
#include "appraise/policy_internal.h"

const policy_key policy_keys[POLICY_KEY_COUNT] = {
    [POLICY_MRENCLAVE] = {"mrenclave", "MRENCLAVE", RATLS_TEE_SGX, FORM_LIST, 32, false, false,
                          offsetof(ratls_facts, sgx.mrenclave), "insecure_any: mrenclave",
                          "every enclave, for it has no \"mrsigner\" either"},
    [POLICY_MRSIGNER] = {"mrsigner", "MRSIGNER", RATLS_TEE_SGX, FORM_LIST, 32, false, false,
                         offsetof(ratls_facts, sgx.mrsigner), NULL, NULL},
    [POLICY_ISV_PROD_ID] = {"isv_prod_id", "ISV_PROD_ID", RATLS_TEE_SGX, FORM_INTEGERS, 2, false,
                            true, offsetof(ratls_facts, sgx.isv_prod_id),
                            "insecure_any: isv_prod_id", "every product of the signer"},
    [POLICY_MIN_ISV_SVN] = {"min_isv_svn", "ISV_SVN", RATLS_TEE_SGX, FORM_MINIMUM, 2, false, true,
                            offsetof(ratls_facts, sgx.isv_svn), "insecure_any: min_isv_svn",
                            "every old version of the product"},
    [POLICY_CONFIG_ID] = {"config_id", "CONFIG_ID", RATLS_TEE_SGX, FORM_LIST, 64, false, false,
                          offsetof(ratls_facts, sgx.config_id), NULL, NULL},
    [POLICY_ATTRIBUTES] = {"attributes", "ATTRIBUTES", RATLS_TEE_SGX, FORM_MASKED, 16, true, false,
                           offsetof(ratls_facts, sgx.attributes), NULL, NULL},
    [POLICY_MISC_SELECT] = {"misc_select", "MISC_SELECT", RATLS_TEE_SGX, FORM_MASKED, 4, true, true,
                            offsetof(ratls_facts, sgx.misc_select), NULL, NULL},
    [POLICY_MRTD] = {"mrtd", "MRTD", RATLS_TEE_TDX, FORM_LIST, 48, false, false,
                     offsetof(ratls_facts, tdx.mrtd), "insecure_any: mrtd", "every TD firmware"},
    [POLICY_RTMR0] = {"rtmr0", "RTMR0", RATLS_TEE_TDX, FORM_LIST, 48, false, false,
                      offsetof(ratls_facts, tdx.rtmr[0]), NULL, NULL},
    [POLICY_RTMR1] = {"rtmr1", "RTMR1", RATLS_TEE_TDX, FORM_LIST, 48, false, false,
                      offsetof(ratls_facts, tdx.rtmr[1]), "insecure_any: rtmr1", "every kernel"},
    [POLICY_RTMR2] = {"rtmr2", "RTMR2", RATLS_TEE_TDX, FORM_LIST, 48, false, false,
                      offsetof(ratls_facts, tdx.rtmr[2]), "insecure_any: rtmr2",
                      "every kernel command line and initrd"},
    [POLICY_RTMR3] = {"rtmr3", "RTMR3", RATLS_TEE_TDX, FORM_LIST, 48, false, false,
                      offsetof(ratls_facts, tdx.rtmr[3]), NULL, NULL},
    [POLICY_MRSEAM] = {"mrseam", "MRSEAM", RATLS_TEE_TDX, FORM_LIST, 48, false, false,
                       offsetof(ratls_facts, tdx.mrseam), NULL, NULL},
    [POLICY_MRSIGNERSEAM] = {"mrsignerseam", "MRSIGNERSEAM", RATLS_TEE_TDX, FORM_LIST, 48, false,
                             false, offsetof(ratls_facts, tdx.mrsignerseam), NULL, NULL},
    [POLICY_MRCONFIGID] = {"mrconfigid", "MRCONFIGID", RATLS_TEE_TDX, FORM_LIST, 48, false, false,
                           offsetof(ratls_facts, tdx.mrconfigid), NULL, NULL},
    [POLICY_MROWNER] = {"mrowner", "MROWNER", RATLS_TEE_TDX, FORM_LIST, 48, false, false,
                        offsetof(ratls_facts, tdx.mrowner), NULL, NULL},
    [POLICY_MROWNERCONFIG] = {"mrownerconfig", "MROWNERCONFIG", RATLS_TEE_TDX, FORM_LIST, 48, false,
                              false, offsetof(ratls_facts, tdx.mrownerconfig), NULL, NULL},
    [POLICY_MRSERVICETD] = {"mrservicetd", "MRSERVICETD", RATLS_TEE_TDX, FORM_LIST, 48, false,
                            false, offsetof(ratls_facts, tdx.mrservicetd), NULL, NULL},
    [POLICY_SEAM_ATTRIBUTES] = {"seam_attributes", "SEAM_ATTRIBUTES", RATLS_TEE_TDX,
                                FORM_MASKED_OR_LIST, 8, true, false,
                                offsetof(ratls_facts, tdx.seam_attributes), NULL, NULL},
    [POLICY_TD_ATTRIBUTES] = {"td_attributes", "TD_ATTRIBUTES", RATLS_TEE_TDX, FORM_MASKED, 8, true,
                              false, offsetof(ratls_facts, tdx.td_attributes), NULL, NULL},
    [POLICY_XFAM] = {"xfam", "XFAM", RATLS_TEE_TDX, FORM_MASKED, 8, true, false,
                     offsetof(ratls_facts, tdx.xfam), NULL, NULL},
};

static uint32_t host_integer(bytes raw)
{
    uint16_t narrow;
    uint32_t wide;
    if (raw.n == sizeof narrow) {
        memcpy(&narrow, raw.p, sizeof narrow);
        return narrow;
    }
    memcpy(&wide, raw.p, sizeof wide);
    return wide;
}

bytes policy_fact(const policy_key *key, const ratls_facts *facts, uint8_t number[4])
{
    bytes raw = bytes_of((const uint8_t *)facts + key->offset, key->width);
    if (!key->is_integer)
        return raw;
    uint32_t v = host_integer(raw);
    for (size_t i = 0; i < raw.n; i++)
        number[i] = (uint8_t)(v >> 8 * i);
    return bytes_of(number, raw.n);
}
