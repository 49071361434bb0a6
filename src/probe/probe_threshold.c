#include "probe/probe_threshold.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/attributes.h"

enum measure { TIME, SHARE, NUMBER };

/* Where a figure is, and what it is. */
static const struct {
    const char *name;
    enum measure measure;
    bool is_about_loss;
    size_t offset; /* of a uint64_t, but of a double for a share */
} figures_known[] = {
    {"min", TIME, false, offsetof(struct probe_figures, min)},
    {"p50", TIME, false, offsetof(struct probe_figures, p50)},
    {"p90", TIME, false, offsetof(struct probe_figures, p90)},
    {"p99", TIME, false, offsetof(struct probe_figures, p99)},
    {"max", TIME, false, offsetof(struct probe_figures, max)},
    {"mean", TIME, false, offsetof(struct probe_figures, mean)},
    {"loss", SHARE, true, offsetof(struct probe_figures, loss)},
    {"missed", NUMBER, true, offsetof(struct probe_figures, missed)},
    {"sent", NUMBER, false, offsetof(struct probe_figures, sent)},
    {"replies", NUMBER, true, offsetof(struct probe_figures, replies)},
    {"duplicates", NUMBER, false, offsetof(struct probe_figures, duplicates)},
};

/* The longer ones first, so that ">=" is not read as ">". */
static const char *const relations[] = {">=", "<=", ">", "<"};
enum relation { AT_LEAST, AT_MOST, ABOVE, BELOW };

static const struct {
    const char *name;
    enum measure measure;
    double factor; /* to ns, to a share of 1, to a number */
} units[] = {
    {"us", TIME, 1e3}, {"ms", TIME, 1e6},  {"s", TIME, 1e9},
    {"m", TIME, 60e9}, {"%", SHARE, 0.01}, {"", NUMBER, 1},
};

/* ---- reading ---- */

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

/* Digits with at most six more behind a point: nothing that overflows. Returns the
 * place behind them, or NULL. */
static const char *read_decimal(const char *at, double *value)
{
    size_t digits = strspn(at, "0123456789");
    double number = 0;
    double scale = 1;
    if (digits == 0 || digits > 12)
        return NULL;
    for (; digits > 0; digits--, at++)
        number = 10 * number + (*at - '0');
    if (*at == '.') {
        at++;
        digits = strspn(at, "0123456789");
        if (digits == 0 || digits > 6)
            return NULL;
        for (; digits > 0; digits--, at++) {
            scale /= 10;
            number += scale * (*at - '0');
        }
    }
    *value = number;
    return at;
}

/* The limit and its unit, up to the end of the text. Returns whether it is one. */
static bool read_limit(const char *at, enum measure measure, double *limit)
{
    at = read_decimal(at, limit);
    if (!at)
        return false;
    at = skip_blanks(at);
    size_t len = strcspn(at, " \t");
    if (*skip_blanks(at + len) != '\0')
        return false;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(units); i++) {
        if (units[i].measure != measure || strlen(units[i].name) != len ||
            memcmp(units[i].name, at, len) != 0)
            continue;
        *limit *= units[i].factor;
        return true;
    }
    return false;
}

/* Index of the entry that the text begins with, or -1. */
static int find_figure(const char *text, size_t len)
{
    for (size_t i = 0; i < NK_ARRAY_LENGTH(figures_known); i++) {
        if (strlen(figures_known[i].name) == len && memcmp(figures_known[i].name, text, len) == 0)
            return (int)i;
    }
    return -1;
}

static int find_relation(const char *text)
{
    for (size_t i = 0; i < NK_ARRAY_LENGTH(relations); i++) {
        if (strncmp(text, relations[i], strlen(relations[i])) == 0)
            return (int)i;
    }
    return -1;
}

int probe_threshold_parse(struct probe_threshold *threshold, const char *text, const char **reason)
{
    static const char *const limits[] = {
        [TIME] = "needs a time as its limit, such as 5ms",
        [SHARE] = "needs a percentage as its limit, such as 1%",
        [NUMBER] = "needs a number as its limit",
    };
    const char *at = skip_blanks(text);
    size_t len = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789");
    int figure = find_figure(at, len);
    if (figure < 0) {
        *reason = "begins with none of min, p50, p90, p99, max, mean, loss, missed, sent, replies "
                  "and duplicates";
        return -EINVAL;
    }
    at = skip_blanks(at + len);
    int relation = find_relation(at);
    if (relation < 0) {
        *reason = "needs one of >, >=, < and <=, and a limit";
        return -EINVAL;
    }
    double limit;
    at = skip_blanks(at + strlen(relations[relation]));
    if (!read_limit(at, figures_known[figure].measure, &limit)) {
        *reason = limits[figures_known[figure].measure];
        return -EINVAL;
    }
    *threshold = (struct probe_threshold){
        .text = text,
        .figure = (unsigned)figure,
        .relation = (unsigned)relation,
        .limit = limit,
    };
    return 0;
}

/* ---- judging ---- */

bool probe_threshold_rates_loss(const struct probe_threshold *threshold)
{
    return figures_known[threshold->figure].is_about_loss;
}

static double value_of(const struct probe_threshold *threshold, const struct probe_figures *figures)
{
    const char *at = (const char *)figures + figures_known[threshold->figure].offset;
    uint64_t number;
    double share;
    if (figures_known[threshold->figure].measure == SHARE) {
        memcpy(&share, at, sizeof share);
        return share;
    }
    memcpy(&number, at, sizeof number);
    return (double)number;
}

static bool compares(double value, enum relation relation, double limit)
{
    switch (relation) {
    case AT_LEAST:
        return value >= limit;
    case AT_MOST:
        return value <= limit;
    case ABOVE:
        return value > limit;
    case BELOW:
        return value < limit;
    }
    return false;
}

bool probe_threshold_is_violated(const struct probe_threshold *threshold,
                                 const struct probe_figures *figures, char *figure, size_t size)
{
    enum measure measure = figures_known[threshold->figure].measure;
    double value = value_of(threshold, figures);
    if ((measure == TIME && figures->replies == 0) || (measure == SHARE && figures->sent == 0))
        return false;
    if (!compares(value, threshold->relation, threshold->limit))
        return false;
    if (measure == TIME)
        snprintf(figure, size, "%.3f ms", value / 1e6);
    else if (measure == SHARE)
        snprintf(figure, size, "%.4g %%", value * 100);
    else
        snprintf(figure, size, "%.0f", value);
    return true;
}
