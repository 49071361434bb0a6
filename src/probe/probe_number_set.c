#include "probe/probe_number_set.h"

#include <errno.h>
#include <string.h>

#include "base/slice.h"

/* All digits at the front of *text, as a number. Returns whether it is one. */
static bool take_number(const char **text, uint16_t least, uint16_t most, uint64_t *number)
{
    size_t digits = strspn(*text, "0123456789");
    if (nk_slice_parse_decimal(nk_slice_make(*text, digits), number))
        return false;
    *text += digits;
    return *number >= least && *number <= most;
}

/* A number or a range. */
static bool take_member(struct probe_number_set *set, const char **text, uint16_t least,
                        uint16_t most)
{
    uint64_t first;
    if (!take_number(text, least, most, &first))
        return false;
    uint64_t last = first;
    if (**text == '-') {
        ++*text;
        if (!take_number(text, least, most, &last) || last < first)
            return false;
    }
    for (uint64_t number = first; number <= last; number++)
        set->words[number / 64] |= UINT64_C(1) << (number % 64);
    return true;
}

int probe_number_set_parse(struct probe_number_set *set, const char *text, uint16_t least,
                           uint16_t most)
{
    memset(set, 0, sizeof(*set));
    for (;;) {
        if (!take_member(set, &text, least, most))
            return -EINVAL;
        if (*text == '\0')
            return 0;
        if (*text != ',')
            return -EINVAL;
        text++;
    }
}
