/*
 * The report as one HTML page that needs nothing beside itself: style and script are in it, and its
 * content security policy lets the browser run these two by their digests and load nothing.
 */
#include <inttypes.h>

#include "base/base64.h"
#include "base/time.h"
#include "conform_markup.h"
#include "conform_report.h"
#include "crypto/crypto.h"

static const char *const style[] = {
    ":root{color-scheme:light dark;--bg:#f7f7f5;--card:#fff;--ink:#1d2126;--soft:#5b636d;"
    "--line:#e2e3df;--pass:#1a7446;--warn:#8a5a00;--fail:#b3261e;--error:#7b3fa8;--skip:#5b636d;"
    "--focus:#2f6fdb}\n",
    "@media(prefers-color-scheme:dark){:root{--bg:#14171a;--card:#1c2024;--ink:#e6e8ea;"
    "--soft:#a0a8b1;--line:#2d3338;--pass:#5cc98f;--warn:#e0ae52;--fail:#ff8a80;--error:#cfa3f3;"
    "--skip:#a0a8b1;--focus:#82aaff}}\n",
    "*{box-sizing:border-box}[hidden]{display:none!important}\n",
    "body{margin:0;background:var(--bg);color:var(--ink);"
    "font:16px/1.55 system-ui,-apple-system,\"Segoe UI\",Roboto,sans-serif}\n",
    "main,.in{max-width:62rem;margin:0 auto;padding:0 1.25rem}\n",
    "code,.id,td:first-child,.says{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"
    "monospace;font-size:.875em;overflow-wrap:anywhere}\n",
    "header.top{padding:3rem 0 1.5rem}.eyebrow{margin:0;color:var(--soft);font-size:.875rem;"
    "letter-spacing:.04em}\n",
    "h1{margin:.25rem 0 1rem;font-size:2.25rem;line-height:1.2;font-weight:650;"
    "letter-spacing:-.015em}h1 .pass{color:var(--pass)}h1 .fail{color:var(--fail)}\n",
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.25rem;margin:0}"
    "dt{color:var(--soft)}dd{margin:0;min-width:0;overflow-wrap:anywhere}\n",
    ".bar{display:block;height:.625rem;margin:1.75rem 0 0;border-radius:1rem}\n",
    ".pass{color:var(--pass)}.warn{color:var(--warn)}.fail{color:var(--fail)}"
    ".error{color:var(--error)}.skip{color:var(--skip)}\n",
    ".tools{position:sticky;top:0;z-index:1;background:var(--bg);border-bottom:1px solid "
    "var(--line);padding:.75rem 0}.tools .in{display:flex;flex-wrap:wrap;gap:.5rem;"
    "align-items:center}\n",
    "input{flex:1 1 15rem;font:inherit;color:inherit;background:var(--card);border:1px solid "
    "var(--line);border-radius:.5rem;padding:.4rem .75rem}input::placeholder{color:var(--soft)}\n",
    "button{font:inherit;font-size:.9375rem;color:var(--ink);background:var(--card);"
    "border:1px solid var(--line);border-radius:2rem;padding:.35rem .85rem;cursor:pointer}"
    "button[aria-pressed=false]{opacity:.6;text-decoration:line-through}"
    "button b{font-weight:650;margin-left:.3rem}button .dot{margin-right:.4rem}\n",
    ".dot{display:inline-block;width:.6em;height:.6em;border-radius:50%;background:currentColor}\n",
    ":focus-visible{outline:2px solid var(--focus);outline-offset:2px}\n",
    ".count{color:var(--soft);font-size:.9375rem;margin:1rem 0 0}\n",
    "h2{display:flex;justify-content:space-between;align-items:baseline;font-size:1rem;"
    "font-weight:650;margin:2rem 0 .6rem}h2 span{font-weight:400;color:var(--soft);"
    "font-size:.9375rem}\n",
    "article{background:var(--card);border:1px solid var(--line);border-radius:.625rem;"
    "padding:.85rem 1.1rem;margin:0 0 .6rem;scroll-margin-top:5rem}"
    "article.fail,article.error{border-left:4px solid currentColor;padding-left:calc(1.1rem - "
    "3px)}article>*{color:var(--ink)}\n",
    ".head{display:flex;gap:.75rem;align-items:baseline;flex-wrap:wrap}h3{margin:0;"
    "font-size:.9375rem;font-weight:650}h3 a{color:inherit;text-decoration:none}"
    "h3 a:hover{text-decoration:underline}\n",
    ".pill{font-size:.8125rem;font-weight:650;min-width:3.6rem}.clause{margin-left:auto;"
    "color:var(--soft);font-size:.875rem}article p{margin:.3rem 0 0}.why{color:var(--soft)}\n",
    "article.fail .why,article.error .why,article.warn .why{color:var(--ink)}\n",
    "details{margin:.5rem 0 0}summary{cursor:pointer;color:var(--soft);font-size:.9375rem;"
    "width:fit-content}.fail>details>summary,.error>details>summary{color:var(--ink)}\n",
    ".scroll{overflow-x:auto;margin:.5rem 0 .25rem}table{border-collapse:collapse;width:100%;"
    "font-size:.9375rem}th{text-align:left;font-weight:500;color:var(--soft);"
    "font-size:.875rem}th,td{padding:.4rem .9rem .4rem 0;border-top:1px solid var(--line);"
    "vertical-align:top}tr:first-child th{border-top:0}td:first-child{width:14rem;min-width:9rem}"
    "td:nth-child(2){min-width:14rem}td:nth-child(3){width:9rem}td:nth-child(4){width:8rem}"
    "td.n,th.n{text-align:right;white-space:nowrap;padding-right:0}.says{display:block;"
    "color:var(--soft);margin-top:.15rem}\n",
    ".none{color:var(--soft);padding:2rem 0}footer{color:var(--soft);font-size:.875rem;"
    "padding:2.5rem 0 3rem}\n",
    "@media(max-width:40rem){h1{font-size:1.75rem}header.top{padding-top:2rem}.clause{margin-left:"
    "0;flex-basis:100%}.tools{position:static}}\n",
    "@media print{.tools,.count{display:none}body{background:#fff}article{break-inside:avoid}}\n",
};

