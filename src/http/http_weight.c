#include "http/http_weight.h"

bool http_weight_read(struct nk_slice text, unsigned *weight)
{
    if (text.len == 0 || text.len > 5 || (text.data[0] != '0' && text.data[0] != '1') ||
        (text.len > 1 && text.data[1] != '.'))
        return false;
    unsigned value = text.data[0] == '1' ? HTTP_WEIGHT_ONE : 0;
    unsigned place = HTTP_WEIGHT_ONE / 10;
    for (size_t i = 2; i < text.len; i++, place /= 10) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        value += (unsigned)(text.data[i] - '0') * place;
    }
    *weight = value;
    return value <= HTTP_WEIGHT_ONE;
}
