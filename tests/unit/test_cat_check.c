/* Comparing what comes back with a recording. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "cat/cat_check.h"
#include "recording_fixture.h"

#define RECORDING "0 < 6 hello \n1 > 1 ?\n2 < 0 \n3 < 5 world\n4 < end\n"

/* Pieces end with '|'; the last difference is what is said at the end. */
static void check_all(bool keeps_records, const char *pieces, const char *difference)
{
    struct cat_recording *recording = open_recording(RECORDING);
    struct cat_check check;
    bool is_same = true;

    cat_check_init(&check, recording, keeps_records);
    while (*pieces) {
        size_t len = strcspn(pieces, "|");
        is_same = cat_check_received(&check, nk_slice_make(pieces, len));
        pieces += len + 1;
    }
    is_same = cat_check_end(&check) && is_same;
    assert_int_equal(is_same, difference == NULL);
    if (difference)
        assert_string_equal(cat_check_difference(&check), difference);
    assert_int_equal(cat_check_end(&check), difference == NULL); /* and stays so */
    cat_recording_close(recording);
}

/* How a stream was cut would count, or a difference be missed. */
static void a_stream_is_its_bytes(void **state)
{
    (void)state;
    check_all(false, "hello world|", NULL);
    check_all(false, "h|ello| wor|ld|", NULL);
    check_all(false, "hello World|", "byte 6 is different");
    check_all(false, "Hello|", "byte 0 is different");
    check_all(false, "hello worl|", "it ends at byte 10 of 11");
    check_all(false, "", "it ends at byte 0 of 11");
    check_all(false, "hello world!|", "there is more than the 11 recorded bytes");
    check_all(false, "hello world|!|", "there is more than the 11 recorded bytes");
    check_all(false, "hexlo|world|", "byte 2 is different"); /* only the first counts */
}

/* Datagrams that were put together would be the same. */
static void datagrams_are_compared_whole(void **state)
{
    (void)state;
    check_all(true, "hello ||world|", NULL);
    check_all(true, "hello world|", "byte 6 is different, which is byte 6 of datagram 1");
    check_all(true, "hello ||worlD|", "byte 10 is different, which is byte 4 of datagram 3");
    check_all(true, "hello ||wor|", "byte 9 is different, which is byte 3 of datagram 3");
    check_all(true, "hello ||", "only 2 of 3 datagrams came");
    check_all(true, "hello ||world||", "there are more than the 3 recorded datagrams");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_is_its_bytes),
        cmocka_unit_test(datagrams_are_compared_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
