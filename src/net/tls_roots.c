#include "net/tls_roots.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdlib.h>

static void read_file(X509_LOOKUP *lookup)
{
    X509_STORE *store = X509_LOOKUP_get_store(lookup);
    const char *path = secure_getenv(X509_get_default_cert_file_env());
    X509_LOOKUP_set_method_data(lookup, lookup); /* a mark: it was read */
    ERR_set_mark();
    X509_STORE_load_file(store, path ? path : X509_get_default_cert_file());
    ERR_pop_to_mark(); /* that there is no such file is fine */
}

/* The caller of a lookup expects a pointer that the store owns, and takes its own reference. */
static int by_subject(X509_LOOKUP *lookup, X509_LOOKUP_TYPE type, const X509_NAME *name,
                      X509_OBJECT *found)
{
    if (X509_LOOKUP_get_method_data(lookup) || type != X509_LU_X509)
        return 0;
    read_file(lookup);
    STACK_OF(X509_OBJECT) *all = X509_STORE_get0_objects(X509_LOOKUP_get_store(lookup));
    X509_OBJECT *object = X509_OBJECT_retrieve_by_subject(all, type, name);
    X509 *cert = object ? X509_OBJECT_get0_X509(object) : NULL;
    if (!cert || !X509_OBJECT_set1_X509(found, cert))
        return 0;
    X509_free(cert);
    return 1;
}

X509_LOOKUP_METHOD *fsk_tls_roots_use(X509_STORE *store)
{
    X509_LOOKUP *dir = X509_STORE_add_lookup(store, X509_LOOKUP_hash_dir());
    X509_LOOKUP_METHOD *method = X509_LOOKUP_meth_new("file, when needed");
    if (!dir || !method || !X509_LOOKUP_add_dir(dir, NULL, X509_FILETYPE_DEFAULT) ||
        !X509_LOOKUP_meth_set_get_by_subject(method, by_subject) ||
        !X509_STORE_add_lookup(store, method)) {
        X509_LOOKUP_meth_free(method);
        return NULL;
    }
    return method;
}
