#include "check/check_case.h"

const struct check_case *check_case_at(size_t index)
{
    static const struct check_cases *const tables[] = {
        &check_cases_framing, &check_cases_chunks,     &check_cases_line,
        &check_cases_fields,  &check_cases_connection, &check_cases_files,
    };
    for (size_t i = 0; i < NK_ARRAY_LENGTH(tables); i++) {
        if (index < tables[i]->count)
            return &tables[i]->cases[index];
        index -= tables[i]->count;
    }
    return NULL;
}
