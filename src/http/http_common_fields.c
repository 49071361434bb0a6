#include "http/http_common_fields.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/http_field_line.h"

/* Pages that let a browser isolate them, so that they get SharedArrayBuffer and
 * exact timers. What is shared with other sites on purpose stays loadable there. */
static void write_isolation(FILE *out, const struct http_options *options)
{
    fprintf(out,
            "Cross-Origin-Opener-Policy: same-origin\r\n"
            "Cross-Origin-Embedder-Policy: require-corp\r\n"
            "Cross-Origin-Resource-Policy: %s\r\n",
            options->cors ? "cross-origin" : "same-origin");
}

static void write_given(FILE *out, const char *line)
{
    struct nk_slice name;
    struct nk_slice value;
    const char *mistake;
    if (http_field_line_parse(nk_slice_of_string(line), &name, &value, &mistake) < 0)
        return;
    fprintf(out, "%.*s: %.*s\r\n", (int)name.len, name.data, (int)value.len, value.data);
}

static void write_all(FILE *out, const struct http_options *options)
{
    if (options->cors)
        fputs("Access-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: *\r\n", out);
    if (options->isolate)
        write_isolation(out, options);
    for (size_t i = 0; i < options->fields.count; i++)
        write_given(out, options->fields.words[i]);
}

static void write_success(FILE *out, const struct http_options *options)
{
    const char *text = options->no_cache ? "no-cache" : options->cache_control;
    if (text)
        fprintf(out, "Cache-Control: %s\r\n", text);
}

/* What `write` writes, or NULL. */
static char *text_of(void (*write)(FILE *out, const struct http_options *options),
                     const struct http_options *options)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    write(out, options);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

int http_common_fields_make(struct http_common_fields *fields, const struct http_options *options)
{
    fields->all = text_of(write_all, options);
    fields->success = text_of(write_success, options);
    if (fields->all && fields->success)
        return 0;
    http_common_fields_free(fields);
    return -ENOMEM;
}

void http_common_fields_free(struct http_common_fields *fields)
{
    free(fields->all);
    free(fields->success);
    *fields = (struct http_common_fields){0};
}
