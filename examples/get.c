/* get.c - fetch one URL into memory, within two seconds whatever happens, and print its body. */
#include <fsock.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    fsock_result *result;
    size_t len;
    const char *url = argc > 1 ? argv[1] : "http://localhost/";
    enum fsock_err err = fsock_get(&result, url, NULL, NULL, fsock_after(2));
    if (err == FSOCK_OK) {
        const char *body = fsock_result_body(result, &len);
        fwrite(body, 1, len, stdout);
    } else if (result) {
        fprintf(stderr, "%s\n", fsock_result_fault(result)->text);
    }
    fsock_result_free(result);
    return err != FSOCK_OK;
}
