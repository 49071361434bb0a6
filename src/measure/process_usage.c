#include "measure/process_usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "os/descriptors.h"

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* The second number of /proc/self/statm: resident pages. */
static uint64_t read_memory(void)
{
    char text[256];
    int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    ssize_t len = read(file, text, sizeof(text) - 1);
    close(file);
    text[len > 0 ? len : 0] = '\0';
    const char *second = strchr(text, ' ');
    return second ? strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

static uint64_t count_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    uint64_t count = 0;
    if (!directory)
        return 0;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count - 1; /* without that of the directory */
}

void process_usage_read(struct process_usage *usage)
{
    struct rusage resources = {0};
    (void)getrusage(RUSAGE_SELF, &resources);
    *usage = (struct process_usage){
        .cpu_seconds = seconds_of(resources.ru_utime) + seconds_of(resources.ru_stime),
        .memory = read_memory(),
        .descriptors = count_descriptors(),
        .most_descriptors = nk_descriptors_limit(),
    };
}
