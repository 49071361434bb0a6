/* In which order a directory is listed. Pure. */
#ifndef HTTP_HTTP_ORDER_H
#define HTTP_HTTP_ORDER_H

#include <stdbool.h>

#include "base/slice.h"

enum http_order_key {
    HTTP_ORDER_NAME,
    HTTP_ORDER_SIZE,
    HTTP_ORDER_DATE,
    HTTP_ORDER_KEYS,
};

struct http_order {
    enum http_order_key key;
    bool is_descending;
};

/* "name", "size" or "date", as it stands in a query. */
const char *http_order_key_name(enum http_order_key key);

/* What the query of a request says ("sort=size&order=desc"); by name, ascending,
 * where it says nothing that is understood. */
struct http_order http_order_of_query(struct nk_slice query);

/* Compares names as people do: digits by the number that they stand for, ASCII
 * letters without their case, and only then, and otherwise, by bytes. Less than,
 * equal to or greater than 0; 0 only for equal names. */
int http_order_compare_names(const char *left, const char *right);

#endif
