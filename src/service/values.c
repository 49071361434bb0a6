#include "service/values.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>

#include "base/slice.h"

struct unit {
    const char *name;
    uint64_t factor;
};

/* Smallest first. */
static const struct unit duration_units[] = {
    {"us", UINT64_C(1000)},       {"ms", UINT64_C(1000000)},      {"s", UINT64_C(1000000000)},
    {"m", UINT64_C(60000000000)}, {"h", UINT64_C(3600000000000)},
};

static const struct unit size_units[] = {
    {"", 1},
    {"k", UINT64_C(1) << 10},
    {"M", UINT64_C(1) << 20},
    {"G", UINT64_C(1) << 30},
    {"T", UINT64_C(1) << 40},
};

/* Splits `text` behind its leading digits; *number is their value. */
static int split_number(const char *text, uint64_t *number, const char **rest)
{
    size_t digits = strspn(text, "0123456789");

    *rest = text + digits;
    return nk_slice_parse_decimal(nk_slice_make(text, digits), number);
}

static const struct unit *find_unit(const struct unit *units, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(units[i].name, name) == 0)
            return &units[i];
    }
    return NULL;
}

static int fail(int error, const char **problem, const char *text)
{
    *problem = text;
    return error;
}

static int scale(uint64_t number, const struct unit *unit, uint64_t *value, const char **problem)
{
    if (number > UINT64_MAX / unit->factor)
        return fail(-ERANGE, problem, "is too large");
    *value = number * unit->factor;
    return 0;
}

int value_parse_duration(const char *text, uint64_t *nanoseconds, const char **problem)
{
    const struct unit *unit;
    const char *rest;
    uint64_t number = 0;
    int error = split_number(text, &number, &rest);

    if (error == -ERANGE)
        return fail(error, problem, "is too large");
    if (error != 0)
        return fail(error, problem, "is not a duration, as in 500ms, 10s, 5m or 1h");
    if (*rest == '\0' && number != 0)
        return fail(-EINVAL, problem, "has no unit; write it as in 500ms, 10s, 5m or 1h");
    if (*rest == '\0') {
        *nanoseconds = 0;
        return 0;
    }
    unit = find_unit(duration_units, NK_ARRAY_LENGTH(duration_units), rest);
    if (unit == NULL)
        return fail(-EINVAL, problem, "is not a duration, as in 500ms, 10s, 5m or 1h");
    return scale(number, unit, nanoseconds, problem);
}

int value_parse_size(const char *text, uint64_t *bytes, const char **problem)
{
    const struct unit *unit;
    const char *rest;
    uint64_t number = 0;
    int error = split_number(text, &number, &rest);

    if (error == -ERANGE)
        return fail(error, problem, "is too large");
    unit = find_unit(size_units, NK_ARRAY_LENGTH(size_units), rest);
    if (error != 0 || unit == NULL)
        return fail(-EINVAL, problem, "is not a size, as in 4096, 64k or 1M");
    return scale(number, unit, bytes, problem);
}

int value_parse_count(const char *text, uint64_t *count, const char **problem)
{
    const char *rest;
    uint64_t number = 0;
    int error = split_number(text, &number, &rest);

    if (error == -ERANGE)
        return fail(error, problem, "is too large");
    if (error != 0 || *rest != '\0')
        return fail(-EINVAL, problem, "is not a number");
    *count = number;
    return 0;
}

int value_parse_decimal(const char *text, uint64_t *thousandths, const char **problem)
{
    static const char mistake[] = "is not a number, as in 2, 0.5 or 1.25";
    static const uint64_t scales[] = {1000, 100, 10, 1}; /* by digits behind the point */
    const char *rest;
    uint64_t whole;
    uint64_t part = 0;
    size_t digits = 0;

    if (split_number(text, &whole, &rest) != 0 || whole > UINT32_MAX)
        return fail(-EINVAL, problem, mistake);
    if (*rest == '.') {
        const char *start = rest + 1;
        if (split_number(start, &part, &rest) != 0)
            return fail(-EINVAL, problem, mistake);
        digits = (size_t)(rest - start);
    }
    if (*rest != '\0' || digits >= NK_ARRAY_LENGTH(scales))
        return fail(-EINVAL, problem, mistake);
    *thousandths = whole * 1000 + part * scales[digits];
    return 0;
}

int value_parse_factor(const char *text, uint64_t *thousandths, const char **problem)
{
    uint64_t factor;

    if (value_parse_decimal(text, &factor, problem) != 0 || factor == 0)
        return fail(-EINVAL, problem, "is not a factor, as in 2, 0.5 or 1.25");
    *thousandths = factor;
    return 0;
}

static char *print_in_largest_unit(uint64_t value, const struct unit *units, size_t count,
                                   char text[static VALUE_TEXT_MAX])
{
    const struct unit *unit = &units[0];

    for (size_t i = 1; i < count; i++) {
        if (value % units[i].factor == 0)
            unit = &units[i];
    }
    snprintf(text, VALUE_TEXT_MAX, "%" PRIu64 "%s", value / unit->factor, unit->name);
    return text;
}

char *value_print_duration(uint64_t nanoseconds, char text[static VALUE_TEXT_MAX])
{
    if (nanoseconds == 0)
        return value_print_count(0, text);
    return print_in_largest_unit(nanoseconds, duration_units, NK_ARRAY_LENGTH(duration_units),
                                 text);
}

char *value_print_size(uint64_t bytes, char text[static VALUE_TEXT_MAX])
{
    if (bytes == 0)
        return value_print_count(0, text);
    return print_in_largest_unit(bytes, size_units, NK_ARRAY_LENGTH(size_units), text);
}

char *value_print_count(uint64_t count, char text[static VALUE_TEXT_MAX])
{
    snprintf(text, VALUE_TEXT_MAX, "%" PRIu64, count);
    return text;
}

char *value_show_bytes(uint64_t bytes, char text[static VALUE_TEXT_MAX])
{
    static const char *const names[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes / 1024;
    size_t i = 0;

    if (bytes < 1024) {
        snprintf(text, VALUE_TEXT_MAX, "%" PRIu64 " byte%s", bytes, bytes == 1 ? "" : "s");
        return text;
    }
    /* 1023.95 would be rounded to "1024.0 KiB". */
    while (value >= 1023.95 && i + 1 < NK_ARRAY_LENGTH(names)) {
        value /= 1024;
        i++;
    }
    snprintf(text, VALUE_TEXT_MAX, "%.1f %s", value, names[i]);
    return text;
}

char *value_show_time(uint64_t nanoseconds, char text[static VALUE_TEXT_MAX])
{
    uint64_t seconds = nanoseconds / UINT64_C(1000000000);

    if (seconds == 0)
        snprintf(text, VALUE_TEXT_MAX, "%" PRIu64 " ms", nanoseconds / UINT64_C(1000000));
    else if (seconds < 120)
        snprintf(text, VALUE_TEXT_MAX, "%.1f s", (double)nanoseconds / 1e9);
    else if (seconds < 7200)
        snprintf(text, VALUE_TEXT_MAX, "%" PRIu64 " min %" PRIu64 " s", seconds / 60, seconds % 60);
    else
        snprintf(text, VALUE_TEXT_MAX, "%" PRIu64 " h %" PRIu64 " min", seconds / 3600,
                 seconds % 3600 / 60);
    return text;
}
