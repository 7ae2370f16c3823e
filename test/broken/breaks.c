#include "breaks.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"

enum { POINTS_MAX = 256 };

static const char *broken;
static bool opened;
static bool met[POINTS_MAX];
static const char *last_check = "";
static char last_text[RATLS_TEXT_SIZE];

void break_requirement(const char *id)
{
    broken = id;
}

void break_begin(void)
{
    opened = false;
    memset(met, 0, sizeof met);
    last_check = "";
    last_text[0] = '\0';
}

bool break_opened(void)
{
    return opened;
}

bool break_met(const char *id)
{
    for (size_t i = 0; i < break_points_n; i++)
        if (met[i] && strcmp(break_points[i].id, id) == 0)
            return true;
    return false;
}

const char *break_last_check(void)
{
    return last_check;
}

const char *break_last_text(void)
{
    return last_text;
}

/* True: this refusal is not to be. *code is then what the caller gets to see. */
static bool breaks(const char *check, const char *text, ratls_code *code)
{
    bool lost = false;
    last_check = check;
    (void)snprintf(last_text, sizeof last_text, "%s", text);
    for (size_t i = 0; i < break_points_n; i++) {
        const break_point *p = &break_points[i];
        if (strcmp(p->check, check) != 0 || strstr(text, p->words) == NULL)
            continue;
        met[i] = true;
        if (broken == NULL || strcmp(p->id, broken) != 0)
            continue;
        lost = true;
        if (p->way == GOES_ON)
            *code = RATLS_OK;
        else
            opened = true;
    }
    return lost;
}

ratls_code __real_check_fail_error(check_list *list, check_id id, const ratls_error *error);
ratls_code __wrap_check_fail_error(check_list *list, check_id id, const ratls_error *error);
ratls_code __wrap_check_fail(check_list *list, check_id id, ratls_code code, const char *format,
                             ...) __attribute__((format(printf, 4, 5)));

ratls_code __wrap_check_fail_error(check_list *list, check_id id, const ratls_error *error)
{
    ratls_code code = error->code;
    return breaks(list->all[id].id, error->text, &code) ? code
                                                        : __real_check_fail_error(list, id, error);
}

ratls_code __wrap_check_fail(check_list *list, check_id id, ratls_code code, const char *format,
                             ...)
{
    ratls_error e = {.code = code};
    va_list args;
    va_start(args, format);
    (void)vsnprintf(e.text, sizeof e.text, format, args);
    va_end(args);
    return __wrap_check_fail_error(list, id, &e);
}
