/* A number in decimal digits, without the detour of a format: for what every request
 * prints. Pure, any thread. */
#ifndef HTTP_HTTP_DECIMAL_H
#define HTTP_HTTP_DECIMAL_H

#include <stdint.h>

#include "base/slice.h"

#define HTTP_DECIMAL_MAX 20

/* The digits, which lie in `room` as long as that does. */
static inline struct nk_slice http_decimal(char room[static HTTP_DECIMAL_MAX], uint64_t number)
{
    size_t first = HTTP_DECIMAL_MAX;
    do {
        room[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return nk_slice_make(room + first, HTTP_DECIMAL_MAX - first);
}

#endif
