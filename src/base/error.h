#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "ratls/error.h"

/* Fills *e (NULL is fine), cutting a text that is too long, and returns `code`: `return refuse(…);`
 */
__attribute__((format(printf, 4, 5))) ratls_code refuse(ratls_error *e, ratls_code code,
                                                        size_t offset, const char *format, ...);

/* Tells analysers, which do not see into the function, that what it returns is `code`. */
#define refuse(e, code, ...) ((void)refuse(e, code, __VA_ARGS__), (code))

/* Puts "context: " before the sentence that is there. */
__attribute__((format(printf, 2, 3))) void error_prefix(ratls_error *e, const char *format, ...);

#endif
