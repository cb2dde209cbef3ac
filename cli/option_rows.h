/*
 * option_rows.h - short forms for the rows of an option table (option.h).
 *
 * Each takes the member of the verb's struct that the value goes to; the file that includes this
 * defines AT(member) as its offsetof.
 */
#ifndef FSOCK_CLI_OPTION_ROWS_H
#define FSOCK_CLI_OPTION_ROWS_H

#include <stddef.h>

#include "option.h"

#define HEADING(text)                                                                              \
    {                                                                                              \
        .help = (text)                                                                             \
    }
#define FLAG(letter, name, member, help)                                                           \
    {                                                                                              \
        letter, name, NULL, OPTION_FLAG, AT(member), help, 0, 0, 0                                 \
    }
#define SET(letter, name, member, value, help)                                                     \
    {                                                                                              \
        letter, name, NULL, OPTION_SET, AT(member), help, value, 0, 0                              \
    }
#define TEXT(letter, name, arg, member, help)                                                      \
    {                                                                                              \
        letter, name, arg, OPTION_STRING, AT(member), help, 0, 0, 0                                \
    }
#define TEXT_OR(letter, name, arg, member, without, help)                                          \
    {                                                                                              \
        letter, name, arg, OPTION_STRING, AT(member), help, 0, 0, without                          \
    }
#define LIST(letter, name, arg, member, tag, help)                                                 \
    {                                                                                              \
        letter, name, arg, OPTION_LIST, AT(member), help, tag, 0, 0                                \
    }
#define TIME(letter, name, member, help)                                                           \
    {                                                                                              \
        letter, name, "TIME", OPTION_TIME, AT(member), help, 0, 0, 0                               \
    }
#define NUMBER(letter, name, member, min, max, help)                                               \
    {                                                                                              \
        letter, name, "N", OPTION_NUMBER, AT(member), help, min, max, 0                            \
    }
#define SIZE(letter, name, member, help)                                                           \
    {                                                                                              \
        letter, name, "SIZE", OPTION_SIZE, AT(member), help, 0, 0, 0                               \
    }
#define SPEED(letter, name, member, help)                                                          \
    {                                                                                              \
        letter, name, "SIZE", OPTION_SIZE, AT(member), help, 0, INT64_C(1000000000000), 0          \
    }
#define RATE(letter, name, member, help)                                                           \
    {                                                                                              \
        letter, name, "RATE", OPTION_RATE, AT(member), help, 0, 0, 0                               \
    }
#define CHOICE(letter, name, arg, member, choices, help)                                           \
    {                                                                                              \
        letter, name, arg, OPTION_ENUM, AT(member), help, 0, 0, choices                            \
    }
#define HELP                                                                                       \
    {                                                                                              \
        'h', "help", NULL, OPTION_HELP, 0, "this text", 0, 0, 0                                    \
    }

#endif
