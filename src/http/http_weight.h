/* How much a client wants something: the q parameter (RFC 9110 12.4.2). Pure. */
#ifndef HTTP_HTTP_WEIGHT_H
#define HTTP_HTTP_WEIGHT_H

#include <stdbool.h>

#include "base/slice.h"

#define HTTP_WEIGHT_ONE 1000

/* Reads a qvalue, 0 to 1 with at most three digits behind the point, as
 * thousandths. Returns whether it is one. */
bool http_weight_read(struct nk_slice text, unsigned *weight);

#endif
