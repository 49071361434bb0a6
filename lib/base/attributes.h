/* Compiler attributes used by every public header.
 *
 * NK_PUBLIC marks what the shared library exports; everything else is hidden.
 * NK_MUST_USE: ignoring the result is a mistake the compiler reports.
 * NK_NONNULL(...): the numbered arguments may never be NULL.
 */
#ifndef NK_BASE_ATTRIBUTES_H
#define NK_BASE_ATTRIBUTES_H

#define NK_PUBLIC __attribute__((visibility("default")))
#define NK_MUST_USE __attribute__((warn_unused_result))
#define NK_NONNULL(...) __attribute__((nonnull(__VA_ARGS__)))
#define NK_FORMAT(format_index, first_argument)                                                    \
    __attribute__((format(printf, format_index, first_argument)))

#define NK_LIKELY(condition) __builtin_expect(!!(condition), 1)
#define NK_UNLIKELY(condition) __builtin_expect(!!(condition), 0)

#define NK_ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* The structure of TYPE whose member MEMBER is at POINTER. */
#define nk_container_of(pointer, type, member)                                                     \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#endif
