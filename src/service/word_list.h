/* The words of an option that may be given several times, in the order of the
 * command line. A value: the words belong to whoever made the list.
 */
#ifndef SERVICE_WORD_LIST_H
#define SERVICE_WORD_LIST_H

#include <stddef.h>

/* More on one command line is a mistake. */
#define WORD_LIST_MAX 32

struct word_list {
    size_t count;
    const char *words[WORD_LIST_MAX];
};

#endif
