#include "os/option_value.h"

#include <string.h>

struct unit {
    struct nk_slice suffix;
    uint64_t factor;
};

static const struct unit size_units[] = {
    {NK_SLICE(""), 1},
    {NK_SLICE("k"), 1 << 10},
    {NK_SLICE("M"), 1 << 20},
    {NK_SLICE("G"), 1 << 30},
};

/* In milliseconds; a bare number means seconds, as for the kernel. */
static const struct unit duration_units[] = {
    {NK_SLICE(""), 1000},   {NK_SLICE("ms"), 1},      {NK_SLICE("s"), 1000},
    {NK_SLICE("m"), 60000}, {NK_SLICE("h"), 3600000},
};

static bool parse_scaled(struct nk_slice text, const struct unit *units, size_t count,
                         uint64_t *value)
{
    size_t digits = 0;
    uint64_t number;
    uint64_t scaled;

    while (digits < text.len && text.data[digits] >= '0' && text.data[digits] <= '9')
        digits++;
    if (nk_slice_parse_decimal(nk_slice_first(text, digits), &number) != 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!nk_slice_equal_ignoring_case(nk_slice_from(text, digits), units[i].suffix))
            continue;
        if (__builtin_mul_overflow(number, units[i].factor, &scaled))
            return false;
        *value = scaled;
        return true;
    }
    return false;
}

/* Decimal, or hexadecimal behind 0x as a tos is usually written. */
static bool parse_number(struct nk_slice text, uint64_t *value)
{
    static const struct nk_slice hex_prefix = NK_SLICE("0x");
    static const char hex_digits[] = "0123456789abcdef";
    uint64_t result = 0;

    if (!nk_slice_starts_with(text, hex_prefix))
        return nk_slice_parse_decimal(text, value) == 0;

    text = nk_slice_from(text, hex_prefix.len);
    if (text.len == 0 || text.len > 8)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        /* Setting this bit turns A-F into a-f and leaves 0-9 as they are. */
        const char *digit = memchr(hex_digits, text.data[i] | 0x20, sizeof hex_digits - 1);

        if (!digit || text.data[i] < '0')
            return false;
        result = result * 16 + (uint64_t)(digit - hex_digits);
    }
    *value = result;
    return true;
}

static bool parse_bool(struct nk_slice text, uint64_t *value)
{
    static const struct {
        struct nk_slice word;
        uint64_t value;
    } words[] = {
        {NK_SLICE("1"), 1}, {NK_SLICE("on"), 1},  {NK_SLICE("yes"), 1}, {NK_SLICE("true"), 1},
        {NK_SLICE("0"), 0}, {NK_SLICE("off"), 0}, {NK_SLICE("no"), 0},  {NK_SLICE("false"), 0},
    };

    for (size_t i = 0; i < NK_ARRAY_LENGTH(words); i++)
        if (nk_slice_equal(text, words[i].word)) {
            *value = words[i].value;
            return true;
        }
    return false;
}

static bool parse_duration(struct nk_slice text, uint64_t *value)
{
    return parse_scaled(text, duration_units, NK_ARRAY_LENGTH(duration_units), value);
}

static bool parse_seconds(struct nk_slice text, uint64_t *value)
{
    uint64_t milliseconds;

    if (!parse_duration(text, &milliseconds) || milliseconds % 1000 != 0)
        return false;
    *value = milliseconds / 1000;
    return true;
}

static bool parse_size(struct nk_slice text, uint64_t *value)
{
    return parse_scaled(text, size_units, NK_ARRAY_LENGTH(size_units), value);
}

typedef bool parse_value_fn(struct nk_slice text, uint64_t *value);

static parse_value_fn *const parsers[] = {
    [NK_OPTION_BOOL] = parse_bool,
    [NK_OPTION_NUMBER] = parse_number,
    [NK_OPTION_SIZE] = parse_size,
    [NK_OPTION_SECONDS] = parse_seconds,
    [NK_OPTION_MILLISECONDS] = parse_duration,
};

bool nk_option_value_parse(enum nk_option_value kind, struct nk_slice text, uint64_t *value)
{
    return parsers[kind](text, value);
}
