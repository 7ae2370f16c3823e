/* SGX REPORTBODY as it stands in quotes [DCAP 1.1; SDM Vol. 3D 38.15]. */
#include "evidence/sgx_report.h"

void sgx_report_read(reader *r, sgx_report *out)
{
    memset(out, 0, sizeof *out);
    reader body = rd_sub(r, SGX_REPORT_BODY_SIZE);
    ratls_sgx_facts *f = &out->facts;
    out->raw = bytes_of(body.base + body.pos, rd_left(&body));
    rd_copy(&body, f->cpu_svn, sizeof f->cpu_svn);
    f->misc_select = rd_le32(&body);
    (void)rd_take(&body, 12);
    rd_copy(&body, f->isv_ext_prod_id, sizeof f->isv_ext_prod_id);
    rd_copy(&body, f->attributes, sizeof f->attributes);
    rd_copy(&body, f->mrenclave, sizeof f->mrenclave);
    (void)rd_take(&body, 32);
    rd_copy(&body, f->mrsigner, sizeof f->mrsigner);
    (void)rd_take(&body, 32);
    rd_copy(&body, f->config_id, sizeof f->config_id);
    f->isv_prod_id = rd_le16(&body);
    f->isv_svn = rd_le16(&body);
    f->config_svn = rd_le16(&body);
    (void)rd_take(&body, 42);
    rd_copy(&body, f->isv_family_id, sizeof f->isv_family_id);
    out->report_data = rd_take(&body, 64);
}
