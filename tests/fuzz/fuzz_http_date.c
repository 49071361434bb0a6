/* Dates: what is read is a moment that prints as the same date again. */
#include <stdbool.h>
#include <string.h>

#include "fuzz.h"
#include "http/http_date.h"

#define YEAR_9999_END INT64_C(253402300799)

/* 20 November 2026, and the ends. */
static const uint64_t nows[] = {0, UINT64_C(1795132800), UINT64_MAX};

static void check(struct nk_slice text, uint64_t now)
{
    int64_t seconds, again;
    char date[HTTP_DATE_SIZE];
    if (http_date_parse(text, now, &seconds) < 0)
        return;
    FUZZ_CHECK(text.len >= 24 && seconds <= YEAR_9999_END + INT64_C(3155760000));
    if (seconds < 0 || seconds > YEAR_9999_END)
        return;
    http_date_print((uint64_t)seconds, date);
    FUZZ_CHECK(strlen(date) == HTTP_DATE_SIZE - 1);
    FUZZ_CHECK(http_date_parse(nk_slice_of_string(date), now, &again) == 0 && again == seconds);
    /* Day, month and year are those of the text, where it is of the same form; the
     * day of the week may be wrong there, and the second a leap second. */
    if (text.len == HTTP_DATE_SIZE - 1 && text.data[3] == ',')
        FUZZ_CHECK(memcmp(text.data + 4, date + 4, sizeof(", 06 Nov 1994 08:49") - 2) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct nk_slice text = {(const char *)data, size};
    for (size_t i = 0; i < NK_ARRAY_LENGTH(nows); i++)
        check(text, nows[i]);
    return 0;
}
