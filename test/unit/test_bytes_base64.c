/* Base64 and base64url. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bytes_base64.h"
#include "bytes_rig.h"
#include "wire/base64.h"

static bool read_text(struct fsk_span text, struct fsk_buf *bytes, struct bytes_fault *fault)
{
    return bytes_base64_read(text, bytes, fault);
}

static void decoded(void **state)
{
    (void)state;
    GIVES("", "");
    GIVES("\n", "");
    GIVES("Zg==", "f");
    GIVES("Zm8=", "fo");
    GIVES("Zm9v", "foo");
    GIVES("Zm9vYg==", "foob");
    GIVES("Zm9vYmE=", "fooba");
    GIVES("Zm9vYmFy", "foobar");
    GIVES("Zg", "f");
    GIVES("Zm8", "fo");
    GIVES(" Z m\r\n8 =\t\n", "fo");
    GIVES("Zg=\n=\n", "f");
    GIVES("+/+/", "\xfb\xff\xbf");
    GIVES("-_-_", "\xfb\xff\xbf");
    GIVES("AAAA", "\0\0\0");
}

static void mistakes(void **state)
{
    (void)state;
    REFUSES("Zm9v*", 1, 5, "byte 5: '*' is no base64 digit");
    REFUSES("Zm9v\n\nYm\x80y", 3, 3, "line 3, column 3: the byte 0x80 is no base64 digit");
    REFUSES("Z", 1, 1, "one digit too many or too few");
    REFUSES("Zm9vY", 1, 5, "one digit too many or too few");
    REFUSES("Zh==", 1, 2, "bits that belong to no byte");
    REFUSES("Zm9", 1, 3, "bits that belong to no byte");
    REFUSES("Zg=", 1, 4, "the end is missing: a second '='");
    REFUSES("Zg===", 1, 5, "padding that isn't needed");
    REFUSES("Zm9v=", 1, 5, "padding that isn't needed");
    REFUSES("=", 1, 1, "padding that isn't needed");
    REFUSES("Zg==Zg==", 1, 5, "stands behind the padding");
    REFUSES("Zg==*", 1, 5, "is no base64 digit");
    REFUSES("+A-A", 1, 3, "of the other alphabet");
    rig_refuses(FSK_SPAN("AA\0A"), 1, 3, "the byte 0x00");
}

static void read_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < RIG_SAMPLES; i++) {
        char text[FSK_BASE64_ROOM(2048)];
        struct fsk_span bytes = rig_sample(i);
        size_t n = fsk_base64_encode(bytes.p, bytes.n, text);
        rig_gives(fsk_span(text, n), bytes);
        for (size_t k = 0; k < n; k++)
            text[k] = text[k] == '+' ? '-' : text[k] == '/' ? '_' : text[k];
        while (n && text[n - 1] == '=')
            n--;
        rig_gives(fsk_span(text, n), bytes);
    }
}

int main(void)
{
    rig_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decoded),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
