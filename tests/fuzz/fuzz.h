/* What every fuzz target shares.
 *
 * A target is one function that takes any bytes. clang's libFuzzer calls it
 * with bytes it makes up (tests/fuzz/CMakeLists.txt); replay.c calls it with the
 * files of the corpus in the ordinary build (replay.cmake).
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Unlike assert it is there in every build; unlike exit it leaves a trace. */
#define FUZZ_CHECK(condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
