/* The TD report body of TDX quotes, 1.0 and 1.5 [DCAP 1.1]. */
#include "evidence/td_report.h"

void td_report_read(reader *r, bool td15, td_report *out)
{
    memset(out, 0, sizeof *out);
    reader body = rd_sub(r, td15 ? TD_REPORT15_BODY_SIZE : TD_REPORT10_BODY_SIZE);
    ratls_tdx_facts *f = &out->facts;
    out->raw = bytes_of(body.base + body.pos, rd_left(&body));
    rd_copy(&body, f->tee_tcb_svn, sizeof f->tee_tcb_svn);
    rd_copy(&body, f->mrseam, sizeof f->mrseam);
    rd_copy(&body, f->mrsignerseam, sizeof f->mrsignerseam);
    rd_copy(&body, f->seam_attributes, sizeof f->seam_attributes);
    rd_copy(&body, f->td_attributes, sizeof f->td_attributes);
    rd_copy(&body, f->xfam, sizeof f->xfam);
    rd_copy(&body, f->mrtd, sizeof f->mrtd);
    rd_copy(&body, f->mrconfigid, sizeof f->mrconfigid);
    rd_copy(&body, f->mrowner, sizeof f->mrowner);
    rd_copy(&body, f->mrownerconfig, sizeof f->mrownerconfig);
    for (size_t i = 0; i < 4; i++)
        rd_copy(&body, f->rtmr[i], sizeof f->rtmr[i]);
    out->report_data = rd_take(&body, 64);
    f->has_td15 = td15;
    if (td15) {
        rd_copy(&body, f->tee_tcb_svn2, sizeof f->tee_tcb_svn2);
        rd_copy(&body, f->mrservicetd, sizeof f->mrservicetd);
    }
}