/* The filter is kept in the address, "#filter=TEXT&hide=pass,skip", so that it can be passed on. */
static const char *const script[] = {
    "'use strict';\n"
    "const q=document.getElementById('q'),n=document.getElementById('n'),\n"
    "none=document.getElementById('none'),\n"
    "buttons=[...document.querySelectorAll('button[data-outcome]')],\n"
    "items=[...document.querySelectorAll('article')].map(a=>[a,a.textContent.toLowerCase()]);\n",
    "function apply(){\n"
    "const words=q.value.toLowerCase().split(/\\s+/).filter(Boolean),\n"
    "off=buttons.filter(b=>b.getAttribute('aria-pressed')==='false').map(b=>b.dataset.outcome);\n"
    "let shown=0;\n"
    "for(const [a,text] of items){\n"
    "a.hidden=off.includes(a.dataset.outcome)||!words.every(w=>text.includes(w));\n"
    "shown+=a.hidden?0:1;}\n"
    "for(const s of document.querySelectorAll('section'))"
    "s.hidden=!s.querySelector('article:not([hidden])');\n"
    "n.textContent=shown===items.length?`All ${shown} requirements are shown.`:"
    "`${shown} of ${items.length} requirements are shown.`;\n"
    "none.hidden=shown>0;\n"
    "return {words,off};}\n",
    "function keep(){\n"
    "const {off}=apply(),p=new URLSearchParams();\n"
    "if(q.value)p.set('filter',q.value);\n"
    "if(off.length)p.set('hide',off.join(','));\n"
    "history.replaceState(null,'','#'+p);}\n",
    "function load(){\n"
    "const h=location.hash.slice(1);\n"
    "if(h&&!h.includes('='))return;\n"
    "const p=new URLSearchParams(h),off=(p.get('hide')||'').split(',');\n"
    "q.value=p.get('filter')||'';\n"
    "for(const b of buttons)"
    "b.setAttribute('aria-pressed',String(!off.includes(b.dataset.outcome)));\n"
    "apply();}\n",
    "for(const b of buttons)b.addEventListener('click',()=>{\n"
    "b.setAttribute('aria-pressed',String(b.getAttribute('aria-pressed')==='false'));keep();});\n"
    "q.addEventListener('input',keep);\n"
    "addEventListener('hashchange',load);\n"
    "document.querySelector('.tools').hidden=false;\n"
    "load();\n",
};

#define LINES(t) (t), sizeof(t) / sizeof *(t)

static void put_lines(FILE *to, const char *const *lines, size_t n)
{
    for (size_t i = 0; i < n; i++)
        (void)fputs(lines[i], to);
}

/* 'sha256-…', as a content security policy has it [CSP 3 2.3.1]. */
static void put_digest(FILE *to, const char *const *lines, size_t n)
{
    bytes pieces[64];
    uint8_t digest[32];
    char text[64];
    size_t used = 0;
    for (; used < n && used < sizeof pieces / sizeof *pieces; used++)
        pieces[used] = bytes_text(lines[used]);
    if (!crypto_digest(CRYPTO_SHA256, pieces, used, digest))
        return; /* then the browser does without */
    size_t length = base64_encode(bytes_of(digest, sizeof digest), text, sizeof text);
    (void)fprintf(to, " 'sha256-%.*s'", (int)(length > 0 ? length - 1 : 0), text);
}
_Static_assert(sizeof style / sizeof *style <= 64 && sizeof script / sizeof *script <= 64,
               "put_digest takes them all");

