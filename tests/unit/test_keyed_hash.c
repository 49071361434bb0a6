/* The vectors of the reference implementation of SipHash-2-4 with 128 bits: the key
 * is 00 01 .. 0f, the text 00 01 .. of a length. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "http/keyed_hash.h"

static struct keyed_hash hash_of_length(size_t len)
{
    uint8_t key[KEYED_HASH_KEY_SIZE];
    char text[64];
    for (size_t i = 0; i < sizeof(key); i++)
        key[i] = (uint8_t)i;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)i;
    return keyed_hash(key, nk_slice_make(text, len));
}

static void expect(size_t len, const uint8_t bytes[16])
{
    struct keyed_hash hash = hash_of_length(len);
    for (size_t i = 0; i < 16; i++)
        assert_int_equal(hash.words[i / 8] >> (8 * (i % 8)) & 0xff, bytes[i]);
}

static void test_reference_vectors(void **state)
{
    static const uint8_t empty[16] = {0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6,
                                      0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02, 0x93};
    static const uint8_t one[16] = {0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44,
                                    0x34, 0x76, 0x59, 0x11, 0x9b, 0x22, 0xfc, 0x45};
    static const uint8_t two[16] = {0x81, 0x77, 0x22, 0x8d, 0xa4, 0xa4, 0x5d, 0xc7,
                                    0xfc, 0xa3, 0x8b, 0xde, 0xf6, 0x0a, 0xff, 0xe4};
    (void)state;
    expect(0, empty);
    expect(1, one);
    expect(2, two);
}

static void test_every_byte_counts(void **state)
{
    struct keyed_hash seen[64];
    (void)state;
    for (size_t i = 0; i < 64; i++) {
        seen[i] = hash_of_length(i);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(&seen[i], &seen[j], sizeof(seen[i]));
    }
}

static void test_the_key_counts(void **state)
{
    uint8_t key[KEYED_HASH_KEY_SIZE] = {0};
    (void)state;
    struct keyed_hash before = keyed_hash(key, nk_slice_make("a", 1));
    for (size_t i = 0; i < sizeof(key); i++) {
        key[i] = 1;
        struct keyed_hash after = keyed_hash(key, nk_slice_make("a", 1));
        assert_memory_not_equal(&before, &after, sizeof(before));
        key[i] = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference_vectors),
        cmocka_unit_test(test_every_byte_counts),
        cmocka_unit_test(test_the_key_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
