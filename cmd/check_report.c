#include "check_report.h"

#include <errno.h>
#include <inttypes.h>

#include "failure.h"
#include "json_line.h"
#include "output.h"

static const char *const verdict_names[] = {
    [CHECK_PASSED] = "passed",
    [CHECK_FAILED] = "failed",
    [CHECK_SKIPPED] = "skipped",
};

static const char *level_name(enum check_level level)
{
    return level == CHECK_MUST ? "MUST" : "SHOULD";
}

/* ---- counting ---- */

static void count_in(struct check_counts *counts, const struct check_result *result)
{
    if (result->verdict == CHECK_PASSED)
        counts->passed++;
    else if (result->verdict == CHECK_SKIPPED)
        counts->skipped++;
    else if (result->what->level == CHECK_MUST)
        counts->must_failed++;
    else
        counts->should_failed++;
}

/* In the order of the numbers in it: "9112 6.1" before "9112 11.1". */
static int compare_sections(const char *a, const char *b)
{
    while (*a != '\0' && *b != '\0') {
        char *end_of_a;
        char *end_of_b;
        unsigned long number_a = strtoul(a, &end_of_a, 10);
        unsigned long number_b = strtoul(b, &end_of_b, 10);

        if (number_a != number_b)
            return number_a < number_b ? -1 : 1;
        a = *end_of_a != '\0' ? end_of_a + 1 : end_of_a;
        b = *end_of_b != '\0' ? end_of_b + 1 : end_of_b;
    }
    return *a == *b ? 0 : *a == '\0' ? -1 : 1;
}

static struct check_counts *counts_of(struct check_report *report, const char *section)
{
    size_t at = 0;

    while (at < report->section_count && compare_sections(report->sections[at], section) < 0)
        at++;
    if (at < report->section_count && strcmp(report->sections[at], section) == 0)
        return &report->counts[at];
    if (report->section_count == CHECK_SECTIONS_MAX)
        return &report->counts[CHECK_SECTIONS_MAX - 1];
    memmove(&report->sections[at + 1], &report->sections[at],
            (report->section_count - at) * sizeof report->sections[0]);
    memmove(&report->counts[at + 1], &report->counts[at],
            (report->section_count - at) * sizeof report->counts[0]);
    report->section_count++;
    report->sections[at] = section;
    report->counts[at] = (struct check_counts){0};
    return &report->counts[at];
}

/* ---- what the checks call ---- */

static void write_result_json(const struct check_result *result)
{
    json_line_begin(stdout, "check");
    json_line_integer(stdout, "row", result->what->row);
    json_line_string(stdout, "name", result->what->name);
    json_line_string(stdout, "section", result->what->section);
    json_line_string(stdout, "level", level_name(result->what->level));
    json_line_string(stdout, "result", verdict_names[result->verdict]);
    json_line_string(stdout, "allowed", result->what->answers);
    json_line_string(stdout, "answered", result->text);
    json_line_end(stdout);
}

static void take_result(void *context, const struct check_result *result)
{
    struct check_report *report = context;
    const struct check_case *what = result->what;
    bool is_told = result->verdict == CHECK_FAILED || report->options->verbosity > 0;

    count_in(&report->total, result);
    count_in(counts_of(report, what->section), result);
    if (report->options->quiet)
        return;
    if (report->options->json) {
        write_result_json(result);
    } else if (is_told) {
        printf("%-7s %-6s RFC %-12s row %-2u %s: answered %s", verdict_names[result->verdict],
               level_name(what->level), what->section, what->row, what->name, result->text);
        if (result->verdict == CHECK_FAILED)
            printf(" (allowed: %s%s)", what->answers,
                   (what->flags & CHECK_CLOSED) != 0 ? ", closed" : "");
        putchar('\n');
        fflush(stdout);
    }
}

static void report_failed(void *context, const char *action, const char *object, int error)
{
    const struct check_report *report = context;
    const struct failure failure = {.action = action, .object = object, .error = error};

    failure_tell(&failure, report->options->json ? stdout : NULL);
}

static void report_unfit(void *context, int status, const char *problem)
{
    const struct check_report *report = context;
    char text[CHECK_TEXT_MAX];
    const struct failure failure = {
        .action = "check",
        .object = report->url,
        .error = -EPROTO,
        .reason = text,
    };

    if (status == 0)
        snprintf(text, sizeof text, "the response to GET: %s", problem);
    else
        snprintf(text, sizeof text,
                 "GET of it is answered with %d; --path names a resource that exists", status);
    failure_tell(&failure, report->options->json ? stdout : NULL);
}

static void write_totals(const struct check_report *report, int status);

static void report_interrupted(void *context, int signal_number)
{
    write_totals(context, 128 + signal_number);
    (void)output_finish();
}

void check_report_init(struct check_report *report, const struct common_options *options,
                       const char *url)
{
    *report = (struct check_report){
        .reporter =
            {
                .context = report,
                .failed = report_failed,
                .unfit = report_unfit,
                .result = take_result,
                .interrupted = report_interrupted,
            },
        .options = options,
        .url = url,
    };
}

/* ---- the summary ---- */

static void write_counts(const struct check_counts *counts)
{
    printf("%" PRIu64 " passed", counts->passed);
    if (counts->must_failed > 0)
        printf(", %" PRIu64 " MUST failed", counts->must_failed);
    if (counts->should_failed > 0)
        printf(", %" PRIu64 " SHOULD failed", counts->should_failed);
    if (counts->skipped > 0)
        printf(", %" PRIu64 " skipped", counts->skipped);
    putchar('\n');
}

static void write_summary(const struct check_report *report)
{
    for (size_t i = 0; i < report->section_count; i++) {
        printf("RFC %-13s ", report->sections[i]);
        write_counts(&report->counts[i]);
    }
    printf("%-17s ", "all");
    write_counts(&report->total);
    if (report->total.skipped > 0)
        puts("skipped: the resource has no entity tag or no date; a file has both: a URL with a "
             "file,\n"
             "or --path FILE, runs these cases, too");
}

static void write_summary_json(const struct check_report *report, int status)
{
    json_line_begin(stdout, "summary");
    json_line_integer(stdout, "passed", report->total.passed);
    json_line_integer(stdout, "must_failed", report->total.must_failed);
    json_line_integer(stdout, "should_failed", report->total.should_failed);
    json_line_integer(stdout, "skipped", report->total.skipped);
    json_line_integer(stdout, "status", (uint64_t)status);
    json_line_end(stdout);
}

/* `status` is what a shell will see. */
static void write_totals(const struct check_report *report, int status)
{
    if (report->options->quiet)
        return;
    if (report->options->json)
        write_summary_json(report, status);
    else if (report->section_count > 0)
        write_summary(report);
}

enum exit_status check_report_finish(struct check_report *report, enum exit_status status)
{
    enum exit_status output;

    if (status == EXIT_STATUS_OK && report->total.must_failed > 0)
        status = EXIT_STATUS_THRESHOLD;
    write_totals(report, (int)status);
    output = output_finish();
    return output == EXIT_STATUS_OK ? status : output;
}
