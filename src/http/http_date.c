#include "http/http_date.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define SECONDS_PER_DAY 86400
#define DAYS_PER_400_YEARS 146097
#define YEAR_9999_END UINT64_C(253402300799)

static const char *const weekdays[] = {/* 1970 began on a Thursday */
                                       "Thursday", "Friday",  "Saturday", "Sunday",
                                       "Monday",   "Tuesday", "Wednesday"};

static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static const unsigned char month_sizes[2][12] = {
    {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31},
    {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31},
};

/* ---- printing ---- */

static bool is_leap_year(uint64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Writes `number` with `width` digits and returns the place behind them. */
static char *put_number(char *at, uint64_t number, size_t width)
{
    for (size_t i = width; i > 0; i--) {
        at[i - 1] = (char)('0' + number % 10);
        number /= 10;
    }
    return at + width;
}

static char *put_text(char *at, const char *text, size_t len)
{
    memcpy(at, text, len);
    return at + len;
}

struct day {
    uint64_t year;
    unsigned month; /* 0 is January */
    unsigned day;   /* 1 is the first */
};

/* The date `days` days after 1 January 1970. */
static struct day day_of(uint64_t days)
{
    /* The calendar repeats every 400 years, so at most 399 are counted. */
    struct day date = {1970 + days / DAYS_PER_400_YEARS * 400, 0, 1};
    days %= DAYS_PER_400_YEARS;
    for (;;) {
        const uint64_t size = is_leap_year(date.year) ? 366 : 365;
        if (days < size)
            break;
        days -= size;
        date.year++;
    }
    const unsigned char *sizes = month_sizes[is_leap_year(date.year)];
    while (days >= sizes[date.month])
        days -= sizes[date.month++];
    date.day += (unsigned)days;
    return date;
}

void http_date_print(uint64_t seconds, char date[static HTTP_DATE_SIZE])
{
    if (seconds > YEAR_9999_END)
        seconds = YEAR_9999_END;
    const uint64_t days = seconds / SECONDS_PER_DAY;
    const uint64_t time = seconds % SECONDS_PER_DAY;
    const struct day day = day_of(days);

    char *at = put_text(date, weekdays[days % 7], 3);
    at = put_text(at, ", ", 2);
    at = put_number(at, day.day, 2);
    at = put_text(at, " ", 1);
    at = put_text(at, months[day.month], 3);
    at = put_text(at, " ", 1);
    at = put_number(at, day.year, 4);
    at = put_text(at, " ", 1);
    at = put_number(at, time / 3600, 2);
    at = put_text(at, ":", 1);
    at = put_number(at, time / 60 % 60, 2);
    at = put_text(at, ":", 1);
    at = put_number(at, time % 60, 2);
    put_text(at, " GMT", sizeof(" GMT"));
}

/* ---- parsing ---- */

/* A date while it is being read: what does not fit sets `failed`, and the rest is
 * then read for nothing. */
struct reader {
    struct nk_slice rest;
    bool failed;
};

static void skip(struct reader *reader, const char *text)
{
    const struct nk_slice expected = nk_slice_of_string(text);
    if (!nk_slice_starts_with(reader->rest, expected))
        reader->failed = true;
    else
        reader->rest = nk_slice_from(reader->rest, expected.len);
}

/* Exactly `width` digits. */
static unsigned read_number(struct reader *reader, size_t width)
{
    uint64_t number = 0;
    if (reader->rest.len < width ||
        nk_slice_parse_decimal(nk_slice_first(reader->rest, width), &number) < 0)
        reader->failed = true;
    reader->rest = nk_slice_from(reader->rest, width);
    return (unsigned)number;
}

/* Skips one of the days of the week, by its first `len` bytes or, when 0, whole. */
static bool skip_weekday(struct reader *reader, size_t len)
{
    for (size_t i = 0; i < NK_ARRAY_LENGTH(weekdays); i++) {
        struct nk_slice name = nk_slice_of_string(weekdays[i]);
        if (len > 0)
            name = nk_slice_first(name, len);
        if (nk_slice_starts_with(reader->rest, name)) {
            reader->rest = nk_slice_from(reader->rest, name.len);
            return true;
        }
    }
    return false;
}

static unsigned read_month(struct reader *reader)
{
    for (unsigned i = 0; i < NK_ARRAY_LENGTH(months); i++) {
        if (nk_slice_starts_with(reader->rest, nk_slice_make(months[i], 3))) {
            reader->rest = nk_slice_from(reader->rest, 3);
            return i;
        }
    }
    reader->failed = true;
    return 0;
}

struct moment {
    struct day date;
    unsigned hour, minute, second;
};

static void read_time(struct reader *reader, struct moment *moment)
{
    moment->hour = read_number(reader, 2);
    skip(reader, ":");
    moment->minute = read_number(reader, 2);
    skip(reader, ":");
    moment->second = read_number(reader, 2);
}

/* Behind "Sun, ". */
static void read_fixdate(struct reader *reader, struct moment *moment)
{
    moment->date.day = read_number(reader, 2);
    skip(reader, " ");
    moment->date.month = read_month(reader);
    skip(reader, " ");
    moment->date.year = read_number(reader, 4);
    skip(reader, " ");
    read_time(reader, moment);
    skip(reader, " GMT");
}

/* Behind "Sunday, ". The year is still without its century. */
static void read_rfc850(struct reader *reader, struct moment *moment)
{
    moment->date.day = read_number(reader, 2);
    skip(reader, "-");
    moment->date.month = read_month(reader);
    skip(reader, "-");
    moment->date.year = read_number(reader, 2);
    skip(reader, " ");
    read_time(reader, moment);
    skip(reader, " GMT");
}

/* Behind "Sun ". A day of one digit has a blank before it. */
static void read_asctime(struct reader *reader, struct moment *moment)
{
    moment->date.month = read_month(reader);
    skip(reader, " ");
    if (reader->rest.len > 0 && reader->rest.data[0] == ' ') {
        skip(reader, " ");
        moment->date.day = read_number(reader, 1);
    } else {
        moment->date.day = read_number(reader, 2);
    }
    skip(reader, " ");
    read_time(reader, moment);
    skip(reader, " ");
    moment->date.year = read_number(reader, 4);
}

/* The days from 1 January 1970 to a date, whose year may be before. */
static int64_t days_until(const struct day *date)
{
    /* Leap days are counted from the year 0 on. */
    const int64_t years = (int64_t)date->year - (date->year > 0);
    const int64_t leap_days =
        date->year > 0 ? 1 + years / 4 - years / 100 + years / 400 : 0; /* the year 0 has one */
    int64_t days = (int64_t)date->year * 365 + leap_days;
    for (unsigned month = 0; month < date->month; month++)
        days += month_sizes[is_leap_year(date->year)][month];
    return days + date->day - 1 - 719528; /* from 1 January of the year 0 to that of 1970 */
}

static bool exists(const struct moment *moment)
{
    const unsigned char *sizes = month_sizes[is_leap_year(moment->date.year)];
    return moment->date.day >= 1 && moment->date.day <= sizes[moment->date.month] &&
           moment->hour <= 23 && moment->minute <= 59 && moment->second <= 60;
}

/* The year of two digits that is meant at the time `now`. */
static uint64_t year_in_full(uint64_t year, uint64_t now)
{
    const uint64_t this_year = day_of(now / SECONDS_PER_DAY).year;
    uint64_t full = this_year - this_year % 100 + 100 + year;
    while (full > this_year + 50)
        full -= 100;
    return full;
}

int http_date_parse(struct nk_slice text, uint64_t now, int64_t *seconds)
{
    struct reader reader = {text, false};
    struct moment moment = {0};
    if (now > YEAR_9999_END)
        now = YEAR_9999_END;
    if (skip_weekday(&reader, 0)) {
        skip(&reader, ", ");
        read_rfc850(&reader, &moment);
        moment.date.year = year_in_full(moment.date.year, now);
    } else if (!skip_weekday(&reader, 3)) {
        return -EINVAL;
    } else if (reader.rest.len > 0 && reader.rest.data[0] == ',') {
        skip(&reader, ", ");
        read_fixdate(&reader, &moment);
    } else {
        skip(&reader, " ");
        read_asctime(&reader, &moment);
    }
    if (reader.failed || reader.rest.len > 0 || !exists(&moment))
        return -EINVAL;
    if (moment.second == 60)
        moment.second = 59;
    *seconds = days_until(&moment.date) * SECONDS_PER_DAY + (int64_t)moment.hour * 3600 +
               (int64_t)moment.minute * 60 + moment.second;
    return 0;
}
