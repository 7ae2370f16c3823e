#ifndef SUPPORT_HOSTILE_RUN_H
#define SUPPORT_HOSTILE_RUN_H

#include "hostile.h"

/* Runs every case by the library, in a budget of memory and time, and compares code and first
 * failed check. Fails the running cmocka test after the last one, naming each that differs. */
void hostile_run_library(const hostile_group *g);

/* The same by the program in $RATLS (default: the one of this build), comparing exit status and
 * error. Ends the test as skipped where there is no program. */
void hostile_run_command(const hostile_group *g);

/* Fails unless for each of these words ("A1 A2 …") a clause of the table begins with it. */
void hostile_covers(const hostile_group *g, const char *words);

#endif
