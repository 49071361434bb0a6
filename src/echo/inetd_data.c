#include "echo/inetd_data.h"

#include <time.h>

#define CHARGEN_WIDTH 72
#define FIRST_PRINTABLE ' '
#define PRINTABLE_COUNT ('~' - ' ' + 1)

/* From 1900-01-01 to 1970-01-01 (RFC 868 gives the number). */
#define SECONDS_1900_TO_1970 UINT64_C(2208988800)

/* In English whatever the locale says: strftime would ask it. */
static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                   "Thursday", "Friday", "Saturday"};
static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};

void chargen_line(uint64_t number, char line[static CHARGEN_LINE_LEN])
{
    for (size_t i = 0; i < CHARGEN_WIDTH; i++)
        line[i] = (char)(FIRST_PRINTABLE + (int)((number % PRINTABLE_COUNT + i) % PRINTABLE_COUNT));
    line[CHARGEN_WIDTH] = '\r';
    line[CHARGEN_WIDTH + 1] = '\n';
}

size_t daytime_line(uint64_t seconds, char line[static DAYTIME_MAX])
{
    time_t time = (time_t)seconds;
    struct tm parts = {.tm_mday = 1, .tm_wday = 4, .tm_year = 70}; /* should it be out of range */
    (void)gmtime_r(&time, &parts);
    int len = snprintf(line, DAYTIME_MAX, "%s, %s %d, %d %02d:%02d:%02d-UTC\r\n",
                       days[parts.tm_wday], months[parts.tm_mon], parts.tm_mday,
                       1900 + parts.tm_year, parts.tm_hour, parts.tm_min, parts.tm_sec);
    return len < DAYTIME_MAX ? (size_t)len : DAYTIME_MAX - 1;
}

void time_bytes(uint64_t seconds, unsigned char bytes[static 4])
{
    uint32_t since_1900 = (uint32_t)(seconds + SECONDS_1900_TO_1970);
    for (int i = 0; i < 4; i++)
        bytes[i] = (unsigned char)(since_1900 >> (24 - 8 * i));
}