static void put_head(FILE *to, const report *r)
{
    (void)fputs("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                "base-uri 'none'; form-action 'none'; style-src",
                to);
    put_digest(to, LINES(style));
    (void)fputs("; script-src", to);
    put_digest(to, LINES(script));
    (void)fputs("\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<title>",
                to);
    (void)fputs(report_passed(r) ? "Passed: " : "Failed: ", to);
    markup(to, r->subject);
    (void)fputs("</title>\n<style>", to);
    put_lines(to, LINES(style));
    (void)fputs("</style>\n</head>\n", to);
}

static void put_fact(FILE *to, const char *name, const char *value, bool code)
{
    (void)fputs("<dt>", to);
    markup(to, name);
    (void)fprintf(to, "</dt><dd>%s", code ? "<code>" : "");
    markup(to, value);
    (void)fprintf(to, "%s</dd>\n", code ? "</code>" : "");
}

static void put_verdict(FILE *to, const report *r)
{
    size_t bad = report_count(r, OUTCOME_FAIL) + report_count(r, OUTCOME_ERROR);
    size_t skipped = report_count(r, OUTCOME_SKIP);
    if (report_passed(r))
        (void)fprintf(to, "<h1><span class=\"pass\">Passed.</span> %zu of %zu requirements</h1>\n",
                      report_count(r, OUTCOME_PASS), r->items_n);
    else
        (void)fprintf(to,
                      "<h1><span class=\"fail\">Failed.</span> %zu of %zu requirements%s</h1>\n",
                      bad > 0 ? bad : skipped, r->items_n, bad > 0 ? "" : " not judged");
}

/* Its shares are drawn in SVG, where a width is no inline style. */
static void put_bar(FILE *to, const report *r)
{
    double x = 0;
    (void)fputs("<svg class=\"bar\" width=\"100%\" height=\"10\" role=\"img\" aria-label=\"", to);
    for (unsigned o = 0; o < OUTCOMES; o++)
        (void)fprintf(to, "%s%zu %s", o > 0 ? ", " : "", report_count(r, (outcome)o),
                      outcome_name((outcome)o));
    (void)fputs("\">", to);
    for (unsigned o = 0; o < OUTCOMES; o++) {
        double share =
            r->items_n == 0 ? 0 : 100.0 * (double)report_count(r, (outcome)o) / (double)r->items_n;
        if (share > 0)
            (void)fprintf(to,
                          "<rect class=\"%s\" x=\"%.3f%%\" width=\"%.3f%%\" height=\"10\" "
                          "fill=\"currentColor\"/>",
                          outcome_name((outcome)o), x, share);
        x += share;
    }
    (void)fputs("</svg>\n", to);
}

static void put_top(FILE *to, const report *r)
{
    char took[64];
    (void)fputs("<header class=\"top\"><div class=\"in\">\n<p class=\"eyebrow\">ratls ", to);
    markup(to, r->command);
    (void)fputs("</p>\n", to);
    put_verdict(to, r);
    (void)fputs("<dl>\n", to);
    put_fact(to, r->subject_name, r->subject, true);
    if (r->suite != NULL)
        put_fact(to, "suite", r->suite, false);
    if (r->platform != NULL)
        put_fact(to, "platform", r->platform, false);
    (void)snprintf(took, sizeof took, "%s, in %" PRIu64 ".%03u s", ISO(r->begun), r->ms / 1000,
                   (unsigned)(r->ms % 1000));
    put_fact(to, "run", took, false);
    (void)fputs("</dl>\n", to);
    put_bar(to, r);
    (void)fputs("</div></header>\n", to);
}

/* Of no use without the script, which shows it. */
static void put_tools(FILE *to, const report *r)
{
    (void)fputs("<div class=\"tools\" hidden><div class=\"in\">\n<input id=\"q\" type=\"search\" "
                "aria-label=\"Filter requirements\" placeholder=\"Filter: id, text, clause, case\" "
                "autocomplete=\"off\" spellcheck=\"false\">\n",
                to);
    for (unsigned o = 0; o < OUTCOMES; o++) {
        const char *name = outcome_name((outcome)o);
        size_t n = report_count(r, (outcome)o);
        if (n > 0)
            (void)fprintf(to,
                          "<button type=\"button\" data-outcome=\"%s\" aria-pressed=\"true\">"
                          "<span class=\"dot %s\"></span>%s<b>%zu</b></button>\n",
                          name, name, name, n);
    }
    (void)fputs("</div></div>\n", to);
}

