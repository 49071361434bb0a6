#include "terminal/key_input.h"

#include <stdint.h>

#define ESCAPE '\033'
#define INCOMPLETE SIZE_MAX

void key_input_init(struct key_input *input)
{
    nk_buffer_init(&input->bytes, KEY_INPUT_MAX);
}

void key_input_deinit(struct key_input *input)
{
    nk_buffer_deinit(&input->bytes);
}

int key_input_add(struct key_input *input, struct nk_slice bytes)
{
    return nk_buffer_append(&input->bytes, bytes);
}

/* The length of the first character, INCOMPLETE, or 0 when the first byte belongs to
 * none. */
static size_t read_character(struct nk_slice bytes, wchar_t *character)
{
    mbstate_t state = {0};
    size_t len = bytes.len > 0 ? mbrtowc(character, bytes.data, bytes.len, &state) : (size_t)-2;
    if (len == (size_t)-2)
        return INCOMPLETE;
    if (len == (size_t)-1)
        return 0;
    return len > 0 ? len : 1; /* a NUL is a character, too */
}

/* The length of a sequence that begins with ESC, or INCOMPLETE. */
static size_t measure_sequence(struct nk_slice bytes)
{
    if (bytes.len < 2)
        return INCOMPLETE;
    if (bytes.data[1] == 'O')
        return bytes.len > 2 ? 3 : INCOMPLETE;
    if (bytes.data[1] != '[')
        return 2;
    for (size_t i = 2; i < bytes.len; i++) {
        if (bytes.data[i] >= 0x40 && bytes.data[i] <= 0x7e)
            return i + 1; /* ECMA-48: the final byte */
        if (bytes.data[i] < 0x20 || bytes.data[i] > 0x3f)
            return i; /* neither a parameter nor an intermediate byte */
        if (i + 1 == KEY_SEQUENCE_MAX)
            return i + 1;
    }
    return INCOMPLETE;
}

static void copy_sequence(struct key *key, struct nk_slice bytes)
{
    *key = (struct key){.len = bytes.len};
    for (size_t i = 0; i < bytes.len && bytes.len <= KEY_MAX; i++)
        key->characters[i] = (unsigned char)bytes.data[i];
}

bool key_input_next(struct key_input *input, struct key *key)
{
    for (;;) {
        struct nk_slice bytes = nk_buffer_slice(&input->bytes);
        wchar_t character;
        size_t len = read_character(bytes, &character);
        bool is_sequence = len == 1 && character == ESCAPE;
        bool is_twice = is_sequence && bytes.len > 1 && bytes.data[1] == ESCAPE;
        if (is_sequence && !is_twice)
            len = measure_sequence(bytes);
        if (len == INCOMPLETE)
            return false;
        if (is_sequence && !is_twice)
            copy_sequence(key, nk_slice_first(bytes, len));
        else if (len > 0)
            *key = (struct key){.characters = {character}, .len = 1};
        nk_buffer_consume(&input->bytes, len > 0 ? len : 1);
        if (len > 0 && !is_twice)
            return true;
    }
}

struct nk_slice key_input_bytes(const struct key_input *input)
{
    return nk_buffer_slice(&input->bytes);
}

void key_input_drop(struct key_input *input, size_t len)
{
    nk_buffer_consume(&input->bytes, len);
}
