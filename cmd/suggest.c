#include "suggest.h"

#include <stdbool.h>
#include <stdint.h>

/* Longer names are never compared letter by letter; no option is that long. */
#define LONGEST_NAME 40

static size_t least(size_t a, size_t b, size_t c)
{
    size_t smaller = a < b ? a : b;

    return smaller < c ? smaller : c;
}

/* How many letters must be inserted, dropped, replaced or swapped with their
 * neighbour to make `b` out of `a` (optimal string alignment distance). Row i
 * of the matrix belongs to the first i letters of `a`; three rows are enough. */
static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][LONGEST_NAME + 1] = {{0}};

    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *two_above = rows[(i + 1) % 3];

        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t replaced = above[j - 1] + (a[i - 1] != b[j - 1]);

            row[j] = least(row[j - 1] + 1, above[j] + 1, replaced);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                two_above[j - 2] + 1 < row[j])
                row[j] = two_above[j - 2] + 1;
        }
    }
    return rows[a_len % 3][b_len];
}

void suggestion_init(struct suggestion *suggestion, const char *typed)
{
    *suggestion = (struct suggestion){.typed = typed, .distance = SIZE_MAX};
}

void suggestion_consider(struct suggestion *suggestion, const char *name)
{
    size_t typed_len = strlen(suggestion->typed);
    size_t name_len = strlen(name);
    size_t limit = typed_len < 3 ? 1 : typed_len < 8 ? 2 : 3;
    size_t distance;

    if (typed_len > LONGEST_NAME || name_len > LONGEST_NAME)
        return;
    /* Half a name is nearer than a mistyped one: --max-t means --max-target. */
    if (typed_len >= 2 && strncmp(name, suggestion->typed, typed_len) == 0)
        distance = 0;
    else
        distance = edit_distance(suggestion->typed, typed_len, name, name_len);
    if (distance > limit || distance >= name_len || distance >= suggestion->distance)
        return;
    suggestion->best = name;
    suggestion->distance = distance;
}
