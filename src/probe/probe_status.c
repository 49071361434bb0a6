#include "probe/probe_status.h"

enum exit_status probe_status_of(const struct probe_outcome *outcome)
{
    if (outcome->has_until && outcome->is_reached)
        return EXIT_STATUS_OK;
    if (outcome->has_until)
        return outcome->last_end != EXIT_STATUS_OK ? outcome->last_end : EXIT_STATUS_TIMED_OUT;
    if (outcome->is_violated)
        return EXIT_STATUS_THRESHOLD;
    if (outcome->last_end != EXIT_STATUS_OK)
        return outcome->last_end;
    if (outcome->replies == 0 && outcome->missed > 0)
        return outcome->last_failure != EXIT_STATUS_OK ? outcome->last_failure : EXIT_STATUS_FAILED;
    if ((outcome->replies == 0 && outcome->sent > 0) || outcome->is_unknown)
        return EXIT_STATUS_TIMED_OUT;
    if ((outcome->missed > 0 && !outcome->rates_loss) || outcome->losses > 0)
        return EXIT_STATUS_FAILED;
    return EXIT_STATUS_OK;
}
