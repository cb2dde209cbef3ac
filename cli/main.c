/*
 * main.c - the command `fsock`: finds the verb and hands over to it.
 */
#include <stdio.h>

int main(void)
{
    fputs("usage: fsock VERB [OPTION]... [ARGUMENT]...\n", stderr);
    return 2;
}
