#include "http/http_quota.h"

bool http_quota_take(struct http_quota *quota)
{
    uint64_t number = atomic_fetch_add(&quota->begun, 1) + 1;
    if (number == quota->limit)
        service_end(quota->ending);
    return number <= quota->limit;
}
