#include "base/time.h"

#include <limits.h>
#include <stdio.h>
#include <time.h>

#include "base/digits.h"

#define LONGEST (INT64_C(10) * 366 * 24 * 3600 * FSOCK_SECOND)

fsock_time fsock_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (fsock_time)ts.tv_sec * FSOCK_SECOND + ts.tv_nsec;
}

int64_t fsk_time_unix(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * FSOCK_SECOND + ts.tv_nsec;
}

fsock_time fsock_after(double seconds)
{
    if (!(seconds >= 0) || seconds > (double)(LONGEST / FSOCK_SECOND))
        return FSOCK_NEVER;
    return fsock_now() + (fsock_time)(seconds * (double)FSOCK_SECOND);
}

fsock_time fsk_time_limit(fsock_time from, int64_t interval)
{
    if (interval <= 0 || from > FSOCK_NEVER - interval)
        return FSOCK_NEVER;
    return from + interval;
}

int fsk_time_poll_ms(fsock_time now, fsock_time until)
{
    if (until == FSOCK_NEVER)
        return -1;
    if (until <= now)
        return 0;
    int64_t ms = (until - now + FSOCK_MILLISECOND - 1) / FSOCK_MILLISECOND;
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

bool fsk_time_parse(struct fsk_span text, int64_t *interval)
{
    static const struct {
        struct fsk_span name;
        int64_t ns;
    } units[] = {
        {{"", 0},   FSOCK_SECOND        },
        {{"s", 1},  FSOCK_SECOND        },
        {{"ms", 2}, FSOCK_MILLISECOND   },
        {{"us", 2}, 1000                },
        {{"m", 1},  60 * FSOCK_SECOND   },
        {{"h", 1},  3600 * FSOCK_SECOND },
        {{"d", 1},  86400 * FSOCK_SECOND},
    };
    double value = 0, place = 0;
    size_t i = 0, digits = 0;
    for (; i < text.n && i < 20; i++) {
        char c = text.p[i];
        if (c == '.' && place == 0) {
            place = 1;
        } else if (fsk_is_digit(c)) {
            digits++;
            place /= 10;
            value = place > 0 ? value + (c - '0') * place : value * 10 + (c - '0');
        } else {
            break;
        }
    }
    struct fsk_span unit = {text.p + i, text.n - i};
    for (size_t u = 0; digits && u < sizeof units / sizeof *units; u++)
        if (fsk_span_eq(unit, units[u].name)) {
            double ns = value * (double)units[u].ns;
            if (ns > (double)LONGEST)
                return false;
            *interval = (int64_t)(ns + 0.5);
            return true;
        }
    return false;
}

char *fsk_time_text(char *buf, size_t cap, int64_t interval)
{
    int64_t ms = interval / FSOCK_MILLISECOND;
    if (interval < 0)
        snprintf(buf, cap, "0 ms");
    else if (ms < 1000)
        snprintf(buf, cap, "%d ms", (int)ms);
    else if (ms < 120 * 1000) /* integers only: the decimal sign must not follow the locale */
        snprintf(buf, cap, "%d.%02d s", (int)(ms / 1000), (int)(ms % 1000 / 10));
    else
        snprintf(buf, cap, "%lld m %d s", (long long)(ms / 60000), (int)(ms / 1000 % 60));
    return buf;
}
