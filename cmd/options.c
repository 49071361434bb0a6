#include "options.h"

#include <errno.h>
#include <stdarg.h>

#include "service/values.h"
#include "service/word_list.h"
#include "suggest.h"

/* One reading of one command line. */
struct parser {
    const struct option_part *parts;
    char *options; /* the command's structure */
    char **words;
    size_t count;
    size_t next; /* index of the word to read */
    struct option_result *result;
};

/* An option as it was written. */
struct mention {
    const struct option_spec *option;
    size_t index;
    size_t base;
    bool negated;
    const char *text; /* for messages: "--drain" or "-v" */
};

/* Stores a value; `word` is NULL for options that take none. */
typedef int option_store_fn(struct parser *parser, const struct mention *mention, void *place,
                            const char *word);

typedef int value_parse_fn(const char *text, uint64_t *value, const char **problem);
typedef char *value_print_fn(uint64_t value, char text[static VALUE_TEXT_MAX]);

static int fail(struct parser *parser, const char *format, ...) NK_NONNULL(1, 2) NK_FORMAT(2, 3);

static int fail(struct parser *parser, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(parser->result->problem, sizeof parser->result->problem, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

static option_store_fn store_flag, store_repeated, store_number, store_choice, store_string,
    store_in_list;

/* What the kinds do, instead of a switch in every function. */
static const struct kind {
    bool takes_value;
    option_store_fn *store;
    value_parse_fn *parse; /* of numbers only */
    value_print_fn *print;
} kinds[] = {
    [OPTION_FLAG] = {false, store_flag, NULL, NULL},
    [OPTION_NEGATABLE] = {false, store_flag, NULL, NULL},
    [OPTION_REPEATED] = {false, store_repeated, NULL, NULL},
    [OPTION_DURATION] = {true, store_number, value_parse_duration, value_print_duration},
    [OPTION_SIZE] = {true, store_number, value_parse_size, value_print_size},
    [OPTION_COUNT] = {true, store_number, value_parse_count, value_print_count},
    [OPTION_CHOICE] = {true, store_choice, NULL, NULL},
    [OPTION_STRING] = {true, store_string, NULL, NULL},
    [OPTION_DIRECTORY] = {true, store_string, NULL, NULL},
    [OPTION_FILE] = {true, store_string, NULL, NULL},
    [OPTION_LIST] = {true, store_in_list, NULL, NULL},
};

static int store_flag(struct parser *parser, const struct mention *mention, void *place,
                      const char *word)
{
    (void)parser;
    (void)word;
    *(bool *)place = !mention->negated;
    return 0;
}

static int store_repeated(struct parser *parser, const struct mention *mention, void *place,
                          const char *word)
{
    (void)parser;
    (void)mention;
    (void)word;
    *(uint64_t *)place += 1;
    return 0;
}

static int store_number(struct parser *parser, const struct mention *mention, void *place,
                        const char *word)
{
    const struct option_spec *option = mention->option;
    const struct kind *kind = &kinds[option->kind];
    const char *problem = NULL;
    char limit[VALUE_TEXT_MAX];
    uint64_t value = 0;

    if (kind->parse(word, &value, &problem) != 0)
        return fail(parser, "%s: '%s' %s", mention->text, word, problem);
    if (value < option->minimum)
        return fail(parser, "%s: '%s' is too small; the least is %s", mention->text, word,
                    kind->print(option->minimum, limit));
    if (value > option->maximum)
        return fail(parser, "%s: '%s' is too large; the most is %s", mention->text, word,
                    kind->print(option->maximum, limit));
    *(uint64_t *)place = value;
    return 0;
}

static int store_choice(struct parser *parser, const struct mention *mention, void *place,
                        const char *word)
{
    const char *const *choices = mention->option->choices;
    char list[128] = "";
    size_t len = 0;

    for (size_t i = 0; choices[i] != NULL; i++) {
        if (strcmp(choices[i], word) == 0) {
            *(const char **)place = choices[i];
            return 0;
        }
        if (len < sizeof list)
            len += (size_t)snprintf(list + len, sizeof list - len, "%s%s", i > 0 ? ", " : "",
                                    choices[i]);
    }
    return fail(parser, "%s: '%s' is not one of %s", mention->text, word, list);
}

static int store_string(struct parser *parser, const struct mention *mention, void *place,
                        const char *word)
{
    if (*word == '\0')
        return fail(parser, "%s: the value is empty", mention->text);
    *(const char **)place = word;
    return 0;
}

static int store_in_list(struct parser *parser, const struct mention *mention, void *place,
                         const char *word)
{
    struct word_list *list = place;

    if (*word == '\0')
        return fail(parser, "%s: the value is empty", mention->text);
    if (list->count == WORD_LIST_MAX)
        return fail(parser, "%s: given more than %d times", mention->text, WORD_LIST_MAX);
    list->words[list->count++] = word;
    return 0;
}

static bool has_name(const struct option_spec *option, const char *name, size_t len)
{
    if (strlen(option->name) == len && memcmp(option->name, name, len) == 0)
        return true;
    return option->also != NULL && strlen(option->also) == len &&
           memcmp(option->also, name, len) == 0;
}

/* Whether a table before `part` already has an option of this name. */
static bool is_hidden(const struct option_part *parts, const struct option_part *part,
                      const struct option_spec *option)
{
    for (const struct option_part *before = parts; before != part; before++) {
        for (size_t i = 0; i < before->table->count; i++) {
            if (has_name(&before->table->options[i], option->name, strlen(option->name)))
                return true;
        }
    }
    return false;
}

const struct option_spec *option_at(const struct option_part *parts, size_t index, size_t *base)
{
    for (const struct option_part *part = parts; part->table != NULL; part++) {
        for (size_t i = 0; i < part->table->count; i++) {
            const struct option_spec *option = &part->table->options[i];

            if (is_hidden(parts, part, option) || index-- > 0)
                continue;
            if (base != NULL)
                *base = part->base;
            return option;
        }
    }
    return NULL;
}

bool option_takes_value(const struct option_spec *option)
{
    return kinds[option->kind].takes_value;
}

static bool find_long(const struct option_part *parts, const char *name, size_t len,
                      struct mention *mention)
{
    bool can_be_negation = len > 3 && memcmp(name, "no-", 3) == 0;

    for (size_t i = 0; (mention->option = option_at(parts, i, &mention->base)) != NULL; i++) {
        mention->index = i;
        mention->negated = false;
        if (has_name(mention->option, name, len))
            return true;
        mention->negated = true;
        if (can_be_negation && mention->option->kind == OPTION_NEGATABLE &&
            has_name(mention->option, name + 3, len - 3))
            return true;
    }
    return false;
}

static bool find_letter(const struct option_part *parts, char letter, struct mention *mention)
{
    mention->negated = false;
    for (size_t i = 0; (mention->option = option_at(parts, i, &mention->base)) != NULL; i++) {
        mention->index = i;
        if (mention->option->letter == letter)
            return true;
    }
    return false;
}

const struct option_spec *option_find(const struct option_part *parts, const char *word)
{
    struct mention mention = {0};

    if (word[0] != '-' || word[1] == '\0')
        return NULL;
    if (word[1] == '-')
        find_long(parts, word + 2, strcspn(word + 2, "="), &mention);
    else
        find_letter(parts, word[1], &mention);
    return mention.option;
}

bool option_given(const struct option_part *parts, const struct option_result *result,
                  const char *name)
{
    struct mention mention = {0};

    return find_long(parts, name, strlen(name), &mention) && result->given[mention.index];
}

/* Stores what `mention` says, taking its value from `attached` or the next word. */
static int apply(struct parser *parser, const struct mention *mention, const char *attached)
{
    const struct option_spec *option = mention->option;
    const struct kind *kind = &kinds[option->kind];
    const char *word = attached;

    if (kind->takes_value && word == NULL) {
        if (parser->next >= parser->count)
            return fail(parser, "%s needs a value: %s %s", mention->text, mention->text,
                        option->argument);
        word = parser->words[parser->next++];
    }
    parser->result->given[mention->index] = true;
    if (strcmp(option->name, "help") == 0)
        parser->result->help = true;
    return kind->store(parser, mention, parser->options + mention->base + option->offset, word);
}

static int fail_unknown(struct parser *parser, const char *name, size_t len)
{
    const struct option_spec *option;
    struct suggestion suggestion;
    char typed[OPTIONS_PROBLEM_MAX];

    snprintf(typed, sizeof typed, "%.*s", (int)(len < sizeof typed ? len : sizeof typed - 1), name);
    suggestion_init(&suggestion, typed);
    for (size_t i = 0; (option = option_at(parser->parts, i, NULL)) != NULL; i++) {
        suggestion_consider(&suggestion, option->name);
        if (option->also != NULL)
            suggestion_consider(&suggestion, option->also);
    }
    if (suggestion.best == NULL)
        return fail(parser, "unknown option '--%s'", typed);
    return fail(parser, "unknown option '--%s'; did you mean '--%s'?", typed, suggestion.best);
}

static int parse_long(struct parser *parser, const char *word)
{
    const char *name = word + 2;
    size_t len = strcspn(name, "=");
    const char *value = name[len] == '=' ? name + len + 1 : NULL;
    struct mention mention = {0};
    char text[64];

    if (!find_long(parser->parts, name, len, &mention))
        return fail_unknown(parser, name, len);
    snprintf(text, sizeof text, "--%.*s", (int)len, name);
    mention.text = text;
    if (value != NULL && !option_takes_value(mention.option))
        return fail(parser, "%s takes no value", text);
    return apply(parser, &mention, value);
}

/* "-vv" is -v -v; the value of a letter that takes one is the rest of the word. */
static int parse_letters(struct parser *parser, const char *word)
{
    for (const char *letter = word + 1; *letter != '\0'; letter++) {
        struct mention mention = {0};
        char text[] = {'-', *letter, '\0'};
        const char *rest = letter[1] != '\0' ? letter + 1 : NULL;
        int error;

        if (!find_letter(parser->parts, *letter, &mention)) {
            parser->result->unknown_letter = *letter;
            return fail(parser,
                        word[2] != '\0' ? "unknown option '-%c' in '%s'" : "unknown option '-%c'",
                        *letter, word);
        }
        mention.text = text;
        if (option_takes_value(mention.option))
            return apply(parser, &mention, rest);
        error = apply(parser, &mention, NULL);
        if (error != 0 || parser->result->help)
            return error;
    }
    return 0;
}

int options_parse(const struct option_part *parts, void *options, int count, char **words,
                  struct option_result *result)
{
    struct parser parser = {parts, options, words, (size_t)count, 0, result};
    bool only_words = false;
    int error = 0;

    *result = (struct option_result){.words = words};
    while (error == 0 && parser.next < parser.count && !result->help) {
        char *word = words[parser.next++];

        if (only_words || word[0] != '-' || word[1] == '\0')
            words[result->word_count++] = word;
        else if (strcmp(word, "--") == 0)
            only_words = true;
        else if (word[1] == '-')
            error = parse_long(&parser, word);
        else
            error = parse_letters(&parser, word);
    }
    return error;
}

char *option_print_default(const struct option_spec *option, const void *defaults, size_t base,
                           char *text, size_t size)
{
    const void *place = (const char *)defaults + base + option->offset;
    const struct kind *kind = &kinds[option->kind];
    char number[VALUE_TEXT_MAX];
    const char *shown = NULL;

    if (kind->print != NULL) {
        uint64_t value = *(const uint64_t *)place;

        if (value != 0 && value != UINT64_MAX)
            shown = kind->print(value, number);
    } else if (kind->takes_value && option->kind != OPTION_LIST) {
        shown = *(const char *const *)place;
    } else if (option->kind == OPTION_NEGATABLE) {
        shown = *(const bool *)place ? "on" : "off";
    }
    if (shown == NULL)
        shown = option->unset != NULL ? option->unset : "";
    snprintf(text, size, "%s", shown);
    return text;
}
