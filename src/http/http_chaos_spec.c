#include "http/http_chaos_spec.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/slice.h"
#include "service/values.h"

/* Nobody waits longer for an answer that was only delayed. */
#define DELAY_MAX (300 * NK_NANOSECONDS_PER_SECOND)

/* A part of the text, as a string for the parsers of values. */
#define WORD_SIZE 32

static const char *const names[HTTP_CHAOS_FAULT_COUNT] = {
    [HTTP_CHAOS_RESET] = "reset",
    [HTTP_CHAOS_TRUNCATE] = "truncate",
    [HTTP_CHAOS_HANG] = "hang",
    [HTTP_CHAOS_ERROR] = "error",
};

/* ---- reading ---- */

static int fail(const char **problem, const char *text)
{
    *problem = text;
    return -EINVAL;
}

/* Takes what stands in front of `end` off the front, as a string. */
static int take_word(struct nk_slice *text, char end, char word[static WORD_SIZE])
{
    const size_t at = nk_slice_find(*text, end);
    const struct nk_slice part = nk_slice_first(*text, at);
    if (part.len >= WORD_SIZE || memchr(part.data, '\0', part.len))
        return -EINVAL;
    if (part.len > 0)
        memcpy(word, part.data, part.len);
    word[part.len] = '\0';
    *text = nk_slice_from(*text, at == NK_SLICE_NOT_FOUND ? text->len : at + 1);
    return 0;
}

/* "5%", "0.5%". */
static int parse_chance(struct nk_slice text, uint32_t *chance)
{
    char word[WORD_SIZE];
    const char *problem;
    uint64_t thousandths;
    if (text.len == 0 || text.data[text.len - 1] != '%')
        return -EINVAL;
    text.len--;
    if (take_word(&text, '\0', word) < 0 || value_parse_factor(word, &thousandths, &problem) < 0 ||
        thousandths > 100 * 1000)
        return -EINVAL;
    *chance = (uint32_t)(thousandths * (HTTP_CHAOS_ALWAYS / 100 / 1000));
    return 0;
}

/* "100ms", "100ms-1s", with ":50%" behind it or always. */
static int parse_delay(struct nk_slice text, struct http_chaos_spec *spec, const char **problem)
{
    static const char mistake[] = "is not delay:TIME, delay:TIME-TIME or with :PERCENT% behind it";
    char least[WORD_SIZE];
    char most[WORD_SIZE];
    const char *reason;
    const size_t colon = nk_slice_find(text, ':');
    struct nk_slice times = nk_slice_first(text, colon);
    const bool is_range = nk_slice_find(times, '-') != NK_SLICE_NOT_FOUND;
    spec->delay_chance = HTTP_CHAOS_ALWAYS;
    if (colon != NK_SLICE_NOT_FOUND &&
        parse_chance(nk_slice_from(text, colon + 1), &spec->delay_chance) < 0)
        return fail(problem, mistake);
    if (take_word(&times, '-', least) < 0 ||
        value_parse_duration(least, &spec->delay_min, &reason) < 0)
        return fail(problem, mistake);
    spec->delay_max = spec->delay_min;
    if (is_range && (take_word(&times, '\0', most) < 0 ||
                     value_parse_duration(most, &spec->delay_max, &reason) < 0))
        return fail(problem, mistake);
    if (spec->delay_max < spec->delay_min)
        return fail(problem, "has a delay that ends before it begins");
    return spec->delay_max <= DELAY_MAX ? 0 : fail(problem, "has a delay above 5m");
}

static int parse_item(struct nk_slice item, struct http_chaos_spec *spec, const char **problem)
{
    static const struct nk_slice delay = NK_SLICE("delay");
    const size_t colon = nk_slice_find(item, ':');
    const struct nk_slice name = nk_slice_first(item, colon);
    const struct nk_slice rest =
        nk_slice_from(item, colon == NK_SLICE_NOT_FOUND ? item.len : colon + 1);
    if (nk_slice_equal(name, delay))
        return spec->delay_chance == 0 ? parse_delay(rest, spec, problem)
                                       : fail(problem, "has two delays");
    for (size_t i = HTTP_CHAOS_NONE + 1; i < HTTP_CHAOS_FAULT_COUNT; i++) {
        if (!nk_slice_equal(name, nk_slice_of_string(names[i])))
            continue;
        if (spec->chances[i] != 0)
            return fail(problem, "names a fault twice");
        return parse_chance(rest, &spec->chances[i]) == 0
                   ? 0
                   : fail(problem, "has a chance that is not as in 5% or 0.5%");
    }
    return fail(problem, "names no fault: they are reset, truncate, hang, error and delay");
}

int http_chaos_spec_parse(const char *text, struct http_chaos_spec *spec, const char **problem)
{
    struct http_chaos_spec found = {.delay_chance = 0};
    struct nk_slice rest = nk_slice_of_string(text);
    uint32_t sum = 0;
    for (bool is_last = false; !is_last;) {
        const size_t comma = nk_slice_find(rest, ',');
        is_last = comma == NK_SLICE_NOT_FOUND;
        if (parse_item(nk_slice_first(rest, comma), &found, problem) < 0)
            return -EINVAL;
        rest = nk_slice_from(rest, is_last ? rest.len : comma + 1);
    }
    for (size_t i = 0; i < HTTP_CHAOS_FAULT_COUNT; i++)
        sum += found.chances[i];
    if (sum > HTTP_CHAOS_ALWAYS)
        return fail(problem, "has chances of more than 100% together");
    *spec = found;
    return 0;
}

/* ---- deciding ---- */

/* splitmix64: well mixed, and any number of it can be had without those before it. */
static uint64_t random_number(uint64_t seed, uint64_t number)
{
    uint64_t z = seed + (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

struct http_chaos_fate http_chaos_decide(const struct http_chaos_spec *spec, uint64_t seed,
                                         uint64_t number)
{
    /* Three numbers for each request: for the fault and its place, whether it is delayed,
     * and how long. */
    const uint64_t first = random_number(seed, 3 * number);
    uint64_t dice = first % HTTP_CHAOS_ALWAYS;
    const bool is_delayed =
        random_number(seed, 3 * number + 1) % HTTP_CHAOS_ALWAYS < spec->delay_chance;
    const uint64_t range = spec->delay_max - spec->delay_min + 1;
    struct http_chaos_fate fate = {.place = (uint32_t)(first >> 32)};
    if (is_delayed)
        fate.delay = spec->delay_min + random_number(seed, 3 * number + 2) % range;
    for (size_t i = HTTP_CHAOS_NONE + 1; i < HTTP_CHAOS_FAULT_COUNT; i++) {
        if (dice < spec->chances[i]) {
            fate.fault = (enum http_chaos_fault)i;
            break;
        }
        dice -= spec->chances[i];
    }
    return fate;
}

/* So many parts of 2^32 of the whole, which is less than it (0 of 0). */
static uint64_t part_of(uint64_t whole, uint32_t parts)
{
    return (whole >> 32) * parts + (((whole & UINT32_MAX) * parts) >> 32);
}

uint64_t http_chaos_cut(enum http_chaos_fault fault, uint32_t place, uint64_t head, uint64_t body)
{
    if (fault == HTTP_CHAOS_RESET)
        return part_of(head + body, place);
    return body > 0 ? head + part_of(body, place) : 1 + part_of(head - 1, place);
}
