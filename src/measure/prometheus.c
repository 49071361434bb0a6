#include "measure/prometheus.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/utf8.h"

/* Room for every number. */
#define NUMBER_MAX 40

void prometheus_init(struct prometheus_text *text, size_t cap)
{
    nk_buffer_init(&text->buffer, cap);
    text->error = 0;
}

void prometheus_deinit(struct prometheus_text *text)
{
    nk_buffer_deinit(&text->buffer);
}

static void append(struct prometheus_text *text, struct nk_slice bytes)
{
    if (!text->error)
        text->error = nk_buffer_append(&text->buffer, bytes);
}

static void append_string(struct prometheus_text *text, const char *string)
{
    append(text, nk_slice_of_string(string));
}

void prometheus_metric(struct prometheus_text *text, const char *name, enum prometheus_kind kind,
                       const char *help)
{
    static const char *const kinds[] = {
        [PROMETHEUS_COUNTER] = " counter\n",
        [PROMETHEUS_GAUGE] = " gauge\n",
        [PROMETHEUS_SUMMARY] = " summary\n",
        [PROMETHEUS_HISTOGRAM] = " histogram\n",
    };
    append_string(text, "# HELP ");
    append_string(text, name);
    append_string(text, " ");
    append_string(text, help);
    append_string(text, "\n# TYPE ");
    append_string(text, name);
    append_string(text, kinds[kind]);
}

static void append_value(struct prometheus_text *text, const char *value)
{
    struct nk_slice rest = nk_slice_of_string(value);
    while (rest.len > 0) {
        size_t len = nk_utf8_decode(rest, NULL);
        if (len == 0)
            append_string(text, "\xef\xbf\xbd");
        else if (*rest.data == '\n')
            append_string(text, "\\n");
        else if (*rest.data == '"')
            append_string(text, "\\\"");
        else if (*rest.data == '\\')
            append_string(text, "\\\\");
        else
            append(text, nk_slice_first(rest, len));
        rest = nk_slice_from(rest, len > 0 ? len : 1);
    }
}

static void append_sample(struct prometheus_text *text, const char *name,
                          const struct prometheus_label *labels, size_t count, const char *number)
{
    append_string(text, name);
    for (size_t i = 0; i < count; i++) {
        append_string(text, i == 0 ? "{" : ",");
        append_string(text, labels[i].name);
        append_string(text, "=\"");
        append_value(text, labels[i].value);
        append_string(text, "\"");
    }
    append_string(text, count > 0 ? "} " : " ");
    append_string(text, number);
    append_string(text, "\n");
}

void prometheus_count(struct prometheus_text *text, const char *name,
                      const struct prometheus_label *labels, size_t count, uint64_t value)
{
    char number[NUMBER_MAX];
    snprintf(number, sizeof number, "%" PRIu64, value);
    append_sample(text, name, labels, count, number);
}

void prometheus_number(struct prometheus_text *text, const char *name,
                       const struct prometheus_label *labels, size_t count, double value)
{
    char number[NUMBER_MAX];
    snprintf(number, sizeof number, "%.9g", value);
    append_sample(text, name, labels, count, number);
}