static void put_case(FILE *to, const report_case *c)
{
    const char *name = outcome_name(c->outcome);
    (void)fputs("<tr><td>", to);
    markup(to, c->id);
    (void)fputs("</td><td>", to);
    markup(to, c->what);
    if (c->line[0] != '\0') {
        (void)fputs("<span class=\"says\">", to);
        markup(to, c->line);
        (void)fputs("</span>", to);
    }
    (void)fputs("</td><td>", to);
    markup(to, c->expected);
    if (c->why != NULL) {
        (void)fputs("<br><code>", to);
        markup(to, c->why);
        (void)fputs("</code>", to);
    }
    (void)fprintf(to, "</td><td class=\"%s\">", c->asked ? name : "skip");
    markup(to, c->got);
    (void)fprintf(to, "</td><td class=\"n\">%" PRIu64 " ms</td></tr>\n", c->ms);
}

static void put_cases(FILE *to, const report *r, const report_item *item)
{
    bool open = item->outcome == OUTCOME_FAIL || item->outcome == OUTCOME_ERROR;
    (void)fprintf(to, "<details%s><summary>%zu case%s: ", open ? " open" : "", item->links_n,
                  item->links_n == 1 ? "" : "s");
    markup(to, item->reason);
    (void)fputs("</summary><div class=\"scroll\"><table>\n<tr><th scope=\"col\">case</th>"
                "<th scope=\"col\">how it was made, and what the verifier says</th>"
                "<th scope=\"col\">expected</th><th scope=\"col\">found</th>"
                "<th scope=\"col\" class=\"n\">time</th></tr>\n",
                to);
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < item->links_n; i++) {
            const report_case *c = &r->cases[r->links[item->link + i]];
            if ((c->outcome == OUTCOME_PASS) == (round == 1))
                put_case(to, c);
        }
    (void)fputs("</table></div></details>\n", to);
}

static void put_item(FILE *to, const report *r, const report_item *item)
{
    const char *name = outcome_name(item->outcome);
    (void)fprintf(to, "<article class=\"%s\" data-outcome=\"%s\"", name, name);
    markup_attribute(to, "id", item->id);
    (void)fprintf(to, ">\n<div class=\"head\"><span class=\"pill %s\">%s</span><h3><a href=\"#",
                  name, name);
    markup(to, item->id);
    (void)fputs("\"><span class=\"id\">", to);
    markup(to, item->id);
    (void)fputs("</span></a></h3><span class=\"clause\">", to);
    markup(to, item->clause);
    (void)fputs("</span></div>\n<p>", to);
    markup(to, item->text);
    (void)fputs("</p>\n", to);
    if (item->links_n > 0) {
        put_cases(to, r, item);
    } else {
        (void)fputs("<p class=\"why\">", to);
        markup(to, item->reason);
        (void)fputs("</p>\n", to);
    }
    (void)fputs("</article>\n", to);
}

/* What stands before the hyphen of an id. */
static bytes group_of(const report_item *item)
{
    bytes id = bytes_text(item->id);
    return bytes_of(id.p, bytes_find(id, bytes_text("-")));
}

/* One group of requirements; returns where the next begins. */
static size_t put_group(FILE *to, const report *r, size_t first)
{
    size_t end = first, passed = 0;
    bytes group = group_of(&r->items[first]);
    while (end < r->items_n && bytes_equal(group_of(&r->items[end]), group)) {
        passed += r->items[end].outcome == OUTCOME_PASS ? 1 : 0;
        end++;
    }
    char name[132];
    (void)snprintf(name, sizeof name, "%.*s", (int)group.n, (const char *)group.p);
    (void)fputs("<section>\n<h2>", to);
    markup(to, name);
    (void)fprintf(to, "<span>%zu of %zu pass</span></h2>\n", passed, end - first);
    for (size_t i = first; i < end; i++)
        put_item(to, r, &r->items[i]);
    (void)fputs("</section>\n", to);
    return end;
}

void report_html(const report *r, FILE *to)
{
    put_head(to, r);
    (void)fputs("<body>\n", to);
    put_top(to, r);
    put_tools(to, r);
    (void)fputs("<main>\n<p class=\"count\" id=\"n\" role=\"status\"></p>\n", to);
    for (size_t i = 0; i < r->items_n;)
        i = put_group(to, r, i);
    (void)fputs("<p class=\"none\" id=\"none\" hidden>No requirement fits the filter.</p>\n"
                "</main>\n<footer><div class=\"in\">Made by ratls " RATLS_VERSION
                ". This page loads nothing from elsewhere.</div></footer>\n<script>",
                to);
    put_lines(to, LINES(script));
    (void)fputs("</script>\n</body>\n</html>\n", to);
}
