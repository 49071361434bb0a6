/* What single cases demand of an answer beyond its status: the flags of
 * check_case.h. Pure; internal to check_judge.c.
 */
#ifndef CHECK_CHECK_DEMAND_H
#define CHECK_CHECK_DEMAND_H

#include "check/check_case.h"
#include "check/check_subject.h"

/* The first demand in `flags` that `answer`, behind `interim` 1xx responses, does not
 * meet, in words; NULL when it meets all. */
const char *check_demand_find_problem(unsigned flags, const struct check_answer *answer,
                                      const struct check_subject *subject, size_t interim);

#endif
