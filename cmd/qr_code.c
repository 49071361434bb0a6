#include "qr_code.h"

#include <errno.h>
#include <qrencode.h>
#include <stdbool.h>

/* The light edge that a camera needs (four modules, ISO/IEC 18004 6.3.8). */
#define EDGE 4

/* Bit 0 of a module says that it is dark. */
static bool is_dark(const QRcode *code, int row, int column)
{
    row -= EDGE;
    column -= EDGE;
    if (row < 0 || column < 0 || row >= code->width || column >= code->width)
        return false;
    return (code->data[row * code->width + column] & 1) != 0;
}

/* Two rows in one line: the upper module is the foreground of the block. */
static void draw_line(FILE *out, const QRcode *code, int row)
{
    static const char *const blocks[2][2] = {{"\xe2\x96\x88", "\xe2\x96\x80"},
                                             {"\xe2\x96\x84", " "}};

    fputs("\x1b[97;40m", out);
    for (int column = 0; column < code->width + 2 * EDGE; column++)
        fputs(blocks[is_dark(code, row, column)][is_dark(code, row + 1, column)], out);
    fputs("\x1b[0m\n", out);
}

int qr_code_draw(FILE *out, const char *text, size_t columns)
{
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);
    int error = 0;

    if (code == NULL)
        return -errno;
    if ((size_t)(code->width + 2 * EDGE) > columns)
        error = -EMSGSIZE;
    for (int row = 0; error == 0 && row < code->width + 2 * EDGE; row += 2)
        draw_line(out, code, row);
    QRcode_free(code);
    return error;
}
