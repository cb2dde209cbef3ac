/* File names of URLs: safe whatever the URL, the same without its fragment, marked if asked. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "get_names.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *name)
{
    size_t n = strlen(name);
    assert(n && n <= NAME_LONGEST);
    assert(name[0] != '.' && name[0] != '-' && name[n - 1] != '.' && name[n - 1] != ' ');
    assert(n < 5 || (strcmp(name + n - 5, ".part") != 0 && strcmp(name + n - 5, ".meta") != 0));
    for (size_t i = 0; i < n;) {
        unsigned char c = (unsigned char)name[i];
        size_t len = c < 0x80 ? 1 : utf8_len((const unsigned char *)name + i, n - i);
        assert(len && c >= 0x20 && c != 0x7f && !strchr("/\\:*?\"<>|", c));
        i += len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char plain[NAME_SIZE], marked[NAME_SIZE], again[NAME_SIZE];
    struct fsk_span url = fsk_span((const char *)data, size);
    names_of_url(url, false, plain);
    names_of_url(url, true, marked);
    check(plain);
    check(marked);
    assert(strchr(marked, '-') && strlen(marked) > 13);
    const char *fragment = size ? memchr(data, '#', size) : NULL;
    if (fragment) {
        names_of_url(fsk_span(url.p, (size_t)(fragment - url.p)), true, again);
        assert(strcmp(marked, again) == 0);
    }
    return 0;
}
