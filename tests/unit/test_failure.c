/* "cannot do that: for this reason", in words and as an event. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "capture.h"
#include "failure.h"

static const struct {
    struct failure failure;
    const char *line; /* behind "netkit: " */
    const char *event;
} examples[] = {
    {
        {"listen on", "tcp://[::]:80", -EACCES, NULL},
        "cannot listen on 'tcp://[::]:80': permission denied\n",
        "\"action\":\"listen on\",\"object\":\"tcp://[::]:80\",\"error\":\"permission denied\","
        "\"errno\":13}\n",
    },
    {
        {"start", NULL, -ENOMEM, NULL},
        "cannot start: out of memory\n",
        "\"action\":\"start\",\"object\":\"\",\"error\":\"out of memory\",\"errno\":12}\n",
    },
    {
        {"connect to", "h", -EPROTO, "it is no proxy"},
        "cannot connect to 'h': it is no proxy\n",
        "\"action\":\"connect to\",\"object\":\"h\",\"error\":\"it is no proxy\",\"errno\":71}\n",
    },
    /* Where errno would say something else. */
    {
        {"resolve", "h", -ENOENT, NULL},
        "cannot resolve 'h': no such host\n",
        "\"action\":\"resolve\",\"object\":\"h\",\"error\":\"no such host\",\"errno\":2}\n",
    },
    {
        {"get an answer from", "h", -ENODATA, NULL},
        "cannot get an answer from 'h': no answer\n",
        "\"action\":\"get an answer from\",\"object\":\"h\",\"error\":\"no "
        "answer\",\"errno\":61}\n",
    },
    {
        {"open", "a\nb", -ENOENT, NULL},
        "cannot open 'a\\x0ab': no such file or directory\n",
        "\"action\":\"open\",\"object\":\"a\\u000ab\",\"error\":\"no such file or directory\","
        "\"errno\":2}\n",
    },
};

/* People would read a riddle. */
static void says_it_to_people(void **state)
{
    struct capture capture;
    char line[256];

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(examples); i++) {
        capture_start(&capture);
        failure_tell(&examples[i].failure, NULL);
        snprintf(line, sizeof line, "netkit: %s", examples[i].line);
        assert_string_equal(capture_stop(&capture), line);
    }
}

/* Programs would have to read what is meant for people. */
static void says_it_to_programs(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(examples); i++) {
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        assert_non_null(out);
        failure_tell(&examples[i].failure, out);
        fclose(out);
        assert_memory_equal(text, "{\"event\":\"error\",\"t\":", 21);
        assert_string_equal(strstr(text, "\"action\""), examples[i].event);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_it_to_people),
        cmocka_unit_test(says_it_to_programs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
