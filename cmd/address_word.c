#include "address_word.h"

#include <string.h>

bool address_word_is_bare_port(const char *word)
{
    const char *scheme_end = strstr(word, "://");
    const char *start = scheme_end != NULL ? scheme_end + 3 : word;
    size_t digits = strspn(start, "0123456789");

    return digits > 0 && strchr("?/", start[digits]) != NULL;
}
