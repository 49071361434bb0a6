#include "http/http_order.h"

#include <string.h>

#include "http/http_query.h"

static const char *const key_names[HTTP_ORDER_KEYS] = {"name", "size", "date"};

const char *http_order_key_name(enum http_order_key key)
{
    return key_names[key];
}

struct http_order http_order_of_query(struct nk_slice query)
{
    static const struct nk_slice descending = NK_SLICE("desc");
    struct http_order order = {HTTP_ORDER_NAME, false};
    struct nk_slice value;
    if (http_query_find(query, "order", &value))
        order.is_descending = nk_slice_equal(value, descending);
    if (!http_query_find(query, "sort", &value))
        return order;
    for (enum http_order_key key = 0; key < HTTP_ORDER_KEYS; key++) {
        if (nk_slice_equal(value, nk_slice_of_string(key_names[key])))
            order.key = key;
    }
    return order;
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static int fold(char byte)
{
    int c = (unsigned char)byte;
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/* Compares the numbers at the start of both and steps behind them. */
static int compare_numbers(const char **left, const char **right)
{
    const char *a = *left + strspn(*left, "0");
    const char *b = *right + strspn(*right, "0");
    size_t a_len = strspn(a, "0123456789");
    size_t b_len = strspn(b, "0123456789");
    *left = a + a_len;
    *right = b + b_len;
    if (a_len != b_len)
        return a_len < b_len ? -1 : 1;
    return memcmp(a, b, a_len);
}

int http_order_compare_names(const char *left, const char *right)
{
    const char *a = left;
    const char *b = right;
    int difference = 0;
    while (difference == 0 && *a != '\0' && *b != '\0') {
        if (is_digit(*a) && is_digit(*b))
            difference = compare_numbers(&a, &b);
        else
            difference = fold(*a++) - fold(*b++);
    }
    if (difference == 0)
        difference = fold(*a) - fold(*b); /* one is the beginning of the other */
    return difference != 0 ? difference : strcmp(left, right);
}
