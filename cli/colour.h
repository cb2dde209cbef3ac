/*
 * colour.h - whether standard output is to be coloured: --color, NO_COLOR, a terminal or not.
 */
#ifndef FSOCK_CLI_COLOUR_H
#define FSOCK_CLI_COLOUR_H

#include <stdbool.h>

enum { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER }; /* the choices of --color, in their order */

#define COLOUR_CHOICES "auto|always|never"

bool wants_colour(int choice);

#endif
