/* Options as data: one table entry says everything there is to know about an
 * option. Parsing, --help and the shell completions are derived from the
 * entries, and the tests hold the man pages against them.
 *
 * An entry stores its value at an offset of an options structure:
 *
 *     flag                      bool            true
 *     negatable                 bool            --name true, --no-name false
 *     repeated                  uint64_t        how often it was given
 *     duration, size, count     uint64_t        nanoseconds, bytes, number
 *     choice, string, file,     const char *    the word from the command line,
 *     directory                                 or the entry of `choices`
 *     list                      struct word_list    the words of all mentions, in order
 *
 * A command composes its options from several tables; each has its place
 * (base) in the command's own structure. When two tables have an option of the
 * same name, the first one counts and hides the other: this is how a command
 * rewords a shared option.
 */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

/* Options of all tables of one command together. */
#define OPTIONS_MAX 96

/* The longest description of what is wrong with a command line, NUL included. */
#define OPTIONS_PROBLEM_MAX 512

/* Where --help lists the option. */
enum option_group {
    OPTION_GROUP_CONTENT,
    OPTION_GROUP_ADDRESS,
    OPTION_GROUP_LISTENING,
    OPTION_GROUP_TIMES,
    OPTION_GROUP_LIMITS,
    OPTION_GROUP_PERFORMANCE,
    OPTION_GROUP_MESSAGES,
    OPTION_GROUP_COUNT,
};

enum option_kind {
    OPTION_FLAG,
    OPTION_NEGATABLE,
    OPTION_REPEATED,
    OPTION_DURATION,
    OPTION_SIZE,
    OPTION_COUNT,
    OPTION_CHOICE,
    OPTION_STRING,
    OPTION_DIRECTORY,
    OPTION_FILE,
    OPTION_LIST, /* a string that may be given several times */
};

struct option_spec {
    const char *name; /* long name without dashes */
    const char *also; /* a second long name, or NULL */
    char letter;      /* short name, or 0 */
    enum option_kind kind;
    enum option_group group;
    size_t offset;        /* in the table's structure */
    const char *argument; /* what --help calls the value, such as "TIME"; NULL without a value */
    uint64_t minimum;     /* of durations, sizes and counts */
    uint64_t maximum;
    const char *const *choices; /* NULL-terminated; of choices only */
    const char *help;           /* one line, lower case, no full stop */
    bool rare;                  /* --help only names it; what it does is in the manual page */
    const char *unset; /* what a default of 0, UINT64_MAX or NULL means, for --help; may be NULL */
};

struct option_table {
    const struct option_spec *options;
    size_t count;
};

/* A table and the place of its structure in the command's; a list of parts ends
 * with one whose table is NULL. */
struct option_part {
    const struct option_table *table;
    size_t base;
};

/* What a command line said besides the values stored in the structure. */
struct option_result {
    char **words; /* the arguments that are not options, in order */
    size_t word_count;
    bool given[OPTIONS_MAX]; /* by index of the option, see option_at */
    bool help;               /* --help was given; what follows it was not looked at */
    char problem[OPTIONS_PROBLEM_MAX];
    char unknown_letter; /* the problem: a letter that is no option here; 0 = another one */
};

/* What to say about letters that mean something in programs like this one. A list of
 * them ends with one whose letters are NULL. */
struct option_answer {
    const char *letters;
    const char *text;
};

/* The option with this index over all parts, hidden ones not counted, or NULL
 * behind the last. *base (may be NULL) receives the base of its part. */
const struct option_spec *option_at(const struct option_part *parts, size_t index, size_t *base)
    NK_NONNULL(1);

/* Whether the option takes a value. */
bool option_takes_value(const struct option_spec *option) NK_NONNULL(1);

/* The option that `word`, starting with a dash, stands for: "--name",
 * "--name=value", "--no-name", or "-v" for its first letter. NULL if none does. */
const struct option_spec *option_find(const struct option_part *parts, const char *word)
    NK_NONNULL(1, 2);

/* Whether the option called `name` was on the command line. */
bool option_given(const struct option_part *parts, const struct option_result *result,
                  const char *name) NK_NONNULL(1, 2, 3);

/* Reads `count` words into `options`, which the caller has filled with the
 * defaults, and into *result. The words are reordered: result->words points
 * into `words`. Options may stand anywhere; "--" ends them; the last of several
 * wins. The option named "help" stops the reading.
 * Returns 0, or -EINVAL with result->problem describing the first mistake. */
NK_MUST_USE int options_parse(const struct option_part *parts, void *options, int count,
                              char **words, struct option_result *result) NK_NONNULL(1, 2, 4, 5);

/* The printed default of an option for --help: its value in `defaults`, the
 * text `unset`, or "" when there is nothing to say. Returns `text`. */
char *option_print_default(const struct option_spec *option, const void *defaults, size_t base,
                           char *text, size_t size) NK_NONNULL(1, 2, 4);

#endif
