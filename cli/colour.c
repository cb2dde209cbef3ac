#include "colour.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool wants_colour(int choice)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    if (choice != COLOUR_AUTO)
        return choice == COLOUR_ALWAYS;
    return isatty(STDOUT_FILENO) == 1 && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}
