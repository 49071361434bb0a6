#include "http/http_problem.h"

#include <stdio.h>
#include <string.h>

/* Bytes of a name that are shown; nobody needs more to find it. */
#define NAME_MAX_SHOWN 40

/* Room for such a name when every byte is escaped. */
#define NAME_TEXT_MAX (NAME_MAX_SHOWN * 4 + sizeof("..."))

static void print_name(struct nk_slice name, char text[static NAME_TEXT_MAX])
{
    size_t len = 0;
    for (size_t i = 0; i < name.len && i < NAME_MAX_SHOWN; i++) {
        unsigned char byte = (unsigned char)name.data[i];
        bool is_plain = byte >= ' ' && byte < 0x7f && byte != '"' && byte != '\\';
        len += (size_t)snprintf(text + len, NAME_TEXT_MAX - len, is_plain ? "%c" : "\\x%02x", byte);
    }
    snprintf(text + len, NAME_TEXT_MAX - len, "%s", name.len > NAME_MAX_SHOWN ? "..." : "");
}

const char *http_problem_print(const struct http_problem *problem,
                               char text[static HTTP_PROBLEM_TEXT_MAX])
{
    const char *rule = problem->rule ? problem->rule : "";
    const char *source = strstr(rule, " (RFC");
    char name[NAME_TEXT_MAX];
    if (problem->field.len == 0 || !source) {
        snprintf(text, HTTP_PROBLEM_TEXT_MAX, "%s", rule);
        return text;
    }
    print_name(problem->field, name);
    snprintf(text, HTTP_PROBLEM_TEXT_MAX, "%.*s in \"%s\"%s", (int)(source - rule), rule, name,
             source);
    return text;
}
