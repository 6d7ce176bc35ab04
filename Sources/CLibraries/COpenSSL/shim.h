// OpenSSL 3: TLS, digests, HMAC, random bytes.
#pragma once
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// STACK_OF and the SSL_CTX_set_* family are macros.
static inline int media_bridge_ssl_use(SSL_CTX *context, X509 *leaf, EVP_PKEY *key, OPENSSL_STACK *chain) {
    return SSL_CTX_use_cert_and_key(context, leaf, key, (STACK_OF(X509) *)chain, 1);
}
static inline int media_bridge_stack_push(OPENSSL_STACK *chain, X509 *certificate) {
    return OPENSSL_sk_push(chain, certificate);
}
static inline void media_bridge_stack_free(OPENSSL_STACK *chain) {
    sk_X509_pop_free((STACK_OF(X509) *)chain, X509_free);
}
static inline void media_bridge_ssl_server_options(SSL_CTX *context) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(
        context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
}
static inline void media_bridge_ssl_client_options(SSL_CTX *context) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
}
static inline const char *media_bridge_ssl_verify_error(X509_STORE_CTX *store) {
    return X509_verify_cert_error_string(X509_STORE_CTX_get_error(store));
}
