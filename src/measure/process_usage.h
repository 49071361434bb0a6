/* What this process uses, as the kernel counts it. Any thread; reads /proc, which may
 * take a while with very many descriptors.
 */
#ifndef MEASURE_PROCESS_USAGE_H
#define MEASURE_PROCESS_USAGE_H

#include <stdint.h>

struct process_usage {
    double cpu_seconds;   /* of all threads, in user space and in the kernel */
    uint64_t memory;      /* bytes that are resident; 0 = not known */
    uint64_t descriptors; /* open ones; 0 = not known */
    uint64_t most_descriptors;
};

void process_usage_read(struct process_usage *usage);

#endif
